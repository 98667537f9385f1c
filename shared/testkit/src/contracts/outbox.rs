//! The records of messages, as a channel uses them.

use super::{record, refused};
use crate::builders::{after_noon, fresh_tenant, noon};
use ceap_engagement::message::State;
use ceap_engagement::message::{Claimed, Claims};
use ceap_engagement::pipeline::send::{Begun, Claim, Lease, Outbox, Outcome};
use ceap_kernel::{Fault, TenantId};
use futures::future::join_all;

/// Seconds a claim holds.
const LEASE_S: i64 = 60;

const LEASE: Lease = Lease { seconds: LEASE_S, repeatable: false, traced: false };

/// Runs the whole suite.
pub async fn outbox(store: &(impl Outbox + Claims)) {
    what_is_not_there_is_not_found(store).await;
    one_of_twenty_begins(store).await;
    what_is_being_sent_is_not_refused(store).await;
    what_was_not_recorded_is_lost_once(store).await;
    what_is_finished_is_settled(store).await;
    what_is_released_begins_anew(store).await;
    recording_twice_is_recording_once(store).await;
    what_was_refused_never_begins(store).await;
    what_may_be_repeated_is_taken_over(store).await;
    what_receipts_will_tell_is_waited_for(store).await;
    tenants_are_apart(store).await;
}

async fn queued(store: &impl Claims, tenant: &TenantId, label: &str) -> ceap_kernel::MessageId {
    let record = record(label, "u1");
    let claimed = store.claim(tenant, &record, None, noon()).await;
    assert_eq!(claimed, Ok(Claimed::New));
    record.id
}

async fn what_is_not_there_is_not_found(store: &impl Outbox) {
    let (tenant, id) = (fresh_tenant("none"), record("m1", "u1").id);
    let begun = store.begin(&tenant, &id, noon(), LEASE).await;
    assert!(matches!(begun, Err(Fault::NotFound(_))), "{begun:?}");
}

async fn one_of_twenty_begins(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("begin");
    let id = queued(store, &tenant, "m1").await;
    let begins = (0..20).map(|_| store.begin(&tenant, &id, noon(), LEASE));
    let outcomes: Vec<_> = join_all(begins).await.into_iter().map(Result::unwrap).collect();
    let of = |what| outcomes.iter().filter(|it| **it == what).count();
    let ours = outcomes.iter().filter(|it| matches!(it, Begun::Ours(_))).count();
    assert_eq!((ours, of(Begun::Busy)), (1, 19));
    let claimed = store.claim(&tenant, &record("m1", "u1"), None, noon()).await;
    assert_eq!(claimed, Ok(Claimed::Settled), "it is not handed on again");
}

async fn what_is_being_sent_is_not_refused(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("sending");
    let id = queued(store, &tenant, "m1").await;
    ours(store.begin(&tenant, &id, noon(), LEASE).await);
    let late = store.refuse(&tenant, &refused("m1", "u1")).await;
    assert_eq!(late, Ok(false));
}

async fn what_was_not_recorded_is_lost_once(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("lost");
    let id = queued(store, &tenant, "m1").await;
    let begin = |seconds| store.begin(&tenant, &id, after_noon(seconds), LEASE);
    ours(begin(0).await);
    assert_eq!(begin(LEASE_S - 1).await, Ok(Begun::Busy));
    let late: Vec<_> = join_all((0..20).map(|_| begin(LEASE_S + 1))).await;
    let lost = late.iter().filter(|it| **it == Ok(Begun::Lost)).count();
    let settled = late.iter().filter(|it| matches!(it, Ok(Begun::Settled(_)))).count();
    assert_eq!((lost, settled), (1, 19), "one of them records that it is unknown");
    assert_eq!(begin(10 * LEASE_S).await, Ok(Begun::Settled(State::Unknown)));
}

async fn what_is_finished_is_settled(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("finish");
    let outcomes = [
        (Outcome::Sent("provider-1".to_owned()), State::Sent),
        (Outcome::Delivered("provider-1".to_owned()), State::Delivered),
        (Outcome::Failed("no such mailbox".to_owned()), State::Failed),
        (Outcome::Unknown("the connection broke".to_owned()), State::Unknown),
        (Outcome::Expired, State::Expired),
    ];
    for (n, (outcome, state)) in outcomes.iter().enumerate() {
        let label = format!("m{n}");
        let id = queued(store, &tenant, &label).await;
        ours(store.begin(&tenant, &id, noon(), LEASE).await);
        store.finish(&tenant, &id, "email", outcome, after_noon(1)).await.unwrap();
        for seconds in [2, 10 * LEASE_S] {
            let begun = store.begin(&tenant, &id, after_noon(seconds), LEASE).await;
            assert_eq!(begun, Ok(Begun::Settled(*state)), "{outcome:?}");
        }
        let record = record(&label, "u1");
        let claimed = store.claim(&tenant, &record, None, noon()).await;
        assert_eq!(claimed, Ok(Claimed::Settled), "{outcome:?}");
    }
}

async fn what_is_released_begins_anew(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("release");
    let id = queued(store, &tenant, "m1").await;
    for round in 0..3 {
        let now = after_noon(round);
        let claim = ours(store.begin(&tenant, &id, now, LEASE).await);
        let released = Outcome::Released(claim);
        store.finish(&tenant, &id, "email", &released, now).await.unwrap();
        // Recorded again, as after an answer that was lost, it leaves the claim of another alone.
        let claim = ours(store.begin(&tenant, &id, now, LEASE).await);
        store.finish(&tenant, &id, "email", &released, now).await.unwrap();
        assert_eq!(store.begin(&tenant, &id, now, LEASE).await, Ok(Begun::Busy));
        store.finish(&tenant, &id, "email", &Outcome::Released(claim), now).await.unwrap();
    }
    // The lease counts from the last claim.
    let later = after_noon(10 * LEASE_S);
    ours(store.begin(&tenant, &id, later, LEASE).await);
    assert_eq!(store.begin(&tenant, &id, later, LEASE).await, Ok(Begun::Busy));
}

async fn recording_twice_is_recording_once(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("twice");
    let id = queued(store, &tenant, "m1").await;
    store.begin(&tenant, &id, noon(), LEASE).await.unwrap();
    let sent = Outcome::Sent("provider-1".to_owned());
    for _ in 0..3 {
        store.finish(&tenant, &id, "email", &sent, after_noon(1)).await.unwrap();
    }
    let begun = store.begin(&tenant, &id, after_noon(2), LEASE).await;
    assert_eq!(begun, Ok(Begun::Settled(State::Sent)));
}

async fn what_was_refused_never_begins(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("refused");
    let refused = refused("m1", "u1");
    assert_eq!(store.refuse(&tenant, &refused).await, Ok(true));
    let begun = store.begin(&tenant, &refused.id, noon(), LEASE).await;
    assert_eq!(begun, Ok(Begun::Settled(State::Suppressed)));
}

async fn what_may_be_repeated_is_taken_over(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("repeat");
    let id = queued(store, &tenant, "m1").await;
    let lease = Lease { repeatable: true, ..LEASE };
    let begin = |seconds| store.begin(&tenant, &id, after_noon(seconds), lease);
    ours(begin(0).await);
    assert_eq!(begin(LEASE_S - 1).await, Ok(Begun::Busy));
    let late: Vec<_> = join_all((0..20).map(|_| begin(LEASE_S + 1))).await;
    let ours = late.iter().filter(|it| matches!(it, Ok(Begun::Ours(_)))).count();
    assert_eq!(ours, 1, "one of them takes it over: {late:?}");
}

async fn what_receipts_will_tell_is_waited_for(store: &(impl Outbox + Claims)) {
    let tenant = fresh_tenant("untold");
    let lease = Lease { traced: true, ..LEASE };
    let untold = Outcome::Untold("the connection broke".to_owned());
    let begin = async |id, seconds| store.begin(&tenant, id, after_noon(seconds), lease).await;
    let asked = queued(store, &tenant, "m1").await;
    ours(begin(&asked, 0).await);
    store.finish(&tenant, &asked, "email", &untold, after_noon(1)).await.unwrap();
    assert_eq!(begin(&asked, 2).await, Ok(Begun::Untold(after_noon(1))));
    assert_eq!(begin(&asked, 9999).await, Ok(Begun::Untold(after_noon(1))));
    let died = queued(store, &tenant, "m2").await;
    ours(begin(&died, 0).await);
    assert_eq!(begin(&died, LEASE_S + 1).await, Ok(Begun::Lost));
    assert_eq!(begin(&died, LEASE_S + 9).await, Ok(Begun::Untold(after_noon(LEASE_S + 1))));
    let failed = Outcome::Failed("the provider never told of it".to_owned());
    store.finish(&tenant, &died, "email", &failed, after_noon(9999)).await.unwrap();
    assert_eq!(begin(&died, 9999).await, Ok(Begun::Settled(State::Failed)));
}

async fn tenants_are_apart(store: &(impl Outbox + Claims)) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let id = queued(store, &mine, "m1").await;
    let begun = store.begin(&yours, &id, noon(), LEASE).await;
    assert!(matches!(begun, Err(Fault::NotFound(_))), "{begun:?}");
    queued(store, &yours, "m1").await;
    ours(store.begin(&yours, &id, noon(), LEASE).await);
    ours(store.begin(&mine, &id, noon(), LEASE).await);
}

fn ours(begun: Result<Begun, Fault>) -> Claim {
    match begun {
        Ok(Begun::Ours(claim)) => claim,
        other => panic!("not ours: {other:?}"),
    }
}
