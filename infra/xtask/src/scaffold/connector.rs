//! A connector: a file, a line in the list, a recorded payload.

use anyhow::Result;

use super::{
    names::Names,
    plan::{Plan, add_to_list},
};

/// Plans a connector; returns what to do next.
pub fn plan(plan: &mut Plan<'_>, names: &Names) -> Result<String> {
    let file = format!("shared/connectors/src/{}.rs", names.snake);
    plan.create(file.clone(), names.fill(include_str!("templates/connector.rs.tmpl")))?;
    let entry = names.fill("&<<snake>>::<<Pascal>>");
    plan.edit("shared/connectors/src/lib.rs", |code| {
        add_to_list(code, "CONNECTORS", &names.snake, &entry)
    })?;
    let event = format!("events/ingest-http/connector-{}.json", names.kebab);
    plan.create(event.clone(), names.fill(include_str!("templates/connector.json.tmpl")))?;
    plan.format("ceap-connectors");
    Ok(format!(
        "next: put a real payload into {event}, and decode it in {file}; it answers at POST /v1/connectors/{}",
        names.kebab
    ))
}
