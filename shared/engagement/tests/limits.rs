//! How much of a document, an upload or an event is taken: all of it, and not one byte more (`docs/src/security.md`, "At
//! most").
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use ceap_engagement::condition::Expression;
use ceap_engagement::event::{Event, MAX_DATA_BYTES, MAX_DEPTH};
use ceap_engagement::lines;
use ceap_engagement::schema::{self, MAX_BYTES, SchemaDocument};
use ceap_engagement::source::SourceDocument;
use ceap_engagement::template::{Escape, PartialDocument, Template, TemplateDocument};
use ceap_engagement::use_case::Stored;
use ceap_engagement::use_case::library::Library;
use ceap_kernel::{Fault, Timestamp};
use ceap_testkit::World;
use ceap_testkit::builders::{tenant, use_case};
use rstest::rstest;
use serde_json::{Value, json};

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A fault's text; none where there is none.
fn said<T>(found: Result<T, Fault>) -> Option<String> {
    found.err().map(|fault| fault.to_string())
}

/// JSON of exactly so many bytes, with blanks behind it.
fn blanks(value: &Value, bytes: usize) -> String {
    let text = value.to_string();
    format!("{text}{}", " ".repeat(bytes - text.len()))
}

#[rstest]
#[case::source(64 * 1024, "source: must be at most 65536 bytes of JSON")]
#[case::template(256 * 1024, "template: must be at most 262144 bytes of JSON")]
#[case::partial(256 * 1024, "partial: must be at most 262144 bytes of JSON")]
fn bytes_of_a_document(#[case] most: usize, #[case] rule: &str) {
    let parse = |bytes: usize| match rule.split(':').next().unwrap() {
        "source" => {
            let document = json!({"id": "shop", "name": "Shop", "from": {"segment": {}}});
            said(SourceDocument::parse(blanks(&document, bytes).as_bytes()))
        }
        "template" => {
            let document = json!({"id": "t", "channel": "sms", "name": "T", "text": "Hi"});
            said(TemplateDocument::parse(&blanks(&document, bytes)))
        }
        _ => said(PartialDocument::parse(&blanks(&json!({"id": "p", "source": "x"}), bytes))),
    };
    assert_eq!(parse(most), None);
    assert_eq!(parse(most + 1).as_deref(), Some(rule));
}

#[test]
fn bytes_of_a_schema() {
    let of = |bytes: usize| {
        let mut document = json!({"schema": {"type": "object", "description": ""}});
        let rest = document["schema"].to_string().len();
        document["schema"]["description"] = "x".repeat(bytes - rest).into();
        let document: SchemaDocument = serde_json::from_value(document).unwrap();
        said(schema::check(&document, None))
    };
    assert_eq!(of(MAX_BYTES), None);
    assert_eq!(of(MAX_BYTES + 1).as_deref(), Some("schema: is 32769 bytes; at most 32768"));
}

#[test]
fn bytes_levels_and_letters_of_an_event() {
    let event = |field: &str, value: Value| {
        let mut event = json!({"id": "1", "source": "app", "type": "a", "subject": "u1"});
        event[field] = value;
        said(Event::from_json(&event, noon()))
    };
    let data = |bytes: usize| json!({"x": "y".repeat(bytes - 8)});
    assert_eq!(event("data", data(MAX_DATA_BYTES)), None);
    let rule = "data: is 32769 bytes of JSON; at most 32768 are taken";
    assert_eq!(event("data", data(MAX_DATA_BYTES + 1)).as_deref(), Some(rule));
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(event("data", json!({"x": nested(MAX_DEPTH - 1)})), None);
    let rule = "data: nests more than 32 levels";
    assert_eq!(event("data", json!({"x": nested(MAX_DEPTH)})).as_deref(), Some(rule));
    for field in ["id", "source", "subject"] {
        assert_eq!(event(field, "x".repeat(256).into()), None);
        let found = event(field, "x".repeat(257).into()).unwrap();
        assert!(found.starts_with(&format!("{field}: must be 1 to 256 bytes")), "{found}");
    }
}

#[test]
fn lines_of_an_upload() {
    let read = |kind: &str, line: &str, lines: usize| {
        let body = format!("subject\n{}", line.repeat(lines));
        let body =
            if kind == "text/csv" { &*body } else { body.strip_prefix("subject\n").unwrap() };
        said(lines::read(kind, body.as_bytes(), &["subject"], 500))
    };
    for (kind, line) in [("text/csv", "u\n"), ("application/x-ndjson", "{\"subject\":\"u\"}\n")] {
        assert_eq!(read(kind, line, 500), None);
        let rule = "body: has 501 lines; send at most 500 at once";
        assert_eq!(read(kind, line, 501).as_deref(), Some(rule), "{kind}");
    }
}

#[test]
fn letters_of_expressions_and_texts() {
    let expression = |letters: usize| {
        said(Expression::compile("when", &format!("'{}' == ''", "x".repeat(letters - 8))))
    };
    assert_eq!(expression(1_000), None);
    assert_eq!(expression(1_001).as_deref(), Some("when: must be at most 1000 characters"));
    let text = |bytes: usize| said(Template::compile("text", &"x".repeat(bytes), Escape::Text));
    assert_eq!(text(256 * 1024), None);
    assert_eq!(text(256 * 1024 + 1).as_deref(), Some("text: must be at most 262144 bytes"));
}

#[tokio::test]
async fn bytes_of_a_use_case() {
    let world = World::new(noon());
    let (tenant, id) = (tenant("acme"), use_case("large"));
    let (keeper, schedules, clock) = (world.clone(), world.clone(), world.clone());
    let library = Library { keeper, schedules, clock };
    let document = json!({"id": "large", "version": 1, "name": "Large", "purpose": "marketing",
        "trigger": {"event": "a"}, "action": {"channel": "email", "subject": "s", "text": "t"}});
    let put = async |bytes: usize| {
        let text = blanks(&document, bytes);
        said(library.put(&tenant, &id, &text, None, &Stored::default()).await)
    };
    let most = 128 * 1024;
    let rule = "use_case: must be at most 131072 bytes";
    assert_eq!(put(most + 1).await.as_deref(), Some(rule));
    let found = put(most).await;
    assert!(found.as_deref().is_none_or(|found| found != rule), "{found:?}");
}
