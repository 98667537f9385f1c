//! What changed since a time: told once, told all.

use crate::cast::{self, AGENT};
use crate::world::World;
use ceap_kernel::Clock;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// 2026-11-21T09:00:00Z.
const BEGAN: i64 = 1_795_251_600;

async fn opened(world: &World, subject: &str) {
    let ticket = json!({"subject": subject, "comment": {"body": subject}});
    world.post("/tickets", json!({"ticket": ticket})).await.is(201);
}

fn ids(page: &Value, name: &str) -> Vec<u64> {
    page[name].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

async fn followed(world: &World, url: &Value) -> Value {
    let path = url.as_str().unwrap().strip_prefix("http://desk.example/api/v2").unwrap();
    world.get(path).await.is(200)
}

/// All that an export tells, page by page, until it says that this is all.
async fn all(world: &World, path: &str, name: &str) -> Vec<Value> {
    let mut page = world.get(path).await.is(200);
    let mut told = Vec::new();
    loop {
        told.extend(page[name].as_array().unwrap().iter().cloned());
        if page["end_of_stream"] == true {
            return told;
        }
        let next =
            if page["after_url"].is_null() { &page["next_page"] } else { &page["after_url"] };
        page = followed(world, next).await;
    }
}

#[tokio::test]
async fn pages_by_time_end_with_whole_seconds() {
    let world = World::new();
    for second in 0..3 {
        opened(&world, &format!("{second}a")).await;
        opened(&world, &format!("{second}b")).await;
        world.pass(1);
    }
    world.pass(100);
    let path = format!("/incremental/tickets.json?start_time={BEGAN}&per_page=3&include=users");
    let first = world.get(&path).await.is(200);
    assert_eq!(ids(&first, "tickets"), [1, 2], "the third is of a second with a fourth");
    assert_eq!((&first["count"], &first["end_of_stream"]), (&json!(2), &json!(false)));
    assert_eq!(first["end_time"], BEGAN + 1);
    let next = format!(
        "http://desk.example/api/v2/incremental/tickets.json?per_page=3&include=users&start_time={}",
        BEGAN + 1
    );
    assert_eq!(first["next_page"], next);
    assert_eq!(first["users"].as_array().unwrap().len(), 1);
    let ticket = &first["tickets"][0];
    assert_eq!(ticket["generated_timestamp"], BEGAN);
    assert!(ticket["fields"].is_array());
    let second = followed(&world, &first["next_page"]).await;
    let third = followed(&world, &second["next_page"]).await;
    assert_eq!((ids(&second, "tickets"), ids(&third, "tickets")), (vec![3, 4], vec![5, 6]));
    assert_eq!(third["end_of_stream"], true);
    let past = followed(&world, &third["next_page"]).await;
    let nothing = json!({"tickets": [], "count": 0, "end_of_stream": true, "next_page": null,
        "end_time": null, "users": []});
    assert_eq!(past, nothing);
    let alone = world.get(&format!("/incremental/tickets?start_time={BEGAN}&per_page=1")).await;
    assert_eq!(ids(&alone.is(200), "tickets"), [1, 2], "a second is never torn");
}

#[tokio::test]
async fn a_second_with_more_than_a_page_ends_too() {
    let world = World::new();
    let tickets = vec![json!({"description": "x"}); 60];
    world.done(world.post("/tickets/create_many", json!({"tickets": tickets})).await).await;
    opened(&world, "one more").await;
    world.pass(100);
    let path = format!("/incremental/tickets/sample?start_time={BEGAN}");
    let first = world.get(&path).await.is(200);
    assert_eq!(ids(&first, "tickets"), (1..=50).collect::<Vec<u64>>());
    assert_eq!((&first["end_time"], &first["end_of_stream"]), (&json!(BEGAN), &json!(false)));
    let rest = followed(&world, &first["next_page"]).await;
    assert_eq!(ids(&rest, "tickets"), (51..=61).collect::<Vec<u64>>());
    assert_eq!((&rest["end_time"], &rest["end_of_stream"]), (&json!(BEGAN + 1), &json!(true)));
    assert!(!rest["next_page"].as_str().unwrap().contains("cursor"));
    let whole = world.get(&format!("/incremental/tickets?start_time={BEGAN}&per_page=7")).await;
    assert_eq!(whole.is(200)["count"], 61);
    world.get(&format!("/incremental/nonsense/sample?start_time={BEGAN}")).await.is(404);
}

#[tokio::test]
async fn pages_by_cursor_have_their_size() {
    let world = World::new();
    for subject in ["a", "b", "c", "d", "e"] {
        opened(&world, subject).await;
    }
    world.pass(100);
    // A client sends what it has no value for, and times with fractions.
    let path = format!(
        "/incremental/tickets/cursor.json?start_time={BEGAN}.0&cursor=undefined&page[size]=100&per_page=2"
    );
    let first = world.get(&path).await.is(200);
    assert_eq!(ids(&first, "tickets"), [1, 2]);
    assert_eq!(first["after_cursor"], "MTc5NTI1MTYwMC4wfHwy", "1795251600.0||2");
    assert_eq!((&first["before_cursor"], &first["before_url"]), (&json!(null), &json!(null)));
    assert_eq!(first["next_page"], json!(null));
    let after = first["after_url"].as_str().unwrap();
    assert!(after.contains("per_page=2") && !after.contains("start_time"), "{after}");
    let resumed = format!(
        "/incremental/tickets/cursor?cursor={}&start_time=undefined&per_page=2",
        first["after_cursor"].as_str().unwrap()
    );
    assert_eq!(ids(&world.get(&resumed).await.is(200), "tickets"), [3, 4]);
    let second = followed(&world, &first["after_url"]).await;
    let third = followed(&world, &second["after_url"]).await;
    assert_eq!((ids(&third, "tickets"), &third["end_of_stream"]), (vec![5], &json!(true)));
    let past = followed(&world, &third["after_url"]).await;
    let nothing = json!({"tickets": [], "after_url": null, "after_cursor": null,
        "before_url": null, "before_cursor": null, "end_of_stream": true});
    assert_eq!(past, nothing);
    opened(&world, "f").await;
    world.pass(100);
    let more = followed(&world, &third["after_url"]).await;
    assert_eq!(ids(&more, "tickets"), [6], "a cursor goes on where it was");
    world.get("/incremental/tickets/cursor?cursor=nonsense").await.is(400);
}

#[tokio::test]
async fn the_last_minute_is_told_and_gone_over_again() {
    let world = World::new();
    opened(&world, "a").await;
    let recent = world.get(&format!("/incremental/tickets?start_time={BEGAN}")).await.is(422);
    assert_eq!(recent["error"], "InvalidValue");
    assert!(recent["description"].as_str().unwrap().starts_with("Too recent start_time."));
    let early = format!("/incremental/tickets?start_time={}", BEGAN - 100);
    let told = world.get(&early).await.is(200);
    assert_eq!((&told["count"], &told["end_of_stream"]), (&json!(1), &json!(true)));
    assert_eq!(told["end_time"], BEGAN - 60, "nor is that too recent");
    assert_eq!(followed(&world, &told["next_page"]).await["count"], 1);
    world.pass(61);
    let told = world.get(&early).await.is(200);
    assert_eq!((&told["count"], &told["end_time"]), (&json!(1), &json!(BEGAN + 1)));
    assert_eq!(followed(&world, &told["next_page"]).await["count"], 0);
    let now = world.hands.now().as_second();
    let clocks = world.get(&format!("/incremental/ticket_metric_events?start_time={now}")).await;
    assert_eq!(clocks.is(200)["end_of_stream"], true, "clients begin with the present");
    for wrong in ["", "start_time=", "start_time=undefined", "start_time=x", "start_time=-1"] {
        world.get(&format!("/incremental/tickets?{wrong}")).await.is(400);
    }
    world.get("/incremental/tickets?start_time=0&per_page=x").await.is(400);
    world.get("/incremental/tickets?start_time=0&support_type_scope=x").await.is(400);
    let machines = world.get("/incremental/tickets?start_time=0&support_type_scope=ai_agent").await;
    assert_eq!(machines.is(200)["count"], 0);
}

#[tokio::test]
async fn deleted_tickets_are_told_as_such_and_nothing_of_what_is_gone() {
    let world = World::new();
    for subject in ["stays", "goes", "SECRET"] {
        opened(&world, subject).await;
    }
    world.pass(100);
    world.delete("/tickets/2").await.is(204);
    world.delete("/tickets/3").await.is(204);
    world.pass(100);
    let path = "/incremental/tickets/cursor?start_time=0";
    let told = all(&world, path, "tickets").await;
    let of = |told: &[Value]| -> Vec<(u64, String)> {
        let status = |it: &Value| it["status"].as_str().unwrap().to_owned();
        told.iter().map(|it| (it["id"].as_u64().unwrap(), status(it))).collect()
    };
    let expected = [(1, "new".to_owned()), (2, "deleted".to_owned()), (3, "deleted".to_owned())];
    assert_eq!(of(&told), expected);
    assert_eq!(told[1]["generated_timestamp"], BEGAN + 100);
    assert_eq!(told[1]["subject"], "goes");
    let alive = all(&world, &format!("{path}&exclude_deleted=true"), "tickets").await;
    assert_eq!(of(&alive), expected[..1]);
    world.put("/deleted_tickets/2/restore", Value::Null).await.is(200);
    world.pass(1);
    world.done(world.delete("/deleted_tickets/3").await).await;
    world.pass(100);
    let told = all(&world, path, "tickets").await;
    let back = [(1, "new".to_owned()), (2, "new".to_owned()), (3, "deleted".to_owned())];
    assert_eq!(of(&told), back);
    let written = (&told[2]["subject"], &told[2]["description"]);
    assert_eq!(written, (&json!("SCRUBBED"), &json!("SCRUBBED")));
    let left = world.store.dump().into_iter().filter(|(_, _, body)| body.contains("SECRET"));
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn what_is_imported_is_told_by_when_it_came() {
    let world = World::new();
    world.get("/groups").await.is(200);
    world.pass(1_000);
    let ticket = json!({"subject": "old", "description": "x", "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-02T00:00:00Z"});
    world.post("/imports/tickets", json!({"ticket": ticket})).await.is(201);
    opened(&world, "new").await;
    world.pass(100);
    let from = format!("start_time={}", BEGAN + 500);
    let told = all(&world, &format!("/incremental/tickets?{from}"), "tickets").await;
    assert_eq!(told[0]["updated_at"], "2020-01-02T00:00:00Z");
    assert_eq!(told[0]["generated_timestamp"], BEGAN + 1_000);
    let events = all(&world, &format!("/incremental/ticket_events?{from}"), "ticket_events").await;
    assert_eq!(events[0]["created_at"], "2020-01-01T00:00:00Z");
    let oldest = world.get("/tickets?sort_by=updated_at&sort_order=asc").await.is(200);
    assert_eq!(oldest["tickets"][0]["subject"], "old");
}

/// Something that began before what was told, and is written after.
async fn late(world: &World, subject: &str, at: i64) {
    let before = world.hands.now().as_second();
    world.pass(at - before);
    opened(world, subject).await;
    world.pass(before - at);
}

#[tokio::test]
async fn a_cursor_tells_nothing_twice_and_misses_nothing() {
    let world = World::new();
    for subject in ["a", "b", "c"] {
        opened(&world, subject).await;
        world.pass(2);
    }
    let path = format!("/incremental/tickets/cursor?start_time={}&per_page=2", BEGAN - 100);
    let first = world.get(&path).await.is(200);
    assert_eq!((ids(&first, "tickets"), &first["end_of_stream"]), (vec![1, 2], &json!(false)));
    let second = followed(&world, &first["after_url"]).await;
    assert_eq!((ids(&second, "tickets"), &second["end_of_stream"]), (vec![3], &json!(true)));
    late(&world, "late", BEGAN + 1).await;
    let change = json!({"ticket": {"subject": "changed"}});
    world.put("/tickets/2", change).await.is(200);
    let third = followed(&world, &second["after_url"]).await;
    assert_eq!((ids(&third, "tickets"), &third["end_of_stream"]), (vec![4, 2], &json!(true)));
    for wait in [0, 30, 40, 100] {
        world.pass(wait);
        let again = followed(&world, &third["after_url"]).await;
        assert_eq!(ids(&again, "tickets"), Vec::<u64>::new(), "after {wait}");
    }
}

#[tokio::test]
async fn people_who_change_again_within_a_second_are_told_again() {
    let world = World::new();
    cast::all(&world).await;
    let path = format!("/incremental/users/cursor?start_time={}", BEGAN - 100);
    let first = world.get(&path).await.is(200);
    assert_eq!(first["users"].as_array().unwrap().len(), 5);
    world.put("/users/4001", json!({"user": {"name": "Other"}})).await.is(200);
    let again = followed(&world, &first["after_url"]).await;
    assert_eq!((ids(&again, "users"), &again["users"][0]["name"]), (vec![4001], &json!("Other")));
}

#[tokio::test]
async fn of_more_that_is_young_than_a_cursor_remembers_the_rest_is_told_later() {
    let world = World::new();
    for at in 0..230 {
        opened(&world, &at.to_string()).await;
    }
    let path = format!("/incremental/tickets/cursor?start_time={}", BEGAN - 100);
    let first = world.get(&path).await.is(200);
    assert_eq!(
        (first["tickets"].as_array().unwrap().len(), &first["end_of_stream"]),
        (200, &json!(true))
    );
    world.pass(100);
    let rest = followed(&world, &first["after_url"]).await;
    assert_eq!(ids(&rest, "tickets"), (201..=230).collect::<Vec<u64>>());
}

/// Whatever changes while it is exported, who follows the pages ends up with how it stands.
#[tokio::test]
async fn nothing_is_missed_while_it_changes() {
    for path in ["/incremental/tickets/cursor?per_page=3", "/incremental/tickets?per_page=3"] {
        let world = World::new();
        for at in 0..10 {
            opened(&world, &at.to_string()).await;
            world.pass(at % 3);
        }
        world.pass(70);
        let mut known = BTreeMap::new();
        let mut page = world.get(&format!("{path}&start_time=0")).await.is(200);
        for round in 0_u64.. {
            for ticket in page["tickets"].as_array().unwrap() {
                known.insert(ticket["id"].as_u64().unwrap(), ticket["subject"].clone());
            }
            if round < 12 {
                let id = round * 7 % 10 + 1;
                let change = json!({"ticket": {"subject": format!("changed {round}")}});
                world.put(&format!("/tickets/{id}"), change).await.is(200);
                world.pass(9);
            }
            if page["end_of_stream"] == true {
                world.pass(100);
            }
            let next =
                [&page["after_url"], &page["next_page"]].into_iter().find(|it| it.is_string());
            let Some(next) = next.cloned() else { break };
            page = followed(&world, &next).await;
        }
        let now = world.get("/tickets").await.is(200);
        let now: BTreeMap<u64, Value> = now["tickets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["id"].as_u64().unwrap(), it["subject"].clone()))
            .collect();
        assert_eq!(known, now, "{path}");
    }
}

#[tokio::test]
async fn people_and_organizations_are_told() {
    let world = World::new();
    cast::all(&world).await;
    world.pass(1);
    for name in ["Acme", "Zenith"] {
        world.post("/organizations", json!({"organization": {"name": name}})).await.is(201);
        world.pass(1);
    }
    world.delete("/users/4001").await.is(200);
    world.pass(100);
    let told = all(&world, "/incremental/users/cursor.json?start_time=0&per_page=2", "users").await;
    let people: BTreeSet<u64> = told.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert_eq!((told.len(), people.len()), (5, 5));
    let gone = told.last().unwrap();
    assert_eq!((&gone["id"], &gone["active"]), (&json!(4001), &json!(false)));
    let path = format!("/incremental/users?start_time={}&include=identities", BEGAN + 2);
    let later = world.get(&path).await.is(200);
    assert_eq!(ids(&later, "users"), [4001]);
    assert!(later["identities"].is_array());
    let path = format!("/incremental/organizations.json?start_time={BEGAN}&per_page=1");
    let told = all(&world, &path, "organizations").await;
    let names: Vec<&Value> = told.iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Acme", "Zenith"]);
}

#[tokio::test]
async fn what_was_done_is_told_event_by_event() {
    let world = World::new();
    opened(&world, "Hello").await;
    world.pass(10);
    let change = json!({"ticket": {"priority": "high", "tags": ["vip"],
        "comment": {"body": "Secret", "public": false}}});
    world.put("/tickets/1", change).await.is(200);
    world.pass(100);
    let path = "/incremental/ticket_events.json?start_time=0";
    let told = world.get(path).await.is(200);
    assert_eq!(told["count"], 2);
    let (first, second) = (&told["ticket_events"][0], &told["ticket_events"][1]);
    assert_eq!(first["ticket_id"], 1);
    assert_eq!(first["timestamp"], BEGAN);
    assert_eq!(first["created_at"], "2026-11-21T09:00:00Z");
    assert_eq!((&first["event_type"], &first["via"]), (&json!("Audit"), &json!("Web service")));
    assert!(first["updater_id"].is_u64());
    let child = |event: &Value, field: &str| -> Value {
        let all = event["child_events"].as_array().unwrap();
        all.iter().find(|it| !it[field].is_null()).unwrap().clone()
    };
    assert_eq!(child(first, "subject")["event_type"], "Create");
    assert_eq!(child(first, "comment_present")["comment_public"], true);
    assert_eq!(child(second, "comment_present")["comment_public"], false);
    assert!(!told.to_string().contains("Secret"));
    let priority = child(second, "priority");
    assert_eq!(
        (&priority["priority"], &priority["previous_value"]),
        (&json!("high"), &json!(null))
    );
    let tags = child(second, "added_tags");
    assert_eq!((&tags["added_tags"], &tags["removed_tags"]), (&json!(["vip"]), &json!([])));
    let whole = world.get(&format!("{path}&include=comment_events")).await.is(200);
    let said = child(&whole["ticket_events"][1], "body");
    assert_eq!((&said["event_type"], &said["body"]), (&json!("Comment"), &json!("Secret")));
    assert_eq!(said["via_reference_id"], json!(null));
    world.delete("/tickets/1").await.is(204);
    world.pass(100);
    assert_eq!(world.get(path).await.is(200)["count"], 2);
    let alive = world.get(&format!("{path}&exclude_deleted=true")).await.is(200);
    assert_eq!((&alive["count"], &alive["end_of_stream"]), (&json!(0), &json!(true)));
}

#[tokio::test]
async fn clocks_are_told_by_time_and_by_pages() {
    let world = World::new();
    opened(&world, "a").await;
    world.pass(60);
    world.put("/tickets/1", json!({"ticket": {"tags": ["silent"]}})).await.is(200);
    world.pass(60);
    world.put("/tickets/1", json!({"ticket": {"status": "pending"}})).await.is(200);
    world.pass(100);
    let name = "ticket_metric_events";
    let told = world.get("/incremental/ticket_metric_events?start_time=0").await.is(200);
    let events = told[name].as_array().unwrap();
    assert_eq!((&told["count"], &told["end_of_stream"]), (&json!(events.len()), &json!(true)));
    let last = events.last().unwrap();
    assert_eq!((&last["metric"], &last["type"]), (&json!("requester_wait_time"), &json!("pause")));
    assert_eq!((&last["ticket_id"], &last["time"]), (&json!(1), &json!("2026-11-21T09:02:00Z")));
    assert_eq!((&events[0]["type"], &events[0]["instance_id"]), (&json!("measure"), &json!(0)));
    for size in [1, 4, 100] {
        let path = format!("/incremental/ticket_metric_events.json?start_time=0&page[size]={size}");
        let mut page = world.get(&path).await.is(200);
        let mut all = Vec::new();
        loop {
            let part = page[name].as_array().unwrap();
            assert!(part.len() <= size);
            all.extend(part.iter().cloned());
            assert_eq!(page["meta"]["has_more"], page["links"]["next"].is_string());
            if page["meta"]["has_more"] == false {
                break;
            }
            page = followed(&world, &page["links"]["next"]).await;
        }
        assert_eq!(all, *events, "{size}");
    }
    world.get("/incremental/ticket_metric_events?page[size]=5").await.is(400);
}

#[tokio::test]
async fn exports_are_for_administrators() {
    let world = World::new();
    cast::all(&world).await;
    world.pass(100);
    for path in [
        "tickets",
        "tickets/cursor",
        "users",
        "users/cursor",
        "organizations",
        "ticket_events",
        "ticket_metric_events",
        "tickets/sample",
    ] {
        let path = format!("/incremental/{path}?start_time=0");
        world.ask(AGENT, "GET", &path, Value::Null).await.is(403);
        world.get(&path).await.is(200);
    }
    let old = world.get("/exports/tickets?start_time=0").await.is(404);
    assert!(old["description"].as_str().unwrap().contains("/incremental/tickets"));
}

#[tokio::test]
async fn no_export_waits_for_more_than_three_calls() {
    let world = World::new();
    for subject in ["a", "b", "c"] {
        opened(&world, subject).await;
        world.pass(1);
    }
    world.delete("/tickets/2").await.is(204);
    world.pass(100);
    for (path, rounds) in [
        ("tickets?start_time=0", 3),
        ("tickets/cursor?start_time=0&include=metric_sets", 3),
        // What is told beside records is one more.
        ("tickets/cursor?start_time=0&include=users,metric_sets", 4),
        ("users?start_time=0", 3),
        ("users/cursor?start_time=0&include=identities", 3),
        ("organizations?start_time=0", 3),
        ("ticket_events?start_time=0&include=comment_events&exclude_deleted=true", 3),
        ("ticket_metric_events?start_time=0", 3),
        ("ticket_metric_events?start_time=0&page[size]=10", 3),
    ] {
        let _before = world.store.calls();
        world.get(&format!("/incremental/{path}")).await.is(200);
        let calls = world.store.calls();
        assert!(calls.rounds <= rounds, "{path}: {calls:?}");
    }
}
