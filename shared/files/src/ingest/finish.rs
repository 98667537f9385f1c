//! The last step: what the parts counted becomes the object's, or the object says why it failed.

use super::{Ingest, Input};
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::quarantine::Quarantine;
use ceap_engagement::run::finish::Stopped;
use ceap_engagement::source::files::FileSources;
use ceap_engagement::source::object::{Object, ObjectFiles, ObjectStore, Progress, change};
use ceap_kernel::{Clock, Fault, ObjectId, Tally};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What the workflow ends with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct End {
    /// The execution's own ARN.
    pub execution: String,
    /// What it was begun for.
    #[serde(deserialize_with = "input")]
    pub input: Input,
    /// What stopped it, as Step Functions tells.
    #[serde(default)]
    pub error: Option<Stopped>,
}

/// The workflow hands its input on as it is, an event about its execution as a text.
fn input<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Input, D::Error> {
    let input = match Value::deserialize(deserializer)? {
        Value::String(text) => serde_json::from_str(&text).map_err(D::Error::custom)?,
        value => value,
    };
    serde_json::from_value(input).map_err(D::Error::custom)
}

impl<F, S, O, E, Q, C> Ingest<F, S, O, E, Q, C>
where
    F: ObjectFiles,
    S: FileSources,
    O: ObjectStore,
    E: EventStream,
    Q: Quarantine,
    C: Clock,
{
    pub(super) async fn finish(&self, end: &End) -> Result<Tally, Fault> {
        let (named, now) = (&end.input.object, self.clock.now());
        // What lies where nothing should has no record to end.
        let Ok((tenant, _)) = named.place() else { return Ok(Tally::default()) };
        let id = ObjectId::derive(&tenant, &named.key, &named.etag, &named.sequencer);
        let concerns = |object: &Object| object.is_open() && object.execution == end.execution;
        let Some(kept) = self.objects.get(&tenant, &id).await? else { return Ok(Tally::default()) };
        if !concerns(&kept.object) {
            return Ok(Tally::default());
        }
        let parts = self.objects.parts(&tenant, &id).await?;
        let mut progress = Progress::default();
        for state in parts.values() {
            progress.add(&state.progress);
        }
        let broken = parts.values().find_map(|state| state.error.clone());
        let error = match &end.error {
            Some(stopped) => Some(broken.unwrap_or_else(|| stopped.reason())),
            None => broken,
        };
        let expected = kept.object.parts.unwrap_or_default();
        let all = (0..expected).all(|part| parts.get(&part).is_some_and(|state| state.ended));
        if error.is_none() && !all {
            return Err(Fault::Internal(format!("object {id} ends before its parts do")));
        }
        if error.is_none() {
            // Headers, and what frames row groups, belong to no row.
            progress.bytes = kept.object.size;
        }
        let ended =
            |object: Object| concerns(&object).then(|| object.ended(progress, error.clone(), now));
        change(&self.objects, &tenant, &id, ended).await.map(|_| Tally::default())
    }
}
