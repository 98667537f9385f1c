//! What follows from a message's state: events, so that a bounce or an answer can be a trigger;
//! suppressed addresses; and the next channel's turn. All of it may happen twice and counts once.

use super::accept::EventStream;
use super::deliver::turn_of;
use super::ingest::Signals;
use crate::candidate::{CandidateStore, Place};
use crate::event::{Arrived, Event};
use crate::message::{Dispatch, Record, State};
use crate::message_log::MessageLog;
use crate::signal::Detected;
use crate::suppression::{Entry, Reason, SuppressionKeeper};
use ceap_kernel::{Clock, Fault, MessageId, SignedDuration, SubjectId, TenantId, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The source of the platform's own events about messages.
pub const SOURCE: &str = "ceap/messages";

/// The event type of a system's answer to a webhook.
pub const ANSWERED: &str = "WebhookAnswered.v1";

/// How long an endpoint of the team's own may fail without one success before it is disabled.
pub const DISABLED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Remembers since when endpoints fail.
#[allow(async_fn_in_trait)]
pub trait Health {
    /// Notes a failure at `now`; since when there are failures and no success.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn failed(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Timestamp, Fault>;

    /// Notes a success.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn succeeded(&self, tenant: &TenantId, channel: &str, address: &str)
    -> Result<(), Fault>;
}

/// What follows from an outcome, as a channel's sender asks for it.
#[allow(async_fn_in_trait)]
pub trait Aftermath {
    /// Feeds a system's answer back as an event of the message's subject.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the stream.
    async fn answered(&self, dispatch: &Dispatch, answer: &Value) -> Result<(), Fault>;

    /// Suppresses addresses that the provider says are gone. That it failed is only logged: the
    /// provider will say so again.
    async fn gone(&self, dispatch: &Dispatch, addresses: &[String]);

    /// Notes that an endpoint answered, so that its failures count from anew.
    async fn healthy(&self, dispatch: &Dispatch);

    /// Notes that an endpoint failed; true when it did nothing else for [`DISABLED_AFTER`]: it is
    /// disabled then, which is an entry on the suppression list that the team can take off.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn failing(&self, dispatch: &Dispatch) -> Result<bool, Fault>;

    /// Does what follows from the state that the message is in.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; it must be asked again then.
    async fn follows(&self, tenant: &TenantId, id: &MessageId, state: State) -> Result<(), Fault>;
}

/// The ports of an [`Aftermath`].
#[derive(Debug, Clone)]
pub struct Follow<R, K, S, E, B, C> {
    /// Records of messages.
    pub log: R,
    /// Candidates, for the next channel's turn.
    pub candidates: K,
    /// The suppression lists.
    pub suppressions: S,
    /// Where events go.
    pub events: E,
    /// Where signals go.
    pub signals: B,
    /// The wall clock.
    pub clock: C,
}

impl<R, K, S, E, B, C> Aftermath for Follow<R, K, S, E, B, C>
where
    R: MessageLog + Health,
    K: CandidateStore,
    S: SuppressionKeeper,
    E: EventStream,
    B: Signals,
    C: Clock,
{
    async fn answered(&self, dispatch: &Dispatch, answer: &Value) -> Result<(), Fault> {
        let mut data = Map::new();
        data.insert("message".to_owned(), json!(dispatch.id));
        data.insert("use_case".to_owned(), json!(dispatch.use_case));
        data.insert("answer".to_owned(), answer.clone());
        let time = dispatch.at.unwrap_or_else(|| self.clock.now());
        let id = format!("{}/answered", dispatch.id);
        self.put(&dispatch.tenant, event(ANSWERED, id, &dispatch.subject, time, data)).await
    }

    async fn gone(&self, dispatch: &Dispatch, addresses: &[String]) {
        let now = self.clock.now();
        let entries: Vec<Entry> =
            addresses.iter().map(|address| gone(dispatch, address, now, None)).collect();
        if entries.is_empty() {
            return;
        }
        if let Err(fault) = self.suppressions.add(&dispatch.tenant, &entries).await {
            tracing::warn!(tenant = %dispatch.tenant, %fault, "gone addresses were not suppressed");
        }
    }

    async fn healthy(&self, dispatch: &Dispatch) {
        let noted = self.log.succeeded(&dispatch.tenant, &dispatch.channel, &dispatch.to).await;
        if let Err(fault) = noted {
            tracing::warn!(tenant = %dispatch.tenant, %fault, "an endpoint's success was not noted");
        }
    }

    async fn failing(&self, dispatch: &Dispatch) -> Result<bool, Fault> {
        let (tenant, now) = (&dispatch.tenant, self.clock.now());
        let since = self.log.failed(tenant, &dispatch.channel, &dispatch.to, now).await?;
        let disabled = now.duration_since(since) >= DISABLED_AFTER;
        if disabled {
            let note = Some(format!("disabled: no success since {since}"));
            self.suppressions.add(tenant, &[gone(dispatch, &dispatch.to, now, note)]).await?;
        }
        Ok(disabled)
    }

    async fn follows(&self, tenant: &TenantId, id: &MessageId, state: State) -> Result<(), Fault> {
        let Some(record) = self.log.record(tenant, id).await? else { return Ok(()) };
        // A receipt may have been faster than what its sender believed.
        let Some(at) = record.history.get(state.as_str()) else { return Ok(()) };
        self.after(tenant, &record, state, *at).await
    }
}

impl<R, K, S, E, B, C> Follow<R, K, S, E, B, C>
where
    K: CandidateStore,
    E: EventStream,
    B: Signals,
    C: Clock,
{
    /// What follows from a message that entered `state` at `at`: an event, and the next channel's turn
    /// after a definite failure.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn after(
        &self,
        tenant: &TenantId,
        record: &Record,
        state: State,
        at: Timestamp,
    ) -> Result<(), Fault> {
        self.put(tenant, message_event(record, state, at, Map::new())).await?;
        if matches!(state, State::Failed | State::Bounced) {
            self.next_channel(tenant, record).await?;
        }
        Ok(())
    }

    async fn put(&self, tenant: &TenantId, event: Event) -> Result<(), Fault> {
        self.events
            .put(&[Arrived { tenant: tenant.clone(), at: self.clock.now(), event, trace: None }])
            .await
    }

    /// The next channel's turn, if the candidate still lives.
    async fn next_channel(&self, tenant: &TenantId, record: &Record) -> Result<(), Fault> {
        let (Some(origin), Some(use_case)) = (&record.origin, &record.use_case) else {
            return Ok(());
        };
        let Some(next) = origin.next else { return Ok(()) };
        let place = Place {
            use_case: use_case.clone(),
            subject: record.subject.clone(),
            key: origin.key.clone(),
        };
        let live = self.candidates.live(tenant, &place, self.clock.now()).await?;
        let Some(candidate) = live.filter(|live| live.id == origin.candidate) else {
            return Ok(());
        };
        let signals = vec![turn_of(&candidate, record, next)];
        let profiles = BTreeMap::new();
        self.signals.emit(&[Detected { tenant: tenant.clone(), profiles, signals }]).await
    }
}

fn gone(dispatch: &Dispatch, address: &str, at: Timestamp, note: Option<String>) -> Entry {
    let (channel, address) = (dispatch.channel.clone(), address.to_owned());
    Entry { channel, address, reason: Reason::Gone, at, note }
}

/// `MessageBounced.v1` and its like: what became of a message, as an event of its subject.
#[must_use]
pub fn message_event(
    record: &Record,
    state: State,
    at: Timestamp,
    mut data: Map<String, Value>,
) -> Event {
    data.insert("message".to_owned(), json!(record.id));
    data.insert("channel".to_owned(), json!(record.channel));
    data.insert("purpose".to_owned(), json!(record.purpose));
    if let Some(use_case) = &record.use_case {
        data.insert("use_case".to_owned(), json!(use_case));
    }
    if let Some(reason) = &record.reason {
        data.insert("reason".to_owned(), json!(reason));
    }
    let id = format!("{}/{}", record.id, state.as_str());
    event(&kind(state), id, &record.subject, at, data)
}

fn event(
    kind: &str,
    id: String,
    subject: &SubjectId,
    time: Timestamp,
    data: Map<String, Value>,
) -> Event {
    let (source, kind, subject) = (SOURCE.to_owned(), kind.to_owned(), subject.clone());
    Event { id, source, kind, subject, time, data }
}

/// `MessageDelivered.v1` for `delivered`.
pub(crate) fn kind(state: State) -> String {
    let name = state.as_str();
    let (first, rest) = name.split_at_checked(1).unwrap_or((name, ""));
    format!("Message{}{rest}.v1", first.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_named_in_the_past_tense_with_a_version() {
        assert_eq!(kind(State::Bounced), "MessageBounced.v1");
        assert_eq!(kind(State::Opened), "MessageOpened.v1");
    }
}
