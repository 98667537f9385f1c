//! What people are related to.

use super::person;
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Refused};
use crate::routes::groups;
use crate::ticket::Ticket;
use serde_json::json;

/// How many tickets are somebody's
/// ([related](https://developer.zendesk.com/api-reference/ticketing/users/users/#show-user-related-information)).
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = person(call, "user_id").await?.id;
    let on = |how: &str| List::named(format!("{how}/{id}/tickets"));
    let (assigned, requested, ccd) = (on("assignee"), on("requester"), on("ccd"));
    let (assigned, requested, ccd) = futures::try_join!(
        list::count::<Ticket>(call, &assigned),
        list::count::<Ticket>(call, &requested),
        list::count::<Ticket>(call, &ccd),
    )?;
    Ok(Answer::ok(json!({"user_related": {
        "assigned_tickets": assigned,
        "requested_tickets": requested,
        "ccd_tickets": ccd,
        "organization_subscriptions": 0,
    }})))
}

pub(super) async fn groups(call: &Call<'_>) -> Result<Answer, Refused> {
    person(call, "user_id").await?;
    groups::list(call).await
}

pub(super) async fn count_groups(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = person(call, "user_id").await?;
    let value = call.account.groups_of(user.id)?.len();
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}

pub(super) async fn memberships(call: &Call<'_>) -> Result<Answer, Refused> {
    person(call, "user_id").await?;
    groups::members(call).await
}
