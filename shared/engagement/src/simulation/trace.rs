//! What was decided on each signal, and why: written down while the stages decide.

use crate::candidate::{Candidate, Upserted};
use crate::message::{Content, Dispatch, Record, State};
use crate::policy::Decision;
use crate::quarantine::Rejected;
use crate::score::Scored;
use crate::signal::{Detected, Signal};
use ceap_kernel::{CandidateId, MessageId, SignalId, SubjectId, Timestamp, UseCaseId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A signal, and every pass that it made through the workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedSignal")]
pub struct Decided {
    /// Which.
    pub signal: SignalId,
    /// What matched.
    pub use_case: UseCaseId,
    /// Who.
    pub subject: SubjectId,
    /// What tells apart candidates of one subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The triggering event, as conditions see it.
    pub event: Value,
    /// The features as of the event's own time.
    pub features: Value,
    /// The instant of judgement.
    pub at: Timestamp,
    /// Its ways through the workflow: the first, and another each time that it came back.
    pub passes: Vec<Pass>,
}

/// One way through filter, score, store and deliver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedPass")]
pub struct Pass {
    /// The wall clock's instant, as simulated.
    pub now: Timestamp,
    /// What brought it here.
    pub why: Why,
    /// The features as of the instant of judgement.
    pub features: Value,
    /// The filter's rules, up to the first that does not hold.
    pub rules: Vec<Ruled>,
    /// Why the filter stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Its score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Judged>,
    /// Its candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Stored>,
    /// The channels that were tried, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Tried>,
    /// Why it could not be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<Quarantined>,
}

/// What brings a signal into the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SimulatedWhy")]
pub enum Why {
    /// Its trigger held, and where it waits for its instant, that has come.
    Triggered,
    /// Its message was held back, and no longer is.
    Held,
    /// The time of one of its actions has come.
    Action,
    /// Another channel's turn has come.
    NextChannel,
}

/// A rule of the filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedRule")]
pub struct Ruled {
    /// Its condition.
    pub when: String,
    /// What it refuses with.
    pub reason: String,
    /// Whether it held.
    pub holds: bool,
}

/// A score, and whether it makes a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedScore")]
pub struct Judged {
    /// The score with what it was made of.
    #[serde(flatten)]
    pub scored: Scored,
    /// Whether it is not below the document's minimum.
    pub passes: bool,
}

/// The candidate that a signal came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedCandidate")]
pub struct Stored {
    /// Which.
    pub id: CandidateId,
    /// Whether the signal opened it; else it merged into one that was live.
    pub opened: bool,
    /// Until when it lives.
    pub expires_at: Timestamp,
}

/// A channel that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedTry")]
pub struct Tried {
    /// Which.
    pub channel: String,
    /// The message's id.
    pub id: MessageId,
    /// What each gate said, up to the one that decided.
    pub gates: Vec<Decision>,
    /// What became of it.
    pub became: Became,
    /// The gate's refusal, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What would have been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SimulatedOutcome")]
pub enum Became {
    /// A gate refused it.
    Refused,
    /// It waits.
    Held {
        /// Until then.
        until: Timestamp,
    },
    /// It was claimed.
    Queued,
    /// It had gone its way before.
    Settled,
    /// The provider took it, and tells no more.
    Sent,
    /// It arrived.
    Delivered,
    /// It was refused for good, by the provider or behind it.
    Failed,
    /// It came back.
    Bounced,
}

/// A message as it would have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedMessage")]
pub struct Message {
    /// The sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The recipient.
    pub to: String,
    /// Its other addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// What it says.
    #[serde(flatten)]
    pub content: Content,
}

/// Why something could not proceed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SimulatedQuarantine")]
pub struct Quarantined {
    /// At which stage.
    pub stage: String,
    /// A stable code for programs.
    pub code: String,
    /// The field and the remedy.
    pub reason: String,
}

impl From<&Rejected> for Quarantined {
    fn from(rejected: &Rejected) -> Self {
        Self {
            stage: rejected.stage.clone(),
            code: rejected.code.clone(),
            reason: rejected.reason.clone(),
        }
    }
}

/// All that was decided so far.
#[derive(Debug, Default)]
pub(super) struct Traces {
    decided: BTreeMap<SignalId, Decided>,
    /// Signals in the order of their first emission.
    order: Vec<SignalId>,
    /// Which signal a candidate's messages are now sent for.
    of_candidate: BTreeMap<CandidateId, SignalId>,
}

impl Traces {
    /// Signals were emitted, at once or for later; those that come back are known.
    pub fn emitted(&mut self, detected: &Detected) {
        for signal in &detected.signals {
            if !self.decided.contains_key(&signal.id) {
                self.order.push(signal.id.clone());
                self.decided.insert(signal.id.clone(), Decided::new(signal));
            }
        }
    }

    /// A pass through the workflow begins at `now`.
    pub fn begins(&mut self, detected: &Detected, now: Timestamp) {
        let mut begun = BTreeSet::new();
        for signal in &detected.signals {
            if let Some(fallback) = &signal.fallback {
                self.of_candidate.insert(fallback.candidate.clone(), signal.id.clone());
            }
            if let Some(decided) = self.decided.get_mut(&signal.id)
                && begun.insert(&signal.id)
            {
                decided.passes.push(Pass::new(signal, now));
            }
        }
    }

    pub fn ruled(&mut self, signal: &Signal, when: &str, reason: &str, holds: bool) {
        let ruled = Ruled { when: when.to_owned(), reason: reason.to_owned(), holds };
        self.pass(&signal.id, |pass| {
            pass.features = signal.features.clone();
            // Two actions of one signal may come at once, and share their pass.
            if !pass.rules.contains(&ruled) {
                pass.rules.push(ruled);
            }
        });
    }

    pub fn stopped(&mut self, signal: &Signal, reason: &str) {
        self.pass(&signal.id, |pass| {
            pass.features = signal.features.clone();
            pass.stopped = Some(reason.to_owned());
        });
    }

    pub fn scored(&mut self, signal: &Signal, scored: &Scored, passes: bool) {
        self.pass(&signal.id, |pass| {
            pass.features = signal.features.clone();
            pass.score = Some(Judged { scored: scored.clone(), passes });
        });
    }

    /// The signal `of` came to the candidate `live`.
    pub fn stored(&mut self, of: &SignalId, live: &Candidate, upserted: Upserted) {
        self.of_candidate.insert(live.id.clone(), of.clone());
        let opened = upserted == Upserted::Opened;
        let (id, expires_at) = (live.id.clone(), live.expires_at);
        self.pass(of, |pass| pass.candidate = Some(Stored { id, opened, expires_at }));
    }

    /// A message came through the gates, or did not.
    pub fn tried(&mut self, record: &Record, became: Became) {
        let Some(of) = self.of(record) else { return };
        let tried = Tried {
            channel: record.channel.clone(),
            id: record.id.clone(),
            gates: record.gates.clone(),
            became,
            reason: record.reason.clone(),
            message: None,
        };
        self.pass(&of, |pass| pass.channels.push(tried));
    }

    /// The message that was claimed last under this id.
    pub fn written(&mut self, dispatch: &Dispatch) {
        let message = Message {
            from: dispatch.from.clone(),
            to: dispatch.to.clone(),
            others: dispatch.others.clone(),
            content: dispatch.content.clone(),
        };
        self.message(&dispatch.id, |tried| tried.message = Some(message.clone()));
    }

    /// What became of a message that was claimed.
    pub fn became(&mut self, record: &Record) {
        let became = match record.state {
            State::Sent => Became::Sent,
            State::Delivered => Became::Delivered,
            State::Bounced => Became::Bounced,
            _ => Became::Failed,
        };
        self.message(&record.id, |tried| {
            tried.became = became;
            tried.reason.clone_from(&record.reason);
        });
    }

    /// What could not proceed as a signal.
    pub fn quarantined(&mut self, rejected: &[Rejected]) {
        for one in rejected {
            let id = one.payload.get("id").and_then(Value::as_str);
            let Some(Ok(id)) = id.map(SignalId::new) else { continue };
            self.pass(&id, |pass| pass.quarantined = Some(one.into()));
        }
    }

    /// The signals that were emitted for the first time since `from` of them were.
    pub fn since(&self, from: usize) -> &[SignalId] {
        self.order.get(from..).unwrap_or_default()
    }

    /// How many signals there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Every signal, in the order of emission.
    pub fn into_decided(mut self) -> Vec<Decided> {
        self.order.iter().filter_map(|id| self.decided.remove(id)).collect()
    }

    fn of(&self, record: &Record) -> Option<SignalId> {
        let candidate = &record.origin.as_ref()?.candidate;
        self.of_candidate.get(candidate).cloned()
    }

    fn pass(&mut self, id: &SignalId, change: impl FnOnce(&mut Pass)) {
        let decided = self.decided.get_mut(id);
        if let Some(pass) = decided.and_then(|decided| decided.passes.last_mut()) {
            change(pass);
        }
    }

    fn message(&mut self, id: &MessageId, change: impl Fn(&mut Tried)) {
        let passes = self.decided.values_mut().flat_map(|decided| &mut decided.passes);
        let tried = passes.flat_map(|pass| &mut pass.channels);
        tried.filter(|it| it.id == *id && it.became == Became::Queued).for_each(change);
    }
}

impl Decided {
    fn new(signal: &Signal) -> Self {
        Self {
            signal: signal.id.clone(),
            use_case: signal.use_case.clone(),
            subject: signal.subject.clone(),
            key: signal.key.clone(),
            event: signal.event.clone(),
            features: signal.features.clone(),
            at: signal.at,
            passes: Vec::new(),
        }
    }

    /// Whether it came to a candidate, its own or one that was live.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.passes.iter().any(|pass| pass.candidate.is_some())
    }
}

impl Pass {
    fn new(signal: &Signal, now: Timestamp) -> Self {
        let why = match (&signal.fallback, signal.held, signal.action) {
            (Some(_), ..) => Why::NextChannel,
            (None, Some(_), _) => Why::Held,
            (None, None, Some(_)) => Why::Action,
            (None, None, None) => Why::Triggered,
        };
        Self {
            now,
            why,
            features: signal.features.clone(),
            rules: Vec::new(),
            stopped: None,
            score: None,
            candidate: None,
            channels: Vec::new(),
            quarantined: None,
        }
    }
}
