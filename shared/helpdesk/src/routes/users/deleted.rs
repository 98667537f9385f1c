//! People who were deleted
//! ([deleted users](https://developer.zendesk.com/api-reference/ticketing/users/users/#list-deleted-users)).

use super::shown::to_themselves;
use crate::access::{Action, Resource};
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::record::Kept;
use crate::user::{Erased, User};
use serde_json::{Map, Value, json};

fn all() -> List {
    List::named("deleted/users")
}

fn shown(call: &Call<'_>, user: &User) -> Map<String, Value> {
    let mut shown = to_themselves(user, call);
    shown.insert("url".to_owned(), json!(call.url(&format!("/deleted_users/{}.json", user.id))));
    shown.insert("active".to_owned(), json!(false));
    shown
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let page = list::page::<User>(call, &all(), false).await?;
    let page = page.map(|user| shown(call, &user));
    Ok(Answer::ok(page.envelope(call.ask, "deleted_users")))
}

pub(super) async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let value = list::count::<User>(call, &all()).await?;
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}

/// Somebody who was deleted, though not for good.
async fn deleted(call: &Call<'_>) -> Result<Kept<User>, Refused> {
    let user = call.get::<User>(call.id("id")?).await?;
    if user.active || user.erased.is_some() { Err(Refused::NotFound) } else { Ok(user) }
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = deleted(call).await?;
    Ok(Answer::ok(json!({"deleted_user": shown(call, &user)})))
}

/// Takes out for good what is known of somebody. Zendesk tells once more what it was.
pub(super) async fn erase(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = deleted(call).await?;
    call.require(Action::DeleteUser, Resource::Person(&before))?;
    let after = before.erased(call.actor()?.id(), call.at);
    call.change(&before, &after).await?;
    Ok(Answer::ok(json!({"deleted_user": shown(call, &before)})))
}

/// What became of the wish to take somebody out for good
/// ([compliance deletion statuses](https://developer.zendesk.com/api-reference/ticketing/users/users/#show-compliance-deletion-statuses)).
pub(super) async fn statuses(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = super::person(call, "user_id").await?;
    let wanted = call.ask.query("application");
    let status = |Erased { at, by }: Erased, (application, action, who): (&str, &str, bool)| {
        json!({
            "account_subdomain": call.tenant.as_str(),
            "action": action,
            "application": application,
            "created_at": at,
            "executer_id": who.then_some(by),
            "user_id": user.id,
        })
    };
    let course = [
        ("all", "request_deletion", true),
        ("support", "started", false),
        ("support", "complete", false),
    ];
    let steps = user.erased.into_iter().flat_map(|erased| {
        let fits = move |(application, ..): &(&str, &str, bool)| {
            wanted.is_none_or(|wanted| wanted == *application)
        };
        course.into_iter().filter(fits).map(move |step| status(erased, step))
    });
    let all = steps.enumerate().map(|(index, it)| (index.to_string(), it)).collect();
    let page = Page::cut(Paging::of(call.ask)?, all);
    Ok(Answer::ok(page.envelope(call.ask, "compliance_deletion_statuses")))
}
