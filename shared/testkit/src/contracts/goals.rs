//! What exposures led to, and what reports read of it.

use super::{record, refused};
use crate::builders::{after_noon, fresh_tenant, noon, subject, use_case};
use ceap_engagement::message::{Claims, Record};
use ceap_engagement::pipeline::convert::{Conversion, Exposure, Exposures};
use ceap_engagement::profile_list::{SHARDS, shard};
use ceap_engagement::report::{Listed, Outcome, Outcomes, Period};
use ceap_kernel::{MessageId, TenantId, Timestamp};
use futures::future::join_all;

/// Runs the whole suite.
pub async fn goals(store: &(impl Claims + Exposures + Outcomes)) {
    exposures_are_first_messages_of_candidates(store).await;
    the_earliest_goal_stays(store).await;
    twenty_at_once_keep_the_earliest(store).await;
    a_message_that_moves_on_takes_nothing_back(store).await;
    a_use_case_is_listed_part_by_part(store).await;
}

fn at(mut record: Record, seconds: i64) -> Record {
    record.history.values_mut().for_each(|at| *at = after_noon(seconds));
    record
}

async fn keep(store: &impl Claims, tenant: &TenantId, record: &Record) {
    if record.reason.is_some() {
        assert!(store.refuse(tenant, record).await.unwrap());
    } else {
        store.claim(tenant, record, None, record.began()).await.unwrap();
    }
}

async fn exposed(
    store: &impl Exposures,
    tenant: &TenantId,
    (from, to): (i64, i64),
) -> Vec<Exposure> {
    let (from, to) = (after_noon(from), after_noon(to));
    let mut found = store.exposed(tenant, &subject("u1"), from, to).await.unwrap();
    found.sort_by_key(|it| it.at);
    found
}

fn conversion(seconds: i64, event: u64, value: Option<f64>) -> Conversion {
    Conversion { at: after_noon(seconds), event: format!("{event:016x}"), value }
}

/// What is kept of all messages of the use case.
async fn outcomes(store: &impl Outcomes, tenant: &TenantId) -> Vec<Outcome> {
    let period = Period { from: after_noon(-3600), to: after_noon(86_400) };
    let mut found = Vec::new();
    for part in 0..SHARDS {
        let listed = store.listed(tenant, &use_case("contract"), part, period, 1_000).await;
        found.extend(store.outcomes(tenant, &listed.unwrap()).await.unwrap());
    }
    found.sort_by_key(|it| (it.record.began(), it.record.id.clone()));
    found
}

async fn exposures_are_first_messages_of_candidates(store: &(impl Claims + Exposures)) {
    let tenant = fresh_tenant("exposed");
    let sent = record("sent", "u1");
    let held = at(refused("held", "u1"), 10);
    let mut turn = at(record("turn", "u1"), 20);
    turn.origin.as_mut().unwrap().step = 1;
    let mut asked = at(record("asked", "u1"), 30);
    (asked.origin, asked.use_case) = (None, None);
    let mut off = at(refused("off", "u1"), 40);
    off.reason = Some("off".to_owned());
    for record in [&sent, &held, &turn, &asked, &off, &record("other", "u2")] {
        keep(store, &tenant, record).await;
    }
    let first = Exposure {
        message: sent.id,
        use_case: use_case("contract"),
        subject: subject("u1"),
        at: noon(),
    };
    let second = Exposure { message: held.id, at: after_noon(10), ..first.clone() };
    assert_eq!(exposed(store, &tenant, (-1, 99)).await, [first.clone(), second.clone()]);
    assert_eq!(exposed(store, &tenant, (0, 0)).await, [first], "from and to are in it");
    assert_eq!(exposed(store, &tenant, (1, 99)).await, [second]);
    assert_eq!(exposed(store, &fresh_tenant("else"), (-1, 99)).await, []);
}

async fn the_earliest_goal_stays(store: &(impl Claims + Exposures + Outcomes)) {
    let tenant = fresh_tenant("earliest");
    keep(store, &tenant, &record("one", "u1")).await;
    let exposure = exposed(store, &tenant, (0, 0)).await.remove(0);
    let kept = async || outcomes(store, &tenant).await.remove(0).conversion;
    assert_eq!(kept().await, None);
    let convert = async |conversion| store.convert(&tenant, &exposure, &conversion).await.unwrap();
    assert!(convert(conversion(50, 5, Some(0.1 + 0.2))).await, "the first");
    assert_eq!(kept().await, Some(conversion(50, 5, Some(0.1 + 0.2))));
    for (conversion, stays) in [
        (conversion(50, 5, Some(0.1 + 0.2)), (50, 5)),
        (conversion(60, 1, Some(9.0)), (50, 5)),
        (conversion(50, 6, None), (50, 5)),
        (conversion(50, 4, None), (50, 4)),
        (conversion(40, u64::MAX, Some(-1.5)), (40, u64::MAX)),
    ] {
        assert!(!convert(conversion).await, "none is the first any more");
        let kept = kept().await.unwrap();
        assert_eq!((kept.at, kept.event), (after_noon(stays.0), format!("{:016x}", stays.1)));
    }
    assert_eq!(kept().await.unwrap().value, Some(-1.5));
}

async fn twenty_at_once_keep_the_earliest(store: &(impl Claims + Exposures + Outcomes)) {
    let tenant = fresh_tenant("twenty");
    keep(store, &tenant, &record("one", "u1")).await;
    let exposure = exposed(store, &tenant, (0, 0)).await.remove(0);
    let all: Vec<Conversion> =
        (0..20).map(|n| conversion(100 + (n * 7) % 20, 1, Some(1.0))).collect();
    let converted = all.iter().map(|it| store.convert(&tenant, &exposure, it));
    let first = join_all(converted).await.into_iter().filter(|it| *it == Ok(true)).count();
    assert_eq!(first, 1, "it converts once");
    let kept = outcomes(store, &tenant).await.remove(0).conversion.unwrap();
    assert_eq!(kept.at, after_noon(100));
}

async fn a_message_that_moves_on_takes_nothing_back(store: &(impl Claims + Exposures + Outcomes)) {
    let tenant = fresh_tenant("withdrawn");
    let queued = record("one", "u1");
    keep(store, &tenant, &queued).await;
    let exposure = exposed(store, &tenant, (0, 0)).await.remove(0);
    store.convert(&tenant, &exposure, &conversion(5, 1, None)).await.unwrap();
    let mut withdrawn = refused("one", "u1");
    withdrawn.history.extend(queued.history);
    assert!(store.refuse(&tenant, &withdrawn).await.unwrap());
    let found = outcomes(store, &tenant).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].record.state, withdrawn.state);
    assert_eq!(found[0].conversion, Some(conversion(5, 1, None)));
}

async fn a_use_case_is_listed_part_by_part(store: &(impl Claims + Exposures + Outcomes)) {
    let tenant = fresh_tenant("parts");
    let mut all = Vec::new();
    for n in 0..40 {
        let mut one = at(record(&format!("n{n}"), &format!("u{n}")), n);
        one.gates.clear();
        keep(store, &tenant, &one).await;
        all.push(one);
    }
    let mut other = at(record("elsewhere", "u1"), 1);
    other.use_case = Some(use_case("elsewhere"));
    keep(store, &tenant, &other).await;
    let found: Vec<Record> =
        outcomes(store, &tenant).await.into_iter().map(|it| it.record).collect();
    assert_eq!(found, all);

    let contract = use_case("contract");
    let list = async |part: u8, from: Timestamp, to: Timestamp, most: usize| -> Listed {
        let period = Period { from, to };
        store.listed(&tenant, &contract, part, period, most).await.unwrap()
    };
    let mut listed = 0;
    for part in 0..SHARDS {
        let own = |it: &&Record| {
            shard(&it.subject) == part && (after_noon(10)..after_noon(30)).contains(&it.began())
        };
        let mut expected: Vec<MessageId> = all.iter().filter(own).map(|it| it.id.clone()).collect();
        let mut found = list(part, after_noon(10), after_noon(30), 99).await.messages;
        listed += found.len();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "from is in it, to is not");
    }
    assert_eq!(listed, 20);
    let busy =
        (0..SHARDS).max_by_key(|part| all.iter().filter(|it| shard(&it.subject) == *part).count());
    let few = list(busy.unwrap(), noon(), after_noon(99), 1).await;
    assert_eq!(few.messages.len(), 2, "one more than was asked for: there are more");
}
