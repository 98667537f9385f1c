//! S3 as the platform uses it: put, get, delete, copy, and lists, by the names that objects are put under, with conditions
//! on what is there (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>).

use ceap_aws::played::{Answered, Asked};
use ceap_kernel::digest;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Objects of one list (S3 API reference, ListObjectsV2).
const LISTED: usize = 1000;

/// When whatever there is was written.
const WRITTEN: &str = "2026-11-21T12:00:00.000Z";

/// Objects by bucket and key.
#[derive(Debug, Clone, Default)]
pub struct Objects(BTreeMap<(String, String), Vec<u8>>);

/// The bucket that a request is about, and the path in it. Where the host is an address and no name, clients write the
/// bucket into the path (Amazon S3 user guide, "Virtual hosting of buckets").
pub fn place<'a>(host: &'a str, path: &'a str) -> (&'a str, &'a str) {
    if let Some((bucket, _)) = host.split_once(".s3.") {
        return (bucket, path);
    }
    let end = path.find(['/', '?']).unwrap_or(path.len());
    let (bucket, rest) = path.split_at_checked(end).unwrap_or((path, ""));
    (bucket, rest.strip_prefix('/').unwrap_or(rest))
}

impl Objects {
    /// All objects of a bucket.
    pub fn of(&self, bucket: &str) -> Vec<(String, Vec<u8>)> {
        let own = self.0.iter().filter(|((of, _), _)| of == bucket);
        own.map(|((_, key), bytes)| (key.clone(), bytes.clone())).collect()
    }

    /// Keeps an object.
    pub fn place(&mut self, bucket: &str, key: &str, bytes: &[u8]) {
        self.0.insert((bucket.to_owned(), key.to_owned()), bytes.to_vec());
    }

    /// Answers one request about `path` of `bucket`.
    pub fn answer(&mut self, asked: &Asked, bucket: &str, path: &str) -> Answered {
        let (key, query) = path.split_once('?').unwrap_or((path, ""));
        if key.is_empty() {
            return answered(200, "", self.listed(bucket, query));
        }
        let place = (bucket.to_owned(), decoded(key));
        // What is tagged is not played: there is no lifecycle that would look.
        if query.starts_with("tagging") {
            return answered(204, "", Vec::new());
        }
        let there = self.0.get(&place);
        let etag = there.map(|bytes| etag(bytes)).unwrap_or_default();
        match asked.method.as_str() {
            "PUT" if asked.header("if-none-match").is_some() && there.is_some() => {
                answered(412, "", error("PreconditionFailed"))
            }
            "PUT" if asked.header("if-match").is_some() && there.is_none() => {
                answered(404, "", error("NoSuchKey"))
            }
            "PUT" if asked.header("if-match").is_some_and(|known| known != etag) => {
                answered(412, "", error("PreconditionFailed"))
            }
            "PUT" => self.put(asked, place),
            "GET" => match there {
                Some(_) if asked.header("if-none-match") == Some(&*etag) => {
                    answered(304, &etag, Vec::new())
                }
                Some(found) => match asked.header("range").map(|range| part(found, range)) {
                    None => answered(200, &etag, found.clone()),
                    Some(Some(part)) => answered(206, &etag, part.to_vec()),
                    Some(None) => answered(416, "", error("InvalidRange")),
                },
                None => answered(404, "", error("NoSuchKey")),
            },
            "DELETE" => {
                self.0.remove(&place);
                answered(204, "", Vec::new())
            }
            _ => answered(405, "", error("MethodNotAllowed")),
        }
    }

    fn put(&mut self, asked: &Asked, place: (String, String)) -> Answered {
        let Some(source) = asked.header("x-amz-copy-source") else {
            let etag = etag(&asked.body);
            self.0.insert(place, asked.body.clone());
            return answered(200, &etag, Vec::new());
        };
        let source = decoded(source);
        let source = source.trim_start_matches('/').split_once('/');
        let source = source.map(|(bucket, key)| (bucket.to_owned(), key.to_owned()));
        let Some(bytes) = source.and_then(|source| self.0.get(&source)).cloned() else {
            return answered(404, "", error("NoSuchKey"));
        };
        let etag = etag(&bytes);
        let copied = format!(
            "<CopyObjectResult><ETag>{etag}</ETag><LastModified>{WRITTEN}</LastModified></CopyObjectResult>"
        );
        self.0.insert(place, bytes);
        answered(200, &etag, copied.into_bytes())
    }

    fn listed(&self, bucket: &str, query: &str) -> Vec<u8> {
        let wanted = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| decoded(value)).next()
        };
        let (prefix, after) = (wanted("prefix").unwrap_or_default(), wanted("start-after"));
        let own = self.0.iter().filter(|((of, key), _)| {
            of == bucket
                && key.starts_with(&prefix)
                && after.as_ref().is_none_or(|after| key > after)
        });
        let mut left = own.peekable();
        let mut text = String::from("<ListBucketResult>");
        for ((_, key), bytes) in left.by_ref().take(LISTED) {
            let (etag, size) = (etag(bytes), bytes.len());
            let _ = write!(
                text,
                "<Contents><Key>{key}</Key><LastModified>{WRITTEN}</LastModified><ETag>{etag}</ETag><Size>{size}</Size></Contents>"
            );
        }
        let more = left.peek().is_some();
        let _ = write!(text, "<IsTruncated>{more}</IsTruncated></ListBucketResult>");
        text.into_bytes()
    }
}

/// What stands for a content; any that differs for others will do.
fn etag(bytes: &[u8]) -> String {
    let hex = bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("\"{}\"", digest(&[&hex]))
}

/// `bytes=2-4`, the only form that is asked for.
fn part<'a>(bytes: &'a [u8], range: &str) -> Option<&'a [u8]> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    bytes.get(first..last.saturating_add(1).min(bytes.len()))
}

/// Without percent signs (RFC 3986, section 2.1).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text;
    while let Some(first) = left.chars().next() {
        let code = left.strip_prefix('%').and_then(|rest| rest.get(..2));
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        let taken = match byte {
            Some(byte) => {
                bytes.push(byte);
                3
            }
            None => {
                let mut room = [0; 4];
                bytes.extend_from_slice(first.encode_utf8(&mut room).as_bytes());
                first.len_utf8()
            }
        };
        left = left.get(taken..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn error(code: &str) -> Vec<u8> {
    format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>").into_bytes()
}

fn answered(status: u16, etag: &str, body: Vec<u8>) -> Answered {
    let mut headers =
        vec![("content-length", body.len().to_string()), ("x-amz-request-id", "played".to_owned())];
    if !etag.is_empty() {
        headers.push(("etag", etag.to_owned()));
    }
    Answered { status, headers, body }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_bucket_stands_in_the_host_or_first_in_the_path() {
        let (named, numbered) = ("files.s3.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com");
        assert_eq!(place(named, "acme/a.txt"), ("files", "acme/a.txt"));
        assert_eq!(place(numbered, "files/acme/a.txt"), ("files", "acme/a.txt"));
        assert_eq!(place(numbered, "files/?list-type=2"), ("files", "?list-type=2"));
        assert_eq!(place(numbered, "files?list-type=2"), ("files", "?list-type=2"));
    }
}
