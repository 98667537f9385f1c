//! Variables of texts, as Pinpoint has them: `{{name}}` stands for a substitution of that name, or for something
//! that is known of the endpoint (`{{User.UserAttributes.FirstName}}`).
//!
//! The text becomes a template of the platform's, in which each variable names a value of the request's `data`:
//! so values stay data, and whatever else stands in the text stays as it is.

use super::Values;
use ceap_engagement::endpoint::Endpoint;
use ceap_kernel::Fault;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the platform's templates begin with, which a text may hold by chance.
const MARKS: [&str; 2] = ["{{", "{%"];

/// What texts may name, and what they did name.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    known: BTreeMap<String, String>,
    /// What the templates name: `v0`, `v1`, …
    pub data: Map<String, Value>,
}

impl Variables {
    /// What is known of an endpoint, by the names that Pinpoint's templates have for it (user guide, Message
    /// templates, Attributes).
    #[must_use]
    pub fn of(endpoint: Option<&Endpoint>) -> Self {
        let mut variables = Self::default();
        let json = endpoint.and_then(|endpoint| serde_json::to_value(endpoint).ok());
        if let Some(json) = json {
            variables.learn("", &json);
        }
        variables
    }

    fn learn(&mut self, name: &str, value: &Value) {
        let text = match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    let below =
                        if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                    self.learn(&below, value);
                }
                return;
            }
            Value::Array(items) => {
                let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                texts.join(", ")
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.known.insert(name.to_owned(), text);
    }

    /// Substitutions, in the place of what was known before.
    pub fn substitute(&mut self, values: &Values) {
        let texts = values.iter().map(|(name, values)| (name.clone(), values.join(", ")));
        self.known.extend(texts);
    }

    /// All substitutions as they are, for a template of the platform's own.
    #[must_use]
    pub fn all(values: &Values) -> Map<String, Value> {
        let texts = values.iter().map(|(name, values)| (name.clone(), values.join(", ").into()));
        texts.collect()
    }

    /// The platform's template for `text`, which stands at `field`.
    ///
    /// # Errors
    /// `Invalid` when the text names what there is no value for.
    pub fn template(&mut self, field: &str, text: &str) -> Result<String, Fault> {
        let (mut template, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((at, mark)) = first(rest) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            template.push_str(before);
            let after = from.strip_prefix(mark).unwrap_or_default();
            match (mark, after.split_once("}}")) {
                ("{{", Some((name, after))) => {
                    let value = self.known.get(name.trim()).cloned().ok_or_else(|| {
                        let name: String = name.trim().chars().take(50).collect();
                        let rule = format!(
                            "names {{{{{name}}}}}, for which there is no value in Substitutions"
                        );
                        Fault::invalid(field, rule)
                    })?;
                    self.named(&mut template, value);
                    rest = after;
                }
                _ => {
                    self.named(&mut template, mark.to_owned());
                    rest = after;
                }
            }
        }
        template.push_str(rest);
        Ok(template)
    }

    fn named(&mut self, template: &mut String, value: String) {
        let value = Value::String(value);
        let known = self.data.iter().find(|(_, it)| **it == value).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| format!("v{}", self.data.len()));
        template.push_str("{{ data.");
        template.push_str(&name);
        template.push_str(" }}");
        self.data.insert(name, value);
    }
}

/// Where the next mark begins, and which it is.
fn first(text: &str) -> Option<(usize, &'static str)> {
    let found = MARKS.into_iter().filter_map(|mark| Some((text.find(mark)?, mark)));
    found.min_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        let values = json!({"name": ["Ada"], "items": ["tea", "pots"], "empty": []});
        variables.substitute(&serde_json::from_value(values).unwrap());
        variables
    }

    #[rstest]
    #[case("Hello", "Hello", json!({}))]
    #[case("Hi {{name}}, {{ items }}!", "Hi {{ data.v0 }}, {{ data.v1 }}!", json!({"v0": "Ada", "v1": "tea, pots"}))]
    #[case("{{name}}{{name}}", "{{ data.v0 }}{{ data.v0 }}", json!({"v0": "Ada"}))]
    #[case("{{empty}}.", "{{ data.v0 }}.", json!({"v0": ""}))]
    #[case("50 {% off %} {{ open", "50 {{ data.v0 }} off %} {{ data.v1 }} open", json!({"v0": "{%", "v1": "{{"}))]
    fn a_text_becomes_a_template(#[case] text: &str, #[case] template: &str, #[case] data: Value) {
        let mut variables = variables();
        assert_eq!(variables.template("Body", text).unwrap(), template);
        assert_eq!(Value::Object(variables.data), data);
    }

    #[rstest]
    #[case("{{nobody}}", "names {{nobody}}")]
    #[case("{{#if name}}x{{/if}}", "names {{#if name}}")]
    fn what_has_no_value_is_refused(#[case] text: &str, #[case] says: &str) {
        let refused = variables().template("Body", text).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("Body: {says}")), "{refused}");
    }

    #[test]
    fn an_endpoint_is_known_by_pinpoints_names() {
        let endpoint = json!({
            "Id": "e", "EndpointStatus": "ACTIVE", "CreationDate": "", "EffectiveDate": "", "CohortId": "7",
            "RequestId": "", "Address": "ada@example.com", "Attributes": {"a": ["1", "2"]},
            "Metrics": {"m": 1.5}, "User": {"UserId": "ada", "UserAttributes": {"First": ["Ada"]}},
        });
        let endpoint = serde_json::from_value(endpoint).unwrap();
        let mut variables = Variables::of(Some(&endpoint));
        let text = "{{User.UserAttributes.First}} {{User.UserId}} {{Attributes.a}} {{Metrics.m}} {{Address}}";
        variables.template("Body", text).unwrap();
        let values: Vec<&Value> = variables.data.values().collect();
        assert_eq!(values, ["Ada", "ada", "1, 2", "1.5", "ada@example.com"]);
    }
}
