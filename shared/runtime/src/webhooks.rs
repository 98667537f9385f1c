//! Webhooks that come in, at an address of each source's own.

use crate::http::{Asked, Reply};
use crate::limit::Limit;
use ceap_connectors::webhooks::{Request, scheme};
use ceap_engagement::pipeline::accept::{Decoded, EventStream, accept};
use ceap_engagement::quarantine::Quarantine;
use ceap_engagement::secret::Secrets;
use ceap_engagement::source::document::SourceKind;
use ceap_engagement::source::library::{Problem, Sources};
use ceap_engagement::source::unpack::Piece;
use ceap_engagement::source::webhook::WebhookSource;
use ceap_kernel::quota::Quota;
use ceap_kernel::{Clock, Fault, SourceId, TenantId, Timestamp, digest};
use serde_json::{Map, Value, json};

/// Characters of an unreadable body that are kept.
const KEPT: usize = 2_000;

/// All that is needed.
#[derive(Debug)]
pub struct Hooks<S, K, E, Q, C, U> {
    /// Sources.
    pub sources: S,
    /// Tenants' secrets.
    pub secrets: K,
    /// The stream.
    pub stream: E,
    /// For what is no event.
    pub quarantine: Q,
    /// The wall clock.
    pub clock: C,
    /// How much a tenant's sources may send.
    pub limit: Limit<U, C>,
}

impl<S, K, E, Q, C, U> Hooks<S, K, E, Q, C, U>
where
    S: Sources,
    K: Secrets,
    E: EventStream,
    Q: Quarantine,
    C: Clock,
    U: Quota,
{
    /// Takes a webhook, if its source's secret signed it.
    ///
    /// # Errors
    /// `NotFound` for what is no source of webhooks; `Unauthorized` when the signature is wrong or old,
    /// which the source then tells of; `Invalid` when the body cannot be read; `Limited`, `Unavailable` or
    /// `Throttled`: the sender sends it again.
    pub async fn take(&self, asked: &Asked) -> Result<Reply, Fault> {
        let missing = || Fault::NotFound("there is no such source of webhooks".to_owned());
        let named = |name| asked.path(name).unwrap_or_default();
        let tenant = TenantId::new(named("tenant")).map_err(|_| missing())?;
        let id = SourceId::new(named("source")).map_err(|_| missing())?;
        let stored = self.sources.get(&tenant, &id).await?.ok_or_else(missing)?;
        asked.of(&tenant);
        let SourceKind::Webhook(source) = &stored.document.from else { return Err(missing()) };
        let (at, body) = (self.clock.now(), asked.body()?);
        let delivery = match self.verified(&tenant, source, asked, &body, at).await {
            Ok(delivery) => delivery,
            Err(fault) => {
                if !fault.retryable() {
                    self.sources.report(&tenant, &id, &Problem::of(&fault, at)).await?;
                }
                return Err(fault);
            }
        };
        // Only who has signed is counted, so that nobody else can use up what a tenant has.
        self.limit.admit(&tenant).await?;
        let headers = headers(asked);
        let piece = Piece { headers: &headers, id: &delivery, source: id.as_str(), arrived: at };
        let read = json(&body).and_then(|body| source.compile()?.events(body, &piece));
        let (decoded, unreadable) = match read {
            Ok(decoded) => (decoded, None),
            Err(fault) => {
                let payload = json!({"source": id, "body": text(&body)});
                (vec![Decoded::Bad { fault: fault.clone(), payload }], Some(fault))
            }
        };
        let (stream, quarantine) = (&self.stream, &self.quarantine);
        let (stage, clock) = ("ingest-webhook", &self.clock);
        let (accepted, tally) =
            accept(asked.origin(stage, &tenant), decoded, stream, quarantine, clock).await?;
        match unreadable {
            Some(fault) => Err(fault),
            None => Ok(Reply::json(200, &accepted)?.counted(tally)),
        }
    }

    /// What the sender calls this delivery, once it is known to be its.
    async fn verified(
        &self,
        tenant: &TenantId,
        source: &WebhookSource,
        asked: &Asked,
        body: &[u8],
        at: Timestamp,
    ) -> Result<String, Fault> {
        let secret =
            self.secrets.get(tenant, &source.secret).await.map_err(|fault| match fault {
                Fault::NotFound(_) => Fault::Unauthorized(format!(
                    "there is no secret `{}` to verify with",
                    source.secret
                )),
                other => other,
            })?;
        let secrets: Vec<&str> = secret.reveal().split_whitespace().collect();
        let unknown = || Fault::Internal("there is no such scheme".to_owned());
        let scheme = scheme(source.signature.as_str()).ok_or_else(unknown)?;
        let header = |name: &str| asked.header(name);
        let request = Request { header: &header, body, at };
        scheme.verify(&secrets, &request)?;
        // What names no delivery is known by its content.
        Ok(scheme.id(&request).unwrap_or_else(|| digest(&[&text(body)])))
    }
}

/// The headers as mappings see them.
fn headers(asked: &Asked) -> Value {
    let all = asked.headers().into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    Value::Object(all.collect::<Map<String, Value>>())
}

fn json(body: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(body)
        .map_err(|error| Fault::invalid("body", format!("must be JSON: {error}")))
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(KEPT).collect()
}

#[cfg(test)]
mod tests;
