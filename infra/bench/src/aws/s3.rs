//! S3 as the platform's small files need it: put, get, delete, by the names that they are put under.

use ceap_aws::played::{Answered, Asked};
use std::collections::BTreeMap;

/// Objects by bucket and key.
#[derive(Debug, Default)]
pub struct Objects(BTreeMap<(String, String), Vec<u8>>);

impl Objects {
    /// Answers one request about `path` of `bucket`.
    pub fn answer(&mut self, asked: &Asked, bucket: &str, path: &str) -> Answered {
        let (key, query) = path.split_once('?').unwrap_or((path, ""));
        let place = (bucket.to_owned(), key.to_owned());
        // What is tagged is not played: there is no lifecycle that would look.
        if query.starts_with("tagging") {
            return answered(204, Vec::new());
        }
        match asked.method.as_str() {
            "PUT" if asked.header("if-none-match").is_some() && self.0.contains_key(&place) => {
                answered(412, error("PreconditionFailed"))
            }
            "PUT" => {
                self.0.insert(place, asked.body.clone());
                answered(200, Vec::new())
            }
            "GET" => match self.0.get(&place) {
                Some(found) => answered(200, found.clone()),
                None => answered(404, error("NoSuchKey")),
            },
            "DELETE" => {
                self.0.remove(&place);
                answered(204, Vec::new())
            }
            _ => answered(405, error("MethodNotAllowed")),
        }
    }
}

fn error(code: &str) -> Vec<u8> {
    format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>").into_bytes()
}

fn answered(status: u16, body: Vec<u8>) -> Answered {
    let headers = vec![
        ("content-length", body.len().to_string()),
        ("etag", "\"played\"".to_owned()),
        ("x-amz-request-id", "played".to_owned()),
    ];
    Answered { status, headers, body }
}
