//! Message templates in Liquid, strict and escaped.
//!
//! An unknown variable is a refused send, never an empty greeting. Liquid does not escape, so for
//! HTML every value is escaped before it is bound; for one-line texts line breaks are taken out, so
//! that no value can add a header.

use ceap_kernel::Fault;
use liquid::{Parser, ParserBuilder, Template as Liquid};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Bytes of one template.
const MAX_LENGTH: usize = 64 * 1024;

/// What values may do to the text around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// One line: control characters of values become spaces.
    Line,
    /// Plain text: values as they are.
    Text,
    /// HTML: values escaped (OWASP: `&`, `<`, `>`, `"`, `'`).
    Html,
}

/// A compiled template.
pub struct Template {
    liquid: Liquid,
    source: String,
    escape: Escape,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("source", &self.source).finish_non_exhaustive()
    }
}

fn parser() -> Result<Parser, Fault> {
    ParserBuilder::with_stdlib().build().map_err(|error| Fault::Internal(error.to_string()))
}

impl Template {
    /// Compiles `source`; `field` is its place in the document.
    ///
    /// # Errors
    /// `Invalid` at `field` when it is too long or not Liquid.
    pub fn compile(field: &str, source: &str, escape: Escape) -> Result<Self, Fault> {
        if source.len() > MAX_LENGTH {
            return Err(Fault::invalid(field, format!("must be at most {MAX_LENGTH} bytes")));
        }
        let liquid = parser()?.parse(source).map_err(|error| {
            Fault::invalid(field, format!("is not a Liquid template: {}", first_line(&error)))
        })?;
        Ok(Self { liquid, source: source.to_owned(), escape })
    }

    /// The text with `facts` filled in.
    ///
    /// # Errors
    /// `Invalid`, naming the unknown variable.
    pub fn render(&self, facts: &Value) -> Result<String, Fault> {
        let bound = liquid::model::to_object(&self.safe(facts))
            .map_err(|error| Fault::Internal(error.to_string()))?;
        let text = self
            .liquid
            .render(&bound)
            .map_err(|error| Fault::invalid("template", first_line(&error)))?;
        Ok(match self.escape {
            Escape::Line => text.trim().to_owned(),
            Escape::Text | Escape::Html => text,
        })
    }

    /// The fields of `event.data` that it names; `None` when it uses `data` as a whole.
    #[must_use]
    pub fn event_fields(&self) -> Option<BTreeSet<String>> {
        const ROOT: &str = "event.data";
        let mut fields = BTreeSet::new();
        for tag in self.source.split('{').skip(1) {
            let mut rest = tag;
            while let Some((_, after)) = rest.split_once(ROOT) {
                let name: String = after
                    .strip_prefix('.')?
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-')
                    .collect();
                fields.insert(name);
                rest = after;
            }
        }
        Some(fields)
    }

    fn safe(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(match self.escape {
                Escape::Line => text.replace(char::is_control, " "),
                Escape::Text => text.clone(),
                Escape::Html => escape_html(text),
            }),
            Value::Array(items) => items.iter().map(|item| self.safe(item)).collect(),
            Value::Object(fields) => Value::Object(
                fields.iter().map(|(k, v)| (k.clone(), self.safe(v))).collect::<Map<_, _>>(),
            ),
            other => other.clone(),
        }
    }
}

/// What is wrong, and with which variable. The other lines may quote what was bound.
fn first_line(error: &liquid::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim);
    let first = lines.next().unwrap_or_default().to_owned();
    let named: Vec<&str> = lines
        .filter(|line| line.starts_with("variable=") || line.starts_with("requested "))
        .collect();
    if named.is_empty() { first } else { format!("{first} ({})", named.join(", ")) }
}

fn escape_html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(source: &str, escape: Escape, facts: &Value) -> Result<String, Fault> {
        Template::compile("text", source, escape)?.render(facts)
    }

    #[test]
    fn an_unknown_variable_is_refused_and_named() {
        let facts = json!({"profile": {"secret": "s3cret"}});
        let fault = render("Hi {{ profile.first_name }}", Escape::Text, &facts).unwrap_err();
        assert!(fault.to_string().contains("first_name"), "{fault}");
        assert!(!fault.to_string().contains("s3cret"), "{fault}");
    }

    #[test]
    fn values_cannot_become_markup_or_headers() {
        let facts = json!({"profile": {"name": "<b>\"x\"\r\nBcc: a@b.ch"}});
        let html = render("<p>{{ profile.name }}</p>", Escape::Html, &facts).unwrap();
        assert_eq!(html, "<p>&lt;b&gt;&quot;x&quot;\r\nBcc: a@b.ch</p>");
        let line = render("Hi {{ profile.name }}", Escape::Line, &facts).unwrap();
        assert!(!line.contains(['\r', '\n']), "{line}");
    }

    #[test]
    fn names_the_event_fields_it_needs() {
        let fields = |source| Template::compile("t", source, Escape::Text).unwrap().event_fields();
        let named =
            fields("{{ event.data.value }} {% if event.data.coupon %}x{% endif %}").unwrap();
        assert_eq!(named.into_iter().collect::<Vec<_>>(), ["coupon", "value"]);
        assert_eq!(fields("{{ event.data }}"), None);
    }
}
