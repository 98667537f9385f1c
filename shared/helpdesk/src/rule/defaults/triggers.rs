//! The triggers that every account comes with
//! ([standard triggers](https://support.zendesk.com/hc/en-us/articles/4408828984346)).
//!
//! They leave to the helpdesk whom it tells by itself ([`crate::ticket::notices`]): who is in copy, who follows and who is
//! mentioned. Where Zendesk's would write twice of one comment, a condition is added.

use super::conditions;
use crate::api::Call;
use crate::ids::RecordId;
use crate::record::Changes;
use crate::rule::{Action, Head, Trigger};
use ceap_kernel::Fault;
use serde_json::json;

/// A trigger that tells somebody something.
struct Standard {
    title: &'static str,
    /// What it is for, where its title does not tell.
    description: Option<&'static str>,
    active: bool,
    all: &'static [(&'static str, &'static str, &'static str)],
    any: &'static [(&'static str, &'static str, &'static str)],
    /// The action, whom it tells, the subject and the text.
    tells: [&'static str; 4],
}

const CREATED: (&str, &str, &str) = ("update_type", "is", "Create");
const UPDATED: (&str, &str, &str) = ("update_type", "is", "Change");
const SAID_PUBLICLY: (&str, &str, &str) = ("comment_is_public", "is", "true");
const PUBLIC: (&str, &str, &str) = ("ticket_is_public", "is", "public");
const NOT_MY_OWN: (&str, &str, &str) = ("assignee_id", "is_not", "current_user");
const NOT_THEIRS: (&str, &str, &str) = ("assignee_id", "is_not", "requester_id");
const SAME_ASSIGNEE: (&str, &str, &str) = ("assignee_id", "not_changed", "");

const COPIES: &str = "People in copy are told of every public comment without a trigger.";

const STANDARD: [Standard; 8] = [
    Standard {
        title: "Notify requester and CCs of received request",
        description: Some(COPIES),
        active: true,
        all: &[
            CREATED,
            ("status", "is_not", "solved"),
            PUBLIC,
            SAID_PUBLICLY,
            ("role", "is", "end_user"),
        ],
        any: &[],
        tells: [
            "notification_user",
            "requester_id",
            "[Request received] {{ticket.title}}",
            "Your request ({{ticket.id}}) has been received and is being reviewed by our support staff.\n\n{{ticket.comments_formatted}}",
        ],
    },
    Standard {
        title: "Notify requester of new proactive ticket",
        description: Some("A ticket that an agent opens for an end user."),
        active: true,
        all: &[
            CREATED,
            PUBLIC,
            SAID_PUBLICLY,
            ("role", "is", "agent"),
            ("requester_role", "is", "end_user"),
        ],
        any: &[],
        tells: [
            "notification_user",
            "requester_id",
            "{{ticket.title}}",
            "This ticket ({{ticket.id}}) was created on your behalf.\n\n{{ticket.comments_formatted}}",
        ],
    },
    Standard {
        title: "Notify requester and CCs of comment update",
        description: Some(COPIES),
        active: true,
        all: &[UPDATED, SAID_PUBLICLY, ("requester_id", "is_not", "current_user")],
        any: &[],
        tells: [
            "notification_user",
            "requester_id",
            "[{{ticket.account}}] Re: {{ticket.title}}",
            "Your request ({{ticket.id}}) has been updated.\n\n{{ticket.comments_formatted}}",
        ],
    },
    Standard {
        title: "Notify assignee of comment update",
        description: None,
        active: true,
        all: &[
            UPDATED,
            ("comment_is_public", "is", "not_relevant"),
            NOT_MY_OWN,
            NOT_THEIRS,
            SAME_ASSIGNEE,
            ("status", "not_value_previous", "solved"),
        ],
        any: &[],
        tells: [
            "notification_user",
            "assignee_id",
            "[{{ticket.account}}] Re: {{ticket.title}}",
            "This ticket (#{{ticket.id}}) has been updated.\n\n{{ticket.comments_formatted}}",
        ],
    },
    Standard {
        title: "Notify assignee of assignment",
        description: None,
        active: true,
        all: &[("assignee_id", "changed", ""), NOT_MY_OWN, NOT_THEIRS],
        any: &[],
        tells: [
            "notification_user",
            "assignee_id",
            "[{{ticket.account}}] Assignment: {{ticket.title}}",
            "You have been assigned to this ticket (#{{ticket.id}}).\n\n{{ticket.comments_formatted}}",
        ],
    },
    Standard {
        title: "Notify assignee of reopened ticket",
        description: None,
        active: true,
        all: &[
            NOT_MY_OWN,
            NOT_THEIRS,
            SAME_ASSIGNEE,
            ("status", "value_previous", "solved"),
            ("status", "is_not", "closed"),
        ],
        any: &[],
        tells: [
            "notification_user",
            "assignee_id",
            "[{{ticket.account}}] Re: {{ticket.title}}",
            "This ticket (#{{ticket.id}}) has been reopened.\n\n{{ticket.comments_formatted}}",
        ],
    },
    Standard {
        title: "Notify group of assignment",
        description: None,
        active: true,
        all: &[("group_id", "is_not", ""), ("assignee_id", "is", "")],
        any: &[("group_id", "changed", ""), ("assignee_id", "changed", "")],
        tells: [
            "notification_group",
            "group_id",
            "[{{ticket.account}}] \"{{ticket.group.name}}\" assignment: {{ticket.title}}",
            "This ticket (#{{ticket.id}}) has been assigned to group \"{{ticket.group.name}}\", of which you are a member.\n\n{{ticket.link}}",
        ],
    },
    Standard {
        title: "Notify all agents of received request",
        description: Some("Writes to every agent, of each new ticket that no group was given."),
        active: false,
        all: &[CREATED, ("group_id", "is", "")],
        any: &[],
        tells: [
            "notification_user",
            "all_agents",
            "[{{ticket.account}}] {{ticket.title}}",
            "A ticket (#{{ticket.id}}) by {{ticket.requester.name}} has been received. It is unassigned.\n\n{{ticket.comments_formatted}}",
        ],
    },
];

/// Adds them to a category.
pub(super) fn create(
    call: &Call<'_>,
    category_id: RecordId,
    changes: &mut Changes,
) -> Result<(), Fault> {
    for (standard, position) in STANDARD.iter().zip(0..) {
        let [field, whom, subject, text] = standard.tells;
        let head = Head {
            title: standard.title.to_owned(),
            description: standard.description.map(str::to_owned),
            active: standard.active,
            default: true,
            ..Head::new(RecordId::fresh(call)?, call.at, position)
        };
        let action = Action { field: field.to_owned(), value: json!([whom, subject, text]) };
        changes.create(&Trigger {
            head,
            conditions: conditions(standard.all, standard.any),
            actions: vec![action],
            category_id,
        })?;
    }
    Ok(())
}
