//! How long things took, and how often: kept with the ticket, so that every change is counted once.

use super::{Status, Ticket};
use crate::schedule::{Hours, Took};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// What is measured of a ticket
/// ([ticket metrics](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// How many groups had it.
    pub group_stations: u32,
    /// How many agents had it.
    pub assignee_stations: u32,
    /// How often it was reopened after it was solved.
    pub reopens: u32,
    /// Public comments of agents.
    pub replies: u32,
    /// When its assignee last changed it.
    pub assignee_updated_at: Option<Timestamp>,
    /// When its requester last changed it.
    pub requester_updated_at: Option<Timestamp>,
    /// When its status last changed.
    pub status_updated_at: Option<Timestamp>,
    /// When it was first assigned.
    pub initially_assigned_at: Option<Timestamp>,
    /// When it was last assigned.
    pub assigned_at: Option<Timestamp>,
    /// When it was last solved.
    pub solved_at: Option<Timestamp>,
    /// When somebody last said something.
    pub latest_comment_added_at: Option<Timestamp>,
    /// Until an agent first replied.
    pub reply_time: Option<Took>,
    /// Until it was first solved.
    pub first_resolution: Option<Took>,
    /// Until it was last solved.
    pub full_resolution: Option<Took>,
    /// What the agents waited for: in status pending, until the last change of status.
    pub agent_wait: Took,
    /// What the requester waited for: in status new, open or hold, until the last change of status.
    pub requester_wait: Took,
    /// In status hold, until the last change of status.
    pub on_hold: Took,
    /// How long it was an agent's turn: open, and assigned to them; until it last was not.
    pub handle: Took,
    /// Since when it is the turn of whom it is assigned to, if it is.
    pub handled_since: Option<Timestamp>,
}

/// What happened besides the ticket's own fields.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// Whether somebody said something.
    pub commented: bool,
    /// Whether an agent said something that the requester sees.
    pub replied: bool,
    /// Whether anybody else said something that the requester sees.
    pub asked: bool,
    /// Whether the requester did it.
    pub by_requester: bool,
    /// Whether the assignee did it.
    pub by_assignee: bool,
    /// When.
    pub at: Timestamp,
    /// The hours that are business hours, if not all are.
    pub hours: Option<&'a Hours>,
}

/// Measures a change. `before` is none of a new ticket.
pub fn measure(before: Option<&Ticket>, after: &mut Ticket, happened: Happened<'_>) {
    let at = happened.at;
    let age = Took::between(happened.hours, after.created_at, at);
    let mut metrics = before.map(|ticket| ticket.metrics.clone()).unwrap_or_default();
    if happened.commented {
        metrics.latest_comment_added_at = Some(at);
    }
    if happened.replied {
        metrics.replies = metrics.replies.saturating_add(1);
        // What a ticket opens with is no reply.
        if before.is_some() {
            metrics.reply_time.get_or_insert(age);
        }
    }
    if happened.by_requester {
        metrics.requester_updated_at = Some(at);
    }
    if happened.by_assignee {
        metrics.assignee_updated_at = Some(at);
    }
    if after.group_id.is_some() && before.and_then(|it| it.group_id) != after.group_id {
        metrics.group_stations = metrics.group_stations.saturating_add(1);
    }
    if after.assignee_id.is_some() && before.and_then(|it| it.assignee_id) != after.assignee_id {
        metrics.assignee_stations = metrics.assignee_stations.saturating_add(1);
        metrics.initially_assigned_at.get_or_insert(at);
        metrics.assigned_at = Some(at);
    }
    handled(&mut metrics, (before, after), happened);
    stood(&mut metrics, before.map(|it| it.status), after.status, age, happened);
    after.metrics = metrics;
}

/// Whose turn it was, and whose it is from now on.
fn handled(
    metrics: &mut Metrics,
    (before, after): (Option<&Ticket>, &Ticket),
    Happened { at, hours, .. }: Happened<'_>,
) {
    let turn = |it: &Ticket| it.assignee_id.filter(|_| it.status == Status::Open);
    let (was, is) = (before.and_then(turn), turn(after));
    if was == is {
        return;
    }
    if let Some(since) = metrics.handled_since {
        metrics.handle = metrics.handle.plus(Took::between(hours, since, at));
    }
    metrics.handled_since = is.map(|_| at);
}

/// Where it stood, and where it stands from now on.
fn stood(
    metrics: &mut Metrics,
    before: Option<Status>,
    after: Status,
    age: Took,
    Happened { at, hours, .. }: Happened<'_>,
) {
    if before == Some(after) {
        return;
    }
    let stood = Took::between(hours, metrics.status_updated_at.unwrap_or(at), at);
    match before {
        Some(Status::Pending) => metrics.agent_wait = metrics.agent_wait.plus(stood),
        Some(Status::Hold) => {
            metrics.on_hold = metrics.on_hold.plus(stood);
            metrics.requester_wait = metrics.requester_wait.plus(stood);
        }
        Some(Status::New | Status::Open) => {
            metrics.requester_wait = metrics.requester_wait.plus(stood);
        }
        Some(Status::Solved | Status::Closed) | None => {}
    }
    let was_solved = before.is_some_and(|status| status >= Status::Solved);
    if after >= Status::Solved && !was_solved {
        metrics.solved_at = Some(at);
        metrics.first_resolution.get_or_insert(age);
        metrics.full_resolution = Some(age);
    }
    if after < Status::Solved && was_solved {
        metrics.reopens = metrics.reopens.saturating_add(1);
        (metrics.solved_at, metrics.full_resolution) = (None, None);
    }
    metrics.status_updated_at = Some(at);
}
