//! Who asks too much waits, and nobody else does.
#![allow(clippy::arithmetic_side_effects)]

use super::*;
use ceap_helpdesk::api::Ceiling;
use ceap_kernel::FixedClock;
use ceap_kernel::access::Role;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const MOST: u64 = 100;

/// The store, as all environments see it.
#[derive(Debug, Default)]
struct Counted {
    n: Mutex<BTreeMap<(TenantId, String, i64), u64>>,
    calls: AtomicUsize,
    down: AtomicBool,
}

impl Quota for &Counted {
    async fn count(
        &self,
        tenant: &TenantId,
        who: &str,
        minute: i64,
        requests: u64,
    ) -> Result<u64, Fault> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.down.load(Ordering::Relaxed) {
            return Err(Fault::Unavailable("down".to_owned()));
        }
        let mut all = self.n.lock().unwrap();
        let n = all.entry((tenant.clone(), who.to_owned(), minute)).or_default();
        *n += requests;
        Ok(*n)
    }
}

/// Everybody is known, but who has no fingerprint.
struct Known;

impl Credentials for Known {
    async fn find(&self, tenant: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault> {
        let tenant = tenant.clone();
        let principal = Principal { tenant, role: Role::Source, email: None, source: None };
        Ok(Some(principal).filter(|_| !fingerprint.is_empty()))
    }
}

type Environment<'a> = Limited<Known, &'a Counted, FixedClock>;

fn environment<'a>(counted: &'a Counted, at: &str) -> Environment<'a> {
    Limited::new(Known, Limit::new(counted, FixedClock(at.parse().unwrap()), MOST))
}

fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

/// How many of so many requests are let in, and what the last one is told.
async fn asked(at: &Environment<'_>, name: &str, times: u64) -> (u64, Result<(), Fault>) {
    let (mut admitted, mut last) = (0, Ok(()));
    for _ in 0..times {
        last = at.find(&tenant(name), "x").await.map(|_| ());
        admitted += u64::from(last.is_ok());
    }
    (admitted, last)
}

const AT: &str = "2026-11-22T10:00:23Z";

#[tokio::test]
async fn a_tenant_that_asks_little_costs_no_call() {
    let counted = Counted::default();
    let environment = environment(&counted, AT);
    assert_eq!(asked(&environment, "acme", FREE).await, (FREE, Ok(())));
    assert_eq!(counted.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn exactly_the_limit_is_let_in_and_the_rest_is_told_how_long_to_wait() {
    let counted = Counted::default();
    let environment = environment(&counted, AT);
    assert_eq!(asked(&environment, "acme", 150).await, (MOST, Err(Fault::Limited(37))));
    let calls = counted.calls.load(Ordering::Relaxed);
    assert!(calls <= 4, "{calls} calls for {MOST} requests");
    assert_eq!(asked(&environment, "acme", 1_000).await.0, 0);
    assert_eq!(counted.calls.load(Ordering::Relaxed), calls, "who is over the limit costs nothing");
    assert_eq!(asked(&environment, "globex", 20).await, (20, Ok(())));
}

#[tokio::test]
async fn a_new_minute_is_a_new_beginning() {
    let counted = Counted::default();
    let before = environment(&counted, "2026-11-22T10:00:59Z");
    assert_eq!(asked(&before, "acme", 101).await, (MOST, Err(Fault::Limited(1))));
    let clock = FixedClock("2026-11-22T10:01:00Z".parse().unwrap());
    let after = Limited::new(Known, Limit { clock, ..before.limit });
    assert_eq!(asked(&after, "acme", 50).await, (50, Ok(())));
}

#[tokio::test]
async fn all_environments_together_let_in_the_limit_and_what_each_lets_in_unasked() {
    let counted = Counted::default();
    let environments: Vec<_> = (0..10).map(|_| environment(&counted, AT)).collect();
    let mut admitted = 0;
    for _ in 0..100 {
        for environment in &environments {
            admitted += asked(environment, "acme", 1).await.0;
        }
    }
    assert!((MOST / 2..=MOST + 10 * FREE).contains(&admitted), "{admitted}");
}

#[tokio::test]
async fn who_is_not_known_uses_up_nothing() {
    let counted = Counted::default();
    let environment = environment(&counted, AT);
    for _ in 0..500 {
        assert_eq!(environment.find(&tenant("acme"), "").await, Ok(None));
    }
    assert_eq!(asked(&environment, "acme", MOST).await, (MOST, Ok(())));
}

#[tokio::test]
async fn nobody_is_kept_out_because_nobody_counts() {
    let counted = Counted::default();
    counted.down.store(true, Ordering::Relaxed);
    let environment = environment(&counted, AT);
    assert_eq!(asked(&environment, "acme", 1_000).await, (1_000, Ok(())));
    let calls = counted.calls.load(Ordering::Relaxed);
    assert!(calls <= 8, "{calls} calls");
}

#[tokio::test]
async fn who_holds_a_link_uses_up_only_what_is_theirs() {
    let counted = Counted::default();
    let of_holders = Limit::new(&counted, FixedClock(AT.parse().unwrap()), OF_A_HOLDER);
    let acme = tenant("acme");
    let mut admitted = 0;
    for _ in 0..1_000 {
        admitted += u64::from(of_holders.admit_holder(&acme, "a link").await.is_ok());
    }
    assert_eq!(admitted, OF_A_HOLDER);
    assert_eq!(of_holders.admit_holder(&acme, "a link").await, Err(Fault::Limited(37)));
    assert_eq!(of_holders.admit_holder(&acme, "another").await, Ok(()));
    assert_eq!(asked(&environment(&counted, AT), "acme", MOST).await, (MOST, Ok(())));
}

#[tokio::test]
async fn a_helpdesk_has_as_much_by_itself() {
    let counted = Counted::default();
    let helpdesk = Limit::new(&counted, FixedClock(AT.parse().unwrap()), MOST);
    let acme = tenant("acme");
    let mut admitted = 0;
    for _ in 0..1_000 {
        helpdesk.ready(&acme).await;
        admitted += u64::from(helpdesk.let_in(&acme).is_ok());
    }
    assert_eq!((admitted, helpdesk.let_in(&acme)), (MOST, Err(Fault::Limited(37))));
    assert_eq!(helpdesk.let_in(&tenant("other")), Ok(()));
    assert_eq!(asked(&environment(&counted, AT), "acme", MOST).await, (MOST, Ok(())));
}

#[tokio::test]
async fn who_comes_to_a_helpdesk_and_is_not_known_uses_up_nothing() {
    let counted = Counted::default();
    let helpdesk = Limit::new(&counted, FixedClock(AT.parse().unwrap()), MOST);
    let acme = tenant("acme");
    for _ in 0..FREE {
        assert_eq!(helpdesk.let_in(&acme), Ok(()));
    }
    for _ in 0..500 {
        helpdesk.ready(&acme).await;
    }
    assert_eq!(counted.calls.load(Ordering::Relaxed), 1, "what was asked for is still there");
    for _ in FREE..MOST {
        helpdesk.ready(&acme).await;
        assert_eq!(helpdesk.let_in(&acme), Ok(()));
    }
}
