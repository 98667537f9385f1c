//! Reports: figures that are kept as tickets change, and made anew from all that was told of them.

use crate::cast::{self, AGENT, CUSTOMER, OTHER};
use crate::world::World;
use ceap_helpdesk::account::Account;
use ceap_helpdesk::automation::sweep;
use ceap_helpdesk::record::{Record, places};
use ceap_helpdesk::report::{self, Asked, Cells, Kind, Snapshot};
use ceap_helpdesk::ticket::{DeletedTicket, Ticket};
use ceap_kernel::{Clock, Fault, TenantId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const OWNER: &str = "owner@acme.example";

/// A helpdesk whose changes are told to reports, and to a lake.
struct Desk {
    world: World,
    tenant: TenantId,
    lake: Vec<Snapshot>,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new();
        cast::team(&world).await;
        Self { world, tenant: TenantId::new("acme").unwrap(), lake: Vec::new() }
    }

    /// A ticket as it is, or as it was deleted.
    async fn snapshot(&self, id: u64) -> Option<Snapshot> {
        let keys = [Ticket::KIND, DeletedTicket::KIND].map(|kind| places::record(kind, id));
        let found = ceap_helpdesk::store::Store::get(&self.world.store, &self.tenant, &keys).await;
        let item = found.unwrap().pop()?;
        if item.key == keys[0] {
            return Some(Snapshot::of(&serde_json::from_str(&item.body).unwrap()));
        }
        Some(Snapshot::deleted(&serde_json::from_str(&item.body).unwrap()))
    }

    /// What the stream of changes tells of a ticket.
    async fn told(&mut self, id: u64) -> Snapshot {
        let snapshot = self.snapshot(id).await.unwrap();
        self.lake.push(snapshot.clone());
        snapshot
    }

    async fn count(&self, snapshots: &[Snapshot]) {
        report::count(&self.world.store, &self.tenant, snapshots).await.unwrap();
    }

    async fn counted(&mut self, id: u64) {
        let snapshot = self.told(id).await;
        self.count(&[snapshot]).await;
    }

    async fn report(&self, kind: &str, query: &[(&str, &str)]) -> Value {
        let account = Account::load(&self.world.store, &self.tenant).await.unwrap();
        let (kind, usual) = Kind::named(kind).unwrap();
        let find = |name: &str| {
            query.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        };
        let today = self.world.hands.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let asked = Asked::read(find, today, usual).unwrap();
        let told = report::report(&self.world.store, &self.tenant, &account, kind, &asked).await;
        serde_json::to_value(told.unwrap()).unwrap()
    }

    /// All figures that serve.
    async fn figures(&self) -> Cells {
        let months: Vec<String> =
            (2026..=2036).flat_map(|y| (1..=12).map(move |m| format!("{y}-{m:02}"))).collect();
        report::served(&self.world.store, &self.tenant, &months).await.unwrap()
    }

    async fn opened(&self, more: Value) -> u64 {
        let mut ticket = json!({"subject": "x", "comment": {"body": "x"}, "requester_id": 4001, "priority": "normal"});
        ticket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = self.world.post("/tickets", json!({"ticket": ticket})).await.is(201);
        told["ticket"]["id"].as_u64().unwrap()
    }

    async fn update(&self, by: &str, id: u64, change: Value) {
        self.world
            .ask(by, "PUT", &format!("/tickets/{id}"), json!({"ticket": change}))
            .await
            .is(200);
    }
}

#[tokio::test]
async fn what_agents_did_is_told_day_by_day() {
    let mut desk = Desk::new().await;
    let group = desk.world.get("/groups").await.is(200)["groups"][0].clone();
    let id = desk.opened(json!({"assignee_id": 1001})).await;
    desk.counted(id).await;
    desk.world.pass(30 * 60);
    desk.update(AGENT, id, json!({"comment": {"body": "hi"}})).await;
    desk.counted(id).await;
    desk.world.pass(24 * 60 * 60);
    desk.update(
        OTHER,
        id,
        json!({"comment": {"body": "psst", "public": false}, "assignee_id": 2001}),
    )
    .await;
    desk.counted(id).await;
    desk.world.pass(60 * 60);
    desk.update(OTHER, id, json!({"comment": {"body": "done"}, "status": "solved"})).await;
    desk.counted(id).await;

    let tickets = desk.report("tickets", &[]).await;
    let days: Vec<&str> =
        tickets["rows"].as_array().unwrap().iter().map(|it| it["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-11-21", "2026-11-22"]);
    let [first, second] = [&tickets["rows"][0], &tickets["rows"][1]];
    assert_eq!((&first["created"], &first["solved"]), (&json!(1), &json!(0)));
    let reply = json!({"count": 1, "calendar_minutes": 30.0, "business_minutes": 30.0});
    assert_eq!(first["first_reply"], reply);
    assert_eq!(first["first_reply_within"], json!({"1h": 1, "8h": 0, "24h": 0, "later": 0}));
    assert_eq!(
        (&second["created"], &second["solved"], &second["one_touch"]),
        (&json!(0), &json!(1), &json!(0))
    );
    assert_eq!(second["full_resolution"]["calendar_minutes"], json!(1530.0));
    assert_eq!(tickets["total"]["unsolved"], json!(0));
    assert_eq!(tickets["total"]["handle_calendar_minutes"], json!(1530.0));

    let agents = desk.report("agents", &[]).await;
    let rows = agents["rows"].as_array().unwrap();
    let of = |id: u64| rows.iter().find(|it| it["agent_id"] == json!(id)).unwrap();
    assert_eq!((&of(1001)["replies"], &of(1001)["solved"]), (&json!(1), &json!(0)));
    assert_eq!(of(1001)["handle_calendar_minutes"], json!(1470.0));
    assert_eq!((&of(2001)["replies"], &of(2001)["notes"]), (&json!(1), &json!(1)));
    assert_eq!((&of(2001)["solved"], &of(2001)["agent"]), (&json!(1), &json!("colleague")));

    let by = desk.report("tickets", &[("by", "group,day"), ("agent_id", "1001")]).await;
    assert_eq!(by["rows"][0]["group_id"], group["id"]);
    assert_eq!(by["rows"][0]["group"], group["name"]);
    assert_eq!(by["total"]["solved"], json!(0));
    let channels = desk.report("channels", &[]).await;
    assert_eq!(channels["rows"][0]["channel"], json!("api"));
    assert_eq!(channels["rows"][0]["created"], json!(1));

    desk.world.ask(OWNER, "DELETE", &format!("/tickets/{id}"), Value::Null).await.is(204);
    desk.counted(id).await;
    assert_eq!(desk.figures().await, Cells::default(), "what is deleted is not told of");
    desk.world
        .ask(OWNER, "PUT", &format!("/deleted_tickets/{id}/restore"), Value::Null)
        .await
        .is(200);
    desk.counted(id).await;
    assert_eq!(desk.report("tickets", &[]).await, tickets);
}

#[tokio::test]
async fn promises_are_counted_once_kept_or_broken() {
    let mut desk = Desk::new().await;
    let within = |metric: &str, target: u32| json!({"priority": "normal", "metric": metric, "target": target, "business_hours": false});
    let policy = json!({"title": "Gold", "filter": {"all": [], "any": []}, "policy_metrics": [
        within("first_reply_time", 60), within("periodic_update_time", 60), within("total_resolution_time", 6000)]});
    desk.world.post("/slas/policies", json!({"sla_policy": policy})).await.is(201);
    let asked =
        json!({"request": {"subject": "x", "comment": {"body": "x"}, "priority": "normal"}});
    let told = desk.world.ask(CUSTOMER, "POST", "/requests", asked).await.is(201);
    let id = told["request"]["id"].as_u64().unwrap();
    // In time; then an hour and a half later, which nobody noticed before; then in time.
    for minutes in [30, 90, 30] {
        desk.world.pass(minutes * 60);
        desk.update(AGENT, id, json!({"comment": {"body": "hi"}})).await;
        desk.counted(id).await;
    }
    desk.world.pass(60);
    desk.update(AGENT, id, json!({"status": "solved", "assignee_id": 1001})).await;
    desk.counted(id).await;
    let sla = desk.report("sla", &[]).await["total"].clone();
    let promised = |kept: i64, broken: i64, percent: Value| json!({"kept": kept, "broken": broken, "kept_percent": percent});
    assert_eq!(sla["metrics"]["first_reply_time"], promised(1, 0, json!(100.0)));
    assert_eq!(sla["metrics"]["periodic_update_time"], promised(2, 1, json!(66.67)));
    assert_eq!(sla["metrics"]["total_resolution_time"], promised(1, 0, json!(100.0)));
    assert_eq!((&sla["kept"], &sla["broken"]), (&json!(4), &json!(1)));
}

/// Random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.roll(at as u64 + 1) as usize);
        }
    }
}

/// Places and people that random tickets have to do with.
struct Cast {
    groups: Vec<Value>,
    brands: Vec<Value>,
}

impl Cast {
    async fn of(world: &World) -> Self {
        let group = world.post("/groups", json!({"group": {"name": "Second"}})).await.is(201);
        for agent in [1001, 2001] {
            let membership = json!({"user_id": agent, "group_id": group["group"]["id"]});
            world.post("/group_memberships", json!({"group_membership": membership})).await.is(201);
        }
        let brand = json!({"brand": {"name": "Other", "subdomain": "other"}});
        world.post("/brands", brand).await.is(201);
        let all = |told: Value, name: &str| -> Vec<Value> {
            told[name].as_array().unwrap().iter().map(|it| it["id"].clone()).collect()
        };
        let metrics = [
            "first_reply_time",
            "next_reply_time",
            "periodic_update_time",
            "requester_wait_time",
            "agent_work_time",
            "total_resolution_time",
        ];
        let metrics: Vec<Value> = ["normal", "urgent"].iter().flat_map(|priority| metrics.iter().enumerate().map(move |(at, metric)| {
            json!({"priority": priority, "metric": metric, "target": 40 + 60 * at, "business_hours": at % 2 == 1})
        })).collect();
        let policy =
            json!({"title": "Gold", "filter": {"all": [], "any": []}, "policy_metrics": metrics});
        world.post("/slas/policies", json!({"sla_policy": policy})).await.is(201);
        Self {
            groups: all(world.get("/groups").await.is(200).clone(), "groups"),
            brands: all(world.get("/brands").await.is(200).clone(), "brands"),
        }
    }
}

/// Does something to some ticket, as people do, and tells to which. What is refused is no change.
async fn operation(
    desk: &mut Desk,
    cast: &Cast,
    dice: &mut Dice,
    live: &mut Vec<u64>,
    gone: &mut Vec<u64>,
) -> Option<u64> {
    let world = &desk.world;
    world.pass(dice.roll(40 * 60) as i64);
    if live.len() < 3 || dice.roll(12) == 0 {
        let priority = dice.pick(&["low", "normal", "urgent"]);
        let id = if dice.roll(2) == 0 {
            let asked = json!({"request": {"subject": "x", "comment": {"body": "x"}, "priority": priority}});
            let told = world.ask(CUSTOMER, "POST", "/requests", asked).await.is(201).clone();
            told["request"]["id"].as_u64().unwrap()
        } else {
            let more = json!({"priority": priority, "brand_id": cast.brands[dice.roll(2) as usize],
                "via": {"channel": dice.pick(&["email", "web", "chat"])}});
            desk.opened(more).await
        };
        live.push(id);
        return Some(id);
    }
    let at = dice.roll(live.len() as u64) as usize;
    let id = live[at];
    let path = format!("/tickets/{id}");
    let by = dice.pick(&[AGENT, OTHER]);
    let change = match dice.roll(12) {
        0 | 1 => json!({"comment": {"body": "an answer"}}),
        2 => json!({"comment": {"body": "a note", "public": false}}),
        3 => json!({"status": dice.pick(&["open", "pending", "hold"])}),
        4 | 5 => json!({"status": "solved", "assignee_id": dice.pick(&[1001, 2001])}),
        6 => json!({"assignee_id": dice.pick(&[1001, 2001])}),
        7 => json!({"group_id": cast.groups[dice.roll(cast.groups.len() as u64) as usize]}),
        8 => {
            json!({"priority": dice.pick(&["low", "normal", "urgent"]), "brand_id": cast.brands[dice.roll(2) as usize]})
        }
        9 => {
            let said = json!({"request": {"comment": {"body": "a question"}}});
            let _ = world.ask(CUSTOMER, "PUT", &format!("/requests/{id}"), said).await;
            return Some(id);
        }
        10 => {
            let rating = json!({"satisfaction_rating": {"score": dice.pick(&["good", "bad"]), "comment": dice.pick(&["", "well"])}});
            let _ =
                world.ask(CUSTOMER, "POST", &format!("{path}/satisfaction_rating"), rating).await;
            return Some(id);
        }
        _ if !gone.is_empty() && dice.roll(2) == 0 => {
            let back = gone.swap_remove(dice.roll(gone.len() as u64) as usize);
            world
                .ask(OWNER, "PUT", &format!("/deleted_tickets/{back}/restore"), Value::Null)
                .await
                .is(200);
            live.push(back);
            return Some(back);
        }
        _ => {
            world.ask(OWNER, "DELETE", &path, Value::Null).await.is(204);
            gone.push(live.swap_remove(at));
            return Some(id);
        }
    };
    let _ = world.ask(by, "PUT", &path, json!({"ticket": change})).await;
    Some(id)
}

/// Operations of a run: `CEAP_OPERATIONS=100000 cargo test --release -p ceap-helpdesk --test api reports` does more.
fn operations() -> usize {
    std::env::var("CEAP_OPERATIONS").ok().and_then(|it| it.parse().ok()).unwrap_or(1_000)
}

#[tokio::test]
async fn figures_made_anew_from_the_lake_are_those_that_were_kept() {
    let mut desk = Desk::new().await;
    let cast = Cast::of(&desk.world).await;
    desk.world.unchecked.set(true);
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut live, mut gone, mut waiting) = (Vec::new(), Vec::new(), Vec::<Snapshot>::new());
    let (all, mut begun) = (operations(), None);
    for done in 0..all {
        if dice.roll(200) == 0 && !live.is_empty() {
            // The minute's sweep finds what is late.
            let tenant = desk.tenant.clone();
            let _ = desk.world.at_desk(async |it| sweep(it, &tenant).await).await;
            for id in (0..10).map(|_| dice.pick(&live)).collect::<Vec<_>>() {
                waiting.push(desk.told(id).await);
            }
        }
        if let Some(id) = operation(&mut desk, &cast, &mut dice, &mut live, &mut gone).await {
            waiting.push(desk.told(id).await);
        }
        if done == all / 2 {
            // New figures are begun while the old ones serve: what is told meanwhile counts in both.
            begun = Some(report::begin(&desk.world.store, &desk.tenant).await.unwrap());
        }
        // Batches of the stream, of which some come twice, and some late and in another order.
        if dice.roll(20) == 0 {
            dice.shuffle(&mut waiting);
            let kept = dice.roll(waiting.len() as u64 + 1) as usize;
            let batch = waiting.split_off(kept);
            desk.count(&batch).await;
            if dice.roll(3) == 0 {
                desk.count(&batch).await;
            }
        }
    }
    desk.count(&waiting).await;
    let kept = desk.figures().await;

    // What the tickets themselves say, each as it is at the end.
    let mut last: BTreeMap<u64, &Snapshot> = BTreeMap::new();
    for it in &desk.lake {
        let newest = last.entry(it.ticket.get()).or_insert(it);
        if it.version > newest.version {
            *newest = it;
        }
    }
    let mut naive = Cells::default();
    last.values().for_each(|it| naive.merge(&it.cells()));
    assert_eq!(kept, naive);
    let created: i64 = kept.iter().map(|(_, it)| it.get(report::Figure::Created)).sum();
    assert_eq!(created as usize, live.len());

    let filling = begun.unwrap();
    let mut lake = desk.lake.clone();
    dice.shuffle(&mut lake);
    for part in lake.chunks(500) {
        filling.count(&desk.world.store, &desk.tenant, part).await.unwrap();
    }
    report::finish(&desk.world.store, &desk.tenant, filling).await.unwrap();
    assert_eq!(desk.figures().await, kept, "made anew from the lake");
    report::clear(&desk.world.store, &desk.tenant).await.unwrap();
    assert_eq!(desk.figures().await, kept, "without the old ones");
    let now = report::generations(&desk.world.store, &desk.tenant).await.unwrap();
    assert_eq!((now.serves, now.fills), (1, None));
    println!(
        "{all} operations, {} tickets, {} states told",
        live.len() + gone.len(),
        desk.lake.len()
    );
}

#[tokio::test]
async fn a_ticket_with_more_figures_than_one_commit_writes_counts_whole() {
    let mut desk = Desk::new().await;
    let id = desk.opened(json!({"assignee_id": 1001})).await;
    for _ in 0..150 {
        desk.world.pass(24 * 60 * 60);
        desk.update(AGENT, id, json!({"comment": {"body": "still at it"}})).await;
    }
    let whole = desk.told(id).await;
    assert!(whole.cells().iter().count() > 150);
    desk.count(std::slice::from_ref(&whole)).await;
    assert_eq!(desk.figures().await, whole.cells());
    desk.world.ask(OWNER, "DELETE", &format!("/tickets/{id}"), Value::Null).await.is(204);
    let deleted = desk.told(id).await;
    desk.count(&[whole.clone(), deleted, whole]).await;
    assert_eq!(desk.figures().await, Cells::default());
}

#[tokio::test]
async fn two_at_once_count_nothing_twice() {
    let mut desk = Desk::new().await;
    let mut all = Vec::new();
    for _ in 0..40 {
        let id = desk.opened(json!({"assignee_id": 1001})).await;
        all.push(desk.told(id).await);
    }
    let counts = (0..4).map(|_| report::count(&desk.world.store, &desk.tenant, &all));
    for done in futures::future::join_all(counts).await {
        assert!(matches!(done, Ok(_) | Err(Fault::Unavailable(_))), "{done:?}");
    }
    desk.count(&all).await;
    let mut naive = Cells::default();
    all.iter().for_each(|it| naive.merge(&it.cells()));
    assert_eq!(desk.figures().await, naive);
}

#[tokio::test]
async fn what_is_imported_counts_when_it_was() {
    let mut desk = Desk::new().await;
    // The night in which New York, where the account is, changes its clocks.
    let past = json!({"ticket": {"subject": "Old", "requester_id": 4001, "assignee_id": 1001, "status": "solved",
        "created_at": "2026-03-08T03:30:00Z", "updated_at": "2026-03-08T07:30:00Z", "solved_at": "2026-03-08T07:30:00Z",
        "comments": [{"author_id": 4001, "value": "x", "created_at": "2026-03-08T03:30:00Z"}]}});
    let made = desk.world.post("/imports/tickets", past).await.is(201);
    desk.counted(made["ticket"]["id"].as_u64().unwrap()).await;
    let told = desk.report("tickets", &[("from", "2026-03-01"), ("to", "2026-03-31")]).await;
    assert_eq!(told["time_zone"], "America/New_York");
    let rows = told["rows"].as_array().unwrap().iter();
    let rows: Vec<_> =
        rows.map(|it| (&it["day"], it["created"].as_i64(), it["solved"].as_i64())).collect();
    let expected =
        [(&json!("2026-03-07"), Some(1), Some(0)), (&json!("2026-03-08"), Some(0), Some(1))];
    assert_eq!(rows, expected);
    let took = &told["total"]["full_resolution"];
    assert_eq!((&took["count"], &took["calendar_minutes"]), (&json!(0), &Value::Null), "not known");
}
