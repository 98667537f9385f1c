//! The words of a document, from the helpdesk that knows them to the index that keeps them.
//!
//! What words a text has is the helpdesk's to say ([`ceap_helpdesk::search::analysis`]). It is told as a text of its own, a
//! word after the other with its place before it, which costs no allocation for each of them.

use std::fmt::Write;

use ceap_helpdesk::search::Document;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// What ends a word. No word has it, nor what stands between a word and its field, for they are no letters.
const END: char = '\u{1}';

/// The term of a word in a field.
pub fn word(field: &str, word: &str) -> String {
    [word, field].join("\0")
}

/// The word and the field of a term.
pub fn of_word(term: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = term.iter().rposition(|byte| *byte == 0)?;
    Some((term.get(..at)?, term.get(at.checked_add(1)?..)?))
}

/// The words of a field: of each its place, a space, its term and [`END`].
pub fn told(document: &Document, field: &str) -> String {
    let mut told = String::new();
    document.each_token(field, |position, word| {
        // Writing to a string does not fail.
        let _ = write!(told, "{position} {word}\0{field}{END}");
    });
    told
}

/// Reads what was [`told`].
#[derive(Debug, Clone, Default)]
pub struct Told(Token);

/// The words that are left.
pub struct Left<'a> {
    text: &'a str,
    token: &'a mut Token,
}

impl Tokenizer for Told {
    type TokenStream<'a> = Left<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Left<'a> {
        self.0.reset();
        Left { text, token: &mut self.0 }
    }
}

impl TokenStream for Left<'_> {
    fn advance(&mut self) -> bool {
        let Some((told, rest)) = self.text.split_once(END) else { return false };
        let Some((position, term)) = told.split_once(' ') else { return false };
        self.text = rest;
        self.token.position = position.parse().unwrap_or(usize::MAX);
        self.token.text.clear();
        self.token.text.push_str(term);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_helpdesk::search::{Kind, Language};

    #[test]
    fn a_term_is_a_word_and_its_field() {
        assert_eq!(
            of_word(word("comment", "a\0b").as_bytes()),
            Some((&b"a\0b"[..], &b"comment"[..]))
        );
        assert_eq!(of_word(b"none"), None);
    }

    #[test]
    fn what_is_told_is_read() {
        let mut document = Document::new(Kind::Ticket, 1);
        document.language = Some(Language::English);
        let texts = ["Running\u{1} \0cats", "ran"].map(str::to_owned);
        document.texts.insert("comment".to_owned(), texts.into());
        let (told, mut read) = (told(&document, "comment"), Vec::new());
        let mut tokenizer = Told::default();
        tokenizer.token_stream(&told).process(&mut |token| {
            read.push((token.position, token.text.clone()));
        });
        let expected = [
            (0, "running"),
            (0, "=en:run"),
            (1, "cats"),
            (1, "=en:cat"),
            (4, "ran"),
            (4, "=en:ran"),
        ];
        assert_eq!(read, expected.map(|(at, it)| (at, word("comment", it))));
    }
}
