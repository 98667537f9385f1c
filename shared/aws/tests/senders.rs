//! What a provider's answer, or its lack, means: whether anything can have been sent decides whether
//! the message may ever be tried again. And it is asked once, whatever happens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod local;

use ceap_aws::ses::Ses;
use ceap_aws::sns::SnsSms;
use ceap_engagement::message::{Content, Dispatch};
use ceap_engagement::pipeline::send::{Provider, SendError};
use ceap_kernel::MessageId;
use ceap_testkit::builders::{noon, tenant, use_case};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// A provider that counts what it is asked.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn new(reaction: Reaction) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (reaction, count) = (reaction.clone(), Arc::clone(&count));
                std::thread::spawn(move || react(stream.unwrap(), &reaction, &count));
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

fn react(mut stream: TcpStream, reaction: &Reaction, count: &AtomicUsize) {
    if !read_request(&stream) {
        return;
    }
    count.fetch_add(1, Ordering::SeqCst);
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

/// Reads one request; false when the connection ends before it does.
fn read_request(stream: &TcpStream) -> bool {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            return reader.read_exact(&mut vec![0; length]).is_ok();
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

async fn send(channel: Channel, server: &Server) -> Result<String, SendError> {
    let config = local::config(&server.url).await;
    let email = channel == Channel::Email;
    let dispatch = Dispatch {
        tenant: tenant("acme"),
        id: MessageId::new("0".repeat(32)).unwrap(),
        use_case: use_case("contract"),
        channel: if email { "email" } else { "sms" }.to_owned(),
        from: Some(if email { "a@example.com" } else { "+15555550100" }.to_owned()),
        to: if email { "b@example.com" } else { "+15555550101" }.to_owned(),
        content: Content { subject: Some("hi".to_owned()), text: "hello".to_owned(), html: None },
        at: None,
        expires_at: noon(),
    };
    match channel {
        Channel::Email => Ses::new(&config).send(&dispatch).await,
        Channel::Sms => SnsSms::new(&config).send(&dispatch).await,
    }
}

/// Sends once and checks that the provider was asked once.
async fn outcome(channel: Channel, reaction: Reaction) -> Result<String, SendError> {
    let server = Server::new(reaction);
    let outcome = send(channel, &server).await;
    // A retry would come within this time.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.asked.load(Ordering::SeqCst), 1, "{channel:?} is asked once");
    outcome
}

#[tokio::test]
async fn what_is_taken_has_the_providers_id() {
    for (channel, sent) in [(Channel::Email, ses_sent()), (Channel::Sms, sns_sent())] {
        let taken = outcome(channel, Reaction::Answer(sent)).await;
        assert_eq!(taken, Ok("provider-1".to_owned()), "{channel:?}");
    }
}

#[tokio::test]
async fn a_named_refusal_is_final() {
    let ses = [
        (400, "MessageRejected"),
        (400, "BadRequestException"),
        (400, "MailFromDomainNotVerifiedException"),
        (404, "NotFoundException"),
    ];
    for (status, code) in ses {
        let refused = outcome(Channel::Email, ses_error(status, code)).await;
        assert_eq!(refused, Err(SendError::Refused(code.to_owned())));
    }
    let sns =
        [(400, "InvalidParameter"), (400, "ParameterValueInvalid"), (403, "AuthorizationError")];
    for (status, code) in sns {
        let refused = outcome(Channel::Sms, sns_error(status, code)).await;
        assert_eq!(refused, Err(SendError::Refused(code.to_owned())));
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
        assert_eq!(throttled, Err(SendError::Throttled(code.to_owned())));
    }
    // SNS calls its ThrottledException so on the wire (SNS API reference, "Throttled", HTTP 429).
    let sns = [(429, "Throttled"), (400, "Throttling"), (400, "KMSThrottling"), (429, "New")];
    for (status, code) in sns {
        let throttled = outcome(Channel::Sms, sns_error(status, code)).await;
        assert_eq!(throttled, Err(SendError::Throttled(code.to_owned())));
    }
}

fn is_unknown(outcome: &Result<String, SendError>) -> bool {
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
        assert!(matches!(refused, Err(SendError::Throttled(_))), "{channel:?}: {refused:?}");
        let nowhere = Server { url: "http://nowhere.invalid".to_owned(), asked: Arc::default() };
        let unresolved = send(channel, &nowhere).await;
        assert!(matches!(unresolved, Err(SendError::Throttled(_))), "{channel:?}: {unresolved:?}");
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
        assert_eq!(outcome(channel, late).await, Ok("provider-1".to_owned()), "{channel:?}");
    };
    tokio::join!(one(Channel::Email, ses_sent()), one(Channel::Sms, sns_sent()));
}
