//! Documents that have a term that begins so.

use std::{collections::BTreeSet, io};

use tantivy::{
    BitSet, DocId, Score, TantivyError,
    index::SegmentReader,
    query::{
        BitSetDocSet, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
    },
    schema::{Field, IndexRecordOption},
};

use super::{
    shape::{Fields, keyword},
    words::of_word,
};

/// Documents that have a term that begins so.
#[derive(Debug, Clone)]
pub struct Prefix {
    field: Field,
    prefix: Vec<u8>,
    /// The helpdesk's fields of which the terms are, if the terms don't begin with them.
    of: Option<BTreeSet<Vec<u8>>>,
}

impl Prefix {
    /// Those that have a value of a field that begins so.
    pub fn of_value(fields: Fields, field: &str, prefix: &str) -> Self {
        let prefix = keyword(field, prefix).into_bytes();
        Self { field: fields.keyword, prefix, of: None }
    }

    /// Those that have a word in one of these fields that begins so.
    pub fn of_word(fields: Fields, of: &[String], prefix: &str) -> Self {
        let of = of.iter().map(|field| field.clone().into_bytes()).collect();
        Self { field: fields.text, prefix: prefix.as_bytes().to_vec(), of: Some(of) }
    }

    fn takes(&self, term: &[u8]) -> bool {
        self.of.as_ref().is_none_or(|of| {
            of_word(term)
                .is_some_and(|(word, field)| word.starts_with(&self.prefix) && of.contains(field))
        })
    }

    fn documents(&self, segment: &SegmentReader) -> io::Result<Option<BitSet>> {
        let index = segment.inverted_index(self.field).map_err(io::Error::other)?;
        let range = index.terms().range().ge(&self.prefix);
        let mut terms = match after(&self.prefix) {
            Some(end) => range.lt(end).into_stream()?,
            None => range.into_stream()?,
        };
        let mut documents = None;
        while terms.advance() {
            if !self.takes(terms.key()) {
                continue;
            }
            let documents =
                documents.get_or_insert_with(|| BitSet::with_max_value(segment.max_doc()));
            let mut postings =
                index.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            loop {
                let block = postings.docs();
                if block.is_empty() {
                    break;
                }
                for document in block {
                    documents.insert(*document);
                }
                postings.advance();
            }
        }
        Ok(documents)
    }
}

/// What comes right after all that begin so; `None` if nothing does.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut after = prefix.get(..=last)?.to_vec();
    let byte = after.last_mut()?;
    *byte = byte.saturating_add(1);
    Some(after)
}

impl Query for Prefix {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Prefix {
    fn scorer(&self, segment: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.documents(segment)? {
            Some(documents) => Box::new(ConstScorer::from(BitSetDocSet::from(documents))),
            None => Box::new(EmptyScorer),
        })
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument("beginnings are not scored".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_prefix() {
        assert_eq!(after(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!((after(b"\xff"), after(b"")), (None, None));
    }
}
