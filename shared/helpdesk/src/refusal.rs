//! Why a record cannot be as it was asked for, each field with its own reasons: what Zendesk answers as
//! `RecordInvalid`, status 422.

use crate::ids::FieldId;
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
    /// Which of the tenant's own fields it is about, if it is about one.
    #[serde(flatten)]
    pub about: Option<About>,
}

/// A field that a tenant defined, as reasons name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum About {
    /// A ticket's.
    Ticket {
        /// Its id.
        ticket_field_id: FieldId,
        /// Its type, as reasons name it: `FieldTagger`.
        ticket_field_type: &'static str,
    },
    /// A person's or an organization's.
    Profile {
        /// Its id.
        field_key: FieldId,
    },
}

impl Refusal {
    /// One more reason against `field`.
    pub fn add(
        &mut self,
        field: impl Into<String>,
        description: impl Into<String>,
        error: Option<&'static str>,
    ) {
        self.push(field, Reason { description: description.into(), error, about: None });
    }

    /// A reason that was found elsewhere.
    pub fn push(&mut self, field: impl Into<String>, reason: Reason) {
        self.0.entry(field.into()).or_default().push(reason);
    }

    /// All reasons of another.
    pub fn extend(&mut self, other: Self) {
        for (field, reasons) in other.0 {
            self.0.entry(field).or_default().extend(reasons);
        }
    }

    /// `value` if nothing speaks against it.
    ///
    /// # Errors
    /// These reasons, if there are any.
    pub fn against<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// All reasons, each after its field.
    #[must_use]
    pub fn says(&self) -> String {
        let each = |(field, reasons): (&String, &Vec<Reason>)| {
            let all: Vec<&str> = reasons.iter().map(|it| it.description.as_str()).collect();
            format!("{field}: {}", all.join(", "))
        };
        self.0.iter().map(each).collect::<Vec<_>>().join("; ")
    }

    /// The reasons against `field`.
    #[must_use]
    pub fn reasons(&self, field: &str) -> &[Reason] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }
}
