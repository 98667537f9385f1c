//! Automations at work: when they act, how often, and what becomes of hours that were missed.

use crate::cast::{self, CUSTOMER};
use crate::world::World;
use ceap_helpdesk::api::Desk;
use ceap_helpdesk::automation::{Duty, Ran, run};
use ceap_helpdesk::ids::TicketId;
use ceap_helpdesk::record::{Changes, Record, places};
use ceap_helpdesk::store::{Failure, Found, Item, Key, Range, Soon, Store, Write};
use ceap_helpdesk::ticket::Ticket;
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde_json::{Value, json};
use std::cell::Cell;

async fn desk() -> World {
    let world = World::new();
    cast::team(&world).await;
    // From the first run on, hours count: it is 09:00.
    assert_eq!(hour(&world).await.hours, 1);
    world
}

async fn hour(world: &World) -> Ran {
    let tenant = TenantId::new("acme").unwrap();
    world.at_desk(async |desk| run(desk, &tenant).await).await.unwrap()
}

/// So many hours later.
pub async fn later(world: &World, hours: i64) -> Ran {
    world.pass(hours * 3_600);
    hour(world).await
}

async fn automation(world: &World, title: &str, all: &[[&str; 3]], actions: Value) -> Value {
    let one = |[field, operator, value]: &[&str; 3]| json!({"field": field, "operator": operator, "value": value});
    // Zendesk asks for a condition on one of a few fields.
    let unclosed = ["status", "less_than", "closed"];
    let all: Vec<Value> = all.iter().chain([&unclosed]).map(one).collect();
    let asked = json!({"automation": {"title": title, "all": all, "actions": actions}});
    world.post("/automations", asked).await.is(201)["automation"].clone()
}

fn set(field: &str, value: &str) -> Value {
    json!([{"field": field, "value": value}])
}

async fn opened(world: &World, more: Value) -> u64 {
    let mut ticket = json!({"subject": "Printer", "comment": {"body": "x"}, "requester_id": 4001});
    ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)["ticket"]["id"]
        .as_u64()
        .unwrap()
}

async fn ticket(world: &World, id: u64) -> Value {
    world.get(&format!("/tickets/{id}")).await.is(200)["ticket"].clone()
}

async fn audits(world: &World, id: u64) -> Vec<Value> {
    world.get(&format!("/tickets/{id}/audits")).await.is(200)["audits"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_automation_acts_in_the_hour_in_which_its_conditions_come_to_be_met() {
    let world = desk().await;
    let pending = [["status", "is", "pending"], ["PENDING", "greater_than", "4"]];
    assert!(!world.due().contains(&Duty::Automations));
    automation(&world, "Nobody answers", &pending, set("status", "solved")).await;
    assert!(world.due().contains(&Duty::Automations), "somebody calls it");
    let id = opened(&world, json!({"assignee_id": 1001, "status": "pending"})).await;
    let other = opened(&world, json!({"assignee_id": 1001})).await;
    assert_eq!(later(&world, 4).await.changed, 0, "it is not more than four hours");
    let ran = later(&world, 1).await;
    assert_eq!((ran.hours, ran.changed), (1, 1));
    assert_eq!(
        (&ticket(&world, id).await["status"], &ticket(&world, other).await["status"]),
        (&json!("solved"), &json!("open"))
    );
    let audit = audits(&world, id).await.pop().unwrap();
    assert_eq!(audit["via"]["source"]["from"]["title"], "Nobody answers");
    assert_eq!(
        (&audit["via"]["channel"], &audit["via"]["source"]["rel"]),
        (&json!("rule"), &json!("automation"))
    );
    assert_eq!(
        (&audit["events"][1]["field_name"], &audit["events"][1]["value"]),
        (&json!("status"), &json!("solved"))
    );
    assert_eq!(later(&world, 1).await.changed, 0);
}

#[tokio::test]
async fn an_hour_is_done_once_and_those_that_were_missed_are_caught_up() {
    let world = desk().await;
    automation(&world, "three", &[["NEW", "is", "3"]], set("current_tags", "three")).await;
    automation(&world, "five", &[["NEW", "is", "5"]], set("current_tags", "five")).await;
    let id = opened(&world, json!({})).await;
    assert_eq!(hour(&world).await.hours, 0, "this hour is done");
    // Nobody came for eight hours: each of them is done as of its own time.
    let ran = later(&world, 8).await;
    assert_eq!((ran.hours, ran.changed), (8, 2));
    assert_eq!(ticket(&world, id).await["tags"], json!(["five", "three"]));
    assert_eq!(audits(&world, id).await.len(), 3);
    assert_eq!(hour(&world).await, Ran::default());
    // What is older than three days is past.
    assert_eq!(later(&world, 200).await.hours, 72);
}

#[tokio::test]
async fn exactly_so_many_hours_are_those_of_one_run() {
    let world = desk().await;
    automation(
        &world,
        "two",
        &[["NEW", "is", "2"]],
        json!([
        {"field": "notification_user", "value": ["requester_id", "s", "t"]}]),
    )
    .await;
    let id = opened(&world, json!({})).await;
    for _ in 0..6 {
        later(&world, 1).await;
    }
    let told = audits(&world, id).await;
    let told: Vec<&Value> = told
        .iter()
        .flat_map(|it| it["events"].as_array().unwrap())
        .filter(|it| it["type"] == "Notification")
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["via"]["source"]["rel"], "automation");
}

#[tokio::test]
async fn since_and_until() {
    let world = desk().await;
    let cases: [(&str, &str, &str); 8] = [
        ("NEW", "greater_than", "1"),
        ("assigned_at", "greater_than", "1"),
        ("updated_at", "greater_than", "1"),
        ("OPEN", "greater_than", "1"),
        ("requester_updated_at", "greater_than", "1"),
        ("due_date", "greater_than", "1"),
        ("until_due_date", "less_than", "48"),
        ("PENDING", "greater_than", "1"),
    ];
    for (field, operator, hours) in cases {
        let once = ["current_tags", "not_includes", field];
        automation(&world, field, &[[field, operator, hours], once], set("current_tags", field))
            .await;
    }
    let past = opened(
        &world,
        json!({"assignee_id": 1001, "type": "task", "due_at": "2026-11-21T09:30:00Z"}),
    )
    .await;
    let soon = opened(&world, json!({"type": "task", "due_at": "2026-11-22T20:00:00Z"})).await;
    let request = json!({"request": {"subject": "x", "comment": {"body": "x"}}});
    let asked = world.ask(CUSTOMER, "POST", "/requests", request).await.is(201)["request"]["id"]
        .as_u64()
        .unwrap();
    later(&world, 3).await;
    let tags = async |id: u64| ticket(&world, id).await["tags"].clone();
    assert_eq!(
        tags(past).await,
        json!(["assigned_at", "due_date", "new", "open", "requester_updated_at"]),
        "what was changed first is no longer unchanged"
    );
    assert_eq!(tags(soon).await, json!(["new", "requester_updated_at", "until_due_date"]));
    assert_eq!(tags(asked).await, json!(["new", "requester_updated_at"]));
}

#[tokio::test]
async fn business_hours_count_by_the_schedule() {
    let world = desk().await;
    // It is Saturday; work begins on Monday at nine.
    let schedule = json!({"schedule": {"name": "s", "time_zone": "UTC"}});
    world.post("/business_hours/schedules", schedule).await.is(201);
    let once = ["current_tags", "not_includes", "late"];
    automation(
        &world,
        "b",
        &[["NEW", "greater_than_business_hours", "2"], once],
        set("current_tags", "late"),
    )
    .await;
    let id = opened(&world, json!({})).await;
    assert_eq!(later(&world, 24).await.changed, 0);
    assert_eq!(later(&world, 26).await.changed, 0, "Monday, eleven");
    assert_eq!(later(&world, 1).await.changed, 1, "Monday, twelve");
    assert_eq!(ticket(&world, id).await["tags"], json!(["late"]));
}

#[tokio::test]
async fn they_act_in_their_order_each_on_what_the_one_before_left() {
    let world = desk().await;
    let once = |tag: &'static str| ["current_tags", "not_includes", tag];
    automation(&world, "a", &[["NEW", "greater_than", "1"], once("a")], set("current_tags", "a"))
        .await;
    automation(
        &world,
        "b",
        &[["current_tags", "includes", "a"], ["NEW", "greater_than", "1"], once("b")],
        set("current_tags", "b"),
    )
    .await;
    let id = opened(&world, json!({})).await;
    later(&world, 2).await;
    assert_eq!(ticket(&world, id).await["tags"], json!(["a", "b"]));
}

#[tokio::test]
async fn triggers_act_on_what_automations_do() {
    let world = desk().await;
    let trigger = json!({"trigger": {"title": "t", "actions": set("priority", "urgent"),
        "all": [{"field": "current_tags", "operator": "includes", "value": "late"}, {"field": "current_via_id", "operator": "is", "value": "8"}]}});
    world.post("/triggers", trigger).await.is(201);
    automation(
        &world,
        "a",
        &[["NEW", "greater_than", "1"], ["current_tags", "not_includes", "late"]],
        set("current_tags", "late"),
    )
    .await;
    let id = opened(&world, json!({})).await;
    later(&world, 2).await;
    assert_eq!(ticket(&world, id).await["priority"], "urgent");
    let audit = audits(&world, id).await.pop().unwrap();
    let rels: Vec<(&Value, &Value)> = audit["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["field_name"], &it["via"]["source"]["rel"]))
        .collect();
    assert_eq!(rels, [(&json!("tags"), &Value::Null), (&json!("priority"), &json!("trigger"))]);
}

#[tokio::test]
async fn closed_tickets_are_left_alone_and_no_ticket_is_changed_more_than_a_hundred_times() {
    let world = desk().await;
    let closed = opened(&world, json!({"assignee_id": 1001, "status": "closed"})).await;
    // It nullifies itself, and a trigger undoes that: it acts every hour.
    automation(
        &world,
        "again",
        &[["NEW", "greater_than", "1"], ["current_tags", "not_includes", "x"]],
        set("current_tags", "x"),
    )
    .await;
    let trigger = json!({"trigger": {"title": "t", "actions": set("remove_tags", "x"),
        "all": [{"field": "current_tags", "operator": "includes", "value": "x"}]}});
    world.post("/triggers", trigger).await.is(201);
    let id = opened(&world, json!({})).await;
    let mut changed = 0;
    for _ in 0..104 {
        changed += later(&world, 1).await.changed;
    }
    assert_eq!(changed, 100);
    assert_eq!(ticket(&world, closed).await["tags"], json!([]));
    assert_eq!(ticket(&world, id).await["tags"], json!([]));
}

#[tokio::test]
async fn fields_of_people_are_asked_of_each_ticket() {
    let world = desk().await;
    let field = json!({"user_field": {"type": "text", "title": "Plan", "key": "plan"}});
    world.post("/user_fields", field).await.is(201);
    world.put("/users/4001", json!({"user": {"user_fields": {"plan": "gold"}}})).await.is(200);
    let all = [
        ["NEW", "greater_than", "1"],
        ["requester.custom_fields.plan", "is", "gold"],
        ["current_tags", "not_includes", "gold"],
    ];
    automation(&world, "gold", &all, set("current_tags", "gold")).await;
    let gold = opened(&world, json!({})).await;
    let other = opened(&world, json!({"requester_id": 1001})).await;
    assert_eq!(later(&world, 2).await.changed, 1);
    assert_eq!(
        (&ticket(&world, gold).await["tags"], &ticket(&world, other).await["tags"]),
        (&json!(["gold"]), &json!([]))
    );
}

#[tokio::test]
async fn who_dies_leaves_the_hour_to_the_next_and_nothing_is_done_twice() {
    let world = desk().await;
    let say = json!([{"field": "comment_value", "value": "Are you still there?"}, {"field": "comment_mode_is_public", "value": "true"}]);
    automation(&world, "asks", &[["NEW", "is", "1"]], say).await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(opened(&world, json!({})).await);
    }
    world.pass(3_600);
    let tenant = TenantId::new("acme").unwrap();
    // It dies after some tickets, again and again; the next one comes when it is taken for dead.
    for calls in [9, 17, 30] {
        let died = world.at_desk(async |desk| {
            let dying = Dying { store: desk.store, left: Cell::new(calls) };
            run(&Desk { store: &dying, ..*desk }, &tenant).await
        });
        assert!(died.await.is_err());
        let busy = world.at_desk(async |desk| run(desk, &tenant).await).await;
        assert!(busy.is_err(), "{busy:?}");
        world.pass(16 * 60);
    }
    hour(&world).await;
    for id in ids {
        let comments = world.get(&format!("/tickets/{id}/comments")).await.is(200);
        assert_eq!(comments["comments"].as_array().unwrap().len(), 2, "{id}");
    }
}

/// A store that answers so many calls, and no more.
struct Dying<'a> {
    store: &'a dyn Store,
    left: Cell<u32>,
}

impl Dying<'_> {
    fn dead(&self) -> Option<Fault> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        (left == 0).then(|| Fault::Unavailable("dead".to_owned()))
    }
}

impl Store for Dying<'_> {
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> Soon<'a, Result<Vec<Item>, Fault>> {
        match self.dead() {
            Some(fault) => Box::pin(async { Err(fault) }),
            None => self.store.get(tenant, keys),
        }
    }

    fn range<'a>(
        &'a self,
        tenant: &'a TenantId,
        range: &'a Range,
    ) -> Soon<'a, Result<Found, Fault>> {
        match self.dead() {
            Some(fault) => Box::pin(async { Err(fault) }),
            None => self.store.range(tenant, range),
        }
    }

    fn count<'a>(&'a self, tenant: &'a TenantId, range: &'a Range) -> Soon<'a, Result<u64, Fault>> {
        self.store.count(tenant, range)
    }

    /// The last one happens, and nobody hears of it.
    fn commit<'a>(
        &'a self,
        tenant: &'a TenantId,
        writes: &'a [Write],
    ) -> Soon<'a, Result<(), Failure>> {
        let last = self.left.get() == 1;
        match self.dead() {
            Some(fault) => Box::pin(async { Err(fault.into()) }),
            None => Box::pin(async move {
                self.store.commit(tenant, writes).await?;
                if last { Err(Fault::Unavailable("lost".to_owned()).into()) } else { Ok(()) }
            }),
        }
    }

    fn add<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: &'a Key,
        by: u64,
        expires_at: Option<Timestamp>,
    ) -> Soon<'a, Result<u64, Fault>> {
        self.store.add(tenant, key, by, expires_at)
    }
}

#[tokio::test]
async fn ten_thousand_tickets_that_are_due_in_one_hour_are_done_in_that_hour() {
    const MANY: u64 = 10_000;
    let world = desk().await;
    let actions = json!([{"field": "status", "value": "solved"}, {"field": "assignee_id", "value": "1001"},
        {"field": "notification_user", "value": ["requester_id", "s", "t"]}]);
    automation(
        &world,
        "closes",
        &[["NEW", "greater_than", "2"], ["status", "less_than", "solved"]],
        actions,
    )
    .await;
    let model = opened(&world, json!({})).await;
    let tenant = TenantId::new("acme").unwrap();
    let kept = world
        .store
        .dump()
        .into_iter()
        .find(|(of, key, _)| *of == tenant && *key == places::record(Ticket::KIND, model));
    let model: Ticket = serde_json::from_str(&kept.unwrap().2).unwrap();
    for id in 100_000..100_000 + MANY - 1 {
        let ticket = Ticket { id: TicketId::new(id).unwrap(), ..model.clone() };
        let mut changes = Changes::new();
        changes.create(&ticket).unwrap();
        let (writes, _) = changes.finish();
        world.store.commit(&tenant, &writes).await.unwrap();
    }
    world.pass(60);
    while world.feed(&world.index).await > 0 {}
    let ran = later(&world, 3).await;
    assert_eq!((ran.hours, ran.changed, ran.left), (3, MANY, 0));
    while world.feed(&world.index).await > 0 {}
    assert_eq!(later(&world, 1).await.changed, 0);
    assert_eq!(ticket(&world, 100_000).await["status"], "solved");
}
