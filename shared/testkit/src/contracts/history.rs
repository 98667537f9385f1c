//! The event lake.

use crate::builders::{after_noon, event, fresh_tenant, noon, subject};
use ceap_engagement::event::Arrived;
use ceap_engagement::history::{Erase, History, Named, Part, Query};
use ceap_kernel::{SubjectId, TenantId};
use futures::TryStreamExt;
use serde_json::json;

/// Runs the whole suite. `fill` puts events into the lake, in their order, and returns when they
/// can be read.
pub async fn history(lake: &(impl History + Erase), fill: impl AsyncFn(&[Arrived])) {
    nothing_is_no_event(lake).await;
    events_are_read_as_they_came(lake, &fill).await;
    copies_are_one_event(lake, &fill).await;
    a_query_narrows(lake, &fill).await;
    parts_hold_each_subject_once(lake, &fill).await;
    an_erased_subject_is_gone_and_nobody_else(lake, &fill).await;
}

async fn read(lake: &impl History, tenant: &TenantId, query: &Query) -> Vec<Arrived> {
    lake.read(tenant, query).try_collect().await.unwrap()
}

async fn ids(lake: &impl History, tenant: &TenantId, query: &Query) -> Vec<String> {
    read(lake, tenant, query).await.into_iter().map(|it| it.event.id).collect()
}

async fn people(lake: &impl History, tenant: &TenantId, query: &Query) -> Vec<String> {
    let found: Vec<SubjectId> = lake.subjects(tenant, query).try_collect().await.unwrap();
    found.iter().map(ToString::to_string).collect()
}

async fn nothing_is_no_event(lake: &impl History) {
    let tenant = fresh_tenant("empty");
    assert!(read(lake, &tenant, &Query::default()).await.is_empty());
    assert!(people(lake, &tenant, &Query::default()).await.is_empty());
}

async fn events_are_read_as_they_came(lake: &impl History, fill: &impl AsyncFn(&[Arrived])) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let data = json!({"text": "ü \" ' \\ 𝄞, \n\r\t?", "deep": [{"a": null}, 1, -2.5, 9_007_199_254_740_993_i64, true], "": ""});
    let sent: Vec<Arrived> = ["u1", "a#b", "o'clock", "ü/𝄞 \"x\", y", "10.0.0.1"]
        .iter()
        .flat_map(|id| {
            let one = event("order placed", id, "i ' \" ,1").data(data.clone()).sec(3).of(&mine);
            let late = event("x", id, "2").time("1997-01-01T00:00:00.000001Z".parse().unwrap());
            [one, Arrived { at: noon(), ..late.of(&mine) }]
        })
        .collect();
    fill(&[sent.clone(), vec![event("x", "u1", "theirs").of(&yours)]].concat()).await;
    let mut expected = sent;
    expected
        .sort_by(|a, b| (&a.event.subject, a.event.time).cmp(&(&b.event.subject, b.event.time)));
    assert_eq!(read(lake, &mine, &Query::default()).await, expected);
    assert_eq!(ids(lake, &yours, &Query::default()).await, ["theirs"]);
}

/// Sent again it is one event; so is one without a time, which happens when it arrives.
async fn copies_are_one_event(lake: &impl History, fill: &impl AsyncFn(&[Arrived])) {
    let tenant = fresh_tenant("copies");
    let arrived = |id: &str, who: &str, happened, at| Arrived {
        at: after_noon(at),
        ..event("x", who, id).sec(happened).of(&tenant)
    };
    let sent = [
        arrived("b", "u1", 20, 20),
        arrived("a", "u1", 10, 10),
        arrived("a", "u2", 11, 11),
        arrived("a", "u1", 10, 4000),
        arrived("b", "u1", 3600, 3600),
    ];
    fill(&sent).await;
    let all = read(lake, &tenant, &Query::default()).await;
    assert_eq!(all, [&sent[1], &sent[0], &sent[2]].map(Clone::clone));
    let later = Query { from: Some(after_noon(60)), ..Query::default() };
    assert!(read(lake, &tenant, &later).await.is_empty(), "b happened before");
    let other_source = event("x", "u1", "a").with("source", "other".into()).sec(10).of(&tenant);
    fill(&[other_source]).await;
    assert_eq!(ids(lake, &tenant, &Query::default()).await, ["a", "a", "b", "a"]);
}

async fn a_query_narrows(lake: &impl History, fill: &impl AsyncFn(&[Arrived])) {
    let tenant = fresh_tenant("query");
    let day = 86_400;
    let sent: Vec<Arrived> =
        [("u1", "x", 0), ("u1", "y", day), ("u2", "x", day), ("u3", "z", 2 * day)]
            .iter()
            .map(|(who, kind, at)| {
                let id = format!("{who}{kind}");
                Arrived { at: after_noon(9 * day), ..event(kind, who, &id).sec(*at).of(&tenant) }
            })
            .collect();
    fill(&sent).await;
    let kinds = |kinds: &[&str]| Query {
        kinds: kinds.iter().map(|it| (*it).to_owned()).collect(),
        ..Query::default()
    };
    assert_eq!(ids(lake, &tenant, &Query::default()).await, ["u1x", "u1y", "u2x", "u3z"]);
    assert_eq!(ids(lake, &tenant, &kinds(&["x", "z"])).await, ["u1x", "u2x", "u3z"]);
    assert_eq!(people(lake, &tenant, &kinds(&["x"])).await, ["u1", "u2"]);
    assert!(people(lake, &tenant, &kinds(&["x' OR 'a' = 'a"])).await.is_empty());
    let from = Query { from: Some(after_noon(day)), ..Query::default() };
    assert_eq!(ids(lake, &tenant, &from).await, ["u1y", "u2x", "u3z"]);
    let between = Query { until: Some(after_noon(2 * day)), ..from };
    assert_eq!(ids(lake, &tenant, &between).await, ["u1y", "u2x"], "the end is not in it");
    assert_eq!(people(lake, &tenant, &between).await, ["u1", "u2"]);
    let of_one = Query { subject: Some(subject("u1")), ..between };
    assert_eq!(ids(lake, &tenant, &of_one).await, ["u1y"]);
}

async fn parts_hold_each_subject_once(lake: &impl History, fill: &impl AsyncFn(&[Arrived])) {
    let tenant = fresh_tenant("parts");
    let sent: Vec<Arrived> =
        (100..160).map(|n| event("x", &format!("u{n}"), &n.to_string()).of(&tenant)).collect();
    fill(&sent).await;
    let mut all = Vec::new();
    for index in 0..3 {
        let part = Part::new(index, 3).unwrap();
        let query = Query { part: Some(part), ..Query::default() };
        let found = read(lake, &tenant, &query).await;
        assert!(!found.is_empty() && found.iter().all(|it| part.holds(&it.event.subject)));
        assert_eq!(people(lake, &tenant, &query).await.len(), found.len());
        all.extend(found);
    }
    all.sort_by(|a, b| a.event.subject.cmp(&b.event.subject));
    assert_eq!(all, sent);
}

async fn an_erased_subject_is_gone_and_nobody_else(
    lake: &(impl History + Erase),
    fill: &impl AsyncFn(&[Arrived]),
) {
    let (mine, yours) = (fresh_tenant("erased"), fresh_tenant("kept"));
    let who = "it's \"me\"; --";
    let of = |tenant: &TenantId| -> Vec<Arrived> {
        [who, "it", "u2"]
            .iter()
            .flat_map(|id| (0..3).map(|n| event("x", id, &n.to_string()).sec(n).of(tenant)))
            .collect()
    };
    fill(&[of(&mine), of(&yours)].concat()).await;
    let none = Named::default();
    for _ in 0..2 {
        lake.erase(&mine, &[subject(who), subject("unheard-of")].into(), &none).await.unwrap();
        assert_eq!(people(lake, &mine, &Query::default()).await, ["it", "u2"]);
    }
    assert_eq!(read(lake, &mine, &Query::default()).await.len(), 6);
    assert_eq!(read(lake, &yours, &Query::default()).await.len(), 9);
    let nobody = subject("nobody' OR tenant <> '");
    lake.erase(&mine, &[nobody].into(), &none).await.unwrap();
    assert_eq!(read(lake, &mine, &Query::default()).await.len(), 6);
    lake.erase(&mine, &["it", "u2"].map(subject).into(), &none).await.unwrap();
    assert!(read(lake, &mine, &Query::default()).await.is_empty(), "several at once");
    assert_eq!(read(lake, &yours, &Query::default()).await.len(), 9);

    // Of others what names them goes too, and nothing else.
    let said = |id: &str, text: &str| {
        let data = json!({"comment": {"body": text}});
        event("said", "bob", id).data(data).of(&mine)
    };
    let of_ticket = |id: &str, ticket: u64| {
        let data = json!({"ticket": {"subject": "Ada L. again", "id": ticket}});
        event("told", "bob", id).data(data).of(&mine)
    };
    let all = [
        "Ask Ada@Acme.example, she knows",
        "One line\nada@acme.example",
        "cust-10",
        "my.ada@acme.example and cada@acme.example are others'",
        "cust-100; --",
        "adaxacme.example",
    ];
    let all: Vec<Arrived> =
        all.iter().enumerate().map(|(n, it)| said(&n.to_string(), it)).collect();
    let own = json!({"email": "ada@acme.example"});
    let own = event("profile_updated", "bob", "own").data(own).of(&mine);
    let told = vec![own, of_ticket("hers", 7), of_ticket("other", 70)];
    fill(&[all, told].concat()).await;
    let named = Named {
        alone: ["ada@ACME.example", "Cust-10", "o'"].map(str::to_owned).into(),
        near: ["ada l.".to_owned()].into(),
        tickets: [7, 8].into(),
    };
    for _ in 0..2 {
        lake.erase(&mine, &[subject("ada")].into(), &named).await.unwrap();
        assert_eq!(ids(lake, &mine, &Query::default()).await, ["3", "4", "5", "other", "own"]);
    }
}
