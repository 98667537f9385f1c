//! HTTP APIs: who calls, what is asked, and how errors look (RFC 9457).

use crate::api::{self, Access, Operation};
use crate::bootstrap::log;
use crate::pinpoint;
use crate::problem::{self, Problem, Status};
use crate::reference::DEFAULT;
use crate::{metrics, stage};
use aws_lambda_events::event::apigw::ApiGatewayV2httpResponse;
use ceap_engagement::pipeline::accept::Origin;
use ceap_kernel::access::{Credential, Credentials, Principal, Role};
use ceap_kernel::{Fault, Tally, TenantId, Trace};
use flate2::read::MultiGzDecoder;
use lambda_http::http::header::{
    ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Body, Request, RequestExt, Response};
use lambda_runtime::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;
use std::ops::Deref;
use std::sync::OnceLock;
use std::time::Instant;

/// Bytes of a body, decoded.
pub const MAX_BODY: usize = 1024 * 1024;

/// The media type of problems (RFC 9457 §6.1).
const PROBLEM: &str = "application/problem+json";

/// A call by someone known.
#[derive(Debug)]
pub struct Call {
    /// Who.
    pub principal: Principal,
    asked: Asked,
}

/// What is asked, by whomever.
#[derive(Debug)]
pub struct Asked {
    request: Request,
    began: Instant,
    tenant: OnceLock<TenantId>,
    trace: Option<Trace>,
}

impl Deref for Call {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

/// What a call is answered with.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    kind: &'static str,
    body: String,
    headers: Vec<(&'static str, String)>,
    tally: Tally,
}

impl Reply {
    /// The value as JSON, under `status`.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn json(status: u16, value: &impl Serialize) -> Result<Self, Fault> {
        let body =
            serde_json::to_string(value).map_err(|error| Fault::Internal(error.to_string()))?;
        Ok(Self::text(status, "application/json", body))
    }

    /// A text of this media type, under `status`.
    #[must_use]
    pub fn text(status: u16, kind: &'static str, body: String) -> Self {
        Self { status, kind, body, headers: Vec::new(), tally: Tally::default() }
    }

    /// A page of NDJSON. Where the next one begins, if there is one, is told beside it, in the header
    /// `x-next-cursor`.
    #[must_use]
    pub fn lines(body: String, next: Option<String>) -> Self {
        let reply = Self::text(200, "application/x-ndjson", body);
        match next {
            Some(next) => reply.header("x-next-cursor", next),
            None => reply,
        }
    }

    /// Nothing but success.
    #[must_use]
    pub fn empty() -> Self {
        Self::text(204, "text/plain", String::new())
    }

    /// The same, with one more header. A value that no header can hold is left out.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, with what was counted on the way.
    #[must_use]
    pub fn counted(mut self, tally: Tally) -> Self {
        self.tally = tally;
        self
    }
}

impl Call {
    /// Goes on only with what the route's operation allows.
    fn admit(&self) -> Result<(), Fault> {
        match self.operation()?.access {
            Access::Role(allowed) => self.require(allowed),
            Access::Inbox(_)
            | Access::Link
            | Access::SigV4
            | Access::WriteKey
            | Access::Signature
            | Access::Anyone => Ok(()),
        }
    }

    /// Goes on only if the caller's role allows it: for what its operation does not tell.
    ///
    /// # Errors
    /// `Forbidden` when it does not.
    pub fn require(&self, allowed: impl Fn(Role) -> bool) -> Result<(), Fault> {
        if allowed(self.principal.role) {
            Ok(())
        } else {
            Err(Fault::Forbidden("the credential's role does not allow this".to_owned()))
        }
    }
}

impl Asked {
    fn new(request: Request) -> Self {
        if let Some(parent) = header(&request, "traceparent") {
            stage::traced(parent);
        }
        Self { request, began: Instant::now(), tenant: OnceLock::new(), trace: stage::trace() }
    }

    /// The trace that it belongs to, where one is known.
    #[must_use]
    pub const fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Where a payload of this request comes from.
    #[must_use]
    pub const fn origin<'a>(&'a self, stage: &'a str, tenant: &'a TenantId) -> Origin<'a> {
        Origin { stage, tenant, trace: self.trace() }
    }

    /// Says whose it is, for logs and metrics.
    pub fn of(&self, tenant: &TenantId) {
        stage::of(tenant);
        let _ = self.tenant.set(tenant.clone());
    }

    /// The route that matched, as the template writes it: `GET /v1/messages/{id}`.
    #[must_use]
    pub fn route(&self) -> String {
        match self.request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                context.route_key.clone().unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// The operation of the route that matched, if it takes what was sent.
    fn operation(&self) -> Result<&'static Operation, Fault> {
        let nothing = || Fault::NotFound("there is no such route".to_owned());
        let operation = api::find(&self.route()).ok_or_else(nothing)?;
        let kind = self.content_type();
        if self.request.body().is_empty() || operation.understands(kind) {
            return Ok(operation);
        }
        let taken: Vec<&str> = operation.body.iter().map(|it| it.media).collect();
        let message = format!("`{kind}` is not taken; send {}", taken.join(" or "));
        Err(Fault::invalid(CONTENT_TYPE.as_str(), message))
    }

    /// The path as it came, without variables.
    #[must_use]
    pub fn raw_path(&self) -> &str {
        self.request.raw_http_path()
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.request.method().as_str()
    }

    /// The query as it came, without the `?`.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        self.request.uri().query().unwrap_or_default()
    }

    /// The problem of a path that has only the methods `allowed`.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn no_such_method(&self, allowed: &str) -> Result<Reply, Fault> {
        let problem = Problem::no_such_method(allowed, self.request_id());
        let reply = Reply::json(problem.status, &problem)?;
        Ok(Reply { kind: PROBLEM, ..reply }.header(ALLOW.as_str(), allowed))
    }

    /// What the access log knows the call by.
    pub(crate) fn request_id(&self) -> Option<&str> {
        match self.request.request_context_ref()? {
            RequestContext::ApiGatewayV2(context) => context.request_id.as_deref(),
            _ => None,
        }
    }

    /// A variable of the path, decoded.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<String> {
        self.request.path_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// A variable of the query, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.request.query_string_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// What follows `Authorization: Bearer`, whatever it is.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        bearer(&self.request)
    }

    /// Who asks, by their credential: for functions that let others in too.
    ///
    /// # Errors
    /// `Unauthorized` without a credential that is known; `Forbidden` when it is another tenant's than
    /// `X-Ceap-Tenant` names; `Unavailable` or `Throttled`.
    pub async fn principal(&self, credentials: &impl Credentials) -> Result<Principal, Fault> {
        let principal = authenticate(&self.request, credentials).await?;
        self.of(&principal.tenant);
        Ok(principal)
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.request, name)
    }

    /// Every header that is text, by its name in lower case.
    #[must_use]
    pub fn headers(&self) -> Vec<(&str, &str)> {
        let all = self.request.headers().iter();
        all.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
    }

    /// The key under which a request may be made again: of its `Idempotency-Key` header
    /// (draft-ietf-httpapi-idempotency-key-header, a string in quotes; without them, too), or one
    /// that no other request has.
    #[must_use]
    pub fn idempotency_key(&self, random: impl Fn() -> [u8; 32]) -> String {
        let given = self.header("idempotency-key").map(|key| key.trim().trim_matches('"'));
        given.map_or_else(|| random().iter().map(|it| format!("{it:02x}")).collect(), str::to_owned)
    }

    /// The body as a value; `what` names it in errors that no field of it is to blame for.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, Fault> {
        let body = self.body()?;
        let mut reader = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            // Its own words go back to who sent it, and nowhere else.
            let (path, rule) = (error.path().to_string(), error.inner().to_string());
            Fault::invalid(if matches!(&*path, "" | ".") { what.to_owned() } else { path }, rule)
        })?;
        reader.end().map_err(|error| Fault::invalid(what, error.to_string()))?;
        Ok(value)
    }

    /// The content type, as it was sent.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or_default()
    }

    /// The body, decoded from gzip where it says so (RFC 9110 §8.4).
    ///
    /// # Errors
    /// `Invalid` when it is larger than [`MAX_BODY`] or not what its encoding says.
    pub fn body(&self) -> Result<Vec<u8>, Fault> {
        self.body_within(MAX_BODY)
    }

    /// The body as it came.
    #[must_use]
    pub fn raw_body(&self) -> &[u8] {
        self.request.body().as_ref()
    }

    /// The same as [`Self::body`], of at most `most` bytes.
    ///
    /// # Errors
    /// `Invalid` when it is larger or not what its encoding says.
    pub fn body_within(&self, most: usize) -> Result<Vec<u8>, Fault> {
        let raw = self.request.body().as_ref();
        match self.header(CONTENT_ENCODING.as_str()).unwrap_or("identity") {
            "identity" | "" => bounded(raw, most),
            "gzip" => bounded(MultiGzDecoder::new(raw), most),
            other => Err(Fault::invalid(
                CONTENT_ENCODING.as_str(),
                format!("`{other}` is not taken; send gzip or nothing"),
            )),
        }
    }
}

fn bounded(source: impl Read, most: usize) -> Result<Vec<u8>, Fault> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut body = Vec::new();
    source
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|_| Fault::invalid("body", "is not what its content-encoding says"))?;
    if body.len() > most {
        return Err(too_large(most));
    }
    Ok(body)
}

fn too_large(most: usize) -> Fault {
    Fault::invalid(
        CONTENT_LENGTH.as_str(),
        format!("the body is larger than {most} bytes; send it in parts"),
    )
}

/// Serves `handler` to callers that `credentials` knows.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn serve(
    name: &'static str,
    credentials: &impl Credentials,
    handler: impl AsyncFn(&Call) -> Result<Reply, Fault>,
) -> Result<(), Error> {
    stage::asked(name, async |event: LambdaRequest| {
        let response = Box::pin(respond(name, credentials, &handler, event.into())).await;
        Ok::<_, Error>(answer(response))
    })
    .await
}

/// Serves `handler` to anyone: what it allows, it reads from what is asked.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn open(
    name: &'static str,
    handler: impl AsyncFn(&Asked) -> Result<Reply, Fault>,
) -> Result<(), Error> {
    stage::asked(name, async |event: LambdaRequest| {
        Ok::<_, Error>(opened(name, &handler, event).await)
    })
    .await
}

async fn opened(
    name: &str,
    handler: &impl AsyncFn(&Asked) -> Result<Reply, Fault>,
    request: LambdaRequest,
) -> ApiGatewayV2httpResponse {
    let asked = Asked::new(request.into());
    let outcome = match (pinpoint::elsewhere(&asked), asked.operation()) {
        (Some(refused), _) => refused,
        (None, Err(fault)) if asked.route() != DEFAULT => Err(fault),
        _ => Box::pin(handler(&asked)).await,
    };
    answer(finished(name, &asked, outcome))
}

/// Answers one request as [`open`] does: both are as API Gateway writes and reads them.
#[cfg(test)]
pub(crate) async fn answered(
    handler: impl AsyncFn(&Asked) -> Result<Reply, Fault>,
    event: &serde_json::Value,
) -> serde_json::Value {
    let request = serde_json::from_str(&event.to_string()).unwrap();
    serde_json::to_value(opened("test", &handler, request).await).unwrap()
}

/// The answer in payload format 2.0 of HTTP APIs. (`lambda_http::run` wants futures that can change
/// threads; a function serves one request at a time and needs no such thing.)
pub(crate) fn answer(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(parts.status.as_u16());
    answer.headers = parts.headers;
    answer.body = Some(body);
    answer
}

pub(crate) async fn respond(
    name: &str,
    credentials: &impl Credentials,
    handler: &impl AsyncFn(&Call) -> Result<Reply, Fault>,
    request: Request,
) -> Response<Body> {
    let asked = Asked::new(request);
    if let Some(refused) = pinpoint::elsewhere(&asked) {
        return finished(name, &asked, refused);
    }
    let principal = match asked.principal(credentials).await {
        Ok(principal) => principal,
        Err(fault) => return finished(name, &asked, Err(fault)),
    };
    let call = Call { principal, asked };
    let outcome = match call.admit() {
        Ok(()) => Box::pin(handler(&call)).await,
        Err(fault) => Err(fault),
    };
    finished(name, &call, outcome)
}

fn finished(name: &str, asked: &Asked, outcome: Result<Reply, Fault>) -> Response<Body> {
    let response = written(name, asked, outcome);
    let (tenant, status) = (asked.tenant.get(), response.status().as_u16());
    let line = metrics::request(name, tenant, &asked.route(), status, asked.began.elapsed());
    metrics::print(&[stage::named(line)]);
    response
}

fn written(name: &str, asked: &Asked, outcome: Result<Reply, Fault>) -> Response<Body> {
    match outcome {
        Ok(reply) => {
            metrics::emit(&reply.tally);
            let mut response = response(reply.status, reply.kind, reply.body);
            for (name, value) in &reply.headers {
                add(&mut response, name, value);
            }
            response
        }
        Err(fault) => refusal(name, asked, &fault),
    }
}

async fn authenticate(
    request: &Request,
    credentials: &impl Credentials,
) -> Result<Principal, Fault> {
    let given = bearer(request).or_else(|| header(request, "x-write-key")).ok_or_else(|| {
        Fault::Unauthorized(
            "send a credential as `Authorization: Bearer …` or `X-Write-Key: …`".to_owned(),
        )
    })?;
    let claimed = header(request, "x-ceap-tenant");
    Credential::parse(given)?.authenticate(claimed, credentials).await
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, rest) = header(request, AUTHORIZATION.as_str())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// RFC 9457.
fn refusal(name: &str, asked: &Asked, fault: &Fault) -> Response<Body> {
    let status = Status::from(fault);
    if status.number() >= 500 {
        log(name, fault);
    }
    let sent = asked.body().unwrap_or_default();
    let problem = Problem::of(fault, &sent, asked.request_id());
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let mut response = response(status.number(), PROBLEM, body);
    for (name, value) in problem::headers(fault) {
        add(&mut response, name, &value);
    }
    response
}

fn add(response: &mut Response<Body>, name: &str, value: &str) {
    if let Ok(value) = value.parse()
        && let Ok(name) = name.parse::<lambda_http::http::HeaderName>()
    {
        response.headers_mut().insert(name, value);
    }
}

fn response(status: u16, kind: &'static str, body: String) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, kind)
        .body(Body::Text(body))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
