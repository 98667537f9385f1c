//! What is told beside people.

use super::beside::{Beside, organizations_shown};
use super::load::Load;
use crate::access::{Action, Resource};
use crate::account::{CustomRole, Group};
use crate::api::list::{self, List};
use crate::api::page::MOST;
use crate::api::{Call, Refused};
use crate::record::Kept;
use crate::routes::Shown;
use crate::routes::users::identity_shown;
use crate::ticket::Ticket;
use crate::user::User;
use futures::future::try_join_all;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// All that is asked for beside these people.
pub(super) async fn all(
    call: &Call<'_>,
    loads: &BTreeSet<Load>,
    records: &[Map<String, Value>],
) -> Result<Beside, Refused> {
    let ids = records.iter().filter_map(|it| it.get("id")?.as_u64()).collect::<Vec<_>>();
    let users = call.get_all::<User>(&ids).await?;
    let mut beside = Vec::new();
    for load in loads {
        beside.push(match load {
            Load::Groups => ("groups", groups(call, &users)?),
            Load::Organizations => {
                let of = users.iter().flat_map(|user| user.memberships.iter());
                let ids: BTreeSet<u64> = of.map(|it| it.organization_id.get()).collect();
                let ids = ids.into_iter().take(MOST).collect();
                ("organizations", organizations_shown(call, ids).await?)
            }
            Load::Identities => ("identities", identities(call, &users)),
            Load::Roles => ("roles", roles(call, &users)?),
            Load::Abilities => ("abilities", abilities(call, &users)?),
            Load::OpenTicketCount => ("open_ticket_count", open_tickets(call, &users).await?),
            Load::Users
            | Load::Tickets
            | Load::TicketForms
            | Load::Brands
            | Load::CustomStatuses
            | Load::SharingAgreements
            | Load::LastAudits
            | Load::MetricSets
            | Load::Dates
            | Load::CommentCount
            | Load::IncidentCounts
            | Load::MetricEvents
            | Load::Slas => continue,
        });
    }
    Ok((beside, Vec::new()))
}

fn identities(call: &Call<'_>, users: &[Kept<User>]) -> Value {
    let all = users.iter().flat_map(|user| user.identities.iter().map(move |it| (user, it)));
    all.map(|(user, it)| identity_shown(call, "users", user, it)).collect()
}

fn groups(call: &Call<'_>, users: &[Kept<User>]) -> Result<Value, Refused> {
    let mut ids = BTreeSet::new();
    for user in users {
        ids.extend(call.account.groups_of(user.id)?);
    }
    let all = call.account.all::<Group>()?;
    Ok(all.iter().filter(|it| ids.contains(&it.id)).map(|it| it.shown(call)).collect())
}

fn roles(call: &Call<'_>, users: &[Kept<User>]) -> Result<Value, Refused> {
    let ids: BTreeSet<_> = users.iter().filter_map(|user| user.custom_role_id).collect();
    let all = call.account.all::<CustomRole>()?;
    let shown = |it: &Kept<CustomRole>| json!({"id": it.id, "name": it.name, "configuration": it.configuration});
    Ok(all.iter().filter(|it| ids.contains(&it.id)).map(shown).collect())
}

/// What who asks may do with these people. Nobody has a password here: people sign in through Cognito.
fn abilities(call: &Call<'_>, users: &[Kept<User>]) -> Result<Value, Refused> {
    let of = |user: &Kept<User>| {
        let may = call.may(Action::UpdateUser, Resource::Person(user))?;
        Ok(json!({
            "url": call.url(&format!("/users/{}.json", user.id)),
            "user_id": user.id,
            "can_edit": may,
            "can_edit_password": false,
            "can_manage_identities_of": may,
            "can_verify_identities": may,
        }))
    };
    users.iter().map(of).collect()
}

/// How many tickets each agent is assigned that are not solved.
async fn open_tickets(call: &Call<'_>, users: &[Kept<User>]) -> Result<Value, Refused> {
    let lists: Vec<List> =
        users.iter().map(|user| List::named(Ticket::assigned_and_open(user.id))).collect();
    let counts = try_join_all(lists.iter().map(|it| list::count::<Ticket>(call, it))).await?;
    let each = users.iter().zip(counts).map(|(user, count)| (user.id.to_string(), json!(count)));
    Ok(Value::Object(each.collect()))
}
