//! Use-case documents in YAML and JSON.

use crate::promise::{named, text};
use ceap_engagement::use_case::{Document, UseCase};
use ceap_kernel::Fault;

/// What was read, written as JSON, is read as the same and compiles alike; a fault is told at a line of the text.
pub fn run(data: &[u8]) {
    let text = text(data);
    let document = match Document::parse(&text) {
        Ok(document) => document,
        Err(fault) => return within(&fault, &text),
    };
    let written = serde_json::to_string(&document).unwrap();
    let again = Document::parse(&written).unwrap_or_else(|fault| panic!("{fault}: {written}"));
    assert_eq!(again, document, "{written}");
    match (UseCase::parse(&text), UseCase::compile(again)) {
        (Ok(one), Ok(other)) => assert_eq!(one.id(), other.id()),
        (Err(one), Err(_)) => within(&one, &text),
        (one, other) => panic!("{one:?}, and as JSON {other:?}"),
    }
}

fn within(fault: &Fault, text: &str) {
    named(fault);
    if let Fault::Invalid { line: Some(line), .. } = fault {
        // YAML 1.2 §5.4 breaks lines at a carriage return, too, and 1.1 at three signs more.
        let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
        let lines = text.matches(breaks).count() + 2;
        assert!((1..=lines).contains(line), "{fault:?}");
    }
}
