//! Profiles and feature items.

use crate::builders::{event, fresh_tenant, noon, subject, use_case};
use ceap_engagement::goal::{Goal, OwedGoal};
use ceap_engagement::pipeline::ingest::{State, Subjects, Versioned};
use ceap_engagement::pipeline::merge::Merge;
use ceap_engagement::profile::Profile;
use ceap_engagement::profile_list::{Place, ProfileList};
use ceap_engagement::series::{Arrival, Entry, Owed};
use ceap_kernel::{EventKey, Fault, SubjectId, TenantId};
use futures::future::join_all;
use serde_json::json;

/// Runs the whole suite.
pub async fn subjects(store: &(impl Subjects + ProfileList)) {
    nothing_is_an_empty_state(store).await;
    what_is_written_is_read(store).await;
    versions_are_checked(store).await;
    profile_and_series_have_their_own_versions(store).await;
    one_of_twenty_writers_wins(store).await;
    parts_are_read_alone(store).await;
    many_are_read_in_their_order(store).await;
    tenants_are_apart(store).await;
    ids_that_look_alike_are_apart(store).await;
    two_become_one_or_nothing_happens(store).await;
    all_profiles_of_a_tenant_are_listed_once(store).await;
}

async fn one(store: &impl Subjects, tenant: &TenantId, id: &SubjectId) -> Versioned {
    let mut read = store.load(tenant, std::slice::from_ref(id)).await.unwrap();
    assert_eq!(read.len(), 1);
    read.remove(0)
}

/// Changes a little of everything a series holds.
fn grown(mut read: Versioned, key: u64) -> Versioned {
    let time = noon().as_millisecond() + i64::try_from(key).unwrap();
    let series = &mut read.state.series;
    series.remember(EventKey(u64::MAX - key), noon());
    series.count("cart_updated", time);
    series.anchor(
        "cart_updated",
        Entry {
            time,
            key: EventKey(u64::MAX - key),
            data: json!({"value": 50.5, "note": "ü \" \\ 𝄞", "list": [1, null, {"a": ""}]})
                .as_object()
                .unwrap()
                .clone(),
        },
    );
    let (use_case, value) = (use_case("contract"), Some(0.1 + 0.2));
    let goal = Goal { use_case: use_case.clone(), at: noon(), event: format!("{key:016x}"), value };
    let series = &mut read.state.series;
    let cause = Arrival { at: noon().as_millisecond(), key: EventKey(u64::MAX - key - 1) };
    series.owe(Owed { time, key: EventKey(u64::MAX - key), use_case, cause });
    read.state.goals.push(OwedGoal { cause, goal });
    read
}

fn named(mut read: Versioned, email: &str) -> Versioned {
    let update = event("profile_updated", "u1", email).data(
        json!({"email": email, "consents": {"email": true}, "plan": "pro", "nested": {"": []}}),
    );
    assert!(read.state.profile.apply(&update.event()).unwrap());
    read
}

fn is_conflict(outcome: Result<(), Fault>) -> bool {
    matches!(outcome, Err(Fault::Conflict(_)))
}

async fn nothing_is_an_empty_state(store: &impl Subjects) {
    let tenant = fresh_tenant("empty");
    assert_eq!(one(store, &tenant, &subject("u1")).await, Versioned::default());
    assert!(store.load(&tenant, &[]).await.unwrap().is_empty());
}

async fn what_is_written_is_read(store: &impl Subjects) {
    let tenant = fresh_tenant("written");
    // A subject is opaque text: what keys are made of must not get in its way.
    for id in ["u1", "a#b", "SERIES#u1", "u1 ", "ü/𝄞", "10.0.0.1"] {
        let id = subject(id);
        let next = named(grown(Versioned::default(), 1), "a@b.ch");
        store.save_profile(&tenant, &id, &next).await.unwrap();
        store.save_series(&tenant, &id, &next).await.unwrap();
        let read = one(store, &tenant, &id).await;
        assert_eq!(read.state, next.state, "{id}");
        assert!(read.profile_version > 0 && read.series_version > 0);
    }
}

async fn versions_are_checked(store: &impl Subjects) {
    let (tenant, id) = (fresh_tenant("versions"), subject("u1"));
    let empty = one(store, &tenant, &id).await;
    let first = named(grown(empty.clone(), 1), "a@b.ch");
    store.save_series(&tenant, &id, &first).await.unwrap();
    store.save_profile(&tenant, &id, &first).await.unwrap();
    // Who read nothing may not write over something.
    assert!(is_conflict(store.save_series(&tenant, &id, &first).await));
    assert!(is_conflict(store.save_profile(&tenant, &id, &first).await));

    let read = one(store, &tenant, &id).await;
    let second = named(grown(read.clone(), 2), "c@d.ch");
    store.save_series(&tenant, &id, &second).await.unwrap();
    store.save_profile(&tenant, &id, &second).await.unwrap();
    let stale = named(grown(read, 3), "e@f.ch");
    assert!(is_conflict(store.save_series(&tenant, &id, &stale).await));
    assert!(is_conflict(store.save_profile(&tenant, &id, &stale).await));
    assert_eq!(one(store, &tenant, &id).await.state, second.state);

    // A version counts up by one, so that a writer may write again without reading.
    let mut third = grown(second, 4);
    third.series_version += 1;
    store.save_series(&tenant, &id, &third).await.unwrap();
    // A version that never was is no better than an old one.
    third.series_version += 5;
    assert!(is_conflict(store.save_series(&tenant, &id, &third).await));
}

async fn profile_and_series_have_their_own_versions(store: &impl Subjects) {
    let (tenant, id) = (fresh_tenant("apart"), subject("u1"));
    let first = named(grown(Versioned::default(), 1), "a@b.ch");
    store.save_profile(&tenant, &id, &first).await.unwrap();
    let read = one(store, &tenant, &id).await;
    assert_eq!(read.series_version, 0);
    assert_eq!(read.state.series, Versioned::default().state.series);
    assert_eq!(read.state.profile, first.state.profile);
    store.save_series(&tenant, &id, &grown(read, 1)).await.unwrap();
    let read = one(store, &tenant, &id).await;
    assert_eq!(read.state, first.state);
}

async fn one_of_twenty_writers_wins(store: &impl Subjects) {
    let (tenant, id) = (fresh_tenant("writers"), subject("u1"));
    for round in 0..2_u64 {
        let read = one(store, &tenant, &id).await;
        let writers = (0..20_u64).map(|n| {
            let next = grown(read.clone(), 100 * (round + 1) + n);
            let (tenant, id) = (&tenant, &id);
            async move { (store.save_series(tenant, id, &next).await, next) }
        });
        let outcomes = join_all(writers).await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|it| it.0.is_ok());
        assert_eq!((won.len(), lost.len()), (1, 19));
        assert!(lost.into_iter().all(|(outcome, _)| is_conflict(outcome)));
        assert_eq!(one(store, &tenant, &id).await.state.series, won[0].1.state.series);
    }
}

async fn parts_are_read_alone(store: &impl Subjects) {
    let tenant = fresh_tenant("parts");
    let ids = ["both", "bare", "known", "nobody"].map(subject);
    let next = named(grown(Versioned::default(), 1), "a@b.ch");
    for id in &ids[..2] {
        store.save_series(&tenant, id, &next).await.unwrap();
    }
    for id in [&ids[0], &ids[2]] {
        store.save_profile(&tenant, id, &next).await.unwrap();
    }
    let features = store.load_features(&tenant, &ids).await.unwrap();
    let whole = store.load(&tenant, &ids).await.unwrap();
    for (features, whole) in features.iter().zip(&whole) {
        let expected = Versioned {
            state: State { profile: Profile::default(), ..whole.state.clone() },
            profile_version: 0,
            ..whole.clone()
        };
        assert_eq!(*features, expected);
    }
    let profiles = store.load_profiles(&tenant, &ids).await.unwrap();
    let known = Some(next.state.profile);
    assert_eq!(profiles, [known.clone(), None, known, None]);
    assert!(store.load_features(&tenant, &[]).await.unwrap().is_empty());
    assert!(store.load_profiles(&tenant, &[]).await.unwrap().is_empty());
}

async fn many_are_read_in_their_order(store: &impl Subjects) {
    let tenant = fresh_tenant("many");
    let ids: Vec<SubjectId> = (0..150).map(|n| subject(&format!("u{n}"))).collect();
    let writes = ids.iter().enumerate().filter(|(n, _)| !n.is_multiple_of(3)).map(|(n, id)| {
        let tenant = &tenant;
        async move {
            let next = named(grown(Versioned::default(), n as u64), &format!("u{n}@b.ch"));
            store.save_profile(tenant, id, &next).await.unwrap();
            store.save_series(tenant, id, &next).await.unwrap();
        }
    });
    join_all(writes).await;
    let mut asked = ids.clone();
    asked.reverse();
    let read = store.load(&tenant, &asked).await.unwrap();
    assert_eq!(read.len(), 150);
    for (id, read) in asked.iter().zip(read) {
        let n: usize = id.as_str().trim_start_matches('u').parse().unwrap();
        let email = (!n.is_multiple_of(3)).then(|| format!("u{n}@b.ch"));
        assert_eq!(read.state.profile.email, email);
        assert_eq!(read.series_version > 0, !n.is_multiple_of(3));
    }
}

async fn tenants_are_apart(store: &impl Subjects) {
    let (mine, yours, id) = (fresh_tenant("mine"), fresh_tenant("yours"), subject("u1"));
    let next = named(grown(Versioned::default(), 1), "a@b.ch");
    store.save_profile(&mine, &id, &next).await.unwrap();
    store.save_series(&mine, &id, &next).await.unwrap();
    assert_eq!(one(store, &yours, &id).await, Versioned::default());
    let other = named(Versioned::default(), "other@b.ch");
    store.save_profile(&yours, &id, &other).await.unwrap();
    let read = one(store, &mine, &id).await;
    assert_eq!(read.state, next.state);
}

/// What keys are told apart by may stand in a subject, and what other keys begin with.
async fn ids_that_look_alike_are_apart(store: &impl Subjects) {
    let tenants = [fresh_tenant("a"), fresh_tenant("a")];
    let of_other = format!("{}#u", tenants[1]);
    let ids = [
        "u",
        "U",
        "u#",
        "#u",
        "a#b",
        "a/b",
        "a",
        "b#c",
        "a#b#c",
        "PROFILE",
        "FEATURES",
        "FROM#u",
        "CAP#u",
        "*",
        "*#RATE#email",
        "caf\u{e9}",
        "cafe\u{301}",
        "\u{1f600}",
        "%23",
        "..",
        &of_other,
    ];
    let all: Vec<(&TenantId, SubjectId)> =
        tenants.iter().flat_map(|tenant| ids.map(|id| (tenant, subject(id)))).collect();
    for (n, (tenant, id)) in all.iter().enumerate() {
        assert_eq!(one(store, tenant, id).await, Versioned::default(), "{tenant} {id}");
        let next = named(Versioned::default(), &format!("u{n}@b.ch"));
        store.save_profile(tenant, id, &next).await.unwrap();
    }
    for (n, (tenant, id)) in all.iter().enumerate() {
        let expected = named(Versioned::default(), &format!("u{n}@b.ch"));
        assert_eq!(one(store, tenant, id).await.state.profile, expected.state.profile);
    }
    for name in
        ["", "a#b", "a/b", "A", "a--b", "-", "*", "caf\u{e9}", "a b", "a\u{0}", "a:b", "a_b"]
    {
        assert!(
            TenantId::new(name).is_err(),
            "no key of a tenant `{name}` could be told from others"
        );
    }
}

async fn all_profiles_of_a_tenant_are_listed_once(store: &(impl Subjects + ProfileList)) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let mut expected = Vec::new();
    for n in 0..70 {
        // Keys are sorted by bytes; subjects are opaque.
        let id = subject(&format!("u{n}#ü"));
        let next = named(grown(Versioned::default(), 1), &format!("u{n}@b.ch"));
        store.save_profile(&mine, &id, &next).await.unwrap();
        store.save_series(&mine, &id, &next).await.unwrap();
        expected.push((id, next.state.profile));
    }
    let other = named(Versioned::default(), "other@b.ch");
    store.save_profile(&yours, &subject("u1#ü"), &other).await.unwrap();
    // One that has features alone is no profile.
    store.save_series(&mine, &subject("bare"), &grown(Versioned::default(), 1)).await.unwrap();
    for limit in [1, 7, 100] {
        let (mut seen, mut from) = (Vec::new(), Some(Place::default()));
        while let Some(place) = from {
            let (page, next) = store.profiles(&mine, place, limit).await.unwrap();
            assert!(page.len() <= limit);
            seen.extend(page);
            from = next;
        }
        seen.sort_by_key(|(id, _)| id.clone());
        expected.sort_by_key(|(id, _)| id.clone());
        assert_eq!(seen, expected);
    }
}

async fn two_become_one_or_nothing_happens(store: &(impl Subjects + ProfileList)) {
    let tenant = fresh_tenant("merged");
    let (from, into) = (subject("visitor"), subject("ada"));
    let read = grown(named(one(store, &tenant, &from).await, "v@example.com"), 1);
    store.save_profile(&tenant, &from, &read).await.unwrap();
    store.save_series(&tenant, &from, &read).await.unwrap();
    let stale = one(store, &tenant, &from).await;
    let known = grown(one(store, &tenant, &into).await, 2);
    store.save_series(&tenant, &into, &known).await.unwrap();

    let next = named(one(store, &tenant, &into).await, "v@example.com");
    for (was, next) in [
        (Versioned { series_version: 7, ..stale.clone() }, next.clone()),
        (Versioned { profile_version: 7, ..stale.clone() }, next.clone()),
        (Versioned { profile_version: 0, ..stale.clone() }, next.clone()),
        (stale.clone(), Versioned { series_version: 7, ..next.clone() }),
        (stale.clone(), Versioned { profile_version: 7, ..next.clone() }),
    ] {
        assert!(is_conflict(
            store.merge(&tenant, &Merge { from: &from, was: &was, into: &into, next: &next }).await
        ));
        assert_eq!(one(store, &tenant, &from).await, stale, "nothing happened");
    }
    let merge = Merge { from: &from, was: &stale, into: &into, next: &next };
    store.merge(&tenant, &merge).await.unwrap();
    let gone = one(store, &tenant, &from).await;
    assert_eq!((gone.moved_to, gone.state), (Some(into.clone()), Default::default()));
    let kept = one(store, &tenant, &into).await;
    assert_eq!((&kept.state, kept.moved_to), (&next.state, None));
    assert_eq!((kept.series_version, kept.profile_version), (2, 1));
    let (listed, _) = store.profiles(&tenant, Place::default(), 10).await.unwrap();
    let listed: Vec<SubjectId> = listed.into_iter().map(|(id, _)| id).collect();
    assert_eq!(listed, std::slice::from_ref(&into));
    assert!(is_conflict(store.save_series(&tenant, &from, &stale).await), "a late writer sees it");

    // Neither has a profile, and one was never seen.
    let (from, into) = (subject("nobody"), subject("bob"));
    let (was, next) = (one(store, &tenant, &from).await, one(store, &tenant, &into).await);
    let merge = Merge { from: &from, was: &was, into: &into, next: &next };
    store.merge(&tenant, &merge).await.unwrap();
    assert_eq!(one(store, &tenant, &from).await.moved_to, Some(into));
}
