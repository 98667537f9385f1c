//! What is refused, in Zendesk's words
//! ([errors](https://developer.zendesk.com/api-reference/introduction/requests/#4xx-range)).

use super::answer::Answer;
use crate::refusal::Refusal;
use ceap_kernel::Fault;
use serde_json::{Value, json};

/// Why something is not done.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Nobody who is known asks.
    Unknown,
    /// Who asks may not.
    Forbidden,
    /// There is no such record, or not for who asks.
    NotFound,
    /// There is no such route; with the reason where it is one that Zendesk has.
    NoRoute(Option<&'static str>),
    /// A parameter is not as it must be.
    Parameter(String, String),
    /// The body is no JSON.
    Unreadable(String),
    /// The record cannot be so.
    Invalid(Refusal),
    /// More values than a request takes.
    TooMany(&'static str),
    /// Somebody else changed it meanwhile.
    Conflict,
    /// Too many requests; how many seconds to wait.
    Throttled(u64),
    /// The body, or a file, is too large; what to do instead.
    TooLarge(String),
    /// Anything else that has words of its own: status, code and description.
    Other(u16, &'static str, String),
    /// The same as newer parts of the API say it: status, code and title.
    Listed(u16, &'static str, String),
    /// It could not be done.
    Fault(Fault),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unauthorized(_) => Self::Unknown,
            Fault::Forbidden(_) => Self::Forbidden,
            Fault::NotFound(_) => Self::NotFound,
            Fault::Conflict(_) => Self::Conflict,
            Fault::Invalid { field, message, .. } => Self::field(field, message),
            other => Self::Fault(other),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Invalid(refusal)
    }
}

impl Refused {
    /// A parameter is not as it must be.
    pub fn parameter(name: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Parameter(name.into(), rule.into())
    }

    /// A field of a record is not as it must be.
    pub fn field(name: impl Into<String>, rule: impl Into<String>) -> Self {
        let (name, rule) = (name.into(), rule.into());
        let mut refusal = Refusal::default();
        let text = format!("{}: {rule}", titled(&name));
        refusal.add(name, text, Some("InvalidValue"));
        Self::Invalid(refusal)
    }

    /// What the caller is answered.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let answer = Answer::json(self.status(), self.body());
        match self {
            Self::Throttled(seconds) => answer.header("retry-after", seconds.to_string()),
            Self::Unknown => answer.header("www-authenticate", "Basic realm=\"Web Password\""),
            Self::Fault(Fault::Unavailable(_) | Fault::Throttled(_) | Fault::Limited(_)) => {
                answer.header("retry-after", "5")
            }
            _ => answer,
        }
    }

    /// What is wrong, in one line, for who does not read answers.
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::Unknown => "the account is not set up".to_owned(),
            Self::Forbidden => "it is not allowed".to_owned(),
            Self::NotFound | Self::NoRoute(_) => "there is no such thing".to_owned(),
            Self::Parameter(name, rule) => format!("{name}: {rule}"),
            Self::Invalid(refusal) => refusal.says(),
            Self::TooMany(name) => format!("{name}: too many"),
            Self::Conflict => "it was changed meanwhile".to_owned(),
            Self::Throttled(_) => "too many requests".to_owned(),
            Self::Unreadable(text)
            | Self::TooLarge(text)
            | Self::Other(_, _, text)
            | Self::Listed(_, _, text) => text.clone(),
            Self::Fault(fault) => fault.code().to_owned(),
        }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unknown => 401,
            Self::Forbidden => 403,
            Self::NotFound | Self::NoRoute(_) => 404,
            Self::Parameter(..) | Self::TooMany(_) => 400,
            Self::Unreadable(_) | Self::Invalid(_) => 422,
            Self::Conflict => 409,
            Self::Throttled(_) => 429,
            Self::TooLarge(_) => 413,
            Self::Other(status, ..) | Self::Listed(status, ..) => *status,
            Self::Fault(fault) if fault.retryable() => 503,
            Self::Fault(_) => 500,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Unknown => json!({"error": "Couldn't authenticate you"}),
            Self::Forbidden => titled_error(
                "Forbidden",
                "You do not have access to this page. Please contact the account owner of this help desk for further help.",
            ),
            Self::NotFound => described("RecordNotFound", "Not found"),
            Self::NoRoute(reason) => described("InvalidEndpoint", reason.unwrap_or("Not found")),
            Self::Parameter(name, rule) => titled_error(
                "Invalid attribute",
                &format!(
                    "You passed an invalid value for the {name} attribute. Invalid parameter: {name} {rule}"
                ),
            ),
            Self::Unreadable(_) => {
                json!({"error": "Unprocessable Entity", "message": "Server could not parse JSON"})
            }
            Self::Invalid(refusal) => json!({
                "error": "RecordInvalid",
                "description": "Record validation errors",
                "details": refusal,
            }),
            Self::TooMany(name) => {
                described("TooManyValues", &format!("Parameter {name} accepts at most 100 values"))
            }
            Self::Conflict => described(
                "UpdateConflict",
                "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again.",
            ),
            Self::Throttled(_) => described(
                "APIRateLimitExceeded",
                "Number of allowed API requests per minute exceeded",
            ),
            Self::TooLarge(remedy) => described("AttachmentTooLarge", remedy),
            Self::Other(_, code, text) => described(code, text),
            Self::Listed(_, code, title) => json!({"errors": [{"code": code, "title": title}]}),
            Self::Fault(fault) if fault.retryable() => {
                described("ServiceUnavailable", "Try again in a few seconds")
            }
            Self::Fault(_) => described("InternalError", "Something went wrong on our side"),
        }
    }
}

fn described(code: &str, text: &str) -> Value {
    json!({"error": code, "description": text})
}

fn titled_error(title: &str, message: &str) -> Value {
    json!({"error": {"title": title, "message": message}})
}

/// `external_id` as people read it: `External`, as Zendesk does.
fn titled(field: &str) -> String {
    let words = field.strip_suffix("_id").unwrap_or(field).replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
