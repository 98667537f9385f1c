//! The pipeline's stages, made of what a function's environment names: its `main.rs` lists the variables.

use crate::Env;
use crate::http::{Call, Reply};
use ceap_aws::SdkConfig;
use ceap_aws::dynamodb::{
    self, AffinityStore, AudienceStore, Candidates, Catalogue, Messages, QuarantineStore,
    SecretStore, SubjectStore, SuppressionList, Table, UseCaseStore,
};
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::signals::{Bus, BusConfig};
use ceap_aws::sqs::Queues;
use ceap_aws::stream::KinesisStream;
use ceap_channels::Channels;
use ceap_connectors::Payload;
use ceap_engagement::event::Arrived;
use ceap_engagement::link::Links;
use ceap_engagement::pipeline::accept::accept;
use ceap_engagement::pipeline::delay::Delays;
use ceap_engagement::pipeline::deliver::{Deliver, Delivered};
use ceap_engagement::pipeline::filter::filter;
use ceap_engagement::pipeline::gates::Gates;
use ceap_engagement::pipeline::ingest::{Ingest, Ingested};
use ceap_engagement::pipeline::recommend::Shop;
use ceap_engagement::pipeline::score::{Models, ScoredBatch, score};
use ceap_engagement::pipeline::store::{Candidates as Batch, store};
use ceap_engagement::signal::Detected;
use ceap_kernel::access::Role;
use ceap_kernel::{Clock, Fault, SourceId, SystemClock, Tally};

/// A table by the variable that names it.
pub fn tables(env: &Env, config: &SdkConfig) -> impl Fn(&str) -> Table {
    let client = dynamodb::client(config);
    move |variable| Table::new(&client, env.get(variable))
}

fn bus(env: &Env, config: &SdkConfig) -> Bus {
    let name = |it| env.get(it).to_owned();
    let bus = BusConfig {
        bus_name: name("EVENT_BUS_NAME"),
        bus_arn: name("EVENT_BUS_ARN"),
        schedule_group: name("SCHEDULE_GROUP"),
        scheduler_role: name("SCHEDULER_ROLE_ARN"),
        scheduler_dlq: name("SCHEDULER_DLQ_ARN"),
    };
    Bus::new(config, bus)
}

/// Events of a request into the stream (`ingest-http`).
pub fn take(env: &Env, config: &SdkConfig) -> impl AsyncFn(&Call) -> Result<Reply, Fault> {
    let quarantine = QuarantineStore::new(tables(env, config)("QUARANTINE_TABLE"));
    let stream = KinesisStream::new(config, env.get("STREAM_NAME"));
    async move |call: &Call| {
        call.require(Role::may_ingest)?;
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
        let (accepted, tally) = accept(origin, decoded, &stream, &quarantine, &SystemClock).await?;
        Ok(Reply::json(202, &accepted)?.counted(tally))
    }
}

/// Events into features, profiles and signals (`ingest-stream`).
///
/// # Errors
/// `Invalid`, naming a variable that cannot be read.
pub fn ingest(
    env: &Env,
    config: &SdkConfig,
) -> Result<impl AsyncFn(&[Arrived]) -> Ingested, Fault> {
    let table = tables(env, config);
    let ingest = Ingest {
        audiences: AudienceStore::new(table("ENGAGEMENT_TABLE")),
        subjects: SubjectStore::new(table("PROFILES_TABLE")),
        use_cases: UseCaseStore::new(table("PLATFORM_TABLE")),
        signals: bus(env, config),
        quarantine: QuarantineStore::new(table("QUARANTINE_TABLE")),
        clock: SystemClock,
        delays: Delays::scaled(env.parse("DELAY_SCALE")?),
    };
    Ok(async move |events: &[Arrived]| ingest.run(events).await)
}

/// Which signals go on (`filter`).
pub fn sift(
    env: &Env,
    config: &SdkConfig,
) -> impl AsyncFn(Detected) -> Result<(Detected, Tally), Fault> {
    let table = tables(env, config);
    let subjects = SubjectStore::new(table("PROFILES_TABLE"));
    let use_cases = UseCaseStore::new(table("PLATFORM_TABLE"));
    let candidates = Candidates::new(table("ENGAGEMENT_TABLE"));
    let quarantine = QuarantineStore::new(table("QUARANTINE_TABLE"));
    async move |detected| {
        filter(detected, &use_cases, &subjects, &candidates, &quarantine, &SystemClock).await
    }
}

/// How promising each signal is (`score`). What `models` are made of, the caller says: only one function links what
/// reads them.
pub fn rate<M: Models>(
    env: &Env,
    config: &SdkConfig,
    models: impl FnOnce(ModelBucket) -> M,
) -> impl AsyncFn(Detected) -> Result<(ScoredBatch, Tally), Fault> {
    let table = tables(env, config);
    let use_cases = UseCaseStore::new(table("PLATFORM_TABLE"));
    let quarantine = QuarantineStore::new(table("QUARANTINE_TABLE"));
    let files = ModelBucket::new(config, env.get("MODELS_BUCKET"));
    let affinities = AffinityStore::new(files.clone(), table("PLATFORM_TABLE"));
    let (models, items) = (models(files), Catalogue::new(table("PLATFORM_TABLE")));
    async move |detected| {
        let shop = Shop { affinities: &affinities, items: &items };
        score(detected, &use_cases, &models, shop, &quarantine, &SystemClock).await
    }
}

/// Candidates, one live one per use case, subject and key (`store`).
pub fn keep(
    env: &Env,
    config: &SdkConfig,
) -> impl AsyncFn(ScoredBatch) -> Result<(Batch, Tally), Fault> {
    let candidates = Candidates::new(tables(env, config)("ENGAGEMENT_TABLE"));
    async move |scored| store(scored, &candidates, &SystemClock).await
}

/// The gates, rendering, and the hand-off to the channels (`deliver`).
///
/// # Errors
/// `Invalid`, naming a variable that cannot be read.
pub fn deliver(
    env: &Env,
    config: &SdkConfig,
) -> Result<impl AsyncFn(Batch) -> Result<(Delivered, Tally), Fault>, Fault> {
    let table = tables(env, config);
    let secrets = SecretStore::new(config, table("PLATFORM_TABLE"), env.get("SECRETS_KEY"));
    let deliver = Deliver {
        subjects: SubjectStore::new(table("PROFILES_TABLE")),
        use_cases: UseCaseStore::new(table("PLATFORM_TABLE")),
        gates: Gates {
            claims: Messages::new(table("ENGAGEMENT_TABLE")),
            suppressions: SuppressionList::new(table("ENGAGEMENT_TABLE")),
            addresses: Channels,
            links: Links::new(secrets, env.get("PUBLIC_URL")),
            clock: SystemClock,
        },
        queues: Queues::new(config, env.get("CHANNEL_QUEUE_PREFIX")),
        later: bus(env, config),
        delays: Delays::scaled(env.parse("DELAY_SCALE")?),
    };
    Ok(async move |candidates: Batch| deliver.run(&candidates).await)
}
