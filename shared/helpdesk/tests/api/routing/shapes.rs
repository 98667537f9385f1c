//! What clients are told, as Zendesk documents it.

use super::*;

#[tokio::test]
async fn skills_have_types_names_and_conditions() {
    let world = desk(json!({})).await;
    let made = world.post("/routing/attributes", json!({"attribute": {"name": "Color"}})).await;
    assert!(made.header("location").unwrap().contains("/routing/attributes/"));
    let made = made.is(201)["attribute"].clone();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(made["url"], format!("http://desk.example/api/v2/routing/attributes/{id}.json"));
    let path = format!("/routing/attributes/{id}");
    let changed = world.put(&path, json!({"attribute": {"name": "Colour"}})).await.is(200);
    assert_eq!(changed["attribute"]["name"], "Colour");
    world.post("/routing/attributes", json!({"attribute": {"name": "colour"}})).await.is(422);
    world.post("/routing/attributes", json!({"attribute": {"name": " "}})).await.is(422);
    let values = format!("{path}/values");
    let blue = world.post(&values, json!({"attribute_value": {"name": "Blue"}})).await.is(201)["attribute_value"].clone();
    assert_eq!(blue["attribute_id"], json!(id));
    let one = format!("{values}/{}", blue["id"].as_str().unwrap());
    let edit = json!({"attribute_value": {"conditions": {"all": [{"subject": "priority", "operator": "is", "value": "high"}], "any": []}}});
    let after = world.ask("owner@acme.example", "PATCH", &one, edit).await.is(200);
    assert_eq!(
        after["attribute_value"]["conditions"]["all"][0],
        json!({"field": "priority", "operator": "is", "value": "high"})
    );
    for condition in [
        json!({"subject": "colour", "operator": "is", "value": "x"}),
        json!({"subject": "status", "operator": "is", "value": "open"}),
    ] {
        let edit = json!({"attribute_value": {"conditions": {"all": [condition]}}});
        world.ask("owner@acme.example", "PATCH", &one, edit).await.is(422);
    }
    let listed = world
        .ask(AGENT, "GET", "/routing/attributes?include=attribute_values", Value::Null)
        .await
        .is(200);
    assert_eq!(
        (&listed["count"], &listed["attributes"][0]["id"], &listed["attribute_values"][0]["name"]),
        (&json!(1), &json!(id), &json!("Blue"))
    );
    assert_eq!(
        world.get(&values).await.is(200)["attribute_values"][0],
        world.get(&one).await.is(200)["attribute_value"]
    );
    let definitions =
        world.get("/routing/attributes/definitions").await.is(200)["definitions"].clone();
    let subjects: Vec<&str> = definitions["conditions_all"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["subject"].as_str().unwrap())
        .collect();
    assert!(subjects.contains(&"locale_id") && !subjects.contains(&"status"), "{subjects:?}");
    world.delete(&path).await.is(204);
    world.get(&one).await.is(404);
    world.get(&path).await.is(404);
}

#[tokio::test]
async fn agents_have_skills_one_by_one_and_several_at_once() {
    let world = desk(json!({})).await;
    let skill = french(&world).await;
    let path = "/routing/agents/1001/instance_values";
    assert_eq!(world.get(path).await.is(200), json!({"attribute_values": []}));
    let set = json!({"attribute_value_ids": [skill]});
    let after = world.post(path, set.clone()).await.is(200);
    assert_eq!(after["attribute_values"][0]["name"], "French");
    assert_eq!(world.ask(AGENT, "GET", path, Value::Null).await.is(200), after);
    world.post(path, json!({"attribute_value_ids": ["4711"]})).await.is(422);
    world.post("/routing/agents/4001/instance_values", set).await.is(404);
    let job = |action: &str| json!({"job": {"action": action, "attributes": {"attribute_values": [{"id": skill}]}, "items": [1001, 2001]}});
    let jobs = "/routing/agents/instance_values/jobs";
    let done = world.done(world.post(jobs, job("upsert")).await).await;
    assert_eq!(
        (&done["status"], &done["results"][1]["success"]),
        (&json!("completed"), &json!(true))
    );
    let all = "/routing/agents/instance_values?filter[agent_ids]=1001,2001,3001";
    let told = world.get(all).await.is(200);
    assert_eq!(told["count"], 2);
    let first = &told["instance_values"][0];
    assert_eq!(
        (&first["agent_id"], &first["attribute_value_id"], &first["agent_skill_priority"]),
        (&json!(1001), &json!(skill), &json!("NORMAL"))
    );
    world.done(world.post(jobs, job("delete")).await).await;
    assert_eq!(world.get(all).await.is(200)["instance_values"], json!([]));
    let high = json!({"job": {"action": "upsert", "attributes": {"attribute_values": [{"id": skill, "agent_skill_priority": "HIGH"}]}, "items": [1001]}});
    world.post(jobs, high).await.is(400);
    world.get("/routing/agents/instance_values").await.is(400);
}

#[tokio::test]
async fn who_is_there_is_told_with_what_they_have_to_do() {
    let world = desk(json!({})).await;
    status(&world, 1001, ONLINE).await;
    let id = opened(&world, json!({})).await;
    passed(&world).await;
    let told = world.get("/agent_availabilities/1001").await.is(200);
    let data = &told["data"];
    assert_eq!(
        (&data["id"], &data["type"]),
        (&json!("agent_availabilities|1001"), &json!("agent_availabilities"))
    );
    assert_eq!(data["links"]["self"], "http://desk.example/api/v2/agent_availabilities/1001");
    let attributes = &data["attributes"];
    assert_eq!(
        (&attributes["agent_id"], &attributes["agent_status"]["name"]),
        (&json!(1001), &json!("online"))
    );
    assert_eq!(attributes["group_ids"], json!([group(&world).await]));
    let channel = "agent_availabilities|1001|channels|support";
    assert_eq!(
        data["relationships"]["channels"]["data"][0],
        json!({"id": channel, "type": "channels"})
    );
    let included = told["included"].as_array().unwrap();
    let support = included.iter().find(|it| it["id"] == channel).unwrap();
    assert_eq!(
        (
            &support["attributes"]["work_item_count"],
            &support["attributes"]["max_capacity"],
            &support["attributes"]["status"]
        ),
        (&json!(1), &json!(5), &json!("online"))
    );
    let item = json!({"id": format!("{channel}|work_items|{id}"), "type": "work_items"});
    assert_eq!(support["relationships"]["work_items"]["data"], json!([item]));
    assert!(included.iter().any(|it| it["id"] == item["id"] && it["type"] == "work_items"));
    let work = world
        .get("/agent_availabilities/1001/channels/support/relationships/work_items")
        .await
        .is(200);
    assert_eq!(work["data"][0]["id"], item["id"]);
    let me = world
        .ask(AGENT, "GET", "/agent_availabilities/me?select_channel=messaging", Value::Null)
        .await
        .is(200);
    assert_eq!(me["included"].as_array().unwrap().len(), 1);

    let listed = async |query: &str| {
        let told = world.get(&format!("/agent_availabilities?{query}")).await.is(200);
        let data = told["data"].as_array().unwrap().iter();
        data.map(|it| it["attributes"]["agent_id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(listed("filter[channel_status]=support:online").await, [1001]);
    assert_eq!(listed("filter[agent_status_id]=3").await, [1001]);
    assert_eq!(listed("filter[agent_status_id]=2&filter[group_ids]=4711").await, [] as [u64; 0]);
    let first = world.get("/agent_availabilities?page[size]=2").await.is(200);
    assert_eq!(
        (first["data"].as_array().unwrap().len(), &first["meta"]["has_more"]),
        (2, &json!(true))
    );
    assert!(first["links"]["next"].is_string());
    world.get("/agent_availabilities?filter[colour]=blue").await.is(400);
    world.get("/agent_availabilities?select_channel=pigeons").await.is(400);
    world.get("/agent_availabilities/4001").await.is(404);
}

#[tokio::test]
async fn statuses_are_those_of_zendesk() {
    let world = desk(json!({})).await;
    let told =
        world.ask(AGENT, "GET", "/agent_availabilities/agent_statuses", Value::Null).await.is(200);
    let ids: Vec<(u64, &str)> = told["default"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["id"].as_u64().unwrap(), it["attributes"]["name"].as_str().unwrap()))
        .collect();
    assert_eq!(ids, [(4, "away"), (2, "offline"), (3, "online"), (5, "transfers_only")]);
    let path = "/agent_availabilities/agent_statuses/agents";
    let done = world
        .done(world.put(&format!("{path}/update_many?ids=1001,2001"), json!({"id": 4})).await)
        .await;
    assert_eq!(done["status"], "completed");
    let job = format!(
        "/agent_availabilities/agent_statuses/job_statuses/{}",
        done["id"].as_str().unwrap()
    );
    assert_eq!(world.get(&job).await.is(200)["job_status"]["status"], "completed");
    let told = world.get("/agent_availabilities?filter[agent_status_id]=4").await.is(200);
    assert_eq!(told["data"].as_array().unwrap().len(), 2);
    world.put(&format!("{path}/update_many?ids=1001,4001"), json!({"id": 4})).await.is(422);
}

#[tokio::test]
async fn an_agent_is_under_one_capacity_rule() {
    let world = desk(json!({})).await;
    assert_eq!(world.get("/capacity/rules").await.is(200), json!([]));
    let rule = |name: &str, more: Value| {
        let mut rule = json!({"name": name, "description": "d", "capacities": {"email": 2, "messaging": 1, "voice": 0}});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    let made = world
        .post("/capacity/rules", rule("Seniors", json!({"agent_ids": [1001, 2001]})))
        .await
        .is(201);
    assert_eq!(made["capacities"], json!({"email": 2, "messaging": 1, "voice": 0}));
    assert_eq!(made["assignees"]["count"], 2);
    let path = format!("/capacity/rules/{}", made["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.is(200), made);
    let juniors = world
        .post("/capacity/rules", rule("Juniors", json!({"default": true, "agent_ids": [2001]})))
        .await
        .is(201);
    assert_eq!(
        world.get(&path).await.is(200)["assignees"]["agents_sample"],
        json!([{"id": 1001, "name": "agent"}])
    );
    let assignees = world.get("/capacity/rules/assignees").await.is(200)["assignees"].clone();
    assert_eq!(assignees.as_array().unwrap().len(), 2);
    let other = format!("/capacity/rules/{}", juniors["id"].as_str().unwrap());
    world
        .ask("owner@acme.example", "PATCH", &format!("{other}/agents"), json!({"agents": [1001]}))
        .await
        .is(200);
    assert_eq!(world.get(&format!("{path}/assignees")).await.is(200)["assignees"], json!([]));
    world.delete(&other).await.is(422);
    let after =
        world.put(&path, json!({"default": true, "capacities": {"voice": 3}})).await.is(200);
    assert_eq!(
        (&after["default"], &after["capacities"]),
        (&json!(true), &json!({"email": 2, "messaging": 1, "voice": 3}))
    );
    assert_eq!(world.get(&other).await.is(200)["default"], false);
    world.delete(&other).await.is(204);
    for wrong in [
        rule("", json!({})),
        rule("Seniors", json!({})),
        rule("x", json!({"agent_ids": [4001]})),
        rule("x", json!({"capacities": {"email": -1}})),
        rule("x", json!({"capacities": {"email": 5000}})),
    ] {
        world.post("/capacity/rules", wrong).await.is(422);
    }
}

#[tokio::test]
async fn queues_have_an_order_that_is_changed_as_a_whole() {
    let world = desk(json!({})).await;
    let group = group(&world).await;
    let urgent =
        json!({"all": [{"field": "priority", "operator": "is", "value": "urgent"}], "any": []});
    let made = queue(&world, json!({"name": "Urgent", "description": "d", "definition": urgent, "primary_groups": {"groups": [{"id": group}]}})).await;
    assert_eq!(
        (&made["order"], &made["priority"], &made["definition"]),
        (&json!(1), &json!(1), &urgent)
    );
    assert_eq!(made["primary_groups"]["count"], 1);
    assert_eq!(made["primary_groups"]["groups"][0]["id"], group);
    assert_eq!(made["secondary_groups"], json!({"count": 0, "groups": []}));
    let other = queue(
        &world,
        json!({"name": "Rest", "primary_groups": {"group_ids": [group]}, "priority": 5}),
    )
    .await;
    let path = |of: &Value| format!("/queues/{}", of["id"].as_str().unwrap());
    let after = world.put(&path(&made), json!({"queue": {"name": "Most urgent"}})).await.is(200);
    assert_eq!(
        (&after["queue"]["name"], &after["queue"]["definition"]),
        (&json!("Most urgent"), &urgent)
    );
    let order = async |ids: Value| {
        world.ask("owner@acme.example", "PATCH", "/queues/order", json!({"queue_ids": ids})).await
    };
    order(json!([other["id"]])).await.is(400);
    order(json!([other["id"], made["id"]])).await.is(204);
    let listed = world.get("/queues").await.is(200);
    let names: Vec<&Value> =
        listed["queues"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Rest", "Most urgent"]);
    assert_eq!(
        world.ask(AGENT, "GET", &path(&other), Value::Null).await.is(200)["queue"]["order"],
        1
    );
    assert!(
        world.get("/queues/definitions").await.is(200)["definitions"]["conditions_any"].is_array()
    );
    world.delete(&path(&other)).await.is(204);
    for wrong in [
        json!({"name": "x"}),
        json!({"name": "x", "primary_groups": {"group_ids": [4711]}}),
        json!({"name": "x", "primary_groups": {"group_ids": [group]}, "priority": 0}),
        json!({"name": "Most urgent", "primary_groups": {"group_ids": [group]}}),
        json!({"name": "x", "primary_groups": {"group_ids": [group]}, "definition": {"all": [{"field": "brand_id", "operator": "is", "value": "4711"}]}}),
    ] {
        world.post("/queues", json!({"queue": wrong})).await.is(422);
    }
}

#[tokio::test]
async fn settings_are_kept_and_told_to_the_log() {
    let world = World::new();
    cast::team(&world).await;
    let before = world.get("/routing/settings").await.is(200)["settings"].clone();
    assert_eq!((&before["enabled"], &before["strategy"]), (&json!(false), &json!("least_loaded")));
    let asked = json!({"settings": {"strategy": "skills_first", "skills_timeout_minutes": 5}});
    world.put("/routing/settings", asked).await.is(200);
    let after = world
        .put(
            "/routing/settings",
            json!({"settings": {"skills_timeout_minutes": null, "reassign": true}}),
        )
        .await
        .is(200);
    assert_eq!(
        (&after["settings"]["strategy"], &after["settings"]["skills_timeout_minutes"]),
        (&json!("skills_first"), &Value::Null)
    );
    assert!(world.due().is_empty(), "nobody looks while it is off");
    world.put("/routing/settings", json!({"settings": {"strategy": "dice"}})).await.is(422);
    world
        .put("/routing/settings", json!({"settings": {"reassign_after_minutes": 100_000}}))
        .await
        .is(422);
    turned_on(&world, json!({})).await;
    let log = world.get("/audit_logs").await.is(200)["audit_logs"].clone();
    let told: Vec<&str> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["source_type"] == "routing_settings")
        .map(|it| it["action"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["update", "update", "create"], "what nobody set is not told");
}
