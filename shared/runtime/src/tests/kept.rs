//! What the workflow keeps in quarantine is what its stage is to be given again: readable, and whole.

use super::sample;
use ceap_engagement::pipeline::score::ScoredBatch;
use ceap_engagement::pipeline::store::Candidates;
use ceap_engagement::signal::Detected;
use rstest::rstest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The workflow.
fn definition() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/statemachines/signals.asl.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// What `Parameters` make of a state's input, so far as the workflow uses them: `$.field`, and the execution's own input.
fn made(parameters: &Value, input: &Value, execution: &Value) -> Value {
    let Value::Object(fields) = parameters else { return parameters.clone() };
    let field = |(name, value): (&String, &Value)| match (name.strip_suffix(".$"), value.as_str()) {
        (Some(name), Some("$$.Execution.Input")) => (name.to_owned(), execution.clone()),
        (Some(name), Some(path)) => {
            let key = path.strip_prefix("$.").unwrap();
            // Step Functions fails a state whose path leads nowhere.
            (name.to_owned(), input.get(key).unwrap_or_else(|| panic!("no {path}")).clone())
        }
        _ => (name.clone(), made(value, input, execution)),
    };
    fields.iter().map(field).collect::<Map<_, _>>().into()
}

/// As a stage reads it.
fn read<T: DeserializeOwned + Serialize>(input: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(input.clone()).unwrap()).unwrap()
}

#[rstest]
#[case::filter("filter", "FilterFailed", read::<Detected>)]
#[case::score("score", "ScoreFailed", read::<Detected>)]
#[case::store("store", "StoreFailed", read::<ScoredBatch>)]
#[case::deliver("deliver", "DeliverFailed", read::<Candidates>)]
fn what_a_stage_failed_on_is_kept_as_its_input(
    #[case] stage: &str,
    #[case] state: &str,
    #[case] read: fn(&Value) -> Value,
) {
    let given = sample(stage, "batch");
    let mut failed = given.clone();
    failed["error"] = json!({"Error": "Permanent", "Cause": "{}"});
    let parameters = &definition()["States"][state]["Parameters"];
    let kept = made(parameters, &failed, &sample("filter", "batch"));
    assert_eq!(kept["stage"], json!(stage));
    assert_eq!(kept["error"], failed["error"]);
    assert_eq!(read(&kept["input"]), read(&given));
}
