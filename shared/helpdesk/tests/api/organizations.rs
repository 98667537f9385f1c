//! Organizations.

use crate::cast::{self, AGENT, CUSTOMER, LEAD};
use crate::world::World;
use serde_json::{Value, json};

async fn add(world: &World, organization: Value) -> Value {
    let got = world.post("/organizations.json", json!({"organization": organization})).await;
    got.is(201)["organization"].clone()
}

fn names(of: &Value) -> Vec<&str> {
    of["organizations"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect()
}

async fn join(world: &World, user: u64, organization: &Value) -> Value {
    let asked =
        json!({"organization_membership": {"user_id": user, "organization_id": organization}});
    let got = world.post("/organization_memberships.json", asked).await;
    got.is(201)["organization_membership"].clone()
}

#[tokio::test]
async fn organizations_are_kept() {
    let world = World::new();
    let asked = json!({"organization": {"name": " One Organization ", "external_id": 69420,
        "domain_names": ["Example.com", "example.com", "test.com"], "tags": ["VIP", "new one"],
        "url": "ignored", "created_at": "2001-01-01T00:00:00Z"}});
    let got = world.post("/organizations.json", asked).await;
    let location = got.header("location").unwrap().to_owned();
    let organization = got.is(201)["organization"].clone();
    let id = organization["id"].clone();
    let expected = json!({
        "url": location, "id": id, "name": "One Organization", "shared_tickets": false,
        "shared_comments": false, "external_id": "69420", "created_at": "2026-11-21T09:00:00Z",
        "updated_at": "2026-11-21T09:00:00Z", "domain_names": ["example.com", "test.com"],
        "details": null, "notes": null, "group_id": null, "tags": ["new", "one", "vip"],
        "organization_fields": {},
    });
    assert_eq!(organization, expected);
    world.pass(9);
    let changed = json!({"organization": {"notes": "foo", "shared_tickets": true, "domain_names": ["other.com"]}});
    let changed = world.put(&format!("/organizations/{id}.json"), changed).await.is(200);
    let changed = &changed["organization"];
    assert_eq!(
        (&changed["notes"], &changed["domain_names"]),
        (&json!("foo"), &json!(["other.com"]))
    );
    assert_eq!(changed["updated_at"], "2026-11-21T09:00:09Z");
    assert_eq!(world.get(&format!("/organizations/{id}")).await.is(200)["organization"], *changed);
    assert_eq!(world.get("/organizations/count").await.is(200)["count"]["value"], 1);
    world.delete(&format!("/organizations/{id}")).await.is(204);
    world.get(&format!("/organizations/{id}")).await.is(404);
    world.delete(&format!("/organizations/{id}")).await.is(404);
    world.put("/organizations/9223372036854775807", json!({"organization": {}})).await.is(404);
    assert_eq!(world.get("/organizations/count").await.is(200)["count"]["value"], 0);
}

#[tokio::test]
async fn an_organization_that_cannot_be_is_refused() {
    let world = World::new();
    add(&world, json!({"name": "Acme", "external_id": "A1"})).await;
    let cases = [
        (json!({}), "name", "Name: cannot be blank"),
        (json!({"name": "x".repeat(256)}), "name", "Name: is too long (maximum is 255 characters)"),
        (json!({"name": "ACME "}), "name", "Name: has already been taken"),
        (
            json!({"name": "x", "external_id": "a1"}),
            "external_id",
            "External: has already been taken",
        ),
        (json!({"name": "x", "group_id": 4711}), "group_id", "Group: is invalid"),
        (
            json!({"name": "x", "domain_names": ["no domain"]}),
            "domain_names",
            "Domain names: no domain is invalid",
        ),
    ];
    for (organization, field, text) in cases {
        let got = world.post("/organizations", json!({"organization": organization})).await.is(422);
        assert_eq!(got["details"][field][0]["description"], text, "{got}");
    }
}

#[tokio::test]
async fn organizations_have_fields_of_the_accounts_own() {
    let world = World::new();
    for field in [
        json!({"key": "since", "title": "Since", "type": "date"}),
        json!({"key": "size", "title": "Size", "type": "decimal"}),
        json!({"key": "boss", "title": "Boss", "type": "lookup", "relationship_target_type": "zen:user"}),
    ] {
        world.post("/organization_fields", json!({"organization_field": field})).await.is(201);
    }
    let values = json!({"since": "2018-11-04", "size": "5.2", "unknown": 1});
    let got = add(&world, json!({"name": "Acme", "organization_fields": values})).await;
    let shown = json!({"since": "2018-11-04T00:00:00+00:00", "size": 5.2, "boss": null});
    assert_eq!(got["organization_fields"], shown);
    let path = format!("/organizations/{}", got["id"]);
    for (value, text) in
        [(json!({"size": "big"}), "Size: is invalid"), (json!({"boss": 4711}), "Boss: is invalid")]
    {
        let asked = json!({"organization": {"organization_fields": value}});
        let got = world.put(&path, asked).await.is(422);
        assert_eq!(got["details"]["base"][0]["description"], text);
        assert!(got["details"]["base"][0]["field_key"].is_u64());
    }
    let asked = json!({"organization": {"organization_fields": {"size": null}}});
    let got = world.put(&path, asked).await.is(200);
    assert_eq!(got["organization"]["organization_fields"]["size"], Value::Null);
    assert_eq!(got["organization"]["organization_fields"]["since"], shown["since"]);
}

#[tokio::test]
async fn organizations_are_found() {
    let world = World::new();
    let one = add(&world, json!({"name": "Beta Co", "external_id": "b1"})).await;
    let two = add(&world, json!({"name": "Alpha", "external_id": "b2"})).await;
    add(&world, json!({"name": "beta b"})).await;
    let found = world.get("/organizations/search.json?external_id=B1").await.is(200);
    assert_eq!((names(&found), &found["count"]), (vec!["Beta Co"], &json!(1)));
    // As one client writes it.
    let path = "/organizations/search.json?external_id=b1%3Fpage[size]%3D100&include=None";
    assert_eq!(names(&world.get(path).await.is(200)), ["Beta Co"]);
    let found = world.get("/organizations/search?name=alpha").await.is(200);
    assert_eq!(names(&found), ["Alpha"]);
    assert_eq!(world.get("/organizations/search?name=nobody").await.is(200)["count"], 0);
    world.get("/organizations/search").await.is(400);
    let found = world.get("/organizations/autocomplete.json?name=BET").await.is(200);
    assert_eq!((names(&found), &found["count"]), (vec!["beta b", "Beta Co"], &json!(2)));
    let path = format!("/organizations/show_many?ids={},{},4711", two["id"], one["id"]);
    assert_eq!(names(&world.get(&path).await.is(200)), ["Alpha", "Beta Co"]);
    let found = world.get("/organizations/show_many?external_ids=b2,b9,b1").await.is(200);
    assert_eq!(names(&found), ["Alpha", "Beta Co"]);
    assert_eq!(
        names(&world.get("/organizations?sort=name").await.is(200)),
        ["Alpha", "beta b", "Beta Co"]
    );
    assert_eq!(names(&world.get("/organizations?sort=-name").await.is(200))[0], "Beta Co");
    let page = world.get("/organizations.json?page[size]=2").await.is(200);
    assert_eq!(names(&page), ["Beta Co", "Alpha"]);
    assert_eq!(page["meta"]["has_more"], true);
    let next = page["links"]["next"].as_str().unwrap().strip_prefix("http://desk.example/api/v2");
    assert_eq!(names(&world.get(next.unwrap()).await.is(200)), ["beta b"]);
}

#[tokio::test]
async fn organizations_are_added_or_changed() {
    let world = World::new();
    let path = "/organizations/create_or_update.json";
    let asked = |name: &str| json!({"organization": {"name": name, "external_id": "e1"}});
    let got = world.post(path, asked("First")).await.is(201);
    let id = got["organization"]["id"].clone();
    let got = world.post(path, asked("Second")).await.is(200);
    assert_eq!((&got["organization"]["id"], &got["organization"]["name"]), (&id, &json!("Second")));
    let asked = json!({"organization": {"id": id, "name": "Third"}});
    let got = world.post(path, asked).await.is(200);
    assert_eq!(got["organization"]["external_id"], "e1");
    // A name is nothing that an organization is known by here.
    world.post(path, json!({"organization": {"name": "Third"}})).await.is(422);
}

#[tokio::test]
async fn many_organizations_at_once() {
    let world = World::new();
    let all: Vec<Value> =
        (0..30).map(|n| json!({"name": format!("o{n}"), "external_id": format!("x{n}")})).collect();
    let job = world.post("/organizations/create_many.json", json!({"organizations": all})).await;
    let job = world.done(job).await;
    let ids: Vec<String> =
        job["results"].as_array().unwrap().iter().map(|it| it["id"].to_string()).collect();
    assert_eq!(ids.len(), 30);
    let path = format!("/organizations/show_many?ids={}", ids.join(","));
    assert_eq!(world.get(&path).await.is(200)["count"], 30);
    let each = json!({"organizations": [{"id": ids[0], "notes": "a"}, {"external_id": "x1", "notes": "b"},
        {"external_id": "nowhere", "notes": "c"}]});
    let job = world.done(world.put("/organizations/update_many.json", each).await).await;
    assert_eq!(
        (&job["results"][1]["success"], &job["results"][2]["error"]),
        (&json!(true), &json!("RecordNotFound"))
    );
    let path = format!("/organizations/update_many.json?ids={},{}", ids[2], ids[3]);
    world.done(world.put(&path, json!({"organization": {"notes": "d"}})).await).await;
    for (id, notes) in ids.iter().zip(["a", "b", "d", "d"]) {
        let got = world.get(&format!("/organizations/{id}")).await.is(200);
        assert_eq!(got["organization"]["notes"], notes);
    }
    let job = world.delete("/organizations/destroy_many?external_ids=x0,x1").await;
    let job = world.done(job).await;
    assert_eq!(job["results"][0]["action"], "delete");
    world.get(&format!("/organizations/{}", ids[0])).await.is(404);
    assert_eq!(world.get("/organizations/count").await.is(200)["count"]["value"], 28);
}

#[tokio::test]
async fn tags_are_set_added_and_removed() {
    let world = World::new();
    let path =
        format!("/organizations/{}/tags.json", add(&world, json!({"name": "a"})).await["id"]);
    let set = world.post(&path, json!({"tags": ["B", "a"]})).await.is(201);
    assert_eq!(set, json!({"tags": ["a", "b"]}));
    assert_eq!(
        world.put(&path, json!({"tags": ["c"]})).await.is(200)["tags"],
        json!(["a", "b", "c"])
    );
    let body = json!({"tags": ["a"]});
    let removed = world.ask("owner@acme.example", "DELETE", &path, body).await.is(200);
    assert_eq!(removed["tags"], json!(["b", "c"]));
    assert_eq!(world.get(&path).await.is(200), removed);
}

#[tokio::test]
async fn memberships_are_kept() {
    let world = World::new();
    cast::all(&world).await;
    let (a, b) = (add(&world, json!({"name": "A"})).await, add(&world, json!({"name": "B"})).await);
    let first = join(&world, 4001, &a["id"]).await;
    assert_eq!((&first["default"], &first["organization_name"]), (&json!(true), &json!("A")));
    let id = first["id"].clone();
    assert_eq!(
        first["url"],
        format!("http://desk.example/api/v2/organization_memberships/{id}.json")
    );
    assert_eq!(
        world.get(&format!("/organization_memberships/{id}.json")).await.is(200)["organization_membership"],
        first
    );
    let second = join(&world, 4001, &b["id"]).await;
    assert_eq!(second["default"], false);
    let twice = json!({"organization_membership": {"user_id": 4001, "organization_id": b["id"]}});
    let refused = world.post("/organization_memberships", twice).await.is(422);
    assert_eq!(refused["details"]["organization_id"][0]["error"], "DuplicateValue");
    for asked in [
        json!({"user_id": 4711, "organization_id": b["id"]}),
        json!({"user_id": 4001, "organization_id": 4711}),
        json!({}),
    ] {
        world
            .post("/organization_memberships", json!({"organization_membership": asked}))
            .await
            .is(422);
    }
    let path = format!("/users/4001/organization_memberships/{}/make_default.json", second["id"]);
    let all = world.put(&path, Value::Null).await.is(200);
    let all = all["organization_memberships"].as_array().unwrap();
    assert_eq!((&all[0]["organization_name"], &all[0]["default"]), (&json!("B"), &json!(true)));
    assert_eq!(all[1]["default"], false);
    let listed = world.get("/organization_memberships.json?include=organizations").await.is(200);
    assert_eq!((&listed["count"], names(&listed)), (&json!(2), vec!["A", "B"]));
    let page = world.get("/organization_memberships?page[size]=1").await.is(200);
    assert_eq!(
        (&page["organization_memberships"][0]["id"], &page["meta"]["has_more"]),
        (&id, &json!(true))
    );
    let of =
        world.get(&format!("/organizations/{}/organization_memberships", b["id"])).await.is(200);
    assert_eq!(
        (&of["count"], &of["organization_memberships"][0]["id"]),
        (&json!(1), &second["id"])
    );
    let path = format!("/organizations/{}/users", b["id"]);
    let of = world.get(&format!("{path}.json?page[size]=100&include=None")).await.is(200);
    assert_eq!(of["users"][0]["id"], 4001);
    assert_eq!(of["users"][0]["organization_id"], b["id"]);
    assert_eq!(world.get(&format!("{path}/count")).await.is(200)["count"]["value"], 1);
    let of = world.get("/organization_memberships.json?include=users").await.is(200);
    assert_eq!(of["users"].as_array().unwrap().len(), 1);
    let of = world.get("/users/4001/organizations.json").await.is(200);
    assert_eq!(names(&of), ["B", "A"]);
    assert_eq!(world.get("/users/4001/organizations/count").await.is(200)["count"]["value"], 2);
    world.delete(&format!("/users/4001/organizations/{}", b["id"])).await.is(204);
    let left = world.get("/users/4001/organization_memberships").await.is(200);
    assert_eq!(
        (&left["count"], &left["organization_memberships"][0]["default"]),
        (&json!(1), &json!(true))
    );
    world.delete(&format!("/organization_memberships/{id}")).await.is(204);
    world.get(&format!("/organization_memberships/{id}")).await.is(404);
}

#[tokio::test]
async fn many_memberships_at_once() {
    let world = World::new();
    cast::all(&world).await;
    let a = add(&world, json!({"name": "A"})).await;
    let all = [4001, 1001].map(|id| json!({"user_id": id, "organization_id": a["id"]}));
    let asked = json!({"organization_memberships": [all[0], all[1], all[0]]});
    let job =
        world.done(world.post("/organization_memberships/create_many.json", asked).await).await;
    let ids = [&job["results"][0]["id"], &job["results"][1]["id"]];
    assert_eq!(job["results"][2]["success"], false);
    let listed = world.get("/organization_memberships").await.is(200);
    assert_eq!(
        [
            &listed["organization_memberships"][0]["id"],
            &listed["organization_memberships"][1]["id"]
        ],
        ids
    );
    let path = format!("/organization_memberships/destroy_many.json?ids={},{}", ids[0], ids[1]);
    world.done(world.delete(&path).await).await;
    assert_eq!(world.get("/organization_memberships").await.is(200)["count"], 0);
}

async fn ticket(world: &World, organization: &Value, status: &str) -> Value {
    let assignee = (status != "new").then_some(1001);
    let asked = json!({"ticket": {"subject": "s", "comment": {"body": "x"}, "requester_id": 4001,
        "organization_id": organization, "status": status, "assignee_id": assignee}});
    world.post("/tickets", asked).await.is(201)["ticket"]["id"].clone()
}

#[tokio::test]
async fn who_leaves_takes_what_is_not_solved_along() {
    let world = World::new();
    cast::all(&world).await;
    let a = add(&world, json!({"name": "A"})).await;
    let membership = join(&world, 4001, &a["id"]).await;
    world
        .post(
            "/group_memberships",
            json!({"group_membership": {"user_id": 1001,
        "group_id": world.get("/groups").await.is(200)["groups"][0]["id"]}}),
        )
        .await
        .is(201);
    let (open, solved) =
        (ticket(&world, &a["id"], "open").await, ticket(&world, &a["id"], "solved").await);
    world.delete(&format!("/organization_memberships/{}", membership["id"])).await.is(204);
    world.work().await;
    let of = async |id: &Value| {
        let ticket = world.get(&format!("/tickets/{id}")).await.is(200);
        ticket["ticket"]["organization_id"].clone()
    };
    assert_eq!((of(&open).await, of(&solved).await), (Value::Null, a["id"].clone()));
    let audits = world.get(&format!("/tickets/{open}/audits")).await.is(200);
    let last = audits["audits"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["events"][0]["field_name"], "organization_id");
    assert_eq!(last["events"][0]["previous_value"], a["id"].to_string());
}

#[tokio::test]
async fn an_organization_that_goes_leaves_nothing_behind() {
    let world = World::new();
    cast::all(&world).await;
    let a = add(&world, json!({"name": "A"})).await;
    join(&world, 4001, &a["id"]).await;
    let id = ticket(&world, &a["id"], "new").await;
    let path = format!("/organizations/{}", a["id"]);
    let related = json!({"organization_related": {"tickets_count": 1, "users_count": 1}});
    assert_eq!(world.get(&format!("{path}/related.json")).await.is(200), related);
    world.delete(&path).await.is(204);
    world.work().await;
    let left = world.get(&format!("/tickets/{id}")).await.is(200);
    assert_eq!(left["ticket"]["organization_id"], Value::Null);
    assert_eq!(world.get("/users/4001/organization_memberships").await.is(200)["count"], 0);
}

#[tokio::test]
async fn organizations_are_merged() {
    let world = World::new();
    cast::all(&world).await;
    let loser = add(&world, json!({"name": "Loser", "domain_names": ["a.com", "b.com"]})).await;
    let winner = add(&world, json!({"name": "Winner", "domain_names": ["b.com"]})).await;
    join(&world, 4001, &loser["id"]).await;
    join(&world, 1001, &winner["id"]).await;
    join(&world, 1001, &loser["id"]).await;
    let tickets =
        [ticket(&world, &loser["id"], "new").await, ticket(&world, &loser["id"], "new").await];
    let path = format!("/organizations/{}/merge.json", loser["id"]);
    for wrong in [&loser["id"], &json!(4711)] {
        world.post(&path, json!({"organization_merge": {"winner_id": wrong}})).await.is(422);
    }
    let asked = json!({"organization_merge": {"winner_id": winner["id"]}});
    let merge = world.post(&path, asked).await.is(200)["organization_merge"].clone();
    assert_eq!((&merge["status"], &merge["loser_id"]), (&json!("new"), &loser["id"]));
    assert!(merge["id"].is_string());
    world.work().await;
    let path = format!("/organization_merges/{}.json", merge["id"].as_str().unwrap());
    let merge = world.get(&path).await.is(200);
    assert_eq!(merge["organization_merge"]["status"], "complete");
    world.get(&format!("/organizations/{}", loser["id"])).await.is(404);
    let after = world.get(&format!("/organizations/{}", winner["id"])).await.is(200);
    assert_eq!(after["organization"]["domain_names"], json!(["b.com", "a.com"]));
    for id in tickets {
        let ticket = world.get(&format!("/tickets/{id}")).await.is(200);
        assert_eq!(ticket["ticket"]["organization_id"], winner["id"]);
    }
    let of = world
        .get(&format!("/organizations/{}/organization_memberships", winner["id"]))
        .await
        .is(200);
    assert_eq!(of["count"], 2);
    let merges = world.get(&format!("/organizations/{}/merges", winner["id"])).await.is(200);
    assert_eq!(merges["organization_merges"], json!([merge["organization_merge"]]));
}

#[tokio::test]
async fn who_may_do_what() {
    let world = World::new();
    cast::all(&world).await;
    let a = add(&world, json!({"name": "A"})).await;
    let path = format!("/organizations/{}", a["id"]);
    let named = json!({"organization": {"name": "B"}});
    let noted = json!({"organization": {"notes": "B"}});
    world.ask(AGENT, "GET", &path, Value::Null).await.is(200);
    world.ask(AGENT, "POST", "/organizations", named.clone()).await.is(403);
    world.ask(AGENT, "PUT", &path, named.clone()).await.is(403);
    world.ask(AGENT, "PUT", &path, noted.clone()).await.is(200);
    world.ask(AGENT, "DELETE", &path, Value::Null).await.is(403);
    world.ask(LEAD, "PUT", &path, named).await.is(200);
    for (method, path) in [("GET", "/organizations"), ("GET", &*path), ("PUT", &*path)] {
        world.ask(CUSTOMER, method, path, noted.clone()).await.is(403);
    }
    let asked = |user: u64| json!({"organization_membership": {"user_id": user, "organization_id": a["id"]}});
    // Agents put customers into organizations, not each other.
    world.ask(AGENT, "POST", "/organization_memberships", asked(4001)).await.is(201);
    world.ask(AGENT, "POST", "/organization_memberships", asked(2001)).await.is(403);
    world.ask(CUSTOMER, "POST", "/organization_memberships", asked(4001)).await.is(403);
    let own = world.ask(CUSTOMER, "GET", "/organization_memberships", Value::Null).await.is(200);
    assert_eq!(own["count"], 1);
    world.ask(CUSTOMER, "GET", "/users/4001/organization_memberships", Value::Null).await.is(200);
    world.ask(CUSTOMER, "GET", "/users/1001/organization_memberships", Value::Null).await.is(403);
    // Nobody can ask for a step of a job.
    world.post(&format!("{path}/emptied"), json!({})).await.is(404);
    assert_eq!(world.get("/organization_subscriptions").await.is(404)["error"], "InvalidEndpoint");
}

#[tokio::test]
async fn who_is_first_known_by_a_ticket_joins_by_their_domain() {
    let world = World::new();
    let later = add(&world, json!({"name": "B", "domain_names": ["domain.example"]})).await;
    let a = add(&world, json!({"name": "A", "domain_names": ["domain.example"]})).await;
    let own = add(&world, json!({"name": "C", "domain_names": ["boss@domain.example"]})).await;
    let ask = async |email: &str| {
        let asked = json!({"ticket": {"subject": "s", "comment": {"body": "x"},
            "requester": {"name": "New", "email": email}}});
        world.post("/tickets", asked).await.is(201)["ticket"].clone()
    };
    // Where several have a domain, it is the first by name; who is named goes before their domain.
    let ticket = ask("new@domain.example").await;
    assert_eq!(ticket["organization_id"], a["id"]);
    let of = world.get(&format!("/users/{}/organizations", ticket["requester_id"])).await.is(200);
    assert_eq!(names(&of), ["A"]);
    assert_eq!(ask("boss@domain.example").await["organization_id"], own["id"]);
    assert_eq!(ask("someone@else.example").await["organization_id"], Value::Null);
    world.delete(&format!("/organizations/{}", a["id"])).await.is(204);
    assert_eq!(ask("next@domain.example").await["organization_id"], later["id"]);
}
