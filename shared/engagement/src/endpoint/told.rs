//! What a change of an endpoint says of its subject, as events: only what changed, so that what others said of
//! the subject meanwhile stands.
//!
//! - An address is the profile's `email` or `phone`, or a push device under the endpoint's id, as long as the
//!   endpoint is active.
//! - `OptOut` is a consent to the channel, or a refusal of all that it carries. Of a device it says whether that
//!   device is reached: a user's other devices have their own.
//! - Attributes, metrics, device and place are traits, the user's own before the endpoint's.
//! - An endpoint that gains a user becomes the user's, with all that was known of it. One that gets another
//!   user takes its address with it, and nothing else: what its first user did stays theirs.

use super::{Attributes, ChannelType, Endpoint, OptOut, Status};
use crate::profile::{self, PROFILE_MERGED, PROFILE_UPDATED};
use ceap_kernel::{Fault, SubjectId};
use serde_json::{Map, Value, json};

/// How a consent came about.
const HOW: &str = "OptOut of an Amazon Pinpoint endpoint";

/// Something that an endpoint says of a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The event's type.
    pub kind: &'static str,
    /// Whom it is about.
    pub subject: SubjectId,
    /// The event's data.
    pub data: Map<String, Value>,
}

/// Where the profile holds an endpoint's address.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Slot {
    Email(String),
    Phone(String),
    Device(String),
}

/// What the change from `before` to `after` says, in the order in which it is to be heard.
///
/// # Errors
/// As [`Endpoint::subject`].
pub fn changed(before: Option<&Endpoint>, after: &Endpoint) -> Result<Vec<Told>, Fault> {
    let mut told = Vec::new();
    let (was, is) = (before.map(Endpoint::subject).transpose()?, after.subject()?);
    let gained = before.is_some_and(|it| it.user.user_id.is_none());
    let known = match was {
        Some(was) if was == is => before,
        Some(was) if gained => {
            let data = Map::from_iter([("from".to_owned(), Value::from(was.as_str()))]);
            told.push(Told { kind: PROFILE_MERGED, subject: is.clone(), data });
            before
        }
        // What was said to be somebody else's is said anew.
        Some(was) => {
            told.extend(before.and_then(|it| left(it, was, &[])));
            None
        }
        None => None,
    };
    let data = update(known, after);
    if !data.is_empty() {
        told.push(Told { kind: PROFILE_UPDATED, subject: is, data });
    }
    Ok(told)
}

/// What it says that `gone` is no more, its user having `others`.
///
/// # Errors
/// As [`Endpoint::subject`].
pub fn removed(gone: &Endpoint, others: &[Endpoint]) -> Result<Option<Told>, Fault> {
    Ok(left(gone, gone.subject()?, others))
}

/// A subject without an endpoint's address: where there is one place for addresses of its kind, that of
/// another endpoint stands there then, the one that was changed last.
fn left(gone: &Endpoint, subject: SubjectId, others: &[Endpoint]) -> Option<Told> {
    let slot = slot(gone)?;
    let alike = others.iter().filter(|it| it.id != gone.id).filter_map(|other| {
        let found = self::slot(other)?;
        (found.field() == slot.field()).then_some((&other.effective_date, found))
    });
    let mut data = Map::new();
    match (&slot, alike.max_by(|a, b| a.0.cmp(b.0))) {
        (Slot::Email(_) | Slot::Phone(_), Some((_, other))) => other.set(&gone.id, &mut data),
        _ => slot.clear(&gone.id, &mut data),
    }
    Some(Told { kind: PROFILE_UPDATED, subject, data })
}

impl Slot {
    fn field(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
            Self::Device(_) => "devices",
        }
    }

    fn set(&self, id: &str, data: &mut Map<String, Value>) {
        let value = match self {
            Self::Email(address) | Self::Phone(address) => Value::from(address.as_str()),
            Self::Device(address) => json!({id: {"channel": "push", "address": address}}),
        };
        data.insert(self.field().to_owned(), value);
    }

    fn clear(&self, id: &str, data: &mut Map<String, Value>) {
        let value = match self {
            Self::Email(_) | Self::Phone(_) => Value::Null,
            Self::Device(_) => json!({id: null}),
        };
        data.insert(self.field().to_owned(), value);
    }
}

/// The platform's own channel of an endpoint, and its address there.
///
/// # Errors
/// `Invalid` when there is no such channel, or no address.
pub fn reached(endpoint: &Endpoint) -> Result<(&'static str, String), Fault> {
    let missing = |field: &str| Fault::invalid(field, "is missing; update the endpoint with it");
    let kind = endpoint.channel_type.ok_or_else(|| missing("ChannelType"))?;
    let address = endpoint.address.as_deref().ok_or_else(|| missing("Address"))?;
    address_on(kind, address)
}

/// The platform's own channel of `kind`, and `address` as it writes it.
///
/// # Errors
/// `Invalid` when there is no such channel.
pub fn address_on(kind: ChannelType, address: &str) -> Result<(&'static str, String), Fault> {
    let plain = || address.to_owned();
    match kind {
        ChannelType::Email => Ok(("email", plain())),
        ChannelType::Sms => Ok(("sms", plain())),
        ChannelType::Voice => Ok(("voice", plain())),
        ChannelType::Gcm => Ok(("push", format!("fcm:{address}"))),
        ChannelType::Apns => Ok(("push", format!("apns:{address}"))),
        ChannelType::ApnsSandbox => Ok(("push", format!("apns-sandbox:{address}"))),
        ChannelType::Push
        | ChannelType::ApnsVoip
        | ChannelType::ApnsVoipSandbox
        | ChannelType::Adm
        | ChannelType::Baidu
        | ChannelType::Custom
        | ChannelType::InApp => {
            let rule = "is none that messages are sent on here; there are EMAIL, SMS, VOICE, GCM, APNS and \
                        APNS_SANDBOX; the API's POST /v1/messages has in-app, web-push, whatsapp, slack and \
                        webhook";
            Err(Fault::invalid("ChannelType", rule))
        }
    }
}

fn slot(endpoint: &Endpoint) -> Option<Slot> {
    if endpoint.endpoint_status == Status::Inactive {
        return None;
    }
    match reached(endpoint).ok()? {
        ("email", to) => Some(Slot::Email(to)),
        ("sms" | "voice", to) => Some(Slot::Phone(to)),
        (_, to) => (endpoint.opt_out != Some(OptOut::All)).then_some(Slot::Device(to)),
    }
}

fn update(before: Option<&Endpoint>, after: &Endpoint) -> Map<String, Value> {
    let mut data = Map::new();
    address(before, after, &mut data);
    if let Some(consents) = consents(before, after) {
        data.insert("consents".to_owned(), consents);
    }
    let (mut was, mut is) = (Map::new(), Map::new());
    if let Some(before) = before {
        facts(before, &mut was);
    }
    facts(after, &mut is);
    for field in ["locale", "time_zone"] {
        let (before, now) = (was.remove(field), is.remove(field));
        if before != now {
            data.insert(field.to_owned(), now.unwrap_or_default());
        }
    }
    let gone: Vec<String> = was.keys().filter(|name| !is.contains_key(*name)).cloned().collect();
    is.retain(|name, value| was.get(name) != Some(value));
    is.extend(gone.into_iter().map(|name| (name, Value::Null)));
    if !is.is_empty() {
        data.insert("traits".to_owned(), Value::Object(is));
    }
    data
}

fn address(before: Option<&Endpoint>, after: &Endpoint, data: &mut Map<String, Value>) {
    let (was, is) = (before.and_then(slot), slot(after));
    if was == is {
        return;
    }
    if let Some(was) = was {
        was.clear(&after.id, data);
    }
    if let Some(is) = is {
        is.set(&after.id, data);
    }
}

/// What is said of the channel, where it has one address of a user; once it is said.
fn consents(before: Option<&Endpoint>, after: &Endpoint) -> Option<Value> {
    let channel = |it: &Endpoint| reached(it).ok().map(|(channel, _)| channel);
    let said = |it: &Endpoint| Some((channel(it)?, it.opt_out?));
    let now = said(after).filter(|(channel, _)| *channel != "push")?;
    if before.and_then(said) == Some(now) {
        return None;
    }
    let (channel, opt_out) = now;
    let given = |given: bool| json!({"given": given, "how": HOW});
    // A refusal of the channel alone would let through what the customer's own doings call for.
    let all = format!("{channel}.transactional");
    Some(match opt_out {
        OptOut::All => json!({channel: given(false), all: given(false)}),
        OptOut::None => json!({channel: given(true), all: null}),
    })
}

/// What is said in names and values; what stands later outweighs what stood before. `locale` and `time_zone`
/// are fields of the profile where they can be.
fn facts(endpoint: &Endpoint, facts: &mut Map<String, Value>) {
    let mut set = |name: &str, value: Value| drop(facts.insert(name.to_owned(), value));
    let (device, place) = (&endpoint.demographic, &endpoint.location);
    let texts = [
        ("app_version", &device.app_version),
        ("make", &device.make),
        ("model", &device.model),
        ("model_version", &device.model_version),
        ("platform", &device.platform),
        ("platform_version", &device.platform_version),
        ("city", &place.city),
        ("country", &place.country),
        ("postal_code", &place.postal_code),
        ("region", &place.region),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            set(name, Value::from(value.as_str()));
        }
    }
    for (name, value) in [("latitude", place.latitude), ("longitude", place.longitude)] {
        if let Some(value) = value {
            set(name, Value::from(value));
        }
    }
    endpoint.metrics.iter().for_each(|(name, value)| set(name, Value::from(*value)));
    named(&endpoint.attributes, &mut set);
    named(&endpoint.user.user_attributes, &mut set);
    // Last: nobody's attribute stands in for them.
    let given = |text: &Option<String>| text.clone().filter(|it| !it.is_empty());
    if let Some(locale) = given(&device.locale) {
        let fits = profile::locale(&locale).is_ok();
        set(if fits { "locale" } else { "locale_name" }, locale.into());
    }
    if let Some(zone) = given(&device.timezone) {
        let fits = profile::zone(&zone).is_ok();
        set(if fits { "time_zone" } else { "time_zone_name" }, zone.into());
    }
}

/// One value is itself; several are a list.
fn named(attributes: &Attributes, set: &mut impl FnMut(&str, Value)) {
    for (name, values) in attributes {
        let value = match values.as_slice() {
            [one] => Value::from(one.as_str()),
            many => many.iter().map(String::as_str).collect(),
        };
        let taken = matches!(name.as_str(), "locale" | "time_zone");
        set(&if taken { format!("{name}_name") } else { name.clone() }, value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::EndpointRequest;
    use super::*;
    use ceap_kernel::Timestamp;

    fn after(before: Option<&Endpoint>, said: Value) -> Endpoint {
        let request: EndpointRequest = serde_json::from_value(said).unwrap();
        let at = Timestamp::from_second(1_795_262_400).unwrap();
        request.apply("E1", before, at, "r").unwrap().unwrap()
    }

    fn said(before: Option<&Endpoint>, now: &Endpoint) -> Vec<(&'static str, String, Value)> {
        let told = changed(before, now).unwrap().into_iter();
        told.map(|it| (it.kind, it.subject.to_string(), Value::Object(it.data))).collect()
    }

    fn email() -> Endpoint {
        after(None, json!({"ChannelType": "EMAIL", "Address": "ada@example.com"}))
    }

    #[test]
    fn a_new_endpoint_tells_all_and_a_change_what_changed() {
        let first = after(
            None,
            json!({"ChannelType": "EMAIL", "Address": "ada@example.com", "OptOut": "NONE",
                   "Attributes": {"plan": ["free"], "interests": ["a", "b"]}, "Metrics": {"seats": 3.0},
                   "Demographic": {"Locale": "de_CH", "Timezone": "Europe/Zurich", "Make": "apple"},
                   "Location": {"City": "Bern"}, "User": {"UserAttributes": {"plan": ["gold"]}}}),
        );
        let how = json!({"given": true, "how": HOW});
        let all = json!({
            "email": "ada@example.com", "locale": "de_CH", "time_zone": "Europe/Zurich",
            "consents": {"email": how, "email.transactional": null},
            "traits": {"plan": "gold", "interests": ["a", "b"], "seats": 3.0, "make": "apple", "city": "Bern"},
        });
        assert_eq!(said(None, &first), [(PROFILE_UPDATED, "E1".to_owned(), all)]);
        let second = after(Some(&first), json!({"Attributes": {"interests": []}, "OptOut": "ALL"}));
        let no = json!({"given": false, "how": HOW});
        let less = json!({"consents": {"email": no, "email.transactional": no}, "traits": {"interests": null}});
        assert_eq!(said(Some(&first), &second), [(PROFILE_UPDATED, "E1".to_owned(), less)]);
    }

    #[test]
    fn a_name_that_is_no_time_zone_is_a_trait() {
        let first = after(None, json!({"Demographic": {"Timezone": "Bern", "Locale": "?"}}));
        let told = json!({"traits": {"time_zone_name": "Bern", "locale_name": "?"}});
        assert_eq!(said(None, &first)[0].2, told);
    }

    #[test]
    fn a_user_takes_in_what_the_endpoint_was() {
        let first = email();
        let second = after(Some(&first), json!({"User": {"UserId": "ada"}}));
        let merged = json!({"from": "E1"});
        assert_eq!(said(Some(&first), &second), [(PROFILE_MERGED, "ada".to_owned(), merged)]);
        let same = after(None, json!({"User": {"UserId": "E1"}}));
        assert_eq!(said(None, &same), []);
    }

    #[test]
    fn another_user_takes_the_address_and_no_more() {
        let first = after(Some(&email()), json!({"User": {"UserId": "ada"}}));
        let second = after(Some(&first), json!({"User": {"UserId": "bob"}}));
        let (gone, new) = (json!({"email": null}), json!({"email": "ada@example.com"}));
        let expected =
            [(PROFILE_UPDATED, "ada".to_owned(), gone), (PROFILE_UPDATED, "bob".to_owned(), new)];
        assert_eq!(said(Some(&first), &second), expected);
    }

    #[test]
    fn a_device_is_reached_while_it_is_active_and_wanted() {
        let token = "a".repeat(64);
        let push = after(None, json!({"ChannelType": "APNS", "Address": token, "OptOut": "NONE"}));
        let there =
            json!({"devices": {"E1": {"channel": "push", "address": format!("apns:{token}")}}});
        let gone = json!({"devices": {"E1": null}});
        assert_eq!(said(None, &push)[0].2, there);
        for off in [json!({"OptOut": "ALL"}), json!({"EndpointStatus": "INACTIVE"})] {
            let silent = after(Some(&push), off);
            assert_eq!(said(Some(&push), &silent)[0].2, gone);
            let again = after(Some(&silent), json!({"OptOut": "NONE"}));
            assert_eq!(said(Some(&silent), &again)[0].2, there);
        }
    }

    #[test]
    fn a_channel_that_changes_takes_its_address_along() {
        let first = email();
        let second = after(Some(&first), json!({"ChannelType": "SMS", "Address": "+41791234567"}));
        assert_eq!(
            said(Some(&first), &second)[0].2,
            json!({"email": null, "phone": "+41791234567"})
        );
        let third = after(Some(&second), json!({"ChannelType": "CUSTOM", "Address": "https://x"}));
        assert_eq!(said(Some(&second), &third)[0].2, json!({"phone": null}));
    }

    #[test]
    fn what_goes_leaves_what_others_have() {
        let gone = email();
        let removed =
            |others: &[Endpoint]| removed(&gone, others).unwrap().map(|it| Value::Object(it.data));
        assert_eq!(removed(&[]), Some(json!({"email": null})));
        let named = |id: &str, address: &str, date: &str| Endpoint {
            id: id.to_owned(),
            address: Some(address.to_owned()),
            effective_date: date.to_owned(),
            ..email()
        };
        let phone = after(None, json!({"ChannelType": "SMS", "Address": "+41791234567"}));
        let others = [
            named("E2", "new@example.com", "2026-03"),
            named("E3", "old@example.com", "2026-01"),
            phone,
        ];
        assert_eq!(removed(&others), Some(json!({"email": "new@example.com"})));
        assert_eq!(removed(&[email()]), Some(json!({"email": null})), "itself is no other");
    }
}
