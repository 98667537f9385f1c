//! Files of the helpdesk in S3: `<tenant>/<name>`. One that was left and is not kept yet has the tag `state=left`; the
//! bucket's lifecycle deletes it after a week.

use crate::fault::fault;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use ceap_helpdesk::file::{Files, Stored};
use ceap_helpdesk::store::Soon;
use ceap_kernel::{Fault, TenantId};
use std::fmt::Write;
use std::time::Duration;

/// How long what was presigned can be used.
const VALID: Duration = Duration::from_secs(15 * 60);

/// The tag of a file that was left and is not kept yet.
const LEFT: &str = "state=left";

/// Files in a bucket.
#[derive(Debug, Clone)]
pub struct FileBucket {
    client: Client,
    bucket: String,
}

impl FileBucket {
    /// The bucket `bucket`.
    pub fn new(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self { client: Client::new(config), bucket: bucket.into() }
    }
}

fn key(tenant: &TenantId, name: &str) -> String {
    format!("{tenant}/{name}")
}

fn valid() -> Result<PresigningConfig, Fault> {
    PresigningConfig::expires_in(VALID).map_err(|error| Fault::Internal(error.to_string()))
}

/// That a file is to be saved, under this name, and never shown (RFC 6266; the second form of the name, in RFC 8187's
/// coding, is what browsers take).
fn attachment(file_name: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() || " -._".contains(it) { it } else { '_' };
    let ascii: String = file_name.chars().map(plain).collect();
    let coded = file_name.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    });
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{coded}")
}

impl Files for FileBucket {
    fn put<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        content_type: &'a str,
        bytes: Vec<u8>,
    ) -> Soon<'a, Result<(), Fault>> {
        Box::pin(async move {
            let put = self.client.put_object().bucket(&self.bucket).key(key(tenant, name));
            let put = put.content_type(content_type).tagging(LEFT).body(ByteStream::from(bytes));
            put.send().await.map(drop).map_err(|error| fault("PutObject", &error))
        })
    }

    /// S3 takes exactly as many bytes, of this media type alone, and over no other file: all headers are signed.
    fn upload<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        content_type: &'a str,
        size: u64,
    ) -> Soon<'a, Result<String, Fault>> {
        Box::pin(async move {
            let length = i64::try_from(size).map_err(|_| Fault::invalid("size", "is too large"))?;
            let put = self.client.put_object().bucket(&self.bucket).key(key(tenant, name));
            let put = put.content_type(content_type).content_length(length);
            let put = put.tagging(LEFT).if_none_match("*").presigned(valid()?);
            let put = put.await.map_err(|error| fault("PutObject", &error))?;
            Ok(put.uri().to_owned())
        })
    }

    fn upload_headers(&self, content_type: &str) -> Vec<(&'static str, String)> {
        vec![
            ("content-type", content_type.to_owned()),
            ("x-amz-tagging", LEFT.to_owned()),
            ("if-none-match", "*".to_owned()),
        ]
    }

    fn keep<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>> {
        Box::pin(async move {
            let keep = self.client.delete_object_tagging().bucket(&self.bucket);
            let kept = keep.key(key(tenant, name)).send().await;
            kept.map(drop).map_err(|error| match error.code() {
                Some("NoSuchKey") => Fault::NotFound("the file is no longer there".to_owned()),
                _ => fault("DeleteObjectTagging", &error),
            })
        })
    }

    fn download<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        file_name: &'a str,
        content_type: &'a str,
    ) -> Soon<'a, Result<String, Fault>> {
        Box::pin(async move {
            let get = self.client.get_object().bucket(&self.bucket).key(key(tenant, name));
            let get = get
                .response_content_disposition(attachment(file_name))
                .response_content_type(content_type)
                .presigned(valid()?);
            let get = get.await.map_err(|error| fault("GetObject", &error))?;
            Ok(get.uri().to_owned())
        })
    }

    fn look<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<Option<Stored>, Fault>> {
        Box::pin(async move {
            let head = self.client.head_object().bucket(&self.bucket).key(key(tenant, name));
            let head = match head.send().await {
                Ok(head) => head,
                Err(error) if matches!(error.code(), Some("NotFound" | "NoSuchKey")) => {
                    return Ok(None);
                }
                Err(error) => return Err(fault("HeadObject", &error)),
            };
            let size = head.content_length.and_then(|length| u64::try_from(length).ok());
            Ok(Some(Stored {
                size: size.unwrap_or_default(),
                content_type: head.content_type.unwrap_or_default(),
            }))
        })
    }

    fn delete<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>> {
        Box::pin(async move {
            let delete = self.client.delete_object().bucket(&self.bucket).key(key(tenant, name));
            delete.send().await.map(drop).map_err(|error| fault("DeleteObject", &error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_saved_under_its_name_and_nothing_else_gets_into_the_header() {
        assert_eq!(
            attachment("Ärger \"1\".html\r\nx: y"),
            "attachment; filename=\"_rger _1_.html__x_ y\"; \
             filename*=UTF-8''%C3%84rger%20%221%22.html%0D%0Ax%3A%20y"
        );
    }
}
