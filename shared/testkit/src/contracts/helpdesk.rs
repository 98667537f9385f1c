//! The helpdesk's one table.

use crate::builders::{Hands, fresh_tenant};
use ceap_helpdesk::store::{Expect, Failure, Item, Key, MOST_WRITES, Range, Store, Write};
use ceap_kernel::{TenantId, Timestamp};
use futures::future::join_all;

fn put(key: &Key, body: &str, expect: Expect, expires_at: Option<Timestamp>) -> Write {
    Write::Put { key: key.clone(), body: body.to_owned(), expect, expires_at }
}

fn delete(key: &Key, expect: Expect) -> Write {
    Write::Delete { key: key.clone(), expect }
}

fn check(key: &Key, expect: Expect) -> Write {
    Write::Check { key: key.clone(), expect }
}

fn add(key: &Key, by: i64) -> Write {
    Write::Add { key: key.clone(), by }
}

async fn one(store: &dyn Store, tenant: &TenantId, key: &Key) -> Option<Item> {
    let mut found = store.get(tenant, std::slice::from_ref(key)).await.unwrap();
    assert!(found.len() <= 1, "{found:?}");
    found.pop()
}

async fn body(store: &dyn Store, tenant: &TenantId, key: &Key) -> Option<String> {
    one(store, tenant, key).await.map(|item| item.body)
}

async fn kept(store: &dyn Store, tenant: &TenantId, key: &Key, body: &str) {
    store.commit(tenant, &[put(key, body, Expect::Anything, None)]).await.unwrap();
}

/// All that is asked of it. `hands` are those of the clock that the store goes by.
pub async fn helpdesk(store: &dyn Store, hands: &Hands) {
    conditions(store).await;
    commits(store).await;
    ranges(store).await;
    numbers(store).await;
    expiry(store, hands).await;
    crowds(store).await;
}

/// A single write, and what it expects.
async fn conditions(store: &dyn Store) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let key = Key::new("USER", "1");
    let failed = Err(Failure::Unexpected(0));
    for expect in [Expect::Present, Expect::Revision(0), Expect::Revision(1)] {
        assert_eq!(store.commit(&mine, &[put(&key, "x", expect, None)]).await, failed);
        assert_eq!(store.commit(&mine, &[delete(&key, expect)]).await, failed);
        assert_eq!(store.commit(&mine, &[check(&key, expect)]).await, failed);
    }
    store.commit(&mine, &[delete(&key, Expect::Anything)]).await.unwrap();
    store.commit(&mine, &[check(&key, Expect::Absent)]).await.unwrap();

    let text = r#"{"name":"Zoë \u0000 \"quoted\"","n":1.5}"#;
    store.commit(&mine, &[put(&key, text, Expect::Absent, None)]).await.unwrap();
    let item = Item { key: key.clone(), body: text.to_owned(), revision: 1 };
    assert_eq!(one(store, &mine, &key).await, Some(item));
    assert_eq!(one(store, &yours, &key).await, None, "another tenant's is not to be seen");
    assert_eq!(store.commit(&mine, &[put(&key, "x", Expect::Absent, None)]).await, failed);
    assert_eq!(store.commit(&mine, &[put(&key, "x", Expect::Revision(2), None)]).await, failed);
    store.commit(&mine, &[put(&key, "2", Expect::Revision(1), None)]).await.unwrap();
    store.commit(&mine, &[put(&key, "3", Expect::Present, None)]).await.unwrap();
    store.commit(&mine, &[put(&key, "4", Expect::Anything, None)]).await.unwrap();
    assert_eq!(
        one(store, &mine, &key).await.map(|it| (it.body, it.revision)),
        Some(("4".into(), 4))
    );
    assert_eq!(store.commit(&mine, &[delete(&key, Expect::Revision(3))]).await, failed);
    assert_eq!(store.commit(&mine, &[delete(&key, Expect::Absent)]).await, failed);
    store.commit(&yours, &[delete(&key, Expect::Anything)]).await.unwrap();
    assert_eq!(body(store, &mine, &key).await.as_deref(), Some("4"));
    store.commit(&mine, &[delete(&key, Expect::Revision(4))]).await.unwrap();
    assert_eq!(body(store, &mine, &key).await, None);
}

/// Several writes: all or none, and which of them stood in the way.
async fn commits(store: &dyn Store) {
    let tenant = fresh_tenant("mine");
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|sort| Key::new("THINGS", sort));
    store.commit(&tenant, &[]).await.unwrap();
    let first = [
        put(&a, "1", Expect::Absent, None),
        put(&b, "1", Expect::Anything, None),
        check(&c, Expect::Absent),
        check(&Key::new("ELSE", "a"), Expect::Anything),
        add(&d, 5),
    ];
    store.commit(&tenant, &first).await.unwrap();
    assert_eq!(store.commit(&tenant, &first).await, Err(Failure::Unexpected(0)));
    let refused = [
        put(&a, "2", Expect::Revision(1), None),
        add(&d, 1),
        delete(&b, Expect::Revision(2)),
        put(&c, "2", Expect::Absent, None),
    ];
    assert_eq!(store.commit(&tenant, &refused).await, Err(Failure::Unexpected(2)));
    let [a2, b2, c2, d2] = [&a, &b, &c, &d].map(|key| body(store, &tenant, key));
    let there = futures::join!(a2, b2, c2, d2);
    let text = |it: &str| Some(it.to_owned());
    assert_eq!(there, (text("1"), text("1"), None, text("5")), "nothing of it has happened");
    let moved = [
        put(&a, "2", Expect::Revision(1), None),
        delete(&b, Expect::Revision(1)),
        put(&c, "2", Expect::Absent, None),
        check(&d, Expect::Present),
    ];
    store.commit(&tenant, &moved).await.unwrap();
    let all = store.range(&tenant, &Range::of("THINGS", 10)).await.unwrap();
    let all: Vec<_> = all.items.iter().map(|it| (&*it.key.sort, &*it.body, it.revision)).collect();
    assert_eq!(all, [("a", "2", 2), ("c", "2", 1), ("d", "5", 1)]);

    let many = |count: usize| -> Vec<Write> {
        let key = |n| Key::new("MANY", format!("{n:03}"));
        (0..count).map(|n| put(&key(n), &n.to_string(), Expect::Absent, None)).collect()
    };
    let too_many = store.commit(&tenant, &many(MOST_WRITES + 1)).await;
    assert!(matches!(too_many, Err(Failure::Fault(_))), "{too_many:?}");
    let twice = [add(&a, 1), put(&a, "3", Expect::Anything, None)];
    let twice = store.commit(&tenant, &twice).await;
    assert!(matches!(twice, Err(Failure::Fault(_))), "{twice:?}");
    store.commit(&tenant, &many(MOST_WRITES)).await.unwrap();
    assert_eq!(store.count(&tenant, &Range::of("MANY", 1)).await, Ok(100));
    let last = many(MOST_WRITES).pop().unwrap();
    let refused = store.commit(&tenant, &[add(&d, 1), last]).await;
    assert_eq!(refused, Err(Failure::Unexpected(1)));
}

/// Reads: by keys, by ranges from both ends, from any place on.
async fn ranges(store: &dyn Store) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let key = |n: usize| Key::new("LIST#all", format!("x#{n:04}"));
    for part in (0..130).collect::<Vec<_>>().chunks(MOST_WRITES) {
        let writes: Vec<_> =
            part.iter().map(|n| put(&key(*n), &n.to_string(), Expect::Absent, None)).collect();
        store.commit(&mine, &writes).await.unwrap();
    }
    for sort in ["w", "x", "x#", "y"] {
        kept(store, &mine, &Key::new("LIST#all", sort), sort).await;
    }
    kept(store, &mine, &Key::new("LIST#al", "l#x#0000"), "another list").await;
    kept(store, &yours, &key(7), "theirs").await;

    let mut keys: Vec<_> = (0..130).map(key).collect();
    keys.extend([key(3), key(500), Key::new("LIST#none", "x"), Key::new("LIST#all", "")]);
    keys.push(Key::new("LIST#all", "long".repeat(1000)));
    let mut found = store.get(&mine, &keys).await.unwrap();
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.dedup();
    assert_eq!(found.len(), 130, "each that is there, once");
    assert_eq!(store.get(&mine, &[]).await, Ok(Vec::new()));

    let sorts = async |range: Range| {
        let found = store.range(&mine, &range).await.unwrap();
        let sorts: Vec<String> = found.items.into_iter().map(|it| it.key.sort).collect();
        (sorts.join(" "), found.more)
    };
    let all = |limit| Range::of("LIST#all", limit);
    let of = |text: &str, more| (text.to_owned(), more);
    assert_eq!(sorts(all(3)).await, of("w x x#", true));
    assert_eq!(sorts(all(2).backward(true)).await, of("y x#0129", true));
    let x = |limit| all(limit).starting("x#0");
    assert_eq!(sorts(x(2)).await, of("x#0000 x#0001", true));
    assert_eq!(sorts(x(1).backward(true)).await, of("x#0129", true));
    let after = |range: Range, sort: &str| range.after(Some(sort.to_owned()));
    assert_eq!(sorts(after(x(2), "x#0127")).await, of("x#0128 x#0129", false));
    assert_eq!(sorts(after(x(2), "x#01275")).await, of("x#0128 x#0129", false), "after none");
    assert_eq!(sorts(after(x(2), "x#0129")).await, of("", false));
    assert_eq!(sorts(after(x(2).backward(true), "x#0002")).await, of("x#0001 x#0000", false));
    // A caller may make up any place to go on from.
    for (sort, from_start, from_end) in
        [("a", "x#0000", ""), ("z", "", "x#0129"), ("", "x#0000", "")]
    {
        assert_eq!(sorts(after(x(1), sort)).await, of(from_start, !from_start.is_empty()));
        let backward = after(x(1).backward(true), sort);
        assert_eq!(sorts(backward).await, of(from_end, !from_end.is_empty()));
    }
    assert_eq!(sorts(after(all(1), "")).await, of("w", true));
    assert_eq!(sorts(all(4).starting("x#012").after(None)).await.0.split(' ').count(), 4);
    assert_eq!(sorts(Range::of("LIST#none", 5)).await, of("", false));
    assert_eq!(store.count(&mine, &all(1)).await, Ok(134));
    assert_eq!(store.count(&mine, &x(1)).await, Ok(130));
    assert_eq!(store.count(&yours, &all(1)).await, Ok(1));
}

/// Numbers that are added to.
async fn numbers(store: &dyn Store) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let key = Key::new("COUNT", "00");
    assert_eq!(store.add(&mine, &key, 2, None).await, Ok(2));
    assert_eq!(store.add(&mine, &key, 40, None).await, Ok(42));
    store.commit(&mine, &[add(&key, -2)]).await.unwrap();
    store
        .commit(&mine, &[add(&key, 10), check(&Key::new("X", "x"), Expect::Absent)])
        .await
        .unwrap();
    assert_eq!(body(store, &mine, &key).await.as_deref(), Some("50"));
    assert_eq!(store.add(&yours, &key, 1, None).await, Ok(1));
    let all = (0..20).map(|_| store.add(&mine, &key, 1, None));
    let mut all: Vec<u64> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(51..=70), "each has a number of its own");
}

/// What has expired is not there, for reads and for conditions.
async fn expiry(store: &dyn Store, hands: &Hands) {
    let tenant = fresh_tenant("mine");
    let [a, b, c, n] = ["a", "b", "c", "n"].map(|sort| Key::new("SOON", sort));
    let soon = Some(hands.after(60));
    store.commit(&tenant, &[put(&a, "1", Expect::Absent, soon)]).await.unwrap();
    let both = [put(&b, "1", Expect::Absent, soon), put(&c, "1", Expect::Absent, None)];
    store.commit(&tenant, &both).await.unwrap();
    assert_eq!(store.add(&tenant, &n, 7, soon).await, Ok(7));
    hands.pass(59);
    assert_eq!(store.count(&tenant, &Range::of("SOON", 9)).await, Ok(4));
    assert_eq!(body(store, &tenant, &a).await.as_deref(), Some("1"));
    hands.pass(1);
    assert_eq!(store.count(&tenant, &Range::of("SOON", 9)).await, Ok(1));
    let found = store.range(&tenant, &Range::of("SOON", 1)).await.unwrap();
    assert_eq!((found.items.len(), found.more), (1, false), "what has expired takes no place");
    assert_eq!(body(store, &tenant, &a).await, None);
    let failed = Err(Failure::Unexpected(0));
    for expect in [Expect::Present, Expect::Revision(1)] {
        assert_eq!(store.commit(&tenant, &[put(&a, "2", expect, None)]).await, failed);
        assert_eq!(store.commit(&tenant, &[check(&a, expect), add(&n, 1)]).await, failed);
    }
    // Numbers begin anew, alone and with others.
    let again = hands.after(60);
    assert_eq!(store.add(&tenant, &n, 3, Some(again)).await, Ok(3));
    assert_eq!(store.add(&tenant, &n, 3, Some(again)).await, Ok(6));
    hands.pass(60);
    let anew = [add(&n, 4), put(&a, "2", Expect::Absent, None), check(&b, Expect::Absent)];
    store.commit(&tenant, &anew).await.unwrap();
    assert_eq!(body(store, &tenant, &n).await.as_deref(), Some("4"));
    let item = Item { key: a.clone(), body: "2".to_owned(), revision: 1 };
    assert_eq!(one(store, &tenant, &a).await, Some(item));
    hands.pass(100_000);
    let left = store.range(&tenant, &Range::of("SOON", 9)).await.unwrap().items;
    let left: Vec<_> = left.iter().map(|it| &*it.key.sort).collect();
    assert_eq!(left, ["a", "c", "n"], "what was kept anew has no end");
}

/// Many at once: of those that change the same, one does.
async fn crowds(store: &dyn Store) {
    let tenant = fresh_tenant("mine");
    let (key, count) = (Key::new("TICKET", "1"), Key::new("COUNT#TICKET", "00"));
    kept(store, &tenant, &key, "0").await;
    for single in [true, false] {
        let before = one(store, &tenant, &key).await.unwrap();
        let writes = |n: usize| {
            let mut writes =
                vec![put(&key, &n.to_string(), Expect::Revision(before.revision), None)];
            writes.extend((!single).then(|| add(&count, 1)));
            writes
        };
        let all: Vec<_> = (0..10).map(writes).collect();
        let all = join_all(all.iter().map(|writes| store.commit(&tenant, writes))).await;
        let done: Vec<usize> =
            all.iter().enumerate().filter(|(_, it)| it.is_ok()).map(|(n, _)| n).collect();
        assert_eq!(done.len(), 1, "{all:?}");
        let others = all.iter().filter(|it| **it == Err(Failure::Unexpected(0))).count();
        assert_eq!(others, 9, "{all:?}");
        let after = one(store, &tenant, &key).await.unwrap();
        let expected = (done[0].to_string(), before.revision + 1);
        assert_eq!((after.body, after.revision), expected);
    }
    assert_eq!(body(store, &tenant, &count).await.as_deref(), Some("1"));
}
