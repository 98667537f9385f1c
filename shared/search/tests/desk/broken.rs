//! A store that fails, writers that die, and two of them at once.

use std::collections::BTreeSet;

use ceap_helpdesk::search::{
    Document, Filter, Index, Kind, Of, Sort, Stamp,
    index::{Change, Hits, Wanted, Writing},
};
use ceap_kernel::Fault;
use ceap_search::{
    Policy,
    blobs::memory::Fate,
    desk::{Build, Indexes},
};

use crate::world::{World, step};

fn changes(ids: impl IntoIterator<Item = u64>, stamp: u64) -> Vec<Change> {
    let change = |id: u64| {
        let mut document = Document::new(Kind::Ticket, id);
        document.texts.insert("subject".to_owned(), vec![format!("all w{id}")]);
        let of = Of { kind: Kind::Ticket, id };
        Change { of, now: Some((document, Stamp(stamp))) }
    };
    ids.into_iter().map(change).collect()
}

async fn find(world: &World, indexes: &Indexes) -> Result<Hits, Fault> {
    let filter = Filter::phrase(&["subject"], "all", &[]);
    let (sort, without) =
        (Sort::by_number("id", ceap_helpdesk::rule::Order::Desc), BTreeSet::new());
    let wanted = Wanted {
        filter: &filter,
        without: &without,
        sort: &sort,
        backward: false,
        after: None,
        most: 100,
    };
    world.find(indexes, wanted).await
}

async fn ids(world: &World, indexes: &Indexes) -> Vec<u64> {
    find(world, indexes).await.unwrap().places.iter().map(|place| place.id).collect()
}

#[tokio::test]
async fn what_stays_throttled_is_told_and_never_a_wrong_answer() {
    let world = World::new();
    let build = world.build().await;
    for at in 1..=3 {
        assert!(build.apply(&step(at), changes([at, at + 10], at)).await.unwrap());
    }
    let throttled = || Fault::Throttled("slow down".to_owned());
    for calls in 0..12 {
        let indexes = world.indexes();
        world.store.die_after(calls, Fate::Fails(throttled()));
        match find(&world, &indexes).await {
            Ok(hits) => assert_eq!(hits.count, 6, "after {calls} calls"),
            Err(fault) => assert!(!matches!(fault, Fault::NotFound(_)), "{fault}"),
        }
        world.store.heal();
        assert_eq!(ids(&world, &indexes).await, [13, 12, 11, 3, 2, 1]);
    }
    world.store.script((0..2).map(|_| Fate::Fails(throttled())));
    assert_eq!(ids(&world, &world.indexes()).await.len(), 6, "it is tried again");
}

#[tokio::test]
async fn a_lost_segment_is_told_until_the_index_is_built_anew() {
    let world = World::new();
    let build = world.build().await;
    assert!(build.apply(&step(1), changes(1..=3, 1)).await.unwrap());
    assert!(build.apply(&step(2), changes(4..=6, 1)).await.unwrap());
    let parts = format!("acme/search/{}/parts/", build.name());
    let lost =
        world.store.sizes().into_iter().find(|(name, _)| name.starts_with(&parts)).unwrap().0;
    world.store.remove(&lost);
    let indexes = world.indexes();
    for _ in 0..2 {
        let fault = find(&world, &indexes).await.unwrap_err();
        assert!(fault.retryable() && fault.to_string().contains(&lost), "{fault}");
    }
    let again = world.serving().await;
    assert!(again.apply(&step(3), changes([7], 1)).await.unwrap_err().retryable());
    assert_eq!(again.missing().await.unwrap(), [lost]);

    let new = world.build().await;
    assert!(new.apply(&step(1), changes(1..=7, 1)).await.unwrap());
    assert_eq!(ids(&world, &indexes).await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(new.missing().await.unwrap(), [] as [String; 0]);
}

/// Everything that a rebuild does, from where another has left it.
async fn rebuild(world: &World) -> Result<(), Fault> {
    let builds = world.builds();
    let build: Build = match builds.begun().await? {
        Some(begun) => begun,
        None => builds.fresh().await?,
    };
    for at in 1..=3 {
        build.apply(&step(at), changes([at, at + 10], 2)).await?;
    }
    build.tend(&Policy { fanout: 2, ..Policy::default() }, 2).await?;
    builds.switch(&build).await?;
    builds.tend().await?;
    Ok(())
}

#[tokio::test]
async fn who_builds_anew_may_die_at_any_call() {
    let mut survived = 0;
    for calls in 0..200 {
        let world = World::new();
        let build = world.build().await;
        assert!(build.apply(&step(1), changes([1], 1)).await.unwrap());
        let indexes = world.indexes();
        let dead = Fault::Internal("dead".to_owned());
        let fate = if calls % 2 == 0 { Fate::Fails(dead) } else { Fate::Lost(dead) };
        world.store.die_after(calls / 2, fate);
        if rebuild(&world).await.is_ok() {
            survived += 1;
        }
        world.store.heal();
        let seen = ids(&world, &indexes).await;
        assert!(seen == [1] || seen == [13, 12, 11, 3, 2, 1], "{seen:?}");
        rebuild(&world).await.unwrap();
        assert_eq!(ids(&world, &indexes).await, [13, 12, 11, 3, 2, 1]);
        if survived > 2 {
            return;
        }
    }
    panic!("a rebuild takes too many calls");
}

#[tokio::test]
async fn of_two_who_write_the_same_step_one_does() {
    let world = World::new();
    world.build().await;
    world.store.slow(std::time::Duration::from_millis(1), std::time::Duration::ZERO);
    let (one, two) = (world.serving().await, world.serving().await);
    let indexes = world.indexes();
    for at in 1..=5 {
        let step = step(at);
        let (one, two) = futures::join!(
            one.apply(&step, changes([at], at)),
            two.apply(&step, changes([at], at))
        );
        assert!(one.unwrap() != two.unwrap(), "one of them");
        assert_eq!(ids(&world, &indexes).await, (1..=at).rev().collect::<Vec<_>>());
    }
    let of: Vec<Of> = (0..9).map(|id| Of { kind: Kind::Ticket, id }).collect();
    let opened = indexes.open(&world.tenant).await.unwrap();
    let stamps = opened.stamps(&of).await.unwrap();
    assert_eq!(stamps.values().map(|stamp| stamp.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}
