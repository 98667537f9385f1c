//! How tickets, and what happened to them, are shown.

use super::super::Shown;
use crate::access::Actor;
use crate::api::Call;
use crate::field::TicketField;
use crate::file::Attachment;
use crate::schedule::Took;
use crate::ticket::{Audit, Comment, Event, Metrics, Score, Ticket, Via, What};
use serde_json::{Value, json};

impl Shown for Ticket {
    fn shown(&self, call: &Call<'_>) -> Value {
        ticket_shown(call, self)
    }
}

/// A ticket as agents see it.
#[must_use]
pub fn ticket_shown(call: &Call<'_>, ticket: &Ticket) -> Value {
    let fields = custom_fields(call, ticket);
    let mut shown = json!({
        "url": call.url(&format!("/tickets/{}.json", ticket.id)),
        "id": ticket.id,
        "external_id": ticket.external_id,
        "via": ticket.via,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "generated_timestamp": ticket.generated_at.as_second(),
        "type": ticket.kind,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.description,
        "priority": ticket.priority,
        "status": ticket.status,
        "recipient": ticket.recipient,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.submitter_id,
        "assignee_id": ticket.assignee_id,
        "organization_id": ticket.organization_id,
        "group_id": ticket.group_id,
        "collaborator_ids": ticket.email_cc_ids.union(&ticket.follower_ids).collect::<Vec<_>>(),
        "follower_ids": ticket.follower_ids,
        "email_cc_ids": ticket.email_cc_ids,
        "forum_topic_id": null,
        "problem_id": ticket.problem_id,
        "has_incidents": ticket.has_incidents,
        "is_public": ticket.is_public,
        "due_at": ticket.due_at,
        "tags": ticket.tags,
        "custom_fields": fields,
        "satisfaction_rating": satisfaction(ticket),
        "sharing_agreement_ids": [],
        "custom_status_id": ticket.custom_status_id,
        "encoded_id": encoded(ticket.id.get()),
        "fields": fields,
        "followup_ids": ticket.followup_ids,
        "ticket_form_id": ticket.ticket_form_id,
        "brand_id": ticket.brand_id,
        "allow_channelback": false,
        "allow_attachments": true,
        "from_messaging_channel": false,
    });
    if let (Some(id), Some(shown)) = (ticket.via_followup_source_id, shown.as_object_mut()) {
        shown.insert("via_followup_source_id".to_owned(), json!(id));
    }
    shown
}

fn satisfaction(ticket: &Ticket) -> Value {
    match (ticket.satisfaction_score, ticket.satisfaction_rating_id) {
        // Of whom was asked and said nothing yet, Zendesk tells no record.
        (Some(score), Some(id)) if score != Score::Offered => {
            json!({"id": id, "score": score, "comment": ticket.satisfaction_comment})
        }
        (Some(score), _) => json!({"score": score}),
        (None, _) => json!({"score": "unoffered"}),
    }
}

/// What an email about a ticket is known by, in letters that nobody takes for others.
fn encoded(id: u64) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let base = LETTERS.len() as u64;
    let mut rest = id;
    let mut out = Vec::new();
    while rest > 0 {
        let letter = rest.checked_rem(base).and_then(|at| LETTERS.get(usize::try_from(at).ok()?));
        out.extend(letter.copied().map(char::from));
        rest = rest.checked_div(base).unwrap_or_default();
    }
    out.into_iter().rev().collect()
}

/// The values of all of the account's own fields, set or not.
#[must_use]
pub fn custom_fields(call: &Call<'_>, ticket: &Ticket) -> Value {
    let Ok(fields) = call.account.all::<TicketField>() else { return json!([]) };
    let own = fields.iter().filter(|it| it.active && !it.kind.is_system());
    let value = |field: &TicketField| field.field.shown(ticket.custom_fields.get(&field.id));
    own.map(|it| json!({"id": it.id, "value": value(it)})).collect()
}

/// A comment as the API shows it. From where it was written is for agents to know.
#[must_use]
pub fn comment_shown(call: &Call<'_>, comment: &Comment) -> Value {
    let mut metadata = comment.metadata.clone();
    if !call.actor.as_ref().is_some_and(Actor::is_agent) {
        metadata.as_object_mut().map(|it| it.insert("system".to_owned(), json!({})));
    }
    json!({
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.body,
        "html_body": comment.html_body,
        "plain_body": comment.body,
        "public": comment.public,
        "attachments": comment.attachments.iter().map(|it| attachment_shown(call, it)).collect::<Vec<_>>(),
        "audit_id": comment.audit_id,
        "via": comment.via,
        "created_at": comment.created_at,
        "metadata": metadata,
    })
}

/// A file as the API shows it. Its address holds the tenant, since who opens it shows no token but the file's own.
#[must_use]
pub fn attachment_shown(call: &Call<'_>, attachment: &Attachment) -> Value {
    let name = crate::api::page::encoded(&attachment.file_name);
    let content_url = format!(
        "{}/api/v2/attachments/token/{}/?name={name}&tenant={}",
        call.ask.base, attachment.token, call.tenant
    );
    json!({
        "url": call.url(&format!("/attachments/{}.json", attachment.id)),
        "id": attachment.id,
        "file_name": attachment.file_name,
        "content_url": content_url,
        "mapped_content_url": content_url,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "width": null,
        "height": null,
        "inline": attachment.inline,
        "deleted": attachment.deleted,
        "malware_access_override": attachment.malware_access_override,
        "malware_scan_result": "not_scanned",
        "thumbnails": [],
    })
}

/// An audit as the API shows it, with its comment where it has one that who asks may see.
#[must_use]
pub fn audit_shown(call: &Call<'_>, audit: &Audit, comments: &[Comment]) -> Value {
    let events = audit.events.iter().filter_map(|event| event_shown(call, event, comments));
    json!({
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "created_at": audit.created_at,
        "author_id": audit.author_id,
        "metadata": audit.metadata,
        "events": events.collect::<Vec<_>>(),
        "via": audit.via,
    })
}

fn event_shown(call: &Call<'_>, event: &Event, comments: &[Comment]) -> Option<Value> {
    match &event.what {
        What::Comment => {
            let comment = comments.iter().find(|it| it.id.get() == event.id)?;
            let mut shown = comment_shown(call, comment);
            if let Some(shown) = shown.as_object_mut() {
                for name in ["via", "created_at", "metadata"] {
                    shown.remove(name);
                }
            }
            Some(shown)
        }
        What::Create { .. }
        | What::Change { .. }
        | What::Notification { .. }
        | What::Cc { .. }
        | What::FollowerNotification { .. }
        | What::Webhook { .. }
        | What::UseCase { .. }
        | What::SlaBreach { .. }
        | What::Error { .. } => serde_json::to_value(event).ok(),
    }
}

/// Something that a rule would do, as an audit would tell it.
#[must_use]
pub fn audited(what: &What, via: &Via) -> Value {
    let mut shown = serde_json::to_value(what).unwrap_or_default();
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("via".to_owned(), json!(via));
    }
    shown
}

/// What is measured of a ticket.
#[must_use]
pub fn metrics_shown(call: &Call<'_>, ticket: &Ticket) -> Value {
    let Metrics {
        group_stations,
        assignee_stations,
        reopens,
        replies,
        assignee_updated_at,
        requester_updated_at,
        status_updated_at,
        initially_assigned_at,
        assigned_at,
        solved_at,
        latest_comment_added_at,
        reply_time,
        first_resolution,
        full_resolution,
        agent_wait,
        requester_wait,
        on_hold,
        handle,
        handled_since: _,
    } = &ticket.metrics;
    let nothing = || json!({"calendar": null, "business": null});
    let minutes = |took: &Option<Took>| took.map_or_else(nothing, Took::minutes);
    json!({
        "url": call.url(&format!("/ticket_metrics/{}.json", ticket.id)),
        "id": ticket.id,
        "ticket_id": ticket.id,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "group_stations": group_stations,
        "assignee_stations": assignee_stations,
        "reopens": reopens,
        "replies": replies,
        "assignee_updated_at": assignee_updated_at,
        "requester_updated_at": requester_updated_at,
        "status_updated_at": status_updated_at,
        "custom_status_updated_at": status_updated_at,
        "initially_assigned_at": initially_assigned_at,
        "assigned_at": assigned_at,
        "solved_at": solved_at,
        "latest_comment_added_at": latest_comment_added_at,
        "reply_time_in_minutes": minutes(reply_time),
        "reply_time_in_seconds": {"calendar": reply_time.map(|it| it.calendar)},
        "first_resolution_time_in_minutes": minutes(first_resolution),
        "full_resolution_time_in_minutes": minutes(full_resolution),
        "agent_wait_time_in_minutes": agent_wait.minutes(),
        "requester_wait_time_in_minutes": requester_wait.minutes(),
        "on_hold_time_in_minutes": on_hold.minutes(),
        "handle_time_in_minutes": handle.minutes(),
    })
}
