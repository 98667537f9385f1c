//! Use cases that wait: for an absence, for an instant that an event names, for their next action; and
//! those that do not come again too soon.

use ceap_engagement::event::Arrived;
use ceap_engagement::policy::Cap;
use ceap_engagement::use_case::Settings;
use ceap_kernel::{Labels, Metric, Tally, TenantId, Timestamp};
use ceap_testkit::World;
use ceap_testkit::builders::{at, event, noon, plan_with, settings, tenant};
use serde_json::{Value, json};

/// A use case with `also` beside the least that there must be.
fn document(id: &str, also: &str) -> String {
    format!(
        "id: {id}\nversion: 1\nname: {id}\npurpose: operational\nttl: 10d\n\
         score: {{kind: expression, base: 1}}\n{also}\n"
    )
}

const TEXT: &str = "action: {channel: sms, to: \"'+15555550123'\", text: x}";

/// Arrives when it happens.
fn happens(tenant: &TenantId, kind: &str, id: &str, time: &str, data: Value) -> Arrived {
    let time = at(time);
    Arrived { at: time, ..event(kind, "u1", id).time(time).data(data).of(tenant) }
}

fn world(tenant: &TenantId, settings: Settings, documents: &[String]) -> World {
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    World::new(noon()).with(tenant, plan_with(settings, &documents))
}

/// Wakes all that is due by `end`, each at its instant.
async fn wake(world: &World, end: Timestamp) {
    loop {
        let next = world.stores().scheduled.keys().next().copied();
        let Some(next) = next.filter(|next| *next <= end) else { return };
        world.advance(next).await;
    }
}

/// Takes the events one by one at their time, and waits until `end`. Returns when each message went out.
async fn live(world: &World, events: &[Arrived], end: &str) -> Vec<(String, Timestamp)> {
    for event in events {
        wake(world, event.at).await;
        world.set_now(event.at);
        world.ingest(std::slice::from_ref(event)).await;
        world.work().await;
    }
    wake(world, at(end)).await;
    let stores = world.stores();
    let sent = stores.messages.values().filter_map(|message| {
        let at = message.record.history.get("sent")?;
        Some((message.record.channel.clone(), *at))
    });
    let mut sent: Vec<_> = sent.collect();
    sent.sort_by_key(|(_, at)| *at);
    sent
}

/// Signals refused for `reason`.
fn filtered(tally: &Tally, reason: &str) -> u64 {
    let of = |(labels, metric, _): &(&Labels, Metric, u64)| {
        *metric == Metric::SignalsFiltered && labels.reason.as_deref() == Some(reason)
    };
    tally.iter().filter(of).map(|(_, _, count)| count).sum()
}

#[tokio::test]
async fn an_absence_is_what_does_not_follow() {
    let tenant = tenant("acme");
    let trigger = "trigger: {event: purchase, absence: {event: purchase, within: 7d}}";
    let world = world(&tenant, settings(), &[document("lapsed", &format!("{trigger}\n{TEXT}"))]);
    let bought = |id, time| happens(&tenant, "purchase", id, time, json!({}));
    let events = [bought("1", "2026-11-21T12:00:00Z"), bought("2", "2026-11-28T12:00:00Z")];
    let sent = live(&world, &events, "2027-01-01T00:00:00Z").await;
    let times: Vec<_> = sent.iter().map(|(_, at)| at.to_string()).collect();
    assert_eq!(times, ["2026-12-05T12:00:01Z"], "the second came in the very last instant");
    let stores = world.stores();
    assert_eq!(filtered(&stores.tally, "came_meanwhile"), 1);
}

#[tokio::test]
async fn a_reminder_comes_a_day_before_in_the_subjects_zone_and_never_after() {
    let tenant = tenant("acme");
    let trigger = "trigger: {event: booked, until: {time: event.data.starts_at, before: 24h}}\n\
                   key: event.data.id";
    let world = world(&tenant, settings(), &[document("remind", &format!("{trigger}\n{TEXT}"))]);
    let profile = json!({"time_zone": "America/New_York"});
    let booked = |id: &str, time, starts: &str| {
        happens(&tenant, "booked", id, time, json!({"id": id, "starts_at": starts}))
    };
    let events = [
        happens(&tenant, "profile_updated", "p", "2026-11-21T12:00:00Z", profile),
        booked("far", "2026-11-21T13:00:00Z", "2026-11-25T09:00"),
        booked("near", "2026-11-21T14:00:00Z", "2026-11-21T18:00"),
        booked("over", "2026-11-21T15:00:00Z", "2026-11-21T09:00"),
    ];
    let sent = live(&world, &events, "2027-01-01T00:00:00Z").await;
    let times: Vec<_> = sent.iter().map(|(_, at)| at.to_string()).collect();
    assert_eq!(times, ["2026-11-21T14:00:01Z", "2026-11-24T14:00:01Z"]);
    assert_eq!(filtered(&world.stores().tally, "expired"), 1);
}

#[tokio::test]
async fn a_cooldown_outlasts_the_candidate_and_reentry_counts() {
    let tenant = tenant("acme");
    let rules = "trigger: {event: x}\nttl: 1h\ncooldown: 2d\nreentry: {limit: 2, within: 30d}";
    let document = document("x", &format!("{rules}\n{TEXT}")).replace("ttl: 10d\n", "");
    let world = world(&tenant, settings(), &[document]);
    let days = [21, 22, 24, 27];
    let events = days.map(|day| {
        happens(&tenant, "x", &day.to_string(), &format!("2026-11-{day}T12:00:00Z"), json!({}))
    });
    live(&world, &events, "2026-12-01T00:00:00Z").await;
    let stores = world.stores();
    let barred = |reason| filtered(&stores.tally, reason);
    assert_eq!((barred("cooldown"), barred("reentry")), (1, 1));
    assert_eq!(stores.tally.total(Metric::CandidatesStored), 2);
}

#[tokio::test]
async fn a_filter_sees_the_candidates_before() {
    let tenant = tenant("acme");
    let rules = "trigger: {event: x}\nttl: 1h\nfilter:\n  \
                 - {when: 'history.count < 2', reason: twice_is_enough}";
    let document = document("x", &format!("{rules}\n{TEXT}")).replace("ttl: 10d\n", "");
    let world = world(&tenant, settings(), &[document]);
    let events = [10, 12, 14, 16].map(|hour| {
        happens(&tenant, "x", &hour.to_string(), &format!("2026-11-22T{hour}:00:00Z"), json!({}))
    });
    let sent = live(&world, &events, "2026-12-01T00:00:00Z").await;
    assert_eq!(filtered(&world.stores().tally, "twice_is_enough"), 2);
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn actions_go_out_beside_each_other_each_at_its_time() {
    let tenant = tenant("acme");
    let also = "trigger: {event: x}\n\
                action: {channel: sms, to: \"'+15555550123'\", text: now}\n\
                also:\n  - {channel: email, to: \"'a@b.ch'\", subject: x, text: later, delay: 2h}\n  \
                - {channel: webhook, to: \"'https://example.com/hook'\", text: never, delay: 3h, expiry: 1s}";
    let world = world(&tenant, settings(), &[document("x", also)]);
    let x = happens(&tenant, "x", "1", "2026-11-21T12:00:00Z", json!({}));
    let sent = live(&world, &[x.clone(), x], "2026-12-01T00:00:00Z").await;
    let sent: Vec<_> = sent.iter().map(|(on, at)| (on.as_str(), at.to_string())).collect();
    assert_eq!(sent[0], ("sms", "2026-11-21T12:00:00Z".to_owned()));
    assert_eq!(sent[1].0, "email");
    assert!(sent[1].1.starts_with("2026-11-21T14:00"), "{sent:?}");
}

#[tokio::test]
async fn the_last_place_under_a_cap_is_for_the_higher_priority() {
    let tenant = tenant("acme");
    let of = |id: &str, priority: &str| {
        let also = format!("trigger: {{event: x}}\npriority: {priority}\n{TEXT}");
        document(id, &also).replace("operational", "transactional")
    };
    let cap: Cap =
        serde_json::from_value(json!({"limit": 1, "within": "1d", "purpose": "transactional"}))
            .unwrap();
    let settings = Settings { caps: vec![cap], ..settings() };
    let world = world(&tenant, settings, &[of("a", "low"), of("b", "high"), of("c", "normal")]);
    let x = happens(&tenant, "x", "1", "2026-11-21T12:00:00Z", json!({}));
    live(&world, &[x], "2026-11-22T00:00:00Z").await;
    let stores = world.stores();
    let sent = stores.messages.values().filter(|it| it.record.history.contains_key("sent"));
    let of: Vec<_> = sent.filter_map(|it| it.record.use_case.as_ref()).collect();
    assert_eq!(of.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["b"]);
}

/// An action is meant where its condition holds of the candidate; else the candidate is all there is, until a better signal.
#[tokio::test]
async fn an_action_is_sent_where_it_is_meant() {
    let tenant = tenant("acme");
    let actions = "trigger: {event: visited}\n\
        action: {channel: sms, to: \"'+15555550123'\", text: x, when: score >= 0.5}\n\
        also:\n- {channel: voice, to: \"'+15555550123'\", text: x, when: event.data.n > 5 && event.data.word > 1}\n- {channel: in-app, text: x}\n";
    let scored = document("offer", actions).replace(
        "base: 1}",
        "base: 0, terms: [{value: event.data.n, default: 0, weight: 0.1, reason: n}]}",
    );
    let world = world(&tenant, settings(), &[scored]);
    let visited = |id, n: i64| {
        happens(&tenant, "visited", id, "2026-11-21T12:00:00Z", json!({"n": n, "word": "x"}))
    };
    let channels = |world: &World| -> Vec<String> {
        world.stores().messages.values().map(|it| it.record.channel.clone()).collect()
    };
    let skipped = |world: &World| world.stores().tally.total(Metric::ActionsSkipped);
    for event in [visited("1", 2), visited("2", 7)] {
        let before = (channels(&world).len(), skipped(&world));
        world.ingest(std::slice::from_ref(&event)).await;
        world.work().await;
        let after = (channels(&world).len(), skipped(&world));
        let known =
            world.stores().messages.values().map(|it| it.record.reason.clone()).collect::<Vec<_>>();
        assert_ne!(before, after, "{known:?}");
    }
    assert_eq!(world.stores().candidates.len(), 1);
    let stores = world.stores();
    let found = |channel: &str| {
        let of = stores.messages.values().find(|it| it.record.channel == channel);
        of.map(|it| it.record.reason.clone())
    };
    assert_eq!(found("sms"), Some(None), "the better signal brought it");
    assert_eq!(found("in-app"), Some(None));
    let reason = found("voice").flatten().unwrap();
    assert!(reason.starts_with("template: ") && reason.contains("also[0].when"), "{reason}");
    assert_eq!(stores.tally.total(Metric::ActionsSkipped), 2, "both at first");
}
