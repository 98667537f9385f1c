//! What the engine is given: the author's source, with the last word on every output.
//!
//! Values are bound as they are. Each `{{ … }}` gets a filter of ours behind the author's own, so
//! nothing that a filter does can undo it: what is escaped is what would have been shown. Three
//! things need care:
//!
//! - `{{ x | escape }}` is already what ours does; ours takes its place. After `escape_once`, ours
//!   leaves the ampersands. Before a closing `newline_to_br`, ours goes first, so that its `<br />`
//!   stays.
//! - A variable that only `capture` defines holds markup whose outputs are escaped one by one; by
//!   itself between tags it is shown as it is. [`super::html`] holds the captured text to be whole
//!   markup, and [`super::liquid`] keeps facts of that name away. With a filter, or assigned to
//!   another variable, it is a text like any other and escaped.
//! - `raw` stays as it is, and comments are emptied ([`super::syntax`]).
//!
//! Lines stay where they are, so that the engine's errors name the author's.

use super::escape::{Escape, Last};
use super::html;
use super::markup::Context;
use super::partials::Unit;
use super::syntax::{Kind, Piece, Problem};
use super::words::Word;

/// The source for the engine.
pub(super) fn source(unit: &Unit, escape: Escape, partial: bool) -> Result<String, Problem> {
    let contexts = match escape {
        Escape::Html => html::contexts(&unit.pieces, &unit.scope.captured)?,
        Escape::Line | Escape::Text | Escape::Url => Vec::new(),
    };
    let mut text = String::new();
    if partial {
        text.push_str(&format!("{{% _elements {} %}}", unit.pieces.len()));
    }
    let mut captures: Vec<&str> = Vec::new();
    for (place, piece) in unit.pieces.iter().enumerate() {
        match (piece.kind, piece.name.as_str()) {
            (Kind::Output, _) => {
                let context = contexts.get(place).copied().flatten();
                let captured = match piece.words.as_slice() {
                    [word] => word.name().is_some_and(|it| unit.scope.captured.contains(it)),
                    _ => false,
                };
                text.push_str(&output(piece, escape, context, captured));
            }
            (Kind::Tag, "for") => {
                text.push_str(&range(piece));
                text.push_str(&piece.text);
                let elements = body(unit.pieces.get(place..).unwrap_or_default());
                text.push_str(&format!("{{% _elements {elements} %}}"));
            }
            (Kind::Tag, "render") => {
                text.push_str(&range(piece));
                text.push_str(&handing(unit, piece, place));
            }
            (Kind::Tag, "capture") => {
                captures.push(piece.words.first().and_then(Word::name).unwrap_or_default());
                text.push_str(&piece.text);
            }
            (Kind::Tag, "endcapture") => {
                text.push_str(&piece.text);
                if let Some(name) = captures.pop().filter(|name| !name.is_empty()) {
                    text.push_str(&format!("{{% _captured {name} %}}"));
                }
            }
            _ => text.push_str(&piece.text),
        }
    }
    Ok(text)
}

/// The elements that each turn of the loop brings which starts `pieces`.
fn body(pieces: &[Piece]) -> usize {
    let mut depth = 0_usize;
    let inside = pieces.iter().take_while(|piece| {
        match piece.name.as_str() {
            "for" => depth = depth.saturating_add(1),
            "endfor" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0
    });
    inside.count()
}

/// Pays for the range of a loop, if it has one.
fn range(piece: &Piece) -> String {
    let (mut quote, mut depth, mut range) = (None, 0_usize, String::new());
    for c in piece.text.chars() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth = depth.saturating_add(1),
            (None, ')') if depth > 0 => break,
            _ => {}
        }
        if depth > 0 {
            range.push(if c == '\n' || c == '\r' { ' ' } else { c });
        }
    }
    if range.is_empty() { range } else { format!("{{% _range {range}) %}}") }
}

/// A `render` with the facts that its partial reads.
fn handing(unit: &Unit, piece: &Piece, place: usize) -> String {
    let facts = unit.handed.get(&place).into_iter().flatten();
    let more: String = facts.map(|fact| format!(", {fact}: {fact}")).collect();
    inserted(&piece.text, "%}", &more)
}

fn output(piece: &Piece, escape: Escape, context: Option<Context>, captured: bool) -> String {
    let filters = |last: &[Last]| -> String {
        last.iter().map(|last| format!(" | {}", last.name())).collect()
    };
    let mark = |quote| if quote == '"' { Last::MarkDouble } else { Last::MarkSingle };
    match (escape, context) {
        (Escape::Line | Escape::Text, _) => piece.text.clone(),
        (Escape::Url, _) => inserted(&piece.text, "}}", &filters(&[Last::MarkDouble])),
        (Escape::Html, Some(Context::Text)) if captured => piece.text.clone(),
        (Escape::Html, context) => {
            let (mut text, mut breaks) = (piece.text.clone(), 0_usize);
            while context == Some(Context::Text)
                && let Some(shorter) = without(&text, "newline_to_br")
            {
                text = shorter;
                breaks = breaks.saturating_add(1);
            }
            let escaped = match without(&text, "escape") {
                Some(shorter) => {
                    text = shorter;
                    Last::Html
                }
                None if captured || without(&text, "escape_once").is_some() => Last::Quotes,
                None => Last::Html,
            };
            let mut last = filters(&[escaped]);
            if let Some(Context::Url(quote)) = context {
                last.push_str(&filters(&[mark(quote)]));
            }
            last.push_str(&" | newline_to_br".repeat(breaks));
            inserted(&text, "}}", &last)
        }
    }
}

/// `text` with `more` before its closing braces.
fn inserted(text: &str, close: &str, more: &str) -> String {
    let (inside, after) = text.rsplit_once(close).unwrap_or((text, ""));
    let (inside, hyphen) = match inside.strip_suffix('-') {
        Some(inside) => (inside, "-"),
        None => (inside, ""),
    };
    format!("{inside}{more} {hyphen}{close}{after}")
}

/// The output without its last filter, if that is `filter` alone.
fn without(text: &str, filter: &str) -> Option<String> {
    let (inside, after) = text.rsplit_once("}}")?;
    let (inside, hyphen) = match inside.strip_suffix('-') {
        Some(inside) => (inside, "-"),
        None => (inside, ""),
    };
    let inside = inside.trim_end().strip_suffix(filter)?.trim_end().strip_suffix('|')?;
    // Inside a quoted text, the quote would come after it; what ends here ends the output.
    Some(format!("{inside}{hyphen}}}}}{after}"))
}
