//! A function: its folder, its resource in the context's stack, an event.

use anyhow::{Result, bail};

use super::{
    names::Names,
    plan::{Plan, append},
};

/// Plans a function; returns what to do next.
pub fn plan(plan: &mut Plan<'_>, names: &Names, context: &str) -> Result<String> {
    let kebab = &names.kebab;
    let template = format!("infra/{context}.yaml");
    if !plan.exists(&template) || !plan.exists(&format!("functions/{context}")) {
        bail!(
            "there is no context {context}: it needs a folder functions/{context} and a stack {template}"
        );
    }
    let folder = format!("functions/{context}/{kebab}");
    plan.create(
        format!("{folder}/Cargo.toml"),
        names.fill(include_str!("templates/function.toml.tmpl")),
    )?;
    plan.create(
        format!("{folder}/src/main.rs"),
        names.fill(include_str!("templates/function.rs.tmpl")),
    )?;
    let block = names.fill(include_str!("templates/function.yaml.tmpl"));
    plan.edit(&template, |text| Ok(append(text, &block)))?;
    let event = format!("events/{kebab}/example.json");
    plan.create(event.clone(), "{}\n".to_owned())?;
    plan.format(kebab);
    Ok(format!(
        "next: hand a function of shared/ to the runtime in {folder}/src/main.rs, put what it receives into \
         {event}, and give it a trigger and a policy in {template}"
    ))
}
