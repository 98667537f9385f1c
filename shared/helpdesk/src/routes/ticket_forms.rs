//! Forms
//! ([ticket forms](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/)).

use super::written;
use super::{Shown, by_cursor, created, listed, one, placed, whole};
use crate::access::Action::ManageTicketForms;
use crate::access::Actor;
use crate::account::Brand;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::content::or_raw;
use crate::field::form::{Condition, check};
use crate::field::{LAST, TicketField, TicketForm};
use crate::ids::{BrandId, FieldId, FormId};
use crate::record::{Changes, Kept, Record};
use crate::refusal::Refusal;
use crate::routes;
use crate::wire::{given, text, truth};
use serde::Deserialize;
use serde_json::{Value, json};

/// Forms.
pub const ROUTES: &[Route] = routes![
    GET "/ticket_forms" Guard::Anyone => list, "Lists ticket forms";
    GET "/ticket_forms/show_many" Guard::Anyone => show_many, "Shows several ticket forms";
    POST "/ticket_forms" Guard::May(ManageTicketForms) => create, "Adds a ticket form";
    PUT "/ticket_forms/reorder" Guard::May(ManageTicketForms) => reorder, "Puts ticket forms in order";
    GET "/ticket_forms/{id}" Guard::Anyone => show, "Shows a ticket form";
    PUT "/ticket_forms/{id}" Guard::May(ManageTicketForms) => update, "Changes a ticket form";
    DELETE "/ticket_forms/{id}" Guard::May(ManageTicketForms) => delete, "Deletes a ticket form";
    POST "/ticket_forms/{id}/clone" Guard::May(ManageTicketForms) => clone, "Copies a ticket form";
    GET "/ticket_forms/{id}/ticket_form_statuses" refused "Every form has all statuses", "Lists the statuses of a ticket form";
    POST "/ticket_forms/{id}/ticket_form_statuses" refused "Every form has all statuses", "Gives statuses to a ticket form";
    PUT "/ticket_forms/{id}/ticket_form_statuses" refused "Every form has all statuses", "Changes the statuses of a ticket form";
    PUT "/ticket_forms/{id}/ticket_form_statuses/{status_id}" refused "Every form has all statuses", "Changes a status of a ticket form";
    DELETE "/ticket_forms/{id}/ticket_form_statuses/{status_id}" refused "Every form has all statuses", "Takes a status from a ticket form";
    GET "/ticket_form_statuses" refused "Every form has all statuses", "Lists the statuses of all ticket forms";
];

/// Forms of an account (Zendesk's limit).
const MAX_FORMS: usize = 300;

/// Characters of a name.
const MAX_NAME: usize = 255;

/// Forms whose positions one commit changes.
const COMMIT: usize = 40;

impl Shown for TicketForm {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/ticket_forms/{}.json", self.id)),
            "id": self.id,
            "name": written(call, &self.name),
            "raw_name": self.name,
            "display_name": written(call, &self.display_name),
            "raw_display_name": self.display_name,
            "end_user_visible": self.end_user_visible,
            "position": self.position,
            "ticket_field_ids": self.ticket_field_ids,
            "active": self.active,
            "default": self.default,
            "in_all_brands": self.in_all_brands,
            "restricted_brand_ids": self.restricted_brand_ids,
            "agent_conditions": self.agent_conditions,
            "end_user_conditions": self.end_user_conditions,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// What is asked of a form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    raw_name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    display_name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    raw_display_name: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    end_user_visible: Option<bool>,
    position: Option<i64>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(deserialize_with = "truth")]
    default: Option<bool>,
    #[serde(deserialize_with = "truth")]
    in_all_brands: Option<bool>,
    restricted_brand_ids: Option<Vec<BrandId>>,
    ticket_field_ids: Option<Vec<FieldId>>,
    #[serde(deserialize_with = "given")]
    agent_conditions: Option<Option<Vec<Condition>>>,
    #[serde(deserialize_with = "given")]
    end_user_conditions: Option<Option<Vec<Condition>>>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, form: &mut TicketForm) -> Result<(), Refused> {
        let before = form.name.clone();
        if let Some(name) = or_raw(self.name, self.raw_name) {
            form.name = name.unwrap_or_default();
        }
        // Until they are given another, end-users see the name that agents see.
        if form.display_name == before {
            form.display_name.clone_from(&form.name);
        }
        if let Some(name) = or_raw(self.display_name, self.raw_display_name) {
            form.display_name = name.unwrap_or_else(|| form.name.clone());
        }
        let set = |to: &mut bool, given: Option<bool>| *to = given.unwrap_or(*to);
        set(&mut form.end_user_visible, self.end_user_visible);
        set(&mut form.active, self.active);
        set(&mut form.in_all_brands, self.in_all_brands);
        form.default |= self.default == Some(true);
        form.position = self.position.unwrap_or(form.position);
        if let Some(brands) = self.restricted_brand_ids {
            form.restricted_brand_ids = brands;
        }
        if let Some(mut fields) = self.ticket_field_ids {
            let mut seen = std::collections::BTreeSet::new();
            fields.retain(|id| seen.insert(*id));
            form.ticket_field_ids = fields;
        }
        if let Some(conditions) = self.agent_conditions {
            form.agent_conditions = conditions.unwrap_or_default();
        }
        if let Some(conditions) = self.end_user_conditions {
            form.end_user_conditions = conditions.unwrap_or_default();
        }
        Ok(against(call, form)?)
    }
}

/// What speaks against a form.
fn against(call: &Call<'_>, form: &TicketForm) -> Result<(), Refusal> {
    let mut refusal = Refusal::default();
    if form.name.is_empty() {
        refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
    }
    if form.name.chars().count().max(form.display_name.chars().count()) > MAX_NAME {
        let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("name", text, Some("ValueTooLong"));
    }
    if form.default && !form.active {
        let text = "Active: the default ticket form must be active";
        refusal.add("active", text, Some("InvalidValue"));
    }
    let brands = call.account.all::<Brand>().unwrap_or_default();
    if form.restricted_brand_ids.iter().any(|id| !brands.iter().any(|it| it.id == *id)) {
        refusal.add(
            "restricted_brand_ids",
            "Restricted brand ids: is invalid",
            Some("InvalidValue"),
        );
    }
    let fields = call.account.all::<TicketField>().unwrap_or_default();
    if form.ticket_field_ids.iter().any(|id| !fields.iter().any(|it| it.field.id == *id)) {
        refusal.add("ticket_field_ids", "Ticket field ids: is invalid", Some("InvalidValue"));
    }
    let sides = [
        ("agent_conditions", "Agent conditions", &form.agent_conditions),
        ("end_user_conditions", "End user conditions", &form.end_user_conditions),
    ];
    for (name, title, conditions) in sides {
        if let Err(why) = check(conditions, form, &fields) {
            refusal.add(name, format!("{title}: {why}"), Some("InvalidValue"));
        }
    }
    refusal.against(())
}

fn is_agent(call: &Call<'_>) -> bool {
    call.actor.as_ref().is_some_and(Actor::is_agent)
}

/// Whether who asks sees it: end-users see what is visible to them.
fn sees(call: &Call<'_>, form: &TicketForm) -> bool {
    is_agent(call) || (form.end_user_visible && form.active)
}

/// Whether the query asks for it.
fn wanted(call: &Call<'_>, form: &TicketForm, default: Option<BrandId>) -> bool {
    let is = |name: &str, value: bool| match call.ask.query(name) {
        Some("true") => value,
        Some("false") => !value,
        _ => true,
    };
    is("active", form.active)
        && is("end_user_visible", form.end_user_visible)
        && is("associated_to_brand", default.is_some_and(|brand| form.is_of(brand)))
}

/// The forms that the query asks for; the default one where there are none that end-users may use, if the query says
/// so.
fn chosen(call: &Call<'_>) -> Result<Vec<Kept<TicketForm>>, Refused> {
    let all = call.account.all::<TicketForm>()?;
    let default = call.account.all::<Brand>()?.iter().find(|it| it.default).map(|it| it.id);
    let fits = |it: &&Kept<TicketForm>| sees(call, it) && wanted(call, it, default);
    let mut chosen: Vec<_> = all.iter().filter(fits).cloned().collect();
    let usable = chosen.iter().any(|it| it.active && it.end_user_visible);
    if call.ask.flag("fallback_to_default") && !usable {
        chosen.extend(all.iter().find(|it| it.default).cloned());
        chosen.dedup_by_key(|it| it.id);
    }
    Ok(chosen)
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let chosen = chosen(call)?;
    if by_cursor(call) { listed(call, &chosen) } else { placed(call, &chosen, |it| it.position) }
}

async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    let chosen = chosen(call)?;
    Ok(whole(call, chosen.iter().filter(|it| ids.contains(&it.id())), |it| it.position))
}

fn form(call: &Call<'_>) -> Result<Kept<TicketForm>, Refused> {
    call.account.find::<TicketForm>(call.id("id")?)?.ok_or(Refused::NotFound)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let form = form(call)?;
    if !sees(call, &form) {
        return Err(Refused::NotFound);
    }
    Ok(Answer::ok(one(call, &form.record)))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("ticket_form")?;
    let mut form = TicketForm {
        id: FormId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: String::new(),
        display_name: String::new(),
        end_user_visible: true,
        position: LAST,
        active: true,
        default: false,
        in_all_brands: true,
        restricted_brand_ids: Vec::new(),
        ticket_field_ids: Vec::new(),
        agent_conditions: Vec::new(),
        end_user_conditions: Vec::new(),
    };
    edit.apply(call, &mut form)?;
    add(call, form).await
}

async fn add(call: &Call<'_>, form: TicketForm) -> Result<Answer, Refused> {
    if call.account.all::<TicketForm>()?.len() >= MAX_FORMS {
        let text = format!("an account has at most {MAX_FORMS} ticket forms");
        return Err(Refused::field("base", text));
    }
    let mut changes = Changes::new();
    changes.create(&form)?;
    only_default(call, &mut changes, &form)?;
    call.commit(changes).await?;
    Ok(created(call, &form))
}

/// Where this one is the default, no other is.
fn only_default(call: &Call<'_>, changes: &mut Changes, form: &TicketForm) -> Result<(), Refused> {
    let all = call.account.all::<TicketForm>()?;
    for other in all.iter().filter(|it| form.default && it.default && it.id != form.id) {
        let after = TicketForm { default: false, updated_at: call.at, ..other.record.clone() };
        changes.update(other, &after)?;
    }
    Ok(())
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = form(call)?;
    let edit: Edit = call.ask.record("ticket_form")?;
    let mut after = TicketForm { updated_at: call.at, ..before.record.clone() };
    edit.apply(call, &mut after)?;
    let mut changes = Changes::new();
    changes.update(&before, &after)?;
    only_default(call, &mut changes, &after)?;
    call.commit(changes).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// Tickets that were written with it keep its id, as closed tickets must.
async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let form = form(call)?;
    if form.default {
        return Err(Refused::field("base", "the default ticket form cannot be deleted"));
    }
    call.remove(&form).await
}

/// The copy is named so if the body says so; otherwise it has the same name.
async fn clone(call: &Call<'_>) -> Result<Answer, Refused> {
    let form = form(call)?;
    let prepend = call.ask.json()?.get("prepend_clone_title").and_then(Value::as_bool);
    let prefix = if prepend == Some(true) { "Clone of " } else { "" };
    let copy = TicketForm {
        id: FormId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: format!("{prefix}{}", form.name),
        default: false,
        position: LAST,
        ..form.record
    };
    add(call, copy).await
}

async fn reorder(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.body_ids("ticket_form_ids")?;
    let all = call.account.all::<TicketForm>()?;
    let mut sorted: Vec<&Kept<TicketForm>> = all.iter().collect();
    let listed =
        |it: &Kept<TicketForm>| ids.iter().position(|id| *id == it.id()).unwrap_or(usize::MAX);
    sorted.sort_by_key(|it| (listed(it), it.position, it.id()));
    let numbered = (1_i64..).zip(sorted);
    let at = |(position, form): (i64, &Kept<TicketForm>)| Kept {
        record: TicketForm { position, ..form.record.clone() },
        revision: form.revision,
    };
    let after: Vec<Kept<TicketForm>> = numbered.map(at).collect();
    for part in after.chunks(COMMIT) {
        let mut changes = Changes::new();
        for form in part {
            if let Some(before) = all.iter().find(|it| it.id == form.id && it.record != form.record)
            {
                changes.update(before, &form.record)?;
            }
        }
        call.commit(changes).await?;
    }
    Ok(whole(call, &after, |it| it.position))
}
