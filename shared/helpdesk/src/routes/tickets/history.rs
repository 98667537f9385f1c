//! What is measured of tickets.

use super::see;
use super::shown::metrics_shown;
use crate::api::{Answer, Call, Refused, list};
use crate::ticket::metrics::Happened;
use crate::ticket::{Comment, Ticket};
use ceap_kernel::Timestamp;
use serde_json::{Value, json};

/// What happened to a ticket, besides its own fields.
pub(super) fn happened(
    call: &Call<'_>,
    before: Option<&Ticket>,
    comment: Option<&Comment>,
    at: Timestamp,
) -> Result<Happened, Refused> {
    let actor = call.actor()?;
    let agents = call.account.agents()?.groups;
    let helps = |it: &Comment| {
        let asks = before.is_some_and(|ticket| ticket.requester_id == it.author_id);
        agents.contains_key(&it.author_id) && !asks
    };
    let said = comment.filter(|it| it.public);
    let replied = said.is_some_and(helps);
    Ok(Happened {
        commented: comment.is_some(),
        replied,
        asked: said.is_some() && !replied,
        by_requester: before.is_none_or(|it| it.requester_id == actor.id()),
        by_assignee: before.is_some_and(|it| it.assignee_id == Some(actor.id())),
        at,
    })
}

pub(super) async fn metrics(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    Ok(Answer::ok(json!({"ticket_metric": metrics_shown(call, &ticket)})))
}

pub(super) async fn all_metrics(call: &Call<'_>) -> Result<Answer, Refused> {
    let page = list::page::<Ticket>(call, &see::visible(call)?, false).await?;
    let shown = page.map(|it| -> Value { metrics_shown(call, &it.record) });
    Ok(Answer::ok(shown.envelope(call.ask, "ticket_metrics")))
}
