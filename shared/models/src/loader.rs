//! Models as they are loaded: read once, and remembered while there is room.

use crate::read;
use ceap_engagement::model::Model;
use ceap_engagement::model::library::ModelFiles;
use ceap_engagement::pipeline::score::Models;
use ceap_kernel::{Fault, ModelId, TenantId};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Bytes of the files of all models that are remembered. Ready to score, a model takes about as much.
const MAX_BYTES: usize = 200 * 1024 * 1024;

#[derive(Debug)]
struct Known {
    tenant: TenantId,
    id: ModelId,
    bytes: usize,
    model: Arc<dyn Model>,
}

/// Loads models from their files.
#[derive(Debug)]
pub struct Loader<F> {
    files: F,
    /// The least recently used one first.
    known: Mutex<VecDeque<Known>>,
}

impl<F: ModelFiles> Loader<F> {
    /// From `files`.
    pub fn new(files: F) -> Self {
        Self { files, known: Mutex::default() }
    }

    fn remembered(&self, tenant: &TenantId, id: &ModelId) -> Option<Arc<dyn Model>> {
        let mut known = self.known.lock().ok()?;
        let at = known.iter().position(|known| known.tenant == *tenant && known.id == *id)?;
        let found = known.remove(at)?;
        let model = Arc::clone(&found.model);
        known.push_back(found);
        Some(model)
    }

    fn remember(&self, new: Known) {
        let Ok(mut known) = self.known.lock() else { return };
        known.push_back(new);
        let sum = |known: &VecDeque<Known>| {
            known.iter().fold(0_usize, |sum, known| sum.saturating_add(known.bytes))
        };
        while known.len() > 1 && sum(&known) > MAX_BYTES {
            known.pop_front();
        }
    }
}

impl<F: ModelFiles> Models for Loader<F> {
    async fn load(&self, tenant: &TenantId, id: &ModelId) -> Result<Arc<dyn Model>, Fault> {
        if let Some(model) = self.remembered(tenant, id) {
            return Ok(model);
        }
        let missing = || Fault::NotFound(format!("the file of model {id} is not there"));
        let file = self.files.get(tenant, id).await?.ok_or_else(missing)?;
        if ModelId::of(&file) != *id {
            return Err(Fault::Internal(format!("the file of model {id} is another one")));
        }
        let model = read(&file)?;
        let (tenant, id) = (tenant.clone(), id.clone());
        self.remember(Known { tenant, id, bytes: file.len(), model: Arc::clone(&model) });
        Ok(model)
    }
}
