//! WhatsApp, by Meta's Cloud API.

use crate::http::{Answer, Http, NoAnswer};
use crate::{Channel, no_secret};
use ceap_engagement::message::{Approved, Content, Dispatch};
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::profile::{self, Profile};
use ceap_engagement::secret::{Secret, Secrets};
use ceap_engagement::use_case::Settings;
use ceap_kernel::Fault;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

/// The tenant's secret with which messages are sent: a system user's token with the permission
/// `whatsapp_business_messaging`.
pub const ACCESS_TOKEN: &str = "whatsapp_access_token";

/// The tenant's secret with which Meta signs its callbacks: its app's.
pub const APP_SECRET: &str = "whatsapp_app_secret";

/// The tenant's setting that names the sender.
const SENDER: &str = "whatsapp_phone_number_id";

/// Characters of a text message ("Text messages", `body`).
const LONGEST_TEXT: usize = 4096;

/// Bytes of an answer that are read; Meta's are some hundred.
const ANSWER: usize = 64 * 1024;

/// WhatsApp. Its address is a phone number: one of its own, or that of the profile.
#[derive(Debug)]
pub struct WhatsApp;

impl Channel for WhatsApp {
    fn name(&self) -> &'static str {
        "whatsapp"
    }

    fn address<'a>(&self, profile: &'a Profile) -> Option<&'a str> {
        profile.addresses.get(self.name()).or(profile.phone.as_ref()).map(String::as_str)
    }

    fn reaches(&self, to: &str) -> bool {
        profile::phone(to).is_ok()
    }

    fn sender<'a>(&self, settings: &'a Settings) -> Option<&'a str> {
        settings.whatsapp_phone_number_id.as_deref()
    }

    fn limit(&self, content: &Content) -> Result<(), String> {
        // Of an approved template Meta has the text.
        let length = content.text.chars().count();
        if content.approved.is_some() || length <= LONGEST_TEXT {
            return Ok(());
        }
        Err(format!("text: {length} characters, and WhatsApp takes {LONGEST_TEXT}"))
    }
}

/// Posts to the Cloud API as the business phone number that the message comes from. Meta does not
/// tell repeats, so after a timeout, a broken connection or an error of its own it is not known
/// whether the message went out; the statuses that come back later may tell.
#[derive(Debug)]
pub struct CloudApi<S> {
    http: Http,
    secrets: S,
    api: String,
}

impl<S> CloudApi<S> {
    /// By `http`, with what `secrets` has; `api` is `https://graph.facebook.com/` and a version, or
    /// a test's.
    ///
    /// # Errors
    /// `Invalid` when `api` is no URL that may be asked.
    pub fn new(http: Http, secrets: S, api: &str) -> Result<Self, Fault> {
        let api = api.trim_end_matches('/').to_owned();
        http.reach.url(&api).map_err(|rule| Fault::invalid("WHATSAPP_API_URL", rule))?;
        Ok(Self { http, secrets, api })
    }

    /// Where the number sends; a number's id is digits, so that it can't lead elsewhere.
    fn url(&self, dispatch: &Dispatch) -> Result<Url, SendError> {
        let number = dispatch.from.as_deref().unwrap_or_default();
        if number.is_empty() || number.len() > 32 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SendError::Unable(format!("{SENDER} is not the id of a phone number")));
        }
        let url = format!("{}/{number}/messages", self.api);
        self.http.reach.url(&url).map_err(SendError::Unable)
    }
}

impl<S: Secrets> Provider for CloudApi<S> {
    /// Meta calls back a tenant that has the secret to check its callbacks with.
    async fn traced(&self, dispatch: &Dispatch) -> bool {
        self.secrets.get(&dispatch.tenant, APP_SECRET).await.is_ok()
    }

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let url = self.url(dispatch)?;
        let body = payload(dispatch)?.to_string().into_bytes();
        let token = self.secrets.get(&dispatch.tenant, ACCESS_TOKEN).await;
        let token = token.map_err(|fault| no_secret(&fault))?;
        match self.http.post(url, headers(&token)?, body, ANSWER).await {
            Ok(answer) => outcome(&answer),
            Err(NoAnswer::Refused(why)) => Err(SendError::Refused(why)),
            Err(NoAnswer::NotAsked(why)) => Err(SendError::throttled(why)),
            Err(NoAnswer::Lost(why)) => Err(SendError::Unknown(why)),
        }
    }
}

fn headers(token: &Secret) -> Result<HeaderMap, SendError> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
        .map_err(|_| SendError::Unable(format!("{ACCESS_TOKEN} is not a token")))?;
    bearer.set_sensitive(true);
    let json = HeaderValue::from_static("application/json");
    Ok(HeaderMap::from_iter([(CONTENT_TYPE, json), (AUTHORIZATION, bearer)]))
}

/// A template message, or text: that one is taken only while the recipient's last message is less
/// than 24 hours old ("Customer service windows").
///
/// `biz_opaque_callback_data` (at most 512 characters) comes back with each status of the message.
fn payload(dispatch: &Dispatch) -> Result<Value, SendError> {
    let content = &dispatch.content;
    WhatsApp.limit(content).map_err(SendError::Refused)?;
    let (kind, message) = match &content.approved {
        Some(approved) => ("template", template(approved)),
        None => ("text", json!({"preview_url": false, "body": content.text})),
    };
    Ok(json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": dispatch.to,
        "type": kind,
        kind: message,
        "biz_opaque_callback_data": format!("{}/{}", dispatch.tenant, dispatch.id),
    }))
}

/// "Template messages": the body's `{{1}}`, `{{2}}`, … in their order. A template without any has
/// no component.
fn template(approved: &Approved) -> Value {
    let text = |text: &String| json!({"type": "text", "text": text});
    let parameters: Vec<Value> = approved.parameters.iter().map(text).collect();
    let mut template = json!({
        "name": approved.name,
        "language": {"code": approved.language},
    });
    if !parameters.is_empty() {
        let body = json!([{"type": "body", "parameters": parameters}]);
        template.as_object_mut().map(|object| object.insert("components".to_owned(), body));
    }
    template
}

/// `{"messages": [{"id": "wamid.…"}]}`, or `{"error": {"code": …}}`.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default)]
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Message {
    id: String,
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
}

fn outcome(answer: &Answer) -> Result<Accepted, SendError> {
    let said: Option<Said> = serde_json::from_slice(&answer.body).ok();
    let (error, message) = match said {
        Some(said) => (said.error, said.messages.into_iter().next()),
        None => (None, None),
    };
    match (answer.status, error, message) {
        (_, Some(failure), _) => Err(by_code(failure.code, answer)),
        (200..=299, None, Some(message)) => Ok(Accepted::sent(message.id)),
        _ => Err(by_status(answer, format!("status {}", answer.status))),
    }
}

/// What an answer says that has no error of Meta's, or one that is not known here.
fn by_status(answer: &Answer, said: String) -> SendError {
    match answer.status {
        200..=299 => SendError::Unknown(format!("{said}, not the Cloud API's answer")),
        429 => SendError::Throttled { why: said, after_s: answer.retry_after_s },
        401 | 403 => SendError::Unable(said),
        500..=599 => SendError::Unknown(said),
        _ => SendError::Refused(said),
    }
}

/// What an error means for the message.
#[derive(Debug, Clone, Copy)]
enum Means {
    /// This message to this recipient: never.
    Refused,
    /// The account, its number, token or template: not by this provider as it is set up.
    Unable,
    /// Not now; after so many seconds, where Meta says so.
    Later(Option<u32>),
    /// An error of Meta's own, of which it does not say that nothing was sent.
    Unknown,
}

/// Meta's "Error codes" for the Cloud API, from the first code to the last that mean the same. Its
/// words may hold what we sent, so ours are kept. A code that is not here speaks by its status.
const ERRORS: &[(i64, i64, Means, &str)] = &[
    (0, 0, Means::Unable, "the access token is not valid"),
    (1, 1, Means::Unknown, "invalid request or server error"),
    (2, 2, Means::Unknown, "down or overloaded"),
    (3, 3, Means::Unable, "capability or permission is missing"),
    (4, 4, Means::Later(None), "the app's call limit"),
    (10, 10, Means::Unable, "permission denied"),
    (33, 33, Means::Unable, "the business phone number was deleted"),
    (100, 100, Means::Refused, "invalid parameter"),
    (190, 190, Means::Unable, "the access token has expired"),
    (200, 299, Means::Unable, "permission is missing"),
    (368, 368, Means::Unable, "the account is restricted for a policy violation"),
    (80_007, 80_007, Means::Later(None), "the account's rate limit"),
    (130_429, 130_429, Means::Later(None), "the throughput limit"),
    (130_472, 130_472, Means::Refused, "the recipient is part of an experiment"),
    (130_497, 130_497, Means::Unable, "the account may not write to this country"),
    (131_000, 131_000, Means::Unknown, "unknown error"),
    (131_005, 131_005, Means::Unable, "access denied"),
    (131_008, 131_009, Means::Refused, "a parameter is missing or not valid"),
    (131_016, 131_016, Means::Unknown, "a service is unavailable"),
    (131_021, 131_021, Means::Refused, "recipient and sender are the same"),
    (131_026, 131_026, Means::Refused, "not deliverable to this recipient"),
    (131_030, 131_030, Means::Refused, "the recipient is not on the test number's list"),
    (131_031, 131_031, Means::Unable, "the account is locked"),
    (131_037, 131_037, Means::Unable, "the display name is not approved"),
    (131_042, 131_042, Means::Unable, "the account's payment"),
    (131_045, 131_045, Means::Unable, "the phone number is not registered"),
    (131_047, 131_047, Means::Refused, "more than 24 hours since the recipient wrote"),
    (131_048, 131_048, Means::Later(None), "the number's spam limit"),
    (131_049, 131_049, Means::Refused, "held back for a healthy ecosystem"),
    (131_050, 131_050, Means::Refused, "the recipient wants no marketing messages"),
    (131_051, 131_053, Means::Refused, "the kind of message or its media"),
    // "Pair rate limits": one message every six seconds to the same recipient.
    (131_056, 131_056, Means::Later(Some(6)), "the limit of this pair of numbers"),
    (131_057, 131_057, Means::Later(None), "the account is in maintenance"),
    (132_000, 132_000, Means::Refused, "the template's parameters are others"),
    (132_001, 132_001, Means::Unable, "there is no such approved template in this language"),
    (132_005, 132_014, Means::Refused, "the template with these parameters breaks a rule"),
    (132_015, 132_016, Means::Unable, "the template is paused or disabled"),
    (133_004, 133_004, Means::Unknown, "the server is temporarily unavailable"),
    (133_010, 133_010, Means::Unable, "the phone number is not registered"),
    (133_016, 133_016, Means::Later(None), "too many registrations"),
];

fn by_code(code: i64, answer: &Answer) -> SendError {
    let known = ERRORS.iter().find(|(first, last, ..)| (*first..=*last).contains(&code));
    let Some((_, _, means, words)) = known else {
        return by_status(answer, format!("{code}, status {}", answer.status));
    };
    let why = format!("{code}: {words}");
    match means {
        Means::Refused => SendError::Refused(why),
        Means::Unable => SendError::Unable(why),
        Means::Later(after_s) => {
            SendError::Throttled { why, after_s: answer.retry_after_s.or(*after_s) }
        }
        Means::Unknown => SendError::Unknown(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Reach;
    use crate::server::{Reply, Server, dispatch, secrets};
    use proptest::prelude::*;
    use rstest::rstest;
    use std::time::Duration;

    const TOKEN: (&str, &str) = (ACCESS_TOKEN, "EAAJB");
    const API: &str = "https://graph.facebook.com/v23.0";
    const YES: &str = r#"{"messaging_product":"whatsapp",
        "contacts":[{"input":"+15555550123","wa_id":"15555550123"}],
        "messages":[{"id":"wamid.HBgL","message_status":"accepted"}]}"#;

    fn http() -> Http {
        Http::within(Reach::Loopback, Duration::from_secs(2)).unwrap()
    }

    fn message() -> Dispatch {
        let mut message = dispatch("whatsapp", "+15555550123");
        message.from = Some("106540352242922".to_owned());
        message
    }

    async fn ask(reply: Reply, message: &Dispatch) -> (Result<Accepted, SendError>, Server) {
        let server = Server::start(vec![reply]).await;
        let api = format!("http://127.0.0.1:{}/v23.0/", server.port);
        let provider = CloudApi::new(http(), secrets(&[TOKEN]), &api).unwrap();
        (provider.send(message).await, server)
    }

    fn seen(outcome: &Result<Accepted, SendError>) -> &'static str {
        match outcome {
            Ok(accepted) if accepted.delivered => "delivered",
            Ok(_) => "sent",
            Err(SendError::Refused(_)) => "refused",
            Err(SendError::Gone(_)) => "gone",
            Err(SendError::Unable(_)) => "unable",
            Err(SendError::Throttled { .. }) => "throttled",
            Err(SendError::Unknown(_) | SendError::Untold(_)) => "unknown",
        }
    }

    fn error(status: u16, code: i64) -> Reply {
        Reply::status(status).body(format!(
            r#"{{"error":{{"message":"(#{code}) to +15555550123","type":"OAuthException",
            "code":{code},"error_data":{{"details":"x"}},"fbtrace_id":"A"}}}}"#
        ))
    }

    #[rstest]
    #[case(Reply::status(200).body(YES), "sent")]
    #[case(error(400, 131_026), "refused")]
    #[case(error(400, 131_021), "refused")]
    #[case(error(400, 131_047), "refused")]
    #[case(error(400, 132_000), "refused")]
    #[case(error(404, 132_001), "unable")]
    #[case(error(400, 131_042), "unable")]
    #[case(error(401, 190), "unable")]
    #[case(error(401, 0), "unable")]
    #[case(error(500, 3), "unable")]
    #[case(error(403, 10), "unable")]
    #[case(error(403, 230), "unable")]
    #[case(error(403, 368), "unable")]
    #[case(error(403, 131_031), "unable")]
    #[case(error(400, 4), "throttled")]
    #[case(error(400, 80_007), "throttled")]
    #[case(error(429, 130_429), "throttled")]
    #[case(error(400, 131_048), "throttled")]
    #[case(error(400, 131_056), "throttled")]
    #[case(error(500, 131_000), "unknown")]
    #[case(error(500, 131_016), "unknown")]
    #[case(error(503, 2), "unknown")]
    #[case(error(400, 999_999), "refused")]
    #[case(error(403, 999_999), "unable")]
    #[case(error(429, 999_999), "throttled")]
    #[case(error(500, 999_999), "unknown")]
    #[case(error(200, 999_999), "unknown")]
    #[case(Reply::status(200).body("{}"), "unknown")]
    #[case(Reply::status(200).body("<html>"), "unknown")]
    #[case(Reply::status(200).body(r#"{"messages":[{"id":"#), "unknown")]
    #[case(Reply::status(200).body(r#"{"messages":"wamid"}"#), "unknown")]
    #[case(Reply::status(302).header("location", "/login"), "refused")]
    #[case(Reply::status(400), "refused")]
    #[case(Reply::status(401), "unable")]
    #[case(Reply::status(429), "throttled")]
    #[case(Reply::status(502).body("<html>"), "unknown")]
    #[case(Reply::Break, "unknown")]
    #[case(Reply::Hang, "unknown")]
    #[tokio::test]
    async fn outcomes(#[case] reply: Reply, #[case] expected: &str) {
        let (outcome, server) = ask(reply, &message()).await;
        assert_eq!(seen(&outcome), expected, "{outcome:?}");
        assert_eq!((server.connections(), server.asked().len()), (1, 1));
        assert!(!format!("{outcome:?}").contains("5555550123"), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_pair_of_numbers_waits_as_long_as_meta_says() {
        let (outcome, _) = ask(error(400, 131_056), &message()).await;
        assert!(matches!(outcome, Err(SendError::Throttled { after_s: Some(6), .. })));
    }

    #[tokio::test]
    async fn a_text_goes_from_the_number_with_our_marks() {
        let (outcome, server) = ask(Reply::status(200).body(YES), &message()).await;
        assert_eq!(outcome, Ok(Accepted::sent("wamid.HBgL")));
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.line, "POST /v23.0/106540352242922/messages HTTP/1.1");
        assert_eq!(asked.headers["authorization"], "Bearer EAAJB");
        assert_eq!(asked.headers["content-type"], "application/json");
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let expected = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+15555550123",
            "type": "text",
            "text": {"preview_url": false, "body": "Tom & <b>Jerry</b>"},
            "biz_opaque_callback_data": "acme/7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
        });
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn an_approved_template_goes_with_its_parameters_in_order() {
        let mut message = message();
        message.content.text = "x".repeat(LONGEST_TEXT + 1);
        message.content.approved = Some(Approved {
            name: "cart_reminder".to_owned(),
            language: "de".to_owned(),
            parameters: vec!["Ada".to_owned(), "CHF 12".to_owned()],
        });
        let (outcome, server) = ask(Reply::status(200).body(YES), &message).await;
        assert_eq!(seen(&outcome), "sent");
        let body: Value = serde_json::from_str(&server.asked()[0].body).unwrap();
        assert_eq!(body["type"], "template");
        assert_eq!(body.get("text"), None);
        let parameters =
            json!([{"type": "text", "text": "Ada"}, {"type": "text", "text": "CHF 12"}]);
        let template = json!({
            "name": "cart_reminder",
            "language": {"code": "de"},
            "components": [{"type": "body", "parameters": parameters}],
        });
        assert_eq!(body["template"], template);
    }

    #[test]
    fn a_template_without_parameters_has_no_component() {
        let (name, language) = ("hello_world".to_owned(), "en_US".to_owned());
        let template = template(&Approved { name, language, parameters: Vec::new() });
        assert_eq!(template, json!({"name": "hello_world", "language": {"code": "en_US"}}));
    }

    #[tokio::test]
    async fn without_a_sender_or_token_nobody_is_asked() {
        for from in [None, Some(""), Some("../me"), Some("1/messages?"), Some("+15555550100")] {
            let mut message = message();
            message.from = from.map(str::to_owned);
            let (outcome, server) = ask(Reply::status(200).body(YES), &message).await;
            assert_eq!(seen(&outcome), "unable", "{from:?}");
            assert_eq!(server.connections(), 0);
        }
        let send = async |known: &[(&str, &str)]| {
            CloudApi::new(http(), secrets(known), API).unwrap().send(&message()).await
        };
        assert!(matches!(&*seen(&send(&[]).await).to_owned(), "refused" | "unable"));
        assert_eq!(seen(&send(&[("down", "")]).await), "throttled");
        assert_eq!(seen(&send(&[(ACCESS_TOKEN, "EAA\u{1}")]).await), "unable");
    }

    #[tokio::test]
    async fn where_nobody_listens_nothing_was_sent() {
        let url = Server::start(Vec::new()).await.closed().await;
        let provider = CloudApi::new(http(), secrets(&[TOKEN]), url.as_str()).unwrap();
        let outcome = provider.send(&message()).await;
        assert_eq!(outcome, Err(SendError::throttled("no connection")));
    }

    #[tokio::test]
    async fn a_text_that_is_too_long_is_refused() {
        let provider = CloudApi::new(http(), secrets(&[TOKEN]), API).unwrap();
        let mut long = message();
        long.content.text = "ü".repeat(LONGEST_TEXT + 1);
        assert_eq!(seen(&provider.send(&long).await), "refused");
    }

    #[test]
    fn the_api_is_on_https() {
        let http = || Http::new(Reach::Public).unwrap();
        assert!(CloudApi::new(http(), secrets(&[]), API).is_ok());
        assert!(CloudApi::new(http(), secrets(&[]), "http://graph.facebook.com/v23.0").is_err());
        assert!(CloudApi::new(http(), secrets(&[]), "http://127.0.0.1:1").is_err());
    }

    #[test]
    fn the_table_is_in_order_and_names_each_code_once() {
        let bounds: Vec<i64> = ERRORS.iter().flat_map(|row| [row.0, row.1]).collect();
        let rows: Vec<&[i64]> = bounds.chunks(2).collect();
        assert!(rows.iter().all(|row| row[0] <= row[1]));
        assert!(rows.windows(2).all(|pair| pair[0][1] < pair[1][0]));
    }

    #[test]
    fn an_address_of_its_own_comes_before_the_phone() {
        let mut profile = Profile::default();
        assert_eq!(WhatsApp.address(&profile), None);
        profile.phone = Some("+15555550123".to_owned());
        assert_eq!(WhatsApp.address(&profile), Some("+15555550123"));
        profile.addresses.insert("whatsapp".to_owned(), "+15555550199".to_owned());
        assert_eq!(WhatsApp.address(&profile), Some("+15555550199"));
        assert!(WhatsApp.reaches("+15555550123"));
        assert!(!WhatsApp.reaches("15555550123"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn whatever_the_answer_one_send_is_one_request(status in 200_u16..600, code in 0_i64..140_000) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let reply = error(status, code).header("location", "/again");
            let (outcome, server) = runtime.block_on(ask(reply, &message()));
            prop_assert!(outcome.is_err());
            prop_assert_eq!((server.connections(), server.asked().len()), (1, 1));
        }
    }
}
