//! What changed of what is searched, by time: what an index is fed by.
//!
//! A place on one of these lists is written in one transaction with the record that it tells of. Its time is the whole
//! second at which the request began, so that another with an earlier time may still join: who reads on from a time
//! reads again what is up to [`UNSETTLED_S`] older.

use super::{Kind, Of, Stamp};
use crate::organization::{self, Organization};
use crate::record::{Fed, Kept, Record, places};
use crate::store::{Item, Key, Range, Store};
use crate::ticket::{self, Ticket};
use crate::user::{self, User};
use ceap_kernel::{Fault, TenantId, Timestamp};
use futures::future::try_join_all;
use std::collections::BTreeMap;

/// The source of what comes from it: positions are milliseconds since 1970.
pub const SOURCE: &str = "feed";

/// For so many seconds something with an earlier time may still join: no request takes longer (API Gateway's limit
/// is 30 seconds), and clocks differ a little.
pub const UNSETTLED_S: i64 = 60;

/// A list: of what kind, its name, and whether what stands on it is no more.
const LISTS: [(Kind, &str, bool); 6] = [
    (Kind::Ticket, ticket::GENERATED, false),
    (Kind::Ticket, ticket::GONE, true),
    (Kind::Ticket, ticket::SCRUBBED, true),
    (Kind::User, user::CHANGED, false),
    (Kind::Organization, organization::CHANGED, false),
    (Kind::Organization, organization::GONE, true),
];

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What.
    pub of: Of,
    /// Which version of it there is at least; `None` if it is no more.
    pub stamp: Option<Stamp>,
    /// What else is known by it.
    pub beside: Vec<Key>,
    /// Its rank on the list: when it changed, and its id.
    pub rank: String,
}

/// Part of what changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Each record once, by time.
    pub entries: Vec<Entry>,
    /// The rank behind which there is more, if there is.
    pub more_after: Option<String>,
}

/// What changed behind a rank; since ever, if there is none. Of each list at most so much.
///
/// One call, whatever is asked for: all lists are read at once.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn read(
    store: &dyn Store,
    tenant: &TenantId,
    kinds: &[Kind],
    after: Option<&str>,
    most: usize,
) -> Result<Part, Fault> {
    let lists = LISTS.iter().filter(|(kind, ..)| kinds.contains(kind));
    let ranges = lists.map(|(kind, name, gone)| {
        (*kind, *gone, Range::of(places::list(name), most).after(after.map(str::to_owned)))
    });
    let ranges: Vec<(Kind, bool, Range)> = ranges.collect();
    let found = try_join_all(ranges.iter().map(|(.., range)| store.range(tenant, range))).await?;
    let mut known: BTreeMap<Of, Entry> = BTreeMap::new();
    let mut more_after: Option<String> = None;
    for ((kind, gone, _), found) in ranges.iter().zip(found) {
        if let Some(last) = found.items.last().filter(|_| found.more).map(|it| &it.key.sort) {
            let known = more_after.as_ref();
            more_after = Some(known.map_or(last, |known| known.min(last)).clone());
        }
        for item in &found.items {
            if let Some(entry) = entry(*kind, *gone, item) {
                put(&mut known, entry);
            }
        }
    }
    let mut entries: Vec<Entry> = known.into_values().collect();
    entries.retain(|it| more_after.as_ref().is_none_or(|last| it.rank <= *last));
    entries.sort_by(|a, b| (&a.rank, a.of).cmp(&(&b.rank, b.of)));
    Ok(Part { entries, more_after })
}

/// Of what is on two lists the newer counts; at the same time, that it is there.
fn put(known: &mut BTreeMap<Of, Entry>, entry: Entry) {
    let newer = |other: &Entry| (&other.rank, other.stamp) < (&entry.rank, entry.stamp);
    if known.get(&entry.of).is_none_or(newer) {
        known.insert(entry.of, entry);
    }
}

fn entry(kind: Kind, gone: bool, item: &Item) -> Option<Entry> {
    let (rank, id) = (&item.key.sort, places::ranked(&item.key.sort)?);
    let (of, rank) = (Of { kind, id }, rank.clone());
    if gone {
        return Some(Entry { of, stamp: None, beside: Vec::new(), rank });
    }
    let fed: Fed = serde_json::from_str(&item.body).ok()?;
    let beside = fed.beside().collect();
    Some(Entry { of, stamp: Some(stamp(&rank, fed.revision)), beside, rank })
}

/// The place before all that changed at a time or later.
#[must_use]
pub fn at(time: Timestamp) -> String {
    format!("{:012}", time.as_second())
}

/// The time of a rank.
#[must_use]
pub fn time(rank: &str) -> Timestamp {
    Timestamp::from_second(second(rank)).unwrap_or(Timestamp::MIN)
}

fn second(rank: &str) -> i64 {
    rank.split('#').next().and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// Bits of a version that count.
const COUNT: u32 = 20;

/// A version of a record: when it was written, and how often until then. The count begins anew with a ticket that is
/// brought back, which takes another second.
fn stamp(rank: &str, revision: u64) -> Stamp {
    let second = u64::try_from(second(rank)).unwrap_or_default();
    Stamp((second << COUNT) | (revision & ((1 << COUNT) - 1)))
}

/// Whether a record was never changed since it was made.
pub(super) const fn is_first(stamp: Stamp) -> bool {
    stamp.0 & ((1 << COUNT) - 1) == 1
}

/// What a record would stand on the feed as.
fn of_record<R: Record>(kind: Kind, kept: &Kept<R>) -> Option<Entry> {
    let feed = kept.feed()?;
    let (of, rank) = (Of { kind, id: kept.id() }, feed.link.rank);
    Some(Entry { of, stamp: Some(stamp(&rank, kept.revision)), beside: feed.beside, rank })
}

/// What a record that was read stands on the feed as; none, if it is none that is searched.
///
/// # Errors
/// `Internal` if it cannot be read.
pub fn of_item(kind: Kind, item: &Item) -> Result<Option<Entry>, Fault> {
    Ok(match kind {
        Kind::Ticket => of_record(kind, &Kept::<Ticket>::read(item)?),
        Kind::User => of_record(kind, &Kept::<User>::read(item)?),
        Kind::Organization => of_record(kind, &Kept::<Organization>::read(item)?),
        Kind::Group => None,
    })
}

/// Where the record of a document is kept; of a group, with all else that an account is set up with.
#[must_use]
pub fn key(of: Of) -> Option<Key> {
    let kind = match of.kind {
        Kind::Ticket => Ticket::KIND,
        Kind::User => User::KIND,
        Kind::Organization => Organization::KIND,
        Kind::Group => return None,
    };
    Some(places::record(kind, of.id))
}
