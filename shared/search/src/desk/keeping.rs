//! Keeps the indexes of all tenants as their records are.

use super::{Build, Builds, Standing};
use crate::blobs::Blobs;
use crate::lease::{Lease, in_turn};
use crate::reading::Bounded;
use crate::{Cache, Capacity, Engine, Folder, Limits, Patience, Policy};
use ceap_helpdesk::account::Account;
use ceap_helpdesk::search::tend::{self, Keeper};
use ceap_helpdesk::store::Store;
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a turn lasts that nobody renews or gives back.
const TURN: Duration = Duration::from_secs(30);

/// How often it is asked whose turn it is, and for how long.
const ASKED_EVERY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(60);

/// Threads that read segments: as many segments are read at once.
const THREADS: usize = 16;

/// Bytes that a merge of several segments reads while changes wait.
const SMALL: u64 = 64 << 20;

/// How long it is believed that all of a build is there, once that was seen, and of how many builds.
const BELIEVED: Duration = Duration::from_mins(10);
const BUILDS: u64 = 1_000;

/// Merges at once, and steps of feeding after which it is looked what is to be merged.
const MERGES: usize = 2;
const STEPS: u32 = 8;

/// Bytes of a folder that what was read is kept in.
const FOLDER: u64 = 256 << 20;

/// Keeps indexes.
pub struct Keeping {
    store: Box<dyn Store>,
    blobs: Arc<dyn Blobs>,
    leases: Arc<dyn Lease>,
    pub(super) clock: Arc<dyn Clock>,
    engine: Engine,
    limits: Limits,
    /// When all of a build was seen to be there.
    whole: Mutex<Bounded<String, Timestamp>>,
}

/// How building an index anew stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    /// Whose.
    pub tenant: TenantId,
    /// The build, once it is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Whether it serves.
    #[serde(default)]
    pub done: bool,
    /// Documents that were written the last time.
    #[serde(default)]
    pub documents: u64,
}

impl Keeping {
    /// Keeps indexes in `blobs` as the records in `store` are.
    ///
    /// # Errors
    /// `Internal` if there can be no threads to read with.
    pub fn new(
        store: Box<dyn Store>,
        blobs: Arc<dyn Blobs>,
        leases: Arc<dyn Lease>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Fault> {
        let cache = Cache::new(Capacity::default(), Folder::temporary(FOLDER));
        let engine = Engine::start(Arc::clone(&blobs), Patience::default(), cache, THREADS)?;
        let whole = Mutex::new(Bounded::new(BUILDS));
        let limits = Limits::default();
        Ok(Self { store, blobs, leases, clock, engine, limits, whole })
    }

    /// The same, which deletes what nobody names any more so long after: see [`Limits::grace`].
    #[must_use]
    pub fn after(mut self, grace: Duration) -> Self {
        self.limits.grace = grace;
        self
    }

    /// How long after nobody names something it is deleted.
    pub(super) const fn still_read(&self) -> Duration {
        self.limits.grace
    }

    /// Feeds a tenant's index what it lacks, in turn with others; builds one if there is none that is whole. Says how many
    /// documents changed.
    ///
    /// # Errors
    /// Of the stores; `Unavailable` if there is more to do than is done within the budget, or if it is another's turn for
    /// too long.
    pub async fn feed(&self, tenant: &TenantId, budget: Duration) -> Result<u64, Fault> {
        let (turn, asked_at) = (format!("{tenant}#search"), self.clock.now());
        loop {
            let work = self.fed(tenant, budget);
            let leases = &*self.leases;
            if let Some(count) = in_turn(leases, &turn, &*self.clock, TURN, work).await? {
                return Ok(count);
            }
            if self.passed(asked_at, PATIENCE) {
                return Err(Fault::Unavailable("another keeps the index".to_owned()));
            }
            tokio::time::sleep(ASKED_EVERY).await;
        }
    }

    async fn fed(&self, tenant: &TenantId, budget: Duration) -> Result<u64, Fault> {
        let builds = self.builds(tenant)?;
        let (build, serves) = match builds.standing().await? {
            Standing::Serves(build) if self.is_whole(&build).await? => (*build, true),
            Standing::Serves(_) | Standing::Nothing | Standing::Outdated => {
                (self.begun(&builds).await?, false)
            }
        };
        let fed = self.fed_to(tenant, &builds, &build, serves, budget).await;
        if fed.is_err() {
            // It may be that a part of it is missing.
            self.whole().remove(&build.name);
        }
        fed
    }

    async fn fed_to(
        &self,
        tenant: &TenantId,
        builds: &Builds,
        build: &Build,
        serves: bool,
        budget: Duration,
    ) -> Result<u64, Fault> {
        let policy = Policy { most: SMALL, ..Policy::default() };
        let (count, all) = self.all(tenant, build, &policy, budget).await?;
        if !all {
            return Err(Fault::Unavailable("there is more to feed".to_owned()));
        }
        if !serves {
            builds.switch(build).await?;
        }
        if !build.tend(&policy, MERGES).await?.merged.is_empty() {
            builds.tend().await?;
        }
        Ok(count)
    }

    /// Goes on with building a tenant's index anew beside the one that serves, and lets it serve once it has everything.
    ///
    /// # Errors
    /// Of the stores; `Conflict` if another was begun meanwhile.
    pub async fn rebuild(&self, asked: Rebuild, budget: Duration) -> Result<Rebuild, Fault> {
        let builds = self.builds(&asked.tenant)?;
        let build = match &asked.build {
            None => builds.fresh().await?,
            Some(name) => match builds.begun().await?.filter(|build| build.name() == name) {
                Some(build) => build,
                None if self.serves(&builds, name).await? => {
                    return Ok(Rebuild { done: true, documents: 0, ..asked });
                }
                None => return Err(Fault::Conflict("another index was begun".to_owned())),
            },
        };
        let policy = Policy::default();
        let (documents, done) = self.all(&asked.tenant, &build, &policy, budget).await?;
        if done {
            builds.switch(&build).await?;
            builds.tend().await?;
        }
        let build = Some(build.name().to_owned());
        Ok(Rebuild { tenant: asked.tenant, build, done, documents })
    }

    /// Feeds an index until it has everything, or the budget is used up. Says how many documents changed, and whether
    /// that was all.
    pub(super) async fn all(
        &self,
        tenant: &TenantId,
        build: &Build,
        policy: &Policy,
        budget: Duration,
    ) -> Result<(u64, bool), Fault> {
        let account = Account::load(&*self.store, tenant).await?;
        let (store, clock) = (&*self.store, &*self.clock);
        let keeper = Keeper { store, tenant, account: &account, clock };
        let (begun_at, mut count) = (self.clock.now(), 0_u64);
        for step in 1_u32.. {
            let fed = tend::feed(&keeper, build).await?;
            count = count.saturating_add(u64::try_from(fed.changed).unwrap_or(u64::MAX));
            if !fed.more || self.passed(begun_at, budget) {
                return Ok((count, !fed.more));
            }
            if step.is_multiple_of(STEPS) {
                build.tend(policy, MERGES).await?;
            }
        }
        Ok((count, false))
    }

    pub(super) fn passed(&self, since: Timestamp, time: Duration) -> bool {
        let passed = self.clock.now().duration_since(since);
        u128::try_from(passed.as_millis()).unwrap_or_default() > time.as_millis()
    }

    /// The build that is being made, if it is whole; else a new one.
    async fn begun(&self, builds: &Builds) -> Result<Build, Fault> {
        match builds.begun().await? {
            Some(build) if self.is_whole(&build).await? => Ok(build),
            Some(_) | None => builds.fresh().await,
        }
    }

    /// Whether all of a build is there, as was seen a while ago at most.
    async fn is_whole(&self, build: &Build) -> Result<bool, Fault> {
        let seen_at = self.whole().get(&build.name);
        if seen_at.is_some_and(|at| !self.passed(at, BELIEVED)) {
            return Ok(true);
        }
        let missing = build.missing().await?;
        if !missing.is_empty() {
            tracing::error!(?missing, "parts of a search index are missing: it is built anew");
            return Ok(false);
        }
        self.whole().put(build.name.clone(), self.clock.now(), 1);
        Ok(true)
    }

    fn whole(&self) -> MutexGuard<'_, Bounded<String, Timestamp>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serves(&self, builds: &Builds, name: &str) -> Result<bool, Fault> {
        Ok(match builds.standing().await? {
            Standing::Serves(build) => build.name() == name,
            Standing::Nothing | Standing::Outdated => false,
        })
    }

    pub(super) fn builds(&self, tenant: &TenantId) -> Result<Builds, Fault> {
        let (blobs, engine) = (Arc::clone(&self.blobs), self.engine.clone());
        let clock = Arc::clone(&self.clock);
        Builds::new(tenant.clone(), blobs, engine, clock, self.limits, Patience::default())
    }
}
