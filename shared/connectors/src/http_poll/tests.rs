//! JSON APIs over loopback.

use super::*;
use ceap_engagement::secret::Secret;
use ceap_engagement::source::{SourceDocument, SourceKind};
use ceap_http::Reach;
use ceap_kernel::{PollId, SourceId, TenantId};
use ceap_testkit::server::{Asked, Reply, Server};
use rstest::rstest;
use serde_json::json;
use std::time::Duration;

struct Known(&'static str);

impl Secrets for Known {
    async fn get(&self, _: &TenantId, name: &str) -> Result<Secret, Fault> {
        let missing = || Fault::NotFound(format!("there is no secret `{name}`"));
        (!self.0.is_empty()).then(|| Secret::new(self.0)).ok_or_else(missing)
    }
}

const TOKEN: &str = r#"{"hosts": ["127.0.0.1"], "token": "t0p", "username": "u", "password": "p", "client_id": "c:1", "client_secret": "s&"}"#;

fn ok(body: &str) -> Reply {
    Reply::status(200).header("content-type", "application/json").body(body)
}

/// Asks `document` at `places` in turn.
async fn ask(
    replies: Vec<Reply>,
    more: Value,
    secret: &'static str,
    places: &[Option<Value>],
) -> (Vec<Result<Page, Fault>>, Vec<Asked>) {
    let server = Server::start(replies).await;
    let mut from =
        json!({"url": server.url().as_str(), "mapping": {"type": "'a'", "subject": "row.s"}});
    from.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let text = from.to_string().replace("PORT", &server.port.to_string());
    let text = format!(r#"{{"id": "shop", "name": "Shop", "from": {{"http_poll": {text}}}}}"#);
    let document = SourceDocument::parse(text.as_bytes()).unwrap();
    let SourceKind::HttpPoll(source) = &document.from else { panic!() };
    let http = Http::within(Reach::Loopback, Duration::from_secs(2)).unwrap();
    let connector = HttpPoll::new(http, Known(secret));
    let (tenant, id) = (TenantId::new("acme").unwrap(), SourceId::new("shop").unwrap());
    let poll = PollId::derive(&tenant, &id, "1");
    let mut pages = Vec::new();
    for place in places {
        let ask = Ask {
            tenant: &tenant,
            source: &id,
            poll: &poll,
            kind: &document.from,
            since: source.watermark.is_some().then_some("2026-11-21T10:00:00+01:00"),
            place: place.as_ref(),
        };
        pages.push(connector.page(&ask, source).await);
    }
    (pages, server.asked())
}

async fn once(
    reply: Reply,
    more: Value,
    secret: &'static str,
) -> (Result<Page, Fault>, Vec<Asked>) {
    let (mut pages, asked) = ask(vec![reply], more, secret, &[None]).await;
    (pages.remove(0), asked)
}

#[rstest]
#[case(json!({}), r#"[{"s": 1}]"#, None)]
#[case(json!({"items": "/d", "pages": {"cursor": {"at": "/n", "parameter": "c"}}}), r#"{"d": [{"s": 1}], "n": "x/2"}"#, Some(json!({"cursor": "x/2"})))]
#[case(json!({"items": "/d", "pages": {"cursor": {"at": "/n", "parameter": "c"}}}), r#"{"d": [{"s": 1}], "n": 7}"#, Some(json!({"cursor": "7"})))]
#[case(json!({"items": "/d", "pages": {"cursor": {"at": "/n", "parameter": "c"}}}), r#"{"d": [{"s": 1}], "n": ""}"#, None)]
#[case(json!({"pages": {"page": {"parameter": "p"}}}), r#"[{"s": 1}]"#, Some(json!({"page": 2})))]
#[case(json!({"pages": {"offset": {"parameter": "o", "limit": 1}}}), r#"[{"s": 1}]"#, Some(json!({"offset": 1})))]
#[case(json!({"pages": {"offset": {"parameter": "o", "limit": 2}}}), r#"[{"s": 1}]"#, None)]
#[case(json!({"items": "/d", "pages": {"next": {"at": "/n"}}}), r#"{"d": [{"s": 1}], "n": null}"#, None)]
#[tokio::test]
async fn pages_lead_to_pages(#[case] more: Value, #[case] body: &str, #[case] next: Option<Value>) {
    let (page, _) = once(ok(body), more, "").await;
    let next = next.map_or(Next::End, Next::Page);
    assert_eq!(page, Ok(Page { rows: vec![json!({"s": 1})], next }));
}

#[tokio::test]
async fn parameters_go_where_they_belong() {
    let more = json!({"query": {"limit": "5"}, "since": "since", "headers": {"x-version": "2"},
        "watermark": {"field": "at", "initial": "2026-01-01"},
        "pages": {"cursor": {"at": "/n", "parameter": "after"}}, "items": "/d"});
    let (_, asked) =
        ask(vec![ok(r#"{"d": []}"#)], more, "", &[Some(json!({"cursor": "a&b"}))]).await;
    assert_eq!(
        asked[0].line,
        "GET /hook?after=a%26b&limit=5&since=2026-11-21T10%3A00%3A00%2B01%3A00 HTTP/1.1"
    );
    assert_eq!(asked[0].headers["x-version"], "2");
    let more =
        json!({"method": "POST", "body": {"limit": 5}, "pages": {"page": {"parameter": "page"}}});
    let (_, asked) = ask(vec![ok("[]")], more, "", &[Some(json!({"page": 3}))]).await;
    assert_eq!(asked[0].line, "POST /hook HTTP/1.1");
    assert_eq!(
        serde_json::from_str::<Value>(&asked[0].body).unwrap(),
        json!({"limit": 5, "page": 3})
    );
}

#[tokio::test]
async fn a_link_is_followed_on_the_same_host_alone() {
    let more = json!({"pages": {"link": {}}, "query": {"a": "1"}});
    let linked = ok("[]").header("link", r#"</hook?page=2>; rel="next""#);
    let (page, _) = once(linked, more.clone(), "").await;
    let Next::Page(place) = page.unwrap().next else { panic!() };
    assert!(place["url"].as_str().unwrap().ends_with("/hook?page=2"), "{place}");
    let away = ok("[]").header("link", r#"<https://evil.example.com/>; rel="next""#);
    let (page, _) = once(away, more, "").await;
    assert_eq!(
        page.unwrap_err().to_string(),
        "pages: the next page is on another host than the first"
    );
}

#[rstest]
#[case(json!({"bearer": {"secret": "shop"}}), "authorization", "Bearer t0p")]
#[case(json!({"basic": {"secret": "shop"}}), "authorization", "Basic dTpw")]
#[case(json!({"header": {"name": "x-api-key", "secret": "shop"}}), "x-api-key", "t0p")]
#[tokio::test]
async fn credentials_are_sent(#[case] auth: Value, #[case] header: &str, #[case] value: &str) {
    let (page, asked) = once(ok("[]"), json!({"auth": auth}), TOKEN).await;
    assert!(page.is_ok(), "{page:?}");
    assert_eq!(asked[0].headers[header], value);
}

#[rstest]
#[case("", "there is no secret `shop`")]
#[case("t0p", "auth.secret: the secret `shop` must be a JSON object")]
#[case(r#"{"token": "t0p"}"#, "auth.secret: the secret `shop` is not meant for 127.0.0.1")]
#[case(
    r#"{"hosts": ["api.example.com"], "token": "t0p"}"#,
    "auth.secret: the secret `shop` is not meant for 127.0.0.1"
)]
#[case(r#"{"hosts": ["127.0.0.1"]}"#, "auth.secret: the secret `shop` has no `token`")]
#[tokio::test]
async fn a_secret_that_is_no_good_is_not_sent(#[case] secret: &'static str, #[case] said: &str) {
    let (page, asked) =
        once(ok("[]"), json!({"auth": {"bearer": {"secret": "shop"}}}), secret).await;
    let refused = page.unwrap_err().to_string();
    assert!(refused.starts_with(said) && !refused.contains("t0p"), "{refused}");
    assert!(asked.is_empty());
}

fn oauth2() -> Value {
    json!({"auth": {"oauth2": {"token_url": "http://127.0.0.1:PORT/token", "scope": "a b", "secret": "shop"}}})
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_renewed_when_it_is_refused() {
    let token = |token: &str| ok(&format!(r#"{{"access_token": "{token}", "expires_in": 3600}}"#));
    let replies =
        vec![token("one"), ok("[]"), ok("[]"), Reply::status(401), token("two"), ok("[]")];
    let (pages, asked) = ask(replies, oauth2(), TOKEN, &[None, None, None]).await;
    assert!(pages.iter().all(Result::is_ok), "{pages:?}");
    let said: Vec<(&str, &str)> = asked
        .iter()
        .map(|it| (it.line.split(' ').nth(1).unwrap(), it.headers["authorization"].as_str()))
        .collect();
    let basic = "Basic YyUzQTE6cyUyNg==";
    let expected = [
        ("/token", basic),
        ("/hook", "Bearer one"),
        ("/hook", "Bearer one"),
        ("/hook", "Bearer one"),
        ("/token", basic),
        ("/hook", "Bearer two"),
    ];
    assert_eq!(said, expected);
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=a+b");
}

#[tokio::test]
async fn a_client_that_is_refused_is_told() {
    let refused =
        Reply::status(401).body(r#"{"error": "invalid_client", "error_description": "t0p"}"#);
    let (page, _) = once(refused, oauth2(), TOKEN).await;
    let said = page.unwrap_err();
    assert!(
        matches!(&said, Fault::Unauthorized(why) if why.contains("(401 invalid_client)") && !why.contains("t0p")),
        "{said}"
    );
}

#[rstest]
#[case(
    Reply::status(401),
    "unauthorized",
    "127.0.0.1 answered 401: it does not take the credentials"
)]
#[case(Reply::status(403), "forbidden", "127.0.0.1 answered 403")]
#[case(Reply::status(404), "not_found", "127.0.0.1 answered 404")]
#[case(Reply::status(400).body("Ada Lovelace"), "invalid", "url: 127.0.0.1 answered 400: it does not take the request")]
#[case(Reply::status(302).header("location", "/login"), "invalid", "url: 127.0.0.1 answered 302: redirects are not followed")]
#[case(Reply::status(200).header("content-type", "text/html; charset=utf-8").body("<!doctype html>Ada Lovelace"), "invalid",
       "answer: 127.0.0.1 answered with a page of HTML or XML (text/html) in place of JSON")]
#[case(Reply::status(200).body(""), "invalid", "answer: 127.0.0.1 answered with nothing")]
#[case(Reply::status(200).header("content-type", "text/plain").body("Ada"), "invalid", "answer: 127.0.0.1 answered with what is no JSON (text/plain)")]
#[case(Reply::status(200).body(r#"{"items": 5}"#), "invalid", "items: holds no list in the answer")]
#[case(Reply::status(200).header("content-encoding", "gzip").body("[]"), "invalid", "answer: 127.0.0.1 answered with broken gzip")]
#[tokio::test]
async fn what_is_wrong_is_told_and_not_what_came(
    #[case] reply: Reply,
    #[case] code: &str,
    #[case] said: &str,
) {
    let (page, _) = once(reply, json!({}), "").await;
    let fault = page.unwrap_err();
    assert_eq!(fault.code(), code);
    assert!(fault.to_string().starts_with(said) && !fault.to_string().contains("Ada"), "{fault}");
}

#[rstest]
#[case(Reply::status(429).header("retry-after", "30"), Some(30))]
#[case(Reply::status(503), None)]
#[case(Reply::status(500), None)]
#[case(Reply::status(503).header("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"), None)]
#[case(Reply::Break, None)]
#[case(Reply::Hang, None)]
#[case(Reply::status(200).header("content-length", "100").body("[]"), None)]
#[tokio::test]
async fn what_passes_is_waited_for(#[case] reply: Reply, #[case] wait: Option<u32>) {
    let place = json!({"page": 2});
    let more = json!({"pages": {"page": {"parameter": "p"}}});
    let (mut pages, _) = ask(vec![reply], more, "", &[Some(place.clone())]).await;
    let Next::Later { place: at, seconds, .. } = pages.remove(0).unwrap().next else { panic!() };
    assert_eq!((at, seconds), (Some(place), wait));
}

#[tokio::test]
async fn private_addresses_are_not_asked() {
    let more = json!({"url": "https://169.254.169.254/latest/meta-data/"});
    let (page, _) = once(ok("[]"), more, "").await;
    assert_eq!(page.unwrap_err().to_string(), "url: the host is not a public address");
}
