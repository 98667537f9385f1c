//! What every account has set up for its tickets: the fields that every ticket has, one form, a status for each
//! category, and a brand.

use crate::account::custom_status::CATEGORIES;
use crate::account::{Brand, CustomStatus, brand};
use crate::api::Call;
use crate::field::{Field, FieldType, TicketField, TicketForm};
use crate::ids::{BrandId, CustomStatusId, FieldId, FormId};
use crate::record::Changes;
use crate::ticket::Status;
use ceap_kernel::Fault;

/// Adds all of it.
pub fn everything(call: &Call<'_>, changes: &mut Changes) -> Result<(), Fault> {
    let fields = fields(call)?;
    for field in &fields {
        changes.create(field)?;
    }
    changes.create(&form(call, &fields)?)?;
    for status in statuses(call)? {
        changes.create(&status)?;
    }
    changes.create(&brand(call)?)
}

/// Each with its title, what it is for, and whether end-users see it.
const FIELDS: [(FieldType, &str, &str, bool); 8] = [
    (FieldType::Subject, "Subject", "", true),
    (
        FieldType::Description,
        "Description",
        "Please enter the details of your request. A member of our support staff will respond as soon as possible.",
        true,
    ),
    (FieldType::Status, "Status", "Request status", false),
    (FieldType::TicketType, "Type", "Request type, select from one of the options.", false),
    (FieldType::Priority, "Priority", "Request priority", false),
    (FieldType::Group, "Group", "Request group", false),
    (FieldType::Assignee, "Assignee", "Agent assigned to your request", false),
    (FieldType::CustomStatus, "Ticket status", "Request ticket status", false),
];

fn fields(call: &Call<'_>) -> Result<Vec<TicketField>, Fault> {
    let numbered = (1_i64..).zip(FIELDS);
    let field = |(position, (kind, title, description, visible)): (i64, (_, &str, &str, bool))| {
        let mut field = Field::new(FieldId::fresh(call)?, kind, call.at, None);
        field.title = title.to_owned();
        field.description = description.to_owned();
        field.position = position;
        let mut field = TicketField::new(field);
        field.visible_in_portal = visible;
        field.editable_in_portal = visible;
        field.required_in_portal = visible;
        Ok(field)
    };
    numbered.map(field).collect()
}

fn form(call: &Call<'_>, fields: &[TicketField]) -> Result<TicketForm, Fault> {
    Ok(TicketForm {
        id: FormId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: "Default Ticket Form".to_owned(),
        display_name: "Default Ticket Form".to_owned(),
        end_user_visible: true,
        position: 1,
        active: true,
        default: true,
        in_all_brands: true,
        restricted_brand_ids: Vec::new(),
        ticket_field_ids: fields.iter().map(|it| it.field.id).collect(),
        agent_conditions: Vec::new(),
        end_user_conditions: Vec::new(),
    })
}

/// Agents' and end-users' labels, and what they tell, of each category.
const fn words(category: Status) -> [&'static str; 4] {
    match category {
        Status::New => [
            "New",
            "Open",
            "Ticket is awaiting assignment to an agent",
            "We are working on a response for you",
        ],
        Status::Open => [
            "Open",
            "Open",
            "Staff is working on the ticket",
            "We are working on a response for you",
        ],
        Status::Pending => [
            "Pending",
            "Awaiting your reply",
            "Staff is waiting for the requester to reply",
            "We are waiting for you to respond",
        ],
        Status::Hold => [
            "On-hold",
            "Open",
            "Staff is waiting for a third party",
            "We are working on a response for you",
        ],
        Status::Solved | Status::Closed => {
            ["Solved", "Solved", "The ticket has been solved", "This ticket has been solved"]
        }
    }
}

fn statuses(call: &Call<'_>) -> Result<Vec<CustomStatus>, Fault> {
    let status = |category: Status| {
        let [agent_label, end_user_label, description, end_user_description] =
            words(category).map(str::to_owned);
        Ok(CustomStatus {
            id: CustomStatusId::fresh(call)?,
            created_at: call.at,
            updated_at: call.at,
            status_category: category,
            agent_label,
            end_user_label,
            description: Some(description),
            end_user_description: Some(end_user_description),
            active: true,
            default: true,
        })
    };
    CATEGORIES.into_iter().map(status).collect()
}

fn brand(call: &Call<'_>) -> Result<Brand, Fault> {
    Ok(Brand {
        id: BrandId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: call.tenant.to_string(),
        subdomain: call.tenant.to_string(),
        host_mapping: None,
        signature_template: brand::SIGNATURE.to_owned(),
        active: true,
        default: true,
        deleted: false,
    })
}
