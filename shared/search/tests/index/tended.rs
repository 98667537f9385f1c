//! What is kept small: segments, memory, what nobody reads, and whose turn it is.

use std::time::Duration;

use ceap_kernel::Timestamp;
use ceap_search::{
    Cache, Capacity, Collected, Engine, Folder, Limits, Policy,
    lease::{self, Lease, Taken, in_turn},
};

use crate::world::{Model, PATIENCE, World, change};

#[tokio::test]
async fn there_are_never_many_segments() {
    let world = World::new();
    let writer = world.writer();
    let policy = Policy { fanout: 4, ..Policy::default() };
    let mut model = Model::new();
    for at in 1..60_u64 {
        let key = format!("k{}", at % 23);
        world.apply(&writer, "s", at, &[(&key, Some(at))]).await.unwrap();
        change(&mut model, &[(&key, Some(at))]);
        writer.merge(&policy).await.unwrap();
        let manifest = world.archive.manifest().await.unwrap().0;
        assert!(manifest.segments.len() <= 8, "{}", manifest.segments.len());
        assert_eq!(manifest.living(), model.len() as u64);
    }
    world.check(&world.searcher(), &model).await;
}

#[tokio::test]
async fn a_batch_that_takes_too_much_memory_is_several_segments() {
    let world = World::new();
    let writer = world.writer_with(Limits { building: 15_000_000, ..Limits::default() });
    let keys: Vec<String> = (0..60_000).map(|n| format!("key-{n:08}-{n:016}")).collect();
    let changes: Vec<_> = (0..).zip(&keys).map(|(n, key)| (key.as_str(), Some(n))).collect();
    let applied = world.apply(&writer, "s", 1, &changes).await.unwrap();
    assert_eq!(applied.written, 60_000);
    let manifest = world.archive.manifest().await.unwrap().0;
    assert!(manifest.segments.len() > 1, "{}", manifest.segments.len());
    assert_eq!(world.count(&world.searcher(), "n7").await.unwrap(), 6_000);
}

#[tokio::test]
async fn what_is_young_is_not_collected() {
    let world = World::new();
    let writer = world.writer();
    for at in 1..4_u64 {
        world.apply(&writer, "s", at, &[("a", Some(at))]).await.unwrap();
    }
    assert_eq!(writer.collect().await.unwrap(), Collected { deleted: 0, marked: 2 });
    let before = world.store.sizes();
    world.later(Duration::from_mins(59));
    assert_eq!(writer.collect().await.unwrap(), Collected { deleted: 0, marked: 2 });
    assert_eq!(world.store.sizes(), before);
    world.later(Duration::from_mins(2));
    assert_eq!(writer.collect().await.unwrap(), Collected { deleted: 2, marked: 0 });
}

#[tokio::test]
async fn a_lease_is_one_writers_until_it_runs_out() {
    let leases = lease::Memory::default();
    let (term, now) = (Duration::from_secs(60), Timestamp::UNIX_EPOCH);
    let Taken::Mine(held) = leases.take("acme", now, term).await.unwrap() else { panic!() };
    assert_eq!(leases.take("acme", now, term).await.unwrap(), Taken::Other(held.until));
    assert!(matches!(leases.take("other", now, term).await.unwrap(), Taken::Mine(_)));
    let held = leases.renew(&held, now.checked_add(term).unwrap(), term).await.unwrap();
    let Taken::Mine(next) = leases.take("acme", held.until, term).await.unwrap() else { panic!() };
    assert!(leases.renew(&held, held.until, term).await.is_err());
    leases.release(&held).await.unwrap();
    assert_eq!(leases.take("acme", held.until, term).await.unwrap(), Taken::Other(next.until));
    leases.release(&next).await.unwrap();
    assert!(matches!(leases.take("acme", held.until, term).await.unwrap(), Taken::Mine(_)));
}

#[tokio::test]
async fn only_one_works_at_a_time() {
    let (world, leases) = (World::new(), lease::Memory::default());
    let term = Duration::from_millis(30);
    let work = async || {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(())
    };
    let turn = || in_turn(&leases, "acme", &*world.clock, term, work());
    let (one, two) = futures::join!(turn(), turn());
    assert_eq!((one, two), (Ok(Some(())), Ok(None)));
    assert_eq!(turn().await, Ok(Some(())));
}

#[tokio::test]
async fn what_was_read_outlives_its_process_in_a_folder() {
    let world = World::new();
    world.writer_with(Limits::default()).apply(&world.large("x")).await.unwrap();
    let root = std::env::temp_dir().join(format!("ceap-search-tended-{}", std::process::id()));
    let mut reads = Vec::new();
    for _ in 0..2 {
        let folder = Folder::open(&root, 64 << 20).unwrap();
        let cache = Cache::new(Capacity { memory: 0 }, Some(folder));
        let engine = Engine::start(world.store.clone(), PATIENCE, cache, 4).unwrap();
        let before = world.store.count().reads;
        let searcher = world.searcher_on(engine, Duration::ZERO);
        assert_eq!(world.count(&searcher, "n3").await.unwrap(), 200);
        reads.push(world.store.count().reads - before);
    }
    std::fs::remove_dir_all(&root).unwrap();
    // The manifest, and the segment's tail.
    assert!(reads[0] > 2 && reads[1] == 2, "{reads:?}");
}
