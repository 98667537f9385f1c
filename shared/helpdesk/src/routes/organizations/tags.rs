//! Tags of organizations ([tags](https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/)).

use super::organization;
use crate::api::{Answer, Call, Refused};
use crate::organization::Organization;
use crate::tag;
use serde_json::{Value, json};
use std::collections::BTreeSet;

type Tags = BTreeSet<String>;

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"tags": organization(call).await?.tags})))
}

pub(super) async fn set(call: &Call<'_>) -> Result<Answer, Refused> {
    let tags = changed(call, |_, given| given).await?;
    Ok(Answer::json(201, json!({"tags": tags})))
}

pub(super) async fn add(call: &Call<'_>) -> Result<Answer, Refused> {
    let tags = changed(call, |tags, given| tags.union(&given).cloned().collect()).await?;
    Ok(Answer::ok(json!({"tags": tags})))
}

pub(super) async fn remove(call: &Call<'_>) -> Result<Answer, Refused> {
    let tags = changed(call, |tags, given| tags.difference(&given).cloned().collect()).await?;
    Ok(Answer::ok(json!({"tags": tags})))
}

async fn changed(call: &Call<'_>, change: fn(Tags, Tags) -> Tags) -> Result<Tags, Refused> {
    let before = organization(call).await?;
    let tags = change(before.tags.clone(), given(call)?);
    if tags != before.tags {
        let after =
            Organization { tags: tags.clone(), updated_at: call.at, ..before.record.clone() };
        call.change(&before, &after).await?;
    }
    Ok(tags)
}

/// The tags of the body, or of the query: some clients send no body with what they delete.
fn given(call: &Call<'_>) -> Result<Tags, Refused> {
    let body = call.ask.json()?;
    let tags: Vec<String> = match body.get("tags") {
        Some(Value::Array(tags)) => {
            tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(tags)) => vec![tags.clone()],
        _ if call.ask.query("tags").is_some() => {
            call.ask.list("tags").into_iter().map(str::to_owned).collect()
        }
        _ => return Err(Refused::parameter("tags", "is required")),
    };
    Ok(tag::normal(&tags))
}
