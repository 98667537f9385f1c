//! Templates of messages in Liquid, in every form, and in MJML.

use crate::promise::{chosen, halves, named, text};
use ceap_engagement::template::{Escape, Partials, Template, TemplateDocument, Texts};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FORMS: [Escape; 4] = [Escape::Line, Escape::Text, Escape::Html, Escape::Url];

/// Bytes that a rendered text has at most.
const MOST: usize = 512 * 1024;

/// Whatever compiles ends, in bounds; no value adds a line to a line, a tag to HTML or a scheme to a URL.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    if choice % 6 == 5 {
        return document(rest);
    }
    let (source, facts) = halves(rest);
    let (source, facts) = (text(source), facts_of(facts));
    if choice % 6 == 4 {
        let texts = json!({"subject": "x", "mjml": source});
        return texts_of(&texts, &facts);
    }
    let form = FORMS[choice % 6];
    let template = match Template::compile("text", &source, form) {
        Ok(template) => template,
        Err(fault) => return named(&fault),
    };
    match template.render(&facts) {
        Ok(rendered) => {
            assert!(rendered.len() <= MOST);
            if form == Escape::Line {
                assert!(!rendered.chars().any(char::is_control), "{rendered:?}");
            }
            // What no author wrote came from a value.
            if form == Escape::Html && !source.to_ascii_lowercase().contains("<script") {
                assert!(!rendered.contains("<script>alert"), "{source:?}: {rendered:?}");
            }
            if form == Escape::Url && !source.to_ascii_lowercase().contains("script") {
                assert!(!rendered.trim_start().to_ascii_lowercase().starts_with("javascript:"));
            }
        }
        Err(fault) => named(&fault),
    }
}

/// Facts in JSON; without, some that are up to no good.
fn facts_of(data: &[u8]) -> Value {
    let evil = || {
        json!({"event": {"data": {"name": "<script>alert(1)</script>", "line": "a\r\nBcc: b", "url": "javascript:alert(1)",
            "items": [1, 2, 3], "n": -3.5, "long": "x".repeat(500)}}, "profile": {"name": "\"'><script>alert(2)</script>"}})
    };
    serde_json::from_slice(data).ok().filter(Value::is_object).unwrap_or_else(evil)
}

fn document(data: &[u8]) {
    match TemplateDocument::parse(&text(data)) {
        Ok(document) => {
            let written = serde_json::to_string(&document).unwrap();
            assert_eq!(TemplateDocument::parse(&written), Ok(document.clone()));
            texts_of(&serde_json::to_value(&document.texts).unwrap(), &facts_of(b""));
        }
        Err(fault) => named(&fault),
    }
}

fn texts_of(texts: &Value, facts: &Value) {
    let Ok(texts) = serde_json::from_value(texts.clone()) else { return };
    let compiled = Texts::compile("", &texts, &BTreeMap::new(), &Partials::default());
    match compiled.and_then(|it| it.render(facts, None).map(drop)) {
        Ok(()) => {}
        Err(fault) => named(&fault),
    }
}
