//! What the templates say of the functions, and what of them costs money while nothing happens.

use crate::platform::VARIABLES;
use anyhow::{Context, Result};
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A function as it is started.
#[derive(Debug)]
pub struct FunctionOf {
    /// Its name.
    pub name: String,
    /// Its memory.
    pub memory_mb: u64,
    /// Its environment.
    pub variables: BTreeMap<String, String>,
    /// What its policies allow: `dynamodb:GetItem`.
    pub actions: BTreeSet<String>,
}

/// The templates of the deployment.
#[derive(Debug)]
pub struct Templates {
    all: Vec<Value>,
    /// Those that operators deploy beside it, as often as they need them.
    feeds: Vec<Value>,
    /// `infra/data.yaml` as it is written.
    pub data: String,
}

impl Templates {
    /// Reads `template.yaml`, `infra/*.yaml` and `infra/feeds/*.yaml` below the repository's top.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(root: &Path) -> Result<Self> {
        let infra = root.join("infra");
        let mut files = written_in(&infra)?;
        files.push(root.join("template.yaml"));
        files.sort();
        let parse = |files: &[PathBuf]| files.iter().map(parsed).collect::<Result<_>>();
        let feeds = parse(&written_in(&infra.join("feeds"))?)?;
        let data = std::fs::read_to_string(infra.join("data.yaml"))?;
        Ok(Self { all: parse(&files)?, feeds, data })
    }

    fn resources(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.all.iter().flat_map(resources_of)
    }

    /// Those of what is deployed beside, too.
    fn with_feeds(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.all.iter().chain(&self.feeds).flat_map(resources_of)
    }

    /// What these policies of a function allow: those that stand there, and those that are named.
    fn actions(&self, policies: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for policy in policies.as_sequence().into_iter().flatten() {
            allowed(policy, &mut found);
            let name = referenced(policy);
            let named = |template| name.and_then(|name| properties(template, name));
            self.all.iter().filter_map(named).for_each(|it| allowed(it, &mut found));
        }
        found
    }

    /// Megabytes of each function, by its name.
    ///
    /// # Errors
    /// When a function has none.
    pub fn memory(&self) -> Result<BTreeMap<String, u64>> {
        let mut found = BTreeMap::new();
        for (template, resource) in self.with_feeds() {
            let Some(name) = code_name(resource) else { continue };
            let properties = resource.get("Properties").context("no Properties")?;
            let global = || template.get("Globals")?.get("Function")?.get("MemorySize");
            let memory = properties.get("MemorySize").or_else(global).and_then(Value::as_u64);
            let none = || format!("{name}: no MemorySize");
            found.insert(name.clone(), memory.with_context(none)?);
        }
        Ok(found)
    }

    /// Every function as it is started: constants of the template as they are, and what other resources are named.
    ///
    /// # Errors
    /// When a function has no memory.
    pub fn functions(&self) -> Result<Vec<FunctionOf>> {
        let (memory, defaults) = (self.memory()?, self.defaults());
        let mut found = Vec::new();
        for (template, resource) in self.with_feeds() {
            let Some(name) = code_name(resource) else { continue };
            let global = template.get("Globals").and_then(|it| it.get("Function"));
            let own = resource.get("Properties");
            let variables = [global, own].into_iter().flatten();
            let variables = variables.filter_map(|it| it.get("Environment")?.get("Variables"));
            let variables = variables.filter_map(Value::as_mapping).flatten();
            let given = |(key, value): (&Value, &Value)| {
                let key = key.as_str()?.to_owned();
                let said = || constant(value).or_else(|| defaults.get(referenced(value)?).cloned());
                let value = played(&key).or_else(said).unwrap_or_else(|| stand_in(&key));
                Some((key, value))
            };
            let variables = variables.filter_map(given).collect();
            let memory_mb = memory.get(&name).copied().unwrap_or_default();
            let policies = own.and_then(|it| it.get("Policies"));
            let actions = policies.map(|it| self.actions(it)).unwrap_or_default();
            found.push(FunctionOf { name, memory_mb, variables, actions });
        }
        Ok(found)
    }

    /// Which function answers each route of the HTTP API, by the route's key: `GET /v1/profiles/{id}`.
    #[must_use]
    pub fn answering(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (template, resource) in self.resources() {
            let of = |name: &str| template.get("Resources")?.get(name);
            let function = || {
                let target = tagged(resource.get("Properties")?.get("Target")?)?;
                let integration =
                    of(target.strip_prefix("integrations/${")?.trim_end_matches('}'))?;
                let uri = referenced(integration.get("Properties")?.get("IntegrationUri")?)?;
                code_name(of(uri.trim_end_matches(".Alias"))?)
            };
            let key = || resource.get("Properties")?.get("RouteKey")?.as_str();
            if kind(resource) == Some("AWS::ApiGatewayV2::Route")
                && let Some((key, function)) = key().zip(function())
            {
                found.insert(key.to_owned(), function);
            }
        }
        found
    }

    /// What parameters are that nobody gives.
    fn defaults<'a>(&'a self) -> BTreeMap<&'a str, String> {
        let parameters = self.all.iter().filter_map(|it| it.get("Parameters")?.as_mapping());
        let default = |(name, parameter): (&'a Value, &'a Value)| {
            let default = constant(parameter.get("Default")?)?;
            Some((name.as_str()?, default)).filter(|(_, default)| !default.is_empty())
        };
        parameters.flatten().filter_map(default).collect()
    }

    /// How many resources of each kind there are, those that only some deployments have left out.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (_, resource) in self.resources() {
            // An alarm is without a topic as well as with one; other conditions are of what is asked for.
            if let Some(kind) = kind(resource).filter(|_| resource.get("Condition").is_none()) {
                let count = counts.entry(kind.to_owned()).or_default();
                *count = count.saturating_add(1);
            }
        }
        counts
    }

    /// Metrics that alarms look at, each of which is billed.
    #[must_use]
    pub fn alarm_metrics(&self) -> u64 {
        let alarms = self.resources().filter(|(_, resource)| {
            kind(resource) == Some("AWS::CloudWatch::Alarm") && resource.get("Condition").is_none()
        });
        let metrics = alarms.map(|(_, resource)| {
            let queries = resource.get("Properties").and_then(|it| it.get("Metrics"));
            let queries = queries
                .and_then(Value::as_sequence)
                .map(|all| all.iter().filter(|query| query.get("MetricStat").is_some()).count());
            queries.unwrap_or(1)
        });
        u64::try_from(metrics.sum::<usize>()).unwrap_or(u64::MAX)
    }

    /// Queues that Lambda polls: each mapping of a function to a queue.
    #[must_use]
    pub fn polled_queues(&self) -> u64 {
        let polled = self.resources().filter(|(_, resource)| {
            let source = || resource.get("Properties")?.get("EventSourceArn");
            let text = source().and_then(|arn| serde_yaml_ng::to_string(arn).ok());
            kind(resource) == Some("AWS::Lambda::EventSourceMapping")
                && text.is_some_and(|text| text.contains("Queue"))
        });
        u64::try_from(polled.count()).unwrap_or(u64::MAX)
    }

    /// Events of one batch from the stream, as `ingest-stream` is given them.
    #[must_use]
    pub fn stream_batch(&self) -> Option<u64> {
        let mut found = self.resources().filter_map(|(_, resource)| {
            let properties = resource.get("Properties")?;
            let function = serde_yaml_ng::to_string(properties.get("FunctionName")?).ok()?;
            let named = function.contains("IngestStreamFunction");
            properties.get("BatchSize").and_then(Value::as_u64).filter(|_| named)
        });
        found.next()
    }
}

/// The templates of a folder.
fn written_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<PathBuf> = files.map(|it| Ok(it?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|it| it == "yaml"));
    files.sort();
    Ok(files)
}

fn parsed(file: &PathBuf) -> Result<Value> {
    let text = std::fs::read_to_string(file)?;
    serde_yaml_ng::from_str(&text).with_context(|| file.display().to_string())
}

fn resources_of(template: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let resources = template.get("Resources").and_then(Value::as_mapping);
    resources.into_iter().flatten().map(move |(_, resource)| (template, resource))
}

/// Of a template's resource.
fn properties<'a>(template: &'a Value, name: &str) -> Option<&'a Value> {
    template.get("Resources")?.get(name)?.get("Properties")
}

/// What a policy allows.
fn allowed(policy: &Value, found: &mut BTreeSet<String>) {
    match policy {
        Value::Mapping(fields) => {
            if policy.get("Effect").and_then(Value::as_str) == Some("Allow") {
                found.extend(texts(policy.get("Action")).map(str::to_owned));
            }
            fields.iter().for_each(|(_, it)| allowed(it, found));
        }
        Value::Sequence(all) => all.iter().for_each(|it| allowed(it, found)),
        Value::Tagged(tagged) if tagged.tag == "If" => allowed(&tagged.value, found),
        _ => {}
    }
}

/// One text, or several.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let several = value.and_then(Value::as_sequence).into_iter().flatten();
    one.into_iter().chain(several.filter_map(Value::as_str))
}

fn kind(resource: &Value) -> Option<&str> {
    resource.get("Type").and_then(Value::as_str)
}

/// What a function is called, after its folder.
fn code_name(resource: &Value) -> Option<String> {
    if kind(resource) != Some("AWS::Serverless::Function") {
        return None;
    }
    let code = resource.get("Properties")?.get("CodeUri")?.as_str()?;
    code.trim_end_matches('/').rsplit('/').next().map(str::to_owned)
}

/// A value that the template says itself.
fn constant(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        _ => None,
    }
}

/// What stands behind a tag.
fn tagged(value: &Value) -> Option<&str> {
    let Value::Tagged(tagged) = value else { return None };
    tagged.value.as_str()
}

/// The parameter or resource that a value refers to.
fn referenced(value: &Value) -> Option<&str> {
    let Value::Tagged(tagged) = value else { return None };
    (tagged.tag == "Ref").then(|| tagged.value.as_str()).flatten()
}

/// What leads to the AWS that is played here.
fn played(variable: &str) -> Option<String> {
    let known = VARIABLES.iter().find(|(name, _)| *name == variable);
    known.map(|(_, value)| (*value).to_owned())
}

/// What stands for the name of something that is not deployed here.
fn stand_in(variable: &str) -> String {
    let name = match variable.rsplit('_').next() {
        Some("URL" | "ENDPOINT" | "ORIGIN") => "https://example.com",
        Some("SECOND" | "SECONDS" | "SCALE" | "DAYS" | "LIMIT" | "CONCURRENCY") => "1",
        Some("ARN" | "FUNCTION") => "arn:aws:lambda:us-east-1:123456789012:function:it",
        Some("LOOPBACK") => "false",
        Some("LEVEL" | "LOG") => "info",
        _ => "none",
    };
    name.to_owned()
}
