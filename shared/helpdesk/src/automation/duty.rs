//! What time has to bring about in an account, and what of its setting up calls for it.

use crate::record::{Record, places};
use crate::routing::RoutingSettings;
use crate::rule::{Automation, SlaPolicy};
use crate::store::{Key, Soon};
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};

/// What time has to bring about in an account, from when on it first has something that calls for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Each full hour, its automations ([`super::run`]).
    Automations,
    /// Each minute, its promises and its routing ([`super::sweep`], [`crate::routing::tend`]).
    Promises,
}

/// Has what is due done in time.
pub trait Clockwork {
    /// Has this done in an account from now on, each time at least once. To ask for it again changes nothing.
    fn wind<'a>(&'a self, tenant: &'a TenantId, duty: Duty) -> Soon<'a, Result<(), Fault>>;
}

impl Duty {
    /// What calls for it, by the beginnings of their sort keys: `AUTOMATION#`.
    pub const CALLERS: [&str; 3] =
        [Automation::KIND.name, SlaPolicy::KIND.name, RoutingSettings::KIND.name];

    /// What an item that is kept calls for.
    ///
    /// # Errors
    /// When it is not as such items are.
    pub fn of(key: &Key, body: &str) -> Result<Option<Self>, serde_json::Error> {
        let kind = key.sort.split_once('#').map(|(kind, _)| kind);
        let Some(kind) = kind.filter(|_| key.partition == places::ACCOUNT) else {
            return Ok(None);
        };
        Ok(if kind == Automation::KIND.name {
            let automation: Automation = serde_json::from_str(body)?;
            automation.head.active.then_some(Self::Automations)
        } else if kind == RoutingSettings::KIND.name {
            let settings: RoutingSettings = serde_json::from_str(body)?;
            settings.enabled.then_some(Self::Promises)
        } else {
            (kind == SlaPolicy::KIND.name).then_some(Self::Promises)
        })
    }
}
