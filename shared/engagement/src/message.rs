//! A message: one rendered action on one channel, and the record of what became of it.

mod ticket;

pub(crate) use ticket::fits;
pub use ticket::{Ticket, Update};

use crate::policy::Decision;
use crate::policy::cap::Cap;
use crate::profile::Profile;
use crate::suppression::Reason;
use crate::use_case::Purpose;
use ceap_kernel::{
    CandidateId, Fault, MessageId, SubjectId, TenantId, Timestamp, Trace, UseCaseId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a channel sends. Each channel takes the parts that it can show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// One line: an email's subject, the title of a notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Plain text.
    pub text: String,
    /// HTML, for channels that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The URL that a tap on a notification opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Files, for channels that carry them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The provider's own approved template, for channels that know such (WhatsApp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,
    /// What becomes of it in the helpdesk, for the channel that opens tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// What it is about, for channels that programs read: event, features, score and reasons, or the
    /// `data` of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Value>,
}

/// A file beside the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Its media type, as `application/pdf`.
    pub media_type: String,
    /// Its bytes in base64 (RFC 4648 §4).
    pub data: String,
}

/// A template that the provider keeps and has approved, with what to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// Its name at the provider.
    pub name: String,
    /// Its language, as the provider writes it: `de`, `en_US`.
    pub language: String,
    /// What its body's `{{1}}`, `{{2}}`, … become.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
}

/// A message on its channel's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Whose.
    pub tenant: TenantId,
    /// Made from its candidate, or from the key of the request for it.
    pub id: MessageId,
    /// Of which use case; none when it was asked for by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_case: Option<UseCaseId>,
    /// To whom.
    pub subject: SubjectId,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The channel.
    pub channel: String,
    /// The sender, as the channel understands it: an address, an origination number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The recipient, as the channel understands it.
    pub to: String,
    /// The recipient's other addresses, on channels that reach every device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// What is sent.
    pub content: Content,
    /// Where the recipient unsubscribes with one click (RFC 8058), where there must be such a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<String>,
    /// The instant of what it is about, the same however often it is handed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// From then on it is not worth sending.
    pub expires_at: Timestamp,
    /// The trace of what it follows from, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "Trace::lenient")]
    pub trace: Option<Trace>,
}

impl Dispatch {
    /// Every address that it goes to.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.to).chain(&self.others).map(String::as_str)
    }
}

/// Where a message stands. The order is that of [`Record::enter`]: what is learnt later or out of
/// order never takes a message back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MessageState")]
pub enum State {
    /// Claimed, and handed to its channel's queue (or about to be).
    Queued,
    /// A gate refused it.
    Suppressed,
    /// It was no longer worth sending when its turn came.
    Expired,
    /// The provider is being asked.
    Sending,
    /// The provider was asked and it is not known what it did. Never sent again by itself.
    Unknown,
    /// The provider took it.
    Sent,
    /// It was refused for good, by the provider or behind it.
    Failed,
    /// It reached the recipient's mailbox, phone or endpoint.
    Delivered,
    /// The recipient opened it.
    Opened,
    /// The recipient followed a link in it.
    Clicked,
    /// The recipient answered.
    Replied,
    /// It came back: there is no such address.
    Bounced,
    /// The recipient called it spam.
    Complained,
}

impl State {
    /// As records, queries and metrics write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Suppressed => "suppressed",
            Self::Expired => "expired",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
            Self::Replied => "replied",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

/// Why a message is sent at all, and where the next one comes from if this one fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The candidate.
    pub candidate: CandidateId,
    /// The candidate's key.
    #[serde(default)]
    pub key: String,
    /// Which of the actions' channels it is, counted from 0.
    #[serde(default)]
    pub step: u8,
    /// Which of the action's channels comes after this one, counted from 0; none after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u8>,
}

/// What is recorded of a message. It holds no address and no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which.
    pub id: MessageId,
    /// Of which use case; none when it was asked for by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_case: Option<UseCaseId>,
    /// To whom.
    pub subject: SubjectId,
    /// From which candidate; none when it was asked for by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// On which channel.
    pub channel: String,
    /// Why it is sent.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: State,
    /// Why, if it was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What each gate said, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Decision>,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// A digest of the request for it, to tell a repeat from another under the same key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// When each state was entered.
    #[serde(default)]
    pub history: BTreeMap<String, Timestamp>,
}

/// What entering a state was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// News.
    New,
    /// The very news that was told before: whatever follows from it may not have been done.
    Again,
    /// Known from another source or time.
    Known,
}

impl Record {
    /// Enters `state` at `at`. What comes twice or out of order changes nothing that it should not:
    /// the message stands where the furthest of its states is, and each state keeps the instant that
    /// was told first.
    pub fn enter(&mut self, state: State, at: Timestamp) -> Entered {
        match self.history.get(state.as_str()) {
            Some(known) if *known == at => return Entered::Again,
            Some(_) => return Entered::Known,
            None => {}
        }
        self.history.insert(state.as_str().to_owned(), at);
        self.state = self.state.max(state);
        Entered::New
    }

    /// When it was claimed or refused.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.history.values().copied().min().unwrap_or_default()
    }
}

/// The caps to count a claim against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapCheck {
    /// Whose messages are counted.
    pub subject: SubjectId,
    /// On which channel the message goes.
    pub channel: String,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The caps that apply to it.
    pub caps: Vec<Cap>,
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
    /// A cap forbids it.
    Capped,
    /// Another request was made under the same key.
    Taken,
}

/// Claims messages, and records refusals.
#[allow(async_fn_in_trait)]
pub trait Claims {
    /// Claims the message (state `queued`) and counts it against the caps, both or neither.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store; nothing happened then.
    async fn claim(
        &self,
        tenant: &TenantId,
        record: &Record,
        caps: Option<&CapCheck>,
        now: Timestamp,
    ) -> Result<Claimed, Fault>;

    /// Records a refusal (state `suppressed`), unless the message went its way; true when it is new.
    /// A message that is claimed and not yet being sent is refused too: its channel then leaves it.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store; nothing happened then.
    async fn refuse(&self, tenant: &TenantId, record: &Record) -> Result<bool, Fault>;

    /// Is told that a message is held back until an instant. It comes again then, so nothing is
    /// recorded of it, unless one wants to know.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store.
    async fn held(
        &self,
        _tenant: &TenantId,
        _record: &Record,
        _until: Timestamp,
    ) -> Result<(), Fault> {
        Ok(())
    }
}

/// An address on a channel, as the suppression lists are asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// On which channel.
    pub channel: String,
    /// Which address, as the channel writes it.
    pub address: String,
    /// When its owner last registered it. That it was gone before does not count any more.
    pub registered: Option<Timestamp>,
}

impl Recipient {
    /// An address of the subject with this profile.
    pub fn of(channel: &str, address: impl Into<String>, profile: &Profile) -> Self {
        let address = address.into();
        let registered = profile.registered(channel, &address);
        Self { channel: channel.to_owned(), address, registered }
    }

    /// Whether an entry of the list for this reason, put there at `at`, still counts.
    #[must_use]
    pub fn heeds(&self, reason: Reason, at: Timestamp) -> bool {
        reason != Reason::Gone || self.registered.is_none_or(|registered| registered < at)
    }
}

/// Tells which addresses must not be sent to.
#[allow(async_fn_in_trait)]
pub trait Suppressions {
    /// For each address, why it is on the tenant's suppression list, if it is: of several reasons
    /// that count the one that forbids most.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store.
    async fn suppressed(
        &self,
        tenant: &TenantId,
        recipients: &[Recipient],
    ) -> Result<Vec<Option<Reason>>, Fault>;
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
