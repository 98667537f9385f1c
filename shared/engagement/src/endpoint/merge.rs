//! What a client says of an endpoint, and how that changes what was said before.
//!
//! What a request leaves out stays as it was. Attributes and metrics are taken name by name, their values as a
//! whole (API reference, `UpdateEndpoint`: "If an update includes one or more values for a custom attribute,
//! Amazon Pinpoint replaces (overwrites) any existing values with the new values"); an attribute without any
//! value is taken away. An endpoint that is updated is active again, unless the request says otherwise
//! (`EndpointStatus`).

use super::{
    Attributes, ChannelType, Demographic, Endpoint, Location, MAX_BYTES, OptOut, Status, User,
};
use crate::profile;
use ceap_kernel::{Fault, SubjectId, Timestamp, hash64};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Groups that endpoints are in.
const COHORTS: u64 = 100;

/// What a request says of an endpoint. What it does not know is left out, as AWS leaves it out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs)]
pub struct EndpointRequest {
    /// In a batch, which one.
    pub id: Option<String>,
    pub address: Option<String>,
    pub channel_type: Option<ChannelType>,
    pub attributes: Option<BTreeMap<String, Option<Vec<String>>>>,
    pub metrics: Option<BTreeMap<String, f64>>,
    pub demographic: Option<Demographic>,
    pub location: Option<Location>,
    pub opt_out: Option<OptOut>,
    pub endpoint_status: Option<Status>,
    pub effective_date: Option<String>,
    pub user: Option<UserRequest>,
}

/// What a request says of an endpoint's user.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs)]
pub struct UserRequest {
    pub user_id: Option<String>,
    pub user_attributes: Option<BTreeMap<String, Option<Vec<String>>>>,
}

impl EndpointRequest {
    /// The endpoint `id` after this request, which came at `at` under the id `request`; `before` is the
    /// endpoint as it was. None when it says nothing new.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn apply(
        &self,
        id: &str,
        before: Option<&Endpoint>,
        at: Timestamp,
        request: &str,
    ) -> Result<Option<Endpoint>, Fault> {
        if before.is_some() && *self == Self::default() {
            // Beside events an endpoint need not be said again.
            return Ok(None);
        }
        let fresh = || fresh(id, at);
        let mut next = before.map_or_else(fresh, Clone::clone);
        if let Some(address) = &self.address {
            next.address = Some(address.clone()).filter(|it| !it.is_empty());
        }
        next.channel_type = self.channel_type.or(next.channel_type);
        next.opt_out = self.opt_out.or(next.opt_out);
        next.endpoint_status = self.endpoint_status.unwrap_or(Status::Active);
        attributes(&mut next.attributes, self.attributes.as_ref());
        next.metrics.extend(self.metrics.clone().unwrap_or_default());
        next.demographic.take(self.demographic.clone().unwrap_or_default());
        next.location.take(self.location.clone().unwrap_or_default());
        if let Some(user) = &self.user {
            user.apply(&mut next.user)?;
        }
        if before == Some(&next) {
            return Ok(None);
        }
        next.effective_date = match &self.effective_date {
            Some(date) if !date.is_empty() => date.clone(),
            _ => at.to_string(),
        };
        request.clone_into(&mut next.request_id);
        check(&next)?;
        Ok(Some(next))
    }
}

impl UserRequest {
    fn apply(&self, user: &mut User) -> Result<(), Fault> {
        if let Some(id) = self.user_id.as_deref().filter(|id| !id.is_empty()) {
            let rule = "must be 1 to 256 bytes of text without control characters";
            let id = SubjectId::new(id).map_err(|_| Fault::invalid("User.UserId", rule))?;
            if user.user_id.as_ref().is_some_and(|before| *before != id) {
                // What was said of somebody else.
                user.user_attributes.clear();
            }
            user.user_id = Some(id);
        }
        attributes(&mut user.user_attributes, self.user_attributes.as_ref());
        Ok(())
    }
}

fn fresh(id: &str, at: Timestamp) -> Endpoint {
    let cohort = hash64(&["cohort", id]).checked_rem(COHORTS).unwrap_or_default();
    Endpoint {
        id: id.to_owned(),
        address: None,
        channel_type: None,
        attributes: Attributes::new(),
        metrics: BTreeMap::new(),
        demographic: Demographic::default(),
        location: Location::default(),
        opt_out: None,
        endpoint_status: Status::Active,
        user: User::default(),
        creation_date: at.to_string(),
        effective_date: at.to_string(),
        cohort_id: cohort.to_string(),
        request_id: String::new(),
    }
}

fn attributes(known: &mut Attributes, said: Option<&BTreeMap<String, Option<Vec<String>>>>) {
    for (name, values) in said.into_iter().flatten() {
        match values {
            Some(values) if !values.is_empty() => drop(known.insert(name.clone(), values.clone())),
            _ => drop(known.remove(name)),
        }
    }
}

/// Addresses of the channels that there are here are addresses; of the others, who knows.
fn check(endpoint: &Endpoint) -> Result<(), Fault> {
    let rule = match (endpoint.channel_type, endpoint.address.as_deref()) {
        (Some(ChannelType::Email), Some(address)) => profile::email(address).err(),
        (Some(ChannelType::Sms | ChannelType::Voice), Some(address)) => {
            profile::phone(address).err()
        }
        _ => None,
    };
    if let Some(rule) = rule {
        return Err(Fault::invalid("Address", rule));
    }
    let size = serde_json::to_vec(endpoint).map_or(usize::MAX, |json| json.len());
    if size > MAX_BYTES {
        let message =
            format!("would be {size} bytes of JSON with it; at most {MAX_BYTES} are kept");
        return Err(Fault::invalid("Endpoint", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_262_400_i64.saturating_add(second)).unwrap()
    }

    fn apply(before: Option<&Endpoint>, said: Value) -> Result<Option<Endpoint>, Fault> {
        let request: EndpointRequest = serde_json::from_value(said).unwrap();
        request.apply("Phone-1", before, at(60), "r-2")
    }

    fn first() -> Endpoint {
        let said = json!({
            "Address": "ada@example.com", "ChannelType": "EMAIL", "OptOut": "NONE",
            "Attributes": {"a": ["1", "2"], "b": ["3"]}, "Metrics": {"m": 1.5},
            "Demographic": {"Locale": "de_CH", "Make": "apple"}, "Location": {"City": "Bern"},
            "User": {"UserId": "ada", "UserAttributes": {"plan": ["gold"]}}, "RequestId": "x",
        });
        let request: EndpointRequest = serde_json::from_value(said).unwrap();
        request.apply("Phone-1", None, at(0), "r-1").unwrap().unwrap()
    }

    #[test]
    fn what_is_left_out_stays_and_names_are_taken_one_by_one() {
        let before = first();
        assert_eq!(before.creation_date, at(0).to_string());
        let said = json!({
            "Attributes": {"a": ["9"], "b": [], "c": ["4"]}, "Metrics": {"n": 2.0},
            "Demographic": {"Make": "fairphone"}, "EndpointStatus": "INACTIVE",
            "User": {"UserAttributes": {"seat": ["7"]}},
        });
        let after = apply(Some(&before), said).unwrap().unwrap();
        let json = serde_json::to_value(&after).unwrap();
        assert_eq!(json["Attributes"], json!({"a": ["9"], "c": ["4"]}));
        assert_eq!(json["Metrics"], json!({"m": 1.5, "n": 2.0}));
        assert_eq!(json["Demographic"], json!({"Locale": "de_CH", "Make": "fairphone"}));
        assert_eq!(json["Location"], json!({"City": "Bern"}));
        assert_eq!(json["User"]["UserAttributes"], json!({"plan": ["gold"], "seat": ["7"]}));
        assert_eq!(
            (&json["Address"], &json["OptOut"]),
            (&json!("ada@example.com"), &json!("NONE"))
        );
        assert_eq!(
            (&json["CreationDate"], &json["EffectiveDate"]),
            (&json!(at(0).to_string()), &json!(at(60).to_string()))
        );
        assert_eq!(
            (&json["RequestId"], &json["EndpointStatus"]),
            (&json!("r-2"), &json!("INACTIVE"))
        );
        assert_eq!(apply(Some(&after), json!({})), Ok(None), "what says nothing is no update");
        let again = apply(Some(&after), json!({"OptOut": "NONE"})).unwrap().unwrap();
        assert_eq!(again.endpoint_status, Status::Active, "an update makes it active");
    }

    #[test]
    fn what_says_nothing_new_changes_nothing() {
        let before = first();
        for said in [
            json!({}),
            json!({"Address": null, "EffectiveDate": "2026-11-21T13:00:00Z"}),
            json!({"Attributes": {"a": ["1", "2"], "z": []}}),
        ] {
            assert_eq!(apply(Some(&before), said).unwrap(), None);
        }
        assert!(apply(None, json!({})).unwrap().is_some(), "one that nobody knew is new");
    }

    #[test]
    fn another_user_is_not_said_what_was_said_of_the_first() {
        let after = apply(Some(&first()), json!({"User": {"UserId": "bob"}})).unwrap().unwrap();
        assert_eq!(after.subject().unwrap().as_str(), "bob");
        assert!(after.user.user_attributes.is_empty());
    }

    #[rstest]
    #[case(json!({"Address": "no address"}), "Address: ")]
    #[case(json!({"ChannelType": "SMS", "Address": "0791234567"}), "Address: must be an E.164")]
    #[case(json!({"Attributes": {"a": ["x".repeat(16_000)]}}), "Endpoint: would be 16")]
    #[case(json!({"User": {"UserId": "a\u{0}b"}}), "User.UserId: ")]
    fn what_can_not_be_is_refused(#[case] said: Value, #[case] says: &str) {
        let refused = apply(Some(&first()), said).unwrap_err().to_string();
        assert!(refused.starts_with(says), "{refused}");
    }

    #[test]
    fn an_id_is_one_whatever_the_case_of_its_letters() {
        assert_eq!(super::super::key("Phone-1").unwrap(), "phone-1");
        for bad in ["", " ", "a$", "{a}", "a\nb", &"x".repeat(257)] {
            assert!(super::super::key(bad).is_err(), "{bad:?}");
        }
    }
}
