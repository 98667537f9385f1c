//! Text messages and voice calls by End User Messaging (its API is called "SMS and Voice, v2").

use crate::fault::send_error;
use aws_sdk_pinpointsmsvoicev2::types::{
    ConflictExceptionReason, MessageType, ValidationExceptionReason, VoiceId,
    VoiceMessageBodyTextType,
};
use aws_sdk_pinpointsmsvoicev2::{Client, Error};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::use_case::Purpose;
use ceap_kernel::Timestamp;
use std::collections::HashMap;

/// How long a message may be valid, in seconds (API reference, `SendTextMessage` and
/// `SendVoiceMessage`, `TimeToLive`).
const SHORTEST_S: i64 = 5;
const LONGEST_S: i64 = 259_200;

/// Fields that are the message's own; all others are configuration.
const OF_THE_MESSAGE: [&str; 2] = ["DestinationPhoneNumber", "MessageBody"];

/// End User Messaging, for text messages.
#[derive(Debug, Clone)]
pub struct EumSms {
    client: Client,
    configuration_set: Option<String>,
}

/// End User Messaging, for voice calls.
#[derive(Debug, Clone)]
pub struct EumVoice {
    client: Client,
    configuration_set: Option<String>,
    voice: Option<VoiceId>,
}

/// The client with the shared configuration, without retries.
fn client(config: &aws_config::SdkConfig) -> Client {
    let (retries, timeouts) = crate::once();
    let config = aws_sdk_pinpointsmsvoicev2::config::Builder::from(config)
        .retry_config(retries)
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}

impl EumSms {
    /// Text messages, whose events go where the configuration set says.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, configuration_set: Option<String>) -> Self {
        Self { client: client(config), configuration_set }
    }
}

impl EumVoice {
    /// Voice calls, whose events go where the configuration set says, read by a voice of Amazon Polly
    /// (API reference, `SendVoiceMessage`, `VoiceId`: `VICKI`, `JOANNA`, …; `MATTHEW` if there is none).
    #[must_use]
    pub fn new(
        config: &aws_config::SdkConfig,
        configuration_set: Option<String>,
        voice: Option<&str>,
    ) -> Self {
        Self { client: client(config), configuration_set, voice: voice.map(VoiceId::from) }
    }
}

/// What names the message in its delivery events: the context comes back there (user guide, "Event
/// types for SMS, MMS, and voice"). At most five entries with values of 800 characters.
fn context(dispatch: &Dispatch) -> HashMap<String, String> {
    let marks = [
        ("ceap-tenant", Some(dispatch.tenant.as_str())),
        ("ceap-message-id", Some(dispatch.id.as_str())),
        ("ceap-use-case", dispatch.use_case.as_ref().map(|it| it.as_str())),
    ];
    let given = marks.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// How long it is worth handing to a carrier.
fn time_to_live(dispatch: &Dispatch) -> i32 {
    let left = dispatch.expires_at.as_second().saturating_sub(Timestamp::now().as_second());
    i32::try_from(left.clamp(SHORTEST_S, LONGEST_S)).unwrap_or(i32::MAX)
}

/// A body neither begins nor ends with white space (API reference, the pattern of `MessageBody`).
fn body(dispatch: &Dispatch) -> &str {
    dispatch.content.text.trim()
}

impl Provider for EumSms {
    async fn traced(&self, _dispatch: &Dispatch) -> bool {
        self.configuration_set.is_some()
    }

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let kind = match dispatch.purpose {
            Purpose::Operational | Purpose::Transactional => MessageType::Transactional,
            Purpose::Marketing => MessageType::Promotional,
        };
        let sent = self
            .client
            .send_text_message()
            .destination_phone_number(&dispatch.to)
            .set_origination_identity(dispatch.from.clone())
            .message_body(body(dispatch))
            .message_type(kind)
            .set_configuration_set_name(self.configuration_set.clone())
            .time_to_live(time_to_live(dispatch))
            .set_context(Some(context(dispatch)))
            .send()
            .await
            .map_err(|error| refine(send_error(&error), error.into()))?;
        Ok(Accepted::sent(sent.message_id.unwrap_or_default()))
    }
}

impl Provider for EumVoice {
    async fn traced(&self, _dispatch: &Dispatch) -> bool {
        self.configuration_set.is_some()
    }

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let Some(from) = &dispatch.from else {
            return Err(SendError::Refused("a voice call needs a number to call from".to_owned()));
        };
        let sent = self
            .client
            .send_voice_message()
            .destination_phone_number(&dispatch.to)
            .origination_identity(from)
            .message_body(body(dispatch))
            // Never SSML: a value in the text could otherwise say how it is read.
            .message_body_text_type(VoiceMessageBodyTextType::Text)
            .set_voice_id(self.voice.clone())
            .set_configuration_set_name(self.configuration_set.clone())
            .time_to_live(time_to_live(dispatch))
            .set_context(Some(context(dispatch)))
            .send()
            .await
            .map_err(|error| refine(send_error(&error), error.into()))?;
        Ok(Accepted::sent(sent.message_id.unwrap_or_default()))
    }
}

/// What a refusal is about: only one that is about the message or its recipient is final, any other
/// is about this account, and another provider may do it. The service's messages can quote the
/// number, so that only codes and reasons are kept.
fn refine(seen: SendError, said: Error) -> SendError {
    if !matches!(seen, SendError::Refused(_) | SendError::Unable(_)) {
        return seen;
    }
    match said {
        // No permission, or the account may not send.
        Error::AccessDeniedException(it) => {
            unable("AccessDeniedException", it.reason().map(|it| it.as_str()))
        }
        // No such number, sender, pool or configuration set.
        Error::ResourceNotFoundException(it) => {
            unable("ResourceNotFoundException", it.resource_type().map(|it| it.as_str()))
        }
        // The month's spending limit, or the day's calls.
        Error::ServiceQuotaExceededException(it) => {
            unable("ServiceQuotaExceededException", it.reason().map(|it| it.as_str()))
        }
        Error::ConflictException(it) => {
            let (code, reason) = ("ConflictException", it.reason().map(|it| it.as_str()));
            if it.reason().is_some_and(bars_the_recipient) {
                refused(code, reason)
            } else {
                unable(code, reason)
            }
        }
        Error::ValidationException(it) => {
            let (code, reason) = ("ValidationException", it.reason().map(|it| it.as_str()));
            let names = || it.fields().iter().map(|field| field.name());
            let of_the_message =
                names().any(|name| OF_THE_MESSAGE.iter().any(|own| own.eq_ignore_ascii_case(name)));
            let of_the_account = it.reason().is_some_and(is_about_the_account)
                || (names().next().is_some() && !of_the_message);
            if of_the_account { unable(code, reason) } else { refused(code, reason) }
        }
        _ => seen,
    }
}

/// The recipient opted out, or the team itself protects the number or its country from messages
/// (user guide, "Protect configurations"): nobody else is to try either.
fn bars_the_recipient(reason: &ConflictExceptionReason) -> bool {
    use ConflictExceptionReason as Reason;
    matches!(
        reason,
        Reason::DestinationPhoneNumberOptedOut
            | Reason::DestinationPhoneNumberBlockedByProtectNumberOverride
            | Reason::DestinationCountryBlockedByProtectConfiguration
    )
}

/// This account, or its number, can't reach that country or can't be used so. Some of these name the
/// recipient's number as the field at fault.
fn is_about_the_account(reason: &ValidationExceptionReason) -> bool {
    use ValidationExceptionReason as Reason;
    matches!(
        reason,
        Reason::ChannelNotEnabled
            | Reason::CountryCodeMismatch
            | Reason::CountryNotEnabled
            | Reason::DestinationCountryBlocked
            | Reason::InternationalSendingNotSupported
            | Reason::InvalidIdentityForDestinationCountry
            | Reason::PriceOverThreshold
            | Reason::ResourceNotAccessible
            | Reason::SenderIdNotRegistered
            | Reason::SenderIdNotSupported
            | Reason::SenderIdRequiresRegistration
            | Reason::VoiceCapabilityNotAvailable
    )
}

fn said(code: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| code.to_owned(), |reason| format!("{code}: {reason}"))
}

fn unable(code: &str, reason: Option<&str>) -> SendError {
    SendError::Unable(said(code, reason))
}

fn refused(code: &str, reason: Option<&str>) -> SendError {
    SendError::Refused(said(code, reason))
}
