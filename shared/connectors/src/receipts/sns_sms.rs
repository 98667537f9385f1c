//! Delivery status of texts that SNS sent: it writes them to CloudWatch Logs, and a subscription
//! filter brings them (SNS developer guide, "Amazon SNS SMS delivery monitoring"; CloudWatch Logs
//! user guide, "Subscription filters with AWS Lambda").

use super::{Reading, id, items, milliseconds, need, phone, text, told, words};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_engagement::message::State;
use ceap_engagement::receipt::{About, News, Receipt, Told};
use ceap_engagement::suppression::Reason;
use ceap_kernel::Fault;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::io::Read;

const CHANNEL: &str = "sms";

/// Bytes of a payload once it is unpacked. Lambda takes 6 MiB packed; the records of a payload are
/// some hundred bytes each, and CloudWatch Logs sends them as they come.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Letters of a payload that can't be unpacked which are kept to look at.
const KEPT: usize = 4096;

/// Reads `awslogs.data`: base64 of gzip of JSON with log events.
#[must_use]
pub fn logs(data: &str) -> Vec<Told> {
    let payload = match unpack(data) {
        Ok(payload) => payload,
        Err(fault) => {
            let kept: String = data.chars().take(KEPT).collect();
            return vec![Told::Bad { fault, payload: Value::from(kept) }];
        }
    };
    // CloudWatch Logs also asks whether anybody is there.
    match text(&payload, "/messageType") {
        Some("DATA_MESSAGE") => items(&payload, "/logEvents").iter().map(event).collect(),
        Some("CONTROL_MESSAGE") => vec![Told::Other],
        _ => {
            let fault = Fault::invalid("messageType", "must be DATA_MESSAGE or CONTROL_MESSAGE");
            vec![told(Err(fault), &payload)]
        }
    }
}

fn unpack(data: &str) -> Result<Value, Fault> {
    let fault = |rule: &str| Fault::invalid("awslogs.data", rule);
    let packed = STANDARD.decode(data).map_err(|_| fault("is not base64"))?;
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed.as_slice())
        .take(LARGEST.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|_| fault("is not gzip"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(fault("is larger than 16 MiB once it is unpacked"));
    }
    serde_json::from_slice(&bytes).map_err(|error| fault(&format!("is not JSON: {error}")))
}

fn event(event: &Value) -> Told {
    told(read(event), event)
}

/// One log event: its `message` is JSON. The instant is when SNS logged the outcome; the one inside
/// is when the text was published.
fn read(event: &Value) -> Reading {
    let log: Value = serde_json::from_str(need(event, "/message")?)
        .map_err(|error| Fault::invalid("message", format!("is not JSON: {error}")))?;
    let said = text(&log, "/delivery/providerResponse").unwrap_or_default();
    let (state, reason) = match need(&log, "/status") {
        Ok("SUCCESS") => (State::Delivered, None),
        Ok("FAILURE") => failure(said),
        _ => return Err(Fault::invalid("message.status", "must be SUCCESS or FAILURE")),
    };
    let id = id(&log, "/notification/messageId").map_err(|fault| fault.within("message"))?;
    let to = text(&log, "/delivery/destination").and_then(phone);
    let suppress = reason.zip(to).map(|(reason, to)| (CHANNEL.to_owned(), to, reason));
    Ok(Some(News::Receipt(Receipt {
        about: About::Provider(CHANNEL.to_owned(), id.clone()),
        state,
        at: milliseconds(event, "/timestamp")?,
        provider_id: Some(id),
        detail: words(said),
        suppress: suppress.into_iter().collect(),
    })))
}

/// "SMS delivery failure reasons". The others, as a carrier that can't be reached, a blocked phone or
/// a price that is too high, say nothing for good of the number or of its owner's will.
fn failure(said: &str) -> (State, Option<Reason>) {
    match said {
        "Phone number is opted out" => (State::Failed, Some(Reason::Stop)),
        "Invalid phone number" => (State::Bounced, Some(Reason::Bounce)),
        _ => (State::Failed, None),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::queue;
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;
    use std::io::Write;

    pub fn pack(payload: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(payload).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    fn log(status: &str, said: &str) -> Value {
        json!({
            "notification": {"messageId": "34d9b400", "timestamp": "2026-11-21 10:00:00.558"},
            "delivery": {
                "destination": "+15555550123",
                "priceInUSD": 0.00645,
                "smsType": "Transactional",
                "providerResponse": said,
                "dwellTimeMs": 599,
            },
            "status": status,
        })
    }

    fn payload(messages: &[String]) -> Value {
        let of = |message: &String| json!({"id": "3", "timestamp": 1_795_255_205_000_i64, "message": message});
        let events: Vec<Value> = messages.iter().map(of).collect();
        json!({"messageType": "DATA_MESSAGE", "owner": "123456789012", "logEvents": events})
    }

    fn receipt(log: &Value) -> Receipt {
        let data = pack(payload(&[log.to_string()]).to_string().as_bytes());
        let body = json!({"awslogs": {"data": data}}).to_string();
        match queue(&body).pop().unwrap() {
            Told::News(News::Receipt(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case("SUCCESS", "Message has been accepted by phone carrier", State::Delivered, None)]
    #[case("FAILURE", "Phone number is opted out", State::Failed, Some(Reason::Stop))]
    #[case("FAILURE", "Invalid phone number", State::Bounced, Some(Reason::Bounce))]
    #[case("FAILURE", "Unknown error attempting to reach phone", State::Failed, None)]
    #[case("FAILURE", "Phone has blocked SMS", State::Failed, None)]
    fn outcomes(
        #[case] status: &str,
        #[case] said: &str,
        #[case] state: State,
        #[case] reason: Option<Reason>,
    ) {
        let seen = receipt(&log(status, said));
        assert_eq!(seen.about, About::Provider("sms".to_owned(), "34d9b400".to_owned()));
        assert_eq!((seen.state, seen.detail.as_deref()), (state, Some(said)));
        assert_eq!(seen.at.to_string(), "2026-11-21T10:00:05Z");
        let expected = reason.map(|r| ("sms".to_owned(), "+15555550123".to_owned(), r));
        assert_eq!(seen.suppress, Vec::from_iter(expected));
    }

    #[test]
    fn a_number_stays_out_of_the_detail() {
        let seen = receipt(&log("FAILURE", "No route to +1 (555) 555-0123 for ada@example.com"));
        assert_eq!(seen.detail.as_deref(), Some("No route to 1 for"));
        assert_eq!(receipt(&log("FAILURE", "")).detail, None);
        let long = receipt(&log("FAILURE", &"ab ".repeat(200))).detail.unwrap();
        assert_eq!(long.len(), 128);
    }

    #[test]
    fn a_log_that_cannot_be_read_does_not_spoil_the_others() {
        let good = log("SUCCESS", "ok").to_string();
        let mut no_id = log("SUCCESS", "ok");
        no_id["notification"] = json!(1);
        let bad = ["{".to_owned(), "1".to_owned(), no_id.to_string()];
        let all = [&[good.clone()][..], &bad[..], &[good][..]].concat();
        let told = logs(&pack(payload(&all).to_string().as_bytes()));
        let news: Vec<bool> = told.iter().map(|told| matches!(told, Told::News(_))).collect();
        assert_eq!(news, [true, false, false, false, true]);
        assert!(told.iter().all(|told| *told != Told::Other));
    }

    #[test]
    fn a_payload_that_cannot_be_unpacked_is_bad_and_a_control_message_is_left() {
        let plain = STANDARD.encode("{}");
        let huge = pack(&vec![b' '; usize::try_from(LARGEST).unwrap() + 1]);
        for data in ["", "???", &plain, &pack(b"{"), &pack(b"{}"), &pack(b"[1]"), &huge] {
            let told = logs(data);
            assert!(matches!(&told[..], [Told::Bad { .. }]), "{told:?}");
        }
        assert_eq!(logs(&pack(br#"{"messageType":"CONTROL_MESSAGE"}"#)), [Told::Other]);
    }

    proptest! {
        #[test]
        fn nothing_that_comes_can_break_it(bytes in any::<Vec<u8>>(), text in ".{0,80}") {
            let _ = (logs(&text), logs(&STANDARD.encode(&bytes)), logs(&pack(&bytes)));
        }
    }
}
