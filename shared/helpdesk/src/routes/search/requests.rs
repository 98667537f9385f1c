//! Finding requests
//! ([search requests](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-requests/#search-requests)).

use super::super::requests::request_shown;
use super::asked::public;
use super::{Asked, found, paging};
use crate::api::{Answer, Call, Refused};
use crate::search::document::field;
use crate::search::{Filter, Kind};
use crate::ticket::Status;
use serde_json::Value;

/// The requests that who asks sees, by what is shown of them.
pub(super) async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    let paging = paging(call)?;
    let query = call.ask.query("query").unwrap_or_default();
    let asked = Asked::read(call, query, &[Kind::Ticket]).await?.sorted(call)?;
    let filter = Filter::all([asked.filter, narrowed(call)?]);
    let page = found::page(&asked.finder, &filter, &asked.sort, paging).await?;
    let tickets = found::tickets(call, &page.records).await?;
    let mut body = page.about(call.ask);
    let shown = tickets.iter().map(|it| request_shown(call, it)).collect();
    body.insert("requests".to_owned(), Value::Array(shown));
    Ok(Answer::ok(Value::Object(body)))
}

/// What the other parameters ask for.
fn narrowed(call: &Call<'_>) -> Result<Filter, Refused> {
    let actor = call.actor()?;
    let mut all = Vec::new();
    let mut status = field::STATUS;
    if !actor.is_agent() {
        all.push(public());
        status = field::SHOWN_STATUS;
    }
    if let Some(id) = call.ask.query("organization_id").filter(|it| !it.is_empty()) {
        all.push(Filter::is(field::ORGANIZATION, number("organization_id", id)?));
    }
    match call.ask.query("cc_id") {
        None | Some("" | "false") => {}
        Some("true") => all.push(Filter::is(field::CC, actor.id())),
        Some(id) => all.push(Filter::is(field::CC, number("cc_id", id)?)),
    }
    let statuses = call.ask.list("status");
    if !statuses.is_empty() {
        all.push(Filter::is_any(status, statuses.into_iter().map(|it| shown(it, status))));
    }
    Ok(Filter::all(all))
}

fn number(name: &str, text: &str) -> Result<u64, Refused> {
    text.parse().map_err(|_| Refused::parameter(name, "must be an integer"))
}

/// A requester is not told that somebody else is waited for.
fn shown<'a>(status: &'a str, field: &str) -> &'a str {
    let hidden = field == field::SHOWN_STATUS && status == Status::Hold.as_str();
    if hidden { Status::Open.as_str() } else { status }
}
