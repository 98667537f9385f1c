//! The API of stored models.

use crate::api::UploadRequest;
use crate::http::{Call, Reply};
use ceap_aws::dynamodb::{ModelStore, UseCaseVersions};
use ceap_aws::model_bucket::ModelBucket;
use ceap_engagement::model::Description;
use ceap_engagement::model::library::Library;
use ceap_kernel::{Fault, ModelId, SystemClock};

/// Bytes of a model that comes with a request, unpacked. Packed, at most what the gateway lets through.
const MAX_UNPACKED: usize = 100 * 1024 * 1024;

/// Reads a file's description; given by the function, so that only those that run models link what reads them.
type Read = fn(&[u8]) -> Result<Description, Fault>;

/// A tenant's models: files in a bucket, and what is known of them in a table.
#[derive(Debug)]
pub struct ModelApi {
    library: Library<ModelBucket, ModelStore, UseCaseVersions, SystemClock, Read>,
}

impl ModelApi {
    /// Of the files, what is known of them, the use cases that may pin them, and what reads a file.
    #[must_use]
    pub fn new(
        files: ModelBucket,
        keeper: ModelStore,
        use_cases: UseCaseVersions,
        read: Read,
    ) -> Self {
        Self { library: Library { files, keeper, use_cases, clock: SystemClock, read } }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Invalid`, saying what is wrong with a file; `NotFound`; `Conflict` when a use case pins what is
    /// deleted; `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let tenant = &call.principal.tenant;
        let library = &self.library;
        match call.route().as_str() {
            "GET /v1/models" => Reply::json(200, &library.list(tenant).await?),
            "PUT /v1/models" => {
                Reply::json(200, &library.put(tenant, call.body_within(MAX_UNPACKED)?).await?)
            }
            "POST /v1/models/uploads" => {
                let UploadRequest { sha256, bytes } = call.json("upload")?;
                Reply::json(201, &library.upload(tenant, &sha256, bytes).await?)
            }
            "POST /v1/models/{sha256}/accept" => {
                Reply::json(200, &library.accept(tenant, &named(call)?).await?)
            }
            "GET /v1/models/{sha256}" => {
                Reply::json(200, &library.get(tenant, &named(call)?).await?)
            }
            "DELETE /v1/models/{sha256}" => {
                library.delete(tenant, &named(call)?).await?;
                Ok(Reply::empty())
            }
            other => Err(Fault::NotFound(format!("there is no {other}"))),
        }
    }
}

fn named(call: &Call) -> Result<ModelId, Fault> {
    ModelId::new(call.path("sha256").unwrap_or_default())
}
