//! Records for the tests of search.

use super::Language;
use super::document::{self, Beside, Document};
use crate::access::Role;
use crate::account::Group;
use crate::field::{Choice, Field, FieldType, OrganizationField, Profile, TicketField, UserField};
use crate::ids::{FieldId, IdentityId, RecordId, UserId};
use crate::organization::Organization;
use crate::record::Kept;
use crate::ticket::{Comment, Ticket};
use crate::user::{Identity, Means, User};
use ceap_kernel::Timestamp;
use serde_json::{Value, json};

pub const NOW: &str = "2026-11-21T12:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn merged(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

/// Ticket 233 of Amy (1), on which Susan (2) works in group 10, with what is said of it otherwise.
pub fn ticket(more: Value) -> Ticket {
    let base = json!({
        "id": 233, "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-21T09:00:00Z",
        "generated_at": "2026-11-21T09:00:00Z", "external_id": "A-17", "type": "incident",
        "subject": "Please upgrade my account", "description": "It is defective", "priority": "high",
        "status": "open", "custom_status_id": 2_393_906, "requester_id": 1, "submitter_id": 2, "assignee_id": 2,
        "group_id": 10, "organization_id": 20, "follower_ids": [3], "email_cc_ids": [4], "problem_id": null,
        "due_at": null, "tags": ["important", "urgent"], "custom_fields": {}, "ticket_form_id": 40,
        "brand_id": 30, "is_public": true, "via_followup_source_id": null,
        "via": {"channel": "email", "source": {}}, "recipient": "support@acme.example",
    });
    serde_json::from_value(merged(base, more)).unwrap()
}

pub fn comment(id: u64, author: u64, public: bool, body: &str, file: Option<&str>) -> Comment {
    let file = file.map(|name| {
        json!({"id": id, "created_at": NOW, "file_name": name, "content_type": "image/jpeg", "size": 1,
            "token": "t", "inline": false, "deleted": false})
    });
    let files: Vec<Value> = file.into_iter().collect();
    serde_json::from_value(json!({
        "id": id, "audit_id": id, "ticket_id": 233, "created_at": NOW, "author_id": author, "body": body,
        "html_body": body, "public": public, "attachments": files,
        "via": {"channel": "web", "source": {}}, "metadata": {},
    }))
    .unwrap()
}

/// What Amy said, and what agents noted.
pub fn comments() -> [Comment; 3] {
    [
        comment(
            1,
            1,
            true,
            "It is defective. Running cats show fancy things here.",
            Some("image001.jpg"),
        ),
        comment(2, 2, true, "We look into it.", None),
        comment(3, 3, false, "She is a difficult customer", Some("secret.pdf")),
    ]
}

pub fn user(id: u64, name: &str, role: Role) -> User {
    let mut user = User::new(UserId::new(id).unwrap(), name, role, at("2026-01-02T00:00:00Z"));
    let email = format!("{}@mondocam.com", name.split(' ').next().unwrap().to_lowercase());
    let identity = |id: u64, means, value: &str| Identity {
        id: IdentityId::new(id).unwrap(),
        created_at: user.created_at,
        updated_at: user.created_at,
        means,
        value: value.to_owned(),
        verified: role.is_agent(),
        primary: true,
    };
    let identities = vec![
        identity(1, Means::Email, &email),
        identity(2, Means::PhoneNumber, &format!("+1415418750{id}")),
    ];
    user.identities = identities;
    user
}

pub fn field(id: u64, kind: FieldType) -> Field {
    let mut field = Field::new(FieldId::new(id).unwrap(), kind, at(NOW), None);
    let choice = |id: u64, name: &str, value: &str| Choice {
        id: RecordId::new(id).unwrap(),
        name: name.to_owned(),
        value: value.to_owned(),
        default: false,
        allow_solving: true,
    };
    if kind.has_options() {
        field.custom_field_options =
            vec![choice(1, "Hardware::Running shoes", "shoes"), choice(2, "Boots", "boots_tag")];
    }
    field
}

pub fn kept<R>(record: R) -> Kept<R> {
    Kept { record, revision: 1 }
}

/// Fields of tickets: 501 to 507.
pub fn fields() -> Vec<Kept<TicketField>> {
    let kinds = [
        FieldType::Text,
        FieldType::Tagger,
        FieldType::Integer,
        FieldType::Date,
        FieldType::Checkbox,
        FieldType::Multiselect,
        FieldType::Decimal,
    ];
    let all = (501..).zip(kinds).map(|(id, kind)| kept(TicketField::new(field(id, kind))));
    all.collect()
}

/// A field of people and organizations.
pub fn profile(id: u64, key: &str, kind: FieldType) -> Profile {
    Profile { field: field(id, kind), key: key.to_owned() }
}

pub fn organization(id: u64, name: &str) -> Organization {
    serde_json::from_value(json!({
        "id": id, "created_at": "2019-04-01T00:00:00Z", "updated_at": NOW, "name": name, "external_id": "00112345",
        "domain_names": ["mondocam.com"], "details": "London", "notes": "EMEA", "group_id": null,
        "shared_tickets": false, "shared_comments": false, "tags": ["premium"],
        "organization_fields": {"plan_type": "shoes"},
    }))
    .unwrap()
}

pub fn group(id: u64, name: &str) -> Group {
    serde_json::from_value(json!({
        "id": id, "created_at": "2011-04-01T00:00:00Z", "updated_at": NOW, "name": name, "description": "Second line",
        "default": false, "is_public": true,
    }))
    .unwrap()
}

/// The document of [`ticket`] with [`comments`].
pub fn ticket_document(more: Value) -> Document {
    let (amy, fields) = (user(1, "Amy Moore", Role::EndUser), fields());
    let organization = organization(20, "Mondocam");
    let beside = Beside {
        requester: Some(&amy),
        organization: Some(&organization),
        reason: Some(5),
        fields: &fields,
    };
    document::ticket(&ticket(more), &comments(), &beside)
}

/// The document of a person who has the number of agents `num_agents` and notes.
pub fn user_document(id: u64, name: &str, role: Role) -> Document {
    let mut user = user(id, name, role);
    user.notes = Some("A manager".to_owned());
    user.tags = ["wholesale".to_owned()].into();
    user.user_fields =
        json!({"num_agents": 5, "subscription_date": "2013-06-22"}).as_object().unwrap().clone();
    let fields = [
        kept(UserField::from(profile(601, "num_agents", FieldType::Integer))),
        kept(UserField::from(profile(602, "subscription_date", FieldType::Date))),
    ];
    document::user(&user, &fields).unwrap()
}

pub fn organization_document() -> Document {
    let fields = [kept(OrganizationField::from(profile(603, "plan_type", FieldType::Dropdown)))];
    document::organization(&organization(20, "Mondocam"), &fields)
}

pub const LANGUAGES: [Language; 2] = [Language::English, Language::German];
