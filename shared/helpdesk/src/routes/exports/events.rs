//! What was done to tickets
//! ([ticket events](https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-event-export)).

use super::page::{Place, Source};
use super::tickets::Tickets;
use crate::api::{Call, Refused};
use crate::ids::AuditId;
use crate::record::{Record, places};
use crate::routes::tickets::{audits, comment_shown};
use crate::store::Key;
use crate::ticket::{AUDITED, Audit, Comment, Event, Listed, Ticket, Via, What};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What was done to tickets.
pub(super) struct Events {
    tickets: Tickets,
    comments: bool,
}

impl Events {
    /// Those that the query asks for: of deleted tickets too unless it says otherwise, with what was said only if it
    /// says so.
    pub fn read(call: &Call<'_>) -> Result<Self, Refused> {
        let comments = call.ask.list("include").contains(&"comment_events");
        Ok(Self { tickets: Tickets::read(call)?, comments })
    }
}

/// The audit that stands at a place, and its ticket and comment, as the list has them.
pub(super) fn listed(place: &Place) -> Option<(AuditId, Listed)> {
    Some((AuditId::new(place.id())?, serde_json::from_str(&place.item.body).ok()?))
}

/// Reads audits with all that is told of them. If only tickets that are not deleted count, these too.
pub(super) async fn fetch(
    call: &Call<'_>,
    places: &[Place],
    comments: bool,
    alive: bool,
) -> Result<(), Refused> {
    let keys = places.iter().filter_map(listed).flat_map(|(id, listed)| {
        let comment = listed.comment.filter(|_| comments);
        let ticket = alive.then(|| places::record(Ticket::KIND, listed.ticket.get()));
        let comment: Option<Key> = comment.map(|it| Comment::key(listed.ticket, it));
        [Some(Audit::key(listed.ticket, id)), comment, ticket].into_iter().flatten()
    });
    Ok(call.fetch(keys).await?)
}

/// The audit that stands at a place, if it is there, and its ticket is not deleted where that counts.
pub(super) async fn audit(
    call: &Call<'_>,
    place: &Place,
    alive: bool,
) -> Result<Option<Audit>, Refused> {
    let Some((id, Listed { ticket, .. })) = listed(place) else { return Ok(None) };
    if alive && call.item(&places::record(Ticket::KIND, ticket.get())).await?.is_none() {
        return Ok(None);
    }
    let item = call.item(&Audit::key(ticket, id)).await?;
    Ok(item.map(|item| audits::read(&item)).transpose()?)
}

impl Source for Events {
    const NAME: &'static str = "ticket_events";

    fn lists(&self) -> Vec<&'static str> {
        if self.tickets == Tickets::None { Vec::new() } else { vec![AUDITED] }
    }

    async fn told(&self, call: &Call<'_>, places: &[Place]) -> Result<Vec<Vec<Value>>, Refused> {
        let alive = self.tickets == Tickets::Alive;
        fetch(call, places, true, alive).await?;
        let mut told = Vec::with_capacity(places.len());
        for place in places {
            let audit = audit(call, place, alive).await?;
            let comment = match audit.as_ref().and_then(|it| Some((it.ticket_id, it.comment()?))) {
                Some((ticket, id)) => call.item(&Comment::key(ticket, id)).await?,
                None => None,
            };
            let comment = comment.map(|item| Comment::read(&item)).transpose()?;
            let shown = audit.map(|it| shown(call, &it, comment.as_ref(), self.comments));
            told.push(shown.into_iter().collect());
        }
        Ok(told)
    }
}

fn shown(call: &Call<'_>, audit: &Audit, comment: Option<&Comment>, whole: bool) -> Value {
    let via = via(&audit.via);
    let events = audit.events.iter().filter_map(|it| child(call, it, &audit.via, comment, whole));
    json!({
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "timestamp": audit.created_at.as_second(),
        "created_at": audit.created_at,
        "updater_id": audit.author_id,
        "via": via,
        "system": audit.metadata.get("system").cloned().unwrap_or_else(|| json!({})),
        "metadata": audit.metadata.get("custom").cloned().unwrap_or_else(|| json!({})),
        "event_type": "Audit",
        "child_events": events.collect::<Vec<_>>(),
    })
}

/// What an event is told as: fields stand under their own names. Where a comment is not asked for, it is only told that
/// there is one.
fn child(
    call: &Call<'_>,
    event: &Event,
    by: &Via,
    comment: Option<&Comment>,
    whole: bool,
) -> Option<Value> {
    let mut told = Map::from_iter([
        ("id".to_owned(), json!(event.id)),
        ("via".to_owned(), json!(via(event.via.as_ref().unwrap_or(by)))),
        ("via_reference_id".to_owned(), Value::Null),
    ]);
    let mut put = |name: &str, value: Value| drop(told.insert(name.to_owned(), value));
    match &event.what {
        What::Comment => {
            let comment = comment?;
            put("event_type", json!("Comment"));
            match comment_shown(call, comment) {
                Value::Object(shown) if whole => told.extend(shown),
                _ => {
                    put("comment_present", json!(true));
                    put("comment_public", json!(comment.public));
                }
            }
        }
        What::Create { field_name, value } => {
            put("event_type", json!("Create"));
            told.extend(field(field_name, value, None));
        }
        What::Change { field_name, value, previous_value } => {
            put("event_type", json!("Change"));
            put("previous_value", previous_value.clone());
            told.extend(field(field_name, value, Some(previous_value)));
        }
        other => {
            let Ok(Value::Object(mut rest)) = serde_json::to_value(other) else { return None };
            put("event_type", rest.remove("type").unwrap_or_default());
            if !whole {
                // A letter may quote what was said.
                rest.remove("body");
            }
            told.extend(rest);
        }
    }
    Some(Value::Object(told))
}

/// A field under its own name; those of the account's own under theirs, together. Of tags it is told which came and
/// which went.
fn field(name: &str, value: &Value, before: Option<&Value>) -> Map<String, Value> {
    let mut told = Map::new();
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        told.insert("custom_ticket_fields".to_owned(), json!({name: value}));
        return told;
    }
    if name == "tags" {
        let words = |value: Option<&Value>| -> BTreeSet<String> {
            let all = value.and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let came = |then: &BTreeSet<String>, now: &BTreeSet<String>| -> Value {
            now.difference(then).map(String::as_str).collect()
        };
        let (now, then) = (words(Some(value)), words(before));
        told.insert("added_tags".to_owned(), came(&then, &now));
        told.insert("removed_tags".to_owned(), came(&now, &then));
    }
    told.insert(name.to_owned(), value.clone());
    told
}

/// By what way something came, in the words that events have for it
/// ([via types](https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types-reference/)).
fn via(via: &Via) -> &str {
    match via.channel.as_str() {
        "api" => "Web service",
        "web" => "Web form",
        "email" => "Mail",
        "rule" => "Rule",
        "chat" => "Chat",
        other => other,
    }
}
