//! New tickets that sort themselves.

use crate::cast::{self, AGENT, CUSTOMER, LEAD};
use crate::world::World;
use serde_json::{Value, json};

async fn desk() -> World {
    let world = World::new();
    cast::team(&world).await;
    world
}

async fn rule(world: &World, title: &str, more: Value) -> Value {
    let mut rule = json!({"title": title});
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/triage_rules", json!({"triage_rule": rule})).await.is(201)["triage_rule"].clone()
}

fn any(words: &[&str]) -> Value {
    json!({"any": words})
}

async fn opened(world: &World, subject: &str, text: &str, more: Value) -> Value {
    let mut ticket = json!({"subject": subject, "comment": {"body": text}, "requester_id": 4001});
    ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)
}

async fn triage(world: &World, made: &Value) -> Value {
    let path = format!("/tickets/{}/triage", made["ticket"]["id"]);
    world.get(&path).await.is(200)["triage"].clone()
}

/// What triage did on an update: fields, values, and the rules' titles.
fn sorted(made: &Value) -> Vec<Value> {
    let events = made["audit"]["events"].as_array().unwrap().iter();
    let own = events.filter(|it| it["via"]["source"]["rel"] == "triage");
    own.map(|it| json!([it["field_name"], it["value"], it["via"]["source"]["from"]["title"]]))
        .collect()
}

#[tokio::test]
async fn a_rule_is_kept_moved_and_deleted() {
    let world = desk().await;
    let asked = json!({"keywords": {"all": ["refund"], "any": []}, "languages": ["en"], "senders": ["Boss@Acme.example", "@vip.example"],
        "history": [{"field": "tickets", "operator": "greater_than", "value": 3, "within_days": 30}],
        "all": [{"field": "status", "operator": "is", "value": "new"}],
        "category": "billing", "priority": "high", "tags": ["Money"]});
    let made = rule(&world, "Refunds", asked).await;
    assert_eq!(made["senders"], json!(["boss@acme.example", "vip.example"]));
    assert_eq!((&made["tags"], &made["active"]), (&json!(["money"]), &json!(true)));
    assert_eq!(made["conditions"]["all"][0]["field"], "status");
    let path = format!("/triage_rules/{}", made["id"]);
    assert_eq!(world.get(&path).await.is(200)["triage_rule"], made);
    let change = json!({"triage_rule": {"category": "refunds", "senders": []}});
    let after = world.put(&path, change).await.is(200)["triage_rule"].clone();
    assert_eq!((&after["category"], &after["senders"]), (&json!("refunds"), &json!([])));
    assert_eq!(after["keywords"], made["keywords"], "what is left out stays");
    let second = rule(&world, "Second", json!({"keywords": any(&["x"]), "category": "x"})).await;
    let titles = async || -> Vec<Value> {
        let all = world.get("/triage_rules").await.is(200)["triage_rules"].clone();
        all.as_array().unwrap().iter().map(|it| it["title"].clone()).collect()
    };
    assert_eq!(titles().await, ["Refunds", "Second"]);
    let order = json!({"triage_rule_ids": [second["id"], made["id"]]});
    world.put("/triage_rules/reorder", order).await.is(200);
    assert_eq!(titles().await, ["Second", "Refunds"]);
    let moves = json!({"triage_rules": [{"id": second["id"], "position": 9, "active": false}]});
    world.put("/triage_rules/update_many", moves).await.is(200);
    assert_eq!(titles().await, ["Refunds", "Second"]);
    let used = world.get("/triage_rules?active=true").await.is(200);
    assert_eq!(used["count"], 1);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
    // Leads keep rules, agents see them, customers do not.
    let new = json!({"triage_rule": {"title": "x", "keywords": {"any": ["x"]}, "category": "x"}});
    world.ask(LEAD, "POST", "/triage_rules", new.clone()).await.is(201);
    world.ask(AGENT, "GET", "/triage_rules", Value::Null).await.is(200);
    world.ask(AGENT, "POST", "/triage_rules", new.clone()).await.is(403);
    world.ask(CUSTOMER, "GET", "/triage_rules", Value::Null).await.is(403);
    world.ask(CUSTOMER, "POST", "/triage_rules", new).await.is(403);
}

#[tokio::test]
async fn what_no_rule_can_be_is_refused() {
    let world = desk().await;
    for (wrong, field) in [
        (json!({"category": "x"}), "base"),
        (json!({"keywords": any(&["x"])}), "base"),
        (json!({"keywords": any(&["?!"]), "category": "x"}), "keywords"),
        (json!({"languages": ["klingon"], "category": "x"}), "languages"),
        (json!({"senders": ["nobody"], "category": "x"}), "senders"),
        (json!({"senders": ["a@b"], "category": "x"}), "senders"),
        (json!({"organization_ids": [4711], "category": "x"}), "base"),
        (json!({"keywords": any(&["x"]), "group_id": 4711}), "base"),
        (
            json!({"history": [{"field": "smiles", "operator": "is", "value": 1}], "category": "x"}),
            "history",
        ),
        (
            json!({"history": [{"field": "tickets", "operator": "like", "value": 1}], "category": "x"}),
            "history",
        ),
        (
            json!({"history": [{"field": "tickets", "operator": "is", "value": 1000}], "category": "x"}),
            "history",
        ),
        (
            json!({"all": [{"field": "colour", "operator": "is", "value": "red"}], "category": "x"}),
            "base",
        ),
        (
            json!({"all": [{"field": "triage_category", "operator": "is", "value": "a"}], "category": "x"}),
            "base",
        ),
        (json!({"keywords": any(&["x"]), "category": "x", "title": ""}), "title"),
    ] {
        let mut rule = json!({"title": "r"});
        rule.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = world.post("/triage_rules", json!({"triage_rule": rule})).await.is(422);
        assert!(refused["details"][field].is_array(), "{wrong}: {refused}");
    }
}

#[tokio::test]
async fn a_new_ticket_is_sorted_before_its_triggers_and_tells_why() {
    let world = desk().await;
    let group =
        world.post("/groups", json!({"group": {"name": "Money"}})).await.is(201)["group"]["id"]
            .clone();
    let tells = json!({"keywords": any(&["refund", "charge back"]), "category": "Billing", "priority": "high",
        "tags": ["money"], "group_id": group});
    let made = rule(&world, "Refunds", tells).await;
    let seen = json!({"trigger": {"title": "sees", "actions": [{"field": "current_tags", "value": "seen"}],
        "all": [{"field": "triage_category", "operator": "is", "value": "billing"},
            {"field": "triage_rule_id", "operator": "is", "value": made["id"].to_string()},
            {"field": "priority", "operator": "is", "value": "high"}, {"field": "update_type", "operator": "is", "value": "Create"}]}});
    world.post("/triggers", seen).await.is(201);
    let ticket =
        opened(&world, "Hello", "I was told a week ago that all of my money would be refunded, but nothing has happened since.", json!({})).await;
    let of = &ticket["ticket"];
    assert_eq!((&of["priority"], &of["group_id"]), (&json!("high"), &group));
    assert_eq!(of["tags"], json!(["money", "seen"]));
    let expected = [
        json!(["triage_category", "Billing", "Refunds"]),
        json!(["group_id", group.to_string(), "Refunds"]),
        json!(["priority", "high", "Refunds"]),
        json!(["tags", ["money"], "Refunds"]),
    ];
    assert_eq!(sorted(&ticket), expected);
    let told = triage(&world, &ticket).await;
    assert_eq!((&told["rule_id"], &told["rule_title"]), (&made["id"], &json!("Refunds")));
    assert_eq!(told["why"], json!([{"part": "keywords", "found": ["refund"]}]));
    assert_eq!((&told["category"], &told["language"]), (&json!("Billing"), &json!("en")));
    assert_eq!((&told["confidence"], &told["at"]), (&json!(1.0), &of["created_at"]));
    // It is kept: an update does not sort it again.
    let path = format!("/tickets/{}", of["id"]);
    let after =
        world.put(&path, json!({"ticket": {"subject": "Other", "priority": "low"}})).await.is(200);
    assert_eq!((sorted(&after), &after["ticket"]["priority"]), (vec![], &json!("low")));
    assert_eq!(triage(&world, &ticket).await, told);
    // Views find it by it.
    let other = opened(&world, "Hello", "How are you?", json!({})).await;
    assert_eq!((triage(&world, &other).await, sorted(&other)), (Value::Null, vec![]));
    for (field, operator, value, count) in [
        ("triage_category", "is", "billing", 1),
        ("triage_category", "is_not", "billing", 1),
        ("triage_category", "not_present", "", 1),
        ("triage_rule_id", "present", "", 1),
    ] {
        let asks = json!({"field": "requester_id", "operator": "is", "value": "4001"});
        let view = json!({"view": {"all": [asks, {"field": field, "operator": operator, "value": value}]}});
        let got = world.post("/views/preview/count", view).await.is(200);
        assert_eq!(got["view_count"]["value"], count, "{field} {operator}");
    }
    let theirs = format!("/tickets/{}/triage", of["id"]);
    world.ask(CUSTOMER, "GET", &theirs, Value::Null).await.is(403);
}

#[tokio::test]
async fn words_are_found_in_their_forms_in_the_language_that_they_are_in() {
    let world = desk().await;
    let german =
        json!({"keywords": any(&["Rechnung"]), "languages": ["de"], "category": "rechnung"});
    rule(&world, "de", german).await;
    rule(&world, "both", json!({"keywords": {"all": ["invoice", "pay"]}, "category": "both"}))
        .await;
    rule(&world, "any", json!({"keywords": any(&["printer", "out of order"]), "category": "any"}))
        .await;
    for (subject, text, expected) in [
        ("Frage", "Ich habe zwei Rechnungen bekommen und verstehe sie nicht", Some("de")),
        (
            "RECHNUNG",
            "Bitte schicken Sie mir das noch einmal, vielen Dank für die Hilfe",
            Some("de"),
        ),
        (
            "Rechnung",
            "The word above is German, all of these others are English, are they not",
            None,
        ),
        ("Invoices", "I have paid all of them already", None),
        ("Invoices", "Which of them am I paying with this, and why?", Some("both")),
        ("Invoices", "What are these for, I would like to know", None),
        ("Hm", "Both of our printers are broken", Some("any")),
        ("Hm", "The machine is out of order, again", Some("any")),
        ("Hm", "The order of the machine is out, again", None),
        ("Hm", "A blueprinter is something else altogether", None),
        // What customers write is no pattern.
        ("{{ticket.title}}", ".* (prin.er|invoice[s]?)* [a-z]+ {% raw %} printe", None),
    ] {
        let made = opened(&world, subject, text, json!({})).await;
        let told = triage(&world, &made).await;
        let title = told["rule_title"].as_str();
        assert_eq!(title, expected, "{subject}: {text}: {told}");
    }
}

#[tokio::test]
async fn the_first_rule_that_fits_tells() {
    let world = desk().await;
    let words = || any(&["printer"]);
    rule(&world, "late", json!({"keywords": words(), "category": "late", "position": 5})).await;
    let early =
        rule(&world, "early", json!({"keywords": words(), "category": "early", "position": 1}))
            .await;
    rule(&world, "tie", json!({"keywords": words(), "category": "tie", "position": 1})).await;
    let told = async || {
        let made = opened(&world, "Printer", "x", json!({})).await;
        triage(&world, &made).await["category"].clone()
    };
    assert_eq!(told().await, "early", "of two at the same place the older one");
    let path = format!("/triage_rules/{}", early["id"]);
    world.put(&path, json!({"triage_rule": {"active": false}})).await.is(200);
    assert_eq!(told().await, "tie");
}

#[tokio::test]
async fn who_opens_a_ticket_has_the_last_word() {
    let world = desk().await;
    let group =
        world.post("/groups", json!({"group": {"name": "Money"}})).await.is(201)["group"]["id"]
            .clone();
    let tells = json!({"keywords": any(&["printer"]), "category": "c", "priority": "urgent", "group_id": group, "tags": ["t"]});
    rule(&world, "r", tells).await;
    let made =
        opened(&world, "Printer", "x", json!({"priority": "low", "assignee_id": 1001})).await;
    let of = &made["ticket"];
    assert_eq!((&of["priority"], &of["assignee_id"]), (&json!("low"), &json!(1001)));
    assert_ne!(of["group_id"], group);
    let fields: Vec<Value> = sorted(&made).into_iter().map(|it| it[0].clone()).collect();
    assert_eq!(fields, ["triage_category", "tags"]);
    assert_eq!(triage(&world, &made).await["priority"], "urgent", "what it said is told");
    // What cannot be done is told, and the rest is done.
    world.delete(&format!("/groups/{group}")).await.is(204);
    let made = opened(&world, "Printer", "x", json!({})).await;
    assert_eq!(
        (&made["ticket"]["priority"], &made["ticket"]["tags"]),
        (&json!("urgent"), &json!(["t"]))
    );
    let events = made["audit"]["events"].as_array().unwrap();
    assert!(
        events
            .iter()
            .any(|it| it["type"] == "Error" && it["message"].as_str().unwrap().contains("group"))
    );
    // What is imported is past.
    let import = json!({"ticket": {"subject": "Printer", "requester_id": 4001, "comments": [{"value": "x"}]}});
    let imported = world.post("/imports/tickets", import).await.is(201);
    assert_eq!(
        (triage(&world, &imported).await, &imported["ticket"]["priority"]),
        (Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn senders_and_organizations() {
    let world = desk().await;
    let organization = json!({"organization": {"name": "Big", "domain_names": ["big.example"]}});
    let big =
        world.post("/organizations", organization).await.is(201)["organization"]["id"].clone();
    rule(&world, "boss", json!({"senders": ["boss@vip.example"], "category": "boss"})).await;
    rule(&world, "vip", json!({"senders": ["vip.example"], "category": "vip"})).await;
    rule(&world, "big", json!({"organization_ids": [big], "category": "big"})).await;
    rule(&world, "customer", json!({"senders": [CUSTOMER], "category": "customer"})).await;
    for (email, expected, why) in [
        ("boss@vip.example", "boss", json!([{"part": "sender", "found": ["address"]}])),
        ("Boss@VIP.example", "boss", json!([{"part": "sender", "found": ["address"]}])),
        ("staff@vip.example", "vip", json!([{"part": "sender", "found": ["vip.example"]}])),
        ("x@big.example", "big", json!([{"part": "organization", "found": [big.to_string()]}])),
        (CUSTOMER, "customer", json!([{"part": "sender", "found": ["address"]}])),
    ] {
        let requester = json!({"requester_id": null, "requester": {"email": email, "name": "N"}});
        let told = triage(&world, &opened(&world, "x", "y", requester).await).await;
        assert_eq!((&told["category"], &told["why"]), (&json!(expected), &why), "{email}");
    }
    // Who is known by their id, and who asks themselves, are known by their address.
    let told = triage(&world, &opened(&world, "x", "y", json!({})).await).await;
    assert_eq!(told["category"], "customer");
    let request = json!({"request": {"subject": "x", "comment": {"body": "y"}}});
    let made = world.ask(CUSTOMER, "POST", "/requests", request).await.is(201);
    let path = format!("/tickets/{}/triage", made["request"]["id"]);
    assert_eq!(world.get(&path).await.is(200)["triage"]["category"], "customer");
    // An address that does not decide who asks says nothing.
    let other =
        json!({"requester_id": null, "requester": {"id": 1001, "email": "boss@vip.example"}});
    assert_eq!(triage(&world, &opened(&world, "x", "y", other).await).await, Value::Null);
    let other = json!({"requester_id": null, "requester": {"email": "x@notvip.example"}});
    assert_eq!(triage(&world, &opened(&world, "x", "y", other).await).await, Value::Null);
}

fn asked(field: &str, operator: &str, value: u32, days: Option<u32>) -> Value {
    json!([{"field": field, "operator": operator, "value": value, "within_days": days}])
}

#[tokio::test]
async fn what_somebody_asked_for_before_counts() {
    let world = desk().await;
    let history = |title: &str, asks: Value| json!({"history": asks, "category": title});
    rule(&world, "angry", history("angry", asked("bad_ratings", "greater_than", 0, None))).await;
    rule(&world, "again", history("again", asked("reopened", "greater_than", 0, None))).await;
    rule(&world, "waits", history("waits", asked("unsolved", "greater_than", 1, None))).await;
    rule(&world, "often", history("often", asked("tickets", "greater_than", 1, Some(7)))).await;
    rule(&world, "first", history("first", asked("tickets", "is", 0, None))).await;
    let told = async |made: &Value| triage(&world, made).await["category"].clone();
    let first = opened(&world, "1", "x", json!({"assignee_id": 1001})).await;
    assert_eq!(told(&first).await, "first");
    let second = opened(&world, "2", "x", json!({"assignee_id": 1001})).await;
    assert_eq!(told(&second).await, Value::Null, "one ticket before, which waits");
    let third = opened(&world, "3", "x", json!({"assignee_id": 1001})).await;
    assert_eq!(told(&third).await, "waits");
    let set = async |made: &Value, change: Value| {
        let path = format!("/tickets/{}", made["ticket"]["id"]);
        world.put(&path, json!({"ticket": change})).await.is(200);
    };
    for it in [&first, &second, &third] {
        set(it, json!({"status": "solved"})).await;
    }
    let fourth = opened(&world, "4", "x", json!({"assignee_id": 1001})).await;
    assert_eq!(told(&fourth).await, "often");
    world.pass(8 * 24 * 3_600);
    assert_eq!(told(&opened(&world, "5", "x", json!({})).await).await, Value::Null, "long ago");
    set(&first, json!({"status": "open"})).await;
    assert_eq!(told(&opened(&world, "6", "x", json!({})).await).await, "again");
    let path = format!("/tickets/{}/satisfaction_rating", second["ticket"]["id"]);
    let rating = json!({"satisfaction_rating": {"score": "bad"}});
    world.ask(CUSTOMER, "POST", &path, rating).await.is(200);
    assert_eq!(told(&opened(&world, "7", "x", json!({})).await).await, "angry");
    // Of whom nothing is known nothing was asked for before.
    let new = json!({"requester_id": null, "requester": {"email": "new@acme.example"}});
    assert_eq!(told(&opened(&world, "8", "x", new).await).await, "first");
}

#[tokio::test]
async fn nothing_is_read_that_no_rule_asks_for() {
    let world = desk().await;
    let rounds = async |subject: &str| {
        let _ = world.store.calls();
        opened(&world, subject, "x", json!({})).await;
        world.store.calls().rounds
    };
    rounds("a").await;
    let before = rounds("b").await;
    rule(&world, "words", json!({"keywords": any(&["printer"]), "category": "c"})).await;
    let own = json!({"all": [{"field": "status", "operator": "is", "value": "new"}], "keywords": any(&["fax"]), "category": "c"});
    rule(&world, "own", own).await;
    rounds("c").await;
    assert_eq!(rounds("printer").await, before);
    // What was asked for before is read only if all else is so.
    let often = asked("tickets", "greater_than", 100, None);
    rule(&world, "often", json!({"history": often, "keywords": any(&["again"]), "category": "c"}))
        .await;
    rounds("d").await;
    assert_eq!(rounds("e").await, before);
    assert_eq!(rounds("printer again").await, before, "another rule told before");
    assert_eq!(rounds("again").await, before + 1);
    let beside = rule(&world, "sender", json!({"senders": ["vip.example"], "history": asked("tickets", "is", 0, None), "category": "c"})).await;
    rounds("f").await;
    assert_eq!(rounds("g").await, before, "who asks was read to know that they are there");
    world.delete(&format!("/triage_rules/{}", beside["id"])).await.is(204);
}

#[tokio::test]
async fn it_is_told_which_rule_would_fit_and_nothing_is_done() {
    let world = desk().await;
    let no = json!({"keywords": any(&["invoice"]), "languages": ["en"], "category": "no"});
    rule(&world, "no", no).await;
    let yes = json!({"keywords": any(&["printer"]), "senders": ["vip.example"], "category": "yes", "priority": "high"});
    let yes = rule(&world, "yes", yes).await;
    let ask = json!({"subject": "Our printers", "text": "All of them are broken, please help us soon", "sender": "a@vip.example"});
    let got = world.post("/triage_rules/test", ask.clone()).await.is(200)["test"].clone();
    assert_eq!((&got["language"], &got["verdict"]["rule_id"]), (&json!("en"), &yes["id"]));
    assert_eq!(
        (&got["verdict"]["category"], &got["verdict"]["priority"]),
        (&json!("yes"), &json!("high"))
    );
    let rules = &got["triage_rules"];
    assert_eq!((&rules[0]["fits"], &rules[0]["why"]), (&json!(false), &json!("not so: keywords")));
    assert_eq!(rules[0]["parts"][0], json!({"part": "language", "met": true, "found": ["en"]}));
    assert_eq!(
        rules[1]["parts"][1],
        json!({"part": "sender", "met": true, "found": ["vip.example"]})
    );
    // One that is not kept, on a ticket as it is opened.
    let draft = json!({"all": [{"field": "priority", "operator": "is", "value": "low"}],
        "history": asked("tickets", "is", 0, None), "category": "low"});
    let ticket =
        json!({"subject": "x", "comment": {"body": "y"}, "priority": "low", "requester_id": 4001});
    let tried = json!({"ticket": ticket, "triage_rule": draft});
    let got = world.post("/triage_rules/test", tried).await.is(200)["test"].clone();
    assert_eq!(
        (&got["verdict"]["category"], &got["triage_rules"][0]["parts"][0]["found"]),
        (&json!("low"), &json!(["priority is low"]))
    );
    let found = world.get("/tickets").await.is(200);
    assert_eq!(found["count"], 0);
    world.post("/triage_rules/test", json!({})).await.is(400);
    world.ask(AGENT, "POST", "/triage_rules/test", ask).await.is(403);
    // Triggers are tried on what triage leaves.
    let trigger = json!({"title": "t", "all": [{"field": "triage_category", "operator": "is", "value": "yes"}],
        "actions": [{"field": "current_tags", "value": "acted"}]});
    let ticket = json!({"subject": "Printer", "comment": {"body": "y"}, "requester": {"email": "a@vip.example"}});
    let got = world
        .post("/triggers/test", json!({"ticket": ticket, "trigger": trigger}))
        .await
        .is(200)["test"]
        .clone();
    assert_eq!(
        (&got["ticket"]["tags"], &got["ticket"]["priority"]),
        (&json!(["acted"]), &json!("high"))
    );
    assert_eq!(got["events"][0]["via"]["source"]["rel"], "triage");
}
