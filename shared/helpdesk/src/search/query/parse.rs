//! From a text to its parts.
//!
//! Parts stand apart by spaces, but for those within quotes. A part is a word or a phrase, or the name of a property, a
//! sign and a value without any space between them: `updated < 2025-07-04` is three words, as the reference says.

use super::{Clause, MOST, Malformed, Operator, Query, Term, What};
use crate::search::analysis;

/// Reads a query.
pub(super) fn query(text: &str) -> Result<Query, Malformed> {
    let mut reader = Reader { signs: text.chars().collect(), at: 0 };
    let mut query = Query::default();
    let mut words: usize = 0;
    while reader.skip_spaces() {
        let Some(clause) = reader.clause()? else { continue };
        words = words.saturating_add(count(&clause));
        if words > MOST {
            return Err(Malformed::new(clause.at, format!("there are more than {MOST} words")));
        }
        query.clauses.push(clause);
    }
    Ok(query)
}

fn count(clause: &Clause) -> usize {
    // What has no word in it is one all the same: of nothing there may be much.
    let (What::Text(term) | What::Property { value: term, .. }) = &clause.what;
    analysis::count(&term.text).max(1)
}

struct Reader {
    signs: Vec<char>,
    at: usize,
}

/// Quotes as they are typed, and as word processors write them.
fn is_quote(sign: char) -> bool {
    matches!(sign, '"' | '“' | '”')
}

fn is_name(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.')
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.signs.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn skip_spaces(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.step();
        }
        self.peek().is_some()
    }

    /// The next part; none of a minus that stands alone.
    fn clause(&mut self) -> Result<Option<Clause>, Malformed> {
        let at = self.at;
        let negated = self.peek() == Some('-');
        if negated {
            self.step();
        }
        if self.peek().is_none_or(char::is_whitespace) {
            return Ok(None);
        }
        let what = match self.property() {
            Some((name, operator)) => What::Property { name, operator, value: self.term()? },
            None => What::Text(self.term()?),
        };
        Ok(Some(Clause { at, negated, what }))
    }

    /// The name of a property and its sign, if there is a value after them.
    fn property(&mut self) -> Option<(String, Operator)> {
        let begins = self.at;
        let found = self.name_and_operator();
        if found.is_none() {
            self.at = begins;
        }
        found
    }

    fn name_and_operator(&mut self) -> Option<(String, Operator)> {
        let mut name = String::new();
        while let Some(sign) = self.peek().filter(|sign| is_name(*sign)) {
            name.push(sign);
            self.step();
        }
        if !name.starts_with(|sign: char| sign.is_ascii_alphabetic()) {
            return None;
        }
        let operator = self.operator()?;
        match self.peek() {
            Some(sign) if !sign.is_whitespace() => Some((name, operator)),
            // The reference has `brand: "Banana Republic"` with a space before the quote.
            Some(_) if operator == Operator::Is && self.skip_spaces() => {
                self.peek().filter(|sign| is_quote(*sign)).map(|_| (name, operator))
            }
            Some(_) | None => None,
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        let sign = self.peek().filter(|sign| matches!(sign, ':' | '<' | '>'))?;
        self.step();
        let or_equal = sign != ':' && self.peek() == Some('=');
        if or_equal {
            self.step();
        }
        Some(match (sign, or_equal) {
            ('<', false) => Operator::Less,
            ('<', true) => Operator::AtMost,
            ('>', false) => Operator::More,
            ('>', true) => Operator::AtLeast,
            _ => Operator::Is,
        })
    }

    fn term(&mut self) -> Result<Term, Malformed> {
        let at = self.at;
        if self.peek().is_some_and(is_quote) {
            self.step();
            return self.quoted(at);
        }
        let mut text = String::new();
        while let Some(sign) = self.peek().filter(|sign| !sign.is_whitespace()) {
            text.push(sign);
            self.step();
        }
        Ok(Term { at, text, quoted: false })
    }

    fn quoted(&mut self, at: usize) -> Result<Term, Malformed> {
        let mut text = String::new();
        while let Some(sign) = self.peek() {
            self.step();
            if is_quote(sign) {
                return Ok(Term { at, text, quoted: true });
            }
            text.push(sign);
        }
        Err(Malformed::new(at, "the quotes that begin here are not closed"))
    }
}
