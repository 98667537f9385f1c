//! Which reports there are.

use super::By;
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::Serialize;

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HelpdeskReportKind")]
pub enum Kind {
    /// What came in, what was solved, and how long it took.
    Tickets,
    /// What agents did.
    Agents,
    /// What was promised, and kept.
    Sla,
    /// What requesters think.
    Satisfaction,
    /// By what way tickets come.
    Channels,
}

impl Kind {
    const ALL: [(&'static str, Self, By); 5] = [
        ("tickets", Self::Tickets, By::Day),
        ("agents", Self::Agents, By::Agent),
        ("sla", Self::Sla, By::Day),
        ("satisfaction", Self::Satisfaction, By::Day),
        ("channels", Self::Channels, By::Channel),
    ];

    /// The one with a name, and what it tells figures apart by unless it is said.
    ///
    /// # Errors
    /// `NotFound`, which says what there is.
    pub fn named(name: &str) -> Result<(Self, By), Fault> {
        let found = Self::ALL.iter().find(|(known, ..)| *known == name);
        found.map(|(_, kind, by)| (*kind, *by)).ok_or_else(|| {
            let text = "there are the reports tickets, agents, sla, satisfaction and channels";
            Fault::NotFound(text.to_owned())
        })
    }
}
