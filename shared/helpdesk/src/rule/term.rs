//! What conditions may look at, how it is compared, and with what: the table of Zendesk's
//! [conditions reference](https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/).

use super::Use;
use super::via::CHANNELS;

/// Something that a condition may look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    /// Its name in conditions.
    pub field: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it belongs to.
    pub group: &'static str,
    /// In what it may be looked at.
    pub uses: &'static [Use],
    /// How it is compared.
    pub operators: &'static [&'static str],
    /// Whether triggers may ask if it has changed.
    pub changes: bool,
    /// With what it is compared.
    pub takes: Takes,
}

/// What a condition or an action takes as its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// One of these words.
    Words(&'static [(&'static str, &'static str)]),
    /// A group, none, or one of these words.
    Group(&'static [&'static str]),
    /// A person, nobody, or one of these words.
    Person(&'static [&'static str]),
    /// An organization, or none.
    Organization,
    /// A brand.
    Brand,
    /// A ticket form.
    Form,
    /// A schedule.
    Schedule,
    /// Custom statuses.
    Statuses,
    /// Tags, with spaces between them.
    Tags,
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// Hours: a whole number from 1.
    Hours,
    /// A time (ISO 8601).
    Time,
    /// A language, by its number.
    Locale,
    /// What a field of the account's own has.
    Field,
    /// Nothing.
    Nothing,
    /// Text, or a channel and text: `["channel:web", "…"]`.
    Comment,
    /// A person or one of these words, a subject and a body.
    ToUser(&'static [&'static str]),
    /// A group or one of these words, a subject and a body.
    ToGroup(&'static [&'static str]),
    /// A webhook and a body.
    Webhook,
    /// Skills.
    Skills,
}

const EVERYWHERE: &[Use] = &[Use::View, Use::Trigger, Use::Automation, Use::Sla, Use::Routing];
const RULES: &[Use] = &[Use::View, Use::Trigger, Use::Automation];
const ASKING: &[Use] = &[Use::View, Use::Trigger, Use::Automation, Use::Routing];
const TIMED: &[Use] = &[Use::View, Use::Automation];
const TRIGGERS: &[Use] = &[Use::Trigger];
const SUBJECTS: &[Use] = &[Use::Trigger, Use::Routing];
const FIRING: &[Use] = &[Use::Trigger, Use::Automation];
const SLAS: &[Use] = &[Use::Sla];
const ARRIVING: &[Use] = &[Use::Trigger, Use::Sla];

const SAME: &[&str] = &["is", "is_not"];
const SAME_OR_ANY: &[&str] = &["is", "is_not", "present", "not_present"];
const ORDERED: &[&str] = &["is", "is_not", "less_than", "greater_than"];
const WORDS: &[&str] = &["includes", "not_includes", "is", "is_not"];
const COUNTED: &[&str] = &["less_than", "greater_than", "is"];
const IS: &[&str] = &["is"];
const AMONG: &[&str] = &["includes", "not_includes"];
const HOURS: &[&str] = &[
    "is",
    "is_business_hours",
    "less_than",
    "less_than_business_hours",
    "greater_than",
    "greater_than_business_hours",
];
const TIMES: &[&str] = &["less_than", "less_than_equal", "greater_than", "greater_than_equal"];

/// How the account's own fields are compared: which of these suits depends on the type of the field.
pub(super) const OWN: &[&str] = &[
    "is",
    "is_not",
    "present",
    "not_present",
    "includes",
    "not_includes",
    "includes_string",
    "not_includes_string",
    "less_than",
    "less_than_equal",
    "greater_than",
    "greater_than_equal",
    "within_previous_n_days",
    "within_next_n_days",
];

/// How triggers ask whether something has changed.
pub(super) const CHANGES: &[&str] =
    &["changed", "value", "value_previous", "not_changed", "not_value", "not_value_previous"];

/// Operators that compare with nothing.
pub(super) const ALONE: &[&str] = &["changed", "not_changed", "present", "not_present"];

pub(super) const STATUSES: &[(&str, &str)] = &[
    ("new", "New"),
    ("open", "Open"),
    ("pending", "Pending"),
    ("hold", "On-hold"),
    ("solved", "Solved"),
    ("closed", "Closed"),
];

pub(super) const TYPES: &[(&str, &str)] =
    &[("question", "Question"), ("incident", "Incident"), ("problem", "Problem"), ("task", "Task")];

pub(super) const PRIORITIES: &[(&str, &str)] =
    &[("low", "Low"), ("normal", "Normal"), ("high", "High"), ("urgent", "Urgent")];

const MAYBE_PRIORITIES: &[(&str, &str)] =
    &[("", "-"), ("low", "Low"), ("normal", "Normal"), ("high", "High"), ("urgent", "Urgent")];

const TYPE_NUMBERS: &[(&str, &str)] =
    &[("1", "Question"), ("2", "Incident"), ("3", "Problem"), ("4", "Task")];

const SATISFACTION: &[(&str, &str)] = &[
    ("true", "Unoffered"),
    ("false", "Offered"),
    ("bad", "Bad"),
    ("bad_with_comment", "Bad with comment"),
    ("good", "Good"),
    ("good_with_comment", "Good with comment"),
];

const FLAG: &[(&str, &str)] = &[("true", "Yes"), ("false", "No")];

const ROLES: &[(&str, &str)] =
    &[("all", "Anyone"), ("end_user", "End user"), ("agent", "Agent"), ("admin", "Administrator")];

const COMMENTED: &[(&str, &str)] = &[
    ("true", "Public"),
    ("false", "Private"),
    ("not_relevant", "Present (public or private)"),
    ("requester_can_see_comment", "Present, and requester can see the comment"),
];

const fn term(
    field: &'static str,
    title: &'static str,
    uses: &'static [Use],
    operators: &'static [&'static str],
    takes: Takes,
) -> Term {
    Term { field, title, group: "ticket", uses, operators, changes: false, takes }
}

impl Term {
    /// Triggers may ask whether it has changed.
    const fn changing(mut self) -> Self {
        self.changes = true;
        self
    }

    const fn of(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    /// How it is compared in `used`.
    pub fn operators(&self, used: Use) -> impl Iterator<Item = &'static str> {
        let changes = if self.changes && used == Use::Trigger { CHANGES } else { &[] };
        self.operators.iter().chain(changes).copied()
    }

    /// Whether it may stand among conditions of which any must be met: hours may not.
    pub fn among_any(&self) -> bool {
        self.takes != Takes::Hours
    }
}

/// Everything that a condition may look at, but for the account's own fields.
pub(super) const TERMS: &[Term] = &[
    term("group_id", "Group", EVERYWHERE, SAME, Takes::Group(&["current_groups"])).changing(),
    term(
        "assignee_id",
        "Assignee",
        EVERYWHERE,
        SAME,
        Takes::Person(&["current_user", "requester_id", "all_agents"]),
    )
    .changing(),
    term(
        "requester_id",
        "Requester",
        EVERYWHERE,
        SAME,
        Takes::Person(&["current_user", "assignee_id"]),
    )
    .changing(),
    term("organization_id", "Organization", EVERYWHERE, SAME, Takes::Organization).changing(),
    term("current_tags", "Tags", EVERYWHERE, AMONG, Takes::Tags),
    term("via_id", "Channel", EVERYWHERE, SAME, Takes::Words(&CHANNELS)),
    term("recipient", "Received at", EVERYWHERE, SAME, Takes::Text),
    term("brand_id", "Brand", EVERYWHERE, SAME, Takes::Brand).changing(),
    term("ticket_form_id", "Form", EVERYWHERE, SAME, Takes::Form).changing(),
    term("custom_status_id", "Ticket status", EVERYWHERE, AMONG, Takes::Statuses).changing(),
    term("type", "Type", EVERYWHERE, SAME, Takes::Words(TYPES)).changing(),
    term("priority", "Priority", EVERYWHERE, ORDERED, Takes::Words(MAYBE_PRIORITIES)).changing(),
    term("status", "Status", RULES, ORDERED, Takes::Words(STATUSES)).changing(),
    term("description_includes_word", "Subject text", TIMED, WORDS, Takes::Text),
    term("locale_id", "Requester language", ASKING, SAME, Takes::Locale).of("requester"),
    term("requester_role", "Requester role", ASKING, SAME, Takes::Words(ROLES)).of("requester"),
    term("satisfaction_score", "Satisfaction", RULES, ORDERED, Takes::Words(SATISFACTION))
        .changing(),
    term("satisfaction_reason_code", "Satisfaction reason", RULES, SAME, Takes::Number).changing(),
    // What triage told; Zendesk has no such conditions.
    term("triage_category", "Triage category", EVERYWHERE, SAME_OR_ANY, Takes::Text),
    term("triage_rule_id", "Triage rule", EVERYWHERE, SAME_OR_ANY, Takes::Number),
    // Triggers.
    term("subject_includes_word", "Subject text", SUBJECTS, WORDS, Takes::Text),
    term("comment_includes_word", "Comment text", TRIGGERS, WORDS, Takes::Text),
    term("current_via_id", "Update via", ARRIVING, SAME, Takes::Words(&CHANNELS)),
    term(
        "update_type",
        "Ticket",
        TRIGGERS,
        IS,
        Takes::Words(&[("Create", "Created"), ("Change", "Updated")]),
    ),
    term("comment_is_public", "Comment", TRIGGERS, IS, Takes::Words(COMMENTED)),
    term(
        "ticket_is_public",
        "Privacy",
        TRIGGERS,
        IS,
        Takes::Words(&[("public", "Has public comments"), ("private", "Has no public comments")]),
    ),
    term("role", "Current user", TRIGGERS, SAME, Takes::Words(ROLES)),
    term("reopens", "Reopens", TRIGGERS, COUNTED, Takes::Number),
    term("replies", "Agent replies", TRIGGERS, COUNTED, Takes::Number),
    term("agent_stations", "Assignee stations", TRIGGERS, COUNTED, Takes::Number),
    term("group_stations", "Group stations", TRIGGERS, COUNTED, Takes::Number),
    term("in_business_hours", "Within business hours?", TRIGGERS, IS, Takes::Words(FLAG)),
    term("within_schedule", "Within (schedule)", TRIGGERS, SAME, Takes::Schedule),
    term("attachment", "Attachment", TRIGGERS, &["present", "not_present"], Takes::Nothing),
    term("cc", "CC", TRIGGERS, &["present", "not_present"], Takes::Nothing),
    // Service levels.
    term("ticket_type_id", "Type", SLAS, SAME, Takes::Words(TYPE_NUMBERS)),
    term("exact_created_at", "Created at", SLAS, TIMES, Takes::Time),
    // Hours.
    term("NEW", "Hours since created", TIMED, HOURS, Takes::Hours),
    term("OPEN", "Hours since open", TIMED, HOURS, Takes::Hours),
    term("PENDING", "Hours since pending", TIMED, HOURS, Takes::Hours),
    term("HOLD", "Hours since on-hold", TIMED, HOURS, Takes::Hours),
    term("SOLVED", "Hours since solved", TIMED, HOURS, Takes::Hours),
    term("CLOSED", "Hours since closed", TIMED, HOURS, Takes::Hours),
    term("assigned_at", "Hours since assigned", TIMED, HOURS, Takes::Hours),
    term("updated_at", "Hours since update", TIMED, HOURS, Takes::Hours),
    term("requester_updated_at", "Hours since requester update", TIMED, HOURS, Takes::Hours),
    term("assignee_updated_at", "Hours since assignee update", TIMED, HOURS, Takes::Hours),
    term("due_date", "Hours since due date", TIMED, HOURS, Takes::Hours),
    term("until_due_date", "Hours until due date", TIMED, HOURS, Takes::Hours),
    term("sla_next_breach_at", "Hours since last SLA breach", TIMED, HOURS, Takes::Hours),
    term("until_sla_next_breach_at", "Hours until next SLA breach", TIMED, HOURS, Takes::Hours),
];

/// What begins the names of the account's own fields, and in what they may be looked at.
const OWN_FIELDS: &[(&str, &[Use])] = &[
    ("custom_fields_", EVERYWHERE),
    ("user.custom_fields.", FIRING),
    ("requester.custom_fields.", FIRING),
    ("organization.custom_fields.", FIRING),
];

/// What is looked at under this name in `used`.
pub(super) fn find(field: &str, used: Use) -> Option<Term> {
    let known = TERMS.iter().find(|term| term.field == field).copied();
    let own = || {
        let (prefix, uses) = OWN_FIELDS.iter().find(|(prefix, _)| field.starts_with(prefix))?;
        (field.len() > prefix.len())
            .then(|| term(prefix, "Field", uses, OWN, Takes::Field).changing())
    };
    known.or_else(own).filter(|term| term.uses.contains(&used))
}
