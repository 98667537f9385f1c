//! The account's own statuses
//! ([custom ticket statuses](https://developer.zendesk.com/api-reference/ticketing/tickets/custom_ticket_statuses/)).

use super::{Shown, created, one};
use crate::access::Action::ManageAccount;
use crate::account::CustomStatus;
use crate::account::custom_status::CATEGORIES;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::CustomStatusId;
use crate::record::{Changes, Kept, Record};
use crate::refusal::Refusal;
use crate::routes;
use crate::ticket::Status;
use crate::wire::{text, truth};
use serde::Deserialize;
use serde_json::{Value, json};

/// The account's own statuses.
pub const ROUTES: &[Route] = routes![
    GET "/custom_statuses" Guard::Known => list, "Lists custom ticket statuses";
    POST "/custom_statuses" Guard::May(ManageAccount) => create, "Adds a custom ticket status";
    GET "/custom_statuses/{id}" Guard::Known => show, "Shows a custom ticket status";
    PUT "/custom_statuses/{id}" Guard::May(ManageAccount) => update, "Changes a custom ticket status";
    DELETE "/custom_statuses/{id}" refused "Nothing lists tickets by their custom status, so that nobody knows whether one still has it; make it inactive", "Deletes a custom ticket status";
    POST "/custom_statuses/{id}/ticket_form_statuses" refused "Every form has all statuses", "Gives a custom ticket status to ticket forms";
    PUT "/custom_status/default" Guard::May(ManageAccount) => defaults, "Makes custom ticket statuses the defaults of their categories";
];

/// Characters of a label (Zendesk's limit).
const MAX_LABEL: usize = 48;

/// Statuses of an account, and of a category of it (Zendesk's limits).
const MAX: usize = 300;
const MAX_OF_CATEGORY: usize = 100;

impl Shown for CustomStatus {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/custom_statuses/{}.json", self.id)),
            "id": self.id,
            "status_category": self.status_category,
            "agent_label": self.agent_label,
            "raw_agent_label": self.agent_label,
            "end_user_label": self.end_user_label,
            "raw_end_user_label": self.end_user_label,
            "description": self.description,
            "raw_description": self.description,
            "end_user_description": self.end_user_description,
            "raw_end_user_description": self.end_user_description,
            "active": self.active,
            "default": self.default,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// What is asked of a status.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    status_category: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    agent_label: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    end_user_label: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    end_user_description: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
}

impl Edit {
    /// A status keeps its category.
    fn apply(self, status: &mut CustomStatus) -> Result<(), Refusal> {
        let before = status.agent_label.clone();
        if let Some(label) = self.agent_label {
            status.agent_label = label.unwrap_or_default();
        }
        // Until they are given another, end-users see the label that agents see.
        if status.end_user_label == before {
            status.end_user_label.clone_from(&status.agent_label);
        }
        if let Some(label) = self.end_user_label {
            status.end_user_label = label.unwrap_or_else(|| status.agent_label.clone());
        }
        if let Some(description) = self.description {
            status.description = description;
        }
        if let Some(description) = self.end_user_description {
            status.end_user_description = description;
        }
        status.active = self.active.unwrap_or(status.active);
        against(status)
    }

    fn category(&self) -> Result<Status, Refused> {
        let word = self.status_category.as_ref().and_then(Option::as_deref).unwrap_or_default();
        let mut refusal = Refusal::default();
        if word.is_empty() {
            refusal.add("status_category", "Status category: cannot be blank", Some("BlankValue"));
        } else {
            refusal.add("status_category", "Status category: is invalid", Some("InvalidValue"));
        }
        let category = CATEGORIES.into_iter().find(|it| it.as_str() == word);
        category.ok_or_else(|| refusal.into())
    }
}

/// What speaks against a status.
fn against(status: &CustomStatus) -> Result<(), Refusal> {
    let mut refusal = Refusal::default();
    if status.agent_label.is_empty() {
        refusal.add("agent_label", "Agent label: cannot be blank", Some("BlankValue"));
    }
    let labels = [
        ("agent_label", "Agent label", &status.agent_label),
        ("end_user_label", "End user label", &status.end_user_label),
    ];
    for (name, title, label) in labels {
        if label.chars().count() > MAX_LABEL {
            let text = format!("{title}: is too long (maximum is {MAX_LABEL} characters)");
            refusal.add(name, text, Some("ValueTooLong"));
        }
    }
    if status.default && !status.active {
        let text = "Active: the default status of a category must be active";
        refusal.add("active", text, Some("InvalidValue"));
    }
    refusal.against(())
}

/// All that the query asks for; there are no pages.
async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<CustomStatus>()?;
    let categories = call.ask.list("status_categories");
    let is = |name: &str, value: bool| match call.ask.query(name) {
        Some("true") => value,
        Some("false") => !value,
        _ => true,
    };
    let fits = |it: &&Kept<CustomStatus>| {
        is("active", it.active)
            && is("default", it.default)
            && (categories.is_empty() || categories.contains(&it.status_category.as_str()))
    };
    let mut chosen: Vec<&Kept<CustomStatus>> = all.iter().filter(fits).collect();
    chosen.sort_by_key(|it| (it.status_category, !it.default, it.id()));
    let shown: Vec<Value> = chosen.into_iter().map(|it| it.shown(call)).collect();
    Ok(Answer::ok(json!({"custom_statuses": shown})))
}

fn status(call: &Call<'_>) -> Result<Kept<CustomStatus>, Refused> {
    call.account.find::<CustomStatus>(call.id("id")?)?.ok_or(Refused::NotFound)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &status(call)?.record)))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("custom_status")?;
    let mut status = CustomStatus {
        id: CustomStatusId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        status_category: edit.category()?,
        agent_label: String::new(),
        end_user_label: String::new(),
        description: None,
        end_user_description: None,
        active: true,
        default: false,
    };
    edit.apply(&mut status)?;
    let all = call.account.all::<CustomStatus>()?;
    let alike = all.iter().filter(|it| it.status_category == status.status_category).count();
    if all.len() >= MAX || alike >= MAX_OF_CATEGORY {
        let text = format!("there are at most {MAX} statuses, and {MAX_OF_CATEGORY} of a category");
        return Err(Refused::field("base", text));
    }
    call.add(&status).await?;
    Ok(created(call, &status))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = status(call)?;
    let edit: Edit = call.ask.record("custom_status")?;
    let mut after = CustomStatus { updated_at: call.at, ..before.record.clone() };
    edit.apply(&mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// The ids come as one text, separated by commas; one of each category at most.
async fn defaults(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = match call.ask.member("ids")? {
        Value::Array(_) => call.ask.body_ids("ids")?,
        Value::String(text) => {
            let ids: Result<Vec<u64>, _> = text.split(',').map(|it| it.trim().parse()).collect();
            ids.map_err(|_| Refused::parameter("ids", "must be ids, separated by commas"))?
        }
        Value::Number(id) => id.as_u64().into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Object(_) => Vec::new(),
    };
    let all = call.account.all::<CustomStatus>()?;
    let find = |id: &u64| all.iter().find(|it| it.id() == *id).ok_or(Refused::NotFound);
    let chosen: Vec<&Kept<CustomStatus>> = ids.iter().map(find).collect::<Result<_, _>>()?;
    let mut changes = Changes::new();
    for (at, status) in chosen.iter().enumerate() {
        let category = status.status_category;
        if chosen.iter().skip(at.saturating_add(1)).any(|it| it.status_category == category) {
            return Err(Refused::field("ids", "name several statuses of one category"));
        }
        if !status.active {
            return Err(Refused::field(
                "active",
                "the default status of a category must be active",
            ));
        }
        for other in all.iter().filter(|it| it.status_category == category) {
            let default = other.id == status.id;
            if other.default != default {
                let after = CustomStatus { default, updated_at: call.at, ..other.record.clone() };
                changes.update(other, &after)?;
            }
        }
    }
    call.commit(changes).await?;
    Ok(Answer::ok(json!({})))
}
