//! Endpoints: kept at versions, found by user, all changes of a request or none.

use crate::builders::{fresh_tenant, noon, subject};
use ceap_engagement::endpoint::{Change, Endpoint, EndpointRequest, Endpoints, Kept};
use ceap_engagement::erasure::Forget;
use ceap_kernel::{Fault, SourceId, TenantId};
use serde_json::json;

fn app(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

/// An endpoint `id` of `user`, or of nobody.
pub(super) fn endpoint(id: &str, user: &str) -> Endpoint {
    let said = json!({"ChannelType": "EMAIL", "Address": "ada@example.com", "Metrics": {"m": 0.1},
                      "Attributes": {"ü": ["a", "b"]}, "User": {"UserId": user}});
    let request: EndpointRequest = serde_json::from_value(said).unwrap();
    request.apply(id, None, noon(), "r-1").unwrap().unwrap()
}

fn change(key: &str, before: u64, after: Option<Endpoint>) -> Change {
    Change { key: key.to_owned(), before, after }
}

/// Runs the whole suite. `settled` waits until what was written is found by user.
pub async fn endpoints(store: &impl Endpoints, settled: impl AsyncFn()) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let load = async |tenant: &TenantId, of: &str, keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        store.load(tenant, &app(of), &keys).await.unwrap()
    };
    assert_eq!(load(&mine, "shop", &["a#1", "b"]).await, [None, None]);
    let (a, b) = (endpoint("A#1", "u#1"), endpoint("B", ""));
    let both = [change("a#1", 0, Some(a.clone())), change("b", 0, Some(b.clone()))];
    store.save(&mine, &app("shop"), &both).await.unwrap();
    let kept = |endpoint: &Endpoint, version| Some(Kept { endpoint: endpoint.clone(), version });
    assert_eq!(load(&mine, "shop", &["b", "c", "a#1"]).await, [kept(&b, 1), None, kept(&a, 1)]);
    assert_eq!(load(&mine, "other", &["b"]).await, [None], "another application's");
    assert_eq!(load(&yours, "shop", &["b"]).await, [None], "another tenant's");

    // All or none, of one and of several.
    let again = store.save(&mine, &app("shop"), &both[..1]).await;
    assert!(matches!(again, Err(Fault::Conflict(_))), "{again:?}");
    let c = endpoint("c", "u#1");
    let mixed = [change("c", 0, Some(c.clone())), change("b", 7, Some(c.clone()))];
    let mixed = store.save(&mine, &app("shop"), &mixed).await;
    assert!(matches!(mixed, Err(Fault::Conflict(_))), "{mixed:?}");
    assert_eq!(load(&mine, "shop", &["c"]).await, [None]);
    let newer = Endpoint { request_id: "r-2".to_owned(), ..b.clone() };
    store.save(&mine, &app("shop"), &[change("b", 1, Some(newer.clone()))]).await.unwrap();
    assert_eq!(load(&mine, "shop", &["b"]).await, [kept(&newer, 2)]);

    // As many at once as there may be.
    let many: Vec<Change> = (0..100)
        .map(|n| change(&format!("m-{n:03}"), 0, Some(endpoint(&format!("m-{n:03}"), "u#many"))))
        .collect();
    store.save(&mine, &app("shop"), &many).await.unwrap();
    let keys: Vec<String> = many.iter().map(|it| it.key.clone()).collect();
    let found = store.load(&mine, &app("shop"), &keys).await.unwrap();
    assert!(
        found
            .iter()
            .zip(&many)
            .all(|(found, it)| found.as_ref().map(|it| &it.endpoint) == it.after.as_ref())
    );

    store.save(&mine, &app("other"), &[change("d", 0, Some(endpoint("d", "u#1")))]).await.unwrap();
    store.save(&yours, &app("shop"), &[change("e", 0, Some(endpoint("e", "u#1")))]).await.unwrap();
    settled().await;
    let of = async |users: &[&str]| -> Vec<Vec<String>> {
        let users: Vec<_> = users.iter().map(|user| subject(user)).collect();
        let found = store.of_users(&mine, &app("shop"), &users).await.unwrap();
        found.into_iter().map(|all| all.into_iter().map(|it| it.endpoint.id).collect()).collect()
    };
    let all: Vec<String> = keys.clone();
    assert_eq!(of(&["u#1", "nobody", "u#many"]).await, [vec!["A#1".to_owned()], vec![], all]);
    assert_eq!(of(&[]).await, Vec::<Vec<String>>::new());

    // To another user, and away.
    let moved = Endpoint { user: endpoint("x", "u#2").user, ..a.clone() };
    store.save(&mine, &app("shop"), &[change("a#1", 1, Some(moved))]).await.unwrap();
    store.save(&mine, &app("shop"), &[change("b", 2, None)]).await.unwrap();
    let gone = store.save(&mine, &app("shop"), &[change("b", 2, None)]).await;
    assert!(matches!(gone, Err(Fault::Conflict(_))), "{gone:?}");
    settled().await;
    assert_eq!(of(&["u#1", "u#2"]).await, [vec![], vec!["A#1".to_owned()]]);
    assert_eq!(load(&mine, "shop", &["b"]).await, [None]);
    store.save(&mine, &app("shop"), &[change("b", 0, Some(b))]).await.unwrap();
}

/// A subject that is taken out takes its endpoints with it, in all applications, and no others.
pub async fn forgotten_endpoints(
    store: &impl Endpoints,
    forget: &impl Forget,
    settled: impl AsyncFn(),
) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let places = [
        (&mine, "shop", "1", "u#1"),
        (&mine, "other", "2", "u#1"),
        (&mine, "shop", "u#1", ""),
        (&mine, "shop", "3", "u#12"),
        (&yours, "shop", "1", "u#1"),
    ];
    for (tenant, of, id, user) in places {
        store.save(tenant, &app(of), &[change(id, 0, Some(endpoint(id, user)))]).await.unwrap();
    }
    settled().await;
    for _ in 0..2 {
        forget.forget(&mine, &subject("u#1")).await.unwrap();
    }
    let mut left = Vec::new();
    for (tenant, of, id, _) in places {
        let kept = store.load(tenant, &app(of), &[id.to_owned()]).await.unwrap();
        left.push(kept[0].is_some());
    }
    assert_eq!(left, [false, false, false, true, true]);
}
