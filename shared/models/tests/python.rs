//! Models that Python trained (`infra/local/verify/models`) score the rows that they have not seen, in
//! the stage `score`, as in Python. Skipped where `CEAP_VERIFY_MODELS`, a Python that has the libraries,
//! is not set, or the data is not there.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects
)]

use ceap_engagement::model::Takes;
use ceap_engagement::pipeline::recommend::Shop;
use ceap_engagement::pipeline::score::score;
use ceap_engagement::signal::{Detected, Signal};
use ceap_engagement::use_case::{Document, Plan, Settings, Stored, UseCase};
use ceap_kernel::ModelId;
use ceap_testkit::World;
use ceap_testkit::builders::{noon, tenant};
use ceap_testkit::data::shared;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Six decimals.
const EXACT: f64 = 1e-6;

/// What XGBoost's categories are called that its model knows by number only.
const NAMED: [(&str, &[&str]); 2] = [
    ("Month", &["Aug", "Dec", "Feb", "Jul", "June", "Mar", "May", "Nov", "Oct", "Sep"]),
    ("VisitorType", &["New_Visitor", "Other", "Returning_Visitor"]),
];

/// Trains; gives the folder with the models and what they predict.
fn trained() -> Option<PathBuf> {
    let Some(python) = std::env::var_os("CEAP_VERIFY_MODELS") else {
        eprintln!("skipped: CEAP_VERIFY_MODELS is not set, so no model was trained");
        return None;
    };
    let here = env!("CARGO_MANIFEST_DIR");
    let telco = shared(here, "telco_churn/telco.csv")?;
    let shoppers = shared(here, "online_shoppers/online_shoppers_intention.csv")?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trained");
    let script = Path::new(here).join("../../infra/local/verify/models/train.py");
    let mut train = Command::new(python);
    train.args(["-I", "-B"]).args([&script, &folder, &telco, &shoppers]);
    let output = train.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "train.py: {said}");
    Some(folder)
}

/// A use case that pins the model, with every input from the event's data.
fn document(id: &ModelId, model: &dyn ceap_engagement::model::Model) -> Document {
    let description = model.description();
    let inputs: Map<String, Value> = description
        .inputs
        .iter()
        .map(|input| {
            let name = &input.name;
            let default = match (input.missing, input.takes) {
                (true, _) => json!("missing"),
                (false, Takes::Text) => json!("none"),
                (false, _) => json!(0),
            };
            let mut declared = json!({"value": format!("event.data.{name}"), "default": default});
            let named = NAMED.iter().find(|(column, _)| column == name);
            if let Some((_, names)) = named.filter(|_| input.takes == Takes::Code) {
                declared["categories"] = json!(names);
            }
            (name.clone(), declared)
        })
        .collect();
    serde_json::from_value(json!({
        "id": "trained", "version": 1, "name": "Trained", "purpose": "marketing",
        "trigger": {"event": "row_seen"}, "ttl": "1d",
        "score": {"kind": description.kind, "model": id, "inputs": inputs, "version": "test"},
        "action": {"channel": "sms", "text": "x"},
    }))
    .unwrap()
}

/// Runs the rows through the stage, and compares; gives the greatest difference.
async fn compare(folder: &Path, case: &str) -> (f64, usize) {
    let file = std::fs::read(folder.join(format!("{case}.model"))).unwrap();
    let lines = std::fs::read_to_string(folder.join(format!("{case}.jsonl"))).unwrap();
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let model = ceap_models::read(&file).unwrap_or_else(|fault| panic!("{case}: {fault}"));
    let id = ModelId::of(&file);
    let mut stored = Stored::default();
    stored.models.insert(id.clone(), model.description().clone());
    let compiled = UseCase::with(document(&id, &*model), &stored)
        .unwrap_or_else(|fault| panic!("{case}: {fault}"));
    let acme = tenant("acme");
    let world =
        World::new(noon()).with(&acme, Plan::with(Settings::default(), vec![compiled], stored));
    world.stores().models.ready.insert((acme.clone(), id.clone()), model);
    let signals = rows.iter().enumerate().map(|(n, row)| -> Signal {
        serde_json::from_value(json!({
            "id": format!("{n:032x}"), "use_case": "trained", "subject": format!("row-{n}"),
            "event": {"type": "row_seen", "data": row["values"]}, "features": {}, "at": noon(),
        }))
        .unwrap()
    });
    let detected =
        Detected { tenant: acme.clone(), profiles: Default::default(), signals: signals.collect() };
    let shop = Shop { affinities: &world, items: &world };
    let (batch, _) = score(detected, &world, &world, shop, &world, &world).await.unwrap();
    let first = world.stores().quarantine.first().map(|rejected| rejected.reason.clone());
    assert_eq!(batch.signals.len(), rows.len(), "{case}: {first:?}");
    assert_eq!(world.calls("models.load"), 1);
    let mut greatest = 0.0_f64;
    for (row, scored) in rows.iter().zip(&batch.signals) {
        let python = row["score"].as_f64().unwrap().clamp(0.0, 1.0);
        let ours = &scored.scored;
        assert_eq!(ours.model, format!("test@{}", id.short()));
        assert!(ours.reasons.len() <= 3);
        greatest = greatest.max((ours.score - python).abs());
    }
    let explained = batch.signals.iter().filter(|it| !it.scored.reasons.is_empty()).count();
    assert!(explained * 2 > rows.len(), "{case}: few scores have reasons");
    (greatest, rows.len())
}

#[tokio::test]
async fn models_score_as_in_python() {
    let Some(folder) = trained() else { return };
    let mut wrong = Vec::new();
    for (case, rows) in [
        ("telco-lightgbm", 1409),
        ("telco-xgboost", 1409),
        ("telco-onnx", 1409),
        ("telco-lightgbm-forest", 300),
        ("telco-lightgbm-dart", 300),
        ("telco-lightgbm-regression", 300),
        ("telco-lightgbm-steep", 300),
        ("telco-xgboost-forest", 300),
        ("telco-xgboost-regression", 300),
        ("shoppers-lightgbm", 2466),
        ("shoppers-xgboost", 2466),
        ("shoppers-xgboost-codes", 2466),
        ("shoppers-onnx", 2466),
        ("shoppers-lightgbm-zero", 400),
    ] {
        let (greatest, compared) = compare(&folder, case).await;
        eprintln!("{case}: {compared} rows, greatest difference {greatest:e}");
        assert_eq!(compared, rows, "{case}");
        if greatest >= EXACT {
            wrong.push((case, greatest));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
