//! Views as they are run: which tickets they show, and how many.
//!
//! A view is run for who looks at it: it shows them the tickets that they see, and counts no others. It is run at once
//! whenever it is asked for; nothing of it is remembered.

use super::super::found;
use super::super::rules::{self, Governed};
use super::super::tickets::ticket_shown;
use super::rows::{self, Row};
use super::{Shape, execution, shape};
use crate::api::{Answer, Ask, Call, Page, Paging, Refused};
use crate::record::{Kept, Record, places};
use crate::refusal::Refusal;
use crate::routes::Shown;
use crate::rule::{Conditions, Output, Refers, View};
use crate::search::{Filter, Finder, Kind, Looking, Sort};
use crate::store::Key;
use crate::ticket::Ticket;
use futures::future::try_join_all;
use serde_json::{Map, Value, json};

/// Views that are counted at once (Zendesk's limit).
const MOST_COUNTED: usize = 20;

/// The page of a view's tickets that is asked for.
struct Run {
    tickets: Vec<Kept<Ticket>>,
    /// What tells of the pages beside it.
    about: Map<String, Value>,
}

async fn run(call: &Call<'_>, conditions: &Conditions, output: &Output) -> Result<Run, Refused> {
    let paging = Paging::of(call.ask)?;
    let looking = Looking::of(&call.account, call.actor()?, call.at)?;
    let (filter, sort): (Filter, Sort) = (looking.filter(conditions), looking.sort(output));
    let finder = Finder::open(call, &[Kind::Ticket]).await?;
    let page: Page<_> = found::page(&finder, &filter, &sort, paging).await?;
    let tickets = found::tickets(call, &page.records).await?;
    Ok(Run { tickets, about: page.about(call.ask) })
}

/// How the tickets are to be shown: as the view says, but for what the query says.
fn sorted(call: &Call<'_>, output: &mut Output) -> Result<(), Refused> {
    let given = |name: &str| call.ask.query(name).filter(|it| !it.is_empty());
    let mut asked = Map::new();
    for (name, order) in [("sort_by", "sort_order"), ("group_by", "group_order")] {
        let Some(by) = given(name) else {
            asked.extend(given(order).map(|it| (order.to_owned(), json!(it))));
            continue;
        };
        // Names of the API's fields stand for the columns that they are.
        let by = match by {
            "id" => "nice_id",
            "created_at" => "created",
            "updated_at" => "updated",
            other => other,
        };
        asked.insert(name.to_owned(), json!(by));
        asked.insert(order.to_owned(), json!(given(order).unwrap_or("desc")));
    }
    let mut refusal = Refusal::default();
    shape(call, output, &Value::Object(asked), &mut refusal);
    Ok(refusal.against(())?)
}

/// `GET /views/{id}/tickets`
/// ([list tickets from a view](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#list-tickets-from-a-view)).
pub(super) async fn tickets(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut view = rules::named::<View>(call).await?.record;
    sorted(call, &mut view.output)?;
    let Run { tickets, about: mut body } = run(call, &view.conditions, &view.output).await?;
    let shown = tickets.iter().map(|it| ticket_shown(call, it)).collect();
    body.insert("tickets".to_owned(), Value::Array(shown));
    Ok(Answer::ok(Value::Object(body)))
}

/// `GET /views/{id}/execute`
/// ([execute view](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#execute-view)).
pub(super) async fn execute(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut view = rules::named::<View>(call).await?.record;
    sorted(call, &mut view.output)?;
    let mut body = told(call, &view.conditions, &view.output).await?;
    body.insert("view".to_owned(), view.shown(call));
    Ok(Answer::ok(Value::Object(body)))
}

/// The columns and the rows of a view.
async fn told(
    call: &Call<'_>,
    conditions: &Conditions,
    output: &Output,
) -> Result<Map<String, Value>, Refused> {
    let Run { tickets, about: mut body } = run(call, conditions, output).await?;
    let languages = rows::languages(call, output, &tickets).await?;
    let row = |ticket: &Kept<Ticket>| Row { call, ticket, languages: &languages }.shown(output);
    let columns = execution(output, call).get("columns").cloned().unwrap_or_default();
    body.insert("columns".to_owned(), columns);
    body.insert("rows".to_owned(), tickets.iter().map(row).collect());
    body.insert("groups".to_owned(), rows::groups(call, &tickets)?);
    Ok(body)
}

/// A view that is asked for and not kept: its conditions are checked as those of one that is.
async fn asked(call: &Call<'_>) -> Result<(Conditions, Output), Refused> {
    let asked: Shape = call.ask.record("view")?;
    let (mut conditions, mut output) = (Conditions::default(), Output::default());
    let (mut refers, mut refusal) = (Refers::default(), Refusal::default());
    asked.apply(call, &mut conditions, &mut output, &mut refers, &mut refusal)?;
    rules::resolve(call, &refers, &mut refusal).await?;
    let () = refusal.against(())?;
    Ok((conditions, output))
}

/// `POST /views/preview`
/// ([preview views](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#preview-views)).
pub(super) async fn preview(call: &Call<'_>) -> Result<Answer, Refused> {
    let (conditions, mut output) = asked(call).await?;
    sorted(call, &mut output)?;
    Ok(Answer::ok(Value::Object(told(call, &conditions, &output).await?)))
}

/// Counts tickets, for who asks.
struct Counter {
    looking: Looking,
    finder: Finder,
}

impl Counter {
    async fn of(call: &Call<'_>) -> Result<Self, Refused> {
        let looking = Looking::of(&call.account, call.actor()?, call.at)?;
        Ok(Self { looking, finder: Finder::open(call, &[Kind::Ticket]).await? })
    }

    /// How many tickets meet conditions. It is exact and of this moment, so that it is always fresh.
    async fn count(&self, call: &Call<'_>, conditions: &Conditions) -> Result<Value, Refused> {
        let value = self.finder.count(&self.looking.filter(conditions)).await?;
        Ok(json!({
            "value": value,
            "pretty": value.to_string(),
            "fresh": true,
            "refreshed_at": call.at,
        }))
    }

    async fn of_view(&self, call: &Call<'_>, view: &View) -> Result<Value, Refused> {
        let mut counted = self.count(call, &view.conditions).await?;
        if let Some(counted) = counted.as_object_mut() {
            let url = call.url(&format!("/views/{}/count.json", view.head.id));
            counted.insert("view_id".to_owned(), json!(view.head.id));
            counted.insert("url".to_owned(), json!(url));
            counted.insert("active".to_owned(), json!(view.head.active));
        }
        Ok(counted)
    }
}

/// `GET /views/{id}/count`
/// ([count tickets in view](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#count-tickets-in-view)).
pub(super) async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let view = rules::named::<View>(call).await?;
    let counted = Counter::of(call).await?.of_view(call, &view).await?;
    Ok(Answer::ok(json!({"view_count": counted})))
}

/// The variable of the query that lists views. `count_many` is what zenpy sends.
const LISTED: [&str; 2] = ["ids", "count_many"];

/// The views that are to be counted.
pub(super) fn counted(ask: &Ask) -> Vec<Key> {
    let ids = LISTED.iter().flat_map(|name| ask.list(name)).filter_map(|it| it.parse().ok());
    ids.take(MOST_COUNTED).map(|id| places::record(View::KIND, id)).collect()
}

/// `GET /views/count_many`
/// ([count tickets in views](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#count-tickets-in-views)):
/// those of the views that who asks sees.
pub(super) async fn count_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let listed = LISTED.into_iter().find(|name| call.ask.query(name).is_some());
    let ids = call.ask.ids(listed.unwrap_or("ids"))?;
    if ids.len() > MOST_COUNTED {
        let text = format!("Parameter ids accepts at most {MOST_COUNTED} values");
        return Err(Refused::Other(400, "TooManyValues", text));
    }
    let mut views = Vec::new();
    for view in call.get_all::<View>(&ids).await? {
        if view.readable(call)? {
            views.push(view);
        }
    }
    if views.is_empty() {
        return Ok(Answer::ok(json!({"view_counts": []})));
    }
    let counter = Counter::of(call).await?;
    let counts = try_join_all(views.iter().map(|view| counter.of_view(call, view))).await?;
    Ok(Answer::ok(json!({"view_counts": counts})))
}

/// `POST /views/preview/count`
/// ([preview ticket count](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#preview-ticket-count)).
pub(super) async fn count_preview(call: &Call<'_>) -> Result<Answer, Refused> {
    let (conditions, _) = asked(call).await?;
    let mut counted = Counter::of(call).await?.count(call, &conditions).await?;
    if let Some(counted) = counted.as_object_mut() {
        let url = call.url("/views/preview/count.json");
        counted.extend([
            ("view_id".to_owned(), Value::Null),
            ("url".to_owned(), json!(url)),
            ("active".to_owned(), Value::Null),
        ]);
    }
    Ok(Answer::ok(json!({"view_count": counted})))
}
