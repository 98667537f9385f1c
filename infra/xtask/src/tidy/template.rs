//! CloudFormation templates as JSON: YAML's short tags become the functions they stand for.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// A template.
pub struct Template {
    /// Its path relative to the top.
    pub file: String,
    /// All of it.
    pub body: Value,
}

/// A resource of a template.
pub struct Resource<'a> {
    /// Its logical id.
    pub id: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// Its properties, an empty object if it has none.
    pub properties: &'a Value,
}

const NOTHING: &Value = &Value::Null;

impl Template {
    /// Reads a template's text.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let yaml: Yaml =
            serde_yaml_ng::from_str(text).with_context(|| format!("{file} is not YAML"))?;
        Ok(Self { file: file.to_owned(), body: json(yaml) })
    }

    /// Its resources.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let all = self.body.get("Resources").and_then(Value::as_object);
        all.into_iter().flatten().map(|(id, body)| Resource {
            id,
            kind: body.get("Type").and_then(Value::as_str).unwrap_or_default(),
            properties: body.get("Properties").unwrap_or(NOTHING),
        })
    }

    /// Its resources of one type.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.resources().filter(move |resource| resource.kind == kind)
    }

    /// A resource by its logical id.
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.id == id)
    }

    /// Its SAM functions.
    pub fn functions(&self) -> impl Iterator<Item = Resource<'_>> {
        self.of_kind("AWS::Serverless::Function")
    }

    /// A property of a SAM function by its path, its own before the template's `Globals`.
    pub fn function_setting<'a>(
        &'a self,
        function: &Resource<'a>,
        path: &str,
    ) -> Option<&'a Value> {
        let globals = self.body.pointer("/Globals/Function").unwrap_or(NOTHING);
        function.properties.pointer(path).or_else(|| globals.pointer(path))
    }
}

impl Resource<'_> {
    /// The folder that a SAM function's `CodeUri` ends in.
    pub fn code_name(&self) -> Option<&str> {
        let uri = self.properties.get("CodeUri")?.as_str()?;
        uri.trim_end_matches('/').rsplit('/').next()
    }
}

/// The logical id that a value refers to by `Ref` or `Fn::GetAtt`.
pub fn target(value: &Value) -> Option<&str> {
    let attribute = value.get("Fn::GetAtt");
    let found = value.get("Ref").or_else(|| attribute?.get(0)).or(attribute)?.as_str()?;
    found.split('.').next()
}

/// A value that may be one or a list, as a list.
pub fn many(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
    }
}

fn json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => serde_json::to_value(number).unwrap_or(Value::Null),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(all) => all.into_iter().map(json).collect(),
        Yaml::Mapping(all) => {
            let key = |key: Yaml| match json(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Value::Object(all.into_iter().map(|(k, v)| (key(k), json(v))).collect::<Map<_, _>>())
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let value = json(tagged.value);
            match (name, &value) {
                ("Ref" | "Condition", _) => json!({ name: value }),
                ("GetAtt", Value::String(dotted)) => {
                    let parts: Vec<&str> = dotted.splitn(2, '.').collect();
                    json!({ "Fn::GetAtt": parts })
                }
                _ => json!({ (format!("Fn::{name}")): value }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_functions() {
        let text = "A: !Ref X\nB: !GetAtt Q.Arn\nC: !Sub a-${B}\nD: !If [P, 1, !Ref AWS::NoValue]\nE: {2012: x}";
        let template = Template::parse("t.yaml", text).unwrap();
        assert_eq!(
            template.body,
            json!({"A": {"Ref": "X"}, "B": {"Fn::GetAtt": ["Q", "Arn"]}, "C": {"Fn::Sub": "a-${B}"},
                   "D": {"Fn::If": ["P", 1, {"Ref": "AWS::NoValue"}]}, "E": {"2012": "x"}})
        );
        assert_eq!(target(&template.body["B"]), Some("Q"));
    }
}
