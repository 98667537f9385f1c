//! Several who route at once, over a store that lets others in between any two calls, fails, and loses answers.

use super::*;
use ceap_helpdesk::api::Desk;
use ceap_helpdesk::store::{Failure, Found, Item, Key, Range, Soon, Store, Write};
use ceap_kernel::{Fault, Timestamp};
use futures::future::{join, join_all};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// A store whose calls take as long as they like. Some fail; of some that happened nobody hears.
struct Wild<'a> {
    store: &'a dyn Store,
    seed: Cell<u64>,
    fails: bool,
}

impl Wild<'_> {
    fn next(&self, of: u64) -> u64 {
        // SplitMix64.
        let seed = self.seed.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.seed.set(seed);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % of
    }

    async fn late(&self) {
        for _ in 0..self.next(12) {
            tokio::task::yield_now().await;
        }
    }

    fn fails(&self) -> Result<(), Fault> {
        let lost = self.fails && self.next(60) == 0;
        if lost { Err(Fault::Unavailable("lost".to_owned())) } else { Ok(()) }
    }
}

impl Store for Wild<'_> {
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> Soon<'a, Result<Vec<Item>, Fault>> {
        Box::pin(async move {
            self.late().await;
            let found = self.store.get(tenant, keys).await;
            self.late().await;
            self.fails()?;
            found
        })
    }

    fn range<'a>(
        &'a self,
        tenant: &'a TenantId,
        range: &'a Range,
    ) -> Soon<'a, Result<Found, Fault>> {
        Box::pin(async move {
            self.late().await;
            let found = self.store.range(tenant, range).await;
            self.late().await;
            self.fails()?;
            found
        })
    }

    fn count<'a>(&'a self, tenant: &'a TenantId, range: &'a Range) -> Soon<'a, Result<u64, Fault>> {
        self.store.count(tenant, range)
    }

    fn commit<'a>(
        &'a self,
        tenant: &'a TenantId,
        writes: &'a [Write],
    ) -> Soon<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.late().await;
            self.fails()?;
            self.store.commit(tenant, writes).await?;
            self.late().await;
            Ok(self.fails()?)
        })
    }

    fn add<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: &'a Key,
        by: u64,
        expires_at: Option<Timestamp>,
    ) -> Soon<'a, Result<u64, Fault>> {
        self.store.add(tenant, key, by, expires_at)
    }
}

const CAPACITY: usize = 4;

/// Who has which open tickets, once several passed at once while tickets were changed by hand; each ticket with how often it was
/// given to somebody, and from whom.
async fn raced(seed: u64, fails: bool) -> (BTreeMap<u64, usize>, Vec<Vec<Value>>) {
    let world = desk(json!({})).await;
    capacity(&world, json!({"email": CAPACITY})).await;
    let mut ids = Vec::new();
    for _ in 0..14 {
        ids.push(opened(&world, json!({})).await);
    }
    for agent in [1001, 2001, 3001] {
        status(&world, agent, ONLINE).await;
    }
    let passes = world.at_desk(async |desk| {
        let wild = Wild { store: desk.store, seed: Cell::new(seed), fails };
        let desk = Desk { store: &wild, ..*desk };
        let tenant = acme();
        let passes = join_all((0..4).map(|_| pass(&desk, &tenant))).await;
        assert!(fails || passes.iter().any(Result::is_ok), "{passes:?}");
    });
    let by_hand = async {
        for id in [ids[3], ids[5]] {
            tokio::task::yield_now().await;
            change(&world, id, json!({"tags": ["seen"]})).await;
        }
    };
    join(passes, by_hand).await;
    agree(&world);
    let within = load(&world, &ids).await;
    assert!(within.values().all(|it| *it <= CAPACITY), "{seed}: {within:?}");
    // Whatever failed is done by the next one.
    passed(&world).await;
    let mut given = Vec::new();
    for id in &ids {
        let audits = audits(&world, *id).await.into_iter();
        let routed = audits.filter(|it| it["via"]["source"]["rel"] == "routing");
        let from = routed.map(|it| it["events"][0]["previous_value"].clone());
        given.push(from.collect());
    }
    (load(&world, &ids).await, given)
}

/// The places on one of routing's lists.
fn places(world: &World, list: &str) -> BTreeSet<String> {
    let all = world.store.dump().into_iter();
    let of = all.filter(|(of, key, _)| *of == acme() && key.partition == format!("LIST#{list}"));
    of.map(|(_, key, _)| key.sort).collect()
}

/// The lists say what the tickets say.
fn agree(world: &World) {
    let all = world.store.dump().into_iter();
    let tickets = all.filter(|(of, key, _)| *of == acme() && key.partition == "TICKET");
    let (mut load, mut waiting) = (BTreeSet::new(), BTreeSet::new());
    for (.., body) in tickets {
        let ticket: Value = serde_json::from_str(&body).unwrap();
        let id = ticket["id"].as_u64().unwrap();
        match (ticket["status"].as_str().unwrap(), ticket["assignee_id"].as_u64()) {
            ("open", Some(agent)) => load.insert(format!("{agent:016}#email#{id:016}")),
            ("new" | "open", None) => waiting.insert(id),
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(places(world, "routing/load"), load);
    let listed = places(world, "routing/waiting/email");
    let listed = listed.iter().map(|it| it.rsplit('#').next().unwrap().parse().unwrap());
    assert_eq!(listed.collect::<BTreeSet<u64>>(), waiting);
    let of_groups = world.store.dump().into_iter().filter(|(of, key, _)| {
        *of == acme() && key.partition.starts_with("LIST#routing/waiting/email/")
    });
    assert_eq!(of_groups.count(), waiting.len(), "all have a group");
}

async fn load(world: &World, ids: &[u64]) -> BTreeMap<u64, usize> {
    let mut all = BTreeMap::new();
    for id in ids {
        if let Some(agent) = assignee(world, *id).await {
            *all.entry(agent).or_default() += 1;
        }
    }
    all
}

#[tokio::test]
async fn no_ticket_goes_to_two_agents_and_no_agent_has_more_than_they_may() {
    for seed in 0..24 {
        let (load, given) = raced(seed, seed % 2 == 1).await;
        let full = [(1001, CAPACITY), (2001, CAPACITY), (3001, CAPACITY)];
        assert_eq!(load, BTreeMap::from(full), "{seed}");
        let given: Vec<&Vec<Value>> = given.iter().filter(|it| !it.is_empty()).collect();
        assert_eq!(given.len(), 3 * CAPACITY, "{seed}");
        assert!(
            given.iter().all(|it| **it == [Value::Null]),
            "{seed}: given once, by nobody before: {given:?}"
        );
    }
}

#[tokio::test]
async fn what_somebody_takes_by_hand_is_not_taken_from_them() {
    for seed in 100..108 {
        let world = desk(json!({})).await;
        capacity(&world, json!({"email": CAPACITY})).await;
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(opened(&world, json!({})).await);
        }
        status(&world, 1001, ONLINE).await;
        let passes = world.at_desk(async |desk| {
            let wild = Wild { store: desk.store, seed: Cell::new(seed), fails: false };
            let desk = Desk { store: &wild, ..*desk };
            let tenant = acme();
            join_all((0..2).map(|_| pass(&desk, &tenant))).await
        });
        let by_hand = async {
            for id in &ids[..3] {
                change(&world, *id, json!({"assignee_id": 3001})).await;
            }
        };
        join(passes, by_hand).await;
        for id in &ids[..3] {
            assert_eq!(assignee(&world, *id).await, Some(3001), "{seed}: {id}");
        }
    }
}

#[tokio::test]
async fn who_goes_offline_is_given_nothing_from_then_on() {
    for seed in 200..224 {
        let world = desk(json!({})).await;
        for _ in 0..5 {
            opened(&world, json!({})).await;
        }
        status(&world, 1001, ONLINE).await;
        let passes = world.at_desk(async |desk| {
            let wild = Wild { store: desk.store, seed: Cell::new(seed), fails: false };
            let desk = Desk { store: &wild, ..*desk };
            let tenant = acme();
            join_all((0..2).map(|_| pass(&desk, &tenant))).await
        });
        let leaves = async {
            for _ in 0..(seed - 200) * 4 {
                tokio::task::yield_now().await;
            }
            status(&world, 1001, OFFLINE).await;
            places(&world, "routing/load")
        };
        let (_, then) = join(passes, leaves).await;
        assert_eq!(places(&world, "routing/load"), then, "{seed}");
    }
}
