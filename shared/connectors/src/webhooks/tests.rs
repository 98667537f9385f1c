#![allow(clippy::arithmetic_side_effects)]

use super::*;
use rstest::rstest;
use std::collections::BTreeMap;

const BODY: &[u8] = br#"{"id":"evt_1","type":"charge.succeeded"}"#;

/// The instant that the signatures below were made at.
const SIGNED: i64 = 1_795_262_400;

struct Sent<'a> {
    headers: BTreeMap<&'a str, &'a str>,
    body: &'a [u8],
    at: i64,
}

impl Sent<'_> {
    fn check(&self, scheme_name: &str, secrets: &[&str]) -> (Result<(), String>, Option<String>) {
        let header = |name: &str| self.headers.get(name).copied();
        let at = Timestamp::from_second(self.at).unwrap();
        let request = Request { header: &header, body: self.body, at };
        let scheme = scheme(scheme_name).unwrap();
        let verified = scheme.verify(secrets, &request).map_err(|fault| fault.to_string());
        (verified, scheme.id(&request))
    }
}

/// A request of each sender, signed with Python's `hmac`; GitHub's and one of Standard Webhooks are those
/// of their documentation.
fn sent(name: &str) -> (Sent<'static>, &'static str, Option<&'static str>) {
    let of = |headers: &[(&'static str, &'static str)], body, at| {
        let headers = headers.iter().copied().collect();
        Sent { headers, body, at }
    };
    match name {
        "standard" => (
            of(
                &[
                    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                    ("webhook-timestamp", "1614265330"),
                    (
                        "webhook-signature",
                        "v1a,xx v1,bad= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                    ),
                ],
                br#"{"test": 2432232314}"#.as_slice(),
                1_614_265_330,
            ),
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ),
        "shopify" => (
            of(
                &[
                    ("x-shopify-hmac-sha256", "BSo+BS/z0qzpUs18V+Da10NKRvtzR4zoUq7A39dyIPs="),
                    ("x-shopify-topic", "orders/create"),
                ],
                BODY,
                SIGNED,
            ),
            "hush",
            Some("052a3e052ff3d2ace952cd7c57e0dad7434a46fb73478ce852aec0dfd77220fb/orders/create"),
        ),
        "stripe" => (
            of(
                &[(
                    "stripe-signature",
                    "t=1795262400,v0=00,v1=340bca21de60de47068191a0d300dfe0554e2eb8ca7cecddb6ee80ca3a7ddb8a",
                )],
                BODY,
                SIGNED,
            ),
            "whsec_test",
            Some("evt_1"),
        ),
        _ => (
            of(
                &[
                    (
                        "x-hub-signature-256",
                        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
                    ),
                    ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
                    ("x-github-event", "ping"),
                ],
                b"Hello, World!",
                SIGNED,
            ),
            "It's a Secret to Everybody",
            Some("757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17/ping"),
        ),
    }
}

#[rstest]
fn what_its_sender_signed_is_taken_and_nothing_else(
    #[values("standard", "shopify", "stripe", "github")] name: &str,
) {
    let (good, secret, id) = sent(name);
    assert_eq!(good.check(name, &[secret]), (Ok(()), id.map(str::to_owned)));
    assert_eq!(good.check(name, &["old", secret]).0, Ok(()), "while secrets are changed");
    assert!(good.check(name, &["old"]).0.is_err());
    assert!(good.check(name, &[]).0.is_err());
    let changed: Vec<u8> = [good.body, b" "].concat();
    let changed = Sent { body: &changed, headers: good.headers.clone(), at: good.at };
    assert!(changed.check(name, &[secret]).0.unwrap_err().contains("signature is not one of"));
    for missing in good
        .headers
        .keys()
        .filter(|it| !["-id", "delivery", "topic", "event"].iter().any(|end| it.ends_with(end)))
    {
        let mut headers = good.headers.clone();
        headers.remove(missing);
        let refused = Sent { headers, ..sent(name).0 }.check(name, &[secret]).0.unwrap_err();
        assert!(refused.contains(missing), "{refused}");
        for bad in ["", "v1,", "sha256=zz", "t=1795262400,v1=zz", "ü", "%%"] {
            let mut headers = good.headers.clone();
            headers.insert(missing, bad);
            assert!(Sent { headers, ..sent(name).0 }.check(name, &[secret]).0.is_err(), "{bad}");
        }
    }
}

#[rstest]
#[case("github", "x-github-delivery")]
#[case("shopify", "x-shopify-webhook-id")]
fn what_is_not_signed_makes_no_other_delivery_of_it(
    #[case] name: &str,
    #[case] header: &'static str,
) {
    let (good, secret, id) = sent(name);
    let mut headers = good.headers.clone();
    headers.insert(header, "another");
    let again = Sent { headers, ..sent(name).0 };
    assert_eq!(again.check(name, &[secret]), (Ok(()), id.map(str::to_owned)));
}

#[rstest]
fn what_was_signed_long_ago_is_not_taken(#[values("standard", "stripe")] name: &str) {
    let (good, secret, _) = sent(name);
    for (by, taken) in [(-300, true), (300, true), (301, false), (-301, false), (86_400, false)] {
        let late = Sent { at: good.at + by, ..sent(name).0 };
        assert_eq!(late.check(name, &[secret]).0.is_ok(), taken, "{by}");
    }
    let refused = Sent { at: good.at + 301, ..sent(name).0 }.check(name, &[secret]).0;
    assert!(refused.unwrap_err().contains("more than 5 minutes"));
}
