//! A pass: what waits is given to who takes work.
//!
//! Two who pass at once do not know of each other. Each ticket is written only as it was read, waiting, and in the same
//! transaction with its agent's availability as that was read before what the agent has to do was counted. So no ticket goes
//! to two agents; and whatever an agent is given by somebody else meanwhile, nothing is added to what was counted without it.

use super::decide::{Free, Given, Room, Way, decide};
use super::queue::{self, Queues};
use super::{AgentStatus, Availability, Channel, Load, RoutingSettings, capacity, loads, waiting};
use crate::account::Staff;
use crate::api::{Ask, Call, Desk, Refused, entry, list};
use crate::ids::{GroupId, UserId};
use crate::record::{Kept, places};
use crate::routes::tickets::{Receiver, give};
use crate::search::Looking;
use crate::store::{Found, Range};
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::{Fault, TenantId};
use futures::future::try_join_all;
use futures::stream::{self, StreamExt};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Tickets of a list that are looked at at once. Of the queues' priorities these know; beyond, tickets come in their own order.
const PAGE: usize = 200;

/// The same where there are many lists.
const LEAST: usize = 20;

/// Tickets that a pass looks at: what stands behind so many that nobody who is there can take is left to that of each minute.
const MOST: usize = 1_000;

/// Agents who are given tickets at once.
const AT_ONCE: usize = 16;

/// Times that everything is looked at anew because somebody else was faster.
const ROUNDS: usize = 12;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Tickets that were given to agents.
    pub given: u64,
    /// Tickets that could not be given to the agent who was to have them, as the account's rules are.
    pub left: u64,
}

/// Gives what waits to who takes work, as far as they have room. Where an account's tickets are not routed, nothing.
///
/// # Errors
/// `Unavailable` or `Throttled`, also where others keep being faster: then it is to be begun again.
pub async fn pass(desk: &Desk<'_>, tenant: &TenantId) -> Result<Passed, Refused> {
    pass_through(desk, tenant, MOST).await
}

/// The same, of so many tickets at most.
///
/// # Errors
/// The same.
pub(super) async fn pass_through(
    desk: &Desk<'_>,
    tenant: &TenantId,
    most: usize,
) -> Result<Passed, Refused> {
    let ask = Ask::nothing();
    let call = entry::by_itself(desk, tenant, &ask, Vec::new()).await?;
    let settings = call.account.routing()?;
    let mut passed = Passed::default();
    if !settings.ready() {
        return Ok(passed);
    }
    for _ in 0..ROUNDS {
        let round = round(&call.anew(), &settings, most).await?;
        passed.given = passed.given.saturating_add(round.given);
        passed.left = round.left;
        if !round.outrun {
            return Ok(passed);
        }
    }
    Err(Fault::Unavailable("others route at the same time".to_owned()).into())
}

/// What became of everything that was looked at once.
#[derive(Default)]
struct Round {
    given: u64,
    left: u64,
    /// Whether somebody else was faster somewhere: then not everything is known.
    outrun: bool,
}

async fn round(call: &Call<'_>, settings: &RoutingSettings, most: usize) -> Result<Round, Refused> {
    // This order is what keeps anybody from having too much: see above.
    let online = online(call).await?;
    if online.is_empty() {
        return Ok(Round::default());
    }
    let load = loads(call, None).await?;
    let mut free = free(call, &online, &load).await?;
    let looking = Looking::of(&call.account, call.actor()?, call.at)?;
    let queues = Queues::new(looking, queue::in_order(&call.account)?);
    let way = Way {
        strategy: settings.strategy,
        skills_timeout_minutes: settings.skills_timeout_minutes,
        now: call.at,
    };
    let mut decided: BTreeMap<UserId, Vec<(Given, Kept<Ticket>)>> = BTreeMap::new();
    let mut lists = lists(&queues, &free);
    let mut looked = 0_usize;
    loop {
        lists.retain(|it| it.is_wanted(&free));
        if lists.is_empty() || looked >= most {
            break;
        }
        let (ids, more) = next(call, lists).await?;
        (lists, looked) = (more, looked.saturating_add(ids.len()));
        let tickets = call.get_all::<Ticket>(&ids).await?;
        let waiting = routable(call, &queues, &tickets).await?;
        for given in decide(&waiting, &mut free, way) {
            let ticket = tickets.iter().find(|it| it.id == given.ticket).cloned();
            let of = decided.entry(given.agent).or_default();
            of.extend(ticket.map(|ticket| (given, ticket)));
        }
    }
    let each = decided.into_iter().filter_map(|(agent, tickets)| {
        let availability = online.iter().find(|it| it.agent_id == agent)?;
        Some(handed(call, availability.clone(), tickets))
    });
    let rounds: Vec<Result<Round, Refused>> =
        stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
    let mut all = Round::default();
    for round in rounds {
        let Round { given, left, outrun } = round?;
        all.given = all.given.saturating_add(given);
        all.left = all.left.saturating_add(left);
        all.outrun |= outrun;
    }
    Ok(all)
}

/// What is left to be looked at of a list.
struct Part {
    channel: Channel,
    group: Option<GroupId>,
    after: Option<String>,
}

impl Part {
    /// Whether anybody has room for what stands on it.
    fn is_wanted(&self, free: &[Free]) -> bool {
        let of = |it: &Free| self.group.is_none_or(|group| it.groups.contains(&group));
        free.iter().any(|it| it.has_room_for(self.channel) && of(it))
    }

    fn range(&self, page: usize) -> Range {
        let list = waiting(self.channel, self.group);
        Range::of(places::list(&list), page).after(self.after.clone())
    }
}

/// The lists that have what these agents could be given. Without queues these are those of their groups: what waits where nobody
/// is costs nothing.
fn lists(queues: &Queues, free: &[Free]) -> Vec<Part> {
    let groups: BTreeSet<GroupId> = free.iter().flat_map(|it| it.groups.iter().copied()).collect();
    let groups: Vec<Option<GroupId>> =
        if queues.are_none() { groups.into_iter().map(Some).collect() } else { vec![None] };
    let each = Channel::ALL.into_iter().flat_map(|channel| {
        groups.iter().map(move |group| Part { channel, group: *group, after: None })
    });
    each.collect()
}

/// The next tickets of lists, and the lists that have more.
async fn next(call: &Call<'_>, lists: Vec<Part>) -> Result<(Vec<u64>, Vec<Part>), Refused> {
    // Channels do not take room from each other, but groups may ask the same agents.
    let each = PAGE.saturating_mul(Channel::ALL.len()).checked_div(lists.len());
    let page = each.unwrap_or(PAGE).clamp(LEAST, PAGE);
    let ranges: Vec<Range> = lists.iter().map(|it| it.range(page)).collect();
    let found = ranges.iter().map(|it| call.desk.store.range(&call.tenant, it));
    let found: Vec<Found> = try_join_all(found).await?;
    let items = found.iter().flat_map(|it| &it.items);
    // One that just went to another group may stand on two of them.
    let ids: BTreeSet<u64> = items.filter_map(|it| places::ranked(&it.key.sort)).collect();
    let more = lists.into_iter().zip(found).filter(|(_, found)| found.more);
    let rest = more.map(|(part, found)| {
        let after = found.items.into_iter().next_back().map(|it| it.key.sort);
        Part { after, ..part }
    });
    Ok((ids.into_iter().collect(), rest.collect()))
}

/// Those who say that they take work, and work here.
async fn online(call: &Call<'_>) -> Result<Vec<Kept<Availability>>, Refused> {
    let staff = call.account.all::<Staff>()?;
    let staff: BTreeSet<UserId> = staff.iter().map(|it| it.id).collect();
    let all = list::whole::<Availability>(call).await?.into_iter();
    let online =
        |it: &Kept<Availability>| it.status == AgentStatus::Online && staff.contains(&it.agent_id);
    Ok(all.filter(online).collect())
}

/// Those of them who have room.
async fn free(
    call: &Call<'_>,
    online: &[Kept<Availability>],
    load: &Load,
) -> Result<Vec<Free>, Refused> {
    let agents = call.account.agents()?;
    let mut free = Vec::new();
    for it in online {
        let most = capacity::of(&call.account, it.agent_id)?;
        let room = |channel: Channel| {
            let load = load.count(it.agent_id, channel);
            (channel, Room { load, most: most.of(channel) })
        };
        let one = Free {
            id: it.agent_id,
            groups: agents.groups.get(&it.agent_id).into_iter().flatten().copied().collect(),
            skills: it.skills.keys().copied().collect(),
            room: Channel::ALL.into_iter().map(room).collect(),
            turn: it.turn,
        };
        if one.has_room() && !one.groups.is_empty() {
            free.push(one);
        }
    }
    // Who was suspended did not say so.
    let ids: Vec<u64> = free.iter().map(|it| it.id.get()).collect();
    let users = call.get_all::<User>(&ids).await?;
    free.retain(|it| users.iter().any(|user| user.id == it.id && !user.face().suspended));
    Ok(free)
}

/// What of these tickets may be given to somebody.
async fn routable(
    call: &Call<'_>,
    queues: &Queues,
    tickets: &[Kept<Ticket>],
) -> Result<Vec<super::decide::Waiting>, Refused> {
    let mut requesters = Vec::new();
    if queues.ask_requesters() {
        let ids: BTreeSet<u64> = tickets.iter().map(|it| it.requester_id.get()).collect();
        let ids: Vec<u64> = ids.into_iter().collect();
        requesters = call.get_all::<User>(&ids).await?;
    }
    let waiting = tickets.iter().filter(|it| it.routing.may_be_given(call.at)).filter_map(|it| {
        let requester = requesters.iter().find(|user| user.id == it.requester_id);
        queues.waiting(it, requester.map(|user| &user.record))
    });
    Ok(waiting.collect())
}

/// Gives an agent their tickets, one after the other.
async fn handed(
    call: &Call<'_>,
    mut availability: Kept<Availability>,
    tickets: Vec<(Given, Kept<Ticket>)>,
) -> Result<Round, Refused> {
    let mut round = Round::default();
    for (Given { group, queue, .. }, ticket) in tickets {
        let to = Receiver { availability: &availability, group, queue };
        match give(&call.anew(), &ticket, to).await {
            Ok(after) => {
                round.given = round.given.saturating_add(1);
                availability = after;
            }
            Err(Refused::Conflict) => {
                round.outrun = true;
                return Ok(round);
            }
            Err(Refused::Fault(fault)) if fault.retryable() => return Err(fault.into()),
            Err(_) => round.left = round.left.saturating_add(1),
        }
    }
    Ok(round)
}
