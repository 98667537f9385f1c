//! Skills, which the API calls the values of attributes.

use super::super::Shown;
use super::super::rules;
use super::attributes::{found as attribute, named};
use crate::api::{Answer, Call, Refused};
use crate::ids::RecordId;
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use crate::routing::{Skill, wake};
use crate::rule::{Conditions, Refers, Use, check_conditions};
use crate::wire::text;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Skills of a type: as many as are deleted with it at once.
const MOST: usize = 30;

impl Shown for Skill {
    fn shown(&self, call: &Call<'_>) -> Value {
        shown(call, self)
    }
}

/// A skill as the API shows it.
pub(super) fn shown(call: &Call<'_>, skill: &Skill) -> Value {
    let (of, id) = (skill.attribute_id, skill.id);
    json!({
        "url": call.url(&format!("/routing/attributes/{of}/values/{id}.json")),
        "id": id.to_string(),
        "attribute_id": of.to_string(),
        "name": skill.name,
        "conditions": skill.conditions,
        "created_at": skill.created_at,
        "updated_at": skill.updated_at,
    })
}

/// These skills, as far as they are still there.
pub(super) fn several(
    call: &Call<'_>,
    ids: impl IntoIterator<Item = RecordId>,
) -> Result<Answer, Refused> {
    let ids: BTreeSet<RecordId> = ids.into_iter().collect();
    let all = call.account.all::<Skill>()?;
    let some: Value =
        all.iter().filter(|it| ids.contains(&it.id)).map(|it| shown(call, it)).collect();
    Ok(Answer::ok(json!({"attribute_values": some})))
}

fn found(call: &Call<'_>) -> Result<Kept<Skill>, Refused> {
    let of = call.id("attribute_id")?;
    let skill = call.account.find::<Skill>(call.id("id")?)?;
    skill.filter(|it| it.attribute_id.get() == of).ok_or(Refused::NotFound)
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let of = attribute(call, "attribute_id")?.id;
    let all = call.account.all::<Skill>()?;
    several(call, all.iter().filter(|it| it.attribute_id == of).map(|it| it.id))
}

fn one(call: &Call<'_>, skill: &Skill) -> Value {
    json!({"attribute_value": shown(call, skill)})
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &found(call)?.record)))
}

/// What is asked of a skill.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    conditions: Option<Conditions>,
}

impl Edit {
    async fn apply(self, call: &Call<'_>, skill: &mut Skill) -> Result<(), Refused> {
        if let Some(name) = self.name {
            skill.name = name.unwrap_or_default();
        }
        skill.updated_at = call.at;
        let all = call.account.all::<Skill>()?;
        let like = |it: &&Kept<Skill>| it.attribute_id == skill.attribute_id && it.id != skill.id;
        let others = all.iter().filter(like).map(|it| it.name.as_str());
        let mut refusal = named(&skill.name, others);
        if let Some(conditions) = self.conditions {
            checked(call, &conditions, &mut refusal).await?;
            skill.conditions = conditions;
        }
        Ok(refusal.against(())?)
    }
}

/// Checks conditions of a skill or a queue: what they name must be there.
pub(super) async fn checked(
    call: &Call<'_>,
    conditions: &Conditions,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let mut refers = Refers::default();
    check_conditions(conditions, Use::Routing, &mut refers, refusal);
    rules::own_values(call, rules::compared(conditions), refusal)?;
    rules::resolve(call, &refers, refusal).await
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let of = attribute(call, "attribute_id")?.id;
    let edit: Edit = call.ask.record("attribute_value")?;
    let all = call.account.all::<Skill>()?;
    if all.iter().filter(|it| it.attribute_id == of).count() >= MOST {
        return Err(Refused::field("base", "there are as many values as an attribute may have"));
    }
    let (id, at) = (RecordId::fresh(call)?, call.at);
    let mut skill = Skill {
        id,
        attribute_id: of,
        created_at: at,
        updated_at: at,
        name: String::new(),
        conditions: Conditions::default(),
    };
    edit.apply(call, &mut skill).await?;
    call.add(&skill).await?;
    let location = call.url(&format!("/routing/attributes/{of}/values/{id}.json"));
    Ok(Answer::created(one(call, &skill), location))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call)?;
    let edit: Edit = call.ask.record("attribute_value")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// Agents and tickets that have it have it no longer.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut changes = Changes::new();
    changes.delete(&found(call)?)?;
    wake(call, changes).await?;
    Ok(Answer::gone())
}
