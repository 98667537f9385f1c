//! Whom triggers tell: people, webhooks and use cases; and what they say themselves.

use super::{changed, desk, opened, ruled, trigger};
use crate::cast::{AGENT, CUSTOMER, LEAD, OTHER};
use crate::outside::LEADS;
use crate::world::World;
use ceap_helpdesk::ticket::Audit;
use ceap_helpdesk::ticket::fact::{Kind, facts};
use ceap_helpdesk::ticket::letter::{Letter, Notice, Text, letters};
use ceap_helpdesk::webhook::{Delivered, Undelivered, requests};
use ceap_kernel::TenantId;
use serde_json::{Value, json};

const BASE: &str = "https://desk.example";

fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

/// What was done last.
fn last(world: &World) -> Audit {
    let all = world.store.dump().into_iter();
    let audits = all.filter(|(of, key, _)| *of == tenant() && key.sort.starts_with("A#"));
    let audits = audits.map(|(_, _, body)| serde_json::from_str::<Audit>(&body).unwrap());
    audits.max_by_key(|audit| audit.id).unwrap()
}

async fn written(world: &World) -> Vec<Letter> {
    let Some(notice) = Notice::of(&last(world)) else { return Vec::new() };
    let all = letters(&world.store, &world.accounts, &tenant(), &notice, LEADS).await.unwrap();
    let mut ruled: Vec<Letter> =
        all.into_iter().filter(|it| matches!(it.text, Text::Ruled { .. })).collect();
    ruled.sort_by(|a, b| a.email.cmp(&b.email));
    ruled
}

fn said(letter: &Letter) -> (&str, &str) {
    match &letter.text {
        Text::Ruled { subject, text } => (subject, text),
        Text::Said { .. } => panic!("{letter:?}"),
    }
}

fn mail(whom: &str) -> Value {
    json!([{"field": "notification_user", "value": [whom, "[{{ticket.account}}] Re: {{ticket.title}}",
        "Hi {{ticket.requester.first_name}}, #{{ticket.id}} is {{ticket.status}}.\n\n{{ticket.comments_formatted}}\n{{ticket.link}}"]}])
}

#[tokio::test]
async fn people_are_written_to_with_what_placeholders_stand_for() {
    let world = desk().await;
    trigger(&world, "received", &[["update_type", "is", "Create"]], mail("requester_id")).await;
    let made = opened(&world, json!({"subject": "{{ticket.id}}"})).await;
    let event = made["audit"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["type"] == "Notification")
        .unwrap();
    assert_eq!(
        (&event["recipients"], &event["via"]["source"]["rel"]),
        (&json!([4001]), &json!("trigger"))
    );
    let all = written(&world).await;
    let [letter] = &all[..] else { panic!("{all:?}") };
    let (subject, text) = said(letter);
    assert_eq!(letter.email, CUSTOMER);
    assert_eq!(subject, "[acme] Re: {{ticket.id}}", "what people write is no template");
    assert!(text.starts_with(&format!("Hi customer, #{} is new.", made["ticket"]["id"])), "{text}");
    assert!(
        text.contains("It smokes.") && text.contains("https://desk.example/agent/tickets/"),
        "{text}"
    );
}

#[tokio::test]
async fn whom_a_word_means() {
    let world = desk().await;
    let group = world.get("/groups").await.is(200)["groups"][0]["id"].clone();
    let ccs = json!([{"user_email": "bo@acme.example", "action": "put"}]);
    let begins = json!({"assignee_id": 1001, "email_ccs": ccs});
    for (action, whom, expected) in [
        ("notification_user", json!("assignee_id"), vec![AGENT]),
        ("notification_user", json!("requester_and_ccs"), vec!["bo@acme.example", CUSTOMER]),
        ("notification_user", json!("current_user"), vec!["owner@acme.example"]),
        ("notification_user", json!("all_agents"), vec![AGENT, OTHER, LEAD, "owner@acme.example"]),
        ("notification_user", json!("2001"), vec![OTHER]),
        ("notification_group", json!("group_id"), vec![AGENT, OTHER, LEAD, "owner@acme.example"]),
        (
            "notification_group",
            json!(group.to_string()),
            vec![AGENT, OTHER, LEAD, "owner@acme.example"],
        ),
    ] {
        let actions = json!([{"field": action, "value": [whom, "s", "t"]}]);
        let made = trigger(&world, "t", &[["update_type", "is", "Create"]], actions).await;
        opened(&world, begins.clone()).await;
        let written = written(&world).await;
        let to: Vec<&str> = written.iter().map(|it| it.email.as_str()).collect();
        assert_eq!(to, expected, "{action} {whom}");
        world.delete(&format!("/triggers/{}", made["id"])).await.is(204);
    }
}

#[tokio::test]
async fn customers_read_no_internal_notes_and_nobody_is_written_to_who_may_not() {
    let world = desk().await;
    trigger(&world, "all", &[["update_type", "is", "Change"]], mail("requester_id")).await;
    let actions = json!([{"field": "notification_user", "value": ["1001", "s", "{{ticket.latest_comment}}"]}]);
    trigger(&world, "agent", &[["update_type", "is", "Change"]], actions).await;
    let made = opened(&world, json!({})).await;
    changed(&world, &made, json!({"comment": {"body": "Secret.", "public": false}})).await;
    let all = written(&world).await;
    let [agent, customer] = &all[..] else { panic!("{all:?}") };
    assert_eq!(said(agent).1, "Secret.");
    assert!(!said(customer).1.contains("Secret") && said(customer).1.contains("It smokes."));
    world.put("/users/4001", json!({"user": {"suspended": true}})).await.is(200);
    changed(&world, &made, json!({"priority": "low"})).await;
    assert_eq!(written(&world).await.len(), 1);
    // Each letter is known by its event, so that it is sent once however often this is done.
    let (one, two) = (written(&world).await, written(&world).await);
    assert_eq!(one, two);
}

#[tokio::test]
async fn a_webhook_is_asked_once() {
    let world = desk().await;
    let webhook = json!({"webhook": {"name": "x", "endpoint": "https://example.com/hook", "http_method": "POST",
        "request_format": "json", "status": "active", "subscriptions": ["conditional_ticket_events"]}});
    let webhook = world.post("/webhooks", webhook).await.is(201)["webhook"]["id"].clone();
    let body = "{\"id\": {{ticket.id}}, \"title\": \"{{ticket.title}}\"}";
    let actions = json!([{"field": "notification_webhook", "value": [webhook, body]}]);
    trigger(&world, "hook", &[["update_type", "is", "Create"]], actions).await;
    let made = opened(&world, json!({"subject": "a \"quoted\" one"})).await;
    assert_eq!(ruled(&made), [("Webhook".to_owned(), "hook".to_owned())]);
    let notice = Notice::of(&last(&world)).unwrap();
    for _ in 0..3 {
        world.at_desk(async |desk| requests(desk, &tenant(), &notice, BASE).await.unwrap()).await;
    }
    let asked = world.outside.requests.borrow().clone();
    let [request] = &asked[..] else { panic!("{asked:?}") };
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(sent, json!({"id": made["ticket"]["id"], "title": "a \"quoted\" one"}));
    let path = format!("/webhooks/{}/invocations", webhook.as_str().unwrap());
    let all = world.get(&path).await.is(200);
    assert_eq!(all["invocations"].as_array().unwrap().len(), 1);
}

/// An update that has asked for two requests, each answered by `answers` in their order.
async fn asked(
    world: &World,
    answers: Vec<Result<Delivered, Undelivered>>,
) -> (Notice, String, Value) {
    let webhook = json!({"webhook": {"name": "x", "endpoint": "https://example.com/hook", "http_method": "POST",
        "request_format": "json", "status": "active", "subscriptions": ["conditional_ticket_events"]}});
    let webhook = world.post("/webhooks", webhook).await.is(201)["webhook"]["id"].clone();
    let actions =
        json!([{"field": "notification_webhook", "value": [webhook, "{{ticket.status}}"]}]);
    trigger(world, "hook", &[["update_type", "is", "Create"]], actions).await;
    let made = opened(world, json!({})).await;
    world.outside.answers.borrow_mut().extend(answers);
    let path = format!("/webhooks/{}/invocations", webhook.as_str().unwrap());
    (Notice::of(&last(world)).unwrap(), path, made)
}

fn refused(status: u16, after: Option<&str>) -> Result<Delivered, Undelivered> {
    let headers = after.map(|it| ("retry-after".to_owned(), it.to_owned()));
    let headers = headers.into_iter().collect();
    Ok(Delivered { status, headers, body: "no".to_owned(), milliseconds: 1 })
}

/// What the queue's message is to do then.
async fn brought(world: &World, notice: &Notice) -> Option<u32> {
    world.at_desk(async |desk| requests(desk, &tenant(), notice, BASE).await.unwrap()).await
}

#[tokio::test]
async fn a_webhook_that_refuses_for_a_while_is_asked_again() {
    let world = desk().await;
    let answers = vec![refused(409, None), refused(503, Some("30")), refused(200, None)];
    let (notice, path, made) = asked(&world, answers).await;
    let made_so_far = || world.outside.requests.borrow().len();
    let wait = brought(&world, &notice).await.unwrap();
    assert!((5..=6).contains(&wait), "{wait}");
    assert_eq!(brought(&world, &notice).await, Some(wait), "it is not time yet");
    assert_eq!(made_so_far(), 1);
    world.pass(i64::from(wait));
    changed(&world, &made, json!({"status": "open"})).await;
    let wait = brought(&world, &notice).await.unwrap();
    assert!((30..=31).contains(&wait) && made_so_far() == 2, "{wait}");
    world.pass(i64::from(wait));
    // Two at once: one of them asks.
    let both = world.at_desk(async |desk| {
        let tenant = tenant();
        futures::join!(
            requests(desk, &tenant, &notice, BASE),
            requests(desk, &tenant, &notice, BASE)
        )
    });
    let (one, other) = both.await;
    assert_eq!((one.unwrap(), other.unwrap(), made_so_far()), (None, None, 3));
    assert_eq!((brought(&world, &notice).await, made_so_far()), (None, 3), "it is done");
    let all = world.get(&path).await.is(200)["invocations"].as_array().unwrap().clone();
    let [one] = &all[..] else { panic!("{all:?}") };
    assert_eq!(one["status"], "success");
    let tries =
        world.get(&format!("{path}/{}/attempts", one["id"].as_str().unwrap())).await.is(200);
    let codes: Vec<u64> = tries["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["status_code"].as_u64().unwrap())
        .collect();
    assert_eq!(codes, [409, 503, 200]);
    let ids: std::collections::BTreeSet<&str> =
        tries["attempts"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    // The receiver knows it again by the request's id.
    let id = |at: usize| {
        let all = world.outside.requests.borrow();
        let header = |(name, _): &&(String, String)| name == "X-Zendesk-Webhook-Invocation-Id";
        all[at].headers.iter().find(header).unwrap().1.clone()
    };
    assert!(id(0) == id(1) && id(1) == id(2));
    let bodies: Vec<Vec<u8>> =
        world.outside.requests.borrow().iter().map(|it| it.body.clone()).collect();
    assert_eq!(bodies, [b"new".to_vec(), b"open".to_vec(), b"open".to_vec()]);
}

#[tokio::test]
async fn what_goes_on_being_refused_is_given_up_and_what_may_have_been_done_is_left() {
    let world = desk().await;
    let (notice, path, _) = asked(&world, vec![refused(409, None); 9]).await;
    let mut tries = 1;
    while let Some(wait) = brought(&world, &notice).await {
        world.pass(i64::from(wait));
        tries += 1;
    }
    assert_eq!((tries, world.outside.requests.borrow().len()), (4, 4), "three times more");
    let status =
        async |path: &str| world.get(path).await.is(200)["invocations"][0]["status"].clone();
    assert_eq!(status(&path).await, "client error");
    for answer in [
        Err(Undelivered::Lost("no answer".to_owned())),
        Err(Undelivered::Unreachable("no connection".to_owned())),
        refused(503, None),
        refused(429, Some("3600")),
        refused(500, Some("1")),
    ] {
        let world = desk().await;
        let (notice, ..) = asked(&world, vec![answer]).await;
        for _ in 0..3 {
            assert_eq!(brought(&world, &notice).await, None);
            world.pass(100);
        }
        assert_eq!(world.outside.requests.borrow().len(), 1);
    }
}

#[tokio::test]
async fn a_use_case_is_opened() {
    let world = desk().await;
    let actions = json!([{"field": "use_case", "value": "escalate-vip"}]);
    trigger(&world, "opens", &[["priority", "is", "urgent"]], actions).await;
    opened(&world, json!({"priority": "urgent"})).await;
    let told = facts(&world.store, &tenant(), &[last(&world)]).await.unwrap();
    let fact = told.iter().find(|it| it.kind == Kind::Triggered).unwrap();
    assert_eq!(fact.data["use_case"]["name"], "escalate-vip");
    assert_eq!(fact.data["ticket"]["priority"], "urgent");
    assert!(fact.id.starts_with("TicketTriggered.v1:"));
}

#[tokio::test]
async fn a_trigger_says_something_as_an_update_of_its_own() {
    let world = desk().await;
    let actions = json!([{"field": "comment_value", "value": "Thanks, {{ticket.requester.name}}: {{ticket.title}}"},
        {"field": "comment_mode_is_public", "value": "true"}]);
    trigger(&world, "thanks", &[["update_type", "is", "Create"]], actions).await;
    let made = opened(&world, json!({"subject": "{{ticket.id}}"})).await;
    let path = format!("/tickets/{}/comments", made["ticket"]["id"]);
    let comments = world.get(&path).await.is(200);
    let comments: Vec<(&Value, &Value)> = comments["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["body"], &it["public"]))
        .collect();
    assert_eq!(
        comments,
        [
            (&json!("It smokes."), &json!(true)),
            (&json!("Thanks, customer: {{ticket.id}}"), &json!(true))
        ]
    );
    let audits = world.get(&format!("/tickets/{}/audits", made["ticket"]["id"])).await.is(200);
    assert_eq!(audits["audits"].as_array().unwrap().len(), 2);
    assert_eq!(audits["audits"][1]["via"]["source"]["from"]["title"], "thanks");
}
