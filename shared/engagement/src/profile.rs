//! What is known of a subject: contact points, locale, time zone, consents, traits.

use crate::event::Event;
use ceap_kernel::{Fault, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The event type that changes profiles.
pub const PROFILE_UPDATED: &str = "profile_updated";

/// Bytes of a whole profile as JSON: it travels in every signal of its subject.
const MAX_BYTES: usize = 32 * 1024;

/// Bytes of one address.
const ADDRESS_BYTES: usize = 512;

/// Bytes of a channel's name.
const CHANNEL_BYTES: usize = 32;

/// A subject's profile. Every field carries the time of the event that set it, and the newest
/// wins, so that no order of arrival and no repeat changes the outcome.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Where email goes: one address (RFC 5321 §4.1.2, without display name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Where texts go: E.164, as `+15555550123`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Where the other channels reach it: channel → address, as the channel writes it
    /// (`slack` → `U024BE7LH`, `webhook` → `https://…`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub addresses: BTreeMap<String, String>,
    /// A BCP 47 tag, as `de-CH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// An IANA name, as `Europe/Zurich`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// `email`, `marketing` or `email.marketing` → agreed or refused; see [`crate::policy::consent`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consents: BTreeMap<String, bool>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub traits: Map<String, Value>,
    /// Milliseconds since 1970 of the event that last set each field (`traits.plan`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at: BTreeMap<String, i64>,
}

/// One field's change. `None` clears it.
enum Change {
    Email(Option<String>),
    Phone(Option<String>),
    Address(String, Option<String>),
    Locale(Option<String>),
    TimeZone(Option<String>),
    Consent(String, Option<bool>),
    Trait(String, Option<Value>),
}

impl Profile {
    /// Checks a `profile_updated` event without applying it.
    ///
    /// # Errors
    /// `Invalid`, naming the field of `data` and the remedy.
    pub fn check(event: &Event) -> Result<(), Fault> {
        changes(&event.data).map(|_| ()).map_err(|fault| fault.within("data"))
    }

    /// Applies a `profile_updated` event; true when anything changed.
    ///
    /// # Errors
    /// `Invalid`, naming the field of `data` and the remedy; nothing is applied then.
    pub fn apply(&mut self, event: &Event) -> Result<bool, Fault> {
        let changes = changes(&event.data).map_err(|fault| fault.within("data"))?;
        let mut next = self.clone();
        let at = event.time.as_millisecond();
        for change in changes {
            next.set(change, at);
        }
        if next == *self {
            return Ok(false);
        }
        let size = serde_json::to_vec(&next).map(|bytes| bytes.len()).unwrap_or(usize::MAX);
        if size > MAX_BYTES {
            return Err(Fault::invalid(
                "data.traits",
                format!("would make the profile {size} bytes; at most {MAX_BYTES} are kept"),
            ));
        }
        *self = next;
        Ok(true)
    }

    fn set(&mut self, change: Change, at: i64) {
        let field = change.field();
        match self.at.get(&field) {
            Some(known) if *known > at => return,
            Some(known) if *known == at && self.current(&change).rank() >= change.rank() => return,
            _ => {}
        }
        match change {
            Change::Email(value) => self.email = value,
            Change::Phone(value) => self.phone = value,
            Change::Address(channel, Some(to)) => drop(self.addresses.insert(channel, to)),
            Change::Address(channel, None) => drop(self.addresses.remove(&channel)),
            Change::Locale(value) => self.locale = value,
            Change::TimeZone(value) => self.time_zone = value,
            Change::Consent(name, Some(value)) => drop(self.consents.insert(name, value)),
            Change::Consent(name, None) => drop(self.consents.remove(&name)),
            Change::Trait(name, Some(value)) => drop(self.traits.insert(name, value)),
            Change::Trait(name, None) => drop(self.traits.remove(&name)),
        }
        self.at.insert(field, at);
    }

    /// The field of `change` as it is now.
    fn current(&self, change: &Change) -> Change {
        match change {
            Change::Email(_) => Change::Email(self.email.clone()),
            Change::Phone(_) => Change::Phone(self.phone.clone()),
            Change::Address(channel, _) => {
                Change::Address(channel.clone(), self.addresses.get(channel).cloned())
            }
            Change::Locale(_) => Change::Locale(self.locale.clone()),
            Change::TimeZone(_) => Change::TimeZone(self.time_zone.clone()),
            Change::Consent(name, _) => {
                Change::Consent(name.clone(), self.consents.get(name).copied())
            }
            Change::Trait(name, _) => Change::Trait(name.clone(), self.traits.get(name).cloned()),
        }
    }

    /// What conditions and templates see: the fields, and the traits beside them under `traits`.
    #[must_use]
    pub fn facts(&self) -> Value {
        let mut visible = self.clone();
        visible.at.clear();
        serde_json::to_value(visible).unwrap_or_default()
    }

    /// The time zone, if it is known.
    #[must_use]
    pub fn zone(&self) -> Option<TimeZone> {
        self.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok())
    }

    /// When the newest change happened.
    #[must_use]
    pub fn updated(&self) -> Option<Timestamp> {
        self.at.values().max().and_then(|at| Timestamp::from_millisecond(*at).ok())
    }
}

impl Change {
    /// Orders two changes of one field and one instant, so that the same one wins in every order of
    /// arrival: of consents the stricter, of all else the one whose text is greater.
    fn rank(&self) -> Option<String> {
        match self {
            Self::Email(value)
            | Self::Phone(value)
            | Self::Address(_, value)
            | Self::Locale(value)
            | Self::TimeZone(value) => value.clone(),
            Self::Consent(_, given) => Some(match given {
                Some(true) => "0".to_owned(),
                None => "1".to_owned(),
                Some(false) => "2".to_owned(),
            }),
            Self::Trait(_, value) => value.as_ref().map(Value::to_string),
        }
    }

    fn field(&self) -> String {
        match self {
            Self::Email(_) => "email".to_owned(),
            Self::Phone(_) => "phone".to_owned(),
            Self::Address(channel, _) => format!("addresses.{channel}"),
            Self::Locale(_) => "locale".to_owned(),
            Self::TimeZone(_) => "time_zone".to_owned(),
            Self::Consent(name, _) => format!("consents.{name}"),
            Self::Trait(name, _) => format!("traits.{name}"),
        }
    }
}

fn changes(data: &Map<String, Value>) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    for (field, value) in data {
        match field.as_str() {
            "email" => changes.push(Change::Email(optional(field, value, email)?)),
            "phone" => changes.push(Change::Phone(optional(field, value, phone)?)),
            "addresses" => addresses(value, &mut changes)?,
            "locale" => changes.push(Change::Locale(optional(field, value, locale)?)),
            "time_zone" => changes.push(Change::TimeZone(optional(field, value, zone)?)),
            "consents" => consents(value, &mut changes)?,
            "traits" => traits(value, &mut changes)?,
            // A name that is not ours is a trait of theirs.
            other => changes.push(Change::Trait(other.to_owned(), present(value))),
        }
    }
    Ok(changes)
}

fn present(value: &Value) -> Option<Value> {
    (!value.is_null()).then(|| value.clone())
}

fn optional(
    field: &str,
    value: &Value,
    check: fn(&str) -> Result<(), &'static str>,
) -> Result<Option<String>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => match check(text) {
            Ok(()) => Ok(Some(text.clone())),
            Err(rule) => Err(Fault::invalid(field, rule)),
        },
        _ => Err(Fault::invalid(field, "must be a string, or null to clear it")),
    }
}

/// The shape that SES takes: `local@domain`, ASCII, no spaces or header characters.
///
/// # Errors
/// The rule it breaks.
pub fn email(text: &str) -> Result<(), &'static str> {
    const RULE: &str = "must be one email address, as ada@example.com";
    let (local, domain) = text.rsplit_once('@').ok_or(RULE)?;
    let shaped = !local.is_empty()
        && text.len() <= 254
        && local.len() <= 64
        && !local.contains('@')
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        && local.bytes().all(|b| b.is_ascii_graphic() && !b"()<>[]:;,\\\"".contains(&b));
    if shaped { Ok(()) } else { Err(RULE) }
}

/// E.164: `+`, a country code, at most 15 digits.
///
/// # Errors
/// The rule it breaks.
pub fn phone(text: &str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let shaped = (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    if shaped { Ok(()) } else { Err("must be an E.164 number, as +15555550123") }
}

fn locale(text: &str) -> Result<(), &'static str> {
    let shaped = (2..=35).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if shaped { Ok(()) } else { Err("must be a BCP 47 tag, as de-CH") }
}

fn zone(text: &str) -> Result<(), &'static str> {
    TimeZone::get(text).map(|_| ()).map_err(|_| "must be an IANA time zone, as Europe/Zurich")
}

fn consents(value: &Value, changes: &mut Vec<Change>) -> Result<(), Fault> {
    const RULE: &str = "must map a channel or purpose to true or false, as {\"email\": true}";
    let consents = value.as_object().ok_or_else(|| Fault::invalid("consents", RULE))?;
    for (name, value) in consents {
        match value {
            Value::Bool(given) => changes.push(Change::Consent(name.clone(), Some(*given))),
            Value::Null => changes.push(Change::Consent(name.clone(), None)),
            Value::Object(purposes) => {
                for (purpose, given) in purposes {
                    let given = given.as_bool().ok_or_else(|| {
                        Fault::invalid(format!("consents.{name}.{purpose}"), RULE)
                    })?;
                    changes.push(Change::Consent(format!("{name}.{purpose}"), Some(given)));
                }
            }
            _ => return Err(Fault::invalid(format!("consents.{name}"), RULE)),
        }
    }
    Ok(())
}

fn addresses(value: &Value, changes: &mut Vec<Change>) -> Result<(), Fault> {
    const RULE: &str = "must map a channel to an address or null, as {\"slack\": \"U024BE7LH\"}";
    let addresses = value.as_object().ok_or_else(|| Fault::invalid("addresses", RULE))?;
    for (name, value) in addresses {
        channel(name).map_err(|rule| Fault::invalid("addresses", rule))?;
        let to = optional(&format!("addresses.{name}"), value, address)?;
        changes.push(Change::Address(name.clone(), to));
    }
    Ok(())
}

/// The name of a channel; of one that is not known too, since it may come later.
fn channel(name: &str) -> Result<(), &'static str> {
    let shaped = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= CHANNEL_BYTES
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let rule =
        "names of channels are at most 32 lowercase letters, digits and hyphens, as web-push";
    if shaped { Ok(()) } else { Err(rule) }
}

/// Whether it is an address of its channel, the channel says when it is used.
fn address(text: &str) -> Result<(), &'static str> {
    let shaped =
        !text.is_empty() && text.len() <= ADDRESS_BYTES && !text.chars().any(char::is_control);
    if shaped { Ok(()) } else { Err("must be 1 to 512 bytes without control characters") }
}

fn traits(value: &Value, changes: &mut Vec<Change>) -> Result<(), Fault> {
    let traits =
        value.as_object().ok_or_else(|| Fault::invalid("traits", "must be a JSON object"))?;
    for (name, value) in traits {
        changes.push(Change::Trait(name.clone(), present(value)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn event(time: &str, data: Value) -> Event {
        let event = json!({"id": "1", "source": "crm", "type": PROFILE_UPDATED, "subject": "u1",
                           "time": time, "data": data});
        Event::from_json(&event, Timestamp::MAX).unwrap()
    }

    #[test]
    fn the_newest_wins_in_any_order() {
        let old = event("2026-11-21T10:00:00Z", json!({"email": "a@b.ch", "plan": "free"}));
        let new = event("2026-11-21T11:00:00Z", json!({"email": "c@d.ch"}));
        let (mut forward, mut backward) = (Profile::default(), Profile::default());
        for event in [&old, &new, &old] {
            forward.apply(event).unwrap();
        }
        for event in [&new, &old] {
            backward.apply(event).unwrap();
        }
        assert_eq!(forward, backward);
        assert_eq!(forward.email.as_deref(), Some("c@d.ch"));
        assert_eq!(forward.traits["plan"], "free");
    }

    #[test]
    fn a_repeat_changes_nothing() {
        let update = event("2026-11-21T10:00:00Z", json!({"phone": "+41790000000"}));
        let mut profile = Profile::default();
        assert!(profile.apply(&update).unwrap());
        assert!(!profile.apply(&update).unwrap());
    }

    #[test]
    fn addresses_are_kept_by_channel_and_the_newest_wins() {
        let old = event(
            "2026-11-21T10:00:00Z",
            json!({"addresses": {"slack": "U1", "webhook": "https://a.example/1"}}),
        );
        let new = event("2026-11-21T11:00:00Z", json!({"addresses": {"slack": "U2"}}));
        let gone = event("2026-11-21T12:00:00Z", json!({"addresses": {"webhook": null}}));
        let (mut forward, mut backward) = (Profile::default(), Profile::default());
        for event in [&old, &new, &gone, &old] {
            forward.apply(event).unwrap();
        }
        for event in [&gone, &new, &old] {
            backward.apply(event).unwrap();
        }
        assert_eq!(forward, backward);
        assert_eq!(forward.addresses, BTreeMap::from([("slack".to_owned(), "U2".to_owned())]));
        assert_eq!(forward.facts()["addresses"]["slack"], "U2");
        assert!(forward.traits.is_empty());
    }

    #[rstest]
    #[case(json!({"addresses": "U1"}), "data.addresses: must map a channel")]
    #[case(json!({"addresses": {"slack": 5}}), "data.addresses.slack: must be a string")]
    #[case(json!({"addresses": {"slack": ""}}), "data.addresses.slack: must be 1 to 512")]
    #[case(json!({"addresses": {"slack": "U1\r\nX"}}), "data.addresses.slack: must be 1 to 512")]
    #[case(json!({"addresses": {"slack": "U".repeat(513)}}), "data.addresses.slack: must be 1 to 512")]
    #[case(json!({"addresses": {"Slack": "U1"}}), "data.addresses: names of channels")]
    #[case(json!({"email": "not an address"}), "data.email: must be one email")]
    #[case(json!({"email": "a@b.ch\r\nBcc: x@y.ch"}), "data.email: must be one email")]
    #[case(json!({"email": 5}), "data.email: must be a string")]
    #[case(json!({"phone": "555"}), "data.phone: must be an E.164")]
    #[case(json!({"time_zone": "Mars/Base"}), "data.time_zone: must be an IANA")]
    #[case(json!({"consents": ["email"]}), "data.consents: must map")]
    #[case(json!({"consents": {"email": "yes"}}), "data.consents.email: must map")]
    fn bad_fields_are_named(#[case] data: Value, #[case] says: &str) {
        let update = event("2026-11-21T10:00:00Z", data);
        let mut profile = Profile::default();
        let fault = profile.apply(&update).unwrap_err();
        assert!(fault.to_string().starts_with(says), "{fault}");
        assert_eq!(profile, Profile::default());
    }
}
