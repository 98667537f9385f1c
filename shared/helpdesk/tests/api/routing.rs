//! Routing at work: who is given which ticket, and when.

mod at_once;
mod shapes;

use crate::cast::{self, AGENT, CUSTOMER, OTHER};
use crate::world::World;
use ceap_helpdesk::automation::Duty;
use ceap_helpdesk::ids::TicketId;
use ceap_helpdesk::job::Waiting;
use ceap_helpdesk::record::{Changes, Kept, Record, places};
use ceap_helpdesk::routing::{Passed, Standing, Tended, bell, pass, tend};
use ceap_helpdesk::store::Store;
use ceap_helpdesk::ticket::{Audit, Ticket};
use ceap_kernel::{Clock, TenantId};
use serde_json::{Value, json};

const ONLINE: u64 = 3;
const AWAY: u64 = 4;
const OFFLINE: u64 = 2;

fn acme() -> TenantId {
    TenantId::new("acme").unwrap()
}

async fn passed(world: &World) -> Passed {
    world.at_desk(async |desk| pass(desk, &acme()).await).await.unwrap()
}

async fn tended(world: &World) -> Tended {
    world.at_desk(async |desk| tend(desk, &acme()).await).await.unwrap()
}

/// A team whose tickets are routed.
async fn desk(settings: Value) -> World {
    let world = World::new();
    cast::team(&world).await;
    turned_on(&world, settings).await;
    world
}

async fn turned_on(world: &World, mut settings: Value) {
    settings["enabled"] = json!(true);
    world.put("/routing/settings", json!({"settings": settings})).await.is(200);
    world.pass(61);
    tended(world).await;
    assert_eq!(world.get("/routing/settings").await.is(200)["settings"]["ready"], true);
}

async fn group(world: &World) -> Value {
    world.get("/groups").await.is(200)["groups"][0]["id"].clone()
}

/// A ticket for the team.
async fn opened(world: &World, more: Value) -> u64 {
    let mut ticket = json!({"subject": "Printer", "comment": {"body": "x"}, "requester_id": 4001,
        "group_id": group(world).await});
    ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post("/tickets", json!({"ticket": ticket})).await.is(201)["ticket"]["id"]
        .as_u64()
        .unwrap()
}

async fn ticket(world: &World, id: u64) -> Value {
    world.get(&format!("/tickets/{id}")).await.is(200)["ticket"].clone()
}

async fn change(world: &World, id: u64, change: Value) {
    world.put(&format!("/tickets/{id}"), json!({"ticket": change})).await.is(200);
}

async fn assignee(world: &World, id: u64) -> Option<u64> {
    ticket(world, id).await["assignee_id"].as_u64()
}

async fn status(world: &World, agent: u64, status: u64) {
    let path = format!("/agent_availabilities/agent_statuses/agents/{agent}");
    world.put(&path, json!({"id": status})).await.is(200);
}

async fn audits(world: &World, id: u64) -> Vec<Value> {
    world.get(&format!("/tickets/{id}/audits")).await.is(200)["audits"].as_array().unwrap().clone()
}

/// How much everybody may have to do.
async fn capacity(world: &World, capacities: Value) {
    let rule = json!({"name": "All", "default": true, "capacities": capacities});
    world.post("/capacity/rules", rule).await.is(201);
}

#[tokio::test]
async fn an_agent_who_comes_is_given_what_waits() {
    let world = desk(json!({})).await;
    let id = opened(&world, json!({})).await;
    assert_eq!(passed(&world).await, Passed::default(), "nobody is there");
    let own = "/agent_availabilities/agent_statuses/agents/me";
    let told = world.ask(AGENT, "PUT", own, json!({"id": ONLINE})).await.is(200);
    let agent_status = json!({"id": 3, "name": "online"});
    assert_eq!(told["data"]["attributes"]["agent_status"], agent_status);
    world.work().await;
    let given = ticket(&world, id).await;
    assert_eq!(
        (&given["assignee_id"], &given["status"], &given["group_id"]),
        (&json!(1001), &json!("open"), &group(&world).await)
    );
    let audit = audits(&world, id).await.pop().unwrap();
    assert_eq!(audit["via"]["source"]["rel"], "routing");
    assert_eq!(audit["via"]["source"]["from"]["title"], "Standard queue");
    let fields: Vec<&str> = audit["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["field_name"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["assignee_id", "custom_status_id", "status"]);
    let jobs = world.get("/job_statuses").await.is(200)["job_statuses"].clone();
    assert_eq!(jobs, json!([]), "nobody asked for that job");
    let metric =
        world.get(&format!("/tickets/{id}/metrics")).await.is(200)["ticket_metric"].clone();
    assert_eq!(metric["assignee_stations"], 1);
}

/// Writes a ticket as somebody does who does not know of routing.
async fn unknown(world: &World, id: u64, status: &str) {
    let before = world.at_desk(async |desk| {
        desk.store.get(&acme(), &[places::record(Ticket::KIND, id)]).await.unwrap().remove(0)
    });
    let before = Kept::<Ticket>::read(&before.await).unwrap();
    let status = serde_json::from_value(json!(status)).unwrap();
    let after = Ticket { status, routing: Standing::default(), ..before.record.clone() };
    let after = after.generated(world.hands.now());
    let mut changes = Changes::new();
    changes.update(&before, &after).unwrap();
    let (writes, _) = changes.finish();
    world.store.commit(&acme(), &writes).await.unwrap();
}

#[tokio::test]
async fn nothing_is_given_to_anybody_before_routing_knows_what_they_have_to_do() {
    let world = World::new();
    cast::team(&world).await;
    capacity(&world, json!({"email": 2})).await;
    status(&world, 1001, ONLINE).await;
    opened(&world, json!({"assignee_id": 1001})).await;
    let waits = [opened(&world, json!({})).await, opened(&world, json!({})).await];
    assert_eq!((passed(&world).await.given, tended(&world).await), (0, Tended::default()));
    world.put("/routing/settings", json!({"settings": {"enabled": true}})).await.is(200);
    assert!(world.due().contains(&Duty::Promises), "somebody looks each minute");
    assert_eq!((tended(&world).await, passed(&world).await.given), (Tended::default(), 0));
    world.pass(61);
    let before = ticket(&world, waits[1]).await["updated_at"].clone();
    assert_eq!(tended(&world).await, Tended { adopted: 3, given: 1, ..Tended::default() });
    assert_eq!(assignee(&world, waits[0]).await, Some(1001), "of two they may have they had one");
    assert_eq!(assignee(&world, waits[1]).await, None);
    assert_eq!(ticket(&world, waits[1]).await["updated_at"], before, "that is no update");
    assert_eq!(tended(&world).await, Tended::default());
    // What ran for long and did not know may have left something behind: it is looked for once more.
    change(&world, waits[0], json!({"status": "pending"})).await;
    unknown(&world, waits[0], "open").await;
    world.pass(18 * 60);
    assert_eq!(tended(&world).await.adopted, 0);
    world.pass(60);
    assert_eq!(tended(&world).await.adopted, 1);
    unknown(&world, waits[0], "open").await;
    world.pass(60);
    assert_eq!(tended(&world).await.adopted, 0, "and no more");
    // What was written since the last request is none of the next one's.
    world.seen.borrow_mut().clear();
    world.put("/routing/settings", json!({"settings": {"enabled": false}})).await.is(200);
    change(&world, waits[0], json!({"status": "solved"})).await;
    world.pass(60);
    assert_eq!((passed(&world).await.given, tended(&world).await), (0, Tended::default()));
}

#[tokio::test]
async fn the_most_urgent_is_given_first_then_what_is_promised_soonest_then_what_waits_longest() {
    let world = desk(json!({})).await;
    capacity(&world, json!({"email": 1})).await;
    let policy = json!({"title": "VIP", "filter": {"all": [{"field": "current_tags", "operator": "includes", "value": "vip"}], "any": []},
        "policy_metrics": [{"priority": "high", "metric": "agent_work_time", "target": 60, "business_hours": false}]});
    world.post("/slas/policies", json!({"sla_policy": policy})).await.is(201);
    let mut ids = Vec::new();
    for (priority, tags) in
        [("", ""), ("high", ""), ("high", "vip"), ("low", ""), ("urgent", ""), ("high", "")]
    {
        ids.push(opened(&world, json!({"priority": priority, "tags": [tags]})).await);
        world.pass(2);
    }
    status(&world, 1001, ONLINE).await;
    let mut order = Vec::new();
    for _ in 0..ids.len() {
        assert_eq!(passed(&world).await.given, 1, "who may have one has one");
        assert_eq!(passed(&world).await.given, 0);
        for id in &ids {
            let ticket = ticket(&world, *id).await;
            if ticket["assignee_id"] == 1001 && ticket["status"] == "open" {
                order.push(*id);
                change(&world, *id, json!({"status": "solved"})).await;
            }
        }
    }
    assert_eq!(order, [4, 2, 1, 5, 3, 0].map(|at: usize| ids[at]));
}

#[tokio::test]
async fn channels_have_capacities_of_their_own_and_who_waits_for_others_is_not_counted() {
    let world = desk(json!({})).await;
    capacity(&world, json!({"email": 1, "messaging": 2, "voice": 0})).await;
    let via = |channel: &str| json!({"via": {"channel": channel}});
    let mut ids = Vec::new();
    for channel in ["email", "chat", "whatsapp", "native_messaging", "phone_call_inbound", "web"] {
        ids.push(opened(&world, via(channel)).await);
    }
    status(&world, 1001, ONLINE).await;
    assert_eq!(passed(&world).await.given, 3);
    let has = async |ids: &[u64]| {
        let mut all = Vec::new();
        for id in ids {
            all.push(assignee(&world, *id).await.is_some());
        }
        all
    };
    assert_eq!(has(&ids).await, [true, true, true, false, false, false]);
    change(&world, ids[0], json!({"status": "pending"})).await;
    change(&world, ids[1], json!({"status": "hold"})).await;
    assert_eq!(passed(&world).await.given, 2);
    assert_eq!(has(&ids).await, [true, true, true, true, false, true]);
    // What they come to have beyond it is theirs, and nothing is added.
    change(&world, ids[0], json!({"status": "open"})).await;
    opened(&world, json!({})).await;
    assert_eq!(passed(&world).await.given, 0);
}

#[tokio::test]
async fn tickets_go_around_where_the_account_wants_it() {
    let world = desk(json!({"strategy": "round_robin"})).await;
    for agent in [1001, 2001, 3001] {
        status(&world, agent, ONLINE).await;
    }
    let busy = opened(&world, json!({"assignee_id": 1001})).await;
    assert_eq!(assignee(&world, busy).await, Some(1001));
    let mut order = Vec::new();
    for _ in 0..6 {
        let id = opened(&world, json!({})).await;
        passed(&world).await;
        order.push(assignee(&world, id).await.unwrap());
    }
    assert_eq!(order, [1001, 2001, 3001, 1001, 2001, 3001]);
    world.put("/routing/settings", json!({"settings": {"strategy": "least_loaded"}})).await.is(200);
    let id = opened(&world, json!({})).await;
    passed(&world).await;
    assert_eq!(
        assignee(&world, id).await,
        Some(2001),
        "who has least to do, and was asked longest ago"
    );
}

async fn queue(world: &World, queue: Value) -> Value {
    world.post("/queues", json!({"queue": queue})).await.is(201)["queue"].clone()
}

async fn with_group(world: &World, name: &str, agent: u64) -> Value {
    let group =
        world.post("/groups", json!({"group": {"name": name}})).await.is(201)["group"]["id"]
            .clone();
    let membership = json!({"group_membership": {"user_id": agent, "group_id": group}});
    world.post("/group_memberships", membership).await.is(201);
    group
}

#[tokio::test]
async fn a_queue_asks_its_own_groups_and_the_secondary_ones_when_they_have_no_room() {
    let world = desk(json!({})).await;
    capacity(&world, json!({"email": 1})).await;
    let (first, second) =
        (with_group(&world, "Billing", 1001).await, with_group(&world, "Overflow", 2001).await);
    let billing = queue(&world, json!({"name": "Billing", "primary_groups": {"group_ids": [first]}, "secondary_groups": {"group_ids": [second]},
        "definition": {"all": [{"field": "current_tags", "operator": "includes", "value": "billing"}]}})).await;
    let french = json!({"name": "French", "primary_groups": {"group_ids": [second]}, "priority": 2,
        "definition": {"all": [{"field": "locale_id", "operator": "is", "value": "16"}]}});
    queue(&world, french).await;
    let waits = [
        opened(&world, json!({"tags": ["billing"], "group_id": null})).await,
        opened(&world, json!({"tags": ["billing"]})).await,
        opened(&world, json!({"tags": ["billing"]})).await,
    ];
    status(&world, 1001, ONLINE).await;
    status(&world, 2001, ONLINE).await;
    assert_eq!(passed(&world).await.given, 2);
    let (a, b) = (ticket(&world, waits[0]).await, ticket(&world, waits[1]).await);
    assert_eq!((&a["assignee_id"], &a["group_id"]), (&json!(1001), &first));
    assert_eq!((&b["assignee_id"], &b["group_id"]), (&json!(2001), &second));
    let audit = audits(&world, waits[1]).await.pop().unwrap();
    let from = json!({"queue_id": billing["id"], "title": "Billing"});
    assert_eq!(audit["via"]["source"]["from"], from);
    change(&world, waits[1], json!({"status": "solved"})).await;
    // What is in French is for them alone; an urgent ticket of a queue behind the other waits.
    world.put("/users/4001", json!({"user": {"locale": "fr"}})).await.is(200);
    let french = opened(&world, json!({"priority": "urgent"})).await;
    assert_eq!(passed(&world).await.given, 1);
    assert_eq!(
        (assignee(&world, waits[2]).await, assignee(&world, french).await),
        (Some(2001), None)
    );
    change(&world, waits[2], json!({"status": "solved"})).await;
    assert_eq!(passed(&world).await.given, 1);
    assert_eq!(assignee(&world, french).await, Some(2001));
}

/// The skill French, which tickets ask for whose requester speaks it.
async fn french(world: &World) -> String {
    let made =
        world.post("/routing/attributes", json!({"attribute": {"name": "Language"}})).await.is(201);
    let path = format!("/routing/attributes/{}/values", made["attribute"]["id"].as_str().unwrap());
    let conditions = json!({"all": [{"subject": "locale_id", "operator": "is", "value": "16"}]});
    let value = json!({"attribute_value": {"name": "French", "conditions": conditions}});
    let made = world.post(&path, value).await.is(201)["attribute_value"].clone();
    made["id"].as_str().unwrap().to_owned()
}

async fn learns(world: &World, agent: u64, skills: &[&str]) {
    let path = format!("/routing/agents/{agent}/instance_values");
    world.post(&path, json!({"attribute_value_ids": skills})).await.is(200);
}

#[tokio::test]
async fn skills_are_asked_for_when_a_ticket_is_opened_and_waited_for() {
    let world = desk(json!({"strategy": "skills_first", "skills_timeout_minutes": 10})).await;
    capacity(&world, json!({"email": 1})).await;
    let skill = french(&world).await;
    learns(&world, 2001, &[&skill]).await;
    world.put("/users/4001", json!({"user": {"locale": "fr"}})).await.is(200);
    let asked = json!({"request": {"subject": "x", "comment": {"body": "x"}}});
    let first = world.ask(CUSTOMER, "POST", "/requests", asked).await.is(201)["request"]["id"]
        .as_u64()
        .unwrap();
    change(&world, first, json!({"group_id": group(&world).await})).await;
    let second = opened(&world, json!({})).await;
    let path = format!("/routing/tickets/{second}/instance_values");
    assert_eq!(world.get(&path).await.is(200)["attribute_values"][0]["name"], "French");
    let created = &audits(&world, second).await[0]["events"];
    let told = created.as_array().unwrap().iter().find(|it| it["field_name"] == "skills").unwrap();
    assert_eq!(told["value"], json!([skill]));
    let english = opened(&world, json!({"requester_id": 1001})).await;
    status(&world, 1001, ONLINE).await;
    status(&world, 2001, ONLINE).await;
    assert_eq!(passed(&world).await.given, 2);
    assert_eq!(
        (assignee(&world, first).await, assignee(&world, english).await),
        (Some(2001), Some(1001))
    );
    change(&world, english, json!({"status": "solved"})).await;
    assert_eq!(passed(&world).await.given, 0, "who has room does not speak it");
    world.pass(9 * 60);
    assert_eq!(tended(&world).await.given, 0);
    world.pass(60);
    assert_eq!(tended(&world).await.given, 1, "nobody waits longer than ten minutes");
    assert_eq!(assignee(&world, second).await, Some(1001));
}

#[tokio::test]
async fn triggers_and_clients_say_which_skills_are_asked_for() {
    let world = desk(json!({"strategy": "skills_first"})).await;
    let skill = french(&world).await;
    let path = "/triggers";
    let rule = |actions: Value, tag: &str| {
        json!({"trigger": {"title": tag, "actions": actions,
        "all": [{"field": "current_tags", "operator": "includes", "value": tag}, {"field": "update_type", "operator": "is", "value": "Change"}]}})
    };
    let act = |field: &str| json!([{"field": field, "value": [skill]}]);
    world.post(path, rule(act("set_skills"), "french")).await.is(201);
    world.post(path, rule(act("remove_skills"), "english")).await.is(201);
    let unknown = json!([{"field": "add_skills", "value": ["4711"]}]);
    world.post(path, rule(unknown, "x")).await.is(422);
    let id = opened(&world, json!({})).await;
    let skills = async || {
        let path = format!("/routing/tickets/{id}/instance_values");
        world.get(&path).await.is(200)["attribute_values"].as_array().unwrap().len()
    };
    change(&world, id, json!({"tags": ["french"]})).await;
    assert_eq!(skills().await, 1);
    change(&world, id, json!({"tags": ["english"]})).await;
    assert_eq!(skills().await, 0);
    change(&world, id, json!({"attribute_value_ids": [skill, "4711", "nonsense"], "tags": []}))
        .await;
    assert_eq!(skills().await, 1, "what is no skill is passed over");
    let fulfilled = format!("/routing/requirements/fulfilled?ticket_ids={id}");
    let told = world.ask(AGENT, "GET", &fulfilled, Value::Null).await.is(200);
    assert_eq!(told, json!({"fulfilled_ticket_ids": []}));
    learns(&world, 1001, &[&skill]).await;
    let told = world.ask(AGENT, "GET", &fulfilled, Value::Null).await.is(200);
    assert_eq!(told, json!({"fulfilled_ticket_ids": [id]}));
}

#[tokio::test]
async fn who_is_not_there_for_long_loses_open_tickets_and_nothing_else() {
    let world = desk(json!({"reassign": true, "reassign_after_minutes": 15})).await;
    status(&world, 1001, ONLINE).await;
    let (open, pending) = (opened(&world, json!({})).await, opened(&world, json!({})).await);
    assert_eq!(passed(&world).await.given, 2);
    let before = ticket(&world, open).await;
    change(&world, pending, json!({"status": "pending"})).await;
    // Of somebody who never said whether they are there nothing is taken.
    let other = opened(&world, json!({"assignee_id": 3001})).await;
    status(&world, 1001, AWAY).await;
    status(&world, 2001, ONLINE).await;
    world.pass(14 * 60);
    assert_eq!(tended(&world).await, Tended::default());
    status(&world, 1001, OFFLINE).await;
    world.pass(14 * 60 + 59);
    assert_eq!(tended(&world).await, Tended::default(), "that is another absence");
    world.pass(60);
    assert_eq!(tended(&world).await, Tended { returned: 1, given: 1, ..Tended::default() });
    assert_eq!(assignee(&world, open).await, Some(2001));
    assert_eq!(ticket(&world, open).await["group_id"], before["group_id"]);
    assert_eq!(
        (assignee(&world, pending).await, assignee(&world, other).await),
        (Some(1001), Some(3001))
    );
    let told = audits(&world, open).await;
    let rels: Vec<&Value> = told.iter().map(|it| &it["via"]["source"]["rel"]).collect();
    assert_eq!(rels, [&Value::Null, &json!("routing"), &json!("agent_offline"), &json!("routing")]);
    // A customer who answers meanwhile does not wait for them.
    let reply = json!({"request": {"comment": {"body": "Still broken"}}});
    world.ask(CUSTOMER, "PUT", &format!("/requests/{pending}"), reply).await.is(200);
    assert_eq!(tended(&world).await, Tended { returned: 1, given: 1, ..Tended::default() });
    assert_eq!(assignee(&world, pending).await, Some(2001));
}

#[tokio::test]
async fn a_rule_that_takes_tickets_away_does_not_keep_routing_busy() {
    let world = desk(json!({})).await;
    let trigger = json!({"trigger": {"title": "t", "actions": [{"field": "assignee_id", "value": ""}],
        "all": [{"field": "assignee_id", "operator": "changed", "value": ""}, {"field": "assignee_id", "operator": "is_not", "value": ""}]}});
    world.post("/triggers", trigger).await.is(201);
    status(&world, 1001, ONLINE).await;
    let id = opened(&world, json!({})).await;
    assert_eq!(passed(&world).await.given, 1);
    assert_eq!((assignee(&world, id).await, passed(&world).await.given), (None, 0));
    for _ in 0..110 {
        world.pass(60);
        passed(&world).await;
    }
    let count = world.get(&format!("/tickets/{id}/audits/count")).await.is(200);
    assert_eq!(count["count"]["value"], 101, "a hundred times, and no more");
}

#[tokio::test]
async fn who_was_suspended_or_works_here_no_longer_is_given_nothing() {
    let world = desk(json!({})).await;
    for agent in [1001, 2001, 3001] {
        status(&world, agent, ONLINE).await;
    }
    world.put("/users/1001", json!({"user": {"suspended": true}})).await.is(200);
    world.put("/users/3001", json!({"user": {"role": "end-user"}})).await.is(200);
    let mut who = Vec::new();
    for _ in 0..3 {
        let id = opened(&world, json!({})).await;
        passed(&world).await;
        who.push(assignee(&world, id).await);
    }
    assert_eq!(who, [Some(2001); 3]);
}

/// Puts so many more of a ticket that waits there.
async fn copied(world: &World, id: u64, many: u64) {
    let all = world.store.dump().into_iter();
    let mut model =
        all.filter(|(of, key, _)| *of == acme() && *key == places::record(Ticket::KIND, id));
    let model: Ticket = serde_json::from_str(&model.next().unwrap().2).unwrap();
    for id in 100_000..100_000 + many {
        let ticket = Ticket { id: TicketId::new(id).unwrap(), ..model.clone() };
        let mut changes = Changes::new();
        changes.create(&ticket).unwrap();
        let (writes, _) = changes.finish();
        world.store.commit(&acme(), &writes).await.unwrap();
    }
}

#[tokio::test]
async fn what_nobody_can_take_who_is_there_holds_nothing_up() {
    let world = desk(json!({})).await;
    let (own, far) = (group(&world).await, with_group(&world, "Far", 3001).await);
    let urgent = opened(&world, json!({"group_id": far, "priority": "urgent"})).await;
    copied(&world, urgent, 1_200).await;
    status(&world, 1001, ONLINE).await;
    let first = opened(&world, json!({"priority": "low"})).await;
    assert_eq!(passed(&world).await.given, 1, "those of other groups are not looked at");
    assert_eq!(assignee(&world, first).await, Some(1001));
    // With queues they may be for anybody.
    queue(&world, json!({"name": "VIP", "primary_groups": {"group_ids": [own]},
        "definition": {"all": [{"field": "current_tags", "operator": "includes", "value": "vip"}]}})).await;
    let second = opened(&world, json!({"priority": "low"})).await;
    assert_eq!(passed(&world).await.given, 0, "a pass looks at a thousand");
    assert_eq!(tended(&world).await.given, 1, "that of each minute at all");
    assert_eq!(assignee(&world, second).await, Some(1001));
}

#[tokio::test]
async fn a_pass_that_finds_nobody_or_no_room_costs_little() {
    let world = desk(json!({})).await;
    capacity(&world, json!({"email": 1, "messaging": 0, "voice": 0})).await;
    opened(&world, json!({})).await;
    opened(&world, json!({})).await;
    passed(&world).await;
    let rounds = async || {
        let _ = world.store.calls();
        passed(&world).await;
        world.store.calls().rounds
    };
    assert_eq!(rounds().await, 3, "what the account is, whose, and who is there");
    status(&world, 1001, ONLINE).await;
    assert_eq!(passed(&world).await.given, 1);
    assert_eq!(rounds().await, 4, "and what they have to do");
}

#[tokio::test]
async fn what_was_imported_or_comes_back_is_routed_too() {
    let world = desk(json!({})).await;
    capacity(&world, json!({"email": 2})).await;
    status(&world, 1001, ONLINE).await;
    let import = json!({"ticket": {"subject": "x", "comments": [{"value": "x"}], "requester_id": 4001, "assignee_id": 1001, "status": "open"}});
    world.post("/imports/tickets", import).await.is(201);
    let gone = opened(&world, json!({})).await;
    world.delete(&format!("/tickets/{gone}")).await.is(204);
    assert_eq!(passed(&world).await.given, 0);
    world.put(&format!("/deleted_tickets/{gone}/restore"), Value::Null).await.is(200);
    let other = opened(&world, json!({})).await;
    assert_eq!(passed(&world).await.given, 1, "of two they may have they had one");
    assert_eq!((assignee(&world, gone).await, assignee(&world, other).await), (Some(1001), None));
}

#[tokio::test]
async fn what_changes_a_ticket_leads_to_a_pass_and_what_routing_did_to_none() {
    let world = World::new();
    cast::team(&world).await;
    let id = opened(&world, json!({})).await;
    let rings = async |audits: &[Audit]| {
        world
            .at_desk(async |desk| bell(desk.store, desk.accounts, &acme(), audits).await)
            .await
            .unwrap()
    };
    let kept = || -> Vec<Audit> {
        let all = world.store.dump().into_iter().filter(|(_, key, _)| {
            key.partition == format!("TICKET#{id}") && key.sort.starts_with("A#")
        });
        all.map(|(.., body)| serde_json::from_str(&body).unwrap()).collect()
    };
    assert_eq!(rings(&kept()).await, None, "nobody wants it");
    turned_on(&world, json!({})).await;
    let wanted = Some(Waiting::Route { tenant: acme() });
    assert_eq!(rings(&kept()).await, wanted);
    change(&world, id, json!({"comment": {"body": "hm", "public": false}})).await;
    assert_eq!(rings(&kept()[1..]).await, None, "to say something lets nobody take it");
    change(&world, id, json!({"priority": "high"})).await;
    assert_eq!(rings(&kept()[2..]).await, wanted);
    status(&world, 1001, ONLINE).await;
    assert_eq!(passed(&world).await.given, 1);
    assert_eq!(rings(&kept()[3..]).await, None);
    change(&world, id, json!({"status": "solved"})).await;
    assert_eq!(rings(&kept()[4..]).await, wanted, "who solves one has room");
}

#[tokio::test]
async fn only_who_keeps_rules_sets_others_statuses() {
    let world = desk(json!({})).await;
    let path = |of: &str| format!("/agent_availabilities/agent_statuses/agents/{of}");
    world.ask(AGENT, "PUT", &path("1001"), json!({"id": ONLINE})).await.is(200);
    world.ask(OTHER, "PUT", &path("1001"), json!({"id": ONLINE})).await.is(403);
    world.ask(OTHER, "GET", "/agent_availabilities/1001", Value::Null).await.is(403);
    world.ask(AGENT, "GET", "/agent_availabilities/1001", Value::Null).await.is(200);
    world.ask(AGENT, "GET", "/agent_availabilities", Value::Null).await.is(403);
    world.ask(CUSTOMER, "PUT", &path("me"), json!({"id": ONLINE})).await.is(403);
    world.put(&path("4001"), json!({"id": ONLINE})).await.is(404);
    world.put(&path("1001"), json!({"id": 7})).await.is(400);
    for path in ["/queues", "/capacity/rules", "/routing/settings"] {
        world.ask(AGENT, "GET", path, Value::Null).await.is(403);
    }
    world
        .ask(AGENT, "POST", "/routing/attributes", json!({"attribute": {"name": "x"}}))
        .await
        .is(403);
    world
        .ask(
            AGENT,
            "POST",
            "/routing/agents/1001/instance_values",
            json!({"attribute_value_ids": []}),
        )
        .await
        .is(403);
    world.post("/routing/pass", json!({})).await.is(404);
}
