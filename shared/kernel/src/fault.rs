//! The one error. A new variant forces a decision on retrying, on the HTTP status and on the
//! Step Functions error type, because each is an exhaustive match.

use std::fmt;

/// What went wrong, for whom, and whether trying again can help.
///
/// `message` is for the caller and holds no internals; `cause` is for the log and holds no
/// personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The input breaks a rule; `field` names where.
    Invalid {
        /// The field, as a path (`data.value`).
        field: String,
        /// The rule and the remedy.
        message: String,
        /// The line where the field stands, counted from 1, if it was read from a text of several.
        line: Option<usize>,
    },
    /// No credential, or one that is not known.
    Unauthorized(String),
    /// A good credential that does not allow this.
    Forbidden(String),
    /// The thing named does not exist (or not for this tenant).
    NotFound(String),
    /// The thing changed meanwhile, or exists already.
    Conflict(String),
    /// Too much at once; the same call may succeed later.
    Throttled(String),
    /// The caller's tenant has asked as much as it may; the same call may succeed in so many seconds.
    Limited(u32),
    /// A dependency did not answer; the same call may succeed later.
    Unavailable(String),
    /// A defect of ours; the text is for the log only.
    Internal(String),
}

/// What a caller may do with a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing happened and the same call may succeed later.
    Retryable,
    /// The same call will fail again.
    Permanent,
}

impl Fault {
    /// `Invalid` at `field`.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into(), line: None }
    }

    /// The same fault with `prefix.` before its field, for a rule found inside a larger document.
    #[must_use]
    pub fn within(self, prefix: &str) -> Self {
        match self {
            Self::Invalid { field, message, line } => {
                Self::Invalid { field: format!("{prefix}.{field}"), message, line }
            }
            other => other,
        }
    }

    /// The same fault, which stands on `line` of the text, counted from 1.
    #[must_use]
    pub fn on_line(self, line: usize) -> Self {
        match self {
            Self::Invalid { field, message, .. } => {
                Self::Invalid { field, message, line: Some(line) }
            }
            other => other,
        }
    }

    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::Conflict(_) => "conflict",
            Self::Throttled(_) | Self::Limited(_) => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Throttled(_) | Self::Limited(_) | Self::Unavailable(_) | Self::Conflict(_) => {
                Outcome::Retryable
            }
            Self::Invalid { .. }
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Internal(_) => Outcome::Permanent,
        }
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retryable(&self) -> bool {
        self.outcome() == Outcome::Retryable
    }

    /// The HTTP status (RFC 9110 §15; 429 from RFC 6585 §4).
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid { .. } => 400,
            Self::Unauthorized(_) => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::Conflict(_) => 409,
            Self::Throttled(_) | Self::Limited(_) => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) => 503,
        }
    }

    /// Seconds after which the same call may succeed, where the caller is told to wait (RFC 9110 §10.2.3).
    #[must_use]
    pub const fn wait_s(&self) -> Option<u32> {
        match self {
            Self::Throttled(_) | Self::Unavailable(_) => Some(1),
            Self::Limited(seconds) => Some(*seconds),
            Self::Invalid { .. }
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::Internal(_) => None,
        }
    }

    /// What the caller may read.
    #[must_use]
    pub fn public(&self) -> String {
        match self {
            Self::Internal(_) => "something went wrong on our side; it has been logged".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { field, message, line: None } => write!(f, "{field}: {message}"),
            Self::Invalid { field, message, line: Some(line) } => {
                write!(f, "line {line}: {field}: {message}")
            }
            Self::Limited(seconds) => write!(
                f,
                "the tenant has made as many requests as it may in a minute; send the same again in {seconds} s"
            ),
            Self::Unauthorized(text)
            | Self::Forbidden(text)
            | Self::NotFound(text)
            | Self::Conflict(text)
            | Self::Throttled(text)
            | Self::Unavailable(text)
            | Self::Internal(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internals_stay_inside() {
        let fault = Fault::Internal("table Foo, key Bar".into());
        assert!(!fault.public().contains("Foo"));
        assert_eq!(fault.status(), 500);
    }

    #[test]
    fn a_field_keeps_its_whole_path() {
        let fault = Fault::invalid("value", "must be a number").within("data");
        assert_eq!(fault.to_string(), "data.value: must be a number");
        assert_eq!(fault.on_line(3).to_string(), "line 3: data.value: must be a number");
    }
}
