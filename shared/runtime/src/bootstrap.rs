//! What every function does before its first event.

use ceap_kernel::{Fault, hash64};
use lambda_runtime::Error;
use std::future::Future;
use tracing_subscriber::EnvFilter;

/// Sets logging up and runs a function until Lambda ends it. Logs are JSON lines (Lambda's advanced
/// logging controls index their fields) at the level of `RUST_LOG`.
///
/// # Errors
/// What `main` returns: a missing variable, say. Lambda reports it and starts the function anew.
pub fn start(main: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_ansi(false)
        .with_env_filter(filter)
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(main)
}

/// 256 bits from the operating system's generator.
#[must_use]
pub fn random() -> [u8; 32] {
    rand::random()
}

/// Logs a failure for operators. Its text names no person: faults are built that way.
pub(crate) fn log(stage: &str, fault: &Fault) {
    let kind = format!("{:016x}", hash64(&[stage, fault.code()]));
    tracing::error!(stage, code = fault.code(), kind, %fault, "failed");
}
