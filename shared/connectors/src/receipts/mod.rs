//! Feeds of the providers: what became of messages, and what recipients wrote back. One file for
//! each provider; [`queue`] tells apart what arrives on the one queue that most of them lead to.
//!
//! Nothing in a feed is believed to have a certain shape: what can't be read is [`Told::Bad`], with
//! the field and the remedy, and the rest of its batch goes on. Marks that a channel sent along
//! (tenant and message id) name the message; else its provider's own id does.
//!
//! | feed | how it comes | decoder |
//! |---|---|---|
//! | SES | EventBridge, or SNS event publishing | [`ses`] |
//! | End User Messaging: texts, calls | EventBridge, or SNS event destination | [`eum`] |
//! | End User Messaging: two-way texts | SNS, in its envelope | [`eum`] |
//! | SNS: texts | CloudWatch Logs subscription | [`sns_sms`] |
//! | WhatsApp | Meta's callback, signed | [`whatsapp`] |

pub mod eum;
pub mod ses;
pub mod sns_sms;
pub mod whatsapp;

use ceap_engagement::profile;
use ceap_engagement::receipt::{About, News, Told};
use ceap_kernel::{Fault, MessageId, TenantId, Timestamp};
use serde_json::Value;

/// The mark that names the tenant: a tag of SES, an entry of End User Messaging's context.
pub const TENANT: &str = "ceap-tenant";

/// The mark that names the message.
pub const MESSAGE_ID: &str = "ceap-message-id";

/// What SES publishes to a topic when it is made an event destination; it is not JSON (SES developer
/// guide, "Set up an Amazon SNS event destination").
const SES_GREETING: &str = "Successfully validated SNS topic for Amazon SES event publishing";

/// Instants outside of these are no provider's: 2020 and 2100.
const YEARS: std::ops::Range<i64> = 1_577_836_800..4_102_444_800;

/// Bytes of a provider's id and of an address. The longest known, WhatsApp's ids, have some hundred.
const LONGEST_ID: usize = 256;

/// Characters of what a recipient writes; WhatsApp's users can't write more. The rest is cut off.
const LONGEST_TEXT: usize = 65_536;

/// Characters of a detail.
const LONGEST_DETAIL: usize = 128;

/// What one item was, before it is told: nothing when it is of no interest.
type Reading = Result<Option<News>, Fault>;

fn told(reading: Reading, payload: &Value) -> Told {
    match reading {
        Ok(Some(news)) => Told::News(news),
        Ok(None) => Told::Other,
        Err(fault) => Told::Bad { fault, payload: payload.clone() },
    }
}

/// Reads what arrived on the queue `receipts`: an event of EventBridge, a notification of SNS, its
/// bare message (raw message delivery), or the records of a CloudWatch Logs subscription. It is AWS
/// that writes to that queue, which its policy ensures; no signature is looked at.
#[must_use]
pub fn queue(body: &str) -> Vec<Told> {
    match serde_json::from_str(body) {
        Ok(value) => unwrap(&value),
        Err(error) => vec![unreadable("body", &error, body)],
    }
}

fn unreadable(field: &str, error: &serde_json::Error, text: &str) -> Told {
    let fault = Fault::invalid(field, format!("is not JSON: {error}"));
    Told::Bad { fault, payload: Value::from(text) }
}

/// SNS developer guide, "Parsing Amazon SNS message formats".
fn unwrap(value: &Value) -> Vec<Told> {
    match (text(value, "/Type"), text(value, "/Message")) {
        (Some("Notification"), Some(message)) if message.starts_with(SES_GREETING) => {
            vec![Told::Other]
        }
        (Some("Notification"), Some(message)) => match serde_json::from_str(message) {
            Ok(inner) => forms(&inner, text(value, "/Timestamp")),
            Err(error) => vec![unreadable("Message", &error, message)],
        },
        (Some("Notification"), None) => {
            let fault = Fault::invalid("Message", "must be text");
            vec![Told::Bad { fault, payload: value.clone() }]
        }
        (Some("SubscriptionConfirmation" | "UnsubscribeConfirmation"), _) => vec![Told::Other],
        _ => forms(value, None),
    }
}

/// Tells the forms apart. `published` is when SNS took the message.
fn forms(value: &Value, published: Option<&str>) -> Vec<Told> {
    let has = |name: &str| value.get(name).is_some();
    if has("awslogs") {
        return match text(value, "/awslogs/data") {
            Some(data) => sns_sms::logs(data),
            None => vec![told(Err(Fault::invalid("awslogs.data", "must be text")), value)],
        };
    }
    let reading = if has("detail-type") && has("source") {
        event_bridge(value)
    } else if has("eventType") && has("mail") {
        ses::event(value)
    } else if has("notificationType") {
        // Feedback of a whole identity, which carries no tags, and the greeting to its topic.
        Ok(None)
    } else if has("eventType") {
        eum::event(value)
    } else if has("inboundMessageId") {
        eum::inbound(value, published)
    } else {
        Err(Fault::invalid(
            "body",
            "is no event of SES or End User Messaging, no two-way text and no log of SNS; send \
             nothing else to this queue",
        ))
    };
    vec![told(reading, value)]
}

/// EventBridge user guide, "Event structure": `source` and `detail-type` say what `detail` is.
fn event_bridge(value: &Value) -> Reading {
    let kind = need(value, "/detail-type")?;
    let detail = value.get("detail").unwrap_or(&Value::Null);
    match need(value, "/source")? {
        "aws.ses" => ses::event_bridge(kind, detail),
        "aws.sms-voice" => match kind {
            "Text Message Delivery Status Updated"
            | "Media Message Delivery Status Updated"
            | "Voice Message Delivery Status Updated" => {
                eum::event(detail).map_err(|fault| fault.within("detail"))
            }
            _ => Ok(None),
        },
        _ => Err(Fault::invalid(
            "source",
            "must be aws.ses or aws.sms-voice; narrow the rule's pattern",
        )),
    }
}

/// The text at `pointer` (RFC 6901), unless it is empty.
fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

fn path(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn need<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, Fault> {
    text(value, pointer).ok_or_else(|| Fault::invalid(path(pointer), "must be text"))
}

/// A provider's id, or an address that only the provider knows: it becomes part of a key.
fn id(value: &Value, pointer: &str) -> Result<String, Fault> {
    let id = need(value, pointer)?;
    if id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        let rule = format!("must be at most {LONGEST_ID} bytes without control characters");
        return Err(Fault::invalid(path(pointer), rule));
    }
    Ok(id.to_owned())
}

/// The same where it may be missing; what is no id is as good as none.
fn any_id(value: &Value, pointer: &str) -> Option<String> {
    id(value, pointer).ok()
}

/// What a recipient wrote; an empty text is a text.
fn written(value: &Value, pointer: &str) -> Result<String, Fault> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    let text = text.ok_or_else(|| Fault::invalid(path(pointer), "must be text"))?;
    Ok(text.chars().take(LONGEST_TEXT).collect())
}

/// The items of the list at `pointer`; none when there is no list.
fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn sane(at: Option<Timestamp>, pointer: &str, form: &str) -> Result<Timestamp, Fault> {
    at.filter(|at| YEARS.contains(&at.as_second()))
        .ok_or_else(|| Fault::invalid(path(pointer), format!("must be {form} of this century")))
}

/// An instant in RFC 3339.
fn instant(value: &Value, pointer: &str) -> Result<Timestamp, Fault> {
    let at = text(value, pointer).and_then(|text| text.parse().ok());
    sane(at, pointer, "an instant as 2026-11-21T10:00:00Z,")
}

/// A count, as a number or as text.
fn count(value: &Value, pointer: &str) -> Option<i64> {
    let found = value.pointer(pointer)?;
    found.as_i64().or_else(|| found.as_str()?.parse().ok())
}

/// An instant in milliseconds since 1970.
fn milliseconds(value: &Value, pointer: &str) -> Result<Timestamp, Fault> {
    let at = count(value, pointer).and_then(|count| Timestamp::from_millisecond(count).ok());
    sane(at, pointer, "milliseconds since 1970,")
}

/// An instant in seconds since 1970.
fn seconds(value: &Value, pointer: &str) -> Result<Timestamp, Fault> {
    let at = count(value, pointer).and_then(|count| Timestamp::from_second(count).ok());
    sane(at, pointer, "seconds since 1970,")
}

/// The message that the marks name; nothing when there are none.
fn marked(tenant: Option<&str>, id: Option<&str>) -> Result<Option<About>, Fault> {
    let (tenant, id) = match (tenant, id) {
        (Some(tenant), Some(id)) => (tenant, id),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(Fault::invalid(MESSAGE_ID, "is missing beside the tenant")),
        (None, Some(_)) => return Err(Fault::invalid(TENANT, "is missing beside the message")),
    };
    let id = MessageId::new(id).map_err(|_| Fault::invalid(MESSAGE_ID, "is no message id"))?;
    let tenant = TenantId::new(tenant).map_err(|_| Fault::invalid(TENANT, "is no tenant id"))?;
    Ok(Some(About::Message(tenant, id)))
}

/// A phone number as addresses are kept, with or without its `+` in the feed.
fn phone(text: &str) -> Option<String> {
    let number = format!("+{}", text.strip_prefix('+').unwrap_or(text));
    profile::phone(&number).is_ok().then_some(number)
}

/// A provider's words without what may be an address: no word with `@` or three digits in a row.
fn words(text: &str) -> Option<String> {
    let harmless = |word: &&str| {
        let digits = |run: &str| run.len() >= 3;
        !word.contains('@') && !word.split(|c: char| !c.is_ascii_digit()).any(digits)
    };
    let kept: Vec<&str> = text.split_whitespace().filter(harmless).collect();
    let plain = |c: &char| c.is_ascii_alphanumeric() || " /-_.,:()'".contains(*c);
    let words: String = kept.join(" ").chars().filter(plain).take(LONGEST_DETAIL).collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests;
