//! State machines as graphs: what follows what, and how long the worst path takes.

use std::collections::BTreeSet;

use ceap_stacks::many;
use serde_json::Value;

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The states that may follow a state.
pub fn nexts(state: &Value) -> Vec<&str> {
    let choices = many(state.get("Choices")).into_iter().chain(many(state.get("Catch")));
    let mut found: Vec<&str> = choices.filter_map(|choice| text(choice, "Next")).collect();
    found.extend(text(state, "Next"));
    found.extend(text(state, "Default"));
    found
}

/// Whether an execution may end here.
pub fn is_end(state: &Value) -> bool {
    state.get("End").and_then(Value::as_bool) == Some(true)
        || matches!(text(state, "Type"), Some("Succeed" | "Fail"))
}

/// The machines inside a Map or Parallel state.
pub fn nested(state: &Value) -> Vec<&Value> {
    let mut found = many(state.get("Branches"));
    found.extend(state.get("ItemProcessor").or(state.get("Iterator")));
    found
}

/// Every state that can be reached from one, itself included.
pub fn reachable<'a>(machine: &'a Value, from: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(name) = waiting.pop() {
        let Some(state) = machine.get("States").and_then(|states| states.get(name)) else {
            continue;
        };
        if found.insert(name) {
            waiting.extend(nexts(state));
        }
    }
    found
}

/// Seconds of the longest path, every task failing as late and as often as it may; endless for a loop.
/// Items of a Map run side by side, so a Map counts as its longest item.
pub fn worst_seconds(machine: &Value) -> Option<f64> {
    from(machine, text(machine, "StartAt")?, &mut Vec::new())
}

fn from<'a>(machine: &'a Value, name: &'a str, path: &mut Vec<&'a str>) -> Option<f64> {
    if path.contains(&name) {
        return Some(f64::INFINITY);
    }
    let state = machine.get("States")?.get(name)?;
    path.push(name);
    let rest =
        nexts(state).into_iter().filter_map(|next| from(machine, next, path)).fold(0.0, f64::max);
    path.pop();
    Some(own_seconds(state) + rest)
}

fn own_seconds(state: &Value) -> f64 {
    let number = |value: &Value, key: &str, default: f64| {
        value.get(key).and_then(Value::as_f64).unwrap_or(default)
    };
    let inner = nested(state).into_iter().filter_map(worst_seconds).fold(0.0, f64::max);
    let once = number(state, "TimeoutSeconds", 0.0) + number(state, "Seconds", 0.0) + inner;
    let mut total = once;
    for retry in many(state.get("Retry")) {
        let mut pause = number(retry, "IntervalSeconds", 1.0);
        let attempts = retry.get("MaxAttempts").and_then(Value::as_u64).unwrap_or(3);
        for _ in 0..attempts {
            total += once + pause.min(number(retry, "MaxDelaySeconds", f64::INFINITY));
            pause *= number(retry, "BackoffRate", 2.0);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn timeouts_attempts_and_pauses_add_up() {
        let retry = json!([{"IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 2}]);
        let machine = json!({"StartAt": "A", "States": {
            "A": {"Type": "Task", "TimeoutSeconds": 15, "Retry": retry, "Next": "B", "Catch": [{"Next": "Q"}]},
            "B": {"Type": "Wait", "Seconds": 1, "End": true},
            "Q": {"Type": "Task", "TimeoutSeconds": 5, "End": true}}});
        assert_eq!(worst_seconds(&machine), Some(15.0 * 3.0 + 2.0 + 4.0 + 5.0));
    }

    #[test]
    fn a_loop_is_endless() {
        let machine = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}});
        assert_eq!(worst_seconds(&machine), Some(f64::INFINITY));
    }
}
