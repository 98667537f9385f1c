//! Stored models: kept only if they can be read, and as long as a use case pins them.

use ceap_engagement::model::library::{Kept, Library, MAX_FILE};
use ceap_engagement::model::{Description, Input, Kind, Takes};
use ceap_engagement::use_case::library::{UseCaseKeeper, Version};
use ceap_engagement::use_case::{Document, Stored, UseCase};
use ceap_kernel::{Fault, ModelId, TenantId, UseCaseId};
use ceap_testkit::World;
use ceap_testkit::builders::{noon, tenant};
use serde_json::json;
use std::cell::RefCell;

/// Use cases that there are.
#[derive(Default)]
struct UseCases(RefCell<Vec<Version>>);

impl UseCaseKeeper for UseCases {
    async fn list(&self, _: &TenantId) -> Result<Vec<Version>, Fault> {
        Ok(self.0.borrow().clone())
    }
    async fn get(&self, _: &TenantId, _: &UseCaseId) -> Result<Option<Version>, Fault> {
        Ok(None)
    }
    async fn versions(&self, _: &TenantId, _: &UseCaseId) -> Result<Vec<Version>, Fault> {
        Ok(Vec::new())
    }
    async fn put(&self, _: &TenantId, version: &Version) -> Result<(), Fault> {
        self.0.borrow_mut().push(version.clone());
        Ok(())
    }
    async fn delete(&self, _: &TenantId, _: &UseCaseId, _: u32) -> Result<(), Fault> {
        self.0.borrow_mut().clear();
        Ok(())
    }
}

/// Any file that starts with an M is a model.
fn read(file: &[u8]) -> Result<Description, Fault> {
    if !file.starts_with(b"M") {
        return Err(Fault::invalid("model", "is no model"));
    }
    let input = Input { name: "x".into(), takes: Takes::Number, missing: true, categories: None };
    Ok(Description { kind: Kind::Trees, format: "test".into(), inputs: vec![input] })
}

type Read = fn(&[u8]) -> Result<Description, Fault>;

fn library(world: &World) -> Library<World, World, UseCases, World, Read> {
    Library {
        files: world.clone(),
        keeper: world.clone(),
        use_cases: UseCases::default(),
        clock: world.clone(),
        read,
    }
}

fn document(model: &ModelId) -> Document {
    serde_json::from_value(json!({
        "id": "pins", "version": 1, "name": "Pins", "purpose": "marketing",
        "trigger": {"event": "seen"}, "ttl": "1d",
        "score": {"kind": "trees", "model": model,
            "inputs": {"x": {"value": "event.data.x", "default": "missing"}}},
        "action": {"channel": "sms", "text": "x"},
    }))
    .unwrap()
}

#[tokio::test]
async fn a_model_is_kept_once_and_as_long_as_it_is_pinned() {
    let (world, acme) = (World::new(noon()), tenant("acme"));
    let library = library(&world);
    let kept = library.put(&acme, b"Model".to_vec()).await.unwrap();
    assert_eq!(kept.model, ModelId::of(b"Model"));
    assert_eq!((kept.bytes, kept.uploaded_at), (5, noon()));
    assert_eq!(library.put(&acme, b"Model".to_vec()).await.unwrap(), kept);
    assert_eq!(library.list(&acme).await.unwrap(), std::slice::from_ref(&kept));
    let others = library.get(&tenant("other"), &kept.model).await;
    assert!(matches!(others, Err(Fault::NotFound(_))));

    let models = ceap_engagement::model::library::shelf([kept.clone()]);
    let stored = Stored { models, ..Stored::default() };
    let document = UseCase::with(document(&kept.model), &stored).unwrap().document;
    let version = Version { updated_at: noon(), document };
    library.use_cases.put(&acme, &version).await.unwrap();
    let pinned = library.delete(&acme, &kept.model).await.unwrap_err();
    assert_eq!(pinned, Fault::Conflict("the use case `pins` pins it".into()));
    library.use_cases.delete(&acme, &version.document.id, 1).await.unwrap();
    library.delete(&acme, &kept.model).await.unwrap();
    assert!(matches!(library.delete(&acme, &kept.model).await, Err(Fault::NotFound(_))));
    assert!(world.stores().models.files.is_empty());
    let gone = UseCase::with(self::document(&kept.model), &Stored::default()).unwrap_err();
    assert!(gone.to_string().starts_with("score.model: there is no model"), "{gone}");
}

#[tokio::test]
async fn what_is_no_model_is_not_kept() {
    let (world, acme) = (World::new(noon()), tenant("acme"));
    let library = library(&world);
    assert!(matches!(library.put(&acme, b"other".to_vec()).await, Err(Fault::Invalid { .. })));
    assert!(world.stores().models.files.is_empty());
    assert!(library.list(&acme).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_large_file_is_sent_first_and_accepted_then() {
    let (world, acme) = (World::new(noon()), tenant("acme"));
    let library = library(&world);
    let id = ModelId::of(b"Model");
    for bytes in [0, MAX_FILE + 1] {
        assert!(matches!(library.upload(&acme, &id, bytes).await, Err(Fault::Invalid { .. })));
    }
    let upload = library.upload(&acme, &id, 5).await.unwrap();
    assert!(upload.expires_at > noon());
    let early: Result<Kept, Fault> = library.accept(&acme, &id).await;
    assert!(matches!(early, Err(Fault::NotFound(_))));
    let send = |file: &[u8]| {
        let key = (acme.clone(), id.clone());
        world.stores().models.files.insert(key, (file.to_vec(), false));
    };
    send(b"Muddle");
    assert!(library.accept(&acme, &id).await.unwrap_err().to_string().contains("SHA-256"));
    send(b"Model");
    let kept = library.accept(&acme, &id).await.unwrap();
    assert_eq!(library.accept(&acme, &id).await.unwrap(), kept, "again");
    assert!(world.stores().models.files.values().all(|(_, for_good)| *for_good));
    assert!(matches!(library.upload(&acme, &id, 5).await, Err(Fault::Conflict(_))));
}
