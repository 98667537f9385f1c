//! Files as they come, through all steps, over ports in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod crash;
mod hostile;
mod identical;
mod kept;
mod splits;
mod written;

use ceap_engagement::event::Arrived;
use ceap_engagement::source::SourceDocument;
use ceap_engagement::source::library::Stored;
use ceap_engagement::source::object::{Object, ObjectStore};
use ceap_files::{Ingest, Step, Stepped};
use ceap_kernel::{Fault, SignedDuration, SourceId};
use ceap_testkit::builders::{noon, tenant};
use ceap_testkit::{Dropped, World};
use serde_json::{Value, json};

type Steps = Ingest<World, World, World, World, World, World>;

/// A bucket with sources, and what ingests from it.
pub struct Room {
    world: World,
    part_bytes: u64,
    shift: SignedDuration,
}

impl Room {
    /// Of the tenant `acme`, with a source `files` of this document.
    pub fn new(document: Value) -> Self {
        let world = World::new(noon());
        let room = Self { world, part_bytes: 64 << 20, shift: SignedDuration::from_mins(9) };
        room.document(document);
        room
    }

    fn document(&self, document: Value) {
        let document = json!({"id": "files", "name": "Files", "from": {"files": document}});
        let document = SourceDocument::parse(document.to_string().as_bytes()).unwrap();
        let stored = Stored { version: 1, updated_at: noon(), document };
        let key = (tenant("acme"), SourceId::new("files").unwrap());
        self.world.stores().sources.insert(key, stored);
    }

    /// Puts a file there, and tells of it as S3 does.
    pub fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let (key, bytes) = (format!("acme/files/{name}"), bytes.into());
        let etag = ceap_kernel::digest(&[&String::from_utf8_lossy(&bytes)]);
        let told = json!({"version": "0", "bucket": {"name": "drop"}, "object": {
            "key": key, "size": bytes.len(), "etag": etag, "sequencer": "0062E99A88DC407460"}});
        let file = Dropped { bytes, etag, content_encoding: None };
        self.world.stores().dropped.insert(key, file);
        told
    }

    fn steps(&self) -> Steps {
        let world = || self.world.clone();
        Ingest {
            files: world(),
            sources: world(),
            objects: world(),
            stream: world(),
            quarantine: world(),
            clock: world(),
            shift: self.shift,
            part_bytes: self.part_bytes,
        }
    }

    /// Makes a step as often as the workflow would: after a death, after a fault that may pass, and
    /// while there is more to do.
    pub async fn step(&self, step: Value) -> Result<Stepped, Fault> {
        for _ in 0..100_000 {
            let read: Step = serde_json::from_value(step.clone()).unwrap();
            let steps = self.steps();
            match self.world.alive(steps.step(&read)).await {
                Some(Ok((stepped, _))) if !stepped.more => return Ok(stepped),
                Some(Err(fault)) if !fault.retryable() => return Err(fault),
                _ => {}
            }
        }
        panic!("it never ends: {step}");
    }

    /// Runs the workflow, the parts one after the other.
    pub async fn run(&self, told: &Value, execution: &str) -> Option<Object> {
        let begin = json!({"step": "plan", "execution": execution, "input": told});
        let planned = self.step(begin).await.unwrap();
        for part in planned.parts.iter().flatten() {
            let task = json!({"step": "part", "tenant": planned.tenant, "object": planned.object, "part": part});
            self.step(task).await.unwrap();
        }
        if planned.parts.is_some() {
            let end = json!({"step": "finish", "execution": execution, "input": told.to_string()});
            self.step(end).await.unwrap();
        }
        let (tenant, id) = (planned.tenant?, planned.object?);
        Some(ObjectStore::get(&self.world, &tenant, &id).await.unwrap().unwrap().object)
    }

    /// Puts a file there and takes it in.
    pub async fn ingest(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Object {
        let told = self.put(name, bytes);
        self.run(&told, "arn:1").await.unwrap()
    }

    /// All events that came, in their order.
    pub fn events(&self) -> Vec<Arrived> {
        self.world.stores().stream.clone()
    }

    /// Reasons in quarantine, and what was rejected.
    pub fn quarantined(&self) -> Vec<(String, Value)> {
        let stores = self.world.stores();
        assert!(stores.quarantine.iter().all(|it| it.stage == "ingest-object"));
        stores.quarantine.iter().map(|it| (it.reason.clone(), it.payload.clone())).collect()
    }
}

/// What an event says, but for its id.
pub fn said(arrived: &Arrived) -> Value {
    let event = &arrived.event;
    json!([event.kind, event.source, event.subject, event.time.to_string(), event.data])
}
