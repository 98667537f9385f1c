//! Other documents and uploads of the API: sources, schemas, lines of imports, forms.

use crate::promise::{chosen, halves, named, text};
use ceap_engagement::lines;
use ceap_engagement::preferences::form;
use ceap_engagement::schema::{self, Compiled, EventSchema, SchemaDocument};
use ceap_engagement::source::SourceDocument;
use serde_json::{Map, Value};

const COLUMNS: [&str; 4] = ["subject", "consent", "given", "at"];

/// What is taken is written so that it is taken again; what is not says where.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    match choice % 5 {
        0 => match SourceDocument::parse(rest) {
            Ok(document) => {
                let written = serde_json::to_vec(&document).unwrap();
                assert_eq!(SourceDocument::parse(&written), Ok(document));
            }
            Err(fault) => named(&fault),
        },
        1 => schema(rest),
        2 => upload("text/csv; charset=utf-8", rest),
        3 => upload("application/x-ndjson", rest),
        _ => {
            let (kind, body) = halves(rest);
            let fields = form::fields(&text(kind), body);
            assert!(fields.len() <= 200);
            let _ = form::one_click(&fields);
        }
    }
}

/// A schema that is taken can judge, and takes itself as its next version.
fn schema(data: &[u8]) {
    let (schema, event) = halves(data);
    let Ok(document) = serde_json::from_slice::<SchemaDocument>(schema) else { return };
    if let Err(fault) = schema::check(&document, None) {
        return named(&fault);
    }
    assert_eq!(schema::check(&document, Some(&document)), Ok(()), "{document:?}");
    let updated_at = crate::promise::noon();
    let kept = EventSchema { kind: "a".to_owned(), version: 1, updated_at, document };
    let compiled = Compiled::of(&kept).unwrap();
    let event: Map<String, Value> = serde_json::from_slice(event).unwrap_or_default();
    if let Err(fault) = compiled.check(&event) {
        named(&fault);
    }
}

/// No more lines than are taken, in their order, each of known columns or with a reason.
fn upload(kind: &str, body: &[u8]) {
    match lines::read(kind, body, &COLUMNS, 50) {
        Ok(lines) => {
            assert!(lines.len() <= 50);
            assert!(lines.is_sorted_by(|one, other| one.number < other.number));
            for line in lines {
                match line.fields {
                    Ok(fields) => assert!(fields.keys().all(|it| COLUMNS.contains(&it.as_str()))),
                    Err(fault) => named(&fault),
                }
            }
        }
        Err(fault) => named(&fault),
    }
}
