//! Categories of triggers
//! ([ticket trigger categories](https://developer.zendesk.com/api-reference/ticketing/business-rules/trigger_categories/)).

use super::rules::placed;
use super::{Shown, one};
use crate::access::Action::ManageRules;
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::ids::RecordId;
use crate::record::{Changes, Kept, Record, places};
use crate::routes;
use crate::rule::{Trigger, TriggerCategory};
use serde::Deserialize;
use serde_json::{Value, json};

/// Categories of triggers.
pub const ROUTES: &[Route] = routes![
    GET "/trigger_categories" Guard::Agents => list, "Lists categories of triggers";
    POST "/trigger_categories" Guard::May(ManageRules) => create, "Adds a category of triggers";
    POST "/trigger_categories/jobs" Guard::May(ManageRules) => batch, "Changes several categories and triggers at once";
    GET "/trigger_categories/{id}" Guard::Agents => show, "Shows a category of triggers";
    PATCH "/trigger_categories/{id}" Guard::May(ManageRules) => update, "Changes a category of triggers";
    DELETE "/trigger_categories/{id}" Guard::May(ManageRules) => delete, "Deletes a category of triggers";
];

/// Categories of an account (Zendesk's limit).
const MOST: usize = 500;

/// Characters of a name.
const MAX_NAME: usize = 255;

impl Shown for TriggerCategory {
    fn shown(&self, _: &Call<'_>) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "position": self.position,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

fn invalid(title: &str) -> Refused {
    Refused::Listed(400, "InvalidTriggerCategory", title.to_owned())
}

fn found(call: &Call<'_>, id: u64) -> Result<Kept<TriggerCategory>, Refused> {
    let missing = || {
        let text = "Category can’t be found. Check the ID and try again.".to_owned();
        Refused::Listed(404, "TriggerCategoryNotFound", text)
    };
    call.account.find::<TriggerCategory>(id)?.ok_or_else(missing)
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let sort = call.ask.query("sort").filter(|sort| !sort.is_empty()).unwrap_or("position");
    let backward = sort.starts_with('-');
    let rank = |it: &TriggerCategory| {
        let first = match sort.trim_start_matches('-') {
            "position" => placed(it.position),
            "name" => it.name.to_lowercase(),
            "created_at" => it.created_at.to_string(),
            "updated_at" => it.updated_at.to_string(),
            _ => return Err(Refused::parameter("sort", "is not what categories are sorted by")),
        };
        Ok(format!("{first}#{}", places::rank(it.id.get())))
    };
    let counted = call.ask.list("include").contains(&"rule_counts");
    let triggers = call.account.all::<Trigger>()?;
    let shown = |it: &Kept<TriggerCategory>| {
        let mut shown = it.shown(call);
        let of = |active: bool| {
            let of = triggers.iter().filter(|trigger| trigger.category_id == it.id);
            of.filter(|trigger| trigger.head.active == active).count()
        };
        if let (true, Some(shown)) = (counted, shown.as_object_mut()) {
            let counts = json!({"active_count": of(true), "inactive_count": of(false)});
            shown.insert("rule_counts".to_owned(), counts);
        }
        shown
    };
    let all = call.account.all::<TriggerCategory>()?;
    let all: Result<Vec<(String, &Kept<TriggerCategory>)>, Refused> =
        all.iter().map(|it| Ok((rank(it)?, it))).collect();
    let mut all = all?;
    all.sort_by(|(a, _), (b, _)| if backward { b.cmp(a) } else { a.cmp(b) });
    let page = Page::cut(Paging::of(call.ask)?, all).map(shown);
    Ok(Answer::ok(page.envelope(call.ask, "trigger_categories")))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &found(call, call.id("id")?)?.record)))
}

/// What is asked of a category.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    name: Option<String>,
    position: Option<i64>,
}

impl Edit {
    fn apply(self, category: &mut TriggerCategory) -> Result<(), Refused> {
        if let Some(name) = self.name {
            name.trim().clone_into(&mut category.name);
        }
        if category.name.is_empty() {
            return Err(invalid("Name cannot be blank"));
        }
        if category.name.chars().count() > MAX_NAME {
            return Err(invalid("Name is too long"));
        }
        category.position = self.position.unwrap_or(category.position);
        Ok(())
    }
}

/// Behind all others, unless it says where.
async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("trigger_category")?;
    let all = call.account.all::<TriggerCategory>()?;
    if all.len() >= MOST {
        let text =
            format!("Your account has reached the limit of {MOST} ticket trigger categories.");
        return Err(Refused::Listed(403, "ProductLimitExceeded", text));
    }
    let greatest = all.iter().map(|it| it.position).max();
    let mut category = TriggerCategory {
        id: RecordId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: String::new(),
        position: greatest.map_or(0, |it| it.saturating_add(1)),
    };
    edit.apply(&mut category)?;
    call.add(&category).await?;
    Ok(super::created(call, &category))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = found(call, call.id("id")?)?;
    let edit: Edit = call.ask.record("trigger_category")?;
    let mut after = TriggerCategory { updated_at: call.at, ..before.record.clone() };
    edit.apply(&mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// Triggers of it that are not in use go to the first of the others.
async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let category = found(call, call.id("id")?)?;
    let all = call.account.all::<Trigger>()?;
    let of: Vec<_> = all.iter().filter(|it| it.category_id == category.id).collect();
    let others = call.account.all::<TriggerCategory>()?;
    let others = others.iter().filter(|it| it.id() != category.id());
    let other = others.min_by_key(|it| (it.position, it.id));
    let in_use = of.iter().any(|it| it.head.active);
    let (false, to) = (in_use || (other.is_none() && !of.is_empty()), other.map(|it| it.id)) else {
        let text = "A category with active ticket triggers cannot be deleted.".to_owned();
        return Err(Refused::Listed(400, "TriggerCategoryNotEmpty", text));
    };
    for part in of.chunks(super::rules::COMMIT) {
        let mut changes = Changes::new();
        for before in part {
            let mut after = before.record.clone();
            after.category_id = to.unwrap_or(after.category_id);
            changes.update(before, &after)?;
        }
        call.commit(changes).await?;
    }
    call.remove(&category).await
}

/// What a batch asks.
#[derive(Debug, Deserialize)]
struct Batch {
    action: String,
    #[serde(default)]
    items: Items,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Items {
    trigger_categories: Vec<Placed>,
    triggers: Vec<Placed>,
}

#[derive(Debug, Deserialize)]
struct Placed {
    id: RecordId,
    position: Option<i64>,
    active: Option<bool>,
    category_id: Option<RecordId>,
}

fn failed(code: &str, title: &str, name: &str, id: RecordId) -> Answer {
    let error = json!({"code": code, "title": title, name: id.to_string()});
    Answer::json(400, json!({"status": "failed", "errors": [error]}))
}

/// All of it or nothing.
async fn batch(call: &Call<'_>) -> Result<Answer, Refused> {
    let batch: Batch = call.ask.record("job")?;
    if batch.action != "patch" {
        return Err(Refused::parameter("action", "must be patch"));
    }
    let Items { trigger_categories, triggers } = batch.items;
    let count = trigger_categories.len().saturating_add(triggers.len());
    if count > super::rules::COMMIT {
        return Err(Refused::TooMany("items"));
    }
    let mut changes = Changes::new();
    let (mut categories, mut moved) = (Vec::new(), Vec::new());
    for item in trigger_categories {
        let Some(before) = call.account.find::<TriggerCategory>(item.id.get())? else {
            let title = "Category can’t be found. Check the ID and try again.";
            return Ok(failed("TriggerCategoryNotFound", title, "trigger_category_id", item.id));
        };
        let mut after = TriggerCategory { updated_at: call.at, ..before.record.clone() };
        after.position = item.position.unwrap_or(after.position);
        changes.update(&before, &after)?;
        categories.push(after.shown(call));
    }
    for item in triggers {
        let Some(before) = call.account.find::<Trigger>(item.id.get())? else {
            return Ok(failed("TriggerNotFound", "id is not valid", "trigger_id", item.id));
        };
        let mut after = before.record.clone();
        if let Some(id) = item.category_id {
            if call.account.find::<TriggerCategory>(id.get())?.is_none() {
                let title = "category_id is not valid";
                return Ok(failed("InvalidTrigger", title, "trigger_id", item.id));
            }
            after.category_id = id;
        }
        after.head.position = item.position.unwrap_or(after.head.position);
        after.head.active = item.active.unwrap_or(after.head.active);
        after.head.updated_at = call.at;
        changes.update(&before, &after)?;
        moved.push(after.shown(call));
    }
    call.commit(changes).await?;
    let results = json!({"trigger_categories": categories, "triggers": moved});
    Ok(Answer::ok(json!({"status": "complete", "results": results})))
}
