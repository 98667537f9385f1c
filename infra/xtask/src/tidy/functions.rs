//! Settings that every function must have, and its environment.

use std::collections::BTreeSet;

use ceap_stacks::{Resource, Template, target};
use serde_json::Value;

use super::{Finding, house::House};

/// Logs with retention, arm64, tracing, JSON.
pub fn settings(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for template in &house.templates {
        for function in template.functions() {
            for text in missing(template, &function) {
                findings.push(Finding::new(&template.file, format!("{}: {text}", function.id)));
            }
        }
    }
    findings
}

fn missing(template: &Template, function: &Resource<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    let is = |path: &str, wanted: &str| {
        let found = template.function_setting(function, path);
        (found.and_then(Value::as_str) != Some(wanted))
            .then(|| format!("{} must be {wanted}", path.trim_start_matches('/')))
    };
    texts.extend(is("/Architectures/0", "arm64"));
    texts.extend(is("/Runtime", "provided.al2023"));
    texts.extend(is("/Tracing", "Active"));
    texts.extend(is("/LoggingConfig/LogFormat", "JSON"));
    if template.function_setting(function, "/Timeout").is_none() {
        texts.push("set a Timeout: the default of 3 s is an accident".into());
    }
    let group = template.function_setting(function, "/LoggingConfig/LogGroup").and_then(target);
    let group = group
        .and_then(|id| template.resource(id))
        .filter(|group| group.kind == "AWS::Logs::LogGroup");
    match group {
        Some(group) if group.properties.get("RetentionInDays").is_some() => {}
        Some(group) => texts.push(format!("its log group {} needs RetentionInDays: logs are kept for ever without", group.id)),
        None => texts.push("LoggingConfig.LogGroup must refer to an AWS::Logs::LogGroup with RetentionInDays in this template".into()),
    }
    texts
}

/// What the code reads is what the template gives.
pub fn environment(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in &house.functions {
        let main = format!("{}/src/main.rs", folder.folder);
        let read = upper_snake_literals(&house.text(&main));
        for template in &house.templates {
            let Some(function) = template.functions().find(|f| f.code_name() == Some(&folder.name))
            else {
                continue;
            };
            let own = variables(function.properties);
            let globals =
                template.body.pointer("/Globals/Function").map(variables).unwrap_or_default();
            for name in read.iter().filter(|name| {
                !own.contains(*name) && !globals.contains(*name) && !given_to_all(name)
            }) {
                findings.push(Finding::new(
                    &main,
                    format!(
                        "reads {name}, which {} does not give: add it to {}'s environment",
                        template.file, function.id
                    ),
                ));
            }
            for name in own.difference(&read) {
                findings.push(Finding::new(
                    &template.file,
                    format!(
                        "{} gives {name}, which {main} does not read: remove one or add the other",
                        function.id
                    ),
                ));
            }
        }
    }
    findings
}

fn variables(properties: &Value) -> BTreeSet<String> {
    let all = properties.pointer("/Environment/Variables").and_then(Value::as_object);
    all.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn given_to_all(name: &str) -> bool {
    name.starts_with("AWS_")
        || name.starts_with("LAMBDA_")
        || matches!(name, "RUST_LOG" | "METRIC_DETAIL")
}

/// String literals that look like names of variables. A thin main has few others, and those are not shouted.
fn upper_snake_literals(code: &str) -> BTreeSet<String> {
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let literals = code.flat_map(|line| line.split('"').skip(1).step_by(2));
    let shouted = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    literals
        .filter(|literal| {
            literal.contains('_') && literal.starts_with(|c: char| c.is_ascii_uppercase())
        })
        .filter(|literal| literal.chars().all(shouted))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_are_found_in_code() {
        let code = "// reads \"NOT_THIS\"\nlet env = Env::read(&[\"A_B\", \"QUEUE_URL_2\"])?;\nx(\"POST\", \"a_b\");";
        assert_eq!(upper_snake_literals(code), ["A_B".to_owned(), "QUEUE_URL_2".to_owned()].into());
    }

    #[test]
    fn globals_count_as_settings() {
        let text = "
Globals: {Function: {Architectures: [arm64], Runtime: provided.al2023, Tracing: Active, LoggingConfig: {LogFormat: JSON}}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Timeout: 3, LoggingConfig: {LogGroup: !Ref L}}}
  G: {Type: AWS::Serverless::Function, Properties: {Architectures: [x86_64]}}
  L: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}";
        let template = Template::parse("t", text).unwrap();
        assert!(missing(&template, &template.resource("F").unwrap()).is_empty());
        let texts = missing(&template, &template.resource("G").unwrap());
        assert_eq!(texts.len(), 3, "{texts:?}");
    }
}
