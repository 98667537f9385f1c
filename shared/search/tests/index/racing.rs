//! Several writers at once.

use std::{ops::Range, sync::Arc, time::Duration};

use ceap_search::{
    Policy,
    blobs::{Blobs, ETag, Got, Listed, Soon, memory::Memory},
};

use crate::world::{Model, Short, World, change};

/// Batches of one source.
const ROUNDS: u64 = 6;

#[tokio::test]
async fn two_writers_of_two_sources_lose_nothing() {
    let world = World::new();
    world.store.slow(Duration::from_millis(1), Duration::ZERO);
    let names: Vec<String> = (0..ROUNDS * 2).map(|n| format!("k{n}")).collect();
    let mut model = Model::new();
    let write = async |source: &str, keys: Vec<&str>| {
        let writer = world.writer();
        for (round, key) in (0_u64..).zip(keys.iter().copied()) {
            let first = keys[0];
            let changes: [Short; 2] = [(key, Some(round)), (first, Some(round + 100))];
            world.apply(&writer, source, round * 2 + 1, &changes).await.unwrap();
        }
    };
    let of = |parity: usize| -> Vec<&str> {
        names.iter().skip(parity).step_by(2).map(String::as_str).collect()
    };
    futures::join!(write("left", of(0)), write("right", of(1)));
    for parity in [0, 1] {
        for (round, key) in (0..).zip(of(parity)) {
            change(&mut model, &[(key, Some(round)), (of(parity)[0], Some(round + 100))]);
        }
    }
    world.check(&world.searcher(), &model).await;
}

#[tokio::test]
async fn two_writers_of_one_source_write_it_once() {
    let world = World::new();
    world.store.slow(Duration::from_millis(1), Duration::ZERO);
    let (one, two) = (world.writer(), world.writer());
    let changes: [Short; 3] = [("a", Some(1)), ("b", Some(2)), ("a", Some(3))];
    let (one, two) =
        futures::join!(world.apply(&one, "s", 1, &changes), world.apply(&two, "s", 1, &changes));
    let wrote = |applied: &Result<ceap_search::Applied, _>| {
        applied.as_ref().is_ok_and(|applied| applied.generation.is_some())
    };
    assert!(wrote(&one) != wrote(&two), "{one:?} {two:?}");
    let mut model = Model::new();
    change(&mut model, &changes);
    world.check(&world.searcher(), &model).await;
}

/// A store whose new objects come late.
struct Late(Arc<Memory>, Duration);

impl Blobs for Late {
    fn range<'a>(&'a self, name: &'a str, range: Range<u64>) -> Soon<'a, Vec<u8>> {
        self.0.range(name, range)
    }

    fn get<'a>(&'a self, name: &'a str, known: Option<&'a ETag>) -> Soon<'a, Got> {
        self.0.get(name, known)
    }

    fn put_new<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> Soon<'a, ETag> {
        Box::pin(async move {
            tokio::time::sleep(self.1).await;
            self.0.put_new(name, bytes).await
        })
    }

    fn put_over<'a>(&'a self, name: &'a str, bytes: Vec<u8>, known: &'a ETag) -> Soon<'a, ETag> {
        self.0.put_over(name, bytes, known)
    }

    fn list<'a>(&'a self, prefix: &'a str, after: Option<&'a str>) -> Soon<'a, Listed> {
        self.0.list(prefix, after)
    }

    fn delete<'a>(&'a self, name: &'a str) -> Soon<'a, ()> {
        self.0.delete(name)
    }
}

#[tokio::test]
async fn what_is_written_while_segments_are_merged_stands() {
    let world = World::new();
    let writer = world.writer();
    // It has merged, and waits for its segment to be put, while the others are changed.
    let merger = world.writer_over(Arc::new(Late(world.store.clone(), Duration::from_secs(1))));
    let mut model = Model::new();
    for round in 0..4_u64 {
        let own = ["b", "c", "d", "e"][round as usize];
        let stays = ["w", "x", "y", "z"][round as usize];
        // The last keeps its segment alive.
        let changes: [Short; 3] = [("a", Some(round)), (own, Some(round)), (stays, Some(round))];
        world.apply(&writer, "s", round * 3 + 1, &changes).await.unwrap();
        change(&mut model, &changes);
    }
    let policy = Policy { fanout: 2, ..Policy::default() };
    let changes: [Short; 4] = [("b", None), ("d", Some(40)), ("a", Some(50)), ("f", Some(1))];
    let (merged, generation) = futures::join!(merger.merge(&policy), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.apply(&writer, "s", 100, &changes).await.unwrap().generation.unwrap()
    });
    let merged = merged.unwrap().unwrap();
    assert_eq!((merged.from, merged.documents), (4, 9));
    let manifest = world.archive.manifest().await.unwrap().0;
    assert_eq!(manifest.generation, generation + 1, "the merge was named first");
    let mut dead: Vec<u32> = manifest.segments.iter().map(ceap_search::Piece::dead).collect();
    dead.sort_unstable();
    assert_eq!(dead, [0, 3], "the new segment takes over what was deleted meanwhile");
    change(&mut model, &changes);
    world.check(&world.searcher(), &model).await;
}

#[tokio::test]
async fn two_merges_at_once_merge_once() {
    let world = World::new();
    let (one, two) = (world.writer(), world.writer());
    let mut model = Model::new();
    for (at, key) in (1..).zip(["a", "b", "c"]) {
        world.apply(&one, "s", at, &[(key, Some(at))]).await.unwrap();
        change(&mut model, &[(key, Some(at))]);
    }
    world.store.slow(Duration::from_millis(2), Duration::ZERO);
    let policy = Policy { fanout: 3, ..Policy::default() };
    let (one, two) = futures::join!(one.merge(&policy), two.merge(&policy));
    let merged = [one.unwrap(), two.unwrap()].into_iter().flatten().count();
    assert_eq!(merged, 1);
    world.check(&world.searcher(), &model).await;
}
