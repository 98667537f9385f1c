//! An account that nobody set up yet: what every account begins with.

mod tickets;

use super::{CustomRole, Group, GroupMembership, Settings};
use crate::access::{Restriction, Role};
use crate::api::{Call, Refused};
use crate::ids::{GroupId, IdentityId, MembershipId, RoleId, UserId};
use crate::record::{Changes, places};
use crate::user::{Identity, Means, User};
use ceap_kernel::Fault;
use serde_json::{Value, json};

/// Sets the account up, unless somebody did meanwhile; with its owner, if their address is known. The stamp from then
/// on.
pub(crate) async fn account(
    call: &Call<'_>,
    owner: Option<&Option<String>>,
) -> Result<u64, Refused> {
    let owner = owner.and_then(Option::as_deref);
    match call.commit(everything(call, owner)?).await {
        Ok(()) | Err(Refused::Other(409, ..)) => {}
        Err(refused) => return Err(refused),
    }
    let stamp = call.item(&places::stamp()).await?;
    stamp.and_then(|item| item.body.parse().ok()).ok_or(Refused::Conflict)
}

fn everything(call: &Call<'_>, email: Option<&str>) -> Result<Changes, Fault> {
    let mut changes = Changes::new();
    changes.once(places::seeded(), &json!({"at": call.at}), None)?;
    let group = group(call)?;
    changes.create(&group)?;
    for role in roles(call)? {
        changes.create(&role)?;
    }
    tickets::everything(call, &mut changes)?;
    let owner = owner(call, email)?;
    changes.create(&owner)?;
    changes.create(&GroupMembership {
        id: MembershipId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        user_id: owner.id,
        group_id: group.id,
        default: true,
    })?;
    changes.create(&Settings {
        name: call.tenant.to_string(),
        owner_id: Some(owner.id),
        ..Settings::default()
    })?;
    crate::rule::defaults::create(call, &mut changes)?;
    Ok(changes)
}

fn group(call: &Call<'_>) -> Result<Group, Fault> {
    Ok(Group {
        id: GroupId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: "Support".to_owned(),
        description: String::new(),
        default: true,
        is_public: true,
    })
}

/// The owner: known by an address, or not yet.
fn owner(call: &Call<'_>, email: Option<&str>) -> Result<User, Fault> {
    let name = email.and_then(|email| email.split('@').next()).unwrap_or("Owner");
    let identity = |email: &str| {
        Ok(Identity {
            id: IdentityId::fresh(call)?,
            created_at: call.at,
            updated_at: call.at,
            means: Means::Email,
            value: email.to_owned(),
            verified: true,
            primary: true,
        })
    };
    let identities: Result<Vec<Identity>, Fault> = email.into_iter().map(identity).collect();
    let mut user = User::new(UserId::fresh(call)?, name, Role::Admin, call.at);
    user.identities = identities?;
    user.restriction = Restriction::All;
    Ok(user)
}

/// The roles that every account has beside the three that need no record.
fn roles(call: &Call<'_>) -> Result<Vec<CustomRole>, Fault> {
    let role = |name: &str, description: &str, base: Role, configuration: Value| {
        Ok(CustomRole {
            id: RoleId::fresh(call)?,
            created_at: call.at,
            updated_at: call.at,
            name: name.to_owned(),
            description: description.to_owned(),
            base,
            configuration: configuration.as_object().cloned().unwrap_or_default(),
        })
    };
    Ok(vec![
        role(
            "Team lead",
            "Sees every ticket, and keeps what the team works with",
            Role::TeamLead,
            json!({"ticket_access": "all", "ticket_editing": true, "ticket_deletion": true,
                "view_deleted_tickets": true, "manage_suspended_tickets": true,
                "manage_organizations": true,
                "ticket_comment_access": "public", "ticket_merge": true, "macro_access": "full",
                "view_access": "full", "manage_business_rules": true, "organization_editing": true,
                "end_user_profile_access": "full"}),
        )?,
        role(
            "Light agent",
            "Sees the tickets of their groups, and writes internal notes",
            Role::Agent,
            json!({"ticket_access": "within-groups", "ticket_comment_access": "none",
                "light_agent": true}),
        )?,
    ])
}
