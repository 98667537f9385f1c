//! Schedules and holidays.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use serde_json::{Value, json};

const PATH: &str = "/business_hours/schedules";

async fn schedule(world: &World, name: &str) -> Value {
    let asked = json!({"schedule": {"name": name, "time_zone": "Pacific Time (US & Canada)"}});
    world.post(PATH, asked).await.is(201)["schedule"].clone()
}

#[tokio::test]
async fn a_schedule_is_kept_as_clients_know_it() {
    let world = World::new();
    let made = schedule(&world, "North America").await;
    assert_eq!(made["time_zone"], "Pacific Time (US & Canada)");
    assert_eq!(made["intervals"][0], json!({"start_time": 1980, "end_time": 2460}));
    assert_eq!(made["intervals"].as_array().unwrap().len(), 5);
    let path = format!("{PATH}/{}", made["id"]);
    assert_eq!(world.get(&format!("{path}.json")).await.is(200)["schedule"], made);
    let changed = json!({"schedule": {"name": "EMEA", "time_zone": "Berlin"}});
    let after = world.put(&path, changed).await.is(200)["schedule"].clone();
    assert_eq!((&after["name"], &after["time_zone"]), (&json!("EMEA"), &json!("Berlin")));
    assert_eq!(after["intervals"], made["intervals"]);
    let week = json!({"workweek": {"intervals": [{"start_time": 3420, "end_time": 3900}]}});
    assert_eq!(world.put(&format!("{path}/workweek"), week.clone()).await.is(200), week);
    let listed = world.get(PATH).await.is(200);
    assert_eq!(listed["schedules"][0]["intervals"], week["workweek"]["intervals"]);
    world.delete(&path).await.is(204);
    world.get(&path).await.is(404);
}

#[tokio::test]
async fn holidays_are_days_of_a_schedule() {
    let world = World::new();
    let path = format!("{PATH}/{}/holidays", schedule(&world, "Hours").await["id"]);
    let asked = |name: &str, start: &str, end: &str| json!({"holiday": {"name": name, "start_date": start, "end_date": end}});
    let (late, early) = ("2026-12-31", "2026-12-24");
    let made =
        world.post(&path, asked("New Year's Eve", late, late)).await.is(201)["holiday"].clone();
    world.post(&path, asked("Christmas", early, "2026-12-26")).await.is(201);
    let all = world.get(&path).await.is(200);
    assert_eq!(all["holidays"][0]["name"], "Christmas");
    assert_eq!(all["holidays"][1], made);
    let one = format!("{path}/{}", made["id"]);
    let after = world.put(&one, json!({"holiday": {"name": "Eve"}})).await.is(200);
    assert_eq!(
        (&after["holiday"]["name"], &after["holiday"]["end_date"]),
        (&json!("Eve"), &json!(late))
    );
    assert_eq!(world.get(&one).await.is(200), after);
    world.delete(&one).await.is(204);
    world.get(&one).await.is(404);
    for wrong in [
        asked("", late, late),
        asked("Backwards", late, early),
        asked("Long ago", "2001-01-01", "2001-01-02"),
        json!({"holiday": {"name": "When?"}}),
    ] {
        world.post(&path, wrong).await.is(422);
    }
}

#[tokio::test]
async fn what_is_no_schedule_is_refused() {
    let world = World::new();
    let made = schedule(&world, "Hours").await;
    for wrong in [
        json!({"schedule": {"name": "", "time_zone": "Berlin"}}),
        json!({"schedule": {"name": "Elsewhere", "time_zone": "Atlantis"}}),
        json!({"schedule": {"name": "Hours", "time_zone": "Berlin"}}),
        json!({"schedule": {"name": "Nowhere"}}),
    ] {
        world.post(PATH, wrong).await.is(422);
    }
    let week = |intervals: &[(i32, i32)]| {
        let all: Vec<Value> =
            intervals.iter().map(|(a, b)| json!({"start_time": a, "end_time": b})).collect();
        json!({"workweek": {"intervals": all}})
    };
    let path = format!("{PATH}/{}/workweek", made["id"]);
    for wrong in [
        week(&[(60, 60)]),
        week(&[(120, 60)]),
        week(&[(0, 1_441)]),
        week(&[(10_000, 10_081)]),
        week(&[(-1, 60)]),
        week(&[(0, 100), (99, 200)]),
    ] {
        let refused = world.put(&path, wrong).await.is(422);
        assert!(refused.to_string().contains("interval"), "{refused}");
    }
    world.put(&path, week(&[(0, 1_440), (1_440, 2_880), (8_640, 10_080)])).await.is(200);
    world.put(&path, week(&[])).await.is(200);
}

#[tokio::test]
async fn only_who_keeps_rules_keeps_schedules() {
    let world = World::new();
    cast::all(&world).await;
    world.ask(AGENT, "GET", PATH, Value::Null).await.is(403);
    world.ask(AGENT, "POST", PATH, json!({})).await.is(403);
}

/// Hours from Saturday, nine o'clock, to Monday, six in the evening; the desk opened an hour before that.
const WEEKEND: i64 = 57;

#[tokio::test]
async fn business_time_is_that_of_the_schedule() {
    let world = World::new();
    cast::team(&world).await;
    schedule(&world, "Pacific").await;
    let asked = json!({"request": {"subject": "Help", "comment": {"body": "It is broken"}}});
    let id = world.ask(CUSTOMER, "POST", "/requests", asked).await.is(201)["request"]["id"].clone();
    world.pass(WEEKEND * 3_600);
    let within = |operator: &str, hours: &str| {
        let hours = json!({"field": "NEW", "operator": operator, "value": hours});
        let open = json!({"field": "status", "operator": "less_than", "value": "closed"});
        json!({"view": {"all": [open, hours]}})
    };
    for (operator, hours, count) in [
        ("is_business_hours", "1", 1),
        ("is_business_hours", "2", 0),
        ("less_than_business_hours", "2", 1),
        ("less_than_business_hours", "1", 0),
        ("greater_than_business_hours", "1", 0),
        ("is", "57", 1),
        ("greater_than", "56", 1),
    ] {
        let got = world.post("/views/preview/count", within(operator, hours)).await.is(200);
        assert_eq!(got["view_count"]["value"], count, "{operator} {hours}");
    }
    let path = format!("/tickets/{id}");
    let solved = json!({"ticket": {"status": "solved", "assignee_email": AGENT, "comment": {"body": "Here you are"}}});
    world.put(&path, solved).await.is(200);
    let (calendar, business) = (WEEKEND * 60, 60);
    let both = json!({"calendar": calendar, "business": business});
    let metric = world.get(&format!("{path}/metrics")).await.is(200)["ticket_metric"].clone();
    for name in [
        "reply_time_in_minutes",
        "first_resolution_time_in_minutes",
        "full_resolution_time_in_minutes",
        "requester_wait_time_in_minutes",
    ] {
        assert_eq!(metric[name], both, "{name}");
    }
    assert_eq!(metric["reply_time_in_seconds"]["calendar"], calendar * 60);
    assert_eq!(metric["on_hold_time_in_minutes"], json!({"calendar": 0, "business": 0}));
    let told = world.get("/incremental/ticket_metric_events?start_time=0").await.is(200);
    let is_it = |it: &&Value| it["metric"] == "resolution_time" && it["type"] == "update_status";
    let told = told["ticket_metric_events"].as_array().unwrap().iter().find(is_it).unwrap();
    assert_eq!(told["status"], both);
}
