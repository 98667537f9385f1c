//! What people are: end-users, agents, administrators, and what that brings.

use super::asked::Edit;
use crate::access::{Action, Resource, Restriction, Role};
use crate::account::{CustomRole, Group, GroupMembership};
use crate::api::{Call, Refused};
use crate::ids::{GroupId, MembershipId, RoleId};
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use crate::user::User;

/// Makes somebody what is asked for
/// ([user role](https://developer.zendesk.com/api-reference/ticketing/users/users/#user-role)).
pub(super) fn apply(
    call: &Call<'_>,
    user: &mut User,
    edit: &Edit,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let before = user.role;
    (user.role, user.custom_role_id) = asked(call, user, edit, refusal)?;
    if user.role != before {
        user.restriction =
            if user.role.is_agent() { Restriction::All } else { Restriction::Requested };
        user.moderator = user.role.is_agent();
        user.only_private_comments = false;
    }
    if let Some(word) = &edit.ticket_restriction {
        restrict(user, word.as_deref(), refusal);
    }
    if user.role.is_agent() {
        user.only_private_comments =
            edit.only_private_comments.unwrap_or(user.only_private_comments);
        user.moderator = edit.moderator.unwrap_or(user.moderator);
    }
    if user.role == Role::Admin {
        (user.restriction, user.moderator) = (Restriction::All, true);
        user.only_private_comments = false;
    }
    user.suspended = edit.suspended.unwrap_or(user.suspended);
    Ok(())
}

/// A custom role makes an agent of whoever is not said to be an administrator.
fn asked(
    call: &Call<'_>,
    user: &User,
    edit: &Edit,
    refusal: &mut Refusal,
) -> Result<(Role, Option<RoleId>), Refused> {
    let named = match edit.role.as_ref().and_then(Option::as_deref) {
        None => None,
        Some("end-user") => Some(Role::EndUser),
        Some("agent") => Some(Role::Agent),
        Some("admin") => Some(Role::Admin),
        Some(_) => {
            refusal.add("role", "Role: is invalid", Some("InvalidValue"));
            None
        }
    };
    let role = named.unwrap_or(user.role);
    match edit.custom_role_id {
        Some(Some(_)) if named == Some(Role::Admin) => Ok((Role::Admin, None)),
        Some(Some(id)) => {
            if call.account.find::<CustomRole>(id.get())?.is_none() {
                refusal.add("custom_role_id", "Custom role: is invalid", Some("InvalidValue"));
            }
            Ok((Role::Agent, Some(id)))
        }
        Some(None) => Ok((role, None)),
        None => Ok((role, user.custom_role_id.filter(|_| role == Role::Agent))),
    }
}

/// End-users see their own tickets, or those of their organization: whatever else is asked for is the former.
fn restrict(user: &mut User, word: Option<&str>, refusal: &mut Refusal) {
    let restriction = match word {
        None => Some(Restriction::All),
        Some("groups") => Some(Restriction::Groups),
        Some("organization") => Some(Restriction::Organization),
        Some("assigned") => Some(Restriction::Assigned),
        Some("requested") => Some(Restriction::Requested),
        Some(_) => None,
    };
    user.restriction = match (user.role.is_agent(), restriction) {
        (true, Some(restriction)) => restriction,
        (true, None) => {
            let text = "Ticket restriction: is invalid";
            refusal.add("ticket_restriction", text, Some("InvalidValue"));
            user.restriction
        }
        (false, Some(Restriction::Organization)) => Restriction::Organization,
        (false, Some(_) | None) => Restriction::Requested,
    };
}

/// Only who manages agents says who is one, and what an agent may. The owner stays an administrator: so there always
/// is one.
pub(super) fn permitted(
    call: &Call<'_>,
    before: Option<&User>,
    after: &User,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let powers = |user: &User| {
        let restricted = (user.restriction, user.only_private_comments, user.moderator);
        let of_agent = user.role.is_agent().then_some((restricted, user.suspended));
        (user.role, user.custom_role_id, of_agent)
    };
    let same = match before {
        Some(before) => powers(before) == powers(after),
        None => after.role == Role::EndUser,
    };
    if !same {
        call.require(Action::ManageAgents, Resource::Account)?;
    }
    if owns(call, after)? && (after.role != Role::Admin || after.suspended || !after.active) {
        let text = "The account owner must stay an active administrator";
        refusal.add("base", text, Some("InvalidValue"));
    }
    Ok(())
}

/// Whether somebody works on tickets.
pub(super) fn works(user: &User) -> bool {
    user.active && user.role.is_agent()
}

/// Whether somebody owns the account.
pub(super) fn owns(call: &Call<'_>, user: &User) -> Result<bool, Refused> {
    Ok(call.account.settings()?.owner_id == Some(user.id))
}

/// Groups go with what somebody is: an agent is in one, nobody else is in any. The default one from then on.
pub(super) fn regroup(
    call: &Call<'_>,
    user: &User,
    wanted: Option<GroupId>,
    changes: &mut Changes,
) -> Result<Option<GroupId>, Refused> {
    let all = call.account.all::<GroupMembership>()?;
    let own: Vec<&Kept<GroupMembership>> = all.iter().filter(|it| it.user_id == user.id).collect();
    if !works(user) {
        for membership in own {
            changes.delete(membership)?;
        }
        return Ok(None);
    }
    let groups = call.account.all::<Group>()?;
    let usual = || groups.iter().find(|it| it.default).or_else(|| groups.first()).map(|it| it.id);
    let Some(group) = wanted.or_else(|| if own.is_empty() { usual() } else { None }) else {
        return Ok(own.iter().find(|it| it.default).map(|it| it.group_id));
    };
    for before in own.iter().filter(|it| it.default != (it.group_id == group)) {
        let default = before.group_id == group;
        let after = GroupMembership { default, updated_at: call.at, ..before.record.clone() };
        changes.update(before, &after)?;
    }
    if own.iter().all(|it| it.group_id != group) {
        changes.create(&GroupMembership {
            id: MembershipId::fresh(call)?,
            created_at: call.at,
            updated_at: call.at,
            user_id: user.id,
            group_id: group,
            default: true,
        })?;
    }
    Ok(Some(group))
}
