//! WhatsApp: what Meta's callbacks bring (Graph API, "Webhooks: getting started"; Cloud API,
//! "Webhooks: messages", "status messages"). One callback is of one tenant, whom its URL names and
//! whose app secret signs it; it speaks of that tenant's messages only.

use super::{Reading, any_id, id, items, marked, need, phone, seconds, text, told, written};
use ceap_engagement::message::State;
use ceap_engagement::receipt::{About, Inbound, News, Receipt, Told};
use ceap_engagement::suppression::Reason;
use ceap_kernel::{Fault, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

const CHANNEL: &str = "whatsapp";

/// Letters of a challenge; Meta sends a number.
const LONGEST_CHALLENGE: usize = 128;

fn mac(key: &str, message: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(message);
    Some(mac)
}

/// Whether `body` was signed: `signature` is the header `X-Hub-Signature-256`, `sha256=` and the
/// HMAC-SHA256 of the body's very bytes with the app secret in hexadecimal ("Validating payloads").
/// `secrets` are one or several with spaces between them, so that one can follow another. Compared
/// in constant time.
///
/// # Errors
/// `Unauthorized` when none of the secrets signed it, or there is none.
pub fn verify(secrets: &str, signature: Option<&str>, body: &[u8]) -> Result<(), Fault> {
    let no = || Fault::Unauthorized("X-Hub-Signature-256 is not the app secret's".to_owned());
    let signature = signature.and_then(|text| text.strip_prefix("sha256="));
    let signature = signature.and_then(unhex).ok_or_else(no)?;
    let signed = |secret| mac(secret, body).is_some_and(|mac| mac.verify_slice(&signature).is_ok());
    // Every secret is tried, so that the time does not tell which one it was.
    let matches = secrets.split_whitespace().filter(|secret| signed(secret)).count();
    if matches > 0 { Ok(()) } else { Err(no()) }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from((high << 4) | low).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}

/// Meta's question whether the URL is ours ("Verification requests"): the answer is the challenge,
/// as `text/plain`, when `hub.verify_token` is the tenant's.
///
/// # Errors
/// `Forbidden` when it is not; `Invalid` when it asks for something else.
pub fn challenge(
    expected: &str,
    mode: Option<&str>,
    token: Option<&str>,
    challenge: Option<&str>,
) -> Result<String, Fault> {
    if mode != Some("subscribe") {
        return Err(Fault::invalid("hub.mode", "must be subscribe"));
    }
    // The MACs of equal tokens are equal, and comparing them tells nothing of either.
    let same = mac("hub.verify_token", token.unwrap_or_default().as_bytes())
        .zip(mac("hub.verify_token", expected.as_bytes()))
        .is_some_and(|(given, expected)| given.finalize() == expected.finalize());
    if expected.is_empty() || !same {
        return Err(Fault::Forbidden("hub.verify_token is not the tenant's".to_owned()));
    }
    challenge
        .filter(|text| (1..=LONGEST_CHALLENGE).contains(&text.len()))
        .filter(|text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
        .map(str::to_owned)
        .ok_or_else(|| {
            let rule = format!("must be 1 to {LONGEST_CHALLENGE} letters and digits");
            Fault::invalid("hub.challenge", rule)
        })
}

/// Reads a callback to `tenant` whose signature holds. Changes of other fields than `messages`, as
/// of templates and of the account, are of no interest.
#[must_use]
pub fn callback(tenant: &TenantId, body: &[u8]) -> Vec<Told> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            let fault = Fault::invalid("body", format!("is not JSON: {error}"));
            return vec![Told::Bad { fault, payload: String::from_utf8_lossy(body).into() }];
        }
    };
    if text(&value, "/object") != Some("whatsapp_business_account") {
        let fault = Fault::invalid("object", "must be whatsapp_business_account");
        return vec![Told::Bad { fault, payload: value }];
    }
    let changes = items(&value, "/entry").iter().flat_map(|entry| items(entry, "/changes"));
    let mut all = Vec::new();
    for change in changes.filter(|change| text(change, "/field") == Some("messages")) {
        let number = any_id(change, "/value/metadata/phone_number_id");
        let statuses = items(change, "/value/statuses");
        all.extend(statuses.iter().map(|status| told(read_status(tenant, status), status)));
        let messages = items(change, "/value/messages");
        all.extend(
            messages.iter().map(|message| told(read_message(number.clone(), message), message)),
        );
    }
    if all.is_empty() { vec![Told::Other] } else { all }
}

/// "Status messages". A failure is told by its code, which Meta's "Error codes" explain; its words
/// may hold what was sent.
fn read_status(tenant: &TenantId, status: &Value) -> Reading {
    let code = status.pointer("/errors/0/code").and_then(Value::as_i64);
    let state = match need(status, "/status")? {
        // Of a payment, which has states of its own.
        _ if text(status, "/type") == Some("payment") => return Ok(None),
        "sent" => State::Sent,
        "delivered" => State::Delivered,
        "read" | "played" => State::Opened,
        "failed" => State::Failed,
        "deleted" | "warning" => return Ok(None),
        _ => {
            return Err(Fault::invalid(
                "status",
                "must be sent, delivered, read, played or failed",
            ));
        }
    };
    let id = id(status, "/id")?;
    let marks = text(status, "/biz_opaque_callback_data");
    let about =
        about(tenant, marks)?.unwrap_or_else(|| About::Provider(CHANNEL.to_owned(), id.clone()));
    // "131050: the recipient has chosen to stop receiving marketing messages from your business".
    let unsubscribed = (state == State::Failed && code == Some(131_050))
        .then(|| text(status, "/recipient_id").and_then(phone))
        .flatten();
    Ok(Some(News::Receipt(Receipt {
        about,
        state,
        at: seconds(status, "/timestamp")?,
        provider_id: Some(id),
        detail: code.filter(|_| state == State::Failed).map(|code| code.to_string()),
        suppress: unsubscribed
            .map(|to| (CHANNEL.to_owned(), to, Reason::Unsubscribe))
            .into_iter()
            .collect(),
    })))
}

/// Our marks are `<tenant>/<message id>`; what has another form is another system's of the same
/// number.
fn about(tenant: &TenantId, marks: Option<&str>) -> Result<Option<About>, Fault> {
    const FIELD: &str = "biz_opaque_callback_data";
    let Some((owner, id)) = marks.and_then(|marks| marks.split_once('/')) else { return Ok(None) };
    if owner != tenant.as_str() {
        return Err(Fault::invalid(FIELD, "names another tenant than the callback's URL"));
    }
    marked(Some(owner), Some(id)).map_err(|fault| fault.within(FIELD))
}

/// "Messages": what a user writes, taps or sends. Media are told without themselves, by their
/// caption; reactions and what the system says of a user are not told.
fn read_message(number: Option<String>, message: &Value) -> Reading {
    let said = match need(message, "/type")? {
        "text" => written(message, "/text/body")?,
        // "Quick-reply buttons" of a template; those and lists of an interactive message.
        "button" => written(message, "/button/text")?,
        "interactive" => ["button_reply/title", "list_reply/title", "nfm_reply/body"]
            .iter()
            .find_map(|place| written(message, &format!("/interactive/{place}")).ok())
            .ok_or_else(|| Fault::invalid("interactive", "must be a reply with a title"))?,
        kind @ ("image" | "video" | "document" | "audio" | "sticker" | "location" | "contacts"
        | "order") => written(message, &format!("/{kind}/caption")).unwrap_or_default(),
        _ => return Ok(None),
    };
    // Who has a user name may hide the number; then only the business-scoped id is told.
    let hidden = message.get("from").is_none();
    let from = id(message, if hidden { "/from_user_id" } else { "/from" })?;
    Ok(Some(News::Inbound(Inbound {
        channel: CHANNEL.to_owned(),
        id: id(message, "/id")?,
        from: phone(&from).unwrap_or(from),
        to: number.ok_or_else(|| Fault::invalid("metadata.phone_number_id", "must be an id"))?,
        text: said,
        at: seconds(message, "/timestamp")?,
        answers: any_id(message, "/context/id"),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    const BODY: &[u8] = b"{\"object\":\"whatsapp_business_account\"}";

    fn sign(secret: &str, body: &[u8]) -> String {
        let bytes = mac(secret, body).unwrap().finalize().into_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256={hex}")
    }

    /// RFC 4231 §4.3.
    #[test]
    fn signs_as_the_rfc_does() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let signature = sign("Jefe", b"what do ya want for nothing?");
        assert_eq!(signature, format!("sha256={expected}"));
    }

    #[test]
    fn only_the_app_secrets_signature_over_the_very_bytes_holds() {
        let good = sign("s3cret", BODY);
        assert!(verify("s3cret", Some(&good), BODY).is_ok());
        assert!(verify("next s3cret", Some(&good), BODY).is_ok());
        assert!(verify("s3cret", Some(&good.to_uppercase().replace("SHA", "sha")), BODY).is_ok());
        let empty = sign("", BODY);
        let (no_prefix, mut cut) = (good.replace("sha256=", ""), good.clone());
        cut.truncate(64);
        let odd = format!("{good}0");
        for bad in [Some(""), Some("sha256="), Some("sha256=+f"), Some("sha256=é"), None]
            .into_iter()
            .chain([&no_prefix, &cut, &odd, &empty, &sign("other", BODY)].map(|s| Some(s.as_str())))
        {
            let refused = verify("s3cret", bad, BODY).unwrap_err();
            assert!(matches!(refused, Fault::Unauthorized(_)), "{bad:?}");
        }
        assert!(verify("s3cret", Some(&good), b"{}").is_err());
        // No secret is none, not an empty key.
        assert!(verify("", Some(&empty), BODY).is_err());
    }

    #[test]
    fn a_challenge_is_answered_to_who_knows_the_token() {
        let ask = |mode, token, text| challenge("t0ken", mode, token, text);
        let (subscribe, token) = (Some("subscribe"), Some("t0ken"));
        assert_eq!(ask(subscribe, token, Some("1158201444")), Ok("1158201444".to_owned()));
        assert!(matches!(ask(subscribe, Some("t0ke"), Some("1")), Err(Fault::Forbidden(_))));
        assert!(matches!(ask(subscribe, None, Some("1")), Err(Fault::Forbidden(_))));
        assert!(matches!(ask(None, token, Some("1")), Err(Fault::Invalid { .. })));
        assert!(matches!(ask(subscribe, token, None), Err(Fault::Invalid { .. })));
        assert!(matches!(ask(subscribe, token, Some("<script>")), Err(Fault::Invalid { .. })));
        assert!(challenge("", subscribe, Some(""), Some("1")).is_err());
    }

    fn of(list: &str, item: Value) -> Vec<Told> {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15555550100", "phone_number_id": "106540352242922"},
            list: [item],
        });
        let body = json!({"object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]});
        callback(&TenantId::new("acme").unwrap(), body.to_string().as_bytes())
    }

    fn status(state: &str) -> Value {
        json!({
            "id": "wamid.HBgL",
            "status": state,
            "timestamp": "1795255205",
            "recipient_id": "15555550123",
            "biz_opaque_callback_data": "acme/7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
        })
    }

    fn receipt(item: Value) -> Receipt {
        match of("statuses", item).pop().unwrap() {
            Told::News(News::Receipt(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case("sent", State::Sent)]
    #[case("delivered", State::Delivered)]
    #[case("read", State::Opened)]
    #[case("failed", State::Failed)]
    fn statuses(#[case] said: &str, #[case] state: State) {
        let seen = receipt(status(said));
        assert_eq!((seen.state, seen.detail, seen.suppress), (state, None, Vec::new()));
        assert_eq!(seen.at.to_string(), "2026-11-21T10:00:05Z");
        assert_eq!(seen.provider_id.as_deref(), Some("wamid.HBgL"));
        let About::Message(tenant, id) = &seen.about else { panic!("{:?}", seen.about) };
        assert_eq!((tenant.as_str(), id.as_str()), ("acme", "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00"));
    }

    #[test]
    fn a_failure_tells_its_code_and_an_opt_out_suppresses_marketing() {
        let mut failed = status("failed");
        let words = "Message to +15555550123 undeliverable";
        failed["errors"] = json!([{"code": 131_026, "title": words, "message": words}]);
        let seen = receipt(failed.clone());
        assert_eq!((seen.detail.as_deref(), seen.suppress.len()), (Some("131026"), 0));
        failed["errors"][0]["code"] = json!(131_050);
        let expected = ("whatsapp".to_owned(), "+15555550123".to_owned(), Reason::Unsubscribe);
        assert_eq!(receipt(failed).suppress, [expected]);
    }

    #[test]
    fn a_tenant_speaks_of_its_own_messages_only() {
        let mut foreign = status("read");
        foreign["biz_opaque_callback_data"] = json!("umbra/7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00");
        let told = of("statuses", foreign.clone());
        assert!(
            matches!(&told[..], [Told::Bad { fault, .. }] if fault.to_string().contains("another tenant"))
        );
        foreign["biz_opaque_callback_data"] = json!("acme/1");
        assert!(matches!(&of("statuses", foreign.clone())[..], [Told::Bad { .. }]));
        for marks in [json!(null), json!("campaign-7")] {
            foreign["biz_opaque_callback_data"] = marks;
            let about = About::Provider("whatsapp".to_owned(), "wamid.HBgL".to_owned());
            assert_eq!(receipt(foreign.clone()).about, about);
        }
    }

    fn inbound(kind: &str, inner: Value) -> Vec<Told> {
        let mut message = json!({
            "from": "15555550123",
            "id": "wamid.IN",
            "timestamp": "1795255205",
            "context": {"from": "15555550100", "id": "wamid.HBgL"},
            "type": kind,
        });
        message[kind] = inner;
        of("messages", message)
    }

    #[rstest]
    #[case("text", json!({"body": "Stop"}), "Stop")]
    #[case("button", json!({"payload": "p", "text": "No thanks"}), "No thanks")]
    #[case("interactive", json!({"type": "button_reply", "button_reply": {"id": "1", "title": "Yes"}}), "Yes")]
    #[case("interactive", json!({"type": "list_reply", "list_reply": {"id": "2", "title": "Later"}}), "Later")]
    #[case("image", json!({"id": "9", "caption": "Look"}), "Look")]
    #[case("audio", json!({"id": "9"}), "")]
    fn messages(#[case] kind: &str, #[case] inner: Value, #[case] said: &str) {
        let expected = Inbound {
            channel: "whatsapp".to_owned(),
            id: "wamid.IN".to_owned(),
            from: "+15555550123".to_owned(),
            to: "106540352242922".to_owned(),
            text: said.to_owned(),
            at: "2026-11-21T10:00:05Z".parse().unwrap(),
            answers: Some("wamid.HBgL".to_owned()),
        };
        assert_eq!(inbound(kind, inner), [Told::News(News::Inbound(expected))]);
    }

    #[test]
    fn what_is_of_no_interest_is_left() {
        assert_eq!(inbound("reaction", json!({"emoji": "👍"})), [Told::Other]);
        assert_eq!(inbound("system", json!({"body": "changed number"})), [Told::Other]);
        assert_eq!(of("errors", json!({"code": 1})), [Told::Other]);
        assert_eq!(callback(&TenantId::new("acme").unwrap(), BODY), [Told::Other]);
    }

    #[rstest]
    #[case("{")]
    #[case("[]")]
    #[case(r#"{"object":"page"}"#)]
    #[case("\u{0}")]
    fn what_is_no_callback_is_bad(#[case] body: &str) {
        let told = callback(&TenantId::new("acme").unwrap(), body.as_bytes());
        assert!(matches!(&told[..], [Told::Bad { .. }]), "{told:?}");
    }

    proptest! {
        #[test]
        fn nothing_that_comes_can_break_it(bytes in any::<Vec<u8>>(), text in ".{0,80}") {
            let _ = callback(&TenantId::new("acme").unwrap(), &bytes);
            prop_assert!(verify("s3cret", Some(&text), &bytes).is_err());
            prop_assert!(challenge("t0ken", Some(&text), Some(&text), Some(&text)).is_err());
        }
    }
}
