//! A run that dies at any step, and is gone on with, does everything once.

mod affinities;
mod backfills;

use ceap_engagement::feature::AsOf;
use ceap_engagement::run::desk::{Desk, Evaluate};
use ceap_engagement::run::finish::{End, Finisher, Stopped};
use ceap_engagement::run::part::{Task, Worker};
use ceap_engagement::run::plan::{Begin, Cause, Fired, Part, Planned, Planner};
use ceap_engagement::run::replay::Asked;
use ceap_engagement::run::{Kind, Run, RunStore, State, Which};
use ceap_engagement::simulation::Workbench;
use ceap_engagement::use_case::Stored;
use ceap_engagement::use_case::library::{Library, UseCaseKeeper, Version};
use ceap_engagement::use_case::{Duty, Mode, ScheduleDocument, UseCase};
use ceap_kernel::{Fault, RunId, SignalId, SignedDuration, TenantId};
use ceap_testkit::builders::{after_noon, customer, event, noon, plan, subject, tenant, use_case};
use ceap_testkit::{Strike, World};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

const CUSTOMERS: usize = 20;

const DAILY: &str = r#"
id: daily
version: 1
name: Daily
purpose: transactional
trigger:
  schedule: {expression: "cron(0 9 * * ? *)", time_zone: Europe/Zurich}
  when: features.orders > 0 && profile.email != ""
features:
  orders: {op: count, event: order_placed, within: 30d}
score: {kind: expression, base: 1, terms: []}
ttl: 24h
action: {channel: email, subject: Hello, text: "{{ features.orders }} orders by {{ event.time }}"}
"#;

fn schedule() -> ScheduleDocument {
    UseCase::parse(DAILY).unwrap().document.trigger.schedule.unwrap()
}

/// Customers, of whom every second has ordered, and one who ordered has no profile.
async fn world(tenant: &TenantId) -> World {
    let world = World::new(noon()).with(tenant, plan(&[DAILY]));
    let mut facts: Vec<_> = (0..CUSTOMERS).map(|n| customer(&format!("c{n:02}"))).collect();
    for n in (0..CUSTOMERS).step_by(2) {
        facts.push(event("order_placed", &format!("c{n:02}"), &format!("o{n}")).sec(-600));
    }
    facts.push(event("order_placed", "nobody", "o").sec(-600));
    let events: Vec<_> = facts.iter().map(|fact| fact.of(tenant)).collect();
    world.run(&events).await;
    let document = UseCase::parse(DAILY).unwrap().document;
    let library = library(&world);
    library.put(tenant, &document.id, DAILY, None, &Stored::default()).await.unwrap();
    world.pass(SignedDuration::from_mins(5));
    world
}

fn library(world: &World) -> Library<World, World, World> {
    Library { keeper: world.clone(), schedules: world.clone(), clock: world.clone() }
}

fn desk(world: &World) -> Desk<World, World, World, World, World, World> {
    Desk {
        runs: world.clone(),
        files: world.clone(),
        use_cases: world.clone(),
        plans: world.clone(),
        workflow: world.clone(),
        clock: world.clone(),
        lag: SignedDuration::from_mins(5),
    }
}

/// The state machine: each step is tried again as long as that can help.
struct Machine<'a> {
    world: &'a World,
    execution: String,
    input: Cause,
    /// The part from which on nothing goes any more.
    breaks_at: Option<u32>,
}

impl Machine<'_> {
    async fn tried<T>(&self, step: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
        for _ in 0..4 {
            match self.world.alive(step()).await {
                None => {}
                Some(Err(fault)) if fault.retryable() => {}
                Some(other) => return other,
            }
        }
        Err(Fault::Unavailable("tried in vain".to_owned()))
    }

    async fn execute(&self) -> Result<(), Fault> {
        let error = match self.parts().await {
            Ok(false) => return Ok(()),
            Ok(true) => None,
            Err(fault) => {
                let cause = json!({"errorType": "Permanent", "errorMessage": fault.to_string()});
                Some(Stopped { error: "Permanent".to_owned(), cause: cause.to_string() })
            }
        };
        let (execution, input) = (self.execution.clone(), self.input.clone());
        let end = End { execution, input, error };
        let world = self.world;
        let finisher = Finisher {
            runs: world.clone(),
            files: world.clone(),
            affinities: world.clone(),
            clock: world.clone(),
        };
        self.tried(async || finisher.finish(&end).await).await
    }

    async fn parts(&self) -> Result<bool, Fault> {
        let world = self.world;
        let begin = Begin { execution: self.execution.clone(), input: self.input.clone() };
        let planner = Planner {
            runs: world.clone(),
            files: world.clone(),
            use_cases: world.clone(),
            population: world.clone(),
            history: world.clone(),
            schedules: world.clone(),
            clock: world.clone(),
            size: 7,
        };
        let planned: Planned = self.tried(async || planner.plan(&begin).await).await?;
        let Some(count) = planned.parts else { return Ok(false) };
        let which = planned.which;
        let key = (which.tenant.clone(), which.run.clone(), "parts.json".to_owned());
        let parts: Vec<Part> = serde_json::from_str(&world.stores().files[&key]).unwrap();
        assert_eq!(parts.len(), count as usize);
        let worker = Worker {
            runs: world.clone(),
            files: world.clone(),
            use_cases: world.clone(),
            population: world.clone(),
            subjects: world.clone(),
            signals: world.clone(),
            quarantine: world.clone(),
            history: world.clone(),
            workbench: Workbench::new(world.clone(), world.clone(), world.clone()),
            addresses: world.clone(),
            clock: world.clone(),
        };
        for part in parts {
            if self.breaks_at == Some(part.part) {
                world.stores().plans.remove(&which.tenant);
            }
            let task = Task { which: which.clone(), part };
            self.tried(async || worker.work(&task).await).await?;
        }
        Ok(true)
    }
}

fn fired(tenant: &TenantId) -> Fired {
    Fired {
        tenant: tenant.clone(),
        use_case: use_case("daily"),
        duty: Duty::Evaluate,
        schedule: schedule(),
        since: noon(),
        scheduled_at: noon(),
    }
}

fn machine<'a>(world: &'a World, tenant: &TenantId, name: &str) -> Machine<'a> {
    let input = Cause::Fired(fired(tenant));
    Machine { world, execution: name.to_owned(), input, breaks_at: None }
}

fn the_run(world: &World, tenant: &TenantId) -> Run {
    let stores = world.stores();
    let runs: Vec<_> = stores.runs.iter().filter(|((of, _), _)| of == tenant).collect();
    assert_eq!(runs.len(), 1);
    serde_json::from_str(&runs[0].1.1).unwrap()
}

/// What was emitted, however often, and what was sent, which must be once.
async fn signals_and_messages(world: &World) -> (BTreeSet<SignalId>, Vec<String>) {
    world.work().await;
    let mut sent: Vec<String> = world.sent().into_iter().map(|it| it.subject.to_string()).collect();
    sent.sort();
    (world.signal_ids(), sent)
}

fn expected() -> Vec<String> {
    (0..CUSTOMERS).step_by(2).map(|n| format!("c{n:02}")).collect()
}

#[tokio::test]
async fn a_schedule_evaluates_everybody_with_a_profile_once() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    machine(&world, &tenant, "first").execute().await.unwrap();
    let run = the_run(&world, &tenant);
    assert_eq!((run.state, run.kind, run.version), (State::Done, Kind::Batch, 1));
    assert_eq!(run.as_of, Some(noon()));
    assert_eq!((run.counts["subjects"], run.counts["signals"]), (20, 10));
    assert_eq!(run.parts, Some(3), "20 subjects in parts of 7");
    // Scheduler fires at least once: the second time nothing is left to do.
    let calls = world.calls("subjects.load");
    machine(&world, &tenant, "second").execute().await.unwrap();
    assert_eq!(world.calls("subjects.load"), calls);
    let (signals, sent) = signals_and_messages(&world).await;
    assert_eq!((signals.len(), sent), (10, expected()));
    let text = &world.sent()[0];
    assert!(format!("{text:?}").contains("1 orders by 2026-11-21T12:00:00Z"), "{text:?}");
}

#[tokio::test]
async fn a_run_struck_at_any_step_does_everything_once() {
    let tenant = tenant("acme");
    let clean = world(&tenant).await;
    let before = clean.total_calls();
    machine(&clean, &tenant, "x").execute().await.unwrap();
    let calls = clean.total_calls() - before;
    let (signals, _) = signals_and_messages(&clean).await;
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = world(&tenant).await;
            world.strike(nth, strike);
            machine(&world, &tenant, "x").execute().await.unwrap();
            let run = the_run(&world, &tenant);
            let struck = world.struck();
            assert_eq!(run.state, State::Done, "{struck:?}");
            assert_eq!((run.counts["subjects"], run.counts["signals"]), (20, 10), "{struck:?}");
            let (again, sent) = signals_and_messages(&world).await;
            assert_eq!(again, signals, "{struck:?}");
            assert_eq!(sent, expected(), "{struck:?}");
        }
    }
}

#[tokio::test]
async fn a_failed_run_says_why_and_goes_on_where_it_stopped() {
    let tenant = tenant("acme");
    let daily = use_case("daily");
    let world = world(&tenant).await;
    let before = world.calls("subjects.load");
    let first = Machine { breaks_at: Some(2), ..machine(&world, &tenant, "one") };
    first.execute().await.unwrap();
    let run = the_run(&world, &tenant);
    assert_eq!(run.state, State::Failed);
    assert_eq!(run.error.as_deref(), Some("part 2: not_found: there is no tenant acme"));
    assert_eq!(world.calls("subjects.load") - before, 2);
    let desk = desk(&world);
    let view = desk.get(&tenant, &daily, &run.id).await.unwrap();
    assert_eq!((view.parts_done, view.run.counts["subjects"]), (2, 14));

    let resumed = desk.resume(&tenant, &daily, &run.id).await.unwrap();
    assert_eq!((resumed.run.state, resumed.run.attempt), (State::Planned, 2));
    assert!(world.stores().executions.contains(&format!("{}-2", run.id)));
    let world = world.with(&tenant, plan(&[DAILY]));
    let input = Cause::Asked(Which::from(&resumed.run));
    let second = Machine { world: &world, execution: "two".to_owned(), input, breaks_at: None };
    second.execute().await.unwrap();
    // What the first execution may still tell comes too late.
    let error = Some(Stopped { error: "States.Timeout".to_owned(), cause: String::new() });
    let late = End { execution: "one".to_owned(), input: Cause::Fired(fired(&tenant)), error };
    let finisher = Finisher {
        runs: world.clone(),
        files: world.clone(),
        affinities: world.clone(),
        clock: world.clone(),
    };
    finisher.finish(&late).await.unwrap();
    let run = the_run(&world, &tenant);
    assert_eq!((run.state, run.counts["subjects"]), (State::Done, 20));
    let loaded = world.calls("subjects.load") - before;
    assert_eq!(loaded, run.parts.unwrap() as usize, "what was done is skipped");
    let ended = desk.resume(&tenant, &daily, &run.id).await;
    assert!(matches!(ended, Err(Fault::Conflict(_))));
    assert_eq!(signals_and_messages(&world).await.1, expected());
}

#[tokio::test]
async fn a_cancelled_run_stops_and_can_be_resumed() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let desk = desk(&world);
    let daily = use_case("daily");
    let asked = Evaluate { as_of: Some(noon()) };
    let run = desk.evaluate(&tenant, &daily, &asked, "k").await.unwrap().run;
    let again = desk.evaluate(&tenant, &daily, &Evaluate::default(), "k").await.unwrap().run;
    assert_eq!(run, again, "the same key is the same run");
    let other = desk.evaluate(&tenant, &daily, &asked, "l").await.unwrap().run;
    assert_ne!(run.id, other.id);
    assert_eq!(world.stores().executions.len(), 2);
    let stranger = TenantId::new("globex").unwrap();
    assert!(matches!(desk.get(&stranger, &daily, &run.id).await, Err(Fault::NotFound(_))));
    let elsewhere = desk.get(&tenant, &use_case("weekly"), &run.id).await;
    assert!(matches!(elsewhere, Err(Fault::NotFound(_))));

    desk.cancel(&tenant, &daily, &run.id).await.unwrap();
    let input = Cause::Asked(Which::from(&run));
    let machine = Machine { world: &world, execution: "one".to_owned(), input, breaks_at: None };
    machine.execute().await.unwrap();
    let kept = RunStore::get(&world, &tenant, &run.id).await.unwrap().unwrap();
    assert_eq!((kept.run.state, kept.run.parts), (State::Cancelled, None));
    assert!(world.signal_ids().is_empty());
    desk.resume(&tenant, &daily, &run.id).await.unwrap();
    Machine { execution: "two".to_owned(), ..machine }.execute().await.unwrap();
    let view = desk.get(&tenant, &daily, &run.id).await.unwrap();
    assert_eq!((view.run.state, view.run.execution), (State::Done, None));
    assert_eq!(view.parts_done, view.run.parts.unwrap());
    let cancelled = desk.cancel(&tenant, &daily, &run.id).await;
    assert!(matches!(cancelled, Err(Fault::Conflict(_))));
    assert_eq!(desk.list(&tenant, &daily, None).await.unwrap().runs.len(), 2);
    assert_eq!(signals_and_messages(&world).await.1, expected());
}

#[tokio::test]
async fn what_can_not_be_evaluated_says_so() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let desk = desk(&world);
    let ahead = Evaluate { as_of: Some(after_noon(86_400)) };
    let refused = desk.evaluate(&tenant, &use_case("daily"), &ahead, "k").await;
    assert!(matches!(refused, Err(Fault::Invalid { .. })));
    let unknown = desk.evaluate(&tenant, &use_case("weekly"), &Evaluate::default(), "k").await;
    assert!(matches!(unknown, Err(Fault::NotFound(_))));
    let text = ceap_engagement::use_case::catalogue::find("abandoned-cart").unwrap();
    let cart = UseCase::parse(text).unwrap().document;
    UseCaseKeeper::put(&world, &tenant, &Version { updated_at: noon(), document: cart })
        .await
        .unwrap();
    let refused =
        desk.evaluate(&tenant, &use_case("abandoned-cart"), &Evaluate::default(), "k").await;
    assert!(matches!(refused, Err(Fault::Invalid { .. })));
}

/// A schedule that is left from a save that broke off does nothing, and is set right.
#[tokio::test]
async fn a_schedule_that_its_document_does_not_name_does_nothing() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let daily = (tenant.clone(), use_case("daily"), Duty::Evaluate);
    let stale = ScheduleDocument { expression: "rate(1 day)".to_owned(), time_zone: None };
    let of = |schedule: &ScheduleDocument, since| Machine {
        world: &world,
        execution: "x".to_owned(),
        input: Cause::Fired(Fired { schedule: schedule.clone(), since, ..fired(&tenant) }),
        breaks_at: None,
    };
    world.stores().schedules.insert(daily.clone(), (stale.clone(), noon()));
    // Set a moment ago: its document is being saved.
    of(&stale, world.time()).execute().await.unwrap();
    assert_eq!(world.stores().schedules[&daily].0, stale);
    of(&stale, noon()).execute().await.unwrap();
    assert_eq!(world.stores().schedules[&daily].0, schedule());
    assert!(world.stores().runs.is_empty());

    let library = library(&world);
    let off = DAILY.replace("version: 1", "version: 2\nmode: off");
    assert_eq!(UseCase::parse(&off).unwrap().document.mode, Mode::Off);
    library.put(&tenant, &daily.1, &off, None, &Stored::default()).await.unwrap();
    assert!(world.stores().schedules.is_empty());
    world.stores().schedules.insert(daily.clone(), (schedule(), noon()));
    of(&schedule(), noon()).execute().await.unwrap();
    assert!(world.stores().schedules.is_empty());
    assert!(world.stores().runs.is_empty());
    let nobody = RunId::derive(&tenant, &daily.1, "batch", "x");
    assert!(desk(&world).get(&tenant, &daily.1, &nobody).await.is_err());
    assert_eq!(world.state(&tenant, &subject("c00")).series.owed().len(), 0);
}

/// A hundred customers with carts, some of them ordered from within the hour, in the lake alone.
async fn with_history(tenant: &TenantId) -> World {
    let world = world(tenant).await;
    let text = ceap_engagement::use_case::catalogue::find("abandoned-cart").unwrap();
    let version = Version { updated_at: noon(), document: UseCase::parse(text).unwrap().document };
    UseCaseKeeper::put(&world, tenant, &version).await.unwrap();
    let mut facts = Vec::new();
    for n in 0..100 {
        let id = format!("h{n:02}");
        facts.push(customer(&id).sec(-90_000));
        let cart = json!({"value": 60 + n, "cart_id": format!("cart-{n}")});
        facts.push(event("cart_updated", &id, &format!("c{n}")).data(cart).sec(-40_000 + n));
        if n % 3 == 0 {
            facts.push(event("order_completed", &id, &format!("o{n}")).sec(-39_000 + n));
        }
    }
    world.stores().lake = facts.iter().map(|fact| fact.of(tenant)).collect();
    world
}

async fn replayed(world: &World, tenant: &TenantId) {
    let desk = desk(world);
    let cart = use_case("abandoned-cart");
    let asked = json!({"from": after_noon(-86_400), "to": noon(), "sample": 5});
    let asked: Asked = serde_json::from_value(asked).unwrap();
    let run = loop {
        match world.alive(desk.replay(tenant, &cart, &asked, "k")).await {
            Some(Ok(view)) => break view.run,
            Some(Err(fault)) => assert!(fault.retryable(), "{fault}"),
            None => {}
        }
    };
    let input = Cause::Asked(Which::from(&run));
    let machine = Machine { world, execution: "x".to_owned(), input, breaks_at: None };
    machine.execute().await.unwrap();
}

async fn replay_result(world: &World, tenant: &TenantId) -> (Run, serde_json::Value) {
    let run = the_run(world, tenant);
    // A strike may be left for this very call.
    let view = loop {
        match world.alive(desk(world).get(tenant, &run.use_case, &run.id)).await {
            Some(Ok(view)) => break view,
            Some(Err(fault)) => assert!(fault.retryable(), "{fault}"),
            None => {}
        }
    };
    (view.run, view.result.unwrap_or_default())
}

#[tokio::test]
async fn a_replay_in_parts_tells_what_the_whole_does_and_sends_nothing() {
    let tenant = tenant("acme");
    let clean = with_history(&tenant).await;
    let before = clean.total_calls();
    replayed(&clean, &tenant).await;
    let calls = clean.total_calls() - before;
    let (run, result) = replay_result(&clean, &tenant).await;
    assert_eq!((run.state, run.parts), (State::Done, Some(3)), "100 subjects in parts of 35");
    assert_eq!((run.counts["subjects"], run.counts["signals"]), (100, 100));
    assert_eq!(result["funnel"]["filtered"], json!({"ordered_within_the_hour": 34}));
    assert_eq!((&result["funnel"]["stored"], &run.counts["candidates"]), (&json!(66), &66));
    assert_eq!(result["passed"].as_array().unwrap().len(), 5);
    assert!(clean.stores().emissions.is_empty() && clean.sent().is_empty());
    assert_eq!(clean.state(&tenant, &subject("h00")), Default::default(), "nothing is written");
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = with_history(&tenant).await;
            world.strike(nth, strike);
            replayed(&world, &tenant).await;
            let again = replay_result(&world, &tenant).await;
            let struck = world.struck();
            assert_eq!((again.0.state, &again.0.counts), (State::Done, &run.counts), "{struck:?}");
            assert_eq!(again.1, result, "{struck:?}");
        }
    }
}

#[tokio::test]
async fn a_replay_that_can_not_be_is_refused_at_once() {
    let tenant = tenant("acme");
    let world = with_history(&tenant).await;
    let desk = desk(&world);
    let cart = use_case("abandoned-cart");
    let text = ceap_engagement::use_case::catalogue::find("abandoned-cart").unwrap();
    let ask = async |id: &str, more: serde_json::Value| {
        let mut asked = json!({"from": after_noon(-60), "to": noon()});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let asked: Asked = serde_json::from_value(asked).unwrap();
        desk.replay(&tenant, &use_case(id), &asked, "k").await.map(|view| view.run.version)
    };
    let field = |outcome: Result<u32, Fault>| match outcome {
        Err(Fault::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(ask("abandoned-cart", json!({"to": after_noon(-61)})).await), "to");
    assert_eq!(field(ask("abandoned-cart", json!({"sample": 5000})).await), "sample");
    let broken = text.replace("ttl: 24h", "ttl: soon");
    assert_eq!(field(ask("abandoned-cart", json!({"document": broken})).await), "document.ttl");
    assert_eq!(field(ask("daily", json!({})).await), "trigger.schedule");
    assert!(matches!(ask("abandoned-cart", json!({"version": 9})).await, Err(Fault::NotFound(_))));
    assert!(world.stores().runs.is_empty(), "of {cart}");
    assert_eq!(ask("abandoned-cart", json!({"document": text})).await, Ok(1));
}

/// The subjects of an event, whether they have a profile or not.
#[tokio::test]
async fn a_population_of_an_event_is_read_from_the_lake() {
    let tenant = tenant("acme");
    let text = DAILY
        .replace(
            "  when: features.orders > 0 && profile.email != \"\"\n",
            "  population: {event: order_placed, within: 1d}\n",
        )
        .replace("channel: email", "channel: email, to: \"'a@example.com'\"");
    let world = world(&tenant).await.with(&tenant, plan(&[&text]));
    let text = text.replace("version: 1", "version: 2");
    let id = use_case("daily");
    library(&world).put(&tenant, &id, &text, None, &Stored::default()).await.unwrap();
    let orders = (0..9)
        .map(|n| event("order_placed", &format!("only-events-{n}"), &format!("p{n}")).sec(-60));
    let late = event("order_placed", "too-early", "q").sec(-86_401);
    let all = orders.chain([late, event("other", "nobody", "r")]);
    world.stores().lake = all.map(|fact| fact.of(&tenant)).collect();
    machine(&world, &tenant, "x").execute().await.unwrap();
    let run = the_run(&world, &tenant);
    assert_eq!((run.state, run.parts, run.version), (State::Done, Some(2), 2));
    assert_eq!((run.counts["subjects"], run.counts["signals"]), (9, 9));
}
