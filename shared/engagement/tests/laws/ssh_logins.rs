//! Real events that nobody here wrote: an SSH server's log, judged by event time.

use ceap_engagement::event::Arrived;
use ceap_engagement::message::State;
use ceap_kernel::Metric;
use ceap_testkit::builders::{at, catalogue_documents, event, plan, tenant};
use ceap_testkit::{World, data};
use std::collections::BTreeSet;

const FILE: &str = "ssh_logins/OpenSSH_2k.log_structured.csv";

/// The sources with more than 5 failures in any 10 minutes.
const SOURCES: [&str; 8] = [
    "103.99.0.122",
    "112.95.230.3",
    "119.4.203.64",
    "123.235.32.19",
    "183.62.140.253",
    "185.190.58.151",
    "187.141.143.180",
    "5.188.10.180",
];

fn logins() -> Option<Vec<Arrived>> {
    let file = data::shared(env!("CARGO_MANIFEST_DIR"), FILE)?;
    let rows = data::failed_passwords(&std::fs::read_to_string(file).unwrap());
    assert_eq!(rows.len(), 520, "as the data's README says");
    let tenant = tenant("acme");
    let newest = rows.iter().map(|(_, time, _)| at(time)).max().unwrap();
    let logins = rows.iter().map(|(address, time, line)| Arrived {
        tenant: tenant.clone(),
        at: newest,
        event: event("login_failed", address, line).time(at(time)).event(),
        trace: None,
    });
    Some(logins.collect())
}

/// Eight alerts, one for each source, whatever the order and the batches.
async fn alerts(arrivals: &[Arrived], size: usize, work_between: bool) {
    let tenant = tenant("acme");
    let world = World::new(arrivals[0].at).with(&tenant, plan(&catalogue_documents()));
    for batch in arrivals.chunks(size) {
        world.ingest(batch).await;
        if work_between {
            world.work().await;
        }
    }
    world.settle_all().await;
    let sent = world.sent();
    let named: BTreeSet<String> = sent
        .iter()
        .filter_map(|alert| alert.content.subject.clone())
        .map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(named, SOURCES.map(str::to_owned).into());
    assert_eq!(sent.len(), SOURCES.len(), "one alert each");
    assert!(sent.iter().all(|it| it.to == "security@shop.example.com"));
    assert_eq!(world.messages_in(State::Sent), SOURCES.len());
    let tally = world.stores().tally.clone();
    assert_eq!(tally.total(Metric::EventsIngested), 520);
    let repeats = u64::try_from(arrivals.len()).unwrap() - 520;
    assert_eq!(tally.total(Metric::EventsDuplicate), repeats);
    assert_eq!(tally.total(Metric::CandidatesStored), 8);
    assert_eq!(tally.total(Metric::MessagesSent), 8);
}

/// The same in every run: the order of the hashes of what was sent.
fn shuffled(mut arrivals: Vec<Arrived>, salt: &str) -> Vec<Arrived> {
    arrivals.sort_by_key(|it| ceap_kernel::hash64(&[salt, &it.event.id]));
    arrivals
}

#[tokio::test]
async fn in_the_order_of_the_log() {
    let Some(logins) = logins() else { return };
    for size in [1, 7, 100, 200, 520] {
        alerts(&logins, size, false).await;
        alerts(&logins, size, true).await;
    }
}

#[tokio::test]
async fn reversed() {
    let Some(mut logins) = logins() else { return };
    logins.reverse();
    for size in [1, 13, 200, 520] {
        alerts(&logins, size, true).await;
    }
}

#[tokio::test]
async fn shuffled_in_several_ways() {
    let Some(logins) = logins() else { return };
    for salt in ["a", "b", "c", "d", "e"] {
        alerts(&shuffled(logins.clone(), salt), 50, true).await;
    }
}

#[tokio::test]
async fn every_event_twice() {
    let Some(logins) = logins() else { return };
    let one_after_the_other = [logins.clone(), logins.clone()].concat();
    alerts(&one_after_the_other, 200, true).await;
    let side_by_side: Vec<Arrived> =
        logins.iter().flat_map(|it| [it.clone(), it.clone()]).collect();
    alerts(&side_by_side, 200, true).await;
    alerts(&shuffled(one_after_the_other, "twice"), 33, true).await;
}

#[tokio::test]
async fn in_batches_that_compete() {
    let Some(logins) = logins() else { return };
    let tenant = tenant("acme");
    for seed in [3, 1_000_003, 77_777_777] {
        let world =
            World::new(logins[0].at).with(&tenant, plan(&catalogue_documents())).interleaved(seed);
        let order = shuffled(logins.clone(), &seed.to_string());
        let batches = order.chunks(130).map(|batch| world.ingest(batch));
        futures::future::join_all(batches).await;
        world.settle_all().await;
        assert_eq!(world.sent().len(), SOURCES.len(), "seed {seed}");
    }
}
