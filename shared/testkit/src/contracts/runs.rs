//! Runs, the outcomes of their parts, and whom they are about.

use crate::builders::{after_noon, fresh_tenant, noon, subject, use_case};
use ceap_engagement::pipeline::ingest::{Subjects, Versioned};
use ceap_engagement::profile_list::{Place, shard};
use ceap_engagement::run::{Counts, Kept, Kind, Outcome, Population, Run, RunStore, State};
use ceap_kernel::{Fault, SubjectId, TenantId};
use futures::future::join_all;

fn run(tenant: &TenantId, id: &str, key: &str, second: i64) -> Run {
    Run::new(tenant, &use_case(id), 1, Kind::Batch, key, after_noon(second))
}

/// A run is made once and changed by one at a time; a part is done once.
pub async fn runs(store: &impl RunStore) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let first = run(&mine, "daily", "a", 0);
    assert_eq!(store.get(&mine, &first.id).await, Ok(None));
    let kept = store.create(&first).await.unwrap();
    assert_eq!(kept, Kept { run: first.clone(), revision: 1 });
    let later = Run { requested: after_noon(9), ..first.clone() };
    assert_eq!(store.create(&later).await.unwrap(), kept, "the one that was there");
    assert_eq!(store.get(&mine, &first.id).await.unwrap().as_ref(), Some(&kept));
    assert_eq!(store.get(&yours, &first.id).await, Ok(None), "another tenant's is invisible");

    // Of several at once, one changes it.
    let changed = |part: u32| first.clone().running(part, "execution", noon());
    let saves = (1..=5).map(|part| {
        let changed = changed(part);
        async move { store.save(&changed, 1).await }
    });
    let saved = join_all(saves).await;
    assert_eq!(saved.iter().filter(|it| it.is_ok()).count(), 1, "{saved:?}");
    assert!(saved.iter().all(|it| matches!(it, Ok(()) | Err(Fault::Conflict(_)))), "{saved:?}");
    let kept = store.get(&mine, &first.id).await.unwrap().unwrap();
    assert_eq!((kept.revision, kept.run.state), (2, State::Running));
    let done = kept.run.clone().done([("subjects".to_owned(), 7)].into(), after_noon(5));
    store.save(&done, 2).await.unwrap();
    assert_eq!(store.get(&mine, &first.id).await.unwrap().unwrap().run, done);

    // A part that failed may be done; one that is done stays.
    let counts = |n: u64| Counts::from([("subjects".to_owned(), n)]);
    let failed = Outcome::Failed("unavailable: no answer".to_owned());
    assert_eq!(store.outcome(&mine, &first.id, 0).await, Ok(None));
    store.record(&done, 0, &failed).await.unwrap();
    assert_eq!(store.outcome(&mine, &first.id, 0).await, Ok(Some(failed.clone())));
    store.record(&done, 0, &Outcome::Done(counts(1))).await.unwrap();
    store.record(&done, 0, &Outcome::Done(counts(2))).await.unwrap();
    store.record(&done, 0, &failed).await.unwrap();
    let one = Outcome::Done(counts(1));
    assert_eq!(store.outcome(&mine, &first.id, 0).await, Ok(Some(one.clone())));
    store.record(&done, 11, &Outcome::Done(counts(3))).await.unwrap();
    let all = store.outcomes(&mine, &first.id).await.unwrap();
    assert_eq!(all, [(0, one), (11, Outcome::Done(counts(3)))].into());
    assert!(store.outcomes(&yours, &first.id).await.unwrap().is_empty());

    // Newest first, page by page.
    for n in 1..7_i32 {
        store.create(&run(&mine, "daily", &format!("b{n}"), n.into())).await.unwrap();
    }
    store.create(&run(&mine, "weekly", "a", 0)).await.unwrap();
    store.create(&run(&yours, "daily", "a", 0)).await.unwrap();
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list(&mine, &use_case("daily"), cursor.as_deref(), 3).await.unwrap();
        seen.extend(page.0);
        cursor = page.1;
        if cursor.is_none() {
            break;
        }
    }
    let instants: Vec<_> = seen.iter().map(|run| run.requested).collect();
    let expected: Vec<_> = (0..7).rev().map(after_noon).collect();
    assert_eq!(instants, expected);
    assert_eq!(seen.last(), Some(&done), "as it is now");
    assert!(store.list(&mine, &use_case("never"), None, 3).await.unwrap().0.is_empty());
}

/// All subjects with a profile, each once and in order, however they are paged.
pub async fn population(store: &(impl Subjects + Population)) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let mut all: Vec<SubjectId> = (0..50).map(|n| subject(&format!("ü#{n}"))).collect();
    for id in &all {
        store.save_profile(&mine, id, &Versioned::default()).await.unwrap();
    }
    store.save_profile(&yours, &subject("other"), &Versioned::default()).await.unwrap();
    // Features alone make nobody a part of it.
    store.save_series(&mine, &subject("features"), &Versioned::default()).await.unwrap();
    all.sort_by_key(|id| (shard(id), id.clone()));
    for limit in [1, 7, 50, 1000] {
        let (mut seen, mut at) = (Vec::new(), Some(Place::default()));
        while let Some(from) = at {
            let (page, next) = store.subjects(&mine, from, limit).await.unwrap();
            assert!(page.len() <= limit);
            seen.extend(page);
            at = next;
        }
        assert_eq!(seen, all, "pages of {limit}");
    }
}
