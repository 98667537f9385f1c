//! Objects of sources, their plans, and how far their parts were read.

use crate::builders::{after_noon, fresh_tenant};
use ceap_engagement::source::files::Encoding;
use ceap_engagement::source::object::{
    Compression, Kept, Layout, Named, Object, ObjectStore, PartState, Plan, Progress, Shape, Start,
    State,
};
use ceap_kernel::{Fault, SourceId, TenantId};
use futures::future::join_all;

fn object(tenant: &TenantId, file: &str, second: i64) -> Object {
    let source = SourceId::new("orders").unwrap();
    let named = Named {
        key: format!("{tenant}/orders/{file}"),
        size: 10,
        etag: "e".to_owned(),
        sequencer: "1".to_owned(),
    };
    Object::new(tenant, &source, &named, "arn:1", after_noon(second))
}

/// An object is made once, changed by one at a time, and listed the newest first.
pub async fn objects(store: &impl ObjectStore) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let first = object(&mine, "a.csv", 0);
    assert_eq!(store.get(&mine, &first.id).await, Ok(None));
    let kept = store.create(&first).await.unwrap();
    assert_eq!(kept, Kept { object: first.clone(), revision: 1 });
    let again = Object { execution: "arn:2".to_owned(), ..first.clone() };
    assert_eq!(store.create(&again).await.unwrap(), kept, "the one that was there");
    assert_eq!(store.get(&yours, &first.id).await, Ok(None), "another tenant's is invisible");

    let saves = (1..=5).map(|parts| {
        let reading = first.clone().reading(parts);
        async move { store.save(&reading, 1).await }
    });
    let saved = join_all(saves).await;
    assert_eq!(saved.iter().filter(|it| it.is_ok()).count(), 1, "{saved:?}");
    assert!(saved.iter().all(|it| matches!(it, Ok(()) | Err(Fault::Conflict(_)))), "{saved:?}");
    let kept = store.get(&mine, &first.id).await.unwrap().unwrap();
    assert_eq!((kept.revision, kept.object.state), (2, State::Reading));

    plans_and_parts(store, &first, &yours).await;

    for n in 1..7_i64 {
        store.create(&object(&mine, &format!("b{n}.csv"), n)).await.unwrap();
    }
    let source = SourceId::new("orders").unwrap();
    let (page, next) = store.list(&mine, &source, None, 4).await.unwrap();
    let keys = |page: &[Object]| -> Vec<String> {
        page.iter().map(|it| it.key.rsplit('/').next().unwrap().to_owned()).collect()
    };
    assert_eq!(keys(&page), ["b6.csv", "b5.csv", "b4.csv", "b3.csv"]);
    let (page, next) = store.list(&mine, &source, next.as_deref(), 4).await.unwrap();
    assert_eq!(
        (keys(&page), next),
        (["b2.csv", "b1.csv", "a.csv"].map(str::to_owned).into(), None)
    );
    assert_eq!(page[2], kept.object);
    let other = SourceId::new("others").unwrap();
    assert_eq!(store.list(&mine, &other, None, 4).await.unwrap(), (Vec::new(), None));
}

async fn plans_and_parts(store: &impl ObjectStore, object: &Object, yours: &TenantId) {
    let (mine, id) = (&object.tenant, &object.id);
    assert_eq!(store.plan(mine, id).await, Ok(None));
    let shape = Shape::Csv { delimiter: b';', columns: vec!["a".to_owned(), "ß".to_owned()] };
    let layout = Layout { compression: Compression::Plain, encoding: Encoding::Utf8, shape };
    let starts = vec![Start { at: 4, line: 2 }];
    let mut plan = Plan { layout, starts, whole: false };
    store.keep_plan(object, &plan).await.unwrap();
    plan.starts.push(Start { at: u64::MAX, line: 9 });
    plan.whole = true;
    store.keep_plan(object, &plan).await.unwrap();
    assert_eq!(store.plan(mine, id).await, Ok(Some(plan.clone())));
    assert_eq!(store.plan(yours, id).await, Ok(None));

    let part = plan.part(1).unwrap();
    assert_eq!(store.part(mine, id, 1).await, Ok(None));
    let mut state = PartState::new(&part);
    store.keep_part(object, 1, &state, 0).await.unwrap();
    assert!(matches!(store.keep_part(object, 1, &state, 0).await, Err(Fault::Conflict(_))));
    state.progress = Progress { rows: 3, accepted: 2, quarantined: 1, left_out: 0, bytes: 7 };
    state.error = Some("file: breaks off".to_owned());
    store.keep_part(object, 1, &state, 1).await.unwrap();
    assert!(matches!(store.keep_part(object, 1, &state, 1).await, Err(Fault::Conflict(_))));
    let kept = store.part(mine, id, 1).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.revision), (state.clone(), 2));
    store.keep_part(object, 11, &PartState::new(&part), 0).await.unwrap();
    let all = store.parts(mine, id).await.unwrap();
    assert_eq!(all, [(1, state), (11, PartState::new(&part))].into());
    assert!(store.parts(yours, id).await.unwrap().is_empty());
}
