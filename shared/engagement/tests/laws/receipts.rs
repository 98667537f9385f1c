//! What providers and recipients tell afterwards comes late, in any order, and more than once.

use ceap_engagement::message::{Record, State};
use ceap_engagement::pipeline::aftermath::SOURCE;
use ceap_engagement::receipt::{About, Inbound, News, Receipt};
use ceap_engagement::suppression::Reason;
use ceap_kernel::{Fault, MessageId, Metric, SignedDuration, TenantId, Timestamp};
use ceap_testkit::builders::{after_noon, customer, event, noon, plan, subject, tenant, use_case};
use ceap_testkit::{Strike, World};
use futures::future::join_all;
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const EMAIL: &str = "u1@customers.example.com";
const PHONE: &str = "+41790000000";

fn offer(channel: &str) -> String {
    format!(
        "{{id: offer-{channel}, version: 1, name: Offer, purpose: marketing,
           trigger: {{event: offered}}, score: {{kind: expression, base: 0.5}}, ttl: 24h,
           key: event.data.n,
           action: {{channel: {channel}, subject: Offer, text: 'Ten percent off'}}}}"
    )
}

/// Whoever opens an offer gets a hint.
const HINT: &str = "{id: hint, version: 1, name: Hint, purpose: transactional,
    trigger: {event: MessageOpened.v1, when: event.data.use_case == 'offer-email'},
    score: {kind: expression, base: 0.5}, ttl: 24h,
    action: {channel: sms, text: 'You read {{ event.data.message }}'}}";

/// Two tenants with the same use cases, the same sender, and a customer `u1` each.
async fn world() -> World {
    let (email, sms) = (offer("email"), offer("sms"));
    let mut world = World::new(noon());
    for name in ["acme", "globex"] {
        let tenant = tenant(name);
        world = world.with(&tenant, plan(&[&email, &sms, HINT]));
        world.ingest(&[customer("u1").of(&tenant)]).await;
    }
    world
}

/// The record of the offer that a tenant's customer was sent.
async fn offered(world: &World, tenant: &TenantId, channel: &str, n: &str) -> Record {
    let offer = event("offered", "u1", &format!("offer-{n}")).data(json!({"n": n}));
    world.run(&[offer.of(tenant)]).await;
    let stores = world.stores();
    let key = |record: &Record| record.origin.as_ref().is_some_and(|origin| origin.key == n);
    let mut of = stores.messages.iter().filter(|((of, _), _)| of == tenant);
    let found = of.find(|(_, it)| it.record.channel == channel && key(&it.record));
    found.unwrap().1.record.clone()
}

fn of(tenant: &TenantId, id: &MessageId, state: State, at: Timestamp) -> Receipt {
    let suppress = match state {
        State::Bounced => vec![("email".to_owned(), EMAIL.to_owned(), Reason::Bounce)],
        State::Complained => vec![("email".to_owned(), EMAIL.to_owned(), Reason::Complaint)],
        _ => Vec::new(),
    };
    Receipt {
        about: About::Message(tenant.clone(), id.clone()),
        state,
        at,
        provider_id: None,
        detail: matches!(state, State::Bounced | State::Failed).then(|| format!("{state:?}")),
        suppress,
    }
}

async fn hear(world: &World, receipt: &Receipt) -> Result<(), Fault> {
    let tally = world.receive_stage().take(&News::Receipt(receipt.clone())).await?;
    world.stores().tally.merge(tally);
    Ok(())
}

/// As its queue does: until it is done.
async fn insist(world: &World, news: &News) {
    for _ in 0..20 {
        match world.alive(world.receive_stage().take(news)).await {
            Some(Ok(_)) => return,
            Some(Err(fault)) => assert!(fault.retryable(), "{fault:?}"),
            None => {}
        }
    }
    panic!("{news:?} was not taken");
}

fn record(world: &World, tenant: &TenantId, id: &MessageId) -> Record {
    world.stores().messages[&(tenant.clone(), id.clone())].record.clone()
}

/// The platform's own events, by their ids, with their types and instants.
fn events(world: &World) -> BTreeMap<String, (String, Timestamp)> {
    let stores = world.stores();
    let own = stores.stream.iter().map(|it| &it.event).filter(|it| it.source == SOURCE);
    own.map(|it| (it.id.clone(), (it.kind.clone(), it.time))).collect()
}

fn reasons(world: &World, tenant: &TenantId) -> BTreeSet<Reason> {
    let stores = world.stores();
    let own = stores.suppressed.iter().filter(|(of, _)| of == tenant);
    own.map(|(_, entry)| entry.reason).collect()
}

/// Feeds the events on the stream back to where they come in.
async fn feed_back(world: &World) {
    let stream = std::mem::take(&mut world.stores().stream);
    world.run(&stream).await;
}

/// All that must be the same in the end, whatever the order.
#[derive(Debug, PartialEq)]
struct End {
    state: State,
    history: BTreeMap<String, Timestamp>,
    suppressed: BTreeSet<Reason>,
    events: BTreeMap<String, (String, Timestamp)>,
    consents: BTreeMap<String, bool>,
}

async fn end(world: &World, tenant: &TenantId, id: &MessageId) -> End {
    let record = record(world, tenant, id);
    if matches!(record.state, State::Failed | State::Bounced) {
        assert_eq!(record.reason, Some(format!("{:?}", record.state)));
    }
    let events = events(world);
    feed_back(world).await;
    End {
        state: record.state,
        history: record.history,
        suppressed: reasons(world, tenant),
        events,
        consents: world.state(tenant, &subject("u1")).profile.consents,
    }
}

const STATES: [State; 8] = [
    State::Sent,
    State::Failed,
    State::Delivered,
    State::Opened,
    State::Clicked,
    State::Replied,
    State::Bounced,
    State::Complained,
];

/// Some of the states, each once to three times, in any order.
fn told() -> impl Strategy<Value = Vec<State>> {
    let some = prop::sample::subsequence(STATES.to_vec(), 1..=STATES.len());
    let times = prop::collection::vec(1..=3_usize, STATES.len());
    (some, times).prop_flat_map(|(some, times)| {
        let all = some.iter().zip(times);
        let all: Vec<State> = all.flat_map(|(state, n)| vec![*state; n]).collect();
        Just(all).prop_shuffle()
    })
}

fn at_of(state: State) -> Timestamp {
    after_noon(1 + STATES.iter().position(|it| *it == state).unwrap() as i64)
}

async fn after(told: &[State], strikes: &[(usize, usize)], seed: Option<u64>) -> End {
    let (acme, world) = (tenant("acme"), world().await);
    let id = offered(&world, &acme, "email", "1").await.id;
    world.stores().stream.clear();
    let news: Vec<News> =
        told.iter().map(|it| News::Receipt(of(&acme, &id, *it, at_of(*it)))).collect();
    let world = match seed {
        Some(seed) => world.interleaved(seed),
        None => world,
    };
    for (nth, how) in strikes {
        world.strike(*nth, Strike::ALL[*how]);
    }
    if seed.is_some() {
        join_all(news.iter().map(|news| insist(&world, news))).await;
    } else {
        for news in &news {
            insist(&world, news).await;
        }
    }
    end(&world, &acme, &id).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// In any order, any number of times, all at once, and with processes that die, receipts come to
    /// what they come to in their order.
    #[test]
    fn no_order_and_no_repeat_changes_where_a_message_ends(
        told in told(),
        strikes in prop::collection::vec((0..40_usize, 0..4_usize), 0..6),
        seed in prop::option::of(any::<u64>()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let in_order: Vec<State> =
                STATES.into_iter().filter(|state| told.contains(state)).collect();
            let expected = after(&in_order, &[], None).await;
            assert_eq!(Some(&expected.state), in_order.iter().max().max(Some(&State::Sent)));
            assert_eq!(after(&told, &strikes, seed).await, expected);
        });
    }
}

#[tokio::test]
async fn each_state_is_one_event_however_often_it_is_told() {
    let (acme, world) = (tenant("acme"), world().await);
    let id = offered(&world, &acme, "email", "1").await.id;
    for state in [State::Delivered, State::Opened, State::Bounced] {
        for seconds in [1, 1, 9] {
            hear(&world, &of(&acme, &id, state, after_noon(seconds))).await.unwrap();
        }
    }
    let kinds: Vec<String> = events(&world).into_values().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["MessageBounced.v1", "MessageDelivered.v1", "MessageOpened.v1"]);
    let known = |kind: &str| {
        let stores = world.stores();
        let all = stores.stream.iter().filter(|it| it.event.kind == kind);
        all.map(|it| (it.event.id.clone(), it.event.time)).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(known("MessageOpened.v1"), 1, "opened twice is opened");
    let tally = |metric| world.stores().tally.total(metric);
    assert_eq!(tally(Metric::MessagesDelivered), 1);
    assert_eq!(tally(Metric::MessagesOpened), 1);
    assert_eq!(tally(Metric::MessagesBounced), 1);
}

#[tokio::test]
async fn what_is_opened_is_the_trigger_of_another_use_case() {
    let (acme, world) = (tenant("acme"), world().await);
    let id = offered(&world, &acme, "email", "1").await.id;
    let opened = of(&acme, &id, State::Opened, after_noon(60));
    for _ in 0..3 {
        hear(&world, &opened).await.unwrap();
        let again = world.stores().stream.clone();
        world.run(&again).await;
    }
    let hint = Some(use_case("hint"));
    let hints: Vec<_> = world.sent().into_iter().filter(|it| it.use_case == hint).collect();
    assert_eq!(hints.len(), 1);
    assert_eq!((&hints[0].tenant, &hints[0].content.text), (&acme, &format!("You read {id}")));
}

#[tokio::test]
async fn a_bounce_closes_the_address_and_says_nothing_of_consent() {
    let (acme, world) = (tenant("acme"), world().await);
    let id = offered(&world, &acme, "email", "1").await.id;
    hear(&world, &of(&acme, &id, State::Bounced, after_noon(60))).await.unwrap();
    feed_back(&world).await;
    assert_eq!(reasons(&world, &acme), BTreeSet::from([Reason::Bounce]));
    let profile = world.state(&acme, &subject("u1")).profile;
    assert_eq!(profile.consents.get("email"), Some(&true));
    assert_eq!(profile.consents.get("email.marketing"), None);
    let next = offered(&world, &acme, "email", "2").await;
    assert_eq!(next.reason.as_deref(), Some("suppressed"));
    // Another address of the same person is as good as before.
    new_address(&world, &acme).await;
    assert_eq!(offered(&world, &acme, "email", "3").await.state, State::Sent);
}

async fn new_address(world: &World, tenant: &TenantId) {
    let new = event("profile_updated", "u1", "new").data(json!({"email": "new@b.example"}));
    world.ingest(&[new.of(tenant)]).await;
}

#[tokio::test]
async fn a_complaint_is_a_will_and_refuses_marketing_at_any_address() {
    let (acme, world) = (tenant("acme"), world().await);
    let id = offered(&world, &acme, "email", "1").await.id;
    for _ in 0..2 {
        hear(&world, &of(&acme, &id, State::Complained, after_noon(60))).await.unwrap();
    }
    feed_back(&world).await;
    assert_eq!(reasons(&world, &acme), BTreeSet::from([Reason::Complaint]));
    let profile = world.state(&acme, &subject("u1")).profile;
    assert_eq!(profile.consents.get("email.marketing"), Some(&false));
    assert_eq!(profile.evidence["email.marketing"].how.as_deref(), Some("complaint"));
    new_address(&world, &acme).await;
    let next = offered(&world, &acme, "email", "2").await;
    assert_eq!(next.reason.as_deref(), Some("no_consent"));
    assert_eq!(offered(&world, &acme, "sms", "3").await.state, State::Sent, "of email only");
}

#[tokio::test]
async fn a_receipt_is_of_one_tenant() {
    let (acme, globex, world) = (tenant("acme"), tenant("globex"), world().await);
    let mine = offered(&world, &acme, "email", "1").await;
    let yours = offered(&world, &globex, "email", "1").await;
    world.pass(SignedDuration::from_hours(1));
    // Marks of another tenant name no message; a feed of one tenant's speaks of its own only.
    hear(&world, &of(&globex, &mine.id, State::Complained, noon())).await.unwrap();
    let told = ceap_engagement::receipt::Told::News(News::Receipt(of(
        &acme,
        &mine.id,
        State::Bounced,
        noon(),
    )));
    let receive = world.receive_stage();
    receive.feed("receive", Some(&globex), vec![told], &world).await.unwrap();
    assert_eq!(record(&world, &acme, &mine.id), mine);
    assert_eq!(record(&world, &globex, &yours.id), yours);
    assert!(events(&world).is_empty() && world.stores().suppressed.is_empty());
    hear(&world, &of(&acme, &mine.id, State::Complained, after_noon(1))).await.unwrap();
    assert!(reasons(&world, &globex).is_empty());
    feed_back(&world).await;
    let of_globex = world.state(&globex, &subject("u1")).profile;
    assert_eq!(of_globex.consents.get("email.marketing"), None);
}

#[tokio::test]
async fn a_providers_id_is_one_of_its_channel() {
    let (acme, world) = (tenant("acme"), world().await);
    let message = offered(&world, &acme, "email", "1").await;
    let id = message.provider_id.clone().unwrap();
    let by = |channel: &str| Receipt {
        about: About::Provider(channel.to_owned(), id.clone()),
        ..of(&acme, &message.id, State::Delivered, world.time())
    };
    assert!(hear(&world, &by("sms")).await.is_err(), "there may be such a text yet");
    hear(&world, &by("email")).await.unwrap();
    assert_eq!(record(&world, &acme, &message.id).state, State::Delivered);
}

#[tokio::test]
async fn a_receipt_waits_a_while_for_its_message_and_is_then_nobodys() {
    let (acme, world) = (tenant("acme"), world().await);
    let nobody = MessageId::requested(&acme, "nobody");
    let early = of(&acme, &nobody, State::Delivered, noon());
    assert!(matches!(hear(&world, &early).await, Err(Fault::Unavailable(_))));
    world.pass(SignedDuration::from_mins(15));
    assert_eq!(hear(&world, &early).await, Ok(()));
    assert!(events(&world).is_empty());
}

/// A text from the customer's phone, in answer to a message or not.
fn text(words: &str, answers: Option<&Record>, seconds: i64) -> Inbound {
    Inbound {
        channel: "sms".to_owned(),
        id: format!("in-{words}-{seconds}"),
        from: PHONE.to_owned(),
        to: "+15555550100".to_owned(),
        text: words.to_owned(),
        at: after_noon(seconds),
        answers: answers.and_then(|record| record.provider_id.clone()),
    }
}

async fn writes(world: &World, inbound: &Inbound) {
    for _ in 0..2 {
        let tally = world.receive_stage().take(&News::Inbound(inbound.clone())).await.unwrap();
        world.stores().tally.merge(tally);
    }
}

#[tokio::test]
async fn stop_in_answer_to_a_message_is_for_its_tenant() {
    let (acme, globex, world) = (tenant("acme"), tenant("globex"), world().await);
    let message = offered(&world, &acme, "sms", "1").await;
    writes(&world, &text("Stop.", Some(&message), 60)).await;
    assert_eq!(reasons(&world, &acme), BTreeSet::from([Reason::Stop]));
    assert!(reasons(&world, &globex).is_empty());
    assert_eq!(record(&world, &acme, &message.id).state, State::Replied);
    let next = offered(&world, &acme, "sms", "2").await;
    assert_eq!(next.reason.as_deref(), Some("suppressed"));
    assert_eq!(offered(&world, &globex, "sms", "2").await.state, State::Sent);
    assert_eq!(offered(&world, &acme, "email", "3").await.state, State::Sent);
}

/// Nobody knows whom it means, so all mean it that send from that number.
#[tokio::test]
async fn stop_in_answer_to_nothing_is_for_all_who_send_from_that_number() {
    let (acme, globex, world) = (tenant("acme"), tenant("globex"), world().await);
    writes(&world, &text("STOP", None, 60)).await;
    assert_eq!(reasons(&world, &acme), BTreeSet::from([Reason::Stop]));
    assert_eq!(reasons(&world, &globex), BTreeSet::from([Reason::Stop]));
    assert!(events(&world).is_empty());

    let elsewhere = self::world().await;
    let other = Inbound { to: "+15555550199".to_owned(), ..text("STOP", None, 60) };
    writes(&elsewhere, &other).await;
    assert!(elsewhere.stores().suppressed.is_empty());
}

#[tokio::test]
async fn start_takes_back_a_stop_and_nothing_else() {
    let (acme, world) = (tenant("acme"), world().await);
    let message = offered(&world, &acme, "sms", "1").await;
    let mut bounce = of(&acme, &message.id, State::Bounced, after_noon(30));
    bounce.suppress = vec![("sms".to_owned(), PHONE.to_owned(), Reason::Bounce)];
    hear(&world, &bounce).await.unwrap();
    writes(&world, &text("STOP", Some(&message), 60)).await;
    writes(&world, &text("START", Some(&message), 90)).await;
    assert_eq!(reasons(&world, &acme), BTreeSet::from([Reason::Bounce]));
}

#[tokio::test]
async fn a_start_that_comes_again_takes_back_no_later_stop() {
    let (acme, world) = (tenant("acme"), world().await);
    let message = offered(&world, &acme, "sms", "1").await;
    let start = text("START", Some(&message), 90);
    writes(&world, &text("STOP", Some(&message), 60)).await;
    writes(&world, &start).await;
    assert!(reasons(&world, &acme).is_empty());
    writes(&world, &text("STOP", Some(&message), 120)).await;
    writes(&world, &start).await;
    assert_eq!(reasons(&world, &acme), BTreeSet::from([Reason::Stop]));
}

#[tokio::test]
async fn help_in_answer_to_a_message_is_given_once() {
    let (acme, world) = (tenant("acme"), world().await);
    let message = offered(&world, &acme, "sms", "1").await;
    writes(&world, &text("HELP", Some(&message), 60)).await;
    let helped = world.stores().helped.clone();
    assert_eq!(helped.len(), 1);
    assert_eq!(helped.first().map(|it| &it.0), Some(&acme));
    assert!(world.stores().suppressed.is_empty());
    writes(&world, &text("HELP", None, 90)).await;
    assert_eq!(world.stores().helped.len(), 1, "nobody is known who could help");
}

#[tokio::test]
async fn each_answer_is_an_event_and_the_first_is_counted() {
    let (acme, world) = (tenant("acme"), world().await);
    let message = offered(&world, &acme, "sms", "1").await;
    writes(&world, &text("Is it still on?", Some(&message), 60)).await;
    writes(&world, &text(&"and ".repeat(1000), Some(&message), 90)).await;
    let texts: Vec<(String, usize)> = {
        let stores = world.stores();
        let replies = stores.stream.iter().map(|it| &it.event);
        let replies = replies.filter(|it| it.kind == "MessageReplied.v1");
        let text = |data: &serde_json::Map<_, serde_json::Value>| {
            data["text"].as_str().unwrap().chars().count()
        };
        replies.map(|it| (it.id.clone(), text(&it.data))).collect()
    };
    let distinct: BTreeMap<String, usize> = texts.into_iter().collect();
    assert_eq!(distinct.into_values().collect::<BTreeSet<_>>(), BTreeSet::from([15, 1600]));
    assert!(world.stores().suppressed.is_empty());
    assert_eq!(world.stores().tally.total(Metric::MessagesReplied), 1);
}

/// Struck at each call in each way, and brought again.
#[tokio::test]
async fn news_that_comes_again_after_a_crash_is_taken_once() {
    let acme = tenant("acme");
    for which in ["bounce", "complaint", "stop", "help"] {
        let news = |message: &Record| match which {
            "bounce" => News::Receipt(of(&acme, &message.id, State::Bounced, after_noon(9))),
            "complaint" => News::Receipt(of(&acme, &message.id, State::Complained, after_noon(9))),
            word => News::Inbound(text(word, Some(message), 9)),
        };
        let run = async |strike: Option<(usize, Strike)>| {
            let world = world().await;
            let message = offered(&world, &acme, "sms", "1").await;
            let before = world.total_calls();
            if let Some((nth, how)) = strike {
                world.strike(nth, how);
            }
            insist(&world, &news(&message)).await;
            let calls = world.total_calls() - before;
            let helped = world.stores().helped.clone();
            (end(&world, &acme, &message.id).await, helped, calls)
        };
        let (expected, helped, calls) = run(None).await;
        for how in Strike::ALL {
            for nth in 0..calls {
                let (end, answered, _) = run(Some((nth, how))).await;
                assert_eq!((&end, &answered), (&expected, &helped), "{which}: {how:?} at {nth}");
            }
        }
    }
}
