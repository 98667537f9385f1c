//! What requesters think of how they were helped.

mod reason;

pub use reason::Reason;

use crate::ids::{GroupId, RecordId, TicketId, UserId};
use crate::record::{Changes, Home, Kind, Link, Record};
use crate::ticket::{Score, Ticket};
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

/// Characters of a comment.
pub const MAX_COMMENT: usize = 1_000;

/// What a requester thinks of how a ticket was handled
/// ([satisfaction ratings](https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/)).
/// A ticket has one, whose score its requester may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SatisfactionRating {
    /// Its id.
    pub id: RecordId,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Which ticket.
    pub ticket_id: TicketId,
    /// Who thinks so.
    pub requester_id: UserId,
    /// Who worked on it then.
    pub assignee_id: Option<UserId>,
    /// Which group worked on it then.
    pub group_id: Option<GroupId>,
    /// What they think.
    pub score: Score,
    /// What they say.
    pub comment: Option<String>,
    /// Why it was bad: the code of a [`Reason`].
    pub reason_code: Option<u32>,
}

/// The list of all ratings.
pub const ANY: &str = "any";

/// The scores that lists can be narrowed down to.
pub const SCORES: [&str; 11] = [
    "offered",
    "unoffered",
    "received",
    "received_with_comment",
    "received_without_comment",
    "good",
    "good_with_comment",
    "good_without_comment",
    "bad",
    "bad_with_comment",
    "bad_without_comment",
];

/// The list of ratings of a score.
#[must_use]
pub fn list(score: &str) -> String {
    format!("ratings/{score}")
}

impl SatisfactionRating {
    /// The lists that it stands on.
    fn lists(&self) -> Vec<String> {
        let how = if self.comment.is_some() { "with_comment" } else { "without_comment" };
        let score = self.score.as_str();
        let mut lists = vec![list(ANY), list(score)];
        if self.score != Score::Offered {
            let received = [list("received"), list(&format!("received_{how}"))];
            lists.extend(received.into_iter().chain([list(&format!("{score}_{how}"))]));
        }
        lists
    }
}

impl Record for SatisfactionRating {
    const KIND: Kind = Kind {
        name: "SATISFACTION_RATING",
        singular: "satisfaction_rating",
        plural: "satisfaction_ratings",
        home: Home::Many,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }

    fn links(&self) -> Vec<Link> {
        let lists = self.lists().into_iter();
        lists.map(|list| Link::by_time(list, self.updated_at, self.id.get())).collect()
    }
}

/// What was thought of a ticket that goes for good goes with it.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn forget(
    call: &crate::api::Call<'_>,
    ticket: &Ticket,
    changes: &mut Changes,
) -> Result<(), Fault> {
    if let Some(id) = ticket.satisfaction_rating_id
        && let Some(rating) = call.find::<SatisfactionRating>(id.get()).await?
    {
        changes.delete(&rating)?;
    }
    Ok(())
}
