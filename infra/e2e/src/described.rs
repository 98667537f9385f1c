//! Every answer of the API is what its document says. The document is read as a client reads it, from
//! the manual.

use crate::http::Answer;
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

const PROBLEM: &str = "application/problem+json";

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let path = crate::root().join("docs/src/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
});

static SCHEMAS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Fails unless an answer of the API is one that the document says of its operation.
pub fn check(method: &str, path: &str, answer: &Answer) {
    let kind = answer.header("content-type").split(';').next().unwrap_or_default();
    // What the gateway says by itself, before or instead of a function, is not described.
    if answer.status >= 413 && kind == "application/json" {
        return;
    }
    let path = path.split('?').next().unwrap_or_default();
    let Some(operation) = operation(method, path) else {
        assert!(matches!(answer.status, 404 | 405), "{method} {path} is not described: {answer}");
        assert_eq!(kind, PROBLEM, "{method} {path}: {answer}");
        return;
    };
    let responses = format!("{operation}/responses");
    let at = format!("{responses}/{}", answer.status);
    let mut response = DOCUMENT.pointer(&at).unwrap_or_else(|| {
        panic!("{method} {path}: the document tells of no status {}: {answer}", answer.status)
    });
    let mut place = at;
    if let Some(target) = response["$ref"].as_str() {
        place = target.trim_start_matches('#').to_owned();
        response = DOCUMENT.pointer(&place).unwrap();
    }
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        assert!(answer.body.is_empty(), "{method} {path}: has a body: {answer}");
        return;
    };
    assert!(content.contains_key(kind), "{method} {path}: `{kind}` is not described: {answer}");
    if kind == "application/json" || kind == PROBLEM {
        let schema = schema(&format!("{place}/content/{}/schema", escaped(kind)));
        if let Err(error) = schema.validate(&answer.json()) {
            panic!("{method} {path}: {error} at `{}`: {answer}", error.instance_path());
        }
    }
}

/// The place of the operation in the document. A path without variables goes before one with them.
fn operation(method: &str, path: &str) -> Option<String> {
    let method = method.to_ascii_lowercase();
    let paths = DOCUMENT["paths"].as_object()?;
    let mut fitting: Vec<&String> = paths
        .iter()
        .filter(|(template, methods)| methods.get(&method).is_some() && fits(template, path))
        .map(|(template, _)| template)
        .collect();
    fitting.sort_by_key(|template| template.matches('{').count());
    Some(format!("/paths/{}/{method}", escaped(fitting.first()?)))
}

fn fits(template: &str, path: &str) -> bool {
    let (known, asked): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    known.len() == asked.len()
        && known
            .iter()
            .zip(asked)
            .all(|(known, asked)| *known == asked || (known.starts_with('{') && !asked.is_empty()))
}

fn schema(pointer: &str) -> Arc<Validator> {
    let mut known = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    let build = || {
        let registry = Registry::new().add("urn:openapi", DOCUMENT.clone()).unwrap();
        let registry = registry.prepare().unwrap();
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        let schema = json!({"$ref": format!("urn:openapi#{fragment}")});
        Arc::new(jsonschema::options().with_registry(&registry).build(&schema).unwrap())
    };
    known.entry(pointer.to_owned()).or_insert_with(build).clone()
}

/// A name as part of a JSON Pointer (RFC 6901 §3).
fn escaped(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_their_paths() {
        let at = |method, path| operation(method, path).unwrap_or_default();
        assert_eq!(at("GET", "/v1/inbox/u1/unread"), "/paths/~1v1~1inbox~1{subject}~1unread/get");
        assert_eq!(at("GET", "/v1/messages/abc"), "/paths/~1v1~1messages~1{id}/get");
        assert_eq!(at("PATCH", "/v1/messages/abc"), "");
        assert_eq!(at("GET", "/v1/messages/"), "");
    }

    #[test]
    fn an_answer_is_held_to_its_schema() {
        let answer = |status, kind: &str, body: &str| Answer::new(status, kind, body);
        let taken = r#"{"accepted":1,"quarantined":[]}"#;
        check("POST", "/v1/events", &answer(202, "application/json", taken));
        let other = std::panic::catch_unwind(|| {
            check("POST", "/v1/events", &answer(202, "application/json", r#"{"accepted":"1"}"#));
        });
        assert!(other.is_err());
        let status = std::panic::catch_unwind(|| {
            check("POST", "/v1/events", &answer(200, "application/json", taken));
        });
        assert!(status.is_err());
    }
}
