//! Triggers ([triggers](https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/)): what they
//! are. What they do when a ticket changes is [`crate::trigger`]'s.

use super::rules::{self, Governed};
use super::{Shown, created, one};
use crate::access::Action::ManageRules;
use crate::access::Resource;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::RecordId;
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use crate::routes;
use crate::rule::{
    Action, Condition, Conditions, Head, HeadEdit, Refers, Trigger, TriggerCategory, Use,
    check_actions, check_conditions, defined_actions, defined_conditions,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Triggers.
pub const ROUTES: &[Route] = routes![
    GET "/triggers" Guard::Agents => list, "Lists triggers";
    GET "/triggers/active" Guard::Agents => active, "Lists triggers that are in use";
    GET "/triggers/search" Guard::Agents => search, "Searches triggers by title";
    GET "/triggers/definitions" Guard::Agents => definitions, "Lists the conditions and actions that triggers may have";
    POST "/triggers" Guard::May(ManageRules) => create, "Adds a trigger";
    PUT "/triggers/update_many" Guard::May(ManageRules) => update_many, "Moves several triggers, or takes them in or out of use";
    PUT "/triggers/reorder" Guard::May(ManageRules) => reorder, "Puts all triggers into an order";
    DELETE "/triggers/destroy_many" Guard::May(ManageRules) => rules::delete_all::<Trigger>, "Deletes several triggers";
    GET "/triggers/{id}" Guard::Agents => show, "Shows a trigger";
    PUT "/triggers/{id}" Guard::May(ManageRules) => update, "Changes a trigger";
    DELETE "/triggers/{id}" Guard::May(ManageRules) => rules::delete::<Trigger>, "Deletes a trigger";
    GET "/triggers/{id}/revisions" refused "what triggers were before is not kept", "Lists what a trigger was before";
    GET "/triggers/{id}/revisions/{revision_id}" refused "what triggers were before is not kept", "Shows what a trigger was before";
];

impl Shown for Trigger {
    fn shown(&self, call: &Call<'_>) -> Value {
        let head = &self.head;
        json!({
            "url": call.url(&format!("/triggers/{}.json", head.id)),
            "id": head.id,
            "title": head.title,
            "active": head.active,
            "updated_at": head.updated_at,
            "created_at": head.created_at,
            "default": head.default,
            "actions": self.actions,
            "conditions": self.conditions,
            "description": head.description,
            "position": head.position,
            "raw_title": head.title,
            "category_id": self.category_id.to_string(),
        })
    }
}

impl Governed for Trigger {
    fn readable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        Ok(call.actor()?.is_agent())
    }

    fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        call.may(ManageRules, Resource::Account)
    }

    /// All triggers of a category stand before those of the next.
    fn place(&self, call: &Call<'_>) -> Result<String, Refused> {
        let category = call.account.find::<TriggerCategory>(self.category_id.get())?;
        let position = category.map(|it| it.position).unwrap_or_default();
        let own = rules::placed(self.head.position);
        Ok(format!("{}#{}#{own}", rules::placed(position), self.category_id))
    }
}

/// The triggers of the category that is asked for, if one is.
fn of_category(call: &Call<'_>) -> Result<Vec<Kept<Trigger>>, Refused> {
    let all = call.account.all::<Trigger>()?;
    let category = call.ask.query("category_id").filter(|id| !id.is_empty());
    let fits = |it: &&Kept<Trigger>| category.is_none_or(|id| it.category_id.to_string() == id);
    Ok(all.iter().filter(fits).cloned().collect())
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = of_category(call)?.into_iter();
    rules::listed(call, all.filter(|it| rules::in_use(call, &it.record)).collect())
}

async fn active(call: &Call<'_>) -> Result<Answer, Refused> {
    rules::listed(call, of_category(call)?.into_iter().filter(|it| it.head.active).collect())
}

/// By title, and by what the filter says of other fields: `filter[json]={"description":"Close"}`.
async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    let filter = call.ask.query("filter[json]").or_else(|| call.ask.query("filter"));
    let wrong = || Refused::parameter("filter", "must be JSON");
    let filter: Map<String, Value> = match filter.filter(|text| !text.is_empty()) {
        None => Map::new(),
        Some(text) => match serde_json::from_str(text).map_err(|_| wrong())? {
            Value::Object(mut filter) => match filter.remove("json") {
                Some(Value::Object(inner)) => inner,
                Some(_) => return Err(wrong()),
                None => filter,
            },
            _ => return Err(wrong()),
        },
    };
    let query = match call.ask.query("query") {
        None if filter.is_empty() => rules::query(call)?,
        given => given.unwrap_or_default(),
    };
    let fits = |it: &Kept<Trigger>| {
        let shown = it.shown(call);
        filter.iter().all(|(name, wanted)| matches(shown.get(name), wanted))
            && rules::sought(query, &it.record)
            && rules::in_use(call, &it.record)
    };
    rules::listed(call, of_category(call)?.into_iter().filter(fits).collect())
}

/// Whether a field has what is wanted: text in it, or the very value.
fn matches(field: Option<&Value>, wanted: &Value) -> bool {
    match (field, wanted) {
        (Some(Value::String(text)), Value::String(wanted)) => {
            text.to_lowercase().contains(&wanted.to_lowercase())
        }
        (field, wanted) => field == Some(wanted),
    }
}

async fn definitions(call: &Call<'_>) -> Result<Answer, Refused> {
    let choices = rules::choices(call)?;
    let (all, any) = defined_conditions(Use::Trigger, &choices);
    let actions = defined_actions(Use::Trigger, &choices);
    let definitions = json!({"actions": actions, "conditions_all": all, "conditions_any": any});
    Ok(Answer::ok(json!({"definitions": definitions})))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &rules::named::<Trigger>(call).await?.record)))
}

/// What is asked of a trigger or an automation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edit {
    #[serde(flatten)]
    pub head: HeadEdit,
    #[serde(flatten)]
    pub definition: Definition,
    category_id: Option<RecordId>,
}

/// What a rule looks at and does.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Definition {
    all: Option<Vec<Condition>>,
    any: Option<Vec<Condition>>,
    conditions: Option<Conditions>,
    actions: Option<Vec<Action>>,
}

impl Definition {
    /// Conditions and actions as they are from now on. Whoever changes any of them tells all of them, as Zendesk
    /// documents it: those that are left out are gone.
    pub fn changed(self) -> Option<(Conditions, Vec<Action>)> {
        let Self { all, any, conditions, actions } = self;
        if all.is_none() && any.is_none() && conditions.is_none() && actions.is_none() {
            return None;
        }
        let mut conditions = conditions.unwrap_or_default();
        conditions.all = all.unwrap_or(conditions.all);
        conditions.any = any.unwrap_or(conditions.any);
        Some((conditions, actions.unwrap_or_default()))
    }
}

/// Checks the conditions and actions of a trigger or an automation.
pub(super) async fn check(
    call: &Call<'_>,
    used: Use,
    conditions: &Conditions,
    actions: &[Action],
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let mut refers = Refers::default();
    if conditions.all.is_empty() && conditions.any.is_empty() {
        refusal.add("conditions", "Conditions: cannot be blank", Some("BlankValue"));
    }
    check_conditions(conditions, used, &mut refers, refusal);
    check_actions(actions, used, &mut refers, refusal);
    rules::own_values(call, rules::compared(conditions), refusal)?;
    let set = actions.iter().map(|it| (it.field.as_str(), &it.value));
    rules::own_values(call, set, refusal)?;
    rules::resolve(call, &refers, refusal).await
}

impl Edit {
    async fn apply(self, call: &Call<'_>, trigger: &mut Trigger) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        self.head.apply(&mut trigger.head, call.at, &mut refusal);
        if let Some((conditions, actions)) = self.definition.changed() {
            (trigger.conditions, trigger.actions) = (conditions, actions);
        }
        if let Some(id) = self.category_id {
            if call.account.find::<TriggerCategory>(id.get())?.is_none() {
                refusal.add("category_id", "Category: is invalid", Some("InvalidValue"));
            }
            trigger.category_id = id;
        }
        let (conditions, actions) = (&trigger.conditions, &trigger.actions);
        check(call, Use::Trigger, conditions, actions, &mut refusal).await?;
        Ok(refusal.against(())?)
    }
}

/// Behind all others of its category.
fn last(call: &Call<'_>, category: RecordId) -> Result<i64, Refused> {
    let all = call.account.all::<Trigger>()?;
    let of = all.iter().filter(|it| it.category_id == category);
    let greatest = of.map(|it| it.head.position).max();
    Ok(greatest.unwrap_or_default().saturating_add(1))
}

/// A trigger that names no category stands in the first; where there is none, it is made.
async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("trigger")?;
    let mut changes = Changes::new();
    let categories = call.account.all::<TriggerCategory>()?;
    let first = categories.iter().min_by_key(|it| (it.position, it.id)).map(|it| it.id);
    let category_id = match edit.category_id.or(first) {
        Some(id) => id,
        None => {
            let category = TriggerCategory {
                id: RecordId::fresh(call)?,
                created_at: call.at,
                updated_at: call.at,
                name: "Uncategorized triggers".to_owned(),
                position: 0,
            };
            changes.create(&category)?;
            category.id
        }
    };
    let mut trigger = blank(call, category_id)?;
    edit.apply(call, &mut trigger).await?;
    changes.create(&trigger)?;
    call.commit(changes).await?;
    Ok(created(call, &trigger))
}

fn blank(call: &Call<'_>, category_id: RecordId) -> Result<Trigger, Refused> {
    Ok(Trigger {
        head: Head::new(RecordId::fresh(call)?, call.at, last(call, category_id)?),
        conditions: Conditions::default(),
        actions: Vec::new(),
        category_id,
    })
}

/// A trigger as it would be kept.
///
/// # Errors
/// 422 that names what it cannot be.
pub(super) async fn drafted(call: &Call<'_>, edit: Edit) -> Result<Trigger, Refused> {
    let nowhere = RecordId::fresh(call)?;
    let mut trigger = blank(call, edit.category_id.unwrap_or(nowhere))?;
    "Draft".clone_into(&mut trigger.head.title);
    edit.apply(call, &mut trigger).await?;
    Ok(trigger)
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = rules::named::<Trigger>(call).await?;
    let edit: Edit = call.ask.record("trigger")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn update_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut all = Vec::new();
    for (before, mut after, moved) in rules::moved::<Trigger>(call).await? {
        if let Some(id) = moved.category_id {
            if call.account.find::<TriggerCategory>(id.get())?.is_none() {
                return Err(Refused::field("category_id", "is invalid"));
            }
            after.category_id = id;
        }
        all.push((before, after));
    }
    rules::change_all(call, all).await
}

/// All triggers are named, and all stand in one category.
async fn reorder(call: &Call<'_>) -> Result<Answer, Refused> {
    if call.account.all::<TriggerCategory>()?.len() > 1 {
        let text = "Triggers cannot be reordered if there is more than one category".to_owned();
        return Err(Refused::Listed(400, "LimitOneCategory", text));
    }
    let all = call.account.all::<Trigger>()?;
    let both = rules::in_order(call, all.as_ref(), &call.ask.body_ids("trigger_ids")?)?;
    rules::change_all(call, both).await
}
