//! What is known of a subject: contact points, locale, time zone, consents, traits.

use crate::event::Event;
use ceap_kernel::{Fault, Timestamp};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The event type that changes profiles.
pub const PROFILE_UPDATED: &str = "profile_updated";

/// The event type that says that a subject is known under another id, too: `data.from`.
pub const PROFILE_MERGED: &str = "profile_merged";

/// Bytes of a whole profile as JSON: it travels in every signal of its subject.
const MAX_BYTES: usize = 32 * 1024;

/// Bytes of one address: a browser's push subscription is the longest.
const ADDRESS_BYTES: usize = 2048;

/// Devices of one profile.
const MAX_DEVICES: usize = 20;

/// Bytes of a device's id, and of what is said of a consent.
const NAME_BYTES: usize = 256;

/// A device that a channel reaches the subject on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Device {
    /// The channel: `push`, `web-push`.
    pub channel: String,
    /// As the channel writes it: `fcm:…`. A device that gets a new token keeps its id.
    pub address: String,
}

/// How a consent came about: what a team has to show when it is asked (GDPR Art. 7(1)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When: milliseconds since 1970.
    pub at: i64,
    /// By what: `checkout form`, `double opt-in`, `one-click unsubscribe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
    /// Which version of the text was agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Bytes of a channel's name.
const CHANNEL_BYTES: usize = 32;

/// A subject's profile. Every field carries the time of the event that set it, and the newest
/// wins, so that no order of arrival and no repeat changes the outcome.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProfileFields")]
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
    /// Devices by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub devices: BTreeMap<String, Device>,
    /// A BCP 47 tag, as `de-CH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// An IANA name, as `Europe/Zurich`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// `email`, `marketing` or `email.marketing` → agreed or refused; see [`crate::policy::consent`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consents: BTreeMap<String, bool>,
    /// How each consent or refusal came about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(skip)]
    pub evidence: BTreeMap<String, Evidence>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub traits: Map<String, Value>,
    /// Milliseconds since 1970 of the event that last set each field (`traits.plan`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(skip)]
    pub at: BTreeMap<String, i64>,
}

/// One field's change. `None` clears it.
enum Change {
    Email(Option<String>),
    Phone(Option<String>),
    Address(String, Option<String>),
    Device(String, Option<Device>),
    Locale(Option<String>),
    TimeZone(Option<String>),
    Consent(String, Option<(bool, Evidence)>),
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
        if next.devices.len() > MAX_DEVICES {
            let message = format!("would make more than {MAX_DEVICES}; remove some with null");
            return Err(Fault::invalid("data.devices", message));
        }
        let size = next.bytes();
        if size > MAX_BYTES {
            return Err(Fault::invalid(
                "data.traits",
                format!("would make the profile {size} bytes; at most {MAX_BYTES} are kept"),
            ));
        }
        *self = next;
        Ok(true)
    }

    /// Takes in what is known of the same person under another id: of each field the newest, as far as
    /// there is room for it.
    pub fn absorb(&mut self, other: &Self) {
        for (field, at) in &other.at {
            let Some(change) = other.change(field) else { continue };
            let mut next = self.clone();
            next.set(change, *at);
            if next.devices.len() <= MAX_DEVICES && next.bytes() <= MAX_BYTES {
                *self = next;
            }
        }
    }

    fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len())
    }

    /// What the bookkeeping calls `field`, as it is now.
    fn change(&self, field: &str) -> Option<Change> {
        let nothing = match field.split_once('.') {
            None => match field {
                "email" => Change::Email(None),
                "phone" => Change::Phone(None),
                "locale" => Change::Locale(None),
                "time_zone" => Change::TimeZone(None),
                _ => return None,
            },
            Some(("addresses", channel)) => Change::Address(channel.to_owned(), None),
            Some(("devices", id)) => Change::Device(id.to_owned(), None),
            Some(("consents", name)) => Change::Consent(name.to_owned(), None),
            Some(("traits", name)) => Change::Trait(name.to_owned(), None),
            Some(_) => return None,
        };
        Some(self.current(&nothing))
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
            Change::Device(id, Some(device)) => drop(self.devices.insert(id, device)),
            Change::Device(id, None) => drop(self.devices.remove(&id)),
            Change::Locale(value) => self.locale = value,
            Change::TimeZone(value) => self.time_zone = value,
            Change::Consent(name, said) => self.consent(name, said, at),
            Change::Trait(name, Some(value)) => drop(self.traits.insert(name, value)),
            Change::Trait(name, None) => drop(self.traits.remove(&name)),
        }
        self.at.insert(field, at);
    }

    fn consent(&mut self, name: String, said: Option<(bool, Evidence)>, at: i64) {
        match said {
            Some((given, evidence)) => {
                self.evidence.insert(name.clone(), Evidence { at, ..evidence });
                self.consents.insert(name, given);
            }
            None => {
                self.evidence.remove(&name);
                self.consents.remove(&name);
            }
        }
    }

    /// The field of `change` as it is now.
    fn current(&self, change: &Change) -> Change {
        match change {
            Change::Email(_) => Change::Email(self.email.clone()),
            Change::Phone(_) => Change::Phone(self.phone.clone()),
            Change::Address(channel, _) => {
                Change::Address(channel.clone(), self.addresses.get(channel).cloned())
            }
            Change::Device(id, _) => Change::Device(id.clone(), self.devices.get(id).cloned()),
            Change::Locale(_) => Change::Locale(self.locale.clone()),
            Change::TimeZone(_) => Change::TimeZone(self.time_zone.clone()),
            Change::Consent(name, _) => {
                let evidence = self.evidence.get(name).cloned().unwrap_or_default();
                let given = self.consents.get(name).copied();
                Change::Consent(name.clone(), given.map(|given| (given, evidence)))
            }
            Change::Trait(name, _) => Change::Trait(name.clone(), self.traits.get(name).cloned()),
        }
    }

    /// What conditions and templates see: the fields, and the traits beside them under `traits`.
    #[must_use]
    pub fn facts(&self) -> Value {
        let mut visible = self.clone();
        visible.at.clear();
        visible.evidence.clear();
        serde_json::to_value(visible).unwrap_or_default()
    }

    /// The addresses of `channel`: its devices', and the one among the addresses.
    pub fn reached_by<'a>(&'a self, channel: &'a str) -> impl Iterator<Item = &'a str> {
        let devices = self.devices.values().filter(move |device| device.channel == channel);
        let single = self.addresses.get(channel).map(String::as_str);
        devices.map(|device| device.address.as_str()).chain(single)
    }

    /// When the subject last registered `address` on `channel`, among its devices or addresses.
    #[must_use]
    pub fn registered(&self, channel: &str, address: &str) -> Option<Timestamp> {
        let devices = self
            .devices
            .iter()
            .filter(|(_, device)| device.channel == channel && device.address == address)
            .map(|(id, _)| format!("devices.{id}"));
        let single = self.addresses.get(channel).filter(|known| *known == address);
        let fields = devices.chain(single.map(|_| format!("addresses.{channel}")));
        let newest = fields.filter_map(|field| self.at.get(&field)).max();
        newest.and_then(|at| Timestamp::from_millisecond(*at).ok())
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
            Self::Device(_, device) => device.as_ref().map(|it| it.address.clone()),
            Self::Consent(_, said) => Some(match said {
                Some((true, evidence)) => format!("0{}", evidence.rank()),
                None => "1".to_owned(),
                Some((false, evidence)) => format!("2{}", evidence.rank()),
            }),
            Self::Trait(_, value) => value.as_ref().map(Value::to_string),
        }
    }

    fn field(&self) -> String {
        match self {
            Self::Email(_) => "email".to_owned(),
            Self::Phone(_) => "phone".to_owned(),
            Self::Address(channel, _) => format!("addresses.{channel}"),
            Self::Device(id, _) => format!("devices.{id}"),
            Self::Locale(_) => "locale".to_owned(),
            Self::TimeZone(_) => "time_zone".to_owned(),
            Self::Consent(name, _) => format!("consents.{name}"),
            Self::Trait(name, _) => format!("traits.{name}"),
        }
    }
}

impl Evidence {
    fn rank(&self) -> String {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{}\n{}", part(&self.how), part(&self.text))
    }
}

fn changes(data: &Map<String, Value>) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    for (field, value) in data {
        match field.as_str() {
            "email" => changes.push(Change::Email(optional(field, value, email)?)),
            "phone" => changes.push(Change::Phone(optional(field, value, phone)?)),
            "addresses" => addresses(value, &mut changes)?,
            "devices" => devices(value, &mut changes)?,
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

/// A BCP 47 tag, as `de-CH`; `de_CH` too.
///
/// # Errors
/// The rule it breaks.
pub fn locale(text: &str) -> Result<(), &'static str> {
    let shaped = (2..=35).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if shaped { Ok(()) } else { Err("must be a BCP 47 tag, as de-CH") }
}

/// An IANA time zone, as `Europe/Zurich`.
///
/// # Errors
/// The rule it breaks.
pub fn zone(text: &str) -> Result<(), &'static str> {
    TimeZone::get(text).map(|_| ()).map_err(|_| "must be an IANA time zone, as Europe/Zurich")
}

fn consents(value: &Value, changes: &mut Vec<Change>) -> Result<(), Fault> {
    const RULE: &str = "must map a channel or purpose to true or false, as {\"email\": true}";
    let consents = value.as_object().ok_or_else(|| Fault::invalid("consents", RULE))?;
    for (name, value) in consents {
        let field = format!("consents.{name}");
        match value {
            Value::Object(said) if !said.contains_key("given") => {
                for (purpose, value) in said {
                    let said = consent(&format!("{field}.{purpose}"), value, RULE)?;
                    changes.push(Change::Consent(format!("{name}.{purpose}"), said));
                }
            }
            value => changes.push(Change::Consent(name.clone(), consent(&field, value, RULE)?)),
        }
    }
    Ok(())
}

/// true, false, null, or one of them with how it came about:
/// `{"given": true, "how": "checkout form", "text": "2026-03"}`.
fn consent(field: &str, value: &Value, rule: &str) -> Result<Option<(bool, Evidence)>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(given) => Ok(Some((*given, Evidence::default()))),
        Value::Object(said) => {
            let given = said.get("given").and_then(Value::as_bool);
            let given = given.ok_or_else(|| Fault::invalid(format!("{field}.given"), rule))?;
            let text = |name: &str| match said.get(name) {
                None => Ok(None),
                Some(value) => optional(&format!("{field}.{name}"), value, short),
            };
            Ok(Some((given, Evidence { at: 0, how: text("how")?, text: text("text")? })))
        }
        _ => Err(Fault::invalid(field, rule)),
    }
}

pub(crate) fn short(text: &str) -> Result<(), &'static str> {
    let shaped =
        !text.is_empty() && text.len() <= NAME_BYTES && !text.chars().any(char::is_control);
    if shaped { Ok(()) } else { Err("must be 1 to 256 bytes without control characters") }
}

fn devices(value: &Value, changes: &mut Vec<Change>) -> Result<(), Fault> {
    const RULE: &str = "must map a device's id to {\"channel\": …, \"address\": …} or null";
    let devices = value.as_object().ok_or_else(|| Fault::invalid("devices", RULE))?;
    for (id, value) in devices {
        short(id).map_err(|rule| Fault::invalid("devices", rule))?;
        let field = format!("devices.{id}");
        let device = match value {
            Value::Null => None,
            value => {
                let device: Device = serde_json::from_value(value.clone())
                    .map_err(|_| Fault::invalid(&field, RULE))?;
                channel(&device.channel).map_err(|rule| Fault::invalid(&field, rule))?;
                address(&device.address).map_err(|rule| Fault::invalid(&field, rule))?;
                Some(device)
            }
        };
        changes.push(Change::Device(id.clone(), device));
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
    if shaped { Ok(()) } else { Err("must be 1 to 2048 bytes without control characters") }
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
    #[case(json!({"addresses": {"slack": ""}}), "data.addresses.slack: must be 1 to 2048")]
    #[case(json!({"addresses": {"slack": "U1\r\nX"}}), "data.addresses.slack: must be 1 to 2048")]
    #[case(json!({"addresses": {"slack": "U".repeat(2049)}}), "data.addresses.slack: must be 1 to 2048")]
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
