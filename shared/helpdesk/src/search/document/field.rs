//! The fields of documents.

use crate::ids::FieldId;

/// What a document is: `ticket`, `user`, `organization`, `group`.
pub const TYPE: &str = "type";
/// The number of the record.
pub const ID: &str = "id";
/// The names of the fields that hold anything.
pub const PRESENT: &str = "present";

/// When it was made.
pub const CREATED: &str = "created";
/// When it was changed.
pub const UPDATED: &str = "updated";
/// When it was solved.
pub const SOLVED: &str = "solved";
/// When it is due.
pub const DUE: &str = "due_date";
/// When somebody last said something.
pub const COMMENTED: &str = "commented";
/// When it was assigned.
pub const ASSIGNED: &str = "assigned";
/// When its assignee changed it.
pub const ASSIGNEE_UPDATED: &str = "assignee_updated";
/// When its requester changed it.
pub const REQUESTER_UPDATED: &str = "requester_updated";
/// When its status changed.
pub const STATUS_UPDATED: &str = "status_updated";

/// When the next promise of it is broken.
pub const BREACH: &str = "sla_next_breach";
/// When something is to be done or told of its promises next.
pub const PROMISE_DUE: &str = "sla_due";
/// When a promise of it was broken last.
pub const BREACHED: &str = "sla_breached";

/// Where a ticket stands: the word, and its rank.
pub const STATUS: &str = "status";
/// Where it stands, as its requester sees it.
pub const SHOWN_STATUS: &str = "shown_status";
/// Which of the account's own statuses that is.
pub const CUSTOM_STATUS: &str = "custom_status_id";
/// How urgent it is: the word, and its rank.
pub const PRIORITY: &str = "priority";
/// What kind of ticket it is: the word, and its rank.
pub const TICKET_TYPE: &str = "ticket_type";
/// What its requester thinks of how it was handled: the word of searches, and its rank.
pub const SATISFACTION: &str = "satisfaction";
/// Why they think so.
pub const REASON: &str = "satisfaction_reason";

/// Who works on it.
pub const ASSIGNEE: &str = "assignee";
/// Who asks.
pub const REQUESTER: &str = "requester";
/// Their name.
pub const REQUESTER_NAME: &str = "requester_name";
/// Their language.
pub const REQUESTER_LOCALE: &str = "requester_locale";
/// Who opened it.
pub const SUBMITTER: &str = "submitter";
/// Who is in copy.
pub const CC: &str = "cc";
/// Who follows it.
pub const FOLLOWER: &str = "follower";
/// Who said something that the requester sees.
pub const COMMENTER: &str = "commenter";
/// Who said something that they do not see.
pub const INTERNAL_COMMENTER: &str = "internal_commenter";
/// Whether its assignee is its requester.
pub const OWN: &str = "assigned_to_requester";
/// Which group works on it.
pub const GROUP: &str = "group";
/// The organization, of a ticket; the organizations, of a person.
pub const ORGANIZATION: &str = "organization";
/// Its name.
pub const ORGANIZATION_NAME: &str = "organization_name";
/// The brand that was asked.
pub const BRAND: &str = "brand";
/// What it was said to be about.
pub const TRIAGE_CATEGORY: &str = "triage_category";
/// The rule that said so.
pub const TRIAGE_RULE: &str = "triage_rule_id";
/// The schedule that a trigger set.
pub const SCHEDULE: &str = "schedule";
/// The form that it was written with.
pub const FORM: &str = "form";
/// By what way it came.
pub const VIA: &str = "via";
/// The address of ours that it was sent to.
pub const RECIPIENT: &str = "recipient";
/// The problem behind an incident.
pub const PROBLEM: &str = "problem";
/// What another system calls it.
pub const EXTERNAL: &str = "external_id";
/// Tags.
pub const TAGS: &str = "tags";

/// What a ticket is about.
pub const SUBJECT: &str = "subject";
/// What was said so that the requester sees it.
pub const COMMENT: &str = "comment";
/// What was said so that they do not.
pub const INTERNAL: &str = "internal";
/// Names of files that the requester sees.
pub const ATTACHMENT: &str = "attachment_name";
/// Names of files that they do not.
pub const INTERNAL_ATTACHMENT: &str = "internal_attachment_name";
/// Values of all of the account's own fields.
pub const VALUES: &str = "fieldvalue";

/// The name of a person, an organization or a group.
pub const NAME: &str = "name";
/// The name of a person that customers see.
pub const ALIAS: &str = "alias";
/// Addresses of email.
pub const EMAIL: &str = "email";
/// Telephone numbers.
pub const PHONE: &str = "phone";
/// What a person is: `end-user`, `agent`, `admin`.
pub const ROLE: &str = "role";
/// Anything, for agents.
pub const NOTES: &str = "notes";
/// Anything.
pub const DETAILS: &str = "details";
/// What a group is for.
pub const DESCRIPTION: &str = "description";
/// Domains of an organization's people.
pub const DOMAIN: &str = "domain";
/// Whether a person has shown that an address or number is theirs.
pub const VERIFIED: &str = "is_verified";
/// Whether they may not sign in.
pub const SUSPENDED: &str = "is_suspended";
/// A person's language.
pub const LOCALE: &str = "locale";

/// Where a word is looked for that is of no property, by agents.
pub const EVERYWHERE: &[&str] = &[
    SUBJECT,
    COMMENT,
    INTERNAL,
    ATTACHMENT,
    INTERNAL_ATTACHMENT,
    VALUES,
    TAGS,
    NAME,
    ALIAS,
    EMAIL,
    PHONE,
    EXTERNAL,
    NOTES,
    DETAILS,
    DESCRIPTION,
    DOMAIN,
];

/// Where it is looked for, for end-users: in what is shown of their requests.
pub const SHOWN: &[&str] = &[SUBJECT, COMMENT, ATTACHMENT];

/// The values of a ticket's own field.
#[must_use]
pub fn of_ticket(id: FieldId) -> String {
    format!("custom_field_{id}")
}

/// The values of a person's or an organization's own field.
#[must_use]
pub fn of_profile(key: &str) -> String {
    format!("profile.{key}")
}
