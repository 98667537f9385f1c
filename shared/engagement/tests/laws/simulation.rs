//! What a simulation says is what the platform does: the same events through both.

use ceap_engagement::candidate::Candidate;
use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::message::{Content, State};
use ceap_engagement::simulation::{
    Became, Channel, Decided, Options, Replay, Request, Simulated, simulate,
};
use ceap_engagement::use_case::{Document, Settings};
use ceap_kernel::{Fault, MessageId, Metric, SignedDuration, Timestamp};
use ceap_testkit::World;
use ceap_testkit::builders::{
    Fact, after_noon, amended, at, catalogue_documents, event, noon, plan_with, settings, subject,
    tenant,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(future)
}

/// Documents that pass every kind of gate, wait, fall back and are held.
fn documents() -> Vec<String> {
    let mut all: Vec<String> = catalogue_documents().into_iter().map(str::to_owned).collect();
    all.push(amended(
        "abandoned-cart",
        "purpose: marketing",
        "purpose: marketing\nholdout_percent: 40",
    ));
    all.push(amended(
        "abandoned-cart",
        "ttl: 24h",
        "ttl: 3h\nkey: event.data.cart\nquiet_hours: {from: \"13:00\", to: \"14:30\"}",
    ));
    all.push(amended(
        "predictive-issue-resolution",
        "ttl: 24h",
        "ttl: 20m\nsend_window: {from: \"12:30\", to: \"18:00\"}",
    ));
    all.push(
        "{id: crashed, version: 1, name: Crashed, purpose: marketing,
          trigger: {event: app_crashed, when: features.crashes > 1},
          features: {crashes: {op: count, event: app_crashed, within: 30m}},
          filter: [{when: '!has(profile.traits.plan) || profile.traits.plan != 3', reason: of_plan_3}],
          score: {kind: expression, base: 0.1, min: 0.35,
                  terms: [{value: features.crashes, weight: 0.1, reason: crashes}]},
          ttl: 45m,
          action: {channel: push, text: 'Crashed {{ features.crashes }} times',
                   fallback: [{channel: sms, after: 10m}, {channel: email, after: 20m}]}}"
            .to_owned(),
    );
    all
}

/// The types that a document names, and the fields of their data.
fn named(document: &str) -> (Vec<String>, BTreeSet<String>) {
    let document = Document::parse(document).unwrap();
    let features = document.features.values();
    let kinds =
        features.clone().filter_map(|it| it.event.clone()).chain(document.trigger.event.clone());
    let absent = document.trigger.absence.map(|it| it.event);
    let mut fields: BTreeSet<String> = features.filter_map(|it| it.of.clone()).collect();
    fields.extend(document.trigger.expects.into_keys());
    (kinds.chain(absent).collect(), fields)
}

/// An event of a type that the document names, or one that changes a profile.
fn fact(n: usize, document: &str, raw: (usize, usize, i64, i64)) -> Value {
    let (who, what, _, value) = raw;
    let (kinds, fields) = named(document);
    let other = n.is_multiple_of(2) && what < 12;
    if let Some(kind) = kinds.get(what % kinds.len().max(1)).filter(|_| other) {
        let data: serde_json::Map<_, _> =
            fields.into_iter().map(|field| (field, json!(value))).collect();
        let fact = event(kind, &format!("u{who}"), &format!("e{n}")).data(json!(data));
        return timed(fact, n, raw.2);
    }
    usual(n, raw)
}

/// At an instant of its own: the order of ties is nobody's.
fn timed(fact: Fact, n: usize, second: i64) -> Value {
    let own = SignedDuration::from_millis(i64::try_from(n).unwrap());
    fact.time(after_noon(second) + own).json()
}

fn usual(n: usize, (who, what, second, value): (usize, usize, i64, i64)) -> Value {
    let (who, id) = (format!("u{who}"), format!("e{n}"));
    let fact = match what {
        0..3 => event("login_failed", &who, &id),
        3..8 => event("app_crashed", &who, &id),
        8..10 => event("cart_updated", &who, &id).data(json!({"value": value, "cart": value % 3})),
        10 => event("order_completed", &who, &id),
        11 => event("cart_updated", &who, &id).data(json!({"value": "much"})),
        12 => event("app_crashed", &who, "again"),
        _ => event("profile_updated", &who, &id).data(match value % 4 {
            0 => json!({"email": format!("{id}@b.ch"), "plan": value % 5}),
            1 => json!({"phone": format!("+4179{value:07}"), "consents": {"sms": value % 3 > 0}}),
            2 => json!({"consents": {"email": value % 3 > 0}, "time_zone": "Asia/Tokyo"}),
            _ => json!({"addresses": {"push": "fcm:x"}, "consents": {"marketing": true}}),
        }),
    };
    timed(fact, n, second)
}

/// A document, and events that it is about.
fn streams() -> impl Strategy<Value = (String, Vec<Value>)> {
    let any = |span| prop::collection::vec((0..3_usize, 0..15_usize, 0..span, 0..100_i64), 1..50);
    let raw = prop_oneof![any(1_800), any(3 * 3_600), any(2 * DAY)];
    (prop::sample::select(documents()), raw).prop_map(|(document, raw)| {
        let events = raw.into_iter().enumerate().map(|(n, it)| fact(n, &document, it)).collect();
        (document, events)
    })
}

/// Wakes what is due until `now`, each at its own instant.
async fn advance(world: &World, now: Timestamp) {
    loop {
        let due = world.stores().scheduled.first_key_value().map(|(wake, _)| *wake);
        let Some(wake) = due.filter(|wake| *wake <= now) else { break };
        let waiting = world.stores().scheduled.remove(&wake).unwrap();
        world.set_now(world.time().max(wake));
        world.stores().bus.extend(waiting);
        world.work().await;
    }
    world.set_now(now);
}

/// The platform, event by event. Its provider takes everything and tells no more.
async fn platform(settings: Settings, document: &str, events: &[Value]) -> World {
    let tenant = tenant("acme");
    let world = World::new(noon()).with(&tenant, plan_with(settings, &[document]));
    let mut arrivals: Vec<Arrived> = events
        .iter()
        .map(|it| {
            let event = Event::from_json(it, Timestamp::MAX).unwrap();
            Arrived { tenant: tenant.clone(), at: event.time, event, trace: None }
        })
        .collect();
    arrivals.sort_by_key(|it| it.at);
    for arrived in arrivals {
        advance(&world, arrived.at).await;
        world.ingest(&[arrived]).await;
        world.work().await;
    }
    world.settle_all().await;
    world
}

async fn simulated(
    settings: Settings,
    document: &str,
    request: &Request,
    stored: &World,
) -> Result<Simulated, Fault> {
    let running = plan_with(settings, &[]);
    let document = Document::parse(document).unwrap();
    simulate(&tenant("acme"), &running, document, request, stored, stored.clone()).await
}

/// What stands in the records of messages, and what was sent.
type Messages = BTreeMap<MessageId, (String, String, Option<String>, Value)>;

fn recorded(world: &World) -> (Messages, BTreeMap<MessageId, (String, Content)>) {
    let stores = world.stores();
    let records = stores.messages.values().map(|message| {
        let record = &message.record;
        let became = match record.state {
            State::Suppressed | State::Expired => "refused",
            _ => "sent",
        };
        let gates = serde_json::to_value(&record.gates).unwrap();
        let told = (record.channel.clone(), became.to_owned(), record.reason.clone(), gates);
        (record.id.clone(), told)
    });
    let sent = stores.sent.iter().map(|it| (it.id.clone(), (it.to.clone(), it.content.clone())));
    (records.collect(), sent.collect())
}

/// The same of a simulation: of each message, what was said last.
fn told(simulated: &Simulated) -> (Messages, BTreeMap<MessageId, (String, Content)>) {
    let (mut messages, mut sent) = (Messages::new(), BTreeMap::new());
    let mut passes: Vec<_> = simulated.signals.iter().flat_map(|it| &it.passes).collect();
    passes.sort_by_key(|pass| pass.now);
    for tried in passes.iter().flat_map(|pass| &pass.channels) {
        let became = match tried.became {
            Became::Settled | Became::Held { .. } => continue,
            Became::Refused => "refused",
            _ => "sent",
        };
        let gates = serde_json::to_value(&tried.gates).unwrap();
        let said = (tried.channel.clone(), became.to_owned(), tried.reason.clone(), gates);
        messages.insert(tried.id.clone(), said);
        if let Some(message) = &tried.message {
            sent.insert(tried.id.clone(), (message.to.clone(), message.content.clone()));
        }
    }
    (messages, sent)
}

fn all_sent() -> BTreeMap<String, Channel> {
    ["email", "sms", "push"].map(|it| (it.to_owned(), Channel::Sent)).into()
}

fn capped() -> Settings {
    let caps = json!([{"limit": 2, "within": "1h"}, {"limit": 1, "within": "10m", "channel": "sms",
                       "purpose": "transactional"}]);
    Settings { caps: serde_json::from_value(caps).unwrap(), ..settings() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn it_says_what_the_platform_does((document, events) in streams(), caps: bool) {
        block_on(async {
            let document = &document;
            let settings = if caps { capped() } else { settings() };
            let world = platform(settings.clone(), document, &events).await;
            let empty = World::new(noon());
            let request = Request { events, channels: all_sent(), ..Request::default() };
            let said = simulated(settings, document, &request, &empty).await.unwrap();

            let ids: BTreeSet<_> = said.signals.iter().map(|it| it.signal.clone()).collect();
            assert_eq!(world.signal_ids(), ids, "signals");
            let opened: BTreeSet<_> = said.signals.iter().flat_map(|it| &it.passes)
                .filter_map(|pass| pass.candidate.as_ref().filter(|it| it.opened))
                .map(|it| it.id.clone()).collect();
            let live: Vec<Candidate> = world.stores().candidates.values().cloned().collect();
            assert!(live.iter().all(|it| opened.contains(&it.id)), "candidates");
            let tally = world.stores().tally.clone();
            assert_eq!(tally.total(Metric::CandidatesStored), said.funnel.stored);
            assert_eq!(tally.total(Metric::EventsIngested), said.funnel.events);
            assert_eq!(tally.total(Metric::EventsDuplicate), said.funnel.duplicates);
            assert_eq!(tally.total(Metric::MessagesHeld), said.funnel.held);
            assert_eq!(recorded(&world), told(&said));
            assert_eq!(empty.total_calls(), 0, "nothing was read, and nothing written");
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_in_batches_decides_as_event_by_event(
        (document, events) in streams(), caps: bool, to in 0..3 * DAY,
    ) {
        block_on(async {
            let document = &document;
            let settings = if caps { capped() } else { settings() };
            let empty = World::new(noon());
            let request = Request { events: events.clone(), ..Request::default() };
            let said = simulated(settings.clone(), document, &request, &empty).await.unwrap();

            let (from, to) = (noon(), after_noon(to));
            let options = Options { from, to, sample: 1_000 };
            let document = Document::parse(document).unwrap();
            let running = plan_with(settings, &[]);
            let mut replay = Replay::new(tenant("acme"), &running, document, empty, options).unwrap();
            for event in history(&events) {
                replay.feed(event).await.unwrap();
            }
            let outcome = replay.outcome().await.unwrap();
            let by_id = |it: &Decided| (it.signal.clone(), it.clone());
            let counts = said.signals.iter().filter(|it| it.at <= to);
            let expected: BTreeMap<_, _> = counts.map(by_id).collect();
            let told = outcome.passed.iter().chain(outcome.stopped.iter());
            let told: BTreeMap<_, _> = told.map(by_id).collect();
            assert_eq!(told.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            // What is decided after the end of the history may rest on what the replay did not see.
            for (id, decided) in expected {
                let seen = |it: &Decided| {
                    let passes = it.passes.iter().filter(|pass| pass.now <= to);
                    (it.features.clone(), passes.cloned().collect::<Vec<_>>())
                };
                assert_eq!(seen(&told[&id]), seen(&decided));
            }
            if to > after_noon(2 * DAY) {
                assert_eq!(outcome.funnel.events, said.funnel.events);
                assert_eq!(outcome.funnel.quarantined, said.funnel.quarantined);
            }
        });
    }
}

/// As the lake gives it: by subject, then by time.
fn history(events: &[Value]) -> Vec<Event> {
    let read = |it: &Value| Event::from_json(it, Timestamp::MAX).unwrap();
    let mut events: Vec<Event> = events.iter().map(read).collect();
    events.sort_by(|a, b| (&a.subject, a.time).cmp(&(&b.subject, b.time)));
    events
}

/// A cart, left; its owner is known or not.
fn cart(profile: Value) -> Request {
    let data = json!({"value": 80});
    Request {
        events: vec![event("cart_updated", "u1", "c1").data(data).json()],
        profiles: [(subject("u1"), profile.as_object().unwrap().clone())].into(),
        ..Request::default()
    }
}

#[tokio::test]
async fn it_tells_the_whole_decision() {
    let stored = World::new(noon());
    let request = cart(json!({"email": "u1@b.ch", "consents": {"email": true}}));
    let document = amended(
        "abandoned-cart",
        "ttl: 24h",
        "ttl: 24h\nquiet_hours: {from: \"13:30\", to: \"15:00\"}",
    );
    let said = simulated(settings(), &document, &request, &stored).await.unwrap();
    let [decided] = &said.signals[..] else { panic!("{said:?}") };
    assert_eq!((decided.at, said.events[0].signals.len()), (after_noon(3_600), 1));
    let [held, sent] = &decided.passes[..] else { panic!("{decided:?}") };
    assert_eq!(held.now, after_noon(3_601));
    assert!(held.rules[0].holds && held.score.as_ref().unwrap().passes);
    assert_eq!(held.channels[0].became, Became::Held { until: at("2026-11-21T14:00:00Z") });
    assert_eq!(sent.channels[0].became, Became::Delivered);
    let message = sent.channels[0].message.as_ref().unwrap();
    assert_eq!(message.to, "u1@b.ch");
    assert!(message.content.text.contains("80 worth of things"));
    assert_eq!(said.funnel.messages, BTreeMap::from([("email".to_owned(), 1)]));
}

#[tokio::test]
async fn it_says_why_not() {
    let stored = World::new(noon());
    let document = amended("abandoned-cart", "ttl: 24h", "ttl: 24h");
    let said = simulated(settings(), &document, &cart(json!({})), &stored).await.unwrap();
    assert_eq!(said.funnel.suppressed, BTreeMap::from([("no_address".to_owned(), 1)]));

    let mut request = cart(json!({"email": "u1@b.ch"}));
    request.events.push(event("order_completed", "u1", "o1").sec(60).json());
    request.events.push(event("order_completed", "u1", "o1").sec(70).json());
    request.events.push(event("cart_updated", "u1", "c2").data(json!({"value": "much"})).json());
    let said = simulated(settings(), &document, &request, &stored).await.unwrap();
    assert_eq!(said.funnel.filtered, BTreeMap::from([("ordered_within_the_hour".to_owned(), 1)]));
    assert_eq!((said.funnel.duplicates, said.funnel.quarantined), (1, 1));
    assert_eq!(
        said.events[3].quarantined[0].reason,
        "data.value: must be a number (use case abandoned-cart)"
    );
    assert!(!said.signals[0].passes[0].rules[0].holds);
}

#[tokio::test]
async fn channels_that_fail_let_the_next_one_try() {
    let stored = World::new(noon());
    let document = amended(
        "abandoned-cart",
        "action:\n  channel: email",
        "action:\n  fallback: [{channel: sms, after: 2h, text: Your cart}]\n  channel: email",
    );
    let known =
        json!({"email": "u1@b.ch", "phone": "+41790000001", "consents": {"marketing": true}});
    for (email, channels) in [
        (Channel::Delivered, vec!["email"]),
        (Channel::Failed, vec!["email", "sms"]),
        (Channel::Sent, vec!["email", "sms"]),
    ] {
        let channels_of = [("email".to_owned(), email)].into();
        let request = Request { channels: channels_of, ..cart(known.clone()) };
        let said = simulated(settings(), &document, &request, &stored).await.unwrap();
        let took: Vec<_> = said.funnel.messages.keys().map(String::as_str).collect();
        assert_eq!(took, channels, "{email:?}");
        let took = |name: &str| {
            let mut passes = said.signals[0].passes.iter();
            let queued = |it: &ceap_engagement::simulation::Tried| {
                it.channel == name && it.message.is_some()
            };
            passes.find(|pass| pass.channels.iter().any(queued)).map(|pass| pass.now)
        };
        let then = match email {
            Channel::Sent => Some(after_noon(3_601 + 7_200)),
            Channel::Failed => Some(after_noon(3_601)),
            _ => None,
        };
        assert_eq!(took("sms"), then, "{email:?}");
    }
}

#[tokio::test]
async fn it_begins_with_what_is_stored_and_writes_nothing() {
    let (tenant, document) = (tenant("acme"), catalogue_documents()[0]);
    let stored = World::new(noon()).with(&tenant, plan_with(settings(), &[document]));
    let known = json!({"email": "old@b.ch", "consents": {"email": true}});
    stored.ingest(&[event("profile_updated", "u1", "p").sec(-60).data(known).of(&tenant)]).await;
    let before = stored.stores().profiles.clone();
    let calls = |call| stored.calls(call);
    let writes = (calls("subjects.save_profile"), calls("subjects.save_series"));

    let request = Request { from_stored: true, ..cart(json!({})) };
    let said = simulated(settings(), document, &request, &stored).await.unwrap();
    assert_eq!(said.signals[0].passes[0].channels[0].message.as_ref().unwrap().to, "old@b.ch");
    let request = Request { from_stored: true, ..cart(json!({"email": "new@b.ch"})) };
    let said = simulated(settings(), document, &request, &stored).await.unwrap();
    assert_eq!(said.signals[0].passes[0].channels[0].message.as_ref().unwrap().to, "new@b.ch");
    assert_eq!(stored.stores().profiles, before);
    assert_eq!((calls("subjects.save_profile"), calls("subjects.save_series")), writes);
}

#[tokio::test]
async fn bad_input_names_the_field() {
    let stored = World::new(noon());
    let document = catalogue_documents()[0];
    let fault = async |request: Request| {
        simulated(settings(), document, &request, &stored).await.unwrap_err().to_string()
    };
    let good = cart(json!({"email": "u1@b.ch"}));
    let none = Request { events: vec![], ..good.clone() };
    assert!(fault(none).await.starts_with("events: "));
    let bare = event("cart_updated", "u1", "c").with("time", Value::Null).json();
    let untimed = Request { events: vec![good.events[0].clone(), bare], ..good.clone() };
    assert!(fault(untimed).await.starts_with("events[1].time: "));
    let wrong = cart(json!({"email": "nobody"}));
    assert!(fault(wrong).await.starts_with("profiles.u1.email: "));
}

#[test]
fn a_document_given_is_the_one_of_the_path() {
    let id = ceap_testkit::builders::use_case("abandoned-cart");
    let text = catalogue_documents()[0];
    let request = |document: Value| Request { document: Some(document), ..Request::default() };
    assert_eq!(request(json!(text)).document(&id).unwrap().unwrap().id, id);
    let parsed = serde_json::to_value(Document::parse(text).unwrap()).unwrap();
    assert_eq!(request(parsed).document(&id).unwrap().unwrap().id, id);
    let other = ceap_testkit::builders::use_case("other");
    let fault = request(json!(text)).document(&other).unwrap_err();
    assert!(fault.to_string().starts_with("document.id: "), "{fault}");
    let fault = request(json!({"id": "abandoned-cart", "tll": "1h"})).document(&id).unwrap_err();
    assert!(fault.to_string().contains("tll"), "{fault}");
}
