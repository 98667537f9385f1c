//! Forms: which fields a ticket is written with, in which order, and which of them are asked for, as other fields'
//! values decide
//! ([conditional ticket fields](https://support.zendesk.com/hc/en-us/articles/4408834799770)).

mod conditions;
#[cfg(test)]
mod tests;

pub use conditions::{Child, Condition, Extent, RequiredOn, check};

use super::{FieldType, TicketField};
use crate::ids::{BrandId, CustomStatusId, FieldId, FormId};
use crate::record::{Home, Kept, Kind, Record};
use crate::refusal::Refusal;
use crate::ticket::Status;
use ceap_kernel::Timestamp;
use conditions::matches;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// A form
/// ([ticket forms](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_forms/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketForm {
    /// Its id.
    pub id: FormId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Its name.
    pub name: String,
    /// Its name, for end-users.
    pub display_name: String,
    /// Whether end-users may choose it.
    pub end_user_visible: bool,
    /// Where it stands among others: by this, then by id.
    pub position: i64,
    /// Whether it is in use.
    pub active: bool,
    /// Whether tickets have it that name none.
    pub default: bool,
    /// Whether it may be used with every brand.
    pub in_all_brands: bool,
    /// The brands that it may be used with, if not.
    pub restricted_brand_ids: Vec<BrandId>,
    /// Its fields, in their order.
    pub ticket_field_ids: Vec<FieldId>,
    /// When agents are asked for which fields.
    pub agent_conditions: Vec<Condition>,
    /// When end-users are asked for which fields.
    pub end_user_conditions: Vec<Condition>,
}

/// Who fills a form in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// An agent, and at which status the ticket will be.
    Agent(Status, Option<CustomStatusId>),
    /// An end-user.
    EndUser,
}

/// A field of a form, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked<'a> {
    /// Which.
    pub field: &'a TicketField,
    /// Whether it has to be filled in.
    pub required: bool,
}

impl TicketForm {
    /// Takes a field off it.
    pub fn forget(&mut self, field: FieldId) {
        self.ticket_field_ids.retain(|id| *id != field);
        for conditions in [&mut self.agent_conditions, &mut self.end_user_conditions] {
            conditions.retain(|it| it.parent_field_id != field);
            for condition in conditions.iter_mut() {
                condition.child_fields.retain(|it| it.id != field);
            }
            conditions.retain(|it| !it.child_fields.is_empty());
        }
    }

    /// Whether it may be used with a brand.
    #[must_use]
    pub fn is_of(&self, brand: BrandId) -> bool {
        self.in_all_brands || self.restricted_brand_ids.contains(&brand)
    }
}

/// The form that a ticket is written with which names `form`, or none; the default one then.
#[must_use]
pub fn of_ticket(forms: &[Kept<TicketForm>], form: Option<FormId>) -> Option<&Kept<TicketForm>> {
    match form {
        Some(id) => forms.iter().find(|it| it.id == id),
        None => forms.iter().find(|it| it.default),
    }
}

/// The fields of `form` that are asked for now, in their order. `value` tells the value that a field has.
#[must_use]
pub fn asked<'a>(
    form: &TicketForm,
    fields: &'a [Kept<TicketField>],
    side: Side,
    value: &dyn Fn(&TicketField) -> Value,
) -> Vec<Asked<'a>> {
    let conditions = match side {
        Side::Agent(..) => &form.agent_conditions,
        Side::EndUser => &form.end_user_conditions,
    };
    let used = |id: &FieldId| {
        let field = fields.iter().find(|it| it.field.id == *id && it.active);
        field.map(|it| &it.record)
    };
    let shown = shown(form, conditions, &|id| used(&id).map(value));
    let met = |child: FieldId| {
        let holds = |it: &&Condition| {
            shown.contains(&it.parent_field_id)
                && used(&it.parent_field_id).is_some_and(|field| matches(it, &value(field)))
        };
        let met = conditions.iter().filter(holds).flat_map(|it| &it.child_fields);
        met.filter(move |it| it.id == child)
    };
    let conditional: BTreeSet<FieldId> = children(conditions).collect();
    let fields = form.ticket_field_ids.iter().filter(|id| shown.contains(id)).filter_map(used);
    let fields = fields.filter(|field| match side {
        Side::Agent(..) => true,
        Side::EndUser => field.is_of_end_users(),
    });
    fields
        .map(|field| Asked {
            field,
            required: if conditional.contains(&field.id) {
                met(field.id).any(|child| requires(child, side))
            } else {
                by_itself(field, side)
            },
        })
        .collect()
}

/// Which of the fields that are asked for now have to be filled in and are not. Only a status that a ticket is being
/// given asks for anything, and every ticket has its system fields by other rules.
///
/// # Errors
/// The reasons, if there are any.
pub fn filled(
    form: &TicketForm,
    fields: &[Kept<TicketField>],
    side: Side,
    value: &dyn Fn(&TicketField) -> Value,
) -> Result<(), Refusal> {
    let solving = matches!(side, Side::Agent(Status::Solved, _));
    let mut refusal = Refusal::default();
    for Asked { field, required } in asked(form, fields, side, value) {
        let value = value(field);
        let missing = required && !field.is_filled(&value);
        if missing || (solving && !field.lets_solve(&value)) {
            refusal.push("base", field.missing(solving));
        }
    }
    refusal.against(())
}

/// The fields that are shown: those that no condition asks for, and those that a condition asks for whose own parent
/// is shown and has its value.
fn shown(
    form: &TicketForm,
    conditions: &[Condition],
    value: &dyn Fn(FieldId) -> Option<Value>,
) -> BTreeSet<FieldId> {
    let conditional: BTreeSet<FieldId> = children(conditions).collect();
    let all = form.ticket_field_ids.iter().copied();
    let mut shown: BTreeSet<FieldId> = all.filter(|id| !conditional.contains(id)).collect();
    // Each round shows at least one more field, or is the last.
    for _ in 0..=conditional.len() {
        let before = shown.len();
        for condition in conditions {
            let parent = condition.parent_field_id;
            let holds = shown.contains(&parent)
                && value(parent).is_some_and(|value| matches(condition, &value));
            if holds {
                shown.extend(condition.child_fields.iter().map(|it| it.id));
            }
        }
        if shown.len() == before {
            break;
        }
    }
    shown
}

fn children(conditions: &[Condition]) -> impl Iterator<Item = FieldId> {
    conditions.iter().flat_map(|it| &it.child_fields).map(|it| it.id)
}

/// Whether a field that no condition asks for has to be filled in. What every ticket has is kept by other rules, but
/// what a tenant says of its own.
fn by_itself(field: &TicketField, side: Side) -> bool {
    match side {
        Side::Agent(status, _) => {
            let kept = matches!(
                field.kind,
                FieldType::Subject | FieldType::Description | FieldType::Assignee
            );
            field.required && status == Status::Solved && !kept
        }
        Side::EndUser => field.required_in_portal,
    }
}

/// Whether a field that a condition asks for has to be filled in: what its condition says goes before what it says
/// itself.
fn requires(child: &Child, side: Side) -> bool {
    let Side::Agent(status, custom) = side else { return child.is_required };
    match &child.required_on_statuses {
        None => child.is_required && status == Status::Solved,
        Some(on) => match on.extent {
            Extent::AllStatuses => true,
            Extent::NoStatuses => false,
            Extent::SomeStatuses => {
                on.statuses.contains(&status)
                    || custom.is_some_and(|custom| on.custom_statuses.contains(&custom))
            }
        },
    }
}

impl Record for TicketForm {
    const KIND: Kind = Kind {
        name: "TICKET_FORM",
        singular: "ticket_form",
        plural: "ticket_forms",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
