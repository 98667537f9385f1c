//! What a ticket is to routing.

use super::{Channel, LOAD, order, waiting};
use crate::ids::UserId;
use crate::record::{Link, places};
use crate::ticket::{Status, Ticket};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// How often routing gives a ticket to agents, at most: a rule that takes it away again each time is stopped by it.
const MOST_GIVEN: u32 = 100;

/// Seconds after which a ticket may be given again that came back at once.
const PAUSE_S: i64 = 60;

/// What a ticket is to routing: nothing before that is turned on. It is kept with the ticket, so that the lists of what waits
/// and of what agents have to do change with it, and cannot say anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// The channel by which it counts, while it is new or open.
    channel: Option<Channel>,
    /// Since when it waits for an agent, while it does.
    since: Option<Timestamp>,
    /// When routing last gave it to somebody.
    given_at: Option<Timestamp>,
    /// How often it did.
    given: u32,
}

impl Standing {
    /// Since when it waits for an agent, if it does.
    #[must_use]
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Whether routing knows of it, as it does of all that are new or open.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.channel.is_some()
    }

    /// Whether it may be given to somebody now.
    #[must_use]
    pub fn may_be_given(&self, now: Timestamp) -> bool {
        let rested = |at: Timestamp| now.as_second().saturating_sub(at.as_second()) >= PAUSE_S;
        self.since.is_some() && self.given < MOST_GIVEN && self.given_at.is_none_or(rested)
    }

    /// Routing gives it to somebody.
    pub fn give(&mut self, at: Timestamp) {
        (self.given_at, self.given) = (Some(at), self.given.saturating_add(1));
    }

    /// The places on lists of a ticket that stands so.
    pub(crate) fn links(ticket: &Ticket) -> Vec<Link> {
        let Self { channel, since, .. } = ticket.routing;
        let Some(channel) = channel else { return Vec::new() };
        let id = places::rank(ticket.id.get());
        match (ticket.assignee_id, since) {
            (Some(agent), _) => {
                let rank = format!("{}{}#{id}", loaded(agent), channel.as_str());
                vec![Link { list: LOAD.to_owned(), rank }]
            }
            (None, Some(since)) => {
                let order = order(ticket.priority, ticket.promises.next_breach_at(), since);
                let rank = format!("{order}#{id}");
                let of_group = ticket.group_id.map(|it| waiting(channel, Some(it)));
                let lists = std::iter::once(waiting(channel, None)).chain(of_group);
                lists.map(|list| Link { list, rank: rank.clone() }).collect()
            }
            (None, None) => Vec::new(),
        }
    }
}

/// Makes a ticket stand as it should, once it is as it is written at a time. One of which routing knows stays known while it is
/// active, whatever who writes it knows of the account: they may have begun before routing was turned on.
pub fn settle(ticket: &mut Ticket, enabled: bool, at: Timestamp) {
    let enabled = enabled || ticket.routing.is_known();
    let active = enabled && matches!(ticket.status, Status::New | Status::Open);
    let waits = active && ticket.assignee_id.is_none();
    let standing = &mut ticket.routing;
    standing.channel = active.then(|| Channel::of(&ticket.via.channel));
    standing.since = waits.then(|| standing.since.unwrap_or(at));
}

/// What the places begin with of what an agent has to do.
#[must_use]
pub fn loaded(agent: UserId) -> String {
    format!("{}#", places::rank(agent.get()))
}
