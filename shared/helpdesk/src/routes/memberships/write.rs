//! Putting people into organizations, and taking them out.

use super::{Found, find, lists, whose};
use crate::access::{Action, Resource};
use crate::api::{Answer, Ask, Call, Method, Refused};
use crate::ids::{MembershipId, OrganizationId, UserId};
use crate::job::{self, Step};
use crate::organization::Organization;
use crate::record::{Changes, places};
use crate::refusal::Refusal;
use crate::store::{Key, Range};
use crate::user::{OrganizationMembership, User};
use crate::wire::truth;
use futures::try_join;
use serde::Deserialize;
use serde_json::{Value, json};

/// Organizations of one person (Zendesk's limit).
const MOST: usize = 300;

/// What is asked of a membership.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Joining {
    user_id: Option<UserId>,
    organization_id: Option<OrganizationId>,
    #[serde(deserialize_with = "truth")]
    default: Option<bool>,
    #[serde(deserialize_with = "truth")]
    view_tickets: Option<bool>,
}

/// Who joins, and what.
pub(super) fn needs(ask: &Ask) -> Vec<Key> {
    let asked: Joining = ask.record("organization_membership").unwrap_or_default();
    let organization = asked.organization_id.map(Organization::key);
    asked.user_id.map(User::key).into_iter().chain(organization).collect()
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let asked: Joining = call.ask.record("organization_membership")?;
    let mut refusal = Refusal::default();
    let id = match call.variable("user_id") {
        "" => asked.user_id,
        _ => Some(UserId::new(call.id("user_id")?).ok_or(Refused::NotFound)?),
    };
    let user = match id {
        Some(id) => call.find::<User>(id.get()).await?.filter(|user| user.active),
        None => None,
    };
    let organization = match asked.organization_id {
        Some(id) => call.find::<Organization>(id.get()).await?,
        None => None,
    };
    if user.is_none() {
        refusal.add("user", "User: is invalid", Some("InvalidValue"));
    }
    if organization.is_none() {
        refusal.add("organization", "Organization: is invalid", Some("InvalidValue"));
    }
    let (Some(user), Some(organization)) = (user, organization) else {
        return Err(refusal.into());
    };
    call.require(Action::UpdateUser, Resource::Person(&user))?;
    if user.memberships.iter().any(|it| it.organization_id == organization.id) {
        let text = "Organization: has already been taken";
        refusal.add("organization_id", text, Some("DuplicateValue"));
    }
    if user.memberships.len() >= MOST {
        let text = format!("Organizations: accepts at most {MOST}");
        refusal.add("base", text, Some("TooManyValues"));
    }
    let () = refusal.against(())?;
    let membership = OrganizationMembership {
        id: MembershipId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        organization_id: organization.id,
        default: asked.default == Some(true),
        view_tickets: asked.view_tickets.unwrap_or(false),
    };
    let after = user.joined(membership, call.at);
    let mut changes = Changes::new();
    let membership = after.memberships.last().ok_or(Refused::NotFound)?;
    changes.within(membership.id.get());
    changes.update(&user, &after)?;
    let body = lists::one(call, user.id, membership).await?;
    call.commit(changes).await?;
    let location = call.url(&format!("/organization_memberships/{}.json", membership.id));
    Ok(Answer::created(body, location))
}

/// Tickets of theirs that nobody solved yet do not belong to the organization any more, in the background.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = whose(call).await?;
    let tickets = Range::of(places::list(&format!("requester/{id}/tickets")), 1);
    let tickets = async { Ok(call.range(&tickets).await?) };
    let (Found { user, membership }, tickets) = try_join!(find(call, id), tickets)?;
    call.require(Action::UpdateUser, Resource::Person(&user))?;
    let mut changes = Changes::new();
    changes.update(&user, &user.left(membership.organization_id, call.at))?;
    if tickets.items.is_empty() {
        call.commit(changes).await?;
        return Ok(Answer::gone());
    }
    let body = json!({"user_id": user.id, "organization_id": membership.organization_id});
    let steps = vec![Step::new(Method::Post, "/organization_memberships/tickets", body)];
    job::start_with(call, "Unassign Organization", steps, changes).await?;
    Ok(Answer::gone())
}

pub(super) async fn make_default(call: &Call<'_>) -> Result<Answer, Refused> {
    let Found { user, membership } = find(call, whose(call).await?).await?;
    call.require(Action::UpdateUser, Resource::Person(&user))?;
    let after = user.preferring(membership.organization_id, call.at);
    let answer = lists::of(call, &after).await?;
    call.change(&user, &after).await?;
    Ok(answer)
}

pub(super) async fn create_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.ask.records("organization_memberships")?.into_iter();
    let path = "/organization_memberships";
    let step = |it| Step::new(Method::Post, path, json!({"organization_membership": it}));
    job::start(call, "Bulk Create Organization Memberships", all.map(step).collect()).await
}

pub(super) async fn destroy_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.ask.ids("ids")?.into_iter();
    let path = |id| format!("/organization_memberships/{id}");
    let step = |id| Step::new(Method::Delete, path(id), Value::Null);
    job::start(call, "Bulk Delete Organization Memberships", all.map(step).collect()).await
}
