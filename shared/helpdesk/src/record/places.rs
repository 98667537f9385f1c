//! The keys of records, and of what leads to them.

use super::{Home, Kind};
use crate::store::Key;
use ceap_kernel::Timestamp;

/// The partition of what an account is set up with.
pub const ACCOUNT: &str = "ACCOUNT";

/// In how many parts what there are many of is counted, so that no two commits have to wait for each other.
pub const PARTS: u64 = 16;

/// How often what an account is set up with was changed. It sorts before everything else in its partition: who reads
/// all of it reads this first, so what is remembered under it is never older than it says.
#[must_use]
pub fn stamp() -> Key {
    Key::new(ACCOUNT, "!STAMP")
}

/// That an account was set up. It sorts behind everything else in its partition.
#[must_use]
pub fn seeded() -> Key {
    Key::new(ACCOUNT, "~SEEDED")
}

/// A record.
#[must_use]
pub fn record(kind: Kind, id: u64) -> Key {
    match kind.home {
        Home::Account => Key::new(ACCOUNT, format!("{}#{}", kind.name, rank(id))),
        Home::Many | Home::Few => Key::new(kind.name, rank(id)),
    }
}

/// A name that only one record may have.
#[must_use]
pub fn unique(of: &str, value: &str) -> Key {
    Key::new(format!("UNIQUE#{of}#{value}"), "UNIQUE")
}

/// The partition of a list.
#[must_use]
pub fn list(name: &str) -> String {
    format!("LIST#{name}")
}

/// The list of all records of a kind of which there are many.
#[must_use]
pub fn all(kind: Kind) -> String {
    format!("all/{}", kind.plural)
}

/// A part of the count of records.
#[must_use]
pub fn count(kind: Kind, part: u64) -> Key {
    Key::new(format!("COUNT#{}", kind.name), format!("{part:02}"))
}

/// The partition of how many tickets have which tag.
pub const TAGS: &str = "TAGS";

/// In how many parts the tickets of a tag are counted: fewer than records, for most changes leave tags alone.
pub const TAG_PARTS: u64 = 4;

/// A part of the number of tickets that have a tag. No tag has a space in it.
#[must_use]
pub fn tag(tag: &str, ticket: u64) -> Key {
    let part = ticket.checked_rem(TAG_PARTS).unwrap_or_default();
    Key::new(TAGS, format!("{tag} {part}"))
}

/// The number last given to a ticket.
#[must_use]
pub fn last_ticket() -> Key {
    Key::new("LAST", "TICKET")
}

/// An id as keys sort it.
#[must_use]
pub fn rank(id: u64) -> String {
    format!("{id:016}")
}

/// A time and an id as keys sort them.
#[must_use]
pub fn timed(at: Timestamp, id: u64) -> String {
    format!("{:012}#{id:016}", at.as_second())
}

/// The id that a rank ends in.
#[must_use]
pub fn ranked(rank: &str) -> Option<u64> {
    rank.rsplit('#').next()?.parse().ok()
}
