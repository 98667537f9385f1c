//! Tags of a ticket ([tags](https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/)).

use super::asked::Asked;
use super::see;
use super::write::save;
use crate::api::{Answer, Call, Refused};
use crate::ticket::{Edit, Via};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    Ok(Answer::ok(json!({"tags": ticket.tags})))
}

pub(super) async fn set(call: &Call<'_>) -> Result<Answer, Refused> {
    let tags = Some(given(call)?);
    let body = changed(call, Edit { tags, ..Edit::default() }).await?;
    Ok(Answer::json(201, body))
}

pub(super) async fn add(call: &Call<'_>) -> Result<Answer, Refused> {
    let additional_tags = given(call)?;
    Ok(Answer::ok(changed(call, Edit { additional_tags, ..Edit::default() }).await?))
}

pub(super) async fn remove(call: &Call<'_>) -> Result<Answer, Refused> {
    let remove_tags = given(call)?;
    Ok(Answer::ok(changed(call, Edit { remove_tags, ..Edit::default() }).await?))
}

/// The tags of the body, or of the query.
fn given(call: &Call<'_>) -> Result<BTreeSet<String>, Refused> {
    let body = call.ask.json()?;
    let owned = |text: &str| text.to_owned();
    match body.get("tags") {
        Some(Value::Array(tags)) => Ok(tags.iter().filter_map(Value::as_str).map(owned).collect()),
        Some(Value::String(tags)) => Ok(BTreeSet::from([tags.clone()])),
        _ if call.ask.query("tags").is_some() => {
            Ok(call.ask.list("tags").into_iter().map(owned).collect())
        }
        _ => Err(Refused::parameter("tags", "is required")),
    }
}

async fn changed(call: &Call<'_>, edit: Edit) -> Result<Value, Refused> {
    let body = call.ask.json()?;
    let more = crate::api::ask::read(json!({
        "safe_update": body.get("safe_update").or(body.get("safe-update")) == Some(&json!(true))
            || body.get("safe_update") == Some(&json!("true")),
        "updated_stamp": body.get("updated_stamp"),
    }))?;
    let written = save(call, call.id("id")?, Asked { edit, more }, Via::default()).await?;
    Ok(json!({"tags": written.ticket.tags}))
}
