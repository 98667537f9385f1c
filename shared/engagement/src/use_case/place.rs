//! Where the fields of a document stand in its text, so that a mistake is named with its line. JSON is
//! YAML here.

use ceap_kernel::Fault;
use saphyr_parser::{Event, Parser, Span};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What a mistake in the text as a whole is named by.
const WHOLE: &str = "use_case";

/// Bytes of a pair of escapes.
const PAIR: usize = 12;

/// Lists and maps inside one another.
const MAX_DEPTH: usize = 32;

/// The lines of a document's fields.
#[derive(Debug, Default)]
pub struct Places {
    lines: BTreeMap<String, usize>,
    /// What stands in fields that are neither lists nor maps.
    values: BTreeMap<String, String>,
}

/// Reads a document in YAML or JSON, and where its fields stand.
///
/// # Errors
/// `Invalid`, naming the line and the field: what is no YAML, a field that is given twice, an anchor
/// or an alias, more than one document, and what is not of type `T`.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<(T, Places), Fault> {
    let text = without_surrogates(text);
    let places = Places::of(&text)?;
    let deserializer = serde_yaml_ng::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| places.explain(&error))
        .map(|document| (document, places))
}

/// The text with characters in place of pairs of escapes (`\ud83d\ude00`), which JSON has and YAML
/// has not (RFC 8259 §7).
fn without_surrogates(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with('{') || !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        plain.push_str(before);
        let (taken, character) = match surrogates(escape) {
            Some(character) => (PAIR, Some(character)),
            None => (escape.chars().take(2).map(char::len_utf8).sum(), None),
        };
        let (escape, after) = escape.split_at_checked(taken).unwrap_or((escape, ""));
        match character {
            Some(character) => plain.push(character),
            None => plain.push_str(escape),
        }
        rest = after;
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The character that `text` begins with as a pair of escapes.
fn surrogates(text: &str) -> Option<char> {
    let unit = |at: std::ops::Range<usize>| {
        let digits = text.get(at)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let pair = [unit(0..6)?, unit(6..PAIR)?];
    let mut characters = char::decode_utf16(pair);
    let character = characters.next()?.ok()?;
    characters.next().is_none().then_some(character)
}

impl Places {
    /// The places of the fields of `text`.
    ///
    /// # Errors
    /// As [`read`], but for types.
    pub fn of(text: &str) -> Result<Self, Fault> {
        let mut walk = Walk::default();
        let mut parser = Parser::new_from_str(text);
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| {
                let message = format!("is not YAML: {}", error.info());
                Fault::invalid(WHOLE, message).on_line(error.marker().line())
            })?;
            walk.take(&event, span)?;
        }
        Ok(walk.places)
    }

    /// The fault with the line of its field, or of what the field would stand in.
    #[must_use]
    pub fn locate(&self, fault: Fault) -> Fault {
        match &fault {
            Fault::Invalid { field, line: None, .. } => {
                let line = self.line(field);
                fault.on_line(line)
            }
            _ => fault,
        }
    }

    /// The line of `field`, or of the nearest that it would stand in.
    fn line(&self, field: &str) -> usize {
        let mut at = field;
        loop {
            if let Some(line) = self.lines.get(at) {
                return *line;
            }
            match at.rfind(['.', '[']).and_then(|end| at.get(..end)) {
                Some(parent) => at = parent,
                None => return self.lines.get("").copied().unwrap_or(1),
            }
        }
    }

    /// A mistake of type, with its field and line.
    fn explain(&self, error: &serde_path_to_error::Error<serde_yaml_ng::Error>) -> Fault {
        let path = error.path().to_string();
        let path = path.trim_start_matches('.').trim_end_matches(".?");
        let told = error.inner().location();
        let mut message = error.inner().to_string();
        // The reader says place and path in its own words, too.
        if let Some(at) = &told {
            let place = format!(" at line {} column {}", at.line(), at.column());
            message = message.replacen(&place, "", 1);
        }
        if let Some((named, rest)) = message.split_once(": ")
            && path.starts_with(named)
        {
            message = rest.to_owned();
        }
        let inner = self.unknown(path, &message).or_else(|| self.wrong(path, &message));
        let field = inner.unwrap_or_else(|| path.to_owned());
        let told = told.filter(|_| !self.lines.contains_key(&field)).map(|at| at.line());
        let line = told.unwrap_or_else(|| self.line(&field));
        let field = if field.is_empty() { WHOLE.to_owned() } else { field };
        Fault::invalid(field, message).on_line(line)
    }

    /// Below `path`, the field that `message` calls unknown.
    fn unknown(&self, path: &str, message: &str) -> Option<String> {
        let name = message.strip_prefix("unknown field `")?.split('`').next()?;
        let is_it = |field: &&String| {
            field.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        only(self.below(path).filter(is_it))
    }

    /// Below `path`, the field that holds the value that `message` calls wrong. Where what a map may
    /// hold depends on its `kind`, the reader does not say which field it was.
    fn wrong(&self, path: &str, message: &str) -> Option<String> {
        let value = message.strip_prefix("invalid ")?.split(['"', '`']).nth(1)?;
        let is_it = |field: &&String| self.values.get(*field).is_some_and(|it| it == value);
        only(self.below(path).filter(is_it))
    }

    fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a String> {
        self.lines.keys().filter(move |field| {
            let rest = field.strip_prefix(path);
            rest.is_some_and(|rest| path.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}

/// The only one of `fields`.
fn only<'a>(mut fields: impl Iterator<Item = &'a String>) -> Option<String> {
    let one = fields.next()?;
    fields.next().is_none().then(|| one.clone())
}

/// A list or map that is being walked through.
enum Open {
    List { path: String, next: usize },
    Map { path: String, keys: BTreeSet<String>, key: Option<String> },
}

#[derive(Default)]
struct Walk {
    open: Vec<Open>,
    places: Places,
    documents: usize,
}

impl Walk {
    fn take(&mut self, event: &Event<'_>, span: Span) -> Result<(), Fault> {
        let line = span.start.line();
        match event {
            Event::DocumentStart(_) => {
                self.documents = self.documents.saturating_add(1);
                if self.documents > 1 {
                    let message = "must be one document; here begins another";
                    return Err(Fault::invalid(WHOLE, message).on_line(line));
                }
            }
            Event::Scalar(text, _, anchor, _) => {
                if self.is_key() {
                    return self.key(text, line);
                }
                let path = self.begin(*anchor, line)?;
                self.places.values.insert(path, text.to_string());
                self.end();
            }
            Event::SequenceStart(anchor, _) => {
                let path = self.begin(*anchor, line)?;
                self.open.push(Open::List { path, next: 0 });
            }
            Event::MappingStart(anchor, _) => {
                let path = self.begin(*anchor, line)?;
                self.open.push(Open::Map { path, keys: BTreeSet::new(), key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                self.end();
            }
            Event::Alias(_) => return Err(self.no_anchors(line)),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Whether a scalar that comes next is a key.
    fn is_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Map { key: None, .. }))
    }

    fn key(&mut self, name: &str, line: usize) -> Result<(), Fault> {
        let Some(Open::Map { path, keys, key }) = self.open.last_mut() else { return Ok(()) };
        let field = match (path.as_str(), name) {
            // A name may be nothing, and what is wrong is told of something all the same.
            ("", "") => WHOLE.to_owned(),
            ("", name) => name.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        if !keys.insert(name.to_owned()) {
            return Err(Fault::invalid(field, "is given twice").on_line(line));
        }
        self.places.lines.insert(field.clone(), line);
        *key = Some(field);
        Ok(())
    }

    /// A value begins: its path.
    fn begin(&mut self, anchor: usize, line: usize) -> Result<String, Fault> {
        if anchor != 0 {
            return Err(self.no_anchors(line));
        }
        if self.open.len() >= MAX_DEPTH {
            let message = format!("is nested more than {MAX_DEPTH} levels deep");
            return Err(Fault::invalid(WHOLE, message).on_line(line));
        }
        let path = self.path();
        if self.is_key() {
            let path = if path.is_empty() { WHOLE.to_owned() } else { path };
            return Err(Fault::invalid(path, "must have text as its keys").on_line(line));
        }
        self.places.lines.entry(path.clone()).or_insert(line);
        Ok(path)
    }

    /// The path of the value that comes now.
    fn path(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some(Open::List { path, next }) => format!("{path}[{next}]"),
            Some(Open::Map { path, key, .. }) => key.as_ref().unwrap_or(path).clone(),
        }
    }

    /// A value has ended: what is around it goes on.
    fn end(&mut self) {
        match self.open.last_mut() {
            Some(Open::List { next, .. }) => *next = next.saturating_add(1),
            Some(Open::Map { key, .. }) => *key = None,
            None => {}
        }
    }

    fn no_anchors(&self, line: usize) -> Fault {
        let path = self.path();
        let field = if path.is_empty() { WHOLE.to_owned() } else { path };
        Fault::invalid(field, "must be written out; anchors and aliases are not taken")
            .on_line(line)
    }
}
