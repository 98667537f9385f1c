//! JSON APIs that are asked page by page.

mod auth;
mod paging;

use crate::outcome::{Trouble, json, no_answer, status};
use auth::Tokens;
use ceap_engagement::secret::Secrets;
use ceap_engagement::source::poll::{Ask, HttpPollSource, Method, Next, Page};
use ceap_http::{Answer, HeaderMap, HeaderName, HeaderValue, Http, Url};
use ceap_kernel::{Clock, Fault, SystemClock, Timestamp};
use paging::Place;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long an answer may take, to its end.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of an answer, as it comes and unpacked.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Asks JSON APIs.
#[derive(Debug)]
pub struct HttpPoll<S> {
    http: Http,
    secrets: S,
    tokens: Tokens,
}

impl<S: Secrets> HttpPoll<S> {
    /// By `http`, with the credentials that `secrets` has.
    pub fn new(http: Http, secrets: S) -> Self {
        Self { http, secrets, tokens: Tokens::default() }
    }

    /// A page of `source`.
    ///
    /// # Errors
    /// As [`ceap_engagement::source::poll::Pages::page`].
    pub async fn page(&self, ask: &Ask<'_>, source: &HttpPollSource) -> Result<Page, Fault> {
        match self.read(ask, source).await {
            Ok((base, answer)) => page(ask, source, &base, &answer, SystemClock.now()),
            Err(trouble) => trouble.told(ask),
        }
    }

    async fn read(&self, ask: &Ask<'_>, source: &HttpPollSource) -> Result<(Url, Answer), Trouble> {
        let base = self.url("url", &source.url)?;
        let place = Place::read(ask.place)?;
        let (url, body) = request(source, &base, ask.since, place.as_ref())?;
        let mut answer = self.ask(ask, source, &url, &body, false).await?;
        if answer.status == 401 && auth::renews(source.auth.as_ref()) {
            // A token may end before it said it would.
            answer = self.ask(ask, source, &url, &body, true).await?;
        }
        Ok((base, answer))
    }

    async fn ask(
        &self,
        ask: &Ask<'_>,
        source: &HttpPollSource,
        url: &Url,
        body: &[u8],
        renew: bool,
    ) -> Result<Answer, Trouble> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/json"));
        headers.insert("accept-encoding", HeaderValue::from_static("gzip"));
        for (name, value) in &source.headers {
            let wrong = |_| Fault::invalid("headers", format!("`{name}` can't be sent"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(()))?;
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong(()))?);
        }
        let method = match source.method {
            Method::Get => ceap_http::Method::GET,
            Method::Post => {
                headers.insert("content-type", HeaderValue::from_static("application/json"));
                ceap_http::Method::POST
            }
        };
        if let Some(auth) = &source.auth {
            let (name, value) = self.credentials(ask.tenant, auth, url, renew).await?;
            headers.insert(name, value);
        }
        let who = url.host_str().unwrap_or_default().to_owned();
        let answer = self.http.ask(method, url.clone(), headers, body.to_vec(), MAX_ANSWER).await;
        answer.map_err(|why| no_answer(&who, "url", why))
    }

    fn url(&self, field: &str, text: &str) -> Result<Url, Fault> {
        self.http.reach.url(text).map_err(|why| Fault::invalid(field, why))
    }
}

/// What an answer of `source`, which is at `base`, says of the page that was asked for.
///
/// # Errors
/// As [`ceap_engagement::source::poll::Pages::page`].
pub fn page(
    ask: &Ask<'_>,
    source: &HttpPollSource,
    base: &Url,
    answer: &Answer,
    now: Timestamp,
) -> Result<Page, Fault> {
    match read(ask, source, base, answer, now) {
        Ok(page) => Ok(page),
        Err(trouble) => trouble.told(ask),
    }
}

fn read(
    ask: &Ask<'_>,
    source: &HttpPollSource,
    base: &Url,
    answer: &Answer,
    now: Timestamp,
) -> Result<Page, Trouble> {
    let who = base.host_str().unwrap_or_default();
    status(who, "url", answer, now)?;
    if answer.status == 204 {
        return Ok(Page { rows: Vec::new(), next: Next::End });
    }
    let told = match json(who, answer, MAX_ANSWER) {
        Err(Fault::Unavailable(why)) => return Err(Trouble::Later { why, seconds: None }),
        told => told?,
    };
    let (place, items) = (Place::read(ask.place)?, source.items.as_deref());
    let next = paging::next(source.pages.as_ref(), place.as_ref(), base, answer, &told, items)?;
    let rows = rows(told, items)?;
    Ok(Page { rows, next: next.map_or(Ok(Next::End), |next| next.written().map(Next::Page))? })
}

/// Where a page is asked for, and with what body.
fn request(
    source: &HttpPollSource,
    base: &Url,
    since: Option<&str>,
    place: Option<&Place>,
) -> Result<(Url, Vec<u8>), Fault> {
    if let Some(Place::Url(next)) = place {
        // It holds all parameters.
        let body = source.body.as_ref().map(|body| Value::Object(body.clone()).to_string());
        return Ok((paging::same_host(base, next)?, body.unwrap_or_default().into_bytes()));
    }
    let mut asked: Map<String, Value> = Map::new();
    if let (Some(name), Some(since)) = (&source.since, since) {
        asked.insert(name.clone(), since.into());
    }
    if let Some((name, value)) = paging::parameter(source.pages.as_ref(), place) {
        asked.insert(name.to_owned(), value);
    }
    let mut url = base.clone();
    let mut query: BTreeMap<String, String> = source.query.clone();
    let body = match &source.body {
        Some(body) => {
            let mut body = body.clone();
            body.extend(asked);
            Value::Object(body).to_string().into_bytes()
        }
        None => {
            let text =
                |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            query.extend(asked.into_iter().map(|(name, value)| (name, text(value))));
            Vec::new()
        }
    };
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(&query);
    }
    Ok((url, body))
}

/// The rows of an answer.
fn rows(told: Value, items: Option<&str>) -> Result<Vec<Value>, Fault> {
    let mut told = told;
    let found = match items {
        Some(items) => told.pointer_mut(items).map(Value::take),
        None => Some(told),
    };
    match found {
        Some(Value::Array(rows)) => Ok(rows),
        Some(Value::Null) => Ok(Vec::new()),
        _ => {
            let rule = format!("holds no list in the answer, at `{}`", items.unwrap_or_default());
            Err(Fault::invalid("items", rule))
        }
    }
}

#[cfg(test)]
#[path = "http_poll/tests.rs"]
mod tests;
