//! Learning what goes together from history: a part of the lake, subject by subject.

use super::count::Counting;
use crate::event::Arrived;
use crate::history::{History, Part, Query};
use crate::score::AffinityDocument;
use crate::score::affinity::item;
use crate::window::Window;
use ceap_kernel::{Fault, ItemId, SubjectId, TenantId, Timestamp};
use futures::TryStreamExt;

/// Subjects that must have had to do with two items for these to go together, unless it is said: what one
/// alone did is chance, and theirs.
pub const LEAST: u64 = 2;

/// The history that a model is learnt from: events that tell a subject's own items, within the document's
/// window before `as_of`.
#[must_use]
pub fn query(asked: &AffinityDocument, as_of: Timestamp, part: Option<Part>) -> Query {
    let from = match asked.within {
        Window::Span(span) => as_of.checked_sub(span.duration()).ok(),
        Window::Lifetime => None,
    };
    let kinds = asked.events.iter().cloned().collect();
    Query { kinds, from, until: Some(as_of), part, ..Query::default() }
}

/// Counts a part of history. One subject is in memory at a time, and what is counted.
///
/// # Errors
/// `Invalid` when there are too many different pairs; `Unavailable` or `Throttled` from the lake.
pub async fn count(
    tenant: &TenantId,
    asked: &AffinityDocument,
    query: &Query,
    lake: &impl History,
) -> Result<Counting, Fault> {
    let mut counting = Counting::default();
    let mut events = lake.read(tenant, query);
    let mut of: Option<(SubjectId, Vec<ItemId>)> = None;
    while let Some(Arrived { event, .. }) = events.try_next().await? {
        let Some(item) = event.data.get(&asked.of).and_then(item) else { continue };
        match &mut of {
            Some((subject, items)) if *subject == event.subject => items.push(item),
            _ => {
                if let Some((_, items)) = of.replace((event.subject, vec![item])) {
                    counting.subject(&items)?;
                }
            }
        }
    }
    if let Some((_, items)) = of {
        counting.subject(&items)?;
    }
    Ok(counting)
}
