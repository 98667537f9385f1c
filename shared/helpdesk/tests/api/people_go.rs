//! People who go: deleted, taken out for good, merged into others, or no longer agents.

use crate::people::{of, somebody};
use crate::world::World;
use serde_json::{Value, json};

#[tokio::test]
async fn who_is_deleted_is_remembered_until_for_good() {
    let world = World::new();
    let secrets = [
        "Jane Doe",
        "jane@acme.example",
        "+15551234567",
        "crm-9",
        "difficult",
        "janesfriend",
        "jd_tag",
    ];
    let secret = json!({"user_field": {"type": "text", "key": "secret", "title": "Secret"}});
    world.post("/user_fields", secret).await.is(201);
    let jane = json!({"user": {
        "name": "Jane Doe", "email": "jane@acme.example", "phone": "+15551234567", "external_id": "crm-9",
        "notes": "difficult", "identities": [{"type": "twitter", "value": "janesfriend"}], "tags": ["jd_tag"],
        "user_fields": {"secret": "jd_field"}, "remote_photo_url": "https://acme.example/jane.png",
    }});
    let jane = world.post("/users", jane).await.is(201)["user"].clone();
    let deleted = format!("/deleted_users/{}.json", jane["id"]);
    world.get(&deleted).await.is(404);
    world.delete(&deleted).await.is(404);
    let gone = world.delete(&of(&jane)).await.is(200)["user"].clone();
    assert_eq!((&gone["active"], &gone["permanently_deleted"]), (&json!(false), &json!(false)));
    world.delete(&of(&jane)).await.is(404);
    world.put(&of(&jane), json!({"user": {"name": "x"}})).await.is(404);
    assert_eq!(world.get(&of(&jane)).await.is(200)["user"]["active"], false);
    assert_eq!(world.get("/users").await.is(200)["count"], 1);
    assert_eq!(
        world.get("/users?page[size]=5").await.is(200)["users"].as_array().unwrap().len(),
        1
    );
    assert_eq!(world.get("/users/search?query=jane").await.is(200)["count"], 0);
    let some = world.get(&format!("/users/show_many?ids={}", jane["id"])).await.is(200);
    assert_eq!(some["count"], 0);
    let some = world
        .get(&format!("/users/show_many?ids={}&include_deleted=true", jane["id"]))
        .await
        .is(200);
    assert_eq!(some["count"], 1);
    assert_eq!(world.get("/deleted_users/count").await.is(200)["count"]["value"], 1);
    let shown = world.get(&deleted).await.is(200)["deleted_user"].clone();
    assert_eq!((&shown["name"], &shown["active"]), (&json!("Jane Doe"), &json!(false)));
    let statuses = format!("/users/{}/compliance_deletion_statuses.json", jane["id"]);
    let none = world.get(&statuses).await.is(200);
    assert_eq!(none["compliance_deletion_statuses"], json!([]));
    // What was hers may be another's.
    let again = json!({"user": {"name": "J", "email": "jane@acme.example"}});
    let again = world.post("/users", again).await.is(201)["user"].clone();
    world.put(&of(&again), json!({"user": {"name": "K"}})).await.is(200);
    world.delete(&of(&again)).await.is(200);
    world.delete(&format!("/deleted_users/{}", again["id"])).await.is(200);

    let told = world.delete(&deleted).await.is(200);
    assert_eq!(told["deleted_user"]["name"], "Jane Doe");
    world.get(&deleted).await.is(404);
    let left = world.get("/deleted_users.json").await.is(200);
    assert_eq!(left["deleted_users"][0]["name"], "Permanently Deleted User");
    assert_eq!(left["deleted_users"][0]["email"], Value::Null);
    for (_, key, body) in world.store.dump() {
        for secret in secrets.iter().chain(&["jd_field", "jane.png"]) {
            assert!(!body.contains(secret), "{key}: {secret}");
            let key = key.to_string();
            assert!(!key.to_lowercase().contains(&secret.to_lowercase()), "{key}: {secret}");
        }
    }
    let done = world.get(&format!("{statuses}?application=support")).await.is(200);
    let actions: Vec<&Value> = done["compliance_deletion_statuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["action"])
        .collect();
    assert_eq!(actions, [&json!("started"), &json!("complete")]);
}

#[tokio::test]
async fn who_waits_for_an_answer_is_not_deleted() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({})).await;
    let ticket = json!({"ticket": {"description": "x", "requester_id": jane["id"]}});
    let ticket = world.post("/tickets", ticket).await.is(201)["ticket"]["id"].clone();
    let refused = world.delete(&of(&jane)).await.is(422);
    let text = refused["details"]["base"][0]["description"].as_str().unwrap();
    assert!(text.contains("not closed"), "{text}");
    let path = format!("/users/{}/related", jane["id"]);
    assert_eq!(world.get(&path).await.is(200)["user_related"]["requested_tickets"], 1);
    let me = world.get("/users/me").await.is(200)["user"]["id"].clone();
    let closed = json!({"ticket": {"status": "closed", "assignee_id": me}});
    world.put(&format!("/tickets/{ticket}"), closed).await.is(200);
    world.delete(&of(&jane)).await.is(200);
    // The ticket still leads to who asked for it.
    let requester = world.get(&of(&jane)).await.is(200);
    assert_eq!(requester["user"]["active"], false);
}

#[tokio::test]
async fn who_turned_out_to_be_another_becomes_one_with_them() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({"phone": "+15551234567", "notes": "lost"})).await;
    let jd =
        somebody(&world, "jd", json!({"identities": [{"type": "twitter", "value": "jd"}]})).await;
    let agent = world.get("/users/me").await.is(200)["user"]["id"].clone();
    for subject in ["open", "closed", "cc"] {
        let ticket =
            json!({"ticket": {"subject": subject, "description": "x", "requester_id": jane["id"]}});
        world.post("/tickets", ticket).await.is(201);
    }
    let closed = json!({"ticket": {"status": "closed", "assignee_id": agent}});
    world.put("/tickets/2", closed).await.is(200);
    let path = format!("/users/{}/merge.json", jane["id"]);
    let into = |user: &Value| json!({"user": {"id": user["id"]}});
    let merged = world.put(&path, into(&jd)).await.is(200)["user"].clone();
    assert_eq!((&merged["id"], &merged["email"]), (&jd["id"], &json!("jd@acme.example")));
    assert_eq!(merged["notes"], Value::Null);
    let identities = world.get(&format!("/users/{}/identities", jd["id"])).await.is(200);
    let values: Vec<&Value> =
        identities["identities"].as_array().unwrap().iter().map(|it| &it["value"]).collect();
    assert_eq!(values, ["jd@acme.example", "jd", "jane@acme.example", "+15551234567"]);
    assert_eq!(world.get(&of(&jane)).await.is(200)["user"]["active"], false);
    // By any address they are the same from then on.
    let me = world.ask("jane@acme.example", "GET", "/users/me", Value::Null).await.is(200);
    assert_eq!(me["user"]["id"], jd["id"]);
    world.work().await;
    let requested = world.get(&format!("/users/{}/tickets/requested", jd["id"])).await.is(200);
    assert_eq!(requested["count"], 3);
    assert_eq!(world.get("/tickets/2").await.is(200)["ticket"]["requester_id"], jd["id"]);
    assert_eq!(world.get("/tickets/2").await.is(200)["ticket"]["status"], "closed");
    let audits = world.get("/tickets/1/audits").await.is(200);
    let last = audits["audits"].as_array().unwrap().last().unwrap()["events"][0].clone();
    assert_eq!((&last["field_name"], &last["type"]), (&json!("requester_id"), &json!("Change")));
    world.put(&path, into(&jd)).await.is(404);
}

#[tokio::test]
async fn not_everybody_can_be_merged() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({})).await;
    let eve = somebody(&world, "eve", json!({})).await;
    let ann = somebody(&world, "ann", json!({"role": "agent"})).await;
    let merge = async |from: &Value, into: Value| {
        let path = format!("/users/{}/merge", from["id"]);
        world.put(&path, json!({"user": {"id": into}})).await
    };
    merge(&jane, jane["id"].clone()).await.is(422);
    merge(&jane, ann["id"].clone()).await.is(422);
    merge(&ann, jane["id"].clone()).await.is(422);
    merge(&jane, json!(4711)).await.is(422);
    let path = format!("/users/{}/merge", jane["id"]);
    let into = json!({"user": {"id": eve["id"]}});
    world.ask("eve@acme.example", "PUT", &path, into.clone()).await.is(403);
    world.ask("ann@acme.example", "PUT", &path, into).await.is(200);
    // What comes of it is for nobody to ask for.
    let step = format!("/users/{}/handed_on", jane["id"]);
    assert_eq!(world.post(&step, json!({})).await.is(404)["error"], "InvalidEndpoint");
}

#[tokio::test]
async fn who_leaves_is_relieved_of_their_tickets() {
    let world = World::new();
    let ann = somebody(&world, "ann", json!({"role": "agent"})).await;
    let abe = somebody(&world, "abe", json!({"role": "agent"})).await;
    let group = world.post("/groups", json!({"group": {"name": "Billing"}})).await.is(201);
    let group = group["group"]["id"].clone();
    for agent in [&ann, &abe] {
        let joined = json!({"group_membership": {"user_id": agent["id"], "group_id": group}});
        world.post("/group_memberships", joined).await.is(201);
    }
    for ticket in [
        json!({"description": "mine then", "assignee_id": ann["id"]}),
        json!({"description": "a colleague's then", "assignee_id": ann["id"], "group_id": group}),
        json!({"description": "done", "assignee_id": ann["id"], "status": "closed"}),
    ] {
        world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    }
    let me = world.get("/users/me").await.is(200)["user"]["id"].clone();
    world.put(&of(&ann), json!({"user": {"role": "end-user"}})).await.is(200);
    world.work().await;
    let mut assignees = Vec::new();
    for id in 1..=3 {
        let ticket = world.get(&format!("/tickets/{id}")).await.is(200)["ticket"].clone();
        assignees.push(ticket["assignee_id"].clone());
    }
    assert_eq!(assignees, [me, abe["id"].clone(), ann["id"].clone()]);
    world.delete(&of(&abe)).await.is(200);
    world.work().await;
    assert_eq!(world.get("/tickets/2").await.is(200)["ticket"]["assignee_id"], Value::Null);
}
