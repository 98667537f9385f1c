//! Objects copied within S3, up to 5 GB each
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>): no file of ours is larger.

use crate::fault::fault;
use crate::search_bucket::SearchBucket;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use ceap_engagement::backup::{Bucket, Copies, Place};
use ceap_kernel::Fault;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// What stands in a copy's source as it is.
const NAME: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Copies objects; their media types and tags come along.
#[derive(Debug, Clone)]
pub struct ObjectCopies(Client);

impl ObjectCopies {
    /// Between all buckets. S3 answers when it has copied all of an object, which takes longer than other calls.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(120))
            .operation_timeout(Duration::from_secs(240))
            .build();
        let config = aws_sdk_s3::config::Builder::from(config).timeout_config(timeouts).build();
        Self(Client::from_conf(config))
    }
}

impl Copies for ObjectCopies {
    async fn copy(&self, from: Place<'_>, to: Place<'_>) -> Result<bool, Fault> {
        let source = format!("{}/{}", from.bucket, utf8_percent_encode(from.name, NAME));
        let copy = self.0.copy_object().copy_source(source).bucket(to.bucket).key(to.name);
        match copy.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(false),
            Err(error) => Err(fault("CopyObject", &error)),
        }
    }
}

/// A bucket for backups, under its name in archives.
pub fn bucket(
    config: &aws_config::SdkConfig,
    name: &'static str,
    bucket: impl Into<String>,
) -> Bucket {
    let bucket = bucket.into();
    Bucket { name, blobs: Box::new(SearchBucket::new(config, bucket.clone())), bucket }
}
