//! A replay: history through a document, as a live one would have judged it. Nothing is sent.
//!
//! The document is kept with the run, so that every part tries the same one. A part's subjects come
//! one after the other, each with all of its events, and what the parts tell adds up to the whole.

use super::files::{self, DOCUMENT, RESULT, RunFiles, read, write};
use super::state::{Counts, Run};
use crate::history::{self, History, Query};
use crate::pipeline::gates::Addresses;
use crate::profile::PROFILE_UPDATED;
use crate::simulation::{MAX_SAMPLE, Options, Outcome, Replay, Request};
use crate::use_case::{Document, Plan};
use ceap_kernel::{Fault, SignedDuration, Timestamp, UseCaseId};
use futures::TryStreamExt;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Decisions of each kind that are told, unless it is said.
const SAMPLE: u32 = 20;

/// What is replayed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplayRequest")]
pub struct Asked {
    /// The first instant of judgement that counts. What was before feeds the features.
    pub from: Timestamp,
    /// The last one.
    pub to: Timestamp,
    /// Which version of the document that is kept; the newest by default.
    #[serde(default)]
    pub version: Option<u32>,
    /// A document in place of the one that is kept: as JSON, or as a text in YAML.
    #[serde(default)]
    pub document: Option<Value>,
    /// How many decisions are told of those that became candidates, and of those that did not.
    #[serde(default)]
    pub sample: Option<u32>,
}

impl Asked {
    /// The document given, if there is one.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn document(&self, id: &UseCaseId) -> Result<Option<Document>, Fault> {
        let (document, version) = (self.document.clone(), self.version);
        Request { document, version, ..Request::default() }.document(id)
    }

    /// Decisions of each kind that are told.
    ///
    /// # Errors
    /// `Invalid` when they are too many, or the period ends before it begins.
    pub fn sample(&self) -> Result<u32, Fault> {
        let sample = self.sample.unwrap_or(SAMPLE);
        if usize::try_from(sample).unwrap_or(usize::MAX) > MAX_SAMPLE {
            return Err(Fault::invalid("sample", format!("must be at most {MAX_SAMPLE}")));
        }
        if self.to < self.from {
            return Err(Fault::invalid("to", "must not be before `from`"));
        }
        Ok(sample)
    }
}

/// What the tenant would run were there this document alone.
///
/// # Errors
/// `Invalid`, naming the field.
pub(super) fn plan(running: &Plan, document: &Document) -> Result<Plan, Fault> {
    if document.trigger.schedule.is_some() {
        let message = "judges everybody at one instant, not history; evaluate it in mode `shadow`";
        return Err(Fault::invalid("trigger.schedule", message));
    }
    running.alone(document.clone())
}

/// The history that a document is tried on.
pub(super) fn query(run: &Run, plan: &Plan) -> Query {
    let mut kinds: std::collections::BTreeSet<String> = plan.kinds().map(str::to_owned).collect();
    kinds.insert(PROFILE_UPDATED.to_owned());
    // The last instant belongs to it, and history is kept to the microsecond.
    let after = run.to.and_then(|to| to.checked_add(SignedDuration::from_micros(1)).ok());
    Query { kinds, until: after, ..Query::default() }
}

/// One part: its subjects' history through the document.
///
/// # Errors
/// `Invalid` when the document no longer compiles; `Unavailable` or `Throttled` from the lake.
pub(super) async fn part(
    run: &Run,
    part: history::Part,
    running: &Plan,
    document: Document,
    addresses: impl Addresses + Clone,
    lake: &impl History,
) -> Result<(Counts, Value), Fault> {
    let (from, to) = (run.from.unwrap_or_default(), run.to.unwrap_or(run.requested));
    let sample = usize::try_from(run.sample.unwrap_or(SAMPLE)).unwrap_or_default();
    let query = Query { part: Some(part), ..query(run, &plan(running, &document)?) };
    let options = Options { from, to, sample };
    let mut replay = Replay::new(run.tenant.clone(), running, document, addresses, options)?;
    let mut events = lake.read(&run.tenant, &query);
    while let Some(arrived) = events.try_next().await? {
        replay.feed(arrived.event).await?;
    }
    let outcome = replay.outcome().await?;
    Ok((counts(&outcome), write(&outcome)?))
}

fn counts(outcome: &Outcome) -> Counts {
    let funnel = &outcome.funnel;
    let messages = funnel.messages.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let all = [
        ("subjects", outcome.subjects),
        ("events", outcome.events),
        ("signals", funnel.matched),
        ("candidates", funnel.stored),
        ("messages", messages),
    ];
    all.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

pub(super) async fn document(run: &Run, files: &impl RunFiles) -> Result<Document, Fault> {
    let kept = files.get(&run.tenant, &run.id, DOCUMENT).await?;
    read(kept.ok_or_else(|| Fault::Internal("there is no document".to_owned()))?)
}

/// What all parts told, added up, is the run's result.
pub(super) async fn merge(run: &Run, files: &impl RunFiles) -> Result<(), Fault> {
    let sample = usize::try_from(run.sample.unwrap_or(SAMPLE)).unwrap_or_default();
    let mut whole = Outcome { sample, ..Outcome::default() };
    for part in 0..run.parts.unwrap_or_default() {
        let told = files.get(&run.tenant, &run.id, &files::brought(part)).await?;
        let missing = || Fault::Internal(format!("part {part} told nothing"));
        whole.merge(read(told.ok_or_else(missing)?)?);
    }
    files.put(&run.tenant, &run.id, RESULT, &write(&whole)?).await
}
