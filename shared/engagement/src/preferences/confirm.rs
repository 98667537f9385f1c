//! Asks a subject to confirm a consent (double opt-in), by a message with a link.

use super::words::Language;
use crate::link::LinkMaker;
use crate::message::{ChannelQueues, Claims, Suppressions};
use crate::message_log::{MessageLog, View};
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::Subjects;
use crate::pipeline::request::{Desk, Request};
use crate::use_case::UseCases;
use ceap_kernel::{Clock, Fault, SubjectId, Tally, TenantId, digest};
use serde_json::{Value, json};

/// What a subject is asked to confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Who.
    pub subject: SubjectId,
    /// By which channel.
    pub channel: String,
    /// Where, if the channel reaches one place only.
    pub to: Option<String>,
    /// The link to confirm by.
    pub url: String,
    /// What the subject knows the tenant as.
    pub brand: String,
    /// The subject's language.
    pub language: Language,
    /// The tenant's own template, which may name `data.url` and `data.brand`.
    pub template: Option<String>,
}

/// Asks for confirmations.
#[allow(async_fn_in_trait)]
pub trait Confirmations {
    /// Asks once, however often the same is asked; returns where the message stands.
    ///
    /// # Errors
    /// `Invalid` when the message cannot be written; `Unavailable` or `Throttled`.
    async fn ask(
        &self,
        tenant: &TenantId,
        confirmation: &Confirmation,
    ) -> Result<(View, Tally), Fault>;
}

impl Confirmation {
    /// The message, as anyone may ask for it.
    fn request(&self) -> Value {
        let mut request = json!({
            "subject": self.subject,
            "channel": self.channel,
            "purpose": "transactional",
            "data": {"url": self.url, "brand": self.brand},
        });
        let what = match &self.template {
            Some(template) => ("template", Value::from(template.as_str())),
            None => ("content", self.content()),
        };
        if let Some(fields) = request.as_object_mut() {
            fields.insert(what.0.to_owned(), what.1);
            if let Some(to) = &self.to {
                fields.insert("to".to_owned(), Value::from(to.as_str()));
            }
        }
        request
    }

    fn content(&self) -> Value {
        let words = self.language.words();
        let mut content = json!({"subject": words.ask_subject, "text": words.ask_text,
                                 "html": words.ask_html, "link": "{{ data.url }}"});
        // What a channel cannot show may be over its limits.
        if let (Some(fields), true) = (content.as_object_mut(), self.channel != "email") {
            fields.remove("html");
        }
        content
    }
}

impl<S, U, M, P, A, L, C, Q> Confirmations for Desk<S, U, M, P, A, L, C, Q>
where
    S: Subjects,
    U: UseCases,
    M: Claims + MessageLog,
    P: Suppressions,
    A: Addresses,
    L: LinkMaker,
    C: Clock,
    Q: ChannelQueues,
{
    async fn ask(
        &self,
        tenant: &TenantId,
        confirmation: &Confirmation,
    ) -> Result<(View, Tally), Fault> {
        let request = confirmation.request();
        // The link holds subject, consent, address and day: the same on the same day is one message.
        let key = format!("double-opt-in/{}", digest(&[&request.to_string()]));
        let request: Request = serde_json::from_value(request)
            .map_err(|error| Fault::Internal(format!("a confirmation is no request: {error}")))?;
        self.send(tenant, &key, &request).await
    }
}
