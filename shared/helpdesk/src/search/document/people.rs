//! What is searched of people, organizations and groups.

use super::{Document, Kind, field};
use crate::access::Role;
use crate::account::Group;
use crate::field::{OrganizationField, ProfileField, UserField};
use crate::organization::Organization;
use crate::record::Kept;
use crate::search::Language;
use crate::user::{Means, User, phone};
use serde_json::{Map, Value};

/// A person; none of who was deleted.
#[must_use]
pub fn user(user: &User, fields: &[Kept<UserField>]) -> Option<Document> {
    if !user.active {
        return None;
    }
    let mut document = Document::new(Kind::User, user.id.get());
    document.language = Language::of(&user.locale);
    document.time(field::CREATED, user.created_at);
    document.time(field::UPDATED, user.updated_at);
    document.keyword(field::NAME, &user.name);
    document.text(field::NAME, Some(&user.name));
    document.text(field::ALIAS, user.alias.as_deref());
    document.text(field::NOTES, user.notes.as_deref());
    document.text(field::DETAILS, user.details.as_deref());
    document.keyword(field::ROLE, role(user.role));
    document.keyword(field::LOCALE, &user.locale);
    document.keyword(field::VERIFIED, user.verified());
    document.keyword(field::SUSPENDED, user.suspended);
    document.keywords(field::ORGANIZATION, user.organization_ids());
    document.external(user.external_id.as_deref());
    document.reached(user);
    document.tags(&user.tags);
    document.profile(&user.user_fields, fields);
    Some(document)
}

/// An organization.
#[must_use]
pub fn organization(organization: &Organization, fields: &[Kept<OrganizationField>]) -> Document {
    let mut document = Document::new(Kind::Organization, organization.id.get());
    document.time(field::CREATED, organization.created_at);
    document.time(field::UPDATED, organization.updated_at);
    document.keyword(field::NAME, &organization.name);
    document.text(field::NAME, Some(&organization.name));
    document.text(field::NOTES, organization.notes.as_deref());
    document.text(field::DETAILS, organization.details.as_deref());
    document.external(organization.external_id.as_deref());
    for domain in &organization.domain_names {
        document.keyword(field::DOMAIN, domain);
        document.text(field::DOMAIN, Some(domain));
    }
    document.tags(&organization.tags);
    document.profile(&organization.organization_fields, fields);
    document
}

/// A group of agents.
#[must_use]
pub fn group(group: &Group) -> Document {
    let mut document = Document::new(Kind::Group, group.id.get());
    document.time(field::CREATED, group.created_at);
    document.time(field::UPDATED, group.updated_at);
    document.keyword(field::NAME, &group.name);
    document.text(field::NAME, Some(&group.name));
    document.text(field::DESCRIPTION, Some(&group.description));
    document
}

/// The word of a role, as clients know it: a team lead is an agent to them.
const fn role(role: Role) -> &'static str {
    match role {
        Role::EndUser => "end-user",
        Role::Agent | Role::TeamLead => "agent",
        Role::Admin => "admin",
    }
}

impl Document {
    fn external(&mut self, id: Option<&str>) {
        self.keywords(field::EXTERNAL, id);
        self.text(field::EXTERNAL, id);
    }

    /// How somebody is reached.
    fn reached(&mut self, user: &User) {
        let of = |means: Means| user.identities.iter().filter(move |it| it.means == means);
        for email in of(Means::Email) {
            self.keyword(field::EMAIL, &email.value);
            self.text(field::EMAIL, Some(&email.value));
        }
        let numbers = of(Means::PhoneNumber).map(|it| &it.value).chain(&user.phone);
        for number in numbers.map(|it| phone::canonical(it)) {
            self.keyword(field::PHONE, &number);
            self.text(field::PHONE, Some(&number));
        }
    }

    fn profile<F: ProfileField>(&mut self, values: &Map<String, Value>, fields: &[Kept<F>]) {
        for of in fields {
            if let Some(value) = values.get(&of.key) {
                self.own(&field::of_profile(&of.key), of, value);
            }
        }
    }
}
