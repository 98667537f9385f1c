//! Candidates, one live one per use case, subject and key.

use ceap_aws::dynamodb::{self, Candidates, Table};
use ceap_engagement::pipeline::store::store;
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["ENGAGEMENT_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let candidates = Candidates::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        task::stage("store", async |scored| store(scored, &candidates, &SystemClock).await).await
    })
}
