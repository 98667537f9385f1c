//! Views: which tickets agents see together, and how.

use super::Conditions;
use super::head::{Head, Rule};
use super::restriction::Restriction;
use crate::record::{Home, Kind, Record};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A view ([views](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// What it is called, and where it stands.
    #[serde(flatten)]
    pub head: Head,
    /// Which tickets it shows.
    pub conditions: Conditions,
    /// How it shows them.
    pub output: Output,
    /// Whom it is for, if not for all agents.
    pub restriction: Option<Restriction>,
}

impl Record for View {
    const KIND: Kind = Kind { name: "VIEW", singular: "view", plural: "views", home: Home::Few };

    fn id(&self) -> u64 {
        self.head.id.get()
    }
}

impl Rule for View {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}

/// How a view shows its tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The columns: names, or ids of ticket fields.
    pub columns: Vec<String>,
    /// The column by which they are grouped.
    pub group_by: Option<String>,
    /// In which order the groups stand.
    pub group_order: Order,
    /// The column by which they are sorted.
    pub sort_by: Option<String>,
    /// In which order they stand.
    pub sort_order: Order,
}

impl Default for Output {
    fn default() -> Self {
        let columns = ["subject", "requester", "created", "updated", "group", "assignee"];
        Self {
            columns: columns.map(str::to_owned).to_vec(),
            group_by: None,
            group_order: Order::Desc,
            sort_by: None,
            sort_order: Order::Desc,
        }
    }
}

/// Which comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The least.
    Asc,
    /// The greatest.
    Desc,
}

/// A column that every account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Whether tickets can be told apart by it.
    pub filterable: bool,
    /// Whether tickets can be sorted and grouped by it.
    pub sortable: bool,
}

const fn column(id: &'static str, title: &'static str, filterable: bool) -> Column {
    Column { id, title, filterable, sortable: true }
}

const fn unsorted(id: &'static str, title: &'static str) -> Column {
    Column { id, title, filterable: false, sortable: false }
}

/// Columns of one view at most.
const MOST: usize = 10;

impl Column {
    /// All of them
    /// ([view columns](https://developer.zendesk.com/api-reference/ticketing/business-rules/views/#view-columns)).
    pub const ALL: &'static [Self] = &[
        column("assigned", "Assigned", false),
        column("assignee", "Assignee", true),
        column("due_date", "Due Date", false),
        column("group", "Group", true),
        column("nice_id", "ID", false),
        column("updated", "Updated", true),
        column("updated_assignee", "Assignee updated", false),
        column("updated_requester", "Requester updated", false),
        column("updated_by_type", "Updater", false),
        column("organization", "Organization", true),
        column("priority", "Priority", true),
        column("created", "Requested", false),
        column("requester", "Requester", true),
        column("locale_id", "Requester language", true),
        column("satisfaction_score", "Satisfaction", true),
        column("sla_next_breach_at", "Next SLA breach", false),
        column("solved", "Solved", false),
        column("status", "Status", true),
        unsorted("subject", "Subject"),
        unsorted("submitter", "Submitter"),
        column("ticket_form", "Ticket form", true),
        column("type", "Type", true),
        column("brand", "Brand", true),
        unsorted("custom_status_id", "Ticket status"),
    ];

    /// The column of this name. Zendesk takes `description` for the subject.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = if name == "description" { "subject" } else { name };
        Self::ALL.iter().find(|column| column.id == name)
    }
}

/// What is asked of how a view shows its tickets.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    columns: Option<Vec<Value>>,
    #[serde(deserialize_with = "crate::wire::given")]
    group_by: Option<Option<Value>>,
    group_order: Option<String>,
    #[serde(deserialize_with = "crate::wire::given")]
    sort_by: Option<Option<Value>>,
    sort_order: Option<String>,
}

impl Output {
    /// Does what is asked; which columns are ticket fields, `fields` tells.
    pub fn apply(&mut self, asked: &Value, fields: &dyn Fn(&str) -> bool, refusal: &mut Refusal) {
        let Ok(asked) = Asked::deserialize(asked) else {
            return refuse(refusal, "Output: is invalid".to_owned());
        };
        if let Some(columns) = asked.columns {
            self.columns = columns.iter().map(|name| read(name, fields, refusal)).collect();
        }
        if self.columns.len() > MOST {
            refuse(refusal, format!("Columns: are too many (maximum is {MOST})"));
        }
        let mut sorted = |by: Option<Value>| {
            let name = by.map(|by| read(&by, fields, refusal)).filter(|name| !name.is_empty())?;
            if Column::named(&name).is_some_and(|column| !column.sortable) {
                refuse(refusal, format!("Output: tickets cannot be sorted by {name}"));
            }
            Some(name)
        };
        if let Some(by) = asked.group_by {
            self.group_by = sorted(by);
        }
        if let Some(by) = asked.sort_by {
            self.sort_by = sorted(by);
        }
        set(&mut self.group_order, asked.group_order.as_deref(), refusal);
        set(&mut self.sort_order, asked.sort_order.as_deref(), refusal);
    }
}

fn refuse(refusal: &mut Refusal, text: String) {
    refusal.add("output", text, Some("InvalidValue"));
}

/// The column that is named, by its name or by the id of a field.
fn read(name: &Value, fields: &dyn Fn(&str) -> bool, refusal: &mut Refusal) -> String {
    let name = match name {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let id = name.strip_prefix("custom_fields_").unwrap_or(&name);
    match Column::named(&name) {
        Some(column) => column.id.to_owned(),
        None if name.is_empty() => name,
        None if fields(id) => id.to_owned(),
        None => {
            refuse(refusal, format!("Columns: {name} is not a valid column"));
            name
        }
    }
}

fn set(order: &mut Order, asked: Option<&str>, refusal: &mut Refusal) {
    match asked {
        None | Some("") => {}
        Some("asc") => *order = Order::Asc,
        Some("desc") => *order = Order::Desc,
        Some(other) => refuse(refusal, format!("Output: {other} is neither asc nor desc")),
    }
}
