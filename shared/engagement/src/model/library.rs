//! A tenant's models: uploaded, read before they are kept, and kept as long as a use case pins them.

use super::{Description, Shelf};
use crate::use_case::library::UseCaseKeeper;
use ceap_kernel::{Clock, Fault, ModelId, TenantId, Timestamp};
use futures::try_join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of one model's file.
pub const MAX_FILE: u64 = 100 * 1024 * 1024;

/// Models of one tenant: what they are is read with all that it runs.
const MAX_MODELS: usize = 100;

/// A model that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Model")]
pub struct Kept {
    /// The SHA-256 of its file.
    pub model: ModelId,
    /// What it is.
    #[serde(flatten)]
    pub description: Description,
    /// Bytes of its file.
    pub bytes: u64,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
}

/// Where a file is sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ModelUpload")]
pub struct Upload {
    /// The URL, for a PUT.
    pub url: String,
    /// The headers that the PUT must have.
    pub headers: BTreeMap<String, String>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Keeps the files.
#[allow(async_fn_in_trait)]
pub trait ModelFiles {
    /// The file, if it is there.
    ///
    /// # Errors
    /// `Invalid` when it is larger than [`MAX_FILE`]; `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Vec<u8>>, Fault>;
}

/// Keeps the files for good, and lets them be sent.
#[allow(async_fn_in_trait)]
pub trait ModelShelf: ModelFiles {
    /// Keeps a file.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn put(&self, tenant: &TenantId, model: &ModelId, file: Vec<u8>) -> Result<(), Fault>;

    /// Where a file of so many bytes, and of this SHA-256 alone, can be sent. What is sent is gone
    /// after a day unless it is accepted.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn upload(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        bytes: u64,
        now: Timestamp,
    ) -> Result<Upload, Fault>;

    /// Keeps what was sent for good.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn accept(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault>;

    /// Forgets a file.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn forget(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault>;
}

/// Keeps what is known of models.
#[allow(async_fn_in_trait)]
pub trait ModelKeeper {
    /// All, by their ids.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(&self, tenant: &TenantId) -> Result<Vec<Kept>, Fault>;

    /// One, if it is kept.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn find(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Kept>, Fault>;

    /// Keeps one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn keep(&self, tenant: &TenantId, model: &Kept) -> Result<(), Fault>;

    /// Forgets one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn remove(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault>;
}

/// A tenant's models.
#[derive(Debug)]
pub struct Library<F, K, U, C, R> {
    /// Their files.
    pub files: F,
    /// What is known of them.
    pub keeper: K,
    /// The use cases that may pin them.
    pub use_cases: U,
    /// The wall clock.
    pub clock: C,
    /// Reads a file.
    pub read: R,
}

impl<F, K, U, C, R> Library<F, K, U, C, R>
where
    F: ModelShelf,
    K: ModelKeeper,
    U: UseCaseKeeper,
    C: Clock,
    R: Fn(&[u8]) -> Result<Description, Fault>,
{
    /// Reads a file, and keeps it if it is a model. The same file is the same model.
    ///
    /// # Errors
    /// `Invalid`, saying why it is none; `Unavailable` or `Throttled`.
    pub async fn put(&self, tenant: &TenantId, file: Vec<u8>) -> Result<Kept, Fault> {
        let model = ModelId::of(&file);
        let all = self.keeper.list(tenant).await?;
        if let Some(kept) = all.iter().find(|it| it.model == model) {
            return Ok(kept.clone());
        }
        let kept = self.describe(&all, model, &file)?;
        self.files.put(tenant, &kept.model, file).await?;
        self.keeper.keep(tenant, &kept).await?;
        Ok(kept)
    }

    /// Where a file that is too large for a request can be sent.
    ///
    /// # Errors
    /// `Invalid` when it is too large; `Conflict` when it is there; `Unavailable` or `Throttled`.
    pub async fn upload(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        bytes: u64,
    ) -> Result<Upload, Fault> {
        if bytes == 0 || bytes > MAX_FILE {
            return Err(Fault::invalid("bytes", format!("must be from 1 to {MAX_FILE}")));
        }
        if self.keeper.find(tenant, model).await?.is_some() {
            return Err(Fault::Conflict(format!("there is a model `{model}` already")));
        }
        self.files.upload(tenant, model, bytes, self.clock.now()).await
    }

    /// Reads a file that was sent, and keeps it if it is a model.
    ///
    /// # Errors
    /// `NotFound` when it was not sent; `Invalid`, saying why it is no model; `Unavailable` or
    /// `Throttled`.
    pub async fn accept(&self, tenant: &TenantId, model: &ModelId) -> Result<Kept, Fault> {
        let all = self.keeper.list(tenant).await?;
        if let Some(kept) = all.iter().find(|it| it.model == *model) {
            return Ok(kept.clone());
        }
        let missing = || Fault::NotFound(format!("no file was sent for `{model}`"));
        let file = self.files.get(tenant, model).await?.ok_or_else(missing)?;
        if ModelId::of(&file) != *model {
            return Err(Fault::invalid("model", "has another SHA-256 than the file that was sent"));
        }
        let kept = self.describe(&all, model.clone(), &file)?;
        self.files.accept(tenant, model).await?;
        self.keeper.keep(tenant, &kept).await?;
        Ok(kept)
    }

    /// All models, by their ids.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<Kept>, Fault> {
        self.keeper.list(tenant).await
    }

    /// One model.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` or `Throttled`.
    pub async fn get(&self, tenant: &TenantId, model: &ModelId) -> Result<Kept, Fault> {
        let missing = || Fault::NotFound(format!("there is no model `{model}`"));
        self.keeper.find(tenant, model).await?.ok_or_else(missing)
    }

    /// Deletes a model that no use case pins. Older versions of one may: they can't be rolled back to
    /// until it is uploaded again.
    ///
    /// # Errors
    /// `NotFound`; `Conflict`, naming the use case; `Unavailable` or `Throttled`.
    pub async fn delete(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault> {
        let (_, use_cases) = try_join!(self.get(tenant, model), self.use_cases.list(tenant))?;
        if let Some(pins) = use_cases.iter().find(|it| it.document.score.model() == Some(model)) {
            return Err(Fault::Conflict(format!("the use case `{}` pins it", pins.document.id)));
        }
        // What is known of it goes first: a file that nobody knows of does no harm.
        self.keeper.remove(tenant, model).await?;
        self.files.forget(tenant, model).await
    }

    fn describe(&self, all: &[Kept], model: ModelId, file: &[u8]) -> Result<Kept, Fault> {
        if all.len() >= MAX_MODELS {
            let message = format!("must be at most {MAX_MODELS}: delete one that no use case pins");
            return Err(Fault::invalid("models", message));
        }
        let description = (self.read)(file)?;
        let bytes = u64::try_from(file.len()).unwrap_or(u64::MAX);
        Ok(Kept { model, description, bytes, uploaded_at: self.clock.now() })
    }
}

/// The models as use cases see them.
#[must_use]
pub fn shelf(kept: impl IntoIterator<Item = Kept>) -> Shelf {
    kept.into_iter().map(|kept| (kept.model, kept.description)).collect()
}
