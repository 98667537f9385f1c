//! Filters as queries of Tantivy's. None of them ranks.

use ceap_helpdesk::search::{Filter, Seek};
use tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, EmptyQuery, Occur, PhraseQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    calm::Calm,
    number::Numbers,
    prefix::Prefix,
    shape::{self, Fields},
    words,
};

/// The documents that meet a filter. It goes as deep as the filter does.
pub fn query(fields: Fields, filter: &Filter) -> Box<dyn Query> {
    match filter {
        Filter::All(all) => every(fields, all),
        Filter::Any(any) => either(any.iter().map(|it| query(fields, it)).collect()),
        Filter::Not(_) => every(fields, std::slice::from_ref(filter)),
        Filter::Keyword { field, value } => term(fields.keyword, &shape::keyword(field, value)),
        Filter::Begins { field, prefix } => Box::new(Prefix::of_value(fields, field, prefix)),
        Filter::Number { field, from, to } => Box::new(Numbers::new(field, *from, *to)),
        Filter::Text { fields: of, seek: Seek::Prefix(prefix) } => {
            Box::new(Prefix::of_word(fields, of, prefix))
        }
        Filter::Text { fields: of, seek: Seek::Phrases(phrases) } => {
            let each = of.iter().flat_map(|field| {
                phrases.iter().filter_map(move |words| phrase(fields, field, words))
            });
            either(each.collect())
        }
    }
}

/// Those that meet all of these.
fn every(fields: Fields, all: &[Filter]) -> Box<dyn Query> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = all
        .iter()
        .map(|it| match it {
            Filter::Not(it) => (Occur::MustNot, excluded(fields, it)),
            other => (Occur::Must, query(fields, other)),
        })
        .collect();
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    one(clauses)
}

/// Those that are left out.
fn excluded(fields: Fields, filter: &Filter) -> Box<dyn Query> {
    let excluded = query(fields, filter);
    match filter {
        Filter::Keyword { .. } | Filter::Begins { .. } | Filter::Number { .. } => excluded,
        Filter::All(_) | Filter::Any(_) | Filter::Not(_) | Filter::Text { .. } => {
            Box::new(Calm(excluded))
        }
    }
}

/// Those that meet any of these.
pub fn either(any: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match any.is_empty() {
        true => Box::new(EmptyQuery),
        false => one(any.into_iter().map(|it| (Occur::Should, it)).collect()),
    }
}

fn one(mut clauses: Vec<(Occur, Box<dyn Query>)>) -> Box<dyn Query> {
    match (clauses.len(), clauses.pop()) {
        (1, Some((_, only))) => only,
        (_, last) => {
            clauses.extend(last);
            Box::new(BooleanQuery::new(clauses))
        }
    }
}

fn term(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

/// Words one after the other in a field; `None` if there are none.
fn phrase(fields: Fields, field: &str, words: &[String]) -> Option<Box<dyn Query>> {
    match words {
        [] => None,
        [only] => Some(term(fields.text, &words::word(field, only))),
        several => {
            let term =
                |word: &String| Term::from_field_text(fields.text, &words::word(field, word));
            Some(Box::new(PhraseQuery::new(several.iter().map(term).collect())))
        }
    }
}
