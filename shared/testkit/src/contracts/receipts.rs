//! Receipts, and the lists of a subject's messages.

use super::record;
use crate::builders::{after_noon, fresh_tenant, noon, subject};
use ceap_engagement::message::{Claims, Entered, Record, State};
use ceap_engagement::message_log::{MessageLog, MessagesOf};
use ceap_engagement::pipeline::receive::Receipts;
use ceap_engagement::pipeline::send::{Begun, Lease, Outbox, Outcome};
use ceap_engagement::receipt::{About, Receipt};
use ceap_kernel::{MessageId, TenantId};
use futures::future::join_all;

const LEASE: Lease = Lease { seconds: 60, repeatable: false, traced: false };

/// Runs the whole suite.
pub async fn receipts(store: &(impl Claims + Outbox + Receipts + MessageLog + MessagesOf)) {
    a_message_never_goes_back(store).await;
    a_receipt_may_be_faster_than_the_record(store).await;
    of_many_at_once_each_state_is_new_once(store).await;
    a_provider_names_messages_by_its_own_ids(store).await;
    messages_are_listed_by_subject(store).await;
}

fn receipt(state: State, seconds: i64) -> Receipt {
    Receipt {
        about: About::Provider("email".to_owned(), "unused".to_owned()),
        state,
        at: after_noon(seconds),
        provider_id: Some("p1".to_owned()),
        detail: None,
        suppress: Vec::new(),
    }
}

async fn sent(store: &(impl Claims + Outbox), tenant: &TenantId, label: &str) -> MessageId {
    let record = record(label, "u1");
    store.claim(tenant, &record, None, noon()).await.unwrap();
    let begun = store.begin(tenant, &record.id, noon(), LEASE).await;
    assert!(matches!(begun, Ok(Begun::Ours(_))), "{begun:?}");
    let outcome = Outcome::Sent(format!("provider-{tenant}-{label}"));
    store.finish(tenant, &record.id, "email", &outcome, after_noon(1)).await.unwrap();
    record.id
}

async fn stands(store: &impl MessageLog, tenant: &TenantId, id: &MessageId) -> Record {
    store.record(tenant, id).await.unwrap().unwrap()
}

async fn a_message_never_goes_back(store: &(impl Claims + Outbox + Receipts + MessageLog)) {
    let tenant = fresh_tenant("receipts");
    let id = sent(store, &tenant, "m1").await;
    let learn = async |state, seconds| {
        let learnt = store.learn(&tenant, &id, &receipt(state, seconds)).await.unwrap();
        learnt.unwrap().1
    };
    assert_eq!(learn(State::Opened, 50).await, Entered::New);
    assert_eq!(stands(store, &tenant, &id).await.state, State::Opened);
    assert_eq!(learn(State::Delivered, 40).await, Entered::New);
    let record = stands(store, &tenant, &id).await;
    assert_eq!((record.state, record.history["delivered"]), (State::Opened, after_noon(40)));
    assert_eq!(learn(State::Opened, 50).await, Entered::Again);
    assert_eq!(learn(State::Opened, 55).await, Entered::Known);
    assert_eq!(learn(State::Complained, 60).await, Entered::New);
    let record = stands(store, &tenant, &id).await;
    assert_eq!((record.state, record.history["opened"]), (State::Complained, after_noon(50)));
    let other = record.id.as_str().chars().rev().collect::<String>();
    let nobody = MessageId::new(other).unwrap();
    assert!(store.learn(&tenant, &nobody, &receipt(State::Opened, 1)).await.unwrap().is_none());
}

async fn a_receipt_may_be_faster_than_the_record(
    store: &(impl Claims + Outbox + Receipts + MessageLog),
) {
    let tenant = fresh_tenant("faster");
    let queued = record("m1", "u1");
    store.claim(&tenant, &queued, None, noon()).await.unwrap();
    store.begin(&tenant, &queued.id, noon(), LEASE).await.unwrap();
    store.learn(&tenant, &queued.id, &receipt(State::Delivered, 2)).await.unwrap();
    let outcome = Outcome::Sent("provider-1".to_owned());
    store.finish(&tenant, &queued.id, "email", &outcome, after_noon(3)).await.unwrap();
    let record = stands(store, &tenant, &queued.id).await;
    assert_eq!(record.state, State::Delivered);
    assert!(record.history.contains_key("sent"), "{record:?}");

    // What was given up for unknown is known again.
    let lost = super::record("m2", "u1");
    store.claim(&tenant, &lost, None, noon()).await.unwrap();
    store.begin(&tenant, &lost.id, noon(), LEASE).await.unwrap();
    assert_eq!(store.begin(&tenant, &lost.id, after_noon(99), LEASE).await, Ok(Begun::Lost));
    store.learn(&tenant, &lost.id, &receipt(State::Sent, 1)).await.unwrap();
    let record = stands(store, &tenant, &lost.id).await;
    assert_eq!((record.state, record.provider_id.as_deref()), (State::Sent, Some("p1")));
    assert_eq!(record.reason, None, "why it was unknown is no reason any more");
}

async fn of_many_at_once_each_state_is_new_once(
    store: &(impl Claims + Outbox + Receipts + MessageLog),
) {
    let tenant = fresh_tenant("many");
    let id = sent(store, &tenant, "m1").await;
    let states = [State::Delivered, State::Opened, State::Clicked, State::Replied];
    let all: Vec<Receipt> = (0..20).map(|n| receipt(states[n % 4], 10 + (n % 4) as i64)).collect();
    let learnt = join_all(all.iter().map(|receipt| store.learn(&tenant, &id, receipt))).await;
    let new = learnt.into_iter().filter(|it| matches!(it, Ok(Some((_, Entered::New))))).count();
    assert_eq!(new, 4);
    let record = stands(store, &tenant, &id).await;
    assert_eq!(record.state, State::Replied);
    assert!(states.iter().all(|state| record.history.contains_key(state.as_str())), "{record:?}");
}

async fn a_provider_names_messages_by_its_own_ids(store: &(impl Claims + Outbox + Receipts)) {
    let tenant = fresh_tenant("names");
    let id = sent(store, &tenant, "m1").await;
    let name = format!("provider-{tenant}-m1");
    assert_eq!(store.find("email", &name).await, Ok(Some((tenant, id))));
    assert_eq!(store.find("sms", &name).await, Ok(None));
    assert_eq!(store.find("email", "another").await, Ok(None));
}

async fn messages_are_listed_by_subject(store: &(impl Claims + MessagesOf)) {
    let (mine, yours) = (fresh_tenant("list"), fresh_tenant("list"));
    for n in 0..5 {
        let history = [("queued".to_owned(), after_noon(n))].into();
        let record = Record { history, ..record(&format!("m{n}"), "u1") };
        store.claim(&mine, &record, None, after_noon(n)).await.unwrap();
    }
    store.claim(&mine, &record("other", "u2"), None, noon()).await.unwrap();
    store.claim(&yours, &record("m0", "u1"), None, noon()).await.unwrap();
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = store.of(&mine, &subject("u1"), cursor.as_deref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        seen.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    let at: Vec<_> = seen.iter().map(Record::began).collect();
    assert_eq!(at, (0..5).rev().map(after_noon).collect::<Vec<_>>());
    assert!(store.of(&mine, &subject("u3"), None, 2).await.unwrap().0.is_empty());
}
