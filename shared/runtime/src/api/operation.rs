//! What is said of one operation of the API.

use ceap_kernel::access::Role;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may ask.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Whoever has a credential of a role that this allows. [`crate::http::serve`] sees to it.
    Role(fn(Role) -> bool),
    /// As `Role`; and who has a token for the one inbox. Its function sees to it.
    Inbox(fn(Role) -> bool),
    /// Whoever has the link: the path holds a signed token. Its function sees to it.
    Link,
    /// Whoever has a write key, as its client's dialect carries it. Its function sees to it, and answers
    /// errors in that dialect.
    WriteKey,
    /// Whoever signs with the access key of a source (AWS Signature Version 4). Its function sees to it, and
    /// answers errors as Amazon Pinpoint does.
    SigV4,
    /// A provider that signs what it sends. Its function sees to it.
    Signature,
    /// Anyone.
    Anyone,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path, as `{name}`.
    Path,
    /// In the query.
    Query,
    /// Among the headers.
    Header,
}

/// A parameter; or a header of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether it must be there; those of the path must.
    pub required: bool,
    /// What it is for.
    pub about: &'static str,
    /// Its schema.
    pub schema: SchemaOf,
}

impl Parameter {
    /// A variable of the path.
    #[must_use]
    pub const fn path<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self::new::<T>(name, Place::Path, about).required()
    }

    /// A variable of the query that may be left out.
    #[must_use]
    pub const fn query<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self::new::<T>(name, Place::Query, about)
    }

    /// A header that may be left out.
    #[must_use]
    pub const fn header<T: JsonSchema>(name: &'static str, about: &'static str) -> Self {
        Self::new::<T>(name, Place::Header, about)
    }

    const fn new<T: JsonSchema>(name: &'static str, place: Place, about: &'static str) -> Self {
        let schema: SchemaOf = SchemaGenerator::subschema_for::<T>;
        Self { name, place, required: false, about, schema }
    }

    /// The same, which must be there.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// A body of one media type.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    /// The media type; `*/*` for any.
    pub media: &'static str,
    /// Its schema.
    pub schema: SchemaOf,
    /// An example: JSON where the media type is, else text. Empty for none.
    pub example: &'static str,
}

impl Content {
    /// A value in JSON, and an example of it in JSON.
    #[must_use]
    pub const fn json<T: JsonSchema>(example: &'static str) -> Self {
        Self::of::<T>("application/json", example)
    }

    /// Text of another media type, whose schema is `T`'s.
    #[must_use]
    pub const fn of<T: JsonSchema>(media: &'static str, example: &'static str) -> Self {
        Self { media, schema: SchemaGenerator::subschema_for::<T>, example }
    }

    /// Whether it is one JSON value (RFC 6839 §3.1).
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media == "application/json" || self.media.ends_with("+json")
    }
}

/// What an operation answers when it succeeds.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// When, and what it holds.
    pub about: &'static str,
    /// The body; none for 204.
    pub content: Option<Content>,
    /// Headers that it may have.
    pub headers: &'static [Parameter],
}

impl Answer {
    /// A value in JSON.
    #[must_use]
    pub const fn json<T: JsonSchema>(status: u16, about: &'static str) -> Self {
        Self::with(status, about, Content::json::<T>(""))
    }

    /// Nothing but success.
    #[must_use]
    pub const fn empty(about: &'static str) -> Self {
        Self { status: 204, about, content: None, headers: &[] }
    }

    /// Any body.
    #[must_use]
    pub const fn with(status: u16, about: &'static str, content: Content) -> Self {
        Self { status, about, content: Some(content), headers: &[] }
    }

    /// A page of NDJSON, as [`crate::http::Reply::lines`] answers it.
    #[must_use]
    pub const fn lines(about: &'static str) -> Self {
        let mut answer = Self::with(200, about, Content::of::<String>("application/x-ndjson", ""));
        answer.headers = &[NEXT_CURSOR];
        answer
    }
}

/// Where the next page of a download begins.
const NEXT_CURSOR: Parameter = Parameter::header::<String>(
    "X-Next-Cursor",
    "The `cursor` of the next page; not there after the last.",
);

/// Where a page begins.
pub const CURSOR: Parameter = Parameter::query::<String>(
    "cursor",
    "Where the page begins: what the page before gave for it.",
);

/// The version that a change is made to.
pub const IF_MATCH: Parameter = Parameter::header::<String>(
    "If-Match",
    "The version that is changed, as `\"3\"` (RFC 9110 §13.1.1). 409 when another one is kept.",
);

/// What makes a request safe to repeat.
pub const IDEMPOTENCY_KEY: Parameter = Parameter::header::<String>(
    "Idempotency-Key",
    "1 to 255 bytes, in quotes or without: the same request under the same key happens once, another one under it is \
     refused with 409.",
);

/// One operation: what the API's document says of it, and what every call of it is held to.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Method and path as the template's route has them: `GET /v1/messages/{id}`.
    pub route: &'static str,
    /// Its name in generated clients: `getMessage`.
    pub id: &'static str,
    /// A few words.
    pub summary: &'static str,
    /// What else there is to know. Markdown; may be empty.
    pub about: &'static str,
    /// Who may ask.
    pub access: Access,
    /// Its parameters, all of those in the path among them.
    pub parameters: &'static [Parameter],
    /// The bodies that it takes; empty when it takes none.
    pub body: &'static [Content],
    /// Whether the body may be left out.
    pub optional_body: bool,
    /// How it succeeds.
    pub answers: &'static [Answer],
    /// Statuses of its own problems, beside those that every operation has: 404, 409.
    pub fails: &'static [u16],
}

impl Operation {
    /// An operation without parameters and body.
    #[must_use]
    pub const fn new(
        route: &'static str,
        id: &'static str,
        summary: &'static str,
        access: Access,
    ) -> Self {
        Self {
            route,
            id,
            summary,
            about: "",
            access,
            parameters: &[],
            body: &[],
            optional_body: false,
            answers: &[],
            fails: &[],
        }
    }

    /// What else there is to know.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Its parameters.
    #[must_use]
    pub const fn parameters(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    /// What it takes: any one of these.
    #[must_use]
    pub const fn takes(mut self, body: &'static [Content]) -> Self {
        self.body = body;
        self
    }

    /// Its body may be left out.
    #[must_use]
    pub const fn or_nothing(mut self) -> Self {
        self.optional_body = true;
        self
    }

    /// How it succeeds.
    #[must_use]
    pub const fn answers(mut self, answers: &'static [Answer]) -> Self {
        self.answers = answers;
        self
    }

    /// How else it fails: statuses beside those that every operation has.
    #[must_use]
    pub const fn fails(mut self, fails: &'static [u16]) -> Self {
        self.fails = fails;
        self
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.route.split_once(' ').map_or("", |(method, _)| method)
    }

    /// Its path, with its variables in braces.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.route.split_once(' ').map_or("", |(_, path)| path)
    }

    /// Whether it takes a body of this content type. One that does not say what it is is tried.
    #[must_use]
    pub fn understands(&self, content_type: &str) -> bool {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let is = |media: &str| media == "*/*" || media.eq_ignore_ascii_case(kind);
        kind.is_empty() || self.body.is_empty() || self.body.iter().any(|it| is(it.media))
    }
}
