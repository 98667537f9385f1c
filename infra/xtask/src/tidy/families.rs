//! Routes under `/api/v2` lead to the function of the family that serves them. Which family that is, its code says.

use std::collections::BTreeMap;

use ceap_stacks::{Resource, Template, target};
use serde_json::Value;

use super::{Finding, house::House};
use crate::families::{self, DOCUMENT};

/// What begins the helpdesk's routes.
const API: &str = "/api/v2/";

/// Takes what no family takes: any of them says that there is no such route.
const REST: &str = "ANY /api/v2/{proxy+}";

/// Routes of an HTTP API, unless AWS allows more.
const MOST_ROUTES: usize = 300;

/// Whether a route is the helpdesk's.
pub fn is_one(route: &str) -> bool {
    route.split_once(' ').is_some_and(|(_, path)| path.starts_with(API))
}

/// Checks that each family's routes lead to its function, and none leads nowhere.
pub fn check(house: &House) -> Vec<Finding> {
    let families = match families::read(&house.text(DOCUMENT)) {
        Ok(families) => families,
        Err(error) => return vec![Finding::new(DOCUMENT, format!("{error:#}"))],
    };
    let (mut deployed, mut count) = (BTreeMap::new(), 0_usize);
    for template in &house.templates {
        for route in template.of_kind("AWS::ApiGatewayV2::Route") {
            let key = route.properties.get("RouteKey").and_then(Value::as_str).unwrap_or_default();
            count = count.saturating_add(1);
            if is_one(key) {
                let function = function(template, &route).unwrap_or_default();
                deployed.insert(key.to_owned(), (function, template.file.clone()));
            }
        }
    }
    let mut findings = compared(deployed, &families);
    if count > MOST_ROUTES {
        let text = format!("{count} routes, and an HTTP API has at most {MOST_ROUTES}");
        findings.push(Finding::new(DOCUMENT, text));
    }
    findings
}

fn compared(
    mut deployed: BTreeMap<String, (String, String)>,
    families: &BTreeMap<String, Vec<String>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if deployed.remove(REST).is_none() {
        findings.push(Finding::new(DOCUMENT, format!("no template has the route `{REST}`")));
    }
    for (family, routes) in families {
        for route in routes {
            let wanted = format!("helpdesk-{family}");
            match deployed.remove(route) {
                Some((function, _)) if function == wanted => {}
                Some((function, file)) => findings.push(Finding::new(
                    file,
                    format!("`{route}` leads to `{function}`, and {wanted} serves it"),
                )),
                None => findings.push(Finding::new(
                    DOCUMENT,
                    format!(
                        "no template has the route `{route}`: add it to {wanted}, or the family by \
                         `cargo xtask new family {family}`"
                    ),
                )),
            }
        }
    }
    findings.extend(deployed.into_iter().map(|(route, (_, file))| {
        Finding::new(file, format!("no family of the helpdesk serves `{route}`"))
    }));
    findings
}

/// The function that a route leads to, by its folder.
fn function(template: &Template, route: &Resource<'_>) -> Option<String> {
    let integration = route.properties.pointer("/Target/Fn::Sub")?.as_str()?;
    let id = integration.strip_prefix("integrations/${")?.strip_suffix('}')?;
    let function = target(template.resource(id)?.properties.get("IntegrationUri")?)?;
    template.resource(function)?.code_name().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: ../target/lambda/helpdesk-groups/}}
  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationUri: !GetAtt F.Arn}}
  R: {Type: AWS::ApiGatewayV2::Route, Properties: {RouteKey: ANY /api/v2/groups, Target: !Sub 'integrations/${I}'}}";

    #[test]
    fn a_route_is_followed_to_its_function() {
        let template = Template::parse("t", YAML).unwrap();
        let route = template.resource("R").unwrap();
        assert_eq!(function(&template, &route).as_deref(), Some("helpdesk-groups"));
    }

    #[test]
    fn both_ways() {
        let families =
            BTreeMap::from([("groups".to_owned(), vec!["ANY /api/v2/groups".to_owned()])]);
        let check = |routes: &[(&str, &str)]| {
            let deployed = routes.iter().map(|(route, function)| {
                ((*route).to_owned(), ((*function).to_owned(), "t.yaml".to_owned()))
            });
            let findings = compared(deployed.collect(), &families);
            findings.into_iter().map(|it| it.text).collect::<Vec<_>>().join("\n")
        };
        let rest = (REST, "helpdesk-groups");
        assert_eq!(check(&[("ANY /api/v2/groups", "helpdesk-groups"), rest]), "");
        assert!(check(&[("ANY /api/v2/groups", "helpdesk-jobs"), rest]).contains("leads to"));
        assert!(check(&[rest]).contains("no template has"));
        assert!(check(&[("ANY /api/v2/groups", "helpdesk-groups")]).contains("{proxy+}"));
        let more = [("ANY /api/v2/groups", "helpdesk-groups"), rest, ("GET /api/v2/x", "x")];
        assert!(check(&more).contains("no family"));
    }
}
