//! A signal: one subject matched by one use case's trigger.

use crate::condition::Facts;
use crate::feature::{AsOf, Trigger};
use ceap_kernel::{
    CandidateId, MessageId, SignalId, SignedDuration, SubjectId, TenantId, Timestamp, Trace,
    UseCaseId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The name under which signals cross the bus.
pub const SIGNALS_DETECTED: &str = "SignalsDetected.v1";

/// Bytes of one `SignalsDetected.v1`: payloads grow on their way through the workflow, whose states
/// carry at most 256 KiB (Step Functions quotas).
pub const MAX_BYTES: usize = 100 * 1024;

/// One subject matched by one use case's trigger, with the features as they were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Made from what matched.
    pub id: SignalId,
    /// What matched.
    pub use_case: UseCaseId,
    /// Who.
    pub subject: SubjectId,
    /// What tells apart candidates of one subject; empty by default.
    #[serde(default)]
    pub key: String,
    /// `type`, `subject`, `time`, and of `data` the fields that the document names.
    pub event: Value,
    /// The features as of `at`.
    pub features: Value,
    /// The instant of judgement: the event's time, and the delay after it.
    pub at: Timestamp,
    /// The instant that the event names, where the use case waits for one: nothing is sent after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// What tells its event apart from others of the same instant.
    #[serde(default)]
    pub tag: u32,
    /// Whether features and profile are to be read afresh before the filter judges.
    #[serde(default)]
    pub afresh: bool,
    /// When its message was first held back by quiet hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Timestamp>,
    /// Which of its actions its turn has come for, by its first channel, counted from 0; all by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<u8>,
    /// What it follows upon, when another channel is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// The trace of what triggered it, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "Trace::lenient")]
    pub trace: Option<Trace>,
}

/// Another channel's turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The candidate that the action is for.
    pub candidate: CandidateId,
    /// The message that came before.
    pub after: MessageId,
    /// Which of the action's channels is next, counted from 0.
    pub step: u8,
}

/// `SignalsDetected.v1`: signals of one tenant on their way through the workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// Whose.
    pub tenant: TenantId,
    /// The subjects' profiles as they were.
    #[serde(default)]
    pub profiles: BTreeMap<SubjectId, Value>,
    /// The signals.
    pub signals: Vec<Signal>,
}

impl Signal {
    /// When its event happened.
    #[must_use]
    pub fn event_time(&self) -> Option<Timestamp> {
        self.event.get("time").and_then(|time| time.as_str()?.parse().ok())
    }

    /// How long after its event it is judged.
    #[must_use]
    pub fn waited(&self) -> SignedDuration {
        self.event_time().map_or(SignedDuration::ZERO, |time| self.at.duration_since(time))
    }

    /// As of when its features are read.
    #[must_use]
    pub fn as_of<'a>(&'a self, settings: &'a Value) -> AsOf<'a> {
        let trigger = self
            .event_time()
            .map(|time| Trigger { place: (time.as_millisecond(), self.tag), event: &self.event });
        AsOf { at: self.at.as_millisecond(), subject: &self.subject, settings, trigger }
    }

    /// What conditions see of it.
    #[must_use]
    pub fn facts<'a>(&'a self, profile: &'a Value, settings: &'a Value) -> Facts<'a> {
        Facts {
            event: &self.event,
            features: &self.features,
            profile,
            settings,
            ..Facts::default()
        }
    }
}

impl Detected {
    /// The profile of `subject`.
    #[must_use]
    pub fn profile(&self, subject: &SubjectId) -> &Value {
        static NONE: Value = Value::Null;
        self.profiles.get(subject).unwrap_or(&NONE)
    }

    /// The same with other signals, and only the profiles they need.
    #[must_use]
    pub fn keeping(mut self, signals: Vec<Signal>) -> Self {
        let needed: BTreeSet<&SubjectId> = signals.iter().map(|signal| &signal.subject).collect();
        self.profiles.retain(|subject, _| needed.contains(subject));
        Self { signals, ..self }
    }

    /// Splits into parts below [`MAX_BYTES`] each. A signal alone is always below: its event and
    /// its profile are at most 32 KiB each.
    #[must_use]
    pub fn split(self) -> Vec<Self> {
        let size = |value: &Value| serde_json::to_vec(value).map_or(0, |json| json.len());
        let empty =
            || Self { tenant: self.tenant.clone(), profiles: BTreeMap::new(), signals: Vec::new() };
        let mut parts = Vec::new();
        let (mut part, mut bytes) = (empty(), 0_usize);
        for signal in &self.signals {
            let profile = self.profile(&signal.subject);
            let own =
                size(&signal.event).saturating_add(size(&signal.features)).saturating_add(512);
            let own = own.saturating_add(crate::score::affinity::growth(&signal.features));
            let with_profile = if part.profiles.contains_key(&signal.subject) {
                own
            } else {
                own.saturating_add(size(profile))
            };
            if !part.signals.is_empty() && bytes.saturating_add(with_profile) > MAX_BYTES {
                parts.push(std::mem::replace(&mut part, empty()));
                bytes = 0;
            }
            bytes = bytes.saturating_add(with_profile);
            part.profiles.entry(signal.subject.clone()).or_insert_with(|| profile.clone());
            part.signals.push(signal.clone());
        }
        if !part.signals.is_empty() {
            parts.push(part);
        }
        parts
    }
}

/// What conditions and templates see of an event.
#[must_use]
pub fn event_facts(
    kind: &str,
    subject: &SubjectId,
    time: Timestamp,
    data: &Map<String, Value>,
) -> Value {
    let mut facts = Map::new();
    facts.insert("type".to_owned(), Value::from(kind));
    facts.insert("subject".to_owned(), Value::from(subject.as_str()));
    facts.insert("time".to_owned(), Value::from(time.to_string()));
    facts.insert("data".to_owned(), Value::Object(data.clone()));
    Value::Object(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_stay_below_the_limit_and_lose_nothing() {
        let subject = |n: usize| SubjectId::new(format!("u{n}")).unwrap();
        let signals: Vec<Signal> = (0..300)
            .map(|n| Signal {
                id: SignalId::new(format!("{n:032x}")).unwrap(),
                use_case: UseCaseId::new("x").unwrap(),
                subject: subject(n % 7),
                key: String::new(),
                event: json!({"data": {"x": "y".repeat(900)}}),
                features: json!({}),
                at: Timestamp::UNIX_EPOCH,
                due: None,
                tag: 0,
                afresh: false,
                held: None,
                action: None,
                fallback: None,
                trace: None,
            })
            .collect();
        let profiles = (0..7).map(|n| (subject(n), json!({"bio": "z".repeat(9_000)}))).collect();
        let tenant = TenantId::new("acme").unwrap();
        let parts = Detected { tenant, profiles, signals: signals.clone() }.split();
        for part in &parts {
            assert!(serde_json::to_vec(part).unwrap().len() <= MAX_BYTES);
            assert!(part.signals.iter().all(|signal| part.profiles.contains_key(&signal.subject)));
        }
        let all: Vec<Signal> = parts.into_iter().flat_map(|part| part.signals).collect();
        assert_eq!(all, signals);
    }
}
