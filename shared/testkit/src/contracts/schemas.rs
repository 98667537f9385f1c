//! Schemas of events.

use crate::builders::{fresh_tenant, noon};
use ceap_engagement::schema::registry::SchemaKeeper;
use ceap_engagement::schema::{Compatibility, EventSchema, Mode, SchemaDocument};
use ceap_kernel::Fault;
use serde_json::json;

fn schema(kind: &str, version: u64) -> EventSchema {
    let schema = json!({"type": "object", "title": format!("ü {version}"), "required": ["a"]});
    let schema = schema.as_object().unwrap().clone();
    let (mode, compatibility) = (Mode::Reject, Compatibility::Full);
    let document = SchemaDocument { schema, mode, compatibility };
    EventSchema { kind: kind.to_owned(), version, updated_at: noon(), document }
}

/// Runs the whole suite.
pub async fn schemas(store: &impl SchemaKeeper) {
    let (tenant, other) = (fresh_tenant("schemas"), fresh_tenant("others"));
    let conflict = |outcome| matches!(outcome, Err(Fault::Conflict(_)));
    assert_eq!(store.get(&tenant, "order", None).await.unwrap(), None);
    assert_eq!(store.newest(&tenant, "order").await.unwrap(), 0);
    for version in 1..=11 {
        store.put(&tenant, &schema("order", version)).await.unwrap();
    }
    store.put(&tenant, &schema("order placed", 1)).await.unwrap();
    store.put(&other, &schema("order", 1)).await.unwrap();
    assert!(conflict(store.put(&tenant, &schema("order", 11)).await));
    assert_eq!(store.newest(&tenant, "order").await.unwrap(), 11);
    assert_eq!(store.get(&tenant, "order", None).await.unwrap(), Some(schema("order", 11)));
    assert_eq!(store.get(&tenant, "order", Some(2)).await.unwrap(), Some(schema("order", 2)));
    assert_eq!(store.get(&tenant, "order", Some(12)).await.unwrap(), None);
    let all = [schema("order", 11), schema("order placed", 1)];
    assert_eq!(store.list(&tenant).await.unwrap(), all);

    assert!(conflict(store.delete(&tenant, "order", 10).await));
    store.delete(&tenant, "order", 11).await.unwrap();
    assert!(conflict(store.delete(&tenant, "order", 11).await));
    assert_eq!(store.get(&tenant, "order", None).await.unwrap(), None);
    assert_eq!(store.newest(&tenant, "order").await.unwrap(), 11, "its numbers go on");
    assert_eq!(store.list(&tenant).await.unwrap(), all[1..]);
    store.put(&tenant, &schema("order", 12)).await.unwrap();
    assert_eq!(store.list(&other).await.unwrap(), [schema("order", 1)]);
}
