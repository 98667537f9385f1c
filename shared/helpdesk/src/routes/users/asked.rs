//! What is asked of a person. A field that is left out stays; one that is null is taken away.

use crate::ids::{GroupId, OrganizationId, RoleId};
use crate::organization::{self, Organization};
use crate::record::places;
use crate::store::Key;
use crate::user::{Means, canonical, phone};
use crate::wire::{given, text, truth};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Changes to a person, or what a new one is to be
/// ([users](https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format)).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edit {
    #[serde(deserialize_with = "text")]
    pub name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub email: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub phone: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    pub shared_phone_number: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub external_id: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub alias: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub signature: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub details: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub notes: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub locale: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub locale_id: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub time_zone: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub role: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub custom_role_id: Option<Option<RoleId>>,
    #[serde(deserialize_with = "text")]
    pub ticket_restriction: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    pub only_private_comments: Option<bool>,
    #[serde(deserialize_with = "truth")]
    pub moderator: Option<bool>,
    #[serde(deserialize_with = "truth")]
    pub suspended: Option<bool>,
    #[serde(deserialize_with = "truth")]
    pub verified: Option<bool>,
    pub tags: Option<Vec<String>>,
    pub user_fields: Option<Map<String, Value>>,
    #[serde(deserialize_with = "given")]
    pub organization_id: Option<Option<OrganizationId>>,
    pub organization: Option<Named>,
    #[serde(deserialize_with = "given")]
    pub default_group_id: Option<Option<GroupId>>,
    #[serde(deserialize_with = "text")]
    pub remote_photo_url: Option<Option<String>>,
    pub identities: Option<Vec<NewIdentity>>,
    #[serde(deserialize_with = "truth")]
    pub skip_verify_email: Option<bool>,
}

/// Something that is named.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    #[serde(deserialize_with = "text")]
    pub name: Option<Option<String>>,
}

/// An address, number or account to add to a person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewIdentity {
    #[serde(rename = "type", deserialize_with = "text")]
    pub means: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub value: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    pub verified: Option<bool>,
    #[serde(deserialize_with = "text")]
    pub verification_method: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    pub primary: Option<bool>,
    #[serde(deserialize_with = "truth")]
    pub skip_verify_email: Option<bool>,
}

impl Edit {
    /// What somebody may ask of themselves who is no agent.
    pub fn of_oneself(self) -> Self {
        Self {
            name: self.name,
            email: self.email,
            phone: self.phone,
            locale: self.locale,
            locale_id: self.locale_id,
            time_zone: self.time_zone,
            remote_photo_url: self.remote_photo_url,
            ..Self::default()
        }
    }

    /// The organization's name, where it is given so.
    pub fn organization_name(&self) -> Option<&str> {
        self.organization.as_ref()?.name.as_ref()?.as_deref()
    }

    /// What has to be read to tell whether this can be.
    pub fn keys(&self) -> Vec<Key> {
        let phone = self.phone.iter().flatten();
        let name = self.organization_name();
        let id = self.organization_id.flatten();
        phone
            .map(|it| places::unique(Means::PhoneNumber.as_str(), &phone::canonical(it)))
            .chain(name.map(|it| places::unique(organization::NAME, &organization::canonical(it))))
            .chain(id.map(Organization::key))
            .collect()
    }

    /// What leads to who is already known by this external id or address.
    pub fn keys_of_known(&self) -> Vec<Key> {
        let external = self.external_id.iter().flatten();
        let email = self.email.iter().flatten();
        external
            .map(|id| places::unique(super::EXTERNAL, &id.to_lowercase()))
            .chain(email.map(|email| places::unique(crate::user::EMAIL, &canonical(email))))
            .collect()
    }
}
