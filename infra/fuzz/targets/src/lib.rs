//! What any bytes from outside must not break: one function for each decoder, which takes bytes and panics where a
//! promise does not hold. `cargo fuzz` calls it with what it makes up (`infra/fuzz`), a test with what was found and
//! kept (`infra/fuzz/corpora`).
//!
//! Beside "no panic, no hang, no memory without end", each says what must be so of whatever is decoded: what was
//! written is read as the same, a fault names its place, an answer is bounded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod answer;
mod cloudevents;
mod condition;
mod cursor;
mod document;
mod file;
mod helpdesk;
#[cfg(feature = "models")]
mod model;
mod pinpoint;
mod presence;
mod promise;
mod query;
mod receipts;
mod record;
mod rule_text;
mod segment;
mod series;
mod sign_in;
mod signature;
mod template;
mod token;
mod use_case;
mod webhook;

use std::panic::Location;
use std::sync::Once;

/// What is done with bytes.
pub type Target = fn(&[u8]);

/// Every target by its name, which its corpus and its binary have too.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer", answer::run),
    ("cloudevents", cloudevents::run),
    ("condition", condition::run),
    ("cursor", cursor::run),
    ("document", document::run),
    ("file", file::run),
    ("helpdesk", helpdesk::run),
    #[cfg(feature = "models")]
    ("model", model::run),
    ("pinpoint", pinpoint::run),
    ("presence", presence::run),
    ("query", query::run),
    ("receipts", receipts::run),
    ("record", record::run),
    ("rule_text", rule_text::run),
    ("segment", segment::run),
    ("series", series::run),
    ("sign_in", sign_in::run),
    ("signature", signature::run),
    ("template", template::run),
    ("token", token::run),
    ("use_case", use_case::run),
    ("webhook", webhook::run),
];

/// The target of a name, run for libFuzzer, which ends at the first panic: but for those of the two libraries whose panics
/// the code around them catches.
pub fn fuzz(name: &str, data: &[u8]) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ends = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let file = panic.location().map_or("", Location::file);
            if !["/liquid-lib-", "/liquid-core-", "/html2text-"].iter().any(|it| file.contains(it))
            {
                ends(panic);
            }
        }));
    });
    target(name)(data);
}

/// The target of a name.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn target(name: &str) -> Target {
    TARGETS.iter().find(|(known, _)| *known == name).expect("a target of this name").1
}
