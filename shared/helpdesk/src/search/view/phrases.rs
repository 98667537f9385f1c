//! What the words of an account's own texts are: conditions ask for the same ones again and again.

use super::super::Filter;
use super::super::analysis::phrases;
use super::Looking;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Texts that are remembered. An account's conditions have fewer.
const MOST: usize = 10_000;

/// The words of texts, in the languages of one account.
#[derive(Debug, Default)]
pub struct Phrases(Mutex<HashMap<String, Vec<Vec<String>>>>);

impl Looking {
    /// What has the words of a text one after the other in one of these fields; nothing, if it has no words.
    pub(super) fn phrase(&self, fields: &[&str], text: &str) -> Filter {
        let mut known = self.phrases.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words = match known.get(text) {
            Some(words) => words.clone(),
            None => {
                let words = phrases(text, &self.languages);
                if known.len() < MOST {
                    known.insert(text.to_owned(), words.clone());
                }
                words
            }
        };
        if words.is_empty() { Filter::nothing() } else { Filter::phrases(fields, words) }
    }
}
