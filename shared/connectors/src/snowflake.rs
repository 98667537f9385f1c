//! Snowflake's SQL API (Snowflake developer guide, "Snowflake SQL API", and its reference): a statement is submitted,
//! looked for until it has ended, and its answer read partition by partition.

mod jwt;
mod types;

use crate::outcome::{Trouble, json, no_answer, status};
use ceap_engagement::secret::{Secret, Secrets};
use ceap_engagement::source::poll::{Ask, Next, Order, Page, SnowflakeSource};
use ceap_http::{Answer, HeaderMap, HeaderValue, Http, Method, Reach, Url};
use ceap_kernel::{Clock, Fault, PollId, SystemClock};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json as object};
use std::time::Duration;
use types::Column;

/// How long a partition may take, to its end.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Bytes of a partition, as it comes and unpacked. Snowflake makes them of some ten megabytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Seconds that a statement may run.
const TIMEOUT_S: u32 = 3 * 3600;

/// Hosts of accounts (Snowflake user guide, "Account identifiers").
const HOSTS: [&str; 2] = [".snowflakecomputing.com", ".snowflakecomputing.cn"];

/// Asks Snowflake.
#[derive(Debug)]
pub struct Snowflake<S> {
    http: Http,
    secrets: S,
}

/// Where an answer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    /// The statement's.
    handle: String,
    /// A partition; none before the statement has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition: Option<Partition>,
}

/// A partition of an answer. What the columns are is told with the first one alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Partition {
    number: usize,
    of: usize,
    columns: Vec<Column>,
}

/// What Snowflake answers, as far as it is of use here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    statement_handle: Option<String>,
    #[serde(default)]
    result_set_meta_data: Option<Metadata>,
    #[serde(default)]
    data: Vec<Vec<Option<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    row_type: Vec<Column>,
    #[serde(default)]
    partition_info: Vec<Value>,
}

impl<S: Secrets> Snowflake<S> {
    /// By `http`, with the keys that `secrets` has.
    pub const fn new(http: Http, secrets: S) -> Self {
        Self { http, secrets }
    }

    /// A page of `source`.
    ///
    /// # Errors
    /// As [`ceap_engagement::source::poll::Pages::page`].
    pub async fn page(&self, ask: &Ask<'_>, source: &SnowflakeSource) -> Result<Page, Fault> {
        match self.read(ask, source).await {
            Ok(page) => Ok(page),
            Err(trouble) => trouble.told(ask),
        }
    }

    async fn read(&self, ask: &Ask<'_>, source: &SnowflakeSource) -> Result<Page, Trouble> {
        let base = base(source, self.http.reach)?;
        let secret = match self.secrets.get(ask.tenant, &source.secret).await {
            Err(Fault::Unavailable(_) | Fault::Throttled(_)) => {
                let why = "AWS Secrets Manager does not answer".to_owned();
                return Err(Trouble::Later { why, seconds: None });
            }
            secret => secret?,
        };
        let token = jwt::sign(&source.account, &source.user, &key(&secret), SystemClock.now());
        let token =
            token.map_err(|why| Fault::invalid("secret", format!("`{}` {why}", source.secret)))?;
        let place = ask.place.map(Place::deserialize).transpose();
        let place = place.map_err(|error| Fault::Internal(format!("a place: {error}")))?;
        let (url, body) = match &place {
            None => submit(&base, ask, source)?,
            Some(place) => (handle(&base, place)?, Vec::new()),
        };
        let method = if place.is_none() { Method::POST } else { Method::GET };
        let who = base.host_str().unwrap_or_default().to_owned();
        let asked = self.http.ask(method, url, headers(&token)?, body, MAX_ANSWER).await;
        let answer = asked.map_err(|why| no_answer(&who, "url", why))?;
        outcome(&who, source, &answer, place)
    }
}

/// What an answer says (SQL API reference, "Response").
fn outcome(
    who: &str,
    source: &SnowflakeSource,
    answer: &Answer,
    place: Option<Place>,
) -> Result<Page, Trouble> {
    let user = &source.user;
    match answer.status {
        401 => {
            let why = format!(
                "{who} answered 401: it does not take the key of `{user}`; compare its RSA_PUBLIC_KEY_FP (DESC USER) \
                 with the key in the secret `{}`, and the account and user names",
                source.secret
            );
            return Err(Fault::Unauthorized(why).into());
        }
        403 => {
            let why = format!(
                "{who} answered 403: `{user}` may not use the SQL API from here; see its network policy and role"
            );
            return Err(Fault::Forbidden(why).into());
        }
        200 | 202 => {}
        // The statement failed, or ran out of its time.
        408 | 422 => {
            let told = told(who, answer)?;
            let (code, message) = (told.code.unwrap_or_default(), told.message.unwrap_or_default());
            return Err(Fault::invalid("query", format!("Snowflake: {code}: {message}")).into());
        }
        _ => status(who, "url", answer, SystemClock.now())?,
    }
    let told = told(who, answer)?;
    let none = || Fault::invalid("answer", format!("{who} answered without a `statementHandle`"));
    let handle = match (&place, &told.statement_handle) {
        (Some(place), _) => place.handle.clone(),
        (None, Some(handle)) => handle.clone(),
        (None, None) => return Err(none().into()),
    };
    if answer.status == 202 {
        let next = Next::Running(written(Place { handle, partition: None })?);
        return Ok(Page { rows: Vec::new(), next });
    }
    let (number, of, columns) = match place.and_then(|place| place.partition) {
        Some(partition) => (partition.number, partition.of, partition.columns),
        None => {
            let unknown =
                || Fault::invalid("answer", format!("{who} answered without `resultSetMetaData`"));
            let metadata = told.result_set_meta_data.ok_or_else(unknown)?;
            (0, metadata.partition_info.len(), metadata.row_type)
        }
    };
    let rows = told.data.into_iter().map(|row| types::row(&columns, row)).collect();
    let number = number.saturating_add(1);
    let next = match number < of {
        true => {
            let partition = Some(Partition { number, of, columns });
            Next::Page(written(Place { handle, partition })?)
        }
        false => Next::End,
    };
    Ok(Page { rows, next })
}

fn told(who: &str, answer: &Answer) -> Result<Told, Trouble> {
    let told = match json(who, answer, MAX_ANSWER) {
        Err(Fault::Unavailable(why)) => return Err(Trouble::Later { why, seconds: None }),
        told => told?,
    };
    let unlike =
        |_| Fault::invalid("answer", format!("{who} does not answer as Snowflake's SQL API"));
    Ok(serde_json::from_value(told).map_err(unlike)?)
}

fn written(place: Place) -> Result<Value, Fault> {
    serde_json::to_value(place).map_err(|error| Fault::Internal(error.to_string()))
}

/// Where the account answers. A token is for nobody else.
fn base(source: &SnowflakeSource, reach: Reach) -> Result<Url, Fault> {
    let account = source.account.to_ascii_lowercase().replace('_', "-");
    let own = format!("https://{account}.snowflakecomputing.com/");
    let url = source.url.as_deref().unwrap_or(&own);
    let url = reach.url(url).map_err(|why| Fault::invalid("url", why))?;
    let host = url.host_str().unwrap_or_default();
    let local = reach == Reach::Loopback && (host == "localhost" || host == "127.0.0.1");
    if local || HOSTS.iter().any(|it| host.ends_with(it)) {
        return Ok(url);
    }
    Err(Fault::invalid("url", "must be a host of snowflakecomputing.com"))
}

fn at(base: &Url, path: &str) -> Result<Url, Fault> {
    base.join(path).map_err(|error| Fault::invalid("url", error.to_string()))
}

/// The statement as it is submitted. With the same `requestId` and `retry`, Snowflake runs it once.
fn submit(base: &Url, ask: &Ask<'_>, source: &SnowflakeSource) -> Result<(Url, Vec<u8>), Fault> {
    let mut url = at(base, "/api/v2/statements")?;
    let id = request_id(ask.poll);
    url.query_pairs_mut().extend_pairs([
        ("requestId", id.as_str()),
        ("retry", "true"),
        ("async", "true"),
    ]);
    let mut body: Map<String, Value> = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    set("statement", Some(source.query.as_str().into()));
    set("timeout", Some(TIMEOUT_S.into()));
    set("role", source.role.as_deref().map(Value::from));
    set("warehouse", source.warehouse.as_deref().map(Value::from));
    set("database", source.database.as_deref().map(Value::from));
    set("schema", source.schema.as_deref().map(Value::from));
    let bound = source.watermark.as_ref().zip(ask.since).map(|(watermark, since)| {
        let whole = since.parse::<i64>().is_ok();
        let kind = match watermark.order {
            Order::Number if whole => "FIXED",
            Order::Number => "REAL",
            Order::Text | Order::Time => "TEXT",
        };
        object!({"1": {"type": kind, "value": since}})
    });
    set("bindings", bound);
    Ok((url, Value::Object(body).to_string().into_bytes()))
}

fn handle(base: &Url, place: &Place) -> Result<Url, Fault> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if place.handle.is_empty() || !place.handle.bytes().all(plain) {
        return Err(Fault::invalid("answer", "names a `statementHandle` that is none"));
    }
    let mut url = at(base, &format!("/api/v2/statements/{}", place.handle))?;
    if let Some(partition) = &place.partition {
        url.query_pairs_mut().append_pair("partition", &partition.number.to_string());
    }
    Ok(url)
}

fn headers(token: &str) -> Result<HeaderMap, Fault> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Fault::Internal("a token that can't be sent".to_owned()))?;
    bearer.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert("authorization", bearer);
    let kind = HeaderValue::from_static("KEYPAIR_JWT");
    headers.insert("x-snowflake-authorization-token-type", kind);
    headers.insert("accept", HeaderValue::from_static("application/json"));
    headers.insert("accept-encoding", HeaderValue::from_static("gzip"));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    Ok(headers)
}

/// The poll's id as a UUID of version 8 (RFC 9562 §5.8).
fn request_id(poll: &PollId) -> String {
    let digits = poll.as_str().chars().enumerate().map(|(place, digit)| match place {
        12 => '8',
        16 => 'a',
        _ => digit,
    });
    digits.enumerate().fold(String::new(), |mut text, (place, digit)| {
        if [8, 12, 16, 20].contains(&place) {
            text.push('-');
        }
        text.push(digit);
        text
    })
}

/// The private key: the secret itself, or its field `private_key`.
fn key(secret: &Secret) -> String {
    #[derive(Deserialize)]
    struct Held {
        private_key: String,
    }
    let held = serde_json::from_str::<Held>(secret.reveal()).map(|held| held.private_key);
    held.unwrap_or_else(|_| secret.reveal().to_owned())
}

#[cfg(test)]
#[path = "snowflake/tests.rs"]
mod tests;
