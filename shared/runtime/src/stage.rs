//! One invocation of a function: the span that its log lines stand in, and what is counted of it as a whole.
//!
//! What an invocation tells of itself (how much it took, what is left) goes with it as its span does: so a door says what it
//! knows where it knows it, and tests call doors without one.

use crate::metrics::{self, Line};
use ceap_kernel::{Clock, Metric, SystemClock, TenantId, Timestamp, Trace};
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

tokio::task_local! {
    static STAGE: Stage;
}

/// Traces that a line names at most.
const MOST_LINKS: usize = 32;

/// What is known of an invocation so far.
#[derive(Debug)]
struct Stage {
    name: &'static str,
    request: String,
    began: Instant,
    trace: RefCell<Option<Trace>>,
    links: RefCell<BTreeSet<Trace>>,
    taken: Cell<u64>,
    left: Cell<u64>,
    made: Cell<Option<u64>>,
    failures: Cell<u64>,
    age_ms: Cell<Option<u64>>,
}

/// Runs `door` for each invocation, and prints what is counted of it.
///
/// # Errors
/// From Lambda's runtime API.
pub(crate) async fn run<I, O, E>(
    name: &'static str,
    door: impl AsyncFn(I) -> Result<O, E>,
) -> Result<(), Error>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Into<Diagnostic> + Debug,
{
    asked(name, async |event| {
        let outcome = door(event).await;
        let line = STAGE.with(|stage| stage.line(outcome.is_ok()));
        metrics::print(&[line]);
        outcome
    })
    .await
}

/// The same for a door that prints what was asked of it by itself.
///
/// # Errors
/// From Lambda's runtime API.
pub(crate) async fn asked<I, O, E>(
    name: &'static str,
    door: impl AsyncFn(I) -> Result<O, E>,
) -> Result<(), Error>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Into<Diagnostic> + Debug,
{
    let door = &door;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<I>| async move {
        let stage = Stage::of(name, &event.context);
        let span = stage.span();
        Box::pin(STAGE.scope(stage, door(event.payload)).instrument(span)).await
    }))
    .await
}

/// So many records came, of which the oldest waited since then.
pub(crate) fn took(records: usize, oldest: Option<Timestamp>) {
    let _ = STAGE.try_with(|stage| {
        stage.taken.set(count(records));
        let waited = oldest.map(|at| SystemClock.now().duration_since(at).as_millis());
        stage.age_ms.set(waited.map(|ms| u64::try_from(ms).unwrap_or_default()));
    });
}

/// So many of them are not done, and come again.
pub(crate) fn left(records: usize) {
    let _ = STAGE.try_with(|stage| stage.left.set(count(records)));
}

/// So many records came of them.
pub(crate) fn made(records: usize) {
    let _ = STAGE.try_with(|stage| stage.made.set(Some(count(records))));
}

/// Something was not done.
pub(crate) fn failed() {
    let _ = STAGE.try_with(|stage| stage.failures.set(stage.failures.get().saturating_add(1)));
}

/// Whose invocation it is, as soon as it is known.
pub(crate) fn of(tenant: &TenantId) {
    Span::current().record("tenant", tenant.as_str());
}

/// The caller goes on with a trace, as W3C's `traceparent` header names it; any other text changes nothing.
pub(crate) fn traced(traceparent: &str) {
    let Some(trace) = Trace::of_parent(traceparent) else { return };
    Span::current().record("trace_id", trace.as_str());
    let _ = STAGE.try_with(|stage| *stage.trace.borrow_mut() = Some(trace));
}

/// The trace of the invocation, where one is known.
pub(crate) fn trace() -> Option<Trace> {
    STAGE.try_with(|stage| stage.trace.borrow().clone()).ok().flatten()
}

/// Something of these traces is done in this invocation, which may be of others: it is linked to them.
pub(crate) fn linked<'a>(traces: impl IntoIterator<Item = &'a Trace>) {
    let _ = STAGE.try_with(|stage| {
        let mut links = stage.links.borrow_mut();
        for trace in traces {
            if links.len() < MOST_LINKS && !links.contains(trace) {
                links.insert(trace.clone());
            }
        }
    });
}

/// A line with what tells the invocation from others.
pub(crate) fn named(line: Line) -> Line {
    STAGE.try_with(|stage| stage.named(line.clone())).unwrap_or(line)
}

impl Stage {
    fn of(name: &'static str, context: &Context) -> Self {
        let trace = context.xray_trace_id.as_deref().and_then(Trace::of_xray);
        Self { trace: RefCell::new(trace), ..Self::new(name, &context.request_id) }
    }

    fn new(name: &'static str, request: &str) -> Self {
        Self {
            name,
            request: request.to_owned(),
            began: Instant::now(),
            trace: RefCell::default(),
            links: RefCell::default(),
            taken: Cell::new(1),
            left: Cell::new(0),
            made: Cell::new(None),
            failures: Cell::new(0),
            age_ms: Cell::new(None),
        }
    }

    fn span(&self) -> Span {
        let (stage, request_id) = (self.name, self.request.as_str());
        let span = info_span!("invocation", stage, request_id, trace_id = Empty, tenant = Empty);
        if let Some(trace) = &*self.trace.borrow() {
            span.record("trace_id", trace.as_str());
        }
        span
    }

    fn named(&self, line: Line) -> Line {
        let trace = self.trace.borrow().as_ref().map(ToString::to_string);
        let line = line.with("request_id", self.request.as_str()).with("trace_id", trace);
        let links = self.links.borrow();
        if links.is_empty() {
            return line;
        }
        line.with("links", links.iter().map(Trace::as_str).collect::<Vec<_>>())
    }

    fn line(&self, done: bool) -> Line {
        let taken = self.taken.get();
        let left = if done { self.left.get() } else { taken };
        let made = if done { self.made.get() } else { None };
        let failures = self.failures.get().max(u64::from(!done));
        let took = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let line = self
            .named(Line::new().with("stage", self.name))
            .count(Metric::RecordsIn, taken)
            .count(Metric::RecordsOut, made.unwrap_or_else(|| taken.saturating_sub(left)))
            .count(Metric::StageFailures, failures)
            .count(Metric::StageDuration, took);
        match self.age_ms.get() {
            Some(age) => line.count(Metric::RecordAge, age),
            None => line,
        }
    }
}

/// Does `work` as one invocation of its own, and prints what is counted of it: for tests and measurements, which have no Lambda.
#[cfg(any(test, feature = "bench"))]
pub(crate) async fn alone<T>(name: &'static str, work: impl Future<Output = T>) -> T {
    unasked(name, async {
        let done = work.await;
        metrics::print(&[STAGE.with(|stage| stage.line(true))]);
        done
    })
    .await
}

/// The same for a door that prints what was asked of it by itself.
#[cfg(any(test, feature = "bench"))]
pub(crate) async fn unasked<T>(name: &'static str, work: impl Future<Output = T>) -> T {
    let stage = Stage::new(name, "00000000-0000-4000-8000-000000000000");
    let span = stage.span();
    STAGE.scope(stage, work).instrument(span).await
}

fn count(records: usize) -> u64 {
    u64::try_from(records).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::*;
    use serde_json::{Value, json};
    use std::future::Future;

    /// What the line says of an invocation that did `work`, and whether that went well.
    async fn told(work: impl Future<Output = bool>) -> Value {
        let line = STAGE.scope(Stage::new("x", "r-1"), async {
            let done = work.await;
            STAGE.with(|stage| stage.line(done))
        });
        line.await.told(5)
    }

    #[tokio::test]
    async fn what_is_not_said_counts_as_one_that_was_done() {
        let told = told(async { true }).await;
        assert_eq!((&told["RecordsIn"], &told["RecordsOut"]), (&1.into(), &1.into()));
        assert_eq!(told["StageFailures"], 0);
        assert_eq!((&told["stage"], &told["request_id"]), (&json!("x"), &json!("r-1")));
        assert!(told.get("RecordAge").is_none() && told.get("links").is_none());
    }

    #[tokio::test]
    async fn what_is_left_did_not_come_out() {
        let told = told(async {
            took(10, Some(SystemClock.now()));
            failed();
            left(3);
            true
        });
        let told = told.await;
        assert_eq!((&told["RecordsIn"], &told["RecordsOut"]), (&10.into(), &7.into()));
        assert_eq!(told["StageFailures"], 1);
        assert!(told["RecordAge"].as_u64().unwrap() < 1000);
    }

    #[tokio::test]
    async fn a_failed_invocation_made_nothing() {
        let told = told(async {
            took(10, None);
            made(4);
            false
        });
        let told = told.await;
        assert_eq!((&told["RecordsOut"], &told["StageFailures"]), (&0.into(), &1.into()));
    }

    #[tokio::test]
    async fn an_invocation_is_linked_to_what_it_works_on() {
        let all: Vec<Trace> = (1..=40).map(|n| Trace::new(&format!("{n:032x}")).unwrap()).collect();
        let told = told(async {
            linked(&all[..2]);
            linked(&all);
            traced(&format!("00-{}-53995c3f42cd8ad8-01", all[39]));
            true
        });
        let told = told.await;
        assert_eq!(told["links"].as_array().unwrap().len(), MOST_LINKS);
        assert_eq!(told["trace_id"], all[39].as_str());
    }
}
