//! The automations that every account comes with
//! ([standard automations](https://support.zendesk.com/hc/en-us/articles/4408835051546)). None is in use: the first one
//! that is makes the account's schedule, so that an account without any costs nothing.

use super::conditions;
use crate::api::Call;
use crate::ids::RecordId;
use crate::record::Changes;
use crate::rule::{Action, Automation, Head};
use ceap_kernel::Fault;
use serde_json::{Value, json};

type Standard =
    (&'static str, &'static [(&'static str, &'static str, &'static str)], fn() -> Value);

const STANDARD: [Standard; 4] = [
    (
        "Close ticket 4 days after status is set to solved",
        &[("status", "is", "solved"), ("SOLVED", "greater_than", "96")],
        || json!([{"field": "status", "value": "closed"}]),
    ),
    (
        "Request customer satisfaction rating (System Automation)",
        &[
            ("status", "is", "solved"),
            ("SOLVED", "is", "24"),
            // It was not asked for yet.
            ("satisfaction_score", "is", "true"),
        ],
        || {
            json!([
                {"field": "notification_user", "value": ["requester_id",
                    "Request #{{ticket.id}}: How would you rate the support you received?",
                    "Hello {{ticket.requester.name}},\n\nWe'd love to hear what you think of our customer service. Please \
                     take a moment to answer one simple question by following either link below:\n\n\
                     {{satisfaction.rating_section}}\n\nHere's a reminder of what this request was about:\n\n\
                     {{ticket.comments_formatted}}"]},
                {"field": "satisfaction_score", "value": "offered"},
            ])
        },
    ),
    ("Pending notification 24 hours", &[("PENDING", "is", "24")], || {
        json!([{"field": "notification_user", "value": ["requester_id",
                "[{{ticket.account}}] Pending request: {{ticket.title}}",
                "This is an email to remind you that your request (#{{ticket.id}}) is pending and awaits your \
                 feedback.\n\n{{ticket.comments_formatted}}"]}])
    }),
    ("Pending notification 5 days", &[("PENDING", "is", "120")], || {
        json!([{"field": "notification_user", "value": ["requester_id",
                "[{{ticket.account}}] Pending request: {{ticket.title}}",
                "This is an email to remind you that your request (#{{ticket.id}}) is pending for 5 days and awaits your \
                 feedback.\n\n{{ticket.comments_formatted}}"]}])
    }),
];

/// Adds them.
pub(super) fn create(call: &Call<'_>, changes: &mut Changes) -> Result<(), Fault> {
    for ((title, all, does), position) in STANDARD.into_iter().zip(0..) {
        let head = Head {
            title: title.to_owned(),
            active: false,
            default: true,
            ..Head::new(RecordId::fresh(call)?, call.at, position)
        };
        let actions: Vec<Action> = serde_json::from_value(does())
            .map_err(|error| Fault::Internal(format!("an automation does nothing: {error}")))?;
        changes.create(&Automation { head, conditions: conditions(all, &[]), actions })?;
    }
    Ok(())
}
