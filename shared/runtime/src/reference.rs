//! The API's document and the schema of use cases over HTTP, and what is answered to what no route
//! takes.

use crate::api::document::document;
use crate::api::operations;
use crate::http::{Asked, Reply};
use ceap_engagement::use_case::schema;
use ceap_kernel::{Fault, digest};
use serde_json::Value;

/// The route that API Gateway takes when no other fits.
pub const DEFAULT: &str = "$default";

/// Seconds that a document may be kept: it changes with a deploy.
const CACHE: &str = "public, max-age=300";

/// The documents, ready to be handed out.
#[derive(Debug)]
pub struct Reference {
    api: Page,
    use_case: Page,
}

/// A document and its tag.
#[derive(Debug)]
struct Page {
    kind: &'static str,
    text: String,
    tag: String,
}

impl Reference {
    /// Makes them.
    ///
    /// # Errors
    /// `Internal` when one cannot be written.
    pub fn new() -> Result<Self, Fault> {
        let api = Page::new("application/json", &document())?;
        Ok(Self { api, use_case: Page::new("application/schema+json", &schema::schema())? })
    }

    /// Hands one out, unless it is known (RFC 9110 §13.1.2); `$default` is what no route takes.
    ///
    /// # Errors
    /// `NotFound` for what no route takes.
    pub fn answer(&self, asked: &Asked) -> Result<Reply, Fault> {
        let route = asked.route();
        if route == DEFAULT {
            return missing(asked);
        }
        let page = if route.ends_with(schema::ROUTE) { &self.use_case } else { &self.api };
        Ok(page.answer(asked.header("if-none-match").unwrap_or_default()))
    }
}

impl Page {
    fn new(kind: &'static str, document: &Value) -> Result<Self, Fault> {
        let text =
            serde_json::to_string(document).map_err(|error| Fault::Internal(error.to_string()))?;
        let tag = format!("\"{}\"", digest(&[&text]));
        Ok(Self { kind, text, tag })
    }

    /// The document, unless one of the `known` tags is its own.
    fn answer(&self, known: &str) -> Reply {
        let same = known.split(',').map(str::trim).map(|it| it.strip_prefix("W/").unwrap_or(it));
        let mut same = same.filter(|it| *it == self.tag || *it == "*");
        let reply = match same.next() {
            Some(_) => Reply::text(304, self.kind, String::new()),
            None => Reply::text(200, self.kind, self.text.clone()),
        };
        reply.header("etag", self.tag.clone()).header("cache-control", CACHE)
    }
}

/// There is no such path; or there is, with other methods, which are named (RFC 9110 §15.5.6).
fn missing(asked: &Asked) -> Result<Reply, Fault> {
    let path = asked.raw_path();
    let fits = operations().filter(|it| fits(it.path(), path)).map(|it| it.method());
    let methods: Vec<&str> = fits.collect();
    if methods.is_empty() {
        return Err(Fault::NotFound(
            "there is no such route; GET /v1/openapi.json names all".to_owned(),
        ));
    }
    asked.no_such_method(&methods.join(", "))
}

/// Whether a path is one of a template's.
fn fits(template: &str, path: &str) -> bool {
    let (mut asked, mut known) = (path.split('/'), template.split('/'));
    loop {
        match (known.next(), asked.next()) {
            (None, None) => return true,
            (Some(known), Some(asked)) if known.starts_with('{') && !asked.is_empty() => {}
            (Some(known), Some(asked)) if known == asked => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::answered;
    use serde_json::json;

    fn sample(case: &str) -> Value {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/openapi/");
        let text = std::fs::read_to_string(format!("{folder}{case}.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    async fn ask(event: &Value) -> Value {
        let reference = Reference::new().unwrap();
        answered(async |asked: &Asked| reference.answer(asked), event).await
    }

    #[tokio::test]
    async fn the_document_is_handed_out_unless_it_is_known() {
        let mut event = sample("get");
        let answer = ask(&event).await;
        assert_eq!(answer["statusCode"], 200);
        assert_eq!(answer["headers"]["cache-control"], CACHE);
        let text = answer["body"].as_str().unwrap();
        let read: Value = serde_json::from_str(text).unwrap();
        assert_eq!(read["openapi"], "3.1.0");
        event["headers"]["if-none-match"] =
            format!("W/{}", answer["headers"]["etag"].as_str().unwrap()).into();
        let answer = ask(&event).await;
        assert_eq!((&answer["statusCode"], &answer["body"]), (&json!(304), &json!("")));
    }

    #[tokio::test]
    async fn the_schema_of_use_cases_is_handed_out() {
        let answer = ask(&sample("use-case-schema")).await;
        assert_eq!(answer["statusCode"], 200);
        assert_eq!(answer["headers"]["content-type"], "application/schema+json");
        let read: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(read["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(read["additionalProperties"], false);
    }

    #[tokio::test]
    async fn what_no_route_takes_is_a_problem() {
        let answer = ask(&sample("unknown-route")).await;
        assert_eq!(answer["statusCode"], 404);
        assert_eq!(answer["headers"]["content-type"], "application/problem+json");
        let answer = ask(&sample("unknown-method")).await;
        assert_eq!(
            (&answer["statusCode"], &answer["headers"]["allow"]),
            (&json!(405), &json!("GET, DELETE"))
        );
        let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(problem["code"], "method_not_allowed");
    }

    #[test]
    fn paths_fit_segment_by_segment() {
        assert!(fits("/v1/profiles/{id}", "/v1/profiles/ada"));
        for path in ["/v1/profiles", "/v1/profiles/", "/v1/profiles/a/b", "/v2/profiles/a", ""] {
            assert!(!fits("/v1/profiles/{id}", path), "{path}");
        }
    }
}
