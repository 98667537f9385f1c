//! What every function does before its first event.

use crate::metrics::{self, Depth};
use crate::redact::Redacted;
use crate::stage;
use ceap_kernel::{Fault, Outcome, hash64};
use lambda_runtime::Error;
use mimalloc::MiMalloc;
use std::future::Future;
use tracing_subscriber::EnvFilter;

/// Batches are many small values: with the C library's allocator, reading and writing them takes up to half as long
/// again.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// Sets logging up and runs a function until Lambda ends it. Logs are JSON lines (Lambda's advanced
/// logging controls index their fields) at the level of `RUST_LOG`, without personal data; metrics are kept as
/// finely as `METRIC_DETAIL` says.
///
/// # Errors
/// What `main` returns: a missing variable, say. Lambda reports it and starts the function anew.
pub fn start(main: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_ansi(false)
        .with_env_filter(filter)
        .with_writer(Redacted)
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    if let Ok(depth) = std::env::var("METRIC_DETAIL") {
        metrics::keep(depth.parse::<Depth>()?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(main)
}

/// 256 bits from the operating system's generator.
#[must_use]
pub fn random() -> [u8; 32] {
    rand::random()
}

/// Logs a failure for operators: as a warning what is tried again by itself, as an error what somebody must look at. Its
/// text names no person: faults are built that way.
pub(crate) fn log(stage: &str, fault: &Fault) {
    stage::failed();
    let (code, kind) = (fault.code(), format!("{:016x}", hash64(&[stage, fault.code()])));
    match fault.outcome() {
        Outcome::Retryable => tracing::warn!(stage, code, kind, %fault, "comes again"),
        Outcome::Permanent => tracing::error!(stage, code, kind, %fault, "failed"),
    }
}
