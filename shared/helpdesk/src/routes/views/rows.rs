//! The rows of a view: what its columns tell of its tickets
//! ([view columns](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#view-columns)).

use super::super::Shown;
use super::super::written;
use crate::account::Group;
use crate::api::{Call, Refused};
use crate::field::TicketField;
use crate::ids::UserId;
use crate::locale;
use crate::record::Kept;
use crate::rule::Output;
use crate::ticket::Ticket;
use crate::user::User;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The languages of people, by their ids.
pub(super) type Languages = BTreeMap<UserId, Option<u64>>;

/// The languages of the tickets' requesters, if a column shows them.
pub(super) async fn languages(
    call: &Call<'_>,
    output: &Output,
    tickets: &[Kept<Ticket>],
) -> Result<Languages, Refused> {
    if !output.columns.iter().any(|it| it == "locale_id") {
        return Ok(Languages::new());
    }
    let ids: BTreeSet<u64> = tickets.iter().map(|it| it.requester_id.get()).collect();
    let users = call.get_all::<User>(&ids.into_iter().collect::<Vec<_>>()).await?;
    Ok(users.iter().map(|it| (it.id, locale::tagged(&it.locale).map(|it| it.id))).collect())
}

/// The groups of these tickets.
pub(super) fn groups(call: &Call<'_>, tickets: &[Kept<Ticket>]) -> Result<Value, Refused> {
    let named: BTreeSet<_> = tickets.iter().filter_map(|it| it.group_id).collect();
    let all = call.account.all::<Group>()?;
    Ok(all.iter().filter(|it| named.contains(&it.id)).map(|it| it.shown(call)).collect())
}

/// The columns that tell of other records.
const REFERRING: [&str; 7] =
    ["assignee", "requester", "submitter", "group", "organization", "brand", "ticket_form"];

/// A ticket as a row.
pub(super) struct Row<'a> {
    pub call: &'a Call<'a>,
    pub ticket: &'a Ticket,
    pub languages: &'a Languages,
}

impl Row<'_> {
    /// What each column tells, after the ticket in brief and the records that it names, by which side-loads know them. A
    /// column that tells of another record has its id.
    pub fn shown(&self, output: &Output) -> Value {
        let mut row = Map::new();
        row.insert("ticket".to_owned(), self.brief());
        let named = REFERRING.iter().filter_map(|column| self.refers(column));
        row.extend(named.map(|(name, id)| (name.to_owned(), id)));
        let mut own = Vec::new();
        for column in &output.columns {
            match column.parse::<u64>() {
                Ok(id) => {
                    let field = self.field(id);
                    row.insert(column.clone(), field.get("value").cloned().unwrap_or_default());
                    own.push(field);
                }
                Err(_) => drop(row.insert(column.clone(), self.cell(column))),
            }
        }
        row.insert("custom_fields".to_owned(), json!(own));
        row.insert("fields".to_owned(), json!(own));
        Value::Object(row)
    }

    fn brief(&self) -> Value {
        let ticket = self.ticket;
        json!({
            "id": ticket.id,
            "subject": ticket.subject,
            "description": ticket.description,
            "status": ticket.status,
            "type": ticket.kind,
            "priority": ticket.priority,
            "url": self.call.url(&format!("/tickets/{}.json", ticket.id)),
        })
    }

    fn refers(&self, column: &str) -> Option<(&'static str, Value)> {
        let ticket = self.ticket;
        Some(match column {
            "assignee" => ("assignee_id", json!(ticket.assignee_id)),
            "requester" => ("requester_id", json!(ticket.requester_id)),
            "submitter" => ("submitter_id", json!(ticket.submitter_id)),
            "group" => ("group_id", json!(ticket.group_id)),
            "organization" => ("organization_id", json!(ticket.organization_id)),
            "brand" => ("brand_id", json!(ticket.brand_id)),
            "ticket_form" => ("ticket_form_id", json!(ticket.ticket_form_id)),
            _ => return None,
        })
    }

    fn cell(&self, column: &str) -> Value {
        let ticket = self.ticket;
        let metrics = &ticket.metrics;
        match column {
            "assigned" => json!(metrics.assigned_at),
            "due_date" => json!(ticket.due_at),
            "nice_id" => json!(ticket.id),
            "updated" => json!(ticket.updated_at),
            "updated_assignee" => json!(metrics.assignee_updated_at),
            "updated_requester" => json!(metrics.requester_updated_at),
            "updated_by_type" => json!(self.updater()),
            "priority" => json!(ticket.priority),
            "created" => json!(ticket.created_at),
            "locale_id" => json!(self.languages.get(&ticket.requester_id)),
            "satisfaction_score" => match ticket.satisfaction_score {
                Some(score) => json!(score),
                None => json!("unoffered"),
            },
            "sla_next_breach_at" => json!(ticket.promises.next_breach_at()),
            "solved" => json!(metrics.solved_at),
            "status" => json!(ticket.status),
            "subject" => json!(ticket.subject),
            "type" => json!(ticket.kind),
            "custom_status_id" => json!(ticket.custom_status_id),
            other => self.refers(other).map_or(Value::Null, |(_, id)| id),
        }
    }

    /// Who changed it last, as far as that is known: its requester, or somebody who works on it.
    fn updater(&self) -> &'static str {
        let metrics = &self.ticket.metrics;
        let requester = metrics.requester_updated_at;
        if requester.is_some() && requester >= metrics.assignee_updated_at {
            "End user"
        } else {
            "Agent"
        }
    }

    /// A field of the account's own.
    fn field(&self, id: u64) -> Value {
        let found = self.call.account.find::<TicketField>(id).ok().flatten();
        let Some(found) = found else { return json!({"id": id, "name": null, "value": null}) };
        let value = found.field.shown(self.ticket.custom_fields.get(&found.id));
        json!({"id": id, "name": written(self.call, &found.field.title), "value": value})
    }
}
