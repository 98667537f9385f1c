//! Items, and the models of what goes together.

use crate::builders::{after_noon, fresh_tenant, noon};
use ceap_engagement::affinity::Affinity;
use ceap_engagement::affinity::count::Counting;
use ceap_engagement::affinity::port::{Affinities, AffinityKeeper, Which};
use ceap_engagement::item::catalogue::ItemStore;
use ceap_engagement::item::{Item, Items};
use ceap_kernel::{AffinityName, ItemId, ModelId};
use serde_json::json;

fn item(id: &str, name: &str) -> Item {
    let item = json!({"id": id, "name": name, "url": "https://shop.example/x", "available": false,
                      "attributes": {"price": 9.5, "tags": ["ü"]}});
    serde_json::from_value(item).unwrap()
}

fn id(text: &str) -> ItemId {
    ItemId::new(text).unwrap()
}

/// Runs the whole suite for items.
pub async fn items(store: &(impl ItemStore + Items)) {
    let (tenant, other) = (fresh_tenant("items"), fresh_tenant("others"));
    let many: Vec<Item> = (0..230).map(|n| item(&format!("i-{n:03}"), "Kettle")).collect();
    store.put(&tenant, &many).await.unwrap();
    store.put(&tenant, &[item("i-007", "Teapot")]).await.unwrap();
    assert_eq!(store.get(&tenant, &id("i-007")).await.unwrap(), Some(item("i-007", "Teapot")));
    assert_eq!(store.get(&other, &id("i-007")).await.unwrap(), None);

    let asked: Vec<ItemId> = (100..260).map(|n| id(&format!("i-{n:03}"))).collect();
    let found = store.get_many(&tenant, &asked).await.unwrap();
    assert_eq!(found.len(), 130);
    assert!(found.iter().all(|(id, item)| item.id == *id));
    assert!(store.get_many(&tenant, &[]).await.unwrap().is_empty());

    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, more) = store.list(&tenant, after.as_ref(), 100).await.unwrap();
        assert!(page.len() <= 100);
        after = page.last().map(|item| item.id.clone());
        all.extend(page.into_iter().map(|item| item.id));
        if !more {
            break;
        }
    }
    assert_eq!(all, many.iter().map(|item| item.id.clone()).collect::<Vec<_>>());

    store.delete(&tenant, &id("i-007")).await.unwrap();
    store.delete(&tenant, &id("i-007")).await.unwrap();
    assert_eq!(store.get(&tenant, &id("i-007")).await.unwrap(), None);
}

/// Runs the whole suite for affinity models.
pub async fn affinities(store: &(impl Affinities + AffinityKeeper)) {
    let tenant = fresh_tenant("goes-together");
    let name = AffinityName::new("products").unwrap();
    let newest = Which::Newest(name.clone());
    assert!(store.load(&tenant, &newest).await.unwrap().is_none());
    let model = |items: &[&str]| -> (ModelId, Vec<u8>, Affinity) {
        let mut counting = Counting::default();
        counting.subject(&items.iter().map(|it| id(it)).collect::<Vec<_>>()).unwrap();
        let model = counting.model(1);
        let (id, file) = model.write().unwrap();
        (id, file, model)
    };
    let (old, file, first) = model(&["a", "b"]);
    store.keep(&tenant, &name, &old, file.clone(), noon()).await.unwrap();
    store.keep(&tenant, &name, &old, file, noon()).await.unwrap();
    let (early, file, _) = model(&["a", "z"]);
    store.keep(&tenant, &name, &early, file, after_noon(-1)).await.unwrap();
    let loaded = store.load(&tenant, &newest).await.unwrap().unwrap();
    assert_eq!((&loaded.id, &*loaded.affinity), (&old, &first));
    let (new, file, second) = model(&["b", "c"]);
    store.keep(&tenant, &name, &new, file, after_noon(60)).await.unwrap();
    // The newest of a name may be remembered for a while; a pinned one is what it is.
    for (which, model) in [(old, first), (new, second)] {
        let loaded = store.load(&tenant, &Which::Pinned(which)).await.unwrap().unwrap();
        assert_eq!(*loaded.affinity, model);
    }
    let unknown = Which::Pinned(ModelId::of(b"nothing"));
    assert!(store.load(&tenant, &unknown).await.unwrap().is_none());
    assert!(store.load(&fresh_tenant("others"), &newest).await.unwrap().is_none());
}
