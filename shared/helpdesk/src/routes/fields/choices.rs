//! Options of fields, which are the same for all kinds of fields
//! ([ticket field options](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/#list-ticket-field-options),
//! [user field options](https://developer.zendesk.com/api-reference/ticketing/users/user_fields/#list-user-field-options)).

use super::super::written;
use super::{AnyField, checked, fresh};
use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::field::edit::ChoiceEdit;
use crate::field::{Choice, Field};
use crate::record::{Kept, places};
use serde_json::{Value, json};

fn shown<F: AnyField>(call: &Call<'_>, field: &F, position: usize, choice: &Choice) -> Value {
    let of = format!("/{}/{}", F::KIND.plural, field.id());
    json!({
        "id": choice.id,
        "name": written(call, &choice.name),
        "raw_name": choice.name,
        "position": position,
        "value": choice.value,
        "allow_solving": choice.allow_solving,
        "url": call.url(&format!("{of}/options/{}.json", choice.id)),
    })
}

/// A page of a field's options, in their order.
pub fn list<F: AnyField>(call: &Call<'_>, field: &Kept<F>) -> Result<Answer, Refused> {
    let choices = field.field().custom_field_options.iter().enumerate();
    let ranked = choices.map(|(at, it)| {
        let rank = u64::try_from(at).unwrap_or(u64::MAX);
        (places::rank(rank), shown(call, &field.record, at, it))
    });
    let page = Page::cut(Paging::of(call.ask)?, ranked.collect());
    Ok(Answer::ok(page.envelope(call.ask, "custom_field_options")))
}

fn find<'a, F: AnyField>(
    call: &Call<'_>,
    field: &'a Kept<F>,
) -> Result<(usize, &'a Choice), Refused> {
    let id = call.id("option_id")?;
    let mut choices = field.field().custom_field_options.iter().enumerate();
    choices.find(|(_, it)| it.id.get() == id).ok_or(Refused::NotFound)
}

/// An option.
pub fn show<F: AnyField>(call: &Call<'_>, field: &Kept<F>) -> Result<Answer, Refused> {
    let (at, choice) = find(call, field)?;
    Ok(Answer::ok(json!({"custom_field_option": shown(call, &field.record, at, choice)})))
}

/// Adds the option of the body, or changes the one that it names.
pub async fn put<F: AnyField>(call: &Call<'_>, field: &Kept<F>) -> Result<Answer, Refused> {
    if !field.field().kind.has_options() {
        return Err(Refused::field("type", "has no options"));
    }
    let edit: ChoiceEdit = call.ask.record("custom_field_option")?;
    let mut own = Field { updated_at: call.at, ..field.field().clone() };
    let (choice, new) = edit.put(&mut own, &fresh(call))?;
    checked(&own)?;
    let at = own.custom_field_options.iter().position(|it| it.id == choice.id).unwrap_or_default();
    let after = field.with(own);
    call.change(field, &after).await?;
    let body = json!({"custom_field_option": shown(call, &after, at, &choice)});
    let of = format!("/{}/{}/options.json", F::KIND.plural, field.id());
    let location = call.url(&of);
    Ok(if new {
        Answer::created(body, location)
    } else {
        Answer::ok(body).header("location", location)
    })
}

/// Takes an option away; tickets, people and organizations that have it have no value there any more.
pub async fn delete<F: AnyField>(call: &Call<'_>, field: &Kept<F>) -> Result<Answer, Refused> {
    let (_, choice) = find(call, field)?;
    let mut own = Field { updated_at: call.at, ..field.field().clone() };
    own.custom_field_options.retain(|it| it.id != choice.id);
    call.change(field, &field.with(own)).await?;
    Ok(Answer::gone())
}
