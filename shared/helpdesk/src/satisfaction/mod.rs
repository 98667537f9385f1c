//! What requesters think of how they were helped.

mod page;
mod reason;
mod survey;
mod words;

pub use page::{Filled, Question, Shown, Wrong, answer, show};
pub use reason::Reason;
pub use survey::{Survey, Surveys};
pub use words::Words;

use crate::api::{Call, Refused};
use crate::ids::{GroupId, RecordId, TicketId, UserId};
use crate::record::{Changes, Home, Kept, Kind, Link, Record};
use crate::refusal::Refusal;
use crate::routes::tickets::rated;
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

/// What somebody says of how a ticket was handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// What they think.
    pub score: Score,
    /// What they say.
    pub comment: Option<String>,
    /// Why it was bad.
    pub reason_code: Option<u32>,
}

impl SatisfactionRating {
    /// That somebody thinks so of a ticket, as it is now; or that they are asked.
    #[must_use]
    pub fn of(id: RecordId, ticket: &Ticket, said: Opinion, at: Timestamp) -> Self {
        Self {
            id,
            created_at: at,
            updated_at: at,
            ticket_id: ticket.id,
            requester_id: ticket.requester_id,
            assignee_id: ticket.assignee_id,
            group_id: ticket.group_id,
            score: said.score,
            comment: said.comment,
            reason_code: said.reason_code,
        }
    }

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

/// Of a ticket whose requester is asked for the first time there is a rating from then on, which says that they were.
///
/// # Errors
/// `Internal` if it cannot be written.
pub fn offered(
    call: &Call<'_>,
    before: Option<&Ticket>,
    ticket: &mut Ticket,
    changes: &mut Changes,
) -> Result<(), Refused> {
    let known = before.and_then(|it| it.satisfaction_offered_at);
    if ticket.satisfaction_offered_at == known || ticket.satisfaction_rating_id.is_some() {
        return Ok(());
    }
    let said = Opinion { score: Score::Offered, comment: None, reason_code: None };
    let rating = SatisfactionRating::of(RecordId::fresh(call)?, ticket, said, call.at);
    ticket.satisfaction_rating_id = Some(rating.id);
    Ok(changes.create_beside(&rating)?)
}

/// What a requester says of a ticket: what becomes of both, and what that leads to, for triggers act on it.
///
/// # Errors
/// 422 for a ticket of which no help was given yet; `Unavailable` or `Throttled`.
pub async fn given(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    said: &Opinion,
) -> Result<(SatisfactionRating, Changes), Refused> {
    if !before.ratable() {
        let mut refusal = Refusal::default();
        refusal.add("base", "Ticket: must be solved before it is rated", Some("InvalidValue"));
        return Err(refusal.into());
    }
    let known = match before.satisfaction_rating_id {
        Some(id) => call.find::<SatisfactionRating>(id.get()).await?,
        None => None,
    };
    let of = |id| SatisfactionRating::of(id, before, said.clone(), call.at);
    let rating = match &known {
        Some(known) => SatisfactionRating { created_at: known.created_at, ..of(known.id) },
        None => of(RecordId::fresh(call)?),
    };
    let after = Ticket {
        satisfaction_score: Some(said.score),
        satisfaction_comment: said.comment.clone(),
        satisfaction_rating_id: Some(rating.id),
        satisfaction_rated_at: Some(call.at),
        satisfaction_reason_code: rating.reason_code,
        ..before.record.clone()
    };
    let mut changes = rated(call, before, after, &rating).await?;
    match &known {
        Some(known) => changes.update(known, &rating)?,
        None => changes.create(&rating)?,
    }
    Ok((rating, changes))
}

/// What was thought of a ticket that goes for good goes with it.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn forget(call: &Call<'_>, ticket: &Ticket, changes: &mut Changes) -> Result<(), Fault> {
    if let Some(id) = ticket.satisfaction_rating_id
        && let Some(rating) = call.find::<SatisfactionRating>(id.get()).await?
    {
        changes.delete(&rating)?;
    }
    Ok(())
}
