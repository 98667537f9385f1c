//! Who asks: the holder of a source's access key, by the signature.

use super::refusal::Refusal;
use crate::http::Asked;
use ceap_aws::sigv4::{Authorization, Signed};
use ceap_engagement::secret::Secrets;
use ceap_engagement::source::library::access_secret;
use ceap_kernel::access::{AccessKey, Credentials};
use ceap_kernel::{Fault, SourceId, TenantId, Timestamp, Trace};

/// The name under which requests to Pinpoint are signed (its model's `signingName`).
pub const SERVICE: &str = "mobiletargeting";

/// Lets those in who sign.
#[derive(Debug)]
pub struct Gate<C, K> {
    /// Access keys.
    pub credentials: C,
    /// What they sign with.
    pub secrets: K,
}

/// Who asks, and for which application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose access key it is.
    pub tenant: TenantId,
    /// The application: the source that the key belongs to.
    pub app: SourceId,
    /// The trace of the request, where one is known.
    pub trace: Option<Trace>,
}

impl<C: Credentials, K: Secrets> Gate<C, K> {
    /// Whoever signed the request, which came at `at`, if it is an application of theirs that it names.
    ///
    /// # Errors
    /// Each under the name that AWS's services give it.
    pub async fn admit(&self, asked: &Asked, at: Timestamp) -> Result<Caller, Refusal> {
        if asked.header("x-amz-security-token").is_some() {
            let why = "The security token included in the request is invalid: temporary credentials are not known \
                       here; sign with the access key of a source (POST /v1/sources/{id}/keys)";
            return Err(Refusal::unknown(why));
        }
        let headers = asked.headers();
        let request = Signed {
            method: asked.method(),
            path: asked.raw_path(),
            query: asked.raw_query(),
            headers: &headers,
            body: asked.raw_body(),
            at,
        };
        let authorization = Authorization::of(&request).map_err(Refusal::unsigned)?;
        let key = AccessKey::parse(authorization.access_key)?;
        let name = access_secret(&key.fingerprint());
        let secret = self.secrets.get(&key.tenant, &name).await.map_err(|fault| match fault {
            Fault::NotFound(_) => Refusal::unknown("the access key id is not known, or no longer"),
            other => other.into(),
        })?;
        authorization.verify(&request, SERVICE, secret.reveal()).map_err(Refusal::unsigned)?;
        // Only now: whoever is found is counted, and an id is no secret.
        let holder = key.holder(&self.credentials).await?;
        asked.of(&key.tenant);
        let named = asked.path("application").unwrap_or_default();
        match holder.source {
            Some(app) if app.as_str() == named => {
                let trace = asked.trace().cloned();
                Ok(Caller { tenant: holder.tenant, app, trace })
            }
            _ => {
                let why = "the access key is another application's than the path names";
                Err(Fault::Forbidden(why.to_owned()).into())
            }
        }
    }
}
