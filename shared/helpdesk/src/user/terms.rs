//! What people are found by: the beginnings of their names, addresses and numbers.
//!
//! Each stands on one list, ordered, so that all who have something that begins so are next to each other on it.

use super::{Means, User, phone};
use crate::record::{Link, places};

/// The list.
pub const LIST: &str = "term/users";

/// Terms of one person at most: each is a write of its own.
pub const MOST: usize = 20;

/// Characters of a term at most.
const LONGEST: usize = 64;

/// Where a term of a person stands.
#[must_use]
pub fn link(term: &str, id: u64) -> Link {
    Link { list: LIST.to_owned(), rank: format!("{term}#{}", places::rank(id)) }
}

/// Text as terms have it: in lower case, its spaces single, without what ends a term.
#[must_use]
pub fn normal(text: &str) -> String {
    let text = text.to_lowercase().replace('#', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// What somebody is found by, what they are most often looked for by first.
#[must_use]
pub fn of(user: &User) -> Vec<String> {
    let of = |means: Means| {
        let fits = move |it: &&super::Identity| it.means == means;
        user.identities.iter().filter(fits).map(|it| it.value.as_str())
    };
    let mut terms: Vec<String> = vec![normal(&user.name)];
    terms.extend(user.email().map(normal));
    terms.extend(words(&user.name));
    terms.extend(user.external_id.iter().map(|id| normal(id)));
    terms.extend(user.phone.iter().map(|phone| phone::canonical(phone)));
    terms.extend(of(Means::Email).map(normal));
    terms.extend(of(Means::PhoneNumber).map(phone::canonical));
    terms.extend(user.alias.iter().map(|alias| normal(alias)));
    let local = user.email().and_then(|email| email.rsplit_once('@'));
    terms.extend(local.into_iter().flat_map(|(local, _)| words(local)));
    terms.extend(local.map(|(_, domain)| normal(domain)));
    terms.extend(of(Means::Twitter).map(normal));
    let mut kept: Vec<String> = Vec::new();
    for term in terms {
        if !term.is_empty() && kept.len() < MOST && !kept.contains(&term) {
            kept.push(term);
        }
    }
    kept
}

/// The words of a text.
fn words(text: &str) -> Vec<String> {
    let apart = |c: char| !c.is_alphanumeric() && c != '\'';
    text.split(apart).filter(|word| !word.is_empty()).map(normal).collect()
}
