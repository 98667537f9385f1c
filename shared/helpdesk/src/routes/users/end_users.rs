//! People as they see themselves
//! ([end users](https://developer.zendesk.com/api-reference/ticketing/users/end_user/)).

use super::asked::Edit;
use super::person;
use super::shown::to_themselves;
use super::write::{alive, change};
use crate::access::Role;
use crate::api::{Answer, Call, Refused};
use crate::user::User;
use serde_json::{Value, json};

fn shown(call: &Call<'_>, user: &User) -> Value {
    json!({"user": to_themselves(user, call)})
}

/// Nobody but end-users is found here.
fn end_user(user: &User) -> Result<(), Refused> {
    if user.role == Role::EndUser { Ok(()) } else { Err(Refused::NotFound) }
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = person(call, "id").await?;
    end_user(&user)?;
    Ok(Answer::ok(shown(call, &user)))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = alive(call, "id").await?;
    end_user(&before)?;
    let edit: Edit = call.ask.record("user")?;
    let after = change(call, &before, edit.of_oneself()).await?;
    Ok(Answer::ok(shown(call, &after.user)))
}
