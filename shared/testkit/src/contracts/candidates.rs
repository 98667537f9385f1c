//! Candidates.

use super::signal_id;
use crate::builders::{after_noon, fresh_tenant, noon, subject, use_case};
use ceap_engagement::candidate::{Candidate, CandidateStore, Histories, Place, Upserted};
use ceap_engagement::reentry::{Bar, EntryRules, Reentry};
use ceap_engagement::score::Scored;
use ceap_engagement::signal::Signal;
use ceap_kernel::CandidateId;
use futures::future::join_all;
use serde_json::json;

/// Runs the whole suite.
pub async fn candidates(store: &(impl CandidateStore + Histories)) {
    the_first_opens_the_rest_merge(store).await;
    a_repeat_changes_nothing(store).await;
    twenty_at_once_keep_the_best(store).await;
    an_expired_one_is_invisible(store).await;
    twenty_at_once_replace_an_expired_one_once(store).await;
    slots_are_apart(store).await;
    a_cooldown_bars(store).await;
    so_many_and_no_more(store).await;
}

/// No rules: another may open once the one before has expired.
const ANY: EntryRules = EntryRules { cooldown: None, reentry: None, history: false };

/// Lives from noon for an hour.
pub(super) fn candidate(label: &str, score: f64) -> Candidate {
    let id = signal_id(label);
    Candidate {
        id: CandidateId::derive(&id),
        signal: Signal {
            id,
            use_case: use_case("contract"),
            subject: subject("u1"),
            key: String::new(),
            event: json!({"type": "x", "data": {"value": 50.5, "text": "ü"}}),
            features: json!({"label": label, "none": null}),
            at: noon(),
            afresh: false,
            due: None,
            tag: 0,
            held: None,
            action: None,
            fallback: None,
            trace: None,
        },
        scored: Scored {
            score,
            reasons: vec![label.to_owned()],
            model: "1".to_owned(),
            items: Vec::new(),
        },
        expires_at: after_noon(3600),
    }
}

async fn the_first_opens_the_rest_merge(store: &impl CandidateStore) {
    let tenant = fresh_tenant("open");
    let first = candidate("first", 0.5);
    let opened = store.upsert(&tenant, first.clone(), &ANY, noon()).await.unwrap();
    assert_eq!(opened, (first.clone(), Upserted::Opened));

    let worse = candidate("worse", 0.25);
    let merged = store.upsert(&tenant, worse, &ANY, after_noon(1)).await.unwrap();
    assert_eq!(merged, (first.clone(), Upserted::Merged));

    let mut better = candidate("better", 0.75);
    better.expires_at = after_noon(7200);
    let merged = store.upsert(&tenant, better.clone(), &ANY, after_noon(2)).await.unwrap();
    let expected = Candidate { id: first.id, expires_at: first.expires_at, ..better };
    assert_eq!(merged, (expected.clone(), Upserted::Merged));

    let equal = candidate("equal", 0.75);
    let merged = store.upsert(&tenant, equal, &ANY, after_noon(3)).await.unwrap();
    assert_eq!(merged, (expected, Upserted::Merged), "the better takes over, not the equal");
}

async fn a_repeat_changes_nothing(store: &impl CandidateStore) {
    let tenant = fresh_tenant("repeat");
    let first = candidate("first", 1.0 / 3.0);
    store.upsert(&tenant, first.clone(), &ANY, noon()).await.unwrap();
    let again = store.upsert(&tenant, first.clone(), &ANY, after_noon(5)).await.unwrap();
    assert_eq!(again, (first, Upserted::Merged));
}

async fn twenty_at_once_keep_the_best(store: &impl CandidateStore) {
    let tenant = fresh_tenant("twenty");
    let scores = [7, 3, 19, 0, 11, 5, 16, 2, 13, 9, 18, 1, 8, 15, 4, 12, 17, 6, 10, 14];
    let upserts = scores.map(|n| {
        let candidate = candidate(&format!("n{n}"), f64::from(n) / 20.0);
        store.upsert(&tenant, candidate, &ANY, noon())
    });
    let outcomes: Vec<_> = join_all(upserts).await.into_iter().map(Result::unwrap).collect();
    let opened: Vec<_> = outcomes.iter().filter(|it| it.1 == Upserted::Opened).collect();
    assert_eq!(opened.len(), 1, "one opens it");
    let id = &opened[0].0.id;
    assert!(outcomes.iter().all(|(candidate, _)| candidate.id == *id), "and all see that one");
    let (kept, _) = store.upsert(&tenant, candidate("late", 0.0), &ANY, noon()).await.unwrap();
    assert_eq!((&kept.id, kept.scored.score), (id, 0.95));
    assert_eq!(kept.signal.id, signal_id("n19"));
    assert_eq!(kept.scored.reasons, ["n19"]);
}

async fn an_expired_one_is_invisible(store: &impl CandidateStore) {
    let tenant = fresh_tenant("expired");
    store.upsert(&tenant, candidate("old", 0.9), &ANY, noon()).await.unwrap();
    let mut next = candidate("next", 0.1);
    next.expires_at = after_noon(9000);
    // It expires at that second, whether or not the store has deleted it.
    let live = store.upsert(&tenant, next.clone(), &ANY, after_noon(3599)).await.unwrap();
    assert_eq!(live.1, Upserted::Merged);
    let opened = store.upsert(&tenant, next.clone(), &ANY, after_noon(3600)).await.unwrap();
    assert_eq!(opened, (next, Upserted::Opened));
}

async fn twenty_at_once_replace_an_expired_one_once(store: &impl CandidateStore) {
    let tenant = fresh_tenant("replace");
    store.upsert(&tenant, candidate("old", 0.99), &ANY, noon()).await.unwrap();
    let upserts = (0..20).map(|n| {
        let mut candidate = candidate(&format!("n{n}"), f64::from(n) / 40.0);
        candidate.expires_at = after_noon(9000);
        store.upsert(&tenant, candidate, &ANY, after_noon(4000))
    });
    let outcomes: Vec<_> = join_all(upserts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|it| it.1 == Upserted::Opened).count(), 1);
    assert!(outcomes.iter().all(|it| it.0.id == outcomes[0].0.id));
    let probe = candidate("probe", 0.0);
    let (kept, _) = store.upsert(&tenant, probe, &ANY, after_noon(4000)).await.unwrap();
    assert_eq!(kept.scored.score, 19.0 / 40.0);
}

async fn slots_are_apart(store: &impl CandidateStore) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let base = candidate("base", 0.5);
    let with = |label: &str, change: &dyn Fn(&mut Candidate)| {
        let mut other = candidate(label, 0.5);
        change(&mut other);
        other
    };
    let slots = [
        (&mine, base.clone()),
        (&yours, base),
        (&mine, with("key", &|it| it.signal.key = "appointment-1".to_owned())),
        (&mine, with("tricky", &|it| it.signal.key = "#u1".to_owned())),
        (&mine, with("subject", &|it| it.signal.subject = subject("u1#"))),
        (&mine, with("use", &|it| it.signal.use_case = use_case("other"))),
    ];
    for (tenant, candidate) in &slots {
        let opened = store.upsert(tenant, candidate.clone(), &ANY, noon()).await.unwrap();
        assert_eq!(opened, (candidate.clone(), Upserted::Opened));
    }
    for (tenant, candidate) in slots {
        let merged = store.upsert(tenant, candidate.clone(), &ANY, noon()).await.unwrap();
        assert_eq!(merged, (candidate, Upserted::Merged));
    }
}

/// Opens at `seconds` after noon and lives for an hour.
fn opening(label: &str, seconds: i64) -> Candidate {
    Candidate { expires_at: after_noon(seconds + 3600), ..candidate(label, 0.5) }
}

async fn a_cooldown_bars(store: &(impl CandidateStore + Histories)) {
    let tenant = fresh_tenant("cooldown");
    let rules = EntryRules { cooldown: Some("2h".to_owned().try_into().unwrap()), ..ANY };
    let first = opening("first", 0);
    store.upsert(&tenant, first.clone(), &rules, noon()).await.unwrap();
    let merged = store.upsert(&tenant, opening("live", 60), &rules, after_noon(60)).await.unwrap();
    assert_eq!(merged.1, Upserted::Merged);
    let barred = store.upsert(&tenant, opening("early", 3700), &rules, after_noon(3700)).await;
    assert_eq!(barred.unwrap().1, Upserted::Barred(Bar::Cooldown));
    let later = (0..10).map(|n| {
        let candidate = opening(&format!("later{n}"), 7200);
        store.upsert(&tenant, candidate, &rules, after_noon(7200))
    });
    let outcomes: Vec<_> = join_all(later).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|it| it.1 == Upserted::Opened).count(), 1);
    let known = store.histories(&tenant, &[first.signal.place()]).await.unwrap();
    assert_eq!(known[0].opened, [noon(), after_noon(7200)]);
    assert_eq!(known[0].expires_at, Some(after_noon(10_800)));
}

async fn so_many_and_no_more(store: &(impl CandidateStore + Histories)) {
    let tenant = fresh_tenant("reentry");
    let rules = EntryRules { reentry: Some(Reentry { limit: 2, within: None }), ..ANY };
    let mut said = Vec::new();
    for n in 0..4 {
        let at = n * 90_000;
        let next = opening(&format!("n{n}"), at);
        said.push(store.upsert(&tenant, next, &rules, after_noon(at)).await.unwrap().1);
    }
    let barred = Upserted::Barred(Bar::Reentry);
    assert_eq!(said, [Upserted::Opened, Upserted::Opened, barred, barred]);
    let other = opening("other", 0).signal.place();
    let stranger = Place { subject: subject("u2"), ..other.clone() };
    let known = store.histories(&tenant, &[stranger, other]).await.unwrap();
    assert_eq!(known.iter().map(|it| it.opened.len()).collect::<Vec<_>>(), [0, 2]);
}
