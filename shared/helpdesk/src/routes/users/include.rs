//! What is told beside people
//! ([side-loading](https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/)).

use super::shown;
use crate::account::{CustomRole, Group};
use crate::api::page::MOST;
use crate::api::{Call, Refused};
use crate::organization::Organization;
use crate::record::Kept;
use crate::routes::Shown;
use crate::user::User;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Puts what is asked for with `include` beside these people.
pub(super) async fn with(
    call: &Call<'_>,
    users: &[Kept<User>],
    body: &mut Value,
) -> Result<(), Refused> {
    if !call.actor()?.is_agent() {
        return Ok(());
    }
    let Value::Object(body) = body else { return Ok(()) };
    for name in call.ask.list("include") {
        let beside = match name {
            "identities" => identities(call, users),
            "groups" => groups(call, users)?,
            "organizations" => organizations(call, users).await?,
            "roles" => roles(call, users)?,
            _ => continue,
        };
        body.insert(name.to_owned(), Value::Array(beside));
    }
    Ok(())
}

fn identities(call: &Call<'_>, users: &[Kept<User>]) -> Vec<Value> {
    let all = users.iter().flat_map(|user| user.identities.iter().map(move |it| (user, it)));
    all.map(|(user, it)| shown::identity(call, "users", user, it)).collect()
}

async fn organizations(call: &Call<'_>, users: &[Kept<User>]) -> Result<Vec<Value>, Refused> {
    let of = users.iter().flat_map(|user| user.memberships.iter());
    let ids: BTreeSet<u64> = of.map(|it| it.organization_id.get()).collect();
    let ids: Vec<u64> = ids.into_iter().take(MOST).collect();
    let all = call.get_all::<Organization>(&ids).await?;
    Ok(all.iter().map(|it| it.shown(call)).collect())
}

fn groups(call: &Call<'_>, users: &[Kept<User>]) -> Result<Vec<Value>, Refused> {
    let mut ids = BTreeSet::new();
    for user in users {
        ids.extend(call.account.groups_of(user.id)?);
    }
    let all = call.account.all::<Group>()?;
    Ok(all.iter().filter(|it| ids.contains(&it.id)).map(|it| it.shown(call)).collect())
}

fn roles(call: &Call<'_>, users: &[Kept<User>]) -> Result<Vec<Value>, Refused> {
    let ids: BTreeSet<_> = users.iter().filter_map(|user| user.custom_role_id).collect();
    let all = call.account.all::<CustomRole>()?;
    let shown = |it: &Kept<CustomRole>| json!({"id": it.id, "name": it.name, "configuration": it.configuration});
    Ok(all.iter().filter(|it| ids.contains(&it.id)).map(shown).collect())
}
