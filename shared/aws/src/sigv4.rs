//! Requests that are signed as AWS's SDKs sign them: with Signature Version 4, in the `Authorization` header.
//!
//! The request is signed again, by the crate that AWS's own SDK for Rust signs with: exactly the headers that
//! the client lists, at the instant that it names, and what comes of it is compared in constant time.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html>

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use ceap_kernel::{Fault, SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::time::SystemTime;
use subtle::ConstantTimeEq;

/// What such an `Authorization` begins with.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How old a signed instant may be, and how far ahead ("a request must reach AWS within five minutes of the
/// time stamp in the request").
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The header that says when it was signed.
const DATE: &str = "x-amz-date";

/// Headers that must be signed: without them, a signature would be good elsewhere, and at another time.
const REQUIRED: [&str; 2] = ["host", DATE];

/// What a segment of a path holds as it is (RFC 3986 §2.3); all else is encoded, as SDKs do.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path; decoded or not.
    pub path: &'a str,
    /// Its query, as it was sent.
    pub query: &'a str,
    /// Its headers, by their names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// Its body, as it was sent.
    pub body: &'a [u8],
    /// When it came.
    pub at: Timestamp,
}

/// Why a request is not taken, each under the name that AWS's services give it (IAM user guide, Common errors).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is not signed.
    Missing,
    /// Part of what says how it is signed is missing or no good.
    Incomplete(String),
    /// It is signed too long ago, otherwise, or by nobody known.
    Wrong(String),
}

/// What an `Authorization` header says of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Who signed.
    pub access_key: &'a str,
    /// Where the request was to go.
    pub region: &'a str,
    /// To which service.
    pub service: &'a str,
    day: &'a str,
    headers: Vec<&'a str>,
    signature: &'a str,
}

fn incomplete(what: impl Into<String>) -> Refused {
    Refused::Incomplete(what.into())
}

impl<'a> Authorization<'a> {
    /// Reads the header of a request, of which nothing is proven yet.
    ///
    /// # Errors
    /// `Missing` or `Incomplete`.
    pub fn of(request: &Signed<'a>) -> Result<Self, Refused> {
        let value = request.header("authorization").ok_or(Refused::Missing)?;
        let rest = value.strip_prefix(ALGORITHM).ok_or(Refused::Missing)?;
        let part = |name: &str| {
            let mut parts = rest.split(',').map(str::trim);
            let found = parts.find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| {
                incomplete(format!("Authorization header requires '{name}' parameter."))
            })
        };
        let scope: Vec<&str> = part("Credential")?.split('/').collect();
        let [access_key, day, region, service, "aws4_request"] = scope.as_slice() else {
            let form = "Credential must be <access key id>/<date>/<region>/<service>/aws4_request.";
            return Err(incomplete(form));
        };
        let headers: Vec<&str> = part("SignedHeaders")?.split(';').collect();
        // The crate that signs panics where there is no path, or no host.
        if !request.path.starts_with('/') {
            return Err(incomplete("the path must begin with a slash."));
        }
        let signed = |name: &str| headers.contains(&name) && request.header(name).is_some();
        if let Some(lacks) = REQUIRED.iter().find(|name| !signed(name)) {
            return Err(incomplete(format!("'{lacks}' must be a signed header.")));
        }
        Ok(Self { access_key, region, service, day, headers, signature: part("Signature")? })
    }

    /// Whether the holder of `secret` signed the request, lately and for `service`.
    ///
    /// # Errors
    /// `Incomplete`, saying what is missing; `Wrong`, saying why.
    pub fn verify(&self, request: &Signed<'a>, service: &str, secret: &str) -> Result<(), Refused> {
        let wrong = |why: String| Err(Refused::Wrong(why));
        let date = request.header(DATE).unwrap_or_default();
        let shaped = date.len() == 16 && date.ends_with('Z') && date.get(8..9) == Some("T");
        let signed: Option<Timestamp> = date.parse().ok().filter(|_| shaped);
        let Some(signed) = signed else {
            return Err(incomplete("X-Amz-Date must be as 20261121T093000Z."));
        };
        if date.get(..8) != Some(self.day) {
            return wrong("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP".to_owned());
        }
        if self.service != service {
            return wrong(format!("Credential should be scoped to correct service: '{service}'."));
        }
        let early = signed.duration_since(request.at) > TOLERANCE;
        if early || request.at.duration_since(signed) > TOLERANCE {
            let said = if early { "Signature not yet current" } else { "Signature expired" };
            return wrong(format!("{said}: {signed} is more than 5 minutes from {}", request.at));
        }
        let matches = |path: String| {
            let found = self.sign(request, &path, signed.into(), secret).ok();
            found.is_some_and(|it| bool::from(it.as_bytes().ct_eq(self.signature.as_bytes())))
        };
        if paths(request.path).into_iter().any(matches) {
            return Ok(());
        }
        wrong("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.".to_owned())
    }

    fn sign(
        &self,
        request: &Signed<'_>,
        path: &str,
        at: SystemTime,
        secret: &str,
    ) -> Result<String, Fault> {
        let unsigned = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let identity = Credentials::new(self.access_key, secret, None, None, "ceap").into();
        let mut settings = SigningSettings::default();
        // None but those that the client lists come in.
        settings.excluded_headers = None;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(at)
            .settings(settings)
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let uri = match request.query {
            "" => path.to_owned(),
            query => format!("{path}?{query}"),
        };
        let listed = request.headers.iter().filter(|(name, _)| self.headers.contains(name));
        let body = SignableBody::Bytes(request.body);
        let signable = SignableRequest::new(request.method, uri, listed.copied(), body);
        let signable = signable.map_err(|error| unsigned(&error))?;
        let signed = sign(signable, &params).map_err(|error| unsigned(&error))?;
        Ok(signed.into_parts().1)
    }
}

impl<'a> Signed<'a> {
    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// What the path may have been when it was sent. HTTP APIs hand it on decoded, but for some of its escapes;
/// what it was before is one of these: as it is, encoded anew, and decoded and encoded anew. A path that holds
/// an encoded `/` is another path by then, and found by no route of ours.
fn paths(path: &str) -> Vec<String> {
    let encoded = |segment: &str| utf8_percent_encode(segment, SEGMENT).to_string();
    let each = |of: &dyn Fn(&str) -> String| path.split('/').map(of).collect::<Vec<_>>().join("/");
    let again = |segment: &str| encoded(&percent_decode_str(segment).decode_utf8_lossy());
    let mut all = vec![each(&again), each(&encoded), path.to_owned()];
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SECRET: &str = "5d1f0c8a41d2be5d1f0c8a41d2be5d1f";

    /// Requests that botocore signed: `infra/local/verify/sources/vectors.py` writes them.
    fn vectors() -> Vec<Value> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sigv4.json");
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    fn text<'a>(of: &'a Value, name: &str) -> &'a str {
        of[name].as_str().unwrap()
    }

    /// How a request is taken `late` seconds after it was signed.
    fn taken(of: &Value, path: &str, late: i64, secret: &str) -> Result<String, Refused> {
        let headers = of["headers"].as_object().unwrap();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let signed: Timestamp = text(of, "signed").parse().unwrap();
        let request = Signed {
            method: text(of, "method"),
            path,
            query: text(of, "query"),
            headers: &headers,
            body: text(of, "body").as_bytes(),
            at: signed.checked_add(SignedDuration::from_secs(late)).unwrap(),
        };
        let authorization = Authorization::of(&request)?;
        authorization.verify(&request, "mobiletargeting", secret)?;
        Ok(authorization.access_key.to_owned())
    }

    fn plain(of: &Value) -> Result<String, Refused> {
        taken(of, text(of, "path"), 0, SECRET)
    }

    #[test]
    fn what_botocore_signed_is_taken_however_its_path_comes() {
        let all = vectors();
        assert!(all.len() >= 6);
        for of in &all {
            assert_eq!(
                plain(of),
                Ok("ceap_acme_0123456789abcdef0123456789abcdef".to_owned()),
                "{of}"
            );
            let decoded = percent_decode_str(text(of, "path")).decode_utf8().unwrap();
            assert!(taken(of, &decoded, 0, SECRET).is_ok(), "decoded: {of}");
            for late in [-299, 299] {
                assert!(taken(of, text(of, "path"), late, SECRET).is_ok());
            }
        }
    }

    #[test]
    fn what_is_not_as_it_was_signed_is_refused() {
        for of in &vectors() {
            let wrong = |of: &Value| matches!(plain(of), Err(Refused::Wrong(_)));
            let changed = |name: &str, value: Value| {
                let mut of = of.clone();
                of[name] = value;
                wrong(&of)
            };
            assert!(changed("body", json!(format!("{} ", text(of, "body")))));
            assert!(changed("method", json!("PATCH")));
            assert!(changed("query", json!("a=b")));
            assert!(wrong(&{
                let mut of = of.clone();
                of["headers"]["host"] = json!("elsewhere.example.com");
                of
            }));
            let path = format!("{}x", text(of, "path"));
            assert!(matches!(taken(of, &path, 0, SECRET), Err(Refused::Wrong(_))));
            for (late, secret) in [(301, SECRET), (-301, SECRET), (0, "another"), (0, "")] {
                let refused = taken(of, text(of, "path"), late, secret);
                assert!(matches!(refused, Err(Refused::Wrong(_))), "{refused:?}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let with = |change: &dyn Fn(&str) -> Option<String>| {
            let mut of = vectors().remove(0);
            let given = text(&of["headers"], "authorization").to_owned();
            match change(&given) {
                Some(value) => of["headers"]["authorization"] = json!(value),
                None => drop(of["headers"].as_object_mut().unwrap().remove("authorization")),
            }
            plain(&of).unwrap_err()
        };
        assert_eq!(with(&|_| None), Refused::Missing);
        assert_eq!(with(&|_| Some("Bearer x".to_owned())), Refused::Missing);
        let cases: [(&str, &str, &str); 5] = [
            ("Signature=", "Sig=", "'Signature'"),
            ("SignedHeaders=", "Signed=", "'SignedHeaders'"),
            ("/aws4_request", "", "Credential must be"),
            ("host;", "", "'host' must be"),
            (";x-amz-date", "", "'x-amz-date' must be"),
        ];
        for (from, to, said) in cases {
            let refused = with(&|given| Some(given.replace(from, to)));
            assert!(
                matches!(&refused, Refused::Incomplete(why) if why.contains(said)),
                "{refused:?}"
            );
        }
        let other = with(&|given| Some(given.replace("/mobiletargeting/", "/s3/")));
        assert!(
            matches!(&other, Refused::Wrong(why) if why.contains("correct service")),
            "{other:?}"
        );
        let mut undated = vectors().remove(0);
        undated["headers"]["x-amz-date"] = json!("yesterday");
        assert!(matches!(plain(&undated), Err(Refused::Incomplete(_))));
    }

    #[test]
    fn a_header_that_is_signed_is_held_to_it_and_another_is_not() {
        let mut of = vectors().remove(0);
        of["headers"]["x-forwarded-for"] = json!("203.0.113.7");
        assert!(plain(&of).is_ok());
        of["headers"]["content-type"] = json!("text/plain");
        assert!(matches!(plain(&of), Err(Refused::Wrong(_))));
    }
}
