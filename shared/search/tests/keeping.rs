//! Indexes that are kept as their records are, whatever happens to who keeps them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use ceap_helpdesk::account::Account;
use ceap_helpdesk::erasure::Forgetful;
use ceap_helpdesk::search::document::field;
use ceap_helpdesk::search::index::{Hits, Index, Of, Wanted, memory};
use ceap_helpdesk::search::tend::{self, Keeper};
use ceap_helpdesk::search::{Filter, Kind, Sort, Stamp};
use ceap_kernel::{Fault, SignedDuration, TenantId};
use ceap_search::blobs::memory::{Fate, Memory};
use ceap_search::blobs::{Blobs, Got};
use ceap_search::desk::{Indexes, Keeping, Rebuild};
use ceap_search::lease;
use ceap_testkit::builders::{fresh_tenant, noon};
use ceap_testkit::{Helpdesk, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const BUDGET: Duration = Duration::from_secs(60);

/// A tenant's helpdesk, its index, and the naive one.
struct Kept {
    world: World,
    tenant: TenantId,
    desk: Helpdesk,
    blobs: Arc<Memory>,
    leases: Arc<lease::Memory>,
    naive: memory::Memory,
}

/// All that is compared: who is found by what, in which order, and which versions there are.
type Seen = (Vec<Hits>, BTreeMap<Of, Stamp>);

impl Kept {
    fn new() -> Self {
        let world = World::new(noon());
        let desk = Helpdesk::new(&world);
        let (blobs, leases) = (Arc::<Memory>::default(), Arc::<lease::Memory>::default());
        let (tenant, naive) = (fresh_tenant("kept"), memory::Memory::default());
        Self { world, tenant, desk, blobs, leases, naive }
    }

    fn keeping(&self) -> Keeping {
        let (store, clock) = (Box::new(self.desk.clone()), Arc::new(self.world.clone()));
        Keeping::new(store, self.blobs.clone(), self.leases.clone(), clock).unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.desk.ask(&self.tenant, method, path, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    async fn open(&self, subject: &str) -> u64 {
        let ticket = json!({"ticket": {"subject": subject, "comment": {"body": "It is broken"}}});
        let made = self.ask("POST", "/tickets.json", ticket).await;
        made["ticket"]["id"].as_u64().unwrap()
    }

    /// Some of everything: tickets come, change and go.
    async fn live(&self, round: u64) {
        let (first, second) = (self.open("My printer").await, self.open("Lost parcels").await);
        let change = json!({"ticket": {"priority": "high", "comment": {"body": "Still broken"}}});
        self.ask("PUT", &format!("/tickets/{first}.json"), change).await;
        if round % 2 == 1 {
            self.ask("DELETE", &format!("/tickets/{second}.json"), Value::Null).await;
        }
        let user = json!({"user": {"name": format!("Jane {round}")}});
        self.ask("POST", "/users.json", user).await;
    }

    /// What the records say.
    async fn expected(&self) -> Seen {
        let account = Account::load(&self.desk, &self.tenant).await.unwrap();
        let (store, tenant, clock) = (&self.desk, &self.tenant, &self.world);
        let keeper = Keeper { store, tenant, account: &account, clock };
        while tend::feed(&keeper, &self.naive.of(tenant.clone())).await.unwrap().more {}
        seen(&self.naive, tenant).await.unwrap()
    }

    /// What somebody who comes anew finds.
    async fn found(&self) -> Result<Seen, Fault> {
        let blobs = self.blobs.clone();
        seen(&Indexes::open(blobs).unwrap(), &self.tenant).await
    }
}

async fn seen(index: &impl Index, tenant: &TenantId) -> Result<Seen, Fault> {
    let opened = index.open(tenant).await?;
    let sort = Sort::by_number(field::UPDATED, ceap_helpdesk::rule::Order::Desc);
    let filters = [
        Filter::everything(),
        Filter::kind(Kind::User),
        Filter::phrase(&[field::COMMENT], "still broken", &[]),
        !Filter::present(field::PRIORITY),
    ];
    let (mut hits, without) = (Vec::new(), BTreeSet::new());
    for filter in &filters {
        let (backward, after, most) = (false, None, 1_000);
        let wanted = Wanted { filter, without: &without, sort: &sort, backward, after, most };
        hits.push(opened.find(wanted).await?);
    }
    let all: Vec<Of> = hits[0].places.iter().map(|it| Of { kind: it.kind, id: it.id }).collect();
    Ok((hits, opened.stamps(&all).await?))
}

#[tokio::test]
async fn whoever_dies_anywhere_leaves_nothing_wrong() {
    let kept = Kept::new();
    let mut failed = 0;
    for calls in 0..24_usize {
        kept.live(u64::try_from(calls).unwrap()).await;
        let fault = Fault::Unavailable("S3".to_owned());
        let fate = if calls % 2 == 0 { Fate::Fails(fault) } else { Fate::Lost(fault) };
        kept.blobs.die_after(calls, fate);
        failed += usize::from(kept.keeping().feed(&kept.tenant, BUDGET).await.is_err());
        kept.blobs.heal();
        // Whoever held the turn is dead: it runs out.
        kept.world.pass(SignedDuration::from_secs(60));
        kept.keeping().feed(&kept.tenant, BUDGET).await.unwrap();
        assert_eq!(kept.found().await.unwrap(), kept.expected().await, "after {calls} calls");
    }
    assert!(failed > 8, "{failed}");
}

#[tokio::test]
async fn two_at_once_take_turns() {
    let kept = Kept::new();
    for round in 0..4 {
        kept.live(round).await;
        let (one, other) = (kept.keeping(), kept.keeping());
        let (one, other) =
            futures::join!(one.feed(&kept.tenant, BUDGET), other.feed(&kept.tenant, BUDGET));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!(one > 0 || other > 0);
        assert_eq!(one.min(other), 0, "the second finds nothing to do");
        assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    }
}

#[tokio::test]
async fn two_who_do_not_know_of_each_other_do_the_work_twice_and_nothing_wrong() {
    let kept = Kept::new();
    for round in 0..4 {
        kept.live(round).await;
        let (one, other) = (kept.keeping(), Kept { leases: Arc::default(), ..Kept::of(&kept) });
        let other = other.keeping();
        let done = futures::join!(one.feed(&kept.tenant, BUDGET), other.feed(&kept.tenant, BUDGET));
        assert!(done.0.is_ok() && done.1.is_ok(), "{done:?}");
        assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    }
}

impl Kept {
    /// The same helpdesk and index, once more.
    fn of(other: &Self) -> Self {
        Self {
            world: other.world.clone(),
            tenant: other.tenant.clone(),
            desk: other.desk.clone(),
            blobs: other.blobs.clone(),
            leases: other.leases.clone(),
            naive: memory::Memory::default(),
        }
    }
}

#[tokio::test]
async fn an_index_is_built_anew_while_it_serves_and_ends_the_same() {
    let kept = Kept::new();
    kept.live(0).await;
    kept.keeping().feed(&kept.tenant, BUDGET).await.unwrap();
    let asked = || Rebuild { tenant: kept.tenant.clone(), build: None, done: false, documents: 0 };
    // With no time at all each invocation does one step.
    let begun = kept.keeping().rebuild(asked(), Duration::ZERO).await.unwrap();
    kept.live(1).await;
    kept.keeping().feed(&kept.tenant, BUDGET).await.unwrap();
    assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    let mut stands = begun;
    while !stands.done {
        stands = kept.keeping().rebuild(stands, BUDGET).await.unwrap();
        assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    }
    kept.live(2).await;
    kept.keeping().feed(&kept.tenant, BUDGET).await.unwrap();
    assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    let again = Rebuild { done: false, ..stands };
    assert!(kept.keeping().rebuild(again, BUDGET).await.unwrap().done, "that was done");
}

impl Kept {
    /// Takes segments away, as an operator might by mistake.
    fn lose(&self) {
        let parts = self.blobs.sizes().into_iter().filter(|(name, _)| name.ends_with(".seg"));
        parts.for_each(|(name, _)| self.blobs.remove(&name));
    }
}

#[tokio::test]
async fn an_index_that_lost_a_part_says_so_and_is_healed_by_building_it_anew() {
    let kept = Kept::new();
    kept.live(0).await;
    kept.keeping().feed(&kept.tenant, BUDGET).await.unwrap();
    kept.lose();
    let lost = kept.found().await.unwrap_err();
    assert!(lost.retryable(), "{lost:?}");
    let asked = Rebuild { tenant: kept.tenant.clone(), build: None, done: false, documents: 0 };
    assert!(kept.keeping().rebuild(asked, BUDGET).await.unwrap().done);
    assert_eq!(kept.found().await.unwrap(), kept.expected().await);
}

#[tokio::test]
async fn an_index_that_lost_a_part_is_healed_by_who_keeps_it() {
    let kept = Kept::new();
    kept.live(0).await;
    let keeping = kept.keeping();
    keeping.feed(&kept.tenant, BUDGET).await.unwrap();
    kept.lose();
    // Somebody new looks at once; who has seen all of it looks again after a while.
    kept.keeping().feed(&kept.tenant, BUDGET).await.unwrap();
    assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    keeping.feed(&kept.tenant, BUDGET).await.unwrap();
    kept.lose();
    kept.world.pass(SignedDuration::from_mins(11));
    keeping.feed(&kept.tenant, BUDGET).await.unwrap();
    assert_eq!(kept.found().await.unwrap(), kept.expected().await);
}

#[tokio::test]
async fn a_build_that_lost_a_part_is_begun_again_however_far_it_was() {
    let kept = Kept::new();
    let asked = || Rebuild { tenant: kept.tenant.clone(), build: None, done: false, documents: 0 };
    let mut unfinished = 0;
    for calls in 0..16_usize {
        kept.live(u64::try_from(calls).unwrap()).await;
        kept.blobs.die_after(calls, Fate::Fails(Fault::Unavailable("S3".to_owned())));
        unfinished += usize::from(kept.keeping().rebuild(asked(), BUDGET).await.is_err());
        kept.blobs.heal();
        kept.lose();
        kept.keeping().feed(&kept.tenant, BUDGET).await.unwrap();
        assert_eq!(kept.found().await.unwrap(), kept.expected().await, "after {calls} calls");
    }
    assert!(unfinished > 4, "{unfinished}");
}

impl Kept {
    /// Objects with a word in them. Words of one field stand in order, each without what it shares with the one before: so
    /// its ending is looked for, which it has alone.
    async fn with(&self, word: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (name, _) in self.blobs.sizes() {
            let Got::Blob(blob) = self.blobs.get(&name, None).await.unwrap() else { continue };
            if blob.bytes.windows(word.len()).any(|it| it == word) {
                found.push(name);
            }
        }
        found
    }
}

#[tokio::test]
async fn not_a_byte_of_what_was_deleted_stays_once_it_is_to_be_forgotten() {
    let kept = Kept::new();
    for round in 0..3 {
        kept.live(round).await;
    }
    let (gone, stays) = (kept.open("Qxjkvzhwpt").await, kept.open("Zyqwfghbnm").await);
    let keeping = kept.keeping();
    keeping.feed(&kept.tenant, BUDGET).await.unwrap();
    // Another index was begun, and nobody goes on with it.
    let asked = Rebuild { tenant: kept.tenant.clone(), build: None, done: false, documents: 0 };
    kept.blobs.die_after(8, Fate::Fails(Fault::Unavailable("S3".to_owned())));
    assert!(kept.keeping().rebuild(asked, BUDGET).await.is_err());
    kept.blobs.heal();
    kept.ask("DELETE", &format!("/tickets/{gone}.json"), Value::Null).await;
    kept.world.pass(SignedDuration::from_hours(30));
    keeping.feed(&kept.tenant, BUDGET).await.unwrap();
    assert!(!kept.with(b"kvzhwpt").await.is_empty(), "its segment has it still");

    assert!(keeping.rewrite(&kept.tenant, BUDGET).await.unwrap());
    assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    assert!(!kept.with(b"kvzhwpt").await.is_empty(), "who searches meanwhile may read it");
    keeping.collect(&kept.tenant).await.unwrap();
    assert!(!kept.with(b"kvzhwpt").await.is_empty());
    let grace = SignedDuration::try_from(keeping.grace()).unwrap();
    kept.world.pass(grace + SignedDuration::from_secs(2));
    keeping.collect(&kept.tenant).await.unwrap();
    assert_eq!(kept.with(b"kvzhwpt").await, Vec::<String>::new());
    assert!(!kept.with(b"wfghbnm").await.is_empty(), "of {stays} it is there");
    assert_eq!(kept.found().await.unwrap(), kept.expected().await);
    // There is nothing left to do.
    let before = kept.blobs.sizes();
    assert!(keeping.rewrite(&kept.tenant, BUDGET).await.unwrap());
    assert_eq!(kept.blobs.sizes(), before);
}
