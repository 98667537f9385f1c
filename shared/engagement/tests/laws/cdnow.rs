//! Real history: the purchases of CDNOW's customers, replayed under *win-back*.

use ceap_engagement::event::Event;
use ceap_engagement::simulation::{Options, Outcome, Replay};
use ceap_engagement::use_case::{Document, catalogue};
use ceap_kernel::Timestamp;
use ceap_testkit::World;
use ceap_testkit::builders::{at, plan, tenant};
use ceap_testkit::data::{self, Purchase};
use std::collections::{BTreeMap, BTreeSet};

/// As the lake gives it: by customer, then by time.
fn history(rows: &[Purchase]) -> Vec<Event> {
    let mut events: Vec<Event> = rows.iter().map(Purchase::event).collect();
    events.sort_by(|a, b| (&a.subject, a.time).cmp(&(&b.subject, b.time)));
    events
}

async fn replay(events: &[Event], options: Options) -> Outcome {
    let (document, world) = (
        Document::parse(catalogue::find("win-back").unwrap()).unwrap(),
        World::new(Timestamp::UNIX_EPOCH),
    );
    let mut replay = Replay::new(tenant("acme"), &plan(&[]), document, world, options).unwrap();
    for event in events {
        replay.feed(event.clone()).await.unwrap();
    }
    replay.outcome().await.unwrap()
}

/// The ten-line script: who bought on 1997-12-31 for the last time before 1998-03-31 was over, having
/// spent more than 100 in all.
fn expected(rows: &[Purchase]) -> BTreeSet<String> {
    let mut customers: BTreeMap<&str, (&str, f64)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.day.as_str() <= "19980331") {
        let (last, sum) = customers.entry(&row.customer).or_default();
        *last = (*last).max(&row.day);
        *sum += row.amount;
    }
    let lost = customers.iter().filter(|(_, (last, sum))| *last == "19971231" && *sum > 100.0);
    lost.map(|(customer, _)| (*customer).to_owned()).collect()
}

#[tokio::test]
async fn win_back_finds_who_a_script_over_the_file_finds() {
    let Some(rows) = data::cdnow(env!("CARGO_MANIFEST_DIR")) else { return };
    let expected = expected(&rows);
    assert_eq!(expected.len(), 10);
    let options = Options::as_of(at("1998-03-31T00:00:00Z"), 1_000);
    let outcome = replay(&history(&rows), options).await;
    let found: BTreeSet<String> =
        outcome.passed.iter().map(|it| it.subject.as_str().to_owned()).collect();
    assert_eq!(found, expected);
    assert_eq!(outcome.funnel.stored, 10);
    assert_eq!((outcome.subjects, outcome.events), (23_570, 69_659));
}

#[tokio::test]
async fn the_whole_year_and_a_half_in_parts_as_in_one() {
    let Some(rows) = data::cdnow(env!("CARGO_MANIFEST_DIR")) else { return };
    let events = history(&rows);
    let (from, to) = (at("1997-01-01T00:00:00Z"), at("1998-06-30T00:00:00Z"));
    let options = Options { from, to, sample: 50 };
    let whole = replay(&events, options).await;
    assert_eq!(whole.funnel.events, 69_659);

    // Cut between two customers, merged in another order.
    let cut = |near: usize| {
        near + events[near..].iter().position(|it| it.subject != events[near].subject).unwrap()
    };
    let (one, two) = (cut(20_000), cut(45_000));
    let mut parts = replay(&events[two..], options).await;
    parts.merge(replay(&events[..one], options).await);
    parts.merge(replay(&events[one..two], options).await);
    assert_eq!(parts, whole);
    let json = serde_json::to_string(&whole).unwrap();
    let read: Outcome = serde_json::from_str(&json).unwrap();
    assert_eq!((&read.funnel, read.passed.iter().count()), (&whole.funnel, 50));
}
