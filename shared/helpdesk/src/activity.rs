//! What agents are told of their tickets: that they were given one, that somebody said something, that it became more
//! urgent.

use crate::api::{Call, Refused};
use crate::ids::{CommentId, RecordId, TicketId, UserId};
use crate::record::{Changes, places};
use crate::store::Key;
use crate::ticket::{Comment, Ticket};
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an activity is kept: Zendesk's thirty days.
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// Something that an agent is told
/// ([activity stream](https://developer.zendesk.com/api-reference/ticketing/tickets/activity_stream/)). What is said in it
/// is read when it is shown, so that nobody learns what was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Its id.
    pub id: RecordId,
    /// When.
    pub created_at: Timestamp,
    /// The agent who is told.
    pub user_id: UserId,
    /// Who did it.
    pub actor_id: UserId,
    /// What they did.
    pub verb: Verb,
    /// To which ticket.
    pub ticket_id: TicketId,
    /// What they said, if they said something.
    pub comment_id: Option<CommentId>,
}

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    /// They gave the ticket to the agent.
    #[serde(rename = "tickets.assignment")]
    Assignment,
    /// They said something.
    #[serde(rename = "tickets.comment")]
    Comment,
    /// They made it more urgent.
    #[serde(rename = "tickets.priority_increase")]
    PriorityIncrease,
}

impl Activity {
    /// Where what an agent is told is kept.
    #[must_use]
    pub fn partition(agent: UserId) -> String {
        format!("ACTIVITIES#{agent}")
    }

    /// Where one of these is kept.
    #[must_use]
    pub fn key(agent: UserId, id: u64) -> Key {
        Key::new(Self::partition(agent), places::rank(id))
    }
}

/// Has the agent of a ticket told of what a change did, unless they did it themselves: `before` is the ticket as it was,
/// if it was, and `comment` what was said.
///
/// # Errors
/// `Internal` if it cannot be written.
pub fn tell(
    call: &Call<'_>,
    before: Option<&Ticket>,
    ticket: &Ticket,
    comment: Option<&Comment>,
    changes: &mut Changes,
) -> Result<(), Refused> {
    let Some(agent) = ticket.assignee_id else { return Ok(()) };
    let actor = call.actor()?.id();
    let by = comment.map_or(actor, |comment| comment.author_id);
    let assigned = before.and_then(|before| before.assignee_id) != Some(agent);
    let raised = before.is_some_and(|before| before.priority < ticket.priority);
    let did = [
        (assigned && actor != agent).then_some((Verb::Assignment, actor, None)),
        comment.filter(|_| by != agent).map(|comment| (Verb::Comment, by, Some(comment.id))),
        (raised && actor != agent).then_some((Verb::PriorityIncrease, actor, None)),
    ];
    let over = call.at.as_second().saturating_add(KEPT_SECONDS);
    let over = Timestamp::from_second(over).map_err(|error| Fault::Internal(error.to_string()))?;
    for (verb, actor_id, comment_id) in did.into_iter().flatten() {
        let activity = Activity {
            id: RecordId::fresh(call)?,
            created_at: ticket.updated_at,
            user_id: agent,
            actor_id,
            verb,
            ticket_id: ticket.id,
            comment_id,
        };
        changes.put(Activity::key(agent, activity.id.get()), &activity, Some(over))?;
    }
    Ok(())
}
