//! What changed since a time
//! ([incremental exports](https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/),
//! [using them](https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/)).
//!
//! What is younger than a minute may still get company: something else that is being written with an earlier time. So
//! nothing goes on from there. A cursor goes on from before that minute, and knows what of it was told already (`cursor`);
//! the last page by time ends before it, so that it is told again. Nothing is passed over, and what changes again is told
//! again.
//!
//! A page by time ends with a whole second, and the next one begins with the second after it. Where one second alone has
//! more than a page takes, its next page begins within it, at a `cursor` that `next_page` has. Exports go forward only:
//! there is no page before.

mod asked;
mod cursor;
mod events;
mod metric_events;
mod page;
mod records;
mod tickets;

use crate::access::Action::ExportData;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::routes;
use asked::Asked;
use events::Events;
use metric_events::MetricEvents;
use records::{Organizations, Users};
use tickets::Tickets;

/// What changed since a time.
pub const ROUTES: &[Route] = routes![
    GET "/incremental/tickets/cursor" Guard::May(ExportData) => tickets_by_cursor, "Exports tickets that changed, deleted ones too, by a cursor";
    GET "/incremental/tickets" Guard::May(ExportData) => tickets_by_time, "Exports tickets that changed, deleted ones too, by time";
    GET "/incremental/users/cursor" Guard::May(ExportData) => users_by_cursor, "Exports people who changed, deleted ones too, by a cursor";
    GET "/incremental/users" Guard::May(ExportData) => users_by_time, "Exports people who changed, deleted ones too, by time";
    GET "/incremental/organizations" Guard::May(ExportData) => organizations, "Exports organizations that changed";
    GET "/incremental/ticket_events" Guard::May(ExportData) => ticket_events, "Exports what was done to tickets";
    GET "/incremental/ticket_metric_events" Guard::May(ExportData) => ticket_metric_events, "Exports when the clocks of tickets ran, by time or by pages";
    GET "/incremental/{resource}/sample" Guard::May(ExportData) => sample, "Exports up to 50 of these, to try the format";
    GET "/incremental/routing/attributes" refused "what changed of skills is not kept: /routing/attributes tells what they are", "Exports skills";
    GET "/incremental/routing/attribute_values" refused "what changed of skills is not kept: /routing/attributes tells what they are", "Exports values of skills";
    GET "/incremental/routing/instance_values" refused "what changed of skills is not kept: /routing/attributes tells what they are", "Exports which skills agents and tickets have";
    GET "/incremental/custom_objects/{key}/cursor" refused "there are no custom objects", "Exports records of a custom object";
    GET "/exports/tickets" refused "Zendesk replaced it with GET /api/v2/incremental/tickets", "Exports tickets, as it was before 2014";
    GET "/exports/tickets/sample" refused "Zendesk replaced it with GET /api/v2/incremental/tickets/sample", "Exports some tickets, as it was before 2014";
];

/// Results of a sample, at most (Zendesk's).
const SAMPLE: usize = 50;

async fn tickets_by_cursor(call: &Call<'_>) -> Result<Answer, Refused> {
    page::by_cursor(call, &Asked::read(call)?, &Tickets::read(call)?).await
}

async fn tickets_by_time(call: &Call<'_>) -> Result<Answer, Refused> {
    page::by_time(call, &Asked::read(call)?, &Tickets::read(call)?).await
}

async fn users_by_cursor(call: &Call<'_>) -> Result<Answer, Refused> {
    page::by_cursor(call, &Asked::read(call)?, &Users).await
}

async fn users_by_time(call: &Call<'_>) -> Result<Answer, Refused> {
    page::by_time(call, &Asked::read(call)?, &Users).await
}

async fn organizations(call: &Call<'_>) -> Result<Answer, Refused> {
    page::by_time(call, &Asked::read(call)?, &Organizations).await
}

async fn ticket_events(call: &Call<'_>) -> Result<Answer, Refused> {
    page::by_time(call, &Asked::read(call)?, &Events::read(call)?).await
}

async fn ticket_metric_events(call: &Call<'_>) -> Result<Answer, Refused> {
    if call.ask.query.iter().any(|(name, _)| name.starts_with("page[")) {
        return metric_events::by_pages(call).await;
    }
    // Of these, Zendesk has no rule how recent the start may be, and clients begin with the present.
    page::by_time(call, &Asked::read_recent(call)?, &MetricEvents::read(call)).await
}

async fn sample(call: &Call<'_>) -> Result<Answer, Refused> {
    let asked = Asked::read(call)?.at_most(SAMPLE);
    match call.variable("resource") {
        "tickets" => page::by_time(call, &asked, &Tickets::read(call)?).await,
        "users" => page::by_time(call, &asked, &Users).await,
        "organizations" => page::by_time(call, &asked, &Organizations).await,
        "ticket_events" => page::by_time(call, &asked, &Events::read(call)?).await,
        "ticket_metric_events" => page::by_time(call, &asked, &MetricEvents::read(call)).await,
        _ => Err(Refused::NoRoute(None)),
    }
}
