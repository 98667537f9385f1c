//! Fields of tickets
//! ([ticket fields](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/)).

use super::super::{Shown, by_cursor, created, listed, one, whole, written};
use super::{AnyField, begun, choices, fresh, named, reorder, shown};
use crate::access::Action::{ManageTicketFields, ReadAccount};
use crate::account::CustomStatus;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::content::or_raw;
use crate::field::{Field, FieldType, TicketField, TicketForm, edit};
use crate::record::{Changes, Kept, Record};
use crate::refusal::Refusal;
use crate::routes;
use crate::ticket::{Kind, Priority, Status};
use crate::wire::{text, truth};
use serde::Deserialize;
use serde_json::{Value, json};

/// Fields of tickets.
pub const ROUTES: &[Route] = routes![
    GET "/ticket_fields" Guard::Anyone => list, "Lists ticket fields";
    GET "/ticket_fields/count" Guard::May(ReadAccount) => count, "Counts ticket fields";
    GET "/ticket_fields/show_many" Guard::Anyone => show_many, "Shows several ticket fields";
    POST "/ticket_fields" Guard::May(ManageTicketFields) => create, "Adds a ticket field";
    PUT "/ticket_fields/reorder" Guard::May(ManageTicketFields) => reorder::<TicketField>, "Puts ticket fields in order";
    GET "/ticket_fields/{field_id}" Guard::Anyone => show, "Shows a ticket field";
    PUT "/ticket_fields/{field_id}" Guard::May(ManageTicketFields) => update, "Changes a ticket field and its options";
    DELETE "/ticket_fields/{field_id}" Guard::May(ManageTicketFields) => delete, "Deletes a ticket field";
    GET "/ticket_fields/{field_id}/options" Guard::May(ReadAccount) => list_choices, "Lists the options of a ticket field";
    POST "/ticket_fields/{field_id}/options" Guard::May(ManageTicketFields) => put_choice, "Adds or changes an option of a ticket field";
    GET "/ticket_fields/{field_id}/options/{option_id}" Guard::May(ReadAccount) => show_choice, "Shows an option of a ticket field";
    DELETE "/ticket_fields/{field_id}/options/{option_id}" Guard::May(ManageTicketFields) => delete_choice, "Deletes an option of a ticket field";
];

impl AnyField for TicketField {
    fn field(&self) -> &Field {
        &self.field
    }

    fn with(&self, field: Field) -> Self {
        Self { field, ..self.clone() }
    }
}

impl Shown for TicketField {
    fn shown(&self, call: &Call<'_>) -> Value {
        let mut all = shown(call, self);
        let mut put = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
        put("required", json!(self.required));
        put("collapsed_for_agents", json!(self.collapsed_for_agents));
        put("title_in_portal", json!(written(call, &self.title_in_portal)));
        put("raw_title_in_portal", json!(self.title_in_portal));
        put("visible_in_portal", json!(self.visible_in_portal));
        put("editable_in_portal", json!(self.editable_in_portal));
        put("required_in_portal", json!(self.required_in_portal));
        put("agent_can_edit", json!(true));
        put("removable", json!(!self.kind.is_system()));
        put("key", Value::Null);
        put("agent_description", json!(self.agent_description));
        match self.kind {
            FieldType::Priority => {
                put("sub_type_id", json!(0));
                put("system_field_options", options(Priority::ALL, Priority::as_str));
            }
            FieldType::Status => {
                put("sub_type_id", json!(1));
                put("system_field_options", options(Status::ALL, Status::as_str));
            }
            FieldType::TicketType => {
                put("system_field_options", options(Kind::ALL, Kind::as_str));
            }
            FieldType::CustomStatus => {
                let all = call.account.all::<CustomStatus>().unwrap_or_default();
                put("custom_statuses", all.iter().map(|it| it.shown(call)).collect());
            }
            _ => {}
        }
        if call.ask.flag("creator") {
            put("creator_user_id", json!(self.creator_user_id));
            put("creator_app_name", Value::Null);
        }
        Value::Object(all)
    }
}

/// What every ticket can have in a field that every ticket has.
fn options<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Value {
    let option = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|it| it.to_ascii_uppercase());
        let name: String = first.into_iter().chain(letters).collect();
        json!({"name": if word == "hold" { "On-hold" } else { &name }, "value": word})
    };
    all.iter().map(|it| option(word(*it))).collect()
}

/// What is asked of a ticket field.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(flatten)]
    common: edit::Edit,
    #[serde(deserialize_with = "text")]
    agent_description: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    title_in_portal: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    raw_title_in_portal: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    required: Option<bool>,
    #[serde(deserialize_with = "truth")]
    required_in_portal: Option<bool>,
    #[serde(deserialize_with = "truth")]
    visible_in_portal: Option<bool>,
    #[serde(deserialize_with = "truth")]
    editable_in_portal: Option<bool>,
    #[serde(deserialize_with = "truth")]
    collapsed_for_agents: Option<bool>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, field: &mut TicketField) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        let before = field.title.clone();
        self.common.apply(&mut field.field, &fresh(call), &mut refusal)?;
        // Until they are given another, end-users see the name that agents see.
        if field.title_in_portal == before {
            field.title_in_portal.clone_from(&field.field.title);
        }
        if let Some(title) = or_raw(self.title_in_portal, self.raw_title_in_portal) {
            field.title_in_portal = title.unwrap_or_else(|| field.field.title.clone());
        }
        if let Some(description) = self.agent_description {
            field.agent_description = description;
        }
        let set = |to: &mut bool, given: Option<bool>| *to = given.unwrap_or(*to);
        set(&mut field.required, self.required);
        set(&mut field.required_in_portal, self.required_in_portal);
        set(&mut field.visible_in_portal, self.visible_in_portal);
        set(&mut field.editable_in_portal, self.editable_in_portal);
        set(&mut field.collapsed_for_agents, self.collapsed_for_agents);
        let optional = matches!(field.kind, FieldType::TicketType | FieldType::Priority);
        if field.kind.is_system() && !optional && !field.active {
            refusal.add(
                "active",
                "Active: a system field cannot be inactive",
                Some("InvalidValue"),
            );
        }
        Ok(refusal.against(())?)
    }
}

/// Whether who asks sees it: end-users see what is visible to them.
fn sees(call: &Call<'_>, field: &TicketField) -> bool {
    let agent = call.actor.as_ref().is_some_and(crate::access::Actor::is_agent);
    agent || (field.visible_in_portal && field.active)
}

/// All of them by position, or a page by id where a cursor is asked for.
async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<TicketField>()?;
    let seen = all.iter().filter(|it| sees(call, it));
    if by_cursor(call) { listed(call, seen) } else { Ok(whole(call, seen, |it| it.position)) }
}

async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let count = call.account.all::<TicketField>()?.len();
    Ok(Answer::ok(json!({"count": {"value": count, "refreshed_at": call.at}})))
}

/// Ticket fields have no keys here, so that they are named by their ids only.
async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let name =
        if call.ask.query("ticket_field_ids").is_some() { "ticket_field_ids" } else { "ids" };
    let ids = call.ask.ids(name)?;
    let all = call.account.all::<TicketField>()?;
    let wanted = all.iter().filter(|it| ids.contains(&it.id()) && sees(call, it));
    Ok(whole(call, wanted, |it| it.position))
}

fn field(call: &Call<'_>) -> Result<Kept<TicketField>, Refused> {
    named(call, |_| None)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let field = field(call)?;
    if !sees(call, &field) {
        return Err(Refused::NotFound);
    }
    Ok(Answer::ok(one(call, &field.record)))
}

/// While there is one form, it has every field.
async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("ticket_field")?;
    let field = begun(call, edit.common.kind.as_deref(), FieldType::is_of_tickets)?;
    let mut field = TicketField::new(field);
    edit.apply(call, &mut field)?;
    let mut changes = Changes::new();
    changes.create(&field)?;
    if let [only] = call.account.all::<TicketForm>()?.as_slice() {
        let mut form = TicketForm { updated_at: call.at, ..only.record.clone() };
        form.ticket_field_ids.push(field.field.id);
        changes.update(only, &form)?;
    }
    call.commit(changes).await?;
    Ok(created(call, &field))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = field(call)?;
    let edit: Edit = call.ask.record("ticket_field")?;
    let mut after = before.record.clone();
    after.field.updated_at = call.at;
    edit.apply(call, &mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// A field goes from the forms that it is on. What tickets have in it is not shown any more.
async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let gone = field(call)?;
    if gone.kind.is_system() {
        return Err(Refused::field("base", "a system field cannot be deleted"));
    }
    let mut changes = Changes::new();
    changes.delete(&gone)?;
    for form in call.account.all::<TicketForm>()?.iter() {
        if form.ticket_field_ids.contains(&gone.field.id) {
            let mut after = form.record.clone();
            after.forget(gone.field.id);
            after.updated_at = call.at;
            changes.update(form, &after)?;
        }
    }
    call.commit(changes).await?;
    Ok(Answer::gone())
}

async fn list_choices(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::list(call, &field(call)?)
}

async fn show_choice(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::show(call, &field(call)?)
}

async fn put_choice(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::put(call, &field(call)?).await
}

async fn delete_choice(call: &Call<'_>) -> Result<Answer, Refused> {
    choices::delete(call, &field(call)?).await
}
