//! The suites that testkit's fakes pass, run against the real adapters on the local stack.
//!
//! They happen at a noon of 2026, while the local stack deletes by the wall clock what is past its
//! time to live. So they use copies of the deployed tables' keys, without it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod local;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeValue, BillingMode, GlobalSecondaryIndex, GlobalSecondaryIndexDescription,
};
use aws_sdk_kinesis::types::ShardIteratorType;
use ceap_aws::athena::Lake;
use ceap_aws::dynamodb::{
    self, AffinityStore, AudienceStore, Candidates, Catalogue, Client, Courses, CredentialStore,
    CurrentCredentials, EndpointStore, Erasures, HelpdeskStore, Holdings, InboxStore, Messages,
    ModelStore, Objects, QuarantineStore, Runs, SchemaStore, SourceStore, SubjectStore,
    SuppressionList, Table, TenantStore, UseCaseStore,
};
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::stream::KinesisStream;
use ceap_engagement::event::Arrived;
use ceap_engagement::history::{History, Query};
use ceap_engagement::model::library::{ModelFiles, ModelShelf};
use ceap_engagement::onboarding::{Tenant, Tenants};
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::quarantine::Rejected;
use ceap_engagement::use_case::{Document, Settings, UseCase, UseCases};
use ceap_helpdesk::access::credential::Platform as _;
use ceap_kernel::access::{Credential, Principal, Role, SignInClient};
use ceap_kernel::{Fault, ModelId, TenantId};
use ceap_testkit::builders::{Hands, catalogue_documents, event, fresh_tenant, noon, settings};
use ceap_testkit::contracts;
use futures::TryStreamExt;

/// An empty table with the keys of a deployed one, which goes when the test has passed.
struct Copy {
    client: Client,
    name: String,
}

impl Copy {
    async fn of(config: &SdkConfig, table: &str) -> Self {
        let client = dynamodb::client(config);
        let deployed = local::output(&format!("/tables/{table}"));
        let deployed = client.describe_table().table_name(deployed).send().await.unwrap();
        let deployed = deployed.table.unwrap();
        let keys = deployed.key_schema.unwrap();
        let attributes = deployed.attribute_definitions.unwrap();
        let indexes = deployed.global_secondary_indexes.unwrap_or_default();
        let index = |of: GlobalSecondaryIndexDescription| {
            let index = GlobalSecondaryIndex::builder().set_index_name(of.index_name);
            index.set_key_schema(of.key_schema).set_projection(of.projection).build().unwrap()
        };
        let indexes: Vec<_> = indexes.into_iter().map(index).collect();
        let indexes = (!indexes.is_empty()).then_some(indexes);
        let name = local::unique(table);
        let make = client.create_table().table_name(&name).billing_mode(BillingMode::PayPerRequest);
        let make = make.set_key_schema(Some(keys)).set_attribute_definitions(Some(attributes));
        let make = make.set_global_secondary_indexes(indexes);
        make.send().await.unwrap();
        Self { client, name }
    }

    fn table(&self) -> Table {
        Table::new(&self.client, &self.name)
    }

    async fn gone(self) {
        self.client.delete_table().table_name(&self.name).send().await.unwrap();
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

#[test]
fn schemas() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        contracts::schemas(&SchemaStore::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn shelf() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "quarantine").await;
        contracts::shelf(&QuarantineStore::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn models() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        contracts::models(&ModelStore::new(copy.table())).await;
        copy.gone().await;
    });
}

/// With a bucket of its own, and what only an upload's URL shows: that S3 takes what was announced.
#[test]
fn model_files() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let client = aws_sdk_s3::Client::new(&config);
        let name = local::unique("models");
        client.create_bucket().bucket(&name).send().await.unwrap();
        let bucket = ModelBucket::new(&config, &name);
        contracts::model_files(&bucket).await;
        let (tenant, file) = (fresh_tenant("mine"), b"a model".to_vec());
        let id = ModelId::of(&file);
        let length = u64::try_from(file.len()).unwrap();
        let upload = bucket.upload(&tenant, &id, length, noon()).await.unwrap();
        let mut put = reqwest::Client::new().put(&upload.url).body(file.clone());
        for (header, value) in &upload.headers {
            put = put.header(header, value);
        }
        let answer = put.send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        bucket.accept(&tenant, &id).await.unwrap();
        assert_eq!(bucket.get(&tenant, &id).await.unwrap(), Some(file));
        bucket.forget(&tenant, &id).await.unwrap();
    });
}

#[test]
fn items() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        contracts::items(&Catalogue::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn helpdesk() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "helpdesk").await;
        let hands = Hands::default();
        let store = HelpdeskStore::new(copy.table(), hands.clone());
        contracts::helpdesk(&store, &hands).await;
        copy.gone().await;
    });
}

#[test]
fn sources() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        let credentials = CredentialStore::new(copy.table());
        contracts::sources(&SourceStore::new(copy.table()), &credentials).await;
        copy.gone().await;
    });
}

#[test]
fn affinities() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        let client = aws_sdk_s3::Client::new(&config);
        let name = local::unique("affinities");
        client.create_bucket().bucket(&name).send().await.unwrap();
        let files = ModelBucket::new(&config, &name);
        contracts::affinities(&AffinityStore::new(files, copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn subjects() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "profiles").await;
        contracts::subjects(&SubjectStore::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn candidates() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::candidates(&Candidates::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn candidate_list() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::candidate_list(&Candidates::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn endpoints() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let profiles = Copy::of(&config, "profiles").await;
        let engagement = Copy::of(&config, "engagement").await;
        let quarantine = Copy::of(&config, "quarantine").await;
        let store = EndpointStore::new(engagement.table());
        let holdings = Holdings::new(profiles.table(), engagement.table(), quarantine.table());
        // The local index is written with the table.
        contracts::endpoints(&store, async || {}).await;
        contracts::forgotten_endpoints(&store, &holdings, async || {}).await;
        for copy in [profiles, engagement, quarantine] {
            copy.gone().await;
        }
    });
}

#[test]
fn claims() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::claims(&Messages::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn goals() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::goals(&Messages::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn outbox() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::outbox(&Messages::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn courses() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        contracts::courses(&Courses::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn objects() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        contracts::objects(&Objects::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn runs() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        contracts::runs(&Runs::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn population() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "profiles").await;
        contracts::population(&SubjectStore::new(copy.table())).await;
        copy.gone().await;
    });
}

/// All that is kept in quarantine for a tenant.
async fn quarantined(copy: &Copy, tenant: &TenantId) -> Vec<Rejected> {
    let query = copy.client.query().table_name(&copy.name).consistent_read(true);
    let query = query.key_condition_expression("pk = :tenant");
    let query = query.expression_attribute_values(":tenant", text(tenant.as_str()));
    let items = query.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let read = |item: std::collections::HashMap<String, AttributeValue>| {
        let part = |name: &str| item[name].as_s().unwrap().clone();
        Rejected {
            tenant: Some(TenantId::new(part("pk")).unwrap()),
            stage: part("stage"),
            code: part("code"),
            reason: part("reason"),
            payload: serde_json::from_str(&part("payload")).unwrap(),
            at: part("at").parse().unwrap(),
        }
    };
    items.unwrap().into_iter().map(read).collect()
}

#[test]
fn erasures() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        contracts::erasures(&Erasures::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn forget() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let profiles = Copy::of(&config, "profiles").await;
        let engagement = Copy::of(&config, "engagement").await;
        let quarantine = Copy::of(&config, "quarantine").await;
        let tables = contracts::Tables {
            forget: &Holdings::new(profiles.table(), engagement.table(), quarantine.table()),
            subjects: &SubjectStore::new(profiles.table()),
            candidates: &Candidates::new(engagement.table()),
            messages: &Messages::new(engagement.table()),
            inbox: &InboxStore::new(engagement.table()),
            audiences: &AudienceStore::new(engagement.table()),
            quarantine: &QuarantineStore::new(quarantine.table()),
        };
        let list = async |tenant: &TenantId| quarantined(&quarantine, tenant).await;
        contracts::forget(&tables, list).await;
        for copy in [profiles, engagement, quarantine] {
            copy.gone().await;
        }
    });
}

#[test]
fn quarantine() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "quarantine").await;
        let list = async |tenant: &TenantId| quarantined(&copy, tenant).await;
        contracts::quarantine(&QuarantineStore::new(copy.table()), list).await;
        copy.gone().await;
    });
}

#[test]
fn suppressions() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::suppressions(&SuppressionList::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn receipts() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::receipts(&Messages::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn inbox() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::inbox(&InboxStore::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn rates() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::rates(&Messages::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn audiences() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "engagement").await;
        contracts::audiences(&AudienceStore::new(copy.table())).await;
        copy.gone().await;
    });
}

#[test]
fn stream() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let client = aws_sdk_kinesis::Client::new(&config);
        let name = local::unique("stream");
        client.create_stream().stream_name(&name).shard_count(2).send().await.unwrap();
        for _ in 0..100 {
            let summary = client.describe_stream_summary().stream_name(&name).send().await.unwrap();
            let summary = summary.stream_description_summary.unwrap();
            if summary.stream_status == aws_sdk_kinesis::types::StreamStatus::Active {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let list = async |tenant: &TenantId| {
            let mut found = read_stream(&client, &name).await;
            found.retain(|arrived| arrived.tenant == *tenant);
            found
        };
        contracts::stream(&KinesisStream::new(&config, &name), list).await;
        client.delete_stream().stream_name(&name).send().await.unwrap();
    });
}

/// All records, shard by shard.
async fn read_stream(client: &aws_sdk_kinesis::Client, name: &str) -> Vec<Arrived> {
    let mut found = Vec::new();
    let shards = client.list_shards().stream_name(name).send().await.unwrap().shards.unwrap();
    for shard in shards {
        let ask = client.get_shard_iterator().stream_name(name).shard_id(shard.shard_id);
        let ask = ask.shard_iterator_type(ShardIteratorType::TrimHorizon);
        let mut iterator = ask.send().await.unwrap().shard_iterator;
        while let Some(at) = iterator {
            let page = client.get_records().shard_iterator(at).send().await.unwrap();
            if page.records.is_empty() && page.millis_behind_latest.unwrap_or_default() == 0 {
                break;
            }
            let read = |record: aws_sdk_kinesis::types::Record| {
                serde_json::from_slice::<Arrived>(record.data.as_ref()).unwrap()
            };
            found.extend(page.records.into_iter().map(read));
            iterator = page.next_shard_iterator;
        }
    }
    found
}

/// Tenants, their credentials and their use cases are written by one adapter and read by two others.
#[test]
fn tenants_credentials_and_use_cases() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let copy = Copy::of(&config, "platform").await;
        let tenants = TenantStore::new(copy.table());
        let (name, other) = (fresh_tenant("onboarding"), fresh_tenant("other"));
        let documents: Vec<Document> = catalogue_documents()
            .into_iter()
            .map(|text| UseCase::parse(text).unwrap().document)
            .collect();
        let tenant = |sender: &str| Tenant {
            admin_email: "ada@example.com".to_owned(),
            settings: Settings { from_address: sender.to_owned(), ..settings() },
            created_at: noon(),
        };

        assert_eq!(tenants.get(&name).await, Ok(None));
        let first = tenant("first@example.com");
        tenants.create(&name, &first, &documents).await.unwrap();
        let again = tenants.create(&name, &tenant("second@example.com"), &[]).await;
        assert!(matches!(again, Err(Fault::Conflict(_))), "{again:?}");
        assert_eq!(tenants.get(&name).await, Ok(Some(first.clone())), "nothing changed");
        assert_eq!(tenants.get(&other).await, Ok(None));
        tenants.create(&other, &tenant("other@example.com"), &[]).await.unwrap();

        let credentials = CredentialStore::new(copy.table());
        let admin = Credential::generate(name.clone(), &[7; 32]);
        let renamed = Credential::generate(other.clone(), &[7; 32]);
        let holder = Principal {
            tenant: name.clone(),
            role: Role::Admin,
            email: Some("ada@example.com".to_owned()),
            source: None,
        };
        let unknown = admin.authenticate(None, &credentials).await;
        assert!(matches!(unknown, Err(Fault::Unauthorized(_))), "{unknown:?}");
        tenants.grant(&admin.fingerprint(), &holder, noon(), None).await.unwrap();
        // Once from the table, once from memory.
        for _ in 0..2 {
            assert_eq!(admin.authenticate(None, &credentials).await, Ok(holder.clone()));
            let stranger = renamed.authenticate(None, &credentials).await;
            assert!(matches!(stranger, Err(Fault::Unauthorized(_))), "{stranger:?}");
        }

        let over = Credential::generate(name.clone(), &[8; 32]);
        let ended = Some(noon());
        tenants.grant(&over.fingerprint(), &holder, noon(), ended).await.unwrap();
        let told = over.authenticate(None, &credentials).await;
        assert!(matches!(told, Err(Fault::Unauthorized(_))), "its time is over: {told:?}");
        let held = tenants.credentials(&name).await.unwrap();
        let kept = held.iter().map(|it| (it.id.clone(), it.expires_at));
        let kept: std::collections::BTreeMap<_, _> = kept.collect();
        let both = [(admin.fingerprint(), None), (over.fingerprint(), ended)];
        assert_eq!(kept, both.into());
        assert_eq!(tenants.credentials(&other).await, Ok(Vec::new()));
        for _ in 0..2 {
            tenants.revoke(&name, &admin.fingerprint()).await.unwrap();
        }
        let anew = CredentialStore::new(copy.table());
        let told = admin.authenticate(None, &anew).await;
        assert!(matches!(told, Err(Fault::Unauthorized(_))), "it was taken back: {told:?}");

        let current = CurrentCredentials::new(copy.table());
        let door = |tenant: &TenantId| SignInClient {
            tenant: tenant.clone(),
            providers: ["Acme".to_owned()].into(),
        };
        tenants.admit("7abc", &door(&name)).await.unwrap();
        tenants.admit("7abc", &door(&name)).await.unwrap();
        let taken = tenants.admit("7abc", &door(&other)).await;
        assert!(matches!(taken, Err(Fault::Conflict(_))), "{taken:?}");
        tenants.dismiss("7abc", &other).await.unwrap();
        assert_eq!(current.client("7abc").await, Ok(Some(door(&name))), "it is not the other's");
        tenants.dismiss("7abc", &name).await.unwrap();
        assert_eq!(current.client("7abc").await, Ok(None));

        let use_cases = UseCaseStore::new(copy.table());
        let nobody = use_cases.plan(&fresh_tenant("nobody")).await;
        assert!(matches!(nobody, Err(Fault::NotFound(_))));
        let plan = use_cases.plan(&name).await.unwrap();
        assert_eq!(plan.settings, first.settings);
        for document in &documents {
            assert!(plan.use_case(&document.id).is_some_and(|it| it.document == *document));
        }
        let plan = use_cases.plan(&other).await.unwrap();
        assert!(documents.iter().all(|document| plan.use_case(&document.id).is_none()));
        copy.gone().await;
    });
}

/// Through the deployed stream, function and table.
#[test]
fn history() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let stream = KinesisStream::new(&config, local::output("/stream"));
        let (database, workgroup) =
            (local::output("/lake/database"), local::output("/lake/workgroup"));
        let lake = Lake::new(&config, database, workgroup);
        let fill = async |events: &[Arrived]| {
            // What comes after all others is there after all others.
            let fence = fresh_tenant("fence");
            stream.put(events).await.unwrap();
            stream.put(&[event("fence", "fence", "1").of(&fence)]).await.unwrap();
            for _ in 0..120 {
                let seen: Vec<Arrived> =
                    lake.read(&fence, &Query::default()).try_collect().await.unwrap();
                if !seen.is_empty() {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            }
            panic!("nothing reaches the lake");
        };
        contracts::history(&lake, fill).await;
    });
}

#[test]
fn a_question_that_takes_too_long_is_given_up() {
    local::run(async || {
        let Some(config) = local::stack().await else { return };
        let (database, workgroup) =
            (local::output("/lake/database"), local::output("/lake/workgroup"));
        let lake = Lake::new(&config, database, workgroup).patient(std::time::Duration::ZERO);
        let seen: Result<Vec<Arrived>, Fault> =
            lake.read(&fresh_tenant("late"), &Query::default()).try_collect().await;
        assert!(matches!(seen, Err(Fault::Unavailable(_))), "{seen:?}");
    });
}
