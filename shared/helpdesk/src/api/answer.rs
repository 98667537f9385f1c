//! What is answered.

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, if it has one.
    pub body: Body,
    /// Headers, by their names in lower case.
    pub headers: Vec<(&'static str, String)>,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// None.
    Empty,
    /// JSON.
    Json(Value),
}

impl Answer {
    /// JSON under a status.
    #[must_use]
    pub const fn json(status: u16, body: Value) -> Self {
        Self { status, body: Body::Json(body), headers: Vec::new() }
    }

    /// What was asked for.
    #[must_use]
    pub const fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// What was made, and where it is.
    #[must_use]
    pub fn created(body: Value, location: String) -> Self {
        Self::json(201, body).header("location", location)
    }

    /// It was done, and there is nothing to tell.
    #[must_use]
    pub const fn done() -> Self {
        Self { status: 200, body: Body::Empty, headers: Vec::new() }
    }

    /// What was taken away leaves nothing to tell.
    #[must_use]
    pub const fn gone() -> Self {
        Self { status: 204, body: Body::Empty, headers: Vec::new() }
    }

    /// Elsewhere.
    #[must_use]
    pub fn found(location: String) -> Self {
        Self { status: 302, body: Body::Empty, headers: Vec::new() }.header("location", location)
    }

    /// The same, with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
