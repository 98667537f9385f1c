//! What a provider's answer, or its lack, means: whether anything can have been sent decides whether
//! the message may ever be tried again. And it is asked once, whatever happens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod local;

use ceap_aws::ses::Ses;
use ceap_aws::sns::SnsSms;
use ceap_engagement::message::{Content, Dispatch};
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::use_case::Purpose;
use ceap_kernel::{MessageId, SubjectId, Timestamp};
use ceap_testkit::builders::{noon, tenant, use_case};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the server does with a request that it has read.
#[derive(Clone)]
enum Reaction {
    /// Answers with these bytes.
    Answer(String),
    /// Answers late.
    Late(Duration, String),
    /// Closes the connection.
    Close,
    /// Says nothing.
    Hang,
}

/// A provider that keeps what it is asked.
struct Server {
    url: String,
    asked: Asked,
}

/// The body of each request.
type Asked = Arc<Mutex<Vec<String>>>;

impl Server {
    fn new(reaction: Reaction) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Asked::default();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (reaction, kept) = (reaction.clone(), Arc::clone(&kept));
                std::thread::spawn(move || react(stream.unwrap(), &reaction, &kept));
            }
        });
        Self { url, asked }
    }

    /// Where nobody listens.
    fn gone() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, asked: Arc::default() }
    }
}

fn react(mut stream: TcpStream, reaction: &Reaction, asked: &Asked) {
    let Some(body) = read_request(&stream) else { return };
    asked.lock().unwrap().push(body);
    match reaction {
        Reaction::Answer(answer) => stream.write_all(answer.as_bytes()).unwrap(),
        Reaction::Late(pause, answer) => {
            std::thread::sleep(*pause);
            let _ = stream.write_all(answer.as_bytes());
        }
        Reaction::Close => {}
        Reaction::Hang => std::thread::sleep(Duration::from_secs(60)),
    }
}

/// The body of one request; none when the connection ends before it does.
fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            return String::from_utf8(body).ok();
        }
    }
}

fn http(status: u16, headers: &str, body: &str) -> Reaction {
    Reaction::Answer(http_text(status, headers, body))
}

fn http_text(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// An error as SES v2 writes it (AWS restJson1).
fn ses_error(status: u16, code: &str) -> Reaction {
    let headers = format!("content-type: application/json\r\nx-amzn-errortype: {code}\r\n");
    http(status, &headers, r#"{"message":"so it is"}"#)
}

/// An error as SNS writes it (AWS query).
fn sns_error(status: u16, code: &str) -> Reaction {
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>so it is</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    http(status, "content-type: text/xml\r\n", &body)
}

fn ses_sent() -> String {
    http_text(200, "content-type: application/json\r\n", r#"{"MessageId":"provider-1"}"#)
}

fn sns_sent() -> String {
    let body = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                <MessageId>provider-1</MessageId></PublishResult></PublishResponse>";
    http_text(200, "content-type: text/xml\r\n", body)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Channel {
    Email,
    Sms,
}

const CHANNELS: [Channel; 2] = [Channel::Email, Channel::Sms];

fn dispatch(channel: Channel) -> Dispatch {
    let email = channel == Channel::Email;
    Dispatch {
        tenant: tenant("acme"),
        id: MessageId::new("0".repeat(32)).unwrap(),
        use_case: Some(use_case("contract")),
        subject: SubjectId::new("c-1").unwrap(),
        purpose: Purpose::Transactional,
        channel: if email { "email" } else { "sms" }.to_owned(),
        from: Some(if email { "a@example.com" } else { "+15555550100" }.to_owned()),
        to: if email { "b@example.com" } else { "+15555550101" }.to_owned(),
        others: Vec::new(),
        content: Content {
            subject: Some("hi".to_owned()),
            text: "hello".to_owned(),
            ..Content::default()
        },
        unsubscribe: None,
        at: None,
        expires_at: noon(),
        trace: None,
    }
}

/// Stands in for the writer, which is a channel's.
fn write(dispatch: &Dispatch, _: Timestamp) -> Result<Vec<u8>, String> {
    let to = &dispatch.to;
    Ok(format!("From: =?utf-8?Q?=C3=84?=\r\n <a@example.com>\r\nTo: {to}\r\n\r\nFrom: x").into())
}

async fn send(channel: Channel, server: &Server) -> Result<Accepted, SendError> {
    let config = local::config(&server.url).await;
    match channel {
        Channel::Email => Ses::new(&config, write).send(&dispatch(channel)).await,
        Channel::Sms => SnsSms::new(&config).send(&dispatch(channel)).await,
    }
}

/// Sends once and checks that the provider was asked once.
async fn outcome(channel: Channel, reaction: Reaction) -> Result<Accepted, SendError> {
    let server = Server::new(reaction);
    let outcome = send(channel, &server).await;
    // A retry would come within this time.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.asked.lock().unwrap().len(), 1, "{channel:?} is asked once");
    outcome
}

/// SES API v2 reference, `SendEmail`. The sender is as the message's own header has it, because it
/// replaces that.
#[tokio::test]
async fn an_email_goes_out_as_it_was_written() {
    let server = Server::new(Reaction::Answer(ses_sent()));
    let ses = Ses::new(&local::config(&server.url).await, write);
    let mut message = dispatch(Channel::Email);
    ses.clone().configuration_set(Some("events".to_owned())).send(&message).await.unwrap();
    message.use_case = None;
    ses.configuration_set(None).send(&message).await.unwrap();

    let asked: Vec<Value> =
        server.asked.lock().unwrap().iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    let raw = asked[0]["Content"]["Raw"]["Data"].as_str().unwrap();
    let written = write(&message, noon()).unwrap();
    assert_eq!(aws_smithy_types::base64::decode(raw).unwrap(), written);
    let tag = |name: &str, value: &str| json!({"Name": name, "Value": value});
    let mut expected = json!({
        "FromEmailAddress": "=?utf-8?Q?=C3=84?= <a@example.com>",
        "Destination": {"ToAddresses": ["b@example.com"]},
        "Content": {"Raw": {"Data": raw}},
        "EmailTags": [
            tag("ceap-tenant", "acme"),
            tag("ceap-use-case", "contract"),
            tag("ceap-message-id", &"0".repeat(32)),
            tag("ceap-purpose", "transactional"),
        ],
        "ConfigurationSetName": "events",
    });
    assert_eq!(asked[0], expected);
    expected["EmailTags"].as_array_mut().unwrap().remove(1);
    expected.as_object_mut().unwrap().remove("ConfigurationSetName");
    assert_eq!(asked[1], expected);
}

#[tokio::test]
async fn what_can_not_be_written_is_refused_and_nobody_is_asked() {
    let server = Server::new(Reaction::Answer(ses_sent()));
    let config = local::config(&server.url).await;
    let ses = Ses::new(&config, |_, _| Err("the sender must be an address".to_owned()));
    let refused = ses.send(&dispatch(Channel::Email)).await;
    assert_eq!(refused, Err(SendError::Refused("the sender must be an address".to_owned())));
    assert!(server.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_taken_has_the_providers_id() {
    for (channel, sent) in [(Channel::Email, ses_sent()), (Channel::Sms, sns_sent())] {
        let taken = outcome(channel, Reaction::Answer(sent)).await;
        assert_eq!(taken, Ok(Accepted::sent("provider-1")), "{channel:?}");
    }
}

#[tokio::test]
async fn a_named_refusal_is_final() {
    for code in ["MessageRejected", "BadRequestException", "SomethingNew"] {
        let refused = outcome(Channel::Email, ses_error(400, code)).await;
        assert_eq!(refused, Err(SendError::Refused(code.to_owned())));
    }
    for code in ["InvalidParameter", "ParameterValueInvalid"] {
        let refused = outcome(Channel::Sms, sns_error(400, code)).await;
        assert_eq!(refused, Err(SendError::Refused(code.to_owned())));
    }
}

/// Another provider may send what this account may not.
#[tokio::test]
async fn a_refusal_of_the_account_is_not_one_of_the_message() {
    let ses = [
        (400, "AccountSuspendedException"),
        (400, "SendingPausedException"),
        (400, "MailFromDomainNotVerifiedException"),
        (404, "NotFoundException"),
        (403, "AccessDeniedException"),
        (400, "AccessDeniedException"),
        (403, "UnrecognizedClientException"),
        (403, "ExpiredTokenException"),
        (403, "SomethingNew"),
    ];
    for (status, code) in ses {
        let unable = outcome(Channel::Email, ses_error(status, code)).await;
        assert_eq!(unable, Err(SendError::Unable(code.to_owned())));
    }
    let sns = [
        (403, "AuthorizationError"),
        (403, "InvalidSecurity"),
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (400, "OptInRequired"),
    ];
    for (status, code) in sns {
        let unable = outcome(Channel::Sms, sns_error(status, code)).await;
        assert_eq!(unable, Err(SendError::Unable(code.to_owned())));
    }
}

#[tokio::test]
async fn throttling_sent_nothing() {
    let ses = [
        (429, "TooManyRequestsException"),
        (400, "LimitExceededException"),
        (400, "ThrottlingException"),
        (429, "SomethingNew"),
    ];
    for (status, code) in ses {
        let throttled = outcome(Channel::Email, ses_error(status, code)).await;
        assert_eq!(throttled, Err(SendError::throttled(code)));
    }
    // SNS calls its ThrottledException so on the wire (SNS API reference, "Throttled", HTTP 429).
    let sns = [(429, "Throttled"), (400, "Throttling"), (400, "KMSThrottling"), (429, "New")];
    for (status, code) in sns {
        let throttled = outcome(Channel::Sms, sns_error(status, code)).await;
        assert_eq!(throttled, Err(SendError::throttled(code)));
    }
}

fn is_unknown(outcome: &Result<Accepted, SendError>) -> bool {
    matches!(outcome, Err(SendError::Unknown(_)))
}

#[tokio::test]
async fn after_a_server_error_nobody_knows() {
    for (status, code) in [(500, "InternalFailure"), (503, "ServiceUnavailable"), (504, "x")] {
        let outcome = outcome(Channel::Email, ses_error(status, code)).await;
        assert!(is_unknown(&outcome), "{outcome:?}");
    }
    for (status, code) in [(500, "InternalError"), (503, "ServiceUnavailable"), (502, "x")] {
        let outcome = outcome(Channel::Sms, sns_error(status, code)).await;
        assert!(is_unknown(&outcome), "{outcome:?}");
    }
    // And one that no service wrote.
    for channel in CHANNELS {
        let outcome = outcome(channel, http(502, "content-type: text/html\r\n", "<html>")).await;
        assert!(is_unknown(&outcome), "{channel:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn after_an_answer_without_sense_nobody_knows() {
    for channel in CHANNELS {
        let cases = [
            http(200, "content-type: text/html\r\n", "<html>hello"),
            Reaction::Answer("not HTTP\r\n\r\n".to_owned()),
            Reaction::Answer("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned()),
        ];
        for case in cases {
            let outcome = outcome(channel, case).await;
            assert!(is_unknown(&outcome), "{channel:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn after_a_broken_connection_nobody_knows() {
    for channel in CHANNELS {
        let outcome = outcome(channel, Reaction::Close).await;
        assert!(is_unknown(&outcome), "{channel:?}: {outcome:?}");
    }
}

/// Without a connection no request was made: nothing was sent, and it may be tried again. As unknown,
/// no message of an outage would ever go out.
#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    for channel in CHANNELS {
        let refused = send(channel, &Server::gone()).await;
        assert!(matches!(refused, Err(SendError::Throttled { .. })), "{channel:?}: {refused:?}");
        let nowhere = Server { url: "http://nowhere.invalid".to_owned(), asked: Arc::default() };
        let unresolved = send(channel, &nowhere).await;
        assert!(
            matches!(unresolved, Err(SendError::Throttled { .. })),
            "{channel:?}: {unresolved:?}"
        );
    }
}

/// The functions end after 30 s: a call must be given up before, or its outcome is not recorded.
#[tokio::test]
async fn a_provider_that_hangs_is_given_up_in_time() {
    let one = async |channel| {
        let began = Instant::now();
        let outcome = outcome(channel, Reaction::Hang).await;
        assert!(is_unknown(&outcome), "{channel:?}: {outcome:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    };
    tokio::join!(one(Channel::Email), one(Channel::Sms));
}

#[tokio::test]
async fn a_slow_answer_is_still_heard() {
    let one = async |channel, sent| {
        let late = Reaction::Late(Duration::from_secs(7), sent);
        assert_eq!(outcome(channel, late).await, Ok(Accepted::sent("provider-1")), "{channel:?}");
    };
    tokio::join!(one(Channel::Email, ses_sent()), one(Channel::Sms, sns_sent()));
}
