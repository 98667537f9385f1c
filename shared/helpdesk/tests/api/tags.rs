//! Tags of tickets, counted with every change.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

async fn opened(world: &World, tags: Value) -> u64 {
    let asked = json!({"ticket": {"description": "x", "tags": tags}});
    world.post("/tickets", asked).await.is(201)["ticket"]["id"].as_u64().unwrap()
}

async fn tags(world: &World) -> Value {
    world.get("/tags.json").await.is(200)["tags"].clone()
}

#[tokio::test]
async fn tags_are_counted_as_tickets_come_change_and_go() {
    let world = World::new();
    assert_eq!(tags(&world).await, json!([]));
    for _ in 0..5 {
        opened(&world, json!(["vip", "Fire"])).await;
    }
    let last = opened(&world, json!(["vip"])).await;
    let expected = json!([{"name": "vip", "count": 6}, {"name": "fire", "count": 5}]);
    assert_eq!(tags(&world).await, expected);
    let path = format!("/tickets/{last}");
    world.put(&path, json!({"ticket": {"tags": ["vip", "fire", "new"]}})).await.is(200);
    world.put(&path, json!({"ticket": {"priority": "low"}})).await.is(200);
    world
        .ask("owner@acme.example", "DELETE", &format!("{path}/tags"), json!({"tags": ["vip"]}))
        .await;
    let expected = json!([{"name": "fire", "count": 6}, {"name": "vip", "count": 5},
        {"name": "new", "count": 1}]);
    assert_eq!(tags(&world).await, expected);
    world.delete(&path).await.is(204);
    assert_eq!(tags(&world).await[1]["count"], 5);
    assert_eq!(world.get("/tags/count").await.is(200)["count"]["value"], 2);
    world.put(&format!("/deleted_tickets/{last}/restore"), Value::Null).await.is(200);
    assert_eq!(world.get("/tags/count").await.is(200)["count"]["value"], 3);
    let other = world.ask("owner@other.example", "GET", "/tags", Value::Null).await.is(200);
    assert_eq!(other["tags"], json!([]));
}

#[tokio::test]
async fn more_tags_than_a_commit_holds_are_counted_too() {
    let world = World::new();
    let many: Vec<String> = (0..250).map(|index| format!("t{index:03}")).collect();
    opened(&world, json!(many)).await;
    opened(&world, json!(["t249"])).await;
    assert_eq!(world.get("/tags/count").await.is(200)["count"]["value"], 250);
    assert_eq!(tags(&world).await[0], json!({"name": "t249", "count": 2}));
}

#[tokio::test]
async fn tags_are_walked_and_found() {
    let world = World::new();
    cast::all(&world).await;
    for tags in [json!(["alpha", "alpine", "beta"]), json!(["beta"])] {
        opened(&world, tags).await;
    }
    let mut seen = Vec::new();
    let mut path = "/tags?page[size]=1".to_owned();
    loop {
        let page = world.ask(AGENT, "GET", &path, Value::Null).await.is(200);
        seen.push(page["tags"][0]["name"].as_str().unwrap().to_owned());
        match page["links"]["next"].as_str() {
            Some(next) => path = next.strip_prefix("http://desk.example/api/v2").unwrap().into(),
            None => break,
        }
    }
    assert_eq!(seen, ["beta", "alpha", "alpine"]);
    let found = world.get("/autocomplete/tags.json?name=AL").await.is(200);
    assert_eq!(found["tags"], json!(["alpha", "alpine"]));
    world.get("/autocomplete/tags?name=a").await.is(400);
    world.ask(CUSTOMER, "GET", "/tags", Value::Null).await.is(403);
}
