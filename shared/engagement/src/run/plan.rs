//! The first step: a run divided into parts that can be worked on side by side.

use super::Which;
use super::affinity;
use super::files::{self, DOCUMENT, PARTS, RunFiles, write};
use super::population::Population;
use super::state::{Kind, Run, State};
use super::store::{RunStore, change};
use crate::history::{History, Query};
use crate::profile_list::Place;
use crate::use_case::library::{Schedules, UseCaseKeeper};
use crate::use_case::{Duty, PopulationDocument, ScheduleDocument};
use ceap_kernel::{Clock, Fault, SignedDuration, TenantId, Timestamp, UseCaseId};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

/// Subjects of one part of a batch.
pub const SUBJECTS: usize = 1_000;

/// A part of a run over history has so many times the subjects: each reads the lake once.
const OVER_HISTORY: usize = 5;

/// A schedule that was set this shortly ago may be ahead of its document, which is being saved.
const SAVING: SignedDuration = SignedDuration::from_mins(1);

/// What an execution of the workflow is begun with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Begin {
    /// Its own ARN.
    pub execution: String,
    /// What it is begun for.
    pub input: Cause,
}

/// What an execution is begun for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Cause {
    /// A run that was asked for.
    Asked(Which),
    /// A schedule that fired.
    Fired(Fired),
}

/// A schedule that fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fired {
    /// Whose.
    pub tenant: TenantId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// What is to be done.
    #[serde(default)]
    pub duty: Duty,
    /// As it was set.
    pub schedule: ScheduleDocument,
    /// When it was set.
    pub since: Timestamp,
    /// The instant that it fired for.
    pub scheduled_at: Timestamp,
}

impl Fired {
    fn run(&self, version: u32, now: Timestamp) -> Run {
        let key = format!("at:{}", self.scheduled_at);
        let kind = match self.duty {
            Duty::Evaluate => Kind::Batch,
            Duty::Learn => Kind::Affinity,
        };
        let run = Run::new(&self.tenant, &self.use_case, version, kind, &key, now);
        Run { as_of: Some(self.scheduled_at), ..run }
    }
}

impl Cause {
    /// Which run it is about.
    #[must_use]
    pub fn which(&self) -> Which {
        match self {
            Self::Asked(which) => which.clone(),
            Self::Fired(fired) => Which {
                tenant: fired.tenant.clone(),
                use_case: fired.use_case.clone(),
                run: fired.run(0, Timestamp::UNIX_EPOCH).id,
            },
        }
    }
}

/// What the workflow goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Which run.
    #[serde(flatten)]
    pub which: Which,
    /// How many parts there are to do; none when this execution has nothing to do at all.
    pub parts: Option<u32>,
}

/// Whom a part is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Scope {
    /// Profiles in the order of [`Place`].
    Profiles {
        /// From this place on, as a cursor.
        from: String,
        /// To before this one; to the end without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
    /// The subjects that a file of the run lists.
    Listed,
    /// The subjects of this part of the lake.
    History {
        /// Of how many parts.
        parts: u32,
    },
}

/// A part of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its place, from 0.
    pub part: u32,
    /// Whom it is about.
    #[serde(flatten)]
    pub scope: Scope,
}

/// All that the step needs.
#[derive(Debug)]
pub struct Planner<R, F, K, P, H, S, C> {
    /// Runs.
    pub runs: R,
    /// Files of runs.
    pub files: F,
    /// Use cases, as they are kept at this moment.
    pub use_cases: K,
    /// Profiles.
    pub population: P,
    /// The event lake.
    pub history: H,
    /// Schedules of use cases.
    pub schedules: S,
    /// The wall clock.
    pub clock: C,
    /// Subjects of one part: [`SUBJECTS`].
    pub size: usize,
}

impl<R, F, K, P, H, S, C> Planner<R, F, K, P, H, S, C>
where
    R: RunStore,
    F: RunFiles,
    K: UseCaseKeeper,
    P: Population,
    H: History,
    S: Schedules,
    C: Clock,
{
    /// Divides the run that the execution was begun for, unless that was done before.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `Invalid` when its use case can't be run so;
    /// `Unavailable` or `Throttled`.
    pub async fn plan(&self, begin: &Begin) -> Result<Planned, Fault> {
        let which = begin.input.which();
        let idle = Planned { which: which.clone(), parts: None };
        if let Cause::Fired(fired) = &begin.input
            && !self.is_meant(fired).await?
        {
            return Ok(idle);
        }
        let Which { tenant, run: id, .. } = &which;
        let run = self.runs.get(tenant, id).await?.ok_or_else(super::store::unknown)?.run;
        let mine = match run.state {
            State::Planned => true,
            State::Running => run.is_of(&begin.execution),
            State::Done | State::Failed | State::Cancelled => false,
        };
        if !mine {
            return Ok(idle);
        }
        let parts = match run.parts {
            Some(parts) => parts,
            None => self.divide(&run).await?,
        };
        let now = self.clock.now();
        let run = change(&self.runs, tenant, id, |run| {
            let starts = run.state == State::Planned;
            Ok(starts.then(|| run.running(parts, &begin.execution, now)))
        })
        .await?;
        let mine = run.runs() && run.is_of(&begin.execution);
        Ok(Planned { which, parts: run.parts.filter(|_| mine) })
    }

    /// Whether the document that is kept wants what fired; its run is kept then. A schedule that
    /// says something else than the document is left from a save that broke off: it is set right.
    async fn is_meant(&self, fired: &Fired) -> Result<bool, Fault> {
        let Fired { tenant, use_case, duty, since, .. } = fired;
        let document = self.use_cases.get(tenant, use_case).await?.map(|kept| kept.document);
        let wanted = document.as_ref().and_then(|document| document.schedule(*duty));
        let now = self.clock.now();
        if let Some(document) = &document
            && wanted == Some(&fired.schedule)
        {
            let run = self.runs.create(&fired.run(document.version, now)).await?.run;
            if run.kind == Kind::Affinity && run.state == State::Planned {
                self.files.put(tenant, &run.id, DOCUMENT, &write(document)?).await?;
            }
            return Ok(true);
        }
        tracing::warn!(%tenant, %use_case, "a schedule fired that its document does not name");
        if now.duration_since(*since) > SAVING {
            self.schedules.set(tenant, use_case, *duty, wanted, now).await?;
        }
        Ok(false)
    }

    async fn divide(&self, run: &Run) -> Result<u32, Fault> {
        let parts = match run.kind {
            Kind::Batch => self.batch(run).await?,
            Kind::Replay | Kind::Backfill => {
                let query = Query { until: run.to, ..Query::default() };
                self.over_history(run, &query).await?
            }
            Kind::Affinity => {
                let document = super::replay::document(run, &self.files).await?;
                let query = affinity::query(run, affinity::of(&document)?.0, None);
                self.over_history(run, &query).await?
            }
        };
        self.files.put(&run.tenant, &run.id, PARTS, &write(&parts)?).await?;
        Ok(u32::try_from(parts.len()).unwrap_or(u32::MAX))
    }

    async fn batch(&self, run: &Run) -> Result<Vec<Part>, Fault> {
        let kept = self.use_cases.get(&run.tenant, &run.use_case).await?;
        let document = kept.map(|kept| kept.document);
        let gone = || Fault::NotFound(format!("there is no use case `{}`", run.use_case));
        match document.ok_or_else(gone)?.trigger.population {
            None => self.profiles(&run.tenant).await,
            Some(population) => self.listed(run, &population).await,
        }
    }

    async fn profiles(&self, tenant: &TenantId) -> Result<Vec<Part>, Fault> {
        let (mut parts, mut at) = (Vec::new(), Some(Place::default()));
        while let Some(from) = at {
            let (found, next) = self.population.subjects(tenant, from.clone(), self.size).await?;
            if !found.is_empty() || next.is_some() {
                let until = next.as_ref().map(Place::cursor);
                push(&mut parts, Scope::Profiles { from: from.cursor(), until })?;
            }
            at = next;
        }
        Ok(parts)
    }

    /// The subjects that had such an event, from the lake.
    async fn listed(&self, run: &Run, population: &PopulationDocument) -> Result<Vec<Part>, Fault> {
        let as_of = run.as_of.unwrap_or(run.requested);
        let query = Query {
            kinds: [population.event.clone()].into(),
            from: as_of.checked_sub(population.within.duration()).ok(),
            until: Some(as_of),
            ..Query::default()
        };
        let found = self.history.subjects(&run.tenant, &query);
        let mut chunks = std::pin::pin!(found.try_chunks(self.size));
        let mut parts = Vec::new();
        while let Some(subjects) = chunks.try_next().await.map_err(|error| error.1)? {
            let part = push(&mut parts, Scope::Listed)?;
            let (name, subjects) = (files::subjects(part), write(&subjects)?);
            self.files.put(&run.tenant, &run.id, &name, &subjects).await?;
        }
        Ok(parts)
    }

    /// As many parts as the subjects of the events that are read call for.
    async fn over_history(&self, run: &Run, query: &Query) -> Result<Vec<Part>, Fault> {
        let subjects = self.history.subjects(&run.tenant, query);
        let count = subjects.try_fold(0_usize, async |sum, _| Ok(sum.saturating_add(1))).await?;
        let parts = u32::try_from(count.div_ceil(self.size.saturating_mul(OVER_HISTORY).max(1)))
            .unwrap_or(u32::MAX);
        let parts = parts.min(crate::history::PARTS);
        Ok((0..parts).map(|part| Part { part, scope: Scope::History { parts } }).collect())
    }
}

fn push(parts: &mut Vec<Part>, scope: Scope) -> Result<u32, Fault> {
    let part = u32::try_from(parts.len())
        .map_err(|_| Fault::invalid("population", "is larger than a run can be"))?;
    parts.push(Part { part, scope });
    Ok(part)
}
