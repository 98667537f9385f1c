//! The filter says what the policies say.

use super::super::document::{self, Beside};
use super::super::fixtures::{group, organization_document, ticket, user_document};
use super::*;
use crate::access::{Action, Face, Resource, permits};
use crate::ids::{GroupId, UserId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

fn organization(id: u64) -> OrganizationId {
    OrganizationId::new(id).unwrap()
}

fn actor(role: Role, restriction: Restriction, groups: &[u64], organizations: &[u64]) -> Actor {
    Actor {
        face: Face {
            id: UserId::new(1).unwrap(),
            name: "Amy".to_owned(),
            role,
            custom_role_id: None,
            restriction,
            organization_ids: organizations.iter().map(|it| organization(*it)).collect(),
            private_only: false,
            suspended: false,
        },
        group_ids: groups.iter().filter_map(|it| GroupId::new(*it)).collect(),
        may: ["custom_role".to_owned()].into(),
    }
}

fn actors() -> impl Strategy<Value = Actor> {
    let roles = vec![Role::EndUser, Role::Agent, Role::TeamLead, Role::Admin];
    let restrictions = vec![
        Restriction::All,
        Restriction::Groups,
        Restriction::Organization,
        Restriction::Assigned,
        Restriction::Requested,
    ];
    let ids = || proptest::collection::vec(1_u64..4, 0..3);
    (select(roles), select(restrictions), ids(), ids())
        .prop_map(|(role, restriction, groups, all)| actor(role, restriction, &groups, &all))
}

fn maybe() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(1_u64..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn tickets_are_found_by_who_may_read_them(
        actor in actors(),
        requester in 1_u64..4,
        (assignee, group, of) in (maybe(), maybe(), maybe()),
        (ccs, followers) in (maybe(), maybe()),
        shared in proptest::collection::vec(1_u64..4, 0..3),
    ) {
        let ticket = ticket(json!({
            "requester_id": requester, "assignee_id": assignee, "group_id": group, "organization_id": of,
            "email_cc_ids": ccs.into_iter().collect::<Vec<_>>(),
            "follower_ids": followers.into_iter().collect::<Vec<_>>(),
        }));
        let shares = of.is_some_and(|of| shared.contains(&of));
        let may = permits(&actor, Action::ReadTicket, Resource::Ticket(&ticket, shares)).unwrap();
        let shared: Vec<OrganizationId> = shared.into_iter().map(organization).collect();
        let found = visible(&actor, &shared).holds(&document::ticket(&ticket, &[], &Beside::default()));
        prop_assert_eq!(found, may);
    }

    #[test]
    fn organizations_and_groups_are_found_by_who_may_read_them(actor in actors()) {
        let may = |action| permits(&actor, action, Resource::Account).unwrap();
        let visible = visible(&actor, &[]);
        prop_assert_eq!(visible.holds(&organization_document()), may(Action::ReadOrganizations));
        prop_assert_eq!(visible.holds(&document::group(&group(10, "Level 2"))), may(Action::ReadAccount));
    }

    #[test]
    fn people_are_found_by_who_may_read_them(actor in actors(), id in 1_u64..4) {
        let user = super::super::fixtures::user(id, "Amy Moore", Role::EndUser);
        let may = permits(&actor, Action::ReadUser, Resource::Person(&user)).unwrap();
        let found = visible(&actor, &[]).holds(&user_document(id, "Amy Moore", Role::EndUser));
        prop_assert_eq!(found, may);
    }
}
