//! What the providers of text messages, calls and push notifications are asked, and what their
//! answers mean.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod canned;
mod local;

use canned::{Asked, Reply, Server, http, json, query, query_error};
use ceap_aws::eum::{EumSms, EumVoice};
use ceap_aws::sns::SnsSms;
use ceap_aws::sns_push::{Applications, SnsPush};
use ceap_aws::sqs::Postponer;
use ceap_engagement::message::{Content, Dispatch};
use ceap_engagement::pipeline::send::{Accepted, Postpone, Provider, SendError};
use ceap_engagement::push::{Platform, Writer};
use ceap_engagement::use_case::Purpose;
use ceap_kernel::{MessageId, SignedDuration, Timestamp};
use ceap_testkit::builders::{subject, tenant, use_case};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

type Outcome = Result<Accepted, SendError>;

fn dispatch(channel: &str, to: &str) -> Dispatch {
    Dispatch {
        tenant: tenant("acme"),
        id: MessageId::new("0".repeat(32)).unwrap(),
        use_case: Some(use_case("contract")),
        subject: subject("u1"),
        purpose: Purpose::Transactional,
        channel: channel.to_owned(),
        from: Some("+15555550100".to_owned()),
        to: to.to_owned(),
        others: Vec::new(),
        content: Content { text: "<speak>hello</speak>\n".to_owned(), ..Content::default() },
        unsubscribe: None,
        at: None,
        expires_at: Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap(),
        trace: None,
    }
}

fn message() -> Dispatch {
    dispatch("sms", "+15555550101")
}

/// What came of it, by the word for it.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(_) => "taken",
        Err(SendError::Refused(_)) => "refused",
        Err(SendError::Gone(_)) => "gone",
        Err(SendError::Unable(_)) => "unable",
        Err(SendError::Throttled { .. }) => "throttled",
        Err(SendError::Unknown(_) | SendError::Untold(_)) => "unknown",
    }
}

#[derive(Debug, Clone, Copy)]
enum Eum {
    Sms,
    Voice,
}

const EUM: [Eum; 2] = [Eum::Sms, Eum::Voice];

impl Eum {
    async fn send(self, url: &str, dispatch: &Dispatch) -> Outcome {
        let (config, set) = (local::config(url).await, Some("events".to_owned()));
        match self {
            Self::Sms => EumSms::new(&config, set).send(dispatch).await,
            Self::Voice => EumVoice::new(&config, set, Some("VICKI")).send(dispatch).await,
        }
    }

    /// Sends once and checks that it was asked once.
    async fn outcome(self, reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Outcome, Asked) {
        let server = Server::new(move |_| reply());
        let outcome = self.send(&server.url, &message()).await;
        let mut asked = server.asked().await;
        assert_eq!(asked.len(), 1, "{self:?} is asked once");
        (outcome, asked.remove(0))
    }
}

fn eum_sent() -> Reply {
    json(200, &json!({"MessageId": "provider-1"}))
}

/// An error as End User Messaging writes it (AWS JSON 1.0).
fn eum_error(status: u16, code: &str, reason: Option<&str>, field: Option<&str>) -> Reply {
    let mut body = json!({"__type": format!("com.amazonaws#{code}"), "Message": "+15555550101"});
    if let Some(reason) = reason {
        body["Reason"] = reason.into();
    }
    if let Some(field) = field {
        body["Fields"] = json!([{"Name": field, "Message": "+15555550101"}]);
    }
    json(status, &body)
}

#[tokio::test]
async fn a_text_message_is_asked_for_with_its_marks() {
    let (outcome, asked) = Eum::Sms.outcome(eum_sent).await;
    assert_eq!(outcome, Ok(Accepted::sent("provider-1")));
    assert_eq!(asked.operation, "SendTextMessage");
    let mut body = asked.json();
    let left = body.as_object_mut().unwrap().remove("TimeToLive").unwrap();
    assert!((3_590..=3_600).contains(&left.as_i64().unwrap()), "{left}");
    let expected = json!({
        "DestinationPhoneNumber": "+15555550101",
        "OriginationIdentity": "+15555550100",
        "MessageBody": "<speak>hello</speak>",
        "MessageType": "TRANSACTIONAL",
        "ConfigurationSetName": "events",
        "Context": {
            "ceap-tenant": "acme",
            "ceap-message-id": "0".repeat(32),
            "ceap-use-case": "contract",
        },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_call_reads_text_and_no_markup() {
    let (outcome, asked) = Eum::Voice.outcome(eum_sent).await;
    assert_eq!(outcome, Ok(Accepted::sent("provider-1")));
    assert_eq!(asked.operation, "SendVoiceMessage");
    let mut body = asked.json();
    let left = body.as_object_mut().unwrap().remove("TimeToLive").unwrap();
    assert!((3_590..=3_600).contains(&left.as_i64().unwrap()), "{left}");
    let expected = json!({
        "DestinationPhoneNumber": "+15555550101",
        "OriginationIdentity": "+15555550100",
        "MessageBody": "<speak>hello</speak>",
        "MessageBodyTextType": "TEXT",
        "VoiceId": "VICKI",
        "ConfigurationSetName": "events",
        "Context": {
            "ceap-tenant": "acme",
            "ceap-message-id": "0".repeat(32),
            "ceap-use-case": "contract",
        },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_is_absent_is_left_out() {
    let server = Server::new(|_| eum_sent());
    let config = local::config(&server.url).await;
    let mut message = message();
    (message.from, message.use_case, message.purpose) = (None, None, Purpose::Marketing);
    EumSms::new(&config, None).send(&message).await.unwrap();
    let body = server.asked().await[0].json();
    assert_eq!(body["MessageType"], "PROMOTIONAL");
    assert_eq!(body["Context"].as_object().unwrap().len(), 2);
    for absent in ["OriginationIdentity", "ConfigurationSetName"] {
        assert_eq!(body.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_call_without_a_number_to_call_from_is_not_asked_for() {
    let server = Server::new(|_| eum_sent());
    let message = Dispatch { from: None, ..message() };
    assert_eq!(word(&Eum::Voice.send(&server.url, &message).await), "refused");
    assert!(server.asked().await.is_empty());
}

#[tokio::test]
async fn a_message_is_valid_as_long_as_it_is_worth_sending() {
    let server = Server::new(|_| eum_sent());
    for (left_s, expected) in [(1, 5), (-9, 5), (300_000, 259_200)] {
        let expires_at = Timestamp::now() + SignedDuration::from_secs(left_s);
        let message = Dispatch { expires_at, ..message() };
        for eum in EUM {
            eum.send(&server.url, &message).await.unwrap();
            let last = server.asked().await.pop().unwrap().json();
            assert_eq!(last["TimeToLive"], expected, "{eum:?}");
        }
    }
}

#[tokio::test]
async fn refusals_are_about_the_message_or_about_the_account() {
    const NUMBER: Option<&str> = Some("destinationPhoneNumber");
    let cases = [
        ("ConflictException", Some("DESTINATION_PHONE_NUMBER_OPTED_OUT"), None, "refused"),
        (
            "ConflictException",
            Some("DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE"),
            None,
            "refused",
        ),
        (
            "ConflictException",
            Some("DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"),
            None,
            "refused",
        ),
        ("ConflictException", Some("DESTINATION_PHONE_NUMBER_NOT_VERIFIED"), None, "unable"),
        ("ConflictException", Some("NO_ORIGINATION_IDENTITIES_FOUND"), None, "unable"),
        ("ConflictException", Some("NUMBER_CAPABILITIES_MISMATCH"), None, "unable"),
        ("ConflictException", None, None, "unable"),
        ("ValidationException", Some("FIELD_VALIDATION_FAILED"), NUMBER, "refused"),
        ("ValidationException", Some("INVALID_PARAMETER"), Some("MessageBody"), "refused"),
        ("ValidationException", None, None, "refused"),
        ("ValidationException", Some("FIELD_VALIDATION_FAILED"), Some("VoiceId"), "unable"),
        ("ValidationException", Some("INVALID_IDENTITY_FOR_DESTINATION_COUNTRY"), NUMBER, "unable"),
        ("ValidationException", Some("SENDER_ID_NOT_REGISTERED"), NUMBER, "unable"),
        (
            "ServiceQuotaExceededException",
            Some("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
            None,
            "unable",
        ),
        ("AccessDeniedException", Some("ACCOUNT_DISABLED"), None, "unable"),
        ("AccessDeniedException", None, None, "unable"),
        ("ResourceNotFoundException", None, None, "unable"),
        ("ThrottlingException", None, None, "throttled"),
    ];
    for (code, reason, field, expected) in cases {
        for eum in EUM {
            let (outcome, _) = eum.outcome(move || eum_error(400, code, reason, field)).await;
            assert_eq!(word(&outcome), expected, "{eum:?} {code} {reason:?}: {outcome:?}");
            let said = format!("{outcome:?}");
            assert!(said.contains(code) && !said.contains("+1"), "{said}");
            assert!(expected == "throttled" || said.contains(reason.unwrap_or_default()), "{said}");
        }
    }
}

#[tokio::test]
async fn without_a_definite_answer_nobody_knows() {
    type Case = fn() -> Reply;
    let cases: [Case; 6] = [
        || eum_error(500, "InternalServerException", None, None),
        || eum_error(503, "ConflictException", Some("DESTINATION_PHONE_NUMBER_OPTED_OUT"), None),
        || http(502, "text/html", "<html>"),
        || http(200, "text/html", "<html>hello"),
        || Reply::Answer("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned()),
        || Reply::Close,
    ];
    for (n, case) in cases.into_iter().enumerate() {
        for eum in EUM {
            let (outcome, _) = eum.outcome(case).await;
            assert_eq!(word(&outcome), "unknown", "{eum:?} {n}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    for eum in EUM {
        assert_eq!(word(&eum.send(&Server::gone().url, &message()).await), "throttled");
    }
    let push = Push::new(|_| Reply::Close).await;
    let config = local::config(&Server::gone().url).await;
    let nowhere = SnsPush::new(&config, push.applications.clone(), WRITER);
    assert_eq!(word(&nowhere.send(&dispatch("push", "fcm:1")).await), "throttled");
}

/// The functions end after 30 s: a call must be given up before, or its outcome is not recorded.
#[tokio::test]
async fn a_provider_that_hangs_is_given_up_in_time() {
    let began = Instant::now();
    let push = Push::new(|asked| match asked.operation.as_str() {
        "Publish" => Reply::Hang,
        _ => endpoint("1"),
    })
    .await;
    let devices = to(&["fcm:1", "fcm:2", "fcm:3"]);
    let hanging = Server::new(|_| Reply::Hang);
    let message = message();
    let (sms, notified) =
        tokio::join!(Eum::Sms.send(&hanging.url, &message), push.provider.send(&devices));
    assert_eq!((word(&sms), word(&notified)), ("unknown", "unknown"));
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_text_message_by_sns_is_of_its_purpose() {
    let cases = [
        (Purpose::Operational, "Transactional"),
        (Purpose::Transactional, "Transactional"),
        (Purpose::Marketing, "Promotional"),
    ];
    for (purpose, kind) in cases {
        let server = Server::new(|_| query("Publish", "<MessageId>provider-1</MessageId>"));
        let config = local::config(&server.url).await;
        let message = Dispatch { purpose, use_case: None, ..message() };
        let sent = SnsSms::new(&config).send(&message).await;
        assert_eq!(sent, Ok(Accepted::sent("provider-1")));
        let asked = server.asked().await;
        assert_eq!(asked.len(), 1);
        let attributes = attributes(&asked[0]);
        assert_eq!(attributes["AWS.SNS.SMS.SMSType"], kind);
        assert_eq!(attributes["AWS.MM.SMS.OriginationNumber"], "+15555550100");
        assert_eq!(attributes["ceap.tenant"], "acme");
        assert_eq!(attributes["ceap.message_id"], "0".repeat(32));
        assert_eq!(attributes.as_object().unwrap().len(), 4);
    }
}

/// A request's message attributes.
fn attributes(asked: &Asked) -> Value {
    let form = asked.form();
    let entry = |n: usize, part: &str| {
        form.get(&format!("MessageAttributes.entry.{n}.{part}")).cloned().map(Value::from)
    };
    let pairs = (1..20).map_while(|n| Some((entry(n, "Name")?, entry(n, "Value.StringValue")?)));
    pairs.map(|(name, value)| (name.as_str().unwrap().to_owned(), value)).collect()
}

/// A channel as the provider sees it: `fcm:…` and `apns:…` are addresses.
const WRITER: Writer = Writer {
    parse: |address| {
        let (prefix, token) = address.split_once(':')?;
        let platform = Platform::ALL.into_iter().find(|it| it.prefix() == prefix)?;
        Some((platform, token))
    },
    payload: |dispatch, platform| match dispatch.content.text.as_str() {
        "long" => Err("too long".to_owned()),
        text => Ok(json!({"default": text, platform.prefix(): "…"}).to_string()),
    },
    attributes: |_, _, _| vec![("AWS.SNS.MOBILE.FCM.TTL", "60".to_owned())],
};

struct Push {
    server: Server,
    applications: Applications,
    provider: SnsPush,
}

impl Push {
    async fn new(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let server = Server::new(reply);
        let applications = Applications {
            apns: Some("arn:aws:sns:us-east-1:1:app/APNS/shop".to_owned()),
            apns_sandbox: None,
            fcm: Some("arn:aws:sns:us-east-1:1:app/GCM/shop".to_owned()),
        };
        let config = local::config(&server.url).await;
        let provider = SnsPush::new(&config, applications.clone(), WRITER);
        Self { server, applications, provider }
    }

    /// One whose devices take and refuse by their tokens.
    async fn by_token() -> Self {
        Self::new(|asked| {
            let form = asked.form();
            let (token, arn) = (form.get("Token"), form.get("TargetArn"));
            let arn = arn.or(form.get("EndpointArn")).map(|it| it.rsplit('/').next().unwrap());
            match (asked.operation.as_str(), arn.or(token.map(String::as_str)).unwrap()) {
                ("CreatePlatformEndpoint", "none") => {
                    let why = "Invalid parameter: Token Reason: iOS device tokens must be so";
                    query_error(400, "InvalidParameter", why)
                }
                ("CreatePlatformEndpoint", "down") => query_error(500, "InternalError", "x"),
                ("CreatePlatformEndpoint", token) => endpoint(token),
                ("Publish", "dead") => query_error(400, "EndpointDisabled", "x"),
                ("Publish", "busy") => query_error(429, "Throttled", "x"),
                ("Publish", "barred") => query_error(403, "AuthorizationError", "x"),
                ("Publish", "off") => query_error(400, "PlatformApplicationDisabled", "x"),
                ("Publish", "lost") => query_error(500, "InternalError", "x"),
                ("Publish", "bad") => {
                    query_error(400, "InvalidParameter", "Invalid parameter: Message too long")
                }
                ("Publish", token) => {
                    query("Publish", &format!("<MessageId>to-{token}</MessageId>"))
                }
                (operation, _) => query(operation, ""),
            }
        })
        .await
    }

    /// What came of sending to these addresses, and how often each was published to.
    async fn send(&self, addresses: &[&str]) -> (Outcome, Vec<String>) {
        let before = self.server.asked().await.len();
        let outcome = self.provider.send(&to(addresses)).await;
        let asked = self.server.asked().await.split_off(before);
        let published = asked.iter().filter(|it| it.operation == "Publish");
        let tokens = published.map(|it| {
            let arn = it.form().remove("TargetArn").unwrap();
            arn.rsplit('/').next().unwrap().to_owned()
        });
        (outcome, tokens.collect())
    }
}

fn to(addresses: &[&str]) -> Dispatch {
    let others = addresses[1..].iter().map(|it| (*it).to_owned()).collect();
    Dispatch { others, ..dispatch("push", addresses[0]) }
}

fn endpoint(token: &str) -> Reply {
    let arn = format!("arn:aws:sns:us-east-1:1:endpoint/GCM/shop/{token}");
    query("CreatePlatformEndpoint", &format!("<EndpointArn>{arn}</EndpointArn>"))
}

#[tokio::test]
async fn an_endpoint_is_made_once_and_holds_the_token_alone() {
    let push = Push::by_token().await;
    for _ in 0..2 {
        let (outcome, published) = push.send(&["fcm:1"]).await;
        assert_eq!((outcome, published), (Ok(Accepted::sent("to-1")), vec!["1".to_owned()]));
    }
    assert_eq!(
        push.server.operations().await,
        ["CreatePlatformEndpoint", "Publish", "Publish"],
        "the endpoint is remembered"
    );
    let asked = push.server.asked().await;
    let made: Value = serde_json::to_value(asked[0].form()).unwrap();
    assert_eq!(made, json!({"PlatformApplicationArn": push.applications.fcm, "Token": "1"}));
    let mut form = asked[1].form();
    form.retain(|name, _| !name.starts_with("MessageAttributes"));
    let payload = r#"{"default":"<speak>hello</speak>\n","fcm":"…"}"#;
    let arn = "arn:aws:sns:us-east-1:1:endpoint/GCM/shop/1";
    let expected = json!({"TargetArn": arn, "MessageStructure": "json", "Message": payload});
    assert_eq!(serde_json::to_value(form).unwrap(), expected);
    assert_eq!(attributes(&asked[1]), json!({"AWS.SNS.MOBILE.FCM.TTL": "60"}));
}

#[tokio::test]
async fn an_endpoint_of_other_attributes_is_used_as_it_is() {
    let arn = "arn:aws:sns:us-east-1:1:endpoint/GCM/shop/830d456e-dbea-304f-a2af-e2e9e666cd70";
    let push = Push::new(move |asked| match asked.operation.as_str() {
        "CreatePlatformEndpoint" => {
            let why = format!(
                "Invalid parameter: Token Reason: Endpoint {arn} already exists with the same Token, \
                 but different attributes."
            );
            query_error(400, "InvalidParameter", &why)
        }
        _ => query("Publish", "<MessageId>m</MessageId>"),
    })
    .await;
    let (outcome, published) = push.send(&["fcm:1"]).await;
    assert_eq!(outcome, Ok(Accepted::sent("m")));
    assert_eq!(published, ["830d456e-dbea-304f-a2af-e2e9e666cd70"]);
}

/// And its endpoint is deleted, so that the token gets a fresh one if the app registers it again.
#[tokio::test]
async fn a_device_whose_endpoint_is_disabled_is_gone() {
    let push = Push::by_token().await;
    for _ in 0..2 {
        assert_eq!(word(&push.send(&["fcm:dead"]).await.0), "gone");
    }
    let round = ["CreatePlatformEndpoint", "Publish", "DeleteEndpoint"];
    assert_eq!(push.server.operations().await, [round, round].concat());
    let (outcome, _) = push.send(&["fcm:dead", "fcm:none"]).await;
    assert_eq!(word(&outcome), "gone", "all are");
}

#[tokio::test]
async fn an_endpoint_that_was_deleted_meanwhile_is_made_again() {
    for code in ["NotFound", "InvalidParameter"] {
        let first = std::sync::atomic::AtomicUsize::new(0);
        let push = Push::new(move |asked| match asked.operation.as_str() {
            "Publish" if first.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1 => {
                let why =
                    "Invalid parameter: TargetArn Reason: No endpoint found for the target arn";
                query_error(if code == "NotFound" { 404 } else { 400 }, code, why)
            }
            "Publish" => query("Publish", "<MessageId>m</MessageId>"),
            _ => endpoint("1"),
        })
        .await;
        for _ in 0..2 {
            assert_eq!(push.send(&["fcm:1"]).await.0, Ok(Accepted::sent("m")));
        }
        let round = ["CreatePlatformEndpoint", "Publish"];
        let again = ["Publish", "CreatePlatformEndpoint", "Publish"];
        assert_eq!(push.server.operations().await, [&round[..], &again[..]].concat());
    }
}

#[tokio::test]
async fn every_device_is_asked_once_and_those_that_are_dead_are_named() {
    let push = Push::by_token().await;
    let devices =
        ["fcm:dead", "fcm:1", "apns:none", "fcm:busy", "fcm:2", "fcm:1", "fcm:down", "fcm:lost"];
    let (outcome, published) = push.send(&devices).await;
    let gone = vec!["fcm:dead".to_owned(), "apns:none".to_owned()];
    assert_eq!(outcome, Ok(Accepted { gone, ..Accepted::sent("to-1") }));
    assert_eq!(published, ["dead", "1", "busy", "2", "lost"]);
}

#[tokio::test]
async fn not_now_is_for_all_as_long_as_nothing_went_out() {
    let push = Push::by_token().await;
    for first in ["fcm:busy", "fcm:down"] {
        let (outcome, published) = push.send(&["fcm:dead", first, "fcm:1"]).await;
        assert_eq!(word(&outcome), "throttled");
        assert!(!published.contains(&"1".to_owned()), "it comes again for all");
    }
    let (outcome, _) = push.send(&["fcm:lost", "fcm:busy"]).await;
    assert_eq!(word(&outcome), "unknown", "the first may have it");
    let (outcome, _) = push.send(&["fcm:lost", "fcm:2"]).await;
    assert_eq!(outcome, Ok(Accepted::sent("to-2")));
}

#[tokio::test]
async fn when_no_device_took_it() {
    let push = Push::by_token().await;
    let cases: [(&[&str], &str); 9] = [
        (&["fcm:barred"], "unable"),
        (&["fcm:off"], "unable"),
        (&["fcm:bad"], "refused"),
        (&["fcm:none"], "gone"),
        (&["apns-sandbox:1"], "unable"),
        (&["nonsense"], "refused"),
        (&["fcm:dead", "fcm:bad"], "refused"),
        (&["fcm:bad", "apns-sandbox:1"], "unable"),
        (&["fcm:lost", "fcm:barred", "fcm:dead"], "unknown"),
    ];
    for (devices, expected) in cases {
        let (outcome, _) = push.send(devices).await;
        assert_eq!(word(&outcome), expected, "{devices:?}: {outcome:?}");
    }
    let mut long = to(&["fcm:1"]);
    long.content.text = "long".to_owned();
    assert_eq!(push.provider.send(&long).await, Err(SendError::Refused("too long".to_owned())));
}

#[tokio::test]
async fn a_messages_return_is_put_off() {
    let server = Server::new(|_| json(200, &json!({})));
    let config = local::config(&server.url).await;
    let postponer = Postponer::new(&config, "https://sqs.example.com/1/sms");
    for after_s in [0, 90, u32::MAX] {
        postponer.postpone("receipt", after_s).await.unwrap();
    }
    let asked = server.asked().await;
    assert!(asked.iter().all(|it| it.operation == "ChangeMessageVisibility"));
    let expected = |timeout: i32| {
        let url = "https://sqs.example.com/1/sms";
        json!({"QueueUrl": url, "ReceiptHandle": "receipt", "VisibilityTimeout": timeout})
    };
    let bodies: Vec<Value> = asked.iter().map(Asked::json).collect();
    assert_eq!(bodies, [expected(0), expected(90), expected(42_300)]);
}
