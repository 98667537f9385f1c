//! Who is there, and what they have to do
//! ([agent availabilities](https://developer.zendesk.com/api-reference/agent-availability/agent-availability-api/agent_availabilities)).

use super::statuses::own_or_any;
use crate::account::Staff;
use crate::api::{Answer, Call, Page, Paging, Refused, list as records};
use crate::ids::{RecordId, TicketId};
use crate::record::{Kept, places};
use crate::routing::{AgentStatus, Availability, Capacities, Channel, Load, capacity, loads};
use crate::ticket::Agents;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Records of a page, and work items that are told with each channel.
const MOST: usize = 100;

/// Agents, as they are shown.
struct Shown<'c, 'd> {
    call: &'c Call<'d>,
    load: Load,
    agents: Arc<Agents>,
    /// The only channel that is asked for, if one is.
    only: Option<Channel>,
}

/// One of them.
struct One<'a> {
    staff: &'a Staff,
    known: Option<&'a Kept<Availability>>,
    capacities: Capacities,
}

impl One<'_> {
    fn status(&self) -> AgentStatus {
        self.known.map(|it| it.status).unwrap_or_default()
    }
}

impl Shown<'_, '_> {
    fn channels(&self) -> impl Iterator<Item = Channel> {
        let only = self.only;
        Channel::ALL.into_iter().filter(move |it| only.is_none_or(|only| only == *it))
    }

    fn agent(&self, one: &One<'_>) -> Value {
        let id = one.staff.id;
        let groups = self.agents.groups.get(&id).cloned().unwrap_or_default();
        let skills = one.known.iter().flat_map(|it| it.skills.keys());
        let skills: Value = skills.map(|it| json!({"id": it.to_string()})).collect();
        let status = one.status();
        let at = one.known.map(|it| it.status_at);
        let channels: Value = self
            .channels()
            .map(|it| json!({"id": channel_id(one, it), "type": "channels"}))
            .collect();
        json!({
            "id": format!("agent_availabilities|{id}"),
            "type": "agent_availabilities",
            "attributes": {
                "agent_id": id,
                "agent_status": {
                    "id": status.id(),
                    "name": status.as_str(),
                    "reason": if one.known.is_some() { "PUBLIC_API" } else { "UNKNOWN" },
                    "updated_at": at,
                },
                "group_ids": groups,
                "skills": skills,
                "version": one.known.map_or(0, |it| it.revision),
            },
            "links": {"self": self.call.url(&format!("/agent_availabilities/{id}"))},
            "relationships": {"channels": {"data": channels}},
        })
    }

    /// What belongs to them: channels, and what they have to do.
    fn included(&self, one: &One<'_>) -> Vec<Value> {
        let mut all = Vec::new();
        for channel in self.channels() {
            let work = self.load.of(one.staff.id, channel);
            let first: Vec<TicketId> = work.iter().take(MOST).copied().collect();
            let more = work.len() > first.len();
            let data: Value = first
                .iter()
                .map(|it| json!({"id": item_id(one, channel, *it), "type": "work_items"}))
                .collect();
            let path = work_path(one, channel);
            let last = first.last().map(|it| crate::api::page::cursor(&places::rank(it.get())));
            let next = last.filter(|_| more).map(|it| format!("{path}?page[after]={it}"));
            all.push(json!({
                "id": channel_id(one, channel),
                "type": "channels",
                "attributes": {
                    "name": channel.product(),
                    "status": one.status().as_str(),
                    "max_capacity": one.capacities.of(channel),
                    "updated_at": one.known.map(|it| it.status_at),
                    "work_item_count": work.len(),
                },
                "relationships": {"work_items": {
                    "data": data,
                    "links": {"next": next.map(|it| self.call.url(&it))},
                    "meta": {"has_more": more},
                }},
            }));
            all.extend(first.into_iter().map(|it| item(one, channel, it)));
        }
        all
    }
}

fn channel_id(one: &One<'_>, channel: Channel) -> String {
    format!("agent_availabilities|{}|channels|{}", one.staff.id, channel.product())
}

fn item_id(one: &One<'_>, channel: Channel, ticket: TicketId) -> String {
    format!("{}|work_items|{ticket}", channel_id(one, channel))
}

fn work_path(one: &One<'_>, channel: Channel) -> String {
    let (id, channel) = (one.staff.id, channel.product());
    format!("/agent_availabilities/{id}/channels/{channel}/relationships/work_items")
}

/// Why they have it is not kept: tickets come to agents in many ways.
fn item(one: &One<'_>, channel: Channel, ticket: TicketId) -> Value {
    let attributes = json!({"reason": "UNKNOWN_ADD"});
    json!({"id": item_id(one, channel, ticket), "type": "work_items", "attributes": attributes})
}

/// The only channel that the request asks for.
fn only(call: &Call<'_>) -> Result<Option<Channel>, Refused> {
    let wrong = || Refused::parameter("select_channel", "must be support, messaging or talk");
    let asked = call.ask.query("select_channel").filter(|it| !it.is_empty());
    asked.map(|it| Channel::named(it).ok_or_else(wrong)).transpose()
}

pub(super) async fn me(call: &Call<'_>) -> Result<Answer, Refused> {
    let staff = call.account.find::<Staff>(call.actor()?.id().get())?;
    shown(call, &staff.ok_or(Refused::NotFound)?.record).await
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    shown(call, &own_or_any(call)?.record).await
}

async fn shown(call: &Call<'_>, staff: &Staff) -> Result<Answer, Refused> {
    let only = only(call)?;
    let known = async { Ok::<_, Refused>(call.find::<Availability>(staff.id.get()).await?) };
    let (known, load) = futures::try_join!(known, loads(call, Some(staff.id)))?;
    let capacities = capacity::of(&call.account, staff.id)?;
    let one = One { staff, known: known.as_ref(), capacities };
    let shown = Shown { call, load, agents: call.account.agents()?, only };
    Ok(Answer::ok(json!({"data": shown.agent(&one), "included": shown.included(&one)})))
}

/// What the request asks of agents.
struct Wanted<'a> {
    statuses: Vec<&'a str>,
    channels: Vec<(&'a str, &'a str)>,
    groups: Vec<&'a str>,
    skills: Vec<&'a str>,
}

const FILTERS: [&str; 4] = ["agent_status_id", "channel_status", "group_ids", "skill_ids"];

impl<'a> Wanted<'a> {
    fn read(call: &'a Call<'_>) -> Result<Self, Refused> {
        for (name, _) in &call.ask.query {
            let Some(filter) = name.strip_prefix("filter[") else { continue };
            let known = filter.split(']').next().is_some_and(|it| FILTERS.contains(&it));
            if !known {
                return Err(Refused::parameter(name, format!("must be one of {FILTERS:?}")));
            }
        }
        let list = |name: &str| call.ask.list(&format!("filter[{name}]"));
        let channels: Option<Vec<(&str, &str)>> =
            list("channel_status").into_iter().map(|it| it.split_once(':')).collect();
        let wrong = || Refused::parameter("filter[channel_status]", "must be as support:online");
        Ok(Self {
            statuses: list("agent_status_id"),
            channels: channels.ok_or_else(wrong)?,
            groups: list("group_ids"),
            skills: list("skill_ids"),
        })
    }

    fn is_met(&self, one: &One<'_>, agents: &Agents) -> bool {
        let status = one.status();
        let named = |id: u64, of: &[&str]| of.iter().any(|it| it.parse() == Ok(id));
        let groups = agents.groups.get(&one.staff.id).into_iter().flatten();
        let skill = |id: &RecordId| named(id.get(), &self.skills);
        let channel =
            |(name, is): &(&str, &str)| Channel::named(name).is_some() && *is == status.as_str();
        (self.statuses.is_empty() || named(status.id(), &self.statuses))
            && (self.channels.is_empty() || self.channels.iter().any(channel))
            && (self.groups.is_empty()
                || groups.into_iter().any(|it| named(it.get(), &self.groups)))
            && (self.skills.is_empty() || one.known.iter().any(|it| it.skills.keys().any(skill)))
    }
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let (wanted, only) = (Wanted::read(call)?, only(call)?);
    let paging = Paging::cursor(call.ask, MOST)?;
    let (known, load) =
        futures::try_join!(records::whole::<Availability>(call), loads(call, None))?;
    let (staff, agents) = (call.account.all::<Staff>()?, call.account.agents()?);
    let mut all = Vec::new();
    for staff in staff.iter() {
        let known = known.iter().find(|it| it.agent_id == staff.id);
        let capacities = capacity::of(&call.account, staff.id)?;
        let one = One { staff: &staff.record, known, capacities };
        if wanted.is_met(&one, &agents) {
            all.push((places::rank(staff.id.get()), one));
        }
    }
    let page = Page::cut(paging, all);
    let mut body: Map<String, Value> = page.about(call.ask);
    let shown = Shown { call, load, agents, only };
    let data = page.records.iter().map(|it| shown.agent(it)).collect();
    let included = page.records.iter().flat_map(|it| shown.included(it)).collect();
    body.insert("data".to_owned(), Value::Array(data));
    body.insert("included".to_owned(), Value::Array(included));
    Ok(Answer::ok(Value::Object(body)))
}

pub(super) async fn work_items(call: &Call<'_>) -> Result<Answer, Refused> {
    let staff = own_or_any(call)?;
    let channel = Channel::named(call.variable("channel")).ok_or(Refused::NotFound)?;
    let paging = Paging::cursor(call.ask, MOST)?;
    let load = loads(call, Some(staff.id)).await?;
    let capacities = capacity::of(&call.account, staff.id)?;
    let one = One { staff: &staff.record, known: None, capacities };
    let all = load.of(staff.id, channel).iter().map(|it| (places::rank(it.get()), *it));
    let page = Page::cut(paging, all.collect()).map(|it| item(&one, channel, it));
    Ok(Answer::ok(page.envelope(call.ask, "data")))
}
