//! What is asked.

use super::refused::Refused;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read.
    Get,
    /// Add, or do.
    Post,
    /// Change.
    Put,
    /// Change in part.
    Patch,
    /// Take away.
    Delete,
}

impl Method {
    /// The method of this name. `HEAD` is `GET` whose body nobody reads.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "GET" | "HEAD" => Some(Self::Get),
            "POST" => Some(Self::Post),
            "PUT" => Some(Self::Put),
            "PATCH" => Some(Self::Patch),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Ask {
    /// How.
    pub method: Method,
    /// Scheme and host that the caller used: `https://example.com`. Links in answers begin with it.
    pub base: String,
    /// The path as it came, without the query: `/api/v2/tickets.json`.
    pub raw_path: String,
    /// The variables of the query, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Headers, by their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Ask {
    /// Nothing: of what the platform does by itself.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            method: Method::Get,
            base: String::new(),
            raw_path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// What is asked, without the prefix and the ending `.json` that clients may leave out.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.raw_path.strip_prefix("/api/v2").unwrap_or(&self.raw_path);
        let path = path.trim_end_matches('/');
        path.strip_suffix(".json").unwrap_or(path)
    }

    /// The segments of the path.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path().split('/').filter(|segment| !segment.is_empty())
    }

    /// A variable of the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A variable of the query that lists values: separated by commas, or given several times (`ids[]=`).
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        let several = format!("{name}[]");
        let given = self.query.iter().filter(|(key, _)| key == name || *key == several);
        let parts = given.flat_map(|(_, value)| value.split(','));
        parts.map(str::trim).filter(|part| !part.is_empty()).collect()
    }

    /// Whether a variable of the query says so.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "1"))
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The address that it came from: the last of the header, which the gateway adds; those before it are whatever the
    /// caller says.
    #[must_use]
    pub fn ip_address(&self) -> Option<&str> {
        let last = self.header("x-forwarded-for")?.rsplit(',').next()?.trim();
        Some(last).filter(|it| !it.is_empty())
    }

    /// Values of a variable of the query, given once or several times (`filter[action][]=`), not separated.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&str> {
        let several = format!("{name}[]");
        let given = self.query.iter().filter(|(key, _)| key == name || *key == several);
        given.map(|(_, value)| value.as_str()).filter(|it| !it.is_empty()).collect()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 422 when it is none, as Zendesk has it.
    pub fn json(&self) -> Result<Value, Refused> {
        if self.body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        serde_json::from_slice(&self.body).map_err(|error| Refused::Unreadable(error.to_string()))
    }

    /// What the body has under `name`.
    ///
    /// # Errors
    /// 400 when there is nothing, or the body is no JSON.
    pub fn member(&self, name: &str) -> Result<Value, Refused> {
        match self.json()? {
            Value::Object(mut body) => body.remove(name).filter(|it| !it.is_null()),
            _ => None,
        }
        .ok_or_else(|| Refused::parameter(name, "is required"))
    }

    /// What the body has under `name`, as a value.
    ///
    /// # Errors
    /// The same, and 422 that names the field that is not as it must be.
    pub fn record<T: DeserializeOwned>(&self, name: &str) -> Result<T, Refused> {
        read(self.member(name)?)
    }

    /// Several of what the body has under `name`.
    ///
    /// # Errors
    /// The same, and 400 when there are more than 100.
    pub fn records(&self, name: &'static str) -> Result<Vec<Value>, Refused> {
        let Value::Array(all) = self.member(name)? else {
            return Err(Refused::parameter(name, "must be an array"));
        };
        at_most_100(name, all.len())?;
        Ok(all)
    }

    /// The ids of the query's variable `name`, which must be there.
    ///
    /// # Errors
    /// 400 when there are none, more than 100, or one is no id.
    pub fn ids(&self, name: &'static str) -> Result<Vec<u64>, Refused> {
        let given = self.list(name);
        if given.is_empty() {
            return Err(Refused::parameter(name, "is required"));
        }
        at_most_100(name, given.len())?;
        let number =
            |text: &&str| text.parse().ok().filter(|id| (1..=crate::ids::MAX).contains(id));
        let ids: Option<Vec<u64>> = given.iter().map(number).collect();
        ids.ok_or_else(|| Refused::parameter(name, "must be ids, separated by commas"))
    }

    /// The ids that the body lists under `name`: numbers, or their digits.
    ///
    /// # Errors
    /// 400 when there is no list of ids.
    pub fn body_ids(&self, name: &str) -> Result<Vec<u64>, Refused> {
        let Value::Array(all) = self.member(name)? else {
            return Err(Refused::parameter(name, "must be an array"));
        };
        let number = |it: &Value| it.as_u64().or_else(|| it.as_str()?.parse().ok());
        let ids: Option<Vec<u64>> = all.iter().map(number).collect();
        ids.ok_or_else(|| Refused::parameter(name, "must be ids"))
    }
}

/// What one request takes at most.
pub const MOST: usize = 100;

/// Refuses more values than one request takes.
///
/// # Errors
/// `TooManyValues`.
pub fn at_most_100(name: &'static str, count: usize) -> Result<(), Refused> {
    if count > MOST { Err(Refused::TooMany(name)) } else { Ok(()) }
}

/// A value that a caller sent.
///
/// # Errors
/// 422 that names the field that is not as it must be.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if matches!(&*path, "" | ".") { "base".to_owned() } else { path };
        Refused::field(field, error.inner().to_string())
    })
}
