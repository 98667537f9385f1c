//! Files of models in S3: `<tenant>/models/<sha256>`. One that was sent and is not accepted yet has the
//! tag `state=unfinished`; the bucket's lifecycle deletes it after a day.

use crate::fault::fault;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_engagement::model::library::{MAX_FILE, ModelFiles, ModelShelf, Upload};
use ceap_kernel::{Fault, ModelId, SignedDuration, TenantId, Timestamp};
use std::time::Duration;

/// How long what was presigned can be used.
const VALID: Duration = Duration::from_secs(15 * 60);

/// The tag of a file that was sent and is not accepted yet.
const UNFINISHED: &str = "state=unfinished";

/// Files of models in a bucket.
#[derive(Debug, Clone)]
pub struct ModelBucket {
    client: Client,
    bucket: String,
}

impl ModelBucket {
    /// The bucket `bucket`.
    pub fn new(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self { client: Client::new(config), bucket: bucket.into() }
    }
}

fn key(tenant: &TenantId, model: &ModelId) -> String {
    format!("{tenant}/models/{model}")
}

/// The SHA-256 as S3 checks it: in Base64.
fn checksum(model: &ModelId) -> String {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    };
    let bytes: Vec<u8> = model.as_str().as_bytes().chunks(2).filter_map(byte).collect();
    STANDARD.encode(bytes)
}

impl ModelFiles for ModelBucket {
    async fn get(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Vec<u8>>, Fault> {
        let get = self.client.get_object().bucket(&self.bucket).key(key(tenant, model));
        let object = match get.send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|it| it.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(fault("GetObject", &error)),
        };
        let length = object.content_length.and_then(|length| u64::try_from(length).ok());
        if length.is_none_or(|length| length > MAX_FILE) {
            return Err(Fault::invalid("model", format!("must be at most {MAX_FILE} bytes")));
        }
        let broken = |_| Fault::Unavailable("GetObject: the body broke off".to_owned());
        Ok(Some(object.body.collect().await.map_err(broken)?.into_bytes().to_vec()))
    }
}

impl ModelShelf for ModelBucket {
    async fn put(&self, tenant: &TenantId, model: &ModelId, file: Vec<u8>) -> Result<(), Fault> {
        let put = self.client.put_object().bucket(&self.bucket).key(key(tenant, model));
        put.checksum_sha256(checksum(model))
            .body(ByteStream::from(file))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("PutObject", &error))
    }

    /// S3 checks the length and the SHA-256, and writes over no other file.
    async fn upload(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        bytes: u64,
        now: Timestamp,
    ) -> Result<Upload, Fault> {
        let length = i64::try_from(bytes).map_err(|_| Fault::invalid("bytes", "is too large"))?;
        let unsigned = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let valid = PresigningConfig::expires_in(VALID).map_err(|error| unsigned(&error))?;
        let put = self.client.put_object().bucket(&self.bucket).key(key(tenant, model));
        let put = put
            .content_length(length)
            .checksum_sha256(checksum(model))
            .if_none_match("*")
            .tagging(UNFINISHED)
            .presigned(valid)
            .await
            .map_err(|error| fault("PutObject", &error))?;
        let headers = put.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let valid = SignedDuration::try_from(VALID).map_err(|error| unsigned(&error))?;
        Ok(Upload {
            url: put.uri().to_owned(),
            headers: headers.collect(),
            expires_at: now.saturating_add(valid).map_err(|error| unsigned(&error))?,
        })
    }

    async fn accept(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault> {
        let delete = self.client.delete_object_tagging().bucket(&self.bucket);
        delete
            .key(key(tenant, model))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("DeleteObjectTagging", &error))
    }

    async fn forget(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key(tenant, model));
        delete.send().await.map(|_| ()).map_err(|error| fault("DeleteObject", &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_id_in_base64() {
        let empty = ModelId::of(b"");
        assert_eq!(checksum(&empty), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
