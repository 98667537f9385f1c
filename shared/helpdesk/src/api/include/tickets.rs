//! What is told within tickets, and what was last done to them.

use super::load::{Load, Main};
use crate::access::{Action, Resource};
use crate::api::{Call, Refused};
use crate::ids::RecordId;
use crate::record::{Kept, places};
use crate::routes::tickets::{audit_shown, audits, metrics_shown};
use crate::schedule::Schedules;
use crate::store::Range;
use crate::ticket::comment::{AUDITS, COMMENTS, history};
use crate::ticket::sla::Promise;
use crate::ticket::{Comment, Kind, MetricEvent, Ticket};
use ceap_kernel::Timestamp;
use futures::future::try_join_all;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Audits of a ticket that are looked through for what its clocks did.
const MANY: usize = 1_000;

/// What goes into each record, and what stands beside them.
#[derive(Default)]
pub(super) struct Within {
    pub records: Vec<Map<String, Value>>,
    pub beside: Vec<(&'static str, Value)>,
}

/// All that is asked for within these records, if they are tickets.
pub(super) async fn within(
    call: &Call<'_>,
    main: Main,
    loads: &BTreeSet<Load>,
    records: &[Map<String, Value>],
) -> Result<Within, Refused> {
    if main != Main::Tickets || !loads.iter().any(|it| it.is_within_tickets()) {
        return Ok(Within::default());
    }
    let ids: Vec<u64> = records.iter().filter_map(|it| it.get("id")?.as_u64()).collect();
    let alive = |it: &&Map<String, Value>| it.get("status") != Some(&json!("deleted"));
    let there = records.iter().filter(alive).filter_map(|it| it.get("id")?.as_u64());
    let tickets = call.get_all::<Ticket>(&there.collect::<Vec<u64>>()).await?;
    let tickets: BTreeMap<u64, Kept<Ticket>> =
        tickets.into_iter().map(|it| (it.id.get(), it)).collect();
    let each = ids.iter().map(|id| of_one(call, loads, tickets.get(id), ids.len() == 1));
    let last = async {
        match loads.contains(&Load::LastAudits) {
            true => Ok(Some(last_audits(call, tickets.values()).await?)),
            false => Ok(None),
        }
    };
    let (records, last) = futures::try_join!(try_join_all(each), last)?;
    let beside = last.map(|it| ("last_audits", it)).into_iter().collect();
    Ok(Within { records, beside })
}

/// What goes into one. Of a ticket that was deleted there is nothing more to tell.
async fn of_one(
    call: &Call<'_>,
    loads: &BTreeSet<Load>,
    ticket: Option<&Kept<Ticket>>,
    alone: bool,
) -> Result<Map<String, Value>, Refused> {
    let mut told = Map::new();
    for load in loads {
        let (name, value) = match (load, ticket) {
            (Load::MetricSets, _) => {
                ("metric_set", json!(ticket.map(|it| metrics_shown(call, it))))
            }
            (Load::Dates, _) => ("dates", json!(ticket.map(|it| dates(it)))),
            (Load::Slas, Some(ticket)) => {
                let schedule = Schedules::of(&call.account)?.id(ticket);
                ("slas", promised(ticket, schedule, call.at))
            }
            (Load::Slas, None) => ("slas", json!({"policy_metrics": []})),
            (Load::CommentCount, Some(ticket)) => {
                ("comment_count", comment_count(call, ticket).await?)
            }
            (Load::IncidentCounts, Some(ticket)) => {
                ("incident_count", incident_count(call, ticket).await?)
            }
            // It is told of one ticket alone, since all that was done to it has to be read.
            (Load::MetricEvents, Some(ticket)) if alone => {
                ("metric_events", metric_events(call, ticket).await?)
            }
            _ => continue,
        };
        told.insert(name.to_owned(), value);
    }
    Ok(told)
}

/// What is promised of a ticket: until when, and how long that is from now on, in the greatest unit of which it is one; and,
/// which Zendesk does not tell, by which schedule its business hours count.
fn promised(ticket: &Ticket, schedule: Option<RecordId>, now: Timestamp) -> Value {
    let one = |promise: &Promise| {
        let mut told = json!({"metric": promise.metric, "stage": promise.stage, "breach_at": promise.breach_at});
        if let (Some(at), Some(told)) = (promise.breach_at, told.as_object_mut()) {
            let left = at.as_second().saturating_sub(now.as_second());
            let units = [("days", 86_400_i64), ("hours", 3_600), ("minutes", 60)];
            let whole = |(_, seconds): &&(&str, i64)| left.abs() >= *seconds;
            let (unit, seconds) = units.iter().find(whole).copied().unwrap_or(("minutes", 60));
            told.insert(unit.to_owned(), json!(left.checked_div(seconds)));
        }
        told
    };
    let all: Vec<_> = ticket.promises.iter().map(one).collect();
    match schedule {
        Some(id) => json!({"policy_metrics": all, "schedule_id": id}),
        None => json!({"policy_metrics": all}),
    }
}

fn dates(ticket: &Ticket) -> Value {
    let metrics = &ticket.metrics;
    json!({
        "assignee_updated_at": metrics.assignee_updated_at,
        "requester_updated_at": metrics.requester_updated_at,
        "status_updated_at": metrics.status_updated_at,
        "initially_assigned_at": metrics.initially_assigned_at,
        "assigned_at": metrics.assigned_at,
        "solved_at": metrics.solved_at,
        "latest_comment_added_at": metrics.latest_comment_added_at,
    })
}

async fn comment_count(call: &Call<'_>, ticket: &Ticket) -> Result<Value, Refused> {
    let range = Range::of(history(ticket.id), MANY).starting(COMMENTS);
    Ok(json!(call.desk.store.count(&call.tenant, &range).await?))
}

/// Only problems have incidents.
async fn incident_count(call: &Call<'_>, ticket: &Ticket) -> Result<Value, Refused> {
    if ticket.kind != Some(Kind::Problem) {
        return Ok(json!(0));
    }
    let list = places::list(&format!("problem/{}/tickets", ticket.id));
    Ok(json!(call.desk.store.count(&call.tenant, &Range::of(list, MANY)).await?))
}

/// What the clocks of a ticket did, by what they measure.
async fn metric_events(call: &Call<'_>, ticket: &Ticket) -> Result<Value, Refused> {
    let range = Range::of(history(ticket.id), MANY).starting(AUDITS);
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in call.range(&range).await?.items {
        for event in audits::read(&item)?.metric_events {
            let metric = json!(event.metric).as_str().unwrap_or_default().to_owned();
            all.entry(metric).or_default().push(MetricEvent::shown(&event, ticket.id));
        }
    }
    Ok(json!(all))
}

/// What was last done to each of these tickets. Its comment is most often the last one, so both are read at once.
async fn last_audits(
    call: &Call<'_>,
    tickets: impl Iterator<Item = &Kept<Ticket>>,
) -> Result<Value, Refused> {
    let last = async |ticket: &Kept<Ticket>| {
        let newest = |prefix| Range::of(history(ticket.id), 1).starting(prefix).backward(true);
        let (audit, comment) = (newest(AUDITS), newest(COMMENTS));
        let (audit, comment) = futures::try_join!(call.range(&audit), call.range(&comment))?;
        let Some(audit) = audit.items.first() else { return Ok(None) };
        let comment = comment.items.first().map(Comment::read).transpose()?;
        let private = call.may(Action::ReadPrivateComments, Resource::Ticket(ticket, false))?;
        let seen = comment.filter(|it| private || it.public);
        Ok::<_, Refused>(Some(audit_shown(call, &audits::read(audit)?, seen.as_slice())))
    };
    Ok(try_join_all(tickets.map(last)).await?.into_iter().flatten().collect())
}
