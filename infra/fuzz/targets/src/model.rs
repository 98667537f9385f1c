//! Models of LightGBM and XGBoost, which are read natively. ONNX is left out: tract is for files that are trusted
//! (`docs/src/security.md`, F19).

use crate::promise::named;
use ceap_engagement::model::Cell;

/// A model that is read scores any row of its length with a number or a reason, and soon.
pub fn run(data: &[u8]) {
    let start = data.trim_ascii_start();
    if !start.starts_with(b"tree") && !start.starts_with(b"{") {
        return;
    }
    let model = match ceap_models::read(data) {
        Ok(model) => model,
        Err(fault) => return named(&fault),
    };
    let inputs = model.description().inputs.len();
    for cell in
        [Cell::Missing, Cell::Number(1.5), Cell::Number(f64::MAX), Cell::Text("x".to_owned())]
    {
        let row = vec![cell; inputs];
        let scored = model.score(&[row.clone(), row.clone()]);
        assert_eq!(scored.len(), 2);
        scored.iter().filter_map(|it| it.as_ref().err()).for_each(named);
        match model.contributions(&row, &row) {
            Ok(parts) => assert_eq!(parts.len(), inputs),
            Err(fault) => named(&fault),
        }
    }
}
