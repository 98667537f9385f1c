//! What a tenant may ask of the objects of its sources.

use super::port::{ObjectStore, unknown};
use super::record::{Object, Progress};
use ceap_kernel::{Fault, ObjectId, SourceId, TenantId};
use schemars::JsonSchema;
use serde::Serialize;

/// Objects of a page.
const PAGE: usize = 50;

/// A page of a source's objects, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SourceObjects")]
pub struct List {
    /// The objects.
    pub objects: Vec<Object>,
    /// The `cursor` of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Answers what is asked of objects.
#[derive(Debug)]
pub struct ObjectDesk<O> {
    /// What became of them.
    pub objects: O,
}

impl<O: ObjectStore> ObjectDesk<O> {
    /// A page of a source's objects.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn list(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        cursor: Option<&str>,
    ) -> Result<List, Fault> {
        let (found, next) = self.objects.list(tenant, source, cursor, PAGE).await?;
        let mut objects = Vec::with_capacity(found.len());
        for object in found {
            objects.push(self.as_far(object).await?);
        }
        Ok(List { objects, next })
    }

    /// An object of a source.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` or `Throttled`.
    pub async fn get(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        id: &ObjectId,
    ) -> Result<Object, Fault> {
        let kept = self.objects.get(tenant, id).await?.map(|kept| kept.object);
        self.as_far(kept.filter(|it| it.source == *source).ok_or_else(unknown)?).await
    }

    /// What of an object was read until now: while it is read, its parts know.
    async fn as_far(&self, object: Object) -> Result<Object, Fault> {
        if !object.is_open() || object.parts.is_none() {
            return Ok(object);
        }
        let mut progress = Progress::default();
        for state in self.objects.parts(&object.tenant, &object.id).await?.values() {
            progress.add(&state.progress);
        }
        Ok(Object { progress, ..object })
    }
}
