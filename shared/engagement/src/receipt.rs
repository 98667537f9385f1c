//! Receipts: what providers tell afterwards of the messages they took, and what recipients answer.

use crate::message::State;
use crate::suppression::Reason;
use ceap_kernel::{MessageId, TenantId, Timestamp};
use serde_json::Value;

/// Which message a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The one whose marks came back with the receipt.
    Message(TenantId, MessageId),
    /// The one that the provider took on this channel under this id of its own.
    Provider(String, String),
}

/// What a provider tells of a message. Receipts come more than once and in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which message.
    pub about: About,
    /// What it became: from `Sent` on, and `Failed`.
    pub state: State,
    /// When, by the provider's clock.
    pub at: Timestamp,
    /// The provider's own id of the message, where it tells it.
    pub provider_id: Option<String>,
    /// More of it in the provider's words; no address and no text: `Permanent/General`.
    pub detail: Option<String>,
    /// Addresses (channel, address) that must not be sent to from now on, and why.
    pub suppress: Vec<(String, String, Reason)>,
}

/// What a recipient wrote back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// On which channel.
    pub channel: String,
    /// The provider's own id of it.
    pub id: String,
    /// Who wrote: an address on the channel.
    pub from: String,
    /// To whom: the sender's address that the platform has on the channel.
    pub to: String,
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// The message that it answers, by the provider's id, where the provider tells it.
    pub answers: Option<String>,
}

/// What came from a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Of a message that it took.
    Receipt(Receipt),
    /// From a recipient.
    Inbound(Inbound),
}

/// What an item of a provider's feed was.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Something.
    News(News),
    /// Something that is of no interest here: an event that nobody asked for, a message of another
    /// system in the same account.
    Other,
    /// It could not be read.
    Bad {
        /// The field and the remedy.
        fault: ceap_kernel::Fault,
        /// What it was.
        payload: Value,
    },
}
