//! CDNOW's 69,659 purchases of 23,570 customers through *win-back*, on one core. The data is not part of
//! the checkout. `cargo bench -p ceap-engagement --bench replay`
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use ceap_engagement::event::Event;
use ceap_engagement::simulation::{Options, Outcome, Replay};
use ceap_engagement::use_case::{Document, catalogue};
use ceap_kernel::Timestamp;
use ceap_testkit::World;
use ceap_testkit::builders::{at, plan, tenant};
use ceap_testkit::data::{self, Purchase};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

fn history() -> Option<Vec<Event>> {
    let purchases = data::cdnow(env!("CARGO_MANIFEST_DIR"))?;
    let mut events: Vec<Event> = purchases.iter().map(Purchase::event).collect();
    events.sort_by(|a, b| (&a.subject, a.time).cmp(&(&b.subject, b.time)));
    Some(events)
}

async fn replayed(events: &[Event], options: Options) -> Outcome {
    let document = Document::parse(catalogue::find("win-back").unwrap()).unwrap();
    let world = World::new(Timestamp::UNIX_EPOCH);
    let mut replay = Replay::new(tenant("acme"), &plan(&[]), document, world, options).unwrap();
    for event in events {
        replay.feed(event.clone()).await.unwrap();
    }
    replay.outcome().await.unwrap()
}

fn bench(bencher: Bencher<'_, '_>, options: Options) {
    let Some(events) = history() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    bencher
        .counter(ItemsCount::new(events.len()))
        .bench_local(|| runtime.block_on(replayed(black_box(&events), options)));
}

/// As of one day.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn one_day(bencher: Bencher<'_, '_>) {
    bench(bencher, Options::as_of(at("1998-03-31T00:00:00Z"), 100));
}

/// Every instant of a year and a half.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn all_instants(bencher: Bencher<'_, '_>) {
    let (from, to) = (at("1997-01-01T00:00:00Z"), at("1998-06-30T00:00:00Z"));
    bench(bencher, Options { from, to, sample: 100 });
}
