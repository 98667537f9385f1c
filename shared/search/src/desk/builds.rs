//! A tenant's builds: the one that serves, and the one that is made to take its place.

use std::sync::Arc;

use ceap_kernel::{Clock, Fault, TenantId, Timestamp};

use super::{
    pointer::{self, Made, Pointed, Pointer},
    shape::{self, Fields, VERSION},
    writing::Build,
};
use crate::{
    Archive, Engine, Limits, Patience, Shape, Writer, blobs::Blobs, place, reading::patiently,
};

/// How often a change is fitted to a pointer that has changed again.
const TRIES: usize = 8;

/// A tenant's builds, to be written.
pub struct Builds {
    tenant: TenantId,
    blobs: Arc<dyn Blobs>,
    engine: Engine,
    clock: Arc<dyn Clock>,
    limits: Limits,
    patience: Patience,
    shape: Arc<Shape>,
    fields: Fields,
}

/// What serves.
pub enum Standing {
    /// Nothing yet.
    Nothing,
    /// A build of an earlier layout, which nobody can read any more: it must be built anew.
    Outdated,
    /// This build.
    Serves(Box<Build>),
}

impl Builds {
    /// Those of a tenant, reached with `blobs`; what is read of their segments is read with the engine.
    ///
    /// # Errors
    /// `Internal`, which does not happen.
    pub fn new(
        tenant: TenantId,
        blobs: Arc<dyn Blobs>,
        engine: Engine,
        clock: Arc<dyn Clock>,
        limits: Limits,
        patience: Patience,
    ) -> Result<Self, Fault> {
        let (shape, fields) = shape::shape()?;
        let shape = Arc::new(shape);
        Ok(Self { tenant, blobs, engine, clock, limits, patience, shape, fields })
    }

    /// What serves.
    ///
    /// # Errors
    /// The store's; `Unavailable` if a later version of the program has built it, whose turn it is then.
    pub async fn standing(&self) -> Result<Standing, Fault> {
        match self.pointed().await?.0.current {
            None => Ok(Standing::Nothing),
            Some(made) if made.version == VERSION => {
                Ok(Standing::Serves(Box::new(self.build(made.build))))
            }
            Some(made) if made.version < VERSION => Ok(Standing::Outdated),
            Some(_) => Err(newer()),
        }
    }

    /// The build that is being made, if one is.
    ///
    /// # Errors
    /// The store's.
    pub async fn begun(&self) -> Result<Option<Build>, Fault> {
        let begun = self.pointed().await?.0.begun.filter(|made| made.version == VERSION);
        Ok(begun.map(|made| self.build(made.build)))
    }

    /// Begins a new build, empty. One that was begun before is given up.
    ///
    /// # Errors
    /// As [`Builds::standing`]; `Conflict` if others change the builds all the time.
    pub async fn fresh(&self) -> Result<Build, Fault> {
        let made = Made { build: place::token(), version: VERSION, at: self.clock.now() };
        let begin = |pointer: &mut Pointer, now| {
            if pointer.current.as_ref().is_some_and(|current| current.version > VERSION) {
                return Err(newer());
            }
            if pointer.begun.as_ref() != Some(&made) {
                let old = pointer.begun.replace(made.clone());
                pointer.retired.extend(old.map(|old| Made { at: now, ..old }));
            }
            Ok(())
        };
        self.change(begin).await?;
        Ok(self.build(made.build))
    }

    /// From now on this build serves, which was begun; the one that did is retired.
    ///
    /// # Errors
    /// The store's; `Conflict` if another was begun meanwhile, or if others change the builds all the time.
    pub async fn switch(&self, to: &Build) -> Result<(), Fault> {
        let switch = |pointer: &mut Pointer, now| {
            if pointer.current.as_ref().is_some_and(|current| current.build == to.name) {
                return Ok(());
            }
            match pointer.begun.take() {
                Some(begun) if begun.build == to.name => {
                    let old = pointer.current.replace(Made { at: now, ..begun });
                    pointer.retired.extend(old.map(|old| Made { at: now, ..old }));
                    Ok(())
                }
                Some(_) | None => {
                    Err(Fault::Conflict("another search index was begun meanwhile".to_owned()))
                }
            }
        };
        self.change(switch).await
    }

    /// Gives up a build that was begun before `then`, and that nobody goes on with.
    ///
    /// # Errors
    /// The store's; `Conflict` if others change the builds all the time.
    pub async fn give_up(&self, then: Timestamp) -> Result<(), Fault> {
        let give_up = |pointer: &mut Pointer, now| {
            if pointer.begun.as_ref().is_some_and(|begun| begun.at < then) {
                let old = pointer.begun.take();
                pointer.retired.extend(old.map(|old| Made { at: now, ..old }));
            }
            Ok(())
        };
        self.change(give_up).await
    }

    /// Deletes the builds that were retired before the grace. Tells how many.
    ///
    /// # Errors
    /// The store's. What was deleted by then is found deleted the next time.
    pub async fn tend(&self) -> Result<usize, Fault> {
        let grace = self.clock.now().saturating_sub(self.limits.grace);
        let before = grace.unwrap_or(Timestamp::MIN);
        let is_old = |made: &Made| made.at < before;
        let old: Vec<Made> = self.pointed().await?.0.retired.into_iter().filter(is_old).collect();
        for made in &old {
            self.delete(made).await?;
        }
        if !old.is_empty() {
            let forget = |pointer: &mut Pointer, _| {
                pointer.retired.retain(|made| !old.contains(made));
                Ok(())
            };
            self.change(forget).await?;
        }
        Ok(old.len())
    }

    async fn delete(&self, made: &Made) -> Result<(), Fault> {
        let place = pointer::place(&self.tenant, &made.build);
        loop {
            let listed = self.blobs.list(place.prefix(), None).await?;
            if listed.entries.is_empty() {
                return Ok(());
            }
            for entry in listed.entries {
                self.blobs.delete(&entry.name).await?;
            }
        }
    }

    /// Changes the pointer, fitted to what it is by then. A change that was done, but whose answer was lost, changes
    /// nothing the second time.
    async fn change(
        &self,
        change: impl Fn(&mut Pointer, Timestamp) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut last = Fault::Conflict("the search indexes change too fast".to_owned());
        for _ in 0..TRIES {
            let (known, etag) = self.pointed().await?;
            let mut pointer = known.clone();
            change(&mut pointer, self.clock.now())?;
            if pointer == known {
                return Ok(());
            }
            match pointer::swap(&self.blobs, &self.tenant, &pointer, etag.as_ref()).await {
                Ok(()) => return Ok(()),
                Err(fault) if fault.retryable() || matches!(fault, Fault::Conflict(_)) => {
                    last = fault;
                }
                Err(fault) => return Err(fault),
            }
            tokio::time::sleep(self.patience.pause).await;
        }
        Err(last)
    }

    async fn pointed(&self) -> Result<Pointed, Fault> {
        let read = || pointer::changed(&self.blobs, &self.tenant, None);
        Ok(patiently(self.patience, read).await?.unwrap_or_default())
    }

    fn build(&self, name: String) -> Build {
        let archive = Archive {
            blobs: Arc::clone(&self.blobs),
            place: pointer::place(&self.tenant, &name),
            shape: Arc::clone(&self.shape),
        };
        let (engine, clock) = (self.engine.clone(), Arc::clone(&self.clock));
        let writer = Writer::new(archive, engine, clock, self.limits, self.patience);
        Build { name, writer, fields: self.fields }
    }
}

fn newer() -> Fault {
    Fault::Unavailable("the search index is that of a later version".to_owned())
}
