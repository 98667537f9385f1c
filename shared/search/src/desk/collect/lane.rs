//! What documents of one segment have of one key, as integers in the same order.

use std::{collections::BTreeMap, io};

use ceap_helpdesk::search::{Key, Value};
use tantivy::{
    DocId, DocSet,
    columnar::{Column, StrColumn, TermOrdHit},
    f64_to_u64,
    index::SegmentReader,
    query::{Scorer, Weight},
    u64_to_f64,
};

use crate::desk::column;

/// The greatest code that there may be.
pub const GREATEST: u64 = u64::MAX - 1;

/// One key of a segment. Codes of numbers are [`f64_to_u64`]'s, of which only those of no number reach [`GREATEST`].
/// Codes of words are twice their ordinals and two, so that there is room for words that the segment does not have.
pub enum Lane {
    /// Numbers.
    Number(Option<Column<u64>>),
    /// Words.
    Word(Option<StrColumn>),
    /// Words, and the code of each one's rank.
    Rank(Option<StrColumn>, Vec<Option<u64>>),
    /// How many filters a document meets.
    Met(Vec<Box<dyn Scorer>>),
}

impl Lane {
    /// What a segment has of a key; `met` are the filters of one that counts them.
    pub fn new(
        segment: &SegmentReader,
        key: &Key,
        met: &[Box<dyn Weight>],
    ) -> tantivy::Result<Self> {
        Ok(match key {
            Key::Number(field) => Self::Number(column::numbers(segment, field)?),
            Key::Keyword(field) => Self::Word(column::words(segment, field)?),
            Key::Ranked(field, ranks) => {
                let words = column::words(segment, field)?;
                let codes = words.as_ref().map(|words| ranked(words, ranks)).transpose()?;
                Self::Rank(words, codes.unwrap_or_default())
            }
            Key::Met(_) => {
                let scorers = met.iter().map(|weight| weight.scorer(segment, 1.0));
                Self::Met(scorers.collect::<tantivy::Result<_>>()?)
            }
        })
    }

    /// A document's code. Documents are asked for in ascending order.
    pub fn code(&mut self, document: DocId) -> Option<u64> {
        match self {
            Self::Number(column) => column.as_ref()?.first(document),
            Self::Word(words) => words.as_ref()?.ords().first(document).map(exact),
            Self::Rank(words, codes) => {
                let word = words.as_ref()?.ords().first(document)?;
                *codes.get(usize::try_from(word).ok()?)?
            }
            Self::Met(filters) => {
                let met = |filter: &mut Box<dyn Scorer>| {
                    if filter.doc() < document {
                        filter.seek(document);
                    }
                    filter.doc() == document
                };
                let met = filters.iter_mut().map(met).filter(|met| *met).count();
                Some(number(met))
            }
        }
    }

    /// The code of a value, or one between those of its neighbours.
    pub fn code_of(&self, value: Option<&Value>) -> io::Result<Option<u64>> {
        let Some(value) = value else { return Ok(None) };
        Ok(Some(match (self, value) {
            (Self::Number(_) | Self::Rank(..) | Self::Met(_), Value::Number(number)) => {
                f64_to_u64(*number)
            }
            // Numbers come before words.
            (Self::Number(_) | Self::Rank(..) | Self::Met(_), Value::Text(_)) => GREATEST,
            (Self::Word(_), Value::Number(_)) | (Self::Word(None), Value::Text(_)) => 0,
            (Self::Word(Some(words)), Value::Text(text)) => {
                match words.dictionary().term_ord_or_next(text)? {
                    TermOrdHit::Exact(ordinal) => exact(ordinal),
                    TermOrdHit::Next(ordinal) => {
                        let end = u64::try_from(words.num_terms()).unwrap_or(u64::MAX);
                        exact(ordinal.min(end)).saturating_sub(1)
                    }
                }
            }
        }))
    }

    /// The value that a code stands for.
    pub fn value_of(&self, code: u64) -> tantivy::Result<Value> {
        match self {
            Self::Word(Some(words)) => {
                let mut text = String::new();
                let ordinal = code.saturating_sub(2) / 2;
                if !words.ord_to_str(ordinal, &mut text)? {
                    return Err(io::Error::other("a word that the dictionary does not have").into());
                }
                Ok(Value::Text(text))
            }
            Self::Number(_) | Self::Rank(..) | Self::Met(_) | Self::Word(None) => {
                Ok(Value::Number(u64_to_f64(code)))
            }
        }
    }
}

/// The code of a word that the segment has.
const fn exact(ordinal: u64) -> u64 {
    ordinal.saturating_mul(2).saturating_add(2)
}

fn number(count: usize) -> u64 {
    f64_to_u64(f64::from(u32::try_from(count).unwrap_or(u32::MAX)))
}

/// The codes of the ranks of a segment's words.
fn ranked(words: &StrColumn, ranks: &BTreeMap<String, usize>) -> io::Result<Vec<Option<u64>>> {
    let mut all = words.dictionary().stream()?;
    let mut codes = Vec::with_capacity(words.num_terms());
    while all.advance() {
        let word = std::str::from_utf8(all.key()).ok();
        codes.push(word.and_then(|word| ranks.get(word)).copied().map(number));
    }
    Ok(codes)
}
