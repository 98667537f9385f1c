//! A writer that dies at any call to the store, before or after the call has done what it does.

use std::time::Duration;

use ceap_kernel::Fault;
use ceap_search::{Policy, Writer, blobs::memory::Fate};

use crate::world::{Model, Short, World, change};

enum Step {
    Apply(&'static [Short<'static>]),
    Merge,
    Collect,
}

const STEPS: [Step; 10] = [
    Step::Apply(&[("a", Some(1)), ("b", Some(2)), ("c", Some(3))]),
    Step::Apply(&[("b", Some(13)), ("d", Some(4))]),
    Step::Merge,
    Step::Apply(&[("a", None), ("e", Some(5))]),
    Step::Apply(&[("d", None), ("e", Some(23)), ("f", Some(10))]),
    Step::Merge,
    Step::Collect,
    Step::Apply(&[("c", Some(33)), ("g", Some(20))]),
    // What the first has marked, the second deletes.
    Step::Collect,
    Step::Merge,
];

async fn go(world: &World, writer: &Writer, at: u64, step: &Step) -> Result<(), Fault> {
    let policy = Policy { fanout: 2, ..Policy::default() };
    match step {
        Step::Apply(changes) => {
            world.apply(writer, "shard", at * 100 + 1, changes).await.map(|_| ())
        }
        Step::Merge => writer.merge(&policy).await.map(|_| ()),
        Step::Collect => writer.collect().await.map(|_| ()),
    }
}

/// How many calls all steps make.
async fn calls() -> usize {
    let world = World::new();
    let writer = world.writer();
    for (at, step) in (0..).zip(&STEPS) {
        if matches!(step, Step::Collect) {
            world.later(Duration::from_hours(2));
        }
        go(&world, &writer, at, step).await.unwrap();
    }
    usize::try_from(world.store.count().calls()).unwrap()
}

/// How the store goes on after the call that fails.
#[derive(Clone, Copy)]
enum After {
    Dead,
    Well,
}

async fn fail(calls: usize, fate: Fate, after: After) {
    let world = World::new();
    let mut model = Model::new();
    match after {
        After::Dead => world.store.die_after(calls, fate),
        After::Well => {
            world.store.script(std::iter::repeat_n(Fate::Well, calls).chain([fate]));
        }
    }
    let mut writer = world.writer();
    for (at, step) in (0..).zip(&STEPS) {
        if matches!(step, Step::Collect) {
            world.later(Duration::from_hours(2));
        }
        let before = model.clone();
        if let Step::Apply(changes) = step {
            change(&mut model, changes);
        }
        if go(&world, &writer, at, step).await.is_err() {
            world.store.heal();
            let seen = world.contents(&world.searcher()).await.unwrap();
            assert!(seen == before || seen == model, "neither before nor after: {seen:?}");
            // Another process goes on with what was not acknowledged.
            writer = world.writer();
            go(&world, &writer, at, step).await.unwrap();
        }
    }
    world.store.heal();
    world.check(&world.searcher(), &model).await;
    for _ in 0..2 {
        world.later(Duration::from_hours(2));
        writer.collect().await.unwrap();
    }
    let manifest = world.archive.manifest().await.unwrap().0;
    let named = manifest.names(&world.archive.place).len() + ["manifest", "marks"].len();
    assert_eq!(world.store.sizes().len(), named, "something was left behind");
    world.check(&world.searcher(), &model).await;
}

#[tokio::test]
async fn a_writer_may_die_at_any_call() {
    let calls = calls().await;
    assert!(calls > 30, "{calls} calls");
    for at in 0..calls {
        let dead = || Fault::Internal("dead".into());
        fail(at, Fate::Fails(dead()), After::Dead).await;
        fail(at, Fate::Lost(dead()), After::Dead).await;
    }
}

#[tokio::test]
async fn a_call_may_fail_or_lose_its_answer() {
    let calls = calls().await;
    for at in 0..calls {
        let hiccup = || Fault::Unavailable("hiccup".into());
        fail(at, Fate::Fails(hiccup()), After::Well).await;
        fail(at, Fate::Lost(hiccup()), After::Well).await;
    }
}
