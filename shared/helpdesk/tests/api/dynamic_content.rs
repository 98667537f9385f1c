//! Texts in several languages, and where they stand.

use crate::cast::{self, AGENT, CUSTOMER, LEAD};
use crate::outside::LEADS;
use crate::world::World;
use ceap_helpdesk::ticket::Audit;
use ceap_helpdesk::ticket::letter::{Letter, Notice, Text, letters};
use ceap_helpdesk::webhook::requests;
use ceap_kernel::TenantId;
use serde_json::{Value, json};

const PATH: &str = "/dynamic_content/items";

async fn desk() -> World {
    let world = World::new();
    cast::team(&world).await;
    world
}

/// An item with variants in these languages; the first is the default.
async fn item(world: &World, name: &str, variants: &[(u64, &str)]) -> Value {
    let variants: Vec<Value> =
        variants.iter().map(|(id, text)| json!({"locale_id": id, "content": text})).collect();
    let item = json!({"item": {"name": name, "default_locale_id": variants[0]["locale_id"], "variants": variants}});
    world.post(PATH, item).await.is(201)["item"].clone()
}

async fn trigger(world: &World, actions: Value) {
    let all = json!([{"field": "update_type", "operator": "is", "value": "Create"}]);
    let asked = json!({"trigger": {"title": "t", "all": all, "actions": actions}});
    world.post("/triggers", asked).await.is(201);
}

async fn opened(world: &World, more: Value) -> Value {
    let mut ticket = json!({"subject": "x", "comment": {"body": "y"}, "requester_id": 4001});
    ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)
}

fn notices(world: &World) -> Vec<Notice> {
    let tenant = TenantId::new("acme").unwrap();
    let all = world.store.dump().into_iter();
    let audits = all.filter(|(of, key, _)| *of == tenant && key.sort.starts_with("A#"));
    let mut audits: Vec<Audit> =
        audits.map(|(_, _, body)| serde_json::from_str(&body).unwrap()).collect();
    audits.sort_by_key(|audit| audit.id);
    audits.iter().filter_map(Notice::of).collect()
}

/// What rules wrote with the last update, by addresses.
pub async fn written(world: &World) -> Vec<(String, String, String)> {
    let tenant = TenantId::new("acme").unwrap();
    let Some(notice) = notices(world).pop() else { return Vec::new() };
    let all = letters(&world.store, &world.accounts, &tenant, &notice, LEADS).await.unwrap();
    let one = |Letter { email, text, .. }: Letter| match text {
        Text::Ruled { subject, text } => Some((email, subject, text)),
        Text::Said { .. } => None,
    };
    let mut all: Vec<_> = all.into_iter().filter_map(one).collect();
    all.sort();
    all
}

#[tokio::test]
async fn an_item_is_kept_as_clients_know_it() {
    let world = desk().await;
    let made = item(&world, "Snowboard Problem", &[(16, "Voici"), (2, "Este")]).await;
    assert_eq!(made["placeholder"], "{{dc.snowboard_problem}}");
    assert_eq!((&made["default_locale_id"], &made["outdated"]), (&json!(16), &json!(false)));
    let first = &made["variants"][0];
    assert_eq!((&first["default"], &first["active"]), (&json!(true), &json!(true)));
    assert_eq!(
        (&first["content"], &made["variants"][1]["default"]),
        (&json!("Voici"), &json!(false))
    );
    let path = format!("{PATH}/{}", made["id"]);
    assert_eq!(made["url"], format!("http://desk.example/api/v2{path}.json"));
    assert_eq!(world.get(&format!("{path}.json")).await.is(200)["item"], made);
    // Its name alone changes, not what rules call it.
    let named = json!({"item": {"name": "Ski", "placeholder": "{{dc.other}}"}});
    let after = world.put(&path, named).await.is(200)["item"].clone();
    assert_eq!((&after["name"], &after["placeholder"]), (&json!("Ski"), &made["placeholder"]));
    item(&world, "Other", &[(1, "x")]).await;
    assert_eq!(world.get(PATH).await.is(200)["items"].as_array().unwrap().len(), 2);
    let many = world.get(&format!("{PATH}/show_many?identifiers=other,nothing")).await.is(200);
    assert_eq!((&many["count"], &many["items"][0]["name"]), (&json!(1), &json!("Other")));
    world.get(&format!("{PATH}/show_many")).await.is(400);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
    // Who keeps rules keeps it.
    let new = json!({"item": {"name": "New", "default_locale_id": 1, "content": "x"}});
    world.ask(AGENT, "POST", PATH, new.clone()).await.is(403);
    world.ask(AGENT, "GET", PATH, Value::Null).await.is(200);
    world.ask(CUSTOMER, "GET", PATH, Value::Null).await.is(403);
    let short = world.ask(LEAD, "POST", PATH, new).await.is(201);
    assert_eq!(short["item"]["variants"][0]["content"], "x");
}

#[tokio::test]
async fn variants_are_added_changed_and_deleted() {
    let world = desk().await;
    let made = item(&world, "Hello", &[(1, "Hello")]).await;
    let path = format!("{PATH}/{}/variants", made["id"]);
    let one =
        json!({"variant": {"locale_id": 8, "content": "Hallo", "active": true, "default": false}});
    let german = world.post(&path, one).await.is(201)["variant"].clone();
    assert_eq!(german["locale_id"], 8);
    let many = json!({"variants": [{"locale_id": 2, "content": "Hola"}, {"locale_id": 16, "content": "Bonjour"}]});
    let many = world.post(&format!("{path}/create_many"), many).await.is(200)["variants"].clone();
    assert_eq!(many[1]["content"], "Bonjour");
    let listed = world.get(&path).await.is(200);
    assert_eq!(listed["count"], 4);
    let cut = world.get(&format!("{path}?page[size]=3")).await.is(200);
    assert_eq!(
        (cut["variants"].as_array().unwrap().len(), &cut["meta"]["has_more"]),
        (3, &json!(true))
    );
    let of = |it: &Value| format!("{path}/{}", it["id"]);
    assert_eq!(world.get(&of(&german)).await.is(200)["variant"], german);
    // Once the default says something else, the others may say what it said before.
    world.pass(60);
    let usual = &made["variants"][0];
    let change = json!({"variant": {"content": "Hello there"}});
    let after = world.put(&of(usual), change).await.is(200)["variant"].clone();
    assert_eq!((&after["content"], &after["outdated"]), (&json!("Hello there"), &json!(false)));
    assert_eq!(world.get(&of(&german)).await.is(200)["variant"]["outdated"], true);
    assert_eq!(
        world.get(&format!("{PATH}/{}", made["id"])).await.is(200)["item"]["outdated"],
        true
    );
    let many = json!({"variants": [{"id": german["id"], "content": "Hallo!"}, {"id": many[0]["id"], "active": false}]});
    let many = world.put(&format!("{path}/update_many"), many).await.is(200)["variants"].clone();
    assert_eq!((&many[0]["outdated"], &many[1]["active"]), (&json!(false), &json!(false)));
    // Another becomes the default; there is always one.
    world.delete(&of(usual)).await.is(422);
    world.put(&of(usual), json!({"variant": {"default": false}})).await.is(422);
    world.put(&of(usual), json!({"variant": {"active": false}})).await.is(422);
    world.put(&of(&german), json!({"variant": {"default": true}})).await.is(200);
    let item = world.get(&format!("{PATH}/{}", made["id"])).await.is(200)["item"].clone();
    assert_eq!(item["default_locale_id"], 8);
    world.delete(&of(usual)).await.is(204);
    world.get(&of(usual)).await.is(404);
}

#[tokio::test]
async fn what_no_item_can_be_is_refused() {
    let world = desk().await;
    item(&world, "Hello", &[(1, "Hello")]).await;
    let one = |id: u64, text: &str| json!({"locale_id": id, "content": text});
    for (name, default, variants, field) in [
        ("", 1, json!([one(1, "x")]), "name"),
        ("!?", 1, json!([one(1, "x")]), "name"),
        ("hello", 1, json!([one(1, "x")]), "name"),
        ("New", 1, json!([]), "variants"),
        ("New", 8, json!([one(1, "x")]), "variants"),
        ("New", 1, json!([one(1, "x"), one(1, "y")]), "locale_id"),
        ("New", 4711, json!([one(4711, "x")]), "locale_id"),
        ("New", 1, json!([one(1, " ")]), "content"),
        ("New", 1, json!([one(1, &"x".repeat(20_000))]), "content"),
    ] {
        let asked =
            json!({"item": {"name": name, "default_locale_id": default, "variants": variants}});
        let refused = world.post(PATH, asked).await.is(422);
        assert!(refused["details"][field].is_array(), "{name}: {field}: {refused}");
    }
}

#[tokio::test]
async fn letters_are_in_the_language_of_who_reads_them() {
    let world = desk().await;
    item(
        &world,
        "Hello",
        &[
            (1, "Hello {{ticket.requester.first_name}}"),
            (8, "Guten Tag, {{ticket.requester.first_name}}"),
        ],
    )
    .await;
    item(&world, "Bye", &[(16, "Au revoir"), (1, "Bye")]).await;
    let text = "{{dc.hello}}: {{ ticket.title }} {% if dc.bye == 'Bye' %}!{% endif %}{{dc.nothing}}\n{{dc.bye | upcase}}";
    trigger(
        &world,
        json!([
        {"field": "notification_user", "value": ["requester_id", "{{dc.hello}}", text]},
        {"field": "notification_user", "value": ["assignee_id", "{{dc.bye}}", text]}]),
    )
    .await;
    opened(&world, json!({"subject": "{{dc.bye}}", "assignee_id": 1001})).await;
    let told = |email: &str, subject: &str, text: &str| {
        (email.to_owned(), subject.to_owned(), text.to_owned())
    };
    let english = "Hello customer: {{dc.bye}} !\nBYE";
    assert_eq!(
        written(&world).await,
        [told(AGENT, "Bye", english), told(CUSTOMER, "Hello customer", english)],
        "what people write is no template"
    );
    // Of Austria is German too; where there is none it is the default.
    world.put("/users/4001", json!({"user": {"locale_id": 8}})).await.is(200);
    opened(&world, json!({"assignee_id": 1001})).await;
    let german = "Guten Tag, customer: x \nAU REVOIR";
    let of = |all: Vec<(String, String, String)>, email: &str| {
        all.into_iter().find(|it| it.0 == email).unwrap()
    };
    assert_eq!(of(written(&world).await, CUSTOMER), told(CUSTOMER, "Guten Tag, customer", german));
    assert_eq!(of(written(&world).await, AGENT).2, "Hello customer: x !\nBYE");
}

#[tokio::test]
async fn dynamic_content_names_no_other_and_ends() {
    let world = desk().await;
    item(&world, "A", &[(1, "[a {{dc.b}} {{dc.a}} {{ticket.title}}]")]).await;
    item(&world, "B", &[(1, "[b {{dc.a}}]")]).await;
    item(&world, "Broken", &[(1, "{% if %} {{ticket.title}} {{dc.a}}")]).await;
    let text = "{{dc.a}} {{dc.b}} {{dc.broken}}";
    trigger(&world, json!([{"field": "notification_user", "value": ["requester_id", "s", text]}]))
        .await;
    opened(&world, json!({"subject": "{{dc.b}}{{ticket.id}}"})).await;
    let all = written(&world).await;
    assert_eq!(all[0].2, "[a   {{dc.b}}{{ticket.id}}] [b ] {% if %} {{dc.b}}{{ticket.id}} ");
}

#[tokio::test]
async fn macros_and_what_rules_say_are_in_the_language_of_who_asks() {
    let world = desk().await;
    item(&world, "Hi", &[(1, "Hi <b>{{ticket.title}}</b>"), (8, "Hallo <b>{{ticket.title}}</b>")])
        .await;
    world.put("/users/4001", json!({"user": {"locale_id": 8}})).await.is(200);
    let actions =
        json!([{"field": "comment_value_html", "value": "<p>{{dc.hi}}</p>{{dc.hi | upcase}}"}]);
    let made =
        world.post("/macros", json!({"macro": {"title": "m", "actions": actions}})).await.is(201);
    let ticket = opened(&world, json!({"subject": "<script>"})).await;
    let path = format!("/tickets/{}/macros/{}/apply", ticket["ticket"]["id"], made["macro"]["id"]);
    let got = world.get(&path).await.is(200);
    // It is HTML in HTML; what stands in it is text, and what a filter makes of it too.
    let html = &got["result"]["ticket"]["comment"]["html_body"];
    let expected =
        "<p>Hallo <b>&lt;script&gt;</b></p>HALLO &lt;B&gt;&amp;LT;SCRIPT&amp;GT;&lt;/B&gt;";
    assert_eq!(html, expected);
    trigger(&world, json!([{"field": "comment_value", "value": "{{dc.hi}}"}])).await;
    let ticket = opened(&world, json!({"subject": "y"})).await;
    let said = world.get(&format!("/tickets/{}/comments", ticket["ticket"]["id"])).await.is(200);
    assert_eq!(said["comments"][1]["body"], "Hallo <b>y</b>");
}

#[tokio::test]
async fn in_json_it_is_a_value() {
    let world = desk().await;
    item(&world, "Quoted", &[(1, "\"{{ticket.title | append: \"!\"}}\"\n\\")]).await;
    let webhook = json!({"webhook": {"name": "w", "endpoint": "https://hooks.example/x", "http_method": "POST",
        "request_format": "json", "status": "active", "subscriptions": ["conditional_ticket_events"]}});
    let made = world.post("/webhooks", webhook).await.is(201);
    let body = "{\"text\": \"{{dc.quoted}}\"}";
    trigger(
        &world,
        json!([{"field": "notification_webhook", "value": [made["webhook"]["id"], body]}]),
    )
    .await;
    opened(&world, json!({"subject": "a\"b"})).await;
    let tenant = TenantId::new("acme").unwrap();
    let notice = notices(&world).pop().unwrap();
    world.at_desk(async |desk| requests(desk, &tenant, &notice, "").await).await.unwrap();
    let asked = world.outside.requests.borrow().clone();
    let sent: Value = serde_json::from_slice(&asked.last().unwrap().body).unwrap();
    assert_eq!(sent["text"], "\"a\"b!\"\n\\");
}

#[tokio::test]
async fn fields_and_forms_have_names_of_dynamic_content() {
    let world = desk().await;
    item(&world, "Flight", &[(1, "Flight Number"), (8, "Flugnummer")]).await;
    item(&world, "Red", &[(1, "Red")]).await;
    let field = json!({"type": "tagger", "title": "{{dc.flight}}", "description": "Your {{ dc.flight }}, {{dc.nothing}}{{ticket.id}}",
        "custom_field_options": [{"name": "{{dc.red}} wine", "value": "red"}]});
    let made =
        world.post("/ticket_fields", json!({"ticket_field": field})).await.is(201)["ticket_field"]
            .clone();
    assert_eq!(
        (&made["title"], &made["raw_title"]),
        (&json!("Flight Number"), &json!("{{dc.flight}}"))
    );
    assert_eq!(
        (&made["title_in_portal"], &made["raw_title_in_portal"]),
        (&json!("Flight Number"), &json!("{{dc.flight}}"))
    );
    assert_eq!(
        made["description"], "Your Flight Number, {{ticket.id}}",
        "nothing else is filled in"
    );
    let option = &made["custom_field_options"][0];
    assert_eq!(
        (&option["name"], &option["raw_name"]),
        (&json!("Red wine"), &json!("{{dc.red}} wine"))
    );
    // What is read and sent again stays as it was.
    let path = format!("/ticket_fields/{}", made["id"]);
    let again =
        world.put(&path, json!({"ticket_field": made})).await.is(200)["ticket_field"].clone();
    for name in ["raw_title", "raw_description", "raw_title_in_portal", "custom_field_options"] {
        assert_eq!(again[name], made[name], "{name}");
    }
    let named = json!({"ticket_field": {"title": "Number"}});
    let named = world.put(&path, named).await.is(200)["ticket_field"].clone();
    assert_eq!((&named["title"], &named["raw_title"]), (&json!("Number"), &json!("Number")));
    let form = json!({"ticket_form": {"name": "{{dc.flight}}"}});
    let form = world.post("/ticket_forms", form).await.is(201)["ticket_form"].clone();
    assert_eq!(
        (&form["name"], &form["raw_name"]),
        (&json!("Flight Number"), &json!("{{dc.flight}}"))
    );
    assert_eq!(
        (&form["display_name"], &form["raw_display_name"]),
        (&json!("Flight Number"), &json!("{{dc.flight}}"))
    );
    for kind in ["user", "organization"] {
        let field = json!({format!("{kind}_field"): {"type": "text", "title": "{{dc.flight}}", "key": "flight"}});
        let made = world.post(&format!("/{kind}_fields"), field).await.is(201);
        let made = &made[format!("{kind}_field")];
        assert_eq!(
            (&made["title"], &made["raw_title"]),
            (&json!("Flight Number"), &json!("{{dc.flight}}"))
        );
    }
}
