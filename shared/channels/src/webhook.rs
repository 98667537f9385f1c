//! Webhooks, signed as <https://www.standardwebhooks.com> says: to the team's own systems, and to
//! whatever else takes them.

use crate::http::{Answer, Http, NoAnswer, Reach};
use crate::{Channel, no_secret};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::secret::{Secret, Secrets};
use ceap_kernel::{Clock, SystemClock};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};

/// The tenant's secret that requests are signed with: `whsec_…`, or several with spaces between
/// them. Each signs, so that a receiver can move from one to the next.
pub const SECRET: &str = "webhook_secret";

/// What a payload's `type` says.
pub const TYPE: &str = "message.created.v1";

/// The longest URL that is taken, in bytes.
const LONGEST: usize = 2048;

/// Letters of a key of 24 bytes, the shortest that the specification allows, in base64.
const SHORTEST_KEY: usize = 32;

/// Bytes of the answer that are read: what it says in JSON becomes an event.
const ANSWER: usize = 16 * 1024;

/// Webhooks. Their address is a URL.
#[derive(Debug)]
pub struct Webhook;

impl Channel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn programs(&self) -> bool {
        true
    }

    /// Whether a URL on loopback may be asked is a setting of the function that asks.
    fn reaches(&self, to: &str) -> bool {
        to.len() <= LONGEST && Reach::Loopback.url(to).is_ok()
    }
}

/// Posts webhooks.
///
/// A receiver tells repeats by `webhook-id` (Standard Webhooks, "Idempotency"), which is the
/// message's id and the same each time. So, unlike elsewhere, asking again is safe when it is not
/// known what became of a request: after a timeout, a broken connection or a 5xx the message goes
/// back to its queue, and is not recorded as unknown.
#[derive(Debug)]
pub struct Webhooks<S> {
    http: Http,
    secrets: S,
}

impl<S> Webhooks<S> {
    /// By `http`, signed with what `secrets` has.
    pub const fn new(http: Http, secrets: S) -> Self {
        Self { http, secrets }
    }
}

impl<S: Secrets> Provider for Webhooks<S> {
    const REPEATABLE: bool = true;
    const DISABLES: bool = true;

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let url = self.http.reach.url(&dispatch.to).map_err(SendError::Refused)?;
        let secret = self.secrets.get(&dispatch.tenant, SECRET).await;
        let secret = secret.map_err(|fault| no_secret(&fault))?;
        let body = payload(dispatch);
        let now = SystemClock.now().as_second();
        let headers = headers(dispatch, &secret, now, &body).map_err(SendError::Refused)?;
        match self.http.post(url, headers, body, ANSWER).await {
            Ok(answer) => outcome(&answer).map(|()| Accepted {
                answer: told(&answer),
                ..Accepted::delivered(dispatch.id.as_str())
            }),
            Err(NoAnswer::Refused(why)) => Err(SendError::Refused(why)),
            Err(NoAnswer::NotAsked(why) | NoAnswer::Lost(why)) => Err(SendError::throttled(why)),
        }
    }
}

/// Standard Webhooks, "Payload": `type`, `timestamp` (when what it is about happened, the same in
/// every repeat) and `data`.
fn payload(dispatch: &Dispatch) -> Vec<u8> {
    let content = &dispatch.content;
    let payload = json!({
        "type": TYPE,
        "timestamp": dispatch.at,
        "data": {
            "id": dispatch.id,
            "tenant": dispatch.tenant,
            "use_case": dispatch.use_case,
            "recipient": dispatch.subject,
            "subject": content.subject,
            "text": content.text,
            "html": content.html,
            "about": content.facts,
        },
    });
    payload.to_string().into_bytes()
}

fn headers(
    dispatch: &Dispatch,
    secret: &Secret,
    now: i64,
    body: &[u8],
) -> Result<HeaderMap, String> {
    let signatures: Vec<String> = secret
        .reveal()
        .split_whitespace()
        .map(|secret| sign(secret, dispatch.id.as_str(), now, body))
        .collect::<Option<_>>()
        .filter(|signatures: &Vec<String>| !signatures.is_empty())
        .ok_or_else(|| format!("{SECRET} must be whsec_ and at least 24 bytes in base64"))?;
    let value = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
    Ok(HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HEADER_WEBHOOK_ID.parse().map_err(|_| "header")?, value(dispatch.id.as_str())?),
        (HEADER_WEBHOOK_TIMESTAMP.parse().map_err(|_| "header")?, HeaderValue::from(now)),
        (HEADER_WEBHOOK_SIGNATURE.parse().map_err(|_| "header")?, value(&signatures.join(" "))?),
    ]))
}

/// `v1,<base64 of HMAC-SHA256 over id.timestamp.body>`; `None` when the secret is none.
fn sign(secret: &str, id: &str, now: i64, body: &[u8]) -> Option<String> {
    secret.strip_prefix("whsec_").filter(|key| key.len() >= SHORTEST_KEY)?;
    standardwebhooks::Webhook::new(secret).ok()?.sign(id, now, body).ok()
}

/// What it answered, if that is JSON and whole.
fn told(answer: &Answer) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok().filter(|told: &Value| !told.is_null())
}

/// Standard Webhooks, "Deliverability": 2xx took it, 410 wants no more of any, 429 and 5xx later,
/// `Retry-After` says when. Any other 4xx would come again, and a redirect is not followed: both
/// are refusals.
fn outcome(answer: &Answer) -> Result<(), SendError> {
    let status = answer.status;
    match status {
        200..=299 => Ok(()),
        429 | 500..=599 => Err(SendError::Throttled {
            why: format!("status {status}"),
            after_s: answer.retry_after_s,
        }),
        300..=399 => {
            Err(SendError::Refused(format!("status {status}: redirects are not followed")))
        }
        410 => Err(SendError::Gone("status 410: the endpoint is gone".to_owned())),
        _ => Err(SendError::Refused(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Asked, Reply, Server, dispatch, secrets};
    use proptest::prelude::*;
    use rstest::rstest;
    use std::time::Duration;

    const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn http() -> Http {
        Http::within(Reach::Loopback, Duration::from_secs(2)).unwrap()
    }

    async fn ask(reply: Reply, secret: &str) -> (Result<Accepted, SendError>, Server) {
        let server = Server::start(vec![reply]).await;
        let webhooks = Webhooks::new(http(), secrets(&[(SECRET, secret)]));
        (webhooks.send(&dispatch("webhook", server.url().as_str())).await, server)
    }

    fn verified(asked: &Asked, secret: &str) -> bool {
        let headers = asked.header_map();
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        webhook.verify(asked.body.as_bytes(), &headers).is_ok()
    }

    #[rstest]
    #[case(Reply::status(200), "delivered")]
    #[case(Reply::status(204), "delivered")]
    #[case(Reply::status(200).body("x".repeat(5000)), "delivered")]
    #[case(Reply::status(301).header("location", "http://127.0.0.1:1/"), "refused")]
    #[case(Reply::status(307).header("location", "/hook"), "refused")]
    #[case(Reply::status(400), "refused")]
    #[case(Reply::status(401), "refused")]
    #[case(Reply::status(410), "gone")]
    #[case(Reply::status(429).header("retry-after", "30"), "throttled")]
    #[case(Reply::status(429), "throttled")]
    #[case(Reply::status(503).header("retry-after", "30"), "throttled")]
    #[case(Reply::status(500), "throttled")]
    #[case(Reply::Break, "throttled")]
    #[case(Reply::Hang, "throttled")]
    #[tokio::test]
    async fn outcomes(#[case] reply: Reply, #[case] expected: &str) {
        let (outcome, server) = ask(reply, OLD).await;
        let seen = match &outcome {
            Ok(_) => "delivered",
            Err(SendError::Refused(_)) => "refused",
            Err(SendError::Gone(_)) => "gone",
            Err(SendError::Unable(_)) => "unable",
            Err(SendError::Throttled { .. }) => "throttled",
            Err(SendError::Unknown(_) | SendError::Untold(_)) => "unknown",
        };
        assert_eq!(seen, expected, "{outcome:?}");
        assert_eq!((server.connections(), server.asked().len()), (1, 1));
    }

    #[tokio::test]
    async fn the_request_is_what_the_specification_says() {
        let (outcome, server) = ask(Reply::status(200), OLD).await;
        let asked = server.asked().pop().unwrap();
        let id = dispatch("webhook", "").id.to_string();
        assert_eq!(outcome, Ok(Accepted::delivered(id.clone())));
        assert_eq!(asked.line, "POST /hook HTTP/1.1");
        assert_eq!(asked.headers["webhook-id"], id);
        assert_eq!(asked.headers["content-type"], "application/json");
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(body["type"], TYPE);
        assert_eq!(body["timestamp"], "2026-11-21T10:00:00Z");
        assert_eq!(body["data"]["text"], "Tom & <b>Jerry</b>");
        assert_eq!(body["data"]["use_case"], "abandoned-cart");
        assert!(verified(&asked, OLD));
        assert!(!verified(&asked, NEW));
    }

    #[rstest]
    #[case(Reply::status(200).body(r#"{"credit": 5}"#), Some(json!({"credit": 5})))]
    #[case(Reply::status(200).body("thank you"), None)]
    #[case(Reply::status(204), None)]
    #[tokio::test]
    async fn what_it_answers_is_told(#[case] reply: Reply, #[case] told: Option<Value>) {
        assert_eq!(ask(reply, OLD).await.0.unwrap().answer, told);
    }

    #[tokio::test]
    async fn it_says_when_to_come_again() {
        let (outcome, _) = ask(Reply::status(429).header("retry-after", "30"), OLD).await;
        let expected = SendError::Throttled { why: "status 429".to_owned(), after_s: Some(30) };
        assert_eq!(outcome, Err(expected));
    }

    #[tokio::test]
    async fn while_keys_rotate_each_signs() {
        let (_, server) = ask(Reply::status(200), &format!("{NEW} {OLD}")).await;
        let asked = server.asked().pop().unwrap();
        assert!(verified(&asked, OLD) && verified(&asked, NEW));
        assert_eq!(asked.headers["webhook-signature"].split(' ').count(), 2);
    }

    /// The example of the reference implementation's own tests.
    #[test]
    fn signs_as_the_reference_does() {
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = sign(OLD, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signed.unwrap(), "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[rstest]
    #[case("")]
    #[case("whsec_")]
    #[case("whsec_c2hvcnQ=")]
    #[case("C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    #[case("whsec_not base64 at all, not base64 at all")]
    #[tokio::test]
    async fn a_bad_secret_refuses_and_nobody_is_asked(#[case] secret: &str) {
        let (outcome, server) = ask(Reply::status(200), secret).await;
        assert!(matches!(&outcome, Err(SendError::Refused(why)) if why.starts_with(SECRET)));
        assert_eq!(server.connections(), 0);
    }

    #[tokio::test]
    async fn without_a_secret_it_is_refused_and_without_a_store_it_waits() {
        let server = Server::start(Vec::new()).await;
        let to = dispatch("webhook", server.url().as_str());
        let outcome = Webhooks::new(http(), secrets(&[])).send(&to).await;
        assert!(matches!(outcome, Err(SendError::Unable(_))));
        let outcome = Webhooks::new(http(), secrets(&[("down", "")])).send(&to).await;
        assert!(matches!(outcome, Err(SendError::Throttled { .. })));
        assert_eq!(server.connections(), 0);
    }

    #[tokio::test]
    async fn loopback_is_refused_unless_it_is_allowed() {
        let server = Server::start(vec![Reply::status(200)]).await;
        let http = Http::new(Reach::Public).unwrap();
        let webhooks = Webhooks::new(http, secrets(&[(SECRET, OLD)]));
        for host in ["http://127.0.0.1", "https://127.0.0.1", "https://localhost"] {
            let to = dispatch("webhook", &format!("{host}:{}/hook", server.port));
            let outcome = webhooks.send(&to).await;
            assert!(matches!(outcome, Err(SendError::Refused(_))), "{host}: {outcome:?}");
        }
        assert_eq!(server.connections(), 0);
    }

    #[tokio::test]
    async fn where_nobody_listens_it_comes_again() {
        let url = Server::start(Vec::new()).await.closed().await;
        let webhooks = Webhooks::new(http(), secrets(&[(SECRET, OLD)]));
        let outcome = webhooks.send(&dispatch("webhook", url.as_str())).await;
        assert_eq!(outcome, Err(SendError::throttled("no connection")));
    }

    #[test]
    fn reaches_urls() {
        assert!(Webhook.reaches("https://example.com/hooks/1?x=y"));
        let long = format!("https://example.com/{}", "x".repeat(LONGEST));
        for bad in ["", "example.com", "http://example.com", "https://10.0.0.1/", &long] {
            assert!(!Webhook.reaches(bad), "{bad:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_the_answer_one_send_is_one_request(status in 200_u16..600, text in ".{0,80}") {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let reply = Reply::status(status).header("location", "/again").header("retry-after", "0");
                let server = Server::start(vec![reply, Reply::status(200)]).await;
                let webhooks = Webhooks::new(http(), secrets(&[(SECRET, OLD)]));
                let mut message = dispatch("webhook", server.url().as_str());
                message.content.text = text;
                drop(webhooks.send(&message).await);
                let asked = server.asked();
                assert_eq!((server.connections(), asked.len()), (1, 1));
                assert!(verified(&asked[0], OLD));
            });
        }
    }
}
