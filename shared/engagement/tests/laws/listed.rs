//! What the API lists of a subject and of a use case.

use ceap_engagement::candidate_list::{Asked, List, list};
use ceap_engagement::profile_view::view;
use ceap_kernel::{Fault, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{
    after_noon, catalogue_documents, customer, event, noon, plan, subject, tenant,
};
use serde_json::json;

const SCORED: &str = "\
id: scored
version: 1
name: Scored
purpose: transactional
trigger: {event: offered}
score: {kind: expression, base: 0, terms: [{value: event.data.score, default: 0, weight: 1, reason: offer}]}
ttl: 1h
key: event.data.key
action: {channel: email, subject: Hello, text: Hello}
";

async fn world(tenant: &TenantId) -> World {
    let mut documents = catalogue_documents();
    documents.push(SCORED);
    let world = World::new(noon()).with(tenant, plan(&documents));
    let mut facts = vec![customer("u1"), customer("u2")];
    facts.extend((0..6).map(|n| event("app_crashed", "u1", &format!("c{n}")).sec(n - 900)));
    for (n, score) in [(1, 0.2), (2, 0.9), (3, 0.4), (4, 0.4), (5, 0.7)] {
        let data = json!({"score": score, "key": format!("k{n}")});
        facts.push(event("offered", "u1", &format!("o{n}")).data(data.clone()).sec(-60));
        facts.push(event("offered", "u2", &format!("o{n}")).data(data).sec(-60));
    }
    world.run(&facts.iter().map(|fact| fact.of(tenant)).collect::<Vec<_>>()).await;
    world.set_now(noon());
    world
}

fn asked(fields: &[(&str, &str)]) -> Asked {
    let field = |name: &str| {
        fields.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    Asked {
        use_case: field("use_case").or_else(|| Some("scored".to_owned())),
        subject: field("subject"),
        min_score: field("min_score"),
        limit: field("limit"),
        cursor: field("cursor"),
    }
}

fn scores(list: &List) -> Vec<(f64, &str)> {
    list.candidates.iter().map(|it| (it.score, it.key.as_str())).collect()
}

#[tokio::test]
async fn a_profile_shows_what_use_cases_make_of_it() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let seen = view(&tenant, &subject("u1"), &world, &world, &world, &world).await.unwrap();
    let features = serde_json::to_value(&seen.features).unwrap();
    assert_eq!(features["predictive-issue-resolution"]["crashes"], 6);
    assert_eq!(features["suspicious-activity"]["failures"], 0);
    assert_eq!(features.get("scored"), None, "it declares none");
    let found: Vec<(&str, f64)> =
        seen.candidates.iter().map(|it| (it.use_case.as_str(), it.score)).collect();
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.is_sorted_by(|a, b| a.1 >= b.1), "{found:?}");
    assert_eq!(found.iter().filter(|it| it.0 == "predictive-issue-resolution").count(), 1);
    assert_eq!(seen.events["app_crashed"].count, 6);
    assert_eq!(world.calls("candidates.of_subject"), 1, "one query");

    // A day later windows are empty, and candidates of an hour are gone.
    world.set_now(after_noon(86_400));
    let later = view(&tenant, &subject("u1"), &world, &world, &world, &world).await.unwrap();
    let features = serde_json::to_value(&later.features).unwrap();
    assert_eq!(features["predictive-issue-resolution"]["crashes"], 0);
    assert!(later.candidates.iter().all(|it| it.use_case.as_str() != "scored"));
    let nobody = view(&tenant, &subject("u9"), &world, &world, &world, &world).await;
    assert!(matches!(nobody, Err(Fault::NotFound(_))));
}

#[tokio::test]
async fn candidates_come_best_first_page_by_page() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let all = list(&tenant, &asked(&[]), &world, &world).await.unwrap();
    assert_eq!((all.candidates.len(), &all.next), (10, &None));
    for fields in [&[("limit", "3")][..], &[("limit", "3"), ("subject", "u2")]] {
        let mut cursor = None;
        let mut seen = Vec::new();
        loop {
            let mut fields = fields.to_vec();
            fields.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = list(&tenant, &asked(&fields), &world, &world).await.unwrap();
            assert!(page.candidates.len() <= 3);
            seen.extend(page.candidates);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let own = |it: &&ceap_engagement::candidate_list::View| {
            fields.len() == 1 || it.subject == subject("u2")
        };
        let expected: Vec<_> = all.candidates.iter().filter(own).cloned().collect();
        assert_eq!(seen, expected);
    }
    let good = asked(&[("min_score", "0.7"), ("subject", "u1")]);
    let good = list(&tenant, &good, &world, &world).await.unwrap();
    assert_eq!(scores(&good), [(0.9, "k2"), (0.7, "k5")]);
}

#[tokio::test]
async fn a_cursor_goes_on_only_where_it_comes_from() {
    let (tenant, other) = (tenant("acme"), tenant("globex"));
    let world = world(&tenant).await;
    let first = list(&tenant, &asked(&[("limit", "2")]), &world, &world).await.unwrap();
    let cursor = first.next.unwrap();
    let refused = async |tenant: &TenantId, fields: &[(&str, &str)]| {
        let fault = list(tenant, &asked(fields), &world, &world).await.unwrap_err();
        assert!(matches!(fault, Fault::Invalid { .. }), "{fault:?}");
        fault.to_string()
    };
    let own = [("cursor", cursor.as_str())];
    assert!(refused(&other, &own).await.starts_with("cursor: is none of ours"));
    for also in [("use_case", "abandoned-cart"), ("subject", "u1")] {
        let fields = [own[0], also];
        assert!(refused(&tenant, &fields).await.starts_with("cursor: is none of ours"));
    }
    for bad in ["", "x", "!", "MDAw"] {
        refused(&tenant, &[("cursor", bad)]).await;
    }
    for (field, bad) in [("limit", "0"), ("limit", "101"), ("limit", "x"), ("min_score", "1.1")] {
        assert!(refused(&tenant, &[(field, bad)]).await.starts_with(field));
    }
    assert!(refused(&tenant, &[("use_case", "")]).await.starts_with("use_case"));
}
