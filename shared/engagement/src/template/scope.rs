//! What a template reads, defines and renders.

use super::syntax::{Kind, Piece, Problem};
use super::words::Word;
use std::collections::BTreeSet;

/// What one source does with variables.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The paths it reads, in their order.
    pub(super) reads: Vec<Vec<String>>,
    /// The variables that it defines itself.
    pub(super) defined: BTreeSet<String>,
    /// Those that only `capture` defines.
    pub(super) captured: BTreeSet<String>,
    /// The partials that it renders.
    pub(super) renders: Vec<Render>,
}

/// `{% render 'name', parameter: … %}`
#[derive(Debug)]
pub(super) struct Render {
    pub(super) line: usize,
    /// The place of its tag among the pieces.
    pub(super) piece: usize,
    pub(super) name: String,
    pub(super) parameters: BTreeSet<String>,
}

impl Scope {
    pub(super) fn of(pieces: &[Piece]) -> Result<Self, Problem> {
        let mut scope = Self::default();
        let mut assigned = BTreeSet::new();
        for (place, piece) in pieces.iter().enumerate() {
            let words = piece.words.as_slice();
            match (piece.kind, piece.name.as_str()) {
                (Kind::Output, _) => scope.chain(words),
                (Kind::Tag, "assign") => {
                    assigned.extend(first(words));
                    scope.chain(words.get(2..).unwrap_or_default());
                }
                (Kind::Tag, "capture") => scope.captured.extend(first(words)),
                (Kind::Tag, "increment" | "decrement") => assigned.extend(first(words)),
                (Kind::Tag, "for") => {
                    assigned.extend(first(words));
                    scope.values(words.get(2..).unwrap_or_default(), &["reversed"]);
                }
                (Kind::Tag, "if" | "elsif" | "unless") => {
                    scope.values(words, &["and", "or", "contains"]);
                }
                (Kind::Tag, "when") => scope.values(words, &["or"]),
                (Kind::Tag, "case" | "cycle") => scope.values(words, &[]),
                (Kind::Tag, "render") => scope.render(piece, place)?,
                (Kind::Tag, "include") => {
                    let message = "uses `include`; use `render`, whose variables stay inside";
                    return Err(Problem::new(piece.line, message));
                }
                _ => {}
            }
        }
        scope.captured.retain(|name| !assigned.contains(name) && name != "forloop");
        scope.defined = assigned;
        scope.defined.extend(scope.captured.iter().cloned());
        scope.defined.insert("forloop".to_owned());
        Ok(scope)
    }

    /// A value and its filters: names after `|` are filters, those before `:` keywords.
    fn chain(&mut self, words: &[Word]) {
        let mut filter = false;
        for (place, word) in words.iter().enumerate() {
            let keyword = words.get(place.saturating_add(1)).is_some_and(|next| next.is(':'));
            if !filter && !keyword {
                self.read(word);
            }
            filter = word.is('|');
        }
    }

    fn values(&mut self, words: &[Word], keywords: &[&str]) {
        for (place, word) in words.iter().enumerate() {
            let named = words.get(place.saturating_add(1)).is_some_and(|next| next.is(':'));
            if !named && !word.name().is_some_and(|name| keywords.contains(&name)) {
                self.read(word);
            }
        }
    }

    fn read(&mut self, word: &Word) {
        if let Word::Path(path, inner) = word {
            self.reads.push(path.clone());
            inner.iter().for_each(|word| self.read(word));
        }
    }

    fn render(&mut self, piece: &Piece, place: usize) -> Result<(), Problem> {
        let Some(Word::Text(name)) = piece.words.first() else {
            let message =
                "`render` takes the name of a partial in quotes, as {% render 'footer' %}";
            return Err(Problem::new(piece.line, message));
        };
        let mut parameters = BTreeSet::new();
        let mut words = piece.words.get(1..).unwrap_or_default();
        if words.first().and_then(Word::name).is_some_and(|word| ["with", "for"].contains(&word)) {
            words = words.get(1..).unwrap_or_default();
        }
        let mut alias = false;
        for (place, word) in words.iter().enumerate() {
            let parameter = words.get(place.saturating_add(1)).is_some_and(|next| next.is(':'));
            match word.name() {
                Some(name) if alias || parameter => drop(parameters.insert(name.to_owned())),
                Some("as") => {}
                _ => self.read(word),
            }
            alias = word.name() == Some("as") && !alias;
        }
        self.renders.push(Render {
            line: piece.line,
            piece: place,
            name: name.clone(),
            parameters,
        });
        Ok(())
    }
}

fn first(words: &[Word]) -> Option<String> {
    words.first().and_then(Word::name).map(str::to_owned)
}
