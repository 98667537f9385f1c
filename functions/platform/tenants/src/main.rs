//! Tenants, credentials and secrets, for administrators of the AWS account: callable only through IAM.

use ceap_aws::dynamodb::{self, SecretStore, Table, TenantStore};
use ceap_engagement::onboarding;
use ceap_kernel::{SystemClock, Tally};
use ceap_runtime::{Env, Error, random, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE", "SECRETS_KEY"])?;
        let config = ceap_aws::config().await;
        let table = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let tenants = TenantStore::new(table.clone());
        let secrets = SecretStore::new(&config, table, env.get("SECRETS_KEY"));
        task::serve("tenants", async |request| {
            let answer = onboarding::run(request, &tenants, &secrets, &SystemClock, random).await?;
            Ok((answer, Tally::default()))
        })
        .await
    })
}
