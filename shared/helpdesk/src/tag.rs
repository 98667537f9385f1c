//! Tags of tickets, people and organizations.

use std::collections::BTreeSet;

/// Tags as they are kept: in lower case, and what has spaces or commas in it as several
/// ([about tags](https://support.zendesk.com/hc/en-us/articles/4408888486042)).
pub fn normal<'a>(tags: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    let apart = |c: char| c.is_whitespace() || c == ',';
    let parts = tags.into_iter().flat_map(|tag| tag.split(apart));
    parts.filter(|tag| !tag.is_empty()).map(str::to_lowercase).collect()
}
