//! Notifications on phones: by Apple's service (APNs) and Google's (FCM), both through SNS mobile push.
//! Here is what SNS is asked to publish.

use crate::Channel;
use ceap_engagement::message::{Content, Dispatch};
use ceap_engagement::push::{Platform, Writer};
use ceap_kernel::Timestamp;
use serde_json::{Value, json};

/// The longest address that is taken, in bytes.
const LONGEST: usize = 512;

/// Bytes of a notification: Apple's "Generating a remote notification", and Firebase's "Message
/// types".
const PAYLOAD: usize = 4096;

/// The longest that a push service keeps a message, in seconds: four weeks, as SNS has it by default
/// ("Using the Amazon SNS time to live message attribute").
const KEPT_S: i64 = 28 * 24 * 60 * 60;

/// Mobile push. Its address is one device's token, behind its service: `apns:…`, `apns-sandbox:…` or
/// `fcm:…`.
#[derive(Debug)]
pub struct Push;

impl Channel for Push {
    fn name(&self) -> &'static str {
        "push"
    }

    fn reaches(&self, to: &str) -> bool {
        parse(to).is_some()
    }

    /// It may go to any of the services, under any use case's name.
    fn limit(&self, content: &Content) -> Result<(), String> {
        let (id, thread) = ("0".repeat(32), "x".repeat(63));
        Platform::ALL
            .into_iter()
            .try_for_each(|platform| written(content, &id, Some(&thread), platform).map(drop))
    }
}

/// This channel, for the provider that publishes.
pub const WRITER: Writer = Writer { parse, payload, attributes };

/// As SNS calls the service (`GCM` is what FCM was).
const fn key(platform: Platform) -> &'static str {
    match platform {
        Platform::Apns => "APNS",
        Platform::ApnsSandbox => "APNS_SANDBOX",
        Platform::Fcm => "GCM",
    }
}

/// Apple's tokens are bytes of any number, written in hexadecimal; Google's are opaque.
fn knows(platform: Platform, token: &str) -> bool {
    let mut bytes = token.bytes();
    match platform {
        Platform::Apns | Platform::ApnsSandbox => {
            (64..=200).contains(&token.len()) && bytes.all(|b| b.is_ascii_hexdigit())
        }
        Platform::Fcm => {
            (20..=LONGEST).contains(&token.len())
                && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':'))
        }
    }
}

/// An address's service and token; `None` when it is no address of this channel.
#[must_use]
pub fn parse(address: &str) -> Option<(Platform, &str)> {
    let (prefix, token) = address.split_once(':').filter(|_| address.len() <= LONGEST)?;
    Platform::ALL
        .into_iter()
        .find(|platform| platform.prefix() == prefix && knows(*platform, token))
        .map(|platform| (platform, token))
}

/// What SNS publishes under `MessageStructure: json` ("Publishing Amazon SNS notifications with
/// platform-specific payloads" and "Using FCM v1 payloads"): for the device's service a JSON object,
/// as text.
///
/// An app gets the message's `id` and `url` beside the notification. The id is also its tag on
/// Android, and its collapse id at Apple (see [`attributes`]), so that a device that shows it already
/// shows the same again in its place. FCM's own `collapse_key` is left alone: of four at a time it
/// keeps what is pending, and each message would be another.
///
/// # Errors
/// When it is longer than the service takes: the limit.
pub fn payload(dispatch: &Dispatch, platform: Platform) -> Result<String, String> {
    let thread = dispatch.use_case.as_ref().map(|use_case| use_case.as_str());
    written(&dispatch.content, dispatch.id.as_str(), thread, platform)
}

fn written(
    content: &Content,
    id: &str,
    thread: Option<&str>,
    platform: Platform,
) -> Result<String, String> {
    let shown = given([
        ("title", content.subject.as_deref().into()),
        ("body", content.text.as_str().into()),
    ]);
    let own = [("id", id.into()), ("url", content.link.as_deref().into())];
    let (counted, text) = match platform {
        Platform::Apns | Platform::ApnsSandbox => {
            let aps = given([("alert", shown), ("thread-id", thread.into())]);
            let [id, url] = own;
            let text = given([("aps", aps), id, url]).to_string();
            (text.len(), text)
        }
        Platform::Fcm => {
            let message = json!({
                "notification": shown,
                "data": given(own),
                "android": {"notification": {"tag": id}},
            });
            let counted = message.to_string().len();
            (counted, json!({"fcmV1Message": {"message": message}}).to_string())
        }
    };
    if counted > PAYLOAD {
        let service = platform.prefix();
        return Err(format!(
            "text, subject and link: {counted} bytes as JSON, and {service} takes {PAYLOAD}"
        ));
    }
    Ok(json!({"default": content.text, key(platform): text}).to_string())
}

/// The fields that have a value.
fn given<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let there = fields.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The message attributes beside the payload, all of type `String` ("Reserved message attributes for
/// mobile push notifications"): how long the service tries, and for Apple the kind of push and the
/// collapse id (at most 64 bytes; ours has 32). Both of Apple's services read the same names, save
/// the first.
#[must_use]
pub fn attributes(
    dispatch: &Dispatch,
    platform: Platform,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let ttl = match platform {
        Platform::Apns => "AWS.SNS.MOBILE.APNS.TTL",
        Platform::ApnsSandbox => "AWS.SNS.MOBILE.APNS_SANDBOX.TTL",
        Platform::Fcm => "AWS.SNS.MOBILE.FCM.TTL",
    };
    let mut attributes = vec![(ttl, kept_s(dispatch, now).to_string())];
    if platform != Platform::Fcm {
        attributes.extend([
            ("AWS.SNS.MOBILE.APNS.PUSH_TYPE", "alert".to_owned()),
            ("AWS.SNS.MOBILE.APNS.COLLAPSE_ID", dispatch.id.to_string()),
        ]);
    }
    attributes
}

/// How long a push service is to keep the message for a device that it can't reach, in seconds: until
/// it is no longer worth sending. At 0 it tries once.
pub(crate) fn kept_s(dispatch: &Dispatch, now: Timestamp) -> i64 {
    dispatch.expires_at.as_second().saturating_sub(now.as_second()).clamp(0, KEPT_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::dispatch;
    use proptest::prelude::*;
    use rstest::rstest;

    fn message() -> Dispatch {
        let mut message = dispatch("push", "fcm:x");
        message.content.subject = Some("Your \"cart\"".to_owned());
        message.content.text = "Tom & Jerry".to_owned();
        message.content.link = Some("https://example.com/cart?x=1".to_owned());
        message
    }

    fn inner(dispatch: &Dispatch, platform: Platform) -> Value {
        let whole: Value = serde_json::from_str(&payload(dispatch, platform).unwrap()).unwrap();
        assert_eq!(whole["default"], json!(dispatch.content.text));
        assert_eq!(whole.as_object().unwrap().len(), 2);
        serde_json::from_str(whole[key(platform)].as_str().unwrap()).unwrap()
    }

    #[rstest]
    #[case(&format!("apns:{}", "0aF9".repeat(16)), Some(Platform::Apns))]
    #[case(&format!("apns-sandbox:{}", "0a".repeat(100)), Some(Platform::ApnsSandbox))]
    #[case("fcm:bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1-", Some(Platform::Fcm))]
    #[case(&format!("fcm:{}", "x".repeat(508)), Some(Platform::Fcm))]
    #[case(&format!("fcm:{}", "x".repeat(509)), None)]
    #[case(&format!("fcm:{}", "x".repeat(19)), None)]
    #[case("fcm:bk3RNwTe3H0:CI2k_HHwgIpo/KCIZvv", None)]
    #[case(&format!("apns:{}", "0".repeat(63)), None)]
    #[case(&format!("apns:{}", "0".repeat(201)), None)]
    #[case(&format!("apns:{}", "0g".repeat(32)), None)]
    #[case(&format!("APNS:{}", "0a".repeat(32)), None)]
    #[case(&"0a".repeat(32), None)]
    #[case("", None)]
    fn addresses(#[case] address: &str, #[case] expected: Option<Platform>) {
        let found = parse(address);
        assert_eq!(found.map(|(platform, _)| platform), expected, "{address}");
        assert_eq!(Push.reaches(address), expected.is_some());
        if let Some((platform, token)) = found {
            assert_eq!(format!("{}:{token}", platform.prefix()), address);
        }
    }

    #[rstest]
    #[case(Platform::Apns)]
    #[case(Platform::ApnsSandbox)]
    fn apple(#[case] platform: Platform) {
        let message = message();
        assert_eq!(
            inner(&message, platform),
            json!({
                "aps": {
                    "alert": {"title": "Your \"cart\"", "body": "Tom & Jerry"},
                    "thread-id": "abandoned-cart",
                },
                "id": message.id,
                "url": "https://example.com/cart?x=1",
            })
        );
    }

    #[test]
    fn google() {
        let message = message();
        assert_eq!(
            inner(&message, Platform::Fcm),
            json!({"fcmV1Message": {"message": {
                "notification": {"title": "Your \"cart\"", "body": "Tom & Jerry"},
                "data": {"id": message.id, "url": "https://example.com/cart?x=1"},
                "android": {"notification": {"tag": message.id}},
            }}})
        );
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let mut message = message();
        (message.content.subject, message.content.link, message.use_case) = (None, None, None);
        let apple = json!({"aps": {"alert": {"body": "Tom & Jerry"}}, "id": message.id});
        assert_eq!(inner(&message, Platform::Apns), apple);
        let google = inner(&message, Platform::Fcm);
        let google = &google["fcmV1Message"]["message"];
        assert_eq!(google["notification"], json!({"body": "Tom & Jerry"}));
        assert_eq!(google["data"], json!({"id": message.id}));
    }

    #[test]
    fn attributes_by_service() {
        let (message, now) = (message(), "2026-11-22T09:00:00Z".parse().unwrap());
        let id = message.id.to_string();
        let apple = |ttl| {
            vec![
                (ttl, "3600".to_owned()),
                ("AWS.SNS.MOBILE.APNS.PUSH_TYPE", "alert".to_owned()),
                ("AWS.SNS.MOBILE.APNS.COLLAPSE_ID", id.clone()),
            ]
        };
        assert_eq!(attributes(&message, Platform::Apns, now), apple("AWS.SNS.MOBILE.APNS.TTL"));
        let sandbox = attributes(&message, Platform::ApnsSandbox, now);
        assert_eq!(sandbox, apple("AWS.SNS.MOBILE.APNS_SANDBOX.TTL"));
        let google = attributes(&message, Platform::Fcm, now);
        assert_eq!(google, [("AWS.SNS.MOBILE.FCM.TTL", "3600".to_owned())]);
    }

    #[rstest]
    #[case("2026-11-22T10:00:01Z", 0)]
    #[case("2026-11-22T10:00:00Z", 0)]
    #[case("2026-11-22T09:59:59Z", 1)]
    #[case("2026-01-01T00:00:00Z", 2_419_200)]
    fn kept(#[case] now: &str, #[case] seconds: i64) {
        assert_eq!(kept_s(&message(), now.parse().unwrap()), seconds);
    }

    proptest! {
        #[test]
        fn whatever_the_text_it_arrives_or_the_limit_is_named(text in "[a\"\\\\\u{1}€]{0,2000}") {
            let mut message = message();
            message.content.text.clone_from(&text);
            prop_assert!(text.len() > 500 || Push.limit(&message.content).is_ok());
            for platform in Platform::ALL {
                match payload(&message, platform) {
                    Ok(_) => {
                        let inner = inner(&message, platform);
                        let body = inner.pointer("/aps/alert/body")
                            .or(inner.pointer("/fcmV1Message/message/notification/body"));
                        prop_assert_eq!(body, Some(&json!(text)));
                    }
                    Err(why) => {
                        prop_assert!(Push.limit(&message.content).is_err());
                        prop_assert!(why.ends_with("takes 4096"));
                    }
                }
            }
        }
    }
}
