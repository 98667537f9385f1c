//! What a tenant sees of its objects.

use crate::Room;
use ceap_engagement::source::object::{ObjectDesk, State};
use ceap_kernel::{SignedDuration, SourceId};
use ceap_testkit::builders::tenant;
use serde_json::json;

#[tokio::test]
async fn objects_are_listed_the_newest_first_and_by_tenant() {
    let room = Room::new(json!({"mapping": {"type": "'a'", "subject": "row.who"}}));
    for at in 0..60 {
        room.world.pass(SignedDuration::from_secs(1));
        room.ingest(&format!("{at}.csv"), "who\na\n").await;
    }
    let desk = ObjectDesk { objects: room.world.clone() };
    let files = SourceId::new("files").unwrap();
    let page = desk.list(&tenant("acme"), &files, None).await.unwrap();
    assert_eq!(page.objects.len(), 50);
    assert_eq!(page.objects[0].key, "acme/files/59.csv");
    let rest = desk.list(&tenant("acme"), &files, page.next.as_deref()).await.unwrap();
    assert_eq!((rest.objects.len(), rest.next), (10, None));
    assert_eq!(rest.objects[9].key, "acme/files/0.csv");
    let others = desk.list(&tenant("other"), &files, None).await.unwrap();
    assert!(others.objects.is_empty());
    let id = &page.objects[0].id;
    assert!(desk.get(&tenant("other"), &files, id).await.is_err());
    assert_eq!(desk.get(&tenant("acme"), &files, id).await.unwrap().state, State::Done);
}

/// While it is read, an object shows what its parts have counted so far.
#[tokio::test]
async fn progress_is_seen_while_it_is_made() {
    let mut room = Room::new(json!({"mapping": {"type": "'a'", "subject": "row.who"}}));
    room.part_bytes = 4_000;
    let told = room.put("a.csv", format!("who\n{}", "a\n".repeat(5_000)));
    let begin = json!({"step": "plan", "execution": "arn:1", "input": told});
    let planned = room.step(begin).await.unwrap();
    assert_eq!(planned.parts, Some(vec![0, 1, 2]));
    let task = json!({"step": "part", "tenant": "acme", "object": planned.object, "part": 1});
    room.step(task).await.unwrap();
    let desk = ObjectDesk { objects: room.world.clone() };
    let files = SourceId::new("files").unwrap();
    let object = desk.get(&tenant("acme"), &files, &planned.object.unwrap()).await.unwrap();
    assert_eq!((object.state, object.progress.accepted), (State::Reading, 2_000));
    assert_eq!((object.progress.bytes, object.size), (4_000, 10_004));
}
