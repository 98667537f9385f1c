//! Erasure: somebody taken out of an account for good, at the wish of those who know them by another name
//! (GDPR Art. 17).
//!
//! Their records go, and the tickets that they asked for, by the code of the routes that do so
//! ([permanent deletion](https://developer.zendesk.com/api-reference/ticketing/users/users/#permanently-delete-user),
//! [of tickets](https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#delete-ticket-permanently)). What
//! others wrote is redacted: what nobody else is known by (addresses, numbers, what other systems call them) wherever it
//! stands; names only where they took part, since another may have the same. Who nobody is any more keeps an id, so
//! that what others said to them stands; an id of ours names nobody.
//!
//! All records are gone through, stage by stage ([`Stage`]), a page a step: no list tells who is named in a text. A step
//! may be done again, and changes nothing then. People come first, so that all that they are known by is known before
//! any of it is taken away, and go last.
//!
//! What an account is set up with (rules, macros, views, fields) is the team's own text and stays.

mod jobs;
mod needles;
mod people;
mod records;
mod shredder;
mod tickets;
mod whom;

pub use needles::{Needles, Where};
pub use shredder::{Shredder, step};
pub use whom::Whom;

use crate::store::Soon;
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Which records are gone through, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// People, to know which are theirs.
    #[default]
    People,
    /// Jobs of the last day, before those that were not done yet bring anybody back.
    Jobs,
    /// What requesters think.
    Ratings,
    /// Organizations.
    Organizations,
    /// Tickets: after those, since search is fed them together.
    Tickets,
    /// Tickets that were deleted, and may come back.
    Deleted,
    /// Tickets that are held back.
    Suspended,
    /// Searches that agents keep.
    Searches,
    /// The log of changes.
    Log,
    /// Requests of webhooks.
    Requests,
    /// How many tickets have which tag.
    Tags,
    /// People, to erase those that are theirs.
    Last,
}

impl Stage {
    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Some(match self {
            Self::People => Self::Jobs,
            Self::Jobs => Self::Ratings,
            Self::Ratings => Self::Organizations,
            Self::Organizations => Self::Tickets,
            Self::Tickets => Self::Deleted,
            Self::Deleted => Self::Suspended,
            Self::Suspended => Self::Searches,
            Self::Searches => Self::Log,
            Self::Log => Self::Requests,
            Self::Requests => Self::Tags,
            Self::Tags => Self::Last,
            Self::Last => return None,
        })
    }
}

/// Up to where an erasure has gone through the records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which records.
    pub stage: Stage,
    /// After which of them; from the first if none. It names none but by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What a step leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There is no helpdesk: nobody set the account up.
    NoHelpdesk,
    /// To the next, from this place on. What is known of whom it is about by then is to be kept before.
    On(Place, Whom),
    /// All has been gone through.
    Through(Whom),
}

/// A search index that can be rid of what was deleted.
pub trait Forgetful {
    /// Feeds it what it lacks, and writes those of its parts anew that hold something that was deleted. Says whether that
    /// was all; what is left after `budget` is left to the next call.
    fn rewrite<'a>(
        &'a self,
        tenant: &'a TenantId,
        budget: Duration,
    ) -> Soon<'a, Result<bool, Fault>>;

    /// How long the parts that were written anew stay, for searches that are under way.
    fn grace(&self) -> Duration;

    /// Deletes parts that were written anew at least the grace ago.
    fn collect<'a>(&'a self, tenant: &'a TenantId) -> Soon<'a, Result<(), Fault>>;
}
