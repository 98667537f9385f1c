//! Errors as the API shows them: problem documents (RFC 9457).

use crate::api::{Access, Operation};
use ceap_kernel::Fault;
use lambda_http::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A problem: what went wrong with a call, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// `urn:ceap:problem:` and the code. The manual lists them, with what to do.
    pub r#type: String,
    /// The same for all problems of a type.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A stable code for programs.
    pub code: &'static str,
    /// What is wrong with this call, and the remedy.
    pub detail: String,
    /// Which call it was: `urn:ceap:request:` and the id that the access log knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Which input breaks a rule: a field of the body as a path with dots, a parameter, a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The line of the body where that field stands, counted from 1, in a document of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Where that field is in the body that was sent: a JSON Pointer as a fragment (RFC 6901 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Problem {
    /// What a call is told of a fault. `body` is what was sent; `request` the id of the call.
    #[must_use]
    pub fn of(fault: &Fault, body: &[u8], request: Option<&str>) -> Self {
        let status = Status::from(fault);
        let mut problem = Self::new(status, fault.public(), request);
        let (field, line) = match fault {
            Fault::Invalid { field, line, .. } => (Some(field.clone()), *line),
            _ => (None, None),
        };
        let sent = || serde_json::from_slice::<Value>(body).ok();
        problem.pointer = field.as_deref().and_then(|field| pointer(&sent()?, field));
        problem.field = field;
        problem.line = line;
        problem
    }

    /// What a call is told whose path has only the methods `allowed`.
    #[must_use]
    pub fn no_such_method(allowed: &str, request: Option<&str>) -> Self {
        Self::new(Status::NoSuchMethod, format!("this path takes {allowed}"), request)
    }

    fn new(status: Status, detail: String, request: Option<&str>) -> Self {
        Self {
            r#type: format!("urn:ceap:problem:{}", status.code()),
            title: status.title(),
            status: status.number(),
            code: status.code(),
            detail,
            instance: request.map(|id| format!("urn:ceap:request:{id}")),
            field: None,
            line: None,
            pointer: None,
        }
    }
}

/// What may go wrong, and the status that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The input breaks a rule.
    Invalid,
    /// No credential, or one that is not known.
    Unauthorized,
    /// A good credential that does not allow this.
    Forbidden,
    /// The thing, or the route, does not exist.
    NotFound,
    /// There is such a path, and it has no such method.
    NoSuchMethod,
    /// The thing changed meanwhile.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The body is of a kind that is not taken.
    Unsupported,
    /// Too much at once.
    Throttled,
    /// A defect.
    Internal,
    /// A dependency did not answer.
    Unavailable,
}

/// A header of an answer: its name, what it is for, and its value.
pub type Header = (&'static str, &'static str, &'static str);

impl Status {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Invalid,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::NoSuchMethod,
        Self::Conflict,
        Self::TooLarge,
        Self::Unsupported,
        Self::Throttled,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The HTTP status (RFC 9110 §15; 429 from RFC 6585 §4).
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::NoSuchMethod => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Unsupported => 415,
            Self::Throttled => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// A stable code for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::NoSuchMethod => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::Unsupported => "unsupported_media_type",
            Self::Throttled => "throttled",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// Its name in the API's document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::NoSuchMethod => "MethodNotAllowed",
            Self::Conflict => "Conflict",
            Self::TooLarge => "TooLarge",
            Self::Unsupported => "UnsupportedMediaType",
            Self::Throttled => "Throttled",
            Self::Internal => "Internal",
            Self::Unavailable => "Unavailable",
        }
    }

    /// In a few words, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invalid => "The input breaks a rule",
            Self::Unauthorized => "The credential is missing or not known",
            Self::Forbidden => "The credential does not allow this",
            Self::NotFound => "There is no such thing",
            Self::NoSuchMethod => "There is no such method here",
            Self::Conflict => "Something else came first",
            Self::TooLarge => "The body is too large",
            Self::Unsupported => "The body is of a kind that is not taken",
            Self::Throttled => "Too much at once",
            Self::Internal => "Something went wrong on our side",
            Self::Unavailable => "Something that is needed does not answer",
        }
    }

    /// In a sentence, for the API's document.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Invalid => {
                "The input breaks a rule; `field` names it, `pointer` its place in the body."
            }
            Self::Unauthorized => "No credential, or one that is not known, or no longer.",
            Self::Forbidden => "A good credential whose role, or tenant, does not allow this.",
            Self::NotFound => "There is no such thing, or not for this tenant.",
            Self::NoSuchMethod => {
                "There is such a path, and it has no such method; `Allow` names those it has."
            }
            Self::Conflict => "It changed meanwhile, or exists already: read it again.",
            Self::TooLarge => "The body is larger than 1 MiB, decoded: send it in parts.",
            Self::Unsupported => "The content type, or encoding, is not taken.",
            Self::Throttled => "Too much at once: send the same again, a little later.",
            Self::Internal => "A defect of the platform; it has been logged.",
            Self::Unavailable => {
                "Something that is needed does not answer: send the same again, a little later."
            }
        }
    }

    /// Headers that come with it.
    #[must_use]
    pub const fn headers(self) -> &'static [Header] {
        match self {
            Self::Unauthorized => {
                &[("WWW-Authenticate", "What to authenticate with (RFC 9110 §11.6.1).", "Bearer")]
            }
            Self::Throttled | Self::Unavailable => {
                &[("Retry-After", "Seconds to wait (RFC 9110 §10.2.3).", "1")]
            }
            _ => &[],
        }
    }

    /// The problems that an operation may answer.
    #[must_use]
    pub fn of(operation: &Operation) -> Vec<Self> {
        // They tell all of it in words of their own.
        if matches!(operation.access, Access::WriteKey | Access::SigV4) {
            return Vec::new();
        }
        let secured = matches!(operation.access, Access::Role(_) | Access::Inbox(_));
        let body = !operation.body.is_empty();
        let may = |status: &Self| match status {
            Self::Invalid => body || !operation.parameters.is_empty(),
            Self::Unauthorized | Self::Forbidden => secured,
            Self::TooLarge | Self::Unsupported => body,
            Self::Throttled | Self::Unavailable => !matches!(operation.access, Access::Anyone),
            Self::Internal => true,
            Self::NotFound | Self::NoSuchMethod | Self::Conflict => false,
        };
        // Recipients' pages are pages, whatever happens, but for a body that is none.
        let page = |status: &Self| matches!(status, Self::TooLarge | Self::Unsupported);
        let told = |it: &Self| may(it) && (page(it) || !matches!(operation.access, Access::Link));
        let own = |status: &Self| operation.fails.contains(&status.number());
        Self::ALL.into_iter().filter(|it| own(it) || told(it)).collect()
    }
}

impl From<&Fault> for Status {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Invalid { field, .. } if field == CONTENT_LENGTH.as_str() => Self::TooLarge,
            Fault::Invalid { field, .. }
                if field == CONTENT_TYPE.as_str() || field == CONTENT_ENCODING.as_str() =>
            {
                Self::Unsupported
            }
            Fault::Invalid { .. } => Self::Invalid,
            Fault::Unauthorized(_) => Self::Unauthorized,
            Fault::Forbidden(_) => Self::Forbidden,
            Fault::NotFound(_) => Self::NotFound,
            Fault::Conflict(_) => Self::Conflict,
            Fault::Throttled(_) | Fault::Limited(_) => Self::Throttled,
            Fault::Internal(_) => Self::Internal,
            Fault::Unavailable(_) => Self::Unavailable,
        }
    }
}

/// Headers of an answer that tells a fault: their names and values.
pub fn headers(fault: &Fault) -> impl Iterator<Item = (&'static str, String)> {
    let wait_s = fault.wait_s();
    Status::from(fault).headers().iter().map(move |(name, _, usual)| {
        let wait = wait_s.filter(|_| *name == "Retry-After").map(|it| it.to_string());
        (*name, wait.unwrap_or_else(|| (*usual).to_owned()))
    })
}

/// Where a field stands in what was sent, if it does. Names may hold dots, so the longest that is there
/// is taken at every step.
fn pointer(sent: &Value, field: &str) -> Option<String> {
    let (mut at, mut rest, mut path) = (sent, field, "#".to_owned());
    while !rest.is_empty() {
        let (name, next, below) = step(at, rest)?;
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        (at, rest) = (next, below);
    }
    Some(path)
}

/// The first name of a path, what stands under it, and the rest of the path.
fn step<'a, 'f>(at: &'a Value, path: &'f str) -> Option<(&'f str, &'a Value, &'f str)> {
    let below = |rest: &'f str| rest.strip_prefix('.').unwrap_or(rest);
    if let Some((index, rest)) = path.strip_prefix('[').and_then(|it| it.split_once(']')) {
        return Some((index, at.get(index.parse::<usize>().ok()?)?, below(rest)));
    }
    let fields = at.as_object()?;
    let ends = path.char_indices().filter(|(_, c)| matches!(c, '.' | '[')).map(|(end, _)| end);
    let mut ends: Vec<usize> = ends.collect();
    ends.push(path.len());
    ends.into_iter().rev().find_map(|end| {
        let (name, rest) = path.split_at_checked(end)?;
        Some((name, fields.get(name)?, below(rest)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_found_where_it_stands() {
        let sent = json!({
            "to": 1,
            "consents": {"email.marketing": {"given": 3}, "a/b~c": 1},
            "attachments": [{"name": "x"}],
        });
        for (field, expected) in [
            ("to", Some("#/to")),
            ("missing", None),
            ("consents.email.marketing.given", Some("#/consents/email.marketing/given")),
            ("consents.email.marketing", Some("#/consents/email.marketing")),
            ("consents.a/b~c", Some("#/consents/a~1b~0c")),
            ("attachments[0].name", Some("#/attachments/0/name")),
            ("attachments[0].data", None),
            ("attachments[7].data", None),
            ("nowhere.at.all", None),
        ] {
            assert_eq!(pointer(&sent, field).as_deref(), expected, "{field}");
        }
        assert_eq!(pointer(&json!([1]), "limit"), None);
    }

    #[test]
    fn a_mistake_in_a_document_has_its_line() {
        let fault = Fault::invalid("filter[0].when", "is no condition").on_line(16);
        let problem = Problem::of(&fault, b"id: x", None);
        assert_eq!(problem.detail, "line 16: filter[0].when: is no condition");
        assert_eq!((problem.field.as_deref(), problem.line), (Some("filter[0].when"), Some(16)));
    }

    #[test]
    fn who_has_to_wait_is_told_how_long() {
        let told = |fault: &Fault| headers(fault).collect::<Vec<_>>();
        assert_eq!(told(&Fault::Limited(37)), [("Retry-After", "37".to_owned())]);
        let busy = Fault::Throttled(String::new());
        assert_eq!(told(&busy), [("Retry-After", "1".to_owned())]);
        let nobody = Fault::Unauthorized(String::new());
        assert_eq!(told(&nobody), [("WWW-Authenticate", "Bearer".to_owned())]);
        assert_eq!(told(&Fault::invalid("a", "b")), []);
    }

    #[test]
    fn every_fault_has_its_status() {
        let all = [
            Fault::invalid("a", ""),
            Fault::Unauthorized(String::new()),
            Fault::Forbidden(String::new()),
            Fault::NotFound(String::new()),
            Fault::Conflict(String::new()),
            Fault::Throttled(String::new()),
            Fault::Limited(7),
            Fault::Unavailable(String::new()),
            Fault::Internal(String::new()),
        ];
        for fault in all {
            let status = Status::from(&fault);
            assert_eq!((status.number(), status.code()), (fault.status(), fault.code()));
        }
        assert_eq!(Status::from(&Fault::invalid("content-type", "")).number(), 415);
        assert_eq!(Status::from(&Fault::invalid("content-encoding", "")).number(), 415);
        assert_eq!(Status::from(&Fault::invalid("content-length", "")).number(), 413);
    }
}
