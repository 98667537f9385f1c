//! The system's rules, one by one, as Zendesk's pages word them.

use super::*;
use crate::ticket::Priority;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

const AT: &str = "2026-11-21T12:00:00Z";
const ADA: Actor = Actor { id: user(1), agent: false };
const BOB: Actor = Actor { id: user(2), agent: true };

const fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

const fn group(number: u64) -> GroupId {
    GroupId::new(number).unwrap()
}

/// Bob is in groups 10 and 11, Cid in 11.
fn agents() -> Agents {
    let groups = [(user(2), vec![group(10), group(11)]), (user(3), vec![group(11)])];
    Agents { groups: groups.into(), assign_upon_solve: false }
}

/// An account that set nothing up.
struct Free;

impl Rules for Free {
    fn mean(&self, _: &mut Edit, _: &mut Refusal) {}

    fn settle(&self, _: &Ticket, _: &mut Ticket, _: &Edit, _: Actor, _: &mut Refusal) {}
}

fn edit(json: Value) -> Edit {
    serde_json::from_value(json).unwrap()
}

fn at() -> Timestamp {
    AT.parse().unwrap()
}

fn asked(json: Value, by: Actor) -> Result<Applied, Refusal> {
    let mut all = json!({"comment": {"body": "My printer is on fire!"}});
    all.as_object_mut().unwrap().extend(json.as_object().unwrap().clone());
    open(TicketId::new(35).unwrap(), &edit(all), None, by, &agents(), &Free, at())
}

/// A ticket that Bob works on, in this status.
fn standing(status: Status) -> Ticket {
    let ticket = asked(json!({"assignee_id": 2, "subject": "Fire"}), BOB).unwrap().ticket;
    Ticket { status, requester_id: ADA.id, ..ticket }
}

fn done(ticket: &Ticket, json: Value, by: Actor) -> Result<Applied, Refusal> {
    apply(ticket, &edit(json), by, &agents(), &Free, "2026-11-21T13:00:00Z".parse().unwrap())
}

fn reason(refused: Result<Applied, Refusal>, field: &str) -> String {
    let refusal = refused.unwrap_err();
    let reasons = refusal.reasons(field);
    assert_eq!(reasons.len(), 1, "{refusal:?}");
    reasons[0].description.clone()
}

#[rstest]
#[case(json!({}), Status::New, None)]
#[case(json!({"group_id": 11}), Status::New, Some(11))]
#[case(json!({"assignee_id": 2}), Status::Open, Some(10))]
#[case(json!({"assignee_id": 2, "group_id": 11}), Status::Open, Some(11))]
#[case(json!({"assignee_id": 2, "status": "new"}), Status::Open, Some(10))]
#[case(json!({"assignee_id": 2, "status": "pending"}), Status::Pending, Some(10))]
#[case(json!({"status": "open"}), Status::Open, None)]
fn a_new_ticket_that_is_assigned_is_open(
    #[case] asks: Value,
    #[case] status: Status,
    #[case] of: Option<u64>,
) {
    let ticket = asked(asks, BOB).unwrap().ticket;
    assert_eq!((ticket.status, ticket.group_id.map(GroupId::get)), (status, of));
}

#[rstest]
#[case(Status::New, Status::New)]
#[case(Status::Open, Status::Open)]
#[case(Status::Pending, Status::Open)]
#[case(Status::Hold, Status::Open)]
#[case(Status::Solved, Status::Open)]
fn an_end_users_comment_reopens(#[case] before: Status, #[case] after: Status) {
    let ticket = Ticket { assignee_id: None, ..standing(before) };
    let ticket = if before == Status::New { ticket } else { standing(before) };
    let comment = json!({"comment": {"body": "Still on fire", "public": false}});
    let said = done(&ticket, comment.clone(), ADA).unwrap();
    assert_eq!(said.ticket.status, after);
    assert!(said.comment.unwrap().public, "an end-user writes no internal notes");
    assert_eq!(done(&ticket, comment, BOB).unwrap().ticket.status, before, "an agent's does not");
    let solved = json!({"comment": {"body": "It went out"}, "status": "solved"});
    if before != Status::New {
        assert_eq!(done(&ticket, solved, ADA).unwrap().ticket.status, Status::Solved);
    }
}

#[test]
fn no_ticket_comes_back_to_new() {
    for before in [Status::Open, Status::Pending, Status::Hold, Status::Solved] {
        let refused = done(&standing(before), json!({"status": "new"}), BOB);
        assert!(reason(refused, "status").starts_with("Status: cannot be set back"));
    }
}

#[test]
fn solving_needs_an_assignee() {
    let ticket = asked(json!({}), ADA).unwrap().ticket;
    for status in ["solved", "closed"] {
        let refused = done(&ticket, json!({"status": status}), BOB);
        assert_eq!(reason(refused, "base"), "Assignee: is required when solving a ticket");
    }
    let wilful = Agents { assign_upon_solve: true, ..agents() };
    let solved = apply(&ticket, &edit(json!({"status": "solved"})), BOB, &wilful, &Free, at())
        .unwrap()
        .ticket;
    assert_eq!((solved.assignee_id, solved.group_id), (Some(user(2)), Some(group(10))));
    let by_customer = apply(&ticket, &edit(json!({"status": "solved"})), ADA, &wilful, &Free, at());
    assert_eq!(reason(by_customer, "base"), "Assignee: is required when solving a ticket");
    let lost = done(&standing(Status::Solved), json!({"assignee_id": null}), BOB);
    assert_eq!(reason(lost, "base"), "Assignee: is required when solving a ticket");
}

#[rstest]
#[case(json!({"tags": ["vip"]}), true)]
#[case(json!({"additional_tags": ["vip"], "remove_tags": ["old"]}), true)]
#[case(json!({"subject": "Ashes"}), true)]
#[case(json!({"priority": "high"}), true)]
#[case(json!({"status": "open"}), false)]
#[case(json!({"comment": {"body": "Again"}}), false)]
#[case(json!({"assignee_id": 3}), false)]
#[case(json!({"custom_fields": [{"id": 9, "value": "x"}]}), false)]
#[case(json!({"subject": "Ashes", "group_id": 11}), false)]
fn a_closed_ticket_lets_little_happen_to_it(#[case] asks: Value, #[case] taken: bool) {
    let result = done(&standing(Status::Closed), asks, BOB);
    assert_eq!(result.is_ok(), taken);
    if let Err(refusal) = result {
        let told = json!({"status": [
            {"description": "Status: closed prevents ticket update", "error": "ClosedTicket"}]});
        assert_eq!(serde_json::to_value(refusal).unwrap(), told);
    }
}

#[rstest]
#[case(json!({"assignee_id": 3}), Ok((Some(3), Some(11))))]
#[case(json!({"assignee_id": 3, "group_id": 10}), Err("Assignee: is not a member of the group"))]
#[case(json!({"assignee_id": 1}), Err("Assignee: is invalid"))]
#[case(json!({"group_id": 11}), Ok((Some(2), Some(11))))]
#[case(json!({"group_id": 12}), Ok((None, Some(12))))]
#[case(json!({"assignee_id": null}), Ok((None, Some(10))))]
fn an_assignee_is_of_the_group(
    #[case] asks: Value,
    #[case] expected: Result<(Option<u64>, Option<u64>), &str>,
) {
    let result = done(&standing(Status::Open), asks, BOB);
    match expected {
        Ok(expected) => {
            let ticket = result.unwrap().ticket;
            let found = (ticket.assignee_id.map(UserId::get), ticket.group_id.map(GroupId::get));
            assert_eq!(found, expected);
        }
        Err(expected) => assert_eq!(reason(result, "assignee"), expected),
    }
}

#[test]
fn a_follow_up_names_a_closed_ticket_and_takes_its_tags() {
    let closed = Ticket { tags: ["vip".to_owned()].into(), ..standing(Status::Closed) };
    let id = TicketId::new(36).unwrap();
    let asks = |json: Value| {
        open(id, &edit(json), Some(&closed), ADA, &agents(), &Free, at()).unwrap().ticket
    };
    let plain = asks(json!({"comment": {"body": "Still too hot"}}));
    assert_eq!(plain.via_followup_source_id, Some(closed.id));
    assert_eq!(plain.tags, closed.tags);
    let tagged = asks(json!({"comment": {"body": "Still too hot"}, "tags": ["hot"]}));
    assert_eq!(tagged.tags, ["hot".to_owned()].into());
    let solved = standing(Status::Solved);
    let comment = edit(json!({"comment": {"body": "x"}}));
    let other = open(id, &comment, Some(&solved), ADA, &agents(), &Free, at()).unwrap();
    assert_eq!(other.ticket.via_followup_source_id, None, "it has no effect with other tickets");
}

#[test]
fn what_makes_no_sense_is_refused_all_at_once() {
    let long = "x".repeat(MAX_SUBJECT + 1);
    let ticket = Ticket { priority: Some(Priority::High), ..standing(Status::Open) };
    let refusal = done(&ticket, json!({"subject": long, "priority": null, "status": "new"}), BOB)
        .unwrap_err();
    for field in ["subject", "priority", "status"] {
        assert_eq!(refusal.reasons(field).len(), 1, "{field}: {refusal:?}");
    }
    let blank = open(
        ticket.id,
        &edit(json!({"comment": {"body": " "}})),
        None,
        ADA,
        &agents(),
        &Free,
        at(),
    );
    assert_eq!(reason(blank, "base"), "Description: cannot be blank");
}

#[test]
fn changes_are_told_field_by_field() {
    let asks = json!({"status": "pending", "assignee_id": 3, "additional_tags": ["Very Hot", "fire"],
        "custom_fields": [{"id": 9, "value": true}], "comment": {"body": "Which printer?"}});
    let applied = done(&standing(Status::Open), asks, BOB).unwrap();
    let told = serde_json::to_value(&applied.changes).unwrap();
    assert_eq!(
        told,
        json!([
            {"field_name": "9", "value": true, "previous_value": null},
            {"field_name": "assignee_id", "value": "3", "previous_value": "2"},
            {"field_name": "group_id", "value": "11", "previous_value": "10"},
            {"field_name": "status", "value": "pending", "previous_value": "open"},
            {"field_name": "tags", "value": ["fire", "hot", "very"], "previous_value": []},
        ])
    );
    assert_eq!(applied.comment.unwrap().body.as_deref(), Some("Which printer?"));
    let nothing = done(&standing(Status::Open), json!({"status": "open"}), BOB).unwrap();
    assert_eq!((nothing.changes.len(), nothing.ticket.updated_at), (0, at()));
}

#[test]
fn only_tasks_are_due_and_only_incidents_have_a_problem() {
    let task = json!({"type": "task", "due_at": "2026-12-01T00:00:00Z", "problem_id": 7});
    let task = done(&standing(Status::Open), task, BOB).unwrap().ticket;
    assert!(task.due_at.is_some() && task.problem_id.is_none());
    let incident = done(&task, json!({"type": "incident", "problem_id": 7}), BOB).unwrap().ticket;
    assert!(incident.due_at.is_none() && incident.problem_id.is_some());
    let own = done(&task, json!({"type": "incident", "problem_id": 35}), BOB);
    assert!(reason(own, "problem_id").starts_with("Problem: cannot be the ticket itself"));
}

#[test]
fn an_agents_comment_is_public_unless_it_says_otherwise() {
    let public =
        |json: Value| done(&standing(Status::Open), json, BOB).unwrap().comment.unwrap().public;
    assert!(public(json!({"comment": {"body": "Hello"}})));
    assert!(!public(json!({"comment": {"body": "Hm", "public": false}})));
    let private = asked(json!({"comment": {"body": "Note", "public": false}}), BOB).unwrap().ticket;
    assert!(!private.is_public);
    let next = done(&private, json!({"comment": {"body": "Another"}}), BOB).unwrap();
    assert!(!next.comment.unwrap().public, "on a ticket without a public comment, it is a note");
}

fn any_edit() -> impl Strategy<Value = Value> {
    let word = |name: &'static str, all: &'static [&'static str]| {
        prop::option::of(prop::sample::select(all))
            .prop_map(move |it| (name, it.map(|it| json!(it))))
    };
    let id = |name: &'static str, all: [Value; 4]| {
        prop::option::of(prop::sample::select(all.to_vec())).prop_map(move |it| (name, it))
    };
    let status = word("status", &["new", "open", "pending", "hold", "solved", "closed"]);
    let kind = word("type", &["question", "incident", "problem", "task"]);
    let assignee = id("assignee_id", [json!(null), json!(1), json!(2), json!(3)]);
    let group = id("group_id", [json!(null), json!(10), json!(11), json!(12)]);
    let comment = prop::option::of(Just(json!({"body": "x"}))).prop_map(|it| ("comment", it));
    (status, kind, assignee, group, comment).prop_map(|(a, b, c, d, e)| {
        let fields = [a, b, c, d, e].into_iter();
        fields
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    })
}

proptest! {
    /// Whatever is asked of a ticket by whomever, in any order, these hold.
    #[test]
    fn a_ticket_is_never_what_no_ticket_can_be(edits in prop::collection::vec((any_edit(), any::<bool>()), 1..20)) {
        let mut ticket = asked(json!({}), ADA).unwrap().ticket;
        for (json, agent) in edits {
            let by = if agent { BOB } else { ADA };
            let Ok(applied) = done(&ticket, json, by) else { continue };
            let after = applied.ticket;
            prop_assert!(!(after.status == Status::New && ticket.status != Status::New));
            prop_assert!(ticket.status != Status::Closed || after.status == Status::Closed);
            prop_assert!(after.status < Status::Solved || after.assignee_id.is_some());
            prop_assert!(after.status != Status::New || after.assignee_id.is_none());
            let of_group = after.assignee_id.is_none_or(|agent| {
                after.group_id.is_some_and(|group| agents().in_group(agent, group))
            });
            prop_assert!(of_group, "{after:?}");
            prop_assert_eq!(applied.changes.is_empty(), changes(&ticket, &after).is_empty());
            ticket = after;
        }
    }
}
