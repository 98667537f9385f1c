//! Notifications in browsers, by the push service that each browser chose (RFC 8030), encrypted for it
//! (RFC 8291) and signed with the tenant's key (RFC 8292, "VAPID").

mod seal;

use crate::http::{Answer, Http, NoAnswer, Reach};
use crate::push::kept_s;
use crate::{Channel, no_secret};
use ceap_engagement::message::{Content, Dispatch};
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::secret::{Secret, Secrets};
use ceap_engagement::use_case::Purpose;
use ceap_kernel::{Clock, Fault, SystemClock, Timestamp};
use futures::future::join_all;
use reqwest::Url;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use seal::{Identity, Keys};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The tenant's secret that requests are signed with: the 32 bytes of a private key of P-256 in
/// base64url, as `web-push generate-vapid-keys` prints it. Its public key is what pages subscribe
/// with (`applicationServerKey`), so another secret loses every subscription made with the one before.
pub const PRIVATE_KEY: &str = "web_push_private_key";

/// The tenant's secret that says whom a push service writes to when something is wrong: `mailto:…` or
/// `https://…` (RFC 8292 §2.1). Where there is none, requests say none. Google's service takes those;
/// Mozilla's and Apple's answer 401 and 403, and the message is `Unable`.
pub const CONTACT: &str = "web_push_contact";

/// The longest address that is taken, in bytes.
const LONGEST: usize = 2048;

/// Bytes of the answer that are read; what it says is its status.
const ANSWER: usize = 1024;

/// Web push. Its address is a browser's `PushSubscription` as JSON, as `JSON.stringify` writes it:
/// `{"endpoint":"https://…","keys":{"p256dh":"…","auth":"…"}}`.
#[derive(Debug)]
pub struct WebPush;

impl Channel for WebPush {
    fn name(&self) -> &'static str {
        "web-push"
    }

    /// Whether a URL on loopback may be asked is a setting of the function that asks.
    fn reaches(&self, to: &str) -> bool {
        Subscription::read(Reach::Loopback, to).is_ok()
    }

    fn limit(&self, content: &Content) -> Result<(), String> {
        payload(&"0".repeat(32), content).map(drop)
    }
}

/// A subscription as browsers write it; `expirationTime` and whatever else comes is left unread.
#[derive(Deserialize)]
struct Written {
    endpoint: String,
    keys: WrittenKeys,
}

#[derive(Deserialize)]
struct WrittenKeys {
    p256dh: String,
    auth: String,
}

/// One browser.
#[derive(Debug)]
struct Subscription {
    endpoint: Url,
    keys: Keys,
}

impl Subscription {
    fn read(reach: Reach, text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a subscription has at most {LONGEST} bytes"));
        }
        // Neither serde's error nor the rule quotes the endpoint: who knows it, and the keys, can push.
        let written: Written =
            serde_json::from_str(text).map_err(|_| "not a PushSubscription as JSON")?;
        let endpoint = reach.url(&written.endpoint).map_err(|rule| format!("endpoint: {rule}"))?;
        let keys = Keys::read(&written.keys.p256dh, &written.keys.auth)?;
        Ok(Self { endpoint, keys })
    }
}

/// Pushes to browsers.
///
/// A message goes to every device of its list, each asked once and all at the same time, so that
/// services that do not answer cost one timeout. What comes of it, first that applies:
///
/// 1. A device's service took it: sent. The others are given up, whatever they said: asking again
///    would reach the first one twice. Of those only the ones that are gone are reported.
/// 2. Of some it is not known: unknown, for the same reason.
/// 3. None took it, and some said not now: throttled, for as long as the longest of them said.
/// 4. Some want another key: unable. 5. Some refused: refused. 6. All are gone: gone.
///
/// From 2 on, devices that are gone beside others are not reported; the next message finds them.
///
/// Asking is not repeatable, though each request has the message's id as its `Topic`. That replaces a
/// message that still waits at the push service (RFC 8030 §5.4); one that the browser has shows again.
/// A page's service worker can make the second replace the first, with the payload's `id` as the
/// notification's `tag`, but we can't know that it does.
///
/// A service's yes says that it keeps the message (RFC 8030 §5), not that anybody saw it: never
/// delivered. Its own id for it is a URL with which the message can be called back, so it is not
/// recorded; ours stands in.
#[derive(Debug)]
pub struct WebPusher<S> {
    http: Http,
    secrets: S,
}

impl<S> WebPusher<S> {
    /// By `http`, signed with what `secrets` has.
    pub const fn new(http: Http, secrets: S) -> Self {
        Self { http, secrets }
    }
}

/// What all devices get.
struct Push {
    identity: Identity,
    contact: Option<Secret>,
    payload: Vec<u8>,
    headers: HeaderMap,
    now: Timestamp,
}

impl<S: Secrets> Provider for WebPusher<S> {
    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let push = self.prepare(dispatch, SystemClock.now()).await?;
        let mut seen = BTreeSet::new();
        let devices = dispatch.addresses().map(|to| (to, self.subscription(to)));
        let once = devices.filter(|(_, device)| {
            device.as_ref().map_or(true, |device| seen.insert(device.endpoint.clone()))
        });
        let answers = once.map(async |(to, device)| {
            let answer = match device {
                Ok(device) => self.ask(&push, device).await,
                Err(error) => Err(error),
            };
            (to, answer)
        });
        together(dispatch, join_all(answers).await)
    }
}

impl<S: Secrets> WebPusher<S> {
    async fn prepare(&self, dispatch: &Dispatch, now: Timestamp) -> Result<Push, SendError> {
        let payload = payload(dispatch.id.as_str(), &dispatch.content);
        let payload = payload.map_err(SendError::Refused)?;
        let secret = self.secrets.get(&dispatch.tenant, PRIVATE_KEY).await;
        let secret = secret.map_err(|fault| no_secret(&fault))?;
        let identity = Identity::read(secret.reveal()).ok_or_else(|| {
            SendError::Unable(format!("{PRIVATE_KEY} must be 32 bytes of P-256 in base64url"))
        })?;
        let contact = match self.secrets.get(&dispatch.tenant, CONTACT).await {
            Ok(contact) if is_contact(contact.reveal()) => Some(contact),
            Ok(_) => {
                let why = format!("{CONTACT} must start with mailto: or https://");
                return Err(SendError::Unable(why));
            }
            Err(Fault::NotFound(_)) => None,
            Err(fault) => return Err(no_secret(&fault)),
        };
        let headers = headers(dispatch, now).map_err(SendError::Refused)?;
        Ok(Push { identity, contact, payload, headers, now })
    }
}

impl<S> WebPusher<S> {
    fn subscription(&self, to: &str) -> Result<Subscription, SendError> {
        Subscription::read(self.http.reach, to).map_err(SendError::Refused)
    }

    async fn ask(&self, push: &Push, device: Subscription) -> Result<(), SendError> {
        let broken = |_| SendError::Refused("it could not be encrypted and signed".to_owned());
        let body = seal::encrypt(&push.payload, &device.keys).map_err(broken)?;
        let origin = device.endpoint.origin().ascii_serialization();
        let contact = push.contact.as_ref().map(Secret::reveal);
        let token = push.identity.authorization(&origin, contact, push.now.as_second());
        let mut token = HeaderValue::from_str(&token.map_err(broken)?)
            .map_err(|error| SendError::Refused(error.to_string()))?;
        token.set_sensitive(true);
        let mut headers = push.headers.clone();
        headers.insert(AUTHORIZATION, token);
        match self.http.post(device.endpoint, headers, body, ANSWER).await {
            Ok(answer) => outcome(&answer, contact.is_some()),
            Err(NoAnswer::Refused(why)) => Err(SendError::Refused(why)),
            Err(NoAnswer::NotAsked(why)) => Err(SendError::throttled(why)),
            Err(NoAnswer::Lost(why)) => Err(SendError::Unknown(why)),
        }
    }
}

/// What a page's service worker gets: `title`, `body` and `url` to show, `id` to tell repeats by.
#[derive(Serialize)]
struct Payload<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

fn payload(id: &str, content: &Content) -> Result<Vec<u8>, String> {
    let (title, url) = (content.subject.as_deref(), content.link.as_deref());
    let payload = serde_json::to_vec(&Payload { id, title, body: &content.text, url })
        .map_err(|error| error.to_string())?;
    let (length, longest) = (payload.len(), seal::LONGEST);
    if length > longest {
        return Err(format!(
            "text, subject and link: {length} bytes as JSON, and a push has at most {longest}"
        ));
    }
    Ok(payload)
}

fn is_contact(contact: &str) -> bool {
    contact.starts_with("mailto:") || contact.starts_with("https://")
}

/// RFC 8030 §5.2 to §5.4 and RFC 8291 §4. A topic has at most 32 letters of base64url; a message's id
/// has 32 hexadecimal digits.
fn headers(dispatch: &Dispatch, now: Timestamp) -> Result<HeaderMap, String> {
    let topic = HeaderValue::from_str(dispatch.id.as_str()).map_err(|error| error.to_string())?;
    // "high" wakes a device whose battery is low.
    let urgency = match dispatch.purpose {
        Purpose::Operational | Purpose::Transactional => "high",
        Purpose::Marketing => "normal",
    };
    Ok(HeaderMap::from_iter([
        (HeaderName::from_static("ttl"), HeaderValue::from(kept_s(dispatch, now))),
        (HeaderName::from_static("urgency"), HeaderValue::from_static(urgency)),
        (HeaderName::from_static("topic"), topic),
        (CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
    ]))
}

/// RFC 8030: 201 or 202 took it (§5, §5.1); a subscription that expired is 404 (§7.3), and services
/// say 410 when the user withdrew it; 429 comes with `Retry-After` (§8.4), and 413 says that it takes
/// less (§7.2). 503 says not now only when it says until when; of any other 5xx nobody knows. 401 and
/// 403 (RFC 8292 §4.2) are about the key: nothing was sent, and a provider set up with another may.
fn outcome(answer: &Answer, contact: bool) -> Result<(), SendError> {
    let status = answer.status;
    let said = format!("status {status}");
    Err(match (status, answer.retry_after_s) {
        (200..=299, _) => return Ok(()),
        (404 | 410, _) => SendError::Gone(said),
        (429, after_s) | (503, after_s @ Some(_)) => SendError::Throttled { why: said, after_s },
        (500..=599, _) => SendError::Unknown(said),
        (401 | 403, _) if contact => SendError::Unable(format!(
            "{said}: {PRIVATE_KEY} is not the subscription's, or {CONTACT} is not liked"
        )),
        (401 | 403, _) => SendError::Unable(format!(
            "{said}: {PRIVATE_KEY} is not the subscription's, or wants {CONTACT}"
        )),
        (413, _) => SendError::Refused(format!("{said}: the payload is too long")),
        _ => SendError::Refused(said),
    })
}

/// The devices' answers as one, as [`WebPusher`] says.
fn together(
    dispatch: &Dispatch,
    answers: Vec<(&str, Result<(), SendError>)>,
) -> Result<Accepted, SendError> {
    if answers.iter().any(|(_, answer)| answer.is_ok()) {
        let gone = answers.into_iter().filter(|(_, a)| matches!(a, Err(SendError::Gone(_))));
        let gone = gone.map(|(to, _)| to.to_owned()).collect();
        return Ok(Accepted { gone, ..Accepted::sent(dispatch.id.as_str()) });
    }
    let errors = answers.into_iter().filter_map(|(_, answer)| answer.err());
    let worst = errors.max_by_key(|error| match error {
        SendError::Unknown(_) | SendError::Untold(_) => (5, None),
        SendError::Throttled { after_s, .. } => (4, *after_s),
        SendError::Unable(_) => (3, None),
        SendError::Refused(_) => (2, None),
        SendError::Gone(_) => (1, None),
    });
    Err(worst.unwrap_or_else(|| SendError::Refused("no address".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::seal::tests::{AUTH, P256DH, decrypt};
    use super::*;
    use crate::server::{Asked, Known, Reply, Server, dispatch, secrets};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};
    use std::time::Duration;

    /// Of RFC 8291's example; any would do.
    const KEY: (&str, &str) = (PRIVATE_KEY, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
    const MAIL: (&str, &str) = (CONTACT, "mailto:push@example.com");

    fn pusher(known: &[(&str, &str)]) -> WebPusher<Known> {
        let http = Http::within(Reach::Loopback, Duration::from_secs(2)).unwrap();
        WebPusher::new(http, secrets(known))
    }

    fn address(endpoint: &str) -> String {
        let keys = json!({"p256dh": P256DH, "auth": AUTH});
        json!({"endpoint": endpoint, "expirationTime": null, "keys": keys}).to_string()
    }

    /// A message to one device for each reply, and the devices' services.
    async fn devices(replies: &[Reply]) -> (Dispatch, Vec<Server>) {
        let mut servers = Vec::new();
        for reply in replies {
            servers.push(Server::start(vec![reply.clone()]).await);
        }
        let mut addresses = servers.iter().map(|server| address(server.url().as_str()));
        let mut message = dispatch("web-push", &addresses.next().unwrap());
        message.others = addresses.collect();
        (message, servers)
    }

    async fn ask(replies: &[Reply]) -> (Result<Accepted, SendError>, Dispatch, Vec<Server>) {
        let (message, servers) = devices(replies).await;
        (pusher(&[KEY, MAIL]).send(&message).await, message, servers)
    }

    fn seen(outcome: &Result<Accepted, SendError>) -> String {
        match outcome {
            Ok(accepted) => {
                assert!(!accepted.delivered);
                format!("sent, {} gone", accepted.gone.len())
            }
            Err(SendError::Refused(_)) => "refused".to_owned(),
            Err(SendError::Gone(_)) => "gone".to_owned(),
            Err(SendError::Unable(_)) => "unable".to_owned(),
            Err(SendError::Throttled { after_s, .. }) => format!("throttled {after_s:?}"),
            Err(SendError::Unknown(_) | SendError::Untold(_)) => "unknown".to_owned(),
        }
    }

    fn later(status: u16, after: &str) -> Reply {
        Reply::status(status).header("retry-after", after)
    }

    fn opened(asked: &Asked) -> Value {
        serde_json::from_slice(&decrypt(&asked.bytes).unwrap()).unwrap()
    }

    #[rstest]
    #[case(Reply::status(201), "sent, 0 gone")]
    #[case(Reply::status(200), "sent, 0 gone")]
    #[case(Reply::status(202), "sent, 0 gone")]
    #[case(Reply::status(307).header("location", "/hook"), "refused")]
    #[case(Reply::status(400), "refused")]
    #[case(Reply::status(401), "unable")]
    #[case(Reply::status(403), "unable")]
    #[case(Reply::status(404), "gone")]
    #[case(Reply::status(410), "gone")]
    #[case(Reply::status(413), "refused")]
    #[case(later(429, "30"), "throttled Some(30)")]
    #[case(Reply::status(429), "throttled None")]
    #[case(later(503, "120"), "throttled Some(120)")]
    #[case(Reply::status(503), "unknown")]
    #[case(later(500, "30"), "unknown")]
    #[case(Reply::Break, "unknown")]
    #[case(Reply::Hang, "unknown")]
    #[tokio::test]
    async fn outcomes(#[case] reply: Reply, #[case] expected: &str) {
        let (outcome, _, servers) = ask(&[reply]).await;
        assert_eq!(seen(&outcome), expected, "{outcome:?}");
        assert_eq!((servers[0].connections(), servers[0].asked().len()), (1, 1));
    }

    #[rstest]
    #[case(&[Reply::status(201), Reply::status(410), Reply::status(404)], "sent, 2 gone")]
    #[case(&[Reply::status(410), later(429, "9"), Reply::status(201)], "sent, 1 gone")]
    #[case(&[Reply::Break, Reply::status(201)], "sent, 0 gone")]
    #[case(&[Reply::status(403), Reply::status(201)], "sent, 0 gone")]
    #[case(&[later(429, "9"), Reply::status(500)], "unknown")]
    #[case(&[Reply::status(410), Reply::Break], "unknown")]
    #[case(&[later(429, "9"), later(429, "60"), Reply::status(429)], "throttled Some(60)")]
    #[case(&[Reply::status(410), Reply::status(403), later(503, "9")], "throttled Some(9)")]
    #[case(&[Reply::status(400), Reply::status(403)], "unable")]
    #[case(&[Reply::status(410), Reply::status(400)], "refused")]
    #[case(&[Reply::status(410), Reply::status(404)], "gone")]
    #[tokio::test]
    async fn several_devices(#[case] replies: &[Reply], #[case] expected: &str) {
        let (outcome, message, servers) = ask(replies).await;
        assert_eq!(seen(&outcome), expected, "{outcome:?}");
        for (server, address) in servers.iter().zip(message.addresses()) {
            assert_eq!((server.connections(), server.asked().len()), (1, 1), "{address}");
        }
        if let Ok(accepted) = outcome {
            assert!(accepted.gone.iter().all(|gone| message.addresses().any(|to| to == gone)));
            assert_eq!(accepted.id, message.id.as_str());
        }
    }

    #[tokio::test]
    async fn a_device_that_is_listed_twice_is_asked_once() {
        let (mut message, servers) = devices(&[Reply::status(201)]).await;
        message.others = vec![message.to.clone(), message.to.replacen('{', "{ ", 1)];
        assert_eq!(seen(&pusher(&[KEY]).send(&message).await), "sent, 0 gone");
        assert_eq!(servers[0].connections(), 1);
    }

    #[tokio::test]
    async fn the_request_is_what_the_standards_say() {
        let (mut message, servers) = devices(&[Reply::status(201)]).await;
        message.expires_at = SystemClock.now() + ceap_kernel::SignedDuration::from_hours(1);
        message.content.subject = Some("Your cart".to_owned());
        message.content.link = Some("https://example.com/cart".to_owned());
        assert_eq!(seen(&pusher(&[KEY, MAIL]).send(&message).await), "sent, 0 gone");
        let asked = servers[0].asked().pop().unwrap();
        assert_eq!(asked.line, "POST /hook HTTP/1.1");
        assert_eq!(asked.headers["content-encoding"], "aes128gcm");
        assert_eq!(asked.headers["topic"], message.id.as_str());
        assert!((3590..=3600).contains(&asked.headers["ttl"].parse().unwrap()));
        assert!(asked.headers["authorization"].starts_with("vapid t="));
        let expected = json!({
            "id": message.id,
            "title": "Your cart",
            "body": "Tom & <b>Jerry</b>",
            "url": "https://example.com/cart",
        });
        assert_eq!(opened(&asked), expected);
    }

    #[rstest]
    #[case(Purpose::Marketing, "normal")]
    #[case(Purpose::Transactional, "high")]
    #[case(Purpose::Operational, "high")]
    fn urgency_by_purpose(#[case] purpose: Purpose, #[case] expected: &str) {
        let mut message = dispatch("web-push", "");
        message.purpose = purpose;
        assert_eq!(headers(&message, SystemClock.now()).unwrap()["urgency"], expected);
    }

    #[tokio::test]
    async fn secrets_decide_and_without_them_nobody_is_asked() {
        let (message, servers) = devices(&[Reply::status(201)]).await;
        let send = async |known: &[(&str, &str)]| pusher(known).send(&message).await;
        assert!(matches!(send(&[MAIL]).await, Err(SendError::Refused(_) | SendError::Unable(_))));
        assert_eq!(seen(&send(&[("down", "")]).await), "throttled None");
        for known in [[(PRIVATE_KEY, "AAAA"), MAIL], [KEY, (CONTACT, "push@example.com")]] {
            assert_eq!(seen(&send(&known).await), "unable");
        }
        assert_eq!(servers[0].connections(), 0);
    }

    #[tokio::test]
    async fn a_refused_key_says_what_may_be_missing() {
        let (message, _servers) = devices(&[Reply::status(403)]).await;
        let outcome = pusher(&[KEY]).send(&message).await;
        assert!(
            matches!(outcome, Err(SendError::Unable(why)) if why.ends_with("wants web_push_contact"))
        );
    }

    #[tokio::test]
    async fn what_is_too_long_or_leads_elsewhere_is_refused_and_nobody_is_asked() {
        let (mut message, servers) = devices(&[Reply::status(201)]).await;
        let public = WebPusher::new(Http::new(Reach::Public).unwrap(), secrets(&[KEY]));
        assert_eq!(seen(&public.send(&message).await), "refused");
        assert!(WebPush.limit(&message.content).is_ok());
        message.content.text = "x".repeat(seal::LONGEST);
        assert!(WebPush.limit(&message.content).unwrap_err().ends_with("at most 3993"));
        assert_eq!(seen(&pusher(&[KEY]).send(&message).await), "refused");
        assert_eq!(servers[0].connections(), 0);
    }

    #[tokio::test]
    async fn where_nobody_listens_it_comes_again() {
        let url = Server::start(Vec::new()).await.closed().await;
        let outcome = pusher(&[KEY]).send(&dispatch("web-push", &address(url.as_str()))).await;
        assert_eq!(outcome, Err(SendError::throttled("no connection")));
    }

    #[test]
    fn reaches_subscriptions() {
        let good = address("https://updates.push.services.mozilla.com/wpush/v2/gAAAAA");
        assert!(WebPush.reaches(&good));
        let long = address(&format!("https://example.com/{}", "x".repeat(LONGEST)));
        let inside = address("https://10.0.0.1/");
        let plain = address("http://example.com/");
        let keyless = json!({"endpoint": "https://example.com/"}).to_string();
        let (half, other) = (good.replace(AUTH, "AAAA"), good.replace(P256DH, AUTH));
        for bad in
            ["", "https://example.com/", "{}", &long, &inside, &plain, &keyless, &half, &other]
        {
            assert!(!WebPush.reaches(bad), "{bad:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn whatever_the_answers_each_device_is_asked_once(
            statuses in prop::collection::vec(200_u16..600, 1..4),
            text in ".{0,80}",
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let replies: Vec<Reply> = statuses.iter().map(|status| later(*status, "1")).collect();
                let (mut message, servers) = devices(&replies).await;
                message.content.text.clone_from(&text);
                let outcome = pusher(&[KEY, MAIL]).send(&message).await;
                assert_eq!(outcome.is_ok(), statuses.iter().any(|status| *status < 300));
                for server in servers {
                    let asked = server.asked();
                    assert_eq!((server.connections(), asked.len()), (1, 1));
                    assert_eq!(opened(&asked[0])["body"], json!(text));
                }
            });
        }
    }
}
