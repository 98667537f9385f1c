//! What is searched, by whom, and what they find. Everything is asked of an index that knows nothing, and again of one
//! that knows all: what is found is the same.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

const OWNER: &str = "owner@acme.example";
const NIGHTS: &str = "nights@acme.example";
const OWN: &str = "own@acme.example";
const EVE: &str = "eve@acme.example";

/// A path of the API, its query as a client would encode it.
pub fn path(before: &str, query: &str) -> String {
    let query = query.replace('%', "%25").replace('+', "%2B").replace('&', "%26").replace(' ', "+");
    format!("{before}?query={query}")
}

/// `ticket1 user4001`: what was found, in its order.
pub fn found(body: &Value) -> String {
    let one = |it: &Value| format!("{}{}", it["result_type"].as_str().unwrap(), it["id"]);
    let all = body["results"].as_array().unwrap().iter().map(one);
    all.collect::<Vec<_>>().join(" ")
}

/// What somebody finds, with whatever index.
async fn finds(world: &World, who: &str, query: &str) -> String {
    let path = path("/search.json", query);
    let got = world.ask(who, "GET", &path, Value::Null).await.is(200);
    assert_eq!((&got["facets"], &got["previous_page"]), (&Value::Null, &Value::Null));
    let count = world.ask(who, "GET", &path.replace(".json", "/count.json"), Value::Null).await;
    assert_eq!(count.is(200), json!({"count": got["count"]}), "{query}");
    found(&got)
}

/// Four tickets of two customers, of which the first is of the customer's organization; agents, of whom one works in
/// another group and one sees only what is theirs.
pub async fn desk() -> World {
    let world = World::new();
    cast::team(&world).await;
    let group = |name: &str| json!({"group": {"name": name}});
    let nights = world.post("/groups", group("Nights")).await.is(201)["group"]["id"].clone();
    for (email, restriction) in [(NIGHTS, "groups"), (OWN, "assigned")] {
        let user = json!({"user": {"name": email.split('@').next(), "email": email, "role": "agent",
            "verified": true, "ticket_restriction": restriction}});
        let id = world.post("/users", user).await.is(201)["user"]["id"].clone();
        if email == NIGHTS {
            let memberships = world.get(&format!("/users/{id}/group_memberships")).await.is(200);
            for it in memberships["group_memberships"].as_array().unwrap() {
                world.delete(&format!("/group_memberships/{}", it["id"])).await.is(204);
            }
            let joined = json!({"group_membership": {"user_id": id, "group_id": nights}});
            world.post("/group_memberships", joined).await.is(201);
        }
    }
    let acme = json!({"organization": {"name": "Acme Rockets", "tags": ["gold"]}});
    let acme = world.post("/organizations", acme).await.is(201)["organization"]["id"].clone();
    let joined = json!({"organization_membership": {"user_id": 4001, "organization_id": acme}});
    world.post("/organization_memberships", joined).await.is(201);
    for ticket in [
        json!({"subject": "Printer on fire", "comment": {"body": "It burns in the hall"}, "requester_id": 4001,
            "assignee_id": 1001, "tags": ["hot"], "priority": "urgent", "type": "incident", "status": "open"}),
        json!({"subject": "Cold coffee", "comment": {"body": "The machine near the printer"},
            "requester": {"name": "Eve Moneypenny", "email": EVE}, "group_id": nights, "tags": ["hot", "cold"]}),
        json!({"subject": "Lost key", "comment": {"body": "Of the hall"}, "requester": {"email": EVE},
            "priority": "low", "status": "pending", "assignee_id": 2001}),
        json!({"subject": "Secret plan", "comment": {"body": "Nobody must know of the hall", "public": false},
            "requester_id": 4001, "group_id": nights}),
    ] {
        world.pass(60);
        world.post("/tickets", json!({"ticket": ticket})).await.is(201);
    }
    world.pass(60);
    world
}

/// Asks twice: while the index knows nothing, and when it knows all.
pub async fn twice(world: &World, check: impl AsyncFn()) {
    check().await;
    world.feed(&world.index).await;
    check().await;
}

#[tokio::test]
async fn everything_is_found_and_says_what_it_is() {
    let world = desk().await;
    let check = async || {
        let got = world.get(&path("/search.json", "printer")).await.is(200);
        assert_eq!(found(&got), "ticket1 ticket2", "what is called so comes first");
        assert_eq!((&got["count"], &got["next_page"]), (&json!(2), &Value::Null));
        let mut ticket = world.get("/tickets/1").await.is(200)["ticket"].clone();
        ticket["result_type"] = json!("ticket");
        assert_eq!(got["results"][0], ticket);
        let got = world.get(&path("/search", "type:user eve")).await.is(200);
        let id = &got["results"][0]["id"];
        let mut user = world.get(&format!("/users/{id}")).await.is(200)["user"].clone();
        user["result_type"] = json!("user");
        assert_eq!(got["results"], json!([user]));
        let got = world.get(&path("/search", "rockets")).await.is(200);
        let id = &got["results"][0]["id"];
        let path_of = format!("/organizations/{id}");
        let mut organization = world.get(&path_of).await.is(200)["organization"].clone();
        organization["result_type"] = json!("organization");
        assert_eq!(got["results"], json!([organization]));
        let got = world.get(&path("/search", "type:group nights")).await.is(200);
        assert_eq!((&got["results"][0]["name"], &got["count"]), (&json!("Nights"), &json!(1)));
    };
    twice(&world, check).await;
}

#[tokio::test]
async fn what_is_documented_is_found() {
    let world = desk().await;
    let check = async || {
        for (query, expected) in [
            ("type:ticket", "ticket4 ticket3 ticket2 ticket1"),
            ("type:ticket order_by:created sort:asc", "ticket1 ticket2 ticket3 ticket4"),
            ("fire", "ticket1"),
            ("\"the hall\" type:ticket", "ticket4 ticket3 ticket1"),
            ("subject:fire", "ticket1"),
            ("subject:hall", ""),
            ("description:hall", "ticket4 ticket3 ticket1"),
            ("hall -key type:ticket", "ticket4 ticket1"),
            ("print* type:ticket", "ticket1 ticket2"),
            ("status<pending type:ticket", "ticket4 ticket2 ticket1"),
            ("status:pending", "ticket3"),
            ("status:open status:pending", "ticket3 ticket1"),
            ("priority>=high", "ticket1"),
            ("priority:none", "ticket4 ticket2"),
            ("ticket_type:incident", "ticket1"),
            ("tags:hot", "ticket2 ticket1"),
            ("tags:hot -tags:cold", "ticket1"),
            ("tags:none type:ticket", "ticket4 ticket3"),
            ("created>1hours type:ticket", "ticket4 ticket3 ticket2 ticket1"),
            ("created<1hours", ""),
            ("created:2026-11-21 type:ticket", "ticket4 ticket3 ticket2 ticket1"),
            ("updated>=2026-11-22", ""),
            ("assignee:agent", "ticket1"),
            ("assignee:agent assignee:colleague", "ticket3 ticket1"),
            ("assignee:agent@acme.example", "ticket1"),
            ("assignee:1001", "ticket1"),
            ("assignee:none type:ticket", "ticket4 ticket2"),
            ("assignee:me", ""),
            ("requester:customer", "ticket4 ticket1"),
            ("requester:\"eve moneypenny\"", "ticket3 ticket2"),
            ("requester:nobody", ""),
            ("-requester:eve type:ticket", "ticket4 ticket1"),
            ("organization:rockets type:ticket", "ticket4 ticket1"),
            ("organization:none type:ticket", "ticket3 ticket2"),
            ("group:nights type:ticket", "ticket4 ticket2"),
            ("commenter:me", "ticket4"),
            ("2", "ticket2"),
            ("#2", "ticket2"),
            ("type:organization tags:gold rockets", "organization"),
            ("type:user role:agent nights", "user"),
            ("type:article", ""),
            ("fire coffee", ""),
        ] {
            let found = finds(&world, OWNER, query).await;
            match expected {
                "organization" | "user" => {
                    assert!(
                        found.starts_with(expected) && !found.contains(' '),
                        "{query}: {found}"
                    );
                }
                _ => assert_eq!(found, expected, "{query}"),
            }
        }
        assert_eq!(finds(&world, AGENT, "assignee:me").await, "ticket1");
    };
    twice(&world, check).await;
}

#[tokio::test]
async fn what_was_just_written_is_found() {
    let world = desk().await;
    world.feed(&world.index).await;
    let change = json!({"ticket": {"subject": "Printer quenched", "status": "solved"}});
    world.put("/tickets/1", change).await.is(200);
    assert_eq!(finds(&world, OWNER, "quenched").await, "ticket1");
    assert_eq!(finds(&world, OWNER, "fire").await, "");
    world.delete("/tickets/2").await.is(204);
    assert_eq!(finds(&world, OWNER, "coffee").await, "");
    world.pass(60);
    let made = json!({"ticket": {"subject": "Another printer", "comment": {"body": "x"}}});
    world.post("/tickets", made).await.is(201);
    assert_eq!(finds(&world, OWNER, "printer type:ticket").await, "ticket5 ticket1");
}

#[tokio::test]
async fn results_are_sorted() {
    let world = desk().await;
    let check = async || {
        for (parameters, expected) in [
            ("", "ticket4 ticket3 ticket2 ticket1"),
            ("&sort_by=created_at&sort_order=asc", "ticket1 ticket2 ticket3 ticket4"),
            ("&sort_by=updated_at", "ticket4 ticket3 ticket2 ticket1"),
            ("&sort_by=priority", "ticket1 ticket3 ticket2 ticket4"),
            ("&sort_by=priority&sort_order=asc", "ticket3 ticket1 ticket2 ticket4"),
            ("&sort_by=status&sort_order=desc", "ticket3 ticket1 ticket2 ticket4"),
            ("&sort_by=ticket_type", "ticket1 ticket2 ticket3 ticket4"),
            ("&sort_by=relevance&sort_order=asc", "ticket4 ticket3 ticket2 ticket1"),
        ] {
            let got = world.get(&format!("/search?query=type:ticket{parameters}")).await.is(200);
            assert_eq!(found(&got), expected, "{parameters}");
        }
    };
    twice(&world, check).await;
    for wrong in ["&sort_by=colour", "&sort_by=status&sort_order=up"] {
        let refused = world.get(&format!("/search?query=x{wrong}")).await.is(422);
        assert_eq!(refused["error"], "invalid");
    }
}

#[tokio::test]
async fn results_have_pages_by_number_up_to_a_thousand() {
    let world = desk().await;
    let page = world.get("/search.json?query=type:ticket&per_page=3").await.is(200);
    assert_eq!((found(&page), &page["count"]), ("ticket4 ticket3 ticket2".to_owned(), &json!(4)));
    let next = page["next_page"].as_str().unwrap();
    assert!(next.starts_with("http://desk.example/api/v2/search.json?"), "{next}");
    assert!(next.contains("query=type%3Aticket") && next.contains("page=2"), "{next}");
    let page = world.get("/search.json?query=type:ticket&per_page=3&page=2").await.is(200);
    assert_eq!((found(&page), &page["next_page"]), ("ticket1".to_owned(), &Value::Null));
    assert!(page["previous_page"].as_str().unwrap().contains("page=1"));
    world.get("/search?query=type:ticket&page=10").await.is(200);
    let limit = json!({
        "error": "invalid",
        "description": "Invalid search: Requested response size was greater than Search Response Limits",
    });
    for far in ["page=11", "page=11&per_page=100", "page=21&per_page=50"] {
        let path = format!("/search?query=type:ticket&{far}");
        assert_eq!(world.get(&path).await.is(422), limit, "{far}");
    }
    for cursor in ["page[size]=10", "page[after]=x"] {
        let path = format!("/search?query=type:ticket&{cursor}");
        let refused = world.get(&path).await.is(400);
        assert_eq!(refused["error"]["title"], "Invalid attribute");
    }
}

#[tokio::test]
async fn a_query_that_is_wrong_says_where() {
    let world = desk().await;
    for (query, place) in [
        ("printer status:foo", "at character 16"),
        ("\"printer", "at character 1"),
        ("created:4hours", "at character 9"),
        ("order_by:colour", "at character 10"),
        ("grüße \"", "at character 7"),
    ] {
        for before in ["/search", "/search/count"] {
            let refused = world.get(&path(before, query)).await.is(422);
            assert_eq!(refused["error"], "invalid");
            let description = refused["description"].as_str().unwrap();
            assert!(description.starts_with("Invalid search: "), "{description}");
            assert!(description.ends_with(place), "{description}");
        }
    }
    let long = vec!["x"; 65].join(" ");
    world.get(&path("/search", &long)).await.is(422);
    for before in ["/search", "/search/count"] {
        world.get(before).await.is(400);
    }
    assert_eq!(finds(&world, OWNER, "").await, "");
    assert_eq!(finds(&world, OWNER, " ").await, "");
}

#[tokio::test]
async fn what_results_name_is_told_beside_them() {
    let world = desk().await;
    let include = "&include=tickets(users,groups,organizations),users(identities)";
    let got = world.get(&format!("/search?query=fire{include}")).await.is(200);
    let ids = |name: &str| -> Vec<Value> {
        got[name].as_array().unwrap().iter().map(|it| it["id"].clone()).collect()
    };
    assert!(ids("users").contains(&json!(4001)) && ids("users").contains(&json!(1001)));
    assert_eq!(ids("organizations"), [got["results"][0]["organization_id"].clone()]);
    assert_eq!(got["groups"][0]["id"], got["results"][0]["group_id"]);
    let plain = world.get("/search?query=fire").await.is(200);
    assert_eq!(plain["users"], Value::Null);
}

#[tokio::test]
async fn an_export_tells_all_once() {
    let world = desk().await;
    let check = async || {
        let mut next = format!(
            "{}&filter[type]=ticket&page[size]=3",
            path("/search/export.json", "type:ticket hall")
        );
        let mut all = Vec::new();
        loop {
            let page = world.get(&next).await.is(200);
            assert_eq!(
                (&page["links"]["prev"], &page["meta"]["before_cursor"]),
                (&Value::Null, &Value::Null)
            );
            assert!(page.get("count").is_none() && page["facets"].is_null());
            all.push(found(&page));
            if page["meta"]["has_more"] == json!(false) {
                assert_eq!(page["links"]["next"], Value::Null);
                break;
            }
            let link = page["links"]["next"].as_str().unwrap();
            let after = page["meta"]["after_cursor"].as_str().unwrap();
            assert!(link.contains(after) && link.contains("filter%5Btype%5D=ticket"), "{link}");
            next = link.strip_prefix("http://desk.example/api/v2").unwrap().to_owned();
        }
        assert_eq!(all, ["ticket4 ticket3 ticket1"], "from the newest on");
        for (kind, size, pages) in
            [("ticket", 1, 4), ("ticket", 2, 2), ("user", 100, 1), ("group", 1000, 1)]
        {
            let mut after = String::new();
            let mut seen = Vec::new();
            for _ in 0..pages {
                let asked =
                    format!("/search/export?query=&filter[type]={kind}&page[size]={size}{after}");
                let page = world.get(&asked).await.is(200);
                seen.push(page["results"].as_array().unwrap().len());
                after = format!("&page[after]={}", page["meta"]["after_cursor"].as_str().unwrap());
                assert_eq!(page["meta"]["has_more"], seen.len() < pages, "{asked}");
            }
            let all = world.get(&format!("/search/count?query=type:{kind}")).await.is(200)["count"]
                .clone();
            assert_eq!(json!(seen.iter().sum::<usize>()), all, "{kind}");
        }
    };
    twice(&world, check).await;
}

#[tokio::test]
async fn what_is_added_meanwhile_is_not_part_of_an_export() {
    let world = desk().await;
    let asked = "/search/export?query=&filter[type]=ticket&page[size]=2";
    let first = world.get(asked).await.is(200);
    let made = json!({"ticket": {"subject": "New", "comment": {"body": "x"}}});
    world.post("/tickets", made).await.is(201);
    world.feed(&world.index).await;
    let after = first["meta"]["after_cursor"].as_str().unwrap();
    let second = world.get(&format!("{asked}&page[after]={after}")).await.is(200);
    assert_eq!(found(&first) + " " + &found(&second), "ticket4 ticket3 ticket2 ticket1");
}

#[tokio::test]
async fn what_is_no_export_is_refused() {
    let world = desk().await;
    for wrong in [
        "query=x",
        "query=x&filter[type]=article",
        "filter[type]=ticket",
        "query=x&filter[type]=ticket&page[size]=1001",
        "query=x&filter[type]=ticket&page[size]=0",
        "query=x&filter[type]=ticket&page[after]=nonsense",
        "query=x&filter[type]=ticket&page[after]=e30",
        "query=x&filter[type]=ticket&page[before]=x",
    ] {
        world.get(&format!("/search/export?{wrong}")).await.is(400);
    }
    let other = world.get("/search/export?query=type:user&filter[type]=ticket").await.is(422);
    assert_eq!(other["error"], "invalid");
    world.get("/search/export?query=status:foo&filter[type]=ticket").await.is(422);
}

#[tokio::test]
async fn an_agent_learns_nothing_of_what_they_do_not_see() {
    let world = desk().await;
    let check = async || {
        // Nights sees what is of their group; Own what they are assigned: nothing.
        for (query, nights, owner) in [
            ("type:ticket", "ticket4 ticket2", "ticket4 ticket3 ticket2 ticket1"),
            ("fire", "", "ticket1"),
            ("1", "", "ticket1"),
            ("assignee:agent", "", "ticket1"),
            ("requester:customer type:ticket", "ticket4", "ticket4 ticket1"),
            ("tags:hot", "ticket2", "ticket2 ticket1"),
            ("-tags:cold type:ticket", "ticket4", "ticket4 ticket3 ticket1"),
            ("type:ticket order_by:priority", "ticket2 ticket4", "ticket1 ticket3 ticket2 ticket4"),
        ] {
            assert_eq!(finds(&world, NIGHTS, query).await, nights, "{query}");
            assert_eq!(finds(&world, OWNER, query).await, owner, "{query}");
            assert_eq!(finds(&world, OWN, query).await, "", "{query}");
        }
        let export = "/search/export?query=&filter[type]=ticket";
        let exported = world.ask(NIGHTS, "GET", export, Value::Null).await.is(200);
        assert_eq!(found(&exported), "ticket4 ticket2");
        let other =
            world.ask("owner@other.example", "GET", "/search?query=type:ticket", Value::Null);
        assert_eq!(other.await.is(200)["count"], 0);
        for query in
            ["customer", "requester:customer", "type:user acme", "rockets", "type:group nights"]
        {
            assert_eq!(finds(&world, "owner@other.example", query).await, "", "{query}");
        }
    };
    twice(&world, check).await;
    world.put("/tickets/1", json!({"ticket": {"assignee_email": OWN}})).await.is(200);
    assert_eq!(finds(&world, OWN, "type:ticket").await, "ticket1");
}

#[tokio::test]
async fn a_customer_does_not_search_beyond_their_requests() {
    let world = desk().await;
    for path in [
        "/search?query=x",
        "/search/count?query=x",
        "/search/export?query=x&filter[type]=ticket",
        "/users/search?query=eve",
        "/users/autocomplete?name=eve",
    ] {
        world.ask(CUSTOMER, "GET", path, Value::Null).await.is(403);
    }
}

/// The ids of requests that somebody finds.
async fn requests(world: &World, who: &str, parameters: &str) -> Vec<u64> {
    let path = format!("/requests/search.json?{parameters}");
    let got = world.ask(who, "GET", &path, Value::Null).await.is(200);
    assert_eq!(got["count"], got["requests"].as_array().unwrap().len(), "{parameters}");
    got["requests"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_customer_finds_their_requests_by_what_is_shown_of_them() {
    let world = desk().await;
    let note = json!({"ticket": {"comment": {"body": "Arson, says the agent", "public": false},
        "status": "hold", "additional_tags": ["suspect"]}});
    world.put("/tickets/1", note).await.is(200);
    world.pass(60);
    let check = async || {
        for (parameters, expected) in [
            ("query=printer", vec![1]),
            ("query=burns", vec![1]),
            ("", vec![1]),
            ("query=arson", vec![]),
            ("query=coffee", vec![]),
            // There is nothing public in the fourth.
            ("query=plan", vec![]),
            ("query=hall", vec![1]),
            ("query=tags:hot", vec![]),
            ("query=hot", vec![]),
            ("query=requester:customer", vec![1]),
            ("query=requester:eve", vec![]),
            ("query=assignee:agent", vec![]),
            ("query=status:open", vec![1]),
            ("query=status:hold", vec![]),
            ("status=open,pending", vec![1]),
            ("status=hold", vec![1]),
            ("status=solved", vec![]),
            ("cc_id=true", vec![]),
            ("organization_id=4711", vec![]),
            ("query=type:user", vec![]),
        ] {
            assert_eq!(requests(&world, CUSTOMER, parameters).await, expected, "{parameters}");
        }
        assert_eq!(
            requests(&world, EVE, "query=the&sort_by=created_at&sort_order=asc").await,
            [2, 3]
        );
        assert_eq!(requests(&world, EVE, "query=fire").await, [] as [u64; 0]);
        assert_eq!(requests(&world, EVE, "query=1").await, [] as [u64; 0]);
        assert_eq!(requests(&world, NIGHTS, "query=printer").await, [2]);
    };
    twice(&world, check).await;
    let got = world.ask(CUSTOMER, "GET", "/requests/search?query=fire", Value::Null).await.is(200);
    let alone = world.ask(CUSTOMER, "GET", "/requests/1", Value::Null).await.is(200);
    assert_eq!(got["requests"][0], alone["request"]);
    for wrong in ["organization_id=x", "cc_id=x", "page[size]=2"] {
        let path = format!("/requests/search?{wrong}");
        world.ask(CUSTOMER, "GET", &path, Value::Null).await.is(400);
    }
    for wrong in ["page=11", "query=status:foo"] {
        let path = format!("/requests/search?{wrong}");
        world.ask(CUSTOMER, "GET", &path, Value::Null).await.is(422);
    }
}

#[tokio::test]
async fn a_customer_finds_what_they_are_in_copy_of_and_what_their_organization_shares() {
    let world = desk().await;
    let copied = json!({"ticket": {"email_ccs": [{"user_id": 4001}]}});
    world.put("/tickets/2", copied).await.is(200);
    let check = async || {
        assert_eq!(requests(&world, CUSTOMER, "query=printer&cc_id=true").await, [2]);
        assert_eq!(requests(&world, CUSTOMER, "query=printer&cc_id=4001").await, [2]);
    };
    twice(&world, check).await;
    let organizations = world.get("/organizations").await.is(200);
    let acme = organizations["organizations"][0]["id"].clone();
    let eve = world.get("/users/search?query=eve").await.is(200)["users"][0]["id"].clone();
    let joined = json!({"organization_membership": {"user_id": eve, "organization_id": acme}});
    world.post("/organization_memberships", joined).await.is(201);
    assert_eq!(requests(&world, EVE, "query=fire").await, [] as [u64; 0]);
    let shares = json!({"organization": {"shared_tickets": true}});
    world.put(&format!("/organizations/{acme}"), shares).await.is(200);
    assert_eq!(requests(&world, EVE, "query=fire").await, [1]);
    assert_eq!(requests(&world, EVE, &format!("query=fire&organization_id={acme}")).await, [1]);
}

#[tokio::test]
async fn what_was_redacted_or_hidden_is_not_found_any_more() {
    let world = desk().await;
    let said = json!({"ticket": {"comment": {"body": "My word is zanzibar"}}});
    world.put("/tickets/1", said).await.is(200);
    world.feed(&world.index).await;
    let found = async || world.get("/search?query=zanzibar").await.is(200)["count"].clone();
    assert_eq!(found().await, 1);
    let comments = world.get("/tickets/1/comments").await.is(200);
    let last = comments["comments"].as_array().unwrap().last().unwrap()["id"].clone();
    let path = format!("/tickets/1/comments/{last}");
    // Long after search was fed it.
    world.pass(600);
    world.put(&format!("{path}/make_private"), json!({})).await.is(200);
    assert_eq!(requests(&world, CUSTOMER, "query=zanzibar").await, [] as [u64; 0]);
    world.pass(600);
    world.put(&format!("{path}/redact"), json!({"text": "zanzibar"})).await.is(200);
    assert_eq!(found().await, 0);
    world.feed(&world.index).await;
    assert_eq!(found().await, 0);
}
