//! People: what they are known by, what they are, and who may change them.

use crate::world::World;
use serde_json::{Value, json};

const OWNER: &str = "owner@acme.example";

/// Somebody with an address that is known to be theirs, by which they may ask.
pub async fn somebody(world: &World, name: &str, more: Value) -> Value {
    world.pass(1);
    let mut user = json!({"name": name, "email": format!("{name}@acme.example"), "verified": true});
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/users.json", json!({"user": user})).await.is(201)["user"].clone()
}

/// Where somebody is.
pub fn of(user: &Value) -> String {
    format!("/users/{}.json", user["id"])
}

async fn role(world: &World, name: &str) -> u64 {
    world.get("/users").await.is(200);
    let mut ids = Vec::new();
    for (_, key, body) in world.store.dump() {
        let record: Value = serde_json::from_str(&body).unwrap_or_default();
        if key.sort.starts_with("CUSTOM_ROLE#") && record["name"] == name {
            ids.push(record["id"].as_u64().unwrap());
        }
    }
    ids[0]
}

#[tokio::test]
async fn identities_are_kept() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({})).await;
    let path = format!("/users/{}/identities", jane["id"]);
    let asked = json!({"identity": {"type": "email", "value": "JD@acme.example"}});
    let got = world.post(&format!("{path}.json"), asked).await;
    let location = got.header("location").unwrap().to_owned();
    let second = got.is(201)["identity"].clone();
    let one = format!("{path}/{}", second["id"]);
    assert_eq!(location, format!("http://desk.example/api/v2{one}.json"));
    for (name, expected) in [
        ("url", json!(location)),
        ("user_id", jane["id"].clone()),
        ("type", json!("email")),
        ("value", json!("jd@acme.example")),
        ("verified", json!(false)),
        ("verification_method", json!("none")),
        ("primary", json!(false)),
        ("undeliverable_count", json!(0)),
        ("deliverable_state", json!("deliverable")),
    ] {
        assert_eq!(second[name], expected, "{name}");
    }
    assert_eq!(world.invited().await, ["jd@acme.example"]);
    world.put(&format!("{one}/request_verification.json"), json!({})).await.is(200);
    let again = ["jd@acme.example"; 2];
    assert_eq!(world.invited().await, again, "as often as it is asked for");
    let verified = world.put(&format!("{one}/verify"), json!({})).await.is(200);
    assert_eq!(verified["identity"]["verified"], true);
    let all = world.put(&format!("{one}/make_primary"), json!({})).await.is(200);
    let primary: Vec<&Value> =
        all["identities"].as_array().unwrap().iter().map(|it| &it["primary"]).collect();
    assert_eq!(primary, [&json!(false), &json!(true)]);
    assert_eq!(world.get(&of(&jane)).await.is(200)["user"]["email"], "jd@acme.example");
    let changed = json!({"identity": {"value": "jane.doe@acme.example", "verified": true}});
    let changed = world.put(&format!("{one}.json"), changed).await.is(200);
    assert_eq!(changed["identity"]["value"], "jane.doe@acme.example");
    assert_eq!(world.get(&one).await.is(200), changed);

    world.ask(OWNER, "DELETE", &one, json!({"identity": second["id"]})).await.is(204);
    world.get(&one).await.is(404);
    assert_eq!(world.get(&of(&jane)).await.is(200)["user"]["email"], "jane@acme.example");
    // Whose address was given up may be another's.
    somebody(&world, "jd", json!({})).await;
    let own = json!({"identity": {"type": "email", "value": "jane@acme.example"}});
    world.post(&path, own).await.is(422);
    let others = json!({"identity": {"type": "email", "value": "jd@acme.example"}});
    let refused = world.post(&path, others).await.is(422);
    assert_eq!(refused["details"]["email"][0]["error"], "DuplicateValue");
    let full = json!({"identity": {"type": "email", "value": "x@acme.example", "verification_method": "full"}});
    world.post(&path, full).await.is(400);
}

#[tokio::test]
async fn an_address_of_somebody_is_what_they_ask_by() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({})).await;
    let path = format!("/users/{}/identities", jane["id"]);
    let asked = json!({"identity": {"type": "email", "value": "jd@acme.example", "skip_verify_email": true}});
    world.post(&path, asked).await.is(201);
    let me = world.ask("jd@acme.example", "GET", "/users/me", Value::Null).await.is(200);
    assert_eq!(me["user"]["id"], jane["id"]);
    // Whoever is renamed is known by the new name under each address at once.
    world.put(&of(&jane), json!({"user": {"name": "J", "suspended": true}})).await.is(200);
    for email in ["jane@acme.example", "jd@acme.example"] {
        world.ask(email, "GET", "/end_users/1", Value::Null).await.is(401);
    }
}

#[tokio::test]
async fn end_users_know_nobody_but_themselves() {
    let world = World::new();
    let jane =
        somebody(&world, "jane", json!({"notes": "difficult", "external_id": "crm-1"})).await;
    let eve = somebody(&world, "eve", json!({})).await;
    let ask = async |method: &str, path: &str, body: Value| {
        world.ask("jane@acme.example", method, path, body).await
    };
    let me = ask("GET", "/users/me", Value::Null).await.is(200)["user"].clone();
    assert_eq!(me["id"], jane["id"]);
    for hidden in ["notes", "external_id", "tags", "suspended", "custom_role_id"] {
        assert!(me.get(hidden).is_none(), "{hidden}");
    }
    let own = format!("/end_users/{}.json", jane["id"]);
    assert_eq!(ask("GET", &own, Value::Null).await.is(200)["user"]["url"], me["url"]);
    let greedy = json!({"user": {"name": "Jane D", "role": "admin", "verified": true, "external_id": "x", "suspended": false, "tags": ["vip"], "organization_id": 1}});
    for path in [own.clone(), of(&jane)] {
        assert_eq!(ask("PUT", &path, greedy.clone()).await.is(200)["user"]["name"], "Jane D");
    }
    let now = world.get(&of(&jane)).await.is(200)["user"].clone();
    assert_eq!((&now["role"], &now["external_id"]), (&json!("end-user"), &json!("crm-1")));
    assert_eq!(now["tags"], json!([]));

    let other = of(&eve);
    for (method, path) in [
        ("GET", other.as_str()),
        ("PUT", other.as_str()),
        ("DELETE", other.as_str()),
        ("GET", "/users"),
        ("GET", "/users/count"),
        ("GET", "/users/search?query=eve"),
        ("GET", "/users/autocomplete?name=eve"),
        ("GET", "/users/4711"),
        ("POST", "/users"),
        ("POST", "/users/create_or_update"),
        ("GET", "/deleted_users"),
    ] {
        let body = if method == "GET" { Value::Null } else { json!({"user": {"name": "x"}}) };
        let refused = ask(method, path, body).await.is(403);
        assert_eq!(refused["error"]["title"], "Forbidden", "{method} {path}");
    }
    ask("GET", &format!("/end_users/{}", eve["id"]), Value::Null).await.is(403);
    ask("GET", &format!("/end_users/{}/identities", eve["id"]), Value::Null).await.is(403);
}

#[tokio::test]
async fn end_users_keep_their_own_addresses() {
    let world = World::new();
    let jane =
        somebody(&world, "jane", json!({"identities": [{"type": "twitter", "value": "@jane"}]}))
            .await;
    let path = format!("/end_users/{}/identities", jane["id"]);
    let ask = async |method: &str, path: &str, body: Value| {
        world.ask("jane@acme.example", method, path, body).await
    };
    // Accounts elsewhere are for agents to see.
    assert_eq!(ask("GET", &path, Value::Null).await.is(200)["count"], 1);
    let agents = format!("/users/{}/identities", jane["id"]);
    assert_eq!(world.get(&agents).await.is(200)["count"], 2);
    ask("GET", &agents, Value::Null).await.is(403);
    let asked = json!({"identity": {"type": "email", "value": "jd@acme.example", "verified": true, "primary": true}});
    let second = ask("POST", &path, asked).await.is(201)["identity"].clone();
    assert_eq!((&second["verified"], &second["primary"]), (&json!(false), &json!(false)));
    let one = format!("{path}/{}", second["id"]);
    ask("PUT", &format!("{one}/make_primary"), json!({})).await.is(403);
    ask("PUT", &format!("{one}/request_verification"), json!({})).await.is(200);
    world.put(&format!("{agents}/{}/verify", second["id"]), json!({})).await.is(200);
    ask("PUT", &format!("{one}/make_primary"), json!({})).await.is(200);
    ask("DELETE", &one, Value::Null).await.is(204);
    let first = ask("GET", &path, Value::Null).await.is(200)["identities"][0]["id"].clone();
    ask("DELETE", &format!("{path}/{first}"), Value::Null).await.is(422);
    let account = json!({"identity": {"type": "facebook", "value": "1"}});
    ask("POST", &path, account).await.is(422);
}

#[tokio::test]
async fn agents_keep_end_users_and_nobody_else() {
    let world = World::new();
    let ann = somebody(&world, "ann", json!({"role": "agent"})).await;
    let abe = somebody(&world, "abe", json!({"role": "agent"})).await;
    let ask = async |method: &str, path: &str, body: Value| {
        world.ask("ann@acme.example", method, path, body).await
    };
    let eve = json!({"user": {"name": "Eve", "email": "eve@acme.example"}});
    let eve = ask("POST", "/users", eve).await.is(201)["user"].clone();
    ask("PUT", &of(&eve), json!({"user": {"notes": "n", "suspended": true}})).await.is(200);
    for user in [
        json!({"name": "x", "role": "agent"}),
        json!({"name": "x", "role": "admin"}),
        json!({"name": "x", "custom_role_id": role(&world, "Light agent").await}),
    ] {
        ask("POST", "/users", json!({"user": user})).await.is(403);
    }
    ask("PUT", &of(&eve), json!({"user": {"role": "agent"}})).await.is(403);
    ask("PUT", &of(&abe), json!({"user": {"name": "x"}})).await.is(403);
    ask("DELETE", &of(&abe), Value::Null).await.is(403);
    assert_eq!(ask("GET", &of(&abe), Value::Null).await.is(200)["user"]["name"], "abe");
    // Of themselves they change what is no power.
    ask("PUT", &of(&ann), json!({"user": {"alias": "Annie", "role": "agent"}})).await.is(200);
    for power in [
        json!({"role": "admin"}),
        json!({"ticket_restriction": "groups"}),
        json!({"moderator": false}),
    ] {
        ask("PUT", &of(&ann), json!({"user": power})).await.is(403);
    }
    ask("DELETE", &of(&eve), Value::Null).await.is(200);
    ask("DELETE", "/users/destroy_many?ids=1", Value::Null).await.is(403);
    // Whoever may not see every ticket changes no customers.
    world.put(&of(&ann), json!({"user": {"ticket_restriction": "assigned"}})).await.is(200);
    let kim = somebody(&world, "kim", json!({})).await;
    ask("PUT", &of(&kim), json!({"user": {"name": "x"}})).await.is(403);
    ask("POST", "/users", json!({"user": {"name": "x"}})).await.is(403);
}

#[tokio::test]
async fn what_people_are_brings_groups() {
    let world = World::new();
    let group = world.get("/groups").await.is(200)["groups"][0]["id"].clone();
    let ann = somebody(&world, "ann", json!({"role": "agent"})).await;
    assert_eq!(ann["default_group_id"], group);
    assert_eq!(
        (&ann["ticket_restriction"], &ann["restricted_agent"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!((&ann["role_type"], &ann["moderator"]), (&Value::Null, &json!(true)));
    let path = format!("/users/{}", ann["id"]);
    let other = world.post("/groups", json!({"group": {"name": "Billing"}})).await.is(201);
    let other = other["group"]["id"].clone();
    let joined = json!({"group_membership": {"group_id": other}});
    let joined = world.post(&format!("{path}/group_memberships.json"), joined).await.is(201);
    let joined = joined["group_membership"].clone();
    assert_eq!((&joined["user_id"], &joined["default"]), (&ann["id"], &json!(false)));
    let default = format!("{path}/group_memberships/{}/make_default.json", joined["id"]);
    let all = world.ask("ann@acme.example", "PUT", &default, json!({})).await.is(200);
    let all = all["group_memberships"].as_array().unwrap();
    assert_eq!(all.iter().filter(|it| it["default"] == true).count(), 1);
    assert_eq!(world.get(&of(&ann)).await.is(200)["user"]["default_group_id"], other);
    assert_eq!(world.get(&format!("{path}/groups.json")).await.is(200)["count"], 2);
    assert_eq!(world.get(&format!("{path}/groups/count")).await.is(200)["count"]["value"], 2);
    let in_group = world.get(&format!("/groups/{other}/users.json")).await.is(200);
    assert_eq!(in_group["users"][0]["id"], ann["id"]);
    let count = world.get(&format!("/groups/{group}/users/count")).await.is(200);
    assert_eq!(count["count"]["value"], 2);
    world.get("/groups/4711/users").await.is(404);
    world.get("/users/4711/groups").await.is(404);

    // A default group that an agent is not in yet is joined.
    let third = world.post("/groups", json!({"group": {"name": "Sales"}})).await.is(201);
    let third = third["group"]["id"].clone();
    let changed = world.put(&of(&ann), json!({"user": {"default_group_id": third}})).await.is(200);
    assert_eq!(changed["user"]["default_group_id"], third);
    assert_eq!(world.get(&format!("{path}/group_memberships")).await.is(200)["count"], 3);

    let gone = world.put(&of(&ann), json!({"user": {"role": "end-user"}})).await.is(200);
    assert_eq!(
        (&gone["user"]["default_group_id"], &gone["user"]["ticket_restriction"]),
        (&Value::Null, &json!("requested"))
    );
    assert_eq!(world.get(&format!("{path}/group_memberships")).await.is(200)["count"], 0);
    let back = world.put(&of(&ann), json!({"user": {"role": "agent"}})).await.is(200);
    assert_eq!(back["user"]["default_group_id"], group);
}

#[tokio::test]
async fn custom_roles_make_agents() {
    let world = World::new();
    let light = role(&world, "Light agent").await;
    let ann = somebody(&world, "ann", json!({"custom_role_id": light, "role": "end-user"})).await;
    for (name, expected) in [
        ("role", json!("agent")),
        ("role_type", json!(1)),
        ("custom_role_id", json!(light)),
        ("ticket_restriction", json!("groups")),
        ("restricted_agent", json!(true)),
        ("only_private_comments", json!(true)),
    ] {
        assert_eq!(ann[name], expected, "{name}");
    }
    let lead = role(&world, "Team lead").await;
    let lea = somebody(&world, "lea", json!({"custom_role_id": lead})).await;
    assert_eq!((&lea["role"], &lea["role_type"]), (&json!("agent"), &json!(0)));
    let path = format!("/users?permission_set={light}");
    assert_eq!(world.get(&path).await.is(200)["users"][0]["id"], ann["id"]);
    let by_name = world.get("/users?role=team+lead").await.is(200);
    assert_eq!((&by_name["users"][0]["id"], &by_name["count"]), (&lea["id"], &json!(1)));
    assert_eq!(world.get(&format!("{path}&role=admin")).await.is(200)["count"], 0);
    // A light agent changes nobody; who leads agents does.
    let eve = somebody(&world, "eve", json!({})).await;
    let rename = json!({"user": {"name": "E"}});
    world.ask("ann@acme.example", "PUT", &of(&eve), rename.clone()).await.is(403);
    world.ask("lea@acme.example", "PUT", &of(&eve), rename).await.is(200);
    let admin =
        world.put(&of(&ann), json!({"user": {"role": "admin"}})).await.is(200)["user"].clone();
    assert_eq!((&admin["role_type"], &admin["custom_role_id"]), (&json!(4), &Value::Null));
    let plain = json!({"user": {"role": "agent", "ticket_restriction": "assigned"}});
    let plain = world.put(&of(&ann), plain).await.is(200)["user"].clone();
    assert_eq!(
        (&plain["ticket_restriction"], &plain["role_type"]),
        (&json!("assigned"), &Value::Null)
    );
    let odd = json!({"user": {"ticket_restriction": "groups"}});
    let odd = world.put(&of(&eve), odd).await.is(200)["user"].clone();
    assert_eq!(odd["ticket_restriction"], "requested");
}

#[tokio::test]
async fn the_owner_stays() {
    let world = World::new();
    let owner = world.get("/users/me").await.is(200)["user"].clone();
    let abe = somebody(&world, "abe", json!({"role": "admin"})).await;
    let ask = async |method: &str, body: Value| {
        world.ask("abe@acme.example", method, &of(&owner), body).await
    };
    for change in
        [json!({"role": "agent"}), json!({"role": "end-user"}), json!({"suspended": true})]
    {
        let refused = ask("PUT", json!({"user": change})).await.is(422);
        assert!(refused["details"]["base"][0]["description"].as_str().unwrap().contains("owner"));
    }
    ask("DELETE", Value::Null).await.is(422);
    let identities = world.get(&format!("/users/{}/identities", owner["id"])).await.is(200);
    let path =
        format!("/users/{}/identities/{}/verify", owner["id"], identities["identities"][0]["id"]);
    world.ask("abe@acme.example", "PUT", &path, json!({})).await.is(403);
    world.put(&of(&abe), json!({"user": {"role": "end-user"}})).await.is(200);
}

#[tokio::test]
async fn tags_of_people_are_kept() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({"tags": ["a"]})).await;
    let path = format!("/users/{}/tags.json", jane["id"]);
    let tags = |tags: Value| json!({"tags": tags});
    assert_eq!(world.get(&path).await.is(200), tags(json!(["a"])));
    assert_eq!(
        world.put(&path, tags(json!(["B", "c d"]))).await.is(200),
        tags(json!(["a", "b", "c", "d"]))
    );
    assert_eq!(
        world.ask(OWNER, "DELETE", &path, tags(json!(["a", "d"]))).await.is(200),
        tags(json!(["b", "c"]))
    );
    assert_eq!(world.delete(&format!("{path}?tags=c")).await.is(200), tags(json!(["b"])));
    assert_eq!(world.post(&path, tags(json!(["z"]))).await.is(201), tags(json!(["z"])));
    assert_eq!(world.get(&of(&jane)).await.is(200)["user"]["tags"], json!(["z"]));
    world.put(&path, json!({})).await.is(400);
}

#[tokio::test]
async fn signing_in_is_not_done_here() {
    let world = World::new();
    for (method, path) in [
        ("POST", "/users/1/password.json"),
        ("GET", "/users/1/password/requirements"),
        ("GET", "/users/me/session"),
        ("GET", "/sessions.json"),
        ("DELETE", "/users/me/logout"),
        ("POST", "/users/request_create"),
        ("GET", "/users/1/entitlements/full"),
    ] {
        let refused = world.ask(OWNER, method, path, json!({})).await.is(404);
        assert_eq!(refused["error"], "InvalidEndpoint", "{path}");
        assert_ne!(refused["description"], "Not found", "{path}");
    }
}

#[tokio::test]
async fn what_somebody_asked_for_is_counted() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({})).await;
    let path = format!("/users/{}/related.json", jane["id"]);
    let expected = json!({"user_related": {
        "assigned_tickets": 0, "requested_tickets": 0, "ccd_tickets": 0, "organization_subscriptions": 0,
    }});
    assert_eq!(world.get(&path).await.is(200), expected);
    world.get("/users/4711/related").await.is(404);
}

#[tokio::test]
async fn people_of_another_tenant_are_nobody() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({"external_id": "x"})).await;
    let ask = async |path: &str| world.ask("owner@other.example", "GET", path, Value::Null).await;
    ask(&of(&jane)).await.is(404);
    assert_eq!(ask("/users").await.is(200)["count"], 1);
    assert_eq!(ask("/users/search?query=jane").await.is(200)["count"], 0);
    assert_eq!(ask("/users?external_id=x").await.is(200)["count"], 0);
    let same = json!({"user": {"name": "x", "email": "jane@acme.example", "external_id": "x"}});
    world.ask("owner@other.example", "POST", "/users", same).await.is(201);
}

#[tokio::test]
async fn fields_of_the_accounts_own_are_checked() {
    let world = World::new();
    for field in [
        json!({"type": "integer", "key": "age", "title": "Age"}),
        json!({"type": "lookup", "key": "buddy", "title": "Buddy", "relationship_target_type": "zen:user"}),
    ] {
        world.post("/user_fields", json!({"user_field": field})).await.is(201);
    }
    let jane = somebody(&world, "jane", json!({"user_fields": {"age": 7}})).await;
    assert_eq!(jane["user_fields"], json!({"age": 7, "buddy": null}));
    let wrong = json!({"user": {"user_fields": {"age": "old"}}});
    let refused = world.put(&of(&jane), wrong).await.is(422);
    assert_eq!(refused["details"]["base"][0]["description"], "Age: is invalid");
    let nobody = json!({"user": {"user_fields": {"buddy": 4711}}});
    world.put(&of(&jane), nobody).await.is(422);
    let buddy = json!({"user": {"user_fields": {"buddy": jane["id"], "age": null}}});
    let changed = world.put(&of(&jane), buddy).await.is(200)["user"].clone();
    assert_eq!(changed["user_fields"]["age"], Value::Null);
}

#[tokio::test]
async fn no_route_of_people_waits_for_more_than_three_calls() {
    let world = World::new();
    let jane = somebody(&world, "jane", json!({"external_id": "j", "phone": "+15551234567"})).await;
    let ann = somebody(&world, "ann", json!({"role": "agent"})).await;
    let identities = world.get(&format!("/users/{}/identities", jane["id"])).await.is(200);
    let id = |path: &str| {
        path.replace("JANE", &jane["id"].to_string()).replace("ANN", &ann["id"].to_string())
    };
    let identity = identities["identities"][0]["id"].to_string();
    let known =
        json!({"user": {"external_id": "J", "email": "j@acme.example", "phone": "+15559999999"}});
    let new = json!({"user": {"name": "n", "email": "n@acme.example", "phone": "+15558888888", "role": "agent"}});
    for (method, path, body) in [
        ("GET", "/users/me", Value::Null),
        ("GET", "/users/JANE?include=identities,groups,roles", Value::Null),
        ("GET", "/users", Value::Null),
        ("GET", "/users?page=2&per_page=1", Value::Null),
        ("GET", "/users?page[size]=1&role=end-user", Value::Null),
        ("GET", "/users?role[]=agent&role[]=admin", Value::Null),
        ("GET", "/users?external_id=j", Value::Null),
        ("GET", "/users/count?role=end-user", Value::Null),
        ("GET", "/users/show_many?external_ids=j", Value::Null),
        ("GET", "/users/search?query=jane+role:end-user", Value::Null),
        ("GET", "/users/autocomplete?name=ja", Value::Null),
        ("GET", "/users/JANE/related", Value::Null),
        ("GET", "/users/JANE/identities", Value::Null),
        ("GET", "/users/ANN/group_memberships", Value::Null),
        ("GET", "/deleted_users", Value::Null),
        ("POST", "/users", new),
        ("POST", "/users/create_or_update", known),
        ("PUT", "/users/JANE", json!({"user": {"name": "J", "phone": "+15557777777"}})),
        ("PUT", "/users/JANE/identities/IT/verify", json!({})),
        ("PUT", "/users/JANE/tags", json!({"tags": ["x"]})),
        ("PUT", "/users/ANN", json!({"user": {"role": "admin"}})),
        ("DELETE", "/users/ANN", Value::Null),
        ("DELETE", "/users/JANE", Value::Null),
        ("DELETE", "/deleted_users/JANE", Value::Null),
    ] {
        let path = id(path).replace("IT", &identity);
        // What the account is set up with is read anew only when it changed.
        world.get("/groups/count").await.is(200);
        let _before = world.store.calls();
        let got = world.ask(OWNER, method, &path, body).await;
        assert!(got.status < 300, "{method} {path}: {}", got.body);
        let calls = world.store.calls();
        assert!(calls.rounds <= 3, "{method} {path}: {calls:?}");
    }
}

#[tokio::test]
async fn people_belong_to_organizations() {
    let world = World::new();
    let organization = async |name: &str, domains: Value| {
        let asked = json!({"organization": {"name": name, "domain_names": domains}});
        world.post("/organizations", asked).await.is(201)["organization"]["id"].clone()
    };
    let vip = organization("VIP Customers", json!([])).await;
    let acme = organization("Acme", json!(["acme.example"])).await;
    let jane = somebody(&world, "jane", json!({"organization": {"name": "vip customers"}})).await;
    assert_eq!(jane["organization_id"], vip);
    let eve = somebody(&world, "eve", json!({})).await;
    assert_eq!(eve["organization_id"], acme);
    let kim = somebody(&world, "kim", json!({"organization_id": vip})).await;
    let membership =
        json!({"organization_membership": {"user_id": kim["id"], "organization_id": acme}});
    world.post("/organization_memberships", membership).await.is(201);
    // An organization that is set on a person is their only one.
    let moved = json!({"user": {"organization_id": acme}});
    let moved = world.put(&of(&kim), moved).await.is(200);
    assert_eq!(moved["user"]["organization_id"], acme);
    let path = format!("/users/{}/organizations", kim["id"]);
    assert_eq!(world.get(&path).await.is(200)["count"], 1);
    let none = world.put(&of(&kim), json!({"user": {"organization_id": null}})).await.is(200);
    assert_eq!(none["user"]["organization_id"], Value::Null);
    let beside = world.get(&format!("/users/{}?include=organizations", jane["id"])).await.is(200);
    assert_eq!(beside["organizations"][0]["name"], "VIP Customers");
    // Whose address is shown to be theirs later joins then.
    let late = json!({"user": {"name": "Late"}});
    let late = world.post("/users", late).await.is(201)["user"].clone();
    let identity = json!({"identity": {"type": "email", "value": "late@acme.example"}});
    let path = format!("/users/{}/identities", late["id"]);
    let identity = world.post(&path, identity).await.is(201)["identity"]["id"].clone();
    world.put(&format!("{path}/{identity}/verify"), json!({})).await.is(200);
    assert_eq!(world.get(&of(&late)).await.is(200)["user"]["organization_id"], acme);
}
