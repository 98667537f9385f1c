//! How jobs stand
//! ([job statuses](https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/)).

use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::job::{Job, StatusOf};
use crate::record::places;
use crate::routes;
use crate::store::Range;
use futures::future::try_join_all;
use serde_json::{Value, json};

/// How jobs stand.
pub const ROUTES: &[Route] = routes![
    GET "/job_statuses" Guard::Agents => list, "Lists the jobs of the last day";
    GET "/job_statuses/show_many" Guard::Agents => show_many, "Shows how several jobs stand";
    GET "/job_statuses/{id}" Guard::Agents => show, "Shows how a job stands";
];

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let status = StatusOf::load(call, call.variable("id")).await?.ok_or(Refused::NotFound)?;
    Ok(Answer::ok(json!({"job_status": status.shown(call)})))
}

async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.list("ids");
    if ids.is_empty() {
        return Err(Refused::parameter("ids", "is required"));
    }
    crate::api::ask::at_most_100("ids", ids.len())?;
    let all = try_join_all(ids.into_iter().map(|id| StatusOf::load(call, id))).await?;
    let shown: Vec<Value> = all.into_iter().flatten().map(|it| it.shown(call)).collect();
    Ok(Answer::ok(json!({"job_statuses": shown, "count": shown.len()})))
}

/// The newest come first.
async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let range = Range::of(places::list(Job::LIST), 1_000).backward(true);
    let found = call.range(&range).await?;
    let ranks = found.items.into_iter().map(|item| (item.key.sort.clone(), item.key.sort));
    let page = Page::cut(Paging::of(call.ask)?, ranks.collect());
    let ids = page.records.iter().map(|rank| rank.rsplit('#').next().unwrap_or_default());
    let all = try_join_all(ids.map(|id| StatusOf::load(call, id))).await?;
    let mut body = page.about(call.ask);
    let shown = all.into_iter().flatten().map(|it| it.shown(call)).collect();
    body.insert("job_statuses".to_owned(), Value::Array(shown));
    Ok(Answer::ok(Value::Object(body)))
}
