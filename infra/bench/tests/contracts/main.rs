//! The suites that testkit's fakes and the local stack pass, run against the AWS that is played here: what the benchmarks
//! measure against keeps the same promises.
//!
//! Each is run for several tenants at once that do the same under the same ids (`tenants`): whoever read, listed, changed
//! or deleted what is another's would not pass; and every key that was written begins with its tenant.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod tenants;

use ceap_aws::SdkConfig;
use ceap_aws::dynamodb::{
    self, AffinityStore, AudienceStore, Candidates, Catalogue, Courses, CredentialStore,
    EndpointStore, Erasures, HelpdeskStore, Holdings, InboxStore, Messages, ModelStore, Objects,
    QuarantineStore, QuotaStore, Runs, SchemaStore, SecretStore, SourceStore, SubjectStore,
    SuppressionList, Table,
};
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::search_bucket::SearchBucket;
use ceap_aws::stream::KinesisStream;
use ceap_bench::aws::Aws;
use ceap_engagement::event::Arrived;
use ceap_engagement::quarantine::Rejected;
use ceap_engagement::secret::{Secret, SecretKeeper, Secrets};
use ceap_kernel::{Fault, TenantId};
use ceap_testkit::builders::{Hands, fresh_tenant};
use ceap_testkit::contracts;
use std::sync::Arc;

/// AWS, and a client of it.
#[derive(Clone)]
struct Played {
    aws: Arc<Aws>,
    config: SdkConfig,
}

impl Played {
    fn table(&self, name: &str) -> Table {
        Table::new(&dynamodb::client(&self.config), name)
    }

    /// All that is kept in quarantine for a tenant.
    fn quarantined(&self, tenant: &TenantId) -> Vec<Rejected> {
        let items = self.aws.items("QuarantineTable").into_iter();
        let of_tenant = items.filter(|item| item["pk"]["S"] == tenant.as_str());
        let read = |item: serde_json::Map<String, serde_json::Value>| {
            let part = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
            Rejected {
                tenant: Some(TenantId::new(part("pk")).unwrap()),
                stage: part("stage"),
                code: part("code"),
                reason: part("reason"),
                payload: serde_json::from_str(&part("payload")).unwrap(),
                at: part("at").parse().unwrap(),
            }
        };
        of_tenant.map(read).collect()
    }
}

/// Runs a test with room for unoptimised futures of the SDK inside each other.
fn run(test: impl AsyncFn(Played) + Send + 'static) {
    with_room(async move |aws| tenants::run(&aws, test).await);
}

/// The same, of what belongs to no tenant.
fn with_room(test: impl AsyncFnOnce(Played) + Send + 'static) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = move || {
        runtime().block_on(async {
            let aws = Aws::new(include_str!("../../../data.yaml")).unwrap();
            let config = aws.config().await;
            test(Played { aws, config }).await;
        });
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn schemas() {
    run(async |aws| contracts::schemas(&SchemaStore::new(aws.table("PlatformTable"))).await);
}

#[test]
fn shelf() {
    run(async |aws| contracts::shelf(&QuarantineStore::new(aws.table("QuarantineTable"))).await);
}

#[test]
fn models() {
    run(async |aws| contracts::models(&ModelStore::new(aws.table("PlatformTable"))).await);
}

#[test]
fn model_files() {
    run(async |aws| contracts::model_files(&ModelBucket::new(&aws.config, "models")).await);
}

#[test]
fn blobs() {
    run(async |aws| contracts::blobs(&SearchBucket::new(&aws.config, "search")).await);
}

#[test]
fn items() {
    run(async |aws| contracts::items(&Catalogue::new(aws.table("PlatformTable"))).await);
}

#[test]
fn helpdesk() {
    run(async |aws| {
        let hands = Hands::default();
        let store = HelpdeskStore::new(aws.table("HelpdeskTable"), hands.clone());
        contracts::helpdesk(&store, &hands).await;
    });
}

#[test]
fn sources() {
    run(async |aws| {
        let credentials = CredentialStore::new(aws.table("PlatformTable"));
        let sources = SourceStore::new(aws.table("PlatformTable"));
        contracts::sources(&sources, &credentials).await;
    });
}

#[test]
fn affinities() {
    run(async |aws| {
        let files = ModelBucket::new(&aws.config, "models");
        contracts::affinities(&AffinityStore::new(files, aws.table("PlatformTable"))).await;
    });
}

#[test]
fn subjects() {
    run(async |aws| contracts::subjects(&SubjectStore::new(aws.table("ProfilesTable"))).await);
}

#[test]
fn population() {
    run(async |aws| contracts::population(&SubjectStore::new(aws.table("ProfilesTable"))).await);
}

#[test]
fn candidates() {
    run(async |aws| contracts::candidates(&Candidates::new(aws.table("EngagementTable"))).await);
}

#[test]
fn candidate_list() {
    run(async |aws| {
        contracts::candidate_list(&Candidates::new(aws.table("EngagementTable"))).await;
    });
}

#[test]
fn endpoints() {
    run(async |aws| {
        let store = EndpointStore::new(aws.table("EngagementTable"));
        let holdings = Holdings::new(
            aws.table("ProfilesTable"),
            aws.table("EngagementTable"),
            aws.table("QuarantineTable"),
        );
        contracts::endpoints(&store, async || {}).await;
        contracts::forgotten_endpoints(&store, &holdings, async || {}).await;
    });
}

#[test]
fn claims() {
    run(async |aws| contracts::claims(&Messages::new(aws.table("EngagementTable"))).await);
}

#[test]
fn goals() {
    run(async |aws| contracts::goals(&Messages::new(aws.table("EngagementTable"))).await);
}

#[test]
fn outbox() {
    run(async |aws| contracts::outbox(&Messages::new(aws.table("EngagementTable"))).await);
}

#[test]
fn receipts() {
    run(async |aws| contracts::receipts(&Messages::new(aws.table("EngagementTable"))).await);
}

#[test]
fn rates() {
    run(async |aws| contracts::rates(&Messages::new(aws.table("EngagementTable"))).await);
}

#[test]
fn quota() {
    run(async |aws| contracts::quota(&QuotaStore::new(aws.table("PlatformTable"))).await);
}

#[test]
fn courses() {
    run(async |aws| contracts::courses(&Courses::new(aws.table("PlatformTable"))).await);
}

#[test]
fn objects() {
    run(async |aws| contracts::objects(&Objects::new(aws.table("PlatformTable"))).await);
}

#[test]
fn runs() {
    run(async |aws| contracts::runs(&Runs::new(aws.table("PlatformTable"))).await);
}

#[test]
fn erasures() {
    run(async |aws| contracts::erasures(&Erasures::new(aws.table("PlatformTable"))).await);
}

#[test]
fn forget() {
    run(async |aws| {
        let engagement = || aws.table("EngagementTable");
        let quarantine = || aws.table("QuarantineTable");
        let tables = contracts::Tables {
            forget: &Holdings::new(aws.table("ProfilesTable"), engagement(), quarantine()),
            subjects: &SubjectStore::new(aws.table("ProfilesTable")),
            candidates: &Candidates::new(engagement()),
            messages: &Messages::new(engagement()),
            inbox: &InboxStore::new(engagement()),
            audiences: &AudienceStore::new(engagement()),
            quarantine: &QuarantineStore::new(quarantine()),
        };
        contracts::forget(&tables, async |tenant: &TenantId| aws.quarantined(tenant)).await;
    });
}

#[test]
fn quarantine() {
    run(async |aws| {
        let store = QuarantineStore::new(aws.table("QuarantineTable"));
        contracts::quarantine(&store, async |tenant: &TenantId| aws.quarantined(tenant)).await;
    });
}

#[test]
fn suppressions() {
    run(async |aws| {
        contracts::suppressions(&SuppressionList::new(aws.table("EngagementTable"))).await;
    });
}

#[test]
fn inbox() {
    run(async |aws| contracts::inbox(&InboxStore::new(aws.table("EngagementTable"))).await);
}

#[test]
fn audiences() {
    run(async |aws| contracts::audiences(&AudienceStore::new(aws.table("EngagementTable"))).await);
}

/// What is handed on is taken by whoever looks first: one at a time.
#[test]
fn stream() {
    with_room(async |aws| {
        let list = async |tenant: &TenantId| {
            let records = aws.aws.take_handed().records.into_iter();
            let read = records.map(|record| serde_json::from_slice::<Arrived>(&record).unwrap());
            read.filter(|arrived| arrived.tenant == *tenant).collect()
        };
        contracts::stream(&KinesisStream::new(&aws.config, "events"), list).await;
    });
}

#[test]
fn a_secret_is_read_under_the_name_that_it_was_kept_under_only() {
    run(async |aws| {
        let store = SecretStore::new(&aws.config, aws.table("PlatformTable"), "key").forgetful();
        let tenant = fresh_tenant("secrets");
        store.keep(&tenant, "links", &Secret::new("a secret")).await.unwrap();
        assert_eq!(store.get(&tenant, "links").await.unwrap().reveal(), "a secret");
        let other = store.get(&tenant, "others").await;
        assert!(matches!(other, Err(Fault::NotFound(_))), "{:?}", other.map(|_| ()));
    });
}
