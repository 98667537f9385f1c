//! Queries that may be asked for documents before the one at which they are.
//!
//! Tantivy asks what is to be excluded whether it has a document that may be before its first one, which some of its
//! scorers must not be asked (`PhraseScorer::seek_danger` asserts it).

use tantivy::{
    DocId, DocSet, Score, Term,
    index::SegmentReader,
    query::{EnableScoring, Explanation, Query, Scorer, Weight},
};

/// A query whose documents are found by seeking alone.
#[derive(Debug)]
pub struct Calm(pub Box<dyn Query>);

impl Clone for Calm {
    fn clone(&self) -> Self {
        Self(self.0.box_clone())
    }
}

impl Query for Calm {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(CalmWeight(self.0.weight(scoring)?)))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.0.query_terms(visitor);
    }
}

struct CalmWeight(Box<dyn Weight>);

impl Weight for CalmWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(CalmScorer(self.0.scorer(segment, boost)?)))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.0.explain(segment, document)
    }
}

/// `seek_danger` is the default one.
struct CalmScorer(Box<dyn Scorer>);

impl DocSet for CalmScorer {
    fn advance(&mut self) -> DocId {
        self.0.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.doc()
    }

    fn size_hint(&self) -> u32 {
        self.0.size_hint()
    }

    fn cost(&self) -> u64 {
        self.0.cost()
    }
}

impl Scorer for CalmScorer {
    fn score(&mut self) -> Score {
        self.0.score()
    }
}
