//! Tenants and credentials, for administrators of the AWS account: callable only through IAM.

use ceap_aws::dynamodb::{self, Table, TenantStore};
use ceap_engagement::onboarding;
use ceap_kernel::{SystemClock, Tally};
use ceap_runtime::{Env, Error, random, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let tenants = TenantStore::new(Table::new(&client, env.get("PLATFORM_TABLE")));
        task::serve("tenants", async |request| {
            let keys = onboarding::run(request, &tenants, &SystemClock, random).await?;
            Ok((keys, Tally::default()))
        })
        .await
    })
}
