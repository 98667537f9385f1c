//! Groups and who is in them.

use crate::world::World;
use ceap_helpdesk::store::MOST_BYTES;
use serde_json::json;

#[tokio::test]
async fn groups_are_kept() {
    let world = World::new();
    let asked = json!({"group": {"name": "Billing", "description": "Money", "url": "ignored"}});
    let got = world.post("/groups.json", asked).await;
    let location = got.header("location").unwrap().to_owned();
    let group = got.is(201)["group"].clone();
    let id = group["id"].as_u64().unwrap();
    assert_eq!(location, format!("http://desk.example/api/v2/groups/{id}.json"));
    assert_eq!(group["created_at"], "2026-11-21T09:00:00Z");
    assert_eq!(world.get(&format!("/groups/{id}.json")).await.is(200)["group"], group);
    world.pass(10);
    let changed = json!({"group": {"name": "Accounts"}});
    let changed = world.put(&format!("/groups/{id}"), changed).await.is(200);
    assert_eq!(changed["group"]["name"], "Accounts");
    assert_eq!(changed["group"]["updated_at"], "2026-11-21T09:00:10Z");
    assert_eq!(world.get("/groups/count").await.is(200)["count"]["value"], 2);
    world.delete(&format!("/groups/{id}")).await.is(204);
    world.get(&format!("/groups/{id}")).await.is(404);
}

#[tokio::test]
async fn pages_come_in_both_ways() {
    let world = World::new();
    for name in ["a", "b", "c", "d"] {
        world.post("/groups", json!({"group": {"name": name}})).await.is(201);
    }
    let first = world.get("/groups.json?per_page=2").await.is(200);
    assert_eq!((&first["count"], &first["previous_page"]), (&json!(5), &json!(null)));
    let next = first["next_page"].as_str().unwrap();
    assert_eq!(next, "http://desk.example/api/v2/groups.json?per_page=2&page=2");
    let last = world.get("/groups.json?per_page=2&page=3").await.is(200);
    assert_eq!((&last["next_page"], last["groups"].as_array().unwrap().len()), (&json!(null), 1));

    let mut seen = Vec::new();
    let mut path = "/groups?page[size]=2".to_owned();
    loop {
        let page = world.get(&path).await.is(200);
        seen.extend(page["groups"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()));
        match page["links"]["next"].as_str() {
            Some(next) => {
                assert_eq!(page["meta"]["has_more"], true);
                path = next.strip_prefix("http://desk.example/api/v2").unwrap().to_owned();
            }
            None => break assert_eq!(page["meta"]["has_more"], false),
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
    world.get("/groups?page[size]=101").await.is(400);
    world.get("/groups?page=101").await.is(400);
}

#[tokio::test]
async fn many_agents_leave_at_once() {
    let world = World::new();
    let all = world.get("/group_memberships").await.is(200);
    let owner = all["group_memberships"][0]["user_id"].clone();
    let mut memberships = Vec::new();
    for name in ["a", "b"] {
        let group = world.post("/groups", json!({"group": {"name": name}})).await.is(201);
        memberships.push(json!({"user_id": owner, "group_id": group["group"]["id"]}));
    }
    let twice = memberships[0].clone();
    memberships.push(twice);
    let asked = json!({"group_memberships": memberships});
    let job = world.done(world.post("/group_memberships/create_many", asked).await).await;
    assert_eq!((&job["status"], &job["total"]), (&json!("completed"), &json!(3)));
    assert_eq!(job["results"][0]["success"], true);
    assert_eq!(job["results"][2]["success"], false);
    assert_eq!(job["results"][2]["error"], "RecordInvalid");
    let ids = format!("{},{}", job["results"][0]["id"], job["results"][1]["id"]);
    let path = format!("/group_memberships/destroy_many?ids={ids}");
    world.done(world.delete(&path).await).await;
    assert_eq!(world.get("/group_memberships").await.is(200)["count"], 1);
    let many = vec![json!({}); 101];
    let refused = world.post("/group_memberships/create_many", json!({"group_memberships": many}));
    assert_eq!(refused.await.is(400)["error"], "TooManyValues");
}

/// A field that has no limit of its own has that of what holds it.
#[tokio::test]
async fn a_record_may_be_so_large_and_no_larger() {
    let world = World::new();
    let described = async |bytes: usize| {
        let group = json!({"group": {"name": "Large", "description": "x".repeat(bytes)}});
        world.post("/groups", group).await
    };
    let id = described(1).await.is(201)["group"]["id"].as_u64().unwrap().to_string();
    let kept = world.store.dump().into_iter().find(|(_, key, _)| key.sort.ends_with(&id));
    let around = kept.unwrap().2.len() - 1;
    world.delete(&format!("/groups/{id}")).await.is(204);
    let body = described(MOST_BYTES - around + 1).await.is(413);
    assert_eq!(body["error"], "RecordTooLarge");
    assert_eq!(
        body["description"],
        "the group would have 390001 bytes, at most 390000 are kept: say less"
    );
    described(MOST_BYTES - around).await.is(201);
}
