//! What starts a use case, as a person writes it: an event, its absence, an instant that it names, a
//! schedule, or an event about a thing that many subjects wait for.

use super::document::{Document, FilterDocument, Mode};
use crate::feature::Feature;
use crate::score::ScoreDocument;
use crate::window::{Span, Window};
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The feature that an absence is counted in.
const ABSENCE: &str = "absence";

/// What a signal is refused for whose absence did not last.
const CAME: &str = "came_meanwhile";

/// Event types that one fan-out may name.
const MAX_FAN_OUT_EVENTS: usize = 10;

/// What a field of `data` must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expects {
    /// A JSON number.
    Number,
    /// A JSON string.
    String,
    /// true or false.
    Boolean,
}

impl Expects {
    /// Whether `value` is of this kind; one that is absent or null is.
    #[must_use]
    pub fn allows(self, value: Option<&serde_json::Value>) -> bool {
        match (self, value) {
            (_, None | Some(serde_json::Value::Null)) => true,
            (Self::Number, Some(value)) => value.is_number(),
            (Self::String, Some(value)) => value.is_string(),
            (Self::Boolean, Some(value)) => value.is_boolean(),
        }
    }

    /// As an error names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::String => "a string",
            Self::Boolean => "true or false",
        }
    }
}

/// What starts it: `event`, or `schedule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerDocument {
    /// An event of this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// A CEL condition: over the event and its features as of its time; with `schedule`, over features
    /// and profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What fields of the event's `data` must be. An event that breaks it goes to quarantine.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expects: BTreeMap<String, Expects>,
    /// How long after the event the filter judges, on the features as they are then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// An instant that the event names, at or before which the filter judges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UntilDocument>,
    /// What must not follow upon the event: the filter judges when the time for it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<AbsenceDocument>,
    /// Whom else the event concerns, when its own subject is a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_out: Option<FanOutDocument>,
    /// When a whole population is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleDocument>,
    /// Whom a schedule judges; all profiles by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<PopulationDocument>,
}

/// An instant that the event names: an appointment, a deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UntilDocument {
    /// A CEL expression: an RFC 3339 instant, or a local date and time without an offset
    /// (`2026-11-25T09:00`), which is one of the subject's time zone, else the tenant's, else UTC.
    pub time: String,
    /// How long before that instant the filter judges; if that has passed already, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Span>,
}

/// What must not follow upon the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceDocument {
    /// An event of this type; it may be the triggering type itself: then the next one.
    pub event: String,
    /// In this time after the triggering event: (its time, its time + within].
    pub within: Span,
    /// Why a signal is refused when one came; `came_meanwhile` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whom an event about a thing concerns: every subject that had to do with that thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FanOutDocument {
    /// Events of these types tie their subject to a thing.
    pub events: Vec<String>,
    /// The field of their `data` that names the thing.
    pub of: String,
    /// A CEL expression over the triggering event: which thing it is about.
    pub is: String,
    /// How long such an event counts.
    pub within: Span,
}

/// When something is done, as EventBridge Scheduler takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDocument {
    /// `cron(0 9 * * ? *)`, `rate(1 day)` or `at(2026-12-01T09:00:00)`.
    pub expression: String,
    /// An IANA name; UTC by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// What a use case does by a schedule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// It judges its population.
    #[default]
    Evaluate,
    /// It learns its affinity model anew.
    Learn,
}

impl Duty {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Evaluate, Self::Learn];

    /// The field of the document that holds its schedule.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Evaluate => "trigger.schedule",
            Self::Learn => "score.learn",
        }
    }
}

/// Whom a schedule judges: the subjects that had such an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PopulationDocument {
    /// An event of this type.
    pub event: String,
    /// In this time before the scheduled instant.
    pub within: Span,
}

impl TriggerDocument {
    /// Whether an event of `kind` may start it.
    #[must_use]
    pub fn is_on(&self, kind: &str) -> bool {
        self.event.as_deref() == Some(kind)
    }

    /// Checks that it says one thing, and says it whole.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn check(&self) -> Result<(), Fault> {
        let refuse = |field: &str, message: &str| Err(Fault::invalid(field, message));
        match (&self.event, &self.schedule) {
            (None, None) => return refuse("trigger", "needs `event` or `schedule`"),
            (Some(_), Some(_)) => {
                return refuse("trigger.schedule", "stands in place of `event`; give one of them");
            }
            (Some(_), None) if self.population.is_some() => {
                return refuse("trigger.population", "is for a `schedule` only");
            }
            (None, Some(schedule)) => {
                let of_events = [
                    ("trigger.expects", !self.expects.is_empty()),
                    ("trigger.delay", self.delay.is_some()),
                    ("trigger.until", self.until.is_some()),
                    ("trigger.absence", self.absence.is_some()),
                    ("trigger.fan_out", self.fan_out.is_some()),
                ];
                if let Some((field, _)) = of_events.into_iter().find(|(_, given)| *given) {
                    return refuse(field, "is for an `event` only");
                }
                return schedule.check(Duty::Evaluate.field());
            }
            (Some(_), None) => {}
        }
        let waits = [self.delay.is_some(), self.until.is_some(), self.absence.is_some()];
        if waits.into_iter().filter(|given| *given).count() > 1 {
            return refuse("trigger", "takes one of `delay`, `until` and `absence`");
        }
        if self.fan_out.is_some() && waits.contains(&true) {
            return refuse(
                "trigger.fan_out",
                "judges at once; it takes no delay, until or absence",
            );
        }
        self.fan_out.as_ref().map_or(Ok(()), FanOutDocument::check)
    }
}

impl FanOutDocument {
    fn check(&self) -> Result<(), Fault> {
        if self.events.is_empty() || self.events.len() > MAX_FAN_OUT_EVENTS {
            let message = format!("must name 1 to {MAX_FAN_OUT_EVENTS} event types");
            return Err(Fault::invalid("trigger.fan_out.events", message));
        }
        Ok(())
    }
}

impl ScheduleDocument {
    /// Its shape; what stands in the brackets, EventBridge Scheduler judges when it is saved.
    ///
    /// # Errors
    /// `Invalid`, naming what of the schedule `field`.
    pub(crate) fn check(&self, field: &str) -> Result<(), Fault> {
        let shaped = ["cron(", "rate(", "at("].iter().any(|kind| self.expression.starts_with(kind));
        if !shaped || !self.expression.ends_with(')') {
            let message = "must be cron(…), rate(…) or at(…), as cron(0 9 * * ? *)";
            return Err(Fault::invalid(format!("{field}.expression"), message));
        }
        match self.time_zone.as_deref().map(jiff::tz::TimeZone::get) {
            Some(Err(_)) => {
                let message = "must be an IANA name, as Europe/Zurich";
                Err(Fault::invalid(format!("{field}.time_zone"), message))
            }
            _ => Ok(()),
        }
    }
}

impl Document {
    /// When a duty is done, unless the use case is off.
    #[must_use]
    pub fn schedule(&self, duty: Duty) -> Option<&ScheduleDocument> {
        let schedule = match duty {
            Duty::Evaluate => self.trigger.schedule.as_ref(),
            Duty::Learn => match &self.score {
                ScoreDocument::Affinity(affinity) => affinity.learn.as_ref(),
                _ => None,
            },
        };
        schedule.filter(|_| self.mode != Mode::Off)
    }

    /// The same in plainer terms: what affinity reads are features; an absence is a delay, a feature that counts what came in it, and a
    /// rule that none did.
    ///
    /// # Errors
    /// `Invalid` when a feature is named `absence` beside one.
    pub(super) fn plain(mut self) -> Result<Self, Fault> {
        self.trigger.check()?;
        if let ScoreDocument::Affinity(affinity) = &self.score {
            self.features.extend(affinity.features());
        }
        let Some(absence) = self.trigger.absence.take() else { return Ok(self) };
        let feature = Feature::count(absence.event, Window::Span(absence.within));
        if self.features.insert(ABSENCE.to_owned(), feature).is_some() {
            let message = "is declared by `trigger.absence`; name this one otherwise";
            return Err(Fault::invalid("features.absence", message));
        }
        let reason = absence.reason.unwrap_or_else(|| CAME.to_owned());
        let rule = FilterDocument { when: format!("features.{ABSENCE} == 0"), reason };
        self.filter.insert(0, rule);
        self.trigger.delay = Some(absence.within);
        Ok(self)
    }
}
