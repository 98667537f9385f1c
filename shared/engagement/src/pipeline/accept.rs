//! The first stage: what a connector decoded goes to the stream, what it could not to quarantine.

use super::merge;
use crate::event::{Arrived, Event};
use crate::profile::{PROFILE_MERGED, PROFILE_UPDATED, Profile};
use crate::quarantine::{Quarantine, Rejected};
use ceap_kernel::{Clock, Fault, Metric, Tally, TenantId, Trace};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// One item of a payload: an event, or why it is none, with what it was.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// An event.
    Event(Event),
    /// Not an event.
    Bad {
        /// The field and the remedy.
        fault: Fault,
        /// What it was.
        payload: Value,
    },
}

/// Takes events on their way to the next stage.
#[allow(async_fn_in_trait)]
pub trait EventStream {
    /// Takes all. Events of one subject keep their order.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` when any was not taken; the caller sends all again, and repeats
    /// are ignored downstream.
    async fn put(&self, events: &[Arrived]) -> Result<(), Fault>;
}

/// What became of a payload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "EventsAccepted")]
pub struct Accepted {
    /// Events taken.
    pub accepted: usize,
    /// Items kept in quarantine, by their place in the payload.
    pub quarantined: Vec<Refused>,
}

/// An item kept in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "EventRefused")]
pub struct Refused {
    /// Its place in the payload, from 0.
    pub index: usize,
    /// A stable code for programs.
    pub code: &'static str,
    /// The field and the remedy.
    pub message: String,
}

/// Where a payload comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The stage that took it, at which is rejected what is no event.
    pub stage: &'a str,
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// The trace of who sent it, where one is known.
    pub trace: Option<&'a Trace>,
}

impl<'a> Origin<'a> {
    /// Of a payload that nobody sent just now.
    #[must_use]
    pub const fn of(stage: &'a str, tenant: &'a TenantId) -> Self {
        Self { stage, tenant, trace: None }
    }
}

/// Accepts a decoded payload.
///
/// # Errors
/// `Unavailable` or `Throttled` when anything could not be kept: the caller sends all again.
pub async fn accept(
    Origin { stage, tenant, trace }: Origin<'_>,
    decoded: Vec<Decoded>,
    stream: &impl EventStream,
    quarantine: &impl Quarantine,
    clock: &impl Clock,
) -> Result<(Accepted, Tally), Fault> {
    let at = clock.now();
    let mut outcome = Accepted::default();
    let (mut events, mut rejected) = (Vec::new(), Vec::new());
    for (index, item) in decoded.into_iter().enumerate() {
        match checked(item) {
            Decoded::Event(event) => {
                let (tenant, trace) = (tenant.clone(), trace.cloned());
                events.push(Arrived { tenant, at, event, trace });
            }
            Decoded::Bad { fault, payload } => {
                outcome.quarantined.push(Refused {
                    index,
                    code: fault.code(),
                    message: fault.to_string(),
                });
                rejected.push(Rejected::new(Some(tenant), stage, &fault, payload, at));
            }
        }
    }
    outcome.accepted = events.len();
    if !rejected.is_empty() {
        quarantine.keep(&rejected).await?;
    }
    if !events.is_empty() {
        stream.put(&events).await?;
    }
    let mut tally = Tally::default();
    for refused in &rejected {
        tally.add(Metric::EventsQuarantined, tenant, None, Some(&refused.code), 1);
    }
    Ok((outcome, tally))
}

/// Events about profiles have fields of fixed kinds, so their mistakes can be told to the sender at once.
pub(crate) fn checked(item: Decoded) -> Decoded {
    let Decoded::Event(event) = item else { return item };
    let checked = match event.kind.as_str() {
        PROFILE_UPDATED => Profile::check(&event),
        PROFILE_MERGED => merge::source(&event).map(|_| ()),
        _ if event.is_kept_only() => {
            Err(Fault::invalid("type", "is told by the platform alone: choose another"))
        }
        _ => Ok(()),
    };
    match checked {
        Ok(()) => Decoded::Event(event),
        Err(fault) => {
            let payload = serde_json::to_value(&event).unwrap_or_default();
            Decoded::Bad { fault, payload }
        }
    }
}
