//! One call, and the events that it becomes.

use super::Arrival;
use super::context::kept;
use crate::name;
use ceap_engagement::event::{Event, MAX_DATA_BYTES};
use ceap_engagement::profile::{self, PROFILE_MERGED, PROFILE_UPDATED};
use ceap_kernel::{Fault, Timestamp, digest};
use serde_json::{Map, Value};

/// The calls, as paths and `type` name them.
pub const CALLS: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// Traits that are fields of a profile, and what they must be to be one.
const FIELDS: [(&str, &str, Check); 4] = [
    ("email", "email", profile::email),
    ("phone", "phone", profile::phone),
    ("locale", "locale", profile::locale),
    ("timezone", "time_zone", profile::zone),
];

type Check = fn(&str) -> Result<(), &'static str>;

/// The events of a call, none for an alias of a subject for itself. `text` is the call as it came.
///
/// # Errors
/// `Invalid`, naming the field and the remedy.
pub fn events(call: &Value, text: &str, arrival: &Arrival<'_>) -> Result<Vec<Event>, Fault> {
    let wrong = || Fault::invalid("call", "must be a JSON object");
    let fields = call.as_object().ok_or_else(wrong)?;
    let call = Call::of(fields, text, arrival)?;
    let named = || fields.get("type").and_then(Value::as_str);
    match arrival.kind.or_else(named).unwrap_or_default() {
        "track" => call.track(),
        "identify" => call.identify(),
        "page" => call.viewed("page_viewed"),
        "screen" => call.viewed("screen_viewed"),
        "group" => call.group(),
        "alias" => call.alias(),
        _ => Err(Fault::invalid("type", format!("must be one of {}", CALLS.join(", ")))),
    }
}

struct Call<'a> {
    fields: &'a Map<String, Value>,
    id: String,
    time: Option<Timestamp>,
    arrival: &'a Arrival<'a>,
}

impl<'a> Call<'a> {
    fn of(
        fields: &'a Map<String, Value>,
        text: &str,
        arrival: &'a Arrival<'a>,
    ) -> Result<Self, Fault> {
        let time = time(fields, arrival)?;
        let id = name_of(fields, "messageId")?.unwrap_or_else(|| {
            // Without an id of its own, a call that says when it happened is the same when it is sent
            // again; of one that does not, nobody knows.
            let arrived = arrival.arrived.as_nanosecond().to_string();
            let place = arrival.place.to_string();
            match time {
                Some(_) => digest(&["call", text]),
                None => digest(&["call", text, &arrived, &place]),
            }
        });
        Ok(Self { fields, id, time, arrival })
    }

    fn event(
        &self,
        id: &str,
        kind: &str,
        subject: &str,
        data: Map<String, Value>,
    ) -> Result<Event, Fault> {
        let mut event = Map::new();
        let mut set = |field: &str, value: Value| drop(event.insert(field.to_owned(), value));
        set("id", id.into());
        set("source", self.arrival.source.into());
        set("type", kind.into());
        set("subject", subject.into());
        if let Some(time) = self.time {
            set("time", time.to_string().into());
        }
        set("data", Value::Object(data));
        Event::from_json(&Value::Object(event), self.arrival.arrived)
    }

    /// One event about whom the call is about.
    fn single(&self, kind: &str, data: Map<String, Value>) -> Result<Vec<Event>, Fault> {
        Ok(vec![self.event(&self.id, kind, &self.subject()?, self.with_context(data))?])
    }

    /// Who it is, or the visitor that nobody knows yet.
    fn subject(&self) -> Result<String, Fault> {
        let user = name_of(self.fields, "userId")?;
        let found = user.map_or_else(|| name_of(self.fields, "anonymousId"), |user| Ok(Some(user)));
        let rule = "is missing; a call names userId, or anonymousId";
        found?.ok_or_else(|| Fault::invalid("userId", rule))
    }

    fn required(&self, field: &str) -> Result<String, Fault> {
        name_of(self.fields, field)?.ok_or_else(|| Fault::invalid(field, "is missing"))
    }

    /// The context beside what is the call's own, as far as there is room.
    fn with_context(&self, mut data: Map<String, Value>) -> Map<String, Value> {
        let context = kept(self.fields.get("context"));
        if context.is_empty() || data.contains_key("context") {
            return data;
        }
        data.insert("context".to_owned(), Value::Object(context));
        let size = serde_json::to_vec(&data).map(|bytes| bytes.len()).unwrap_or(usize::MAX);
        if size > MAX_DATA_BYTES {
            data.remove("context");
        }
        data
    }

    fn track(&self) -> Result<Vec<Event>, Fault> {
        let name = self.required("event")?;
        let mut data = object(self.fields, "properties")?;
        let kind = name::kind(&name);
        if kind != name {
            data.entry("event").or_insert_with(|| Value::from(name.as_str()));
        }
        self.single(&kind, data)
    }

    fn viewed(&self, kind: &str) -> Result<Vec<Event>, Fault> {
        let mut data = object(self.fields, "properties")?;
        for field in ["name", "category"] {
            if let Some(text) = name_of(self.fields, field)? {
                data.entry(field).or_insert_with(|| Value::from(text));
            }
        }
        self.single(kind, data)
    }

    fn group(&self) -> Result<Vec<Event>, Fault> {
        let mut data = Map::new();
        data.insert("group_id".to_owned(), self.required("groupId")?.into());
        data.insert("traits".to_owned(), Value::Object(object(self.fields, "traits")?));
        self.single("group_joined", data)
    }

    fn identify(&self) -> Result<Vec<Event>, Fault> {
        let subject = self.subject()?;
        let mut events = Vec::new();
        // First, so that what is known of the visitor is the user's before it changes.
        if let Some(visitor) = name_of(self.fields, "anonymousId")?.filter(|it| *it != subject) {
            let id = format!("merge-{}", digest(&["merge", &self.id]));
            events.push(self.merged(&id, &subject, visitor)?);
        }
        events.push(self.event(&self.id, PROFILE_UPDATED, &subject, changes(self.traits()?))?);
        Ok(events)
    }

    /// RudderStack's library for Python puts them into the context.
    fn traits(&self) -> Result<Map<String, Value>, Fault> {
        let within = self.fields.get("context").and_then(Value::as_object);
        match (self.fields.get("traits"), within) {
            (None | Some(Value::Null), Some(context)) => object(context, "traits"),
            _ => object(self.fields, "traits"),
        }
    }

    fn alias(&self) -> Result<Vec<Event>, Fault> {
        let (user, before) = (self.required("userId")?, self.required("previousId")?);
        if user == before {
            return Ok(Vec::new());
        }
        Ok(vec![self.merged(&self.id, &user, before)?])
    }

    fn merged(&self, id: &str, into: &str, from: String) -> Result<Event, Fault> {
        let data = Map::from_iter([("from".to_owned(), Value::from(from))]);
        self.event(id, PROFILE_MERGED, into, data)
    }
}

/// The changes of a profile that traits are. One that a field of the profile refuses stays a trait under
/// its own name: better a phone number that no text reaches than a customer who is not known.
fn changes(mut traits: Map<String, Value>) -> Map<String, Value> {
    let mut data = Map::new();
    for (name, field, check) in FIELDS {
        let fits = match traits.get(name) {
            Some(Value::Null) => true,
            Some(Value::String(text)) => check(text).is_ok(),
            _ => false,
        };
        if fits && let Some(value) = traits.remove(name) {
            data.insert(field.to_owned(), value);
        }
    }
    data.insert("traits".to_owned(), Value::Object(traits));
    data
}

/// A field that names something: text, or a number, which some clients send for ids.
fn name_of(fields: &Map<String, Value>, field: &str) -> Result<Option<String>, Fault> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Fault::invalid(field, "must be text")),
    }
}

fn object(fields: &Map<String, Value>, field: &str) -> Result<Map<String, Value>, Fault> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(_) => Err(Fault::invalid(field, "must be a JSON object")),
    }
}

/// When it happened, by our clock: its client's clock may be wrong, but measures right how long before
/// sending it happened (Segment's spec, Common fields, Timestamps:
/// `timestamp = receivedAt - (sentAt - originalTimestamp)`).
fn time(fields: &Map<String, Value>, arrival: &Arrival<'_>) -> Result<Option<Timestamp>, Fault> {
    let given = ["originalTimestamp", "timestamp"].into_iter().find_map(|field| {
        let value = fields.get(field).filter(|value| !value.is_null())?;
        Some((field, value))
    });
    let Some((field, value)) = given else { return Ok(None) };
    let rule = "must be an ISO 8601 instant, as 2026-11-21T09:30:00.000Z";
    let original = instant(value).ok_or_else(|| Fault::invalid(field, rule))?;
    let sent = arrival.sent.or_else(|| fields.get("sentAt").and_then(instant));
    let Some(sent) = sent else { return Ok(Some(original)) };
    let beyond = |_| Fault::invalid(field, "lies too far from sentAt");
    arrival.arrived.checked_sub(sent.duration_since(original)).map(Some).map_err(beyond)
}

/// An instant in ISO 8601; one without an offset is UTC.
pub fn instant(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}
