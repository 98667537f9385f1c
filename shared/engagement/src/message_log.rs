//! A message's whole life, as the API shows it.

use crate::message::{Record, State};
use ceap_kernel::{Fault, MessageId, SubjectId, TenantId, Timestamp, UseCaseId};
use serde::Serialize;

/// Reads records of messages.
#[allow(async_fn_in_trait)]
pub trait MessageLog {
    /// The record of a message, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn record(&self, tenant: &TenantId, id: &MessageId) -> Result<Option<Record>, Fault>;
}

/// A message and what became of it. It holds no address and no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// Which.
    pub id: MessageId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// To whom.
    pub subject: SubjectId,
    /// On which channel.
    pub channel: String,
    /// Where it stands.
    pub state: State,
    /// Which gate refused it, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The provider's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// What happened to it, oldest first.
    pub history: Vec<Step>,
}

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// The state it entered, or the gate that refused it.
    pub step: String,
}

impl From<Record> for View {
    fn from(record: Record) -> Self {
        let mut history: Vec<Step> =
            record.history.into_iter().map(|(step, at)| Step { at, step }).collect();
        history.sort_by_key(|step| step.at);
        Self {
            id: record.id,
            use_case: record.use_case,
            subject: record.subject,
            channel: record.channel,
            state: record.state,
            reason: record.reason,
            provider_id: record.provider_id,
            history,
        }
    }
}

/// A message and what became of it.
///
/// # Errors
/// `Invalid` when the id is none; `NotFound` when there is no such message of this tenant;
/// `Unavailable` or `Throttled` from the store.
pub async fn view(tenant: &TenantId, id: &str, log: &impl MessageLog) -> Result<View, Fault> {
    let id = MessageId::new(id)?;
    let record = log.record(tenant, &id).await?;
    record.map(View::from).ok_or_else(|| Fault::NotFound("there is no such message".to_owned()))
}
