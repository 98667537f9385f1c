//! Whether all that was to be delivered is accounted for.

use super::traffic::{Kind, Traffic, channel};
use ceap_engagement::message::{Record, State};
use ceap_engagement::use_case::Step;
use ceap_kernel::{CandidateId, MessageId, TenantId};
use ceap_testkit::{Ask, Strike, Told, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What it came to.
#[derive(Debug, Default)]
pub struct Account {
    pub messages: usize,
    pub states: BTreeMap<State, usize>,
    /// Calls at which something failed or died.
    pub struck: usize,
    /// Requests to providers, and how many messages went out.
    pub asks: usize,
    pub sent: usize,
    /// How many of those went out before.
    pub twice: usize,
    /// Requests that were made again after "not now", or of a recipient that tells repeats.
    pub asked_again: usize,
    /// Candidates that went out on more than one channel.
    pub handed_over: usize,
    /// Of an unknown outcome until its provider's silence told that it never arrived.
    pub never_arrived: usize,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

type Asks = BTreeMap<MessageId, Vec<Ask>>;

pub fn judge(world: &World, traffic: &Traffic) -> Account {
    let asks = nothing_went_out_twice(world);
    let mut account = every_record_says_what_happened(world, &asks);
    nothing_is_lost(world, traffic);
    account.handed_over = no_two_channels_without_cause(world, &asks);
    every_state_is_told_to_the_stream(world);
    account.struck = world.struck().len();
    (account.sent, account.twice) = effects(world);
    assert_eq!(account.twice, 0, "an effect twice");
    account.asks = asks.values().map(Vec::len).sum();
    let addresses = world.stores().asks.len();
    account.asked_again = account.asks - addresses;
    account
}

/// A provider that could send twice is never asked after an answer that leaves open whether it
/// did. Returns the asks of each message.
fn nothing_went_out_twice(world: &World) -> Asks {
    let stores = world.stores();
    let mut of = Asks::new();
    for ((_, id, to), asks) in &stores.asks {
        of.entry(id.clone()).or_default().extend(asks.iter().cloned());
        if channel(&asks[0].channel).kind == Kind::Repeatable {
            continue;
        }
        let took = asks.iter().filter(|ask| ask.took).count();
        assert!(took <= 1, "{id} went out {took} times to {to}: {asks:?}");
        let open = asks.iter().position(|ask| matches!(ask.told, Told::Yes | Told::Nothing));
        assert!(
            open.is_none_or(|nth| nth + 1 == asks.len()),
            "{id} was asked for again though it may have gone out to {to}: {asks:?}"
        );
    }
    of
}

/// How many messages went out, and how many of them had before.
fn effects(world: &World) -> (usize, usize) {
    let stores = world.stores();
    let all: Vec<_> = stores.sent.iter().map(|it| (&it.tenant, &it.id, &it.to)).collect();
    let distinct: BTreeSet<_> = all.iter().collect();
    (all.len(), all.len() - distinct.len())
}

fn every_record_says_what_happened(world: &World, asks: &Asks) -> Account {
    let mut account = Account::default();
    let mut without_cause = 0;
    let stores = world.stores();
    for ((_, id), message) in &stores.messages {
        let record = &message.record;
        account.messages += 1;
        *account.states.entry(record.state).or_default() += 1;
        let none = Vec::new();
        let asks = asks.get(id).unwrap_or(&none);
        check(record, asks);
        if record.state == State::Unknown {
            let open = asks.iter().any(|ask| ask.told == Told::Nothing);
            without_cause += usize::from(!open);
        }
        let silent = record.reason.as_deref() == Some("the provider never told of it");
        account.never_arrived += usize::from(silent);
    }
    // A sender that dies between claim and record knows what it did, and takes that with it.
    let struck = world.struck();
    let died = struck.iter().filter(|it| cuts_off_the_record(it)).count();
    assert!(without_cause <= died, "{without_cause} unknown without cause, {died} died");
    account
}

fn cuts_off_the_record((call, strike): &(&str, Strike)) -> bool {
    match *call {
        "outbox.begin" => matches!(strike, Strike::FailAfter | Strike::DieAfter),
        "outbox.finish" | "suppressions.add" | "health.failed" | "health.succeeded" => {
            matches!(strike, Strike::DieBefore | Strike::DieAfter)
        }
        _ => false,
    }
}

/// One record against what its provider was asked.
fn check(record: &Record, asks: &[Ask]) {
    let kind = channel(&record.channel).kind;
    let took = asks.iter().any(|ask| ask.took);
    let may_have = asks.iter().any(|ask| matches!(ask.told, Told::Yes | Told::Nothing));
    let says = |fine: bool| assert!(fine, "{record:?} after {asks:?}");
    match record.state {
        State::Sent
        | State::Delivered
        | State::Opened
        | State::Clicked
        | State::Replied
        | State::Complained
        | State::Bounced => says(took),
        State::Failed => says(kind == Kind::Repeatable || took == told_by_receipt(record)),
        State::Expired => says(kind == Kind::Repeatable || !may_have),
        State::Unknown => {
            says(kind != Kind::Repeatable);
            says(kind != Kind::LookedUp);
        }
        State::Suppressed => says(!may_have && record.reason.is_some()),
        State::Queued | State::Sending => panic!("not done with: {record:?} after {asks:?}"),
    }
}

fn told_by_receipt(record: &Record) -> bool {
    record.history.contains_key(State::Sent.as_str())
}

/// A candidate, and the records of its messages by the step of their channel.
type Chains = BTreeMap<(TenantId, CandidateId), BTreeMap<usize, Record>>;

fn steps<'a>(plan: &'a ceap_engagement::use_case::Plan, record: &Record) -> Vec<&'a Step> {
    let use_case = plan.use_case(record.use_case.as_ref().unwrap()).unwrap();
    (0_u8..).map_while(|nth| use_case.step(nth)).collect()
}

fn chains(world: &World) -> Chains {
    let stores = world.stores();
    let mut chains = Chains::new();
    for ((tenant, _), message) in &stores.messages {
        let record = &message.record;
        let candidate = record.origin.as_ref().unwrap().candidate.clone();
        let steps = steps(&stores.plans[tenant], record);
        let nth = steps.iter().position(|step| step.channel == record.channel).unwrap();
        chains.entry((tenant.clone(), candidate)).or_default().insert(nth, record.clone());
    }
    chains
}

/// Each candidate came to something, and where one channel came to nothing the next was tried,
/// unless the candidate was not worth it any more.
fn nothing_is_lost(world: &World, traffic: &Traffic) {
    let short: BTreeSet<&CandidateId> = traffic.short.iter().collect();
    let chains = chains(world);
    let known: BTreeSet<&CandidateId> = chains.keys().map(|(_, candidate)| candidate).collect();
    for signal in traffic.signals() {
        let candidate = CandidateId::derive(&signal.id);
        assert!(known.contains(&candidate) || short.contains(&candidate), "lost: {signal:?}");
    }
    let stores = world.stores();
    for ((tenant, candidate), records) in &chains {
        if short.contains(candidate) {
            continue;
        }
        for (nth, record) in records {
            let Some(next) = steps(&stores.plans[tenant], record).get(nth + 1).copied() else {
                continue;
            };
            let in_time = next.after.is_some();
            let owed = match record.state {
                State::Failed | State::Bounced => true,
                State::Suppressed => record.reason.as_deref() != Some("off"),
                State::Sent | State::Unknown => in_time,
                _ => false,
            };
            let tried = records.contains_key(&(nth + 1));
            assert!(tried || !owed, "no next channel was tried after {record:?}");
        }
    }
}

/// A second channel only after the first failed for certain, or had its time. Returns how often.
fn no_two_channels_without_cause(world: &World, asks: &Asks) -> usize {
    let mut handed_over = 0;
    let chains = chains(world);
    let stores = world.stores();
    for ((tenant, _), records) in &chains {
        let out = |record: &&(&usize, &Record)| {
            let asks = asks.get(&record.1.id);
            asks.is_some_and(|asks| asks.iter().any(|ask| ask.took))
        };
        let all: Vec<(&usize, &Record)> = records.iter().collect();
        let out: Vec<&(&usize, &Record)> = all.iter().filter(out).collect();
        handed_over += usize::from(out.len() > 1);
        for ((nth, first), (_, second)) in out.iter().zip(out.iter().skip(1)) {
            let known = |state: State| first.history.contains_key(state.as_str());
            let failed = known(State::Failed) || known(State::Bounced);
            let after = steps(&stores.plans[tenant], first)[**nth + 1].after;
            let asked = asks[&second.id].iter().find(|ask| ask.took).unwrap().at;
            let had_its_time = after.is_some_and(|after| {
                asked.duration_since(first.history["queued"]) >= after.duration()
            });
            assert!(failed || had_its_time, "two without cause: {first:?}, {second:?}");
        }
    }
    handed_over
}

/// Whatever became of a message, from its failure or delivery on, is an event.
fn every_state_is_told_to_the_stream(world: &World) {
    let stores = world.stores();
    let told: BTreeSet<&str> = stores.stream.iter().map(|it| it.event.id.as_str()).collect();
    for message in stores.messages.values() {
        let record = &message.record;
        for state in [
            State::Failed,
            State::Delivered,
            State::Opened,
            State::Clicked,
            State::Bounced,
            State::Complained,
        ] {
            let entered = record.history.contains_key(state.as_str());
            let event = format!("{}/{}", record.id, state.as_str());
            assert_eq!(entered, told.contains(event.as_str()), "{event}: {record:?}");
        }
    }
}
