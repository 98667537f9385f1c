//! A template as a flat list of texts, outputs and tags, cut by Liquid's own grammar.
//!
//! What is decided here must hold for what the engine runs, so the cut is not a second parser's: a
//! block of ours that encloses the whole source is handed its elements by the engine. The limits
//! below are those that the engine lacks; it recurses, and it panics on some inputs.

use super::words::{Word, words};
use liquid_core::parser::{self, BlockElement};
use liquid_core::{
    BlockReflection, Language, ParseBlock, Renderable, Runtime, TagBlock, TagTokenIter,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Blocks within blocks; an `elsif` counts as one, as it does for the engine's stack.
const MAX_DEPTH: usize = 32;

/// Lookups of the form `a[…]`: the engine descends for each that stands within another.
const MAX_LOOKUPS: usize = 100;

/// Blank characters in a row: the engine looks ahead over all of them at each of them.
const MAX_BLANKS: usize = 2_000;

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Stands for itself; what is inside `{% raw %}` too.
    Text,
    /// `{{ … }}`
    Output,
    /// `{% … %}`
    Tag,
    /// A whole `{% comment %}`, emptied.
    Comment,
}

/// One element of a template.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    /// As it stands, with the blanks that its hyphens take away.
    pub(super) text: String,
    /// Where it starts, from 1.
    pub(super) line: usize,
    /// A tag's name.
    pub(super) name: String,
    /// What an output or a tag says.
    pub(super) words: Vec<Word>,
}

/// What is wrong, and in which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// The elements of `source`.
pub(super) fn read(source: &str) -> Result<Vec<Piece>, Problem> {
    bounds(source)?;
    let pieces = cut(source)?;
    let joined: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    if joined != source.len() {
        return Err(Problem::new(1, "uses the reserved tag `_endscan`"));
    }
    let pieces = verbatim(pieces)?;
    depth(&pieces)?;
    for piece in &pieces {
        let reserved = piece.words.windows(2).find_map(|pair| match pair {
            [Word::Sign('|'), Word::Path(path, _)] => path.first().filter(|it| it.starts_with('_')),
            _ => None,
        });
        let reserved = reserved.or(Some(&piece.name).filter(|it| it.starts_with('_')));
        if let Some(name) = reserved {
            return Err(Problem::new(piece.line, format!("`{name}` is unknown to Liquid")));
        }
    }
    Ok(pieces)
}

/// The limits that must hold before the engine sees the source.
fn bounds(source: &str) -> Result<(), Problem> {
    let (mut line, mut blanks, mut lookups, mut before) = (1_usize, 0_usize, 0_usize, ' ');
    for c in source.chars() {
        blanks = if c.is_whitespace() { blanks.saturating_add(1) } else { 0 };
        if blanks > MAX_BLANKS {
            let message = format!("has more than {MAX_BLANKS} blanks in a row; remove them");
            return Err(Problem::new(line, message));
        }
        if c == '[' && (before.is_alphanumeric() || "_-]".contains(before)) {
            lookups = lookups.saturating_add(1);
        }
        if super::url::MARKS.contains(&c) {
            return Err(Problem::new(line, "holds a character of a private use; remove it"));
        }
        if c == '\n' {
            line = line.saturating_add(1);
        }
        before = c;
    }
    if lookups > MAX_LOOKUPS {
        let message = format!("has more than {MAX_LOOKUPS} lookups with brackets; use `a.b`");
        return Err(Problem::new(1, message));
    }
    Ok(())
}

fn cut(source: &str) -> Result<Vec<Piece>, Problem> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let mut language = Language::empty();
    language.blocks.register("_scan".to_owned(), Scan(Arc::clone(&found)).into());
    let whole = format!("{{% _scan %}}{source}{{% _endscan %}}");
    let parsed = catch_unwind(AssertUnwindSafe(|| parser::parse(&whole, &language)));
    match parsed {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(super::report::compile(&error)),
        Err(_) => return Err(unreadable()),
    }
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    let mut line = 1_usize;
    Ok(std::mem::take(&mut *found)
        .into_iter()
        .map(|(kind, text): (Kind, String)| {
            let (lead, inner) = inner(&text);
            let lead = if kind == Kind::Text { "" } else { lead };
            let starts = line.saturating_add(lead.matches('\n').count());
            line = line.saturating_add(text.matches('\n').count());
            let mut words = if kind == Kind::Text { Vec::new() } else { words(inner) };
            let mut name = String::new();
            if kind == Kind::Tag && !words.is_empty() {
                name = words.remove(0).name().unwrap_or_default().to_owned();
            }
            Piece { kind, text, line: starts, name, words }
        })
        .collect())
}

/// The engine gave up in a way of its own.
pub(super) fn unreadable() -> Problem {
    Problem::new(1, "cannot be read; is a number in a tag too large?")
}

/// The blanks before an output or tag, and what stands between its braces.
fn inner(text: &str) -> (&str, &str) {
    let lead = text.len().saturating_sub(text.trim_start().len());
    let inside = text.trim();
    let strip = |open: &str, close: &str| {
        let inside = inside.strip_prefix(open)?.strip_suffix(close)?;
        let inside = inside.strip_prefix('-').unwrap_or(inside);
        Some(inside.strip_suffix('-').unwrap_or(inside))
    };
    let inside = strip("{{", "}}").or_else(|| strip("{%", "%}")).unwrap_or_default();
    (text.get(..lead).unwrap_or_default(), inside)
}

/// Everything inside `raw` becomes text, every comment is emptied but for its lines.
fn verbatim(pieces: Vec<Piece>) -> Result<Vec<Piece>, Problem> {
    let (mut kept, mut raw, mut comment): (Vec<Piece>, bool, Option<(usize, Piece)>) =
        (Vec::new(), false, None);
    for mut piece in pieces {
        let name = if piece.kind == Kind::Tag { piece.name.as_str() } else { "" };
        if let Some((depth, whole)) = &mut comment {
            match name {
                "raw" => {
                    let message = "has `raw` inside a comment; remove one of them";
                    return Err(Problem::new(piece.line, message));
                }
                "comment" => *depth = depth.saturating_add(1),
                "endcomment" => *depth = depth.saturating_sub(1),
                _ => {}
            }
            whole.text.push_str(&"\n".repeat(piece.text.matches('\n').count()));
            if *depth == 0 {
                whole.text.push_str("{% endcomment %}");
                kept.extend(comment.take().map(|(_, whole)| whole));
            }
            continue;
        }
        match name {
            "endraw" if raw && piece.words.is_empty() => raw = false,
            _ if raw => {
                piece = Piece { kind: Kind::Text, name: String::new(), words: Vec::new(), ..piece };
            }
            "raw" if piece.words.is_empty() => raw = true,
            "raw" => return Err(Problem::new(piece.line, "`raw` takes nothing")),
            "comment" => {
                let lines = "\n".repeat(piece.text.matches('\n').count());
                piece.text = format!("{{% comment %}}{lines}");
                piece.kind = Kind::Comment;
                comment = Some((1, piece));
                continue;
            }
            _ => {}
        }
        kept.push(piece);
    }
    match comment {
        Some((_, open)) => Err(Problem::new(open.line, "has a comment without its `endcomment`")),
        None => Ok(kept),
    }
}

fn depth(pieces: &[Piece]) -> Result<(), Problem> {
    let mut open: Vec<usize> = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.kind == Kind::Tag) {
        match piece.name.as_str() {
            "if" | "unless" | "case" | "for" | "capture" | "ifchanged" => open.push(1),
            "elsif" => open.iter_mut().rev().take(1).for_each(|n| *n = n.saturating_add(1)),
            name if name.starts_with("end") => drop(open.pop()),
            _ => {}
        }
        if open.iter().sum::<usize>() > MAX_DEPTH {
            let message = format!(
                "nests more than {MAX_DEPTH} blocks; use `case` for many cases, or a partial"
            );
            return Err(Problem::new(piece.line, message));
        }
    }
    Ok(())
}

/// A block whose only doing is to note what the engine finds inside it.
#[derive(Clone)]
struct Scan(Arc<Mutex<Vec<(Kind, String)>>>);

impl BlockReflection for Scan {
    fn start_tag(&self) -> &str {
        "_scan"
    }

    fn end_tag(&self) -> &str {
        "_endscan"
    }

    fn description(&self) -> &str {
        ""
    }
}

impl ParseBlock for Scan {
    fn parse(
        &self,
        _: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> liquid_core::Result<Box<dyn Renderable>> {
        let mut found = Vec::new();
        while let Some(element) = block.next()? {
            let kind = match &element {
                BlockElement::Raw(_) => Kind::Text,
                BlockElement::Expression(_) => Kind::Output,
                BlockElement::Tag(_) => Kind::Tag,
                BlockElement::Invalid(_) => {
                    element.parse(&mut block, options)?;
                    continue;
                }
            };
            found.push((kind, element.as_str().to_owned()));
        }
        block.assert_empty();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        Ok(Box::new(Nothing))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
struct Nothing;

impl Renderable for Nothing {
    fn render_to(&self, _: &mut dyn std::io::Write, _: &dyn Runtime) -> liquid_core::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn raw_is_text_and_comments_keep_only_their_lines() {
        let source = "a{%- raw -%}{{ x }}{% if %}{% endraw %}\n{% comment %}{{\n{% comment %}\n\
                      {% endcomment %}{{ y }}{% endcomment %}{{ '}}' }}";
        let pieces = read(&source.replace("{{\n", "{{ z }}\n")).unwrap();
        let kinds: Vec<(Kind, usize)> = pieces.iter().map(|it| (it.kind, it.line)).collect();
        use Kind::{Comment, Output, Tag, Text};
        let expected = [
            (Text, 1),
            (Tag, 1),
            (Text, 1),
            (Text, 1),
            (Tag, 1),
            (Text, 1),
            (Comment, 2),
            (Output, 4),
        ];
        assert_eq!(kinds, expected);
        let comment = pieces.iter().find(|it| it.kind == Comment).unwrap();
        assert_eq!(comment.text, "{% comment %}\n\n{% endcomment %}");
    }

    #[rstest]
    #[case("{{ 99999999999999999999 }}", "too large")]
    #[case("{{ a b }}", "expected")]
    #[case("\n\n{{ a", "expected")]
    #[case("{% _endscan %}{{ x }}", "")]
    #[case("{{ x | _html }}", "`_html` is unknown")]
    #[case("{% comment %}{% raw %}{% endcomment %}{% endraw %}{{ x }}", "`raw` inside a comment")]
    #[case("{% comment %}", "`endcomment`")]
    fn what_the_engine_would_not_bear_is_refused(#[case] source: &str, #[case] says: &str) {
        // A number that is too large shows only when the template is compiled.
        let problem = match read(source) {
            Err(problem) => problem.message,
            Ok(_) => super::super::Template::compile("t", source, super::super::Escape::Text)
                .unwrap_err()
                .to_string(),
        };
        assert!(problem.contains(says), "{problem}");
    }

    #[test]
    fn depth_lookups_and_blanks_are_bounded() {
        let deep = "{% if a %}".repeat(6_000);
        assert!(read(&deep).unwrap_err().message.contains("nests more"));
        let chain = format!("{{% if a %}}{}{{% endif %}}", "{% elsif b %}".repeat(4_000));
        assert!(read(&chain).unwrap_err().message.contains("nests more"));
        let brackets = format!("{{{{ {} }}}}", "a[".repeat(20_000));
        assert!(read(&brackets).unwrap_err().message.contains("brackets"));
        assert!(read(&" ".repeat(60_000)).unwrap_err().message.contains("blanks"));
    }
}
