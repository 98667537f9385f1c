//! Backfills: what a document's features would be, had it been there from the start.

use super::*;

/// A document whose features are of every sort, and one that shares a stream with it.
const OLD: &str = r#"
id: old
version: 1
name: Old
purpose: operational
trigger: {event: visit, when: features.visits == 3}
features: {visits: {op: count, event: visit, within: 10m}}
score: {kind: expression, base: 1, terms: []}
ttl: 1h
action: {channel: email, to: "'a@example.com'", subject: a, text: b}
"#;

const NEW: &str = r#"
id: new
version: 1
name: New
purpose: operational
trigger: {event: visit, when: features.spent > 20.0 && features.visits > 4}
features:
  visits: {op: count, event: visit, within: 2h}
  ever: {op: count, event: order, within: lifetime}
  spent: {op: sum, event: order, of: value, within: 1h}
  last: {op: last, event: order, of: value, within: 30m}
  kinds: {op: distinct, event: order, of: value, within: 3h}
score: {kind: expression, base: 1, terms: []}
ttl: 1h
action: {channel: email, to: "'a@example.com'", subject: a, text: b}
"#;

async fn stored(world: &World, tenant: &TenantId) {
    let version = Version { updated_at: noon(), document: UseCase::parse(NEW).unwrap().document };
    let put = UseCaseKeeper::put(world, tenant, &version);
    put.await.unwrap();
}

async fn backfilled(world: &World, tenant: &TenantId) -> Run {
    let new = use_case("new");
    let asked = loop {
        match world.alive(desk(world).backfill(tenant, &new, "k")).await {
            Some(Ok(view)) => break view.run,
            Some(Err(fault)) => assert!(fault.retryable(), "{fault}"),
            None => {}
        }
    };
    let input = Cause::Asked(Which::from(&asked));
    Machine { world, execution: "x".to_owned(), input, breaks_at: None }.execute().await.unwrap();
    the_run(world, tenant)
}

/// What conditions see of a subject at some instants from `from` on.
fn seen(world: &World, tenant: &TenantId, id: &str, from: i64) -> Vec<serde_json::Value> {
    let new = UseCase::parse(NEW).unwrap();
    let state = world.state(tenant, &subject(id));
    let (subject, settings) = (subject(id), json!({}));
    let at = |after: i64| AsOf {
        at: after_noon(from + after).as_millisecond(),
        subject: &subject,
        settings: &settings,
        trigger: None,
    };
    let instants = [0, 60, 600, 1_800, 7_200, 86_400];
    instants.map(|after| new.features.values(&state.series, &at(after))).to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// A document that is backfilled judges what comes after as if it had been there from the start,
    /// also when events came in since it was kept, and the lake has some of them.
    #[test]
    fn a_backfilled_document_was_there_from_the_start(
        facts in prop::collection::vec((0_usize..3, 0_usize..2, 1_i64..400, 0_i64..12), 1..80),
        kept in 0_usize..80,
        since in 0_usize..12,
        known in 0_usize..12,
        strike in prop::option::of((0_usize..40, 0_usize..4)),
    ) {
        let tenant = tenant("acme");
        let mut second = 0;
        let all: Vec<_> = facts.iter().enumerate().map(|(n, (who, what, gap, value))| {
            second += gap;
            let kind = ["visit", "order"][*what];
            let fact = event(kind, ["u1", "u2", "u3"][*who], &format!("e{n}")).sec(second);
            fact.data(json!({"value": value})).of(&tenant)
        }).collect();
        let kept = kept.min(all.len());
        let filled = (kept + since).min(all.len());
        let lake = (kept + known).min(filled);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let always = World::new(noon()).with(&tenant, plan(&[OLD, NEW]));
            for one in &all {
                always.ingest(std::slice::from_ref(one)).await;
            }
            let world = World::new(noon()).with(&tenant, plan(&[OLD]));
            for one in &all[..kept] {
                world.ingest(std::slice::from_ref(one)).await;
            }
            let world = world.with(&tenant, plan(&[OLD, NEW]));
            stored(&world, &tenant).await;
            world.set_now(after_noon(second + 1));
            for one in &all[kept..filled] {
                world.ingest(std::slice::from_ref(one)).await;
            }
            world.stores().lake = all[..lake].to_vec();
            if let Some((nth, how)) = strike {
                world.strike(nth, Strike::ALL[how]);
            }
            let run = backfilled(&world, &tenant).await;
            assert_eq!(run.state, State::Done, "{:?}", world.struck());
            for one in &all[filled..] {
                world.ingest(std::slice::from_ref(one)).await;
            }
            let from = all.get(filled).or(all.last()).map(|one| one.at.as_second());
            let from = from.unwrap_or_default() - noon().as_second();
            for id in ["u1", "u2", "u3"] {
                assert_eq!(seen(&world, &tenant, id, second.max(from)), seen(&always, &tenant, id, second.max(from)));
            }
            // Signals of what came after it are the same; what was before triggers nothing.
            let after = |world: &World| -> BTreeSet<SignalId> {
                let stores = world.stores();
                let signals = stores.emissions.iter().flat_map(|it| it.signals.iter());
                let new = signals.filter(|it| it.use_case.as_str() == "new");
                new.filter(|it| it.at.as_second() - noon().as_second() >= from && filled < all.len())
                    .map(|it| it.id.clone()).collect()
            };
            assert_eq!(after(&world), after(&always));
        });
    }
}

#[tokio::test]
async fn a_backfill_waits_for_the_lake_and_wants_something_to_do() {
    let tenant = tenant("acme");
    let world = World::new(noon()).with(&tenant, plan(&[NEW]));
    stored(&world, &tenant).await;
    let desk = desk(&world);
    let run = desk.backfill(&tenant, &use_case("new"), "k").await.unwrap().run;
    assert_eq!(run.begins, Some(after_noon(310)), "ten seconds, and the lake's five minutes");
    world.pass(SignedDuration::from_mins(10));
    let run = desk.backfill(&tenant, &use_case("new"), "l").await.unwrap().run;
    assert_eq!((run.kind, run.begins), (Kind::Backfill, None));
    let off = NEW.replace("version: 1", "version: 2\nmode: off");
    library(&world).put(&tenant, &use_case("new"), &off, None, &Stored::default()).await.unwrap();
    let refused = desk.backfill(&tenant, &use_case("new"), "m").await;
    assert!(
        matches!(&refused, Err(Fault::Invalid { field, .. }) if field == "mode"),
        "{refused:?}"
    );
}
