//! A call that is in quarantine: with what it takes to look for it, to take its subject out, and to decode
//! it again.

use super::{Arrival, call, one};
use crate::name;
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// What a call says of whom and what it is about; read without what else it holds, which may nest without
/// end.
#[derive(Default, Deserialize)]
struct Names {
    #[serde(rename = "userId", default)]
    user: Value,
    #[serde(rename = "anonymousId", default)]
    visitor: Value,
    #[serde(rename = "previousId", default)]
    before: Value,
    #[serde(rename = "type", default)]
    kind: Value,
    #[serde(default)]
    event: Value,
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The call as quarantine keeps it. Whom it names stands under `subject`, wherever a subject that is to be
/// forgotten is looked for.
pub fn kept(raw: &str, call: Value, arrival: &Arrival<'_>) -> Value {
    let names: Names = serde_json::from_str(raw).unwrap_or_default();
    let all = [&names.user, &names.visitor, &names.before];
    let mut subjects = all.into_iter().filter_map(text);
    let subject = subjects.next();
    let mut also: Vec<Value> = subjects.map(|subject| json!({"subject": subject})).collect();
    let event = text(&names.event).map(|event| name::kind(&event).into_owned());
    let named = text(&names.kind);
    json!({
        "source": arrival.source,
        "type": event.or_else(|| arrival.kind.map(str::to_owned)).or(named),
        "subject": subject,
        "also": also.pop(),
        "and": also.pop(),
        "segment": {"kind": arrival.kind, "sent_at": arrival.sent, "place": arrival.place, "call": call},
    })
}

/// What a call that [`kept`] wrote is by now; none for anything else, and for a call of which not all was
/// kept. It arrived at `arrived`.
#[must_use]
pub fn again(payload: &Value, arrived: Timestamp) -> Option<Vec<Decoded>> {
    let kept = payload.get("segment")?;
    let call = kept.get("call").filter(|call| call.is_object())?;
    let place = kept.get("place").and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
    let arrival = Arrival {
        source: payload.get("source")?.as_str()?,
        kind: kept.get("kind").and_then(Value::as_str),
        arrived,
        sent: kept.get("sent_at").and_then(call::instant),
        place: place.unwrap_or_default(),
    };
    Some(one(&call.to_string(), &arrival))
}
