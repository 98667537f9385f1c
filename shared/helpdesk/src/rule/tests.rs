//! What an automation undoes by itself.

use super::*;
use rstest::rstest;

fn condition((field, operator, value): (&str, &str, &str)) -> Conditions {
    Conditions { all: vec![Condition::new(field, operator, value)], any: Vec::new() }
}

#[rstest]
#[case(("PENDING", "is", "100"), ("status", "pending"), true)]
#[case(("PENDING", "greater_than", "24"), ("status", "open"), true)]
#[case(("PENDING", "greater_than", "24"), ("status", "pending"), false)]
#[case(("PENDING", "greater_than", "24"), ("priority", "low"), false)]
#[case(("NEW", "greater_than", "24"), ("status", "open"), false)]
#[case(("status", "is", "pending"), ("status", "open"), true)]
#[case(("status", "less_than", "solved"), ("status", "pending"), false)]
#[case(("status", "less_than", "solved"), ("status", "solved"), true)]
#[case(("status", "greater_than", "open"), ("status", "open"), true)]
#[case(("priority", "less_than", "high"), ("priority", "urgent"), true)]
#[case(("priority", "less_than", "high"), ("priority", "normal"), false)]
#[case(("current_tags", "not_includes", "told twice"), ("current_tags", "told"), true)]
#[case(("current_tags", "not_includes", "told"), ("current_tags", "untold"), false)]
#[case(("current_tags", "includes", "a b"), ("remove_tags", "b a"), true)]
#[case(("current_tags", "includes", "a b"), ("remove_tags", "a"), false)]
#[case(("current_tags", "includes", "a"), ("set_tags", "b"), true)]
#[case(("current_tags", "not_includes", "b"), ("set_tags", "b"), true)]
#[case(("group_id", "is", "7"), ("group_id", "8"), true)]
#[case(("group_id", "is_not", "7"), ("group_id", "8"), false)]
#[case(("assignee_id", "is", ""), ("assignee_id", "8"), true)]
#[case(("custom_fields_9", "not_present", ""), ("custom_fields_9", "x"), true)]
fn an_automation_must_undo_one_of_its_conditions(
    #[case] all: (&str, &str, &str),
    #[case] (field, value): (&str, &str),
    #[case] expected: bool,
) {
    let action = Action { field: field.to_owned(), value: Value::from(value) };
    assert_eq!(nullified(&condition(all), &[action]), expected);
}

#[rstest]
#[case(Use::View, "status", true)]
#[case(Use::Sla, "status", false)]
#[case(Use::Sla, "exact_created_at", true)]
#[case(Use::Trigger, "PENDING", false)]
#[case(Use::Automation, "PENDING", true)]
#[case(Use::Automation, "update_type", false)]
#[case(Use::View, "custom_fields_7", true)]
#[case(Use::View, "user.custom_fields.plan", false)]
#[case(Use::Trigger, "user.custom_fields.plan", true)]
#[case(Use::Trigger, "custom_fields_", false)]
fn each_use_has_its_own_conditions(#[case] used: Use, #[case] field: &str, #[case] expected: bool) {
    assert_eq!(term::find(field, used).is_some(), expected);
}

#[test]
fn triggers_may_ask_what_has_changed() {
    for used in [Use::Trigger, Use::View, Use::Automation] {
        let (mut refers, mut refusal) = (Refers::default(), crate::refusal::Refusal::default());
        let asked = condition(("status", "not_value_previous", "solved"));
        check_conditions(&asked, used, &mut refers, &mut refusal);
        assert_eq!(refusal.against(()).is_ok(), used == Use::Trigger);
    }
}

#[test]
fn conditions_are_read_as_clients_write_them() {
    let read: Conditions = serde_json::from_value(serde_json::json!({
        "all": [{"field": "via_id", "operator": "is", "value": 4},
            {"field": "update_type", "value": "Create"},
            {"field": "assignee_id", "operator": "not_changed", "value": null}],
        "any": null,
    }))
    .unwrap();
    assert_eq!(read.all[0].value, "4");
    assert_eq!(read.all[1].operator, "is");
    assert_eq!(read.all[2].value, Value::Null);
    assert_eq!(read.any, Vec::new());
}
