//! What the engine says, without what it quotes.
//!
//! Its errors quote what was bound, which is personal data. Only words that stand in the template's
//! own source are repeated.

use super::syntax::Problem;
use liquid_core::Error;

/// What is wrong with the source, and where. The position is that of the source, to the line.
pub(super) fn compile(error: &Error) -> Problem {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("liquid:").unwrap_or(first).trim();
    let line =
        first.split_once("-->").and_then(|(_, at)| at.trim().split(':').next()?.parse().ok());
    let what = text.lines().find_map(|line| line.trim().strip_prefix("= "));
    let asked = text.lines().find_map(|line| {
        let line = line.trim();
        line.strip_prefix("requested filter=").or_else(|| line.strip_prefix("requested="))
    });
    let what = if first.contains("-->") { what.unwrap_or("is not Liquid") } else { first };
    let message = match asked {
        Some(name) => format!("{}: `{name}`", what.trim_end_matches('.')),
        None => what.to_owned(),
    };
    Problem::new(line.unwrap_or(0), format!("is not a Liquid template: {message}"))
}

/// Why a template could not be rendered. `known` tells whether a word stands in its source.
pub(super) fn render(error: &Error, known: impl Fn(&str) -> bool) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("liquid:").unwrap_or(first);
    let head = match first.split([':', '`']).next().unwrap_or_default().trim() {
        "failed to evaluate value" => "A partial is handed an unknown variable",
        head => head,
    };
    let spoken = |text: &str| text.split('.').all(&known);
    let mut named: Vec<String> = Vec::new();
    for line in text.lines().skip(1).map(str::trim) {
        if let Some(partial) = line.strip_prefix("from: {% render ") {
            let partial = partial.split(' ').next().unwrap_or_default().trim_matches(['"', '\'']);
            if known(partial) {
                named.push(format!("in the partial `{partial}`"));
            }
        } else if let Some((key, value)) = line.split_once('=') {
            let shown = match key {
                "variable" | "requested variable" | "requested index" => spoken(value),
                "cause" => causes(value),
                _ => false,
            };
            if shown {
                named.push(format!("{key}={value}"));
            } else if key == "filter" {
                let filter = value.split([' ', ':']).next().unwrap_or_default();
                if known(filter) {
                    named.push(format!("filter={filter}"));
                }
            }
        }
    }
    if named.is_empty() { head.to_owned() } else { format!("{head} ({})", named.join(", ")) }
}

/// The engine's own reasons, all of which are fixed texts.
fn causes(text: &str) -> bool {
    text.ends_with(" expected") || text.ends_with(" by zero") || text == "Malformed UTF-8"
}
