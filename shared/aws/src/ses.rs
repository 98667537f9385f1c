//! Email by SES v2.

use crate::fault::send_error;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::BuildError;
use aws_sdk_sesv2::types::{
    Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag,
};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Provider, SendError};

/// SES v2.
#[derive(Debug, Clone)]
pub struct Ses {
    client: Client,
}

impl Ses {
    /// SES with the shared configuration, without retries.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        let (retries, timeouts) = crate::once();
        let config = aws_sdk_sesv2::config::Builder::from(config)
            .retry_config(retries)
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config) }
    }
}

fn text(data: &str) -> Result<Content, BuildError> {
    Content::builder().data(data).charset("UTF-8").build()
}

/// What names the message to people and to SES's event stream: as headers and as tags.
fn marks(dispatch: &Dispatch) -> [(&'static str, &'static str, &str); 3] {
    [
        ("X-Ceap-Tenant", "ceap-tenant", dispatch.tenant.as_str()),
        ("X-Ceap-Use-Case", "ceap-use-case", dispatch.use_case.as_str()),
        ("X-Ceap-Message-Id", "ceap-message-id", dispatch.id.as_str()),
    ]
}

fn message(dispatch: &Dispatch) -> Result<EmailContent, BuildError> {
    let content = &dispatch.content;
    let mut body = Body::builder().text(text(&content.text)?);
    if let Some(html) = &content.html {
        body = body.html(text(html)?);
    }
    let mut message = Message::builder()
        .subject(text(content.subject.as_deref().unwrap_or_default())?)
        .body(body.build());
    for (header, _, value) in marks(dispatch) {
        message = message.headers(MessageHeader::builder().name(header).value(value).build()?);
    }
    Ok(EmailContent::builder().simple(message.build()).build())
}

impl Provider for Ses {
    async fn send(&self, dispatch: &Dispatch) -> Result<String, SendError> {
        let refused = |error: BuildError| SendError::Refused(error.to_string());
        let mut request = self
            .client
            .send_email()
            .set_from_email_address(dispatch.from.clone())
            .destination(Destination::builder().to_addresses(&dispatch.to).build())
            .content(message(dispatch).map_err(refused)?);
        for (_, tag, value) in marks(dispatch) {
            let tag = MessageTag::builder().name(tag).value(value).build().map_err(refused)?;
            request = request.email_tags(tag);
        }
        let sent = request.send().await.map_err(|error| send_error(&error))?;
        Ok(sent.message_id.unwrap_or_default())
    }
}
