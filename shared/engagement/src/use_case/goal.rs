//! The goal: the event that a use case is there to bring about, and that its report counts.

use super::compile::EVENT;
use crate::condition::{Expression, Facts, names};
use crate::event::Event;
use crate::signal::event_facts;
use crate::window::Span;
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What counts as success: `{event: purchase, of: amount, within: 7d}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalDocument {
    /// An event of this type, of the same subject.
    pub event: String,
    /// A CEL condition over the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What it is worth: a field of `data`, a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How long after the decision on a candidate it counts: (decision, decision + within].
    pub within: Span,
}

/// A goal, ready to judge events.
#[derive(Debug)]
pub struct Goal {
    document: GoalDocument,
    when: Option<Expression>,
}

impl Goal {
    /// Compiles it.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn compile(document: &GoalDocument) -> Result<Self, Fault> {
        if document.event.trim().is_empty() {
            return Err(Fault::invalid("goal.event", "must name an event type"));
        }
        if document.of.as_ref().is_some_and(|of| of.trim().is_empty()) {
            return Err(Fault::invalid("goal.of", "must name a field of `data`"));
        }
        let compile = |source: &String| Expression::compile_with("goal.when", source, names::GOAL);
        let when = document.when.as_ref().map(compile).transpose()?;
        for path in when.iter().flat_map(|when| when.paths("event")) {
            if let Some(name) = path.first().filter(|name| !EVENT.contains(&name.as_str())) {
                let message = format!("an event has type, subject, time and data, not `{name}`");
                return Err(Fault::invalid("goal.when", message));
            }
        }
        Ok(Self { document: document.clone(), when })
    }

    /// How long after the decision on a candidate it counts.
    #[must_use]
    pub fn within(&self) -> Span {
        self.document.within
    }

    /// Events of this type may reach it.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.document.event
    }

    /// The field of `data` that must be a number in events of `kind`.
    #[must_use]
    pub fn number(&self, kind: &str) -> Option<&str> {
        self.document.of.as_deref().filter(|_| self.document.event == kind)
    }

    /// Whether the event reaches it, and what it is worth if the document says of what.
    ///
    /// # Errors
    /// `Invalid` when the event has other types than the condition expects.
    pub fn reached(&self, event: &Event, settings: &Value) -> Result<Option<Option<f64>>, Fault> {
        if event.kind != self.document.event {
            return Ok(None);
        }
        if let Some(when) = &self.when {
            let event = event_facts(&event.kind, &event.subject, event.time, &event.data);
            let facts = Facts { event: &event, settings, ..Facts::default() };
            if !when.holds(&facts)? {
                return Ok(None);
            }
        }
        let value = self.document.of.as_ref().and_then(|of| event.data.get(of));
        Ok(Some(value.and_then(Value::as_f64)))
    }
}
