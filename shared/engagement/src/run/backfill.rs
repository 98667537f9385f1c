//! A backfill: the features of a document, computed from what happened before it was kept.
//!
//! Each subject's history is folded into its feature item, in place of what the item knows of the same
//! streams and together with the events that it still keeps one by one. So a backfill may be done again,
//! and while events come in. Nothing triggers: what has happened has.

use super::state::{Counts, Run};
use crate::event::Event;
use crate::feature::StreamId;
use crate::history::{self, History, Query};
use crate::pipeline::ingest::Subjects;
use crate::use_case::{LATENESS, Plan, UseCase};
use ceap_kernel::{Fault, SignedDuration, SubjectId, TenantId, Timestamp, UseCaseId};
use futures::TryStreamExt;
use futures::stream::{self, StreamExt};
use std::collections::BTreeSet;

/// Subjects read at once.
const CHUNK: usize = 50;

/// Subjects written at once.
const CONCURRENCY: usize = 16;

/// Times a subject is computed anew when an event was honoured meanwhile.
const ATTEMPTS: usize = 5;

/// The longest that a plan is remembered: how long a document takes to be seen everywhere.
const SEEN: SignedDuration = SignedDuration::from_secs(10);

/// When a document that was kept at `updated` can be backfilled: what was honoured without it is in
/// the lake by then, which lags `lag`.
#[must_use]
pub(super) fn begins(updated: Timestamp, lag: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let begins = updated.checked_add(lag.saturating_add(SEEN)).ok()?;
    (begins > now).then_some(begins)
}

/// The use case, if it has anything to compute.
///
/// # Errors
/// `NotFound`; `Invalid` when it is off or has no features.
pub(super) fn use_case<'a>(plan: &'a Plan, id: &UseCaseId) -> Result<&'a UseCase, Fault> {
    let unknown = || Fault::NotFound(format!("there is no use case `{id}`"));
    let use_case = plan.use_case(id).ok_or_else(unknown)?;
    if !use_case.runs() {
        let message = "is off, so nothing would be kept; set it to `shadow` first";
        return Err(Fault::invalid("mode", message));
    }
    if use_case.features.streams().is_empty() {
        return Err(Fault::invalid("features", "are none; there is nothing to compute"));
    }
    Ok(use_case)
}

/// The history that its features are computed over. A stream that other use cases share is computed
/// for all of them.
pub(super) fn query(run: &Run, plan: &Plan, use_case: &UseCase) -> Query {
    let at = run.requested.as_millisecond();
    let (mut kinds, mut from) = (BTreeSet::new(), at);
    for id in use_case.features.streams().keys() {
        if let Some((rule, delay)) = plan.stream(*id) {
            kinds.insert(rule.kind.clone());
            from = from.min(rule.window.after(at.saturating_sub(delay)));
        }
    }
    let late = LATENESS.as_secs().saturating_mul(1000);
    // What is before all time has no instant, and no beginning.
    let from = Timestamp::from_millisecond(from.saturating_sub(late)).ok();
    Query { kinds, from, ..Query::default() }
}

/// One part: its subjects' history into their feature items.
///
/// # Errors
/// `Invalid` when the use case no longer runs; `Conflict`, `Unavailable` or `Throttled`: all of the
/// part is done again then.
pub(super) async fn part(
    run: &Run,
    part: history::Part,
    plan: &Plan,
    lake: &impl History,
    subjects: &impl Subjects,
) -> Result<Counts, Fault> {
    let use_case = use_case(plan, &run.use_case)?;
    let query = Query { part: Some(part), ..query(run, plan, use_case) };
    let streams = use_case.features.streams().keys().copied().collect();
    let fill = Fill { tenant: &run.tenant, plan, streams, subjects };
    let mut counts = Counts::new();
    let mut count = |name: &str, more: usize| {
        let sum = counts.entry(name.to_owned()).or_default();
        *sum = sum.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
    };
    let mut events = lake.read(&run.tenant, &query);
    let mut waiting: Vec<(SubjectId, Vec<Event>)> = Vec::new();
    while let Some(arrived) = events.try_next().await? {
        count("events", 1);
        let event = arrived.event;
        match waiting.last_mut().filter(|(subject, _)| *subject == event.subject) {
            Some((_, known)) => known.push(event),
            None => {
                if waiting.len() >= CHUNK {
                    let full = std::mem::take(&mut waiting);
                    count("subjects", full.len());
                    count("changed", fill.all(full).await?);
                }
                waiting.push((event.subject.clone(), vec![event]));
            }
        }
    }
    count("subjects", waiting.len());
    count("changed", fill.all(waiting).await?);
    Ok(counts)
}

struct Fill<'a, S> {
    tenant: &'a TenantId,
    plan: &'a Plan,
    streams: BTreeSet<StreamId>,
    subjects: &'a S,
}

impl<S: Subjects> Fill<'_, S> {
    /// How many items changed.
    async fn all(&self, histories: Vec<(SubjectId, Vec<Event>)>) -> Result<usize, Fault> {
        let changed: Vec<bool> = stream::iter(histories)
            .map(|(subject, history)| async move { self.one(&subject, &history).await })
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(changed.into_iter().filter(|changed| *changed).count())
    }

    /// Computes one subject's features; true when its item changed.
    async fn one(&self, subject: &SubjectId, history: &[Event]) -> Result<bool, Fault> {
        let mut last = Fault::Conflict("the subject kept changing".to_owned());
        for _ in 0..ATTEMPTS {
            let read = self.subjects.load(self.tenant, std::slice::from_ref(subject)).await?;
            let mut next = read.into_iter().next().unwrap_or_default();
            if next.moved_to.is_some() {
                // What it did was taken over when it was merged.
                return Ok(false);
            }
            let before = next.state.series.clone();
            next.state.series.backfill(self.plan, &self.streams, history);
            if next.state.series == before {
                return Ok(false);
            }
            match self.subjects.save_series(self.tenant, subject, &next).await {
                Ok(()) => return Ok(true),
                Err(fault @ Fault::Conflict(_)) => last = fault,
                Err(fault) => return Err(fault),
            }
        }
        Err(last)
    }
}
