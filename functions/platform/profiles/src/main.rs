//! What is known of a subject.

use ceap_aws::dynamodb::{self, Candidates, SubjectStore, Table, UseCaseStore};
use ceap_engagement::profile_view::view;
use ceap_kernel::access::Role;
use ceap_kernel::{SubjectId, SystemClock};
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "PROFILES_TABLE",
            "PLATFORM_TABLE",
            "ENGAGEMENT_TABLE",
        ])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let (credentials, runs) =
            (limit::door(&env, platform.clone())?, UseCaseStore::new(platform));
        let candidates = Candidates::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        let subjects = SubjectStore::new(Table::new(&client, env.get("PROFILES_TABLE")));
        http::serve("profiles", &credentials, async |call: &Call| {
            call.require(Role::may_read_customers)?;
            let subject = SubjectId::new(call.path("id").unwrap_or_default())?;
            let tenant = &call.principal.tenant;
            let seen = view(tenant, &subject, &subjects, &runs, &candidates, &SystemClock).await?;
            Reply::json(200, &seen)
        })
        .await
    })
}
