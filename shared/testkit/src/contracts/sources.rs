//! Sources and their write keys.

use crate::builders::{after_noon, fresh_tenant, noon};
use ceap_engagement::source::library::{Granted, Problem, Sources, Stored};
use ceap_kernel::access::{Credential, Credentials, Principal, Role};
use ceap_kernel::{Fault, SourceId, TenantId};
use serde_json::json;

fn id(text: &str) -> SourceId {
    SourceId::new(text).unwrap()
}

fn source(text: &str, version: u64) -> Stored {
    let document = json!({"id": text, "version": version, "name": "Shop", "from": {"segment": {}}});
    let document = serde_json::from_value(document).unwrap();
    Stored { version, updated_at: noon(), document }
}

/// Runs the whole suite. `credentials` finds what `store` grants.
pub async fn sources(store: &impl Sources, credentials: &impl Credentials) {
    let (tenant, other) = (fresh_tenant("sources"), fresh_tenant("others"));
    documents(store, &tenant, &other).await;
    problems(store, &tenant, &other).await;
    keys(store, credentials, &tenant, &other).await;
}

async fn documents(store: &impl Sources, tenant: &TenantId, other: &TenantId) {
    assert_eq!(store.get(tenant, &id("shop")).await, Ok(None));
    let unknown = store.put(tenant, &source("shop", 2)).await;
    assert!(matches!(unknown, Err(Fault::Conflict(_))), "{unknown:?}");
    store.put(tenant, &source("shop", 1)).await.unwrap();
    let again = store.put(tenant, &source("shop", 1)).await;
    assert!(matches!(again, Err(Fault::Conflict(_))), "{again:?}");
    store.put(tenant, &source("shop", 2)).await.unwrap();
    store.put(tenant, &source("app", 1)).await.unwrap();
    assert_eq!(store.get(tenant, &id("shop")).await, Ok(Some(source("shop", 2))));
    assert_eq!(store.list(tenant).await, Ok(vec![source("app", 1), source("shop", 2)]));
    assert_eq!(store.list(other).await, Ok(vec![]));

    let old = store.delete(tenant, &id("app"), 7).await;
    assert!(matches!(old, Err(Fault::Conflict(_))), "{old:?}");
    store.delete(tenant, &id("app"), 1).await.unwrap();
    assert_eq!(store.get(tenant, &id("app")).await, Ok(None));
}

async fn keys(
    store: &impl Sources,
    credentials: &impl Credentials,
    tenant: &TenantId,
    other: &TenantId,
) {
    let grant = async |tenant: &TenantId, of: &str, seed: u8, minutes: i64| {
        let credential = Credential::generate(tenant.clone(), &[seed; 32]);
        let key =
            Granted { fingerprint: credential.fingerprint(), created_at: after_noon(minutes) };
        let (tenant, source) = (tenant.clone(), Some(id(of)));
        let principal = Principal { tenant, role: Role::Source, email: None, source };
        (store.grant(&principal, &id(of), &key).await, credential, key, principal)
    };
    // A source that is gone gets no key.
    for gone in ["app", "never"] {
        let (refused, credential, ..) = grant(tenant, gone, 9, 0).await;
        assert!(matches!(refused, Err(Fault::NotFound(_))), "{refused:?}");
        assert!(credential.authenticate(None, credentials).await.is_err());
    }
    let (made, second, newer, holder) = grant(tenant, "shop", 2, 60).await;
    made.unwrap();
    let (made, first, older, _) = grant(tenant, "shop", 1, 0).await;
    made.unwrap();
    assert_eq!(store.keys(tenant, &id("shop")).await, Ok(vec![older.clone(), newer]));
    assert_eq!(store.keys(tenant, &id("app")).await, Ok(vec![]));
    assert_eq!(store.keys(other, &id("shop")).await, Ok(vec![]));
    assert_eq!(second.authenticate(None, credentials).await, Ok(holder));

    // Only of its own tenant; what is gone may go again.
    store.revoke(other, &older.fingerprint).await.unwrap();
    assert_eq!(store.keys(tenant, &id("shop")).await.map(|keys| keys.len()), Ok(2));
    for _ in 0..2 {
        store.revoke(tenant, &older.fingerprint).await.unwrap();
        assert_eq!(store.keys(tenant, &id("shop")).await.map(|keys| keys.len()), Ok(1));
    }
    let revoked = first.authenticate(None, credentials).await;
    assert!(matches!(revoked, Err(Fault::Unauthorized(_))), "{revoked:?}");
    assert!(second.authenticate(None, credentials).await.is_ok());
}

async fn problems(store: &impl Sources, tenant: &TenantId, other: &TenantId) {
    let problem = |second: i64| {
        Problem::of(&Fault::Unauthorized(format!("wrong at {second}")), after_noon(second))
    };
    let shop = id("shop");
    assert_eq!(store.problem(tenant, &shop).await, Ok(None));
    for (second, kept) in [(0, 0), (0, 0), (59, 0), (60, 60), (100, 60)] {
        store.report(tenant, &shop, &problem(second)).await.unwrap();
        assert_eq!(store.problem(tenant, &shop).await, Ok(Some(problem(kept))), "{second}");
    }
    assert_eq!(store.problem(other, &shop).await, Ok(None));
}
