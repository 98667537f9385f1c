//! The second step, once for each part: its work is done, and what came of it kept. A part that is
//! done already is left alone, so a run goes on where it stopped.

use super::Which;
use super::batch::Batch;
use super::files::{self, RunFiles};
use super::plan::{Part, Scope};
use super::population::Population;
use super::state::{Counts, Kind, Run};
use super::store::{Outcome, RunStore};
use super::{affinity, backfill, replay};
use crate::affinity::port::AffinityKeeper;
use crate::history::{self, History};
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::{Signals, Subjects};
use crate::pipeline::score::Models;
use crate::profile_list::{Place, shard};
use crate::quarantine::Quarantine;
use crate::simulation::Workbench;
use crate::use_case::UseCases;
use ceap_kernel::{Clock, Fault, SubjectId, Tally};
use serde::Deserialize;
use serde_json::Value;

/// Subjects of one page.
const PAGE: usize = 1_000;

/// A part to do.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Task {
    /// Of which run.
    #[serde(flatten)]
    pub which: Which,
    /// The part.
    pub part: Part,
}

/// All that the step needs.
#[derive(Debug)]
pub struct Worker<R, F, U, P, S, B, Q, H, M, A, C> {
    /// Runs.
    pub runs: R,
    /// Files of runs.
    pub files: F,
    /// What tenants run.
    pub use_cases: U,
    /// Profiles, by their keys.
    pub population: P,
    /// Profiles and feature items.
    pub subjects: S,
    /// The bus.
    pub signals: B,
    /// For what cannot proceed.
    pub quarantine: Q,
    /// The event lake.
    pub history: H,
    /// What is scored with.
    pub workbench: Workbench<M>,
    /// Where channels reach whom.
    pub addresses: A,
    /// The wall clock.
    pub clock: C,
}

/// What a part brought.
#[derive(Debug, Default)]
struct Brought {
    counts: Counts,
    /// What the run's result is made of, besides counts.
    content: Option<Value>,
}

impl<R, F, U, P, S, B, Q, H, M, A, C> Worker<R, F, U, P, S, B, Q, H, M, A, C>
where
    R: RunStore,
    F: RunFiles,
    U: UseCases,
    P: Population,
    S: Subjects,
    B: Signals,
    Q: Quarantine,
    H: History,
    M: Models,
    A: Addresses + Clone,
    C: Clock,
{
    /// Does a part, unless it is done or its run has ended.
    ///
    /// # Errors
    /// What the work ran into; `Unavailable` or `Throttled`.
    pub async fn work(&self, task: &Task) -> Result<Tally, Fault> {
        let Which { tenant, run: id, .. } = &task.which;
        let part = task.part.part;
        let kept = self.runs.get(tenant, id).await?;
        let run = kept.ok_or_else(super::store::unknown)?.run;
        let done = self.runs.outcome(tenant, id, part).await?;
        if !run.runs() || done.is_some_and(|it| it.counts().is_some()) {
            return Ok(Tally::default());
        }
        let mut tally = Tally::default();
        match self.brought(&run, &task.part, &mut tally).await {
            Ok(Brought { counts, content }) => {
                if let Some(content) = content {
                    self.files.put(tenant, id, &files::brought(part), &content).await?;
                }
                self.runs.record(&run, part, &Outcome::Done(counts)).await?;
                Ok(tally)
            }
            Err(fault) => {
                let failed = Outcome::Failed(format!("{}: {}", fault.code(), fault.public()));
                // The fault itself is what counts; this only tells people of it.
                if let Err(second) = self.runs.record(&run, part, &failed).await {
                    tracing::warn!(%tenant, run = %id, part, %second, "a failure was not recorded");
                }
                Err(fault)
            }
        }
    }

    async fn brought(&self, run: &Run, part: &Part, tally: &mut Tally) -> Result<Brought, Fault> {
        match run.kind {
            Kind::Batch => {
                let counts = self.batch(run, part, tally).await?;
                Ok(Brought { counts, content: None })
            }
            Kind::Backfill => {
                let plan = self.use_cases.plan(&run.tenant).await?;
                let (of, subjects) = (part.of_history()?, &self.subjects);
                let counts = backfill::part(run, of, &plan, &self.history, subjects).await?;
                Ok(Brought { counts, content: None })
            }
            Kind::Affinity => {
                let (of, lake) = (part.of_history()?, &self.history);
                let (counts, counted) = affinity::part(run, of, lake, &self.files).await?;
                Ok(Brought { counts, content: Some(counted) })
            }
            Kind::Replay => {
                let plan = self.use_cases.plan(&run.tenant).await?;
                let document = replay::document(run, &self.files).await?;
                let plan = self.workbench.laid_out(&run.tenant, &plan, &document).await?;
                let (lake, addresses) = (&self.history, self.addresses.clone());
                let of = part.of_history()?;
                let told = replay::part(run, of, &plan, document, addresses, lake).await?;
                Ok(Brought { counts: told.0, content: Some(told.1) })
            }
        }
    }

    async fn batch(&self, run: &Run, part: &Part, tally: &mut Tally) -> Result<Counts, Fault> {
        let plan = self.use_cases.plan(&run.tenant).await?;
        let (subjects, signals, quarantine) = (&self.subjects, &self.signals, &self.quarantine);
        let batch = Batch { subjects, signals, quarantine, now: self.clock.now() };
        let mut counts = Counts::new();
        let mut at = match &part.scope {
            Scope::Profiles { from, .. } => Some(Place::read(Some(from))?),
            Scope::Listed | Scope::History { .. } => {
                let listed = self.listed(run, part).await?;
                return batch.run(run, &plan, &listed, tally).await;
            }
        };
        while let Some(from) = at {
            let (mut page, next) = self.population.subjects(&run.tenant, from, PAGE).await?;
            let all = page.len();
            page.retain(|subject| part.scope.holds(subject));
            super::state::add(&mut counts, &batch.run(run, &plan, &page, tally).await?);
            at = next.filter(|next| page.len() == all && part.scope.reaches(next));
        }
        Ok(counts)
    }

    async fn listed(&self, run: &Run, part: &Part) -> Result<Vec<SubjectId>, Fault> {
        let name = files::subjects(part.part);
        let listed = self.files.get(&run.tenant, &run.id, &name).await?;
        files::read(listed.ok_or_else(|| Fault::Internal(format!("there is no {name}")))?)
    }
}

impl Part {
    /// The part of the lake that it is about.
    fn of_history(&self) -> Result<history::Part, Fault> {
        match self.scope {
            Scope::History { parts } => history::Part::new(self.part, parts),
            _ => Err(Fault::Internal("a part that is none of history's".to_owned())),
        }
    }
}

impl Scope {
    /// Whether a profile from its beginning on is still before its end.
    fn holds(&self, subject: &SubjectId) -> bool {
        let place = Place { shard: shard(subject), after: Some(subject.clone()) };
        self.end().is_none_or(|end| (place.shard, &place.after) <= (end.shard, &end.after))
    }

    /// Whether there may be more of it from `place` on.
    fn reaches(&self, place: &Place) -> bool {
        self.end().is_none_or(|end| (place.shard, &place.after) < (end.shard, &end.after))
    }

    fn end(&self) -> Option<Place> {
        match self {
            Self::Profiles { until: Some(until), .. } => Place::read(Some(until)).ok(),
            _ => None,
        }
    }
}

/// What all parts brought, made the run's result.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn merge(
    run: &Run,
    files: &impl RunFiles,
    affinities: &impl AffinityKeeper,
) -> Result<(), Fault> {
    match run.kind {
        Kind::Batch | Kind::Backfill => Ok(()),
        Kind::Replay => replay::merge(run, files).await,
        Kind::Affinity => affinity::merge(run, files, affinities).await,
    }
}
