//! Brands, custom roles, languages, settings and addresses.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

fn names(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn brands_are_kept() {
    let world = World::new();
    let all = world.get("/brands.json").await.is(200);
    let first = all["brands"][0].clone();
    assert_eq!((&first["default"], &first["subdomain"]), (&json!(true), &json!("acme")));
    assert_eq!(first["ticket_form_ids"].as_array().unwrap().len(), 1);
    let asked = json!({"brand": {"name": "A second one", "subdomain": "Brand1", "host_mapping": "help.brand1.com"}});
    let brand = world.post("/brands.json", asked.clone()).await.is(201)["brand"].clone();
    let id = &brand["id"];
    assert_eq!(
        (&brand["subdomain"], &brand["brand_url"]),
        (&json!("brand1"), &json!("https://help.brand1.com"))
    );
    assert_eq!((&brand["is_deleted"], &brand["default"]), (&json!(false), &json!(false)));
    let twice = world.post("/brands", asked).await.is(422);
    assert_eq!(twice["details"]["subdomain"][0]["error"], "DuplicateValue");
    for (brand, field) in [
        (json!({"subdomain": "x"}), "name"),
        (json!({"name": "x"}), "subdomain"),
        (json!({"name": "x", "subdomain": "a b"}), "subdomain"),
        (json!({"name": "x", "subdomain": "x", "host_mapping": "no host"}), "host_mapping"),
    ] {
        let got = world.post("/brands", json!({"brand": brand})).await.is(422);
        assert!(got["details"][field][0]["error"].is_string(), "{got}");
    }
    assert_eq!(names(&world.get("/brands").await.is(200)["brands"]), ["A second one", "acme"]);
    // The default one can neither be deleted nor be switched off; another can become it.
    let of_first = format!("/brands/{}", first["id"]);
    world.delete(&of_first).await.is(422);
    world.put(&of_first, json!({"brand": {"active": false}})).await.is(422);
    world.put(&format!("/brands/{id}"), json!({"brand": {"default": true}})).await.is(200);
    world.put(&of_first, json!({"brand": {"active": false}})).await.is(200);
    world.delete(&of_first).await.is(204);
    let gone = world.get(&of_first).await.is(200);
    assert_eq!(
        (&gone["brand"]["is_deleted"], &gone["brand"]["active"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(world.get("/brands").await.is(200)["count"], 1);
    world.delete(&of_first).await.is(404);
    cast::all(&world).await;
    world.ask(AGENT, "GET", "/brands", Value::Null).await.is(200);
    world.ask(AGENT, "POST", "/brands", json!({"brand": {"name": "x"}})).await.is(403);
    world.ask(CUSTOMER, "GET", "/brands", Value::Null).await.is(403);
}

async fn role(world: &World, configuration: Value) -> Value {
    let asked = json!({"custom_role": {"name": format!("r{configuration}"), "configuration": configuration}});
    world.post("/custom_roles.json", asked).await.is(201)["custom_role"].clone()
}

#[tokio::test]
async fn custom_roles_are_kept() {
    let world = World::new();
    let all = world.get("/custom_roles.json").await.is(200);
    assert_eq!(names(&all["custom_roles"]), ["Team lead", "Light agent"]);
    assert_eq!(all["custom_roles"][1]["role_type"], 1);
    let asked = json!({"ticket_access": "all", "ticket_deletion": true, "voice_access": true});
    let got = role(&world, asked).await;
    let said = &got["configuration"];
    assert_eq!((&said["ticket_access"], &said["ticket_deletion"]), (&json!("all"), &json!(true)));
    // Nobody has a voice here, whatever a role says.
    assert_eq!((&said["voice_access"], &said["ticket_editing"]), (&json!(false), &json!(true)));
    let path = format!("/custom_roles/{}", got["id"]);
    let changed =
        json!({"custom_role": {"description": "Deletes", "configuration": {"ticket_merge": true}}});
    let changed = world.put(&path, changed).await.is(200)["custom_role"].clone();
    assert_eq!(
        (&changed["description"], &changed["configuration"]["ticket_deletion"]),
        (&json!("Deletes"), &json!(true))
    );
    for (role, field) in [
        (json!({}), "name"),
        (json!({"name": "team LEAD"}), "name"),
        (json!({"name": "x", "configuration": {"ticket_access": "some"}}), "configuration"),
        (json!({"name": "x", "configuration": {"ticket_merge": "yes"}}), "configuration"),
    ] {
        let got = world.post("/custom_roles", json!({"custom_role": role})).await.is(422);
        assert!(got["details"][field][0]["error"].is_string(), "{got}");
    }
    let system = format!("/custom_roles/{}", all["custom_roles"][0]["id"]);
    world.put(&system, json!({"custom_role": {"name": "x"}})).await.is(422);
    world.delete(&system).await.is(422);
    cast::all(&world).await;
    world.put("/users/1001", json!({"user": {"custom_role_id": got["id"]}})).await.is(200);
    assert_eq!(world.get(&path).await.is(200)["custom_role"]["team_member_count"], 1);
    world.delete(&path).await.is(422);
    world.put("/users/1001", json!({"user": {"custom_role_id": null}})).await.is(200);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
    world.ask(AGENT, "POST", "/custom_roles", json!({"custom_role": {"name": "x"}})).await.is(403);
}

#[tokio::test]
async fn a_custom_role_allows_what_it_says() {
    let world = World::new();
    cast::all(&world).await;
    let ticket =
        json!({"ticket": {"subject": "s", "comment": {"body": "x"}, "requester_id": 4001}});
    world.post("/tickets", ticket).await.is(201);
    let become_ = async |configuration: Value| {
        let id = role(&world, configuration).await["id"].clone();
        world.put("/users/1001", json!({"user": {"custom_role_id": id}})).await.is(200);
    };
    let edit = json!({"ticket": {"priority": "high"}});
    let group = json!({"group": {"name": "x"}});
    let field = json!({"ticket_field": {"title": "x"}});
    let address = json!({"recipient_address": {"email": "x@acme.example"}});
    become_(json!({"ticket_access": "all", "ticket_editing": false})).await;
    world.ask(AGENT, "PUT", "/tickets/1", edit.clone()).await.is(403);
    let said = json!({"ticket": {"comment": {"body": "y"}}});
    world.ask(AGENT, "PUT", "/tickets/1", said).await.is(200);
    world.ask(AGENT, "POST", "/groups", group.clone()).await.is(403);
    world.ask(AGENT, "POST", "/ticket_fields", field.clone()).await.is(403);
    world.ask(AGENT, "POST", "/recipient_addresses", address.clone()).await.is(403);
    world
        .ask(AGENT, "POST", "/organizations", json!({"organization": {"name": "o"}}))
        .await
        .is(403);
    become_(json!({"ticket_access": "all", "manage_groups": true, "manage_ticket_fields": true,
        "manage_organizations": true, "manage_extensions_and_channels": true}))
    .await;
    world.ask(AGENT, "PUT", "/tickets/1", edit).await.is(200);
    world.ask(AGENT, "POST", "/groups", group).await.is(201);
    world.ask(AGENT, "POST", "/ticket_fields", field).await.is(201);
    world.ask(AGENT, "POST", "/recipient_addresses", address).await.is(201);
    world
        .ask(AGENT, "POST", "/organizations", json!({"organization": {"name": "o"}}))
        .await
        .is(201);
    // None of that makes an administrator of anybody.
    for path in ["/brands", "/custom_roles", "/user_fields", "/api_tokens", "/ticket_forms"] {
        world.ask(AGENT, "POST", path, json!({})).await.is(403);
    }
}

#[tokio::test]
async fn languages_are_known() {
    let world = World::new();
    let all = world.get("/locales.json").await.is(200);
    assert!(all["locales"].as_array().unwrap().len() > 50);
    let english = world.get("/locales/1.json").await.is(200)["locale"].clone();
    assert_eq!((&english["locale"], &english["default"]), (&json!("en-US"), &json!(true)));
    assert_eq!(english["url"], "http://desk.example/api/v2/locales/en-US.json");
    assert_eq!(world.get("/locales/DE").await.is(200)["locale"]["id"], 8);
    world.get("/locales/tlh").await.is(404);
    assert_eq!(world.get("/locales/current").await.is(200)["locale"]["id"], 1);
    let path = "/locales/detect_best_locale?available_locales[]=es&available_locales[]=de";
    let mut headers = world.basic("owner@acme.example", world.token("acme"));
    assert_eq!(world.get(path).await.is(200)["locale"]["locale"], "es");
    headers.push(("accept-language".to_owned(), "nl, de-AT;q=0.9, es;q=0.5".to_owned()));
    let best = world.with(headers, "GET", path, Value::Null).await.is(200);
    assert_eq!(best["locale"]["locale"], "de");
    let body = json!({"available_locales": ["ja"]});
    let best = world.put("/locales/detect_best_locale.json", body).await.is(200);
    assert_eq!(best["locale"]["locale"], "ja");
    let chosen = json!({"settings": {"localization": {"locale_ids": [1, 8]}}});
    world.put("/account/settings", chosen).await.is(200);
    assert_eq!(world.get("/locales").await.is(200)["count"], 2);
    assert_eq!(world.get("/locales/public").await.is(200)["count"], all["count"]);
}

#[tokio::test]
async fn an_account_is_set() {
    let world = World::new();
    let before = world.get("/account/settings.json").await.is(200);
    let settings = &before["settings"];
    assert_eq!(settings["tickets"]["assign_tickets_upon_solve"], false);
    assert_eq!(settings["limits"]["attachment_size"], 52_428_800);
    assert_eq!(settings["api"]["api_token_access"], "true");
    let brand = json!({"brand": {"name": "B", "subdomain": "b"}});
    let brand = world.post("/brands", brand).await.is(201)["brand"]["id"].clone();
    // What nobody can change, and what stays, does no harm.
    let asked = json!({"settings": {
        "tickets": {"assign_tickets_upon_solve": true, "tagging": true, "collaboration": false},
        "localization": {"time_zone": "Berlin", "default_locale_identifier": "de"},
        "brands": {"default_brand_id": brand},
        "voice": {"enabled": true}, "nothing": {"at": "all"}}});
    let told = world.put("/account/settings.json", asked).await.is(200);
    let shown = world.get("/account/settings").await.is(200);
    assert_eq!(told, shown);
    let settings = &shown["settings"];
    assert_eq!(settings["tickets"]["assign_tickets_upon_solve"], true);
    assert_eq!(settings["localization"]["iana_time_zone"], "Europe/Berlin");
    assert_eq!(
        (&settings["brands"]["default_brand_id"], &settings["voice"]["enabled"]),
        (&brand, &json!(false))
    );
    assert_eq!(world.get(&format!("/brands/{brand}")).await.is(200)["brand"]["default"], true);
    for (section, name, value) in [
        ("tickets", "tagging", json!(false)),
        ("tickets", "assign_tickets_upon_solve", json!("maybe")),
        ("localization", "time_zone", json!("Atlantis")),
        ("localization", "locale_ids", json!([4711])),
        ("brands", "default_brand_id", json!(4711)),
    ] {
        let asked = json!({"settings": {section: {name: value}}});
        let got = world.put("/account/settings", asked).await.is(422);
        assert!(got["details"][name][0]["description"].is_string(), "{got}");
    }
    assert_eq!(world.get("/account/settings").await.is(200), shown);
    cast::all(&world).await;
    world.ask(AGENT, "GET", "/account/settings", Value::Null).await.is(200);
    world.ask(AGENT, "PUT", "/account/settings", json!({"settings": {}})).await.is(403);
    world.ask(CUSTOMER, "GET", "/account/settings", Value::Null).await.is(403);
}

#[tokio::test]
async fn addresses_are_kept() {
    let world = World::new();
    let asked = json!({"recipient_address": {"name": "Sales", "email": "Sales@acme.example"}});
    let got = world.post("/recipient_addresses.json", asked.clone()).await.is(201);
    let address = got["recipient_address"].clone();
    assert_eq!(
        (&address["email"], &address["default"]),
        (&json!("sales@acme.example"), &json!(false))
    );
    assert_eq!(address["forwarding_status"], "unknown");
    let twice = world.post("/recipient_addresses", asked).await.is(422);
    assert_eq!(twice["details"]["email"][0]["error"], "DuplicateValue");
    for asked in
        [json!({}), json!({"email": "nobody"}), json!({"email": "a@b.example", "brand_id": 4711})]
    {
        world.post("/recipient_addresses", json!({"recipient_address": asked})).await.is(422);
    }
    let path = format!("/recipient_addresses/{}", address["id"]);
    let changed = json!({"recipient_address": {"name": "All", "email": "other@acme.example", "default": true}});
    let changed = world.put(&path, changed).await.is(200)["recipient_address"].clone();
    assert_eq!(
        (&changed["name"], &changed["email"]),
        (&json!("All"), &json!("sales@acme.example"))
    );
    let other = json!({"recipient_address": {"email": "help@acme.example", "default": true}});
    world.post("/recipient_addresses", other).await.is(201);
    assert_eq!(world.get(&path).await.is(200)["recipient_address"]["default"], false);
    let all = world.get("/recipient_addresses.json?page[size]=100&include=brands").await.is(200);
    assert_eq!(all["recipient_addresses"].as_array().unwrap().len(), 2);
    assert_eq!(names(&all["brands"]), ["acme"]);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
    assert_eq!(
        world.put(&format!("{path}/verify"), json!({"type": "spf"})).await.is(404)["error"],
        "InvalidEndpoint"
    );
}
