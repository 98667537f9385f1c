//! Many organizations at once.

use super::lists;
use crate::api::{Answer, Call, Method, Refused};
use crate::job::{self, Step};
use serde_json::{Value, json};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.ask.records("organizations")?.into_iter();
    let step = |it| Step::new(Method::Post, "/organizations", json!({"organization": it}));
    job::start(call, "Bulk Create Organization", all.map(step).collect()).await
}

/// Where an organization is changed. None has the id of one that no external id leads to.
fn at(id: Option<u64>) -> String {
    format!("/organizations/{}", id.unwrap_or_default())
}

/// The same change to several, or one to each
/// ([update many organizations](https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#update-many-organizations)).
pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let batch = call.ask.json()?.get("organizations").is_some_and(Value::is_array);
    let steps = if batch { apart(call).await? } else { alike(call).await? };
    job::start(call, "Bulk Update Organization", steps).await
}

async fn alike(call: &Call<'_>) -> Result<Vec<Step>, Refused> {
    let organization = call.ask.member("organization")?;
    let step = |id| Step::new(Method::Put, at(id), json!({"organization": organization}));
    Ok(named(call).await?.into_iter().map(step).collect())
}

/// The organizations that the query names, by ids or external ids.
async fn named(call: &Call<'_>) -> Result<Vec<Option<u64>>, Refused> {
    match call.ask.query("external_ids") {
        Some(_) => lists::ids_by_external(call, &lists::externals(call)?).await,
        None => Ok(call.ask.ids("ids")?.into_iter().map(Some).collect()),
    }
}

async fn apart(call: &Call<'_>) -> Result<Vec<Step>, Refused> {
    let all = call.ask.records("organizations")?;
    let external = |it: &Value| match it.get("external_id") {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let id = |it: &Value| match it.get("id") {
        Some(Value::String(id)) => id.parse().ok(),
        Some(id) => id.as_u64(),
        None => None,
    };
    let unknown: Vec<String> =
        all.iter().filter(|it| id(it).is_none()).filter_map(external).collect();
    let found = lists::ids_by_external(call, &unknown).await?;
    let of = |it: &Value| {
        let at = unknown.iter().position(|name| Some(name) == external(it).as_ref())?;
        found.get(at).copied().flatten()
    };
    let step = |it: Value| {
        let id = id(&it).or_else(|| of(&it));
        Step::new(Method::Put, at(id), json!({"organization": it}))
    };
    Ok(all.into_iter().map(step).collect())
}

pub(super) async fn destroy(call: &Call<'_>) -> Result<Answer, Refused> {
    let step = |id| Step::new(Method::Delete, at(id), Value::Null);
    let steps = named(call).await?.into_iter().map(step).collect();
    job::start(call, "Bulk Delete Organization", steps).await
}
