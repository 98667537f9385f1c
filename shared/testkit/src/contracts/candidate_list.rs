//! Lists of live candidates.

use super::candidates::candidate;
use crate::builders::{after_noon, fresh_tenant, noon, subject, use_case};
use ceap_engagement::candidate::{Candidate, CandidateStore};
use ceap_engagement::candidate_list::{CandidateList, Stretch};
use ceap_engagement::reentry::EntryRules;
use ceap_kernel::{CandidateId, SubjectId, TenantId, Timestamp};

/// Runs the whole suite.
pub async fn candidate_list(store: &(impl CandidateStore + CandidateList)) {
    the_best_comes_first(store).await;
    a_better_signal_moves_it_up(store).await;
    expired_is_gone(store).await;
    pages_are_stable_while_others_are_written(store).await;
    a_subject_has_its_own(store).await;
}

const ALL: Stretch = Stretch { after: None, min_score: 0.0 };

/// A candidate of this subject, which lives for an hour from noon.
fn of(who: &str, score: f64) -> Candidate {
    let mut candidate = candidate(&format!("{who} {score}"), score);
    candidate.signal.subject = subject(who);
    candidate
}

async fn keep(store: &impl CandidateStore, tenant: &TenantId, candidate: &Candidate) {
    store.upsert(tenant, candidate.clone(), &EntryRules::default(), noon()).await.unwrap();
}

/// All pages of `limit`, in their order.
async fn pages(
    store: &impl CandidateList,
    tenant: &TenantId,
    mut stretch: Stretch,
    limit: usize,
    now: Timestamp,
) -> Vec<Candidate> {
    let (contract, mut found) = (use_case("contract"), Vec::new());
    loop {
        let (page, next) = store.ranked(tenant, &contract, &stretch, limit, now).await.unwrap();
        assert!(page.len() <= limit);
        found.extend(page);
        let Some(next) = next else { return found };
        assert!(stretch.after < Some(next.clone()), "a page goes on behind itself");
        stretch.after = Some(next);
    }
}

async fn the_best_comes_first(store: &(impl CandidateStore + CandidateList)) {
    let (tenant, other) = (fresh_tenant("ranked"), fresh_tenant("else"));
    let scores = [0.3, 1.0, 0.0, 0.75, 0.3, 1.0 / 3.0, 0.1 + 0.2];
    let mut all: Vec<Candidate> =
        scores.iter().enumerate().map(|(n, score)| of(&format!("u{n}"), *score)).collect();
    for candidate in &all {
        keep(store, &tenant, candidate).await;
    }
    keep(store, &other, &of("u9", 0.9)).await;
    let mut elsewhere = of("u9", 0.8);
    elsewhere.signal.use_case = use_case("elsewhere");
    keep(store, &tenant, &elsewhere).await;

    let key = |it: &Candidate| (std::cmp::Reverse((it.scored.score * 1e18) as u64), it.id.clone());
    all.sort_by_key(key);
    for limit in [1, 2, 7, 100] {
        assert_eq!(pages(store, &tenant, ALL, limit, noon()).await, all, "pages of {limit}");
        let least = Stretch { after: None, min_score: 0.3 };
        let good: Vec<Candidate> =
            all.iter().filter(|it| it.scored.score >= 0.3).cloned().collect();
        assert_eq!(pages(store, &tenant, least, limit, noon()).await, good);
    }
    let beyond = Stretch { after: Some(all[6].rank()), min_score: 0.9 };
    assert_eq!(pages(store, &tenant, beyond, 10, noon()).await, []);
}

async fn a_better_signal_moves_it_up(store: &(impl CandidateStore + CandidateList)) {
    let tenant = fresh_tenant("moves");
    for (who, score) in [("u1", 0.5), ("u2", 0.4), ("u2", 0.6), ("u2", 0.1)] {
        keep(store, &tenant, &of(who, score)).await;
    }
    let found = pages(store, &tenant, ALL, 10, noon()).await;
    let order: Vec<(&SubjectId, f64)> =
        found.iter().map(|it| (&it.signal.subject, it.scored.score)).collect();
    assert_eq!(order, [(&subject("u2"), 0.6), (&subject("u1"), 0.5)], "each once");
}

async fn expired_is_gone(store: &(impl CandidateStore + CandidateList)) {
    let tenant = fresh_tenant("gone");
    let mut longer = of("u1", 0.5);
    longer.expires_at = after_noon(7200);
    keep(store, &tenant, &longer).await;
    for n in 0..12 {
        keep(store, &tenant, &of(&format!("o{n}"), 0.9)).await;
    }
    assert_eq!(pages(store, &tenant, ALL, 2, after_noon(3599)).await.len(), 13);
    assert_eq!(pages(store, &tenant, ALL, 2, after_noon(3600)).await, [longer.clone()]);
    let contract = use_case("contract");
    let own = store.of_subject(&tenant, Some(&contract), &subject("u1"), after_noon(7199)).await;
    assert_eq!(own, Ok(vec![longer]));
    let own = store.of_subject(&tenant, Some(&contract), &subject("u1"), after_noon(7200)).await;
    assert_eq!(own, Ok(vec![]));
    // Another takes its place.
    let mut next = of("o1", 0.2);
    next.expires_at = after_noon(9000);
    store.upsert(&tenant, next.clone(), &EntryRules::default(), after_noon(4000)).await.unwrap();
    let found = pages(store, &tenant, ALL, 100, after_noon(8000)).await;
    assert_eq!(found, [next]);
}

async fn pages_are_stable_while_others_are_written(store: &(impl CandidateStore + CandidateList)) {
    let tenant = fresh_tenant("stable");
    let contract = use_case("contract");
    for n in 0..6 {
        keep(store, &tenant, &of(&format!("u{n}"), 0.9 - f64::from(n) / 10.0)).await;
    }
    let (first, next) = store.ranked(&tenant, &contract, &ALL, 3, noon()).await.unwrap();
    keep(store, &tenant, &of("better", 0.95)).await;
    keep(store, &tenant, &of("worse", 0.05)).await;
    let rest = pages(store, &tenant, Stretch { after: next, ..ALL }, 3, noon()).await;
    let seen: Vec<&str> = first.iter().chain(&rest).map(|it| it.signal.subject.as_str()).collect();
    assert_eq!(seen, ["u0", "u1", "u2", "u3", "u4", "u5", "worse"]);
}

async fn a_subject_has_its_own(store: &(impl CandidateStore + CandidateList)) {
    let tenant = fresh_tenant("own");
    for (who, key) in [("u1", ""), ("u1", "b"), ("u1", "#"), ("u1#", ""), ("u1#b", ""), ("u10", "")]
    {
        let mut candidate = of(who, 0.5);
        key.clone_into(&mut candidate.signal.key);
        candidate.id = CandidateId::derive(&super::signal_id(&format!("{who} {key}")));
        keep(store, &tenant, &candidate).await;
    }
    let contract = use_case("contract");
    let mut own = store.of_subject(&tenant, Some(&contract), &subject("u1"), noon()).await.unwrap();
    own.sort_by(|a, b| a.signal.key.cmp(&b.signal.key));
    let keys: Vec<&str> = own.iter().map(|it| it.signal.key.as_str()).collect();
    assert_eq!(keys, ["", "#", "b"]);
    assert!(own.iter().all(|it| it.signal.subject == subject("u1")));
    let none = store.of_subject(&tenant, Some(&use_case("other")), &subject("u1"), noon()).await;
    assert_eq!(none, Ok(vec![]));
}
