//! Affinity models: files beside other models', the newest of each name at pk `<tenant>#AFFINITY`, sk the
//! name.

use super::Table;
use super::item::{self, get_text, key, millis, text};
use crate::fault::fault;
use crate::model_bucket::ModelBucket;
use ceap_engagement::affinity::Affinity;
use ceap_engagement::affinity::port::{Affinities, AffinityKeeper, Loaded, Which};
use ceap_engagement::model::library::{ModelFiles, ModelShelf};
use ceap_kernel::{AffinityName, Fault, ModelId, TenantId, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the newest of a name is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Models in memory at once.
const IN_MEMORY: usize = 8;

/// Affinity models.
#[derive(Debug, Clone)]
pub struct AffinityStore {
    files: ModelBucket,
    table: Table,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    newest: HashMap<(TenantId, AffinityName), (Instant, ModelId)>,
    /// With when each was last asked for.
    models: HashMap<(TenantId, ModelId), (Instant, Arc<Affinity>)>,
}

impl AffinityStore {
    /// Of `files`, and the names in `table`.
    #[must_use]
    pub fn new(files: ModelBucket, table: Table) -> Self {
        Self { files, table, known: Arc::default() }
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn newest(
        &self,
        tenant: &TenantId,
        name: &AffinityName,
    ) -> Result<Option<ModelId>, Fault> {
        let key = (tenant.clone(), name.clone());
        let known = self.known(|known| known.newest.get(&key).cloned());
        if let Some((_, id)) = known.filter(|(read, _)| read.elapsed() < REMEMBERED) {
            return Ok(Some(id));
        }
        let item = self.table.get(&pk(tenant), name.as_str()).await?;
        let id = item.as_ref().and_then(|item| get_text(item, "model")).map(ModelId::new);
        let id = id.transpose()?;
        if let Some(id) = &id {
            self.known(|known| known.newest.insert(key, (Instant::now(), id.clone())));
        }
        Ok(id)
    }

    async fn model(&self, tenant: &TenantId, id: ModelId) -> Result<Option<Loaded>, Fault> {
        let key = (tenant.clone(), id.clone());
        let known = self.known(|known| {
            known.models.get_mut(&key).map(|(asked, model)| {
                *asked = Instant::now();
                Arc::clone(model)
            })
        });
        if let Some(affinity) = known {
            return Ok(Some(Loaded { id, affinity }));
        }
        let Some(file) = self.files.get(tenant, &id).await? else { return Ok(None) };
        let affinity = Arc::new(Affinity::read(&file)?);
        self.known(|known| {
            if known.models.len() >= IN_MEMORY {
                let oldest = known.models.iter().min_by_key(|(_, (asked, _))| *asked);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    known.models.remove(&oldest);
                }
            }
            known.models.insert(key, (Instant::now(), Arc::clone(&affinity)));
        });
        Ok(Some(Loaded { id, affinity }))
    }
}

fn pk(tenant: &TenantId) -> String {
    format!("{tenant}#AFFINITY")
}

impl Affinities for AffinityStore {
    fn load<'a>(
        &'a self,
        tenant: &'a TenantId,
        which: &'a Which,
    ) -> BoxFuture<'a, Result<Option<Loaded>, Fault>> {
        async move {
            let id = match which {
                Which::Pinned(id) => Some(id.clone()),
                Which::Newest(name) => self.newest(tenant, name).await?,
            };
            match id {
                Some(id) => self.model(tenant, id).await,
                None => Ok(None),
            }
        }
        .boxed()
    }
}

impl AffinityKeeper for AffinityStore {
    async fn keep(
        &self,
        tenant: &TenantId,
        name: &AffinityName,
        id: &ModelId,
        file: Vec<u8>,
        as_of: Timestamp,
    ) -> Result<(), Fault> {
        self.files.put(tenant, id, file).await?;
        let mut item = key(&pk(tenant), name.as_str());
        item.insert("model".to_owned(), text(id.as_str()));
        item.insert("as_of".to_owned(), millis(as_of));
        let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(item));
        let put = put
            .condition_expression("attribute_not_exists(as_of) OR as_of <= :as_of")
            .expression_attribute_values(":as_of", millis(as_of));
        match put.send().await {
            Ok(_) => Ok(()),
            // One of later history is there: it stays.
            Err(error) if item::refused(&error) => Ok(()),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }
}
