//! What SLA policies promise of tickets, as clients see it.

use crate::cast::{self, CUSTOMER};
use crate::world::World;
use ceap_helpdesk::automation::{Duty, Swept, sweep};
use ceap_kernel::TenantId;
use serde_json::{Value, json};

async fn policy(world: &World, title: &str, all: Value, metrics: Value) -> Value {
    let policy =
        json!({"title": title, "filter": {"all": all, "any": []}, "policy_metrics": metrics});
    world.post("/slas/policies", json!({"sla_policy": policy})).await.is(201)["sla_policy"].clone()
}

fn within(priority: &str, metric: &str, minutes: u32) -> Value {
    json!({"priority": priority, "metric": metric, "target": minutes, "business_hours": false})
}

async fn opened(world: &World, more: Value) -> u64 {
    let mut ticket = json!({"subject": "Printer", "comment": {"body": "x"}, "requester_id": 4001, "priority": "normal"});
    ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)["ticket"]["id"]
        .as_u64()
        .unwrap()
}

/// Asked by the customer themselves, so that somebody waits for a reply.
async fn requested(world: &World, priority: &str) -> u64 {
    let request =
        json!({"request": {"subject": "x", "comment": {"body": "x"}, "priority": priority}});
    world.ask(CUSTOMER, "POST", "/requests", request).await.is(201)["request"]["id"]
        .as_u64()
        .unwrap()
}

async fn promised(world: &World, id: u64) -> Value {
    world.get(&format!("/tickets/{id}?include=slas")).await.is(200)["ticket"]["slas"]["policy_metrics"].clone()
}

async fn events(world: &World, id: u64, kind: &str) -> Vec<Value> {
    let told = world.get(&format!("/tickets/{id}?include=metric_events")).await.is(200);
    let all = told["ticket"]["metric_events"].as_object().unwrap().values();
    all.flat_map(|it| it.as_array().unwrap().clone()).filter(|it| it["type"] == kind).collect()
}

async fn desk() -> World {
    let world = World::new();
    cast::team(&world).await;
    world
}

#[tokio::test]
async fn a_promise_is_shown_until_it_is_kept() {
    let world = desk().await;
    let targets = json!([
        within("normal", "first_reply_time", 90),
        within("normal", "total_resolution_time", 60 * 24 * 3)
    ]);
    let made = policy(&world, "Gold", json!([]), targets).await;
    let id = requested(&world, "normal").await;
    let promises = promised(&world, id).await;
    // It was 09:00 when the world began.
    let reply = json!({"metric": "first_reply_time", "stage": "active", "breach_at": "2026-11-21T10:30:00Z", "hours": 1});
    assert_eq!(promises[0], reply);
    assert_eq!(
        (&promises[1]["metric"], &promises[1]["days"]),
        (&json!("total_resolution_time"), &json!(3))
    );
    let applied = events(&world, id, "apply_sla").await;
    let sla = applied.iter().find(|it| it["metric"] == "reply_time").unwrap()["sla"].clone();
    let named = json!({"id": made["id"], "title": "Gold", "description": null});
    assert_eq!(
        sla,
        json!({"target": 90, "target_in_seconds": 5400, "business_hours": false, "policy": named})
    );
    world.pass(60 * 60);
    let reply = json!({"ticket": {"comment": {"body": "hi"}}});
    world.put(&format!("/tickets/{id}"), reply).await.is(200);
    assert_eq!(promised(&world, id).await[0]["stage"], "achieved");
    assert_eq!(events(&world, id, "breach").await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_is_broken_is_told_with_the_time_at_which_it_was() {
    let world = desk().await;
    policy(&world, "Gold", json!([]), json!([within("normal", "first_reply_time", 30)])).await;
    let id = requested(&world, "normal").await;
    world.pass(60 * 60);
    world.put(&format!("/tickets/{id}"), json!({"ticket": {"tags": ["seen"]}})).await.is(200);
    let told = events(&world, id, "breach").await;
    let [breach] = &told[..] else { panic!("{told:?}") };
    assert_eq!(
        (&breach["time"], &breach["metric"]),
        (&json!("2026-11-21T09:30:00Z"), &json!("reply_time"))
    );
    assert_eq!((&breach["instance_id"], &breach["ticket_id"]), (&json!(1), &json!(id)));
    let promises = promised(&world, id).await;
    assert_eq!((&promises[0]["minutes"], &promises[0]["stage"]), (&json!(-30), &json!("active")));
    world.put(&format!("/tickets/{id}"), json!({"ticket": {"tags": ["again"]}})).await.is(200);
    assert_eq!(events(&world, id, "breach").await.len(), 1, "it is told once");
    // Exports tell it as well.
    let all = world.get("/incremental/ticket_metric_events?start_time=1").await.is(200);
    let all = all["ticket_metric_events"].as_array().unwrap().iter();
    assert_eq!(all.filter(|it| it["type"] == "breach").count(), 1);
}

#[tokio::test]
async fn the_first_policy_that_fits_promises() {
    let world = desk().await;
    let vip = json!([{"field": "current_tags", "operator": "includes", "value": "vip"}]);
    let problems = json!([{"field": "ticket_type_id", "operator": "is", "value": "3"}]);
    let late = json!([{"field": "exact_created_at", "operator": "greater_than", "value": "2030-01-01T00:00:00Z"}]);
    let by_mail = json!([{"field": "current_via_id", "operator": "is", "value": "4"}]);
    policy(&world, "late", late, json!([within("normal", "agent_work_time", 1)])).await;
    policy(&world, "mail", by_mail, json!([within("normal", "agent_work_time", 2)])).await;
    policy(&world, "vip", vip, json!([within("normal", "agent_work_time", 60)])).await;
    policy(&world, "problems", problems, json!([within("normal", "agent_work_time", 120)])).await;
    policy(
        &world,
        "rest",
        json!([]),
        json!([within("normal", "agent_work_time", 180), within("high", "agent_work_time", 30)]),
    )
    .await;
    let hours = async |id: u64| promised(&world, id).await[0]["hours"].clone();
    let both = opened(&world, json!({"tags": ["vip"], "type": "problem"})).await;
    assert_eq!(hours(both).await, 1);
    assert_eq!(hours(opened(&world, json!({"type": "problem"})).await).await, 2);
    let rest = opened(&world, json!({})).await;
    assert_eq!(hours(rest).await, 3);
    assert_eq!(promised(&world, opened(&world, json!({"priority": "low"})).await).await, json!([]));
    assert_eq!(promised(&world, opened(&world, json!({"priority": null})).await).await, json!([]));
    // Another priority, and another policy, by the ticket's next update.
    let path = format!("/tickets/{rest}");
    world.put(&path, json!({"ticket": {"priority": "high"}})).await.is(200);
    assert_eq!(promised(&world, rest).await[0]["minutes"], 30);
    world.put(&path, json!({"ticket": {"priority": "normal", "tags": ["vip"]}})).await.is(200);
    assert_eq!(hours(rest).await, 1);
    assert_eq!(events(&world, rest, "apply_sla").await.len(), 3);
}

#[tokio::test]
async fn views_are_sorted_by_the_next_breach_and_ask_for_it() {
    let world = desk().await;
    policy(
        &world,
        "p",
        json!([]),
        json!([
            within("urgent", "requester_wait_time", 60),
            within("normal", "requester_wait_time", 60 * 5),
            within("high", "requester_wait_time", 60 * 2)
        ]),
    )
    .await;
    let slow = opened(&world, json!({"priority": "normal"})).await;
    let fast = opened(&world, json!({"priority": "urgent"})).await;
    let middle = opened(&world, json!({"priority": "high"})).await;
    let ids = async |view: Value| -> Vec<u64> {
        let found = world.post("/views/preview", json!({"view": view})).await.is(200);
        found["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["ticket"]["id"].as_u64().unwrap())
            .collect()
    };
    let unsolved = json!({"field": "status", "operator": "less_than", "value": "solved"});
    let sorted = json!({"all": [{"field": "requester_id", "operator": "is", "value": "4001"}],
        "output": {"columns": ["nice_id"], "sort_by": "sla_next_breach_at", "sort_order": "asc"}});
    assert_eq!(ids(sorted).await, [fast, middle, slow]);
    let unsolved_too = unsolved.clone();
    let soon = json!({"all": [unsolved, {"field": "until_sla_next_breach_at", "operator": "less_than", "value": "3"}],
        "output": {"columns": ["nice_id"], "sort_by": "nice_id", "sort_order": "asc"}});
    assert_eq!(ids(soon).await, [fast, middle]);
    world.pass(90 * 60);
    world.put(&format!("/tickets/{fast}"), json!({"ticket": {"tags": ["x"]}})).await.is(200);
    let broken = json!({"all": [unsolved_too, {"field": "sla_next_breach_at", "operator": "less_than", "value": "1"}],
        "output": {"columns": ["nice_id"]}});
    assert_eq!(ids(broken).await, [fast]);
}

/// What is due of promises, done as each minute.
async fn swept(world: &World) -> Swept {
    let tenant = TenantId::new("acme").unwrap();
    world.at_desk(async |desk| sweep(desk, &tenant).await).await.unwrap()
}

/// So many minutes later.
async fn minutes(world: &World, minutes: i64) -> u64 {
    world.pass(minutes * 60);
    swept(world).await.changed
}

async fn escalating(world: &World) -> Value {
    let tag = |tag: &str| json!({"field": "current_tags", "value": tag});
    let warns = json!({"metric": "first_reply_time", "minutes_before": 30,
        "actions": [tag("warned"), {"field": "notification_group", "value": ["group_id", "Soon", "#{{ticket.id}}"]}]});
    let gives = json!({"minutes_before": 0, "actions": [tag("late"), {"field": "assignee_id", "value": "2001"}]});
    let policy = json!({"title": "Gold", "filter": {"all": [], "any": []}, "escalations": [warns, gives],
        "policy_metrics": [within("normal", "first_reply_time", 60)]});
    world.post("/slas/policies", json!({"sla_policy": policy})).await.is(201)["sla_policy"].clone()
}

async fn ticket(world: &World, id: u64) -> Value {
    world.get(&format!("/tickets/{id}")).await.is(200)["ticket"].clone()
}

#[tokio::test]
async fn what_is_about_to_be_broken_is_escalated_and_what_is_broken_is_told_each_once() {
    let world = desk().await;
    assert!(!world.due().contains(&Duty::Promises));
    let kept = escalating(&world).await;
    assert!(world.due().contains(&Duty::Promises), "somebody looks after it");
    assert_eq!(kept["escalations"][0]["minutes_before"], 30);
    let id = requested(&world, "normal").await;
    assert_eq!(minutes(&world, 20).await, 0);
    assert_eq!(minutes(&world, 15).await, 1);
    assert_eq!(ticket(&world, id).await["tags"], json!(["warned"]));
    assert_eq!(swept(&world).await.changed, 0);
    assert_eq!(minutes(&world, 20).await, 0, "it is not broken yet");
    assert_eq!(minutes(&world, 10).await, 1);
    let after = ticket(&world, id).await;
    assert_eq!((&after["tags"], &after["assignee_id"]), (&json!(["late", "warned"]), &json!(2001)));
    assert_eq!(minutes(&world, 60).await, 0);
    let breach = events(&world, id, "breach").await;
    assert_eq!((breach.len(), &breach[0]["time"]), (1, &json!("2026-11-21T10:00:00Z")));
    let audits = world.get(&format!("/tickets/{id}/audits")).await.is(200);
    let audits = audits["audits"].as_array().unwrap();
    assert_eq!(audits.len(), 3);
    assert_eq!(audits[1]["via"]["source"]["rel"], "sla_policy");
    let told = audits[2]["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["type"] == "SlaBreach")
        .unwrap();
    assert_eq!(
        (&told["metric"], &told["breached_at"]),
        (&json!("reply_time"), &json!("2026-11-21T10:00:00Z"))
    );
}

#[tokio::test]
async fn what_is_kept_is_not_escalated() {
    let world = desk().await;
    escalating(&world).await;
    let id = requested(&world, "normal").await;
    world.pass(20 * 60);
    world
        .put(&format!("/tickets/{id}"), json!({"ticket": {"comment": {"body": "hi"}}}))
        .await
        .is(200);
    assert_eq!(minutes(&world, 120).await, 0);
    assert_eq!(ticket(&world, id).await["tags"], json!([]));
    // Nor is what stands still.
    let policy = json!({"title": "Work", "position": 0, "filter": {"all": [], "any": []},
        "policy_metrics": [within("high", "agent_work_time", 60)],
        "escalations": [{"minutes_before": 10, "actions": [{"field": "current_tags", "value": "soon"}]}]});
    world.post("/slas/policies", json!({"sla_policy": policy})).await.is(201);
    let id = opened(&world, json!({"priority": "high"})).await;
    world.put(&format!("/tickets/{id}"), json!({"ticket": {"status": "pending"}})).await.is(200);
    assert_eq!(minutes(&world, 600).await, 0);
    world.put(&format!("/tickets/{id}"), json!({"ticket": {"status": "open"}})).await.is(200);
    assert_eq!(minutes(&world, 49).await, 0);
    assert_eq!(minutes(&world, 2).await, 1);
}

#[tokio::test]
async fn a_breach_alone_is_no_update() {
    let world = desk().await;
    policy(&world, "p", json!([]), json!([within("normal", "first_reply_time", 60)])).await;
    let id = requested(&world, "normal").await;
    let before = ticket(&world, id).await;
    assert_eq!(minutes(&world, 61).await, 1);
    let after = ticket(&world, id).await;
    assert_eq!((&after["updated_at"], &after["tags"]), (&before["updated_at"], &before["tags"]));
    assert_ne!(
        after["generated_timestamp"], before["generated_timestamp"],
        "exports tell it again"
    );
    assert_eq!(events(&world, id, "breach").await.len(), 1);
}

#[tokio::test]
async fn escalations_that_make_no_sense_are_refused() {
    let world = desk().await;
    for escalation in [
        json!({"metric": "first_smile", "actions": [{"field": "priority", "value": "high"}]}),
        json!({"minutes_before": 100_000, "actions": [{"field": "priority", "value": "high"}]}),
        json!({"actions": []}),
        json!({"actions": [{"field": "colour", "value": "red"}]}),
        json!({"actions": [{"field": "assignee_id", "value": "4711"}]}),
    ] {
        let policy = json!({"title": "p", "filter": {"all": [], "any": []}, "policy_metrics": [], "escalations": [escalation]});
        world.post("/slas/policies", json!({"sla_policy": policy})).await.is(422);
    }
}
