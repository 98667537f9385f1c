//! Text messages by SNS.

use crate::fault::send_error;
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Provider, SendError};

/// SNS, for text messages.
#[derive(Debug, Clone)]
pub struct SnsSms {
    client: Client,
}

impl SnsSms {
    /// SNS with the shared configuration, without retries.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        let (retries, timeouts) = crate::once();
        let config = aws_sdk_sns::config::Builder::from(config)
            .retry_config(retries)
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config) }
    }
}

/// SNS developer guide, "Publishing SMS messages": the type, and an origination number or sender id.
/// The names in `ceap.` are our own marks.
fn attributes(dispatch: &Dispatch) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("AWS.SNS.SMS.SMSType", "Transactional".to_owned()),
        ("ceap.tenant", dispatch.tenant.to_string()),
        ("ceap.use_case", dispatch.use_case.to_string()),
        ("ceap.message_id", dispatch.id.to_string()),
    ];
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
    async fn send(&self, dispatch: &Dispatch) -> Result<String, SendError> {
        let mut request =
            self.client.publish().phone_number(&dispatch.to).message(&dispatch.content.text);
        for (name, value) in attributes(dispatch) {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| SendError::Refused(error.to_string()))?;
            request = request.message_attributes(name, value);
        }
        let sent = request.send().await.map_err(|error| send_error(&error))?;
        Ok(sent.message_id.unwrap_or_default())
    }
}
