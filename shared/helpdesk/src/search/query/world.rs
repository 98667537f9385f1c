//! What there is, for the tests of queries.

use super::{Names, organization, person};
use crate::access::Role;
use crate::field::{Field, FieldType, TicketField};
use crate::ids::{BrandId, FieldId, FormId, GroupId, OrganizationId, UserId};
use crate::record::Kept;
use crate::search::document::{self, Document};
use crate::search::fixtures::{
    LANGUAGES, NOW, at, fields, group, organization_document, profile, ticket_document,
    user_document,
};
use crate::search::{Audience, Filter, Kind, Language, analysis};
use ceap_kernel::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

/// Ticket 233, Amy (user 1), Susan Warren (agent 2), the organization Mondocam (20) and the group Level 2 (10) of
/// Susan.
pub struct World {
    pub audience: Audience,
    fields: Vec<Kept<TicketField>>,
    profiles: Vec<(Kind, crate::field::Profile)>,
    pub all: Vec<Document>,
}

impl Default for World {
    fn default() -> Self {
        let own = json!({"501": "red widget", "502": "shoes", "503": "12", "504": "2026-11-30", "505": true});
        Self {
            audience: Audience::Agents,
            fields: fields(),
            profiles: vec![
                (Kind::User, profile(601, "num_agents", FieldType::Integer)),
                (Kind::User, profile(602, "subscription_date", FieldType::Date)),
                (Kind::Organization, profile(603, "plan_type", FieldType::Dropdown)),
            ],
            all: vec![
                ticket_document(json!({"custom_fields": own})),
                user_document(1, "Amy Moore", Role::EndUser),
                user_document(2, "Susan Warren", Role::Admin),
                organization_document(),
                document::group(&group(10, "Level 2")),
            ],
        }
    }
}

impl World {
    pub fn found(&self, filter: &Filter) -> Vec<String> {
        let shown = |it: &&Document| format!("{}{}", it.kind.as_str(), it.id);
        self.all.iter().filter(|it| filter.holds(it)).map(|it| shown(&it)).collect()
    }

    fn ids(&self, filter: &Filter) -> Vec<u64> {
        self.all.iter().filter(|it| filter.holds(it)).map(|it| it.id).collect()
    }
}

fn named(id: u64, name: &str, sought: &str) -> bool {
    sought == id.to_string() || analysis::contains(name, sought)
}

impl Names for World {
    fn now(&self) -> Timestamp {
        at(NOW)
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get("America/Los_Angeles").unwrap()
    }

    fn asker(&self) -> UserId {
        UserId::new(2).unwrap()
    }

    fn audience(&self) -> Audience {
        self.audience
    }

    fn languages(&self) -> &[Language] {
        &LANGUAGES
    }

    fn people(&self, named: &str) -> Vec<UserId> {
        self.ids(&person(named, &LANGUAGES)).into_iter().filter_map(UserId::new).collect()
    }

    fn organizations(&self, named: &str) -> Vec<OrganizationId> {
        let ids = self.ids(&organization(named, &LANGUAGES)).into_iter();
        ids.filter_map(OrganizationId::new).collect()
    }

    fn groups(&self, sought: &str) -> Vec<GroupId> {
        GroupId::new(10).filter(|_| named(10, "Level 2", sought)).into_iter().collect()
    }

    fn members(&self, _: GroupId) -> Vec<UserId> {
        vec![UserId::new(2).unwrap()]
    }

    fn brands(&self, sought: &str) -> Vec<BrandId> {
        BrandId::new(30).filter(|_| named(30, "Banana Republic", sought)).into_iter().collect()
    }

    fn forms(&self, sought: &str) -> Vec<FormId> {
        FormId::new(40).filter(|_| named(40, "Change Request", sought)).into_iter().collect()
    }

    fn field(&self, id: FieldId) -> Option<&Field> {
        self.fields().into_iter().find(|it| it.id == id)
    }

    fn fields(&self) -> Vec<&Field> {
        self.fields.iter().map(|it| &it.record.field).collect()
    }

    fn profile(&self, key: &str) -> Vec<(Kind, &Field)> {
        let of = self.profiles.iter().filter(|(_, it)| it.key == key);
        of.map(|(kind, it)| (*kind, &it.field)).collect()
    }
}
