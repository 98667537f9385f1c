//! Delivery sends nothing twice and loses nothing, whatever dies, comes again, or is not answered.
//!
//! Messages of every channel go through the workflow and their senders while processes die at any
//! call, everything comes one to three times and often at once, providers are slow, deaf or mute,
//! and receipts come late, in any order and repeatedly. Then each message must be accounted for.

mod flow;
mod judge;
mod luck;
mod pool;
mod traffic;

use ceap_engagement::message::{Dispatch, State};
use ceap_engagement::pipeline::send::{Account, Disposal, Limit};
use ceap_engagement::policy::rate::Rate;
use ceap_kernel::SignedDuration;
use ceap_testkit::World;
use ceap_testkit::builders::{noon, plan, subject, tenant};
use futures::future::join_all;
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

/// A world in which so many texts wait in their queue.
async fn queued(texts: usize, seed: u64) -> (World, Vec<Dispatch>) {
    let tenant = tenant("acme");
    let world = World::new(noon()).with(&tenant, plan(&[])).interleaved(seed);
    for n in 0..texts {
        let request = serde_json::json!({"subject": subject("u1"), "channel": "sms",
            "to": "+41790000001", "content": {"text": "Your code"}});
        let request = serde_json::from_value(request).unwrap();
        world.desk().send(&tenant, &format!("k{n}"), &request).await.unwrap();
    }
    let queued = world.stores().queue.drain(..).collect();
    (world, queued)
}

#[tokio::test]
async fn of_fifty_senders_of_one_message_one_asks() {
    for seed in (1..200_000).step_by(9973) {
        let (world, queued) = queued(1, seed).await;
        let senders: Vec<_> = (0..50).map(|_| world.sender()).collect();
        let sent = join_all(senders.iter().map(|sender| sender.send(&queued[0], 1))).await;
        assert!(sent.iter().all(Result::is_ok), "seed {seed}");
        assert_eq!(world.sent().len(), 1, "seed {seed}");
        assert_eq!(world.calls("provider.send"), 1, "seed {seed}");
    }
}

/// Ten at once and two a second: nobody asks beyond that, and who waits as told gets through.
#[tokio::test]
async fn fifty_senders_keep_to_their_providers_rate() {
    for seed in (1..200_000).step_by(9973) {
        let (world, mut waiting) = queued(50, seed).await;
        let rate = Rate { per_second: 2.0, burst: 10 };
        let mut sender = world.sender();
        sender.limit = Some(Limit { rate, account: Account::Tenant });
        let (mut seconds, mut rounds) = (0_u32, 0_usize);
        while !waiting.is_empty() {
            let sent = join_all(waiting.iter().map(|dispatch| sender.send(dispatch, 1))).await;
            let allowed = 10 + usize::try_from(seconds).unwrap() * 2;
            assert_eq!(world.sent().len(), allowed.min(50), "after {seconds} s, seed {seed}");
            let mut wait = u32::MAX;
            let mut disposals = sent.into_iter().map(|sent| sent.unwrap().0);
            waiting.retain(|_| match disposals.next().unwrap() {
                Disposal::Done => false,
                Disposal::Again(seconds) => {
                    wait = wait.min(seconds.expect("how long to wait"));
                    true
                }
            });
            if !waiting.is_empty() {
                seconds += wait;
                world.pass(SignedDuration::from_secs(i64::from(wait)));
            }
            rounds += 1;
            assert!(rounds <= 50, "seed {seed}");
        }
    }
}
