//! Types of skills, which the API calls attributes.

use super::super::rules::choices;
use super::super::{Shown, listed, one};
use super::values::shown;
use crate::api::answer::Body;
use crate::api::{Answer, Call, Refused};
use crate::ids::RecordId;
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use crate::routing::{Attribute, Skill, wake};
use crate::rule::{Use, defined_conditions};
use crate::wire::text;
use serde::Deserialize;
use serde_json::{Value, json};

/// Types of an account.
const MOST: usize = 100;

/// Characters of a name.
pub(super) const MAX_NAME: usize = 255;

impl Shown for Attribute {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/routing/attributes/{}.json", self.id)),
            "id": self.id.to_string(),
            "name": self.name,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// The type that the path names.
pub(super) fn found(call: &Call<'_>, name: &str) -> Result<Kept<Attribute>, Refused> {
    call.account.find::<Attribute>(call.id(name)?)?.ok_or(Refused::NotFound)
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut answer = listed(call, call.account.all::<Attribute>()?.iter())?;
    if let (true, Body::Json(Value::Object(body))) =
        (call.ask.list("include").contains(&"attribute_values"), &mut answer.body)
    {
        let all = call.account.all::<Skill>()?;
        let all = all.iter().map(|it| shown(call, it)).collect();
        body.insert("attribute_values".to_owned(), Value::Array(all));
    }
    Ok(answer)
}

pub(super) async fn definitions(call: &Call<'_>) -> Result<Answer, Refused> {
    let (all, any) = defined_conditions(Use::Routing, &choices(call)?);
    Ok(Answer::ok(json!({"definitions": {"conditions_all": all, "conditions_any": any}})))
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &found(call, "id")?.record)))
}

/// What is asked of a type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
}

/// What speaks against a name that others have, too.
pub(super) fn named<'a>(name: &str, mut others: impl Iterator<Item = &'a str>) -> Refusal {
    let mut refusal = Refusal::default();
    if name.is_empty() {
        refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
    }
    if name.chars().count() > MAX_NAME {
        let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("name", text, Some("ValueTooLong"));
    }
    if others.any(|it| it.eq_ignore_ascii_case(name)) {
        refusal.add("name", "Name: has already been taken", Some("DuplicateValue"));
    }
    refusal
}

impl Edit {
    fn apply(self, call: &Call<'_>, attribute: &mut Attribute) -> Result<(), Refused> {
        if let Some(name) = self.name {
            attribute.name = name.unwrap_or_default();
        }
        attribute.updated_at = call.at;
        let all = call.account.all::<Attribute>()?;
        let others = all.iter().filter(|it| it.id != attribute.id).map(|it| it.name.as_str());
        Ok(named(&attribute.name, others).against(())?)
    }
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("attribute")?;
    if call.account.all::<Attribute>()?.len() >= MOST {
        return Err(Refused::field("base", "there are as many attributes as there may be"));
    }
    let (id, at) = (RecordId::fresh(call)?, call.at);
    let mut attribute = Attribute { id, created_at: at, updated_at: at, name: String::new() };
    edit.apply(call, &mut attribute)?;
    call.add(&attribute).await?;
    let location = call.url(&format!("/routing/attributes/{id}.json"));
    Ok(Answer::created(one(call, &attribute), location))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call, "id")?;
    let edit: Edit = call.ask.record("attribute")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// Its skills go first: agents and tickets that have them have them no longer.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let attribute = found(call, "id")?;
    let all = call.account.all::<Skill>()?;
    let mut changes = Changes::new();
    for skill in all.iter().filter(|it| it.attribute_id == attribute.id) {
        changes.delete(skill)?;
    }
    call.commit(changes).await?;
    let mut changes = Changes::new();
    changes.delete(&attribute)?;
    wake(call, changes).await?;
    Ok(Answer::gone())
}
