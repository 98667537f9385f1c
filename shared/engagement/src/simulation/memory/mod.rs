//! Every port of the pipeline in memory, and the virtual clock.

mod audiences;
mod candidates;
mod messages;
mod signals;
mod subjects;

use super::trace::Traces;
use crate::audience::Sought;
use crate::candidate::{Candidate, Place};
use crate::event::Arrived;
use crate::link::{LinkMaker, Linked, MessageLinks};
use crate::message::{Dispatch, Record};
use crate::model::Model;
use crate::pipeline::accept::EventStream;
use crate::pipeline::ingest::Versioned;
use crate::pipeline::score::Models;
use crate::policy::cap::Ledger;
use crate::quarantine::{Quarantine, Rejected};
use crate::reentry::History;
use crate::signal::Detected;
use crate::suppression::Entry;
use crate::use_case::{Plan, UseCases};
use ceap_kernel::{Clock, Fault, MessageId, ModelId, SubjectId, TenantId, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one simulated tenant keeps, and what is on its way.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The virtual clock.
    pub now: Timestamp,
    /// Profiles and feature items.
    pub subjects: BTreeMap<SubjectId, Versioned>,
    /// The newest candidate of each place.
    pub candidates: BTreeMap<Place, Candidate>,
    /// The candidates that each place had, where the rules look at them.
    pub histories: BTreeMap<Place, History>,
    /// Records of messages.
    pub records: BTreeMap<MessageId, Record>,
    /// What caps count.
    pub ledgers: BTreeMap<SubjectId, Ledger>,
    /// Until when each event type and thing ties each subject.
    pub ties: BTreeMap<(String, String, SubjectId), Timestamp>,
    /// Signals about things, on their way to whom they concern.
    pub sought: VecDeque<Sought>,
    /// Signals to be worked on now.
    pub bus: VecDeque<Detected>,
    /// Signals that wait for their instant.
    pub waiting: BTreeMap<Timestamp, Vec<Detected>>,
    /// Events about messages, not ingested yet.
    pub stream: Vec<Arrived>,
    /// Messages on their channels' queues.
    pub queue: VecDeque<Dispatch>,
    /// What could not proceed since it was last looked at.
    pub quarantine: Vec<Rejected>,
    /// What was decided.
    pub traces: Traces,
}

/// The ports of the pipeline, for one tenant. They are implemented for references to it.
#[derive(Debug)]
pub(super) struct Memory {
    plan: Arc<Plan>,
    /// The addresses that are suppressed.
    suppressed: Vec<Entry>,
    /// The instants of judgement that count; signals of others go no further.
    counts: (Timestamp, Timestamp),
    /// Whether batches are gathered from events of many instants: each signal then comes at the
    /// instant at which it would have come, had its event come alone.
    gathers: bool,
    kept: Mutex<Kept>,
}

impl Memory {
    /// Empty, for judgements of any instant, and batches of one instant.
    pub fn new(plan: Arc<Plan>, suppressed: Vec<Entry>) -> Self {
        let counts = (Timestamp::MIN, Timestamp::MAX);
        Self { plan, suppressed, counts, gathers: false, kept: Mutex::default() }
    }

    /// Empty, for judgements of these instants, both included.
    pub fn between(plan: Arc<Plan>, counts: (Timestamp, Timestamp), gathers: bool) -> Self {
        Self { plan, suppressed: Vec::new(), counts, gathers, kept: Mutex::default() }
    }

    /// What is kept. Never held across an await.
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the tenant runs.
    pub fn running(&self) -> &Plan {
        &self.plan
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Timestamp) {
        self.kept().now = now;
    }

    /// The instant at which the next signal wakes.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.kept().waiting.first_key_value().map(|(wake, _)| *wake)
    }
}

impl Clock for &Memory {
    fn now(&self) -> Timestamp {
        self.kept().now
    }
}

impl UseCases for &Memory {
    async fn plan(&self, _: &TenantId) -> Result<Arc<Plan>, Fault> {
        Ok(Arc::clone(&self.plan))
    }
}

impl Models for &Memory {
    async fn load(&self, _: &TenantId, model: &ModelId) -> Result<Arc<dyn Model>, Fault> {
        let unready = || Fault::NotFound(format!("there is no model {model}"));
        self.plan.stored.ready.get(model).cloned().ok_or_else(unready)
    }
}

impl EventStream for &Memory {
    async fn put(&self, events: &[Arrived]) -> Result<(), Fault> {
        self.kept().stream.extend_from_slice(events);
        Ok(())
    }
}

impl Quarantine for &Memory {
    async fn keep(&self, rejected: &[Rejected]) -> Result<(), Fault> {
        let mut kept = self.kept();
        kept.traces.quarantined(rejected);
        kept.quarantine.extend_from_slice(rejected);
        Ok(())
    }
}

/// Links in simulated messages lead nowhere: a real one would let its reader unsubscribe somebody.
impl LinkMaker for &Memory {
    async fn links(&self, _: &TenantId, of: &Linked<'_>) -> Result<MessageLinks, Fault> {
        let to = |what: &str| format!("https://simulation.invalid/{what}/{}", of.id);
        Ok(MessageLinks { unsubscribe: to("unsubscribe"), preferences: to("preferences") })
    }
}
