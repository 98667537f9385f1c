//! What records become.

use super::super::fixtures::{organization_document, ticket_document, user, user_document};
use super::*;
use crate::access::Role;
use rstest::rstest;
use serde_json::json;

fn has(document: &Document, field: &str) -> Vec<String> {
    document.keywords.get(field).into_iter().flatten().cloned().collect()
}

#[rstest]
#[case(field::TYPE, &["ticket"])]
#[case(field::ID, &["233"])]
#[case(field::STATUS, &["open"])]
#[case(field::REQUESTER, &["1"])]
#[case(field::REQUESTER_NAME, &["amy moore"])]
#[case(field::CC, &["4"])]
#[case(field::FOLLOWER, &["3"])]
#[case(field::COMMENTER, &["1", "2"])]
#[case(field::INTERNAL_COMMENTER, &["3"])]
#[case(field::ATTACHMENT, &["image001.jpg"])]
#[case(field::INTERNAL_ATTACHMENT, &["secret.pdf"])]
#[case(field::TAGS, &["important", "urgent"])]
#[case(field::SATISFACTION, &["unoffered"])]
#[case(field::EXTERNAL, &["a-17"])]
#[case("custom_field_501", &["red widget"])]
#[case("custom_field_502", &["shoes"])]
#[case("custom_field_505", &["true"])]
#[case("custom_field_506", &["boots_tag", "shoes"])]
#[case(field::VALUES, &["12", "2026-11-30", "boots_tag", "red widget", "shoes"])]
#[case("custom_field_999", &[])]
fn a_ticket_has_exact_values(#[case] name: &str, #[case] expected: &[&str]) {
    let own = json!({"501": "Red Widget", "502": "shoes", "503": "12", "504": "2026-11-30", "505": true,
        "506": ["shoes", "boots_tag"], "999": "of a field that is gone"});
    let document = ticket_document(json!({"custom_fields": own}));
    assert_eq!(has(&document, name), expected);
    assert_eq!(has(&document, field::PRESENT).contains(&name.to_owned()), !expected.is_empty());
}

#[rstest]
#[case(field::ID, Some(233.0))]
#[case(field::CREATED, Some(1_795_168_800.0))]
#[case(field::STATUS, Some(2.0))]
#[case(field::PRIORITY, Some(3.0))]
#[case(field::DUE, None)]
#[case("custom_field_503", Some(12.0))]
#[case("custom_field_504", Some(1_795_996_800.0))]
fn a_ticket_has_numbers(#[case] name: &str, #[case] expected: Option<f64>) {
    let document = ticket_document(json!({"custom_fields": {"503": "12", "504": "2026-11-30"}}));
    assert_eq!(document.numbers.get(name).copied(), expected);
}

#[test]
fn what_is_internal_stands_apart() {
    let document = ticket_document(json!({}));
    let said = document.texts[field::COMMENT].join(" ");
    assert!(said.contains("defective") && !said.contains("difficult"));
    assert_eq!(document.texts[field::INTERNAL], ["She is a difficult customer"]);
}

#[test]
fn a_ticket_without_comments_has_its_description() {
    let (public, private) = (json!({}), json!({"described_privately": true}));
    for (more, name) in [(public, field::COMMENT), (private, field::INTERNAL)] {
        let ticket = super::super::fixtures::ticket(more);
        let document = ticket_of(&ticket);
        assert_eq!(document.texts[name], ["It is defective"]);
    }
}

fn ticket_of(ticket: &crate::ticket::Ticket) -> Document {
    super::ticket(ticket, &[], &Beside::default())
}

#[test]
fn on_hold_is_open_to_customers() {
    let document = ticket_document(json!({"status": "hold"}));
    assert_eq!(has(&document, field::STATUS), ["hold"]);
    assert_eq!(has(&document, field::SHOWN_STATUS), ["open"]);
}

#[rstest]
#[case(field::EMAIL, &["amy@mondocam.com"])]
#[case(field::PHONE, &["+14154187501"])]
#[case(field::ROLE, &["end-user"])]
#[case(field::VERIFIED, &["false"])]
#[case(field::SUSPENDED, &["false"])]
#[case("profile.num_agents", &["5"])]
fn a_person_has_exact_values(#[case] name: &str, #[case] expected: &[&str]) {
    assert_eq!(has(&user_document(1, "Amy Moore", Role::EndUser), name), expected);
}

#[test]
fn who_was_deleted_is_not_found() {
    let mut gone = user(1, "Amy Moore", Role::EndUser);
    gone.active = false;
    assert_eq!(super::user(&gone, &[]), None);
}

#[test]
fn an_organization_has_its_own_fields() {
    assert_eq!(has(&organization_document(), "profile.plan_type"), ["shoes"]);
}
