//! The drop bucket, and what became of objects.

use crate::World;
use ceap_engagement::source::object::{
    Head, Kept, KeptPart, Object, ObjectFiles, ObjectStore, PartState, Plan,
};
use ceap_kernel::{Fault, ObjectId, SourceId, TenantId};
use std::collections::BTreeMap;

/// A file as it was put into the bucket.
#[derive(Debug, Clone, Default)]
pub struct Dropped {
    pub bytes: Vec<u8>,
    pub etag: String,
    pub content_encoding: Option<String>,
}

/// What is kept of an object, as JSON, each with its revision.
#[derive(Debug, Clone, Default)]
pub struct KeptObject {
    pub object: (u64, String),
    pub plan: Option<String>,
    pub parts: BTreeMap<u32, (u64, String)>,
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

fn write(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

impl ObjectFiles for World {
    async fn head(&self, key: &str) -> Result<Option<Head>, Fault> {
        self.step("objects.head", |stores| {
            Ok(stores.dropped.get(key).map(|file| Head {
                size: file.bytes.len() as u64,
                etag: file.etag.clone(),
                content_encoding: file.content_encoding.clone(),
            }))
        })
        .await
    }

    async fn read(&self, key: &str, etag: &str, from: u64, length: u64) -> Result<Vec<u8>, Fault> {
        self.step("objects.read", |stores| {
            let file = stores.dropped.get(key).filter(|file| file.etag == etag);
            let file = file.ok_or_else(|| Fault::NotFound("it is not there as it was".into()))?;
            let (from, length) = (usize::try_from(from).unwrap(), usize::try_from(length).unwrap());
            Ok(file.bytes[from..from + length].to_vec())
        })
        .await
    }
}

impl ObjectStore for World {
    async fn create(&self, object: &Object) -> Result<Kept, Fault> {
        let key = (object.tenant.clone(), object.id.clone());
        self.step("objects.create", |stores| {
            let new = || KeptObject { object: (1, write(object)), ..KeptObject::default() };
            Ok(kept(stores.objects.entry(key).or_insert_with(new)))
        })
        .await
    }

    async fn get(&self, tenant: &TenantId, id: &ObjectId) -> Result<Option<Kept>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("objects.get", |stores| Ok(stores.objects.get(&key).map(kept))).await
    }

    async fn save(&self, object: &Object, revision: u64) -> Result<(), Fault> {
        let key = (object.tenant.clone(), object.id.clone());
        self.step("objects.save", |stores| {
            let known = stores.objects.get_mut(&key).filter(|known| known.object.0 == revision);
            known.ok_or_else(changed)?.object = (revision + 1, write(object));
            Ok(())
        })
        .await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Object>, Option<String>), Fault> {
        self.step("objects.list", |stores| {
            let place = |it: &Object| format!("{:015}#{}", it.noticed.as_millisecond(), it.id);
            let of = stores.objects.iter().filter(|((of, _), _)| of == tenant);
            let mut found: Vec<Object> = of
                .map(|(_, item)| kept(item).object)
                .filter(|object| object.source == *source)
                .filter(|object| cursor.is_none_or(|cursor| place(object).as_str() < cursor))
                .collect();
            found.sort_by_key(|object| std::cmp::Reverse(place(object)));
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().map(place).filter(|_| more);
            Ok((found, next))
        })
        .await
    }

    async fn plan(&self, tenant: &TenantId, id: &ObjectId) -> Result<Option<Plan>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("objects.plan", |stores| {
            let plan = stores.objects.get(&key).and_then(|kept| kept.plan.as_deref());
            Ok(plan.map(read))
        })
        .await
    }

    async fn keep_plan(&self, object: &Object, plan: &Plan) -> Result<(), Fault> {
        let key = (object.tenant.clone(), object.id.clone());
        self.step("objects.keep_plan", |stores| {
            stores.objects.entry(key).or_default().plan = Some(write(plan));
            Ok(())
        })
        .await
    }

    async fn part(
        &self,
        tenant: &TenantId,
        id: &ObjectId,
        part: u32,
    ) -> Result<Option<KeptPart>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("objects.part", |stores| {
            let kept = stores.objects.get(&key).and_then(|kept| kept.parts.get(&part));
            Ok(kept.map(|(revision, json)| KeptPart { state: read(json), revision: *revision }))
        })
        .await
    }

    async fn keep_part(
        &self,
        object: &Object,
        part: u32,
        state: &PartState,
        revision: u64,
    ) -> Result<(), Fault> {
        let key = (object.tenant.clone(), object.id.clone());
        self.step("objects.keep_part", |stores| {
            let parts = &mut stores.objects.entry(key).or_default().parts;
            if parts.get(&part).map_or(0, |(known, _)| *known) != revision {
                return Err(changed());
            }
            parts.insert(part, (revision + 1, write(state)));
            Ok(())
        })
        .await
    }

    async fn parts(
        &self,
        tenant: &TenantId,
        id: &ObjectId,
    ) -> Result<BTreeMap<u32, PartState>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("objects.parts", |stores| {
            let parts = stores.objects.get(&key).into_iter().flat_map(|kept| &kept.parts);
            Ok(parts.map(|(part, (_, json))| (*part, read(json))).collect())
        })
        .await
    }
}

fn kept(kept: &KeptObject) -> Kept {
    let (revision, json) = &kept.object;
    Kept { object: read(json), revision: *revision }
}

fn changed() -> Fault {
    Fault::Conflict("it changed meanwhile".to_owned())
}
