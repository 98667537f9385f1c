//! Suppression lists: addresses that must not be sent to, and why.

pub mod api;

use crate::use_case::Purpose;
use ceap_kernel::{Fault, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why an address is suppressed. A bounce says that the address does not work, a complaint that its
/// owner does not want the mail: the one is a fact of delivery, the other a will.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SuppressionReason")]
pub enum Reason {
    /// Its owner unsubscribed from marketing.
    Unsubscribe,
    /// Its owner called a message spam.
    Complaint,
    /// Its owner wrote STOP.
    Stop,
    /// The team put it there.
    Manual,
    /// The device or endpoint is no longer registered.
    Gone,
    /// There is no such mailbox or number.
    Bounce,
}

impl Reason {
    /// As lists, records and metrics write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsubscribe => "unsubscribe",
            Self::Complaint => "complaint",
            Self::Stop => "stop",
            Self::Manual => "manual",
            Self::Gone => "gone",
            Self::Bounce => "bounce",
        }
    }

    /// Whether it is told anew when it happens again. What takes it back (a START, a device that is
    /// registered again) takes back only what was before.
    #[must_use]
    pub fn renews(self) -> bool {
        matches!(self, Self::Stop | Self::Gone)
    }

    /// Whether it forbids messages of `purpose`. Who unsubscribes refuses marketing, and still gets
    /// what its own doings call for. A complaint, a STOP or an entry of the team's forbids all that
    /// goes to customers; an address that does not work takes nothing, alerts to the team included.
    #[must_use]
    pub fn forbids(self, purpose: Purpose) -> bool {
        match (self, purpose) {
            (Self::Bounce | Self::Gone, _) | (_, Purpose::Marketing) => true,
            (Self::Unsubscribe, _) | (_, Purpose::Operational) => false,
            (Self::Complaint | Self::Stop | Self::Manual, Purpose::Transactional) => true,
        }
    }
}

/// A suppressed address, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Suppression")]
pub struct Entry {
    /// On which channel.
    pub channel: String,
    /// Which address, as the channel writes it.
    pub address: String,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub at: Timestamp,
    /// What the team notes about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Some entries of a list, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SuppressionPage")]
pub struct Page {
    /// The entries, by address.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Keeps suppression lists.
#[allow(async_fn_in_trait)]
pub trait SuppressionKeeper {
    /// Puts entries on the tenant's lists. One that is there keeps the instant it
    /// has, unless its reason renews.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; some may have been put then.
    async fn add(&self, tenant: &TenantId, entries: &[Entry]) -> Result<(), Fault>;

    /// Takes an address off a list: for this reason, or for all; true when there was such an entry.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn remove(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
        reason: Option<Reason>,
    ) -> Result<bool, Fault>;

    /// The entries of one address, one for each reason.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn entries(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
    ) -> Result<Vec<Entry>, Fault>;

    /// The entries of one channel's list by address, from after `from` on, at most `limit` addresses.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(
        &self,
        tenant: &TenantId,
        channel: &str,
        from: Option<&str>,
        limit: usize,
    ) -> Result<Page, Fault>;
}
