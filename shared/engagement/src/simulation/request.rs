//! What is simulated, as a caller says it.

use crate::event::Event;
use crate::message::State;
use crate::pipeline::follow;
use crate::pipeline::ingest::{State as SubjectState, Subjects};
use crate::profile::{PROFILE_UPDATED, Profile};
use crate::suppression::{Entry, Reason};
use crate::use_case::{Document, Mode};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp, UseCaseId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Events of one simulation.
pub const MAX_EVENTS: usize = 1_000;

/// Subjects whose profiles are given, and suppressed addresses.
const MAX_GIVEN: usize = 1_000;

/// Reads subjects as they are stored, and does nothing else to them.
#[allow(async_fn_in_trait)]
pub trait Stored {
    /// The state of each subject, in their order; each is named once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn stored(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<SubjectState>, Fault>;
}

impl<S: Subjects> Stored for S {
    async fn stored(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<SubjectState>, Fault> {
        let found = follow::current(self, tenant, subjects).await?;
        Ok(found.into_iter().map(|(_, read)| read.state).collect())
    }
}

/// What becomes of what is sent on a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SimulatedChannel")]
pub enum Channel {
    /// It arrives at once.
    #[default]
    Delivered,
    /// The provider takes it, and tells no more.
    Sent,
    /// It is refused for good.
    Failed,
    /// It comes back.
    Bounced,
}

impl Channel {
    pub(super) const fn state(self) -> State {
        match self {
            Self::Delivered => State::Delivered,
            Self::Sent => State::Sent,
            Self::Failed => State::Failed,
            Self::Bounced => State::Bounced,
        }
    }
}

/// What is simulated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SimulationRequest")]
pub struct Request {
    /// CloudEvents, at most [`MAX_EVENTS`]. Each arrives at its own `time`, or at the instant that its
    /// extension attribute `arrived` names.
    pub events: Vec<Value>,
    /// What is known of subjects before the first event: the fields of `profile_updated`.
    #[serde(default)]
    pub profiles: BTreeMap<SubjectId, Map<String, Value>>,
    /// A document in place of the one that is kept: as JSON, or as a text in YAML.
    #[serde(default)]
    pub document: Option<Value>,
    /// Which version of the document that is kept; the newest by default.
    #[serde(default)]
    pub version: Option<u32>,
    /// The mode that it is simulated in.
    #[serde(default)]
    pub mode: Mode,
    /// Whether subjects begin with the profiles and features that are stored of them.
    #[serde(default)]
    pub from_stored: bool,
    /// What becomes of messages, by channel; they arrive at once on those not named.
    #[serde(default)]
    pub channels: BTreeMap<String, Channel>,
    /// Addresses that are on the suppression lists.
    #[serde(default)]
    pub suppressed: Vec<Suppressed>,
}

/// An address on a suppression list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SimulatedSuppression")]
pub struct Suppressed {
    /// On which channel.
    pub channel: String,
    /// Which address.
    pub address: String,
    /// Why.
    pub reason: Reason,
}

/// An event with its arrival and its place in the request.
pub(super) struct Given<'a> {
    pub index: usize,
    pub arrived: Timestamp,
    pub event: &'a Value,
}

impl Request {
    /// The document given, if there is one, for the use case `id`.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn document(&self, id: &UseCaseId) -> Result<Option<Document>, Fault> {
        let Some(given) = &self.document else { return Ok(None) };
        if self.version.is_some() {
            let message = "names a version that is kept; leave it out where a `document` is given";
            return Err(Fault::invalid("version", message));
        }
        let document = match given {
            Value::String(text) => Document::parse(text),
            other => Document::parse(&other.to_string()),
        };
        let document = document.map_err(|fault| fault.within("document"))?;
        if document.id != *id {
            let message = format!("must be `{id}`, as in the path");
            return Err(Fault::invalid("document.id", message));
        }
        Ok(Some(document))
    }

    /// The events in the order of their arrival.
    pub(super) fn in_order(&self) -> Result<Vec<Given<'_>>, Fault> {
        if self.events.is_empty() || self.events.len() > MAX_EVENTS {
            return Err(Fault::invalid("events", format!("must be 1 to {MAX_EVENTS}")));
        }
        if self.profiles.len() > MAX_GIVEN {
            return Err(Fault::invalid("profiles", format!("must be at most {MAX_GIVEN}")));
        }
        if self.suppressed.len() > MAX_GIVEN {
            return Err(Fault::invalid("suppressed", format!("must be at most {MAX_GIVEN}")));
        }
        let mut last = Timestamp::UNIX_EPOCH;
        let mut all = Vec::with_capacity(self.events.len());
        for (index, event) in self.events.iter().enumerate() {
            let arrived = arrival(event).map_err(|fault| within(fault, index))?;
            // One whose time is no instant arrives like the one before it, and is refused then.
            last = arrived.unwrap_or(last);
            all.push(Given { index, arrived: last, event });
        }
        all.sort_by_key(|given| given.arrived);
        Ok(all)
    }

    pub(super) fn suppressed(&self) -> Vec<Entry> {
        let entry = |it: &Suppressed| Entry {
            channel: it.channel.clone(),
            address: it.address.clone(),
            reason: it.reason,
            // Nothing that is simulated is older.
            at: Timestamp::MAX,
            note: None,
        };
        self.suppressed.iter().map(entry).collect()
    }

    /// Puts the fields that are given for `subject` into its profile, whatever they were.
    pub(super) fn known(
        &self,
        subject: &SubjectId,
        at: Timestamp,
        profile: &mut Profile,
    ) -> Result<(), Fault> {
        let Some(data) = self.profiles.get(subject) else { return Ok(()) };
        let event = Event {
            id: "given".to_owned(),
            source: "ceap/simulation".to_owned(),
            kind: PROFILE_UPDATED.to_owned(),
            subject: subject.clone(),
            time: at,
            data: data.clone(),
        };
        profile.at.clear();
        match profile.apply(&event) {
            Ok(_) => Ok(()),
            Err(Fault::Invalid { field, message, .. }) => {
                let field = field.strip_prefix("data").unwrap_or(&field);
                Err(Fault::invalid(format!("profiles.{subject}{field}"), message))
            }
            Err(other) => Err(other),
        }
    }
}

/// When an event arrives; none when its time cannot be read.
fn arrival(event: &Value) -> Result<Option<Timestamp>, Fault> {
    let instant = |field: &str| event.get(field).filter(|it| !it.is_null());
    let read = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    match (instant("arrived"), instant("time")) {
        (Some(arrived), _) => read(arrived).map(Some).ok_or_else(|| {
            Fault::invalid("arrived", "must be an RFC 3339 instant, as 2026-11-21T09:30:00Z")
        }),
        (None, Some(time)) => Ok(read(time)),
        (None, None) => Err(Fault::invalid("time", "is missing; give `time` or `arrived`")),
    }
}

fn within(fault: Fault, index: usize) -> Fault {
    fault.within(&format!("events[{index}]"))
}
