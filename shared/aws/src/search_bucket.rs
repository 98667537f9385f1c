//! Search indexes in S3: objects that are written once, and few that are written over on a condition
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).

use crate::fault::fault;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use ceap_kernel::blobs::{Blob, Blobs, ETag, Entry, Got, Listed, Soon};
use ceap_kernel::{Fault, Timestamp};
use std::ops::Range;

/// A bucket of search indexes.
#[derive(Debug, Clone)]
pub struct SearchBucket {
    client: Client,
    bucket: String,
}

impl SearchBucket {
    /// The bucket `bucket`.
    pub fn new(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self { client: Client::new(config), bucket: bucket.into() }
    }

    async fn part(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>, Fault> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let last = range.end.saturating_sub(1);
        let get = self.client.get_object().bucket(&self.bucket).key(name);
        let get = get.range(format!("bytes={}-{last}", range.start));
        let object = get.send().await.map_err(|error| read("GetObject", name, &error))?;
        bytes(object.body).await
    }

    async fn whole(&self, name: &str, known: Option<&ETag>) -> Result<Got, Fault> {
        let get = self.client.get_object().bucket(&self.bucket).key(name);
        let get = get.set_if_none_match(known.map(|known| known.0.clone()));
        match get.send().await {
            Ok(object) => {
                let etag = etag(object.e_tag)?;
                Ok(Got::Blob(Blob { bytes: bytes(object.body).await?, etag }))
            }
            Err(error) => match status(&error) {
                Some(304) => Ok(Got::Unchanged),
                Some(404) => Ok(Got::Absent),
                _ => Err(fault("GetObject", &error)),
            },
        }
    }

    async fn put(&self, name: &str, body: Vec<u8>, over: Option<&ETag>) -> Result<ETag, Fault> {
        let put = self.client.put_object().bucket(&self.bucket).key(name);
        let put = match over {
            Some(known) => put.if_match(&known.0),
            None => put.if_none_match("*"),
        };
        match put.body(ByteStream::from(body)).send().await {
            Ok(put) => etag(put.e_tag),
            Err(error) => Err(match status(&error) {
                Some(412) => Fault::Conflict(format!("{name} is another by now")),
                // Another write was under way: what is there now is not known.
                Some(409) => Fault::Unavailable(format!("{name} is being written")),
                // What was to be written over is not there any more.
                Some(404) if over.is_some() => Fault::Conflict(format!("{name} is gone")),
                _ => fault("PutObject", &error),
            }),
        }
    }

    async fn page(&self, prefix: &str, after: Option<&str>) -> Result<Listed, Fault> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let list = list.set_start_after(after.map(str::to_owned));
        let page = list.send().await.map_err(|error| fault("ListObjectsV2", &error))?;
        let entries = page.contents().iter().filter_map(|object| {
            let name = object.key()?.to_owned();
            let bytes = object.size().and_then(|size| u64::try_from(size).ok())?;
            let written_at = Timestamp::from_second(object.last_modified()?.secs()).ok()?;
            Some(Entry { name, bytes, written_at })
        });
        let entries: Vec<Entry> = entries.collect();
        let more = page.is_truncated().unwrap_or_default();
        let next = entries.last().filter(|_| more).map(|entry| entry.name.clone());
        Ok(Listed { entries, next })
    }

    async fn take_away(&self, name: &str) -> Result<(), Fault> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(name);
        delete.send().await.map(drop).map_err(|error| fault("DeleteObject", &error))
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// What a read failed with; that an object is not there is no defect of ours.
fn read<E: ProvideErrorMetadata>(
    what: &str,
    name: &str,
    error: &SdkError<E, HttpResponse>,
) -> Fault {
    match status(error) {
        Some(404) => Fault::NotFound(name.to_owned()),
        _ => fault(what, error),
    }
}

fn etag(known: Option<String>) -> Result<ETag, Fault> {
    known.map(ETag).ok_or_else(|| Fault::Unavailable("S3 answered without an ETag".to_owned()))
}

async fn bytes(body: ByteStream) -> Result<Vec<u8>, Fault> {
    let read = body.collect().await;
    let read = read.map_err(|error| Fault::Unavailable(format!("GetObject broke off: {error}")))?;
    Ok(read.to_vec())
}

impl Blobs for SearchBucket {
    fn range<'a>(&'a self, name: &'a str, range: Range<u64>) -> Soon<'a, Vec<u8>> {
        Box::pin(self.part(name, range))
    }

    fn get<'a>(&'a self, name: &'a str, known: Option<&'a ETag>) -> Soon<'a, Got> {
        Box::pin(self.whole(name, known))
    }

    fn put_new<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> Soon<'a, ETag> {
        Box::pin(self.put(name, bytes, None))
    }

    fn put_over<'a>(&'a self, name: &'a str, bytes: Vec<u8>, known: &'a ETag) -> Soon<'a, ETag> {
        Box::pin(self.put(name, bytes, Some(known)))
    }

    fn list<'a>(&'a self, prefix: &'a str, after: Option<&'a str>) -> Soon<'a, Listed> {
        Box::pin(self.page(prefix, after))
    }

    fn delete<'a>(&'a self, name: &'a str) -> Soon<'a, ()> {
        Box::pin(self.take_away(name))
    }
}
