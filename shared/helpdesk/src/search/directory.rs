//! What queries ask of an account, from what it is set up with.

use super::analysis::{canonical, contains};
use super::{Audience, Kind, Language, Names};
use crate::access::Actor;
use crate::account::{Account, Brand, Group, GroupMembership, Settings};
use crate::field::{Field, OrganizationField, TicketField, TicketForm, UserField};
use crate::ids::{BrandId, FieldId, FormId, GroupId, OrganizationId, UserId};
use crate::record::Kept;
use crate::{locale, time_zone};
use ceap_kernel::{Fault, Timestamp};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What an account has that queries name. People and organizations are too many to be part of it: those that a query
/// names ([`super::Query::people`], [`super::Query::organizations`]) are looked up and put in before it is resolved.
/// For customers nobody is to be put in but who is shown to them.
#[derive(Debug, Clone)]
pub struct Directory {
    now: Timestamp,
    zone: TimeZone,
    asker: UserId,
    audience: Audience,
    languages: Vec<Language>,
    groups: Arc<Vec<Kept<Group>>>,
    memberships: Arc<Vec<Kept<GroupMembership>>>,
    brands: Arc<Vec<Kept<Brand>>>,
    forms: Arc<Vec<Kept<TicketForm>>>,
    fields: Arc<Vec<Kept<TicketField>>>,
    user_fields: Arc<Vec<Kept<UserField>>>,
    organization_fields: Arc<Vec<Kept<OrganizationField>>>,
    people: BTreeMap<String, Vec<UserId>>,
    organizations: BTreeMap<String, Vec<OrganizationId>>,
}

/// The time zone of an account.
pub(super) fn zone(settings: &Settings) -> TimeZone {
    TimeZone::get(time_zone::iana(&settings.time_zone)).unwrap_or(TimeZone::UTC)
}

/// The languages that an account's texts may be in: those that it has chosen, or all.
pub(super) fn languages(settings: &Settings) -> Vec<Language> {
    if settings.locale_ids.is_empty() {
        return Language::ALL.to_vec();
    }
    let chosen = settings.locale_ids.iter().filter_map(|id| locale::numbered(*id));
    let tags = chosen.map(|it| it.tag).chain([settings.locale.as_str()]);
    let languages: BTreeSet<Language> = tags.filter_map(Language::of).collect();
    languages.into_iter().collect()
}

impl Directory {
    /// That of an account, for somebody.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    pub fn of(account: &Account, actor: &Actor, now: Timestamp) -> Result<Self, Fault> {
        let settings = account.settings()?;
        Ok(Self {
            now,
            zone: zone(&settings),
            asker: actor.id(),
            audience: Audience::of(actor),
            languages: languages(&settings),
            groups: account.all()?,
            memberships: account.all()?,
            brands: account.all()?,
            forms: account.all()?,
            fields: account.all()?,
            user_fields: account.all()?,
            organization_fields: account.all()?,
            people: BTreeMap::new(),
            organizations: BTreeMap::new(),
        })
    }

    /// Puts in the people whom a name means.
    pub fn put_people(&mut self, named: &str, ids: Vec<UserId>) {
        self.people.insert(named.to_owned(), ids);
    }

    /// Puts in the organizations that a name means.
    pub fn put_organizations(&mut self, named: &str, ids: Vec<OrganizationId>) {
        self.organizations.insert(named.to_owned(), ids);
    }
}

/// Those whose id or whole name is what is sought; if there are none, those in whose names its words stand.
fn named<T: Copy + ToString>(
    all: impl Iterator<Item = (T, String)> + Clone,
    sought: &str,
) -> Vec<T> {
    let name = canonical(sought);
    let exact = all.clone().filter(|(id, it)| id.to_string() == name || canonical(it) == name);
    let exact: Vec<T> = exact.map(|(id, _)| id).collect();
    if !exact.is_empty() {
        return exact;
    }
    all.filter(|(_, name)| contains(name, sought)).map(|(id, _)| id).collect()
}

impl Names for Directory {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn zone(&self) -> TimeZone {
        self.zone.clone()
    }

    fn asker(&self) -> UserId {
        self.asker
    }

    fn audience(&self) -> Audience {
        self.audience
    }

    fn languages(&self) -> &[Language] {
        &self.languages
    }

    fn people(&self, named: &str) -> Vec<UserId> {
        self.people.get(named).cloned().unwrap_or_default()
    }

    fn organizations(&self, named: &str) -> Vec<OrganizationId> {
        self.organizations.get(named).cloned().unwrap_or_default()
    }

    fn groups(&self, sought: &str) -> Vec<GroupId> {
        named(self.groups.iter().map(|it| (it.id, it.name.clone())), sought)
    }

    fn members(&self, group: GroupId) -> Vec<UserId> {
        let of = self.memberships.iter().filter(|it| it.group_id == group);
        of.map(|it| it.user_id).collect()
    }

    fn brands(&self, sought: &str) -> Vec<BrandId> {
        named(self.brands.iter().map(|it| (it.id, it.name.clone())), sought)
    }

    fn forms(&self, sought: &str) -> Vec<FormId> {
        named(self.forms.iter().map(|it| (it.id, it.name.clone())), sought)
    }

    fn field(&self, id: FieldId) -> Option<&Field> {
        self.fields().into_iter().find(|it| it.id == id)
    }

    fn fields(&self) -> Vec<&Field> {
        let all = self.audience == Audience::Agents;
        let seen = self.fields.iter().filter(|it| all || it.visible_in_portal);
        seen.filter(|it| !it.kind.is_system()).map(|it| &it.record.field).collect()
    }

    fn profile(&self, key: &str) -> Vec<(Kind, &Field)> {
        let of_people = self.user_fields.iter().filter(|it| it.key == key);
        let of_people = of_people.map(|it| (Kind::User, &it.field));
        let of_organizations = self.organization_fields.iter().filter(|it| it.key == key);
        of_people.chain(of_organizations.map(|it| (Kind::Organization, &it.field))).collect()
    }
}

#[cfg(test)]
mod tests;
