//! Which fields are asked for.

use super::super::{Choice, Field};
use super::*;
use crate::ids::RecordId;
use rstest::rstest;
use serde_json::json;

fn id(id: u64) -> FieldId {
    FieldId::new(id).unwrap()
}

/// 1 is a subject, 2 takes `a` or `b`, 3 is a checkbox, 4 and 5 are texts; 5 has to be filled in before solving.
fn fields() -> Vec<Kept<TicketField>> {
    let kinds = [
        FieldType::Subject,
        FieldType::Tagger,
        FieldType::Checkbox,
        FieldType::Text,
        FieldType::Text,
    ];
    let field = |(number, kind): (u64, FieldType)| {
        let mut field = Field::new(id(number), kind, Timestamp::UNIX_EPOCH, None);
        field.title = format!("Field {number}");
        field.custom_field_options = ["a", "b"]
            .map(|value| Choice {
                id: RecordId::new(9).unwrap(),
                name: value.to_owned(),
                value: value.to_owned(),
                default: false,
                allow_solving: value == "a",
            })
            .to_vec();
        let mut record = TicketField::new(field);
        record.required = number == 5;
        (record.visible_in_portal, record.editable_in_portal) = (number != 5, true);
        Kept { record, revision: 1 }
    };
    (1..).zip(kinds).map(field).collect()
}

fn form(agents: Value, end_users: Value) -> TicketForm {
    TicketForm {
        id: FormId::new(1).unwrap(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        name: String::new(),
        display_name: String::new(),
        end_user_visible: true,
        position: 1,
        active: true,
        default: true,
        in_all_brands: true,
        restricted_brand_ids: Vec::new(),
        ticket_field_ids: (1..=5).map(id).collect(),
        agent_conditions: serde_json::from_value(agents).unwrap(),
        end_user_conditions: serde_json::from_value(end_users).unwrap(),
    }
}

/// `a` asks for the checkbox, which asks for the text.
fn nested() -> Value {
    json!([
        {"parent_field_id": 2, "value": "a", "child_fields": [
            {"id": 3, "is_required": false, "required_on_statuses": {"type": "NO_STATUSES"}}]},
        {"parent_field_id": 3, "value": true, "child_fields": [
            {"id": 4, "is_required": true,
                "required_on_statuses": {"type": "SOME_STATUSES", "statuses": ["pending", "solved"]}}]},
    ])
}

fn asked_ids(side: Side, values: &Value) -> Vec<(u64, bool)> {
    let form = form(nested(), nested());
    let all = fields();
    let value = |it: &TicketField| values[it.field.id.to_string()].clone();
    asked(&form, &all, side, &value)
        .into_iter()
        .map(|it| (it.field.field.id.get(), it.required))
        .collect()
}

#[rstest]
#[case::nothing_chosen(Status::Open, json!({}), &[(1, false), (2, false), (5, false)])]
#[case::chosen(Status::Open, json!({"2": "a"}), &[(1, false), (2, false), (3, false), (5, false)])]
#[case::nested(Status::Open, json!({"2": "a", "3": true}),
    &[(1, false), (2, false), (3, false), (4, false), (5, false)])]
#[case::required_at(Status::Pending, json!({"2": "a", "3": true}),
    &[(1, false), (2, false), (3, false), (4, true), (5, false)])]
#[case::solving(Status::Solved, json!({"2": "b"}), &[(1, false), (2, false), (5, true)])]
#[case::hidden_parent(Status::Open, json!({"2": "b", "3": true}), &[(1, false), (2, false), (5, false)])]
fn agents_are_asked(
    #[case] status: Status,
    #[case] values: Value,
    #[case] expected: &[(u64, bool)],
) {
    assert_eq!(asked_ids(Side::Agent(status, None), &values), expected);
}

#[rstest]
#[case(json!({}), &[(1, false), (2, false)])]
#[case(json!({"2": "a", "3": "true"}), &[(1, false), (2, false), (3, false), (4, true)])]
fn end_users_are_asked_for_what_they_may_see(
    #[case] values: Value,
    #[case] expected: &[(u64, bool)],
) {
    assert_eq!(asked_ids(Side::EndUser, &values), expected);
}

#[test]
fn what_is_missing_is_named() {
    let form = form(nested(), json!([]));
    let solving = Side::Agent(Status::Solved, None);
    let values = json!({"2": "b"});
    let value = |it: &TicketField| values[it.field.id.to_string()].clone();
    let refusal = filled(&form, &fields(), solving, &value).unwrap_err();
    let reasons = serde_json::to_value(refusal).unwrap();
    let reason = |id: u64, class: &str| {
        json!({"description": format!("Field {id}: is required when solving a ticket"),
            "error": null, "ticket_field_id": id, "ticket_field_type": class})
    };
    // Option b keeps a ticket from being solved.
    assert_eq!(reasons, json!({"base": [reason(2, "FieldTagger"), reason(5, "FieldText")]}));
    let values = json!({"2": "a", "5": "done"});
    let value = |it: &TicketField| values[it.field.id.to_string()].clone();
    filled(&form, &fields(), solving, &value).unwrap();
}

#[rstest]
#[case::fits(nested(), true)]
#[case::not_on_the_form(json!([{"parent_field_id": 2, "value": "a", "child_fields": [{"id": 9}]}]), false)]
#[case::no_such_value(json!([{"parent_field_id": 2, "value": "c", "child_fields": [{"id": 4}]}]), false)]
#[case::of_itself(json!([{"parent_field_id": 2, "value": "a", "child_fields": [{"id": 2}]}]), false)]
#[case::round(json!([
    {"parent_field_id": 2, "value": "a", "child_fields": [{"id": 3}]},
    {"parent_field_id": 3, "value": true, "child_fields": [{"id": 2}]}]), false)]
#[case::text_decides_nothing(json!([{"parent_field_id": 4, "value": "x", "child_fields": [{"id": 3}]}]), false)]
fn conditions_are_checked(#[case] conditions: Value, #[case] fits: bool) {
    let form = form(conditions, json!([]));
    assert_eq!(check(&form.agent_conditions, &form, &fields()).is_ok(), fits);
}
