//! Batches as AWS brings them (`events/feed-*`), and what goes wrong.

use super::*;
use ceap_kernel::Timestamp;
use ceap_testkit::World;
use ceap_testkit::builders::{noon, tenant};
use rstest::rstest;
use serde_json::{Value, json};

type Fed = Feed<World, World, World, World>;

async fn feed(from: Value) -> (World, Fed) {
    let world = World::new(noon());
    let document = json!({"id": "shop", "name": "Shop", "from": from});
    let document = serde_json::from_value(document).unwrap();
    let stored = Stored { version: 1, updated_at: noon(), document };
    Sources::put(&world, &tenant("acme"), &stored).await.unwrap();
    let feed = Feed {
        name: "feed",
        tenant: tenant("acme"),
        source: SourceId::new("shop").unwrap(),
        sources: world.clone(),
        stream: world.clone(),
        quarantine: world.clone(),
        clock: world.clone(),
    };
    (world, feed)
}

fn recorded<B: Records + DeserializeOwned>(name: &str) -> Vec<Record> {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str::<B>(&text).unwrap().records()
}

/// Ids, subjects, and data of what is in the stream.
fn streamed(world: &World) -> Vec<(String, String, Value)> {
    let stores = world.stores();
    let events = stores.stream.iter().map(|arrived| &arrived.event);
    let plain = |it: &ceap_engagement::event::Event| {
        (it.id.to_string(), it.subject.to_string(), Value::Object(it.data.clone()))
    };
    events.map(plain).collect()
}

fn quarantined(world: &World) -> Vec<String> {
    world.stores().quarantine.iter().map(|rejected| rejected.reason.clone()).collect()
}

fn fields(found: &[(String, String, Value)]) -> Vec<(&str, &str, &Value)> {
    found.iter().map(|(id, subject, data)| (id.as_str(), subject.as_str(), data)).collect()
}

const SHARD: &str = "shardId-000000000006:4959033827149025660855969253836157109592157598913658890";

#[tokio::test]
async fn records_of_a_stream_are_taken_apart() {
    let mapping = json!({"type": "'page_viewed'", "subject": "row.visitor", "time": "row.at",
        "data": {"page": "row.page", "key": "headers['partition-key']"}});
    let (world, feed) = feed(json!({"kinesis": {"mapping": mapping}})).await;
    for _ in 0..2 {
        feed.take("kinesis", recorded::<OfStream>("feed-kinesis/clicks")).await.unwrap();
    }
    let found = streamed(&world);
    assert_eq!(found.len(), 8, "repeats are ignored by who reads the stream");
    let data = |n: u64| json!({"page": format!("/p/{n}"), "key": "ada"});
    let ids =
        [format!("{SHARD}1"), format!("{SHARD}2"), format!("{SHARD}3/0"), format!("{SHARD}3/1")];
    assert_eq!(
        fields(&found[..4]),
        [
            (ids[0].as_str(), "ada", &data(1)),
            (&ids[1], "ada", &data(2)),
            (&ids[2], "bob", &data(3)),
            (&ids[3], "bob", &data(4)),
        ]
    );
    assert_eq!(found[..4], found[4..]);
    let reasons = quarantined(&world);
    assert!(reasons.iter().all(|reason| reason.starts_with("record: must be JSON")), "{reasons:?}");
}

#[tokio::test]
async fn messages_of_a_queue_may_be_events() {
    let (world, feed) = feed(json!({"sqs": {}})).await;
    feed.take("sqs", recorded::<OfQueue>("feed-sqs/orders")).await.unwrap();
    assert_eq!(fields(&streamed(&world)), [("o-1", "ada", &json!({"value": 12.5}))]);
    assert_eq!(quarantined(&world).len(), 1);
}

#[tokio::test]
async fn attributes_of_messages_are_headers() {
    let mapping = json!({"type": "row.type", "subject": "row.subject", "when": "'shop' in headers",
        "data": {"shop": "headers.shop"}});
    let (world, feed) = feed(json!({"sqs": {"mapping": mapping}})).await;
    feed.take("sqs", recorded::<OfQueue>("feed-sqs/orders")).await.unwrap();
    let id = "059f36b4-87a3-44ab-83d2-6619715a7a8f0";
    assert_eq!(fields(&streamed(&world)), [(id, "ada", &json!({"shop": "zurich"}))]);
    let at: Timestamp = "2026-11-21T10:00:00.123Z".parse().unwrap();
    assert_eq!(world.stores().stream[0].event.time, at, "when the queue took it");
}

#[tokio::test]
async fn events_of_a_bus_are_mapped() {
    let mapping = json!({"type": "'order_placed'", "subject": "row.detail.customer", "time": "row.time",
        "data": {"total": "double(row.detail.total)", "kind": "row['detail-type']"}});
    let (world, feed) = feed(json!({"eventbridge": {"mapping": mapping}})).await;
    feed.take("eventbridge", recorded::<OfBus>("feed-eventbridge/orders")).await.unwrap();
    let id = "53dc4d37-cffa-4f76-80c9-8b7d4a4d2ea1";
    let data = json!({"total": 12.5, "kind": "OrderPlaced"});
    assert_eq!(fields(&streamed(&world)), [(id, "ada", &data)]);
    let reasons = quarantined(&world);
    assert!(reasons[0].starts_with("subject: is missing in this row"), "{reasons:?}");
    assert!(reasons[1].starts_with("record: must be an event of EventBridge"), "{reasons:?}");
}

#[tokio::test]
async fn changes_of_a_table_show_what_was_and_what_is() {
    let mapping = json!({"type": "'plan_changed'", "subject": "row.keys.id", "data": {
        "change": "row.change", "table": "row.table", "expired": "row.expired",
        "from": "row.old.plan", "new": "row.new"}});
    let (world, feed) = feed(json!({"dynamodb": {"mapping": mapping}})).await;
    feed.take("dynamodb", recorded::<OfTable>("feed-dynamodb/plans")).await.unwrap();
    assert_eq!(quarantined(&world), Vec::<String>::new());
    let data: Vec<Value> = streamed(&world).into_iter().map(|(_, _, data)| data).collect();
    let plan = |plan: &str, seats: u64| {
        json!({"id": "ada", "plan": plan, "seats": seats,
        "tags": ["a", "b"], "limits": {"rate": 1.5}})
    };
    assert_eq!(
        data[0],
        json!({"change": "INSERT", "table": "customers", "expired": false, "new": plan("free", 1)})
    );
    assert_eq!(
        data[1],
        json!({"change": "MODIFY", "table": "customers", "expired": false, "from": "free", "new": plan("team", 5)})
    );
    assert_eq!(
        data[2],
        json!({"change": "REMOVE", "table": "customers", "expired": true, "from": "team", "new": {}})
    );
}

#[rstest]
#[case("another", json!({"kinesis": {}}), "kinesis", "not_found")]
#[case("shop", json!({"segment": {}}), "kinesis", "invalid")]
#[tokio::test]
async fn a_feed_without_its_source_fails_and_tells(
    #[case] source: &str,
    #[case] from: Value,
    #[case] kind: &str,
    #[case] code: &str,
) {
    let (world, feed) = feed(from).await;
    let source = SourceId::new(source).unwrap();
    let feed = Feed { source: source.clone(), ..feed };
    let records = recorded::<OfStream>("feed-kinesis/clicks");
    assert_eq!(feed.take(kind, records).await.unwrap_err().code(), code);
    assert!(world.stores().stream.is_empty() && world.stores().quarantine.is_empty());
    let problem = world.problem(&tenant("acme"), &source).await.unwrap().unwrap();
    assert_eq!(problem.code, code);
}

#[tokio::test]
async fn an_image_that_the_stream_does_not_show_is_empty() {
    let mapping = json!({"type": "'x'", "subject": "row.keys.id", "when": "size(row.new) == 0 || has(row.new.nothing)"});
    let (world, feed) = feed(json!({"dynamodb": {"mapping": mapping}})).await;
    feed.take("dynamodb", recorded::<OfTable>("feed-dynamodb/plans")).await.unwrap();
    assert_eq!(streamed(&world).len(), 1);
}
