//! Audiences.

use crate::builders::{after_noon, fresh_tenant, noon, subject};
use ceap_engagement::audience::{Audiences, Tie, Ties};
use ceap_kernel::{SubjectId, TenantId};

/// Runs the whole suite.
pub async fn audiences(store: &(impl Audiences + Ties)) {
    pages_hold_everybody_once(store).await;
    the_longest_counts_in_any_order(store).await;
    things_and_tenants_are_apart(store).await;
}

fn tie(thing: &str, who: &str, seconds: i64) -> Tie {
    let (kind, thing) = ("item_wishlisted".to_owned(), thing.to_owned());
    Tie { kind, thing, subject: subject(who), until: after_noon(seconds) }
}

async fn all(store: &impl Audiences, tenant: &TenantId, thing: &str, at: i64) -> Vec<String> {
    let (mut all, mut after): (Vec<SubjectId>, _) = (Vec::new(), None);
    loop {
        let page = store
            .audience(tenant, "item_wishlisted", thing, after.as_ref(), 7, after_noon(at))
            .await
            .unwrap();
        assert!(page.0.len() <= 7);
        all.extend(page.0);
        after = page.1;
        if after.is_none() {
            return all.iter().map(ToString::to_string).collect();
        }
    }
}

async fn pages_hold_everybody_once(store: &(impl Audiences + Ties)) {
    let tenant = fresh_tenant("audience");
    let ties: Vec<Tie> = (10..31).map(|n| tie("a", &format!("u{n}"), 60)).collect();
    store.tie(&tenant, &ties).await.unwrap();
    store.tie(&tenant, &ties).await.unwrap();
    let expected: Vec<String> = (10..31).map(|n| format!("u{n}")).collect();
    assert_eq!(all(store, &tenant, "a", 0).await, expected);
    assert!(all(store, &tenant, "a", 60).await.is_empty(), "what no longer counts is gone");
    assert!(store.audience(&tenant, "other", "a", None, 7, noon()).await.unwrap().0.is_empty());
}

async fn the_longest_counts_in_any_order(store: &(impl Audiences + Ties)) {
    let tenant = fresh_tenant("longest");
    for seconds in [60, 600, 300] {
        store.tie(&tenant, &[tie("a", "u1", seconds)]).await.unwrap();
    }
    assert_eq!(all(store, &tenant, "a", 599).await, ["u1"]);
    assert!(all(store, &tenant, "a", 600).await.is_empty());
}

async fn things_and_tenants_are_apart(store: &(impl Audiences + Ties)) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    store.tie(&mine, &[tie("a#b", "u1", 60), tie("a", "b#u2", 60)]).await.unwrap();
    assert_eq!(all(store, &mine, "a#b", 0).await, ["u1"]);
    assert_eq!(all(store, &mine, "a", 0).await, ["b#u2"]);
    assert!(all(store, &yours, "a", 0).await.is_empty());
}
