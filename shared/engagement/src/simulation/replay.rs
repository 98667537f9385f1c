//! A history through a document: what it would have decided, counted, with a sample of it.

use super::course::Course;
use super::funnel::Funnel;
use super::memory::Memory;
use super::sample::{MAX_SAMPLE, Sample};
use crate::event::{Arrived, Event};
use crate::message::State;
use crate::pipeline::aftermath::kind;
use crate::pipeline::gates::Addresses;
use crate::profile::PROFILE_UPDATED;
use crate::use_case::{Document, LATENESS, Mode, Plan};
use crate::window::Span;
use ceap_kernel::{Fault, Metric, SignedDuration, SubjectId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events gathered into one batch.
const MAX_BATCH: usize = 200;

/// Bytes of their data together, about: well below what a subject's series holds of one type.
const MAX_BATCH_BYTES: usize = 32 * 1024;

/// What a replay tells of messages: they arrive.
const TOLD: [State; 1] = [State::Delivered];

/// What of a history counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplayOptions")]
pub struct Options {
    /// The first instant of judgement that counts. What was before feeds the features.
    pub from: Timestamp,
    /// The last one.
    pub to: Timestamp,
    /// How many decisions of each kind are told, at most [`MAX_SAMPLE`].
    pub sample: usize,
}

impl Options {
    /// What is judged at this very instant.
    #[must_use]
    pub const fn as_of(at: Timestamp, sample: usize) -> Self {
        Self { from: at, to: at, sample }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.to < self.from {
            return Err(Fault::invalid("to", "must not be before `from`"));
        }
        if self.sample > MAX_SAMPLE {
            return Err(Fault::invalid("sample", format!("must be at most {MAX_SAMPLE}")));
        }
        Ok(())
    }
}

/// What came of a history, or of a part of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReplayOutcome")]
pub struct Outcome {
    /// Subjects.
    pub subjects: u64,
    /// Events of theirs, those that only fed features among them.
    pub events: u64,
    /// How many came how far, of those whose instant of judgement counts.
    pub funnel: Funnel,
    /// Some of those that became candidates.
    pub passed: Sample,
    /// Some of those that did not.
    pub stopped: Sample,
    /// How many of each are told.
    pub sample: usize,
}

impl Outcome {
    /// Adds what came of another part: of the same document and options, and other subjects. The order
    /// of parts does not matter.
    pub fn merge(&mut self, other: Self) {
        self.subjects = self.subjects.saturating_add(other.subjects);
        self.events = self.events.saturating_add(other.events);
        self.funnel.merge(other.funnel);
        self.sample = self.sample.max(other.sample);
        self.passed.merge(other.passed, self.sample);
        self.stopped.merge(other.stopped, self.sample);
    }
}

/// Runs a history through one document. Subjects come one after the other, each with its events in the
/// order of time; a subject is forgotten when the next one comes, so that memory does not grow.
#[derive(Debug)]
pub struct Replay<A> {
    tenant: TenantId,
    plan: Arc<Plan>,
    addresses: A,
    options: Options,
    /// How long a batch may be while a judgement is pending.
    span: SignedDuration,
    /// Whether events are gathered into batches at all.
    gathers: bool,
    subject: Option<Subject<A>>,
    outcome: Outcome,
}

/// A subject on its way through.
#[derive(Debug)]
struct Subject<A> {
    id: SubjectId,
    course: Course<A>,
    last: Timestamp,
    batch: Vec<Arrived>,
    bytes: usize,
    /// Up to when events join the batch.
    until: Timestamp,
}

impl<A: Addresses + Clone> Replay<A> {
    /// A replay of `document`, as a live one of the tenant who runs `running`.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn new(
        tenant: TenantId,
        running: &Plan,
        document: Document,
        addresses: A,
        options: Options,
    ) -> Result<Self, Fault> {
        options.check()?;
        let plan = running.alone(Document { mode: Mode::Live, ..document })?;
        let trigger = plan.running().next().map(|it| &it.document.trigger);
        let delay = trigger.and_then(|it| it.delay).map_or(SignedDuration::ZERO, Span::duration);
        let span = delay.saturating_add(LATENESS);
        // What is told of messages counts where it falls.
        let gathers = !TOLD.iter().any(|state| plan.names(&kind(*state)));
        let outcome = Outcome { sample: options.sample, ..Outcome::default() };
        let plan = Arc::new(plan);
        Ok(Self { tenant, plan, addresses, options, span, gathers, subject: None, outcome })
    }

    /// Takes the next event: of the same subject and not before the last one, or of another subject.
    ///
    /// # Errors
    /// `Invalid` when events are out of order, or the use case triggers itself for ever.
    pub async fn feed(&mut self, event: Event) -> Result<(), Fault> {
        if self.subject.as_ref().is_none_or(|subject| subject.id != event.subject) {
            self.close().await?;
            self.subject = Some(self.open(event.subject.clone()));
            self.outcome.subjects = self.outcome.subjects.saturating_add(1);
        }
        self.outcome.events = self.outcome.events.saturating_add(1);
        let Some(subject) = &mut self.subject else { return Ok(()) };
        if event.time < subject.last {
            let message = "must be ordered by subject and time";
            return Err(Fault::invalid("history", message));
        }
        subject.last = event.time;
        // No judgement that counts can see it.
        if event.time > self.options.to {
            return Ok(());
        }
        let bytes = event.data.values().map(size).fold(0, usize::saturating_add);
        if !self.gathers || !subject.takes(&event, bytes) {
            self.outcome.funnel.merge(subject.flush().await?);
        }
        if subject.batch.is_empty() {
            subject.course.advance(event.time).await?;
            let pending = subject.course.memory.next_wake().is_some();
            let end = event.time.checked_add(self.span).ok().filter(|_| pending);
            subject.until = end.unwrap_or(Timestamp::MAX);
        }
        subject.bytes = subject.bytes.saturating_add(bytes);
        subject.batch.push(Arrived {
            tenant: self.tenant.clone(),
            at: event.time,
            event,
            trace: None,
        });
        Ok(())
    }

    /// What came of it all.
    ///
    /// # Errors
    /// As [`Self::feed`].
    pub async fn outcome(mut self) -> Result<Outcome, Fault> {
        self.close().await?;
        Ok(self.outcome)
    }

    fn open(&self, id: SubjectId) -> Subject<A> {
        let counts = (self.options.from, self.options.to);
        let memory = Memory::between(Arc::clone(&self.plan), counts, self.gathers);
        let addresses = self.addresses.clone();
        let course = Course::new(self.tenant.clone(), memory, addresses, BTreeMap::new());
        let last = Timestamp::MIN;
        Subject { id, course, last, batch: Vec::new(), bytes: 0, until: last }
    }

    /// Ends with a subject: what it still waits for comes, and it is forgotten.
    async fn close(&mut self) -> Result<(), Fault> {
        let Some(mut subject) = self.subject.take() else { return Ok(()) };
        self.outcome.funnel.merge(subject.flush().await?);
        subject.course.finish().await?;
        let kept = std::mem::take(&mut *subject.course.memory.kept());
        for decided in kept.traces.into_decided() {
            self.outcome.funnel.add(&decided);
            let sample =
                if decided.passed() { &mut self.outcome.passed } else { &mut self.outcome.stopped };
            sample.add(decided, self.options.sample);
        }
        Ok(())
    }
}

impl<A: Addresses + Clone> Subject<A> {
    /// Whether an event can join the batch with the outcome as if it came alone. Judgements are as of
    /// their own instants, so they do not see what joined later; but they see the profile as it is. And
    /// of what they need nothing may be dropped: a batch's own is kept with the signals that it owes,
    /// and what is pending before it needs no more than the window, the delay and the lateness before
    /// the batch's end, as long as that is within the span.
    fn takes(&self, event: &Event, bytes: usize) -> bool {
        self.batch.len() < MAX_BATCH
            && self.bytes.saturating_add(bytes) <= MAX_BATCH_BYTES
            && event.kind != PROFILE_UPDATED
            && event.time <= self.until
    }

    /// Ingests the batch.
    async fn flush(&mut self) -> Result<Funnel, Fault> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if batch.is_empty() {
            return Ok(Funnel::default());
        }
        let tally = self.course.arrive(&batch).await?;
        let failed = tally.total(Metric::SignalsQuarantined);
        Ok(Funnel {
            events: tally.total(Metric::EventsIngested),
            duplicates: tally.total(Metric::EventsDuplicate),
            quarantined: tally.total(Metric::EventsQuarantined).saturating_add(failed),
            ..Funnel::default()
        })
    }
}

/// About as many bytes as a value takes.
fn size(value: &Value) -> usize {
    let own: usize = 16;
    match value {
        Value::String(text) => own.saturating_add(text.len()),
        Value::Array(items) => items.iter().map(size).fold(own, usize::saturating_add),
        Value::Object(fields) => {
            let one = |(name, value): (&String, &Value)| size(value).saturating_add(name.len());
            fields.iter().map(one).fold(own, usize::saturating_add)
        }
        _ => own,
    }
}
