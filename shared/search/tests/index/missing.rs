//! A segment that is not there.

use std::time::Duration;

use ceap_kernel::Fault;
use ceap_search::{Batch, Change, Collected, Policy, What};
use tantivy::TantivyDocument;

use crate::world::World;

/// Documents that make a segment too large to be read whole.
fn large(world: &World, source: &str) -> Batch {
    let document = |number: u64| {
        let word = |n: u64| format!("w{:x}", (number * 31 + n).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let words: Vec<String> = (0..40).map(word).collect();
        let mut document = TantivyDocument::new();
        document.add_text(world.body, format!("all {}", words.join(" ")));
        document.add_u64(world.number, number);
        document
    };
    let change = |number: u64| Change {
        position: (number + 1).into(),
        key: format!("{source}{number}"),
        what: What::Is(document(number)),
    };
    Batch { source: source.to_owned(), changes: (0..2_000).map(change).collect() }
}

#[tokio::test]
async fn a_searcher_goes_on_with_what_replaced_a_segment() {
    let world = World::new();
    let writer = world.writer();
    writer.apply(&large(&world, "x")).await.unwrap();
    writer.apply(&large(&world, "y")).await.unwrap();
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
}
