//! The organizations that people belong to.

use crate::access::Role;
use crate::api::{Call, Refused};
use crate::ids::{MembershipId, OrganizationId};
use crate::organization::{NAME, Organization, canonical};
use crate::refusal::Refusal;
use crate::routes::organizations::of_address;
use crate::user::{OrganizationMembership, User};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    id: OrganizationId,
}

/// The organization that is asked for, by id or name, if any is; none where it is to be none.
pub(super) async fn asked(
    call: &Call<'_>,
    id: Option<Option<OrganizationId>>,
    name: Option<&str>,
    refusal: &mut Refusal,
) -> Result<Option<Option<OrganizationId>>, Refused> {
    let found = match (id, name) {
        (Some(Some(id)), _) => call.item(&Organization::key(id)).await?.map(|_| id),
        (Some(None), None) => return Ok(Some(None)),
        (_, Some(name)) => call.lookup::<Reference>(NAME, &canonical(name)).await?.map(|it| it.id),
        (None, None) => return Ok(None),
    };
    if found.is_none() {
        refusal.add("organization", "Organization: is invalid", Some("InvalidValue"));
    }
    Ok(found.map(Some))
}

/// Puts somebody into one organization alone, as Zendesk does when it is set on the person
/// ([organization ID](https://developer.zendesk.com/api-reference/ticketing/users/users/#organization-id)).
pub(super) fn join(
    call: &Call<'_>,
    user: &mut User,
    id: Option<OrganizationId>,
) -> Result<(), Refused> {
    let kept = user.memberships.iter().find(|it| Some(it.organization_id) == id).cloned();
    user.memberships = match (kept, id) {
        (Some(kept), _) if kept.default => vec![kept],
        (Some(kept), _) => {
            vec![OrganizationMembership { default: true, updated_at: call.at, ..kept }]
        }
        (None, Some(organization_id)) => vec![OrganizationMembership {
            id: MembershipId::fresh(call)?,
            created_at: call.at,
            updated_at: call.at,
            organization_id,
            default: true,
            view_tickets: false,
        }],
        (None, None) => Vec::new(),
    };
    Ok(())
}

/// Puts a customer who belongs to no organization into the one that has their address or its domain, if there is one.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn join_by_domain(call: &Call<'_>, user: &mut User) -> Result<(), Refused> {
    if user.role != Role::EndUser || !user.memberships.is_empty() {
        return Ok(());
    }
    let Some(email) = user.email() else { return Ok(()) };
    match of_address(call, email).await? {
        Some(id) => join(call, user, Some(id)),
        None => Ok(()),
    }
}
