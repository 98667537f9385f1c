//! A family of the helpdesk's routes: its function, what calls it, an event.

use anyhow::{Context, Result};

use super::{
    names::Names,
    plan::{Plan, append},
};
use crate::{families, repo::Repo};

const TEMPLATE: &str = "infra/helpdesk.yaml";

/// Plans a family's function; returns what to do next.
pub fn plan(plan: &mut Plan<'_>, repo: &Repo, names: &Names) -> Result<String> {
    let text = std::fs::read_to_string(repo.path(families::DOCUMENT)).unwrap_or_default();
    let kebab = &names.kebab;
    let routes = families::read(&text)?.remove(kebab).with_context(|| {
        format!("no family {kebab} in {}: {}", families::DOCUMENT, families::BLESS)
    })?;
    let folder = format!("functions/helpdesk/helpdesk-{kebab}");
    let filled = |text| names.fill(text).replace("<<SHOUTED>>", &names.snake.to_uppercase());
    plan.create(
        format!("{folder}/Cargo.toml"),
        filled(include_str!("templates/family.toml.tmpl")),
    )?;
    plan.create(format!("{folder}/src/main.rs"), filled(include_str!("templates/family.rs.tmpl")))?;
    let mut block = filled(include_str!("templates/family.yaml.tmpl"));
    for key in &routes {
        let route = filled(include_str!("templates/family-route.yaml.tmpl"));
        block.push_str(&route.replace("<<key>>", key).replace("<<Route>>", &logical(key)));
    }
    block.push_str(&format!("  # --- end family: {kebab} ---\n"));
    plan.edit(TEMPLATE, |text| Ok(append(text, &block)))?;
    let key = routes.first().context("the family has no routes")?;
    let path = key.trim_start_matches("ANY ").replace("/{proxy+}", "/1");
    let event = include_str!("templates/family.json.tmpl");
    let event = event.replace("<<key>>", key).replace("<<path>>", &path);
    plan.create(format!("events/helpdesk-{kebab}/example.json"), event)?;
    plan.format(&format!("helpdesk-{kebab}"));
    Ok(format!(
        "next: say in {TEMPLATE} what it may besides records and credentials: !Ref FilesPolicy if it keeps files"
    ))
}

/// `ANY /api/v2/ticket_fields/{proxy+}` in a resource's name: `TicketFieldsProxy`.
fn logical(key: &str) -> String {
    let path = key.rsplit_once("/api/v2/").map_or(key, |(_, path)| path);
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(|word| Names::new(word).pascal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_have_names() {
        assert_eq!(logical("ANY /api/v2/ticket_fields"), "TicketFields");
        assert_eq!(logical("ANY /api/v2/ticket_fields.json"), "TicketFieldsJson");
        assert_eq!(logical("ANY /api/v2/slas/policies/{proxy+}"), "SlasPoliciesProxy");
    }
}
