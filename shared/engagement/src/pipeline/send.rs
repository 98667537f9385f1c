//! The last stage, one for each channel: claim, send, record.
//!
//! The claim (`queued` → `sending`) is a conditional write, so of any number of deliveries of one
//! queue message only one asks the provider. A claim that was never recorded means that the sender
//! died in between: what the provider did is unknown, and it is never asked again by itself.

use crate::message::Dispatch;
use ceap_kernel::{Clock, Fault, MessageId, Metric, Tally, TenantId, Timestamp};

/// What became of asking to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The claim is ours: send.
    Ours,
    /// Another claim holds, and may yet be recorded: look again later.
    Busy,
    /// Another claim was not recorded within its lease: the outcome is unknown. It is recorded so,
    /// by this call.
    Lost,
    /// It went its way.
    Settled,
}

/// What the provider did, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Took it, under this id of its own.
    Delivered(String),
    /// Refused it for good.
    Failed(String),
    /// Refused it for now: `queued` again.
    Released,
    /// It is not known.
    Unknown(String),
    /// It was not asked: the message is no longer worth sending.
    Expired,
}

/// The records of messages, as a channel uses them.
#[allow(async_fn_in_trait)]
pub trait Outbox {
    /// Claims the message for sending at `now`. A claim older than `lease_s` seconds that was not
    /// recorded becomes `unknown`.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; nothing happened then. `NotFound` when there is no such message.
    async fn begin(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        now: Timestamp,
        lease_s: i64,
    ) -> Result<Begun, Fault>;

    /// Records what became of a claimed message. Recording the same twice is recording it once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn finish(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Fault>;
}

/// Why a provider did not take a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// It said no for good: nothing was sent, and nothing will be.
    Refused(String),
    /// It said not now: nothing was sent.
    Throttled(String),
    /// It is not known whether it was sent: the connection broke, or the answer made no sense.
    Unknown(String),
}

/// Sends messages out. Implemented once for each provider.
#[allow(async_fn_in_trait)]
pub trait Provider {
    /// Asks the provider once; returns its own id of the message.
    ///
    /// # Errors
    /// By whether anything can have been sent.
    async fn send(&self, dispatch: &Dispatch) -> Result<String, SendError>;
}

/// What to do with the queue message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposal {
    /// It is done with.
    Done,
    /// It must come again.
    Again,
}

/// Times the record is tried after a send: without it, the message would end as unknown.
const RECORD_ATTEMPTS: usize = 3;

/// Sends one message.
///
/// `lease_s` must be longer than a sender can live (the function's timeout).
///
/// # Errors
/// From the outbox; the queue message must come again then.
pub async fn send(
    dispatch: &Dispatch,
    outbox: &impl Outbox,
    provider: &impl Provider,
    clock: &impl Clock,
    lease_s: i64,
) -> Result<(Disposal, Tally), Fault> {
    let (tenant, id) = (&dispatch.tenant, &dispatch.id);
    let now = clock.now();
    let mut tally = Tally::default();
    let mut count = |metric: Metric, detail: &str| {
        tally.add(metric, tenant, Some(&dispatch.use_case), Some(detail), 1);
    };
    match outbox.begin(tenant, id, now, lease_s).await? {
        Begun::Settled => return Ok((Disposal::Done, tally)),
        Begun::Busy => return Ok((Disposal::Again, tally)),
        Begun::Lost => {
            count(Metric::MessagesUnknown, &dispatch.channel);
            return Ok((Disposal::Done, tally));
        }
        Begun::Ours => {}
    }
    let outcome = if dispatch.expires_at <= now {
        Outcome::Expired
    } else {
        match provider.send(dispatch).await {
            Ok(id) => Outcome::Delivered(id),
            Err(SendError::Refused(why)) => Outcome::Failed(why),
            Err(SendError::Throttled(_)) => Outcome::Released,
            Err(SendError::Unknown(why)) => Outcome::Unknown(why),
        }
    };
    record(dispatch, outbox, &outcome, clock).await?;
    match outcome {
        Outcome::Delivered(_) => count(Metric::MessagesDelivered, &dispatch.channel),
        Outcome::Failed(_) => count(Metric::MessagesFailed, &dispatch.channel),
        Outcome::Unknown(_) => count(Metric::MessagesUnknown, &dispatch.channel),
        Outcome::Expired => count(Metric::MessagesSuppressed, "expired"),
        Outcome::Released => return Ok((Disposal::Again, tally)),
    }
    Ok((Disposal::Done, tally))
}

async fn record(
    dispatch: &Dispatch,
    outbox: &impl Outbox,
    outcome: &Outcome,
    clock: &impl Clock,
) -> Result<(), Fault> {
    let mut last = Ok(());
    for _ in 0..RECORD_ATTEMPTS {
        last = outbox.finish(&dispatch.tenant, &dispatch.id, outcome, clock.now()).await;
        if last.is_ok() {
            break;
        }
    }
    last
}
