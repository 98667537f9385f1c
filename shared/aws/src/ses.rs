//! Email by SES v2.

use crate::fault::send_error;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_kernel::{Clock, SystemClock, Timestamp};

/// What writes a message as it goes over the wire (RFC 5322), dated with the instant.
pub type Write = fn(&Dispatch, Timestamp) -> Result<Vec<u8>, String>;

/// SES v2. A message goes to it as it goes over the wire, for which SES checks the permission
/// `ses:SendRawEmail` though the operation is `SendEmail` (django-anymail, "Amazon SES", "IAM
/// permissions", which quotes the refusal).
#[derive(Debug, Clone)]
pub struct Ses {
    client: Client,
    write: Write,
    configuration_set: Option<String>,
}

impl Ses {
    /// SES with the shared configuration, without retries, for what `write` writes.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, write: Write) -> Self {
        let (retries, timeouts) = crate::once();
        let config = aws_sdk_sesv2::config::Builder::from(config)
            .retry_config(retries)
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), write, configuration_set: None }
    }

    /// The configuration set whose event destinations hear what becomes of a message.
    #[must_use]
    pub fn configuration_set(self, name: Option<String>) -> Self {
        Self { configuration_set: name, ..self }
    }
}

/// What names the message in SES's events.
fn tags(dispatch: &Dispatch) -> Result<Vec<MessageTag>, BuildError> {
    let marks = [
        ("ceap-tenant", Some(dispatch.tenant.as_str())),
        ("ceap-use-case", dispatch.use_case.as_ref().map(|it| it.as_str())),
        ("ceap-message-id", Some(dispatch.id.as_str())),
        ("ceap-purpose", Some(dispatch.purpose.as_str())),
    ];
    let given = marks.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    given.map(|(name, value)| MessageTag::builder().name(name).value(value).build()).collect()
}

/// The sender as the message's own header has it, unfolded (RFC 5322 §2.2.3).
fn from(raw: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    let (head, _) = text.split_once("\r\n\r\n")?;
    let head = head.replace("\r\n ", " ");
    head.lines().find_map(|line| line.strip_prefix("From: ")).map(str::to_owned)
}

impl Provider for Ses {
    async fn traced(&self, _dispatch: &Dispatch) -> bool {
        self.configuration_set.is_some()
    }

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let refused = |error: BuildError| SendError::Refused(error.to_string());
        let raw = (self.write)(dispatch, SystemClock.now()).map_err(SendError::Refused)?;
        let sent = self
            .client
            .send_email()
            // It replaces the header, name and all, so it must be the same (laravel/framework#37881).
            .set_from_email_address(from(&raw))
            // Otherwise whoever the headers name would get it.
            .destination(Destination::builder().to_addresses(&dispatch.to).build())
            .content(EmailContent::builder().raw(message(raw).map_err(refused)?).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .set_email_tags(Some(tags(dispatch).map_err(refused)?))
            .send()
            .await
            .map_err(|error| send_error(&error))?;
        Ok(Accepted::sent(sent.message_id.unwrap_or_default()))
    }
}

fn message(raw: Vec<u8>) -> Result<RawMessage, BuildError> {
    RawMessage::builder().data(Blob::new(raw)).build()
}
