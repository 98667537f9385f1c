//! What rules may do to a ticket, and with what: the table of Zendesk's
//! [actions reference](https://developer.zendesk.com/documentation/ticketing/reference-guides/actions-reference/).

use super::check::{Named, takes};
use super::refers::{Refers, To};
use super::term::{PRIORITIES, STATUSES, TYPES, Takes};
use super::{Action, Use};
use crate::refusal::Refusal;

/// Something that a rule may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed {
    /// Its name in actions.
    pub field: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it belongs to.
    pub group: &'static str,
    /// What may do it.
    pub uses: &'static [Use],
    /// With what.
    pub takes: Takes,
}

/// Actions of one rule at most.
const MOST: usize = 100;

const ALL: &[Use] = &[Use::Macro, Use::Trigger, Use::Automation];
const MACROS: &[Use] = &[Use::Macro];
const FIRING: &[Use] = &[Use::Trigger, Use::Automation];
const TRIGGERS: &[Use] = &[Use::Trigger];

/// Macros neither open tickets anew nor close them.
const MACRO_STATUSES: &[(&str, &str)] =
    &[("open", "Open"), ("pending", "Pending"), ("hold", "On-hold"), ("solved", "Solved")];

const FLAG: &[(&str, &str)] = &[("true", "Public"), ("false", "Private")];

/// People that a ticket tells of, or that everybody knows.
const PEOPLE: &[&str] =
    &["requester_id", "assignee_id", "current_user", "requester_and_ccs", "all_agents"];

const fn deed(
    field: &'static str,
    title: &'static str,
    uses: &'static [Use],
    takes: Takes,
) -> Deed {
    Deed { field, title, group: "ticket", uses, takes }
}

/// Everything that a rule may do, but for setting the account's own fields.
pub(super) const DEEDS: &[Deed] = &[
    deed("subject", "Set subject", MACROS, Takes::Text),
    deed("status", "Status", MACROS, Takes::Words(MACRO_STATUSES)),
    deed("status", "Status", FIRING, Takes::Words(STATUSES)),
    deed("custom_status_id", "Ticket status", ALL, Takes::Statuses),
    deed("type", "Type", ALL, Takes::Words(TYPES)),
    deed("priority", "Priority", ALL, Takes::Words(PRIORITIES)),
    deed("group_id", "Group", ALL, Takes::Group(&["current_groups"])),
    deed("assignee_id", "Assignee", ALL, Takes::Person(&["current_user", "requester_id"])),
    deed("set_tags", "Set tags", ALL, Takes::Tags),
    deed("current_tags", "Add tags", ALL, Takes::Tags),
    deed("remove_tags", "Remove tags", ALL, Takes::Tags),
    deed("ticket_form_id", "Form", ALL, Takes::Form),
    deed("brand_id", "Brand", ALL, Takes::Brand),
    deed("cc", "Add CC", ALL, Takes::Person(&["current_user"])),
    deed("follower", "Add follower", ALL, Takes::Person(&["current_user"])),
    // Zendesk has these for macros alone. Here rules may say something too.
    deed("comment_value", "Comment/description", ALL, Takes::Comment),
    deed("comment_value_html", "Comment/description", ALL, Takes::Comment),
    deed("comment_mode_is_public", "Comment mode", ALL, Takes::Words(FLAG)),
    // Triggers and automations.
    deed(
        "satisfaction_score",
        "Satisfaction",
        FIRING,
        Takes::Words(&[("offered", "Offered to requester")]),
    ),
    deed("notification_user", "Email user", FIRING, Takes::ToUser(PEOPLE)),
    deed("notification_group", "Email group", FIRING, Takes::ToGroup(&["group_id"])),
    deed("notification_webhook", "Notify active webhook", FIRING, Takes::Webhook),
    deed("locale_id", "Requester language", TRIGGERS, Takes::Locale),
    deed("set_schedule", "Set schedule", TRIGGERS, Takes::Schedule),
    deed("set_skills", "Set skills", TRIGGERS, Takes::Skills),
    deed("add_skills", "Add skills", TRIGGERS, Takes::Skills),
    deed("remove_skills", "Remove skills", TRIGGERS, Takes::Skills),
    // No action of Zendesk's: see `ticket::fact::Kind::Triggered`.
    deed("use_case", "Open use case", FIRING, Takes::Text),
];

/// What other products' parts would do, and why it is not done here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("share_ticket", "tickets are not shared between accounts"),
    ("notification_target", "targets have given way to webhooks"),
    ("tweet_requester", "there is no channel to X"),
    ("notification_sms_user", "text messages are sent by use cases"),
    ("notification_sms_group", "text messages are sent by use cases"),
    ("side_conversation", "there are no side conversations"),
    ("side_conversation_slack", "there are no side conversations"),
    ("side_conversation_ticket", "there are no side conversations"),
    ("deflection", "there is no autoreply with articles"),
];

/// What is done under this name by `used`.
pub(super) fn find(field: &str, used: Use) -> Option<Deed> {
    let known = DEEDS.iter().find(|deed| deed.field == field && deed.uses.contains(&used));
    let own = || {
        let id = field.strip_prefix("custom_fields_").filter(|id| !id.is_empty())?;
        id.bytes().all(|byte| byte.is_ascii_digit()).then_some(deed(
            "custom_fields_",
            "Field",
            ALL,
            Takes::Field,
        ))
    };
    known.copied().or_else(own)
}

/// Checks the actions of a rule: adds what speaks against them to `refusal`, and what must be there to `refers`.
pub fn check(actions: &[Action], used: Use, refers: &mut Refers, refusal: &mut Refusal) {
    if actions.is_empty() {
        refusal.add("actions", "Actions: cannot be blank", Some("BlankValue"));
    }
    if actions.len() > MOST {
        let text = format!("Actions: are too many (maximum is {MOST})");
        return refusal.add("actions", text, Some("InvalidValue"));
    }
    for Action { field, value } in actions {
        let Some(deed) = find(field, used) else {
            let elsewhere = ELSEWHERE.iter().find(|(name, _)| name == field);
            let why = elsewhere.map_or("is not a valid action", |(_, why)| why);
            refusal.add("actions", format!("{field}: {why}"), Some("InvalidValue"));
            continue;
        };
        if let Some(id) = field.strip_prefix("custom_fields_") {
            refers.add(To::Field, id, field.as_str());
        }
        let named = Named { field, title: deed.title };
        takes(deed.takes, &named, value, refers, refusal);
    }
}
