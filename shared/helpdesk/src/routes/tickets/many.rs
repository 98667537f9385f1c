//! Many tickets at once: a job, each step of which is what one ticket would be asked.

use crate::api::ask::at_most_100;
use crate::api::{Answer, Call, Method, Refused};
use crate::job::{self, Step};
use serde_json::{Value, json};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.ask.records("tickets")?.into_iter();
    let step = |ticket| Step::new(Method::Post, "/tickets", json!({"ticket": ticket}));
    job::start(call, "Bulk Create Ticket", all.map(step).collect()).await
}

/// Alike, for the ids of the query; or each as the body says.
pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let steps = match call.ask.query("ids") {
        Some(_) => {
            let ticket = call.ask.member("ticket")?;
            let ids = call.ask.ids("ids")?.into_iter();
            ids.map(|id| put(id, ticket.clone())).collect()
        }
        None => each(call)?,
    };
    job::start(call, "Bulk Update Ticket", steps).await
}

fn each(call: &Call<'_>) -> Result<Vec<Step>, Refused> {
    let tickets = call.ask.records("tickets")?;
    let step = |ticket: Value| {
        let id = match ticket.get("id") {
            Some(Value::String(text)) => text.parse().ok(),
            Some(id) => id.as_u64(),
            None => None,
        };
        let id = id.ok_or_else(|| Refused::parameter("id", "is required for each ticket"))?;
        Ok(put(id, ticket))
    };
    tickets.into_iter().map(step).collect()
}

fn put(id: u64, ticket: Value) -> Step {
    Step::new(Method::Put, format!("/tickets/{id}"), json!({"ticket": ticket}))
}

pub(super) async fn destroy(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?.into_iter();
    let step = |id| Step::new(Method::Delete, format!("/tickets/{id}"), Value::Null);
    job::start(call, "Bulk Delete Ticket", ids.map(step).collect()).await
}

pub(super) async fn mark_as_spam(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    at_most_100("ids", ids.len())?;
    let step = |id| Step::new(Method::Put, format!("/tickets/{id}/mark_as_spam"), Value::Null);
    job::start(call, "Bulk Mark Ticket As Spam", ids.into_iter().map(step).collect()).await
}
