//! A build is made anew while another serves.

use std::{collections::BTreeSet, time::Duration};

use ceap_helpdesk::search::{
    Document, Filter, Index, Kind, Of, Sort, Stamp,
    index::{Change, Wanted, Writing},
};
use ceap_kernel::Fault;
use ceap_search::desk::{Build, Indexes, Standing};

use crate::world::{World, step};

/// Tickets, each made of this version of its record.
async fn write(build: &Build, position: u64, ids: &[u64], stamp: u64) {
    let change = |id: &u64| {
        let of = Of { kind: Kind::Ticket, id: *id };
        Change { of, now: Some((Document::new(Kind::Ticket, *id), Stamp(stamp))) }
    };
    let changes = ids.iter().map(change).collect();
    assert!(build.apply(&step(position), changes).await.unwrap());
}

async fn ids(world: &World, indexes: &Indexes) -> Vec<u64> {
    let (filter, sort, without) = (Filter::everything(), Sort::default(), BTreeSet::new());
    let wanted = Wanted {
        filter: &filter,
        without: &without,
        sort: &sort,
        backward: false,
        after: None,
        most: 100,
    };
    let hits = world.find(indexes, wanted).await.unwrap();
    assert_eq!(hits.count, hits.places.len() as u64);
    hits.places.iter().map(|place| place.id).collect()
}

async fn fed_at(world: &World, indexes: &Indexes) -> Option<i64> {
    Some(indexes.open(&world.tenant).await.unwrap().fed_at()?.as_millisecond())
}

#[tokio::test]
async fn where_there_is_no_index_nothing_is_found() {
    let world = World::new();
    let indexes = world.indexes();
    assert_eq!((ids(&world, &indexes).await, fed_at(&world, &indexes).await), (vec![], None));
    assert!(matches!(world.builds().standing().await.unwrap(), Standing::Nothing));
    let build = world.build().await;
    assert_eq!(fed_at(&world, &indexes).await, None);
    assert_eq!(build.position("feed").await.unwrap(), None);
    assert!(build.apply(&step(1_000), Vec::new()).await.unwrap());
    assert!(!build.apply(&step(1_000), Vec::new()).await.unwrap());
    assert_eq!(fed_at(&world, &indexes).await, Some(1_000));
    assert_eq!(build.position("feed").await.unwrap(), Some(1_000));
}

#[tokio::test]
async fn one_build_serves_while_another_is_made() {
    let world = World::new();
    let (builds, indexes) = (world.builds(), world.indexes());
    let old = world.build().await;
    write(&old, 1, &[1, 2], 1).await;
    assert_eq!(ids(&world, &indexes).await, [1, 2]);

    let given_up = builds.fresh().await.unwrap();
    let new = builds.fresh().await.unwrap();
    assert_eq!(
        builds.begun().await.unwrap().map(|it| it.name().to_owned()).as_deref(),
        Some(new.name())
    );
    write(&new, 1, &[2, 3], 2).await;
    write(&old, 2, &[4], 1).await;
    assert_eq!(ids(&world, &indexes).await, [1, 2, 4]);
    let before = indexes.open(&world.tenant).await.unwrap();

    assert!(matches!(builds.switch(&given_up).await, Err(Fault::Conflict(_))));
    let new = builds.begun().await.unwrap().unwrap();
    builds.switch(&new).await.unwrap();
    builds.switch(&new).await.unwrap();
    assert!(builds.begun().await.unwrap().is_none());
    assert_eq!(ids(&world, &indexes).await, [2, 3]);
    assert_eq!(ids(&world, &world.indexes()).await, [2, 3]);
    let of = [2, 4].map(|id| Of { kind: Kind::Ticket, id });
    assert_eq!(before.stamps(&of).await.unwrap().len(), 2, "it shows what it has shown");

    assert_eq!(builds.tend().await.unwrap(), 0);
    world.later(Duration::from_hours(2));
    assert_eq!(builds.tend().await.unwrap(), 2);
    assert_eq!(builds.tend().await.unwrap(), 0);
    let left = world.store.sizes().into_iter().map(|(name, _)| name);
    let prefix = format!("acme/search/{}/", new.name());
    let strange: Vec<String> = left
        .filter(|name| !name.starts_with(&prefix) && name != "acme/search/current.json")
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert_eq!(ids(&world, &indexes).await, [2, 3]);
}

#[tokio::test]
async fn an_index_of_another_version_is_as_if_it_were_not_there() {
    let world = World::new();
    let indexes = world.indexes();
    write(&world.build().await, 1, &[1], 1).await;
    assert_eq!(ids(&world, &indexes).await, [1]);

    world.rename_version("\"version\":2", "\"version\":0").await;
    assert_eq!((ids(&world, &indexes).await, fed_at(&world, &indexes).await), (vec![], None));
    assert!(matches!(world.builds().standing().await.unwrap(), Standing::Outdated));

    world.rename_version("\"version\":0", "\"version\":9").await;
    assert_eq!((ids(&world, &indexes).await, fed_at(&world, &indexes).await), (vec![], None));
    assert!(matches!(world.builds().standing().await, Err(Fault::Unavailable(_))));
    assert!(matches!(world.builds().fresh().await, Err(Fault::Unavailable(_))));

    world.rename_version("\"version\":9", "\"version\":0").await;
    let new = world.build().await;
    write(&new, 1, &[2], 1).await;
    assert_eq!((ids(&world, &indexes).await, fed_at(&world, &indexes).await), (vec![2], Some(1)));
}

#[tokio::test]
async fn what_is_known_of_an_index_costs_two_reads_at_once() {
    let world = World::new();
    let indexes = world.indexes();
    write(&world.build().await, 1, &[1], 1).await;
    ids(&world, &indexes).await;
    let before = world.store.count();
    world.store.slow(Duration::from_millis(40), Duration::ZERO);
    let start = std::time::Instant::now();
    assert_eq!(ids(&world, &indexes).await, [1]);
    let after = world.store.count();
    assert_eq!((after.reads - before.reads, after.bytes_read - before.bytes_read), (2, 0));
    assert!(start.elapsed() < Duration::from_millis(75), "{:?}", start.elapsed());
}
