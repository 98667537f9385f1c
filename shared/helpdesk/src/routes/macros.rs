//! Macros ([macros](https://developer.zendesk.com/api-reference/ticketing/business-rules/macros/)). Applying one tells
//! what it would change; the caller then changes the ticket.

use super::placeholders::placeholders;
use super::rules::{self, Governed};
use super::tickets::{sees, ticket as visible};
use super::{Shown, created, one};
use crate::access::Action::{ChangeOwned, ListTickets, ReadOwned};
use crate::account::CustomStatus;
use crate::account::custom_status::fitting;
use crate::api::{Answer, Ask, Call, Guard, Refused, Route};
use crate::field::ticket::Outcome;
use crate::ids::RecordId;
use crate::record::{Kept, Record, places};
use crate::refusal::Refusal;
use crate::routes;
use crate::rule::{
    Action, Applier, Effect, Head, HeadEdit, Macro, Refers, Restriction, Use, check_actions,
    defined_actions, last, listed_actions,
};
use crate::store::Key;
use crate::ticket::{Status, Ticket};
use crate::trigger::Around;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Macros.
pub const ROUTES: &[Route] = routes![
    GET "/macros" Guard::Agents => list, "Lists macros";
    GET "/macros/active" Guard::Agents => active, "Lists macros that are in use";
    GET "/macros/categories" Guard::Agents => categories, "Lists the categories of macros";
    GET "/macros/actions" Guard::Agents => actions, "Lists what macros may do";
    GET "/macros/definitions" Guard::Agents => definitions, "Lists what macros may do, with all its values";
    GET "/macros/search" Guard::Agents => search, "Searches macros by title";
    GET "/macros/new" Guard::Agents => derived, "Shows a macro made of another one, or of a ticket";
    POST "/macros" Guard::Agents => create, "Adds a macro";
    PUT "/macros/update_many" Guard::Agents => update_many, "Moves several macros, or takes them in or out of use";
    DELETE "/macros/destroy_many" Guard::Agents => rules::delete_all::<Macro>, "Deletes several macros";
    GET "/macros/{id}" Guard::Agents => show, "Shows a macro";
    PUT "/macros/{id}" Guard::Agents => update, "Changes a macro";
    DELETE "/macros/{id}" Guard::Agents => rules::delete::<Macro>, "Deletes a macro";
    GET "/macros/{id}/apply" Guard::Agents => apply, "Tells what a macro would change";
    GET "/macros/{id}/attachments" refused "macros carry no files", "Lists the files of a macro";
    POST "/macros/{id}/attachments" refused "macros carry no files", "Adds a file to a macro";
    POST "/macros/attachments" refused "macros carry no files", "Adds a file for a macro";
    GET "/macros/attachments/{id}" refused "macros carry no files", "Shows a file of a macro";
    GET "/macros/attachments/{id}/content" refused "macros carry no files", "Gets a file of a macro";
];

/// Macros on tickets.
pub const OF_TICKETS: &[Route] = routes![
    GET "/tickets/{ticket_id}/macros/{id}/apply" Guard::May(ListTickets), needs applied => apply_to, "Shows a ticket as it would be after a macro";
];

impl Shown for Macro {
    fn shown(&self, call: &Call<'_>) -> Value {
        let head = &self.head;
        json!({
            "url": call.url(&format!("/macros/{}.json", head.id)),
            "id": head.id,
            "title": head.title,
            "active": head.active,
            "updated_at": head.updated_at,
            "created_at": head.created_at,
            "default": head.default,
            "position": head.position,
            "description": head.description,
            "actions": self.actions,
            "restriction": self.restriction.as_ref().map(Restriction::shown),
            "raw_title": head.title,
        })
    }
}

impl Governed for Macro {
    fn readable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        rules::owned::<Self>(call, ReadOwned, self.restriction.as_ref())
    }

    fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        rules::owned::<Self>(call, ChangeOwned, self.restriction.as_ref())
    }
}

/// The macros that who asks may see, as the request narrows them down. To administrators these are all; those that
/// they may apply themselves are fewer.
async fn seen(call: &Call<'_>, applicable: bool) -> Result<Vec<Kept<Macro>>, Refused> {
    let all = rules::visible::<Macro>(call, |it| it.restriction.as_ref()).await?;
    let me = call.actor()?;
    let own = |it: &Kept<Macro>| match &it.restriction {
        None => true,
        Some(Restriction::User { id }) => *id == me.id(),
        Some(Restriction::Group { ids }) => ids.iter().any(|id| me.group_ids.contains(id)),
    };
    let asked = rules::accessible(call)?;
    let category = call.ask.query("category").filter(|text| !text.is_empty());
    let of = |it: &Kept<Macro>| category.is_none_or(|name| it.category() == Some(name));
    let fits = |it: &Kept<Macro>| {
        (!applicable || own(it)) && asked.fits(it.restriction.as_ref()) && of(it)
    };
    Ok(all.into_iter().filter(fits).collect())
}

/// The page of these, with all categories if they are to be included.
async fn listed(call: &Call<'_>, macros: Vec<Kept<Macro>>) -> Result<Answer, Refused> {
    let mut body = rules::page(call, macros)?;
    if call.ask.list("include").contains(&"categories") {
        body.insert("categories".to_owned(), json!(named_categories(call).await?));
    }
    Ok(Answer::ok(Value::Object(body)))
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = seen(call, call.ask.flag("only_viewable")).await?.into_iter();
    listed(call, all.filter(|it| rules::in_use(call, &it.record)).collect()).await
}

async fn active(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = seen(call, true).await?.into_iter();
    listed(call, all.filter(|it| it.head.active).collect()).await
}

async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    let query = rules::query(call)?;
    let all = seen(call, call.ask.flag("only_viewable")).await?.into_iter();
    let fits =
        |it: &Kept<Macro>| rules::sought(query, &it.record) && rules::in_use(call, &it.record);
    listed(call, all.filter(fits).collect()).await
}

async fn named_categories(call: &Call<'_>) -> Result<BTreeSet<String>, Refused> {
    let all = rules::visible::<Macro>(call, |it| it.restriction.as_ref()).await?;
    let active = all.iter().filter(|it| it.head.active);
    Ok(active.filter_map(|it| it.category().map(str::to_owned)).collect())
}

async fn categories(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"categories": named_categories(call).await?})))
}

async fn actions(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"actions": listed_actions(&rules::choices(call)?)})))
}

async fn definitions(call: &Call<'_>) -> Result<Answer, Refused> {
    let actions = defined_actions(Use::Macro, &rules::choices(call)?);
    Ok(Answer::ok(json!({"definitions": {"actions": actions}})))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &rules::named::<Macro>(call).await?.record)))
}

/// What is asked of a macro.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(flatten)]
    head: HeadEdit,
    actions: Option<Vec<Action>>,
    #[serde(deserialize_with = "crate::wire::given")]
    restriction: Option<Option<Value>>,
}

impl Edit {
    async fn apply(self, call: &Call<'_>, edited: &mut Macro) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        let mut refers = Refers::default();
        self.head.apply(&mut edited.head, call.at, &mut refusal);
        edited.actions = self.actions.unwrap_or(std::mem::take(&mut edited.actions));
        check_actions(&edited.actions, Use::Macro, &mut refers, &mut refusal);
        if let Some(restriction) = self.restriction {
            edited.restriction = Restriction::read(restriction, &mut refusal);
            if let Some(restriction) = &edited.restriction {
                restriction.refers(&mut refers);
            }
        }
        let set = edited.actions.iter().map(|it| (it.field.as_str(), &it.value));
        rules::own_values(call, set, &mut refusal)?;
        rules::resolve(call, &refers, &mut refusal).await?;
        let () = refusal.against(())?;
        rules::must_change(call, edited)
    }
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("macro")?;
    let all = rules::all::<Macro>(call).await?;
    let position = last(all.iter().map(|it| &it.head));
    let head = Head::new(RecordId::fresh(call)?, call.at, position);
    let mut made = Macro { head, actions: Vec::new(), restriction: None };
    edit.apply(call, &mut made).await?;
    call.add(&made).await?;
    Ok(created(call, &made))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = rules::named::<Macro>(call).await?;
    rules::must_change(call, &before.record)?;
    let edit: Edit = call.ask.record("macro")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn update_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = rules::moved::<Macro>(call).await?.into_iter();
    rules::change_all(call, all.map(|(before, after, _)| (before, after)).collect()).await
}

/// Who asks, as one who applies macros: tickets that they take go to their default group.
fn applier(call: &Call<'_>) -> Result<Applier, Refused> {
    let id = call.actor()?.id();
    let agents = call.account.agents()?;
    let group_id = agents.groups.get(&id).and_then(|groups| groups.first().copied());
    Ok(Applier { id, group_id })
}

/// What a macro does, the values of the account's own fields as tickets keep them.
fn worked_out(call: &Call<'_>, of: &Macro, ticket: Option<&Ticket>) -> Result<Effect, Refused> {
    let mut effect = Effect::of(&of.actions, ticket, applier(call)?);
    for (id, value) in std::mem::take(&mut effect.fields) {
        let field = rules::own_field(call, id.get())?;
        if let Some(Ok(Outcome::Is(value))) = field.map(|field| field.accept(&value)) {
            effect.fields.insert(id, value);
        }
    }
    Ok(effect)
}

async fn apply(call: &Call<'_>) -> Result<Answer, Refused> {
    let applied = rules::named::<Macro>(call).await?;
    let effect = worked_out(call, &applied, None)?;
    Ok(Answer::ok(json!({"result": {"ticket": effect.changed()}})))
}

/// The macro that the path names.
fn applied(ask: &Ask) -> Vec<Key> {
    let id = ask.segments().nth(3).and_then(|id| id.parse().ok());
    id.map(|id| places::record(Macro::KIND, id)).into_iter().collect()
}

/// The whole ticket, and with it what the macro says, in which placeholders are replaced.
async fn apply_to(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = visible(call, "ticket_id").await?;
    let of = rules::named::<Macro>(call).await?;
    let effect = worked_out(call, &of, Some(&ticket))?;
    let mut after = effect.on(&ticket);
    let statuses = call.account.all::<CustomStatus>()?;
    after.custom_status_id = fitting(&statuses, after.status, after.custom_status_id);
    let mut shown = after.shown(call);
    if let (Some(said), Some(shown)) = (effect.said, shown.as_object_mut()) {
        let placeholders = placeholders(call, &after, &Around::default()).await?;
        shown.insert("comment".to_owned(), said.filled(&placeholders).shown());
    }
    Ok(Answer::ok(json!({"result": {"ticket": shown}})))
}

/// It is not kept: whoever asks may change it and add it.
async fn derived(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = |name: &str| -> Result<Option<u64>, Refused> {
        let wrong = |_| Refused::parameter(name, "must be an integer");
        call.ask.query(name).map(|text| text.parse().map_err(wrong)).transpose()
    };
    let (title, description, actions, restriction) = match (id("macro_id")?, id("ticket_id")?) {
        (Some(id), _) => {
            let of = rules::several::<Macro>(call, &[id]).await?.pop().ok_or(Refused::NotFound)?;
            if !of.readable(call)? {
                return Err(Refused::NotFound);
            }
            let Macro { head, actions, restriction } = of.record;
            (head.title, head.description, actions, restriction)
        }
        (None, Some(id)) => {
            let ticket = call.get::<Ticket>(id).await?;
            if !sees(call, &ticket).await? {
                return Err(Refused::NotFound);
            }
            (String::new(), None, repeating(&ticket), None)
        }
        (None, None) => {
            return Err(Refused::parameter("macro_id", "or ticket_id is required"));
        }
    };
    Ok(Answer::ok(json!({"macro": {
        "title": title,
        "raw_title": title,
        "active": true,
        "default": false,
        "description": description,
        "actions": actions,
        "restriction": restriction.as_ref().map(Restriction::shown),
    }})))
}

/// What would make another ticket like this one.
fn repeating(ticket: &Ticket) -> Vec<Action> {
    let action = |field: &str, value: String| Action {
        field: field.to_owned(),
        value: Value::String(value),
    };
    let mut actions = Vec::new();
    if !matches!(ticket.status, Status::New | Status::Closed) {
        actions.push(action("status", ticket.status.as_str().to_owned()));
    }
    actions.extend(ticket.priority.map(|it| action("priority", it.as_str().to_owned())));
    actions.extend(ticket.kind.map(|it| action("type", it.as_str().to_owned())));
    actions.extend(ticket.group_id.map(|it| action("group_id", it.to_string())));
    actions.extend(ticket.assignee_id.map(|it| action("assignee_id", it.to_string())));
    if !ticket.tags.is_empty() {
        let tags: Vec<&str> = ticket.tags.iter().map(String::as_str).collect();
        actions.push(action("current_tags", tags.join(" ")));
    }
    let own = ticket.custom_fields.iter().filter(|(_, value)| !value.is_null());
    actions.extend(
        own.map(|(id, value)| Action {
            field: format!("custom_fields_{id}"),
            value: value.clone(),
        }),
    );
    actions
}
