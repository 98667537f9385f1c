//! `tidy`: the rules of the house that no compiler checks. Each family has its own file; this one lists them.

mod alarms;
mod asl;
mod edges;
mod exposure;
mod extensions;
mod families;
mod floors;
mod functions;
mod house;
mod layout;
mod licences;
mod links;
mod markdown;
mod paths;
mod policies;
mod routes;
mod sizes;
mod spdx;
mod versions;

use anyhow::Result;
use house::House;

use crate::repo::Repo;

/// One broken rule: where, what, and how to mend it.
#[derive(Debug, PartialEq)]
pub struct Finding {
    file: String,
    text: String,
}

impl Finding {
    fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into() }
    }
}

type Check = fn(&House) -> Vec<Finding>;

/// Every check, in the order of the report.
const CHECKS: [(&str, Check); 22] = [
    ("top-level entries", layout::top_level),
    ("floors of the crates", floors::check),
    ("sizes of files", sizes::check),
    ("functions have one resource and an event", layout::functions),
    ("event folders belong to functions", layout::events),
    ("functions' settings", functions::settings),
    ("functions' environment", functions::environment),
    ("versions of functions", versions::check),
    ("policies", policies::check),
    ("encryption and public access", exposure::check),
    ("dead-letter queues", edges::check),
    ("alarms and their runbooks", alarms::runbooks),
    ("dead-letter queues and state machines have alarms", alarms::watched),
    ("names of metrics", alarms::metrics),
    ("dashboards and saved queries", alarms::dashboards),
    ("state machines", asl::structure),
    ("state machines' placeholders and times", asl::in_templates),
    ("channels and connectors agree", extensions::check),
    ("routes and the API's document agree", routes::check),
    ("the helpdesk's routes lead to their families", families::check),
    ("licences and sources of dependencies", licences::check),
    ("links, and pages of the manual", links::check),
];

/// Runs all checks and prints what is broken; `true` if nothing is.
pub fn run(repo: &Repo) -> Result<bool> {
    let house = House::read(repo)?;
    let mut broken = 0_usize;
    for (name, check) in CHECKS {
        let findings = check(&house);
        if !findings.is_empty() {
            eprintln!("{name}:");
        }
        for finding in &findings {
            eprintln!("  {}: {}", finding.file, finding.text);
        }
        broken = broken.saturating_add(findings.len());
    }
    if broken > 0 {
        eprintln!("tidy: {broken} to mend");
    } else {
        eprintln!("tidy: {} checks, nothing to mend", CHECKS.len());
    }
    Ok(broken == 0)
}
