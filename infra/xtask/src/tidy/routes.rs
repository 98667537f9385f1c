//! Routes that the templates deploy are the operations of the API's document, which a test of
//! `ceap-runtime` compares with the code. The helpdesk's are compared by family instead.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Finding, families, house::House};

/// The API's document.
const DOCUMENT: &str = "docs/src/openapi.json";

/// What routes begin with that are no paths: that of all that no other takes, and those of a WebSocket API.
const NO_PATH: char = '$';

/// Checks that each is there because of the other.
pub fn check(house: &House) -> Vec<Finding> {
    let Ok(document) = serde_json::from_str(&house.text(DOCUMENT)) else {
        let text = "is not there, or is not JSON: CEAP_BLESS=1 cargo test -p ceap-runtime api::";
        return vec![Finding::new(DOCUMENT, text)];
    };
    let mut routes = BTreeMap::new();
    for template in &house.templates {
        for route in template.of_kind("AWS::ApiGatewayV2::Route") {
            let key = route.properties.get("RouteKey").and_then(Value::as_str).unwrap_or_default();
            if !families::is_one(key) {
                routes.insert(key.to_owned(), template.file.clone());
            }
        }
    }
    compared(routes, &operations(&document))
}

fn compared(mut routes: BTreeMap<String, String>, operations: &BTreeSet<String>) -> Vec<Finding> {
    routes.retain(|route, _| !route.starts_with(NO_PATH));
    let dead = operations.iter().filter(|operation| !routes.contains_key(*operation));
    let dead = dead.map(|it| Finding::new(DOCUMENT, format!("no template has the route `{it}`")));
    let mute = routes.iter().filter(|(route, _)| !operations.contains(*route));
    let mute = mute.map(|(route, file)| {
        let text = format!("`{route}` has no entry in shared/runtime/src/api; it would answer 404");
        Finding::new(file, text)
    });
    dead.chain(mute).collect()
}

/// The document's operations as route keys.
fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document.get("paths").and_then(Value::as_object);
    let each = paths.into_iter().flatten().flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, _)| format!("{} {path}", method.to_ascii_uppercase()))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_ways() {
        let operations = operations(&json!({"paths": {"/a": {"get": {}, "post": {}}}}));
        let routes = |keys: &[&str]| {
            keys.iter().map(|key| ((*key).to_owned(), "t.yaml".to_owned())).collect()
        };
        assert_eq!(
            compared(routes(&["GET /a", "POST /a", "$default", "$connect"]), &operations),
            []
        );
        let texts = compared(routes(&["GET /a", "PUT /a"]), &operations);
        let files: Vec<&str> = texts.iter().map(|it| it.file.as_str()).collect();
        assert_eq!(files, [DOCUMENT, "t.yaml"]);
    }
}
