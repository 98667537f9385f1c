//! Schemas of events.

use crate::World;
use ceap_engagement::schema::EventSchema;
use ceap_engagement::schema::registry::SchemaKeeper;
use ceap_kernel::{Fault, TenantId};

impl SchemaKeeper for World {
    async fn get(
        &self,
        tenant: &TenantId,
        kind: &str,
        version: Option<u64>,
    ) -> Result<Option<EventSchema>, Fault> {
        let key = (tenant.clone(), kind.to_owned());
        self.step("schemas.get", |stores| {
            let Some((judged, versions)) = stores.schemas.get(&key) else { return Ok(None) };
            let wanted = version.or(*judged);
            Ok(versions.iter().find(|it| Some(it.version) == wanted).cloned())
        })
        .await
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<EventSchema>, Fault> {
        self.step("schemas.list", |stores| {
            let of = stores.schemas.iter().filter(|((of, _), _)| of == tenant);
            let judged = of.filter_map(|(_, (judged, versions))| {
                versions.iter().find(|it| Some(it.version) == *judged).cloned()
            });
            Ok(judged.collect())
        })
        .await
    }

    async fn newest(&self, tenant: &TenantId, kind: &str) -> Result<u64, Fault> {
        let key = (tenant.clone(), kind.to_owned());
        self.step("schemas.newest", |stores| {
            let newest = stores.schemas.get(&key).and_then(|(_, versions)| versions.last());
            Ok(newest.map_or(0, |schema| schema.version))
        })
        .await
    }

    async fn put(&self, tenant: &TenantId, schema: &EventSchema) -> Result<(), Fault> {
        let key = (tenant.clone(), schema.kind.clone());
        self.step("schemas.put", |stores| {
            let (judged, versions) = stores.schemas.entry(key).or_default();
            if versions.iter().any(|it| it.version == schema.version) {
                return Err(Fault::Conflict("it changed meanwhile".to_owned()));
            }
            versions.push(schema.clone());
            *judged = Some(schema.version);
            Ok(())
        })
        .await
    }

    async fn delete(&self, tenant: &TenantId, kind: &str, version: u64) -> Result<(), Fault> {
        let key = (tenant.clone(), kind.to_owned());
        self.step("schemas.delete", |stores| match stores.schemas.get_mut(&key) {
            Some((judged, _)) if *judged == Some(version) => {
                *judged = None;
                Ok(())
            }
            _ => Err(Fault::Conflict("it changed meanwhile".to_owned())),
        })
        .await
    }
}
