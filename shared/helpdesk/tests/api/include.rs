//! What is told beside records when it is asked for.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

const OWNER: &str = "owner@acme.example";

fn ids(all: &Value) -> Vec<u64> {
    all.as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

/// Two tickets of a customer, whose organization is Acme; the first, a problem, has an agent and an incident.
async fn desk() -> (World, u64) {
    let world = World::new();
    cast::all(&world).await;
    let group = world.get("/groups").await.is(200)["groups"][0]["id"].clone();
    let joined = json!({"group_membership": {"user_id": 1001, "group_id": group}});
    world.post("/group_memberships", joined).await.is(201);
    let acme = json!({"organization": {"name": "Acme"}});
    let acme = world.post("/organizations", acme).await.is(201)["organization"]["id"].clone();
    let joined = json!({"organization_membership": {"user_id": 4001, "organization_id": acme}});
    world.post("/organization_memberships", joined).await.is(201);
    let owner = world.get("/users/me").await.is(200)["user"]["id"].clone();
    for ticket in [
        json!({"description": "x", "requester_id": 4001, "type": "problem", "assignee_id": 1001,
            "submitter_id": owner}),
        json!({"description": "y", "requester_id": 4001, "type": "incident", "problem_id": 1}),
    ] {
        world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    }
    (world, acme.as_u64().unwrap())
}

#[tokio::test]
async fn who_and_what_tickets_name_is_told_beside_them() {
    let (world, acme) = desk().await;
    let plain = world.get("/tickets").await.is(200);
    for name in ["users", "groups", "organizations"] {
        assert_eq!(plain[name], Value::Null, "only when it is asked for");
    }
    let path = "/tickets.json?include=users,groups,organizations,nonsense,None&per_page=1";
    let told = world.get(path).await.is(200);
    assert_eq!(ids(&told["tickets"]), [1]);
    assert!(told["next_page"].as_str().unwrap().contains("include=users%2Cgroups"));
    let owner = told["tickets"][0]["submitter_id"].as_u64().unwrap();
    let mut people = vec![1001, 4001, owner];
    people.sort_unstable();
    assert_eq!(ids(&told["users"]), people);
    let customer = told["users"].as_array().unwrap().iter().find(|it| it["id"] == 4001).unwrap();
    let alone = world.get("/users/4001").await.is(200);
    assert_eq!(*customer, alone["user"], "the same as when it is asked for alone");
    assert_eq!(ids(&told["organizations"]), [acme]);
    assert_eq!(told["groups"][0]["id"], told["tickets"][0]["group_id"]);
    for name in ["nonsense", "None"] {
        assert_eq!(told[name], Value::Null);
    }
    let one = world.get("/tickets/2?include=users,groups,brands,ticket_forms").await.is(200);
    assert_eq!(one["ticket"]["id"], 2);
    assert_eq!(one["groups"], json!([]));
    assert_eq!(ids(&one["brands"]), [one["ticket"]["brand_id"].as_u64().unwrap()]);
    assert_eq!(ids(&one["ticket_forms"]), [one["ticket"]["ticket_form_id"].as_u64().unwrap()]);
    let several = world.get("/tickets/show_many?ids=1,2&include=organizations").await.is(200);
    assert_eq!(ids(&several["organizations"]), [acme], "each is told once");
    let changed = json!({"ticket": {"subject": "z"}});
    let changed = world.put("/tickets/1?include=groups", changed).await.is(200);
    assert_eq!(ids(&changed["groups"]).len(), 1);
}

#[tokio::test]
async fn tickets_are_told_with_what_is_measured_of_them() {
    let (world, _) = desk().await;
    world.pass(60);
    let reply = json!({"ticket": {"comment": {"body": "Hi"}, "status": "solved"}});
    world.ask(AGENT, "PUT", "/tickets/1", reply).await.is(200);
    let names = "metric_sets,dates,comment_count,incident_counts,last_audits,slas,metric_events,sharing_agreements";
    let told = world.get(&format!("/tickets?include={names}")).await.is(200);
    let ticket = &told["tickets"][0];
    let metrics = world.get("/tickets/1/metrics").await.is(200);
    assert_eq!(ticket["metric_set"], metrics["ticket_metric"]);
    assert_eq!(ticket["dates"]["solved_at"], "2026-11-21T09:01:00Z");
    assert_eq!((&ticket["comment_count"], &ticket["incident_count"]), (&json!(2), &json!(1)));
    assert_eq!(told["tickets"][1]["comment_count"], 1);
    assert_eq!(ticket["slas"], json!({"policy_metrics": []}));
    assert_eq!(ticket["metric_events"], Value::Null, "of one ticket alone");
    assert_eq!(told["sharing_agreements"], json!([]));
    let last = told["last_audits"].as_array().unwrap();
    assert_eq!((last.len(), &last[0]["ticket_id"]), (2, &json!(1)));
    assert_eq!(last[0]["events"][0]["body"], "Hi");

    let one = world.get("/tickets/1?include=metric_events").await.is(200);
    let events = &one["ticket"]["metric_events"];
    let kinds = |metric: &str| -> Vec<String> {
        let all = events[metric].as_array().unwrap().iter();
        all.map(|it| it["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("agent_work_time"), ["measure", "activate", "fulfill", "update_status"]);
    let last = &events["agent_work_time"][3];
    assert_eq!(last["status"], json!({"calendar": 1, "business": 1}));
    assert_eq!((&last["ticket_id"], &last["instance_id"]), (&json!(1), &json!(1)));
    assert_eq!(last["time"], "2026-11-21T09:01:00Z");
}

#[tokio::test]
async fn people_are_told_with_what_belongs_to_them() {
    let (world, acme) = desk().await;
    let me = world.get("/users/1001?include=groups,roles,identities,abilities,open_ticket_count");
    let me = me.await.is(200);
    assert_eq!(ids(&me["groups"]).len(), 1);
    assert_eq!(me["roles"], json!([]));
    assert_eq!(me["identities"][0]["value"], AGENT);
    assert_eq!(me["abilities"][0]["user_id"], 1001);
    assert_eq!(me["abilities"][0]["can_edit"], true);
    assert_eq!(me["open_ticket_count"], json!({"1001": 1}));
    let solved = json!({"ticket": {"status": "solved"}});
    world.put("/tickets/1", solved).await.is(200);
    let me = world.get("/users/1001?include=open_ticket_count").await.is(200);
    assert_eq!(me["open_ticket_count"], json!({"1001": 0}));
    let all = world.get("/users?role=end-user&include=organizations").await.is(200);
    assert_eq!(ids(&all["organizations"]), [acme]);
    let groups = world.get("/groups?include=users").await.is(200);
    assert_eq!(groups["groups"][0]["user_ids"].as_array().unwrap().len(), 2);
    assert_eq!(groups["users"].as_array().unwrap().len(), 2);
    let members = world.get("/group_memberships?include=users,groups").await.is(200);
    assert_eq!(members["users"].as_array().unwrap().len(), 2);
    assert_eq!(members["groups"].as_array().unwrap().len(), 1);
    let members = world.get("/organization_memberships?include=users,organizations").await.is(200);
    assert_eq!((ids(&members["users"]), ids(&members["organizations"])), (vec![4001], vec![acme]));
    let organization = world.get(&format!("/organizations/{acme}?include=abilities")).await.is(200);
    assert_eq!(organization["abilities"][0]["organization_id"], acme);
    assert_eq!(organization["abilities"][0]["can_edit"], true);
}

#[tokio::test]
async fn what_was_said_and_done_is_told_with_who_did_it() {
    let (world, _) = desk().await;
    let comments = world.get("/tickets/1/comments?include=users").await.is(200);
    assert_eq!(comments["users"][0]["id"], comments["comments"][0]["author_id"]);
    let audits = world.get("/ticket_audits?include=users,tickets&limit=1").await.is(200);
    assert_eq!(audits["users"][0]["id"], audits["audits"][0]["author_id"]);
    assert_eq!(ids(&audits["tickets"]), [2]);
}

#[tokio::test]
async fn end_users_learn_of_others_only_what_they_may() {
    let (world, acme) = desk().await;
    let path = "/requests?include=users,organizations,groups,metric_sets";
    let told = world.ask(CUSTOMER, "GET", path, Value::Null).await.is(200);
    assert_eq!(told["organizations"], json!([{"id": acme, "name": "Acme"}]));
    assert_eq!(told["groups"], Value::Null);
    assert_eq!(told["requests"][0]["metric_set"], Value::Null);
    let agent = told["users"].as_array().unwrap().iter().find(|it| it["id"] == 1001).unwrap();
    assert_eq!(agent["email"], Value::Null);
    assert_eq!(agent["name"], "agent");
}

#[tokio::test]
async fn what_is_included_is_one_more_call() {
    let (world, _) = desk().await;
    let names = "users,organizations,comment_count,last_audits,metric_sets,incident_counts";
    for (path, rounds) in [
        (format!("/tickets?include={names}"), 3),
        (format!("/tickets/1?include={names}"), 2),
        (format!("/users/4001/tickets/requested?include={names}"), 4),
        ("/users/1001?include=groups,organizations,open_ticket_count".to_owned(), 2),
        ("/groups?include=users".to_owned(), 2),
    ] {
        let _before = world.store.calls();
        world.ask(OWNER, "GET", &path, Value::Null).await.is(200);
        let calls = world.store.calls();
        assert!(calls.rounds <= rounds, "{path}: {calls:?}");
    }
}
