//! Where runs are asked for, looked at, resumed and called off.

use super::Which;
use super::files::{self, RunFiles};
use super::state::{Counts, Kind, Run, State, add};
use super::store::{Kept, Outcome, RunStore, change, unknown};
use super::{affinity, backfill, replay};
use crate::pipeline::delay::Delays;
use crate::use_case::library::{UseCaseKeeper, Version, version_of};
use crate::use_case::{Document, Duty, UseCases};
use ceap_kernel::{Clock, Fault, RunId, SignedDuration, TenantId, Timestamp, UseCaseId};
use futures::try_join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Runs of one page.
pub const PAGE: usize = 50;

/// Begins executions of the workflow, and ends them.
#[allow(async_fn_in_trait)]
pub trait Workflow {
    /// Begins an execution for a run. The same attempt twice is begun once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn begin(&self, run: &Run) -> Result<(), Fault>;

    /// Ends the execution that works on a run, if it has not ended.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn end(&self, execution: &str) -> Result<(), Fault>;
}

/// What the way into the lake takes besides the waiting there: a minute at the function that writes
/// it, and as much again for what is slow.
const ON_THE_WAY: i64 = 150;

/// How far a lake is behind in which events wait `seconds` for others. Where delays are scaled, so is
/// this: the local stack's lake does not wait.
#[must_use]
pub fn lag(seconds: i64, delays: Delays) -> SignedDuration {
    delays.time(SignedDuration::from_secs(seconds.saturating_add(ON_THE_WAY)))
}

/// A scheduled use case, evaluated now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evaluate {
    /// As of which instant; now by default.
    #[serde(default)]
    pub as_of: Option<Timestamp>,
}

/// A run, as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RunView")]
pub struct View {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// How many of its parts are done.
    pub parts_done: u32,
    /// What it brought besides counts, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// Runs of a use case, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RunList")]
pub struct List {
    /// The runs.
    pub runs: Vec<Run>,
    /// Where the next page begins: the `cursor` to ask for it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// All that is needed.
#[derive(Debug)]
pub struct Desk<R, F, K, U, W, C> {
    /// Runs.
    pub runs: R,
    /// Files of runs.
    pub files: F,
    /// Use cases, as they are kept at this moment.
    pub use_cases: K,
    /// What tenants run.
    pub plans: U,
    /// The workflow.
    pub workflow: W,
    /// The wall clock.
    pub clock: C,
    /// How far the event lake is behind.
    pub lag: SignedDuration,
}

impl<R, F, K, U, W, C> Desk<R, F, K, U, W, C>
where
    R: RunStore,
    F: RunFiles,
    K: UseCaseKeeper,
    U: UseCases,
    W: Workflow,
    C: Clock,
{
    /// Asks for a scheduled use case to be evaluated. The same `key` is the same run.
    ///
    /// # Errors
    /// `NotFound`; `Invalid`, naming the field; `Unavailable` or `Throttled`.
    pub async fn evaluate(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        asked: &Evaluate,
        key: &str,
    ) -> Result<View, Fault> {
        let now = self.clock.now();
        let as_of = asked.as_of.unwrap_or(now);
        if as_of > now {
            return Err(Fault::invalid("as_of", "lies ahead; leave it out to evaluate now"));
        }
        let document = self.document(tenant, use_case).await?.document;
        let schedule = document.schedule(Duty::Evaluate);
        if schedule.is_none() {
            let message = "is for use cases with a `trigger.schedule` that are not off";
            return Err(Fault::invalid("evaluate", message));
        }
        let key = format!("key:{key}");
        let run = Run::new(tenant, use_case, document.version, Kind::Batch, &key, now);
        self.begin(Run { as_of: Some(as_of), ..run }, None).await
    }

    /// Asks for a document to be tried on history. The same `key` is the same run.
    ///
    /// # Errors
    /// `NotFound`; `Invalid`, naming the field; `Unavailable` or `Throttled`.
    pub async fn replay(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        asked: &replay::Asked,
        key: &str,
    ) -> Result<View, Fault> {
        let sample = asked.sample()?;
        let given = asked.document(use_case)?;
        let document = async {
            match given {
                Some(document) => Ok(document),
                None => {
                    let kept = version_of(&self.use_cases, tenant, use_case, asked.version);
                    kept.await.map(|kept| kept.document)
                }
            }
        };
        let (document, running) = try_join!(document, self.plans.plan(tenant))?;
        replay::plan(&running, &document)?;
        let (version, now) = (document.version, self.clock.now());
        let run = Run::new(tenant, use_case, version, Kind::Replay, &format!("key:{key}"), now);
        let (from, to) = (Some(asked.from), Some(asked.to));
        self.begin(Run { from, to, sample: Some(sample), ..run }, Some(&document)).await
    }

    /// Asks for the features of the document that is kept to be computed from history. It begins when
    /// what was honoured without the document is in the lake. The same `key` is the same run.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the use case is off or has no features; `Unavailable` or `Throttled`.
    pub async fn backfill(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        key: &str,
    ) -> Result<View, Fault> {
        let (kept, running) = try_join!(
            version_of(&self.use_cases, tenant, use_case, None),
            self.plans.plan(tenant)
        )?;
        let alone = running.alone(kept.document.clone())?;
        backfill::use_case(&alone, use_case)?;
        let (version, now) = (kept.document.version, self.clock.now());
        let run = Run::new(tenant, use_case, version, Kind::Backfill, &format!("key:{key}"), now);
        let begins = backfill::begins(kept.updated_at, self.lag, now);
        self.begin(Run { begins, ..run }, None).await
    }

    /// Asks for the affinity model of a use case to be learnt from history. The same `key` is the
    /// same run.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the use case learns none; `Unavailable` or `Throttled`.
    pub async fn learn(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        asked: &affinity::Asked,
        key: &str,
    ) -> Result<View, Fault> {
        let document = self.document(tenant, use_case).await?.document;
        affinity::of(&document)?;
        let (version, now) = (document.version, self.clock.now());
        let as_of = asked.as_of.unwrap_or(now);
        let run = Run::new(tenant, use_case, version, Kind::Affinity, &format!("key:{key}"), now);
        self.begin(Run { as_of: Some(as_of), ..run }, Some(&document)).await
    }

    /// A run and how far it is.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` or `Throttled`.
    pub async fn get(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        id: &RunId,
    ) -> Result<View, Fault> {
        let run = self.run(tenant, use_case, id).await?;
        self.view(run).await
    }

    /// A page of a use case's runs, newest first.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn list(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        cursor: Option<&str>,
    ) -> Result<List, Fault> {
        let (runs, next) = self.runs.list(tenant, use_case, cursor, PAGE).await?;
        Ok(List { runs: runs.into_iter().map(shown).collect(), next })
    }

    /// Begins a run once more that failed or was cancelled; what is done stays done.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is in another state; `Unavailable` or `Throttled`.
    pub async fn resume(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        id: &RunId,
    ) -> Result<View, Fault> {
        // One that is planned already may have lost its execution to a crash right here.
        let step = |run: Run| match run.state {
            _ if run.use_case != *use_case => Err(unknown()),
            State::Planned => Ok(None),
            _ => run.resumed().map(Some),
        };
        let run = change(&self.runs, tenant, id, step).await?;
        self.workflow.begin(&run).await?;
        self.view(run).await
    }

    /// Calls a run off. What it sent on its way goes on.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it has ended; `Unavailable` or `Throttled`.
    pub async fn cancel(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        id: &RunId,
    ) -> Result<View, Fault> {
        let now = self.clock.now();
        let step = |run: Run| match run.use_case == *use_case {
            true => run.cancelled(now).map(Some),
            false => Err(unknown()),
        };
        let run = change(&self.runs, tenant, id, step).await?;
        if let Some(execution) = &run.execution {
            self.workflow.end(execution).await?;
        }
        self.view(run).await
    }

    /// Keeps a run and begins it; again under the same id, too, as long as nobody works on it.
    async fn begin(&self, run: Run, document: Option<&Document>) -> Result<View, Fault> {
        let Kept { run, .. } = self.runs.create(&run).await?;
        if run.state == State::Planned {
            if let Some(document) = document {
                let content = files::write(document)?;
                self.files.put(&run.tenant, &run.id, files::DOCUMENT, &content).await?;
            }
            self.workflow.begin(&run).await?;
        }
        self.view(run).await
    }

    async fn document(&self, tenant: &TenantId, use_case: &UseCaseId) -> Result<Version, Fault> {
        let kept = self.use_cases.get(tenant, use_case).await?;
        kept.ok_or_else(|| Fault::NotFound(format!("there is no use case `{use_case}`")))
    }

    async fn run(&self, tenant: &TenantId, use_case: &UseCaseId, id: &RunId) -> Result<Run, Fault> {
        let kept = self.runs.get(tenant, id).await?.map(|kept| kept.run);
        kept.filter(|run| run.use_case == *use_case).ok_or_else(unknown)
    }

    async fn view(&self, mut run: Run) -> Result<View, Fault> {
        let (tenant, id) = (&run.tenant, &run.id);
        if run.state == State::Done {
            let result = self.files.get(tenant, id, files::RESULT).await?;
            let parts_done = run.parts.unwrap_or_default();
            return Ok(View { run: shown(run), parts_done, result });
        }
        let mut parts_done = 0_u32;
        if run.parts.is_some() {
            let outcomes = self.runs.outcomes(tenant, id).await?;
            let mut counts = Counts::new();
            for done in outcomes.values().filter_map(Outcome::counts) {
                parts_done = parts_done.saturating_add(1);
                add(&mut counts, done);
            }
            run.counts = counts;
        }
        Ok(View { run: shown(run), parts_done, result: None })
    }
}

/// Which account and region it runs in is nobody's business.
fn shown(run: Run) -> Run {
    Run { execution: None, ..run }
}

impl From<&Run> for Which {
    fn from(run: &Run) -> Self {
        Self { tenant: run.tenant.clone(), use_case: run.use_case.clone(), run: run.id.clone() }
    }
}
