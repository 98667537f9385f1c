//! An erasure that dies at any step, and is gone on with, leaves nothing of its subject and everything
//! of everybody else; what was on its way meanwhile goes too.

use ceap_engagement::erasure::desk::{Desk, View};
use ceap_engagement::erasure::work::{Eraser, Next, Step};
use ceap_engagement::erasure::{Course, Erasure, State, Which};
use ceap_engagement::event::Arrived;
use ceap_engagement::history::{Erase, Named};
use ceap_engagement::inbox::{Inbox, Notification, NotificationId};
use ceap_engagement::pipeline::convert::convert;
use ceap_engagement::policy::Cap;
use ceap_engagement::quarantine::Rejected;
use ceap_engagement::run::finish::Stopped;
use ceap_engagement::suppression::{Entry, Reason};
use ceap_engagement::use_case::{Purpose, Settings};
use ceap_engagement::window::Span;
use ceap_kernel::{
    ErasureId, Fault, MessageId, Metric, SignedDuration, SubjectId, TenantId, digest,
};
use ceap_testkit::builders::{
    after_noon, customer, event, noon, plan_with, settings, subject, tenant,
};
use ceap_testkit::{Stores, Strike, World};
use serde_json::json;
use std::collections::BTreeSet;

const WHO: &str = "ada-lovelace";
/// The same, before she signed in.
const VISITOR: &str = "visitor-of-ada-lovelace";

const GREET: &str = "
id: greet
version: 1
name: Greet
purpose: marketing
trigger: {event: cart_left}
score: {kind: expression, base: 1, terms: []}
ttl: 1h
cooldown: 1h
goal: {event: purchase, of: amount, within: 1h}
action: {channel: email, subject: Hi, text: Hi}
";

const LATER: &str = "
id: later
version: 1
name: Later
purpose: marketing
trigger: {event: viewed, delay: 3h}
score: {kind: expression, base: 1, terms: []}
ttl: 10d
action: {channel: sms, to: \"'+15555550123'\", text: Still there?}
";

const RESTOCK: &str = "
id: restock
version: 1
name: Restock
purpose: operational
trigger:
  event: item_restocked
  fan_out: {events: [item_wishlisted], of: item_id, is: event.data.item_id, within: 90d}
score: {kind: expression, base: 1}
ttl: 1d
action: {channel: email, subject: Back, text: Back}
";

fn of(tenant: &TenantId, kind: &str, who: &str, sec: i64) -> Arrived {
    let data = json!({"item_id": "lamp", "amount": 9});
    event(kind, who, &format!("{kind}-{who}-{sec}")).data(data).sec(sec).of(tenant)
}

/// A life of some minutes, which leaves something in every store.
async fn live(world: &World, tenant: &TenantId, who: &str) {
    let facts = ["item_wishlisted", "cart_left"];
    let mut events = vec![customer(who).of(tenant)];
    events.extend(facts.map(|kind| of(tenant, kind, who, 1)));
    world.stores().lake.extend(events.iter().cloned());
    world.run(&events).await;
    world.run(&[of(tenant, "purchase", who, 60)]).await;
    let id = subject(who);
    let at = after_noon(2);
    let message = MessageId::new(digest(&["in-app", tenant.as_str(), who])).unwrap();
    let notification = Notification {
        id: NotificationId::of(at, &message),
        message,
        use_case: None,
        title: None,
        text: format!("Hello {who}"),
        html: None,
        link: None,
        at,
        opened_at: None,
        read_at: None,
        clicked_at: None,
        dismissed_at: None,
        expires_at: after_noon(86_400),
    };
    world.put(tenant, &id, &notification).await.unwrap();
    let bad = event("bad", who, "bad").json();
    let rejected = Rejected::new(Some(tenant), "trigger", &Fault::invalid("x", "y"), bad, at);
    world.stores().quarantine.push(rejected);
}

/// It turns out to be Ada.
async fn merge(world: &World, who: &str) {
    let merged = event("profile_merged", WHO, &format!("merged-{who}")).sec(90);
    let merged = merged.data(json!({"from": who})).of(&tenant("acme"));
    world.stores().lake.push(merged.clone());
    world.run(&[merged]).await;
}

async fn world() -> World {
    let within = Span::try_from("24h".to_owned()).unwrap();
    let cap = Cap { limit: 9, within, purpose: Purpose::Marketing, channel: None };
    let settings = Settings { caps: vec![cap], ..settings() };
    let (acme, other) = (tenant("acme"), tenant("other"));
    let plan = || plan_with(settings.clone(), &[GREET, LATER, RESTOCK]);
    let world = World::new(noon()).with(&acme, plan()).with(&other, plan());
    for (tenant, who) in [(&acme, VISITOR), (&acme, WHO), (&acme, "bob"), (&other, WHO)] {
        live(&world, tenant, who).await;
    }
    merge(&world, VISITOR).await;
    while let Some(reached) = { world.stores().goals.pop_front() } {
        convert(&reached, &world).await.unwrap();
    }
    let unsubscribed = Entry {
        channel: "sms".to_owned(),
        address: "+41790000000".to_owned(),
        reason: Reason::Unsubscribe,
        at: noon(),
        note: None,
    };
    world.stores().suppressed.push((acme, unsubscribed));
    world
}

/// What each store that keeps something says of the tenants' subjects that `wanted` picks.
fn kept(stores: &Stores, wanted: impl Fn(&TenantId, &SubjectId) -> bool) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |store: &str, tenant: &TenantId, who: &SubjectId, what: String| {
        if wanted(tenant, who) {
            all.push(format!("{store} of {tenant} {who}: {what}"));
        }
    };
    for ((tenant, who), it) in &stores.profiles {
        add("profile", tenant, who, format!("{it:?}"));
    }
    for ((tenant, who), it) in &stores.series {
        add("features", tenant, who, format!("{it:?}"));
    }
    for ((tenant, who), it) in &stores.moved {
        add("pointer", tenant, who, format!("{it:?}"));
    }
    for ((tenant, who), it) in &stores.joined {
        add("merge", tenant, who, format!("{it:?}"));
    }
    for ((tenant, who), it) in &stores.goals_owed {
        add("goals", tenant, who, format!("{it:?}"));
    }
    for ((tenant, id, who, key), it) in &stores.candidates {
        add("candidate", tenant, who, format!("{id} {key} {it:?}"));
    }
    for ((tenant, id, who, key), it) in &stores.openings {
        add("opening", tenant, who, format!("{id} {key} {it:?}"));
    }
    for ((tenant, kind, thing, who), it) in &stores.ties {
        add("tie", tenant, who, format!("{kind} {thing} {it:?}"));
    }
    for (key, it) in &stores.messages {
        let led = stores.conversions.get(key);
        add("message", &key.0, &it.record.subject, format!("{it:?} {led:?}"));
    }
    for ((tenant, who), it) in &stores.inboxes {
        add("inbox", tenant, who, format!("{it:?}"));
    }
    for ((tenant, who), it) in &stores.ledgers {
        add("ledger", tenant, who, format!("{it:?}"));
    }
    for it in &stores.quarantine {
        let who = subject(it.payload["subject"].as_str().unwrap());
        add("quarantine", it.tenant.as_ref().unwrap(), &who, format!("{it:?}"));
    }
    for it in &stores.lake {
        add("lake", &it.tenant, &it.event.subject, format!("{it:?}"));
    }
    all
}

fn own(world: &World) -> Vec<String> {
    kept(&world.stores(), |of, who| of.as_str() == "acme" && who.as_str().contains(WHO))
}

fn others(world: &World) -> Vec<String> {
    kept(&world.stores(), |of, who| of.as_str() != "acme" || !who.as_str().contains(WHO))
}

fn the_erasure(world: &World, id: &ErasureId) -> (Erasure, String) {
    let text = world.stores().erasures[&(tenant("acme"), id.clone())].1.clone();
    (serde_json::from_str(&text).unwrap(), text)
}

fn left_nothing(world: &World, id: &ErasureId) {
    let struck = world.struck();
    assert_eq!(own(world), Vec::<String>::new(), "{struck:?}");
    let (erasure, text) = the_erasure(world, id);
    assert_eq!((erasure.state, erasure.subject), (State::Done, None), "{struck:?}");
    assert!(!text.contains(WHO), "{text}");
    let stores = world.stores();
    let known = |key: &&(TenantId, MessageId)| stores.messages.contains_key(*key);
    assert!(stores.conversions.keys().all(|key| known(&key)), "{struck:?}");
}

fn desk(world: &World) -> Desk<World, World, World> {
    Desk { erasures: world.clone(), workflow: world.clone(), clock: world.clone() }
}

fn eraser(world: &World) -> Eraser<World, World, World, World> {
    Eraser {
        erasures: world.clone(),
        tables: world.clone(),
        lake: world.clone(),
        clock: world.clone(),
        lag: SignedDuration::from_secs(450),
    }
}

/// A client asks until there is an answer.
async fn asked(world: &World) -> View {
    loop {
        match world.alive(desk(world).erase(&tenant("acme"), &subject(WHO))).await {
            Some(Ok(view)) => return view,
            Some(Err(fault)) => assert!(fault.retryable(), "{fault}"),
            None => {}
        }
    }
}

fn step(id: &ErasureId, attempt: u32, error: Option<Stopped>) -> Step {
    let execution = format!("arn:aws:states:::execution:ceap-erasures:{id}-{attempt}");
    Step { execution, input: Which { tenant: tenant("acme"), erasure: id.clone() }, error }
}

/// The state machine's task: tried again as long as that can help.
async fn task<L: Erase>(
    world: &World,
    eraser: &Eraser<World, World, L, World>,
    step: &Step,
) -> Result<Next, Fault> {
    for _ in 0..4 {
        match world.alive(eraser.step(step)).await {
            None => {}
            Some(Err(fault)) if fault.retryable() => {}
            Some(other) => return other,
        }
    }
    Err(Fault::Unavailable("tried in vain".to_owned()))
}

/// The state machine, from step to step; `meanwhile` happens while it waits.
async fn execute(world: &World, id: &ErasureId, attempt: u32, meanwhile: impl AsyncFn()) {
    assert!(world.stores().executions.contains(&format!("{id}-{attempt}")), "nobody began it");
    let step = step(id, attempt, None);
    loop {
        let next = task(world, &eraser(world), &step).await.unwrap();
        if next.helpdesk {
            there_is_no_helpdesk(world, id);
            continue;
        }
        let Some(settles) = next.settles else { break };
        meanwhile().await;
        world.set_now(world.time().max(settles));
    }
}

/// What the helpdesk's function says where nobody set one up.
fn there_is_no_helpdesk(world: &World, id: &ErasureId) {
    let key = (tenant("acme"), id.clone());
    let (erasure, _) = the_erasure(world, id);
    assert_eq!(erasure.course, Course::default(), "it has yet to be asked");
    let text = serde_json::to_string(&erasure.at(Course::Done)).unwrap();
    let kept = world.stores().erasures[&key].0 + 1;
    world.stores().erasures.insert(key, (kept, text));
}

#[tokio::test]
async fn nothing_is_left_of_one_and_everything_of_all_others() {
    let world = world().await;
    let stores = ["profile", "features", "candidate", "opening", "tie", "message", "inbox"];
    for store in stores.iter().chain(&["ledger", "quarantine", "lake"]) {
        let some = |all: Vec<String>| all.iter().any(|it| it.starts_with(store));
        assert!(some(own(&world)) && some(others(&world)), "{store} has nothing to erase");
    }
    assert!(own(&world).iter().any(|it| it.contains("Conversion")), "a goal was reached");
    assert!(own(&world).iter().any(|it| it.starts_with("pointer")), "a visitor was merged");
    let before = others(&world);
    let view = asked(&world).await;
    assert_eq!((view.state, view.requested), (State::Requested, world.time()));
    assert_eq!(view.subject, Some(subject(WHO)));
    execute(&world, &view.id, 1, async || {
        let view = desk(&world).get(&tenant("acme"), &view.id).await.unwrap();
        assert_eq!((view.state, view.subject), (State::Waiting, Some(subject(WHO))));
        assert_eq!(view.also, [subject(VISITOR)].into());
        let known = the_erasure(&world, &view.id).0.known;
        let address = format!("{VISITOR}@customers.example.com");
        assert!(known.emails.contains(&address), "for whom it is known by: {known:?}");
        assert_eq!(own(&world), Vec::<String>::new(), "the first pass is a whole one");
    })
    .await;
    left_nothing(&world, &view.id);
    assert_eq!(others(&world), before);
    assert_eq!(world.stores().suppressed.len(), 1, "whom not to write to is still known");
    let done = desk(&world).get(&tenant("acme"), &view.id).await.unwrap();
    assert_eq!((done.state, done.finished), (State::Done, Some(world.time())));
    let stranger = desk(&world).get(&tenant("other"), &view.id).await;
    assert!(matches!(stranger, Err(Fault::NotFound(_))), "{stranger:?}");
}

#[tokio::test]
async fn whatever_dies_at_whatever_step() {
    let clean = world().await;
    let before = clean.total_calls();
    let view = asked(&clean).await;
    execute(&clean, &view.id, 1, async || {}).await;
    let calls = clean.total_calls() - before;
    assert!(calls > 20, "{calls}");
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = world().await;
            let before = others(&world);
            world.strike(nth, strike);
            let view = asked(&world).await;
            execute(&world, &view.id, 1, async || {}).await;
            assert_eq!(world.struck().len(), 1);
            left_nothing(&world, &view.id);
            assert_eq!(others(&world), before, "{:?}", world.struck());
            assert_eq!(world.stores().erasures.len(), 1, "{:?}", world.struck());
        }
    }
}

#[tokio::test]
async fn what_was_on_its_way_is_not_sent_and_goes_too() {
    let acme = tenant("acme");
    let world = world().await;
    world.pass(SignedDuration::from_hours(2));
    // One message waits in its queue, one signal for its instant, one workflow is under way.
    world.ingest(&[of(&acme, "viewed", WHO, 3700), of(&acme, "cart_left", WHO, 7300)]).await;
    let detected = world.stores().bus.pop_front().unwrap();
    let under_way = world.candidates(detected).await.unwrap();
    world.deliver(&under_way).await.unwrap();
    assert_eq!(world.stores().queue.len(), 1);
    assert_eq!(world.stores().scheduled.len(), 1);
    let sent = world.sent().len();

    let view = asked(&world).await;
    execute(&world, &view.id, 1, async || {
        world.work().await;
        assert_eq!(world.sent().len(), sent, "its message is not sent any more");
        // A workflow that repeats its last stage finds no address; events reach the lake late.
        world.deliver(&under_way).await.unwrap();
        world.work().await;
        assert_eq!(world.sent().len(), sent);
        let late = of(&acme, "item_wishlisted", WHO, 7200);
        world.ingest(std::slice::from_ref(&late)).await;
        world.stores().lake.push(late);
        assert_ne!(own(&world), Vec::<String>::new());
    })
    .await;
    left_nothing(&world, &view.id);
    world.advance(after_noon(86_400)).await;
    world.settle_all().await;
    assert_eq!(world.stores().tally.total(Metric::SignalsFiltered), 1, "it woke to nobody");
    assert_eq!(world.sent().len(), sent);
    left_nothing(&world, &view.id);
}

#[tokio::test]
async fn what_comes_after_it_begins_a_new_profile() {
    let acme = tenant("acme");
    let world = world().await;
    let first = asked(&world).await;
    assert_eq!(asked(&world).await.id, first.id, "one that is under way is the same");
    execute(&world, &first.id, 1, async || {
        assert_eq!(asked(&world).await.id, first.id);
    })
    .await;
    assert_eq!(world.stores().executions.len(), 1);
    let again = customer(WHO).with("id", json!("again")).sec(86_400).of(&acme);
    world.run(&[again, of(&acme, "viewed", WHO, 86_400)]).await;
    let state = world.state(&acme, &subject(WHO));
    assert_eq!(state.profile.email.as_deref(), Some("ada-lovelace@customers.example.com"));
    let kinds: Vec<&str> = state.series.events().keys().map(String::as_str).collect();
    assert_eq!(kinds, ["profile_updated", "viewed"]);

    let second = asked(&world).await;
    assert_ne!(second.id, first.id);
    execute(&world, &second.id, 1, async || {}).await;
    left_nothing(&world, &second.id);
    left_nothing(&world, &first.id);
}

#[tokio::test]
async fn all_ids_of_one_are_erased_whichever_is_named_and_those_learnt_of_late() {
    let world = world().await;
    let tablet = format!("tablet-of-{WHO}");
    live(&world, &tenant("acme"), &tablet).await;
    let before = others(&world);
    let asked = desk(&world).erase(&tenant("acme"), &subject(VISITOR)).await.unwrap();
    execute(&world, &asked.id, 1, async || {
        let tablets = |it: &String| it.contains(&tablet);
        assert!(own(&world).iter().all(tablets), "nobody knew that the tablet is hers, too");
        merge(&world, &tablet).await;
        merge(&world, VISITOR).await;
    })
    .await;
    left_nothing(&world, &asked.id);
    assert_eq!(others(&world), before);
}

/// A lake that others change all the time.
struct Busy;

impl Erase for Busy {
    async fn erase(&self, _: &TenantId, _: &BTreeSet<SubjectId>, _: &Named) -> Result<(), Fault> {
        Err(Fault::Conflict("ICEBERG_COMMIT_ERROR".to_owned()))
    }
}

#[tokio::test]
async fn a_failure_is_told_and_asking_again_goes_on() {
    let world = world().await;
    let id = asked(&world).await.id;
    let Eraser { erasures, tables, clock, lag, .. } = eraser(&world);
    let broken = Eraser { erasures, tables, lake: Busy, clock, lag };
    let failed = broken.step(&step(&id, 1, None)).await.unwrap_err();
    assert!(failed.retryable(), "who is in the way goes away: {failed}");
    let cause = json!({"errorType": "Retryable", "errorMessage": "unavailable: try again"});
    let error = Some(Stopped { error: "Retryable".to_owned(), cause: cause.to_string() });
    let told = step(&id, 1, error);
    for _ in 0..2 {
        assert_eq!(task(&world, &broken, &told).await, Ok(Next::nothing()));
    }
    let view = desk(&world).get(&tenant("acme"), &id).await.unwrap();
    assert_eq!(
        (view.state, view.error.as_deref()),
        (State::Failed, Some("unavailable: try again"))
    );
    assert_eq!(view.subject, Some(subject(WHO)), "it still has to be erased");

    let again = asked(&world).await;
    assert_eq!((&again.id, again.state, again.error), (&id, State::Requested, None));
    // What the first execution may still tell, or do, comes too late.
    assert_eq!(task(&world, &broken, &told).await, Ok(Next::nothing()));
    assert_eq!(task(&world, &broken, &step(&id, 1, None)).await, Ok(Next::nothing()));
    execute(&world, &id, 2, async || {}).await;
    left_nothing(&world, &id);
    assert_eq!(task(&world, &broken, &told).await, Ok(Next::nothing()));
    left_nothing(&world, &id);
}
