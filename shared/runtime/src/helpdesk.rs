//! The helpdesk on Lambda: families of routes behind the HTTP API, and the jobs that they start.

mod changes;
mod deliver;
mod erase;
mod gateway;
mod herald;
mod post;
mod presence;
mod recount;
mod reports;
mod survey;
mod unreached;
mod verify;
mod work;

pub use changes::changes;
pub use erase::Erasing;
pub use herald::Herald;
pub use recount::{Next, Recount, Recounting};
pub use reports::ticket_report;

use crate::bootstrap::log;
use crate::env::Env;
use crate::{limit, metrics, stage, task};
use aws_lambda_events::event::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::http::Method as HttpMethod;
use ceap_aws::SdkConfig;
use ceap_aws::connections::GatewayConnections;
use ceap_aws::dynamodb::{self, CurrentCredentials, HelpdeskStore, SecretStore, Table};
use ceap_aws::file_bucket::FileBucket;
use ceap_channels::http::Reach;
use ceap_helpdesk::access::credential::Platform;
use ceap_helpdesk::access::sign_in::{Clients, SignIn};
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::api::{self, Ceiling, Desk, Refused, Told};
use ceap_helpdesk::automation::{self, Duty, Ran, Swept};
use ceap_helpdesk::erasure::Shredder;
use ceap_helpdesk::file::Files;
use ceap_helpdesk::message::Counter;
use ceap_helpdesk::presence::Connections;
use ceap_helpdesk::routes::Family;
use ceap_helpdesk::routing::{self, Tended};
use ceap_helpdesk::search::{Index, Recent};
use ceap_helpdesk::secret::Secrets;
use ceap_helpdesk::store::Store;
use ceap_helpdesk::webhook::Deliver;
use ceap_kernel::{Clock, Fault, Metric, SystemClock, Tally, TenantId};
use ceap_sign_in::{Nobody, UserPool};
use deliver::Deliverer;
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use unreached::Unreached;

/// Where messages of the platform are handed in: of a helpdesk, the records in `table` alone.
#[must_use]
pub fn counter(table: Table) -> Counter {
    Counter {
        store: Box::new(HelpdeskStore::new(table, SystemClock)),
        accounts: Remembered::default(),
        clock: Box::new(SystemClock),
        random: Box::new(crate::random),
    }
}

/// What takes people out of a helpdesk: its records in `table`, its files in the bucket `files`.
#[must_use]
pub fn shredder(config: &ceap_aws::SdkConfig, table: Table, files: &str) -> Shredder {
    Shredder {
        store: Box::new(HelpdeskStore::new(table, SystemClock)),
        files: Box::new(FileBucket::new(config, files)),
        accounts: Remembered::default(),
        clock: Box::new(SystemClock),
        random: Box::new(crate::random),
    }
}

/// All that a helpdesk's functions reach.
pub struct Office {
    store: Box<dyn Store>,
    accounts: Remembered,
    platform: Box<dyn Platform>,
    sign_in: Box<dyn SignIn>,
    clients: Clients,
    ceiling: Box<dyn Ceiling>,
    clock: Box<dyn Clock>,
    files: Box<dyn Files>,
    secrets: Box<dyn Secrets>,
    deliver: Box<dyn Deliver>,
    index: Box<dyn Index>,
    recent: Recent,
    connections: Box<dyn Connections>,
}

impl Office {
    /// Built of `HELPDESK_TABLE`, `PLATFORM_TABLE`, `REQUESTS_PER_MINUTE`, `FILES_BUCKET`, `SECRETS_KEY`, `ALLOW_LOOPBACK`,
    /// `SIGN_IN_ISSUER` and `SIGN_IN_KEYS`.
    ///
    /// # Errors
    /// `Invalid`, naming the variable.
    pub async fn open(env: &Env) -> Result<Self, Fault> {
        Self::of(env, &ceap_aws::config().await)
    }

    /// The same, whose clients are made of `config`.
    ///
    /// # Errors
    /// `Invalid`, naming the variable.
    pub fn of(env: &Env, config: &SdkConfig) -> Result<Self, Fault> {
        let client = dynamodb::client(config);
        let table = |name| Table::new(&client, env.get(name));
        let secrets = SecretStore::new(config, table("PLATFORM_TABLE"), env.get("SECRETS_KEY"));
        let secrets = secrets.forgetful();
        let reach = Reach::loopback(env.parse("ALLOW_LOOPBACK")?);
        Ok(Self {
            store: Box::new(HelpdeskStore::new(table("HELPDESK_TABLE"), SystemClock)),
            accounts: Remembered::default(),
            platform: Box::new(CurrentCredentials::new(table("PLATFORM_TABLE"))),
            sign_in: sign_in(env, reach)?,
            clients: Clients::default(),
            ceiling: Box::new(limit::told(env, table("PLATFORM_TABLE"))?),
            clock: Box::new(SystemClock),
            files: Box::new(FileBucket::new(config, env.get("FILES_BUCKET"))),
            secrets: Box::new(secrets),
            deliver: Box::new(Deliverer::new(reach)),
            index: Box::new(Unreached),
            recent: Recent::default(),
            connections: Box::new(Unreached),
        })
    }

    /// Of the function that keeps connections, which reaches little else: built of `HELPDESK_TABLE`, `PLATFORM_TABLE`,
    /// `REQUESTS_PER_MINUTE`, `PRESENCE_ENDPOINT`, `ALLOW_LOOPBACK`, `SIGN_IN_ISSUER` and `SIGN_IN_KEYS`.
    ///
    /// # Errors
    /// `Invalid`, naming the variable.
    pub async fn of_connections(env: &Env) -> Result<Self, Fault> {
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        Ok(Self {
            ceiling: Box::new(limit::told(env, platform.clone())?),
            platform: Box::new(CurrentCredentials::new(platform)),
            sign_in: sign_in(env, Reach::loopback(env.parse("ALLOW_LOOPBACK")?))?,
            connections: Box::new(GatewayConnections::new(&config, env.get("PRESENCE_ENDPOINT"))),
            ..Self::of_rules(env).await
        })
    }

    /// Of a function that nobody asks: built of `HELPDESK_TABLE`.
    pub async fn of_rules(env: &Env) -> Self {
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = Table::new(&client, env.get("HELPDESK_TABLE"));
        Self {
            store: Box::new(HelpdeskStore::new(table, SystemClock)),
            accounts: Remembered::default(),
            platform: Box::new(Unreached),
            sign_in: Box::new(Nobody),
            clients: Clients::default(),
            ceiling: Box::new(api::NoCeiling),
            clock: Box::new(SystemClock),
            files: Box::new(Unreached),
            secrets: Box::new(Unreached),
            deliver: Box::new(Unreached),
            index: Box::new(Unreached),
            recent: Recent::default(),
            connections: Box::new(Unreached),
        }
    }

    /// Does what time brings about in one account after the other, as it is told.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn automate(&self) -> Result<(), Error> {
        task::serve("helpdesk-automations", async |due: Due| Box::pin(self.automated(due)).await)
            .await
    }

    async fn automated(&self, Due { tenant, duty }: Due) -> Result<(Done, Tally), Fault> {
        let desk = self.desk();
        let mut tally = Tally::default();
        let (done, changed, detail) = match duty {
            Duty::Automations => {
                let ran = automation::run(&desk, &tenant).await.map_err(fault)?;
                (Done::Ran(ran), ran.changed, "automations")
            }
            Duty::Promises => {
                // Neither waits for the other's faults to be mended.
                let tended = routing::tend(&desk, &tenant).await;
                let swept = automation::sweep(&desk, &tenant).await.map_err(fault)?;
                let tended = tended.map_err(fault)?;
                tally.add(Metric::TicketsAutomated, &tenant, None, Some("routing"), tended.given);
                (Done::Minute { swept, tended }, swept.changed, "promises")
            }
        };
        tally.add(Metric::TicketsAutomated, &tenant, None, Some(detail), changed);
        Ok((done, tally))
    }

    /// The same, with what is searched.
    #[must_use]
    pub fn searching(self, index: impl Index + 'static) -> Self {
        Self { index: Box::new(index), ..self }
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            store: &*self.store,
            accounts: &self.accounts,
            platform: &*self.platform,
            sign_in: &*self.sign_in,
            clients: &self.clients,
            ceiling: &*self.ceiling,
            clock: &*self.clock,
            files: &*self.files,
            secrets: &*self.secrets,
            deliver: &*self.deliver,
            index: &*self.index,
            recent: &self.recent,
            connections: &*self.connections,
            random: &crate::random,
        }
    }

    /// Serves a family's routes behind the HTTP API.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn serve(&self, family: &Family) -> Result<(), Error> {
        stage::asked(family.name, async |event: ApiGatewayV2httpRequest| {
            Ok::<_, Error>(self.answer(family, event).await)
        })
        .await
    }

    pub(crate) async fn answer(
        &self,
        family: &Family,
        event: ApiGatewayV2httpRequest,
    ) -> ApiGatewayV2httpResponse {
        let began = Instant::now();
        let head = event.request_context.http.method == HttpMethod::HEAD;
        if let Some(Ok(parent)) = event.headers.get("traceparent").map(|it| it.to_str()) {
            stage::traced(parent);
        }
        let told = match gateway::asked(event) {
            Ok(ask) => Box::pin(api::answer(&self.desk(), family.routes, &ask)).await,
            Err(refused) => refusal(&refused),
        };
        let Told { status, route, tenant, fault, .. } = &told;
        let route = route.as_deref().unwrap_or("none");
        record(family, route, *status, tenant.as_ref(), fault.as_ref(), began);
        gateway::sent(told, head)
    }
}

/// What is due, and in whose account.
#[derive(Debug, Deserialize)]
struct Due {
    tenant: TenantId,
    duty: Duty,
}

/// What was done.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Done {
    Ran(Ran),
    Minute {
        #[serde(flatten)]
        swept: Swept,
        #[serde(rename = "routing")]
        tended: Tended,
    },
}

/// Why something that nobody asked for was not done.
fn fault(refused: Refused) -> Fault {
    match refused {
        Refused::Fault(fault) => fault,
        other => Fault::Internal(format!("refused: {other:?}")),
    }
}

/// Who verifies the tokens of people who signed in: nobody signs in where no issuer is named.
fn sign_in(env: &Env, reach: Reach) -> Result<Box<dyn SignIn>, Fault> {
    let Some(issuer) = env.given("SIGN_IN_ISSUER") else { return Ok(Box::new(Nobody)) };
    Ok(Box::new(UserPool::new(issuer, env.get("SIGN_IN_KEYS"), reach, Box::new(SystemClock))?))
}

/// What is refused before it is known what is asked.
fn refusal(refused: &Refused) -> Told {
    let answer = refused.answer();
    let body = match answer.body {
        api::answer::Body::Json(value) => value.to_string(),
        api::answer::Body::Empty => String::new(),
    };
    let mut headers = answer.headers;
    headers.push(("content-type", "application/json; charset=utf-8".to_owned()));
    Told { status: answer.status, headers, body, route: None, tenant: None, fault: None }
}

/// Tells operators what was asked, how it ended and how long it took: of the caller, only whose account it is.
fn record(
    family: &Family,
    route: &str,
    status: u16,
    tenant: Option<&TenantId>,
    fault: Option<&Fault>,
    began: Instant,
) {
    if let Some(tenant) = tenant {
        stage::of(tenant);
    }
    if let Some(fault) = fault {
        log(&format!("{} {route}", family.name), fault);
    }
    let line = metrics::helpdesk(family.name, tenant, route, status, began.elapsed());
    metrics::print(&[stage::named(line)]);
}

#[cfg(test)]
pub(crate) mod tests;
