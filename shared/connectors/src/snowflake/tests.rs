//! Snowflake's wire over loopback. Its answers are as its reference writes them.

use super::*;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ceap_engagement::source::{SourceDocument, SourceKind};
use ceap_kernel::{SourceId, TenantId};
use ceap_testkit::server::{Asked, Reply, Server};
use rstest::rstest;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use std::time::Duration;

/// A key pair of these tests: its PEM, its public key, and what Snowflake knows it by.
static PAIR: LazyLock<(String, Vec<u8>, String)> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let pem = STANDARD.encode(der.as_ref());
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let known_by = STANDARD.encode(Sha256::digest(public.as_ref()));
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
    (pem, pair.public_key().as_ref().to_vec(), known_by)
});

struct Known(String);

impl Secrets for Known {
    async fn get(&self, _: &TenantId, _: &str) -> Result<Secret, Fault> {
        Ok(Secret::new(self.0.clone()))
    }
}

async fn ask(
    reply: Reply,
    secret: &str,
    place: Option<Value>,
) -> (Result<Page, Fault>, Option<Asked>) {
    let server = Server::start(vec![reply]).await;
    let url = format!("http://127.0.0.1:{}", server.port);
    let from = object!({"account": "my_org-acc.eu-west-1", "user": "ceap", "secret": "key", "url": url, "warehouse": "W",
        "query": "SELECT * FROM o WHERE at >= TO_TIMESTAMP_NTZ(?)", "watermark": {"field": "AT", "initial": "2026-01-01"},
        "mapping": {"type": "'a'", "subject": "row.S"}});
    let text = object!({"id": "shop", "name": "Shop", "from": {"snowflake": from}}).to_string();
    let document = SourceDocument::parse(text.as_bytes()).unwrap();
    let SourceKind::Snowflake(source) = &document.from else { panic!() };
    let http = Http::within(Reach::Loopback, Duration::from_secs(2)).unwrap();
    let (tenant, id) = (TenantId::new("acme").unwrap(), SourceId::new("shop").unwrap());
    let poll = PollId::derive(&tenant, &id, "1");
    let (kind, since) = (&document.from, Some("2026-11-21T10:00:00"));
    let ask = Ask { tenant: &tenant, source: &id, poll: &poll, kind, since, place: place.as_ref() };
    let page = Snowflake::new(http, Known(secret.to_owned())).page(&ask, source).await;
    (page, server.asked().pop())
}

fn answer(status: u16, body: Value) -> Reply {
    Reply::status(status).header("content-type", "application/json").body(body.to_string())
}

fn columns() -> Value {
    object!([{"name": "S", "type": "text", "scale": null, "nullable": true},
             {"name": "N", "type": "fixed", "scale": 0, "precision": 38}])
}

#[tokio::test]
async fn a_statement_is_submitted_once_and_signed() {
    let running = answer(
        202,
        object!({"code": "333334", "message": "in progress", "statementHandle": "01b2-a"}),
    );
    let (page, asked) = ask(running, &PAIR.0, None).await;
    assert_eq!(page.unwrap().next, Next::Running(object!({"handle": "01b2-a"})));
    let asked = asked.unwrap();
    let poll =
        PollId::derive(&TenantId::new("acme").unwrap(), &SourceId::new("shop").unwrap(), "1");
    let id = request_id(&poll);
    assert_eq!(
        asked.line,
        format!("POST /api/v2/statements?requestId={id}&retry=true&async=true HTTP/1.1")
    );
    let version: Vec<char> =
        [14, 19].into_iter().filter_map(|place| id.chars().nth(place)).collect();
    assert_eq!((id.len(), version), (36, vec!['8', 'a']));
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["bindings"], object!({"1": {"type": "TEXT", "value": "2026-11-21T10:00:00"}}));
    assert_eq!((&body["warehouse"], body.get("role")), (&object!("W"), None));
    assert_eq!(asked.headers["x-snowflake-authorization-token-type"], "KEYPAIR_JWT");

    let token = asked.headers["authorization"].strip_prefix("Bearer ").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &PAIR.1);
    key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["sub"], "MY_ORG-ACC.CEAP");
    assert_eq!(claims["iss"], format!("MY_ORG-ACC.CEAP.SHA256:{}", PAIR.2));
}

#[tokio::test]
async fn an_answer_is_read_partition_by_partition() {
    let first = object!({"resultSetMetaData": {"numRows": 2, "format": "jsonv2", "rowType": columns(),
        "partitionInfo": [{"rowCount": 1, "uncompressedSize": 9}, {"rowCount": 1, "uncompressedSize": 9}]},
        "data": [["ada", "7"]], "code": "090001", "statementHandle": "01b2-a"});
    let (page, asked) = ask(answer(200, first), &PAIR.0, Some(object!({"handle": "01b2-a"}))).await;
    let page = page.unwrap();
    assert_eq!(asked.unwrap().line, "GET /api/v2/statements/01b2-a HTTP/1.1");
    assert_eq!(page.rows, [object!({"S": "ada", "N": 7})]);
    let Next::Page(place) = page.next else { panic!() };
    let (page, asked) =
        ask(answer(200, object!({"data": [[null, "8"]]})), &PAIR.0, Some(place)).await;
    assert_eq!(asked.unwrap().line, "GET /api/v2/statements/01b2-a?partition=1 HTTP/1.1");
    assert_eq!(page, Ok(Page { rows: vec![object!({"S": null, "N": 8})], next: Next::End }));
}

#[rstest]
#[case(answer(422, object!({"code": "002003", "message": "SQL compilation error: O does not exist"})), "query: Snowflake: 002003: SQL compilation error")]
#[case(answer(401, object!({"code": "390144", "message": "JWT token is invalid."})), "127.0.0.1 answered 401: it does not take the key of `ceap`; compare")]
#[case(answer(403, object!({})), "127.0.0.1 answered 403: `ceap` may not use")]
#[case(Reply::status(200).header("content-type", "text/html").body("<html>"), "answer: 127.0.0.1 answered with a page of HTML")]
#[case(answer(200, object!([1])), "answer: 127.0.0.1 does not answer as Snowflake's SQL API")]
#[case(answer(200, object!({"data": []})), "answer: 127.0.0.1 answered without a `statementHandle`")]
#[tokio::test]
async fn what_is_wrong_is_told(#[case] reply: Reply, #[case] said: &str) {
    let refused = ask(reply, &PAIR.0, None).await.0.unwrap_err().to_string();
    assert!(refused.starts_with(said), "{refused}");
}

#[rstest]
#[case(Reply::status(429), None)]
#[case(Reply::status(503).header("retry-after", "7"), Some(7))]
#[case(Reply::Break, None)]
#[tokio::test]
async fn what_passes_is_waited_for(#[case] reply: Reply, #[case] wait: Option<u32>) {
    let (page, _) = ask(reply, &PAIR.0, None).await;
    assert!(
        matches!(page.unwrap().next, Next::Later { place: None, seconds, .. } if seconds == wait)
    );
}

#[rstest]
#[case("", "secret: `key` must hold an RSA private key in PEM")]
#[case("-----BEGIN ENCRYPTED PRIVATE KEY-----", "secret: `key` holds an encrypted key")]
#[case(
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    "secret: `key` must hold an RSA private key in PEM"
)]
#[tokio::test]
async fn a_key_that_is_none_is_told(#[case] secret: &str, #[case] said: &str) {
    let (page, asked) = ask(Reply::status(200), secret, None).await;
    let refused = page.unwrap_err().to_string();
    assert!(refused.starts_with(said) && asked.is_none(), "{refused}");
}

#[test]
fn a_token_is_for_snowflake_alone() {
    let source = |url: Option<&str>| -> SnowflakeSource {
        serde_json::from_value(object!({"account": "My_Org-acc", "user": "u", "secret": "k", "query": "SELECT 1", "url": url,
            "mapping": {"type": "'a'", "subject": "row.S"}})).unwrap()
    };
    let base = |url| base(&source(url), Reach::Public).map(|url| url.to_string());
    assert_eq!(base(None).unwrap(), "https://my-org-acc.snowflakecomputing.com/");
    assert!(base(Some("https://acc.eu-west-1.snowflakecomputing.com")).is_ok());
    for other in [
        "https://example.com",
        "https://evilsnowflakecomputing.com",
        "http://a.snowflakecomputing.com",
        "http://127.0.0.1",
    ] {
        assert!(base(Some(other)).is_err(), "{other}");
    }
}
