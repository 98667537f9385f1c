//! CloudFormation templates as JSON: YAML's short tags become the functions they stand for.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;
use std::path::{Path, PathBuf};

/// Where templates are, beside the root one.
const FOLDERS: [&str; 2] = ["infra", "infra/feeds"];

/// All templates of the repository at `root`: the root one first, then the others by their names.
///
/// # Errors
/// If one cannot be read, or is not YAML.
pub fn all(root: &Path) -> Result<Vec<Template>> {
    let mut files = vec![root.join("template.yaml")];
    for folder in FOLDERS {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        found.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        found.sort();
        files.append(&mut found);
    }
    files.retain(|file| file.exists());
    files.iter().map(|file| read(root, file)).collect()
}

fn read(root: &Path, file: &Path) -> Result<Template> {
    let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    Template::parse(&name, &text)
}

/// A template.
#[derive(Debug)]
pub struct Template {
    /// Its path relative to the top.
    pub file: String,
    /// All of it.
    pub body: Value,
}

/// A resource of a template.
#[derive(Debug, Clone, Copy)]
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
    ///
    /// # Errors
    /// If it is not YAML.
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
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.id == id)
    }

    /// Its SAM functions.
    pub fn functions(&self) -> impl Iterator<Item = Resource<'_>> {
        self.of_kind("AWS::Serverless::Function")
    }

    /// A property of a SAM function by its path, its own before the template's `Globals`.
    #[must_use]
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
    #[must_use]
    pub fn code_name(&self) -> Option<&str> {
        let uri = self.properties.get("CodeUri")?.as_str()?;
        uri.trim_end_matches('/').rsplit('/').next()
    }
}

/// A text as it is written: plain, or with the placeholders of `Fn::Sub`. What is referred to is a placeholder too.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    if let Some(plain) = value.as_str() {
        return Some(plain.to_owned());
    }
    if let Some(sub) = value.get("Fn::Sub") {
        return Some(sub.as_str().or_else(|| sub.get(0)?.as_str())?.to_owned());
    }
    if let Some(id) = value.get("Ref").and_then(Value::as_str) {
        return Some(format!("${{{id}}}"));
    }
    let parts: Vec<&str> =
        value.get("Fn::GetAtt")?.as_array()?.iter().filter_map(Value::as_str).collect();
    Some(format!("${{{}}}", parts.join(".")))
}

/// The logical id that a value refers to by `Ref` or `Fn::GetAtt`.
#[must_use]
pub fn target(value: &Value) -> Option<&str> {
    let attribute = value.get("Fn::GetAtt");
    let found = value.get("Ref").or_else(|| attribute?.get(0)).or(attribute)?.as_str()?;
    found.split('.').next()
}

/// A value that may be one or a list, as a list.
#[must_use]
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
        let yaml = "A: !Ref X\nB: !GetAtt Q.Arn\nC: !Sub a-${B}\nD: !If [P, 1, !Ref AWS::NoValue]\nE: {2012: x}";
        let template = Template::parse("t.yaml", yaml).unwrap();
        assert_eq!(
            template.body,
            json!({"A": {"Ref": "X"}, "B": {"Fn::GetAtt": ["Q", "Arn"]}, "C": {"Fn::Sub": "a-${B}"},
                   "D": {"Fn::If": ["P", 1, {"Ref": "AWS::NoValue"}]}, "E": {"2012": "x"}})
        );
        assert_eq!(target(&template.body["B"]), Some("Q"));
        let said = ["A", "B", "C"].map(|key| text(&template.body[key]).unwrap());
        assert_eq!(said, ["${X}", "${Q.Arn}", "a-${B}"]);
        assert_eq!(text(&template.body["D"]), None);
    }
}
