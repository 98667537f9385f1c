//! Delivery sends nothing twice and loses nothing, whatever dies, comes again, or is not answered.
//!
//! Messages of every channel go through the workflow and their senders while processes die at any
//! call, everything comes one to three times and often at once, providers are slow, deaf or mute,
//! and receipts come late, in any order and repeatedly. Then each message must be accounted for.

mod judge;
mod luck;
mod pool;
mod traffic;

use ceap_engagement::message::State;
use ceap_testkit::builders::tenant;
use luck::Shown;
use pool::Pool;
use proptest::prelude::*;
use traffic::Traffic;

/// Runs that many candidates from one seed to their end, and judges.
async fn deliver(candidates: usize, seed: u64) -> judge::Account {
    let _shown = Shown(seed);
    let tenant = tenant("acme");
    let traffic = Traffic::new(&tenant, candidates, seed);
    let world = traffic.world(&tenant, seed).await;
    let mut pool = Pool::new(&world, seed);
    pool.bring(&tenant, traffic.signals());
    pool.empty().await;
    judge::judge(&world, &traffic)
}

#[tokio::test]
async fn ten_thousand_messages_are_each_accounted_for() {
    let account = deliver(10_000, 20_261_121).await;
    eprintln!("{account}");
    // The chaos was there, and so was all that it must be told apart from.
    assert!(account.messages >= 10_000, "{account}");
    assert!(account.struck > 2_000, "{account}");
    for state in [
        State::Suppressed,
        State::Expired,
        State::Unknown,
        State::Sent,
        State::Failed,
        State::Delivered,
        State::Opened,
        State::Bounced,
        State::Complained,
    ] {
        assert!(account.states.contains_key(&state), "none is {state:?}: {account}");
    }
    assert!(account.asked_again > 100, "{account}");
    assert!(account.handed_over > 100, "{account}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn from_whatever_seed(seed in any::<u64>(), candidates in 1_usize..300) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(deliver(candidates, seed));
    }
}
