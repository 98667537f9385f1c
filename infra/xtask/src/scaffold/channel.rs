//! A channel: a file, a line in the list, its function with queue and policy, an event.

use anyhow::Result;

use super::{
    names::Names,
    plan::{Plan, add_to_list, append},
};

/// Plans a channel; returns what to do next.
pub fn plan(plan: &mut Plan<'_>, names: &Names) -> Result<String> {
    let kebab = &names.kebab;
    let file = format!("shared/channels/src/{}.rs", names.snake);
    plan.create(file.clone(), names.fill(include_str!("templates/channel.rs.tmpl")))?;
    let entry = names.fill("&<<snake>>::<<Pascal>>");
    plan.edit("shared/channels/src/lib.rs", |code| {
        add_to_list(code, "CHANNELS", &names.snake, &entry)
    })?;
    let folder = format!("functions/pipeline/deliver-{kebab}");
    plan.create(
        format!("{folder}/Cargo.toml"),
        names.fill(include_str!("templates/channel-function.toml.tmpl")),
    )?;
    plan.create(
        format!("{folder}/src/main.rs"),
        names.fill(include_str!("templates/channel-function.rs.tmpl")),
    )?;
    let block = names.fill(include_str!("templates/channel.yaml.tmpl"));
    plan.edit("infra/channels.yaml", |text| Ok(append(text, &block)))?;
    let event = format!("events/deliver-{kebab}/one.json");
    plan.create(event, names.fill(include_str!("templates/channel.json.tmpl")))?;
    plan.format("ceap-channels");
    plan.format(&format!("deliver-{kebab}"));
    Ok(format!(
        "next: ask the provider in {file}; a use case sends by it with `channel: {kebab}`, to the profile's \
         `addresses.{kebab}`"
    ))
}
