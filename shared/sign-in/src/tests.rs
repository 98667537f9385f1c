//! Tokens as Cognito signs them, and as those would who are not Cognito. They are signed here without the library that
//! verifies them.

use super::{Nobody, UserPool};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ceap_helpdesk::access::sign_in::{SignIn, Verified};
use ceap_http::Reach;
use ceap_kernel::{Fault, Timestamp};
use ceap_testkit::builders::Hands;
use ceap_testkit::server::{Reply, Server};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::LazyLock;

const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";

/// Keys take a second to make, so all tests share them.
static ONE: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static TWO: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn jwk(name: &str, key: &RsaKeyPair) -> Value {
    let public = key.public_key();
    let n = encoded(public.modulus().big_endian_without_leading_zero());
    let e = encoded(public.exponent().big_endian_without_leading_zero());
    json!({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": name, "n": n, "e": e})
}

fn published(keys: &[Value]) -> Reply {
    Reply::status(200).body(json!({"keys": keys}).to_string())
}

/// The second so many seconds from now.
fn after(seconds: i64) -> i64 {
    Timestamp::now().as_second().saturating_add(seconds)
}

fn claims() -> Value {
    json!({
        "sub": "5a1c", "iss": ISSUER, "aud": "client-of-acme", "token_use": "id",
        "iat": after(0), "exp": after(900), "cognito:username": "5a1c",
        "email": "ada@acme.example", "email_verified": true,
    })
}

/// The claims with some changed; those that are null left out.
fn but(changed: &Value) -> Value {
    let mut all = claims();
    for (name, value) in changed.as_object().unwrap() {
        all[name] = value.clone();
    }
    all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    all
}

fn signed_as(
    header: &Value,
    claims: &Value,
    key: &RsaKeyPair,
    by: &'static dyn RsaEncoding,
) -> String {
    let text = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(by, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", encoded(signature))
}

fn signed(name: &str, key: &RsaKeyPair, claims: &Value) -> String {
    signed_as(&json!({"alg": "RS256", "kid": name}), claims, key, &RSA_PKCS1_SHA256)
}

async fn pool(replies: Vec<Reply>) -> (Server, UserPool, Hands) {
    let (server, hands) = (Server::start(replies).await, Hands::default());
    let url = server.url();
    let pool = UserPool::new(ISSUER, url.as_str(), Reach::Loopback, Box::new(hands.clone()));
    (server, pool.unwrap(), hands)
}

async fn pool_of_one() -> (Server, UserPool, Hands) {
    pool(vec![published(&[jwk("one", &ONE)])]).await
}

#[track_caller]
fn refused(got: &Result<Verified, Fault>, why: &str) {
    assert!(matches!(got, Err(Fault::Unauthorized(_))), "{why}: {got:?}");
}

#[track_caller]
fn unanswered(got: &Result<Verified, Fault>) {
    assert!(matches!(got, Err(Fault::Unavailable(_))), "{got:?}");
}

#[tokio::test]
async fn a_good_token_says_who_signed_in_and_the_keys_are_asked_for_once() {
    let (server, pool, _) = pool_of_one().await;
    let expected = Verified {
        client: "client-of-acme".to_owned(),
        subject: "5a1c".to_owned(),
        email: Some("ada@acme.example".to_owned()),
        email_verified: true,
        providers: Vec::new(),
    };
    for _ in 0..3 {
        let token = signed("one", &ONE, &claims());
        assert_eq!(pool.verify(&token).await, Ok(expected.clone()));
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].line.starts_with("GET "), "{}", asked[0].line);
}

#[rstest]
#[case(json!({"email_verified": "true"}), true, 0)]
#[case(json!({"email_verified": "false"}), false, 0)]
#[case(json!({"email_verified": false}), false, 0)]
#[case(json!({"email_verified": null}), false, 0)]
#[case(json!({"identities": [{"providerName": "Acme", "userId": "1", "primary": "true"}]}), true, 1)]
#[tokio::test]
async fn what_is_said_of_the_address_and_by_whom(
    #[case] changed: Value,
    #[case] verified: bool,
    #[case] providers: usize,
) {
    let (_server, pool, _) = pool_of_one().await;
    let said = pool.verify(&signed("one", &ONE, &but(&changed))).await.unwrap();
    assert_eq!((said.email_verified, said.providers.len()), (verified, providers));
}

#[rstest]
#[case("of another pool", json!({"iss": format!("{ISSUER}x")}))]
#[case("of no pool", json!({"iss": null}))]
#[case("an access token", json!({"token_use": "access", "client_id": "client-of-acme", "aud": null}))]
#[case("an access token with an audience", json!({"token_use": "access"}))]
#[case("of no use", json!({"token_use": null}))]
#[case("for nobody", json!({"aud": null}))]
#[case("for several", json!({"aud": ["client-of-acme", "client-of-other"]}))]
#[case("of nobody", json!({"sub": null}))]
#[case("expired", json!({"exp": after(-31)}))]
#[case("for ever", json!({"exp": null}))]
#[case("for ever, in words", json!({"exp": "never"}))]
#[case("not yet", json!({"nbf": after(120)}))]
#[case("from nobody knows where", json!({"identities": "[]"}))]
#[tokio::test]
async fn claims_that_are_not_good(#[case] why: &str, #[case] changed: Value) {
    let (_server, pool, _) = pool_of_one().await;
    refused(&pool.verify(&signed("one", &ONE, &but(&changed))).await, why);
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let (_server, pool, _) = pool_of_one().await;
    let token = signed("one", &ONE, &but(&json!({"exp": after(-10)})));
    assert!(pool.verify(&token).await.is_ok());
}

#[tokio::test]
async fn signatures_of_others_and_of_other_kinds() {
    let (_server, pool, _) = pool_of_one().await;
    assert!(pool.verify(&signed("one", &ONE, &claims())).await.is_ok());
    let header = |alg: &str| json!({"alg": alg, "kid": "one"});
    let text = |alg: &str| {
        format!("{}.{}", encoded(header(alg).to_string()), encoded(claims().to_string()))
    };

    refused(&pool.verify(&signed("one", &TWO, &claims())).await, "another's key");
    refused(&pool.verify(&format!("{}.", text("none"))).await, "none");
    refused(&pool.verify(&format!("{}.", text("RS256"))).await, "no signature");
    // The public key as everybody has it, taken for a secret that two share.
    for secret in [jwk("one", &ONE).to_string(), jwk("one", &ONE)["n"].as_str().unwrap().to_owned()]
    {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = encoded(hmac::sign(&key, text("HS256").as_bytes()));
        refused(&pool.verify(&format!("{}.{tag}", text("HS256"))).await, "HS256");
    }
    let other = signed_as(&header("RS512"), &claims(), &ONE, &RSA_PKCS1_SHA512);
    refused(&pool.verify(&other).await, "RS512");
    let good = signed("one", &ONE, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let owner = encoded(but(&json!({"email": "owner@acme.example"})).to_string());
    refused(&pool.verify(&format!("{}.{owner}.{}", parts[0], parts[2])).await, "changed");
    let critical = json!({"alg": "RS256", "kid": "one", "crit": ["exp"]});
    refused(&pool.verify(&signed_as(&critical, &claims(), &ONE, &RSA_PKCS1_SHA256)).await, "crit");
    let nameless = signed_as(&json!({"alg": "RS256"}), &claims(), &ONE, &RSA_PKCS1_SHA256);
    refused(&pool.verify(&nameless).await, "no key id");
    for nonsense in ["", "..", "a.b.c", &format!("{good}.x")] {
        refused(&pool.verify(nonsense).await, nonsense);
    }
}

#[tokio::test]
async fn what_is_no_token_asks_nobody_for_keys() {
    let (server, pool, _) = pool(Vec::new()).await;
    refused(&pool.verify("a.b.c").await, "nonsense");
    let header = encoded(json!({"alg": "HS256", "kid": "one"}).to_string());
    refused(&pool.verify(&format!("{header}.e30.AA")).await, "HS256");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_new_key_is_asked_for_and_one_that_is_withdrawn_is_worth_nothing() {
    let replies = vec![published(&[jwk("one", &ONE)]), published(&[jwk("two", &TWO)])];
    let (server, pool, hands) = pool(replies).await;
    let (old, new) = (signed("one", &ONE, &claims()), signed("two", &TWO, &claims()));
    assert!(pool.verify(&old).await.is_ok());
    // Made up or new: nobody asks again within a minute.
    hands.pass(59);
    refused(&pool.verify(&new).await, "too soon");
    assert_eq!(server.connections(), 1);
    hands.pass(1);
    assert!(pool.verify(&new).await.is_ok());
    refused(&pool.verify(&old).await, "withdrawn");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn without_keys_nothing_is_said_against_a_token() {
    let replies = vec![Reply::status(503), published(&[jwk("one", &ONE)]), Reply::Break];
    let (server, pool, hands) = pool(replies).await;
    let token = signed("one", &ONE, &claims());
    unanswered(&pool.verify(&token).await);
    hands.pass(4);
    unanswered(&pool.verify(&token).await);
    assert_eq!(server.connections(), 1);
    hands.pass(1);
    assert!(pool.verify(&token).await.is_ok());
    // The keys that are known stay, whatever becomes of who published them.
    hands.pass(60);
    unanswered(&pool.verify(&signed("two", &TWO, &claims())).await);
    assert!(pool.verify(&token).await.is_ok());
}

#[rstest]
#[case(Reply::status(200).body("no JSON"))]
#[case(Reply::status(200).body("{\"keys\": []}"))]
#[case(Reply::status(200).body(" ".repeat(70_000)))]
#[case(Reply::status(302).header("location", "http://127.0.0.1:1/"))]
#[case(Reply::Break)]
#[tokio::test]
async fn answers_that_are_no_keys(#[case] reply: Reply) {
    let (_server, pool, _) = pool(vec![reply]).await;
    unanswered(&pool.verify(&signed("one", &ONE, &claims())).await);
}

#[tokio::test]
async fn keys_for_other_purposes_verify_nothing() {
    let mut other = vec![jwk("one", &ONE), jwk("two", &TWO)];
    other[0]["use"] = json!("enc");
    other[1]["alg"] = json!("RS512");
    let mut secret = json!({"kty": "oct", "kid": "three", "k": encoded("secret")});
    secret["alg"] = json!("HS256");
    other.push(secret);
    let replies = vec![published(&other), published(&[jwk("one", &ONE)])];
    let (_server, pool, _) = pool(replies).await;
    unanswered(&pool.verify(&signed("one", &ONE, &claims())).await);
}

#[rstest]
#[case("http://cognito-idp.us-east-1.amazonaws.com/keys", Reach::Public)]
#[case("http://cognito-idp.us-east-1.amazonaws.com/keys", Reach::Loopback)]
#[case("http://127.0.0.1:4566/keys", Reach::Public)]
#[case("https://10.0.0.1/keys", Reach::Loopback)]
fn keys_come_over_https_but_from_loopback(#[case] url: &str, #[case] reach: Reach) {
    let pool = UserPool::new(ISSUER, url, reach, Box::new(Hands::default()));
    assert!(matches!(pool.err(), Some(Fault::Invalid { .. })), "{url}");
}

#[tokio::test]
async fn where_nobody_signs_in_no_token_is_good() {
    refused(&Nobody.verify(&signed("one", &ONE, &claims())).await, "nobody");
}
