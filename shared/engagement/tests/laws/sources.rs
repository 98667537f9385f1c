//! Sources: changed by version, let in by keys that are shown once and revoked one by one.

use ceap_engagement::secret::Secrets;
use ceap_engagement::source::library::{self, MAX_KEYS};
use ceap_kernel::access::{AccessKey, Credential, Role};
use ceap_kernel::{Fault, SourceId, TenantId};
use ceap_testkit::World;
use ceap_testkit::builders::{fresh_tenant, noon};
use serde_json::{Value, json};

fn shop() -> SourceId {
    SourceId::new("shop").unwrap()
}

fn document(kind: &str) -> Vec<u8> {
    json!({"id": "shop", "name": "Shop", "version": 40, "from": {kind: {}}}).to_string().into()
}

async fn world() -> (World, TenantId) {
    let (world, tenant) = (World::new(noon()), fresh_tenant("sources"));
    library::put(&world, &world, &tenant, &shop(), &document("segment"), None).await.unwrap();
    (world, tenant)
}

fn shown(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[tokio::test]
async fn a_change_names_its_version() {
    let (world, tenant) = world().await;
    let put = async |id: &str, body: &[u8], version: Option<u64>| {
        library::put(&world, &world, &tenant, &SourceId::new(id).unwrap(), body, version).await
    };
    let segment = document("segment");
    assert!(matches!(put("shop", &segment, None).await, Err(Fault::Conflict(_))));
    assert!(matches!(put("shop", &segment, Some(3)).await, Err(Fault::Conflict(_))));
    let changed = put("shop", &segment, Some(1)).await.unwrap();
    assert_eq!((changed.version, changed.document.version), (2, Some(2)));
    let renamed = put("other", &segment, None).await.unwrap_err().to_string();
    assert_eq!(renamed, "id: must be `other`, as in the path");
    let another = put("shop", &document("jitsu"), Some(2)).await.unwrap_err().to_string();
    assert_eq!(another, "from: this source is `segment`; make another one");
    let listed = shown(&library::list(&world, &tenant).await.unwrap());
    assert_eq!(listed[0]["kind"], "segment");
    assert_eq!(listed[0]["version"], 2);
}

#[tokio::test]
async fn keys_are_shown_once_and_revoked_one_by_one() {
    let (world, tenant) = world().await;
    let make = async |seed: usize| {
        let random = [u8::try_from(seed).unwrap(); 32];
        library::grant(&world, &world, &world, &tenant, &shop(), &random).await
    };
    let fresh = make(1).await.unwrap();
    let credential = Credential::parse(fresh.write_key.as_deref().unwrap()).unwrap();
    let holder = credential.authenticate(None, &world).await.unwrap();
    assert_eq!((holder.role, holder.source), (Role::Source, Some(shop())));
    make(2).await.unwrap();
    let read = shown(&library::get(&world, &tenant, &shop()).await.unwrap());
    assert_eq!(read["keys"].as_array().unwrap().len(), 2);
    assert_eq!(read["keys"][0]["created_at"], "2026-11-21T12:00:00Z");
    let secret = fresh.write_key.as_deref().unwrap().rsplit('_').next().unwrap();
    assert!(
        !read.to_string().contains(secret) && !read.to_string().contains(&credential.fingerprint())
    );

    let key = fresh.shown.key;
    assert!(credential.fingerprint().starts_with(&key));
    library::revoke(&world, &world, &tenant, &shop(), &key).await.unwrap();
    assert!(credential.authenticate(None, &world).await.is_err());
    let again = library::revoke(&world, &world, &tenant, &shop(), &key).await;
    assert!(matches!(again, Err(Fault::NotFound(_))));
    for seed in 2..=MAX_KEYS {
        make(seed + 1).await.unwrap();
    }
    assert!(matches!(make(100).await, Err(Fault::Conflict(_))));
}

/// The tenant's other credentials, and other sources', are not a source's to revoke.
#[tokio::test]
async fn a_source_that_is_deleted_takes_its_keys_with_it() {
    let (world, tenant) = world().await;
    let other = SourceId::new("other").unwrap();
    let body = json!({"id": "other", "name": "O", "from": {"jitsu": {}}}).to_string();
    library::put(&world, &world, &tenant, &other, body.as_bytes(), None).await.unwrap();
    let make = async |id: &SourceId, seed: u8| {
        let fresh = library::grant(&world, &world, &world, &tenant, id, &[seed; 32]).await.unwrap();
        Credential::parse(fresh.write_key.as_deref().unwrap()).unwrap()
    };
    let (mine, theirs) = (make(&shop(), 1).await, make(&other, 2).await);
    let old = library::delete(&world, &world, &tenant, &shop(), Some(9)).await;
    assert!(matches!(old, Err(Fault::Conflict(_))), "{old:?}");
    assert!(mine.authenticate(None, &world).await.is_ok());
    library::delete(&world, &world, &tenant, &shop(), Some(1)).await.unwrap();
    assert!(mine.authenticate(None, &world).await.is_err());
    assert!(theirs.authenticate(None, &world).await.is_ok());
    let refused = library::grant(&world, &world, &world, &tenant, &shop(), &[3; 32]).await;
    assert!(matches!(refused, Err(Fault::NotFound(_))), "{refused:?}");
}

/// Interrupted after the source and before its keys: asked again, it finds none, and revokes them.
#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished() {
    let (world, tenant) = world().await;
    let fresh = library::grant(&world, &world, &world, &tenant, &shop(), &[1; 32]).await.unwrap();
    let credential = Credential::parse(fresh.write_key.as_deref().unwrap()).unwrap();
    world.stores().sources.clear();
    assert!(credential.authenticate(None, &world).await.is_ok());
    let gone = library::delete(&world, &world, &tenant, &shop(), None).await.unwrap();
    assert_eq!(gone, None);
    assert!(credential.authenticate(None, &world).await.is_err());
}

/// A pair is shown once, too; its secret is kept as long as it, to verify with.
#[tokio::test]
async fn access_keys_are_pairs_whose_secrets_are_kept_as_long_as_they() {
    let (world, tenant) = (World::new(noon()), fresh_tenant("sources"));
    library::put(&world, &world, &tenant, &shop(), &document("pinpoint"), None).await.unwrap();
    let make = async |seed: u8| {
        library::grant(&world, &world, &world, &tenant, &shop(), &[seed; 32]).await.unwrap()
    };
    let (fresh, other) = (make(1).await, make(2).await);
    assert_eq!(fresh.write_key, None);
    let key = AccessKey::parse(fresh.access_key_id.as_deref().unwrap()).unwrap();
    let holder = key.holder(&world).await.unwrap();
    assert_eq!((holder.role, holder.source), (Role::Source, Some(shop())));
    let kept = Secrets::get(&world, &tenant, &library::access_secret(&key.fingerprint())).await;
    assert_eq!(Some(kept.unwrap().reveal()), fresh.secret_access_key.as_deref());
    let read = shown(&library::get(&world, &tenant, &shop()).await.unwrap()).to_string();
    assert!(!read.contains(fresh.secret_access_key.as_deref().unwrap()));

    library::revoke(&world, &world, &tenant, &shop(), &fresh.shown.key).await.unwrap();
    assert!(key.holder(&world).await.is_err());
    assert_eq!(world.stores().secrets.len(), 1);
    assert!(other.access_key_id.is_some());
    library::delete(&world, &world, &tenant, &shop(), None).await.unwrap();
    assert!(world.stores().secrets.is_empty() && world.stores().source_keys.is_empty());
}
