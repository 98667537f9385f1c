//! What views, macros, triggers, automations and SLA policies are made of: conditions and actions, as Zendesk's
//! references list them
//! ([conditions](https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/),
//! [actions](https://developer.zendesk.com/documentation/ticketing/reference-guides/actions-reference/)).
//!
//! Here they are read and checked. Views are run by the search index; what triggers, automations and SLA policies do is in
//! [`crate::trigger`], [`crate::automation`] and [`crate::ticket::sla`].

mod act;
mod automation;
mod check;
pub(crate) mod defaults;
mod definition;
mod effect;
mod head;
mod liquid;
mod macros;
mod placeholder;
mod refers;
mod restriction;
mod sla;
mod term;
mod trigger;
mod via;
mod view;

pub use act::check as check_actions;
pub use automation::{Automation, nullified, timed};
pub use check::check as check_conditions;
pub use definition::{
    Choices, actions as defined_actions, conditions as defined_conditions, listed_actions,
    sla as defined_filter,
};
pub use effect::{Applier, Effect, Said};
pub use head::{Head, HeadEdit, Rule, last};
pub use liquid::Form;
pub use macros::Macro;
pub use placeholder::{People, Placeholders, SATISFACTION};
pub use refers::{Refers, To};
pub use restriction::Restriction;
pub use sla::{
    Escalation, METRICS, MOST_ESCALATIONS, MOST_MINUTES_BEFORE, PolicyMetric, SlaPolicy,
};
pub use trigger::{Trigger, TriggerCategory};
pub use via::CHANNELS;
pub use view::{Column, Order, Output, View};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What conditions and actions are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Which tickets a view shows.
    View,
    /// What an agent does to a ticket at once.
    Macro,
    /// What happens to a ticket when it is opened or changed.
    Trigger,
    /// What happens to a ticket as time goes by.
    Automation,
    /// Which tickets a service level is promised for.
    Sla,
    /// Which tickets a queue is for, or which skills they ask for.
    Routing,
}

/// Something that a ticket is, or is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What is looked at. Skills call it their subject.
    #[serde(alias = "subject")]
    pub field: String,
    /// How it is compared. What has only one way to be compared may leave it out.
    #[serde(default = "usual", deserialize_with = "operator")]
    pub operator: String,
    /// With what.
    #[serde(default, deserialize_with = "texts")]
    pub value: Value,
}

/// Conditions of which all must be met, and those of which any must.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// All of these.
    #[serde(deserialize_with = "listed")]
    pub all: Vec<Condition>,
    /// One of these, if there are any.
    #[serde(deserialize_with = "listed")]
    pub any: Vec<Condition>,
}

/// Something that is done to a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// What is done.
    pub field: String,
    /// With what.
    #[serde(default, deserialize_with = "texts")]
    pub value: Value,
}

impl Condition {
    /// A condition.
    #[must_use]
    pub fn new(field: &str, operator: &str, value: &str) -> Self {
        Self {
            field: field.to_owned(),
            operator: operator.to_owned(),
            value: Value::String(value.to_owned()),
        }
    }
}

impl Action {
    /// The value, where it is one text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.value.as_str().unwrap_or_default()
    }
}

fn usual() -> String {
    "is".to_owned()
}

fn operator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let given: Option<String> = Option::deserialize(deserializer)?;
    Ok(given.filter(|operator| !operator.is_empty()).unwrap_or_else(usual))
}

/// Null is no condition at all.
fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Condition>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Values are text, whatever they were sent as, and so they are shown again.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Ok(text(Value::deserialize(deserializer)?))
}

fn text(value: Value) -> Value {
    match value {
        Value::Bool(flag) => Value::String(flag.to_string()),
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(items) => Value::Array(items.into_iter().map(text).collect()),
        other @ (Value::Null | Value::String(_) | Value::Object(_)) => other,
    }
}

#[cfg(test)]
mod tests;
