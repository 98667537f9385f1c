//! State machines: sound by themselves, wired by a template, and over before AWS ends them.

use std::collections::BTreeSet;

use ceap_stacks::many;
use serde_json::Value;

use super::{
    Finding,
    house::{House, file_name, list},
    paths,
};

const FOLDER: &str = "infra/statemachines";
/// An Express execution ends at five minutes without running any `Catch`.
const EXPRESS_SECONDS: f64 = 300.0;
/// The tasks that record what could not proceed. They have nothing to fall back to.
const LAST_RESORTS: [&str; 2] = ["Quarantine", "Fail"];

fn machines(house: &House) -> Vec<(String, Result<Value, String>)> {
    let files = list(&house.root.join(FOLDER)).into_iter().map(|path| file_name(&path));
    files
        .filter(|name| name.ends_with(".asl.json"))
        .map(|name| {
            let text = house.text(&format!("{FOLDER}/{name}"));
            (name, serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}")))
        })
        .collect()
}

/// Each definition by itself.
pub fn structure(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, machine) in machines(house) {
        let texts = match machine {
            Ok(machine) => broken(&machine, false),
            Err(error) => vec![error],
        };
        findings
            .extend(texts.into_iter().map(|text| Finding::new(format!("{FOLDER}/{name}"), text)));
    }
    findings
}

/// Definitions against the templates that deploy them.
pub fn in_templates(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, machine) in machines(house) {
        let file = format!("{FOLDER}/{name}");
        let text = house.text(&file);
        let mut deployed = false;
        for template in &house.templates {
            for resource in template.of_kind("AWS::Serverless::StateMachine") {
                let uri = resource
                    .properties
                    .get("DefinitionUri")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                if uri.rsplit('/').next() != Some(&name) {
                    continue;
                }
                deployed = true;
                let given =
                    resource.properties.get("DefinitionSubstitutions").and_then(Value::as_object);
                let given: BTreeSet<String> =
                    given.into_iter().flatten().map(|(key, _)| key.clone()).collect();
                let used = placeholders(&text);
                for key in used.difference(&given) {
                    findings.push(Finding::new(&template.file, format!("{} does not substitute ${{{key}}} of {name}: add it to DefinitionSubstitutions", resource.id)));
                }
                for key in given.difference(&used) {
                    findings.push(Finding::new(
                        &template.file,
                        format!(
                            "{} substitutes {key}, which {name} does not use: remove it",
                            resource.id
                        ),
                    ));
                }
                let express =
                    resource.properties.get("Type").and_then(Value::as_str) == Some("EXPRESS");
                let too_long = machine.as_ref().ok().filter(|_| express).and_then(too_long);
                findings.extend(too_long.map(|text| Finding::new(&file, text)));
                let endless = machine.as_ref().is_ok_and(|it| it.get("TimeoutSeconds").is_none());
                if !express && endless {
                    let text = "needs TimeoutSeconds: a STANDARD execution may take a year";
                    findings.push(Finding::new(&file, text));
                }
            }
        }
        if !deployed {
            findings.push(Finding::new(
                file,
                "no template deploys it: add an AWS::Serverless::StateMachine or remove it",
            ));
        }
    }
    findings
}

fn too_long(machine: &Value) -> Option<String> {
    let worst = paths::worst_seconds(machine)?;
    (worst >= EXPRESS_SECONDS).then(|| {
        format!("its worst path takes {worst:.0} s, and an Express execution ends at {EXPRESS_SECONDS:.0} s before its last Catch: lower timeouts or attempts")
    })
}

/// The names inside `${…}`. JSONPath never has that form.
fn placeholders(text: &str) -> BTreeSet<String> {
    let parts = text.split("${").skip(1);
    parts.filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect()
}

/// What is wrong with a machine, nested ones included; `caught` when its failure is caught outside.
fn broken(machine: &Value, caught: bool) -> Vec<String> {
    let mut texts = Vec::new();
    let Some(states) = machine.get("States").and_then(Value::as_object) else {
        return vec!["it has no States".into()];
    };
    let start = machine.get("StartAt").and_then(Value::as_str).unwrap_or_default();
    if !states.contains_key(start) {
        texts.push(format!("StartAt names {start:?}, which is no state"));
    }
    for (name, state) in states {
        for next in paths::nexts(state).into_iter().filter(|next| !states.contains_key(*next)) {
            texts.push(format!("{name} goes to {next:?}, which is no state"));
        }
        texts.extend(
            state_broken(machine, name, state, caught)
                .into_iter()
                .map(|text| format!("{name} {text}")),
        );
        texts.extend(
            paths::nested(state)
                .into_iter()
                .flat_map(|inner| broken(inner, caught || is_caught(machine, state)))
                .map(|text| format!("inside {name}: {text}")),
        );
    }
    let reached = paths::reachable(machine, start);
    for name in states.keys().filter(|name| !reached.contains(name.as_str())) {
        texts.push(format!("{name} is never reached: remove it or go to it"));
    }
    let ends = |name: &&str| states.get(*name).is_some_and(paths::is_end);
    if !reached.iter().any(ends) {
        texts.push("no path ends: set \"End\": true or go to a Succeed or Fail state".into());
    }
    texts
}

/// Whether whatever fails in a state leads to a last resort.
fn is_caught(machine: &Value, state: &Value) -> bool {
    let catches = many(state.get("Catch"));
    let all = catches.iter().find(|catch| {
        many(catch.get("ErrorEquals")).iter().any(|error| error.as_str() == Some("States.ALL"))
    });
    let next = all.and_then(|catch| catch.get("Next")?.as_str());
    let reached = next.map(|next| paths::reachable(machine, next)).unwrap_or_default();
    LAST_RESORTS.iter().any(|last| reached.contains(last))
}

/// What a distributed map must say, and what it must not.
fn map_broken(state: &Value) -> Vec<String> {
    let mode = state.pointer("/ItemProcessor/ProcessorConfig/Mode").and_then(Value::as_str);
    if mode != Some("DISTRIBUTED") {
        return Vec::new();
    }
    let mut texts = Vec::new();
    if state.get("MaxConcurrency").and_then(Value::as_u64).unwrap_or(0) == 0 {
        texts.push("needs MaxConcurrency: without, up to 10,000 items run at once".to_owned());
    }
    if state.get("ToleratedFailurePercentage").and_then(Value::as_u64) != Some(0) {
        texts.push("needs ToleratedFailurePercentage 0: a part that failed is not done".to_owned());
    }
    if state.get("ResultPath").is_none_or(|path| !path.is_null()) {
        let why = "the items' outputs together may be larger than a state carries";
        texts.push(format!("needs ResultPath null: {why}"));
    }
    for missing in ["ItemBatcher", "ResultWriter"] {
        if state.get(missing).is_some() {
            texts.push(format!("uses {missing}, which the local AWS ignores"));
        }
    }
    texts
}

fn state_broken(machine: &Value, name: &str, state: &Value, caught: bool) -> Vec<String> {
    let mut texts = Vec::new();
    let kind = state.get("Type").and_then(Value::as_str).unwrap_or_default();
    let (next, end) = (state.get("Next").is_some(), state.get("End").is_some());
    match kind {
        "Choice" if state.get("Default").is_none() => {
            texts.push("needs a Default: no match is an error".to_owned())
        }
        "Choice" => {}
        "Succeed" | "Fail" if next || end => {
            texts.push("ends the execution: remove its Next and End".to_owned())
        }
        "Succeed" | "Fail" => {}
        "Task" | "Pass" | "Wait" | "Map" | "Parallel" if next == end => {
            texts.push("needs either Next or End".to_owned());
        }
        "Task" | "Pass" | "Wait" | "Map" | "Parallel" => {}
        other => texts.push(format!("has the unknown Type {other:?}")),
    }
    if kind == "Map" {
        texts.extend(map_broken(state));
    }
    if kind != "Task" {
        return texts;
    }
    if state.get("TimeoutSeconds").and_then(Value::as_u64).is_none() {
        texts.push(
            "needs TimeoutSeconds: without, one hanging task takes the whole execution with it"
                .to_owned(),
        );
    }
    if many(state.get("Retry")).is_empty() {
        texts.push("needs a Retry".to_owned());
    }
    if !caught && !LAST_RESORTS.contains(&name) && !is_caught(machine, state) {
        texts.push(format!(
            "needs a Catch of States.ALL that leads to {}: else its input is lost",
            LAST_RESORTS.join(" or ")
        ));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn machine() -> Value {
        let task = |next: &str| {
            json!({"Type": "Task", "TimeoutSeconds": 10, "Retry": [{"ErrorEquals": ["X"], "MaxAttempts": 2}],
                   "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Quarantine"}], "Next": next})
        };
        let mut quarantine = task("Failed");
        quarantine.as_object_mut().unwrap().remove("Catch");
        json!({"StartAt": "A", "States": {"A": task("C"), "Quarantine": quarantine, "Failed": {"Type": "Fail"},
            "C": {"Type": "Choice", "Choices": [{"Next": "B"}], "Default": "Done"},
            "B": task("Done"), "Done": {"Type": "Succeed"}}})
    }

    #[test]
    fn a_sound_machine_passes() {
        assert_eq!(broken(&machine(), false), Vec::<String>::new());
        assert_eq!(too_long(&machine()), None);
    }

    #[test]
    fn each_fault_is_named() {
        let cases = [
            ("/States/A/Next", json!("Nowhere"), "A goes to \"Nowhere\""),
            ("/States/A/TimeoutSeconds", json!("x"), "A needs TimeoutSeconds"),
            ("/States/A/Retry", json!([]), "A needs a Retry"),
            ("/States/A/Catch/0/Next", json!("Done"), "A needs a Catch"),
            ("/States/C/Default", json!("B"), ""),
            ("/States/Done/Type", json!("Succed"), "Done has the unknown Type"),
            ("/StartAt", json!("Z"), "StartAt names \"Z\""),
        ];
        for (path, value, wanted) in cases {
            let mut machine = machine();
            *machine.pointer_mut(path).unwrap() = value;
            let texts = broken(&machine, false);
            assert!(
                wanted.is_empty() || texts.iter().any(|text| text.starts_with(wanted)),
                "{wanted}: {texts:?}"
            );
        }
    }

    #[test]
    fn a_map_is_caught_outside_and_bounded() {
        let part = json!({"Type": "Task", "TimeoutSeconds": 10, "End": true,
                          "Retry": [{"ErrorEquals": ["X"], "MaxAttempts": 2}]});
        let map = json!({"Type": "Map", "MaxConcurrency": 10, "ToleratedFailurePercentage": 0,
            "ResultPath": null, "Next": "C",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Quarantine"}],
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"},
                              "StartAt": "P", "States": {"P": part}}});
        let mut machine = machine();
        machine["States"]["A"] = map;
        assert_eq!(broken(&machine, false), Vec::<String>::new());
        for (field, wanted) in [
            ("MaxConcurrency", "A needs MaxConcurrency"),
            ("ToleratedFailurePercentage", "A needs ToleratedFailurePercentage"),
            ("ResultPath", "A needs ResultPath"),
            ("Catch", "inside A: P needs a Catch"),
        ] {
            let mut machine = machine.clone();
            machine["States"]["A"].as_object_mut().unwrap().remove(field);
            let texts = broken(&machine, false);
            assert!(texts.iter().any(|text| text.starts_with(wanted)), "{wanted}: {texts:?}");
        }
    }

    #[test]
    fn a_machine_over_five_minutes_is_refused() {
        let mut machine = machine();
        *machine.pointer_mut("/States/B/TimeoutSeconds").unwrap() = json!(100);
        assert!(too_long(&machine).unwrap().contains("s, and an Express"));
    }

    #[test]
    fn placeholders_are_not_paths() {
        assert_eq!(
            placeholders(r#"{"a":"${Fn}","b.$":"$.x","c":"$$.y"}"#),
            ["Fn".to_owned()].into()
        );
    }
}
