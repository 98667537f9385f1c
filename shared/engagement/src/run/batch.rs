//! A batch: each subject of a population, judged as of one instant.
//!
//! Who meets the trigger's condition is a signal, and goes the way of all signals: filter, score,
//! store, deliver. A signal's id is made of tenant, use case, subject, key and the instant, so that a
//! part that is done again emits the same signals, and each has its effect once.

use super::state::{Counts, Run};
use crate::condition::Facts;
use crate::feature::AsOf;
use crate::pipeline::follow;
use crate::pipeline::ingest::{Signals, Subjects, Versioned};
use crate::pipeline::judge::MAX_KEY;
use crate::quarantine::{Quarantine, Rejected};
use crate::series::Series;
use crate::signal::{Detected, Signal, event_facts};
use crate::use_case::{Plan, UseCase};
use ceap_kernel::{EventKey, Fault, Metric, SignalId, SubjectId, Tally, TenantId, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The type of the event that conditions and templates see.
pub const SCHEDULE: &str = "schedule";

/// Subjects in memory at once.
const CHUNK: usize = 200;

/// What judging needs.
#[derive(Debug)]
pub struct Batch<'a, S, B, Q> {
    /// Profiles and feature items.
    pub subjects: &'a S,
    /// The bus.
    pub signals: &'a B,
    /// For what cannot proceed.
    pub quarantine: &'a Q,
    /// The wall clock's instant.
    pub now: Timestamp,
}

impl<S: Subjects, B: Signals, Q: Quarantine> Batch<'_, S, B, Q> {
    /// Judges these subjects, and emits the signals of those that match.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; all is judged again then.
    pub async fn run(
        &self,
        run: &Run,
        plan: &Plan,
        subjects: &[SubjectId],
        tally: &mut Tally,
    ) -> Result<Counts, Fault> {
        let mut counts = Counts::new();
        let mut count = |name: &str, more: usize| {
            let sum = counts.entry(name.to_owned()).or_default();
            *sum = sum.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
        };
        count("subjects", subjects.len());
        // Whoever deletes the use case or switches it off while it runs means now.
        let Some(use_case) = plan.use_case(&run.use_case).filter(|it| it.runs()) else {
            return Ok(counts);
        };
        let at = run.as_of.unwrap_or(run.requested);
        for chunk in subjects.chunks(CHUNK) {
            let found = follow::current(self.subjects, &run.tenant, chunk).await?;
            let states: BTreeMap<SubjectId, Versioned> = found.into_iter().collect();
            let (mut signals, mut profiles) = (Vec::new(), BTreeMap::new());
            let mut rejected = Vec::new();
            for (subject, read) in &states {
                let profile = read.state.profile.facts();
                let judge = Judge { tenant: &run.tenant, plan, use_case, subject, at };
                match judge.signal(&read.state.series, &profile) {
                    Ok(Some(signal)) => {
                        profiles.insert(subject.clone(), profile);
                        signals.push(signal);
                    }
                    Ok(None) => {}
                    Err(fault) => {
                        let payload = judge.event();
                        let tenant = Some(&run.tenant);
                        rejected.push(Rejected::new(tenant, "trigger", &fault, payload, self.now));
                        let (id, code) = (Some(use_case.id()), Some(fault.code()));
                        tally.add(Metric::SignalsQuarantined, &run.tenant, id, code, 1);
                    }
                }
            }
            count("signals", signals.len());
            count("quarantined", rejected.len());
            let matched = u64::try_from(signals.len()).unwrap_or(u64::MAX);
            tally.add(Metric::SignalsMatched, &run.tenant, Some(use_case.id()), None, matched);
            if !rejected.is_empty() {
                self.quarantine.keep(&rejected).await?;
            }
            let detected = Detected { tenant: run.tenant.clone(), profiles, signals };
            let emissions = detected.split();
            if !emissions.is_empty() {
                self.signals.emit(&emissions).await?;
            }
        }
        Ok(counts)
    }
}

/// One subject, judged by a schedule as of one instant.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// What the tenant runs.
    pub plan: &'a Plan,
    /// The use case.
    pub use_case: &'a UseCase,
    /// The subject.
    pub subject: &'a SubjectId,
    /// The instant.
    pub at: Timestamp,
}

impl Judge<'_> {
    /// The event that conditions and templates see: of type `schedule`, without data.
    #[must_use]
    pub fn event(&self) -> Value {
        event_facts(SCHEDULE, self.subject, self.at, &Map::new())
    }

    /// The signal of a subject that meets the trigger's condition; always the same one.
    ///
    /// # Errors
    /// `Invalid` when it can't be judged.
    pub fn signal(&self, series: &Series, profile: &Value) -> Result<Option<Signal>, Fault> {
        let use_case = self.use_case;
        let event = self.event();
        let settings = &self.plan.settings_facts;
        let at = self.at.as_millisecond();
        let as_of = AsOf { at, subject: self.subject, settings, trigger: None };
        let features = use_case.features.values(series, &as_of);
        let facts =
            Facts { event: &event, features: &features, profile, settings, ..Facts::default() };
        if let Some(when) = &use_case.when
            && !when.holds(&facts)?
        {
            return Ok(None);
        }
        let key =
            use_case.key.as_ref().map_or_else(|| Ok(String::new()), |key| key.text(&facts))?;
        if key.len() > MAX_KEY {
            return Err(Fault::invalid("key", format!("is longer than {MAX_KEY} bytes")));
        }
        let instant = EventKey::of(SCHEDULE, &self.at.to_string());
        Ok(Some(Signal {
            id: SignalId::derive(self.tenant, use_case.id(), self.subject, &key, instant),
            use_case: use_case.id().clone(),
            subject: self.subject.clone(),
            key,
            event,
            features,
            at: self.at,
            due: None,
            tag: 0,
            afresh: false,
            held: None,
            action: None,
            fallback: None,
            trace: None,
        }))
    }
}
