//! A small run all the way: what goes in comes out, and is paid for once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects)]

use ceap_bench::cost::Cost;
use ceap_bench::platform::Platform;
use ceap_bench::prices::Prices;
use ceap_bench::printed::Printed;
use ceap_bench::run::{Run, run};
use ceap_bench::templates::Templates;
use ceap_bench::workload::{EVENT_BYTES, Mix, Rest, use_cases};
use std::path::Path;
use std::sync::Mutex;

const MIX: Mix = Mix {
    batch: 100,
    per_subject: 4,
    visits: 2,
    groups: 1,
    carts: 10,
    gold: 100,
    rest: Rest::Kept,
};

/// There is one standard output to part.
static PRINTING: Mutex<()> = Mutex::new(());

/// Runs a mix with room for unoptimised futures of the SDK inside each other.
fn ran(mix: Mix) -> Run {
    let run = move || {
        let _alone = PRINTING.lock().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let templates = Templates::read(&root).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let platform = Platform::new(&templates, &use_cases(mix.rest)).await.unwrap();
            let printed = Printed::part().unwrap();
            run(&platform, &printed, &templates.memory().unwrap(), &mix).await.unwrap()
        })
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap();
    thread.join().unwrap()
}

/// The lake takes every event, and SES tells two things of each email, the second of which comes back as an event.
#[test]
fn what_is_done_beside_is_paid_for_apart() {
    let found = ran(MIX);
    let aside = found.aside.as_ref().unwrap();
    let invoked = |run: &Run, name: &str| run.bill.functions.get(name).map_or(0, |it| it.count);
    assert_eq!(invoked(&aside.lake, "ingest-lake"), 1, "200 KB are less than Firehose gathers");
    assert!(aside.lake.lake_bytes >= found.event_bytes);
    assert_eq!(aside.receipts.queued, 4);
    assert_eq!(invoked(&aside.receipts, "receipts"), 1);
    assert_eq!(invoked(&aside.receipts, "ingest-stream"), 1);
    assert_eq!(invoked(&found, "receipts") + invoked(&found, "ingest-lake"), 0);
    let records = aside.receipts.bill.meter.calls_of("kinesis");
    assert_eq!(records.billed, 2, "that an email arrived is an event, that it was sent is none");
    let cost = Cost::of(&found, &Prices::read().unwrap()).unwrap();
    let beside = [cost.lake_usd, cost.receipts_usd, cost.traces_usd];
    assert!(beside.iter().all(|usd| *usd > 0.0), "{beside:?}");
    let sum = cost.usd_per_million + beside.iter().sum::<f64>();
    assert!((cost.usd_with_all - sum).abs() < 1e-9);
    assert!((cost.calls["email SendEmail"] - 10_000.0).abs() < 1e-6);
}

#[test]
fn what_goes_in_comes_out_and_is_paid_for_once() {
    let found = ran(MIX);
    assert_eq!((found.events, found.event_bytes), (200, 200 * EVENT_BYTES as u64));
    assert_eq!((found.candidates, found.emails), (20, 2));
    assert_eq!(found.executions, 2, "one for each batch");
    let units = |table: &str, operation: &str| {
        found.bill.meter.units[&(table.to_owned(), operation.to_owned())]
    };
    // 25 subjects in each of two batches, each one write of its features, none of its profile.
    assert_eq!(units("ProfilesTable", "PutItem").items, 50);
    // Each candidate, and the records of the two messages: for the others no action is meant, which leaves no record.
    let engagement = units("EngagementTable", "PutItem");
    assert_eq!(engagement.items, 22);
    // A candidate is in one index, a message in two.
    assert_eq!(engagement.index, 24);
    // What became of the two that were sent.
    assert_eq!(units("EngagementTable", "UpdateItem").items, 4);
    assert_eq!(found.bill.meter.calls_of("kinesis").billed, 200);
    assert_eq!(found.bill.meter.calls_of("events").billed, 2);

    let cost = Cost::of(&found, &Prices::read().unwrap()).unwrap();
    let of = |what: &str| cost.lines.iter().find(|line| line.what == what).unwrap();
    assert!((of("PUT payload units").units - 1_000_000.0).abs() < 1e-6);
    assert!((of("executions").units - 10_000.0).abs() < 1e-6);
    let services: f64 = cost.services().iter().map(|(_, usd)| usd).sum();
    assert!((services - cost.usd_per_million).abs() < 1e-9);
}

#[test]
fn signals_of_one_candidate_are_one_message() {
    let found = ran(Mix { rest: Rest::Merged, per_subject: 10, visits: 3, ..MIX });
    // Ten subjects, each with a cart in each of three batches.
    assert_eq!((found.events, found.candidates, found.emails), (300, 30, 10));
}
