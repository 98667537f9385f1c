//! What a subject is known by beside its ids, for those who know people by it.

use crate::profile::Profile;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// What a subject is known by beside its ids: noted before any of what tells of it is taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// Addresses of email.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub emails: BTreeSet<String>,
    /// Telephone numbers.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub phones: BTreeSet<String>,
    /// Names.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<String>,
    /// Accounts at others.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub handles: BTreeSet<String>,
    /// Addresses and numbers that are somebody else's too.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub shared: BTreeSet<String>,
    /// Ids of their records in the helpdesk.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub people: BTreeSet<u64>,
    /// Ids of others' tickets that they took part in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tickets: BTreeSet<u64>,
}

impl Known {
    /// What a profile tells. Names are among the traits, whole or in two parts, as those write them who send them.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let text = |key: &str| profile.traits.get(key).and_then(Value::as_str).map(str::trim);
        let either = |keys: [&str; 2]| keys.into_iter().find_map(text);
        let parts = [either(["first_name", "firstName"]), either(["last_name", "lastName"])];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        let names = [text("name").map(str::to_owned), Some(parts.join(" "))];
        let names = names.into_iter().flatten().filter(|it| !it.trim().is_empty());
        Self {
            emails: profile.email.iter().cloned().collect(),
            phones: profile.phone.iter().cloned().collect(),
            names: names.collect(),
            ..Self::default()
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// And this.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.emails.extend(other.emails);
        self.phones.extend(other.phones);
        self.names.extend(other.names);
        self.handles.extend(other.handles);
        self.shared.extend(other.shared);
        self.people.extend(other.people);
        self.tickets.extend(other.tickets);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_profile_tells_addresses_and_names_whole_or_in_parts() {
        let profile = json!({"email": "ada@acme.example", "phone": "+41790000000",
                             "traits": {"name": " Ada ", "firstName": "Ada", "last_name": "Lovelace", "plan": "pro"}});
        let known = Known::of(&serde_json::from_value(profile).unwrap());
        let set = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(
            (known.emails, known.phones),
            (set(&["ada@acme.example"]), set(&["+41790000000"]))
        );
        assert_eq!(known.names, set(&["Ada", "Ada Lovelace"]));
        assert!(Known::of(&Profile::default()).is_empty());
    }
}
