//! A channel's function: its queue on one side, its provider on the other.

use crate::{Env, batch};
use ceap_aws::dynamodb::{self, Candidates, Messages, SuppressionList, Table};
use ceap_aws::emitter::Emitter;
use ceap_aws::sqs::Postponer;
use ceap_aws::stream::KinesisStream;
use ceap_aws::{Client, SdkConfig};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::aftermath::Follow;
use ceap_engagement::pipeline::send::{Account, Limit, Provider, Sender};
use ceap_engagement::policy::rate::Rate;
use ceap_kernel::{Fault, SystemClock};
use lambda_runtime::Error;

/// What every channel's function reads from its environment.
const COMMON: [&str; 5] = [
    "ENGAGEMENT_TABLE",
    "EVENT_STREAM",
    "EVENT_BUS_NAME",
    "CHANNEL_QUEUE_PREFIX",
    "CLAIM_LEASE_SECONDS",
];

/// A channel's function, before it has its provider.
#[derive(Debug)]
pub struct Channel {
    /// Its environment.
    pub env: Env,
    /// The configuration of its clients.
    pub config: SdkConfig,
    /// Its client of the tables.
    pub client: Client,
}

impl Channel {
    /// Reads the environment: what all channels need, and `own`.
    ///
    /// # Errors
    /// `Invalid`, naming every variable that is missing.
    pub async fn read(own: &[&'static str]) -> Result<Self, Fault> {
        let env = Env::read(&[&COMMON, own].concat())?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        Ok(Self { env, config, client })
    }

    /// A table by the variable that names it.
    #[must_use]
    pub fn table(&self, variable: &str) -> Table {
        Table::new(&self.client, self.env.get(variable))
    }

    /// What sends a message, at most `per_second` messages of one `account`; 0 is no limit.
    ///
    /// # Errors
    /// `Invalid`, naming a variable that cannot be read.
    pub fn sender<P: Provider>(
        &self,
        account: Account,
        per_second: f64,
        provider: P,
    ) -> Result<impl batch::Taking<Dispatch> + use<P>, Fault> {
        let outbox = Messages::new(self.table("ENGAGEMENT_TABLE"));
        let sender = Sender {
            aftermath: Follow {
                log: outbox.clone(),
                candidates: Candidates::new(self.table("ENGAGEMENT_TABLE")),
                suppressions: SuppressionList::new(self.table("ENGAGEMENT_TABLE")),
                events: KinesisStream::new(&self.config, self.env.get("EVENT_STREAM")),
                signals: Emitter::new(&self.config, self.env.get("EVENT_BUS_NAME")),
                clock: SystemClock,
            },
            outbox,
            provider,
            clock: SystemClock,
            lease_s: self.env.parse("CLAIM_LEASE_SECONDS")?,
            limit: Rate::per_second(per_second).map(|rate| Limit { rate, account }),
        };
        Ok(async move |dispatch: &Dispatch, attempt| sender.send(dispatch, attempt).await)
    }

    /// What puts off messages of the queue of the channel `name`.
    #[must_use]
    pub fn postponer(&self, name: &str) -> Postponer {
        let queue_url = format!("{}{name}", self.env.get("CHANNEL_QUEUE_PREFIX"));
        Postponer::new(&self.config, queue_url)
    }

    /// Sends what the queue of the channel `name` brings, at most `per_second` messages of one
    /// `account`; 0 is no limit.
    ///
    /// # Errors
    /// From Lambda's runtime API; `Invalid`, naming a variable that cannot be read.
    pub async fn serve(
        self,
        name: &'static str,
        account: Account,
        per_second: f64,
        provider: impl Provider,
    ) -> Result<(), Error> {
        let take = self.sender(account, per_second, provider)?;
        batch::queue(name, &self.postponer(name), take).await
    }
}
