//! Two versions side by side: while one is deployed, what a newer one writes is read by an older one, so whatever goes from
//! function to function may have fields that its reader does not know. The samples in `events/` are what this version
//! writes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_engagement::audience::Sought;
use ceap_engagement::event::Arrived;
use ceap_engagement::goal::GoalsReached;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::score::ScoredBatch;
use ceap_engagement::pipeline::store::Candidates;
use ceap_engagement::signal::Detected;
use ceap_engagement::{backup, erasure, run};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::path::PathBuf;

/// Fields that hold what others named: whatever is in them is data.
const OPEN: [&str; 9] = [
    "attributes",
    "consents",
    "contacts",
    "data",
    "facts",
    "features",
    "profiles",
    "props",
    "traits",
];

/// What authors and callers wrote, handed on as it was: it refuses what it does not know, wherever it is read. A message that has
/// more of it waits in its queue for a function that knows it.
const STRICT: [&str; 4] = ["approved", "attachments", "schedule", "ticket"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

/// All samples of a function.
fn samples(function: &str) -> Vec<(String, Value)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(root().join(function)).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        (file.display().to_string(), serde_json::from_str(&text).unwrap())
    };
    files.into_iter().map(read).collect()
}

/// The same as a newer version may write it: with a field more in every object whose fields are ours.
fn newer(value: &Value, name: &str) -> Value {
    match value {
        strict if STRICT.contains(&name) => strict.clone(),
        Value::Object(fields) => {
            let each = fields.iter().map(|(name, value)| (name.clone(), newer(value, name)));
            let mut fields: serde_json::Map<_, _> = each.collect();
            if !OPEN.contains(&name) {
                fields.insert("of_a_newer_version".to_owned(), json!({"x": [1, "y", null]}));
            }
            Value::Object(fields)
        }
        Value::Array(all) => all.iter().map(|it| newer(it, name)).collect(),
        plain => plain.clone(),
    }
}

/// Without what is new, where it was kept as it came.
fn without_new(text: &str) -> String {
    let new = "\"of_a_newer_version\": Object {\"x\": Array [Number(1), String(\"y\"), Null]}";
    text.replace(&format!(", {new}"), "").replace(&format!("{new}, "), "").replace(new, "")
}

/// Reads what is written now and what may be written next: the same, but for what is new.
fn reads<T: DeserializeOwned + Debug>(samples: impl IntoIterator<Item = (String, Value)>) -> usize {
    let mut read = 0;
    for (place, sample) in samples {
        let now: T = serde_json::from_value(sample.clone()).unwrap_or_else(|error| {
            panic!("{place}: what is written now cannot be read: {error}\n{sample}")
        });
        let next: T = serde_json::from_value(newer(&sample, "")).unwrap_or_else(|error| {
            panic!("{place}: a field more cannot be read: {error}\n{sample}")
        });
        assert_eq!(format!("{now:?}"), without_new(&format!("{next:?}")), "{place}");
        read += 1;
    }
    read
}

/// The bodies of messages from a queue, or the data of records of a stream, as far as they are JSON.
fn carried(function: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (place, sample) in samples(function) {
        for record in sample["Records"].as_array().unwrap_or_else(|| panic!("{place}: no Records"))
        {
            let body = record["body"].as_str().map(|it| it.as_bytes().to_vec());
            let data = record["kinesis"]["data"].as_str().and_then(|it| STANDARD.decode(it).ok());
            let bytes = body.or(data).unwrap_or_default();
            if let Ok(value @ Value::Object(_)) = serde_json::from_slice(&bytes) {
                found.push((place.clone(), value));
            }
        }
    }
    found
}

#[test]
fn the_stages_of_the_pipeline_read_what_a_newer_one_hands_over() {
    assert!(reads::<Detected>(samples("filter")) > 0);
    assert!(reads::<Detected>(samples("score")) > 0);
    assert!(reads::<ScoredBatch>(samples("store")) > 0);
    assert!(reads::<Candidates>(samples("deliver")) > 0);
}

#[test]
fn records_of_the_stream_and_messages_in_queues_are_read() {
    let arrived = carried("ingest-stream").into_iter().filter(|(_, it)| it.get("event").is_some());
    assert!(reads::<Arrived>(arrived) > 3);
    assert!(reads::<Sought>(carried("fan-out")) > 0);
    assert!(reads::<GoalsReached>(carried("goals")) > 0);
    let channels = std::fs::read_dir(root()).unwrap();
    let channels = channels.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut read = 0;
    for channel in channels.filter(|name| name.starts_with("deliver-")) {
        let messages = carried(&channel).into_iter();
        read += reads::<Dispatch>(messages.filter(|(_, it)| it.get("channel").is_some()));
    }
    assert!(read >= 10, "only {read} messages");
}

#[test]
fn steps_of_workflows_are_read() {
    assert!(reads::<backup::Step>(samples("tenant-export")) > 0);
    assert!(reads::<backup::Step>(samples("tenant-restore")) > 0);
    assert!(reads::<backup::Step>(samples("tenant-wipe")) > 0);
    assert!(reads::<erasure::work::Step>(samples("erase-subject")) > 0);
    assert!(reads::<run::part::Task>(samples("run-part")) > 0);
    assert!(reads::<run::plan::Begin>(samples("plan-run")) > 0);
    assert!(reads::<run::finish::End>(samples("finish-run")) > 0);
}
