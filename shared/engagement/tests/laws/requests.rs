//! Messages that are asked for by themselves: each key sends once, through the same gates.

use ceap_engagement::message::{Record, State};
use ceap_engagement::message_log::View;
use ceap_engagement::pipeline::request::Request;
use ceap_engagement::policy::Cap;
use ceap_engagement::suppression::{Entry, Reason};
use ceap_engagement::use_case::{Plan, Purpose, Settings, Stored};
use ceap_engagement::window::Span;
use ceap_kernel::{Fault, MessageId, Metric, SignedDuration, TenantId};
use ceap_testkit::builders::{amended, customer, event, noon, plan_with, settings, tenant};
use ceap_testkit::{Strike, World};
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

/// A world with a customer `u1`, who agreed to email and texts.
async fn world_with(tenant: &TenantId, settings: Settings) -> World {
    let world = World::new(noon()).with(tenant, plan_with(settings, &[]));
    world.ingest(&[customer("u1").of(tenant)]).await;
    world
}

async fn world(tenant: &TenantId) -> World {
    world_with(tenant, settings()).await
}

/// A receipt by email, with what `more` says otherwise.
fn request(more: Value) -> Request {
    let mut request = json!({
        "subject": "u1",
        "channel": "email",
        "content": {"subject": "Your receipt", "text": "You paid {{ data.sum }}"},
        "data": {"sum": 80},
    });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(request).unwrap()
}

fn receipt() -> Request {
    request(json!({}))
}

fn marketing() -> Request {
    request(json!({"purpose": "marketing"}))
}

async fn ask(world: &World, tenant: &TenantId, key: &str, asked: &Request) -> Result<View, Fault> {
    let (view, tally) = world.desk().serve(tenant, key, asked).await?;
    world.stores().tally.merge(tally);
    Ok(view)
}

fn record(world: &World, tenant: &TenantId, key: &str) -> Record {
    let id = MessageId::requested(tenant, &format!("client/{key}"));
    world.stores().messages[&(tenant.clone(), id)].record.clone()
}

fn suppress(world: &World, tenant: &TenantId, reason: Reason) {
    let (channel, address) = ("email".to_owned(), "u1@customers.example.com".to_owned());
    let entry = Entry { channel, address, reason, at: noon(), note: None };
    world.stores().suppressed.push((tenant.clone(), entry));
}

/// What else a new message needs is read at the same time, and is nothing to one that has gone.
#[tokio::test]
async fn what_has_gone_is_told_whatever_else_cannot_be_read() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    ask(&world, &tenant, "k1", &receipt()).await.unwrap();
    world.work().await;
    for nth in 1..3 {
        world.strike(nth, Strike::FailBefore);
        let told = ask(&world, &tenant, "k1", &receipt()).await;
        assert_eq!(told.map(|it| it.state), Ok(State::Sent), "{:?}", world.struck());
    }
    assert_eq!(world.struck().len(), 2, "{:?}", world.struck());
}

#[tokio::test]
async fn a_key_that_comes_again_finds_the_same_message_and_sends_nothing() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let first = ask(&world, &tenant, "k1", &receipt()).await.unwrap();
    assert_eq!(first.state, State::Queued);
    let waiting = ask(&world, &tenant, "k1", &receipt()).await.unwrap();
    assert_eq!((waiting.id, waiting.state), (first.id.clone(), State::Queued));
    world.work().await;
    let done = ask(&world, &tenant, "k1", &receipt()).await.unwrap();
    assert_eq!((done.id, done.state), (first.id, State::Sent));
    world.work().await;
    assert_eq!(world.sent().len(), 1);
    assert_eq!(world.sent()[0].content.text, "You paid 80");
    assert_eq!(world.stores().tally.total(Metric::MessagesQueued), 1);
}

#[tokio::test]
async fn another_key_or_another_tenant_is_another_message() {
    let (acme, globex) = (tenant("acme"), tenant("globex"));
    let world = world(&acme).await.with(&globex, plan_with(settings(), &[]));
    world.ingest(&[customer("u1").of(&globex)]).await;
    for (tenant, key) in [(&acme, "k1"), (&acme, "k2"), (&globex, "k1")] {
        ask(&world, tenant, key, &receipt()).await.unwrap();
    }
    world.work().await;
    assert_eq!(world.sent().len(), 3);
}

#[rstest]
#[case::text(json!({"content": {"text": "Something else"}}))]
#[case::data(json!({"data": {"sum": 81}}))]
#[case::purpose(json!({"purpose": "marketing"}))]
#[case::recipient(json!({"to": "another@customers.example.com"}))]
#[case::subject(json!({"subject": "u2"}))]
#[tokio::test]
async fn another_request_under_the_key_is_refused_and_changes_nothing(#[case] more: Value) {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    ask(&world, &tenant, "k1", &receipt()).await.unwrap();
    for _ in 0..2 {
        let before = record(&world, &tenant, "k1");
        let other = ask(&world, &tenant, "k1", &request(more.clone())).await;
        assert!(matches!(other, Err(Fault::Conflict(_))), "{other:?}");
        assert_eq!(record(&world, &tenant, "k1"), before);
        world.work().await;
    }
    assert_eq!(world.sent().len(), 1);
    assert_eq!(world.sent()[0].content.text, "You paid 80");
}

#[tokio::test]
async fn the_order_of_fields_makes_no_other_request() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let texts = [
        r#"{"subject": "u1", "channel": "email", "content": {"text": "a"}, "data": {"x": 1, "y": 2}}"#,
        r#"{"data": {"y": 2, "x": 1}, "content": {"text": "a"}, "channel": "email", "subject": "u1"}"#,
    ];
    for text in texts {
        ask(&world, &tenant, "k1", &serde_json::from_str(text).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn twenty_at_once_under_one_key_send_once() {
    let tenant = tenant("acme");
    for seed in (1..200_000).step_by(9973) {
        let world = world(&tenant).await.interleaved(seed);
        let asked = receipt();
        let asks = (0..20).map(|_| ask(&world, &tenant, "k1", &asked));
        let views: Vec<View> = join_all(asks).await.into_iter().map(Result::unwrap).collect();
        assert!(views.iter().all(|view| view.id == views[0].id));
        futures::join!(world.work(), world.work());
        assert_eq!(world.sent().len(), 1, "seed {seed}");
        assert_eq!(world.stores().tally.total(Metric::MessagesQueued), 1, "seed {seed}");
    }
}

#[tokio::test]
async fn of_different_requests_at_once_under_one_key_one_is_sent_and_the_others_learn_so() {
    let tenant = tenant("acme");
    for seed in (1..200_000).step_by(9973) {
        let world = world(&tenant).await.interleaved(seed);
        let all: Vec<Request> = (0..10).map(|sum| request(json!({"data": {"sum": sum}}))).collect();
        let outcomes = join_all(all.iter().map(|it| ask(&world, &tenant, "k1", it))).await;
        let taken = outcomes.iter().filter(|it| matches!(it, Err(Fault::Conflict(_)))).count();
        let sent = outcomes.iter().position(Result::is_ok).unwrap();
        assert_eq!(taken, 9, "seed {seed}: {outcomes:?}");
        world.work().await;
        let texts: Vec<String> = world.sent().into_iter().map(|it| it.content.text).collect();
        assert_eq!(texts, [format!("You paid {sent}")], "seed {seed}");
    }
}

/// Struck at each call in each way and asked again under the same key, as a client does that got no
/// answer.
#[tokio::test]
async fn whoever_asks_again_after_a_crash_gets_it_sent_once() {
    let tenant = tenant("acme");
    let calls = {
        let world = world(&tenant).await;
        let before = world.total_calls();
        ask(&world, &tenant, "k1", &receipt()).await.unwrap();
        world.total_calls() - before
    };
    let mut places = std::collections::BTreeSet::new();
    for strike in Strike::ALL {
        for nth in 0..calls {
            let world = world(&tenant).await;
            world.strike(nth, strike);
            let asked = receipt();
            let first = world.alive(ask(&world, &tenant, "k1", &asked)).await;
            assert!(!matches!(first, Some(Ok(_))), "nobody noticed {:?}", world.struck());
            places.extend(world.struck().iter().map(|(call, _)| *call));
            ask(&world, &tenant, "k1", &asked).await.unwrap();
            world.work().await;
            assert_eq!(world.sent().len(), 1, "{:?}", world.struck());
            assert_eq!(record(&world, &tenant, "k1").state, State::Sent);
        }
    }
    for place in ["claims.claim", "queues.hand_on", "messages.record", "subjects.load"] {
        assert!(places.contains(place), "{place} was not struck: {places:?}");
    }
}

#[rstest]
#[case::nobody(json!({"subject": "u9"}), "no_address")]
#[case::no_consent(json!({"purpose": "marketing", "channel": "slack", "to": "U1"}), "no_consent")]
#[case::unknown_variable(json!({"data": {}}), "template: ")]
#[case::too_long(json!({"channel": "sms", "data": {"sum": "9".repeat(1600)}}), "template: ")]
#[tokio::test]
async fn a_refusal_is_recorded_with_its_reason(#[case] more: Value, #[case] reason: &str) {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    for _ in 0..2 {
        let view = ask(&world, &tenant, "k1", &request(more.clone())).await.unwrap();
        assert_eq!(view.state, State::Suppressed);
        let said = view.reason.unwrap();
        assert!(said.starts_with(reason), "{said}");
        assert!(!view.gates.is_empty(), "what each gate said is kept");
    }
    world.work().await;
    assert!(world.sent().is_empty());
    assert_eq!(world.stores().tally.total(Metric::MessagesSuppressed), 1);
}

#[rstest]
#[case::address(json!({"to": "not an address"}), "to")]
#[case::no_liquid(json!({"content": {"text": "{{ data.sum"}}), "content.text")]
#[case::unknown_root(json!({"content": {"text": "{{ event.data.sum }}"}}), "content.text")]
#[case::nothing_to_say(json!({"content": null}), "content")]
#[case::both(json!({"template": "receipt"}), "content")]
#[tokio::test]
async fn what_is_wrong_in_itself_is_named_and_leaves_nothing(
    #[case] more: Value,
    #[case] field: &str,
) {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let fault = ask(&world, &tenant, "k1", &request(more)).await.unwrap_err();
    let Fault::Invalid { field: named, .. } = &fault else { panic!("{fault:?}") };
    assert_eq!(named, field, "{fault:?}");
    assert!(world.stores().messages.is_empty());
    // The key is free still.
    ask(&world, &tenant, "k1", &receipt()).await.unwrap();
}

#[tokio::test]
async fn a_key_is_short_and_printable() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    for key in ["", "a\nb", &"k".repeat(256)] {
        let fault = ask(&world, &tenant, key, &receipt()).await.unwrap_err();
        assert!(matches!(&fault, Fault::Invalid { field, .. } if field == "Idempotency-Key"));
    }
    ask(&world, &tenant, &"k".repeat(255), &receipt()).await.unwrap();
}

#[tokio::test]
async fn what_waits_too_long_in_its_queue_expires() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let short = request(json!({"expires_in": "10m"}));
    ask(&world, &tenant, "k1", &short).await.unwrap();
    world.pass(SignedDuration::from_mins(10));
    world.work().await;
    assert!(world.sent().is_empty());
    assert_eq!(record(&world, &tenant, "k1").state, State::Expired);
}

/// Its time counts from when it was first asked for, however often it is asked for after that.
#[tokio::test]
async fn asking_again_gives_a_message_no_more_time() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let short = request(json!({"expires_in": "10m"}));
    ask(&world, &tenant, "k1", &short).await.unwrap();
    let first = world.stores().queue.pop_front().unwrap();
    world.pass(SignedDuration::from_mins(9));
    ask(&world, &tenant, "k1", &short).await.unwrap();
    let again = world.stores().queue.pop_front().unwrap();
    assert_eq!(again, first, "handed on again, it is the same");
    world.pass(SignedDuration::from_mins(1));
    let late = ask(&world, &tenant, "k1", &short).await.unwrap();
    assert_eq!((late.state, late.reason.as_deref()), (State::Expired, Some("expired")));
    world.stores().queue.push_back(first);
    world.work().await;
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn what_the_customers_own_doings_call_for_needs_no_consent_and_marketing_does() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let no = event("profile_updated", "u1", "no").data(json!({"consents": {"email": false}}));
    world.ingest(&[no.of(&tenant)]).await;
    assert_eq!(ask(&world, &tenant, "k1", &receipt()).await.unwrap().state, State::Queued);
    let refused = ask(&world, &tenant, "k2", &marketing()).await.unwrap();
    assert_eq!(refused.reason.as_deref(), Some("no_consent"));
}

#[rstest]
#[case(Reason::Unsubscribe, true)]
#[case(Reason::Complaint, false)]
#[case(Reason::Bounce, false)]
#[tokio::test]
async fn a_suppressed_address_takes_what_its_reason_allows(
    #[case] reason: Reason,
    #[case] transactional: bool,
) {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    suppress(&world, &tenant, reason);
    let state = ask(&world, &tenant, "k1", &receipt()).await.unwrap().state;
    assert_eq!(state == State::Queued, transactional, "{state:?}");
    let refused = ask(&world, &tenant, "k2", &marketing()).await.unwrap();
    assert_eq!(refused.reason.as_deref(), Some("suppressed"));
}

#[tokio::test]
async fn only_marketing_carries_the_header_to_unsubscribe() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    ask(&world, &tenant, "k1", &receipt()).await.unwrap();
    ask(&world, &tenant, "k2", &marketing()).await.unwrap();
    world.work().await;
    let headers: Vec<bool> = world.sent().iter().map(|it| it.unsubscribe.is_some()).collect();
    assert_eq!(headers, [false, true]);
}

fn capped(limit: u16) -> Settings {
    let within = Span::try_from("24h".to_owned()).unwrap();
    let (purpose, channel) = (Purpose::Marketing, Some("email".to_owned()));
    Settings { caps: vec![Cap { limit, within, purpose, channel }], ..settings() }
}

#[tokio::test]
async fn caps_count_requests_and_use_cases_together() {
    let tenant = tenant("acme");
    let cart = amended("abandoned-cart", "delay: 1h", "delay: 1m");
    let world = World::new(noon()).with(&tenant, plan_with(capped(2), &[&cart]));
    world.ingest(&[customer("u1").of(&tenant)]).await;
    let left = event("cart_updated", "u1", "cart").data(json!({"value": 80}));
    world.run(&[left.of(&tenant)]).await;
    assert_eq!(world.sent().len(), 1);
    for key in ["k1", "k1", "k1"] {
        ask(&world, &tenant, key, &marketing()).await.unwrap();
    }
    let third = ask(&world, &tenant, "k2", &marketing()).await.unwrap();
    assert_eq!(third.reason.as_deref(), Some("capped"));
    assert_eq!(ask(&world, &tenant, "k3", &receipt()).await.unwrap().state, State::Queued);
    world.work().await;
    assert_eq!(world.sent().len(), 3, "the cart, one request, and the receipt that no cap counts");
}

#[tokio::test]
async fn of_fifty_at_once_under_a_cap_of_five_five_are_sent() {
    let tenant = tenant("acme");
    for seed in (1..200_000).step_by(9973) {
        let world = world_with(&tenant, capped(5)).await.interleaved(seed);
        let asked = marketing();
        let keys: Vec<String> = (0..50).map(|n| format!("k{n}")).collect();
        let views = join_all(keys.iter().map(|key| ask(&world, &tenant, key, &asked))).await;
        let states: Vec<State> = views.into_iter().map(|view| view.unwrap().state).collect();
        let of = |state| states.iter().filter(|it| **it == state).count();
        assert_eq!((of(State::Queued), of(State::Suppressed)), (5, 45), "seed {seed}");
        world.work().await;
        assert_eq!(world.sent().len(), 5, "seed {seed}");
    }
}

/// A world whose tenant has a stored template, and two addresses to try it on.
fn with_template(tenant: &TenantId) -> World {
    let document = json!({
        "id": "welcome", "channel": "email", "name": "Welcome",
        "subject": "Welcome", "text": "{{ data.n }} for {{ settings.from_address }}",
        "locales": {"de": {"subject": "Willkommen", "text": "{{ data.n }}"}},
    });
    let mut stored = Stored::default();
    stored.templates.add(serde_json::from_value(document).unwrap());
    let test_recipients = vec!["team@shop.example.com".to_owned()];
    let settings = Settings { test_recipients, ..settings() };
    World::new(noon()).with(tenant, Plan::with(settings, Vec::new(), stored))
}

#[tokio::test]
async fn a_template_is_tried_on_the_teams_addresses_alone() {
    let tenant = tenant("acme");
    let world = with_template(&tenant);
    let trial = |to: &str| serde_json::from_value(json!({"to": to, "data": {"n": 1}})).unwrap();
    let on = async |to, id| world.desk().try_out(&tenant, "k1", id, trial(to)).await;
    let refused = on("customer@example.com", "welcome").await;
    assert!(matches!(refused, Err(Fault::Forbidden(_))), "{refused:?}");
    let unknown = on("team@shop.example.com", "another").await;
    assert!(matches!(unknown, Err(Fault::Invalid { .. })), "{unknown:?}");
    for _ in 0..2 {
        on("team@shop.example.com", "welcome").await.unwrap();
    }
    world.work().await;
    let sent = world.sent();
    assert_eq!(sent.len(), 1, "a trial has a key, too");
    assert_eq!(sent[0].content.text, "1 for hello@shop.example.com");
}

#[tokio::test]
async fn a_stored_template_is_sent_in_the_recipients_language() {
    let tenant = tenant("acme");
    let world = with_template(&tenant);
    let profile = event("profile_updated", "u1", "p");
    let profile = profile.data(json!({"email": "u1@b.ch", "locale": "de-AT"}));
    world.ingest(&[profile.of(&tenant)]).await;
    let asked =
        json!({"subject": "u1", "channel": "email", "template": "welcome", "data": {"n": 7}});
    ask(&world, &tenant, "k1", &serde_json::from_value(asked).unwrap()).await.unwrap();
    world.work().await;
    let content = &world.sent()[0].content;
    assert_eq!((content.subject.as_deref(), content.text.as_str()), (Some("Willkommen"), "7"));
}

#[tokio::test]
async fn files_go_where_they_are_carried_and_nowhere_else() {
    let tenant = tenant("acme");
    let world = world(&tenant).await;
    let file = json!([{"name": "a.txt", "media_type": "text/plain", "data": "SGk="}]);
    let text = request(json!({"channel": "sms", "attachments": file.clone()}));
    let refused = ask(&world, &tenant, "k1", &text).await.unwrap_err();
    assert!(matches!(&refused, Fault::Invalid { field, .. } if field == "attachments"));
    assert!(world.stores().messages.is_empty(), "nothing is recorded of a mistake");
    ask(&world, &tenant, "k1", &request(json!({"attachments": file}))).await.unwrap();
    world.work().await;
    assert_eq!(world.sent()[0].content.attachments.len(), 1);
}
