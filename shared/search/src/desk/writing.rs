//! A build, to be written.

use std::sync::Arc;

use ceap_helpdesk::{
    search::index::{Change, Opened, Step, Writing},
    store::Soon,
};
use ceap_kernel::Fault;

use super::{index::Shown, shape::Fields};
use crate::{Batch, Change as Written, Manifest, Merged, Policy, Position, What, Writer};

/// One of a tenant's builds, to be written.
pub struct Build {
    pub(super) name: String,
    pub(super) writer: Writer,
    pub(super) fields: Fields,
}

/// What tending a build did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tended {
    /// The merges.
    pub merged: Vec<Merged>,
    /// Objects that nothing named any more, and that are gone.
    pub deleted: usize,
    /// Objects that should be there and are not: the index must be built anew.
    pub missing: Vec<String>,
}

impl Build {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it holds.
    ///
    /// # Errors
    /// The store's.
    pub async fn manifest(&self) -> Result<Manifest, Fault> {
        self.writer.newest_manifest().await
    }

    /// Merges at most so many times. If anything was merged, it deletes what nobody reads any more, and looks whether all
    /// is there: that costs lists.
    ///
    /// # Errors
    /// The store's. What was done by then is done.
    pub async fn tend(&self, policy: &Policy, merges: usize) -> Result<Tended, Fault> {
        let mut tended = Tended::default();
        while tended.merged.len() < merges {
            match self.writer.merge(policy).await? {
                Some(merged) => tended.merged.push(merged),
                None => break,
            }
        }
        if tended.merged.is_empty() {
            return Ok(tended);
        }
        tended.missing = self.missing().await?;
        tended.deleted = self.writer.collect().await?.deleted;
        Ok(tended)
    }

    /// Merges once, if there is anything to merge. Says whether it did, and deletes nothing.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn merge(&self, policy: &Policy) -> Result<bool, Fault> {
        Ok(self.writer.merge(policy).await?.is_some())
    }

    /// Deletes what nobody has read for the grace, and marks what nobody reads any more.
    ///
    /// # Errors
    /// The store's. What was deleted by then is found deleted the next time.
    pub(super) async fn collect(&self) -> Result<(), Fault> {
        self.writer.collect().await.map(drop)
    }

    /// Objects that should be there and are not: if there are any, the index must be built anew. It costs a list, so it
    /// is asked when something is `Unavailable`.
    ///
    /// # Errors
    /// The store's.
    pub async fn missing(&self) -> Result<Vec<String>, Fault> {
        self.writer.missing().await
    }
}

impl Writing for Build {
    fn open(&self) -> Soon<'_, Result<Box<dyn Opened>, Fault>> {
        Box::pin(async move {
            let view = Some(Arc::new(self.writer.newest().await?));
            Ok(Box::new(Shown { view, fields: self.fields }) as Box<dyn Opened>)
        })
    }

    fn position<'a>(&'a self, source: &'a str) -> Soon<'a, Result<Option<u64>, Fault>> {
        Box::pin(async move { Ok(self.writer.position(source).await?.and_then(|it| it.number())) })
    }

    fn apply<'a>(&'a self, step: &'a Step, changes: Vec<Change>) -> Soon<'a, Result<bool, Fault>> {
        Box::pin(async move {
            let position = Position::from(step.position);
            let written = |change: Change| {
                let what = match &change.now {
                    Some((document, stamp)) => What::Is(self.fields.document(document, *stamp)?),
                    None => What::IsGone,
                };
                Ok(Written { position: position.clone(), key: change.of.to_string(), what })
            };
            let changes: Result<Vec<Written>, Fault> = changes.into_iter().map(written).collect();
            let batch =
                Batch { source: step.source.to_owned(), changes: changes?, upto: Some(position) };
            Ok(self.writer.apply(&batch).await?.generation.is_some())
        })
    }
}
