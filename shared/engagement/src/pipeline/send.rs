//! The last stage, one for each channel: claim, send, record.
//!
//! The claim (`queued` → `sending`) is a conditional write, so of any number of deliveries of one
//! queue message only one asks the provider. A claim that was never recorded means that the sender
//! died in between: what the provider did is unknown, and it is never asked again by itself, unless
//! its recipient tells repeats.

use super::aftermath::Aftermath;
use crate::message::{Dispatch, State};
use crate::policy::rate::{Rate, Rates};
use ceap_kernel::{Clock, Fault, Labels, MessageId, Metric, Tally, TenantId, Timestamp};
use serde_json::Value;

/// Which claim of a message: no two are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim(pub String);

/// What became of asking to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The claim is ours, and this one: send.
    Ours(Claim),
    /// Another claim holds, and may yet be recorded: look again later.
    Busy,
    /// Another claim was not recorded within its lease: the outcome is unknown. It is recorded so,
    /// by this call.
    Lost,
    /// It is unknown since then, and the provider's receipts will tell.
    Untold(Timestamp),
    /// It went its way, and stands here.
    Settled(State),
}

/// What the provider did, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Took it, under this id of its own.
    Sent(String),
    /// Took it, and it reached the recipient.
    Delivered(String),
    /// Refused it for good.
    Failed(String),
    /// Refused it for now: `queued` again, if this claim still holds. One that is recorded twice must not
    /// release the claim of another, who asks by then.
    Released(Claim),
    /// It is not known.
    Unknown(String),
    /// It is not known yet: the provider's receipts will tell.
    Untold(String),
    /// It was not asked: the message is no longer worth sending.
    Expired,
}

/// How long a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Longer than a sender can live (the function's timeout).
    pub seconds: i64,
    /// Whether one whose sender died may be taken over: asking twice does what asking once does.
    pub repeatable: bool,
    /// Whether of one whose sender died the provider's receipts will tell.
    pub traced: bool,
}

/// The records of messages, as a channel uses them.
#[allow(async_fn_in_trait)]
pub trait Outbox {
    /// Claims the message for sending at `now`. A claim older than `lease_s` seconds that was not
    /// recorded becomes `unknown`; or ours, if the message is `repeatable`.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; nothing happened then. `NotFound` when there is no such message.
    async fn begin(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        now: Timestamp,
        lease: Lease,
    ) -> Result<Begun, Fault>;

    /// Records what became of a claimed message on `channel`, under which its provider's id is known
    /// from then on. Recording the same twice is recording it once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn finish(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        channel: &str,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Fault>;
}

/// A provider's yes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accepted {
    /// The provider's own id of the message.
    pub id: String,
    /// Whether it reached the recipient already, as far as the channel can ever tell.
    pub delivered: bool,
    /// Addresses of the message that the provider says are gone for good.
    pub gone: Vec<String>,
    /// What a system of the team's own answered.
    pub answer: Option<Value>,
}

impl Accepted {
    /// Took it, under this id of its own.
    pub fn sent(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Took it, and it reached the recipient.
    pub fn delivered(id: impl Into<String>) -> Self {
        Self { id: id.into(), delivered: true, ..Self::default() }
    }
}

/// Why a provider did not take a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The message or its recipient is refused for good: no other provider is asked.
    Refused(String),
    /// The address is gone for good; it goes on the suppression list.
    Gone(String),
    /// This provider can't send it (it is not set up, or its quota is spent): nothing was sent, and
    /// another provider may.
    Unable(String),
    /// It said not now: nothing was sent.
    Throttled {
        /// What it said.
        why: String,
        /// How long to wait, if it said so, in seconds.
        after_s: Option<u32>,
    },
    /// It is not known whether it was sent: the connection broke, or the answer made no sense.
    Unknown(String),
    /// The same, of a provider whose receipts will tell.
    Untold(String),
}

impl SendError {
    /// It said not now, and not until when.
    pub fn throttled(why: impl Into<String>) -> Self {
        Self::Throttled { why: why.into(), after_s: None }
    }

    /// A stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Gone(_) => "gone",
            Self::Unable(_) => "unable",
            Self::Throttled { .. } => "throttled",
            Self::Unknown(_) => "unknown",
            Self::Untold(_) => "untold",
        }
    }
}

/// Sends messages out. Implemented once for each provider.
#[allow(async_fn_in_trait)]
pub trait Provider {
    /// Whether asking twice does what asking once does: because the recipient tells repeats by the
    /// message's id. Then an unknown outcome is asked again.
    const REPEATABLE: bool = false;

    /// Whether its addresses are endpoints of the team's own, which are disabled when they fail for
    /// long: asking on would only keep both sides busy.
    const DISABLES: bool = false;

    /// Whether the provider's receipts name each message that it took by our marks. Then of one whose
    /// outcome is unknown they will tell, and their silence tells that it never arrived.
    async fn traced(&self, _dispatch: &Dispatch) -> bool {
        false
    }

    /// Asks the provider once.
    ///
    /// # Errors
    /// By whether anything can have been sent.
    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError>;
}

/// What to do with the queue message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposal {
    /// It is done with.
    Done,
    /// It must come again: after so many seconds, or when the queue shows it again by itself.
    Again(Option<u32>),
}

/// Puts off when a queue shows a message again.
#[allow(async_fn_in_trait)]
pub trait Postpone {
    /// Shows the message with this receipt handle again after `after_s` seconds.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; the queue shows it by its own delay then.
    async fn postpone(&self, receipt: &str, after_s: u32) -> Result<(), Fault>;
}

/// A provider's rate, and the account it is counted for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// The rate.
    pub rate: Rate,
    /// Whose account it is.
    pub account: Account,
}

/// Whose account at the provider a channel uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// The AWS account that the platform runs in.
    Platform,
    /// The tenant's own.
    Tenant,
}

/// Times the record is tried after a send: without it, the message would end as unknown.
const RECORD_ATTEMPTS: usize = 3;

/// Seconds of the first wait when a provider is not ready and does not say for how long; each
/// further one is twice as long, up to the last.
const FIRST_WAIT_S: u32 = 5;
const LONGEST_WAIT_S: u32 = 3600;

/// The attempts that these waits fit into 24 hours and a little more.
const LAST_ATTEMPT: u32 = 35;

/// How long receipts have time to tell of a message whose outcome is unknown. They come within
/// seconds or minutes; after an hour of silence the provider never got it.
const TRACE_S: u32 = 3600;

/// One channel's sender.
#[derive(Debug)]
pub struct Sender<O, P, F, C> {
    /// Records, buckets, and what follows from an outcome.
    pub outbox: O,
    /// The provider, or several in their order.
    pub provider: P,
    /// What follows from an outcome.
    pub aftermath: F,
    /// The wall clock.
    pub clock: C,
    /// Longer than a sender can live, in seconds.
    pub lease_s: i64,
    /// The provider's rate, if it has one.
    pub limit: Option<Limit>,
}

impl<O: Outbox + Rates, P: Provider, F: Aftermath, C: Clock> Sender<O, P, F, C> {
    /// Sends one message, which its queue brings for the `attempt`th time, counted from 1.
    ///
    /// # Errors
    /// From the outbox; the queue message must come again then.
    pub async fn send(
        &self,
        dispatch: &Dispatch,
        attempt: u32,
    ) -> Result<(Disposal, Tally), Fault> {
        let mut tally = Tally::default();
        let now = self.clock.now();
        // Before the claim: a message that waits for its provider's rate is a queued one.
        if let Some(wait_s) = self.wait(dispatch, now).await? {
            return Ok((Disposal::Again(Some(wait_s)), tally));
        }
        let traced = self.provider.traced(dispatch).await;
        let lease = Lease { seconds: self.lease_s, repeatable: P::REPEATABLE, traced };
        let begun = match self.outbox.begin(&dispatch.tenant, &dispatch.id, now, lease).await {
            // Every message on a queue was claimed before: this one's subject was erased since.
            Err(Fault::NotFound(_)) => return Ok((Disposal::Done, tally)),
            begun => begun?,
        };
        let claim = match begun {
            Begun::Settled(state) => {
                // Another delivery may have died between its record and what follows from it.
                self.follow(dispatch, state).await?;
                return Ok((Disposal::Done, tally));
            }
            Begun::Busy => return Ok((Disposal::Again(None), tally)),
            Begun::Lost => {
                count(dispatch, &Outcome::Unknown(String::new()), &mut tally);
                let then = if traced { Disposal::Again(Some(TRACE_S)) } else { Disposal::Done };
                return Ok((then, tally));
            }
            Begun::Untold(since) => {
                let then = self.trace(dispatch, since, now, &mut tally).await?;
                return Ok((then, tally));
            }
            Begun::Ours(claim) => claim,
        };
        let (outcome, wait_s) = if dispatch.expires_at <= now {
            (Outcome::Expired, None)
        } else {
            self.ask(dispatch, traced, claim, &mut tally).await?
        };
        let outcome = self.patience(dispatch, outcome, attempt).await?;
        self.record(dispatch, &outcome).await?;
        if matches!(outcome, Outcome::Released(_)) {
            let wait_s = wait_s.unwrap_or_default().max(backoff_s(attempt));
            return Ok((Disposal::Again(Some(wait_s)), tally));
        }
        count(dispatch, &outcome, &mut tally);
        if matches!(outcome, Outcome::Sent(_) | Outcome::Delivered(_)) {
            latency(dispatch, self.clock.now(), &mut tally);
        }
        match outcome {
            Outcome::Failed(_) => self.follow(dispatch, State::Failed).await?,
            Outcome::Delivered(_) => self.follow(dispatch, State::Delivered).await?,
            Outcome::Untold(_) => return Ok((Disposal::Again(Some(TRACE_S)), tally)),
            _ => {}
        }
        Ok((Disposal::Done, tally))
    }

    /// A message that the provider's receipts have time to tell of. Where they stay silent it never
    /// arrived, which is a definite failure: another channel may be tried.
    async fn trace(
        &self,
        dispatch: &Dispatch,
        since: Timestamp,
        now: Timestamp,
        tally: &mut Tally,
    ) -> Result<Disposal, Fault> {
        let waited = u32::try_from(now.duration_since(since).as_secs()).unwrap_or(0);
        if waited < TRACE_S {
            return Ok(Disposal::Again(Some(TRACE_S.saturating_sub(waited))));
        }
        let outcome = Outcome::Failed("the provider never told of it".to_owned());
        self.record(dispatch, &outcome).await?;
        count(dispatch, &outcome, tally);
        self.follow(dispatch, State::Failed).await?;
        Ok(Disposal::Done)
    }

    /// An endpoint that may be asked again is asked for as long as its queue shows the message, and
    /// is disabled if it failed all that time.
    async fn patience(
        &self,
        dispatch: &Dispatch,
        outcome: Outcome,
        attempt: u32,
    ) -> Result<Outcome, Fault> {
        if !P::REPEATABLE {
            return Ok(outcome);
        }
        match outcome {
            Outcome::Released(claim) => {
                let disabled = P::DISABLES && self.aftermath.failing(dispatch).await?;
                Ok(if disabled || attempt >= LAST_ATTEMPT {
                    Outcome::Failed("no answer within the time for it".to_owned())
                } else {
                    Outcome::Released(claim)
                })
            }
            Outcome::Sent(_) | Outcome::Delivered(_) => {
                if P::DISABLES {
                    self.aftermath.healthy(dispatch).await;
                }
                Ok(outcome)
            }
            outcome => Ok(outcome),
        }
    }

    async fn follow(&self, dispatch: &Dispatch, state: State) -> Result<(), Fault> {
        if state < State::Failed {
            return Ok(());
        }
        self.aftermath.follows(&dispatch.tenant, &dispatch.id, state).await
    }

    /// The seconds to wait for the provider's rate, if it has no room now.
    async fn wait(&self, dispatch: &Dispatch, now: Timestamp) -> Result<Option<u32>, Fault> {
        let Some(limit) = self.limit else { return Ok(None) };
        let bucket = match limit.account {
            Account::Platform => format!("*#RATE#{}", dispatch.channel),
            Account::Tenant => format!("{}#RATE#{}", dispatch.tenant, dispatch.channel),
        };
        self.outbox.take(&bucket, limit.rate, now).await
    }

    /// Asks the provider once. An answer to be kept is kept before the send is recorded: only
    /// providers that may be asked again give one, so after a crash in between it comes again.
    async fn ask(
        &self,
        dispatch: &Dispatch,
        traced: bool,
        claim: Claim,
        tally: &mut Tally,
    ) -> Result<(Outcome, Option<u32>), Fault> {
        let asked = self.provider.send(dispatch).await;
        if let Err(error) = &asked {
            tally.count(Metric::ProviderErrors, labels(dispatch).reason(error.code()), 1);
        }
        let asked = match asked {
            Err(SendError::Unknown(why)) if P::REPEATABLE => Err(SendError::throttled(why)),
            asked => asked,
        };
        Ok(match asked {
            Ok(accepted) => {
                if let Some(answer) = &accepted.answer {
                    self.aftermath.answered(dispatch, answer).await?;
                }
                self.aftermath.gone(dispatch, &accepted.gone).await;
                let outcome = if accepted.delivered { Outcome::Delivered } else { Outcome::Sent };
                (outcome(accepted.id), None)
            }
            Err(SendError::Refused(why) | SendError::Unable(why)) => (Outcome::Failed(why), None),
            Err(SendError::Gone(why)) => {
                let gone: Vec<String> = dispatch.addresses().map(str::to_owned).collect();
                self.aftermath.gone(dispatch, &gone).await;
                (Outcome::Failed(why), None)
            }
            Err(SendError::Throttled { after_s, .. }) => (Outcome::Released(claim), after_s),
            Err(SendError::Unknown(why)) if traced => (Outcome::Untold(why), None),
            Err(SendError::Unknown(why)) => (Outcome::Unknown(why), None),
            Err(SendError::Untold(why)) => (Outcome::Untold(why), None),
        })
    }

    async fn record(&self, dispatch: &Dispatch, outcome: &Outcome) -> Result<(), Fault> {
        let mut last = Ok(());
        for _ in 0..RECORD_ATTEMPTS {
            let now = self.clock.now();
            let Dispatch { tenant, id, channel, .. } = dispatch;
            last = self.outbox.finish(tenant, id, channel, outcome, now).await;
            if last.is_ok() {
                break;
            }
        }
        last
    }
}

/// 5, 10, 20, … seconds, at most an hour.
fn backoff_s(attempt: u32) -> u32 {
    let doublings = attempt.saturating_sub(1).min(20);
    FIRST_WAIT_S
        .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
        .min(LONGEST_WAIT_S)
}

fn labels(dispatch: &Dispatch) -> Labels {
    Labels::of(&dispatch.tenant, dispatch.use_case.as_ref()).channel(&*dispatch.channel)
}

fn count(dispatch: &Dispatch, outcome: &Outcome, tally: &mut Tally) {
    let labels = labels(dispatch);
    match outcome {
        Outcome::Sent(_) | Outcome::Delivered(_) => tally.count(Metric::MessagesSent, labels, 1),
        Outcome::Failed(_) => tally.count(Metric::MessagesFailed, labels, 1),
        Outcome::Unknown(_) | Outcome::Untold(_) => {
            tally.count(Metric::MessagesUnknown, labels, 1);
        }
        Outcome::Expired => {
            let labels = labels.reason(State::Expired.as_str());
            tally.count(Metric::MessagesSuppressed, labels, 1);
        }
        Outcome::Released(_) => {}
    }
}

/// How long after what it is about the provider took a message, in milliseconds.
fn latency(dispatch: &Dispatch, now: Timestamp, tally: &mut Tally) {
    let Some(at) = dispatch.at else { return };
    let took = u64::try_from(now.duration_since(at).as_millis()).unwrap_or_default();
    tally.measure(Metric::MessageLatency, labels(dispatch), took);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_span_a_day() {
        let waits: Vec<u32> = (1..=5).map(backoff_s).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80]);
        let day: u32 = (1..LAST_ATTEMPT).map(backoff_s).sum();
        assert!((86_400..100_000).contains(&day), "{day}");
        assert_eq!(backoff_s(u32::MAX), LONGEST_WAIT_S);
    }
}
