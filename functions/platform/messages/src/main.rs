//! What became of a message.

use ceap_aws::dynamodb::{self, Messages, Table};
use ceap_engagement::message_log::{list, view};
use ceap_kernel::access::Role;
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "ENGAGEMENT_TABLE", "PLATFORM_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let credentials = limit::door(&env, Table::new(&client, env.get("PLATFORM_TABLE")))?;
        let messages = Messages::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        http::serve("messages", &credentials, async |call: &Call| {
            call.require(Role::may_read_customers)?;
            let (tenant, cursor) = (&call.principal.tenant, call.query("cursor"));
            match call.path("id") {
                Some(id) => Reply::json(200, &view(tenant, &id, &messages).await?),
                None => {
                    let subject = call.query("subject").unwrap_or_default();
                    Reply::json(200, &list(tenant, &subject, cursor.as_deref(), &messages).await?)
                }
            }
        })
        .await
    })
}
