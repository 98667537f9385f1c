use super::*;
use crate::model::{Cell, Description, Input, Takes};
use serde_json::{Value, json};

fn features() -> BTreeMap<String, Feature> {
    let features = json!({
        "a": {"op": "count", "event": "x", "within": "1d"},
        "b": {"op": "sum", "event": "x", "of": "y", "within": "1d"},
        "last": {"op": "last", "event": "x", "of": "y", "within": "1d"},
    });
    serde_json::from_value(features).unwrap()
}

fn compile(document: Value, stored: &Shelf) -> Result<Score, Fault> {
    Score::compile(&serde_json::from_value(document).unwrap(), 7, &features(), stored)
}

fn score(document: Value, values: Value) -> Scored {
    let facts = Facts { features: &values, ..Facts::default() };
    compile(document, &Shelf::new()).unwrap().score(&[facts], None).remove(0).unwrap()
}

#[test]
fn an_expression_is_clamped_and_explained() {
    let document = json!({"kind": "expression", "base": 0.1, "terms": [
        {"value": "features.a", "weight": 0.2, "reason": "a"},
        {"value": "features.b > 1.0", "weight": 0.5, "reason": "b"},
        {"value": "features.last", "weight": 9, "reason": "missing", "default": 0}]});
    let scored = score(document.clone(), json!({"a": 1, "b": 2}));
    assert!((scored.score - 0.8).abs() < 1e-12);
    assert_eq!(scored.reasons, ["b", "a"]);
    assert_eq!(scored.model, "7");
    assert_eq!(score(document, json!({"a": 100, "b": 2})).score, 1.0);
}

#[test]
fn logistic_is_the_logistic_function() {
    let document = json!({"kind": "logistic", "intercept": -2.0, "terms": [
        {"value": "features.a", "weight": 0.5, "reason": "a"}]});
    let scored = score(document, json!({"a": 6}));
    assert!((scored.score - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-12);
}

#[test]
fn what_may_be_absent_has_a_default_when_it_is_saved() {
    let saved = |value: &str, default: Value| {
        let mut term = json!({"value": value, "weight": 1, "reason": "r"});
        if !default.is_null() {
            term["default"] = default;
        }
        compile(json!({"kind": "expression", "terms": [term]}), &Shelf::new())
    };
    for absent in
        ["event.data.x", "event.data", "profile.traits.x", "settings.brand == 'x'", "features.last"]
    {
        let fault = saved(absent, Value::Null).unwrap_err().to_string();
        assert!(fault.starts_with("score.terms[0].default: `"), "{fault}");
        assert!(saved(absent, json!(0.5)).is_ok());
    }
    for there in ["features.a + features.b", "1", "event.type == 'x'"] {
        assert!(saved(there, Value::Null).is_ok(), "{there}");
    }
}

/// Scores by the sum of its numbers, and counts how often it was asked.
#[derive(Debug)]
struct Sum(Description);

impl Model for Sum {
    fn description(&self) -> &Description {
        &self.0
    }

    fn score(&self, rows: &[Vec<Cell>]) -> Vec<Result<f64, Fault>> {
        let number = |cell: &Cell| match cell {
            Cell::Number(number) => *number,
            Cell::Missing | Cell::Text(_) => 0.0,
        };
        rows.iter().map(|row| Ok(row.iter().map(number).sum())).collect()
    }

    fn contributions(&self, row: &[Cell], base: &[Cell]) -> Result<Vec<f64>, Fault> {
        let part = |cell: &Cell, base: &Cell| match (cell, base) {
            (Cell::Number(cell), Cell::Number(base)) => cell - base,
            _ => 0.0,
        };
        Ok(row.iter().zip(base).map(|(cell, base)| part(cell, base)).collect())
    }
}

fn sum() -> (ModelId, Sum, Shelf) {
    let input = |name: &str, takes, missing| Input {
        name: name.to_owned(),
        takes,
        missing,
        categories: (takes == Takes::Category).then(|| vec![json!("x"), json!("y")]),
    };
    let description = Description {
        kind: model::Kind::Trees,
        format: "sum".to_owned(),
        inputs: vec![
            input("one", Takes::Number, true),
            input("two", Takes::Code, true),
            input("three", Takes::Category, false),
        ],
    };
    let id = ModelId::of(b"sum");
    let shelf = [(id.clone(), description.clone())].into();
    (id, Sum(description), shelf)
}

fn pinned(id: &ModelId, change: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({"kind": "trees", "model": id, "min": 0.2, "inputs": {
        "one": {"value": "features.b"},
        "two": {"value": "event.data.two", "default": "missing", "categories": ["p", "q"],
            "reason": "the second"},
        "three": {"value": "event.data.three", "default": "x"}}});
    change(&mut document);
    document
}

#[test]
fn a_pinned_model_scores_each_signal_for_itself() {
    let (id, model, shelf) = sum();
    let compiled = compile(pinned(&id, |it| it["version"] = json!("2026-10")), &shelf).unwrap();
    let events = [
        json!({"data": {"two": "q", "three": "y"}}),
        json!({"data": {"two": true}}),
        json!({"data": {"two": "unknown"}}),
        json!({"data": {"three": [1]}}),
    ];
    let features = json!({"b": 0.1});
    let facts: Vec<Facts<'_>> = events
        .iter()
        .map(|event| Facts { event, features: &features, ..Facts::default() })
        .collect();
    let scored = compiled.score(&facts, Some(&model));
    let scores: Vec<Option<f64>> =
        scored.iter().map(|it| it.as_ref().ok().map(|it| it.score)).collect();
    assert_eq!(scores, [Some(1.0), Some(1.0), Some(0.1), None]);
    let first = scored[0].as_ref().unwrap();
    assert_eq!(first.model, format!("2026-10@{}", id.short()));
    // Against `missing` nothing is known of the second here; the first is against 0.
    assert_eq!(first.reasons, ["one"]);
    assert!(scored[2].as_ref().unwrap().reasons.is_empty(), "below the minimum");
    assert!(scored[3].as_ref().unwrap_err().to_string().starts_with("score.inputs.three: must"));
}

#[test]
fn a_pinned_models_inputs_are_checked_when_it_is_saved() {
    let (id, _, shelf) = sum();
    let refused =
        |change: fn(&mut Value)| compile(pinned(&id, change), &shelf).unwrap_err().to_string();
    let starts = |fault: String, start: &str| assert!(fault.starts_with(start), "{fault}");
    starts(refused(|it| it["kind"] = json!("onnx")), "score.kind: must be `trees`");
    starts(
        refused(|it| it["model"] = json!(ModelId::of(b"another"))),
        "score.model: there is no model",
    );
    starts(
        refused(|it| it["inputs"]["four"] = json!({"value": "1"})),
        "score.inputs.four: is not an input",
    );
    starts(
        refused(|it| drop(it["inputs"].as_object_mut().unwrap().remove("one"))),
        "score.inputs.one: is missing",
    );
    starts(
        refused(|it| it["inputs"]["one"]["value"] = json!("features.last")),
        "score.inputs.one.default: `features.last` may be absent",
    );
    starts(
        refused(|it| it["inputs"]["one"]["default"] = json!("text")),
        "score.inputs.one.default: must be a number",
    );
    starts(
        refused(|it| it["inputs"]["two"]["default"] = json!("r")),
        "score.inputs.two.default: must be one of the categories",
    );
    starts(
        refused(|it| it["inputs"]["two"]["categories"] = json!(["p", "p"])),
        "score.inputs.two.categories: `p` is there twice",
    );
    starts(
        refused(|it| it["inputs"]["three"]["categories"] = json!(["x"])),
        "score.inputs.three.categories: are the model's own",
    );
    starts(
        refused(|it| it["inputs"]["three"]["default"] = json!("z")),
        "score.inputs.three.default: must be one of the model's categories",
    );
    starts(
        refused(|it| it["inputs"]["three"]["default"] = json!("missing")),
        "score.inputs.three.default: can't be `missing`",
    );
    starts(refused(|it| it["min"] = json!(2)), "score.min: must be between 0 and 1");
}
