//! Events from the HTTP API into the stream.

use ceap_aws::dynamodb::{self, CredentialStore, QuarantineStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_connectors::Payload;
use ceap_engagement::pipeline::accept::accept;
use ceap_kernel::{Clock, Fault, SourceId, SystemClock};
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["STREAM_NAME", "PLATFORM_TABLE", "QUARANTINE_TABLE"])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let credentials = CredentialStore::new(Table::new(&client, env.get("PLATFORM_TABLE")));
        let quarantine = QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE")));
        let stream = KinesisStream::new(&config, env.get("STREAM_NAME"));
        http::serve("ingest-http", &credentials, async |call: &Call| {
            call.require(ceap_kernel::access::Role::may_ingest)?;
            let connector = call.path("connector").unwrap_or_else(|| "cloudevents".to_owned());
            let connector = ceap_connectors::find(&connector)?;
            let source = call.principal.source.as_ref().map_or(connector.name(), SourceId::as_str);
            let payload = Payload {
                content_type: call.content_type(),
                headers: &call.headers(),
                body: &call.body()?,
                source,
                arrived: SystemClock.now(),
            };
            let (tenant, decoded) = (&call.principal.tenant, connector.decode(&payload)?);
            let origin = call.origin("ingest-http", tenant);
            let (accepted, tally) =
                accept(origin, decoded, &stream, &quarantine, &SystemClock).await?;
            Ok::<_, Fault>(Reply::json(202, &accepted)?.counted(tally))
        })
        .await
    })
}
