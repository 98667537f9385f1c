//! AWS End User Messaging: events of texts, media messages and calls (SMS user guide, "Event types
//! for SMS, MMS, and voice" and "Example event data"), and two-way texts ("Example of a two-way SMS
//! message payload"). Its two-way texts are also those of numbers that SNS sends with.

use super::{
    MESSAGE_ID, Reading, TENANT, any_id, id, instant, marked, milliseconds, need, phone, text,
    written,
};
use ceap_engagement::message::State;
use ceap_engagement::receipt::{About, Inbound, News, Receipt};
use ceap_engagement::suppression::Reason;
use ceap_kernel::Fault;
use serde_json::{Value, json};

/// What a kind of event means for its message; nothing for those that only say that it is under way.
type Meaning = Option<(State, Option<Reason>)>;

/// One event. Its marks are in `context`, which the channel gave when it sent.
pub(super) fn event(event: &Value) -> Reading {
    let kind = need(event, "/eventType")?;
    let (family, rest) = kind.split_once('_').unwrap_or((kind, ""));
    let last = event.pointer("/isFinal").and_then(Value::as_bool);
    let (channel, meaning) = match family {
        "TEXT" | "MEDIA" => ("sms", text_meaning(rest, last).ok_or_else(unknown)?),
        "VOICE" => ("voice", voice_meaning(rest).ok_or_else(unknown)?),
        // The platform sends no RCS messages; a number's registration is no message.
        "RCS" | "REGISTRATION" => return Ok(None),
        _ => return Err(unknown()),
    };
    let Some((state, reason)) = meaning else { return Ok(None) };
    // An intermediate failure may be followed by a delivery.
    if last == Some(false) && state == State::Failed {
        return Ok(None);
    }
    let mark = |name: &str| text(event, &format!("/context/{name}"));
    let marked = marked(mark(TENANT), mark(MESSAGE_ID)).map_err(|fault| fault.within("context"))?;
    let provider_id = id(event, "/messageId")?;
    let to = text(event, "/destinationPhoneNumber").and_then(phone);
    let suppress = reason.zip(to).map(|(reason, to)| (channel.to_owned(), to, reason));
    Ok(Some(News::Receipt(Receipt {
        about: marked.unwrap_or_else(|| About::Provider(channel.to_owned(), provider_id.clone())),
        state,
        at: milliseconds(event, "/eventTimestamp")?,
        provider_id: Some(provider_id),
        detail: Some(kind.to_owned()),
        suppress: suppress.into_iter().collect(),
    })))
}

fn unknown() -> Fault {
    Fault::invalid(
        "eventType",
        "is no event of End User Messaging that is known here; narrow the event destination",
    )
}

/// Texts and media messages.
///
/// - `SUCCESSFUL`: the carrier took it. For some countries that is all that ever comes, and is then
///   final: as delivered as it can be known.
/// - `INVALID`: "the destination phone number isn't valid".
/// - `BLOCKED`: device or carrier block messages to this recipient. That is not the recipient's
///   STOP, which End User Messaging refuses when it is asked to send.
/// - `UNKNOWN`: could not be delivered for another reason, or nothing came for 72 hours. A delivery
///   that is learnt of later counts more.
fn text_meaning(rest: &str, last: Option<bool>) -> Option<Meaning> {
    Some(match rest {
        "QUEUED" | "PENDING" => None,
        "SENT" => Some((State::Sent, None)),
        "SUCCESSFUL" if last == Some(true) => Some((State::Delivered, None)),
        "SUCCESSFUL" => Some((State::Sent, None)),
        "DELIVERED" => Some((State::Delivered, None)),
        "INVALID" => Some((State::Bounced, Some(Reason::Bounce))),
        "INVALID_MESSAGE"
        | "UNREACHABLE"
        | "UNKNOWN"
        | "BLOCKED"
        | "CARRIER_UNREACHABLE"
        | "CARRIER_BLOCKED"
        | "PROTECT_BLOCKED"
        | "SPAM"
        | "TTL_EXPIRED"
        | "FILE_INACCESSIBLE"
        | "FILE_TYPE_UNSUPPORTED"
        | "FILE_SIZE_EXCEEDED" => Some((State::Failed, None)),
        _ => return None,
    })
}

/// Calls. `COMPLETED`: the message was played, maybe to a machine; `ANSWERED` does not say so.
fn voice_meaning(rest: &str) -> Option<Meaning> {
    Some(match rest {
        "INITIATED" | "RINGING" | "ANSWERED" => Some((State::Sent, None)),
        "COMPLETED" => Some((State::Delivered, None)),
        "BUSY" | "NO_ANSWER" | "FAILED" | "TTL_EXPIRED" => Some((State::Failed, None)),
        _ => return None,
    })
}

/// A text from a recipient. It tells no instant; that of its publication, which only SNS's envelope
/// holds, stands in.
pub(super) fn inbound(message: &Value, published: Option<&str>) -> Reading {
    let envelope = json!({"Timestamp": published});
    let at = instant(&envelope, "/Timestamp").map_err(|_| {
        Fault::invalid("Timestamp", "is missing; turn raw message delivery off for two-way texts")
    })?;
    let number = |pointer: &str| {
        let number = id(message, pointer)?;
        Ok(phone(&number).unwrap_or(number))
    };
    Ok(Some(News::Inbound(Inbound {
        channel: "sms".to_owned(),
        id: id(message, "/inboundMessageId")?,
        from: number("/originationNumber")?,
        to: number("/destinationNumber")?,
        text: written(message, "/messageBody")?,
        at,
        answers: any_id(message, "/previousPublishedMessageId"),
    })))
}

#[cfg(test)]
mod tests {
    use super::super::queue;
    use super::*;
    use ceap_engagement::receipt::Told;
    use rstest::rstest;

    const TO: &str = "+15555550123";

    fn of(kind: &str) -> Value {
        json!({
            "eventType": kind,
            "eventVersion": "1.0",
            "eventTimestamp": 1_795_255_205_000_i64,
            "isFinal": true,
            "originationPhoneNumber": "+15555550100",
            "destinationPhoneNumber": TO,
            "messageId": "862a8790",
            "context": {
                "ceap-tenant": "acme",
                "ceap-message-id": "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
            },
        })
    }

    fn receipt(event: &Value) -> Receipt {
        match queue(&event.to_string()).pop().unwrap() {
            Told::News(News::Receipt(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case("TEXT_SENT", State::Sent)]
    #[case("TEXT_SUCCESSFUL", State::Delivered)]
    #[case("TEXT_DELIVERED", State::Delivered)]
    #[case("TEXT_INVALID", State::Bounced)]
    #[case("TEXT_INVALID_MESSAGE", State::Failed)]
    #[case("TEXT_UNREACHABLE", State::Failed)]
    #[case("TEXT_UNKNOWN", State::Failed)]
    #[case("TEXT_CARRIER_UNREACHABLE", State::Failed)]
    #[case("TEXT_CARRIER_BLOCKED", State::Failed)]
    #[case("TEXT_BLOCKED", State::Failed)]
    #[case("TEXT_SPAM", State::Failed)]
    #[case("TEXT_TTL_EXPIRED", State::Failed)]
    #[case("TEXT_PROTECT_BLOCKED", State::Failed)]
    #[case("MEDIA_FILE_SIZE_EXCEEDED", State::Failed)]
    #[case("VOICE_INITIATED", State::Sent)]
    #[case("VOICE_COMPLETED", State::Delivered)]
    #[case("VOICE_NO_ANSWER", State::Failed)]
    fn kinds(#[case] kind: &str, #[case] state: State) {
        let event = of(kind);
        let seen = receipt(&event);
        assert_eq!((seen.state, seen.detail.as_deref()), (state, Some(kind)));
        assert_eq!(seen.at.to_string(), "2026-11-21T10:00:05Z");
        let About::Message(tenant, id) = &seen.about else { panic!("{seen:?}") };
        assert_eq!((tenant.as_str(), id.as_str()), ("acme", "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00"));
        let bounced = (state == State::Bounced).then(|| ("sms".into(), TO.into(), Reason::Bounce));
        assert_eq!(seen.suppress, Vec::from_iter(bounced));
        let kind = "Text Message Delivery Status Updated";
        let bridged = json!({"source": "aws.sms-voice", "detail-type": kind, "detail": event});
        assert_eq!(receipt(&bridged), seen);
    }

    #[rstest]
    #[case("TEXT_QUEUED", true)]
    #[case("TEXT_PENDING", false)]
    #[case("TEXT_UNREACHABLE", false)]
    #[case("RCS_DELIVERED", true)]
    fn what_is_under_way_or_not_ours_is_left(#[case] kind: &str, #[case] last: bool) {
        let mut event = of(kind);
        event["isFinal"] = json!(last);
        assert_eq!(queue(&event.to_string()), [Told::Other]);
    }

    #[test]
    fn until_it_is_final_a_carrier_only_took_it() {
        let mut event = of("TEXT_SUCCESSFUL");
        event["isFinal"] = json!(false);
        assert_eq!(receipt(&event).state, State::Sent);
    }

    #[test]
    fn without_marks_the_providers_id_names_it() {
        let mut event = of("TEXT_DELIVERED");
        event.as_object_mut().unwrap().remove("context");
        let about = receipt(&event).about;
        assert_eq!(about, About::Provider("sms".to_owned(), "862a8790".to_owned()));
        event["eventType"] = json!("VOICE_COMPLETED");
        let about = receipt(&event).about;
        assert_eq!(about, About::Provider("voice".to_owned(), "862a8790".to_owned()));
    }

    #[test]
    fn a_bounce_without_its_number_suppresses_nothing() {
        let mut event = of("TEXT_INVALID");
        event["destinationPhoneNumber"] = json!("+1XXX5550100");
        assert_eq!(receipt(&event).suppress, []);
    }

    #[rstest]
    #[case("eventType", json!("TEXT_EVAPORATED"), "eventType")]
    #[case("eventType", json!("TEXT"), "eventType")]
    #[case("messageId", json!(null), "messageId")]
    #[case("eventTimestamp", json!(0), "eventTimestamp")]
    #[case("eventTimestamp", json!(9e99), "eventTimestamp")]
    #[case("context", json!({"ceap-tenant": "acme"}), "context.ceap-message-id")]
    fn what_cannot_be_read_names_its_field(
        #[case] name: &str,
        #[case] value: Value,
        #[case] field: &str,
    ) {
        let mut event = of("TEXT_DELIVERED");
        event[name] = value;
        let told = queue(&event.to_string());
        let [Told::Bad { fault: Fault::Invalid { field: found, .. }, .. }] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(found, field);
    }

    fn two_way() -> Value {
        json!({
            "originationNumber": TO,
            "destinationNumber": "+15555550100",
            "messageKeyword": "KEYWORD_123456789012",
            "messageBody": "Stop",
            "inboundMessageId": "cae173d2",
            "previousPublishedMessageId": "862a8790",
        })
    }

    #[test]
    fn a_two_way_text_takes_the_envelopes_instant() {
        let envelope = json!({"Type": "Notification", "Timestamp": "2026-11-21T10:00:05.218Z",
            "Message": two_way().to_string()});
        let expected = Inbound {
            channel: "sms".to_owned(),
            id: "cae173d2".to_owned(),
            from: TO.to_owned(),
            to: "+15555550100".to_owned(),
            text: "Stop".to_owned(),
            at: "2026-11-21T10:00:05.218Z".parse().unwrap(),
            answers: Some("862a8790".to_owned()),
        };
        assert_eq!(queue(&envelope.to_string()), [Told::News(News::Inbound(expected))]);
        let told = queue(&two_way().to_string());
        assert!(
            matches!(&told[..], [Told::Bad { fault, .. }] if fault.to_string().contains("raw"))
        );
    }
}
