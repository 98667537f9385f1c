//! Files of runs in S3: `<tenant>/runs/<run>/<name>`.

use crate::fault::fault;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use ceap_engagement::run::RunFiles;
use ceap_kernel::{Fault, RunId, TenantId};
use serde_json::Value;

/// Files of runs in a bucket.
#[derive(Debug, Clone)]
pub struct RunBucket {
    client: Client,
    bucket: String,
}

impl RunBucket {
    /// The bucket `bucket`.
    pub fn new(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self { client: Client::new(config), bucket: bucket.into() }
    }
}

fn key(tenant: &TenantId, run: &RunId, name: &str) -> String {
    format!("{tenant}/runs/{run}/{name}")
}

impl RunFiles for RunBucket {
    async fn put(
        &self,
        tenant: &TenantId,
        run: &RunId,
        name: &str,
        content: &Value,
    ) -> Result<(), Fault> {
        let put = self.client.put_object().bucket(&self.bucket).key(key(tenant, run, name));
        put.content_type("application/json")
            .body(ByteStream::from(content.to_string().into_bytes()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("PutObject", &error))
    }

    async fn get(
        &self,
        tenant: &TenantId,
        run: &RunId,
        name: &str,
    ) -> Result<Option<Value>, Fault> {
        let get = self.client.get_object().bucket(&self.bucket).key(key(tenant, run, name));
        let object = match get.send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|it| it.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(fault("GetObject", &error)),
        };
        let broken = |_| Fault::Unavailable("GetObject: the body broke off".to_owned());
        let body = object.body.collect().await.map_err(broken)?.into_bytes();
        let unreadable = |error: serde_json::Error| Fault::Internal(format!("GetObject: {error}"));
        serde_json::from_slice(&body).map(Some).map_err(unreadable)
    }
}
