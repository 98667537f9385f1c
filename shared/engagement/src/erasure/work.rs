//! What the workflow does, again and again until it is done: the next pass, or the record of why
//! there is none.

use super::Which;
use super::state::{Erasure, State};
use super::store::{ErasureStore, Forget, Identities, change};
use super::{Course, Known};
use crate::history::Erase;
use crate::run::finish::{Stopped, input};
use ceap_kernel::{Clock, Fault, SignedDuration, SubjectId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A step of the workflow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// The execution's own ARN.
    pub execution: String,
    /// What it was begun for.
    #[serde(deserialize_with = "input")]
    pub input: Which,
    /// What stopped it, as Step Functions tells.
    #[serde(default)]
    pub error: Option<Stopped>,
}

/// What the workflow goes on with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Next {
    /// When the next step is due; none when there is none, or it is due now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settles: Option<Timestamp>,
    /// Whether it is the helpdesk's, and due now.
    pub helpdesk: bool,
}

impl Next {
    /// Nothing is left to do, of this part at least.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { settles: None, helpdesk: false }
    }

    /// The same function's, at this time.
    #[must_use]
    pub const fn at(settles: Timestamp) -> Self {
        Self { settles: Some(settles), helpdesk: false }
    }

    /// The helpdesk's, now.
    #[must_use]
    pub const fn helpdesk() -> Self {
        Self { settles: None, helpdesk: true }
    }
}

/// All that the step needs.
#[derive(Debug)]
pub struct Eraser<E, T, L, C> {
    /// Erasures.
    pub erasures: E,
    /// The tables.
    pub tables: T,
    /// The event lake.
    pub lake: L,
    /// The wall clock.
    pub clock: C,
    /// How long what is on its way takes, into the lake and everywhere else.
    pub lag: SignedDuration,
}

impl<E: ErasureStore, T: Identities + Forget, L: Erase, C: Clock> Eraser<E, T, L, C> {
    /// Does the pass that the erasure stands before, if it is due and the execution's own; or records
    /// what stopped it.
    ///
    /// # Errors
    /// `NotFound` when there is no such erasure; `Unavailable` or `Throttled`.
    pub async fn step(&self, step: &Step) -> Result<Next, Fault> {
        let Which { tenant, erasure: id } = &step.input;
        let idle = Next::nothing();
        let kept = self.erasures.get(tenant, id).await?.ok_or_else(super::store::unknown)?;
        let erasure = kept.erasure;
        if !concerns(&erasure, step) {
            return Ok(idle);
        }
        if let Some(stopped) = &step.error {
            let (reason, now) = (stopped.reason(), self.clock.now());
            let fail = |it: Erasure| concerns(&it, step).then(|| it.failed(&reason, now));
            change(&self.erasures, tenant, id, fail).await?;
            return Ok(idle);
        }
        match erasure.settles {
            None => {
                let erasure = self.noted(erasure, step).await?;
                self.forget(tenant, &erasure.identities()).await?;
                self.lake(&erasure).await?;
                let settles = self.settles();
                let wait = |it: Erasure| {
                    let first = concerns(&it, step) && it.state == State::Requested;
                    first.then(|| it.waiting(settles))
                };
                change(&self.erasures, tenant, id, wait).await?;
                Ok(Next::helpdesk())
            }
            // What the helpdesk finds is the subject's too is to be erased with the rest.
            Some(_) if erasure.course != Course::Done => Ok(Next::helpdesk()),
            Some(settles) if self.clock.now() < settles => Ok(Next::at(settles)),
            Some(_) => {
                // The lake first: a backfill that reads it now writes features of what it still has.
                let erasure = self.noted(erasure, step).await?;
                self.lake(&erasure).await?;
                self.forget(tenant, &erasure.identities()).await?;
                let now = self.clock.now();
                let done = |it: Erasure| concerns(&it, step).then(|| it.done(now));
                change(&self.erasures, tenant, id, done).await?;
                Ok(idle)
            }
        }
    }

    /// The erasure with all ids of the subject, those that merges told of since the last pass too, and what else the
    /// subject is known by: noted before any of it is taken away.
    async fn noted(&self, erasure: Erasure, step: &Step) -> Result<Erasure, Fault> {
        let mut all = erasure.identities();
        for one in &erasure.identities() {
            all.extend(self.tables.identities(&erasure.tenant, one).await?);
        }
        let mut known = Known::default();
        for one in &all {
            known = known.and(self.tables.known(&erasure.tenant, one).await?);
        }
        let noted = erasure.clone().about(&all).knowing(known.clone());
        if noted == erasure {
            return Ok(erasure);
        }
        let note = |it: Erasure| concerns(&it, step).then(|| it.about(&all).knowing(known.clone()));
        change(&self.erasures, &erasure.tenant, &erasure.id, note).await
    }

    async fn forget(&self, tenant: &TenantId, all: &BTreeSet<SubjectId>) -> Result<(), Fault> {
        for one in all {
            self.tables.forget(tenant, one).await?;
        }
        Ok(())
    }

    /// A delivery that commits at the same time is in the way for a moment.
    async fn lake(&self, erasure: &Erasure) -> Result<(), Fault> {
        let (all, named) = (erasure.identities(), erasure.named());
        self.lake.erase(&erasure.tenant, &all, &named).await.map_err(|fault| match fault {
            Fault::Conflict(text) => Fault::Unavailable(text),
            fault => fault,
        })
    }

    /// At a whole second, which Step Functions can wait for.
    fn settles(&self) -> Timestamp {
        let now = self.clock.now();
        let settled = now.checked_add(self.lag).unwrap_or(now);
        Timestamp::from_second(settled.as_second().saturating_add(1)).unwrap_or(settled)
    }
}

/// Whether there is something to do for this execution: an earlier attempt's news comes too late.
#[must_use]
pub fn concerns(erasure: &Erasure, step: &Step) -> bool {
    let open = matches!(erasure.state, State::Requested | State::Waiting);
    open && step.execution.ends_with(&erasure.execution_name())
}
