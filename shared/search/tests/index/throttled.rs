//! A store that is asked too much.

use ceap_kernel::Fault;
use ceap_search::blobs::memory::Fate;

use crate::world::{Model, World, change};

fn throttled() -> Fault {
    Fault::Throttled("slow down".to_owned())
}

#[tokio::test]
async fn what_is_throttled_is_tried_again() {
    let world = World::new();
    let writer = world.writer();
    let mut model = Model::new();
    for at in 1..5_u64 {
        world.store.script([Fate::Fails(throttled()), Fate::Well, Fate::Fails(throttled())]);
        world.apply(&writer, "s", at * 2, &[("a", Some(at)), ("b", Some(at))]).await.unwrap();
        change(&mut model, &[("a", Some(at)), ("b", Some(at))]);
    }
    world.store.script([Fate::Fails(throttled()), Fate::Fails(throttled())]);
    world.check(&world.searcher(), &model).await;
}

#[tokio::test]
async fn what_stays_throttled_is_an_error_and_no_answer() {
    let world = World::new();
    let writer = world.writer();
    world.apply(&writer, "s", 1, &[("a", Some(1))]).await.unwrap();
    let searcher = world.searcher();
    for calls in 0..2 {
        world.store.die_after(calls, Fate::Fails(throttled()));
        assert!(world.contents(&searcher).await.is_err(), "after {calls} calls");
        world.store.heal();
    }
    assert_eq!(world.contents(&searcher).await.unwrap().len(), 1);
}
