//! Who is given what: worked out, not done.

use super::{Channel, Strategy};
use crate::ids::{GroupId, RecordId, TicketId, UserId};
use ceap_kernel::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Where a ticket stands among those that wait: by its queue, then by what is most urgent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The priority of its queue; those of the standard queue come last.
    pub queue: i64,
    /// As [`super::order`] tells it.
    pub order: String,
    /// The ticket.
    pub id: TicketId,
}

/// A ticket that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which, and where it stands.
    pub place: Place,
    /// By which channel it came.
    pub channel: Channel,
    /// What it asks for.
    pub skills: BTreeSet<RecordId>,
    /// Since when it waits.
    pub since: Timestamp,
    /// Its group, if it has one: it stays there if it can.
    pub group: Option<GroupId>,
    /// Its queue, if that is not the standard one.
    pub queue: Option<RecordId>,
    /// Whose agents take it: those of the first of these that can.
    pub tiers: Vec<BTreeSet<GroupId>>,
}

/// An agent who takes work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Free {
    /// Who.
    pub id: UserId,
    /// Their groups.
    pub groups: BTreeSet<GroupId>,
    /// Their skills.
    pub skills: BTreeSet<RecordId>,
    /// What they have to do, and how much they may have.
    pub room: BTreeMap<Channel, Room>,
    /// Greater than that of everybody who was given a ticket before them.
    pub turn: u64,
}

/// What somebody has to do by a channel, and how much they may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// What they have.
    pub load: u32,
    /// What they may have.
    pub most: u32,
}

/// How it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// By what.
    pub strategy: Strategy,
    /// Minutes after which missing skills are no longer waited for.
    pub skills_timeout_minutes: Option<u32>,
    /// What time it is.
    pub now: Timestamp,
}

/// That a ticket is given to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Which.
    pub ticket: TicketId,
    /// To whom.
    pub agent: UserId,
    /// In which of their groups.
    pub group: GroupId,
    /// Because of which queue, if that is not the standard one.
    pub queue: Option<RecordId>,
}

impl Free {
    /// Whether they could take anything at all.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.room.values().any(Room::is_left)
    }

    /// Whether they could take something that came by a channel.
    #[must_use]
    pub fn has_room_for(&self, channel: Channel) -> bool {
        self.room.get(&channel).is_some_and(Room::is_left)
    }

    fn take(&mut self, channel: Channel, turn: u64) {
        self.turn = turn;
        if let Some(room) = self.room.get_mut(&channel) {
            room.load = room.load.saturating_add(1);
        }
    }
}

impl Room {
    /// Whether there is any.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        self.load < self.most
    }

    /// The part that is used, in millionths.
    fn used(&self) -> u64 {
        let load = u64::from(self.load).saturating_mul(1_000_000);
        load.checked_div(u64::from(self.most)).unwrap_or(u64::MAX)
    }
}

/// By what one agent comes before another: missing skills, which groups are asked, the part of their capacity that they use,
/// whose turn it is.
type Rank = (usize, usize, u64, u64, UserId);

/// Gives what waits to agents who take work, the first ones first; `agents` have it then.
#[must_use]
pub fn decide(waiting: &[Waiting], agents: &mut [Free], way: Way) -> Vec<Given> {
    let mut order: Vec<&Waiting> = waiting.iter().collect();
    order.sort_by(|a, b| a.place.cmp(&b.place));
    let mut turn = agents.iter().map(|it| it.turn).max().unwrap_or_default();
    let mut given = Vec::new();
    for ticket in order {
        let fitting = agents.iter_mut().filter_map(|it| Some((rank(ticket, it, way)?, it)));
        let Some(((_, tier, ..), agent)) = fitting.min_by_key(|(rank, _)| *rank) else { continue };
        let groups = ticket.tiers.get(tier);
        let fits =
            |it: &GroupId| groups.is_some_and(|all| all.contains(it)) && agent.groups.contains(it);
        let first = || agent.groups.iter().copied().find(fits);
        let Some(group) = ticket.group.filter(fits).or_else(first) else { continue };
        turn = turn.saturating_add(1);
        let (queue, agent_id) = (ticket.queue, agent.id);
        given.push(Given { ticket: ticket.place.id, agent: agent_id, group, queue });
        agent.take(ticket.channel, turn);
    }
    given
}

/// Where an agent stands among those who could take a ticket; none if they cannot.
fn rank(ticket: &Waiting, agent: &Free, way: Way) -> Option<Rank> {
    let room = agent.room.get(&ticket.channel).filter(|it| it.is_left())?;
    let tier = ticket.tiers.iter().position(|it| !it.is_disjoint(&agent.groups))?;
    let used = match way.strategy {
        Strategy::RoundRobin => 0,
        Strategy::LeastLoaded | Strategy::SkillsFirst => room.used(),
    };
    let missing = match way.strategy {
        Strategy::SkillsFirst => ticket.skills.difference(&agent.skills).count(),
        Strategy::RoundRobin | Strategy::LeastLoaded => 0,
    };
    if missing > 0 && !waited(ticket, way) {
        return None;
    }
    Some((missing, tier, used, agent.turn, agent.id))
}

/// Whether missing skills are no longer waited for.
fn waited(ticket: &Waiting, way: Way) -> bool {
    let waited = way.now.as_second().saturating_sub(ticket.since.as_second());
    way.skills_timeout_minutes.is_some_and(|it| waited >= i64::from(it).saturating_mul(60))
}

#[cfg(test)]
mod tests;
