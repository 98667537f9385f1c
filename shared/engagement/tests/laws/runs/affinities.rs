//! Affinity models are learnt by runs: asked for or by a schedule, part by part, whatever dies.

use super::*;
use ceap_engagement::affinity::count::Counting;
use ceap_engagement::affinity::port::{Affinities, Which as Model};
use ceap_engagement::affinity::{Affinity, learn};
use ceap_engagement::run::affinity::Asked as AskedToLearn;
use ceap_kernel::{AffinityName, ItemId, ModelId};

const RECOMMENDED: &str = r#"
id: recommended
version: 1
name: Recommended
purpose: operational
trigger: {event: item_viewed}
score: {kind: affinity, model: products, events: [item_viewed], of: item_id, within: 30d,
        learn: {expression: "cron(0 3 * * ? *)"}}
ttl: 1d
action: {channel: email, to: "'a@example.com'", subject: a, text: b}
"#;

/// Each of 80 subjects looked at three items, and long ago at one that no longer counts.
fn views(n: usize) -> [(String, i64); 4] {
    let item = |k: usize| format!("i{}", k % 12);
    let days = |days: i64| days * -86_400;
    [("old".to_owned(), days(40)), (item(n), -30), (item(n + 1), -20), (item(n * n + 2), -10)]
}

async fn shoppers(tenant: &TenantId) -> World {
    let world = World::new(noon()).with(tenant, plan(&[RECOMMENDED]));
    for n in 0..80 {
        for (nth, (item, sec)) in views(n).into_iter().enumerate() {
            let viewed = event("item_viewed", &format!("c{n:02}"), &format!("v{n}-{nth}"));
            let viewed = viewed.data(json!({"item_id": item})).sec(sec).of(tenant);
            world.stores().lake.push(viewed);
        }
    }
    let id = use_case("recommended");
    library(&world).put(tenant, &id, RECOMMENDED, None, &Stored::default()).await.unwrap();
    world
}

fn by_hand() -> (ModelId, Affinity) {
    let mut counting = Counting::default();
    for n in 0..80 {
        let items = views(n).into_iter().skip(1).map(|(item, _)| ItemId::new(item).unwrap());
        counting.subject(&items.collect::<Vec<_>>()).unwrap();
    }
    let model = counting.model(learn::LEAST);
    (model.write().unwrap().0, model)
}

fn at_three() -> ScheduleDocument {
    UseCase::parse(RECOMMENDED).unwrap().document.schedule(Duty::Learn).unwrap().clone()
}

fn learns(tenant: &TenantId) -> Cause {
    let fired = fired(tenant);
    let use_case = use_case("recommended");
    Cause::Fired(Fired { use_case, duty: Duty::Learn, schedule: at_three(), ..fired })
}

async fn newest(world: &World, tenant: &TenantId) -> Option<(ModelId, Affinity)> {
    let products = Model::Newest(AffinityName::new("products").unwrap());
    let loaded = world.load(tenant, &products).await.unwrap();
    loaded.map(|loaded| (loaded.id, (*loaded.affinity).clone()))
}

#[tokio::test]
async fn a_model_is_learnt_of_the_lake_in_parts() {
    let tenant = tenant("acme");
    let world = shoppers(&tenant).await;
    let key = (tenant.clone(), use_case("recommended"), Duty::Learn);
    assert_eq!(world.stores().schedules[&key].0, at_three());
    let desk = desk(&world);
    let asked = AskedToLearn { as_of: Some(noon()) };
    let run = desk.learn(&tenant, &key.1, &asked, "k").await.unwrap().run;
    assert_eq!(newest(&world, &tenant).await, None);
    let input = Cause::Asked(Which::from(&run));
    let machine = Machine { world: &world, execution: "one".to_owned(), input, breaks_at: None };
    machine.execute().await.unwrap();
    let view = desk.get(&tenant, &key.1, &run.id).await.unwrap();
    assert_eq!((view.run.state, view.run.kind), (State::Done, Kind::Affinity));
    assert_eq!((view.run.parts, view.run.counts["subjects"]), (Some(3), 80));
    let (id, model) = by_hand();
    let result = json!({"name": "products", "model": id, "subjects": 80, "items": 12});
    assert_eq!(view.result, Some(result));
    assert_eq!(newest(&world, &tenant).await, Some((id, model)));

    let other = use_case("daily");
    library(&world).put(&tenant, &other, DAILY, None, &Stored::default()).await.unwrap();
    let refused = desk.learn(&tenant, &other, &asked, "k").await;
    assert!(matches!(&refused, Err(Fault::Invalid { field, .. }) if field == "score.kind"));
}

#[tokio::test]
async fn a_model_is_learnt_whole_whatever_dies() {
    let tenant = tenant("acme");
    let calls = {
        let world = shoppers(&tenant).await;
        let before = world.total_calls();
        scheduled(&world, &tenant).await;
        world.total_calls() - before
    };
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = shoppers(&tenant).await;
            world.strike(nth, strike);
            scheduled(&world, &tenant).await;
            let run = the_run(&world, &tenant);
            let struck = world.struck();
            assert_eq!((run.state, run.counts["subjects"]), (State::Done, 80), "{struck:?}");
            assert_eq!(newest(&world, &tenant).await, Some(by_hand()), "{struck:?}");
        }
    }
}

async fn scheduled(world: &World, tenant: &TenantId) {
    let input = learns(tenant);
    let machine = Machine { world, execution: "x".to_owned(), input, breaks_at: None };
    machine.execute().await.unwrap();
}

#[tokio::test]
async fn what_a_certain_model_scores_learns_nothing() {
    let pinned = RECOMMENDED.replace("products", &"ab".repeat(32));
    let refused = UseCase::parse(&pinned).unwrap_err().to_string();
    assert!(refused.contains("score.model: is a certain model"), "{refused}");
    let tenant = tenant("acme");
    let world = shoppers(&tenant).await;
    let pinned = pinned.lines().filter(|line| !line.contains("learn:")).collect::<Vec<_>>();
    let pinned = pinned
        .join("\n")
        .replace("within: 30d,", "within: 30d}")
        .replace("version: 1", "version: 2");
    let id = use_case("recommended");
    library(&world).put(&tenant, &id, &pinned, None, &Stored::default()).await.unwrap();
    let refused = desk(&world).learn(&tenant, &id, &AskedToLearn::default(), "k").await;
    assert!(matches!(&refused, Err(Fault::Invalid { field, .. }) if field == "score.model"));
    assert!(world.stores().schedules.is_empty(), "what it did by a schedule, it no longer does");
}
