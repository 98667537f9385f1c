//! What an account has set up for its tickets: fields, forms, brands, groups and statuses.

use crate::account::custom_status::{fitting, meant};
use crate::account::{Account, Brand, CustomStatus, Group};
use crate::api::{Call, Refused};
use crate::field::form::{Side, filled, of_ticket};
use crate::field::tags::settle;
use crate::field::ticket::Outcome;
use crate::field::{FieldType, TicketField, TicketForm};
use crate::record::Kept;
use crate::refusal::Refusal;
use crate::routing::Skill;
use crate::ticket::{Actor, Edit, FieldValue, Rules, Status, Ticket};
use ceap_kernel::Fault;
use serde_json::{Value, json};
use std::sync::Arc;

/// What an account has set up for its tickets.
pub struct Setup {
    fields: Arc<Vec<Kept<TicketField>>>,
    forms: Arc<Vec<Kept<TicketForm>>>,
    brands: Arc<Vec<Kept<Brand>>>,
    groups: Arc<Vec<Kept<Group>>>,
    statuses: Arc<Vec<Kept<CustomStatus>>>,
    skills: Arc<Vec<Kept<Skill>>>,
}

/// What an account has set up for its tickets.
///
/// # Errors
/// `Internal` if it cannot be read.
pub fn of(account: &Account) -> Result<Setup, Fault> {
    Ok(Setup {
        fields: account.all()?,
        forms: account.all()?,
        brands: account.all()?,
        groups: account.all()?,
        statuses: account.all()?,
        skills: account.all()?,
    })
}

/// The same, for an edit, which names the status then that its custom status means.
///
/// # Errors
/// 422 for what it refers to and is not there.
pub fn against(call: &Call<'_>, edit: &mut Edit) -> Result<Setup, Refused> {
    let setup = of(&call.account)?;
    let mut refusal = Refusal::default();
    setup.mean(edit, &mut refusal);
    Ok(refusal.against(setup)?)
}

/// Whether a status is of the category of another: a closed ticket keeps the custom status that it was solved with.
fn same(status: Status, category: Status) -> bool {
    crate::account::custom_status::category(status) == category
}

impl Rules for Setup {
    fn mean(&self, edit: &mut Edit, refusal: &mut Refusal) {
        let Some(Some(id)) = edit.custom_status_id else { return };
        let Some(status) = meant(&self.statuses, id) else {
            let text = "Custom status: is invalid";
            return refusal.add("custom_status_id", text, Some("InvalidValue"));
        };
        edit.status = Some(edit.status.filter(|it| same(*it, status)).unwrap_or(status));
    }

    fn settle(
        &self,
        before: &Ticket,
        after: &mut Ticket,
        edit: &Edit,
        by: Actor,
        refusal: &mut Refusal,
    ) {
        for given in &edit.custom_fields {
            self.take(before, after, given, refusal);
        }
        // A skill that is no more is asked for by nobody.
        after.skills.retain(|id| self.skills.iter().any(|it| it.id == *id));
        let was = (&before.tags, &before.custom_fields);
        let fields = self.fields.iter().map(|it| &it.record);
        settle(fields, was, &mut after.tags, &mut after.custom_fields);
        after.custom_status_id = fitting(&self.statuses, after.status, after.custom_status_id);
        self.place(after, edit, refusal);
        if by.agent && after.status == Status::Solved && before.status != Status::Solved {
            self.solvable(after, refusal);
        }
    }
}

impl Setup {
    /// A value that a field of the account's own is given. What there is no such field for is passed over, as Zendesk
    /// does.
    fn take(&self, before: &Ticket, after: &mut Ticket, given: &FieldValue, refusal: &mut Refusal) {
        let field = self.fields.iter().find(|it| it.field.id == given.id);
        let outcome = match field.map(|field| field.accept(&given.value)) {
            Some(Ok(outcome)) => outcome,
            Some(Err(reason)) => {
                refusal.push("base", reason);
                Outcome::Stays
            }
            None => Outcome::Stays,
        };
        let value = match outcome {
            Outcome::Is(value) => Some(value).filter(|it| !it.is_null()),
            Outcome::Stays => before.custom_fields.get(&given.id).cloned(),
        };
        match value {
            Some(value) => drop(after.custom_fields.insert(given.id, value)),
            None => drop(after.custom_fields.remove(&given.id)),
        }
    }

    /// Its brand, form and group: those that it names, which must be there, or the default ones.
    fn place(&self, ticket: &mut Ticket, edit: &Edit, refusal: &mut Refusal) {
        let mut wrong = |field: &str, text: &str| refusal.add(field, text, Some("InvalidValue"));
        if let Some(Some(id)) = edit.group_id
            && !self.groups.iter().any(|it| it.id == id)
        {
            wrong("group", "Group: is invalid");
        }
        if let Some(Some(id)) = edit.brand_id
            && !self.brands.iter().any(|it| it.id == id && it.active)
        {
            wrong("brand_id", "Brand: is invalid");
        }
        if let Some(Some(id)) = edit.ticket_form_id
            && !self.forms.iter().any(|it| it.id == id && it.active)
        {
            wrong("ticket_form_id", "Ticket form: is invalid");
        }
        if ticket.brand_id.is_none() {
            ticket.brand_id = self.brands.iter().find(|it| it.default).map(|it| it.id);
        }
        if ticket.ticket_form_id.is_none() {
            ticket.ticket_form_id = of_ticket(&self.forms, None).map(|it| it.id);
        }
    }

    /// Whether everything is filled in that has to be before a ticket is solved.
    fn solvable(&self, ticket: &Ticket, refusal: &mut Refusal) {
        let Some(form) = of_ticket(&self.forms, ticket.ticket_form_id) else { return };
        let side = Side::Agent(ticket.status, ticket.custom_status_id);
        let value = |field: &TicketField| value(ticket, field);
        if let Err(missing) = filled(form, &self.fields, side, &value) {
            refusal.extend(missing);
        }
    }
}

/// What a ticket has for a field, of every account or of its own.
fn value(ticket: &Ticket, field: &TicketField) -> Value {
    match field.kind {
        FieldType::Subject => json!(ticket.subject),
        FieldType::Description => json!(ticket.description),
        FieldType::Status => json!(ticket.status),
        FieldType::CustomStatus => json!(ticket.custom_status_id),
        FieldType::TicketType => json!(ticket.kind),
        FieldType::Priority => json!(ticket.priority),
        FieldType::Group => json!(ticket.group_id),
        FieldType::Assignee => json!(ticket.assignee_id),
        FieldType::Text
        | FieldType::Textarea
        | FieldType::Checkbox
        | FieldType::Date
        | FieldType::Integer
        | FieldType::Decimal
        | FieldType::Regexp
        | FieldType::PartialCreditCard
        | FieldType::Multiselect
        | FieldType::Tagger
        | FieldType::Dropdown
        | FieldType::Lookup => {
            ticket.custom_fields.get(&field.field.id).cloned().unwrap_or_default()
        }
    }
}
