//! Functions that the gateway calls go over to a new version a part of the requests at a time, so whoever calls them names the
//! alias that does it.

use ceap_stacks::{Resource, Template, target};
use serde_json::{Value, json};

use super::{Finding, house::House};

const GATEWAY: &str = "apigateway.amazonaws.com";

/// Functions for which the gateway names no alias, with the reason.
const WITHOUT: [(&str, &str); 1] = [(
    "HelpdeskPresenceFunction",
    "a connection stays with whom it began: a part of it can go nowhere",
)];

/// Integrations and permissions of the HTTP API name the alias, and its function has one that alarms take back.
pub fn check(house: &House) -> Vec<Finding> {
    let of = |template: &Template| {
        let broken = broken(template);
        broken.into_iter().map(|text| Finding::new(&template.file, text)).collect::<Vec<_>>()
    };
    house.templates.iter().flat_map(of).collect()
}

fn broken(template: &Template) -> Vec<String> {
    let mut texts = Vec::new();
    for resource in template.resources() {
        let called = match resource.kind {
            "AWS::ApiGatewayV2::Integration" => resource.properties.get("IntegrationUri"),
            "AWS::Lambda::Permission" if from_gateway(&resource) => {
                resource.properties.get("FunctionName")
            }
            _ => None,
        };
        let Some((called, function)) = called.and_then(|it| Some((it, target(it)?))) else {
            continue;
        };
        if WITHOUT.iter().any(|(id, _)| *id == function) {
            continue;
        }
        if *called != json!({"Ref": format!("{function}.Alias")}) {
            let text = format!("{}: call it as !Ref {function}.Alias", resource.id);
            texts.push(format!("{text}, or all requests meet a new version at once"));
        }
        let own = template.resource(function).map(|it| it.properties);
        let has = |name: &str| own.and_then(|own| own.get(name)).is_some_and(|it| *it != json!(""));
        for name in ["AutoPublishAlias", "AutoPublishAliasAllProperties", "DeploymentPreference"] {
            if !has(name) {
                texts.push(format!("{function}: the gateway calls it, so it needs {name}"));
            }
        }
    }
    texts.sort();
    texts.dedup();
    texts
}

fn from_gateway(permission: &Resource<'_>) -> bool {
    permission.properties.get("Principal").and_then(Value::as_str) == Some(GATEWAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_a_function_behind_its_alias_is_found() {
        let text = "
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live, AutoPublishAliasAllProperties: true, DeploymentPreference: {Type: AllAtOnce}}}
  G: {Type: AWS::Serverless::Function, Properties: {}}
  A: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationUri: !Ref F.Alias}}
  B: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationUri: !GetAtt F.Arn}}
  C: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref F, Principal: apigateway.amazonaws.com}}
  D: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref F, Principal: events.amazonaws.com}}
  E: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationUri: !Ref G.Alias}}";
        let texts = broken(&Template::parse("t", text).unwrap());
        assert_eq!(texts.len(), 5, "{texts:?}");
        assert!(texts[0].starts_with("B: ") && texts[1].starts_with("C: "), "{texts:?}");
        assert!(texts[2..].iter().all(|text| text.starts_with("G: ")), "{texts:?}");
    }
}
