//! What agents have to do.

use super::{Channel, LOAD, loaded};
use crate::api::{Call, Refused};
use crate::ids::{TicketId, UserId};
use crate::record::places;
use crate::store::Range;
use std::collections::BTreeMap;

/// Places of one read.
const PAGE: usize = 10_000;

/// The tickets that agents have to do: those that are new or open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Load(BTreeMap<(UserId, Channel), Vec<TicketId>>);

impl Load {
    /// Of an agent, by a channel.
    #[must_use]
    pub fn of(&self, agent: UserId, channel: Channel) -> &[TicketId] {
        self.0.get(&(agent, channel)).map_or(&[], Vec::as_slice)
    }

    /// How much that is.
    #[must_use]
    pub fn count(&self, agent: UserId, channel: Channel) -> u32 {
        u32::try_from(self.of(agent, channel).len()).unwrap_or(u32::MAX)
    }

    /// Whatever there is.
    pub fn tickets(&self) -> impl Iterator<Item = (UserId, TicketId)> + '_ {
        self.0.iter().flat_map(|((agent, _), all)| all.iter().map(|id| (*agent, *id)))
    }
}

/// What one agent has to do, or all have.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn loads(call: &Call<'_>, agent: Option<UserId>) -> Result<Load, Refused> {
    let prefix = agent.map(loaded).unwrap_or_default();
    let all = Range::of(places::list(LOAD), PAGE).starting(prefix);
    let (mut load, mut after) = (Load::default(), None);
    loop {
        let range = all.clone().after(after);
        let found = call.desk.store.range(&call.tenant, &range).await?;
        for item in &found.items {
            if let Some((key, id)) = read(&item.key.sort) {
                load.0.entry(key).or_default().push(id);
            }
        }
        after = found.items.last().map(|it| it.key.sort.clone());
        if !found.more {
            return Ok(load);
        }
    }
}

fn read(rank: &str) -> Option<((UserId, Channel), TicketId)> {
    let mut parts = rank.split('#');
    let agent = UserId::new(parts.next()?.parse().ok()?)?;
    let channel = parts.next()?;
    let channel = Channel::ALL.into_iter().find(|it| it.as_str() == channel)?;
    Some(((agent, channel), TicketId::new(parts.next()?.parse().ok()?)?))
}
