//! A store in memory, a tenant's builds in it, and what they should hold.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use ceap_helpdesk::search::{
    Document, Index, Of, Stamp, feed,
    index::{Change, Hits, Step, Wanted, Writing, memory},
};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use ceap_search::{
    Cache, Capacity, Engine, Limits, Patience,
    blobs::{Blobs, Got, memory::Memory},
    desk::{Build, Builds, Indexes, Standing},
};

/// A clock that is set by hand.
pub struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub type Model = BTreeMap<Of, (Document, Stamp)>;

pub const PATIENCE: Patience = Patience { tries: 3, pause: Duration::from_millis(1) };

pub struct World {
    pub store: Arc<Memory>,
    pub clock: Arc<Hand>,
    pub tenant: TenantId,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(Hand(Mutex::new("2026-11-22T00:00:00Z".parse().unwrap())));
        let tenant = TenantId::new("acme").unwrap();
        Self { store: Arc::new(Memory::default()), clock, tenant }
    }

    pub fn later(&self, by: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
        self.store.set_now(*now);
    }

    pub fn engine(&self) -> Engine {
        let cache = Cache::new(Capacity { memory: 64 << 20 }, None);
        Engine::start(self.store.clone(), PATIENCE, cache, 4).unwrap()
    }

    pub fn indexes(&self) -> Indexes {
        Indexes::new(self.engine(), Duration::ZERO, 8).unwrap()
    }

    pub fn builds(&self) -> Builds {
        let limits = Limits { building: 15 << 20, tries: 20, ..Limits::default() };
        let (tenant, store) = (self.tenant.clone(), self.store.clone());
        Builds::new(tenant, store, self.engine(), self.clock.clone(), limits, PATIENCE).unwrap()
    }

    /// A new build that serves.
    pub async fn build(&self) -> Build {
        let builds = self.builds();
        let build = builds.fresh().await.unwrap();
        builds.switch(&build).await.unwrap();
        build
    }

    /// The build that serves.
    pub async fn serving(&self) -> Build {
        match self.builds().standing().await.unwrap() {
            Standing::Serves(build) => *build,
            Standing::Nothing | Standing::Outdated => panic!("nothing serves"),
        }
    }

    /// Makes another program's pointer of the pointer.
    pub async fn rename_version(&self, from: &str, to: &str) {
        let name = "acme/search/current.json";
        let Got::Blob(blob) = self.store.get(name, None).await.unwrap() else {
            panic!("no pointer")
        };
        let text = String::from_utf8(blob.bytes).unwrap();
        assert!(text.contains(from), "{text}");
        let text = text.replace(from, to);
        self.store.put_over(name, text.into_bytes(), &blob.etag).await.unwrap();
    }

    pub async fn find(&self, indexes: &Indexes, wanted: Wanted<'_>) -> Result<Hits, Fault> {
        indexes.open(&self.tenant).await?.find(wanted).await
    }
}

pub const fn step(position: u64) -> Step {
    Step { source: feed::SOURCE, position }
}

/// Writes changes, of an index and of the model of it.
pub async fn apply(build: &Build, model: &mut Model, position: u64, changes: Vec<Change>) {
    for Change { of, now } in changes.clone() {
        match now {
            Some(now) => drop(model.insert(of, now)),
            None => drop(model.remove(&of)),
        }
    }
    assert!(build.apply(&step(position), changes).await.unwrap());
}

/// What the naive scan finds.
pub fn naive(model: &Model, wanted: &Wanted<'_>) -> Hits {
    memory::scan(model.values().map(|(document, _)| document), wanted)
}
