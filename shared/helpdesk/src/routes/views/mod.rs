//! Views ([views](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/)): what they are. Which
//! tickets they show is found by search.

mod rows;
mod run;

use super::rules::{self, Governed};
use super::written;
use super::{Shown, created, one};
use crate::access::Action::{ChangeOwned, ReadOwned};
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::RecordId;
use crate::record::{Kept, Record};
use crate::refusal::Refusal;
use crate::routes;
use crate::rule::{
    Column, Condition, Conditions, Head, HeadEdit, Order, Output, Refers, Restriction, Use, View,
    check_conditions, defined_conditions, last,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Views.
pub const ROUTES: &[Route] = routes![
    GET "/views" Guard::Agents => list, "Lists views";
    GET "/views/active" Guard::Agents => active, "Lists views that are in use";
    GET "/views/shared" Guard::Agents => shared, "Lists views that are in use and not somebody's own";
    GET "/views/compact" Guard::Agents => compact, "Lists the first 32 views that are in use";
    GET "/views/count" Guard::Agents => count, "Counts views";
    GET "/views/definitions" Guard::Agents => definitions, "Lists the conditions that views may have";
    GET "/views/search" Guard::Agents => search, "Searches views by title";
    GET "/views/show_many" Guard::Agents => show_many, "Shows several views";
    POST "/views" Guard::Agents => create, "Adds a view";
    PUT "/views/update_many" Guard::Agents => update_many, "Moves several views, or takes them in or out of use";
    DELETE "/views/destroy_many" Guard::Agents => rules::delete_all::<View>, "Deletes several views";
    GET "/views/{id}" Guard::Agents => show, "Shows a view";
    PUT "/views/{id}" Guard::Agents => update, "Changes a view";
    DELETE "/views/{id}" Guard::Agents => rules::delete::<View>, "Deletes a view";
    GET "/views/{id}/tickets" Guard::Agents => run::tickets, "Lists the tickets of a view";
    GET "/views/{id}/execute" Guard::Agents => run::execute, "Shows a view's rows";
    GET "/views/{id}/count" Guard::Agents => run::count, "Counts the tickets of a view";
    GET "/views/count_many" Guard::Agents, needs run::counted => run::count_many, "Counts the tickets of several views";
    POST "/views/preview" Guard::Agents => run::preview, "Shows the rows of a view that is not kept";
    POST "/views/preview/count" Guard::Agents => run::count_preview, "Counts the tickets of a view that is not kept";
    GET "/views/{id}/export" refused "Zendesk mails a file of it: GET /views/{id}/tickets lists all of its tickets", "Exports a view";
    GET "/views/{id}/feed" refused "it is not documented: GET /views/{id}/tickets lists its tickets", "Shows a view as a feed";
    GET "/views/{id}/execution_status" refused "it is not documented: a view is run at once", "Shows how the run of a view stands";
    GET "/views/{id}/recent_ticket_ids" refused "it is not documented: GET /views/{id}/tickets lists its tickets", "Lists the ids of a view's recent tickets";
    PUT "/views/reorder" refused "it is not documented: update_many takes positions", "Puts views into an order";
];

/// Views of a compact list (Zendesk's limit).
const COMPACT: usize = 32;

impl Shown for View {
    fn shown(&self, call: &Call<'_>) -> Value {
        let head = &self.head;
        json!({
            "url": call.url(&format!("/views/{}.json", head.id)),
            "id": head.id,
            "title": head.title,
            "active": head.active,
            "updated_at": head.updated_at,
            "created_at": head.created_at,
            "default": head.default,
            "position": head.position,
            "description": head.description,
            "execution": execution(&self.output, call),
            "conditions": self.conditions,
            "restriction": self.restriction.as_ref().map(Restriction::shown),
            "raw_title": head.title,
        })
    }
}

/// How a view shows its tickets, with the titles of its columns.
fn execution(output: &Output, call: &Call<'_>) -> Value {
    let columns: Vec<Value> = output.columns.iter().map(|name| column(name, call)).collect();
    let own = columns.iter().filter(|it| it.get("id").is_some_and(Value::is_u64));
    let own: Vec<&Value> = own.collect();
    let by = |name: &Option<String>, order: Order| {
        let mut shown = name.as_ref().map(|name| column(name, call))?;
        shown.as_object_mut()?.insert("order".to_owned(), json!(order));
        Some(shown)
    };
    json!({
        "group_by": output.group_by,
        "group_order": output.group_order,
        "sort_by": output.sort_by,
        "sort_order": output.sort_order,
        "group": by(&output.group_by, output.group_order),
        "sort": by(&output.sort_by, output.sort_order),
        "columns": columns,
        "fields": columns,
        "custom_fields": own,
    })
}

fn column(name: &str, call: &Call<'_>) -> Value {
    match Column::named(name) {
        Some(column) => json!({
            "id": column.id,
            "title": column.title,
            "filterable": column.filterable,
            "sortable": column.sortable,
        }),
        None => json!({
            "id": name.parse::<u64>().ok(),
            "title": title(name, call),
            "url": call.url(&format!("/ticket_fields/{name}.json")),
            "filterable": true,
            "sortable": true,
        }),
    }
}

/// The title of the ticket field with this id, if there is one.
fn title(id: &str, call: &Call<'_>) -> Option<String> {
    let field = rules::own_field(call, id.parse().ok()?).ok()??;
    Some(written(call, &field.record.field.title))
}

impl Governed for View {
    fn readable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        rules::owned::<Self>(call, ReadOwned, self.restriction.as_ref())
    }

    fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        rules::owned::<Self>(call, ChangeOwned, self.restriction.as_ref())
    }
}

/// The views that who asks sees: those that are shared with them, and their own.
async fn seen(call: &Call<'_>) -> Result<Vec<Kept<View>>, Refused> {
    let me = call.actor()?.id();
    let all = rules::visible::<View>(call, |view| view.restriction.as_ref()).await?;
    let own = |it: &Kept<View>| {
        let owner = it.restriction.as_ref().and_then(Restriction::owner);
        owner.is_none_or(|owner| owner == me)
    };
    let asked = rules::accessible(call)?;
    let fits = |it: &Kept<View>| own(it) && asked.fits(it.restriction.as_ref());
    Ok(all.into_iter().filter(fits).collect())
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = seen(call).await?;
    rules::listed(call, all.into_iter().filter(|it| rules::in_use(call, &it.record)).collect())
}

async fn in_use(call: &Call<'_>) -> Result<Vec<Kept<View>>, Refused> {
    Ok(seen(call).await?.into_iter().filter(|it| it.head.active).collect())
}

async fn active(call: &Call<'_>) -> Result<Answer, Refused> {
    rules::listed(call, in_use(call).await?)
}

async fn shared(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = in_use(call).await?.into_iter();
    let shared = |it: &Kept<View>| it.restriction.as_ref().and_then(Restriction::owner).is_none();
    rules::listed(call, all.filter(shared).collect())
}

/// It has one page, whatever page is asked for.
async fn compact(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut all = in_use(call).await?;
    all.sort_by_key(|it| (it.head.position, it.id()));
    all.truncate(COMPACT);
    let count = all.len();
    let views = rules::shown(call, &all)?;
    let body = json!({"views": views, "count": count, "next_page": null, "previous_page": null});
    Ok(Answer::ok(body))
}

async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let count = seen(call).await?.len();
    Ok(Answer::ok(json!({"count": {"value": count, "refreshed_at": call.at}})))
}

async fn definitions(call: &Call<'_>) -> Result<Answer, Refused> {
    let (all, any) = defined_conditions(Use::View, &rules::choices(call)?);
    Ok(Answer::ok(json!({"definitions": {"conditions_all": all, "conditions_any": any}})))
}

async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    let query = rules::query(call)?;
    let all = seen(call).await?.into_iter();
    let fits =
        |it: &Kept<View>| rules::sought(query, &it.record) && rules::in_use(call, &it.record);
    rules::listed(call, all.filter(fits).collect())
}

async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    let all = call.get_all::<View>(&ids).await?.into_iter();
    let all: Result<Vec<Option<Kept<View>>>, Refused> = all
        .filter(|it| rules::in_use(call, &it.record))
        .map(|it| Ok(it.readable(call)?.then_some(it)))
        .collect();
    rules::listed(call, all?.into_iter().flatten().collect())
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &rules::named::<View>(call).await?.record)))
}

/// What is asked of a view.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(flatten)]
    head: HeadEdit,
    #[serde(flatten)]
    shape: Shape,
    #[serde(deserialize_with = "crate::wire::given")]
    restriction: Option<Option<Value>>,
}

/// Which tickets a view shows, and how: of one that is kept, and of one that is not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Shape {
    all: Option<Vec<Condition>>,
    any: Option<Vec<Condition>>,
    conditions: Option<Conditions>,
    output: Value,
}

/// A view has to look at one of these, that it may not show everything.
const NEEDED: [&str; 5] = ["status", "type", "group_id", "assignee_id", "requester_id"];

impl Shape {
    /// The conditions that change replace their list; the others stay.
    fn apply(
        self,
        call: &Call<'_>,
        conditions: &mut Conditions,
        output: &mut Output,
        refers: &mut Refers,
        refusal: &mut Refusal,
    ) -> Result<(), Refused> {
        if let Some(asked) = self.conditions {
            *conditions = asked;
        }
        conditions.all = self.all.unwrap_or(std::mem::take(&mut conditions.all));
        conditions.any = self.any.unwrap_or(std::mem::take(&mut conditions.any));
        check_conditions(conditions, Use::View, refers, refusal);
        let needed = |it: &Condition| NEEDED.contains(&it.field.as_str());
        if !conditions.all.iter().any(needed) {
            let text = format!("All: must have a condition on one of {}", NEEDED.join(", "));
            refusal.add("all", text, Some("InvalidValue"));
        }
        if !self.output.is_null() {
            shape(call, output, &self.output, refusal);
        }
        rules::own_values(call, rules::compared(conditions), refusal)
    }
}

/// Does what is asked of how tickets are shown.
fn shape(call: &Call<'_>, output: &mut Output, asked: &Value, refusal: &mut Refusal) {
    let fields = |id: &str| title(id, call).is_some();
    output.apply(asked, &fields, refusal);
}

impl Edit {
    async fn apply(self, call: &Call<'_>, view: &mut View) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        let mut refers = Refers::default();
        self.head.apply(&mut view.head, call.at, &mut refusal);
        let (conditions, output) = (&mut view.conditions, &mut view.output);
        self.shape.apply(call, conditions, output, &mut refers, &mut refusal)?;
        if let Some(restriction) = self.restriction {
            view.restriction = Restriction::read(restriction, &mut refusal);
            if let Some(restriction) = &view.restriction {
                restriction.refers(&mut refers);
            }
        }
        rules::resolve(call, &refers, &mut refusal).await?;
        let () = refusal.against(())?;
        rules::must_change(call, view)
    }
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("view")?;
    let all = rules::all::<View>(call).await?;
    let position = last(all.iter().map(|it| &it.head));
    let mut view = View {
        head: Head::new(RecordId::fresh(call)?, call.at, position),
        conditions: Conditions::default(),
        output: Output::default(),
        restriction: None,
    };
    edit.apply(call, &mut view).await?;
    call.add(&view).await?;
    Ok(created(call, &view))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = rules::named::<View>(call).await?;
    rules::must_change(call, &before.record)?;
    let edit: Edit = call.ask.record("view")?;
    let mut after = before.record.clone();
    edit.apply(call, &mut after).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

async fn update_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = rules::moved::<View>(call).await?.into_iter();
    rules::change_all(call, all.map(|(before, after, _)| (before, after)).collect()).await
}
