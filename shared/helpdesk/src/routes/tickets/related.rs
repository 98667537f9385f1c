//! What a ticket is related to.

use super::lists::listed;
use super::see;
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Refused};
use crate::ids::UserId;
use crate::routes::Shown;
use crate::ticket::Ticket;
use crate::user::User;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) async fn related(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    let incidents = List::named(format!("problem/{}/tickets", ticket.id));
    let incidents = list::count::<Ticket>(call, &incidents).await?;
    let sources: Vec<_> = ticket.via_followup_source_id.into_iter().collect();
    Ok(Answer::ok(json!({
        "topic_id": null,
        "jira_issue_ids": [],
        "followup_source_ids": sources,
        "from_archive": false,
        "incidents": incidents,
        "url": call.url(&format!("/tickets/{}/related.json", ticket.id)),
    })))
}

pub(super) async fn incidents(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    listed(call, &see::within(call, format!("problem/{}/tickets", ticket.id))?).await
}

pub(super) async fn collaborators(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    people(call, &(&ticket.email_cc_ids | &ticket.follower_ids)).await
}

pub(super) async fn followers(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    people(call, &ticket.follower_ids).await
}

pub(super) async fn email_ccs(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    people(call, &ticket.email_cc_ids).await
}

async fn people(call: &Call<'_>, ids: &BTreeSet<UserId>) -> Result<Answer, Refused> {
    let ids: Vec<u64> = ids.iter().map(|id| id.get()).collect();
    let users = call.get_all::<User>(&ids).await?;
    let shown: Vec<Value> = users.iter().map(|user| user.shown(call)).collect();
    let count = shown.len();
    Ok(Answer::ok(
        json!({"users": shown, "count": count, "next_page": null, "previous_page": null}),
    ))
}
