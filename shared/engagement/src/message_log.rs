//! A message's whole life, as the API shows it.

use crate::message::{Record, State};
use crate::policy::Decision;
use crate::use_case::Purpose;
use ceap_kernel::{Fault, MessageId, SubjectId, TenantId, Timestamp, UseCaseId};
use schemars::JsonSchema;
use serde::Serialize;

/// Messages of one page.
pub const PAGE: usize = 50;

/// Reads records of messages.
#[allow(async_fn_in_trait)]
pub trait MessageLog {
    /// The record of a message, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn record(&self, tenant: &TenantId, id: &MessageId) -> Result<Option<Record>, Fault>;
}

/// Lists a subject's messages.
#[allow(async_fn_in_trait)]
pub trait MessagesOf {
    /// At most `limit` messages of `subject`, newest first, from after `cursor` on; and where the
    /// next page begins, if there is one.
    ///
    /// # Errors
    /// `Invalid` when the cursor is none of ours; `Unavailable` or `Throttled`.
    async fn of(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Record>, Option<String>), Fault>;
}

/// A message and what became of it. It holds no address and no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub struct View {
    /// Which.
    pub id: MessageId,
    /// Of which use case; none when it was asked for by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_case: Option<UseCaseId>,
    /// To whom.
    pub subject: SubjectId,
    /// On which channel.
    pub channel: String,
    /// Why it is sent.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: State,
    /// Which gate refused it, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The provider's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// What each gate said, in their order.
    pub gates: Vec<Decision>,
    /// What happened to it, oldest first.
    pub history: Vec<Moment>,
}

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "MessageMoment")]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The state it entered.
    pub step: String,
}

/// Messages of a subject, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MessageList")]
pub struct List {
    /// The messages.
    pub messages: Vec<View>,
    /// Where the next page begins: the `cursor` to ask for it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl From<Record> for View {
    fn from(record: Record) -> Self {
        let mut history: Vec<Moment> =
            record.history.into_iter().map(|(step, at)| Moment { at, step }).collect();
        history.sort_by_key(|moment| moment.at);
        Self {
            id: record.id,
            use_case: record.use_case,
            subject: record.subject,
            channel: record.channel,
            purpose: record.purpose,
            state: record.state,
            reason: record.reason,
            provider_id: record.provider_id,
            gates: record.gates,
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

/// A page of a subject's messages, newest first.
///
/// # Errors
/// `Invalid` when the subject or the cursor is none; `Unavailable` or `Throttled`.
pub async fn list(
    tenant: &TenantId,
    subject: &str,
    cursor: Option<&str>,
    log: &impl MessagesOf,
) -> Result<List, Fault> {
    let subject = SubjectId::new(subject)?;
    let (records, next) = log.of(tenant, &subject, cursor, PAGE).await?;
    Ok(List { messages: records.into_iter().map(View::from).collect(), next })
}
