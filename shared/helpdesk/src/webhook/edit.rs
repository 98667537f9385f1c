//! What is asked of a webhook.

use super::{Authentication, CONDITIONAL, Format, Scheme, Status, Verb, Webhook, is_event};
use crate::wire;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What a webhook has to be told with, when it is added or changed as a whole.
pub const REQUIRED: [&str; 5] = ["name", "endpoint", "http_method", "request_format", "status"];

/// Characters of a name, and of a description.
const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_024;

/// Bytes of an address.
const MAX_ENDPOINT: usize = 2_048;

/// Headers of one's own.
const MAX_HEADERS: usize = 5;

/// Bytes of a header's name, and of its value.
const MAX_HEADER_NAME: usize = 128;
const MAX_HEADER_VALUE: usize = 500;

/// What is asked of a webhook; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Edit {
    name: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    description: Option<Option<String>>,
    endpoint: Option<String>,
    http_method: Option<String>,
    request_format: Option<String>,
    status: Option<String>,
    subscriptions: Option<Vec<String>>,
    #[serde(deserialize_with = "wire::given")]
    authentication: Option<Option<Asked>>,
    #[serde(deserialize_with = "wire::given")]
    custom_headers: Option<Option<BTreeMap<String, String>>>,
    #[serde(deserialize_with = "wire::given")]
    external_source: Option<Option<Value>>,
}

/// What is asked of its authentication.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    #[serde(rename = "type")]
    kind: String,
    add_position: Option<String>,
    data: Map<String, Value>,
}

/// What is secret of an authentication, with what is not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// A name and a password.
    Basic(String, String),
    /// A token.
    Bearer(String),
    /// A header's name and value.
    Key(String, String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

impl Credential {
    /// The header by which it is shown.
    #[must_use]
    pub fn header(&self) -> (String, String) {
        let authorization = |value: String| ("Authorization".to_owned(), value);
        match self {
            Self::Basic(name, password) => {
                let both = STANDARD.encode(format!("{name}:{password}"));
                authorization(format!("Basic {both}"))
            }
            Self::Bearer(token) => authorization(format!("Bearer {token}")),
            Self::Key(name, value) => (name.clone(), value.clone()),
        }
    }

    /// What may be told of it.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Basic(username, _) => Scheme::BasicAuth { username: username.clone() },
            Self::Bearer(_) => Scheme::BearerToken,
            Self::Key(name, _) => Scheme::ApiKey { name: name.clone() },
        }
    }
}

/// A webhook as it would be, and what of it is to be kept apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The webhook.
    pub webhook: Webhook,
    /// What is secret of its authentication, if that is new: kept as the authentication says.
    pub credential: Option<Credential>,
}

impl Edit {
    /// The names of what every webhook is told with that are left out here.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let given = [
            self.name.is_some(),
            self.endpoint.is_some(),
            self.http_method.is_some(),
            self.request_format.is_some(),
            self.status.is_some(),
        ];
        REQUIRED.into_iter().zip(given).filter(|(_, given)| !given).map(|(name, _)| name).collect()
    }

    /// Takes away what is left out and need not be told, as of a webhook that is told as a whole.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.description.get_or_insert(None);
        self.custom_headers.get_or_insert(None);
        self
    }

    /// Does it to `webhook`. A new credential is kept as `kept_as`.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn apply(self, mut webhook: Webhook, kept_as: &str, new: bool) -> Result<Draft, String> {
        if let Some(name) = self.name {
            name.trim().clone_into(&mut webhook.name);
        }
        if webhook.name.is_empty() || webhook.name.chars().count() > MAX_NAME {
            return Err(format!("name must have 1 to {MAX_NAME} characters"));
        }
        webhook.description = self.description.unwrap_or(webhook.description);
        let description = webhook.description.as_deref().unwrap_or_default();
        if description.chars().count() > MAX_DESCRIPTION {
            return Err(format!("description must have at most {MAX_DESCRIPTION} characters"));
        }
        if let Some(endpoint) = self.endpoint {
            endpoint.trim().clone_into(&mut webhook.endpoint);
        }
        check_endpoint(&webhook.endpoint)?;
        if let Some(word) = self.http_method {
            webhook.http_method =
                Verb::named(&word).ok_or("http_method must be GET, POST, PUT, PATCH or DELETE")?;
        }
        if let Some(word) = self.request_format {
            webhook.request_format =
                Format::named(&word).ok_or("request_format must be json, xml or form_encoded")?;
        }
        if let Some(word) = self.status {
            webhook.status = Status::named(&word).ok_or("status must be active or inactive")?;
        }
        if let Some(subscriptions) = self.subscriptions {
            let was = webhook.subscriptions.iter().any(|it| it == CONDITIONAL);
            let is = subscriptions.iter().any(|it| it == CONDITIONAL);
            if !new && was != is {
                return Err("how a webhook is connected cannot be changed".to_owned());
            }
            webhook.subscriptions = subscriptions;
        }
        check_subscriptions(&webhook)?;
        if let Some(headers) = self.custom_headers {
            webhook.custom_headers = headers.unwrap_or_default();
            check_headers(&webhook.custom_headers)?;
        }
        webhook.external_source = self.external_source.unwrap_or(webhook.external_source);
        let credential = match self.authentication {
            None => None,
            Some(None) => {
                webhook.authentication = None;
                None
            }
            Some(Some(asked)) => {
                let credential = asked.read()?;
                let (scheme, kept_as) = (credential.scheme(), kept_as.to_owned());
                webhook.authentication = Some(Authentication { scheme, kept_as });
                Some(credential)
            }
        };
        Ok(Draft { webhook, credential })
    }

    /// What a test shows, if it says so.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn credential(&self) -> Result<Option<Option<Credential>>, String> {
        match &self.authentication {
            None => Ok(None),
            Some(None) => Ok(Some(None)),
            Some(Some(asked)) => asked.read().map(|credential| Some(Some(credential))),
        }
    }
}

impl Asked {
    fn read(&self) -> Result<Credential, String> {
        if self.add_position.as_deref().is_some_and(|position| position != "header") {
            return Err("authentication must be added to the header".to_owned());
        }
        let part = |name: &str| {
            let text = self.data.get(name).and_then(Value::as_str).map(str::to_owned);
            let good = |text: &String| !text.is_empty() && !text.chars().any(char::is_control);
            text.filter(good).ok_or_else(|| format!("authentication data must have a {name}"))
        };
        match self.kind.as_str() {
            "basic_auth" => Ok(Credential::Basic(part("username")?, part("password")?)),
            "bearer_token" => Ok(Credential::Bearer(part("token")?)),
            "api_key" => {
                let name = part("name")?;
                if !is_token(&name)
                    || is_reserved(&name) && !name.eq_ignore_ascii_case("authorization")
                {
                    return Err(format!("{name} cannot be the header of an API key"));
                }
                Ok(Credential::Key(name, part("value")?))
            }
            _ => Err("authentication type must be basic_auth, bearer_token or api_key".to_owned()),
        }
    }
}

/// Whether anybody may be asked there is seen when a request is made.
fn check_endpoint(endpoint: &str) -> Result<(), String> {
    let parts = endpoint.split_once("://");
    let scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let good = parts.is_some_and(|(before, rest)| scheme(before) && !rest.is_empty())
        && endpoint.len() <= MAX_ENDPOINT
        && !endpoint.chars().any(|c| c.is_whitespace() || c.is_control());
    if good { Ok(()) } else { Err("endpoint must be a valid URL".to_owned()) }
}

/// Events come in a form of their own.
fn check_subscriptions(webhook: &Webhook) -> Result<(), String> {
    let all = &webhook.subscriptions;
    if let Some(unknown) = all.iter().find(|it| *it != CONDITIONAL && !is_event(it)) {
        return Err(format!("{unknown} is not an event that webhooks can be subscribed to"));
    }
    let conditional = all.iter().any(|it| it == CONDITIONAL);
    if conditional && all.len() > 1 {
        return Err(format!("{CONDITIONAL} cannot be combined with other subscriptions"));
    }
    let plain = webhook.http_method == Verb::Post && webhook.request_format == Format::Json;
    if !all.is_empty() && !conditional && !plain {
        return Err("webhooks that are subscribed to events must use POST and json".to_owned());
    }
    Ok(())
}

pub(super) fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), String> {
    if headers.len() > MAX_HEADERS {
        return Err(format!("custom_headers must be at most {MAX_HEADERS}"));
    }
    for (name, value) in headers {
        let fits = name.len() <= MAX_HEADER_NAME && value.len() <= MAX_HEADER_VALUE;
        let plain = value.bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte));
        if !fits || !plain || !is_token(name) || is_reserved(name) {
            return Err(format!("custom_headers: {name} is not allowed"));
        }
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(letter)
}

/// Headers that are the request's own.
fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("x-zendesk-")
        || [
            "authorization",
            "connection",
            "content-length",
            "content-type",
            "expect",
            "host",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "user-agent",
        ]
        .contains(&name.as_str())
}
