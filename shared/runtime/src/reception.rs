//! Where providers' news arrive: on a queue, in logs, or by callback.

use crate::batch::{Answer, failed, queued};
use crate::bootstrap::log;
use crate::desk::{self, MessageDesk};
use crate::{Env, metrics, stage};
use aws_lambda_events::event::sqs::SqsEvent;
use ceap_aws::SdkConfig;
use ceap_aws::dynamodb::{
    Candidates, Client, Messages, QuarantineStore, SenderIndex, SuppressionList, Table,
};
use ceap_aws::emitter::Emitter;
use ceap_aws::stream::KinesisStream;
use ceap_engagement::pipeline::aftermath::Follow;
use ceap_engagement::pipeline::receive::Receive;
use ceap_engagement::receipt::Told;
use ceap_kernel::{Fault, SystemClock, Tally, TenantId};
use futures::future::join_all;
use lambda_runtime::Error;
use serde_json::Value;

type Aftermath = Follow<Messages, Candidates, SuppressionList, KinesisStream, Emitter, SystemClock>;

/// Takes providers' news.
#[derive(Debug)]
pub struct Reception {
    receive: Receive<
        Messages,
        SenderIndex,
        Aftermath,
        SuppressionList,
        KinesisStream,
        MessageDesk,
        SystemClock,
    >,
    quarantine: QuarantineStore,
}

impl Reception {
    /// Of an environment that holds what the desk needs, and `EVENT_STREAM`, `EVENT_BUS_NAME` and
    /// `QUARANTINE_TABLE`.
    #[must_use]
    pub fn new(env: &Env, config: &SdkConfig, client: &Client) -> Self {
        let table = |name| Table::new(client, env.get(name));
        let messages = Messages::new(table("ENGAGEMENT_TABLE"));
        let suppressions = SuppressionList::new(table("ENGAGEMENT_TABLE"));
        let events = KinesisStream::new(config, env.get("EVENT_STREAM"));
        let aftermath = Follow {
            log: messages.clone(),
            candidates: Candidates::new(table("ENGAGEMENT_TABLE")),
            suppressions: suppressions.clone(),
            events: events.clone(),
            signals: Emitter::new(config, env.get("EVENT_BUS_NAME")),
            clock: SystemClock,
        };
        let receive = Receive {
            receipts: messages,
            senders: SenderIndex::new(table("PLATFORM_TABLE")),
            aftermath,
            suppressions,
            events,
            help: desk::desk(env, config, client),
            clock: SystemClock,
        };
        Self { receive, quarantine: QuarantineStore::new(table("QUARANTINE_TABLE")) }
    }

    /// Takes what an item of a feed told; `tenant` is whose feed it is, if it is one's alone.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`: it must come again.
    pub async fn take(
        &self,
        stage: &str,
        tenant: Option<&TenantId>,
        told: Vec<Told>,
    ) -> Result<Tally, Fault> {
        self.receive.feed(stage, tenant, told, &self.quarantine).await
    }

    /// Takes what a queue brings, and what CloudWatch Logs bring by themselves; `read` tells it.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn serve(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Vec<Told>,
    ) -> Result<(), Error> {
        stage::run(name, async |event: Value| {
            let taken = Box::pin(self.event(name, &read, event)).await;
            taken.map_err(|fault| Error::from(fault.to_string()))
        })
        .await
    }

    pub(crate) async fn event(
        &self,
        name: &str,
        read: &impl Fn(&str) -> Vec<Told>,
        event: Value,
    ) -> Result<Answer, Fault> {
        if event.get("awslogs").is_some() {
            // Lambda brings it again when it fails, twice.
            metrics::emit(&self.take(name, None, read(&event.to_string())).await?);
            return Ok(Answer::default());
        }
        let event: SqsEvent = serde_json::from_value(event)
            .map_err(|_| Fault::invalid("event", "is neither of a queue nor of logs"))?;
        queued(&event.records);
        let messages = event.records.into_iter().map(async |message| {
            let told = read(message.body.as_deref().unwrap_or_default());
            match self.take(name, None, told).await {
                Ok(tally) => {
                    metrics::emit(&tally);
                    None
                }
                Err(fault) => {
                    log(name, &fault);
                    Some(message.message_id.unwrap_or_default())
                }
            }
        });
        Ok(failed(join_all(messages).await.into_iter().flatten().collect()))
    }
}
