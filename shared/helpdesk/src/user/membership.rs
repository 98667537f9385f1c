//! That a person belongs to an organization.

use super::User;
use crate::ids::{MembershipId, OrganizationId, UserId};
use crate::record::{Link, Record as _, places};
use crate::store::Key;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// That a person belongs to an organization
/// ([organization memberships](https://developer.zendesk.com/api-reference/ticketing/organizations/organization_memberships/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMembership {
    /// Its id.
    pub id: MembershipId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// To which.
    pub organization_id: OrganizationId,
    /// Whether their tickets belong to this one unless they say otherwise.
    pub default: bool,
    /// Whether they see the tickets of its other people.
    pub view_tickets: bool,
}

impl User {
    /// Where somebody is kept.
    #[must_use]
    pub fn key(id: UserId) -> Key {
        places::record(Self::KIND, id.get())
    }

    /// Somebody who belongs to one more organization: the default one if they had none, or if it is to be.
    #[must_use]
    pub fn joined(&self, mut membership: OrganizationMembership, at: Timestamp) -> Self {
        let mut user = Self { updated_at: at, ..self.clone() };
        membership.default |= user.memberships.is_empty();
        if membership.default {
            user.memberships.iter_mut().for_each(|it| it.set_default(false, at));
        }
        user.memberships.push(membership);
        user
    }

    /// Somebody who belongs to an organization no longer. If it was the default one, another is, if there is any.
    #[must_use]
    pub fn left(&self, organization: OrganizationId, at: Timestamp) -> Self {
        let mut user = Self { updated_at: at, ..self.clone() };
        user.memberships.retain(|it| it.organization_id != organization);
        if !user.memberships.iter().any(|it| it.default)
            && let Some(first) = user.memberships.first_mut()
        {
            first.set_default(true, at);
        }
        user
    }

    /// Somebody whose default organization is this one of theirs.
    #[must_use]
    pub fn preferring(&self, organization: OrganizationId, at: Timestamp) -> Self {
        let mut user = Self { updated_at: at, ..self.clone() };
        for membership in &mut user.memberships {
            membership.set_default(membership.organization_id == organization, at);
        }
        user
    }

    /// Somebody who belongs to one organization in place of another.
    #[must_use]
    pub fn moved(&self, from: OrganizationId, to: OrganizationId, at: Timestamp) -> Self {
        let default = self.memberships.iter().any(|it| it.organization_id == from && it.default);
        let both = self.memberships.iter().any(|it| it.organization_id == to);
        if both {
            let left = self.left(from, at);
            return if default { left.preferring(to, at) } else { left };
        }
        let mut user = Self { updated_at: at, ..self.clone() };
        for membership in user.memberships.iter_mut().filter(|it| it.organization_id == from) {
            membership.organization_id = to;
            membership.updated_at = at;
        }
        user
    }
}

/// The list of all memberships.
pub const MEMBERSHIPS: &str = "organization_memberships";

impl OrganizationMembership {
    /// Its place on the list of all, which tells whose it is and of what.
    pub(super) fn link(&self, user: UserId) -> Link {
        let ids = [self.id.get(), self.organization_id.get(), user.get()].map(places::rank);
        Link { list: MEMBERSHIPS.to_owned(), rank: ids.join("#") }
    }

    /// The membership, the organization and the person of a place on the list of all.
    #[must_use]
    pub fn placed(rank: &str) -> Option<(MembershipId, OrganizationId, UserId)> {
        let mut ids = rank.split('#').map(|it| it.parse().ok());
        let mut next = || ids.next().flatten();
        Some((MembershipId::new(next()?)?, OrganizationId::new(next()?)?, UserId::new(next()?)?))
    }

    fn set_default(&mut self, default: bool, at: Timestamp) {
        if self.default != default {
            self.default = default;
            self.updated_at = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use rstest::rstest;

    fn membership(organization: u64, default: bool) -> OrganizationMembership {
        OrganizationMembership {
            id: MembershipId::new(organization).unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            organization_id: OrganizationId::new(organization).unwrap(),
            default,
            view_tickets: false,
        }
    }

    /// Of organizations 1, the default one, and 2.
    fn user() -> User {
        let at = Timestamp::UNIX_EPOCH;
        let mut user = User::new(UserId::new(7).unwrap(), "Ann", Role::EndUser, at);
        user.memberships = vec![membership(1, true), membership(2, false)];
        user
    }

    fn organization(id: u64) -> OrganizationId {
        OrganizationId::new(id).unwrap()
    }

    #[rstest]
    #[case::joins(user().joined(membership(3, false), at()), &[(1, true), (2, false), (3, false)])]
    #[case::joins_as_default(user().joined(membership(3, true), at()), &[(1, false), (2, false), (3, true)])]
    #[case::leaves(user().left(organization(2), at()), &[(1, true)])]
    #[case::leaves_the_default(user().left(organization(1), at()), &[(2, true)])]
    #[case::leaves_all(user().left(organization(1), at()).left(organization(2), at()), &[])]
    #[case::the_first_is_the_default(
        user().left(organization(1), at()).left(organization(2), at()).joined(membership(3, false), at()),
        &[(3, true)])]
    #[case::prefers(user().preferring(organization(2), at()), &[(1, false), (2, true)])]
    #[case::moves(user().moved(organization(1), organization(3), at()), &[(3, true), (2, false)])]
    #[case::moves_where_they_are(user().moved(organization(1), organization(2), at()), &[(2, true)])]
    fn memberships_have_one_default(#[case] user: User, #[case] expected: &[(u64, bool)]) {
        let all = user.memberships.iter().map(|it| (it.organization_id.get(), it.default));
        assert_eq!(all.collect::<Vec<_>>(), expected);
    }

    fn at() -> Timestamp {
        Timestamp::from_second(60).unwrap()
    }
}
