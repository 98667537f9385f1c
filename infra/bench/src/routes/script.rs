//! What is asked, one request after the other: `requests.yaml`, filled in with what earlier answers said.

use anyhow::{Context, Result, bail};
use ceap_helpdesk::api::Method;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// A line of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    ask: String,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    raw: Option<String>,
    #[serde(default, rename = "as")]
    by: Option<String>,
    #[serde(default)]
    bearer: Option<String>,
    #[serde(default)]
    basic: Option<String>,
    #[serde(default)]
    sign: Option<AccessKey>,
    #[serde(default)]
    hub: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    keep: BTreeMap<String, String>,
    #[serde(default = "once")]
    times: u64,
    #[serde(default)]
    refused: Option<u64>,
    #[serde(default)]
    once: Option<String>,
}

fn once() -> u64 {
    1
}

/// What AWS's SDKs sign with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// What it is known by.
    pub id: String,
    /// What only its holder has.
    pub secret: String,
}

/// Who asks.
#[derive(Debug)]
pub enum By {
    /// An administrator.
    Administrator,
    /// Whoever has this address.
    Address(String),
    /// Whoever has this token.
    Bearer(String),
    /// Whoever has this key of a source.
    Key(String),
    /// Who sends a source's events with a credential.
    Source,
    /// An AWS SDK with this key.
    Sdk(AccessKey),
    /// Who signs bodies with this secret, as GitHub and Meta do.
    Hub(String),
    /// Nobody who is known.
    Nobody,
}

/// What goes with a request.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// Text, of this type.
    Raw(String, String),
}

impl Body {
    /// Its type and what it is, as they are sent.
    pub fn written(&self) -> Option<(String, String)> {
        match self {
            Self::None => None,
            Self::Json(value) => Some(("application/json".to_owned(), value.to_string())),
            Self::Raw(text, kind) => Some((kind.clone(), text.clone())),
        }
    }
}

/// A request.
#[derive(Debug)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path below `/api/v2`.
    pub path: String,
    /// Its query, as it stands in a URL.
    pub query: String,
    /// What goes with it.
    pub body: Body,
    /// Who asks.
    pub by: By,
    /// Headers that only some requests have, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Why it takes more than such requests usually do.
    pub once: Option<String>,
    keep: BTreeMap<String, String>,
    refused: Option<u64>,
}

impl Request {
    /// One that an administrator makes, with nothing.
    pub fn of(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            query: String::new(),
            body: Body::None,
            by: By::Administrator,
            headers: BTreeMap::new(),
            once: None,
            keep: BTreeMap::new(),
            refused: None,
        }
    }

    /// Whether the answer is another than it should be.
    pub fn fails(&self, status: u64) -> bool {
        self.refused.map_or(status >= 400, |expected| status != expected)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)
    }
}

/// The requests that are left, and what is known by now.
#[derive(Debug)]
pub struct Script {
    lines: VecDeque<(Line, u64)>,
    known: BTreeMap<String, Value>,
}

impl Script {
    /// Reads `requests.yaml`, which is part of this crate.
    ///
    /// # Errors
    /// When it is none.
    pub fn read() -> Result<Self> {
        Self::of(include_str!("requests.yaml")).context("requests.yaml")
    }

    /// The same of `platform.yaml`, with what is known before it begins.
    ///
    /// # Errors
    /// When it is none.
    pub fn platform(known: BTreeMap<String, Value>) -> Result<Self> {
        let script = Self::of(include_str!("platform.yaml")).context("platform.yaml")?;
        Ok(Self { known, ..script })
    }

    fn of(text: &str) -> Result<Self> {
        let lines: Vec<Line> = serde_yaml_ng::from_str(text)?;
        let each = |line: Line| (1..=line.times).map(move |n| (line.clone(), n));
        Ok(Self { lines: lines.into_iter().flat_map(each).collect(), known: BTreeMap::new() })
    }

    /// The next of them.
    ///
    /// # Errors
    /// When it names what no answer before it said.
    pub fn next(&mut self) -> Option<Result<Request>> {
        let (line, n) = self.lines.pop_front()?;
        Some(self.filled(line, n))
    }

    /// What is asked, as it stands in the file: with the names of what is filled in.
    #[cfg(test)]
    pub fn shapes(self) -> impl Iterator<Item = Request> {
        self.lines.into_iter().filter_map(|(line, _)| {
            let (method, target) = line.ask.split_once(' ')?;
            let path = target.split_once('?').map_or(target, |(path, _)| path);
            Some(Request::of(Method::named(method)?, path))
        })
    }

    fn filled(&mut self, line: Line, n: u64) -> Result<Request> {
        self.known.insert("n".to_owned(), Value::from(n));
        let asked = self.text(&line.ask)?;
        let (method, target) = asked.split_once(' ').context("a method and a path")?;
        // Links are whole, as clients follow them.
        let target = target.split_once("/api/v2").map_or(target, |(_, path)| path);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let by = self.asks(&line)?;
        let header = |(name, it): (String, String)| Ok((name, self.text(&it)?));
        let headers = line.headers.into_iter().map(header).collect::<Result<_>>()?;
        let body = match (line.body, line.raw) {
            (Some(body), _) => Body::Json(self.value(&body)?),
            (None, Some(raw)) => {
                let kind = line.kind.unwrap_or_else(|| "text/plain".to_owned());
                Body::Raw(self.raw(raw), kind)
            }
            (None, None) => Body::None,
        };
        Ok(Request {
            method: Method::named(method).with_context(|| format!("no method {method}"))?,
            path: path.to_owned(),
            query: query.replace(' ', "%20"),
            body,
            by,
            headers,
            once: line.once,
            keep: line.keep,
            refused: line.refused,
        })
    }

    fn asks(&self, line: &Line) -> Result<By> {
        if let Some(token) = &line.bearer {
            return Ok(By::Bearer(self.text(token)?));
        }
        if let Some(key) = &line.basic {
            return Ok(By::Key(self.text(key)?));
        }
        if let Some(AccessKey { id, secret }) = &line.sign {
            return Ok(By::Sdk(AccessKey { id: self.text(id)?, secret: self.text(secret)? }));
        }
        if let Some(secret) = &line.hub {
            return Ok(By::Hub(self.text(secret)?));
        }
        Ok(match line.by.as_deref() {
            None => By::Administrator,
            Some("nobody") => By::Nobody,
            Some("source") => By::Source,
            Some(address) => By::Address(address.to_owned()),
        })
    }

    /// Remembers what is wanted of the answer to a request.
    ///
    /// # Errors
    /// When that is not in it.
    pub fn keep(&mut self, request: &Request, answer: &Value) -> Result<()> {
        for (name, pointer) in &request.keep {
            let found = answer.pointer(pointer);
            let found = found.with_context(|| format!("{request}: no {pointer} in {answer}"))?;
            self.known.insert(name.clone(), found.clone());
        }
        Ok(())
    }

    fn text(&self, text: &str) -> Result<String> {
        let mut parts = text.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('}') {
                Some((name, rest)) => match self.known.get(name) {
                    Some(Value::String(text)) => filled.extend([text, rest]),
                    Some(value) => filled.extend([&*value.to_string(), rest]),
                    None => bail!("{text}: nothing is known of {name}"),
                },
                None => bail!("{text}: what begins with {{ ends with }}"),
            }
        }
        Ok(filled)
    }

    /// Text has braces of its own: it is filled in as a whole, or not.
    fn raw(&self, raw: String) -> String {
        let name = raw.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        let known = name.and_then(|name| self.known.get(name)?.as_str());
        known.map_or(raw.clone(), str::to_owned)
    }

    fn value(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) if text == "{}" => value.clone(),
            Value::String(text) => {
                let name = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
                match name.and_then(|name| self.known.get(name)) {
                    Some(known) => known.clone(),
                    None => Value::String(self.text(text)?),
                }
            }
            Value::Array(all) => {
                all.iter().map(|it| self.value(it)).collect::<Result<Vec<_>>>()?.into()
            }
            Value::Object(fields) => {
                let each = fields.iter().map(|(name, it)| Ok((name.clone(), self.value(it)?)));
                Value::Object(each.collect::<Result<_>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }
}
