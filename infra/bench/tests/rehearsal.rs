//! A backup, rehearsed on what the contract suites leave in the tables: items of every shape that the stores' have are exported,
//! wiped and restored as they were, tenant by tenant, and no other is touched. The SDKs' real clients ask AWS as it is
//! played here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use ceap_aws::SdkConfig;
use ceap_aws::copies::ObjectCopies;
use ceap_aws::dynamodb::{
    self, AudienceStore, Candidates, Catalogue, CredentialStore, EndpointStore, Erasures,
    Everything, HelpdeskStore, InboxStore, Messages, Objects, Runs, SchemaStore, SecretStore,
    SourceStore, SubjectStore, SuppressionList, Table,
};
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::search_bucket::SearchBucket;
use ceap_bench::aws::Aws;
use ceap_engagement::backup::{
    self, Action, Bucket, Exporter, Items, MARK, Restorer, Step, Wiper, belongs, momentary,
};
use ceap_engagement::secret::{Secret, SecretKeeper, Secrets};
use ceap_kernel::{Fault, SignedDuration, SystemClock, TenantId};
use ceap_testkit::builders::{Hands, fresh_tenant};
use ceap_testkit::contracts;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const TABLES: [(&str, backup::Table); 5] = [
    ("ProfilesTable", backup::Table::Profiles),
    ("EngagementTable", backup::Table::Engagement),
    ("QuarantineTable", backup::Table::Quarantine),
    ("HelpdeskTable", backup::Table::Helpdesk),
    ("PlatformTable", backup::Table::Platform),
];

/// Items of all tables as text by their places, and objects.
type Kept = (BTreeMap<(&'static str, String, String), String>, BTreeMap<(String, String), Vec<u8>>);

/// With fields, and members of sets, in order: they have none.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            let each = fields.into_iter().map(|(name, value)| {
                let mut value = sorted(value);
                if let (true, Some(all)) =
                    (["SS", "NS", "BS"].contains(&&*name), value.as_array_mut())
                {
                    all.sort_by_key(Value::to_string);
                }
                (name, value)
            });
            Value::Object(each.collect())
        }
        Value::Array(all) => all.into_iter().map(sorted).collect(),
        plain => plain,
    }
}

/// What of one is not in the other, either way.
fn differing(one: &Kept, other: &Kept) -> Vec<String> {
    let lacks = |one: &Kept, other: &Kept| {
        let items = one.0.iter().filter(|(place, item)| other.0.get(*place) != Some(item));
        let objects = one.1.iter().filter(|(name, bytes)| other.1.get(*name) != Some(bytes));
        let items = items.map(|it| format!("{it:?}"));
        items.chain(objects.map(|it| format!("{it:?}"))).collect::<Vec<_>>()
    };
    [lacks(one, other), lacks(other, one)].concat()
}

fn tenant_of(pk: &str) -> Option<TenantId> {
    pk.split('#').next().and_then(|name| TenantId::new(name).ok())
}

struct Account {
    aws: Arc<Aws>,
    config: SdkConfig,
}

impl Account {
    fn table(&self, name: &str) -> Table {
        Table::new(&dynamodb::client(&self.config), name)
    }

    fn everything(&self) -> Everything {
        let name = |table| TABLES.iter().find(|(_, it)| *it == table).unwrap().0.to_owned();
        Everything::new(&dynamodb::client(&self.config), name)
    }

    fn bucket(&self, name: &'static str) -> Bucket {
        let blobs = Box::new(SearchBucket::new(&self.config, name));
        Bucket { name, bucket: name.to_owned(), blobs }
    }

    fn buckets(&self, names: &[&'static str]) -> Vec<Bucket> {
        names.iter().map(|name| self.bucket(name)).collect()
    }

    fn kept(&self) -> Kept {
        let mut items = BTreeMap::new();
        for (table, _) in TABLES {
            for mut item in self.aws.items(table) {
                let part = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
                let place = (table, part("pk"), part("sk"));
                item.remove(MARK);
                items.insert(place, sorted(Value::Object(item)).to_string());
            }
        }
        let objects = ["files", "models"].into_iter().flat_map(|bucket| {
            let all = self.aws.objects(bucket).into_iter();
            all.map(move |(name, bytes)| ((bucket.to_owned(), name), bytes))
        });
        (items, objects.collect())
    }

    /// Takes away what no export has.
    async fn calm(&self) {
        let everything = self.everything();
        for (name, table) in TABLES {
            for item in self.aws.items(name).into_iter().filter(momentary) {
                everything.delete(table, &item).await.unwrap();
            }
        }
    }

    /// Every tenant that has anything.
    fn tenants(&self) -> BTreeSet<TenantId> {
        let (items, _) = self.kept();
        items.keys().filter_map(|(_, pk, _)| tenant_of(pk)).collect()
    }

    /// Tenants who together have an item of every shape that there is: of every set of fields in every table.
    fn all_kinds(&self) -> BTreeSet<TenantId> {
        let (mut shapes, mut chosen) = (BTreeSet::new(), BTreeSet::new());
        for (table, _) in TABLES {
            for item in self.aws.items(table) {
                let fields: BTreeSet<String> = item.keys().cloned().collect();
                let tenant = tenant_of(item["pk"]["S"].as_str().unwrap());
                if let (Some(tenant), true) = (tenant, shapes.insert((table, fields))) {
                    chosen.insert(tenant);
                }
            }
        }
        chosen
    }

    async fn step(&self, asked: Step) -> Result<Step, Fault> {
        let (items, archive) = (self.everything(), self.bucket("backups"));
        let (copies, clock) = (ObjectCopies::new(&self.config), SystemClock);
        let budget = SignedDuration::from_secs(600);
        match asked.action {
            Action::Export => {
                let buckets = self.buckets(&["files", "models"]);
                Exporter { items, buckets, archive, copies, clock, budget }.step(asked).await
            }
            Action::Restore => {
                let buckets = self.buckets(&["files", "models"]);
                Restorer { items, buckets, archive, copies, clock, budget }.step(asked).await
            }
            Action::Wipe => {
                let buckets = self.buckets(&["files", "models", "search"]);
                let settles = SignedDuration::ZERO;
                Wiper { items, buckets, archive, clock, budget, settles }.step(asked).await
            }
        }
    }

    async fn done(&self, mut step: Step) -> Result<Step, Fault> {
        while !step.done {
            step = Box::pin(self.step(step)).await?;
        }
        Ok(step)
    }

    /// What the stores' own tests leave behind, in every table.
    async fn fill(&self) {
        let platform = || self.table("PlatformTable");
        let engagement = || self.table("EngagementTable");
        let hands = Hands::default();
        let desk = HelpdeskStore::new(self.table("HelpdeskTable"), hands.clone());
        Box::pin(contracts::helpdesk(&desk, &hands)).await;
        Box::pin(contracts::subjects(&SubjectStore::new(self.table("ProfilesTable")))).await;
        Box::pin(contracts::candidates(&Candidates::new(engagement()))).await;
        Box::pin(contracts::claims(&Messages::new(engagement()))).await;
        Box::pin(contracts::goals(&Messages::new(engagement()))).await;
        Box::pin(contracts::inbox(&InboxStore::new(engagement()))).await;
        Box::pin(contracts::audiences(&AudienceStore::new(engagement()))).await;
        Box::pin(contracts::suppressions(&SuppressionList::new(engagement()))).await;
        Box::pin(contracts::endpoints(&EndpointStore::new(engagement()), async || {})).await;
        Box::pin(contracts::items(&Catalogue::new(platform()))).await;
        Box::pin(contracts::schemas(&SchemaStore::new(platform()))).await;
        Box::pin(contracts::runs(&Runs::new(platform()))).await;
        Box::pin(contracts::objects(&Objects::new(platform()))).await;
        Box::pin(contracts::erasures(&Erasures::new(platform()))).await;
        let credentials = CredentialStore::new(platform());
        Box::pin(contracts::sources(&SourceStore::new(platform()), &credentials)).await;
        Box::pin(contracts::model_files(&ModelBucket::new(&self.config, "models"))).await;
    }
}

/// Runs a test with room for unoptimised futures of the SDK inside each other.
fn run(test: impl AsyncFnOnce(Account) + Send + 'static) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = move || {
        runtime().block_on(async {
            let aws = Aws::new(include_str!("../../data.yaml")).unwrap();
            let config = aws.config().await;
            test(Account { aws, config }).await;
        });
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn whoever_is_wiped_comes_back_as_they_were_and_no_other_is_touched() {
    run(async |account| {
        account.fill().await;
        let all = account.everything();
        let tenants = account.tenants();
        assert!(tenants.len() > 15, "only {tenants:?}");
        for tenant in &tenants {
            // The suites make no tenants, but for those of which they need the record.
            let record = json!({"pk": {"S": tenant}, "sk": {"S": "TENANT"}, "tenant": {"S": "{}"}});
            all.put(backup::Table::Platform, record.as_object().unwrap()).await.unwrap();
            let files = account.bucket("files");
            files.blobs.put_new(&format!("{tenant}/a file.txt"), vec![1, 2, 3]).await.unwrap();
        }
        account.calm().await;
        let before = account.kept();
        let unowned = before.0.values().filter(|text| {
            let item = serde_json::from_str(text).unwrap();
            !tenants.iter().any(|tenant| belongs(tenant, &item))
        });
        let unowned: Vec<_> = unowned.collect();
        assert!(unowned.iter().all(|text| text.contains("\"*#")), "nobody's: {unowned:#?}");

        let rehearsed = account.all_kinds();
        assert!(rehearsed.len() > 8, "only {rehearsed:?}");
        for tenant in &rehearsed {
            let step = |action| Step::first(action, tenant.clone(), Some("rehearsal"));
            let exported = account.done(step(Action::Export)).await.unwrap();
            let same = || differing(&account.kept(), &before);
            assert_eq!(same(), Vec::<String>::new(), "an export changes nothing");
            let own = |kept: &Kept| {
                let items = kept
                    .0
                    .values()
                    .filter(|text| belongs(tenant, &serde_json::from_str(text).unwrap()));
                let objects = kept.1.keys().filter(|it| it.1.starts_with(&format!("{tenant}/")));
                (items.count(), objects.count())
            };
            let counts = |step: &Step| (step.items as usize, step.objects as usize);
            assert_eq!(counts(&exported), own(&before), "{tenant}");

            let confirm = Some(tenant.to_string());
            let wiped = account.done(Step { confirm, ..step(Action::Wipe) }).await.unwrap();
            assert_eq!(counts(&wiped), own(&before), "{tenant}");
            let without = account.kept();
            assert_eq!(own(&without), (0, 0), "{tenant}");
            let others = |kept: &Kept| kept.0.len() + kept.1.len();
            assert_eq!(others(&without), others(&before) - own(&before).0 - own(&before).1);

            let restored = account.done(step(Action::Restore)).await.unwrap();
            assert_eq!((counts(&restored), restored.same, restored.other), (own(&before), 0, 0));
            assert_eq!(same(), Vec::<String>::new(), "{tenant} is not as it was");
            let again = Step { missing: true, ..step(Action::Restore) };
            let again = account.done(again).await.unwrap();
            assert_eq!((again.items, again.same as usize), (0, own(&before).0));
            assert_eq!(same(), Vec::<String>::new(), "{tenant}, a second time");
        }
    });
}

#[test]
fn secrets_can_be_read_again() {
    run(async |account| {
        let store =
            || SecretStore::new(&account.config, account.table("PlatformTable"), "key").forgetful();
        let tenant = fresh_tenant("secrets");
        store().keep(&tenant, "links", &Secret::new("a secret")).await.unwrap();
        let record = json!({"pk": {"S": &tenant}, "sk": {"S": "TENANT"}});
        let record = record.as_object().unwrap();
        account.everything().put(backup::Table::Platform, record).await.unwrap();
        let step = |action| Step::first(action, tenant.clone(), Some("one"));
        account.done(step(Action::Export)).await.unwrap();
        let confirm = Some(tenant.to_string());
        account.done(Step { confirm, ..step(Action::Wipe) }).await.unwrap();
        assert!(matches!(store().get(&tenant, "links").await, Err(Fault::NotFound(_))));
        account.done(step(Action::Restore)).await.unwrap();
        assert_eq!(store().get(&tenant, "links").await.unwrap().reveal(), "a secret");
        let archive = account.aws.objects("backups");
        assert!(archive.iter().all(|(_, bytes)| !bytes.windows(8).any(|it| it == b"a secret")));
    });
}
