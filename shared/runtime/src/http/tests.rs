//! Who gets through, and what they are told.

use super::*;
use aws_lambda_events::event::apigw::ApiGatewayV2httpRequestContext;
use ceap_kernel::TenantId;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

struct One(Credential);

impl Credentials for One {
    async fn find(&self, tenant: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault> {
        let known = *tenant == self.0.tenant && fingerprint == self.0.fingerprint();
        let tenant = tenant.clone();
        Ok(known.then_some(Principal { tenant, role: Role::Source, email: None, source: None }))
    }
}

fn credential(tenant: &str) -> Credential {
    Credential::generate(TenantId::new(tenant).unwrap(), &[1; 32])
}

fn request(route: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Request {
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.route_key = Some(route.to_owned());
    context.request_id = Some("JKJaXmPLvHcESHA=".to_owned());
    let mut request = Request::new(Body::Binary(body))
        .with_request_context(RequestContext::ApiGatewayV2(context));
    for (name, value) in headers {
        let name: lambda_http::http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

async fn ask(route: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, Value) {
    let handler = async |call: &Call| {
        #[derive(serde::Deserialize)]
        struct Sent {
            data: std::collections::BTreeMap<String, u8>,
        }
        match call.content_type() {
            "application/json" => Reply::json(202, &call.json::<Sent>("message")?.data),
            _ => Reply::json(202, &call.body()?.len()),
        }
    };
    let request = request(route, headers, body);
    let response = respond("test", &One(credential("acme")), &handler, request).await;
    if response.status().as_u16() >= 400 {
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let body = serde_json::from_slice(response.body().as_ref()).unwrap();
    (response.status().as_u16(), body)
}

async fn call(headers: &[(&str, &str)], body: Vec<u8>) -> (u16, Value) {
    ask("POST /v1/events", headers, body).await
}

#[tokio::test]
async fn what_a_route_does_not_say_does_not_happen() {
    let key = credential("acme").reveal();
    let known = ("x-write-key", key.as_str());
    assert_eq!(ask("GET /v1/nothing", &[known], vec![]).await.0, 404);
    assert_eq!(ask("GET /v1/profiles/{id}", &[known], vec![]).await.0, 403);
    let csv = [known, ("content-type", "text/csv")];
    let (status, problem) = call(&csv, b"a,b".to_vec()).await;
    assert_eq!((status, &problem["code"]), (415, &json!("unsupported_media_type")));
    assert_eq!(call(&csv, vec![]).await.0, 202);
    let kind = [known, ("content-type", "Application/CloudEvents+JSON; charset=utf-8")];
    assert_eq!(call(&kind, b"{}".to_vec()).await.0, 202);
    let packed = [known, ("content-encoding", "br")];
    assert_eq!(call(&packed, b"x".to_vec()).await.0, 415);
}

#[tokio::test]
async fn a_problem_says_what_and_where() {
    let key = credential("acme").reveal();
    let json = [("x-write-key", key.as_str()), ("content-type", "application/json")];
    let (status, problem) = call(&json, br#"{"data": {"a.b": "x"}}"#.to_vec()).await;
    assert_eq!(status, 400);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with("data.a.b: invalid type: string \"x\""), "{detail}");
    assert_eq!(
        problem,
        json!({
            "type": "urn:ceap:problem:invalid",
            "title": "The input breaks a rule",
            "status": 400,
            "code": "invalid",
            "detail": detail,
            "instance": "urn:ceap:request:JKJaXmPLvHcESHA=",
            "field": "data.a.b",
            "pointer": "#/data/a.b",
        })
    );
    let (_, problem) = call(&json, b"{}".to_vec()).await;
    assert_eq!((&problem["field"], problem.get("pointer")), (&json!("message"), None));
    let (_, problem) = call(&json, br#"{"data": {}} trailing"#.to_vec()).await;
    assert_eq!(problem["field"], "message");
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
    let asked = Asked::new(Request::default());
    let response = finished("test", &asked, Ok(reply));
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    assert!(!response.headers().contains_key("x-a"));
}

#[tokio::test]
async fn bodies_are_bounded_also_when_they_are_packed() {
    let key = credential("acme").reveal();
    let (status, body) = call(&[("x-write-key", &key)], vec![b'x'; MAX_BODY + 1]).await;
    assert_eq!((status, &body["code"]), (413, &json!("too_large")));
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; 50 * MAX_BODY]).unwrap();
    let headers = [("x-write-key", key.as_str()), ("content-encoding", "gzip")];
    assert_eq!(call(&headers, packed.finish().unwrap()).await.0, 413);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(b"hello").unwrap();
    assert_eq!(call(&headers, packed.finish().unwrap()).await, (202, json!(5)));
    assert_eq!(call(&headers, b"not gzip".to_vec()).await.0, 400);
}
