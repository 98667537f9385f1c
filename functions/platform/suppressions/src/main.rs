//! Suppression lists as the team keeps them.

use ceap_aws::dynamodb::{self, SuppressionList, Table};
use ceap_channels::{CHANNELS, Channels};
use ceap_engagement::suppression::api::Lists;
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, SystemClock};
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "ENGAGEMENT_TABLE", "PLATFORM_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let table = |name| Table::new(&client, env.get(name));
        let credentials = limit::door(&env, table("PLATFORM_TABLE"))?;
        let lists = Lists {
            keeper: SuppressionList::new(table("ENGAGEMENT_TABLE")),
            addresses: Channels,
            channels: CHANNELS.iter().map(|it| it.name()).collect(),
            clock: SystemClock,
        };
        http::serve("suppressions", &credentials, async |call: &Call| {
            let (route, tenant) = (call.route(), &call.principal.tenant);
            let reads = route.starts_with("GET ");
            call.require(if reads { Role::may_read_customers } else { Role::may_send })?;
            let (channel, address) = (call.query("channel"), call.query("address"));
            let (channel, address) = (channel.as_deref(), address.as_deref());
            let (cursor, reason) = (call.query("cursor"), call.query("reason"));
            match route.as_str() {
                "GET /v1/suppressions" => {
                    let page = lists.list(tenant, channel, address, cursor.as_deref()).await?;
                    Reply::json(200, &page)
                }
                "PUT /v1/suppressions" => {
                    Reply::json(200, &lists.put(tenant, call.json("suppression")?).await?)
                }
                "DELETE /v1/suppressions" => {
                    lists.delete(tenant, channel, address, reason.as_deref()).await?;
                    Ok(Reply::empty())
                }
                "POST /v1/suppressions/import" => {
                    let (kind, body) = (call.content_type(), call.body()?);
                    Reply::json(200, &lists.import(tenant, kind, &body).await?)
                }
                "GET /v1/suppressions/export" => {
                    let page = lists.export(tenant, channel, cursor.as_deref()).await?;
                    Ok(Reply::lines(page.body, page.next))
                }
                _ => Err(Fault::NotFound("there is no such route".to_owned())),
            }
        })
        .await
    })
}
