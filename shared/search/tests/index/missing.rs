//! A segment that is not there.

use std::time::Duration;

use ceap_kernel::Fault;
use ceap_search::{Collected, Limits, Policy};

use crate::world::World;

#[tokio::test]
async fn a_searcher_goes_on_with_what_replaced_a_segment() {
    let world = World::new();
    let writer = world.writer_with(Limits::default());
    writer.apply(&world.large("x")).await.unwrap();
    writer.apply(&world.large("y")).await.unwrap();
    let manifest = world.archive.manifest().await.unwrap().0;
    assert!(manifest.segments.iter().all(|piece| piece.bytes > 1 << 20), "{manifest:?}");

    // It keeps its view for long and nothing in memory, so it must read what has been collected.
    let searcher = world.searcher_with(Duration::from_hours(9), 0);
    assert_eq!(world.count(&searcher, "n").await.unwrap(), 0);
    let policy = Policy { fanout: 2, ..Policy::default() };
    assert_eq!(writer.merge(&policy).await.unwrap().map(|merged| merged.from), Some(2));
    assert_eq!(writer.collect().await.unwrap(), Collected { deleted: 0, marked: 2 });
    world.later(Duration::from_hours(2));
    assert_eq!(writer.collect().await.unwrap(), Collected { deleted: 2, marked: 0 });
    assert_eq!(world.count(&searcher, "all").await.unwrap(), 4_000);
}

#[tokio::test]
async fn a_lost_segment_is_told() {
    let world = World::new();
    let writer = world.writer();
    world.apply(&writer, "s", 1, &[("a", Some(1))]).await.unwrap();
    let manifest = world.archive.manifest().await.unwrap().0;
    let name = world.archive.place.segment(&manifest.segments[0].id);
    world.store.remove(&name);
    match world.contents(&world.searcher()).await {
        Err(Fault::Unavailable(text)) => assert!(text.contains(&name), "{text}"),
        other => panic!("{other:?}"),
    }
    match world.apply(&world.writer(), "s", 2, &[("b", Some(2))]).await {
        Err(Fault::Unavailable(text)) => assert!(text.contains(&name), "{text}"),
        other => panic!("{other:?}"),
    }
}
