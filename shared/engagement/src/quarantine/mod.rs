//! Quarantine: what cannot proceed is kept with its reason, never dropped and never passed on. It can be
//! looked at, sent on its way again ([`redrive`]), and thrown away.

pub mod redrive;
mod shelf;

pub use shelf::{Entry, Filter, Listed, Shelf, View, list};

use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something that cannot proceed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// Whose; none when it can't be told.
    pub tenant: Option<TenantId>,
    /// Where it was rejected: `ingest-http`, `ingest-stream`, `filter`, …
    pub stage: String,
    /// A stable code for programs.
    pub code: String,
    /// The field and the remedy.
    pub reason: String,
    /// What was rejected, as it came.
    pub payload: Value,
    /// When.
    pub at: Timestamp,
}

impl Rejected {
    /// Rejects `payload` at `stage` for `fault`.
    #[must_use]
    pub fn new(
        tenant: Option<&TenantId>,
        stage: &str,
        fault: &Fault,
        payload: Value,
        at: Timestamp,
    ) -> Self {
        Self {
            tenant: tenant.cloned(),
            stage: stage.to_owned(),
            code: fault.code().to_owned(),
            reason: fault.to_string(),
            payload,
            at,
        }
    }

    /// The source that an event names.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.payload.get("source").and_then(Value::as_str)
    }

    /// The type that an event names.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.payload.get("type").and_then(Value::as_str)
    }
}

/// What stays of a payload when a subject is taken out of it: all of it, a batch without what is about
/// the subject, or nothing. A value is about a subject when it names it as its `subject`; what holds
/// such a value is about it too, except for a list; and profiles stand in `profiles` under their
/// subjects' names.
#[must_use]
pub fn without(payload: &Value, subject: &SubjectId) -> Option<Value> {
    match payload {
        Value::Array(all) => Some(all.iter().filter_map(|one| without(one, subject)).collect()),
        Value::Object(fields) => {
            if fields.get("subject").and_then(Value::as_str) == Some(subject.as_str()) {
                return None;
            }
            let mut left = Map::new();
            for (name, value) in fields {
                let value = match value {
                    Value::Object(profiles) if name == "profiles" => {
                        let others = profiles.iter().filter(|(of, _)| *of != subject.as_str());
                        others.map(|(of, profile)| (of.clone(), profile.clone())).collect()
                    }
                    value => without(value, subject)?,
                };
                left.insert(name.clone(), value);
            }
            Some(Value::Object(left))
        }
        plain => Some(plain.clone()),
    }
}

/// Keeps what cannot proceed.
#[allow(async_fn_in_trait)]
pub trait Quarantine {
    /// Keeps all; keeping one twice keeps it once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; the caller must not go on as if they were kept.
    async fn keep(&self, rejected: &[Rejected]) -> Result<(), Fault>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_subject_is_taken_out_and_others_stay() {
        let left = |payload: Value| without(&payload, &SubjectId::new("u1").unwrap());
        let other = json!({"subject": "u2", "data": {"friend": "u1"}});
        assert_eq!(left(other.clone()), Some(other.clone()));
        assert_eq!(left(json!("u1")), Some(json!("u1")), "a text says nothing of what it is about");
        assert_eq!(left(json!({"id": "e", "subject": "u1"})), None);
        let owed = json!({"signal": {"subject": "u1"}, "score": 1.0});
        assert_eq!(left(json!({"event": {"subject": "u1"}, "tenant": "acme"})), None);
        assert_eq!(
            left(json!({"candidates": [owed, other]})),
            Some(json!({"candidates": [other]}))
        );
        let detected = json!({"profiles": {"u1": {"email": "a@b"}, "u2": {"subject": "u1"}},
                              "signals": [{"subject": "u1"}]});
        let stays = json!({"profiles": {"u2": {"subject": "u1"}}, "signals": []});
        assert_eq!(left(detected), Some(stays));
    }
}
