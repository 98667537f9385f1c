//! Fields of people and of organizations.

use super::value::{MAX_TEXT, Wrong};
use super::{Field, FieldType};
use crate::record::{Home, Kept, Kind, Record};
use crate::refusal::{About, Reason, Refusal};
use crate::store::Key;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::ops::Deref;

/// A field of people or organizations, known by a key
/// ([user fields](https://developer.zendesk.com/api-reference/ticketing/users/user_fields/),
/// [organization fields](https://developer.zendesk.com/api-reference/ticketing/organizations/organization_fields/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What all fields have.
    #[serde(flatten)]
    pub field: Field,
    /// What its values are kept under.
    pub key: String,
}

impl Profile {
    /// The value as it is kept; null where there is none.
    ///
    /// # Errors
    /// Why it cannot be, to stand against `base`.
    pub fn accept(&self, given: &Value) -> Result<Value, Reason> {
        self.field.taken(given, true).map_err(|wrong| {
            let (rule, error) = match wrong {
                Wrong::Invalid | Wrong::NoOption => ("is invalid".to_owned(), "InvalidValue"),
                Wrong::TooLong => {
                    (format!("is too long (maximum is {MAX_TEXT} characters)"), "ValueTooLong")
                }
            };
            Reason {
                description: format!("{}: {rule}", self.field.title),
                error: Some(error),
                about: Some(About::Profile { field_key: self.field.id }),
            }
        })
    }

    /// A kept value as it is shown: days are times there.
    #[must_use]
    pub fn shown(&self, kept: Option<&Value>) -> Value {
        match (self.field.kind, kept.and_then(Value::as_str)) {
            (FieldType::Date, Some(day)) => json!(format!("{day}T00:00:00+00:00")),
            _ => self.field.shown(kept),
        }
    }
}

impl Deref for Profile {
    type Target = Field;

    fn deref(&self) -> &Field {
        &self.field
    }
}

/// A field of one kind of record: people's, or organizations'.
pub trait ProfileField: Record + Deref<Target = Profile> + From<Profile> + Send + Sync {}

/// The values as they are kept after some were given, by their keys; keys that no field has are passed over, as
/// Zendesk does.
///
/// # Errors
/// Why some cannot be.
pub fn given<F: ProfileField>(
    fields: &[Kept<F>],
    before: &Map<String, Value>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let mut refusal = Refusal::default();
    let mut after = before.clone();
    for field in fields {
        let Some(value) = given.get(&field.key) else { continue };
        match field.accept(value) {
            Ok(Value::Null) => drop(after.remove(&field.key)),
            Ok(value) => drop(after.insert(field.key.clone(), value)),
            Err(reason) => refusal.push("base", reason),
        }
    }
    refusal.against(after)
}

/// All values as they are shown: each field that is in use has one.
#[must_use]
pub fn shown<F: ProfileField>(fields: &[Kept<F>], kept: &Map<String, Value>) -> Map<String, Value> {
    let used = fields.iter().filter(|field| field.active);
    used.map(|field| (field.key.clone(), field.shown(kept.get(&field.key)))).collect()
}

/// The records that values refer to, each with its field, for those who give them to see whether they are there.
#[must_use]
pub fn references<F: ProfileField>(
    fields: &[Kept<F>],
    values: &Map<String, Value>,
) -> Vec<(Key, Reason)> {
    let refers = |field: &Kept<F>| {
        let key = field.refers_to(values.get(&field.key)?)?;
        let about = Some(About::Profile { field_key: field.id });
        let description = format!("{}: is invalid", field.title);
        Some((key, Reason { description, error: Some("InvalidValue"), about }))
    };
    fields.iter().filter_map(refers).collect()
}

macro_rules! profiles {
    ($($(#[$doc:meta])* $name:ident = $kind:literal, $singular:literal, $plural:literal);+ $(;)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Profile);

        impl From<Profile> for $name {
            fn from(profile: Profile) -> Self {
                Self(profile)
            }
        }

        impl Deref for $name {
            type Target = Profile;

            fn deref(&self) -> &Profile {
                &self.0
            }
        }

        impl Record for $name {
            const KIND: Kind =
                Kind { name: $kind, singular: $singular, plural: $plural, home: Home::Account };

            fn id(&self) -> u64 {
                self.0.field.id.get()
            }
        }

        impl ProfileField for $name {}
    )+};
}

profiles! {
    /// A field of people.
    UserField = "USER_FIELD", "user_field", "user_fields";
    /// A field of organizations.
    OrganizationField = "ORGANIZATION_FIELD", "organization_field", "organization_fields";
}
