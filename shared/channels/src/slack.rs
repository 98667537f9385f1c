//! Slack: as a bot, or by an incoming webhook.

use crate::http::{Answer, Http, NoAnswer, Reach};
use crate::{Channel, no_secret};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::secret::{Secret, Secrets};
use ceap_kernel::Fault;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

/// The tenant's secret with which the bot logs in: `xoxb-…`, with the scope `chat:write`.
pub const BOT_TOKEN: &str = "slack_bot_token";

/// The tenant's secret URL of an incoming webhook, used when there is no bot. It posts to the one
/// channel that it was made for, whatever the message's address.
pub const WEBHOOK_URL: &str = "slack_webhook_url";

/// Where incoming webhooks are: Slack's, and GovSlack's.
const WEBHOOK_HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// Characters of one text: Slack cuts off what is longer (`chat.postMessage`, "Truncating content").
const LONGEST_TEXT: usize = 40_000;

/// Bytes of an answer: it repeats the message.
const ANSWER: usize = 1024 * 1024;

/// Slack. Its address is the id of a user, channel or conversation.
#[derive(Debug)]
pub struct Slack;

impl Channel for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn reaches(&self, to: &str) -> bool {
        (3..=32).contains(&to.len())
            && to.starts_with(['C', 'D', 'G', 'U', 'W'])
            && to.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    }
}

/// Posts to Slack. Slack does not tell repeats, so after a timeout, a broken connection or a 5xx it
/// is not known whether the message is there.
#[derive(Debug)]
pub struct Poster<S> {
    http: Http,
    secrets: S,
    api: Url,
}

impl<S> Poster<S> {
    /// By `http`, with what `secrets` has; `api` is `https://slack.com/api`, or a test's.
    ///
    /// # Errors
    /// `Invalid` when `api` is no URL that may be asked.
    pub fn new(http: Http, secrets: S, api: &str) -> Result<Self, Fault> {
        let url = format!("{}/chat.postMessage", api.trim_end_matches('/'));
        let api = http.reach.url(&url).map_err(|rule| Fault::invalid("SLACK_API_URL", rule))?;
        Ok(Self { http, secrets, api })
    }
}

impl<S: Secrets> Provider for Poster<S> {
    /// The provider's id is the message's `ts`; an incoming webhook gives none, and ours stands in.
    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let text = escape(&dispatch.content.text);
        if text.chars().count() > LONGEST_TEXT {
            return Err(SendError::Refused(format!("longer than {LONGEST_TEXT} characters")));
        }
        match self.secrets.get(&dispatch.tenant, BOT_TOKEN).await {
            Ok(token) => {
                let body = json!({"channel": dispatch.to, "text": text});
                posted(&self.post(self.api.clone(), Some(&token), &body).await?)
            }
            Err(Fault::NotFound(_)) => {
                let url = self.secrets.get(&dispatch.tenant, WEBHOOK_URL).await;
                let url = url.map_err(|fault| no_secret(&fault))?;
                let url = webhook(self.http.reach, &url).map_err(SendError::Refused)?;
                hooked(&self.post(url, None, &json!({"text": text})).await?)
                    .map(|()| Accepted::delivered(dispatch.id.as_str()))
            }
            Err(fault) => Err(no_secret(&fault)),
        }
    }
}

impl<S> Poster<S> {
    async fn post(
        &self,
        url: Url,
        token: Option<&Secret>,
        body: &Value,
    ) -> Result<Answer, SendError> {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
        if let Some(token) = token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
                .map_err(|_| SendError::Refused(format!("{BOT_TOKEN} is not a token")))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let asked = self.http.post(url, headers, body.to_string().into_bytes(), ANSWER).await;
        asked.map_err(|error| match error {
            NoAnswer::Refused(why) => SendError::Refused(why),
            NoAnswer::NotAsked(why) => SendError::throttled(why),
            NoAnswer::Lost(why) => SendError::Unknown(why),
        })
    }
}

/// The URL of an incoming webhook; one that leads elsewhere is not asked.
fn webhook(reach: Reach, secret: &Secret) -> Result<Url, String> {
    let url = reach.url(secret.reveal()).map_err(|rule| format!("{WEBHOOK_URL}: {rule}"))?;
    let slack = url.host_str().is_some_and(|host| WEBHOOK_HOSTS.contains(&host));
    if slack || (reach == Reach::Loopback && url.scheme() == "http") {
        Ok(url)
    } else {
        Err(format!("{WEBHOOK_URL}: the host must be {}", WEBHOOK_HOSTS.join(" or ")))
    }
}

/// Slack's "Formatting text for app surfaces": these three are its control characters, with which a
/// value could otherwise mention a whole channel or disguise a link.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What a status says of its own; `None` when the body has to be read.
fn by_status(answer: &Answer) -> Option<SendError> {
    let said = format!("status {}", answer.status);
    match answer.status {
        200..=299 => None,
        429 => Some(SendError::Throttled { why: said, after_s: answer.retry_after_s }),
        500..=599 => Some(SendError::Unknown(said)),
        _ => Some(SendError::Refused(said)),
    }
}

/// The Web API's answer: `{"ok": true, "ts": …}`, or `{"ok": false, "error": …}`.
#[derive(Deserialize)]
struct Posted {
    ok: bool,
    #[serde(default)]
    ts: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

fn posted(answer: &Answer) -> Result<Accepted, SendError> {
    by_status(answer).map_or(Ok(()), Err)?;
    let posted: Posted = serde_json::from_slice(&answer.body)
        .map_err(|_| SendError::Unknown("an answer that is not Slack's".to_owned()))?;
    match (posted.ok, posted.ts, posted.error.unwrap_or_default()) {
        (true, ts, _) => Ok(Accepted::delivered(ts.unwrap_or_default())),
        (false, _, error) => Err(refusal(error)),
    }
}

/// `chat.postMessage`, "Errors". Of the first two of the last kind Slack says that some aspect of
/// the operation may have succeeded, of the others nothing.
fn refusal(error: String) -> SendError {
    match error.as_str() {
        "ratelimited" | "rate_limited" => SendError::throttled(error),
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "" => {
            SendError::Unknown(error)
        }
        _ => SendError::Refused(error),
    }
}

/// An incoming webhook answers with text: `ok`, or a 4xx and why.
fn hooked(answer: &Answer) -> Result<(), SendError> {
    let error = by_status(answer);
    let why: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .filter(|c| c.is_ascii_lowercase() || *c == '_')
        .take(64)
        .collect();
    match error {
        Some(SendError::Refused(status)) if !why.is_empty() => {
            Err(SendError::Refused(format!("{status}: {why}")))
        }
        Some(error) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Reply, Server, dispatch, secrets};
    use proptest::prelude::*;
    use rstest::rstest;
    use std::time::Duration;

    const TOKEN: (&str, &str) = (BOT_TOKEN, "xoxb-1");

    fn http() -> Http {
        Http::within(Reach::Loopback, Duration::from_secs(2)).unwrap()
    }

    async fn as_bot(reply: Reply) -> (Result<Accepted, SendError>, Server) {
        let server = Server::start(vec![reply]).await;
        let api = format!("http://127.0.0.1:{}/api/", server.port);
        let poster = Poster::new(http(), secrets(&[TOKEN]), &api).unwrap();
        (poster.send(&dispatch("slack", "U024BE7LH")).await, server)
    }

    async fn by_webhook(reply: Reply) -> (Result<Accepted, SendError>, Server) {
        let server = Server::start(vec![reply]).await;
        let secrets = secrets(&[(WEBHOOK_URL, server.url().as_str())]);
        let poster = Poster::new(http(), secrets, "https://slack.com/api").unwrap();
        (poster.send(&dispatch("slack", "U024BE7LH")).await, server)
    }

    fn seen(outcome: &Result<Accepted, SendError>) -> &'static str {
        match outcome {
            Ok(_) => "delivered",
            Err(SendError::Refused(_)) => "refused",
            Err(SendError::Throttled { .. }) => "throttled",
            Err(SendError::Gone(_)) => "gone",
            Err(SendError::Unable(_)) => "unable",
            Err(SendError::Unknown(_) | SendError::Untold(_)) => "unknown",
        }
    }

    fn error(name: &str) -> Reply {
        Reply::status(200).body(format!(r#"{{"ok":false,"error":"{name}"}}"#))
    }

    #[rstest]
    #[case(Reply::status(200).body(r#"{"ok":true,"ts":"1405894322.002768"}"#), "delivered")]
    #[case(error("ratelimited"), "throttled")]
    #[case(Reply::status(429).header("retry-after", "30"), "throttled")]
    #[case(error("channel_not_found"), "refused")]
    #[case(error("invalid_auth"), "refused")]
    #[case(error("internal_error"), "unknown")]
    #[case(Reply::status(200).body("<html>"), "unknown")]
    #[case(Reply::status(200).body(r#"{"ok":fal"#), "unknown")]
    #[case(Reply::status(302).header("location", "/login"), "refused")]
    #[case(Reply::status(404), "refused")]
    #[case(Reply::status(500), "unknown")]
    #[case(Reply::status(503), "unknown")]
    #[case(Reply::Break, "unknown")]
    #[case(Reply::Hang, "unknown")]
    #[tokio::test]
    async fn outcomes_as_a_bot(#[case] reply: Reply, #[case] expected: &str) {
        let (outcome, server) = as_bot(reply).await;
        assert_eq!(seen(&outcome), expected, "{outcome:?}");
        assert_eq!((server.connections(), server.asked().len()), (1, 1));
    }

    #[rstest]
    #[case(Reply::status(200).body("ok"), "delivered")]
    #[case(Reply::status(429), "throttled")]
    #[case(Reply::status(403).body("action_prohibited"), "refused")]
    #[case(Reply::status(404).body("no_service"), "refused")]
    #[case(Reply::status(500).body("rollup_error"), "unknown")]
    #[case(Reply::Break, "unknown")]
    #[case(Reply::Hang, "unknown")]
    #[tokio::test]
    async fn outcomes_by_webhook(#[case] reply: Reply, #[case] expected: &str) {
        let (outcome, server) = by_webhook(reply).await;
        assert_eq!(seen(&outcome), expected, "{outcome:?}");
        assert_eq!((server.connections(), server.asked().len()), (1, 1));
    }

    #[tokio::test]
    async fn a_bot_posts_escaped_text_to_the_address() {
        let (outcome, server) = as_bot(Reply::status(200).body(r#"{"ok":true,"ts":"1.2"}"#)).await;
        assert_eq!(outcome, Ok(Accepted::delivered("1.2")));
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.line, "POST /api/chat.postMessage HTTP/1.1");
        assert_eq!(asked.headers["authorization"], "Bearer xoxb-1");
        assert_eq!(asked.headers["content-type"], "application/json; charset=utf-8");
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let text = "Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;";
        assert_eq!(body, json!({"channel": "U024BE7LH", "text": text}));
    }

    #[tokio::test]
    async fn an_incoming_webhook_gets_no_token() {
        let (outcome, server) = by_webhook(Reply::status(200).body("ok")).await;
        assert_eq!(outcome, Ok(Accepted::delivered(dispatch("slack", "").id.as_str())));
        let asked = server.asked().pop().unwrap();
        assert!(!asked.headers.contains_key("authorization"));
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(body, json!({"text": "Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;"}));
    }

    #[tokio::test]
    async fn secrets_decide() {
        let send = async |known: &[(&str, &str)]| {
            let poster = Poster::new(http(), secrets(known), "https://slack.com/api").unwrap();
            poster.send(&dispatch("slack", "U024BE7LH")).await
        };
        assert_eq!(seen(&send(&[]).await), "unable");
        assert_eq!(seen(&send(&[("down", "")]).await), "throttled");
        assert_eq!(seen(&send(&[(BOT_TOKEN, "xoxb\u{1}")]).await), "refused");
        for url in ["https://hooks.slack.com.example.com/x", "http://hooks.slack.com/x", "x"] {
            let outcome = send(&[(WEBHOOK_URL, url)]).await;
            assert!(
                matches!(&outcome, Err(SendError::Refused(why)) if why.contains("slack_webhook_url"))
            );
        }
    }

    #[tokio::test]
    async fn where_nobody_listens_nothing_was_sent() {
        let url = Server::start(Vec::new()).await.closed().await;
        let poster = Poster::new(http(), secrets(&[TOKEN]), url.as_str()).unwrap();
        let outcome = poster.send(&dispatch("slack", "U024BE7LH")).await;
        assert_eq!(outcome, Err(SendError::throttled("no connection")));
    }

    #[tokio::test]
    async fn a_text_that_slack_would_cut_off_is_refused() {
        let poster = Poster::new(http(), secrets(&[TOKEN]), "https://slack.com/api").unwrap();
        let mut long = dispatch("slack", "U024BE7LH");
        long.content.text = "x".repeat(LONGEST_TEXT + 1);
        assert_eq!(seen(&poster.send(&long).await), "refused");
    }

    #[test]
    fn the_api_is_on_https() {
        let http = || Http::new(Reach::Public).unwrap();
        assert!(Poster::new(http(), secrets(&[]), "https://slack.com/api").is_ok());
        assert!(Poster::new(http(), secrets(&[]), "http://slack.com/api").is_err());
        assert!(Poster::new(http(), secrets(&[]), "http://127.0.0.1:1/api").is_err());
    }

    #[test]
    fn reaches_ids() {
        for good in ["U024BE7LH", "C012AB3CD", "D0G9QPY56", "W012A3CDE"] {
            assert!(Slack.reaches(good), "{good:?}");
        }
        for bad in ["", "#general", "@ada", "u024be7lh", "U024\n", "ada@example.com", "T012AB3CD"] {
            assert!(!Slack.reaches(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_control_character_is_left(text in "[&<>!@#a-z ]{0,60}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>']));
            let back = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            prop_assert_eq!(back, text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn whatever_the_answer_one_send_is_one_request(status in 200_u16..600) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let (_, server) = runtime.block_on(as_bot(Reply::status(status).header("location", "/again")));
            prop_assert_eq!((server.connections(), server.asked().len()), (1, 1));
        }
    }
}
