//! Records that others name by their ids: read at once, each told once.

use super::load::{Load, Main};
use super::people;
use crate::access::{Action, Resource};
use crate::account::{Brand, CustomStatus, Group, GroupMembership};
use crate::api::{Call, Refused};
use crate::field::form::TicketForm;
use crate::organization::Organization;
use crate::record::{Kept, Record, places};
use crate::routes::Shown;
use crate::routes::tickets::sees;
use crate::ticket::Ticket;
use crate::user::User;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

type Records = [Map<String, Value>];
/// What stands beside records, and what goes into each of them.
pub(super) type Beside = (Vec<(&'static str, Value)>, Vec<Map<String, Value>>);

/// Fields that name people: one, or several.
const PEOPLE: [&str; 11] = [
    "requester_id",
    "submitter_id",
    "assignee_id",
    "author_id",
    "user_id",
    "updater_id",
    "creator_user_id",
    "collaborator_ids",
    "follower_ids",
    "email_cc_ids",
    "recipients",
];

/// The ids that records have under these names. What an audit did names people, too.
fn ids(records: &Records, names: &[&str]) -> BTreeSet<u64> {
    let own = |record: &Map<String, Value>, found: &mut BTreeSet<u64>| {
        for value in names.iter().filter_map(|name| record.get(*name)) {
            match value {
                Value::Array(all) => found.extend(all.iter().filter_map(Value::as_u64)),
                one => found.extend(one.as_u64()),
            }
        }
    };
    let mut found = BTreeSet::new();
    for record in records {
        own(record, &mut found);
        let events = record.get("events").and_then(Value::as_array).into_iter().flatten();
        events.filter_map(Value::as_object).for_each(|event| own(event, &mut found));
    }
    found
}

fn keys<R: Record>(ids: &BTreeSet<u64>) -> impl Iterator<Item = crate::store::Key> {
    ids.iter().map(|id| places::record(R::KIND, *id))
}

async fn read<R: Record>(call: &Call<'_>, ids: BTreeSet<u64>) -> Result<Vec<Kept<R>>, Refused> {
    let ids: Vec<u64> = ids.into_iter().collect();
    Ok(call.get_all::<R>(&ids).await?)
}

/// Those of the account's own records that are named.
fn set_up<R: Shown + Send + Sync + 'static>(
    call: &Call<'_>,
    ids: &BTreeSet<u64>,
) -> Result<Value, Refused> {
    let all = call.account.all::<R>()?;
    Ok(all.iter().filter(|it| ids.contains(&it.id())).map(|it| it.shown(call)).collect())
}

/// All that is asked for beside these records.
pub(super) async fn all(
    call: &Call<'_>,
    main: Main,
    loads: &BTreeSet<Load>,
    records: &Records,
) -> Result<Beside, Refused> {
    if main == Main::Users {
        return people::all(call, loads, records).await;
    }
    let (mut beside, mut within) = (Vec::new(), Vec::new());
    let users = match main {
        Main::Groups => members(call, records, &mut within)?,
        _ => ids(records, &PEOPLE),
    };
    let organizations = ids(records, &["organization_id"]);
    let tickets = ids(records, &["ticket_id"]);
    let wanted = |load: Load| loads.contains(&load);
    let users = Some(users).filter(|_| wanted(Load::Users)).unwrap_or_default();
    let organizations = Some(organizations).filter(|_| wanted(Load::Organizations));
    let organizations = organizations.unwrap_or_default();
    let tickets = Some(tickets).filter(|_| wanted(Load::Tickets)).unwrap_or_default();
    let named = keys::<User>(&users).chain(keys::<Organization>(&organizations));
    call.fetch(named.chain(keys::<Ticket>(&tickets))).await?;
    for load in loads {
        let (name, value) = match load {
            Load::Users => {
                let all = read::<User>(call, users.clone()).await?;
                ("users", all.iter().map(|it| it.shown(call)).collect())
            }
            Load::Organizations => {
                ("organizations", organizations_shown(call, organizations.clone()).await?)
            }
            Load::Tickets => ("tickets", tickets_shown(call, tickets.clone()).await?),
            Load::Groups => ("groups", set_up::<Group>(call, &ids(records, &["group_id"]))?),
            Load::Brands => ("brands", set_up::<Brand>(call, &ids(records, &["brand_id"]))?),
            Load::TicketForms => {
                ("ticket_forms", set_up::<TicketForm>(call, &ids(records, &["ticket_form_id"]))?)
            }
            Load::CustomStatuses => {
                let named = ids(records, &["custom_status_id"]);
                ("custom_statuses", set_up::<CustomStatus>(call, &named)?)
            }
            Load::SharingAgreements => ("sharing_agreements", json!([])),
            Load::Abilities => ("abilities", abilities(call, records)?),
            Load::LastAudits
            | Load::MetricSets
            | Load::Dates
            | Load::CommentCount
            | Load::IncidentCounts
            | Load::MetricEvents
            | Load::Slas
            | Load::Identities
            | Load::Roles
            | Load::OpenTicketCount => continue,
        };
        beside.push((name, value));
    }
    Ok((beside, within))
}

/// Who is in these groups; each is told with their ids.
fn members(
    call: &Call<'_>,
    records: &Records,
    within: &mut Vec<Map<String, Value>>,
) -> Result<BTreeSet<u64>, Refused> {
    let all = call.account.all::<GroupMembership>()?;
    let mut found = BTreeSet::new();
    for record in records {
        let id = record.get("id").and_then(Value::as_u64);
        let of = all.iter().filter(|it| Some(it.group_id.get()) == id);
        let of: BTreeSet<u64> = of.map(|it| it.user_id.get()).collect();
        within.push(Map::from_iter([("user_ids".to_owned(), json!(of))]));
        found.extend(of);
    }
    Ok(found)
}

/// Organizations, as far as who asks may see them. End-users learn what theirs are called.
pub(super) async fn organizations_shown(
    call: &Call<'_>,
    ids: BTreeSet<u64>,
) -> Result<Value, Refused> {
    let actor = call.actor()?;
    let every = call.may(Action::ReadOrganizations, Resource::Account)?;
    let seen = |it: &&Kept<Organization>| every || actor.face.organization_ids.contains(&it.id);
    let shown = |it: &Kept<Organization>| {
        if actor.is_agent() { it.shown(call) } else { json!({"id": it.id, "name": it.name}) }
    };
    let all = read::<Organization>(call, ids).await?;
    Ok(all.iter().filter(seen).map(shown).collect())
}

async fn tickets_shown(call: &Call<'_>, ids: BTreeSet<u64>) -> Result<Value, Refused> {
    let mut shown = Vec::new();
    for ticket in read::<Ticket>(call, ids).await? {
        if sees(call, &ticket).await? {
            shown.push(ticket.shown(call));
        }
    }
    Ok(Value::Array(shown))
}

/// What who asks may do with these organizations.
fn abilities(call: &Call<'_>, records: &Records) -> Result<Value, Refused> {
    let may = call.may(Action::ManageOrganizations, Resource::Account)?;
    let of = |record: &Map<String, Value>| {
        json!({
            "url": record.get("url"),
            "organization_id": record.get("id"),
            "can_edit": may,
            "can_delete": may,
        })
    };
    Ok(records.iter().map(of).collect())
}
