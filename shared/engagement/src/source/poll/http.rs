//! JSON APIs as sources, as a person writes them.

use super::document::{Polled, secret};
use super::watermark::WatermarkDocument;
use crate::source::mapping::MappingDocument;
use crate::use_case::ScheduleDocument;
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Bytes of a URL.
const MAX_URL: usize = 2048;

/// Headers, or parameters, of a request.
const MAX_FIELDS: usize = 50;

/// Pages of one poll, unless the document says fewer or more; and at most.
const PAGES: u64 = 1_000;
const MAX_PAGES: u64 = 10_000;

/// Headers that say what the client says itself, or what only `auth` says.
const NOT_HEADERS: [&str; 8] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
];

/// A JSON API that is asked page by page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpPollSource {
    /// When it is asked; only when somebody asks for it, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleDocument>,
    /// Where it is asked: `https://` and a public host.
    pub url: String,
    /// How it is asked.
    #[serde(default)]
    pub method: Method,
    /// Headers of each request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Parameters of each request, in the query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// The body of each request, of a `POST`. Parameters of pages and the watermark are fields of it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Map<String, Value>>,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// A JSON Pointer (RFC 6901) to the list of rows in the answer; the answer is the list, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// How the next page is asked for; there is one page, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Paging>,
    /// Pages of one poll, at most. The next poll goes on there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pages: Option<u64>,
    /// By what it goes on where it stopped; without, every poll reads all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<WatermarkDocument>,
    /// The parameter that takes the watermark: `updated_since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// How a row becomes an event.
    pub mapping: MappingDocument,
}

/// How an API is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PollMethod")]
pub enum Method {
    /// `GET`.
    #[default]
    #[serde(rename = "GET")]
    Get,
    /// `POST`, for APIs that search so. It is asked again after a failure, so it must change nothing.
    #[serde(rename = "POST")]
    Post,
}

/// Who asks. `secret` names a secret of the tenant in AWS Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "PollAuth")]
pub enum Auth {
    /// `Authorization: Bearer` with the secret's `token`.
    Bearer {
        /// The secret's name.
        secret: String,
    },
    /// `Authorization: Basic` with the secret's `username` and `password`.
    Basic {
        /// The secret's name.
        secret: String,
    },
    /// A header of the API's own with the secret's `token`.
    Header {
        /// The header's name.
        name: String,
        /// The secret's name.
        secret: String,
    },
    /// OAuth 2.0 client credentials (RFC 6749 §4.4), with the secret's `client_id` and `client_secret`.
    #[serde(rename = "oauth2")]
    OAuth2 {
        /// Where tokens are given.
        token_url: String,
        /// What is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// For whom, where the authorization server wants to be told (as Auth0's does).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<String>,
        /// Where the client says who it is.
        #[serde(default)]
        client: Placed,
        /// The secret's name.
        secret: String,
    },
}

/// Where a client of OAuth 2.0 says who it is (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ClientAuthentication")]
pub enum Placed {
    /// In `Authorization: Basic`.
    #[default]
    Basic,
    /// In the body.
    Body,
}

/// How the next page is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Paging {
    /// The answer holds a cursor, which a parameter takes. There is none on the last page, or it is null, empty or false.
    Cursor {
        /// A JSON Pointer to it.
        at: String,
        /// The parameter.
        parameter: String,
    },
    /// Pages have numbers. A page without rows is the last.
    Page {
        /// The parameter.
        parameter: String,
        /// The first page's.
        #[serde(default = "one")]
        from: u64,
    },
    /// Rows have places. A page with fewer than `limit` rows is the last.
    Offset {
        /// The parameter.
        parameter: String,
        /// Rows of a page. Name the parameter that asks for as many in `query`.
        limit: u64,
    },
    /// The header `Link` says where the page is that is `next` (RFC 8288), on the same host.
    Link {},
    /// The answer says where the next page is, on the same host.
    Next {
        /// A JSON Pointer to its URL.
        at: String,
    },
}

const fn one() -> u64 {
    1
}

impl HttpPollSource {
    pub(super) fn polled(it: &Self) -> Polled<'_> {
        Polled {
            schedule: it.schedule.as_ref(),
            watermark: it.watermark.as_ref(),
            mapping: &it.mapping,
            max_pages: it.max_pages.unwrap_or(PAGES),
        }
    }

    /// Checks it, but for what only asking shows: whom the URL reaches.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        url("url", &self.url)?;
        if self.body.is_some() != (self.method == Method::Post) {
            return Err(Fault::invalid("body", "is there for the method POST, and only for it"));
        }
        if self.headers.len().max(self.query.len()) > MAX_FIELDS {
            return Err(Fault::invalid(
                "headers",
                format!("and `query` have at most {MAX_FIELDS} fields"),
            ));
        }
        for (name, value) in &self.headers {
            header("headers", name)?;
            if value.len() > MAX_URL || value.chars().any(char::is_control) {
                let rule = "must be text without control characters";
                return Err(Fault::invalid(format!("headers.{name}"), rule));
            }
        }
        self.items.as_deref().map_or(Ok(()), |items| pointer("items", items))?;
        self.auth.as_ref().map_or(Ok(()), Auth::check)?;
        self.pages.as_ref().map_or(Ok(()), Paging::check)?;
        if self.max_pages.is_some_and(|pages| pages == 0 || pages > MAX_PAGES) {
            return Err(Fault::invalid("max_pages", format!("must be 1 to {MAX_PAGES}")));
        }
        match (&self.watermark, &self.since) {
            (Some(_), None) => {
                Err(Fault::invalid("since", "must name the parameter that takes the watermark"))
            }
            (None, Some(_)) => {
                Err(Fault::invalid("watermark", "must say what the parameter `since` takes"))
            }
            _ => Ok(()),
        }
    }
}

impl Auth {
    /// The name of its secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        match self {
            Self::Bearer { secret }
            | Self::Basic { secret }
            | Self::Header { secret, .. }
            | Self::OAuth2 { secret, .. } => secret,
        }
    }

    fn check(&self) -> Result<(), Fault> {
        match self {
            Self::Header { name, .. } => header("auth.header.name", name)?,
            Self::OAuth2 { token_url, .. } => url("auth.oauth2.token_url", token_url)?,
            Self::Bearer { .. } | Self::Basic { .. } => {}
        }
        secret("auth.secret", self.secret())
    }
}

impl Paging {
    fn check(&self) -> Result<(), Fault> {
        let parameter = |name: &str| match name.is_empty() || name.len() > MAX_FIELDS {
            true => {
                Err(Fault::invalid("pages.parameter", format!("must be 1 to {MAX_FIELDS} bytes")))
            }
            false => Ok(()),
        };
        match self {
            Self::Cursor { at, parameter: name } => pointer("pages.at", at).and(parameter(name)),
            Self::Page { parameter: name, .. } => parameter(name),
            Self::Offset { parameter: name, limit } if *limit > 0 => parameter(name),
            Self::Offset { .. } => Err(Fault::invalid("pages.limit", "must be at least 1")),
            Self::Next { at } => pointer("pages.at", at),
            Self::Link {} => Ok(()),
        }
    }
}

fn url(field: &str, url: &str) -> Result<(), Fault> {
    let shaped = url.starts_with("https://") || url.starts_with("http://");
    if shaped
        && url.len() <= MAX_URL
        && !url.chars().any(|c| c.is_control() || c == ' ' || c == '#')
    {
        return Ok(());
    }
    Err(Fault::invalid(field, format!("must be a URL of at most {MAX_URL} bytes, with https://")))
}

fn header(field: &str, name: &str) -> Result<(), Fault> {
    // RFC 9110 §5.6.2, `token`.
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let shaped = !name.is_empty() && name.len() <= 128 && name.bytes().all(token);
    if !shaped || NOT_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        let rule =
            format!("`{name}` is no header that a document may set; credentials are for `auth`");
        return Err(Fault::invalid(field, rule));
    }
    Ok(())
}

fn pointer(field: &str, pointer: &str) -> Result<(), Fault> {
    if pointer.len() > MAX_URL || !(pointer.is_empty() || pointer.starts_with('/')) {
        return Err(Fault::invalid(field, "must be a JSON Pointer, as /data/items"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn checked(more: Value) -> Result<(), String> {
        let mut document = json!({"url": "https://api.example.com/orders", "mapping": {"type": "'a'", "subject": "row.s"}});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let document: HttpPollSource =
            serde_json::from_value(document).map_err(|e| e.to_string())?;
        document.check().map_err(|fault| fault.to_string())
    }

    #[rstest]
    #[case(json!({}))]
    #[case(json!({"pages": {"cursor": {"at": "/next", "parameter": "cursor"}}, "items": "/data"}))]
    #[case(json!({"pages": {"page": {"parameter": "page"}}, "max_pages": 5}))]
    #[case(json!({"pages": {"offset": {"parameter": "offset", "limit": 50}}, "query": {"limit": "50"}}))]
    #[case(json!({"pages": {"link": {}}, "headers": {"accept": "application/json"}}))]
    #[case(json!({"pages": {"next": {"at": "/paging/next"}}, "auth": {"bearer": {"secret": "shop"}}}))]
    #[case(json!({"method": "POST", "body": {"limit": 5}, "auth": {"header": {"name": "x-api-key", "secret": "shop"}}}))]
    #[case(json!({"since": "updated_since", "watermark": {"field": "/updated_at", "initial": "2026-01-01T00:00:00Z"}}))]
    #[case(json!({"auth": {"oauth2": {"token_url": "https://login.example.com/token", "scope": "orders", "secret": "shop"}}}))]
    fn what_can_be_asked_is_taken(#[case] more: Value) {
        assert_eq!(checked(more), Ok(()));
    }

    #[rstest]
    #[case(json!({"url": "ftp://example.com/"}), "url: must be a URL")]
    #[case(json!({"url": "https://example.com/#top"}), "url: must be a URL")]
    #[case(json!({"method": "POST"}), "body: is there for the method POST")]
    #[case(json!({"body": {}}), "body: is there for the method POST")]
    #[case(json!({"headers": {"Authorization": "Bearer x"}}), "headers: `Authorization` is no header")]
    #[case(json!({"headers": {"a b": "x"}}), "headers: `a b` is no header")]
    #[case(json!({"headers": {"x": "a\r\nb: c"}}), "headers.x: must be text")]
    #[case(json!({"items": "data"}), "items: must be a JSON Pointer")]
    #[case(json!({"pages": {"offset": {"parameter": "o", "limit": 0}}}), "pages.limit: must be at least 1")]
    #[case(json!({"max_pages": 0}), "max_pages: must be 1 to 10000")]
    #[case(json!({"since": "a"}), "watermark: must say")]
    #[case(json!({"watermark": {"field": "a", "initial": "2026-01-01"}}), "since: must name")]
    #[case(json!({"auth": {"bearer": {"secret": "../other"}}}), "auth.secret: must be 1 to 64")]
    #[case(json!({"pages": {"magic": {}}}), "unknown variant")]
    fn what_can_not_be_is_refused(#[case] more: Value, #[case] said: &str) {
        let refused = checked(more).unwrap_err();
        assert!(refused.starts_with(said), "{refused}");
    }
}
