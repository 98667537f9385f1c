//! Who is asked to take which tickets.

use super::Channel;
use super::decide::{Place, Waiting};
use crate::account::Account;
use crate::ids::{GroupId, RecordId};
use crate::record::{Home, Kept, Kind, Record};
use crate::rule::Conditions;
use crate::search::document::{self, Beside};
use crate::search::{Looking, Scanned};
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A queue
/// ([omnichannel routing queues](https://developer.zendesk.com/api-reference/agent-availability/omnichannel_routing_queues/omnichannel_routing_queues/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Which tickets are for it.
    pub definition: Conditions,
    /// Where it stands: a ticket is for the first one that fits.
    pub order: i64,
    /// How soon its tickets are given to agents who have several to choose from: 1 is before 2.
    pub priority: i64,
    /// Whose agents take its tickets.
    pub primary_groups: BTreeSet<GroupId>,
    /// Whose agents take them when no agent of the primary groups has room.
    pub secondary_groups: BTreeSet<GroupId>,
}

impl Record for Queue {
    const KIND: Kind =
        Kind { name: "QUEUE", singular: "queue", plural: "queues", home: Home::Account };

    fn id(&self) -> u64 {
        self.id.get()
    }
}

/// The queues of an account, in their order.
///
/// # Errors
/// `Internal` if they cannot be read.
pub fn in_order(account: &Account) -> Result<Vec<Kept<Queue>>, Fault> {
    let mut all = account.all::<Queue>()?.as_ref().clone();
    all.sort_by_key(|it| (it.order, it.id));
    Ok(all)
}

/// What an account's tickets wait in.
pub struct Queues {
    looking: Looking,
    all: Vec<Kept<Queue>>,
}

impl Queues {
    /// Those of an account.
    #[must_use]
    pub const fn new(looking: Looking, all: Vec<Kept<Queue>>) -> Self {
        Self { looking, all }
    }

    /// Whether there is none but the standard one: then tickets are for the agents of their own groups alone.
    #[must_use]
    pub const fn are_none(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether it has to be known who asks.
    #[must_use]
    pub fn ask_requesters(&self) -> bool {
        self.all.iter().any(|it| super::skill::asks_requester(&it.definition))
    }

    /// The queue that a ticket is for; none is the account's standard queue, which is that of the ticket's group.
    #[must_use]
    pub fn of(&self, ticket: &Ticket, requester: Option<&User>) -> Option<&Queue> {
        if self.all.is_empty() {
            return None;
        }
        let beside = Beside { requester, fields: &self.looking.fields, ..Beside::default() };
        let document = document::ticket(ticket, &[], &beside);
        let scanned = Scanned::new(&document);
        let mut fit = self.all.iter().filter(|it| self.looking.routed(&scanned, &it.definition));
        fit.next().map(|it| &it.record)
    }

    /// A ticket as it waits; none if nobody is asked to take it.
    #[must_use]
    pub fn waiting(&self, ticket: &Ticket, requester: Option<&User>) -> Option<Waiting> {
        let since = ticket.routing.since()?;
        let queue = self.of(ticket, requester);
        let tiers = match queue {
            Some(queue) => vec![queue.primary_groups.clone(), queue.secondary_groups.clone()],
            None => vec![[ticket.group_id?].into()],
        };
        Some(Waiting {
            place: Place {
                queue: queue.map_or(i64::MAX, |it| it.priority),
                order: super::order(ticket.priority, ticket.promises.next_breach_at(), since),
                id: ticket.id,
            },
            channel: Channel::of(&ticket.via.channel),
            skills: ticket.skills.clone(),
            since,
            group: ticket.group_id,
            queue: queue.map(|it| it.id),
            tiers,
        })
    }
}
