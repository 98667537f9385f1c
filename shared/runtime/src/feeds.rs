//! Feeds: streams, queues, buses and tables of the team's own, whose records become events of one source. Each
//! feed is a stack of its own, which says whose it is and which source tells how to read it.

mod records;

use crate::bootstrap::log;
use crate::{Env, metrics, stage};
use ceap_aws::dynamodb::{self, QuarantineStore, SourceStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_connectors::cloudevents;
use ceap_engagement::pipeline::accept::{Decoded, EventStream, Origin, accept};
use ceap_engagement::quarantine::Quarantine;
use ceap_engagement::source::document::SourceKind;
use ceap_engagement::source::feed::Record;
use ceap_engagement::source::library::{Problem, Sources, Stored};
use ceap_engagement::source::unpack::{Piece, Unpack};
use ceap_kernel::{Clock, Fault, SourceId, SystemClock, Tally, TenantId};
use lambda_runtime::Error;
use serde::de::DeserializeOwned;
use serde_json::json;

pub use records::{OfBus, OfQueue, OfStream, OfTable, Records};

/// A feed, and all that it needs.
#[derive(Debug)]
pub struct Feed<S, E, Q, C> {
    /// Its name, as of its function.
    pub name: &'static str,
    /// Whose it is.
    pub tenant: TenantId,
    /// The source whose events its records are.
    pub source: SourceId,
    /// Sources.
    pub sources: S,
    /// The stream.
    pub stream: E,
    /// For what is no event.
    pub quarantine: Q,
    /// The wall clock.
    pub clock: C,
}

/// A feed on AWS.
pub type OnAws = Feed<SourceStore, KinesisStream, QuarantineStore, SystemClock>;

impl OnAws {
    /// The feed whose function has this name, as its stack says in `FEED_TENANT`, `FEED_SOURCE`, `STREAM_NAME`,
    /// `PLATFORM_TABLE` and `QUARANTINE_TABLE`.
    ///
    /// # Errors
    /// `Invalid`, naming the variable.
    pub async fn read(name: &'static str, env: &Env) -> Result<Self, Fault> {
        let owner = TenantId::new(env.get("FEED_TENANT"));
        let source = SourceId::new(env.get("FEED_SOURCE"));
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        Ok(Self {
            name,
            tenant: owner.map_err(|fault| fault.within("FEED_TENANT"))?,
            source: source.map_err(|fault| fault.within("FEED_SOURCE"))?,
            sources: SourceStore::new(Table::new(&client, env.get("PLATFORM_TABLE"))),
            stream: KinesisStream::new(&config, env.get("STREAM_NAME")),
            quarantine: QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE"))),
            clock: SystemClock,
        })
    }
}

impl<S, E, Q, C> Feed<S, E, Q, C>
where
    S: Sources,
    E: EventStream,
    Q: Quarantine,
    C: Clock,
{
    /// Takes batch after batch, each whole: one that fails comes again, and what was taken of it is ignored then.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn serve<B: Records + DeserializeOwned>(&self) -> Result<(), Error> {
        stage::run(self.name, async |event: B| {
            let records = event.records();
            stage::of(&self.tenant);
            stage::took(records.len(), None);
            match Box::pin(self.take(B::KIND, records)).await {
                Ok(tally) => metrics::emit(&tally),
                Err(fault) => {
                    log(self.name, &fault);
                    return Err(Error::from(fault.to_string()));
                }
            }
            Ok(())
        })
        .await
    }

    /// Takes the records of a feed of `kind`: what they hold goes into the stream, what cannot be read into
    /// quarantine.
    ///
    /// # Errors
    /// `NotFound` when there is no such source, `Invalid` when it is of another kind, which the source then tells
    /// of; `Unavailable` or `Throttled`. All come again.
    pub async fn take(&self, kind: &str, records: Vec<Record>) -> Result<Tally, Fault> {
        let unpack = match self.unpack(kind).await {
            Ok(unpack) => unpack,
            Err(fault) if fault.retryable() => return Err(fault),
            Err(fault) => {
                let problem = Problem::of(&fault, self.clock.now());
                self.sources.report(&self.tenant, &self.source, &problem).await?;
                return Err(fault);
            }
        };
        let decoded = records.into_iter().flat_map(|record| self.decoded(unpack.as_ref(), record));
        let decoded: Vec<Decoded> = decoded.collect();
        let (stream, quarantine, clock) = (&self.stream, &self.quarantine, &self.clock);
        let (_, tally) =
            accept(Origin::of(self.name, &self.tenant), decoded, stream, quarantine, clock).await?;
        Ok(tally)
    }

    async fn unpack(&self, kind: &str) -> Result<Option<Unpack>, Fault> {
        let Some(Stored { document, .. }) = self.sources.get(&self.tenant, &self.source).await?
        else {
            let message =
                format!("there is no source `{}`; keep one, or delete its feed", self.source);
            return Err(Fault::NotFound(message));
        };
        if document.from.as_str() != kind {
            let is = document.from.as_str();
            let message = format!("`{}` is of {is}, its feed of {kind}", self.source);
            return Err(Fault::invalid("source", message));
        }
        SourceKind::unpack(&document.from)
    }

    fn decoded(&self, unpack: Option<&Unpack>, record: Record) -> Vec<Decoded> {
        let Record { id, headers, arrived, body } = record;
        let source = self.source.as_str();
        let read = body.and_then(|body| {
            let Some(unpack) = unpack else { return Ok(cloudevents::events(body, arrived)) };
            let piece = Piece { headers: &headers, id: &id, source, arrived };
            unpack.events(body.clone(), &piece).map_err(|fault| (fault, body))
        });
        read.unwrap_or_else(|(fault, body)| {
            let payload = json!({"source": source, "id": id, "body": body});
            vec![Decoded::Bad { fault, payload }]
        })
    }
}

#[cfg(test)]
mod tests;
