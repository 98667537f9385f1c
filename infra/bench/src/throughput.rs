//! Events per second of one core: the functions' own CPU time, without that of what plays AWS.

use crate::invoke::{Invocations, as_f64};
use crate::platform::Platform;
use crate::printed::Printed;
use crate::run::{Run, run};
use crate::templates::Templates;
use crate::workload::{Mix, Rest, other_use_case, use_cases};
use anyhow::Result;
use serde::Serialize;
use std::time::Duration;

/// What one size of batches makes possible.
#[derive(Debug, Serialize)]
pub struct Batched {
    /// Events of a batch.
    pub batch: usize,
    /// Events that `ingest-stream` decodes, folds and matches in a second; one in ten is a signal.
    pub ingest_per_second: f64,
    /// The same by the slowest tenth of the invocations, and by the fastest.
    pub ingest_spread: (f64, f64),
    /// Signals that pass `filter` and `score` in a second.
    pub filter_score_per_second: f64,
    /// Candidates that `deliver` takes through the gates, renders, claims and hands on in a second.
    pub deliver_per_second: f64,
}

/// What more use cases cost.
#[derive(Debug, Serialize)]
pub struct Installed {
    /// Use cases in all.
    pub use_cases: usize,
    /// If the others are of types that do not come.
    pub others: Rates,
    /// If all others are of the type of nine in ten events.
    pub same: Rates,
}

/// What a stage does in a second, in batches of 500.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rates {
    /// Events that `ingest-stream` decodes, folds and matches.
    pub ingest: f64,
    /// Signals that pass `filter` and `score`.
    pub filter_score: f64,
    /// Candidates that `deliver` takes through the gates.
    pub deliver: f64,
}

impl Rates {
    fn of(run: &Run) -> Self {
        let of = |name| rate(run.candidates, run.bill.functions.get(name));
        Self {
            ingest: rate(run.events, run.bill.functions.get("ingest-stream")),
            filter_score: 1.0 / (1.0 / of("filter") + 1.0 / of("score")),
            deliver: of("deliver"),
        }
    }
}

const BATCHES: [(usize, usize); 4] = [(1, 400), (10, 200), (100, 40), (500, 20)];
const USE_CASES: [usize; 4] = [1, 10, 50, 200];

/// Batches of 1 to 500 events.
///
/// # Errors
/// When a function fails.
pub async fn batches(templates: &Templates, printed: &Printed) -> Result<Vec<Batched>> {
    let memory = templates.memory()?;
    let mut rows = Vec::new();
    for (batch, count) in BATCHES {
        let per_subject = batch.min(3);
        let groups = count.div_ceil(4);
        let mixed =
            Mix { batch, per_subject, visits: 4, groups, carts: 10, gold: 100, rest: Rest::Kept };
        let platform = Platform::new(templates, &use_cases(Rest::Kept)).await?;
        let ingested = run(&platform, printed, &memory, &mixed).await?;
        // Each event a signal, and each to be sent.
        let all = Mix { carts: 1, gold: 1, groups: groups.div_ceil(4), ..mixed };
        let platform = Platform::new(templates, &use_cases(Rest::Kept)).await?;
        let sent = run(&platform, printed, &memory, &all).await?;
        rows.push(Batched {
            batch,
            ingest_per_second: Rates::of(&ingested).ingest,
            ingest_spread: spread(&ingested, batch),
            filter_score_per_second: Rates::of(&sent).filter_score,
            deliver_per_second: Rates::of(&sent).deliver,
        });
    }
    Ok(rows)
}

/// One to 200 use cases.
///
/// # Errors
/// When a function fails.
pub async fn installed(templates: &Templates, printed: &Printed) -> Result<Vec<Installed>> {
    let mut rows = Vec::new();
    for count in USE_CASES {
        let others = with(templates, printed, count, false).await?;
        let same = with(templates, printed, count, true).await?;
        rows.push(Installed { use_cases: count, others, same });
    }
    Ok(rows)
}

async fn with(templates: &Templates, printed: &Printed, count: usize, same: bool) -> Result<Rates> {
    let mix = Mix {
        batch: 500,
        per_subject: 3,
        visits: 4,
        groups: 3,
        carts: 10,
        gold: 100,
        rest: Rest::Kept,
    };
    let others = (1..count).map(|n| other_use_case(n, same));
    let documents: Vec<String> = use_cases(mix.rest).into_iter().chain(others).collect();
    let platform = Platform::new(templates, &documents).await?;
    let found = run(&platform, printed, &templates.memory()?, &mix).await?;
    Ok(Rates::of(&found))
}

fn rate(events: u64, invocations: Option<&Invocations>) -> f64 {
    invocations.map_or(0.0, |it| as_f64(events) / it.cpu.as_secs_f64())
}

/// Events a second of the slowest tenth of the invocations, and of the fastest.
fn spread(run: &Run, batch: usize) -> (f64, f64) {
    let mut times: Vec<Duration> = run.ingested.clone();
    times.sort_unstable();
    let tenth = times.len() / 10;
    let batch = as_f64(u64::try_from(batch).unwrap_or(u64::MAX));
    let per_second = |time: Option<&Duration>| time.map_or(0.0, |time| batch / time.as_secs_f64());
    let slow = times.len().saturating_sub(tenth.saturating_add(1));
    (per_second(times.get(slow)), per_second(times.get(tenth)))
}
