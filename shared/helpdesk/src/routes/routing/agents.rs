//! The skills of agents.

use super::values::several;
use super::{agent, agents_of};
use crate::api::ask::at_most_100;
use crate::api::{Answer, Ask, Call, Method, Page, Paging, Refused};
use crate::ids::{RecordId, UserId};
use crate::job::{self, Step};
use crate::record::{Changes, Kept, Record, places};
use crate::routing::{Availability, Skill, wake};
use crate::store::Key;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Tries because somebody else was faster.
const ATTEMPTS: usize = 6;

/// The agent whom the path names.
pub(super) fn needs(ask: &Ask) -> Vec<Key> {
    let id = ask.segments().nth(2).and_then(|it| it.parse().ok());
    id.map(|id| places::record(Availability::KIND, id)).into_iter().collect()
}

/// Changes what is known of an agent, and tells what it is then.
pub(super) async fn change(
    call: &Call<'_>,
    agent: UserId,
    with: impl Fn(&mut Availability),
) -> Result<Availability, Refused> {
    for _ in 0..ATTEMPTS {
        let before = call.find::<Availability>(agent.get()).await?;
        let mut after = match &before {
            Some(before) => before.record.clone(),
            None => Availability::new(agent, call.at),
        };
        with(&mut after);
        let mut changes = Changes::new();
        match &before {
            Some(before) if before.record == after => return Ok(after),
            Some(before) => changes.update(before, &after)?,
            None => changes.create(&after)?,
        }
        match wake(call, changes).await {
            Ok(()) => return Ok(after),
            Err(Refused::Conflict) => {}
            Err(refused) => return Err(refused),
        }
    }
    Err(Refused::Conflict)
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let agent = agent(call, "user_id")?;
    let known = call.find::<Availability>(agent.id.get()).await?;
    several(call, known.iter().flat_map(|it| it.skills.keys().copied()))
}

/// The skills that are asked for, each of which must be there.
fn known(call: &Call<'_>, ids: &[u64]) -> Result<BTreeSet<RecordId>, Refused> {
    let all = call.account.all::<Skill>()?;
    let of = |id: &u64| all.iter().find(|it| it.id.get() == *id).map(|it| it.id);
    let skills: Option<BTreeSet<RecordId>> = ids.iter().map(of).collect();
    skills.ok_or_else(|| Refused::field("attribute_value_ids", "must be ids of attribute values"))
}

pub(super) async fn set(call: &Call<'_>) -> Result<Answer, Refused> {
    let agent = agent(call, "user_id")?;
    let skills = known(call, &call.ask.body_ids("attribute_value_ids")?)?;
    let after = change(call, agent.id, |it| it.learn(&skills, call.at)).await?;
    several(call, after.skills.keys().copied())
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("filter[agent_ids]")?;
    let known = call.get_all::<Availability>(&ids).await?;
    let skills = call.account.all::<Skill>()?;
    let mut all: Vec<(String, Value)> = Vec::new();
    for it in &known {
        for (id, at) in &it.skills {
            let Some(skill) = skills.iter().find(|skill| skill.id == *id) else { continue };
            let rank = format!("{}#{}", places::rank(it.id()), places::rank(id.get()));
            all.push((rank, instance(it, skill, *at)));
        }
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    let page = Page::cut(Paging::of(call.ask)?, all);
    Ok(Answer::ok(page.envelope(call.ask, "instance_values")))
}

/// That an agent has a skill. All count alike here: there are no priorities among them.
fn instance(of: &Kept<Availability>, skill: &Skill, at: ceap_kernel::Timestamp) -> Value {
    json!({
        "id": format!("{}-{}", of.agent_id, skill.id),
        "agent_id": of.agent_id,
        "agent_skill_priority": NORMAL,
        "attribute_id": skill.attribute_id.to_string(),
        "attribute_value_id": skill.id.to_string(),
        "name": skill.name,
        "created_at": at,
        "updated_at": at,
    })
}

const NORMAL: &str = "NORMAL";

/// What is done to skills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Deed {
    /// They are added.
    Upsert,
    /// They are the only ones.
    Update,
    /// They are taken away.
    Delete,
}

#[derive(Debug, Deserialize)]
struct Asked {
    action: Deed,
    attributes: Attributes,
    items: Vec<UserId>,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    attribute_values: Vec<Value>,
}

pub(super) async fn change_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let Asked { action, attributes, items } = call.ask.record("job")?;
    at_most_100("items", items.len())?;
    let ids: Vec<u64> = items.iter().map(|it| it.get()).collect();
    agents_of(call, &ids)?;
    let values = attributes.attribute_values;
    let other = |it: &Value| it.get("agent_skill_priority").is_some_and(|it| *it != NORMAL);
    if values.iter().any(other) {
        let rule = "is NORMAL: skills have no priorities";
        return Err(Refused::parameter("agent_skill_priority", rule));
    }
    let id =
        |it: &Value| it.get("id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
    let ids: Option<Vec<u64>> = values.iter().map(id).collect();
    let ids = ids.ok_or_else(|| Refused::parameter("attribute_values", "must have ids"))?;
    known(call, &ids)?;
    let step = |agent: &UserId| {
        let body = json!({"action": action, "attribute_value_ids": ids});
        Step::new(Method::Patch, format!("/routing/agents/{agent}/instance_values"), body)
    };
    let steps = items.iter().map(step).collect();
    job::start(call, "Bulk upsert/update/delete agent instance values", steps).await
}

pub(super) async fn step(call: &Call<'_>) -> Result<Answer, Refused> {
    let agent = agent(call, "user_id")?;
    let skills = known(call, &call.ask.body_ids("attribute_value_ids")?)?;
    let deed: Deed = call.ask.record("action")?;
    let after = change(call, agent.id, |it| {
        let had = it.skills.keys().copied();
        let all: BTreeSet<RecordId> = match deed {
            Deed::Upsert => had.chain(skills.iter().copied()).collect(),
            Deed::Update => skills.clone(),
            Deed::Delete => had.filter(|id| !skills.contains(id)).collect(),
        };
        it.learn(&all, call.at);
    });
    let after = after.await?;
    several(call, after.skills.keys().copied())
}
