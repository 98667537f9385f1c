//! People: added, changed, listed, found.

use crate::world::World;
use serde_json::{Value, json};

const OWNER: &str = "owner@acme.example";

/// Adds somebody. Ids grow with time.
async fn add(world: &World, user: Value) -> Value {
    world.pass(1);
    world.post("/users.json", json!({"user": user})).await.is(201)["user"].clone()
}

/// Somebody with an address, by which they may ask.
async fn somebody(world: &World, name: &str, role: &str) -> Value {
    let email = format!("{name}@acme.example");
    add(world, json!({"name": name, "email": email, "role": role, "verified": true})).await
}

fn names(body: &Value) -> Vec<&str> {
    body["users"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect()
}

fn of(id: &Value) -> String {
    format!("/users/{id}.json")
}

#[tokio::test]
async fn whoever_is_not_known_is_anonymous() {
    let world = World::new();
    let stranger = format!("ceap_acme_{}", "0".repeat(64));
    for headers in [
        Vec::new(),
        world.basic(OWNER, &stranger),
        world.basic(OWNER, "undefined"),
        vec![("authorization".to_owned(), "Basic b3duZXI6cGFzc3dvcmQ=".to_owned())],
    ] {
        let got = world.with(headers, "GET", "/users/me.json", Value::Null).await.is(200);
        assert_eq!(got["user"]["name"], "Anonymous user");
        assert_eq!(got["user"]["id"], Value::Null);
    }
}

#[tokio::test]
async fn who_asks_is_shown() {
    let world = World::new();
    let me = world.get("/users/me.json?include=groups,identities").await.is(200);
    let user = &me["user"];
    assert_eq!((&user["email"], &user["role"]), (&json!(OWNER), &json!("admin")));
    assert_eq!((&user["role_type"], &user["restricted_agent"]), (&json!(4), &json!(false)));
    assert_eq!(user["iana_time_zone"], "America/New_York");
    assert_eq!(user["locale_id"], 1);
    assert!(user["authenticity_token"].is_string());
    assert_eq!(me["groups"][0]["id"], user["default_group_id"]);
    assert_eq!(me["identities"][0]["value"], OWNER);
}

#[tokio::test]
async fn people_are_kept() {
    let world = World::new();
    let level = json!({"user_field": {"type": "text", "key": "level", "title": "Level"}});
    world.post("/user_fields", level).await.is(201);
    let asked = json!({"user": {
        "name": "Roger Wilco", "email": " Roger@Acme.example ", "external_id": 4711, "phone": "+15551234567",
        "tags": ["VIP", "two words"], "locale": "de", "time_zone": "Berlin", "details": "", "notes": null,
        "user_fields": {"level": "silver", "unknown": 1}, "remote_photo_url": "https://acme.example/roger.png", "url": "ignored",
    }});
    let got = world.post("/users.json", asked).await;
    let location = got.header("location").unwrap().to_owned();
    let user = got.is(201)["user"].clone();
    assert_eq!(location, format!("http://desk.example/api/v2/users/{}.json", user["id"]));
    assert_eq!(user["url"], json!(location));
    for (name, expected) in [
        ("email", json!("roger@acme.example")),
        ("external_id", json!("4711")),
        ("role", json!("end-user")),
        ("verified", json!(false)),
        ("phone", json!("+15551234567")),
        ("shared_phone_number", json!(false)),
        ("tags", json!(["two", "vip", "words"])),
        ("locale", json!("de")),
        ("locale_id", json!(8)),
        ("time_zone", json!("Berlin")),
        ("iana_time_zone", json!("Europe/Berlin")),
        ("ticket_restriction", json!("requested")),
        ("restricted_agent", json!(true)),
        ("role_type", Value::Null),
        ("details", json!("")),
        ("notes", Value::Null),
        ("user_fields", json!({"level": "silver"})),
        ("active", json!(true)),
        ("created_at", json!("2026-11-21T09:00:00Z")),
    ] {
        assert_eq!(user[name], expected, "{name}");
    }
    assert_eq!(user["photo"]["content_url"], "https://acme.example/roger.png");
    let path = of(&user["id"]);
    assert_eq!(world.get(&path).await.is(200)["user"], user);

    world.pass(10);
    let changed =
        json!({"user": {"name": "Roger Wilco II", "tags": [], "phone": "", "external_id": null}});
    let changed = world.put(&path, changed).await.is(200)["user"].clone();
    assert_eq!(changed["name"], "Roger Wilco II");
    assert_eq!((&changed["tags"], &changed["phone"]), (&json!([]), &Value::Null));
    assert_eq!(changed["updated_at"], "2026-11-21T09:00:10Z");
    // What does not change leaves no trace.
    world.pass(10);
    let same = json!({"user": {"id": user["id"], "name": "Roger Wilco II"}});
    assert_eq!(world.put(&path, same).await.is(200)["user"], changed);
}

#[tokio::test]
async fn what_cannot_be_is_told_by_field() {
    let world = World::new();
    let refused = async |user: Value| {
        let body = world.post("/users", json!({"user": user})).await.is(422);
        assert_eq!(body["error"], "RecordInvalid");
        body["details"].clone()
    };
    let details = refused(json!({"email": "nonsense", "role": "king"})).await;
    let name = &details["name"][0]["description"];
    assert_eq!(name, "Name: is too short (minimum is 1 characters)");
    assert_eq!(details["email"][0]["description"], "Email: nonsense is not properly formatted");
    assert_eq!(details["role"][0]["description"], "Role: is invalid");
    for (field, user) in [
        ("locale", json!({"locale": "tlh"})),
        ("locale", json!({"locale_id": 99_999})),
        ("time_zone", json!({"time_zone": "Atlantis"})),
        ("organization", json!({"organization_id": 4711})),
        ("organization", json!({"organization": {"name": "Nobody"}})),
        ("custom_role_id", json!({"custom_role_id": 4711})),
        ("default_group_id", json!({"default_group_id": 4711, "role": "agent"})),
        ("remote_photo_url", json!({"remote_photo_url": "javascript:alert(1)"})),
        ("type", json!({"identities": [{"type": "fax", "value": "1"}]})),
        ("value", json!({"identities": [{"type": "phone_number", "value": "123"}]})),
        ("ticket_restriction", json!({"role": "agent", "ticket_restriction": "none"})),
    ] {
        let mut user = user;
        user["name"] = json!("x");
        let details = refused(user).await;
        assert!(details[field].is_array(), "{field}: {details}");
    }
    world.post("/users", json!({"name": "x"})).await.is(400);
}

#[tokio::test]
async fn addresses_are_one_persons() {
    let world = World::new();
    let jane = somebody(&world, "jane", "end-user").await;
    let twice = json!({"user": {"name": "x", "email": "JANE@acme.example"}});
    let refused = world.post("/users", twice).await.is(422);
    assert_eq!(
        refused["details"]["email"][0],
        json!({"description": "Email: jane@acme.example is already being used by another user", "error": "DuplicateValue"})
    );
    add(&world, json!({"name": "a", "external_id": "Id-1"})).await;
    let twice = json!({"user": {"name": "b", "external_id": "ID-1"}});
    world.post("/users", twice).await.is(422);

    // One more address of who has one is a second one.
    let more = json!({"user": {"email": "jd@acme.example"}});
    let user = world.put(&of(&jane["id"]), more).await.is(200)["user"].clone();
    assert_eq!(user["email"], "jane@acme.example");
    let path = format!("/users/{}/identities.json", jane["id"]);
    let all = world.get(&path).await.is(200);
    assert_eq!(all["identities"].as_array().unwrap().len(), 2);
    assert_eq!(all["identities"][1]["primary"], false);
}

#[tokio::test]
async fn a_number_that_is_nobodys_is_a_direct_line() {
    let world = World::new();
    let first = add(&world, json!({"name": "a", "phone": "+1 555 123 4567"})).await;
    let second = add(&world, json!({"name": "b", "phone": "+15551234567"})).await;
    assert_eq!(first["shared_phone_number"], false);
    assert_eq!(second["shared_phone_number"], true);
    // One more number of who has a direct line is a second one.
    let more = json!({"user": {"phone": "+15550000000"}});
    let first = world.put(&of(&first["id"]), more).await.is(200)["user"].clone();
    assert_eq!(first["phone"], "+1 555 123 4567");
    let path = format!("/users/{}/identities?type[]=phone_number", first["id"]);
    assert_eq!(world.get(&path).await.is(200)["count"], 2);
    let taken = json!({"user": {"phone": "+15550000000", "shared_phone_number": false}});
    world.put(&of(&second["id"]), taken).await.is(422);
    let own = json!({"user": {"phone": "+15559999999"}});
    let second = world.put(&of(&second["id"]), own).await.is(200)["user"].clone();
    assert_eq!(second["shared_phone_number"], false);
    let shared = json!({"user": {"shared_phone_number": true}});
    let second = world.put(&of(&second["id"]), shared).await.is(200)["user"].clone();
    assert_eq!(second["shared_phone_number"], true);
}

#[tokio::test]
async fn people_are_invited_unless_nobody_wants_it() {
    let world = World::new();
    add(&world, json!({"name": "a", "email": "a@acme.example"})).await;
    add(&world, json!({"name": "b", "email": "b@acme.example", "skip_verify_email": true})).await;
    add(&world, json!({"name": "c", "email": "c@acme.example", "verified": true})).await;
    add(&world, json!({"name": "d"})).await;
    assert_eq!(world.invited().await, ["a@acme.example"]);
}

#[tokio::test]
async fn people_are_listed_by_what_they_are() {
    let world = World::new();
    for (name, role) in
        [("eve", "end-user"), ("ann", "agent"), ("abe", "admin"), ("ed", "end-user")]
    {
        somebody(&world, name, role).await;
    }
    let all = world.get("/users.json").await.is(200);
    assert_eq!(names(&all), ["owner", "eve", "ann", "abe", "ed"]);
    assert_eq!(all["count"], 5);
    let admins = world.get("/users.json?role[]=admin&role[]=agent&page[size]=100").await.is(200);
    assert_eq!(names(&admins), ["owner", "ann", "abe"]);
    assert_eq!(admins["meta"]["has_more"], false);
    assert_eq!(admins["links"]["next"], Value::Null);
    let customers = world.get("/users.json?role=end-user&per_page=1").await.is(200);
    assert_eq!((names(&customers), &customers["count"]), (vec!["eve"], &json!(2)));
    let newest = world.get("/users.json?page[size]=2&sort=-id").await.is(200);
    assert_eq!(names(&newest), ["ed", "abe"]);
    for (path, value) in [("", 5), ("?role=agent", 1), ("?role[]=end-user&role[]=admin", 4)] {
        let count = world.get(&format!("/users/count.json{path}")).await.is(200);
        assert_eq!(count["count"]["value"], value, "{path}");
    }
    world.get("/users?sort=shoe_size").await.is(400);
}

#[tokio::test]
async fn pages_of_people_hold_everyone_once() {
    let world = World::new();
    for index in 0..7 {
        add(&world, json!({"name": format!("user {index}")})).await;
    }
    let mut seen = Vec::new();
    let mut path = "/users.json?page[size]=3".to_owned();
    loop {
        let page = world.get(&path).await.is(200);
        seen.extend(page["users"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()));
        let Some(next) = page["links"]["next"].as_str() else { break };
        path = next.strip_prefix("http://desk.example/api/v2").unwrap().to_owned();
    }
    assert_eq!(seen.len(), 8);
    assert!(seen.is_sorted());
}

#[tokio::test]
async fn several_are_shown_at_once() {
    let world = World::new();
    let a = add(&world, json!({"name": "a", "external_id": "A"})).await;
    let b = add(&world, json!({"name": "b", "external_id": "b"})).await;
    let path = format!("/users/show_many.json?ids={},{},4711", b["id"], a["id"]);
    let some = world.get(&path).await.is(200);
    assert_eq!((names(&some), &some["count"]), (vec!["b", "a"], &json!(2)));
    let some = world.get("/users/show_many?external_ids=B,a,nobody").await.is(200);
    assert_eq!(names(&some), ["b", "a"]);
    let one = world.get("/users?external_id=a").await.is(200);
    assert_eq!(names(&one), ["a"]);
    world.get("/users/show_many").await.is(400);
    let many = vec!["1"; 101].join(",");
    let refused = world.get(&format!("/users/show_many?ids={many}")).await.is(400);
    assert_eq!(refused["error"], "TooManyValues");
}

#[tokio::test]
async fn people_are_found_by_what_is_known_of_them() {
    let world = World::new();
    let jane = json!({"name": "Jane Doe", "email": "jd@acme.example", "external_id": "Crm-9", "tags": ["vip"]});
    add(&world, jane).await;
    add(&world, json!({"name": "John Doe", "phone": "+15551234567"})).await;
    add(&world, json!({"name": "Doris Janeway", "email": "doris@acme.example"})).await;
    for (query, expected) in [
        ("jane", vec!["Doris Janeway", "Jane Doe"]),
        ("jane+doe", vec!["Jane Doe"]),
        ("%22jane+doe%22", vec!["Jane Doe"]),
        ("jane+-doe", vec!["Doris Janeway"]),
        ("jd@acme.example", vec!["Jane Doe"]),
        ("email:jd@acme.example", vec!["Jane Doe"]),
        ("%2B1555", vec!["John Doe"]),
        ("phone:%2B15551234567", vec!["John Doe"]),
        ("crm-9", vec!["Jane Doe"]),
        ("external_id:crm-9", vec!["Jane Doe"]),
        ("doe+tags:vip", vec!["Jane Doe"]),
        ("tags:vip", vec!["Jane Doe"]),
        ("type:user+name:doe+role:end-user", vec!["John Doe", "Jane Doe"]),
        (
            "created%3E2026-11-20+role:end-user+order_by:created+sort:asc",
            vec!["Jane Doe", "John Doe", "Doris Janeway"],
        ),
        ("nobody", vec![]),
        ("type:ticket", vec![]),
        ("", vec![]),
    ] {
        let found = world.get(&format!("/users/search.json?query={query}")).await.is(200);
        assert_eq!(names(&found), expected, "{query}");
        assert_eq!((&found["count"], &found["next_page"]), (&json!(expected.len()), &Value::Null));
    }
    let found = world.get("/users/search.json?external_id=CRM-9").await.is(200);
    assert_eq!(names(&found), ["Jane Doe"]);
    let page = world.get("/users/search?query=doe&per_page=1&page=2").await.is(200);
    assert_eq!((names(&page), &page["count"]), (vec!["Jane Doe"], &json!(2)));
    world.get("/users/search?query=doe&page[size]=1").await.is(400);
    for wrong in ["jane+created%3E2026", "%22jane", "role:king", "name%3Edoe"] {
        let refused = world.get(&format!("/users/search?query={wrong}")).await.is(422);
        assert_eq!(refused["error"], "invalid");
    }
}

#[tokio::test]
async fn people_are_completed_by_how_something_begins() {
    let world = World::new();
    let jane = json!({"name": "Jane Doe", "email": "jd@acme.example", "external_id": "Crm-9"});
    add(&world, jane).await;
    add(&world, json!({"name": "John Doe", "phone": "+15551234567"})).await;
    add(&world, json!({"name": "Doris Janeway", "email": "doris@acme.example", "role": "agent"}))
        .await;
    for (asked, expected) in [
        ("name=jane", vec!["Doris Janeway", "Jane Doe"]),
        ("name=Jane+D", vec!["Jane Doe"]),
        ("name=JD@ac", vec!["Jane Doe"]),
        ("name=crm", vec!["Jane Doe"]),
        ("name=%2B1+555", vec!["John Doe"]),
        ("phone=1555", vec!["John Doe"]),
        ("phone=%2B1+555", vec!["John Doe"]),
        ("name=jan&filter=assignable", vec!["Doris Janeway"]),
        ("name=-", vec![]),
        ("name=oris", vec![]),
    ] {
        let found = world.get(&format!("/users/autocomplete.json?{asked}")).await.is(200);
        assert_eq!(names(&found), expected, "{asked}");
        assert_eq!(found["count"], expected.len(), "{asked}");
    }
    let found = world.post("/users/autocomplete", json!({"name": "DORIS@"})).await.is(200);
    assert_eq!(names(&found), ["Doris Janeway"]);
    world.get("/users/autocomplete").await.is(400);
    world.get("/users/autocomplete?phone=").await.is(400);
}

#[tokio::test]
async fn nobody_is_found_by_what_they_were_called() {
    let world = World::new();
    let user = add(&world, json!({"name": "Before", "email": "before@acme.example"})).await;
    world.put(&of(&user["id"]), json!({"user": {"name": "After"}})).await.is(200);
    let found = world.get("/users/search?query=name:before").await.is(200);
    assert_eq!(found["count"], 0);
    assert_eq!(world.get("/users/search?query=after").await.is(200)["count"], 1);
}

#[tokio::test]
async fn who_is_known_is_changed_instead_of_added() {
    let world = World::new();
    let asked = json!({"user": {"name": "Jane", "email": "jane@acme.example"}});
    let got = world.post("/users/create_or_update.json", asked).await;
    let jane = got.is(201)["user"]["id"].clone();
    let asked =
        json!({"user": {"name": "Jane D", "email": "JANE@acme.example", "external_id": "x1"}});
    let got = world.post("/users/create_or_update.json", asked).await;
    assert!(got.header("location").unwrap().ends_with(&format!("/users/{jane}.json")));
    let user = got.is(200)["user"].clone();
    assert_eq!((&user["id"], &user["name"]), (&jane, &json!("Jane D")));
    // The external id goes before the address, and is written as it was given last.
    let asked = json!({"user": {"external_id": "X1", "email": "second@acme.example"}});
    let user = world.post("/users/create_or_update", asked).await.is(200)["user"].clone();
    assert_eq!((&user["id"], &user["external_id"]), (&jane, &json!("X1")));
    assert_eq!(user["email"], "jane@acme.example");
    assert_eq!(world.get("/users/count").await.is(200)["count"]["value"], 2);
}

#[tokio::test]
async fn many_are_added_changed_and_deleted_at_once() {
    let world = World::new();
    let users = json!({"users": [
        {"name": "a", "external_id": "a"},
        {"name": "b", "email": OWNER},
        {"name": "c", "role": "agent", "email": "c@acme.example"},
    ]});
    let job = world.done(world.post("/users/create_many.json", users).await).await;
    assert_eq!((&job["status"], &job["total"]), (&json!("completed"), &json!(3)));
    let results = job["results"].as_array().unwrap();
    assert_eq!(
        (&results[0]["success"], &results[1]["error"]),
        (&json!(true), &json!("RecordInvalid"))
    );
    let (a, c) = (results[0]["id"].clone(), results[2]["id"].clone());
    assert_eq!(world.get(&of(&c)).await.is(200)["user"]["role"], "agent");

    let bulk = json!({"user": {"tags": ["x"]}});
    let path = format!("/users/update_many.json?ids={a},{c}");
    let job = world.done(world.put(&path, bulk.clone()).await).await;
    assert_eq!(job["results"][1]["action"], "update");
    assert_eq!(job["results"][1]["id"], c);
    assert_eq!(world.get(&of(&c)).await.is(200)["user"]["tags"], json!(["x"]));
    let by_external = "/users/update_many?external_ids=A,nobody";
    let job = world.done(world.put(by_external, json!({"user": {"name": "A"}})).await).await;
    assert_eq!(job["results"][0]["id"], a);
    assert_eq!(job["results"][1]["error"], "RecordNotFound");

    let batch =
        json!({"users": [{"id": c.to_string(), "name": "C"}, {"external_id": "a", "notes": "n"}]});
    world.done(world.put("/users/update_many.json", batch).await).await;
    assert_eq!(world.get(&of(&c)).await.is(200)["user"]["name"], "C");
    assert_eq!(world.get(&of(&a)).await.is(200)["user"]["notes"], "n");

    let mixed = json!({"users": [{"email": "c@acme.example", "name": "CC"}, {"name": "new"}]});
    let job = world.done(world.post("/users/create_or_update_many.json", mixed).await).await;
    assert_eq!((&job["results"][0]["id"], &job["results"][0]["action"]), (&c, &json!("update")));
    assert_eq!(job["results"][1]["action"], "create");

    let path = format!("/users/destroy_many.json?ids={a},{c}");
    let job = world.done(world.delete(&path).await).await;
    assert_eq!(job["results"][0]["action"], "delete");
    assert_eq!(world.get(&of(&a)).await.is(200)["user"]["active"], false);
    let many = vec![json!({"name": "x"}); 101];
    let refused = world.post("/users/create_many", json!({"users": many})).await.is(400);
    assert_eq!(refused["error"], "TooManyValues");
}
