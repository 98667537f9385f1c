//! Promises by example. The examples' results were computed minute by minute, by a program in another language that
//! was written from Zendesk's pages alone.

#![allow(clippy::arithmetic_side_effects)]

use super::super::metric_events::{MetricEvent, follow};
use super::super::metrics::Happened;
use super::*;
use crate::ids::{TicketId, UserId};
use crate::refusal::Refusal;
use crate::rule::{Conditions, Head, PolicyMetric};
use crate::schedule::tests::{hours, named};
use crate::ticket::{self, Actor, Agents, Edit, Rules, Status, Ticket};
use serde_json::json;

struct Free;

impl Rules for Free {
    fn mean(&self, _: &mut Edit, _: &mut Refusal) {}

    fn settle(&self, _: &Ticket, _: &mut Ticket, _: &Edit, _: Actor, _: &mut Refusal) {}
}

fn at(text: &str) -> Timestamp {
    text.replace('Z', ":00Z").parse().unwrap()
}

fn ticket(created_at: Timestamp) -> Ticket {
    let edit: Edit = serde_json::from_value(json!({"comment": {"body": "Help"}})).unwrap();
    let by = Actor { id: UserId::new(1).unwrap(), agent: false };
    let id = TicketId::new(1).unwrap();
    ticket::open(id, &edit, None, by, &Agents::default(), &Free, created_at).unwrap().ticket
}

/// A policy, of `normal:60b urgent:15c`: minutes by business hours or by the calendar.
fn policy(metric: &str, targets: &str) -> SlaPolicy {
    let one = |text: &str| {
        let (priority, target) = text.split_once(':').unwrap();
        let (minutes, kind) = target.split_at(target.len() - 1);
        let minutes: u32 = minutes.parse().unwrap();
        PolicyMetric {
            priority: serde_json::from_value(json!(priority)).unwrap(),
            metric: metric.to_owned(),
            target: minutes,
            target_in_seconds: u64::from(minutes) * 60,
            business_hours: kind == "b",
        }
    };
    SlaPolicy {
        head: Head::new(RecordId::new(7).unwrap(), Timestamp::UNIX_EPOCH, 1),
        filter: Conditions::default(),
        policy_metrics: targets.split(' ').map(one).collect(),
        metric_settings: None,
        escalations: Vec::new(),
    }
}

/// A ticket on its way.
struct Life<'a> {
    ticket: Option<Ticket>,
    hours: Option<&'a Hours>,
    told: Vec<MetricEvent>,
}

impl Life<'_> {
    /// An update: `2026-06-01T14:00Z open+reply`.
    fn goes(&mut self, update: &str, policy: &SlaPolicy) {
        let (time, words) = update.split_once(' ').unwrap();
        let at = at(time);
        let mut after = self.ticket.clone().unwrap_or_else(|| ticket(at));
        let has = |word: &str| words.split('+').any(|it| it == word);
        for word in words.split('+') {
            let status = Status::ALL.iter().find(|it| it.as_str() == word);
            after.status = status.copied().unwrap_or(after.status);
            let priority = Priority::ALL.iter().find(|it| it.as_str() == word);
            after.priority = priority.copied().or(after.priority);
        }
        let happened = Happened {
            commented: has("ask") || has("reply"),
            replied: has("reply"),
            asked: has("ask"),
            by_requester: has("ask"),
            by_assignee: has("reply"),
            at,
            hours: self.hours,
        };
        let mut ids = 1..;
        let id = || ids.next().unwrap();
        let before = self.ticket.as_ref();
        self.told.extend(follow(before, &mut after, happened, Some(policy), id));
        self.ticket = Some(after);
    }

    fn promise(&self, metric: &str) -> Option<&Promise> {
        self.ticket.as_ref().unwrap().promises.iter().find(|it| it.metric == metric)
    }

    fn count(&self, kind: &str) -> usize {
        let kinds = self.told.iter().map(|it| serde_json::to_value(it).unwrap()["type"].clone());
        kinds.filter(|it| it == kind).count()
    }
}

#[test]
fn promises_stand_as_they_do_minute_by_minute() {
    for line in include_str!("tests/cases.txt").lines() {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [name, zone, week, closed, metric, targets, updates, expected] = parts[..] else {
            panic!("{line}")
        };
        let hours = (week != "-").then(|| hours(zone, named(week), closed.trim_matches('-')));
        let policy = policy(metric, targets);
        let mut life = Life { ticket: None, hours: hours.as_ref(), told: Vec::new() };
        updates.split(", ").for_each(|update| life.goes(update, &policy));
        let told = life.promise(metric).map_or_else(
            || "none".to_owned(),
            |it| {
                let stage = json!(it.stage);
                let until = it.breach_at.map_or_else(
                    || "-".to_owned(),
                    |at| at.strftime("%Y-%m-%dT%H:%MZ").to_string(),
                );
                let broken = if it.broken { "broken" } else { "kept" };
                format!("{} {until} {broken}", stage.as_str().unwrap())
            },
        );
        assert_eq!(told, expected, "{name}: {updates}");
    }
}

#[test]
fn what_is_promised_and_broken_is_told_once() {
    let hours = hours("Etc/UTC", "mon-fri 9:00-17:00", "");
    let policy = policy("first_reply_time", "normal:60b urgent:15b");
    let mut life = Life { ticket: None, hours: Some(&hours), told: Vec::new() };
    life.goes("2026-06-01T10:00Z new+ask+normal", &policy);
    assert_eq!((life.count("apply_sla"), life.count("breach")), (1, 0));
    life.goes("2026-06-01T10:30Z look", &policy);
    assert_eq!((life.count("apply_sla"), life.count("breach")), (1, 0));
    life.goes("2026-06-01T12:00Z look", &policy);
    life.goes("2026-06-01T13:00Z look", &policy);
    let breach = life.told.iter().find(|it| it.turn == Turn::Breach).unwrap();
    assert_eq!((breach.time, life.count("breach")), (at("2026-06-01T11:00Z"), 1));
    // Another promise is told, and that it is broken too.
    life.goes("2026-06-01T14:00Z urgent", &policy);
    assert_eq!((life.count("apply_sla"), life.count("breach")), (2, 2));
    life.goes("2026-06-01T15:00Z open+reply", &policy);
    assert_eq!((life.count("apply_sla"), life.count("breach")), (2, 2));
    assert_eq!(life.ticket.unwrap().promises.last_breach_at(), Some(at("2026-06-01T11:00Z")));
}

#[test]
fn another_schedule_counts_for_the_whole_time_once_the_ticket_is_looked_at() {
    let (early, late) =
        (hours("Etc/UTC", "mon-fri 9:00-17:00", ""), hours("Etc/UTC", "mon-fri 12:00-20:00", ""));
    let policy = policy("agent_work_time", "normal:120b");
    let mut life = Life { ticket: None, hours: Some(&early), told: Vec::new() };
    life.goes("2026-06-01T10:00Z new+ask+normal", &policy);
    assert_eq!(life.promise("agent_work_time").unwrap().breach_at, Some(at("2026-06-01T12:00Z")));
    life.goes("2026-06-01T11:00Z pending", &policy);
    life.hours = Some(&late);
    life.goes("2026-06-01T13:00Z open", &policy);
    assert_eq!(life.promise("agent_work_time").unwrap().breach_at, Some(at("2026-06-01T15:00Z")));
}

#[test]
fn the_next_breach_is_that_of_the_first_promise_that_is_not_broken() {
    let mut policy = policy("first_reply_time", "normal:60c");
    let more = super::tests::policy("total_resolution_time", "normal:600c");
    policy.policy_metrics.extend(more.policy_metrics);
    let mut life = Life { ticket: None, hours: None, told: Vec::new() };
    life.goes("2026-06-01T10:00Z new+ask+normal", &policy);
    let next = |life: &Life<'_>| life.ticket.as_ref().unwrap().promises.next_breach_at();
    assert_eq!(next(&life), Some(at("2026-06-01T11:00Z")));
    life.goes("2026-06-01T12:00Z look", &policy);
    assert_eq!(next(&life), Some(at("2026-06-01T20:00Z")));
    life.goes("2026-06-01T13:00Z solved", &policy);
    assert_eq!(next(&life), None);
}
