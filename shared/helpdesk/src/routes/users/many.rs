//! Many people at once.

use super::list;
use crate::api::{Answer, Call, Method, Refused};
use crate::job::{self, Step};
use serde_json::{Value, json};

fn each(all: Vec<Value>, method: Method, path: &str) -> Vec<Step> {
    let step = |it| Step::new(method, path, json!({"user": it}));
    all.into_iter().map(step).collect()
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let steps = each(call.ask.records("users")?, Method::Post, "/users");
    job::start(call, "Bulk Create User", steps).await
}

pub(super) async fn create_or_update(call: &Call<'_>) -> Result<Answer, Refused> {
    let steps = each(call.ask.records("users")?, Method::Post, "/users/create_or_update");
    job::start(call, "Bulk Create or Update User", steps).await
}

/// Where somebody is changed. Nobody has the id of whom no external id leads to.
fn at(id: Option<u64>) -> String {
    format!("/users/{}", id.unwrap_or_default())
}

/// The same change to several, or one to each
/// ([update many users](https://developer.zendesk.com/api-reference/ticketing/users/users/#update-many-users)).
pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = if call.ask.query("ids").is_some() {
        Some(call.ask.ids("ids")?.into_iter().map(Some).collect())
    } else {
        None
    };
    let batch = call.ask.json()?.get("users").is_some_and(Value::is_array);
    let steps = match (ids, call.ask.query("external_ids")) {
        (Some(ids), _) if !batch => alike(call, ids)?,
        (None, Some(_)) if !batch => alike(call, list::named_externally(call).await?)?,
        (Some(_) | None, _) => apart(call).await?,
    };
    job::start(call, "Bulk Update User", steps).await
}

fn alike(call: &Call<'_>, ids: Vec<Option<u64>>) -> Result<Vec<Step>, Refused> {
    let user = call.ask.member("user")?;
    let step = |id| Step::new(Method::Put, at(id), json!({"user": user}));
    Ok(ids.into_iter().map(step).collect())
}

async fn apart(call: &Call<'_>) -> Result<Vec<Step>, Refused> {
    let users = call.ask.records("users")?;
    let external = |user: &Value| match user.get("external_id") {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let id = |user: &Value| match user.get("id") {
        Some(Value::String(id)) => id.parse().ok(),
        Some(id) => id.as_u64(),
        None => None,
    };
    let unknown: Vec<String> =
        users.iter().filter(|it| id(it).is_none()).filter_map(external).collect();
    let names: Vec<&str> = unknown.iter().map(String::as_str).collect();
    let found = list::ids_by_external(call, &names).await?;
    let of = |user: &Value| {
        let at = unknown.iter().position(|it| Some(it) == external(user).as_ref())?;
        found.get(at).copied().flatten()
    };
    let step = |user: Value| {
        let id = id(&user).or_else(|| of(&user));
        Step::new(Method::Put, at(id), json!({"user": user}))
    };
    Ok(users.into_iter().map(step).collect())
}

pub(super) async fn destroy(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = match call.ask.query("external_ids") {
        Some(_) => list::named_externally(call).await?,
        None => call.ask.ids("ids")?.into_iter().map(Some).collect(),
    };
    let step = |id| Step::new(Method::Delete, at(id), Value::Null);
    job::start(call, "Bulk Delete User", ids.into_iter().map(step).collect()).await
}
