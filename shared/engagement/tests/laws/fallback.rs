//! When the next channel takes over, and when it must not.

use ceap_engagement::message::State;
use ceap_engagement::pipeline::send::SendError;
use ceap_engagement::receipt::{About, News, Receipt};
use ceap_engagement::suppression::Reason;
use ceap_kernel::{SignedDuration, TenantId};
use ceap_testkit::builders::{at, event, noon, plan, tenant};
use ceap_testkit::{Strike, World};
use serde_json::{Value, json};

/// Push, then a text, then an email; `after` is what each fallback says of its time, `more` what the
/// whole document says besides.
fn document(after: &str, more: &str) -> String {
    format!(
        "{{id: parcel, version: 1, name: Parcel, purpose: transactional, {more}
           trigger: {{event: shipped}}, score: {{kind: expression, base: 0.5}}, ttl: 24h,
           action: {{channel: push, text: 'It is on its way',
             fallback: [{{channel: sms{after}}}, {{channel: email{after}}}]}}}}"
    )
}

/// Everybody's addresses.
fn everywhere() -> Value {
    json!({"email": "u1@customers.example.com", "phone": "+41790000001",
           "addresses": {"push": "fcm:u1"}})
}

fn without(field: &str) -> Value {
    let mut profile = everywhere();
    profile.as_object_mut().unwrap().remove(field);
    profile
}

/// One parcel on its way to one customer.
struct Parcel {
    world: World,
    tenant: TenantId,
}

impl Parcel {
    /// Of which each provider says, in their turn, what `answers` say, and takes the rest.
    async fn of(document: &str, profile: Value, answers: Vec<SendError>) -> Self {
        let tenant = tenant("acme");
        let world = World::new(noon()).with(&tenant, plan(&[document]));
        world.stores().answers.extend(answers);
        let who = event("profile_updated", "u1", "p").sec(-60).data(profile).of(&tenant);
        world.ingest(&[who, event("shipped", "u1", "s").of(&tenant)]).await;
        Self { world, tenant }
    }

    /// The same, and all is done that can be done at once.
    async fn shipped(document: &str, profile: Value, answers: Vec<SendError>) -> Self {
        let parcel = Self::of(document, profile, answers).await;
        parcel.work().await;
        parcel
    }

    /// Works until nothing is left to be done at this instant.
    async fn work(&self) {
        let waits = |world: &World| {
            let stores = world.stores();
            !stores.bus.is_empty() || !stores.queue.is_empty()
        };
        while waits(&self.world) {
            self.world.work().await;
        }
    }

    async fn minutes_pass(&self, minutes: i64) {
        let now = self.world.time() + SignedDuration::from_mins(minutes);
        self.world.advance(now).await;
        self.work().await;
    }

    /// The channels that it went out on, in order.
    fn went_out(&self) -> Vec<String> {
        self.world.sent().into_iter().map(|dispatch| dispatch.channel).collect()
    }

    fn record(&self, channel: &str) -> Option<ceap_engagement::message::Record> {
        let stores = self.world.stores();
        let mut records = stores.messages.values().map(|message| message.record.clone());
        records.find(|record| record.channel == channel)
    }

    /// Where the message of a channel stands, and why.
    fn stands(&self, channel: &str) -> (State, String) {
        let record = self.record(channel).unwrap_or_else(|| panic!("no message on {channel}"));
        (record.state, record.reason.unwrap_or_default())
    }

    async fn hears(&self, channel: &str, state: State) {
        let id = self.record(channel).unwrap().id;
        let receipt = Receipt {
            about: About::Message(self.tenant.clone(), id),
            state,
            at: self.world.time(),
            provider_id: None,
            detail: None,
            suppress: Vec::new(),
        };
        self.world.receive_stage().take(&News::Receipt(receipt)).await.unwrap();
        self.work().await;
    }

    async fn profile_becomes(&self, data: Value) {
        let now = self.world.time();
        let id = format!("p{now}");
        let update = event("profile_updated", "u1", &id).time(now).data(data);
        self.world.ingest(&[update.of(&self.tenant)]).await;
    }

    /// Every execution of the workflow so far, once more.
    async fn everything_again(&self) {
        let emissions = {
            let stores = self.world.stores();
            let waits = |detected| stores.scheduled.values().flatten().any(|it| it == detected);
            let done = stores.emissions.iter().filter(|detected| !waits(*detected));
            done.cloned().collect::<Vec<_>>()
        };
        for detected in emissions {
            self.world.workflow(detected).await.unwrap();
        }
        self.work().await;
    }
}

fn refused() -> SendError {
    SendError::Refused("no such device".to_owned())
}

fn gone() -> SendError {
    SendError::Gone("unregistered".to_owned())
}

fn unknown() -> SendError {
    SendError::Unknown("no answer".to_owned())
}

const NO_TIME: &str = "";
const TEN_MINUTES: &str = ", after: 10m";

#[tokio::test]
async fn the_first_channel_is_enough() {
    let parcel = Parcel::shipped(&document(NO_TIME, ""), everywhere(), vec![]).await;
    assert_eq!(parcel.went_out(), ["push"]);
    parcel.world.settle_all().await;
    assert_eq!(parcel.went_out(), ["push"]);
}

#[tokio::test]
async fn who_has_no_address_on_the_first_channel_gets_the_second() {
    let parcel = Parcel::shipped(&document(NO_TIME, ""), without("addresses"), vec![]).await;
    assert_eq!(parcel.went_out(), ["sms"]);
    assert_eq!(parcel.stands("push"), (State::Suppressed, "no_address".to_owned()));
}

#[tokio::test]
async fn who_refused_the_first_channel_gets_the_second() {
    let mut profile = everywhere();
    profile["consents"] = json!({"push.transactional": false});
    let parcel = Parcel::shipped(&document(NO_TIME, ""), profile, vec![]).await;
    assert_eq!(parcel.went_out(), ["sms"]);
    assert_eq!(parcel.stands("push"), (State::Suppressed, "no_consent".to_owned()));
}

#[tokio::test]
async fn two_channels_that_are_closed_are_both_passed_over() {
    let mut profile = without("phone");
    profile["consents"] = json!({"push.transactional": false});
    let parcel = Parcel::shipped(&document(NO_TIME, ""), profile, vec![]).await;
    assert_eq!(parcel.went_out(), ["email"]);
    assert_eq!(parcel.stands("sms"), (State::Suppressed, "no_address".to_owned()));
}

#[tokio::test]
async fn what_speaks_against_the_message_speaks_against_every_channel() {
    for (more, reason) in [("mode: shadow,", "shadow"), ("holdout_percent: 100,", "holdout")] {
        let parcel = Parcel::shipped(&document(NO_TIME, more), everywhere(), vec![]).await;
        assert_eq!(parcel.stands("push"), (State::Suppressed, reason.to_owned()));
        assert!(parcel.record("sms").is_none() && parcel.went_out().is_empty());
    }
}

#[tokio::test]
async fn a_definite_failure_hands_over_at_once() {
    for failure in [refused(), gone(), SendError::Unable("not set up".to_owned())] {
        let parcel = Parcel::shipped(&document(NO_TIME, ""), everywhere(), vec![failure]).await;
        assert_eq!(parcel.went_out(), ["sms"]);
        assert_eq!(parcel.stands("push").0, State::Failed);
    }
}

#[tokio::test]
async fn a_chain_of_three_fails_to_its_end() {
    let document = document(NO_TIME, "");
    let parcel = Parcel::shipped(&document, everywhere(), vec![refused(), refused()]).await;
    assert_eq!(parcel.went_out(), ["email"]);
    let parcel = Parcel::shipped(&document, everywhere(), vec![refused(); 3]).await;
    assert!(parcel.went_out().is_empty());
    for channel in ["push", "sms", "email"] {
        assert_eq!(parcel.stands(channel).0, State::Failed);
    }
}

#[tokio::test]
async fn a_bounce_learnt_afterwards_hands_over() {
    for failure in [State::Bounced, State::Failed] {
        let parcel = Parcel::shipped(&document(NO_TIME, ""), everywhere(), vec![]).await;
        parcel.hears("push", failure).await;
        assert_eq!(parcel.went_out(), ["push", "sms"]);
    }
}

#[tokio::test]
async fn a_failure_told_after_a_delivery_hands_nothing_over() {
    let parcel = Parcel::shipped(&document(NO_TIME, ""), everywhere(), vec![]).await;
    parcel.hears("push", State::Delivered).await;
    parcel.hears("push", State::Failed).await;
    assert_eq!(parcel.went_out(), ["push"]);
    assert_eq!(parcel.stands("push").0, State::Delivered);
}

#[tokio::test]
async fn a_complaint_hands_nothing_over() {
    let parcel = Parcel::shipped(&document(TEN_MINUTES, ""), everywhere(), vec![]).await;
    parcel.hears("push", State::Complained).await;
    parcel.world.settle_all().await;
    assert_eq!(parcel.went_out(), ["push"]);
}

#[tokio::test]
async fn an_unknown_outcome_hands_nothing_over_by_itself() {
    let parcel = Parcel::shipped(&document(NO_TIME, ""), everywhere(), vec![unknown()]).await;
    parcel.world.settle_all().await;
    parcel.minutes_pass(23 * 60).await;
    assert!(parcel.went_out().is_empty() && parcel.record("sms").is_none());
    assert_eq!(parcel.stands("push").0, State::Unknown);
}

#[tokio::test]
async fn an_unknown_outcome_hands_over_when_its_time_is_up() {
    let parcel = Parcel::shipped(&document(TEN_MINUTES, ""), everywhere(), vec![unknown()]).await;
    parcel.minutes_pass(9).await;
    assert!(parcel.record("sms").is_none());
    parcel.minutes_pass(1).await;
    assert_eq!(parcel.went_out(), ["sms"]);
}

#[tokio::test]
async fn what_is_not_delivered_in_its_time_is_sent_on_the_next_channel() {
    let parcel = Parcel::shipped(&document(TEN_MINUTES, ""), everywhere(), vec![]).await;
    parcel.minutes_pass(9).await;
    assert_eq!(parcel.went_out(), ["push"]);
    parcel.minutes_pass(1).await;
    assert_eq!(parcel.went_out(), ["push", "sms"]);
    parcel.minutes_pass(10).await;
    assert_eq!(parcel.went_out(), ["push", "sms", "email"]);
}

#[tokio::test]
async fn what_is_delivered_in_its_time_is_sent_on_no_other_channel() {
    for news in [State::Delivered, State::Opened, State::Clicked, State::Replied] {
        let parcel = Parcel::shipped(&document(TEN_MINUTES, ""), everywhere(), vec![]).await;
        parcel.minutes_pass(9).await;
        parcel.hears("push", news).await;
        parcel.world.settle_all().await;
        assert_eq!(parcel.went_out(), ["push"], "{news:?}");
    }
}

#[tokio::test]
async fn a_failure_within_the_time_hands_over_once() {
    let parcel = Parcel::shipped(&document(TEN_MINUTES, ""), everywhere(), vec![]).await;
    parcel.hears("push", State::Bounced).await;
    assert_eq!(parcel.went_out(), ["push", "sms"]);
    parcel.hears("sms", State::Delivered).await;
    parcel.world.settle_all().await;
    assert_eq!(parcel.went_out(), ["push", "sms"]);
}

/// A push that waits in its queue until its time is up, taken up by nobody.
async fn waiting_in_its_queue(strikes: &[(usize, Strike)]) -> Parcel {
    let parcel = Parcel::of(&document(TEN_MINUTES, ""), everywhere(), vec![]).await;
    let detected = parcel.world.stores().bus.pop_front().unwrap();
    parcel.world.workflow(detected).await.unwrap();
    let waiting = parcel.world.stores().queue.drain(..).collect::<Vec<_>>();
    assert_eq!(waiting.len(), 1);
    for (nth, strike) in strikes {
        parcel.world.strike(*nth, *strike);
    }
    parcel.minutes_pass(10).await;
    parcel.world.stores().queue.extend(waiting);
    parcel.work().await;
    parcel
}

#[tokio::test]
async fn a_message_still_in_its_queue_is_withdrawn() {
    let parcel = waiting_in_its_queue(&[]).await;
    assert_eq!(parcel.went_out(), ["sms"]);
    assert_eq!(parcel.stands("push"), (State::Suppressed, "fell_back".to_owned()));
}

/// Withdrawn by a stage that dies before it claims the next channel: the message is not lost.
#[tokio::test]
async fn whoever_dies_between_two_channels_loses_nothing() {
    for strike in Strike::ALL {
        for nth in 0..12 {
            let parcel = waiting_in_its_queue(&[(nth, strike)]).await;
            let struck = parcel.world.struck();
            let out = parcel.went_out();
            // Struck in its own send, the text may be unknown.
            let sms = parcel.record("sms").map(|record| record.state);
            let fine = out == ["sms"] || sms == Some(State::Unknown);
            assert!(fine, "{out:?}, sms {sms:?} after {struck:?}");
        }
    }
}

#[tokio::test]
async fn a_candidate_that_expired_goes_out_on_no_other_channel() {
    let parcel = Parcel::shipped(&document(NO_TIME, ""), everywhere(), vec![]).await;
    parcel.minutes_pass(24 * 60).await;
    parcel.hears("push", State::Bounced).await;
    assert_eq!(parcel.went_out(), ["push"]);
    let parcel = Parcel::shipped(&document(", after: 25h", ""), everywhere(), vec![]).await;
    parcel.world.settle_all().await;
    assert_eq!(parcel.went_out(), ["push"]);
    assert!(parcel.record("sms").is_none());
}

/// At noon UTC it is 21:00 in Tokyo.
#[tokio::test]
async fn quiet_hours_hold_the_second_channel_too() {
    let quiet = document(", after: 2h", "quiet_hours: {from: '22:00', to: '08:00'},");
    let mut profile = everywhere();
    profile["time_zone"] = json!("Asia/Tokyo");
    let parcel = Parcel::shipped(&quiet, profile, vec![]).await;
    assert_eq!(parcel.went_out(), ["push"]);
    parcel.minutes_pass(120).await;
    assert_eq!(parcel.went_out(), ["push"], "at 23:00 the text is held");
    parcel.world.advance(at("2026-11-21T22:59:59Z")).await;
    assert_eq!(parcel.went_out(), ["push"]);
    parcel.world.advance(at("2026-11-21T23:00:00Z")).await;
    assert_eq!(parcel.went_out(), ["push", "sms"]);
}

#[tokio::test]
async fn what_is_delivered_during_quiet_hours_is_not_sent_after_them() {
    let quiet = document(", after: 2h", "quiet_hours: {from: '22:00', to: '08:00'},");
    let mut profile = everywhere();
    profile["time_zone"] = json!("Asia/Tokyo");
    let parcel = Parcel::shipped(&quiet, profile, vec![]).await;
    parcel.minutes_pass(120).await;
    parcel.hears("push", State::Delivered).await;
    parcel.world.settle_all().await;
    assert_eq!(parcel.went_out(), ["push"]);
}

/// The text is passed over and the email held; meanwhile a phone becomes known. The text was
/// refused for good, so it is the email that goes out.
#[tokio::test]
async fn a_channel_passed_over_stays_passed_over() {
    let quiet = document(NO_TIME, "quiet_hours: {from: '12:00', to: '20:00'},");
    let mut profile = without("phone");
    profile["time_zone"] = json!("UTC");
    profile.as_object_mut().unwrap().remove("addresses");
    let parcel = Parcel::shipped(&quiet, profile, vec![]).await;
    assert!(parcel.went_out().is_empty());
    assert_eq!(parcel.stands("sms").1, "no_address");
    parcel.profile_becomes(json!({"phone": "+41790000001"})).await;
    parcel.world.settle_all().await;
    assert_eq!(parcel.went_out(), ["email"]);
}

#[tokio::test]
async fn repeated_turns_claim_once() {
    for after in [NO_TIME, TEN_MINUTES] {
        let failures = vec![refused()];
        let parcel = Parcel::shipped(&document(after, ""), everywhere(), failures).await;
        assert_eq!(parcel.went_out(), ["sms"]);
        for _ in 0..3 {
            parcel.everything_again().await;
        }
        assert_eq!(parcel.went_out(), ["sms"]);
        assert!(parcel.record("email").is_none());
    }
}

/// What was sent closes its channel to the next message, not to itself: an execution that comes
/// again finds the gate shut and still tries no other channel.
#[tokio::test]
async fn an_execution_that_comes_again_after_the_gates_have_shut_sends_nothing_more() {
    for shut in ["consent", "address", "suppression"] {
        let parcel = Parcel::shipped(&document(NO_TIME, ""), everywhere(), vec![]).await;
        assert_eq!(parcel.went_out(), ["push"]);
        match shut {
            "consent" => {
                let no = json!({"consents": {"push.transactional": false}});
                parcel.profile_becomes(no).await;
            }
            "address" => parcel.profile_becomes(json!({"addresses": {"push": null}})).await,
            _ => {
                let entry = ceap_engagement::suppression::Entry {
                    channel: "push".to_owned(),
                    address: "fcm:u1".to_owned(),
                    reason: Reason::Gone,
                    at: noon(),
                    note: None,
                };
                parcel.world.stores().suppressed.push((parcel.tenant.clone(), entry));
            }
        }
        parcel.everything_again().await;
        assert_eq!(parcel.went_out(), ["push"], "{shut}");
        assert!(parcel.record("sms").is_none(), "{shut}");
    }
}

/// The first execution passes the push over and dies before the text is handed on; until it comes
/// again, the push has become possible. It was refused for good, so the text goes out.
#[tokio::test]
async fn an_execution_that_comes_again_after_the_gates_have_opened_loses_nothing() {
    let parcel = Parcel::of(&document(NO_TIME, ""), without("addresses"), vec![]).await;
    let detected = parcel.world.stores().bus.pop_front().unwrap();
    let calls = {
        let other = Parcel::of(&document(NO_TIME, ""), without("addresses"), vec![]).await;
        let detected = other.world.stores().bus.pop_front().unwrap();
        let before = other.world.total_calls();
        other.world.workflow(detected).await.unwrap();
        other.world.total_calls() - before
    };
    parcel.world.strike(calls - 1, Strike::DieBefore);
    assert!(parcel.world.alive(parcel.world.workflow(detected.clone())).await.is_none());
    assert_eq!(parcel.world.struck()[0].0, "queues.hand_on");
    parcel.profile_becomes(json!({"addresses": {"push": "fcm:u1"}})).await;
    parcel.world.workflow(detected).await.unwrap();
    parcel.work().await;
    assert_eq!(parcel.went_out(), ["sms"]);
}

/// Two times run at once: that of the push, and that of the text which took over upon its failure.
#[tokio::test]
async fn the_time_of_a_channel_counts_from_its_own_turn() {
    let parcel = Parcel::shipped(&document(TEN_MINUTES, ""), everywhere(), vec![]).await;
    parcel.minutes_pass(5).await;
    parcel.hears("push", State::Bounced).await;
    assert_eq!(parcel.went_out(), ["push", "sms"]);
    parcel.minutes_pass(5).await;
    assert_eq!(parcel.went_out(), ["push", "sms"], "the push's time is up, not the text's");
    parcel.minutes_pass(5).await;
    assert_eq!(parcel.went_out(), ["push", "sms", "email"]);
}
