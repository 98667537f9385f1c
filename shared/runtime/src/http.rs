//! HTTP APIs: who calls, what is asked, and how errors look (RFC 9457).

use crate::bootstrap::log;
use crate::metrics;
use aws_lambda_events::event::apigw::ApiGatewayV2httpResponse;
use ceap_kernel::access::{Credential, Credentials, Principal, Role};
use ceap_kernel::{Fault, Tally};
use flate2::read::MultiGzDecoder;
use lambda_http::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, WWW_AUTHENTICATE};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Body, Request, RequestExt, Response};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::io::Read;
use std::ops::Deref;

/// Bytes of a body, decoded.
pub const MAX_BODY: usize = 1024 * 1024;

/// A call by someone known.
#[derive(Debug)]
pub struct Call {
    /// Who.
    pub principal: Principal,
    asked: Asked,
}

/// What is asked, by whomever.
#[derive(Debug)]
pub struct Asked(Request);

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
    /// Goes on only if the caller's role allows it.
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
    /// The route that matched, as the template writes it: `GET /v1/messages/{id}`.
    #[must_use]
    pub fn route(&self) -> String {
        match self.0.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                context.route_key.clone().unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// A variable of the path, decoded.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<String> {
        self.0.path_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// A variable of the query, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.0.query_string_parameters_ref()?.first(name).map(str::to_owned)
    }

    /// What follows `Authorization: Bearer`, whatever it is.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        bearer(&self.0)
    }

    /// Who asks, by their credential: for functions that let others in too.
    ///
    /// # Errors
    /// `Unauthorized` without a credential that is known; `Forbidden` when it is another tenant's than
    /// `X-Ceap-Tenant` names; `Unavailable` or `Throttled`.
    pub async fn principal(&self, credentials: &impl Credentials) -> Result<Principal, Fault> {
        authenticate(&self.0, credentials).await
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.0, name)
    }

    /// The key under which a request may be made again: of its `Idempotency-Key` header
    /// (draft-ietf-httpapi-idempotency-key-header, a string in quotes; without them, too), or one
    /// that no other request has.
    #[must_use]
    pub fn idempotency_key(&self, random: impl Fn() -> [u8; 32]) -> String {
        let given = self.header("idempotency-key").map(|key| key.trim().trim_matches('"'));
        given.map_or_else(|| random().iter().map(|it| format!("{it:02x}")).collect(), str::to_owned)
    }

    /// The body as a value; `what` names it in errors.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, Fault> {
        // Its own words go back to who sent it, and nowhere else.
        serde_json::from_slice(&self.body()?)
            .map_err(|error| Fault::invalid(what, error.to_string()))
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
        let raw = self.0.body().as_ref();
        match self.header(CONTENT_ENCODING.as_str()).unwrap_or("identity") {
            "identity" | "" => bounded(raw),
            "gzip" => bounded(MultiGzDecoder::new(raw)),
            other => Err(Fault::invalid(
                "content-encoding",
                format!("`{other}` is not taken; send gzip or nothing"),
            )),
        }
    }
}

fn bounded(source: impl Read) -> Result<Vec<u8>, Fault> {
    let limit = u64::try_from(MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
    let mut body = Vec::new();
    source
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|_| Fault::invalid("body", "is not what its content-encoding says"))?;
    if body.len() > MAX_BODY {
        return Err(too_large());
    }
    Ok(body)
}

const TOO_LARGE: &str = "content-length";

fn too_large() -> Fault {
    Fault::invalid(TOO_LARGE, format!("the body is larger than {MAX_BODY} bytes; send it in parts"))
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
    let handler = &handler;
    run(service_fn(move |event: LambdaEvent<LambdaRequest>| async move {
        let request = event.payload.into();
        let response = Box::pin(respond(name, credentials, handler, request)).await;
        Ok::<_, Error>(answer(response))
    }))
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
    let handler = &handler;
    run(service_fn(move |event: LambdaEvent<LambdaRequest>| async move {
        Ok::<_, Error>(opened(name, handler, event.payload).await)
    }))
    .await
}

async fn opened(
    name: &str,
    handler: &impl AsyncFn(&Asked) -> Result<Reply, Fault>,
    request: LambdaRequest,
) -> ApiGatewayV2httpResponse {
    let asked = Asked(request.into());
    let outcome = Box::pin(handler(&asked)).await;
    answer(finished(name, outcome))
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
fn answer(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(parts.status.as_u16());
    answer.headers = parts.headers;
    answer.body = Some(body);
    answer
}

async fn respond(
    name: &str,
    credentials: &impl Credentials,
    handler: &impl AsyncFn(&Call) -> Result<Reply, Fault>,
    request: Request,
) -> Response<Body> {
    let outcome = match authenticate(&request, credentials).await {
        Ok(principal) => Box::pin(handler(&Call { principal, asked: Asked(request) })).await,
        Err(fault) => Err(fault),
    };
    finished(name, outcome)
}

fn finished(name: &str, outcome: Result<Reply, Fault>) -> Response<Body> {
    match outcome {
        Ok(reply) => {
            metrics::emit(&reply.tally);
            let mut response = response(reply.status, reply.kind, reply.body);
            for (name, value) in &reply.headers {
                add(&mut response, name, value);
            }
            response
        }
        Err(fault) => problem(name, &fault),
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
fn problem(name: &str, fault: &Fault) -> Response<Body> {
    let status = match fault {
        Fault::Invalid { field, .. } if field == TOO_LARGE => 413,
        other => other.status(),
    };
    if status >= 500 {
        log(name, fault);
    }
    let body = json!({
        "type": format!("urn:ceap:problem:{}", fault.code()),
        "title": fault.code(),
        "status": status,
        "code": fault.code(),
        "detail": fault.public(),
    });
    let mut response = response(status, "application/problem+json", body.to_string());
    let extra = match status {
        401 => Some((WWW_AUTHENTICATE.as_str(), "Bearer")),
        429 | 503 => Some(("retry-after", "1")),
        _ => None,
    };
    if let Some((name, value)) = extra {
        add(&mut response, name, value);
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
mod tests {
    use super::*;
    use ceap_kernel::TenantId;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::Value;
    use std::io::Write;

    struct One(Credential);

    impl Credentials for One {
        async fn find(
            &self,
            tenant: &TenantId,
            fingerprint: &str,
        ) -> Result<Option<Principal>, Fault> {
            let known = *tenant == self.0.tenant && fingerprint == self.0.fingerprint();
            let tenant = tenant.clone();
            Ok(known.then_some(Principal { tenant, role: Role::Source, email: None }))
        }
    }

    fn credential(tenant: &str) -> Credential {
        Credential::generate(TenantId::new(tenant).unwrap(), &[1; 32])
    }

    async fn call(headers: &[(&str, &str)], body: Vec<u8>) -> (u16, Value) {
        let mut request = Request::new(Body::Binary(body));
        for (name, value) in headers {
            let name: lambda_http::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let handler = async |call: &Call| Reply::json(202, &call.body()?.len());
        let response = respond("test", &One(credential("acme")), &handler, request).await;
        let body = serde_json::from_slice(response.body().as_ref()).unwrap();
        (response.status().as_u16(), body)
    }

    #[tokio::test]
    async fn only_known_credentials_of_the_tenant_get_through() {
        let (own, other) = (credential("acme").reveal(), credential("globex").reveal());
        assert_eq!(call(&[], vec![]).await.0, 401);
        assert_eq!(call(&[("x-write-key", "nonsense")], vec![]).await.0, 401);
        assert_eq!(call(&[("x-write-key", &other)], vec![]).await.0, 401);
        assert_eq!(call(&[("x-write-key", &own)], vec![]).await.0, 202);
        let bearer = format!("bearer {own}");
        assert_eq!(call(&[("authorization", &bearer)], vec![]).await.0, 202);
        let claimed = [("authorization", bearer.as_str()), ("x-ceap-tenant", "globex")];
        assert_eq!(call(&claimed, vec![]).await.0, 403);
    }

    #[test]
    fn a_reply_has_the_headers_that_it_can_have() {
        let reply = Reply::empty().header("referrer-policy", "no-referrer").header("x-a", "a\nb");
        let response = finished("test", Ok(reply));
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        assert!(!response.headers().contains_key("x-a"));
    }

    #[tokio::test]
    async fn bodies_are_bounded_also_when_they_are_packed() {
        let key = credential("acme").reveal();
        let (status, body) = call(&[("x-write-key", &key)], vec![b'x'; MAX_BODY + 1]).await;
        assert_eq!((status, &body["code"]), (413, &json!("invalid")));
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&vec![0; 50 * MAX_BODY]).unwrap();
        let headers = [("x-write-key", key.as_str()), ("content-encoding", "gzip")];
        assert_eq!(call(&headers, packed.finish().unwrap()).await.0, 413);
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(b"hello").unwrap();
        assert_eq!(call(&headers, packed.finish().unwrap()).await, (202, json!(5)));
        assert_eq!(call(&headers, b"not gzip".to_vec()).await.0, 400);
    }
}
