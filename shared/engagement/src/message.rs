//! A message: one rendered action on one channel, and the record of what became of it.

use crate::policy::cap::Cap;
use ceap_kernel::{CandidateId, Fault, MessageId, SubjectId, TenantId, Timestamp, UseCaseId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a channel sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// One line, for channels that have a subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Plain text.
    pub text: String,
    /// HTML, for channels that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// A message on its channel's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Whose.
    pub tenant: TenantId,
    /// Made from its candidate.
    pub id: MessageId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// The channel.
    pub channel: String,
    /// The sender, as the channel understands it: an address, an origination number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The recipient, as the channel understands it.
    pub to: String,
    /// What is sent.
    pub content: Content,
    /// The instant of what it is about, the same however often it is handed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// From then on it is not worth sending.
    pub expires_at: Timestamp,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Claimed, and handed to its channel's queue (or about to be).
    Queued,
    /// The provider is being asked.
    Sending,
    /// The provider took it.
    Delivered,
    /// A gate refused it.
    Suppressed,
    /// The provider refused it for good.
    Failed,
    /// The provider was asked and it is not known what it did. Never sent again by itself.
    Unknown,
}

/// What is recorded of a message. It holds no address and no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which.
    pub id: MessageId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// To whom.
    pub subject: SubjectId,
    /// From which candidate.
    pub candidate: CandidateId,
    /// On which channel.
    pub channel: String,
    /// Where it stands.
    pub state: State,
    /// Why, if it was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// When each state was entered.
    #[serde(default)]
    pub history: BTreeMap<String, Timestamp>,
}

/// A cap to count a claim against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapKey {
    /// Whose messages are counted.
    pub subject: SubjectId,
    /// On which channel.
    pub channel: String,
    /// The cap.
    pub cap: Cap,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It is ours: hand it on.
    New,
    /// Claimed before, and not known to be handed on: hand it on again, its channel claims it too.
    Again,
    /// It went its way.
    Settled,
    /// The cap forbids it.
    Capped,
}

/// Claims messages, and records refusals.
#[allow(async_fn_in_trait)]
pub trait Claims {
    /// Claims the message (state `queued`) and counts it against the cap, both or neither.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store; nothing happened then.
    async fn claim(
        &self,
        tenant: &TenantId,
        record: &Record,
        cap: Option<&CapKey>,
        now: Timestamp,
    ) -> Result<Claimed, Fault>;

    /// Records a refusal (state `suppressed`), unless the message went its way; true when it is new.
    /// A message that is claimed and not yet being sent is refused too: its channel then leaves it.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store; nothing happened then.
    async fn refuse(&self, tenant: &TenantId, record: &Record) -> Result<bool, Fault>;
}

/// Tells which addresses must not be sent to.
#[allow(async_fn_in_trait)]
pub trait Suppressions {
    /// For each address, whether it is on the tenant's suppression list of the channel.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store.
    async fn suppressed(
        &self,
        tenant: &TenantId,
        addresses: &[(String, String)],
    ) -> Result<Vec<bool>, Fault>;
}

/// Hands messages to their channels' queues.
#[allow(async_fn_in_trait)]
pub trait ChannelQueues {
    /// Hands all on; the channels claim again, so repeats are harmless.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` when any could not be handed on.
    async fn hand_on(&self, dispatches: &[Dispatch]) -> Result<(), Fault>;
}
