//! Which tickets views show, and in which order.

use super::super::fixtures::{LANGUAGES, NOW, at, fields, ticket_document, user_document};
use super::*;
use crate::access::{Face, Restriction};
use crate::rule::Condition;
use rstest::rstest;
use serde_json::{Value, json};

fn actor(id: u64) -> Actor {
    Actor {
        face: Face {
            id: UserId::new(id).unwrap(),
            name: "Susan".to_owned(),
            role: Role::Agent,
            custom_role_id: None,
            restriction: Restriction::All,
            organization_ids: Vec::new(),
            private_only: false,
            suspended: false,
        },
        group_ids: [GroupId::new(10).unwrap()].into(),
        may: std::collections::BTreeSet::new(),
    }
}

/// Susan (2) looks, at noon; Bob (3) is an administrator.
fn looking() -> Looking {
    let agent = |id, role, name: &str| (UserId::new(id).unwrap(), role, name.to_owned());
    let group = |id, name: &str| (GroupId::new(id).unwrap(), name.to_owned());
    Looking {
        actor: actor(2),
        now: at(NOW),
        schedules: Arc::default(),
        zone: TimeZone::UTC,
        languages: LANGUAGES.to_vec(),
        phrases: Arc::default(),
        agents: Arc::new(vec![agent(2, Role::Agent, "Susan"), agent(3, Role::Admin, "Bob")]),
        groups: Arc::new(vec![group(10, "Level 2"), group(11, "Billing")]),
        brands: Arc::default(),
        forms: Arc::default(),
        default_form: FormId::new(40),
        fields: Arc::new(fields()),
        user_fields: Arc::default(),
        organization_fields: Arc::default(),
    }
}

fn shows(conditions: &Conditions, ticket: Value) -> bool {
    looking().filter(conditions).holds(&ticket_document(ticket))
}

fn all(field: &str, operator: &str, value: &str) -> Conditions {
    Conditions { all: vec![Condition::new(field, operator, value)], any: Vec::new() }
}

fn own() -> Value {
    json!({
        "custom_fields": {"501": "red widget", "502": "shoes", "503": "12", "504": "2026-11-30", "506": ["shoes"]},
        "due_at": "2026-11-21T15:30:00Z",
        "metrics": {"status_updated_at": "2026-11-21T09:00:00Z", "assigned_at": "2026-11-21T06:30:00Z"},
    })
}

#[rstest]
#[case("status", "is", "open", true)]
#[case("status", "less_than", "solved", true)]
#[case("status", "greater_than", "open", false)]
#[case("status", "is_not", "open", false)]
#[case("type", "is", "incident", true)]
#[case("type", "is_not", "incident", false)]
#[case("priority", "is", "high", true)]
#[case("priority", "is", "", false)]
#[case("priority", "greater_than", "", true)]
#[case("priority", "less_than", "urgent", true)]
#[case("group_id", "is", "10", true)]
#[case("group_id", "is_not", "10", false)]
#[case("group_id", "is", "", false)]
#[case("group_id", "is", "current_groups", true)]
#[case("assignee_id", "is", "current_user", true)]
#[case("assignee_id", "is", "all_agents", true)]
#[case("assignee_id", "is", "requester_id", false)]
#[case("assignee_id", "is", "", false)]
#[case("requester_id", "is", "1", true)]
#[case("requester_id", "is", "current_user", false)]
#[case("organization_id", "is", "20", true)]
#[case("current_tags", "includes", "urgent silver", true)]
#[case("current_tags", "not_includes", "urgent silver", false)]
#[case("via_id", "is", "4", true)]
#[case("via_id", "is", "0", false)]
#[case("recipient", "is", "Support@acme.example", true)]
#[case("brand_id", "is", "30", true)]
#[case("ticket_form_id", "is", "default", true)]
#[case("custom_status_id", "includes", "1 2393906", true)]
#[case("description_includes_word", "includes", "silver upgrade", true)]
#[case("description_includes_word", "is", "upgrade my", true)]
#[case("description_includes_word", "is", "my upgrade", false)]
#[case("description_includes_word", "not_includes", "upgrade", false)]
#[case("description_includes_word", "includes", "defective", false)]
#[case("locale_id", "is", "1", true)]
#[case("locale_id", "is", "8", false)]
#[case("requester_role", "is", "end_user", true)]
#[case("requester_role", "is", "agent", false)]
#[case("requester_role", "is_not", "admin", true)]
#[case("requester_role", "is", "all", true)]
#[case("satisfaction_score", "is", "true", true)]
#[case("satisfaction_score", "less_than", "good", true)]
#[case("satisfaction_score", "greater_than", "false", false)]
#[case("satisfaction_reason_code", "is", "5", true)]
// It was opened 26 hours ago, assigned 5 and a half, updated and opened 3, and is due in 3 and a half.
#[case("NEW", "is", "26", true)]
#[case("NEW", "greater_than", "25", true)]
#[case("NEW", "greater_than", "26", false)]
#[case("NEW", "less_than", "26", false)]
#[case("OPEN", "is", "3", true)]
#[case("OPEN", "less_than", "4", true)]
#[case("PENDING", "less_than", "4", false)]
#[case("assigned_at", "is", "5", true)]
#[case("assigned_at", "is_business_hours", "5", true)]
#[case("updated_at", "less_than_business_hours", "4", true)]
#[case("due_date", "less_than", "4", false)]
#[case("until_due_date", "is", "3", true)]
#[case("until_due_date", "less_than", "3", false)]
#[case("until_due_date", "greater_than", "3", true)]
#[case("until_sla_next_breach_at", "less_than", "4", false)]
// Its own fields.
#[case("custom_fields_501", "includes_string", "widget", true)]
#[case("custom_fields_501", "not_includes_string", "widget", false)]
#[case("custom_fields_501", "is", "Red Widget", true)]
#[case("custom_fields_501", "present", "", true)]
#[case("custom_fields_507", "not_present", "", true)]
#[case("custom_fields_502", "is", "shoes", true)]
#[case("custom_fields_502", "is_not", "shoes", false)]
#[case("custom_fields_503", "is", "12.0", true)]
#[case("custom_fields_503", "greater_than_equal", "12", true)]
#[case("custom_fields_503", "less_than", "12", false)]
#[case("custom_fields_504", "is", "2026-11-30", true)]
#[case("custom_fields_504", "within_next_n_days", "9", true)]
#[case("custom_fields_504", "within_next_n_days", "8", false)]
#[case("custom_fields_504", "within_previous_n_days", "30", false)]
#[case("custom_fields_505", "is", "false", true)]
#[case("custom_fields_505", "is", "true", false)]
#[case("custom_fields_506", "includes", "shoes", true)]
#[case("custom_fields_506", "not_includes", "boots_tag", true)]
#[case("custom_fields_999", "is", "1", false)]
fn a_ticket_meets_a_condition(
    #[case] field: &str,
    #[case] operator: &str,
    #[case] value: &str,
    #[case] expected: bool,
) {
    assert_eq!(shows(&all(field, operator, value), own()), expected);
}

#[test]
fn no_priority_is_the_least() {
    let ticket = json!({"priority": null});
    assert!(shows(&all("priority", "less_than", "low"), ticket.clone()));
    assert!(shows(&all("priority", "is", ""), ticket.clone()));
    assert!(!shows(&all("priority", "less_than", ""), ticket));
}

#[test]
fn all_must_be_met_and_any_of_the_others() {
    let both = Conditions {
        all: vec![Condition::new("status", "is", "open")],
        any: vec![Condition::new("type", "is", "task"), Condition::new("group_id", "is", "10")],
    };
    assert!(shows(&both, json!({})));
    assert!(!shows(&both, json!({"group_id": 11})));
    assert!(!shows(&both, json!({"status": "solved"})));
}

#[test]
fn a_view_shows_tickets_only() {
    let user = user_document(1, "Amy Moore", Role::EndUser);
    assert!(!looking().filter(&Conditions::default()).holds(&user));
}

#[rstest]
#[case(json!({"group_by": "group", "group_order": "asc", "sort_by": "priority", "sort_order": "desc"}), &[3, 2, 1, 4])]
#[case(json!({"group_by": null, "group_order": "asc", "sort_by": "nice_id", "sort_order": "desc"}), &[4, 3, 2, 1])]
#[case(json!({"group_by": null, "group_order": "asc", "sort_by": "status", "sort_order": "asc"}), &[1, 2, 3, 4])]
#[case(json!({"group_by": null, "group_order": "asc", "sort_by": "503", "sort_order": "asc"}), &[2, 1, 3, 4])]
#[case(json!({"group_by": null, "group_order": "asc", "sort_by": null, "sort_order": "asc"}), &[1, 2, 3, 4])]
fn a_view_has_an_order(#[case] output: Value, #[case] expected: &[u64]) {
    let mut output = output;
    output["columns"] = json!([]);
    let output: Output = serde_json::from_value(output).unwrap();
    let tickets = [
        ticket_document(json!({"id": 4, "group_id": null})),
        ticket_document(json!({"id": 1, "priority": "low", "custom_fields": {"503": "10"}})),
        ticket_document(json!({"id": 2, "custom_fields": {"503": "9"}})),
        ticket_document(json!({"id": 3, "group_id": 11})),
    ];
    let sort = looking().sort(&output);
    let mut places = tickets.map(|it| sort.place(&it));
    places.sort_by(|a, b| sort.compare(a, b));
    assert_eq!(places.map(|it| it.id), expected);
}
