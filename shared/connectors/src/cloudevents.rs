//! CloudEvents 1.0 in structured JSON: one, an array, or one a line.
//!
//! Content types (CloudEvents HTTP binding 1.0.2 §3.2, §3.3): `application/cloudevents+json` and
//! `application/json` hold one event or an array, `application/cloudevents-batch+json` an array,
//! `application/x-ndjson` one event a line.

use crate::{Connector, MAX_ITEMS};
use ceap_engagement::event::Event;
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};
use serde_json::Value;

/// CloudEvents in structured JSON.
#[derive(Debug)]
pub struct CloudEvents;

impl Connector for CloudEvents {
    fn name(&self) -> &'static str {
        "cloudevents"
    }

    fn decode(
        &self,
        content_type: &str,
        body: &[u8],
        arrived: Timestamp,
    ) -> Result<Vec<Decoded>, Fault> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let items = match kind.as_str() {
            "application/x-ndjson" | "application/jsonl" => lines(body),
            "application/cloudevents+json"
            | "application/cloudevents-batch+json"
            | "application/json"
            | "" => whole(body)?,
            other => {
                return Err(Fault::invalid(
                    "content-type",
                    format!(
                        "`{other}` is not taken; send application/cloudevents+json, \
                         application/cloudevents-batch+json or application/x-ndjson"
                    ),
                ));
            }
        };
        if items.len() > MAX_ITEMS {
            let message = format!("holds {} events; send at most {MAX_ITEMS} at once", items.len());
            return Err(Fault::invalid("body", message));
        }
        Ok(items.into_iter().map(|item| decode(item, arrived)).collect())
    }
}

type Item = Result<Value, (Fault, Value)>;

fn whole(body: &[u8]) -> Result<Vec<Item>, Fault> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::invalid("body", format!("is not JSON: {error}")))?;
    Ok(match value {
        Value::Array(items) => items.into_iter().map(Ok).collect(),
        one => vec![Ok(one)],
    })
}

/// A line that can't be read does not spoil the others.
fn lines(body: &[u8]) -> Vec<Item> {
    body.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(|line| {
            serde_json::from_slice(line).map_err(|error| {
                let fault = Fault::invalid("line", format!("is not JSON: {error}"));
                (fault, Value::from(String::from_utf8_lossy(line)))
            })
        })
        .collect()
}

fn decode(item: Item, arrived: Timestamp) -> Decoded {
    match item {
        Ok(value) => match Event::from_json(&value, arrived) {
            Ok(event) => Decoded::Event(event),
            Err(fault) => Decoded::Bad { fault, payload: value },
        },
        Err((fault, payload)) => Decoded::Bad { fault, payload },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const GOOD: &str = r#"{"specversion":"1.0","id":"1","source":"app","type":"x","subject":"u1"}"#;

    fn decode(kind: &str, body: &str) -> Result<Vec<Decoded>, Fault> {
        CloudEvents.decode(kind, body.as_bytes(), Timestamp::UNIX_EPOCH)
    }

    #[rstest]
    #[case("application/cloudevents+json; charset=utf-8", GOOD.to_owned(), 1)]
    #[case("application/cloudevents-batch+json", format!("[{GOOD},{GOOD}]"), 2)]
    #[case("application/json", format!("[{GOOD}]"), 1)]
    #[case("application/x-ndjson", format!("{GOOD}\r\n\n{GOOD}\n"), 2)]
    fn every_shape(#[case] kind: &str, #[case] body: String, #[case] events: usize) {
        let decoded = decode(kind, &body).unwrap();
        assert_eq!(decoded.len(), events);
        assert!(decoded.iter().all(|item| matches!(item, Decoded::Event(_))));
    }

    #[test]
    fn a_bad_line_does_not_spoil_the_others() {
        let decoded =
            decode("application/x-ndjson", &format!("{GOOD}\n{{\"id\":\n[]\n{GOOD}")).unwrap();
        let bad = |item: &Decoded| matches!(item, Decoded::Bad { .. });
        assert_eq!(decoded.iter().map(bad).collect::<Vec<_>>(), [false, true, true, false]);
    }

    #[test]
    fn what_cannot_be_read_at_all_is_an_error() {
        assert!(
            decode("application/json", "{\"id\":")
                .unwrap_err()
                .to_string()
                .starts_with("body: is not JSON")
        );
        assert!(decode("text/csv", "a,b").unwrap_err().to_string().starts_with("content-type:"));
        let many = format!("[{}]", vec![GOOD; MAX_ITEMS + 1].join(","));
        assert!(decode("application/json", &many).unwrap_err().to_string().contains("at most 500"));
    }
}
