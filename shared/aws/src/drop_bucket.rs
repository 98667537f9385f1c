//! The drop bucket in S3: `<tenant>/<source>/<file>`, read in ranges.

use crate::fault::fault;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use ceap_engagement::source::object::{Head, ObjectFiles};
use ceap_kernel::Fault;

/// Objects that tenants put into a bucket.
#[derive(Debug, Clone)]
pub struct DropBucket {
    client: Client,
    bucket: String,
}

impl DropBucket {
    /// The bucket `bucket`.
    pub fn new(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self { client: Client::new(config), bucket: bucket.into() }
    }
}

/// Whether there is no such object, or no longer with this content (412, RFC 9110 §13.1.1).
fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error.code(), Some("NoSuchKey" | "NotFound" | "PreconditionFailed" | "InvalidRange"))
}

impl ObjectFiles for DropBucket {
    async fn head(&self, key: &str) -> Result<Option<Head>, Fault> {
        let head = self.client.head_object().bucket(&self.bucket).key(key).send().await;
        let head = match head {
            Ok(head) => head,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(fault("HeadObject", &error)),
        };
        let size = head.content_length.and_then(|length| u64::try_from(length).ok());
        Ok(Some(Head {
            size: size.unwrap_or_default(),
            etag: head.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
            content_encoding: head.content_encoding,
        }))
    }

    async fn read(&self, key: &str, etag: &str, from: u64, length: u64) -> Result<Vec<u8>, Fault> {
        // A range of no bytes can't be said.
        let Some(last) = length.checked_sub(1).and_then(|more| from.checked_add(more)) else {
            return Ok(Vec::new());
        };
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        let object = get
            .if_match(format!("\"{etag}\""))
            .range(format!("bytes={from}-{last}"))
            .send()
            .await
            .map_err(|error| match is_gone(&error) {
                true => Fault::NotFound("the object is no longer there as it was".to_owned()),
                false => fault("GetObject", &error),
            })?;
        let broken = || Fault::Unavailable("GetObject: the body broke off".to_owned());
        let body = object.body.collect().await.map_err(|_| broken())?.into_bytes().to_vec();
        if body.len() as u64 == length { Ok(body) } else { Err(broken()) }
    }
}
