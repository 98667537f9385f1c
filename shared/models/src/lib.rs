//! Stored models, read from the files that their own libraries write, and scored as these libraries
//! predict. One file for each format. A file is somebody's upload: whatever is in it, reading it ends,
//! in memory that its size bounds, with a model or with the reason why there is none.

mod encode;
mod lightgbm;
mod link;
mod loader;
mod onnx;
mod trees;
mod xgboost;

pub use loader::Loader;

use ceap_engagement::model::{Input, Model};
use ceap_kernel::Fault;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Inputs of one model. Its description is read with all that a tenant runs.
const MAX_INPUTS: usize = 1_000;

/// Bytes of an input's name.
const MAX_NAME: usize = 200;

/// Bytes of all categories that a description lists.
const MAX_LISTED: usize = 16 * 1024;

/// Reads a model from its file: LightGBM's text, XGBoost's JSON, or ONNX.
///
/// # Errors
/// `Invalid` at `model`, saying what the file lacks, or what of it can't be expressed here.
pub fn read(file: &[u8]) -> Result<Arc<dyn Model>, Fault> {
    let start = file.trim_ascii_start();
    if start.starts_with(b"tree\n") || start.starts_with(b"tree\r\n") {
        return Ok(Arc::new(lightgbm::read(file)?));
    }
    // A JSON object goes on with a name or an end, a UBJSON one with a length.
    let inside = start.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    match inside.and_then(<[u8]>::first) {
        Some(b'"' | b'}') => Ok(Arc::new(xgboost::read(file)?)),
        Some(_) => Err(fault("is UBJSON; save it as JSON: `model.save_model(\"model.json\")`")),
        None => Ok(Arc::new(onnx::read(file)?)),
    }
}

fn fault(message: impl Into<String>) -> Fault {
    Fault::invalid("model", message)
}

/// Checks that inputs can be named by a document, and lists categories only where they are few.
fn checked(mut inputs: Vec<Input>) -> Result<Vec<Input>, Fault> {
    if inputs.is_empty() || inputs.len() > MAX_INPUTS {
        return Err(fault(format!("must have 1 to {MAX_INPUTS} inputs, not {}", inputs.len())));
    }
    let mut names = BTreeSet::new();
    for input in &inputs {
        if input.name.is_empty() || input.name.len() > MAX_NAME {
            return Err(fault(format!(
                "has an input whose name is not 1 to {MAX_NAME} bytes long"
            )));
        }
        if !names.insert(input.name.as_str()) {
            return Err(fault(format!("has two inputs of the name `{}`", input.name)));
        }
    }
    let mut listed = 0_usize;
    for input in &mut inputs {
        let own = serde_json::to_vec(&input.categories).map_or(usize::MAX, |json| json.len());
        listed = listed.saturating_add(own);
        if listed > MAX_LISTED {
            input.categories = None;
        }
    }
    Ok(inputs)
}
