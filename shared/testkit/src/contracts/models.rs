//! Models: what is known of them, and their files.

use crate::builders::{fresh_tenant, noon};
use ceap_engagement::model::library::{Kept, ModelKeeper, ModelShelf};
use ceap_engagement::model::{Description, Input, Kind, Takes};
use ceap_kernel::ModelId;
use serde_json::json;

/// What is known of a model is one tenant's, and stays as it was told.
pub async fn models(store: &impl ModelKeeper) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let kept = |file: &[u8], name: &str| Kept {
        model: ModelId::of(file),
        description: Description {
            kind: Kind::Trees,
            format: "lightgbm".to_owned(),
            inputs: vec![Input {
                name: name.to_owned(),
                takes: Takes::Category,
                missing: true,
                categories: Some(vec![json!("ü \" \\"), json!(1.5), json!(true)]),
            }],
        },
        bytes: 7,
        uploaded_at: noon(),
    };
    let (one, two) = (kept(b"one", "Überschuss"), kept(b"two", "b"));
    assert!(store.list(&mine).await.unwrap().is_empty());
    store.keep(&mine, &one).await.unwrap();
    store.keep(&mine, &one).await.unwrap();
    store.keep(&mine, &two).await.unwrap();
    assert_eq!(store.find(&mine, &one.model).await.unwrap(), Some(one.clone()));
    assert_eq!(store.find(&yours, &one.model).await.unwrap(), None);
    let mut all = vec![one.clone(), two.clone()];
    all.sort_by(|a, b| a.model.cmp(&b.model));
    assert_eq!(store.list(&mine).await.unwrap(), all);
    assert!(store.list(&yours).await.unwrap().is_empty());
    store.remove(&mine, &one.model).await.unwrap();
    store.remove(&mine, &one.model).await.unwrap();
    assert_eq!(store.list(&mine).await.unwrap(), [two]);
}

/// A file is one tenant's, and stays as it came. What is sent to an upload's URL is the caller's part.
pub async fn model_files(store: &impl ModelShelf) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let file: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let id = ModelId::of(&file);
    assert_eq!(store.get(&mine, &id).await.unwrap(), None);
    store.put(&mine, &id, file.clone()).await.unwrap();
    store.put(&mine, &id, file.clone()).await.unwrap();
    store.accept(&mine, &id).await.unwrap();
    assert_eq!(store.get(&mine, &id).await.unwrap(), Some(file));
    assert_eq!(store.get(&yours, &id).await.unwrap(), None);
    let upload = store.upload(&yours, &id, 100_000, noon()).await.unwrap();
    assert!(upload.url.contains(id.as_str()) && upload.url.contains(yours.as_str()));
    assert!(upload.expires_at > noon());
    store.forget(&mine, &id).await.unwrap();
    store.forget(&mine, &id).await.unwrap();
    assert_eq!(store.get(&mine, &id).await.unwrap(), None);
}
