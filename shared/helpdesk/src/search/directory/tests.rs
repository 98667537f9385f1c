//! Names are found in what an account has.

use super::super::fixtures::{NOW, at, group, kept, profile};
use super::*;
use crate::access::{Face, Restriction, Role};
use crate::field::FieldType;
use rstest::rstest;

fn directory(audience: Audience) -> Directory {
    let field = |id, visible| {
        let mut field = TicketField::new(super::super::fixtures::field(id, FieldType::Text));
        field.visible_in_portal = visible;
        kept(field)
    };
    let groups = [group(10, "Level 2"), group(11, "Level 2 nights"), group(12, "Billing")];
    Directory {
        now: at(NOW),
        zone: TimeZone::UTC,
        asker: UserId::new(2).unwrap(),
        audience,
        languages: Vec::new(),
        groups: Arc::new(groups.map(kept).to_vec()),
        memberships: Arc::default(),
        brands: Arc::default(),
        forms: Arc::default(),
        fields: Arc::new(vec![field(501, true), field(502, false)]),
        user_fields: Arc::new(vec![kept(profile(601, "plan", FieldType::Text).into())]),
        organization_fields: Arc::new(vec![kept(profile(602, "plan", FieldType::Date).into())]),
        people: BTreeMap::new(),
        organizations: BTreeMap::new(),
    }
}

#[rstest]
#[case("level 2", &[10])]
#[case("level", &[10, 11])]
#[case("nights", &[11])]
#[case("12", &[12])]
#[case("lev", &[])]
#[case("?", &[])]
fn a_whole_name_goes_before_a_part_of_one(#[case] sought: &str, #[case] expected: &[u64]) {
    let found = directory(Audience::Agents).groups(sought);
    assert_eq!(found.into_iter().map(GroupId::get).collect::<Vec<_>>(), expected);
}

#[test]
fn people_are_those_who_were_put_in() {
    let mut directory = directory(Audience::Agents);
    directory.put_people("amy", vec![UserId::new(1).unwrap()]);
    assert_eq!(directory.people("amy").len(), 1);
    assert!(directory.people("bob").is_empty());
}

#[test]
fn customers_know_the_fields_that_they_see() {
    let id = |id| FieldId::new(id).unwrap();
    assert!(directory(Audience::Agents).field(id(502)).is_some());
    assert!(directory(Audience::EndUsers).field(id(501)).is_some());
    assert!(directory(Audience::EndUsers).field(id(502)).is_none());
}

#[test]
fn one_key_may_be_of_people_and_of_organizations() {
    let directory = directory(Audience::Agents);
    let found: Vec<Kind> = directory.profile("plan").into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(found, [Kind::User, Kind::Organization]);
}

#[test]
fn an_empty_account_has_a_directory() {
    let face = Face {
        id: UserId::new(2).unwrap(),
        name: "Susan".to_owned(),
        role: Role::Agent,
        custom_role_id: None,
        restriction: Restriction::All,
        organization_ids: Vec::new(),
        private_only: false,
        suspended: false,
    };
    let actor = Actor { face, group_ids: BTreeSet::new(), may: BTreeSet::new() };
    let directory = Directory::of(&Account::default(), &actor, at(NOW)).unwrap();
    assert_eq!(directory.languages(), Language::ALL);
    assert_eq!(directory.zone(), TimeZone::get("America/New_York").unwrap());
    assert_eq!(directory.audience(), Audience::Agents);
}
