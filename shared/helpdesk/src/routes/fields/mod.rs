//! Fields of tickets, people and organizations, and their options.

mod choices;
mod profiles;
mod tickets;

pub use profiles::{ORGANIZATIONS, USERS};
pub use tickets::ROUTES as TICKETS;

use super::written;
use crate::api::{Answer, Call, Refused};
use crate::field::{Choice, Field, edit};
use crate::ids::{FieldId, RecordId};
use crate::record::{Changes, Kept};
use ceap_kernel::Fault;
use serde_json::{Map, Value, json};

/// Fields whose positions one commit changes.
const COMMIT: usize = 40;

/// A kind of field, as routes that are the same for all kinds need it.
trait AnyField: super::Shown + Send + Sync + 'static {
    fn field(&self) -> &Field;
    fn with(&self, field: Field) -> Self;
}

/// The field that the path names: by its id, or by its key where it has one.
fn named<F: AnyField>(
    call: &Call<'_>,
    key: impl Fn(&F) -> Option<&str>,
) -> Result<Kept<F>, Refused> {
    let name = call.variable("field_id");
    let all = call.account.all::<F>()?;
    let keyed = all.iter().find(|it| key(it) == Some(name));
    if let Some(field) = keyed {
        return Ok(field.clone());
    }
    let id = call.id("field_id")?;
    all.iter().find(|it| it.id() == id).cloned().ok_or(Refused::NotFound)
}

/// Puts the fields that the body lists first, in its order; the others follow in theirs.
async fn reorder<F: AnyField>(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.body_ids(&format!("{}_ids", F::KIND.singular))?;
    let all = call.account.all::<F>()?;
    let mut sorted: Vec<&Kept<F>> = all.iter().collect();
    let listed = |it: &Kept<F>| ids.iter().position(|id| *id == it.id()).unwrap_or(usize::MAX);
    sorted.sort_by_key(|it| (listed(it), it.field().position, it.id()));
    let numbered = (1_i64..).zip(sorted);
    let moved: Vec<_> = numbered.filter(|(at, it)| it.field().position != *at).collect();
    for part in moved.chunks(COMMIT) {
        let mut changes = Changes::new();
        for (position, before) in part {
            let field =
                Field { position: *position, updated_at: call.at, ..before.field().clone() };
            changes.update(*before, &before.with(field))?;
        }
        call.commit(changes).await?;
    }
    Ok(Answer::ok(json!({})))
}

/// A new field of which nothing is known yet but its type; `text` unless the body says otherwise.
fn begun(
    call: &Call<'_>,
    kind: Option<&str>,
    fits: impl Fn(crate::field::FieldType) -> bool,
) -> Result<Field, Refused> {
    let kind = crate::field::FieldType::named(kind.unwrap_or("text")).filter(|it| fits(*it));
    let kind = kind.ok_or_else(|| Refused::field("type", "is invalid"))?;
    let by = call.actor.as_ref().map(crate::access::Actor::id);
    Ok(Field::new(FieldId::fresh(call)?, kind, call.at, by))
}

/// Gives ids to options.
fn fresh<'a>(call: &'a Call<'_>) -> impl Fn() -> Result<RecordId, Fault> + 'a {
    || RecordId::fresh(call)
}

/// What all fields show.
fn shown<F: AnyField>(call: &Call<'_>, field: &F) -> Map<String, Value> {
    let (own, plural) = (field.field(), F::KIND.plural);
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
    put("url", json!(call.url(&format!("/{plural}/{}.json", own.id))));
    put("id", json!(own.id));
    put("type", json!(own.kind.as_str()));
    put("title", json!(written(call, &own.title)));
    put("raw_title", json!(own.title));
    put("description", json!(written(call, &own.description)));
    put("raw_description", json!(own.description));
    put("position", json!(own.position));
    put("active", json!(own.active));
    put("regexp_for_validation", json!(own.regexp_for_validation));
    put("tag", json!(own.tag));
    put("created_at", json!(own.created_at));
    put("updated_at", json!(own.updated_at));
    if own.kind.has_options() {
        let choices = own.custom_field_options.iter().map(|it| short(call, it)).collect();
        put("custom_field_options", Value::Array(choices));
    }
    if own.kind == crate::field::FieldType::Lookup {
        put("relationship_target_type", json!(own.relationship_target_type));
        put("relationship_filter", json!(own.relationship_filter));
    }
    all
}

/// An option within its field.
fn short(call: &Call<'_>, choice: &Choice) -> Value {
    json!({
        "id": choice.id,
        "name": written(call, &choice.name),
        "raw_name": choice.name,
        "value": choice.value,
        "default": choice.default,
        "allow_solving": choice.allow_solving,
    })
}

/// What speaks against a field that changed otherwise than by an edit.
fn checked(field: &Field) -> Result<(), Refused> {
    let mut refusal = crate::refusal::Refusal::default();
    edit::check(field, &mut refusal);
    Ok(refusal.against(())?)
}
