//! Views as they are run: which tickets they show, how, and how many.

use crate::cast::{AGENT, CUSTOMER, OTHER};
use crate::search::{desk, twice};
use crate::world::World;
use serde_json::{Value, json};

const OWNER: &str = "owner@acme.example";
const NIGHTS: &str = "nights@acme.example";
const OWN: &str = "own@acme.example";

fn condition(field: &str, operator: &str, value: &str) -> Value {
    json!({"field": field, "operator": operator, "value": value})
}

/// Keeps a view of what is not closed.
async fn view(world: &World, who: &str, more: Value) -> u64 {
    let mut view = json!({"title": "x", "all": [condition("status", "less_than", "closed")]});
    view.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = world.ask(who, "POST", "/views", json!({"view": view})).await.is(201);
    made["view"]["id"].as_u64().unwrap()
}

async fn see(world: &World, who: &str, path: &str) -> Value {
    world.ask(who, "GET", path, Value::Null).await.is(200)
}

fn ids(tickets: &Value) -> Vec<u64> {
    tickets.as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

fn rows(body: &Value) -> Vec<u64> {
    let all = body["rows"].as_array().unwrap().iter();
    all.map(|it| it["ticket"]["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_view_shows_its_tickets_in_its_order() {
    let world = desk().await;
    let output =
        json!({"output": {"columns": ["status"], "sort_by": "created", "sort_order": "desc"}});
    let id = view(&world, OWNER, output).await;
    let check = async || {
        for (parameters, expected) in [
            ("", vec![4, 3, 2, 1]),
            ("?sort_by=created&sort_order=asc", vec![1, 2, 3, 4]),
            ("?sort_order=asc", vec![1, 2, 3, 4]),
            ("?sort_by=id&sort_order=asc", vec![1, 2, 3, 4]),
            ("?sort_by=nice_id", vec![4, 3, 2, 1]),
            ("?sort_by=priority", vec![1, 3, 2, 4]),
            ("?sort_by=status&sort_order=asc", vec![2, 4, 1, 3]),
            ("?sort_by=requester&sort_order=asc", vec![1, 4, 2, 3]),
            (
                "?group_by=requester&group_order=desc&sort_by=nice_id&sort_order=desc",
                vec![3, 2, 4, 1],
            ),
            ("?group_by=group&group_order=asc", vec![4, 2, 3, 1]),
        ] {
            let got = see(&world, AGENT, &format!("/views/{id}/tickets.json{parameters}")).await;
            assert_eq!(ids(&got["tickets"]), expected, "{parameters}");
            assert_eq!((&got["count"], &got["next_page"]), (&json!(4), &Value::Null));
            let run = see(&world, AGENT, &format!("/views/{id}/execute.json{parameters}")).await;
            assert_eq!(rows(&run), expected, "{parameters}");
        }
        let got = see(&world, AGENT, &format!("/views/{id}/tickets?include=users")).await;
        assert_eq!(got["tickets"][3], see(&world, AGENT, "/tickets/1").await["ticket"]);
        assert!(ids(&got["users"]).contains(&4001));
    };
    twice(&world, check).await;
    for wrong in
        ["sort_by=subject", "sort_by=colour", "sort_by=status&sort_order=up", "group_by=submitter"]
    {
        for what in ["tickets", "execute"] {
            let path = format!("/views/{id}/{what}?{wrong}");
            let refused = world.ask(AGENT, "GET", &path, Value::Null).await.is(422);
            assert_eq!(refused["error"], "RecordInvalid", "{wrong}");
        }
    }
    world.get("/views/4711/tickets").await.is(404);
}

#[tokio::test]
async fn a_view_has_pages_of_both_kinds() {
    let world = desk().await;
    let output = json!({"output": {"sort_by": "status", "sort_order": "asc"}});
    let id = view(&world, OWNER, output).await;
    let check = async || {
        let path = format!("/views/{id}/tickets.json");
        let second = see(&world, AGENT, &format!("{path}?per_page=3&page=2")).await;
        assert_eq!((ids(&second["tickets"]), &second["count"]), (vec![3], &json!(4)));
        assert!(second["previous_page"].as_str().unwrap().contains("page=1"));
        // Forth and back again.
        let mut forth = Vec::new();
        let mut next = format!("{path}?page[size]=2");
        let last = loop {
            let page = see(&world, AGENT, &next).await;
            forth.push(ids(&page["tickets"]));
            assert!(page.get("count").is_none());
            let Some(link) = page["links"]["next"].as_str() else { break page };
            next = link.strip_prefix("http://desk.example/api/v2").unwrap().to_owned();
        };
        assert_eq!(forth, [vec![2, 4], vec![1, 3]]);
        assert_eq!(last["meta"]["has_more"], false);
        let link = last["links"]["prev"].as_str().unwrap();
        let back =
            see(&world, AGENT, link.strip_prefix("http://desk.example/api/v2").unwrap()).await;
        assert_eq!(ids(&back["tickets"]), [2, 4]);
        assert_eq!(
            (&back["links"]["prev"], back["links"]["next"].is_string()),
            (&Value::Null, true)
        );
        let run = see(&world, AGENT, &format!("/views/{id}/execute?page[size]=3")).await;
        assert_eq!((rows(&run), &run["meta"]["has_more"]), (vec![2, 4, 1], &json!(true)));
    };
    twice(&world, check).await;
    let page = see(&world, AGENT, &format!("/views/{id}/tickets?page[size]=2")).await;
    let after = page["meta"]["after_cursor"].as_str().unwrap();
    // Its place in one order is none in another.
    for other in ["group_by=group", "sort_by=requester"] {
        let other = format!("/views/{id}/tickets?page[after]={after}&{other}");
        world.ask(AGENT, "GET", &other, Value::Null).await.is(400);
    }
    for wrong in ["page[after]=x", "page[size]=101", "page=101"] {
        world.ask(AGENT, "GET", &format!("/views/{id}/tickets?{wrong}"), Value::Null).await.is(400);
    }
}

#[tokio::test]
async fn what_changes_between_two_pages_moves_nothing_else() {
    let world = desk().await;
    let id =
        view(&world, OWNER, json!({"output": {"sort_by": "created", "sort_order": "desc"}})).await;
    world.feed(&world.index).await;
    let path = format!("/views/{id}/tickets?page[size]=2");
    let first = see(&world, AGENT, &path).await;
    world.delete("/tickets/3").await.is(204);
    let made = json!({"ticket": {"subject": "New", "comment": {"body": "x"}}});
    world.post("/tickets", made).await.is(201);
    let after = first["meta"]["after_cursor"].as_str().unwrap();
    let second = see(&world, AGENT, &format!("{path}&page[after]={after}")).await;
    assert_eq!((ids(&first["tickets"]), ids(&second["tickets"])), (vec![4, 3], vec![2, 1]));
}

#[tokio::test]
async fn a_view_has_rows() {
    let world = desk().await;
    let field = json!({"ticket_field": {"type": "integer", "title": "Floors"}});
    let field = world.post("/ticket_fields", field).await.is(201)["ticket_field"]["id"].clone();
    let own = json!({"ticket": {"custom_fields": [{"id": field, "value": 12}]}});
    world.put("/tickets/1", own).await.is(200);
    let columns = json!([
        "status",
        "subject",
        "requester",
        "assignee",
        "group",
        "created",
        "locale_id",
        field
    ]);
    let output = json!({"columns": columns, "sort_by": field, "sort_order": "desc"});
    let id = view(&world, OWNER, json!({"output": output})).await;
    let check = async || {
        let run = see(&world, AGENT, &format!("/views/{id}/execute.json")).await;
        assert_eq!(rows(&run)[0], 1);
        let view = see(&world, AGENT, &format!("/views/{id}")).await["view"].clone();
        assert_eq!(run["view"], view);
        assert_eq!(run["columns"], view["execution"]["columns"]);
        assert_eq!(run["columns"][0]["title"], "Status");
        assert_eq!(run["columns"][7]["title"], "Floors");
        let row = &run["rows"][0];
        let ticket = see(&world, AGENT, "/tickets/1").await["ticket"].clone();
        for (name, expected) in [
            ("status", json!("open")),
            ("subject", json!("Printer on fire")),
            ("requester", json!(4001)),
            ("requester_id", json!(4001)),
            ("submitter_id", ticket["submitter_id"].clone()),
            ("assignee_id", json!(1001)),
            ("group_id", ticket["group_id"].clone()),
            ("created", ticket["created_at"].clone()),
            ("locale_id", json!(1)),
            ("custom_fields", json!([{"id": field, "name": "Floors", "value": "12"}])),
        ] {
            assert_eq!(row[name], expected, "{name}");
        }
        assert_eq!(row[field.to_string()], ticket["custom_fields"][0]["value"]);
        for name in ["id", "subject", "description", "status", "type", "priority", "url"] {
            assert_eq!(row["ticket"][name], ticket[name], "{name}");
        }
        assert_eq!(run["groups"].as_array().unwrap().len(), 2);
        assert_eq!(run["count"], 4);
        assert_eq!(run["users"], Value::Null);
        let beside =
            see(&world, AGENT, &format!("/views/{id}/execute?include=users,organizations")).await;
        assert!(ids(&beside["users"]).contains(&1001) && ids(&beside["users"]).contains(&4001));
    };
    twice(&world, check).await;
}

#[tokio::test]
async fn tickets_are_counted_as_they_are_now() {
    let world = desk().await;
    let hot = json!({"all": [condition("status", "less_than", "solved"), condition("current_tags", "includes", "hot")]});
    let id = view(&world, OWNER, hot).await;
    let check = async || {
        let count = see(&world, AGENT, &format!("/views/{id}/count.json")).await;
        assert_eq!(count["view_count"]["value"], 2);
    };
    twice(&world, check).await;
    world.put("/tickets/1", json!({"ticket": {"status": "solved"}})).await.is(200);
    let count = see(&world, AGENT, &format!("/views/{id}/count.json")).await["view_count"].clone();
    let at = count["refreshed_at"].clone();
    assert_eq!(
        count,
        json!({
            "view_id": id, "url": format!("http://desk.example/api/v2/views/{id}/count.json"),
            "value": 1, "pretty": "1", "fresh": true, "active": true, "refreshed_at": at,
        })
    );
    world.put(&format!("/views/{id}"), json!({"view": {"active": false}})).await.is(200);
    let count = see(&world, AGENT, &format!("/views/{id}/count")).await;
    assert_eq!(
        (&count["view_count"]["active"], &count["view_count"]["value"]),
        (&json!(false), &json!(1))
    );
}

#[tokio::test]
async fn several_views_are_counted_at_once() {
    let world = desk().await;
    let all = view(&world, OWNER, json!({})).await;
    let mine = json!({"all": [condition("assignee_id", "is", "current_user")]});
    let mine = view(&world, OWNER, mine).await;
    let own = view(&world, OTHER, json!({"restriction": {"type": "User", "id": 2001}})).await;
    let counts = async |who: &str, name: &str| -> Vec<(u64, u64)> {
        let path = format!("/views/count_many.json?{name}={all},{own},{mine},4711");
        let got = see(&world, who, &path).await["view_counts"].clone();
        let one = |it: &Value| (it["view_id"].as_u64().unwrap(), it["value"].as_u64().unwrap());
        got.as_array().unwrap().iter().map(one).collect()
    };
    let check = async || {
        assert_eq!(counts(AGENT, "ids").await, [(all, 4), (mine, 1)]);
        assert_eq!(counts(OTHER, "count_many").await, [(all, 4), (own, 4), (mine, 1)]);
        assert_eq!(counts(NIGHTS, "ids").await, [(all, 2), (mine, 0)]);
    };
    twice(&world, check).await;
    assert_eq!(see(&world, AGENT, "/views/count_many?ids=4711").await, json!({"view_counts": []}));
    let many: Vec<String> = (1..=21).map(|id| id.to_string()).collect();
    let refused = world.get(&format!("/views/count_many?ids={}", many.join(","))).await.is(400);
    assert_eq!(refused["error"], "TooManyValues");
    see(&world, AGENT, &format!("/views/count_many?ids={}", many[..20].join(","))).await;
    for wrong in ["", "?ids=", "?ids=x"] {
        world.get(&format!("/views/count_many{wrong}")).await.is(400);
    }
}

#[tokio::test]
async fn a_view_is_looked_at_before_it_is_kept() {
    let world = desk().await;
    let asked = json!({"view": {
        "all": [condition("status", "less_than", "closed")],
        "any": [condition("priority", "is", "urgent"), condition("current_tags", "includes", "cold")],
        "output": {"columns": ["subject", "priority"], "sort_by": "nice_id", "sort_order": "asc"},
    }});
    let check = async || {
        let got = world.ask(AGENT, "POST", "/views/preview.json", asked.clone()).await.is(200);
        assert_eq!((rows(&got), &got["count"]), (vec![1, 2], &json!(2)));
        assert_eq!(got["rows"][0]["subject"], "Printer on fire");
        assert_eq!(got["columns"][1]["title"], "Priority");
        assert_eq!(got["view"], Value::Null);
        let count =
            world.ask(AGENT, "POST", "/views/preview/count.json", asked.clone()).await.is(200);
        assert_eq!(
            (&count["view_count"]["value"], &count["view_count"]["fresh"]),
            (&json!(2), &json!(true))
        );
        assert_eq!(count["view_count"]["view_id"], Value::Null);
        let page =
            world.ask(NIGHTS, "POST", "/views/preview?page[size]=1", asked.clone()).await.is(200);
        assert_eq!((rows(&page), &page["meta"]["has_more"]), (vec![2], &json!(false)));
    };
    twice(&world, check).await;
    let status = condition("status", "is", "open");
    for (view, field) in [
        (json!({"all": []}), "all"),
        (json!({"all": [condition("priority", "is", "low")]}), "all"),
        (json!({"all": [status, condition("mood", "is", "x")]}), "base"),
        (json!({"all": [status, condition("group_id", "is", "4711")]}), "base"),
        (json!({"all": [status], "output": {"columns": ["colour"]}}), "output"),
    ] {
        for path in ["/views/preview", "/views/preview/count"] {
            let refused = world.post(path, json!({"view": view})).await.is(422);
            assert_eq!(refused["error"], "RecordInvalid");
            assert!(refused["details"][field].is_array(), "{refused}");
        }
    }
    world.post("/views/preview", json!({})).await.is(400);
}

#[tokio::test]
async fn nobody_learns_by_a_view_what_they_do_not_see() {
    let world = desk().await;
    let shared = view(&world, OWNER, json!({"title": "shared"})).await;
    let personal = json!({"restriction": {"type": "User", "id": 1001}});
    let personal = view(&world, AGENT, personal).await;
    let groups = world.get("/groups").await.is(200)["groups"].clone();
    let nights = groups.as_array().unwrap().iter().find(|it| it["name"] == "Nights").unwrap();
    let of_nights = json!({"restriction": {"type": "Group", "ids": [nights["id"]]}});
    let of_nights = view(&world, OWNER, of_nights).await;
    let check = async || {
        for (who, seen) in [(AGENT, vec![1, 2, 3, 4]), (NIGHTS, vec![2, 4]), (OWN, vec![])] {
            let path = format!("/views/{shared}");
            let got = see(&world, who, &format!("{path}/tickets?sort_by=id&sort_order=asc")).await;
            assert_eq!((ids(&got["tickets"]), &got["count"]), (seen.clone(), &json!(seen.len())));
            let got = see(&world, who, &format!("{path}/execute?sort_by=id&sort_order=asc")).await;
            assert_eq!((rows(&got), &got["count"]), (seen.clone(), &json!(seen.len())));
            let got = see(&world, who, &format!("{path}/count")).await;
            assert_eq!(got["view_count"]["value"], seen.len());
            let all = json!({"view": {"all": [condition("status", "less_than", "closed")]}});
            let got = world.ask(who, "POST", "/views/preview/count", all).await.is(200);
            assert_eq!(got["view_count"]["value"], seen.len());
        }
    };
    twice(&world, check).await;
    for (who, id, status) in [
        (OTHER, personal, 404),
        (NIGHTS, personal, 404),
        (OTHER, of_nights, 404),
        (NIGHTS, of_nights, 200),
        (CUSTOMER, shared, 403),
        ("owner@other.example", shared, 404),
    ] {
        for what in ["tickets", "execute", "count"] {
            let path = format!("/views/{id}/{what}");
            world.ask(who, "GET", &path, Value::Null).await.is(status);
        }
    }
    for path in ["/views/preview", "/views/preview/count"] {
        let all = json!({"view": {"all": [condition("status", "less_than", "closed")]}});
        world.ask(CUSTOMER, "POST", path, all).await.is(403);
    }
    world
        .ask(CUSTOMER, "GET", &format!("/views/count_many?ids={shared}"), Value::Null)
        .await
        .is(403);
}
