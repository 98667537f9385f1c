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

    /// The variables that it reads, as paths (`["event", "data", "value"]`), without those that it
    /// defines itself.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<String>> {
        let tags: Vec<Vec<String>> = tags(&self.source).map(words).collect();
        let own: BTreeSet<&str> = tags.iter().filter_map(|words| defined(words)).collect();
        tags.iter()
            .flat_map(|words| read(words))
            .map(|word| word.split('.').map(str::to_owned).collect::<Vec<_>>())
            .filter(|path| path.first().is_some_and(|root| !own.contains(root.as_str())))
            .collect()
    }

    /// The fields of `event.data` that it names; `None` when it uses `event` or `data` as a whole.
    #[must_use]
    pub fn event_fields(&self) -> Option<BTreeSet<String>> {
        let mut fields = BTreeSet::new();
        for path in self.paths() {
            let mut path = path.into_iter();
            if path.next().as_deref() != Some("event") {
                continue;
            }
            match (path.next().as_deref(), path.next()) {
                (Some("data"), Some(field)) => drop(fields.insert(field)),
                (Some("data") | None, _) => return None,
                _ => {}
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

/// What stands between `{{` or `{%` and its end.
fn tags(source: &str) -> impl Iterator<Item = &str> {
    source.split("{{").flat_map(|part| part.split("{%")).skip(1).filter_map(|part| {
        let ends = [part.find("}}"), part.find("%}")];
        part.get(..ends.into_iter().flatten().min()?)
    })
}

/// The words of a tag, without its quoted texts.
fn words(tag: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in tag.chars() {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c.is_alphanumeric() || "_-.".contains(c) => word.push(c),
            None => {
                words.push(std::mem::take(&mut word));
                if "|:=".contains(c) {
                    words.push(c.to_string());
                }
            }
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty() && word != "-");
    words
}

/// The variable that a tag defines: `assign x = …`, `capture x`, `for x in …`.
fn defined(words: &[String]) -> Option<&str> {
    let mut words = words.iter().map(String::as_str);
    match words.next()? {
        "assign" | "capture" | "for" | "tablerow" | "increment" | "decrement" => words.next(),
        _ => None,
    }
}

/// The words of a tag that are variables: not its own name, its filters, operators or literals.
fn read(words: &[String]) -> impl Iterator<Item = &String> {
    const KEYWORDS: [&str; 38] = [
        "if",
        "elsif",
        "unless",
        "else",
        "endif",
        "endunless",
        "case",
        "when",
        "endcase",
        "for",
        "endfor",
        "in",
        "reversed",
        "break",
        "continue",
        "tablerow",
        "endtablerow",
        "cols",
        "limit",
        "offset",
        "assign",
        "capture",
        "endcapture",
        "cycle",
        "increment",
        "decrement",
        "comment",
        "endcomment",
        "raw",
        "endraw",
        "and",
        "or",
        "contains",
        "true",
        "false",
        "nil",
        "null",
        "empty",
    ];
    let before = std::iter::once(None).chain(words.iter().map(Some));
    words.iter().zip(before).filter_map(|(word, before)| {
        let named = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let filter = before.is_some_and(|before| before == "|");
        let keyword = KEYWORDS.contains(&word.as_str()) || word.starts_with("forloop");
        (named && !filter && !keyword && word != "blank").then_some(word)
    })
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
        assert_eq!(fields("{% for x in event %}{% endfor %}"), None);
        assert_eq!(fields("event.data.x {{ 'event.data.y' }}"), Some(BTreeSet::new()));
    }

    #[test]
    fn names_the_variables_it_reads_and_not_its_own() {
        let source = "{% assign n = features.a | plus: settings.b %}{% if n > 1 and score < 2 %}\
                      {% for item in event.data.items limit: 3 %}{{ item.name | default: \"x.y\" }}\
                      {{ forloop.index }}{% endfor %}{% endif %}{%- unless profile.traits.vip -%}\
                      {{- reasons | join: ', ' -}}{% endunless %}{% case event.type %}{% when 'a' %}\
                      {% endcase %}";
        let template = Template::compile("t", source, Escape::Text).unwrap();
        let paths: Vec<String> = template.paths().iter().map(|path| path.join(".")).collect();
        let expected = [
            "features.a",
            "settings.b",
            "score",
            "event.data.items",
            "profile.traits.vip",
            "reasons",
            "event.type",
        ];
        assert_eq!(paths, expected);
    }
}
