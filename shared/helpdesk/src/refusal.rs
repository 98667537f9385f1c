//! Why a record cannot be as it was asked for, each field with its own reasons: what Zendesk answers as
//! `RecordInvalid`, status 422.

use serde::Serialize;
use std::collections::BTreeMap;

/// Reasons by field; `base` where they concern the whole record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Refusal(BTreeMap<String, Vec<Reason>>);

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// For people, beginning with the field's name.
    pub description: String,
    /// For programs.
    pub error: Option<&'static str>,
}

impl Refusal {
    /// One more reason against `field`.
    pub fn add(
        &mut self,
        field: impl Into<String>,
        description: impl Into<String>,
        error: Option<&'static str>,
    ) {
        let reason = Reason { description: description.into(), error };
        self.0.entry(field.into()).or_default().push(reason);
    }

    /// `value` if nothing speaks against it.
    ///
    /// # Errors
    /// These reasons, if there are any.
    pub fn against<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The reasons against `field`.
    #[must_use]
    pub fn reasons(&self, field: &str) -> &[Reason] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }
}
