//! What expressions are judged on, and the names by which they see it.

use serde_json::Value;

/// The names an expression may use, by its place in the document.
pub mod names {
    /// Where nothing else is said: scores, keys, recipients, a trigger's condition.
    pub const DECISION: &[&str] = &["event", "features", "profile", "settings"];
    /// A filter's conditions: `history` is what became of the subject in this use case before.
    pub const FILTER: &[&str] = &["event", "features", "profile", "settings", "history"];
    /// An action's condition: `score` is the candidate's.
    pub const ACTION: &[&str] = &["event", "features", "profile", "settings", "score"];
    /// A goal's condition: `event` is the one that may reach it.
    pub const GOAL: &[&str] = &["event", "settings"];
    /// A feature's `where`: `event` is one of its events, `trigger` the one that is judged.
    pub const FEATURE: &[&str] = &["event", "trigger", "settings"];
    /// A mapping: `row` is what a source gives, `headers` what a webhook came with.
    pub const ROW: &[&str] = &["row", "headers"];
}

/// What an expression is judged on: a value for each of the names that its place allows.
pub trait Bound {
    /// The value of `name`.
    fn get(&self, name: &str) -> &Value;
}

/// The facts an expression is judged on. What a place does not have is null there.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The event: `type`, `subject`, `time`, and of `data` the fields that the document names.
    pub event: &'a Value,
    /// The event that is judged, where `event` is another one: in a feature's `where`.
    pub trigger: &'a Value,
    /// The features by name; one without a value is absent.
    pub features: &'a Value,
    /// The profile, with its traits.
    pub profile: &'a Value,
    /// The tenant's settings.
    pub settings: &'a Value,
    /// The subject's earlier candidates of this use case: `count`, `last` (RFC 3339), `since`
    /// (seconds), `live`.
    pub history: &'a Value,
    /// The candidate's score.
    pub score: &'a Value,
}

impl Default for Facts<'_> {
    fn default() -> Self {
        const NONE: &Value = &Value::Null;
        Self {
            event: NONE,
            trigger: NONE,
            features: NONE,
            profile: NONE,
            settings: NONE,
            history: NONE,
            score: NONE,
        }
    }
}

impl Bound for Facts<'_> {
    fn get(&self, name: &str) -> &Value {
        match name {
            "event" => self.event,
            "trigger" => self.trigger,
            "features" => self.features,
            "profile" => self.profile,
            "history" => self.history,
            "score" => self.score,
            _ => self.settings,
        }
    }
}
