//! What is to be delivered: use cases for every channel, subjects with addresses, signals.

use super::luck::Luck;
use ceap_engagement::signal::{Signal, event_facts};
use ceap_kernel::{CandidateId, SignalId, SubjectId, TenantId, UseCaseId, digest};
use ceap_testkit::builders::{after_noon, event, noon, plan, subject, use_case};
use ceap_testkit::{Habits, World};
use serde_json::{Map, json};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds for which a short-lived candidate is worth sending.
const SHORT_S: i64 = 240;

/// What can be known of a message that its provider was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its recipient tells repeats, so that it is asked again.
    Repeatable,
    /// Its receipts name our own id of it.
    LookedUp,
    /// Nobody can be asked.
    Blind,
}

/// A channel, and how its provider behaves.
pub struct Channel {
    pub name: &'static str,
    pub kind: Kind,
    pub habits: Habits,
}

const RELIABLE: Habits = Habits {
    mute: 3,
    deaf: 3,
    busy: 8,
    refuses: 4,
    unable: 1,
    gone: 0,
    traced: false,
    delivers: false,
};

const TRACED: Habits = Habits { traced: true, ..RELIABLE };

pub const CHANNELS: [Channel; 9] = [
    Channel { name: "email", kind: Kind::LookedUp, habits: TRACED },
    Channel { name: "sms", kind: Kind::LookedUp, habits: Habits { busy: 25, ..TRACED } },
    Channel { name: "whatsapp", kind: Kind::LookedUp, habits: Habits { mute: 8, ..TRACED } },
    Channel { name: "push", kind: Kind::Blind, habits: Habits { gone: 9, ..RELIABLE } },
    Channel { name: "web-push", kind: Kind::Blind, habits: Habits { gone: 9, ..RELIABLE } },
    Channel { name: "voice", kind: Kind::Blind, habits: Habits { unable: 10, ..RELIABLE } },
    Channel { name: "slack", kind: Kind::Blind, habits: Habits { delivers: true, ..RELIABLE } },
    Channel {
        name: "webhook",
        kind: Kind::Repeatable,
        habits: Habits { mute: 15, deaf: 15, busy: 15, delivers: true, ..RELIABLE },
    },
    Channel {
        name: "in-app",
        kind: Kind::Repeatable,
        habits: Habits { mute: 20, refuses: 0, delivers: true, ..RELIABLE },
    },
];

pub fn channel(name: &str) -> &'static Channel {
    CHANNELS.iter().find(|channel| channel.name == name).unwrap()
}

/// The event that triggers a use case.
pub fn trigger(use_case: &str) -> String {
    format!("ordered_{}", use_case.replace('-', "_"))
}

/// A use case over these channels in their order; each has the time after it, if one is given, to
/// deliver.
fn document(id: &str, channels: &[&str], after: Option<&str>) -> String {
    let after = after.map(|span| format!(", after: {span}")).unwrap_or_default();
    let others = channels[1..].iter();
    let others: Vec<String> =
        others.map(|channel| format!("{{channel: {channel}{after}}}")).collect();
    format!(
        "{{id: {id}, version: 1, name: {id}, purpose: transactional, trigger: {{event: {}, when: event.data.n >= 0, expects: {{n: number}}}},
           score: {{kind: expression, base: 0.5}}, ttl: 24h,
           action: {{channel: {}, text: 'Number {{{{ event.data.n }}}}', fallback: [{}]}}}}",
        trigger(id),
        channels[0],
        others.join(", ")
    )
}

const CHAIN: [&str; 3] = ["push", "sms", "email"];

/// Use cases: one for each channel, and chains that hand over upon failure, or in time too.
fn documents() -> Vec<String> {
    let mut all: Vec<String> = CHANNELS
        .iter()
        .map(|channel| document(&format!("by-{}", channel.name), &[channel.name], None))
        .collect();
    all.push(document("upon-failure", &CHAIN, None));
    all.push(document("in-time", &CHAIN, Some("10m")));
    all
}

/// Candidates to be.
pub struct Traffic {
    signals: Vec<Signal>,
    subjects: usize,
    pub short: Vec<CandidateId>,
}

impl Traffic {
    /// So many signals, of every use case for one subject after the other.
    pub fn new(tenant: &TenantId, candidates: usize, seed: u64) -> Self {
        let mut luck = Luck::new(seed);
        let use_cases: Vec<UseCaseId> = CHANNELS
            .iter()
            .map(|channel| use_case(&format!("by-{}", channel.name)))
            .chain([use_case("upon-failure"), use_case("in-time")])
            .collect();
        let (mut signals, mut short) = (Vec::new(), Vec::new());
        for n in 0..candidates {
            let id = SignalId::new(digest(&[tenant.as_str(), &n.to_string()])).unwrap();
            let who = subject(&format!("u{}", n / use_cases.len()));
            // A day old but for some minutes: not worth sending for long.
            let at = if luck.percent(4) { SHORT_S - 86_400 } else { 0 };
            if at < 0 {
                short.push(CandidateId::derive(&id));
            }
            let data = Map::from_iter([("n".to_owned(), json!(n))]);
            let of = &use_cases[n % use_cases.len()];
            signals.push(Signal {
                id,
                use_case: of.clone(),
                event: event_facts(&trigger(of.as_str()), &who, after_noon(at), &data),
                subject: who,
                key: String::new(),
                features: json!({}),
                at: after_noon(at),
                afresh: false,
                due: None,
                tag: 0,
                held: None,
                action: None,
                fallback: None,
                trace: None,
            });
        }
        Self { signals, subjects: candidates.div_ceil(use_cases.len()), short }
    }

    /// What events came to: the signals that were emitted of them, of which some are not worth sending for long.
    pub fn of(world: &World, tenant: &TenantId) -> Self {
        let stores = world.stores();
        let mut signals: BTreeMap<SignalId, Signal> = BTreeMap::new();
        for detected in stores.emissions.iter().filter(|it| it.tenant == *tenant) {
            let first = detected.signals.iter().filter(|it| it.fallback.is_none());
            signals.extend(first.map(|it| (it.id.clone(), it.clone())));
        }
        let signals: Vec<Signal> = signals.into_values().collect();
        let old = signals.iter().filter(|it| it.event_time().is_some_and(|at| at < noon()));
        let short = old.map(|it| CandidateId::derive(&it.id)).collect();
        let subjects = signals.iter().map(|it| &it.subject).collect::<BTreeSet<_>>().len();
        Self { short, subjects, signals }
    }

    pub fn subjects(&self) -> usize {
        self.subjects
    }

    pub fn signals(&self) -> Vec<Signal> {
        self.signals.clone()
    }

    /// A world in which the subjects are known.
    pub async fn world(&self, tenant: &TenantId, seed: u64) -> World {
        let documents = documents();
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        let world = World::new(noon()).with(tenant, plan(&documents)).interleaved(seed);
        let mut luck = Luck::new(seed ^ 1);
        for n in 0..self.subjects {
            let profile = profile(&subject(&format!("u{n}")), n, &mut luck);
            let update = event("profile_updated", &format!("u{n}"), "p").data(profile);
            world.ingest(&[update.sec(-7200).of(tenant)]).await;
        }
        world
    }
}

/// Some have no phone, some several, and some refuse this channel or that.
fn profile(who: &SubjectId, n: usize, luck: &mut Luck) -> serde_json::Value {
    let mut devices = Map::new();
    for channel in ["push", "web-push"] {
        for device in 0..luck.below(4) {
            let address = format!("{channel}:{who}:{device}");
            let device = format!("{channel}-{device}");
            devices.insert(device, json!({"channel": channel, "address": address}));
        }
    }
    let mut consents = Map::new();
    for channel in CHANNELS.iter().filter(|_| luck.percent(3)) {
        consents.insert(format!("{}.transactional", channel.name), json!(false));
    }
    let phone = (!luck.percent(15)).then(|| format!("+4179{n:07}"));
    let addresses: Map<_, _> = ["whatsapp", "voice", "slack", "webhook", "in-app"]
        .iter()
        .map(|channel| ((*channel).to_owned(), json!(format!("{channel}:{who}"))))
        .collect();
    json!({"email": format!("{who}@customers.example.com"), "phone": phone, "devices": devices,
           "addresses": addresses, "consents": consents})
}
