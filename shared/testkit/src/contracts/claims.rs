//! Claims, refusals and caps.

use super::{record, refused};
use crate::builders::{after_noon, fresh_tenant, noon, subject};
use ceap_engagement::message::{CapCheck, Claimed, Claims};
use ceap_engagement::policy::Cap;
use ceap_engagement::use_case::Purpose;
use ceap_engagement::window::Span;
use futures::future::join_all;

/// Runs the whole suite.
pub async fn claims(store: &impl Claims) {
    a_message_is_claimed_once(store).await;
    one_of_twenty_claims_is_new(store).await;
    a_refusal_is_recorded_once(store).await;
    a_cap_is_exact(store).await;
    a_claim_again_takes_no_place(store).await;
    a_capped_claim_leaves_nothing(store).await;
    the_window_of_a_cap_rolls(store).await;
    caps_are_apart(store).await;
    tenants_are_apart(store).await;
}

fn cap(of: &str, limit: u16) -> CapCheck {
    let within = Span::try_from("1h".to_owned()).unwrap();
    let by_channel = |channel: &str| Cap {
        limit,
        within,
        purpose: Purpose::Marketing,
        channel: Some(channel.to_owned()),
    };
    CapCheck {
        subject: subject(of),
        channel: "email".to_owned(),
        purpose: Purpose::Marketing,
        caps: vec![by_channel("email"), by_channel("sms")],
    }
}

async fn a_message_is_claimed_once(store: &impl Claims) {
    let tenant = fresh_tenant("claim");
    let record = record("m1", "u1");
    let claim = || store.claim(&tenant, &record, None, noon());
    assert_eq!(claim().await, Ok(Claimed::New));
    // Not known to be handed on: whoever comes again hands it on again.
    assert_eq!(claim().await, Ok(Claimed::Again));
}

async fn one_of_twenty_claims_is_new(store: &impl Claims) {
    let tenant = fresh_tenant("twenty");
    let (record, cap) = (record("m1", "u1"), cap("u1", 5));
    for cap in [None, Some(&cap)] {
        let record = ceap_engagement::message::Record {
            id: super::record(if cap.is_some() { "capped" } else { "free" }, "u1").id,
            ..record.clone()
        };
        let claims = (0..20).map(|_| store.claim(&tenant, &record, cap, noon()));
        let outcomes: Vec<_> = join_all(claims).await.into_iter().map(Result::unwrap).collect();
        let of = |what| outcomes.iter().filter(|it| **it == what).count();
        assert_eq!((of(Claimed::New), of(Claimed::Again)), (1, 19));
    }
}

async fn a_refusal_is_recorded_once(store: &impl Claims) {
    let tenant = fresh_tenant("refuse");
    let no = refused("m1", "u1");
    let outcomes = join_all((0..20).map(|_| store.refuse(&tenant, &no))).await;
    let new = outcomes.into_iter().filter(|it| *it == Ok(true)).count();
    assert_eq!(new, 1);
    let claim = store.claim(&tenant, &record("m1", "u1"), None, noon()).await;
    assert_eq!(claim, Ok(Claimed::Settled), "what was refused is not claimed");

    store.claim(&tenant, &record("m2", "u1"), None, noon()).await.unwrap();
    let late = store.refuse(&tenant, &refused("m2", "u1")).await;
    assert_eq!(late, Ok(true), "what is claimed and not yet being sent can be refused");
    let claim = store.claim(&tenant, &record("m2", "u1"), None, noon()).await;
    assert_eq!(claim, Ok(Claimed::Settled), "and is not claimed again");
}

async fn a_cap_is_exact(store: &impl Claims) {
    let tenant = fresh_tenant("cap");
    let (cap, records) = (cap("u1", 3), (0..50).map(|n| record(&format!("m{n}"), "u1")));
    let records: Vec<_> = records.collect();
    let claims = records.iter().map(|record| store.claim(&tenant, record, Some(&cap), noon()));
    let outcomes: Vec<_> = join_all(claims).await.into_iter().map(Result::unwrap).collect();
    let of = |what| outcomes.iter().filter(|it| **it == what).count();
    assert_eq!((of(Claimed::New), of(Claimed::Capped)), (3, 47), "50 at once");
}

async fn a_claim_again_takes_no_place(store: &impl Claims) {
    let tenant = fresh_tenant("again");
    let (cap, first) = (cap("u1", 2), record("m1", "u1"));
    for expected in [Claimed::New, Claimed::Again, Claimed::Again] {
        assert_eq!(store.claim(&tenant, &first, Some(&cap), noon()).await, Ok(expected));
    }
    let second = store.claim(&tenant, &record("m2", "u1"), Some(&cap), noon()).await;
    assert_eq!(second, Ok(Claimed::New));
    let third = store.claim(&tenant, &record("m3", "u1"), Some(&cap), noon()).await;
    assert_eq!(third, Ok(Claimed::Capped));
    let again = store.claim(&tenant, &first, Some(&cap), noon()).await;
    assert_eq!(again, Ok(Claimed::Again), "a full cap forbids only what is new");
}

async fn a_capped_claim_leaves_nothing(store: &impl Claims) {
    let tenant = fresh_tenant("nothing");
    let (none, message) = (cap("u1", 0), record("m1", "u1"));
    assert_eq!(store.claim(&tenant, &message, Some(&none), noon()).await, Ok(Claimed::Capped));
    assert_eq!(store.refuse(&tenant, &refused("m1", "u1")).await, Ok(true));
}

async fn the_window_of_a_cap_rolls(store: &impl Claims) {
    let tenant = fresh_tenant("rolls");
    let cap = cap("u1", 1);
    let claim = async |label: &str, seconds| {
        let record = record(label, "u1");
        store.claim(&tenant, &record, Some(&cap), after_noon(seconds)).await.unwrap()
    };
    assert_eq!(claim("m1", 0).await, Claimed::New);
    assert_eq!(claim("m2", 3599).await, Claimed::Capped);
    assert_eq!(claim("m3", 3601).await, Claimed::New);
}

async fn caps_are_apart(store: &impl Claims) {
    let tenant = fresh_tenant("caps");
    let claim = async |label: &str, key: CapCheck| {
        let record = record(label, key.subject.as_str());
        store.claim(&tenant, &record, Some(&key), noon()).await.unwrap()
    };
    assert_eq!(claim("m1", cap("u1", 1)).await, Claimed::New);
    assert_eq!(claim("m2", cap("u1", 1)).await, Claimed::Capped);
    assert_eq!(claim("m3", cap("u2", 1)).await, Claimed::New);
    let sms = CapCheck { channel: "sms".to_owned(), ..cap("u1", 1) };
    assert_eq!(claim("m4", sms).await, Claimed::New);
}

async fn tenants_are_apart(store: &impl Claims) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let (message, cap) = (record("m1", "u1"), cap("u1", 1));
    assert_eq!(store.claim(&mine, &message, Some(&cap), noon()).await, Ok(Claimed::New));
    assert_eq!(store.claim(&yours, &message, Some(&cap), noon()).await, Ok(Claimed::New));
    assert_eq!(store.refuse(&mine, &refused("m2", "u1")).await, Ok(true));
    assert_eq!(store.refuse(&yours, &refused("m2", "u1")).await, Ok(true));
}
