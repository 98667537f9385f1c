//! Consents with their evidence.

use ceap_aws::dynamodb::{self, SubjectStore, SuppressionList, Table, UseCaseStore};
use ceap_aws::stream::KinesisStream;
use ceap_channels::{CHANNELS, Channels};
use ceap_engagement::consents::Consents;
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, SystemClock};
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, desk, start};

const TABLES: &[&str] = &["PROFILES_TABLE", "ENGAGEMENT_TABLE", "PLATFORM_TABLE"];
const OTHERS: &[&str] =
    &["REQUESTS_PER_MINUTE", "EVENT_STREAM", "CHANNEL_QUEUE_PREFIX", "SECRETS_KEY", "PUBLIC_URL"];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[TABLES, OTHERS].concat())?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let credentials = limit::door(&env, table("PLATFORM_TABLE"))?;
        let consents = Consents {
            subjects: SubjectStore::new(table("PROFILES_TABLE")),
            use_cases: UseCaseStore::new(table("PLATFORM_TABLE")),
            suppressions: SuppressionList::new(table("ENGAGEMENT_TABLE")),
            events: KinesisStream::new(&config, env.get("EVENT_STREAM")),
            links: desk::links(&env, &config, &client),
            confirmations: desk::desk(&env, &config, &client),
            addresses: Channels,
            channels: CHANNELS.iter().map(|it| it.name()).collect(),
            clock: SystemClock,
        };
        http::serve("consents", &credentials, async |call: &Call| {
            let (route, tenant) = (call.route(), &call.principal.tenant);
            let reads = route.starts_with("GET ");
            call.require(if reads { Role::may_read_customers } else { Role::may_send })?;
            match route.as_str() {
                "GET /v1/consents" => {
                    Reply::json(200, &consents.of(tenant, call.query("subject").as_deref()).await?)
                }
                "PUT /v1/consents" => {
                    let (taken, tally) = consents.put(tenant, &call.json("consents")?).await?;
                    Ok(Reply::json(202, &taken)?.counted(tally))
                }
                "POST /v1/consents/import" => {
                    let (kind, body) = (call.content_type(), call.body()?);
                    Reply::json(202, &consents.import(tenant, kind, &body).await?)
                }
                "GET /v1/consents/export" => {
                    let page = consents.export(tenant, call.query("cursor").as_deref()).await?;
                    Ok(Reply::lines(page.body, page.next))
                }
                _ => Err(Fault::NotFound("there is no such route".to_owned())),
            }
        })
        .await
    })
}
