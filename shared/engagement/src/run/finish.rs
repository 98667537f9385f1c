//! The last step: what the parts brought becomes the run's result, or the run says why it failed.

use super::Which;
use super::files::RunFiles;
use super::plan::Cause;
use super::state::{Counts, Run, State, add};
use super::store::{Outcome, RunStore, change};
use crate::affinity::port::AffinityKeeper;
use ceap_kernel::{Clock, Fault};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the workflow ends with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct End {
    /// The execution's own ARN.
    pub execution: String,
    /// What it was begun for.
    #[serde(deserialize_with = "input")]
    pub input: Cause,
    /// What stopped it, as Step Functions tells.
    #[serde(default)]
    pub error: Option<Stopped>,
}

/// The workflow hands its input on as it is, an event about its execution as a text.
pub(crate) fn input<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let input = match Value::deserialize(deserializer)? {
        Value::String(text) => serde_json::from_str(&text).map_err(D::Error::custom)?,
        value => value,
    };
    serde_json::from_value(input).map_err(D::Error::custom)
}

/// An error as Step Functions tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stopped {
    /// Its type: `Permanent`, `States.Timeout`.
    #[serde(rename = "Error")]
    pub error: String,
    /// More of it: of a function, its error as JSON.
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

impl Stopped {
    /// What a function says of itself, or the type of the error.
    #[must_use]
    pub fn reason(&self) -> String {
        #[derive(Deserialize)]
        struct Told {
            #[serde(rename = "errorMessage")]
            message: String,
        }
        let told = serde_json::from_str::<Told>(&self.cause).ok().map(|told| told.message);
        told.unwrap_or_else(|| self.error.clone())
    }
}

/// All that the step needs.
#[derive(Debug)]
pub struct Finisher<R, F, A, C> {
    /// Runs.
    pub runs: R,
    /// Files of runs.
    pub files: F,
    /// Where models that were learnt are kept.
    pub affinities: A,
    /// The wall clock.
    pub clock: C,
}

impl<R: RunStore, F: RunFiles, A: AffinityKeeper, C: Clock> Finisher<R, F, A, C> {
    /// Ends the run, if the execution is still the one that works on it.
    ///
    /// # Errors
    /// `Internal` when a part has no outcome; `Invalid` when what the parts brought can't be one
    /// result; `Unavailable` or `Throttled`.
    pub async fn finish(&self, end: &End) -> Result<(), Fault> {
        let Which { tenant, run: id, .. } = end.input.which();
        let now = self.clock.now();
        let Some(kept) = self.runs.get(&tenant, &id).await? else { return Ok(()) };
        if !concerns(&kept.run, end) {
            return Ok(());
        }
        let outcomes = self.runs.outcomes(&tenant, &id).await?;
        if let Some(stopped) = &end.error {
            let reason = failure(&outcomes).unwrap_or_else(|| stopped.reason());
            let fail = |run: Run| Ok(concerns(&run, end).then(|| run.failed(&reason, now)));
            return change(&self.runs, &tenant, &id, fail).await.map(|_| ());
        }
        let mut counts = Counts::new();
        for part in 0..kept.run.parts.unwrap_or_default() {
            let missing = || Fault::Internal(format!("part {part} has no outcome"));
            let done = outcomes.get(&part).and_then(Outcome::counts);
            add(&mut counts, done.ok_or_else(missing)?);
        }
        super::part::merge(&kept.run, &self.files, &self.affinities).await?;
        let done = |run: Run| Ok(concerns(&run, end).then(|| run.done(counts.clone(), now)));
        change(&self.runs, &tenant, &id, done).await.map(|_| ())
    }
}

/// Whether the run is still this execution's to end. One that fails before it is planned is nobody's
/// yet; a later attempt's is not an earlier one's.
fn concerns(run: &Run, end: &End) -> bool {
    match run.state {
        State::Running => run.is_of(&end.execution),
        State::Planned => {
            let mine = run.attempt == 1 || end.execution.ends_with(&run.execution_name());
            end.error.is_some() && mine
        }
        State::Done | State::Failed | State::Cancelled => false,
    }
}

/// The first part that could not be done, and why.
fn failure(outcomes: &BTreeMap<u32, Outcome>) -> Option<String> {
    outcomes.iter().find_map(|(part, outcome)| match outcome {
        Outcome::Failed(reason) => Some(format!("part {part}: {reason}")),
        Outcome::Done(_) => None,
    })
}
