//! The helpdesk's indexes, to be searched.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ceap_helpdesk::{
    search::{
        Index, Of, Stamp, feed,
        index::{Hits, Opened, Wanted},
    },
    store::Soon,
};
use ceap_kernel::{Fault, TenantId, Timestamp};
use futures::FutureExt;

use super::{
    collect::Plan,
    pointer::{self, Pointed},
    shape::{self, Fields},
    stamps,
};
use crate::{
    Archive, Cache, Capacity, Engine, Folder, Patience, Searcher, Shape, View,
    blobs::{Blobs, ETag},
    reading::{Bounded, missing},
};

/// Threads that read segments: as many segments are read at once.
const THREADS: usize = 32;

/// Bytes of a folder that what was read is kept in.
const FOLDER: u64 = 1 << 30;

/// Tenants whose indexes are open at once.
const TENANTS: u64 = 256;

/// The indexes of all tenants of a process. Those that were not asked for longest are forgotten, but for what the
/// [`Engine`] keeps of them.
pub struct Indexes {
    engine: Engine,
    shape: Arc<Shape>,
    fields: Fields,
    fresh_for: Duration,
    tenants: Mutex<Bounded<TenantId, Arc<Tenant>>>,
}

/// What is known of a tenant's index.
#[derive(Default)]
struct Tenant(tokio::sync::Mutex<Option<Known>>);

struct Known {
    pointed: Pointed,
    /// When the pointer was last known to be the newest.
    at: Instant,
    /// A searcher of the build that serves, if there is one that can be read.
    serving: Option<(String, Searcher)>,
}

impl Indexes {
    /// Indexes in `blobs`, as one function of Lambda opens them: each time it looks for the newest, and what it reads it
    /// keeps in memory and among its temporary files.
    ///
    /// # Errors
    /// `Internal` if there can be no threads to read with.
    pub fn open(blobs: Arc<dyn Blobs>) -> Result<Self, Fault> {
        let cache = Cache::new(Capacity::default(), Folder::temporary(FOLDER));
        let engine = Engine::start(blobs, Patience::default(), cache, THREADS)?;
        Self::new(engine, Duration::ZERO, TENANTS)
    }

    /// Indexes that are believed the newest for as long as `fresh_for` once they were looked at. At most so many tenants'
    /// are open at once.
    ///
    /// # Errors
    /// `Internal`, which does not happen.
    pub fn new(engine: Engine, fresh_for: Duration, most: u64) -> Result<Self, Fault> {
        let (shape, fields) = shape::shape()?;
        let tenants = Mutex::new(Bounded::new(most.max(1)));
        Ok(Self { engine, shape: Arc::new(shape), fields, fresh_for, tenants })
    }

    fn tenant(&self, tenant: &TenantId) -> Arc<Tenant> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).unwrap_or_else(|| {
            let new = Arc::<Tenant>::default();
            tenants.put(tenant.clone(), Arc::clone(&new), 1);
            new
        })
    }

    /// The newest of the build that serves; `None` if there is none.
    async fn newest(&self, tenant: &TenantId) -> Result<Option<Arc<View>>, Fault> {
        let own = self.tenant(tenant);
        let mut known = own.0.lock().await;
        let asked = Instant::now();
        if let Some(known) = known.as_mut() {
            let etag = known.pointed.1.clone();
            let is_fresh = known.at.elapsed() < self.fresh_for;
            // The build serves still, as a rule: so that is not waited for.
            let pointed =
                async { if is_fresh { Ok(None) } else { self.pointed(tenant, etag).await } };
            let view = async {
                match &known.serving {
                    Some((_, searcher)) => searcher.view().await.map(Some),
                    None => Ok(None),
                }
            };
            let (pointed, view) = futures::join!(pointed, view);
            let Some(pointed) = pointed? else {
                known.at = if is_fresh { known.at } else { asked };
                return view;
            };
            known.at = asked;
            let is_same = pointed.0.serving() == known.serving.as_ref().map(|(name, _)| &**name);
            known.pointed = pointed;
            if is_same {
                return view;
            }
        }
        let pointed = match known.as_ref() {
            Some(known) => known.pointed.clone(),
            None => self.pointed(tenant, None).await?.unwrap_or_default(),
        };
        let serving =
            pointed.0.serving().map(|build| (build.to_owned(), self.searcher(tenant, build)));
        let known = known.insert(Known { pointed, at: asked, serving });
        match &known.serving {
            Some((_, searcher)) => searcher.view().await.map(Some),
            None => Ok(None),
        }
    }

    async fn pointed(
        &self,
        tenant: &TenantId,
        known: Option<ETag>,
    ) -> Result<Option<Pointed>, Fault> {
        let tenant = tenant.clone();
        let changed = self.engine.reads.call(move |blobs| {
            let (tenant, known) = (tenant.clone(), known.clone());
            async move { pointer::changed(&blobs, &tenant, known.as_ref()).await }.boxed()
        });
        changed.await
    }

    fn searcher(&self, tenant: &TenantId, build: &str) -> Searcher {
        let archive = Archive {
            blobs: self.engine.reads.blobs(),
            place: pointer::place(tenant, build),
            shape: Arc::clone(&self.shape),
        };
        Searcher::new(archive, self.engine.clone(), self.fresh_for)
    }
}

impl Index for Indexes {
    fn open<'a>(&'a self, tenant: &'a TenantId) -> Soon<'a, Result<Box<dyn Opened>, Fault>> {
        Box::pin(async move {
            let view = self.newest(tenant).await?;
            Ok(Box::new(Shown { view, fields: self.fields }) as Box<dyn Opened>)
        })
    }
}

/// What an index held.
pub struct Shown {
    /// `None` if no build serves.
    pub view: Option<Arc<View>>,
    pub fields: Fields,
}

impl Opened for Shown {
    fn fed_at(&self) -> Option<Timestamp> {
        let position = self.view.as_ref()?.manifest().watermark.get(feed::SOURCE)?;
        Timestamp::from_millisecond(position.number()?.try_into().ok()?).ok()
    }

    fn stamps<'a>(&'a self, of: &'a [Of]) -> Soon<'a, Result<BTreeMap<Of, Stamp>, Fault>> {
        Box::pin(async move {
            let Some(view) = self.view.as_ref().filter(|_| !of.is_empty()) else {
                return Ok(BTreeMap::new());
            };
            view.columns(&stamps::columns()).await.map_err(lost)?;
            let of = of.to_vec();
            view.run(move |searcher| stamps::stamps(searcher, &of)).await.map_err(lost)
        })
    }

    fn find<'a>(&'a self, wanted: Wanted<'a>) -> Soon<'a, Result<Hits, Fault>> {
        Box::pin(async move {
            let Some(view) = &self.view else { return Ok(Hits::default()) };
            let plan = Plan::new(self.fields, &wanted)?;
            let (terms, columns) = (plan.terms(), plan.columns());
            let ahead = futures::try_join!(view.prepare(&*terms), view.columns(&columns));
            ahead.map_err(lost)?;
            view.run(move |searcher| plan.run(searcher)).await.map_err(lost)
        })
    }
}

/// A view reads its segments for as long as the writer's grace. One that is not there before that is lost.
fn lost(fault: Fault) -> Fault {
    match fault {
        Fault::NotFound(what) => missing(&what),
        other => other,
    }
}
