//! What a message says that a ticket is to be, in the words of a client of the API: names become ids.

use super::{Wanted, said};
use crate::account::{Brand, Group};
use crate::api::{Call, Refused};
use crate::field::ticket::Outcome;
use crate::field::{FieldType, TicketField, TicketForm};
use crate::record::Record;
use serde_json::{Map, Value, json};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A new ticket.
    New,
    /// One more comment: what agents made of the ticket stays.
    Commented,
    /// A ticket that becomes what the message says.
    Changed,
}

/// The fields of a ticket.
///
/// # Errors
/// 422 for what the account has not.
pub(super) fn of(
    call: &Call<'_>,
    wanted: &Wanted,
    place: Place,
) -> Result<Map<String, Value>, Refused> {
    let mut fields = Map::new();
    let tags = if place == Place::New { "tags" } else { "additional_tags" };
    fields.insert(tags.to_owned(), json!(wanted.tags));
    if place == Place::Commented {
        return Ok(fields);
    }
    let words = [
        ("priority", &wanted.priority),
        ("type", &wanted.kind),
        ("status", &wanted.status),
        ("external_id", &wanted.external_id),
    ];
    for (name, word) in words {
        fields.extend(said(word.as_ref()).map(|it| (name.to_owned(), json!(it))));
    }
    let groups = call.account.all::<Group>()?;
    let forms = call.account.all::<TicketForm>()?;
    let brands = call.account.all::<Brand>()?;
    let group = named(&groups, "group", wanted.group.as_ref(), |it| &it.record.name)?;
    let form = named(&forms, "form", wanted.form.as_ref(), |it| &it.record.name)?;
    let brand = named(&brands, "brand", wanted.brand.as_ref(), |it| &it.record.name)?;
    let ids = [("group_id", group), ("ticket_form_id", form), ("brand_id", brand)];
    fields.extend(ids.into_iter().filter_map(|(name, id)| Some((name.to_owned(), json!(id?)))));
    if let Some(assignee) = said(wanted.assignee.as_ref()) {
        let name = if assignee.contains('@') { "assignee_email" } else { "assignee_id" };
        fields.insert(name.to_owned(), json!(assignee));
    }
    let own = call.account.all::<TicketField>()?;
    let values = wanted.custom_fields.iter().filter_map(|(name, value)| {
        let value = said(Some(value))?;
        Some(taken(own.iter().map(|it| &it.record), name, value))
    });
    let values = values.collect::<Result<Vec<Value>, Refused>>()?;
    fields.insert("custom_fields".to_owned(), json!(values));
    Ok(fields)
}

/// The id of the record that is meant, by its id or its name.
fn named<T, R: Record>(
    all: &[T],
    what: &str,
    asked: Option<&String>,
    name: impl Fn(&T) -> &str,
) -> Result<Option<u64>, Refused>
where
    T: std::ops::Deref<Target = R>,
{
    let Some(asked) = said(asked) else { return Ok(None) };
    let number: Option<u64> = asked.parse().ok();
    let by_id = || all.iter().find(|it| Some(it.id()) == number);
    let by_name = all.iter().find(|it| name(it).to_lowercase() == asked.to_lowercase());
    let found = by_name.or_else(by_id).map(|it| it.id());
    let missing = || {
        // What is asked for is not quoted: it may come from an event.
        let rule = format!("is no {what} of the helpdesk; make it there, or name another");
        Refused::field(what, rule)
    };
    found.map(Some).ok_or_else(missing)
}

/// A value for the field that is meant. What the API passes over is refused here: nobody would look at the answer.
fn taken<'a>(
    mut all: impl Iterator<Item = &'a TicketField>,
    name: &str,
    value: &str,
) -> Result<Value, Refused> {
    let number: Option<u64> = name.parse().ok();
    let meant = |it: &&TicketField| {
        it.active
            && (Some(it.field.id.get()) == number || it.title.to_lowercase() == name.to_lowercase())
    };
    let place = format!("custom_fields.{name}");
    let field = all.find(meant).ok_or_else(|| {
        let rule = "is no field of tickets; make it in the helpdesk, or name another";
        Refused::field(&*place, rule)
    })?;
    let value = match field.kind {
        FieldType::Multiselect => value.split(',').map(str::trim).map(Value::from).collect(),
        _ => json!(value),
    };
    match field.accept(&value) {
        Ok(Outcome::Stays) => Err(Refused::field(place, "is none of the field's options")),
        Ok(Outcome::Is(_)) | Err(_) => Ok(json!({"id": field.field.id, "value": value})),
    }
}
