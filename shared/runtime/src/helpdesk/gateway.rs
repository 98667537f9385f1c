//! What API Gateway's HTTP API hands to a function, and what it takes from it (payload format 2.0).

use aws_lambda_events::encodings::Body;
use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_helpdesk::api::{Ask, Method, Refused, Told};
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// Bytes of a body: what Lambda takes of a request altogether. (Of a body that is no text, API Gateway hands on a third
/// less, since it travels as Base64.)
const MAX_BODY: usize = 6 * 1024 * 1024;

/// What is asked.
pub(super) fn asked(event: ApiGatewayV2httpRequest) -> Result<Ask, Refused> {
    let context = event.request_context;
    let method = Method::named(context.http.method.as_str()).ok_or(Refused::NoRoute(None))?;
    let headers = headers(&event.headers);
    let query = event.raw_query_string.unwrap_or_default();
    let query = form_urlencoded::parse(query.as_bytes());
    let encoding = find(&headers, "content-encoding").unwrap_or("identity").to_owned();
    Ok(Ask {
        method,
        base: base(&headers, context.domain_name.as_deref().unwrap_or_default()),
        raw_path: event.raw_path.unwrap_or_default(),
        query: query.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        headers,
        body: body(event.body.unwrap_or_default(), event.is_base64_encoded, &encoding)?,
    })
}

/// By their names in lower case.
fn headers(all: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    all.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
}

/// Scheme and host as the caller wrote them: links in answers begin so. `domain` is the API's own, for a caller who
/// says none.
fn base(headers: &[(String, String)], domain: &str) -> String {
    let scheme = match find(headers, "x-forwarded-proto") {
        Some("http") => "http",
        _ => "https",
    };
    let host = find(headers, "host").filter(|host| !host.is_empty()).unwrap_or(domain);
    // An IPv6 address has colons too, in brackets (RFC 3986 §3.2.2).
    let has_port = host.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
    let usual = if scheme == "http" { "80" } else { "443" };
    match find(headers, "x-forwarded-port").filter(|port| *port != usual && !has_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

fn body(text: String, base64: bool, encoding: &str) -> Result<Vec<u8>, Refused> {
    let wrong = |what: &str| Refused::Unreadable(format!("the body is not {what}"));
    let raw = if base64 {
        STANDARD.decode(text).map_err(|_| wrong("Base64"))?
    } else {
        text.into_bytes()
    };
    let body = match encoding {
        "identity" | "" => raw,
        "gzip" => {
            let most = u64::try_from(MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
            let mut plain = Vec::new();
            let read = MultiGzDecoder::new(&*raw).take(most).read_to_end(&mut plain);
            read.map_err(|_| wrong("gzip"))?;
            plain
        }
        _ => {
            let text = "send the body as it is, or as gzip".to_owned();
            return Err(Refused::Other(415, "UnsupportedMediaType", text));
        }
    };
    if body.len() > MAX_BODY {
        let text = format!("a request has at most {MAX_BODY} bytes");
        return Err(Refused::Other(413, "RequestEntityTooLarge", text));
    }
    Ok(body)
}

/// The answer; `head` if nobody reads its body.
pub(super) fn sent(told: Told, head: bool) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(told.status);
    for (name, value) in told.headers {
        // A value that no header can hold is left out.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers.append(HeaderName::from_static(name), value);
        }
    }
    let empty = head || told.body.is_empty();
    response.body = (!empty).then_some(Body::Text(told.body));
    response
}
