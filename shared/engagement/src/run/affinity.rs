//! Learning an affinity model from history: every part counts its subjects, and what they counted
//! together is the model, kept under the name that the document gives it.

use super::files::{self, RESULT, RunFiles, read, write};
use super::replay::document;
use super::state::{Counts, Run};
use crate::affinity::count::{Counted, Counting};
use crate::affinity::learn;
use crate::affinity::port::AffinityKeeper;
use crate::history::{self, History, Query};
use crate::score::{AffinityDocument, ScoreDocument};
use crate::use_case::Document;
use ceap_kernel::{AffinityName, Fault, ModelId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which history is learnt from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AffinityRequest")]
pub struct Asked {
    /// History up to this instant; to now by default.
    #[serde(default)]
    pub as_of: Option<Timestamp>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AffinityResult")]
pub struct Learnt {
    /// The name that the model is kept under.
    pub name: AffinityName,
    /// The SHA-256 of its file: pins it.
    pub model: ModelId,
    /// Subjects that were counted.
    pub subjects: u64,
    /// Items that have neighbours.
    pub items: usize,
}

/// What of the document says how to learn, if it does.
///
/// # Errors
/// `Invalid` when the document learns nothing.
pub(super) fn of(document: &Document) -> Result<(&AffinityDocument, &AffinityName), Fault> {
    match &document.score {
        ScoreDocument::Affinity(affinity) => Ok((affinity, affinity.name()?)),
        _ => Err(Fault::invalid("score.kind", "is not `affinity`; there is nothing to learn")),
    }
}

/// The history that is learnt from.
pub(super) fn query(run: &Run, asked: &AffinityDocument, part: Option<history::Part>) -> Query {
    learn::query(asked, run.as_of.unwrap_or(run.requested), part)
}

/// One part: its subjects are counted.
///
/// # Errors
/// `Invalid` when there are too many different pairs; `Unavailable` or `Throttled` from the lake.
pub(super) async fn part(
    run: &Run,
    part: history::Part,
    lake: &impl History,
    files: &impl RunFiles,
) -> Result<(Counts, Value), Fault> {
    let document = document(run, files).await?;
    let (asked, _) = of(&document)?;
    let query = query(run, asked, Some(part));
    let counting = learn::count(&run.tenant, asked, &query, lake).await?;
    let (subjects, ..) = counting.sizes();
    let counts = Counts::from([("subjects".to_owned(), subjects)]);
    Ok((counts, write(&counting.counted())?))
}

/// What all parts counted, added up, is the model.
///
/// # Errors
/// `Invalid` when there are too many different pairs; `Unavailable` or `Throttled`.
pub(super) async fn merge(
    run: &Run,
    files: &impl RunFiles,
    keeper: &impl AffinityKeeper,
) -> Result<(), Fault> {
    let document = document(run, files).await?;
    let (_, name) = of(&document)?;
    let mut counting = Counting::default();
    for part in 0..run.parts.unwrap_or_default() {
        let counted = files.get(&run.tenant, &run.id, &files::brought(part)).await?;
        let missing = || Fault::Internal(format!("part {part} counted nothing"));
        counting.merge(read::<Counted>(counted.ok_or_else(missing)?)?)?;
    }
    let affinity = counting.model(learn::LEAST);
    let (model, file) = affinity.write()?;
    let as_of = run.as_of.unwrap_or(run.requested);
    keeper.keep(&run.tenant, name, &model, file, as_of).await?;
    let (subjects, items) = (affinity.subjects, affinity.items.len());
    let learnt = Learnt { name: name.clone(), model, subjects, items };
    files.put(&run.tenant, &run.id, RESULT, &write(&learnt)?).await
}
