//! Clocks, by what Zendesk's pages say of each.

use super::*;
use crate::ids::{GroupId, TicketId, UserId};
use crate::ticket::{self, Actor, Agents, Edit, Rules};
use rstest::rstest;
use serde_json::json;

struct Free;

impl Rules for Free {
    fn mean(&self, _: &mut Edit, _: &mut crate::refusal::Refusal) {}

    fn settle(
        &self,
        _: &Ticket,
        _: &mut Ticket,
        _: &Edit,
        _: Actor,
        _: &mut crate::refusal::Refusal,
    ) {
    }
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(60)).unwrap()
}

fn happened(minute: i64) -> Happened<'static> {
    let (commented, replied, asked) = (false, false, false);
    let (by_requester, by_assignee) = (false, false);
    Happened { commented, replied, asked, by_requester, by_assignee, at: at(minute), hours: None }
}

fn ticket() -> Ticket {
    let edit: Edit = serde_json::from_value(json!({"comment": {"body": "Help"}})).unwrap();
    let by = Actor { id: UserId::new(1).unwrap(), agent: false };
    let id = TicketId::new(1).unwrap();
    ticket::open(id, &edit, None, by, &Agents::default(), &Free, at(0)).unwrap().ticket
}

/// A ticket on its way, and what its clocks did, as `metric instance type`.
struct Life {
    ticket: Ticket,
    told: Vec<String>,
}

impl Life {
    /// Opened by an end-user.
    fn new() -> Self {
        let mut life = Self { ticket: ticket(), told: Vec::new() };
        let asked = Happened { asked: true, commented: true, ..happened(0) };
        life.went(None, asked);
        life
    }

    fn went(&mut self, before: Option<&Ticket>, happened: Happened<'_>) {
        let mut ids = 1..;
        let events = follow(before, &mut self.ticket, happened, None, || ids.next().unwrap());
        self.told = events
            .iter()
            .map(|event| {
                let json = serde_json::to_value(event).unwrap();
                let minutes = &json["status"]["calendar"];
                let minutes = minutes.as_i64().map(|it| format!(" {it}")).unwrap_or_default();
                let (metric, kind) = (&json["metric"], &json["type"]);
                let (metric, kind) = (metric.as_str().unwrap(), kind.as_str().unwrap());
                format!("{metric} {} {kind}{minutes}", event.instance_id)
            })
            .collect();
    }

    fn then(&mut self, happened: Happened<'_>, change: impl FnOnce(&mut Ticket)) -> &mut Self {
        let before = self.ticket.clone();
        change(&mut self.ticket);
        self.went(Some(&before), happened);
        self
    }

    fn status(&mut self, minute: i64, status: Status) -> &mut Self {
        self.then(happened(minute), |ticket| ticket.status = status)
    }

    fn of(&self, metric: &str) -> Vec<&str> {
        let prefix = format!("{metric} ");
        self.told.iter().filter_map(|it| it.strip_prefix(&prefix)).collect()
    }
}

#[test]
fn a_new_ticket_is_measured_and_waits() {
    let life = Life::new();
    for metric in ["agent_work_time", "requester_wait_time", "resolution_time", "reply_time"] {
        assert_eq!(life.of(metric), ["0 measure", "1 activate"], "{metric}");
    }
    for metric in ["pausable_update_time", "periodic_update_time", "group_ownership_time"] {
        assert_eq!(life.of(metric), ["0 measure"], "{metric}");
    }
}

#[rstest]
#[case(Status::Pending, "agent_work_time", &["1 pause"])]
#[case(Status::Pending, "requester_wait_time", &["1 pause"])]
#[case(Status::Pending, "resolution_time", &[])]
#[case(Status::Hold, "agent_work_time", &["1 pause"])]
#[case(Status::Hold, "requester_wait_time", &[])]
#[case(Status::Open, "agent_work_time", &[])]
#[case(Status::Solved, "agent_work_time", &["1 fulfill", "1 update_status 10"])]
#[case(Status::Solved, "resolution_time", &["1 fulfill", "1 update_status 10"])]
#[case(Status::Solved, "reply_time", &[])]
fn clocks_go_by_the_status(#[case] status: Status, #[case] metric: &str, #[case] told: &[&str]) {
    let mut life = Life::new();
    life.status(10, status);
    assert_eq!(life.of(metric), told);
}

#[test]
fn what_was_paused_goes_on_and_counts_only_what_ran() {
    let mut life = Life::new();
    life.status(10, Status::Pending).status(60, Status::Open);
    assert_eq!(life.of("agent_work_time"), ["1 activate"]);
    assert_eq!(
        life.status(65, Status::Solved).of("agent_work_time"),
        ["1 fulfill", "1 update_status 15"]
    );
    assert!(life.status(70, Status::Closed).told.is_empty());
    let mut again = Life::new();
    again.status(5, Status::Solved).status(9, Status::Open);
    assert_eq!(again.of("resolution_time"), ["2 activate"]);
    assert_eq!(
        again.status(12, Status::Solved).of("resolution_time"),
        ["2 fulfill", "2 update_status 3"]
    );
}

#[test]
fn replies_end_one_clock_and_begin_others() {
    let mut life = Life::new();
    let replied = |minute| Happened { commented: true, replied: true, ..happened(minute) };
    let asked = |minute| Happened { commented: true, asked: true, ..happened(minute) };
    life.then(replied(4), |_| {});
    assert_eq!(life.of("reply_time"), ["1 fulfill", "1 update_status 4"]);
    assert_eq!(life.of("periodic_update_time"), ["1 activate"]);
    assert!(life.then(replied(5), |_| {}).of("reply_time").is_empty());
    assert_eq!(life.of("periodic_update_time"), ["1 fulfill", "1 update_status 1", "2 activate"]);
    assert_eq!(life.then(asked(6), |_| {}).of("reply_time"), ["2 activate"]);
    assert!(life.then(asked(7), |_| {}).of("reply_time").is_empty());
    let reply = life.then(replied(9), |ticket| ticket.status = Status::Pending);
    assert_eq!(reply.of("reply_time"), ["2 fulfill", "2 update_status 3"]);
    assert_eq!(
        reply.of("pausable_update_time"),
        ["2 fulfill", "2 update_status 4", "3 activate", "3 pause"]
    );
    assert_eq!(
        life.status(20, Status::Solved).of("pausable_update_time"),
        ["3 fulfill", "3 update_status 0"]
    );
}

#[test]
fn a_group_has_it_until_another_does() {
    let mut life = Life::new();
    let group = |id| move |ticket: &mut Ticket| ticket.group_id = GroupId::new(id);
    assert_eq!(life.then(happened(1), group(1)).of("group_ownership_time"), ["1 activate"]);
    assert_eq!(
        life.then(happened(6), group(2)).of("group_ownership_time"),
        ["1 fulfill", "1 update_status 5", "2 activate"]
    );
    assert_eq!(life.status(7, Status::Pending).of("group_ownership_time"), ["2 pause"]);
    let none = life.then(happened(8), |ticket| ticket.group_id = None);
    assert_eq!(none.of("group_ownership_time"), ["2 fulfill", "2 update_status 1"]);
}
