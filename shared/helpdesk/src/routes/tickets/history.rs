//! What is measured of tickets.

use super::see;
use super::shown::metrics_shown;
use crate::api::{Answer, Call, Refused, list};
use crate::ids::UserId;
use crate::schedule::Hours;
use crate::ticket::Ticket;
use crate::ticket::metrics::Happened;
use ceap_kernel::Timestamp;
use serde_json::{Value, json};

/// What happened to a ticket, besides its own fields: `said` is who said something, and whether its requester sees it.
pub(super) fn happened<'h>(
    call: &Call<'_>,
    before: Option<&Ticket>,
    said: Option<(UserId, bool)>,
    at: Timestamp,
    hours: Option<&'h Hours>,
) -> Result<Happened<'h>, Refused> {
    let actor = call.actor()?;
    let agents = &call.account.agents()?.groups;
    let helps = |author: UserId| {
        let asks = before.is_some_and(|ticket| ticket.requester_id == author);
        agents.contains_key(&author) && !asks
    };
    let seen = said.filter(|(_, public)| *public);
    let replied = seen.is_some_and(|(author, _)| helps(author));
    Ok(Happened {
        commented: said.is_some(),
        replied,
        asked: seen.is_some() && !replied,
        by_requester: before.is_none_or(|it| it.requester_id == actor.id()),
        by_assignee: before.is_some_and(|it| it.assignee_id == Some(actor.id())),
        at,
        hours,
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
