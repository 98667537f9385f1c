//! What is kept of a call's `context`: what conditions and reports ask for, and no more.
//!
//! <https://segment.com/docs/connections/spec/common/#context>. What the client did not put there is not
//! there: no address of its caller is added.

use serde_json::{Map, Value};

/// Bytes of one text; a longer one is left out, since half of it would be another one.
const MAX_TEXT: usize = 1024;

/// Fields that are values.
const VALUES: [&str; 6] = ["ip", "locale", "timezone", "userAgent", "groupId", "sessionId"];

/// Fields that are objects, and what is kept of each.
const OBJECTS: [(&str, &[&str]); 7] = [
    ("app", &["name", "version", "build", "namespace"]),
    ("campaign", &["name", "source", "medium", "term", "content", "id"]),
    ("device", &["type", "model", "manufacturer", "id"]),
    ("library", &["name", "version"]),
    ("os", &["name", "version"]),
    ("page", &["path", "referrer", "search", "title", "url"]),
    ("referrer", &["id", "type", "url", "link"]),
];

/// What is kept of `context`; nothing of what is no object.
pub fn kept(context: Option<&Value>) -> Map<String, Value> {
    let Some(context) = context.and_then(Value::as_object) else { return Map::new() };
    let mut kept = picked(context, &VALUES);
    for (name, fields) in OBJECTS {
        let inner = context.get(name).and_then(Value::as_object);
        let inner = inner.map(|inner| picked(inner, fields)).unwrap_or_default();
        if !inner.is_empty() {
            kept.insert(name.to_owned(), Value::Object(inner));
        }
    }
    kept
}

fn picked(from: &Map<String, Value>, fields: &[&str]) -> Map<String, Value> {
    let plain = |value: &&Value| match value {
        Value::String(text) => !text.is_empty() && text.len() <= MAX_TEXT,
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    let found = fields.iter().filter_map(|name| {
        let value = from.get(*name).filter(plain)?;
        Some(((*name).to_owned(), value.clone()))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_named_is_kept() {
        let context = json!({
            "ip": "203.0.113.7", "locale": "", "userAgent": "x".repeat(2000), "traits": {"a": 1},
            "page": {"url": "https://shop.example/", "title": null, "encoding": "utf-8"},
            "campaign": {}, "os": "iOS", "device": {"model": ["a"], "type": "ios"},
        });
        let expected = json!({"ip": "203.0.113.7", "page": {"url": "https://shop.example/"},
                              "device": {"type": "ios"}});
        assert_eq!(Value::Object(kept(Some(&context))), expected);
        assert!(kept(Some(&json!([1]))).is_empty() && kept(None).is_empty());
    }
}
