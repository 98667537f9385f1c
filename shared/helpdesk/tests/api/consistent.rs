//! Times are told by a ticket's metrics, by its metric events and by reports: all of them the same.

use crate::cast::{self, AGENT, CUSTOMER};
use crate::world::World;
use ceap_helpdesk::record::{Record, places};
use ceap_helpdesk::report::{Cells, Figure, Snapshot};
use ceap_helpdesk::store::Store;
use ceap_helpdesk::ticket::Ticket;
use ceap_kernel::TenantId;
use rstest::rstest;
use serde_json::{Value, json};

/// Who says or does something, after how many minutes.
enum Turn {
    /// An agent replies.
    Reply(i64),
    /// The customer asks again.
    Ask(i64),
    /// An agent sets the status.
    Stands(i64, &'static str),
}
use Turn::{Ask, Reply, Stands};

/// The ticket of a history, with its metric events, after business hours were set up: 10 to 18 where it is 9 when it begins.
async fn lived(history: &[Turn]) -> (World, u64) {
    let world = World::new();
    cast::team(&world).await;
    let made = world.post(
        "/business_hours/schedules",
        json!({"schedule": {"name": "Days", "time_zone": "UTC"}}),
    );
    let id = made.await.is(201)["schedule"]["id"].clone();
    let days: Vec<Value> = (0..7)
        .map(|day| json!({"start_time": day * 1440 + 600, "end_time": day * 1440 + 1080}))
        .collect();
    let path = format!("/business_hours/schedules/{id}/workweek");
    world.put(&path, json!({"workweek": {"intervals": days}})).await.is(200);
    let asked = json!({"request": {"subject": "x", "comment": {"body": "x"}}});
    let told = world.ask(CUSTOMER, "POST", "/requests", asked).await.is(201);
    let id = told["request"]["id"].as_u64().unwrap();
    for turn in history {
        let (Reply(minutes) | Ask(minutes) | Stands(minutes, _)) = turn;
        world.pass(minutes * 60);
        let path = format!("/tickets/{id}");
        match turn {
            Ask(_) => {
                let said = json!({"request": {"comment": {"body": "and?"}}});
                world.ask(CUSTOMER, "PUT", &format!("/requests/{id}"), said).await.is(200);
            }
            Reply(_) => {
                let said = json!({"ticket": {"comment": {"body": "so"}, "assignee_id": 1001}});
                world.ask(AGENT, "PUT", &path, said).await.is(200);
            }
            Stands(_, status) => {
                let change = json!({"ticket": {"status": status, "assignee_id": 1001}});
                world.ask(AGENT, "PUT", &path, change).await.is(200);
            }
        }
    }
    (world, id)
}

/// What metric events say that the instances of a clock took together, in minutes: by the calendar, within business hours.
fn said(events: &Value, metric: &str) -> (i64, i64) {
    let all = events[metric].as_array().unwrap().iter();
    let done = all.filter(|it| it["type"] == "update_status");
    done.fold((0, 0), |(calendar, business), it| {
        let of = |name: &str| it["status"][name].as_i64().unwrap();
        (calendar + of("calendar"), business + of("business"))
    })
}

fn minutes(metrics: &Value, name: &str) -> (i64, i64) {
    let of = |part: &str| metrics[name][part].as_i64().unwrap();
    (of("calendar"), of("business"))
}

async fn cells(world: &World, id: u64) -> Cells {
    let (tenant, key) = (TenantId::new("acme").unwrap(), places::record(Ticket::KIND, id));
    let item = world.store.get(&tenant, &[key]).await.unwrap().pop().unwrap();
    Snapshot::of(&serde_json::from_str(&item.body).unwrap()).cells()
}

fn total(cells: &Cells, (calendar, business): (Figure, Figure)) -> (i64, i64) {
    let sum = |figure| cells.iter().map(|(_, it)| it.get(figure)).sum::<i64>() / 60;
    (sum(calendar), sum(business))
}

#[rstest]
#[case::at_once(&[Reply(30), Stands(30, "solved")])]
#[case::over_a_night(&[Reply(600), Stands(900, "solved")])]
#[case::asked_and_answered(&[Reply(90), Stands(5, "pending"), Ask(240), Reply(60), Stands(60, "solved")])]
#[case::on_hold(&[Stands(120, "hold"), Reply(700), Stands(60, "open"), Stands(45, "solved")])]
#[case::reopened(&[Reply(15), Stands(15, "solved"), Ask(300), Reply(20), Stands(10, "solved")])]
#[case::reopened_twice(&[Stands(40, "solved"), Ask(60), Stands(80, "solved"), Ask(2000), Reply(1), Stands(1, "solved")])]
#[tokio::test]
async fn times_are_the_same_wherever_they_are_told(#[case] history: &[Turn]) {
    let (world, id) = lived(history).await;
    let told = world.get(&format!("/tickets/{id}?include=metric_events")).await.is(200);
    let events = &told["ticket"]["metric_events"];
    let metrics =
        world.get(&format!("/tickets/{id}/metrics")).await.is(200)["ticket_metric"].clone();
    let cells = cells(&world, id).await;

    let waited = minutes(&metrics, "requester_wait_time_in_minutes");
    assert_eq!(waited, said(events, "requester_wait_time"), "{events}");
    assert_eq!(waited, total(&cells, (Figure::RequesterWait, Figure::RequesterWaitBusiness)));

    let first = events["resolution_time"].as_array().unwrap().iter();
    let first = first.filter(|it| it["instance_id"] == 1).cloned().collect::<Vec<_>>();
    let resolved = minutes(&metrics, "first_resolution_time_in_minutes");
    assert_eq!(resolved, said(&json!({"resolution_time": first}), "resolution_time"));
    assert_eq!(resolved, total(&cells, (Figure::FirstResolution, Figure::FirstResolutionBusiness)));

    if metrics["reply_time_in_minutes"]["calendar"].is_i64() {
        let first = events["reply_time"].as_array().unwrap().iter();
        let first = first.filter(|it| it["instance_id"] == 1).cloned().collect::<Vec<_>>();
        let replied = minutes(&metrics, "reply_time_in_minutes");
        assert_eq!(replied, said(&json!({"reply_time": first}), "reply_time"));
        assert_eq!(replied, total(&cells, (Figure::FirstReply, Figure::FirstReplyBusiness)));
    }
    let handled = minutes(&metrics, "handle_time_in_minutes");
    assert_eq!(handled, total(&cells, (Figure::Handle, Figure::HandleBusiness)));
    let full = minutes(&metrics, "full_resolution_time_in_minutes");
    assert_eq!(full, total(&cells, (Figure::FullResolution, Figure::FullResolutionBusiness)));
    let agent = minutes(&metrics, "agent_wait_time_in_minutes");
    assert_eq!(agent, total(&cells, (Figure::AgentWait, Figure::AgentWaitBusiness)));
    let held = minutes(&metrics, "on_hold_time_in_minutes");
    assert_eq!(held, total(&cells, (Figure::OnHold, Figure::OnHoldBusiness)));
}
