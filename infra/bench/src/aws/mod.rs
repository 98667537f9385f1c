//! AWS as far as the pipeline asks it, in this process: what it is asked is done, and what that costs is counted by each
//! service's own rules.

pub mod dynamodb;
mod meter;
mod s3;
mod services;

use crate::clock;
use anyhow::Result;
use ceap_aws::SdkConfig;
use ceap_aws::played::{Answered, Asked, Network};
use dynamodb::{Dynamo, Refusal, Used};
use meter::Counting;
pub use meter::{Call, Meter};
use s3::Objects;
use serde_json::{Value, json};
pub use services::{ANSWER, Handed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// All of it.
#[derive(Debug)]
pub struct Aws {
    state: Mutex<State>,
    latency: Duration,
}

/// What was in AWS at one moment.
#[derive(Debug, Clone)]
pub struct Kept(State);

#[derive(Debug, Clone)]
struct State {
    dynamo: Dynamo,
    objects: Objects,
    handed: Handed,
    counting: Counting,
}

impl Aws {
    /// With the tables of `infra/data.yaml`, empty.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn new(data_yaml: &str) -> Result<Arc<Self>> {
        Self::distant(data_yaml, Duration::ZERO)
    }

    /// The same, whose answers take this long: so that what is asked at once, in whichever thread, is seen to be.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn distant(data_yaml: &str, latency: Duration) -> Result<Arc<Self>> {
        let state = State {
            dynamo: Dynamo::of(data_yaml)?,
            objects: Objects::default(),
            handed: Handed::default(),
            counting: Counting::default(),
        };
        Ok(Arc::new(Self { state: Mutex::new(state), latency }))
    }

    /// The functions' configuration, that asks here.
    pub async fn config(self: &Arc<Self>) -> SdkConfig {
        let network: Arc<dyn Network> = Arc::<Self>::clone(self);
        ceap_aws::played::config(network).await
    }

    /// What was counted since it was last taken.
    pub fn take_meter(&self) -> Meter {
        self.state().counting.take()
    }

    /// What was handed on since it was last taken: records, facts, messages.
    pub fn take_handed(&self) -> Handed {
        std::mem::take(&mut self.state().handed)
    }

    /// All items of a table.
    pub fn items(&self, table: &str) -> Vec<dynamodb::item::Item> {
        self.state().dynamo.items(table).into_iter().cloned().collect()
    }

    /// All objects of a bucket, by their names.
    pub fn objects(&self, bucket: &str) -> Vec<(String, Vec<u8>)> {
        self.state().objects.of(bucket)
    }

    /// Puts an object into a bucket.
    pub fn put(&self, (bucket, key): (&str, &str), bytes: &[u8]) {
        self.state().objects.place(bucket, key, bytes);
    }

    /// What is in it now.
    pub fn kept(&self) -> Kept {
        Kept(self.state().clone())
    }

    /// Makes it again what it was.
    pub fn put_back(&self, kept: &Kept) {
        self.state().clone_from(&kept.0);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Network for Aws {
    fn sent(&self) -> u64 {
        self.state().counting.sent()
    }

    fn answer(&self, asked: &Asked, sent: u64) -> Answered {
        let began = clock::cpu();
        let mut state = self.state();
        let answered = state.answer(asked, sent);
        state.counting.busy(clock::cpu().saturating_sub(began));
        answered
    }

    fn received(&self, sent: u64) {
        self.state().counting.received(sent);
    }

    fn latency(&self) -> Duration {
        self.latency
    }
}

impl State {
    fn answer(&mut self, asked: &Asked, sent: u64) -> Answered {
        let host = asked.url.strip_prefix("https://").unwrap_or(&asked.url);
        let (host, path) = host.split_once('/').unwrap_or((host, ""));
        let service = host.split('.').find(|part| KNOWN.contains(part)).unwrap_or(host);
        let target = asked.header("x-amz-target").and_then(|it| it.rsplit('.').next());
        let operation = target.unwrap_or_else(|| services::operation(service, &asked.method, path));
        let mut used = Used::new();
        let (billed, answered) = match service {
            "s3" => {
                let (bucket, path) = s3::place(host, path);
                (1, self.objects.answer(asked, bucket, path))
            }
            _ => {
                let request = serde_json::from_slice(&asked.body).unwrap_or_default();
                let (billed, outcome) = match service {
                    "dynamodb" => (0, self.dynamo.answer(operation, &request, &mut used)),
                    _ => services::answer(service, operation, &request, &mut self.handed),
                };
                (billed, json_answer(outcome))
            }
        };
        let call = Call {
            count: 1,
            billed,
            refused: u64::from(answered.status >= 400),
            sent: u64::try_from(asked.body.len()).unwrap_or(u64::MAX),
            received: u64::try_from(answered.body.len()).unwrap_or(u64::MAX),
        };
        self.counting.call(service, operation, call, used);
        self.counting.waits(sent, operation);
        answered
    }
}

/// The parts of a host's name that say whose it is.
const KNOWN: [&str; 10] =
    ["athena", "dynamodb", "kinesis", "events", "sqs", "s3", "kms", "scheduler", "email", "states"];

/// As AWS's JSON protocols have it.
fn json_answer(outcome: Result<Value, Refusal>) -> Answered {
    let (status, body) = match outcome {
        Ok(answer) => (200, answer),
        Err(refusal) => {
            let mut fields = refusal.more;
            fields.insert("__type".to_owned(), json!(refusal.kind));
            fields.insert("message".to_owned(), json!(refusal.message));
            (400, Value::Object(fields))
        }
    };
    let headers = vec![
        ("content-type", "application/x-amz-json-1.0".to_owned()),
        ("x-amzn-requestid", "played".to_owned()),
    ];
    Answered { status, headers, body: body.to_string().into_bytes() }
}
