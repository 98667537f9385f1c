//! Text messages by SNS.

use crate::fault::send_error;
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::use_case::Purpose;

/// SNS, for text messages.
#[derive(Debug, Clone)]
pub struct SnsSms {
    client: Client,
}

impl SnsSms {
    /// SNS with the shared configuration, without retries.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self { client: client(config) }
    }
}

/// The client with the shared configuration, without retries.
pub(crate) fn client(config: &aws_config::SdkConfig) -> Client {
    let (retries, timeouts) = crate::once();
    let config = aws_sdk_sns::config::Builder::from(config)
        .retry_config(retries)
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}

/// A message attribute of text.
pub(crate) fn text(value: &str) -> Result<MessageAttributeValue, SendError> {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .map_err(|error| SendError::Refused(error.to_string()))
}

/// SNS developer guide, "Publishing SMS messages": the type, and an origination number or sender id.
/// The names in `ceap.` are our own marks.
fn attributes(dispatch: &Dispatch) -> Vec<(&'static str, String)> {
    let kind = match dispatch.purpose {
        Purpose::Operational | Purpose::Transactional => "Transactional",
        Purpose::Marketing => "Promotional",
    };
    let mut attributes = vec![
        ("AWS.SNS.SMS.SMSType", kind.to_owned()),
        ("ceap.tenant", dispatch.tenant.to_string()),
        ("ceap.message_id", dispatch.id.to_string()),
    ];
    if let Some(use_case) = &dispatch.use_case {
        attributes.push(("ceap.use_case", use_case.to_string()));
    }
    match dispatch.from.as_deref() {
        Some(number) if number.starts_with('+') => {
            attributes.push(("AWS.MM.SMS.OriginationNumber", number.to_owned()));
        }
        Some(sender) => attributes.push(("AWS.SNS.SMS.SenderID", sender.to_owned())),
        None => {}
    }
    attributes
}

impl Provider for SnsSms {
    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let mut request =
            self.client.publish().phone_number(&dispatch.to).message(&dispatch.content.text);
        for (name, value) in attributes(dispatch) {
            request = request.message_attributes(name, text(&value)?);
        }
        let sent = request.send().await.map_err(|error| send_error(&error))?;
        Ok(Accepted::sent(sent.message_id.unwrap_or_default()))
    }
}
