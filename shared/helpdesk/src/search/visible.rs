//! What who asks may find, as the policies in `infra/policies` say it: part of every query, so that nobody learns by a
//! count, an order or a suggestion what they may not see.

use super::document::field;
use super::{Filter, Kind};
use crate::access::{Actor, Restriction, Role};
use crate::ids::OrganizationId;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Somebody who works on tickets. Who may see a ticket may see its internal notes too.
    Agents,
    /// A customer: they find their requests by what is shown of them, and by nothing else.
    EndUsers,
}

impl Audience {
    /// The one that somebody is of.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        if actor.is_agent() { Self::Agents } else { Self::EndUsers }
    }

    /// Where a word is looked for that is of no property.
    #[must_use]
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Agents => field::EVERYWHERE,
            Self::EndUsers => field::SHOWN,
        }
    }

    /// Where a word is looked for that somebody said.
    #[must_use]
    pub const fn said(self) -> &'static [&'static str] {
        match self {
            Self::Agents => &[field::COMMENT, field::INTERNAL],
            Self::EndUsers => &[field::COMMENT],
        }
    }
}

/// Everything that somebody may find. `shared` are their organizations that show all of their tickets to all of their
/// people; of an agent it says nothing.
#[must_use]
pub fn visible(actor: &Actor, shared: &[OrganizationId]) -> Filter {
    let kinds = [
        (Kind::Ticket, tickets(actor, shared)),
        (Kind::User, people(actor)),
        (Kind::Organization, organizations(actor)),
        (Kind::Group, of_agents(actor)),
    ];
    Filter::any(kinds.map(|(kind, filter)| Filter::all([Filter::kind(kind), filter])))
}

/// The tickets that they see.
#[must_use]
pub fn tickets(actor: &Actor, shared: &[OrganizationId]) -> Filter {
    let face = &actor.face;
    let involved = [field::REQUESTER, field::CC, field::FOLLOWER];
    let mut any: Vec<Filter> = involved.map(|name| Filter::is(name, face.id)).to_vec();
    match (face.role, face.restriction) {
        (Role::Admin | Role::TeamLead, _) | (Role::Agent, Restriction::All) => {
            return Filter::everything();
        }
        (Role::Agent, restriction) => {
            any.push(Filter::is(field::ASSIGNEE, face.id));
            any.extend(match restriction {
                Restriction::Groups => Some(Filter::is_any(field::GROUP, &actor.group_ids)),
                Restriction::Organization => Some(of_theirs(&face.organization_ids)),
                Restriction::All | Restriction::Assigned | Restriction::Requested => None,
            });
        }
        (Role::EndUser, Restriction::Organization) => any.push(of_theirs(&face.organization_ids)),
        (
            Role::EndUser,
            Restriction::All | Restriction::Groups | Restriction::Assigned | Restriction::Requested,
        ) => {
            let shared = shared.iter().filter(|it| face.organization_ids.contains(it));
            any.push(Filter::is_any(field::ORGANIZATION, shared));
        }
    }
    Filter::any(any)
}

fn of_theirs(organizations: &[OrganizationId]) -> Filter {
    Filter::is_any(field::ORGANIZATION, organizations)
}

/// Agents know everybody, others themselves.
fn people(actor: &Actor) -> Filter {
    if actor.is_agent() { Filter::everything() } else { Filter::is(field::ID, actor.id()) }
}

fn organizations(actor: &Actor) -> Filter {
    let face = &actor.face;
    match (face.role, face.restriction) {
        (Role::EndUser, _) | (Role::Agent | Role::TeamLead, Restriction::Organization) => {
            Filter::nothing()
        }
        (Role::Admin, _) | (Role::Agent | Role::TeamLead, _) => Filter::everything(),
    }
}

fn of_agents(actor: &Actor) -> Filter {
    if actor.is_agent() { Filter::everything() } else { Filter::nothing() }
}

#[cfg(test)]
mod tests;
