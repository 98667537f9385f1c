//! Use cases, kept with all their versions.

use ceap_aws::dynamodb::{self, CredentialStore, Table, UseCaseStore, UseCaseVersions};
use ceap_runtime::http::{self, Call};
use ceap_runtime::use_cases::UseCaseApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let credentials = CredentialStore::new(platform.clone());
        let api =
            UseCaseApi::new(UseCaseVersions::new(platform.clone()), UseCaseStore::new(platform));
        http::serve("use-cases", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
