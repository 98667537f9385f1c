//! What makes a value inert where it stands.

use super::url::{DOUBLE, MARKS, SINGLE};
use liquid_core::parser::{
    Filter, FilterArguments, FilterReflection, ParameterReflection, ParseFilter,
};
use liquid_core::{Runtime, Value, ValueView};
use std::fmt;

/// What values may do to the text around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// One line: control characters become spaces, so that no value can add a header (RFC 5322 §2.2).
    Line,
    /// Plain text: values as they are.
    Text,
    /// HTML: values escaped for where they stand (OWASP, Cross Site Scripting Prevention).
    Html,
    /// One URL: no value may choose a scheme that runs something.
    Url,
}

/// The filters that are put last into outputs. Authors cannot name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// `& < > " '` become references.
    Html,
    /// The same, but `&` stays: for what is escaped already.
    Quotes,
    /// Marks the output inside a double-quoted URL attribute.
    MarkDouble,
    /// Marks the output inside a single-quoted URL attribute.
    MarkSingle,
}

impl Last {
    pub(super) const ALL: [Self; 4] =
        [Self::Html, Self::Quotes, Self::MarkDouble, Self::MarkSingle];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Html => "_html",
            Self::Quotes => "_quotes",
            Self::MarkDouble => "_mark_double",
            Self::MarkSingle => "_mark_single",
        }
    }

    fn apply(self, text: &str) -> String {
        match self {
            Self::Html => escape(text, true),
            Self::Quotes => escape(text, false),
            Self::MarkDouble => format!("{DOUBLE}{text}"),
            Self::MarkSingle => format!("{SINGLE}{text}"),
        }
    }
}

fn escape(text: &str, ampersands: bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' if ampersands => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if MARKS.contains(&c) => {}
            c => safe.push(c),
        }
    }
    safe
}

impl FilterReflection for Last {
    fn name(&self) -> &str {
        (*self).name()
    }

    fn description(&self) -> &str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Last {
    fn parse(&self, _: FilterArguments<'_>) -> liquid_core::Result<Box<dyn Filter>> {
        Ok(Box::new(*self))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((*self).name())
    }
}

impl Filter for Last {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Value> {
        Ok(Value::scalar(self.apply(&input.render().to_string())))
    }
}
