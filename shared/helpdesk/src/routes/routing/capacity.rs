//! Capacity rules
//! ([capacity rules](https://developer.zendesk.com/api-reference/agent-availability/capacity-rules/capacity_rules_api/)).

use super::agents_of;
use super::attributes::named;
use crate::account::Staff;
use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::ids::{RecordId, UserId};
use crate::record::{Changes, Kept, Record, places};
use crate::routing::{Capacities, CapacityRule, wake};
use crate::wire::{text, truth};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Rules of an account: so that an agent can be taken out of another one in the same commit.
const MOST: usize = 40;

/// What an agent may have to do at once, at most.
const MOST_CAPACITY: u32 = 1_000;

/// Agents who are told with a rule.
const SAMPLE: usize = 10;

fn shown(call: &Call<'_>, rule: &CapacityRule) -> Result<Value, Refused> {
    let staff = call.account.all::<Staff>()?;
    let of: Vec<&Kept<Staff>> = staff.iter().filter(|it| rule.agent_ids.contains(&it.id)).collect();
    let sample: Value =
        of.iter().take(SAMPLE).map(|it| json!({"id": it.id, "name": it.name})).collect();
    Ok(json!({
        "id": rule.id.to_string(),
        "name": rule.name,
        "description": rule.description,
        "capacities": rule.capacities,
        "default": rule.default,
        "assignees": {"agents_sample": sample, "count": of.len()},
        "created_at": rule.created_at,
        "last_updated_at": rule.updated_at,
    }))
}

fn found(call: &Call<'_>) -> Result<Kept<CapacityRule>, Refused> {
    call.account.find::<CapacityRule>(call.id("id")?)?.ok_or(Refused::NotFound)
}

/// A bare list, as Zendesk answers it.
pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<CapacityRule>()?;
    let all: Result<Vec<Value>, Refused> = all.iter().map(|it| shown(call, it)).collect();
    Ok(Answer::ok(Value::Array(all?)))
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(shown(call, &found(call)?.record)?))
}

/// What is asked of a rule: the body itself, as Zendesk takes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    description: Option<Option<String>>,
    capacities: Option<Asked>,
    #[serde(deserialize_with = "truth")]
    default: Option<bool>,
    agent_ids: Option<Vec<UserId>>,
}

/// Capacities that are asked for; those of a channel that is not named stay.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    email: Option<u32>,
    messaging: Option<u32>,
    voice: Option<u32>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, rule: &mut CapacityRule) -> Result<(), Refused> {
        if let Some(name) = self.name {
            rule.name = name.unwrap_or_default();
        }
        if let Some(description) = self.description {
            rule.description = description.unwrap_or_default();
        }
        if let Some(Asked { email, messaging, voice }) = self.capacities {
            let Capacities { email: e, messaging: m, voice: v } = rule.capacities;
            let (email, messaging) = (email.unwrap_or(e), messaging.unwrap_or(m));
            rule.capacities = Capacities { email, messaging, voice: voice.unwrap_or(v) };
        }
        if rule.default && self.default == Some(false) {
            return Err(Refused::field("default", "make another one the default instead"));
        }
        rule.default = self.default.unwrap_or(rule.default);
        if let Some(agents) = self.agent_ids {
            let ids: Vec<u64> = agents.iter().map(|it| it.get()).collect();
            rule.agent_ids = agents_of(call, &ids)?.into_iter().collect();
        }
        rule.updated_at = call.at;
        let all = call.account.all::<CapacityRule>()?;
        let others = all.iter().filter(|it| it.id != rule.id).map(|it| it.name.as_str());
        let mut refusal = named(&rule.name, others);
        let Capacities { email, messaging, voice } = rule.capacities;
        if [email, messaging, voice].into_iter().any(|it| it > MOST_CAPACITY) {
            let text = format!("Capacities: are at most {MOST_CAPACITY}");
            refusal.add("capacities", text, Some("InvalidValue"));
        }
        Ok(refusal.against(())?)
    }
}

/// An agent is under one rule, and one rule is the default: what this one has, the others give up.
fn alone(call: &Call<'_>, rule: &CapacityRule, changes: &mut Changes) -> Result<(), Refused> {
    for other in call.account.all::<CapacityRule>()?.iter().filter(|it| it.id != rule.id) {
        let agent_ids: BTreeSet<UserId> =
            other.agent_ids.difference(&rule.agent_ids).copied().collect();
        let default = other.default && !rule.default;
        if agent_ids != other.agent_ids || default != other.default {
            let after =
                CapacityRule { agent_ids, default, updated_at: call.at, ..other.record.clone() };
            changes.update(other, &after)?;
        }
    }
    Ok(())
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = crate::api::ask::read(call.ask.json()?)?;
    if call.account.all::<CapacityRule>()?.len() >= MOST {
        return Err(Refused::field("base", "there are as many capacity rules as there may be"));
    }
    let (id, at) = (RecordId::fresh(call)?, call.at);
    let mut rule = CapacityRule {
        id,
        created_at: at,
        updated_at: at,
        name: String::new(),
        description: String::new(),
        capacities: Capacities::default(),
        default: false,
        agent_ids: BTreeSet::new(),
    };
    edit.apply(call, &mut rule)?;
    let mut changes = Changes::new();
    changes.create(&rule)?;
    alone(call, &rule, &mut changes)?;
    wake(call, changes).await?;
    let location = call.url(&format!("/capacity/rules/{id}"));
    Ok(Answer::created(shown(call, &rule)?, location))
}

async fn changed(
    call: &Call<'_>,
    before: &Kept<CapacityRule>,
    after: &CapacityRule,
) -> Result<Answer, Refused> {
    let mut changes = Changes::new();
    changes.update(before, after)?;
    alone(call, after, &mut changes)?;
    wake(call, changes).await?;
    Ok(Answer::ok(shown(call, after)?))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let edit: Edit = crate::api::ask::read(call.ask.json()?)?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after)?;
    changed(call, &before, &after).await
}

/// Those who are under it already stay.
pub(super) async fn assign(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let agents = agents_of(call, &call.ask.body_ids("agents")?)?;
    let mut after = CapacityRule { updated_at: call.at, ..before.record.clone() };
    after.agent_ids.extend(agents);
    changed(call, &before, &after).await
}

/// Who was under it is under the default one then.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let rule = found(call)?;
    if rule.default {
        return Err(Refused::field(
            "base",
            "the default rule cannot be deleted: make another one the default first",
        ));
    }
    let mut changes = Changes::new();
    changes.delete(&rule)?;
    wake(call, changes).await?;
    Ok(Answer::gone())
}

/// Of one rule, or of all.
pub(super) async fn assignees(call: &Call<'_>) -> Result<Answer, Refused> {
    let rules = match call.variable("id") {
        "" => call.account.all::<CapacityRule>()?.as_ref().clone(),
        _ => vec![found(call)?],
    };
    let staff = call.account.all::<Staff>()?;
    let mut all: Vec<(String, Value)> = Vec::new();
    for agent in staff.iter() {
        let rule = rules.iter().find(|it| it.agent_ids.contains(&agent.id));
        all.extend(rule.map(|rule| {
            let (id, name) = (agent.id, &agent.name);
            let shown =
                json!({"agent_id": id, "name": name, "capacity_rule_id": rule.id.to_string()});
            (places::rank(agent.id()), shown)
        }));
    }
    let page = Page::cut(Paging::of(call.ask)?, all);
    Ok(Answer::ok(page.envelope(call.ask, "assignees")))
}
