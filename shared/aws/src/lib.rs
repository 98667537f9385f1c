//! The ports on AWS. The only crate that names the AWS SDKs; one feature each, so that a function
//! links only what it uses. Each type implements one port, mirrored by one statement of its
//! function's policy.

// Who only verifies signatures asks nothing that could fail.
#[cfg(any(
    feature = "apigateway",
    feature = "athena",
    feature = "dynamodb",
    feature = "eum",
    feature = "eventbridge",
    feature = "helpdesk",
    feature = "kinesis",
    feature = "kms",
    feature = "s3",
    feature = "scheduler",
    feature = "secretsmanager",
    feature = "sesv2",
    feature = "sfn",
    feature = "sns",
    feature = "sqs"
))]
mod fault;

#[cfg(feature = "athena")]
pub mod athena;
#[cfg(feature = "apigateway")]
pub mod connections;
#[cfg(feature = "s3")]
pub mod copies;
#[cfg(feature = "s3")]
pub mod drop_bucket;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "eventbridge")]
pub mod emitter;
#[cfg(feature = "eum")]
pub mod eum;
#[cfg(all(feature = "eventbridge", feature = "helpdesk"))]
pub mod fact_bus;
#[cfg(feature = "helpdesk")]
pub mod file_bucket;
#[cfg(feature = "helpdesk")]
pub mod job_queue;
#[cfg(feature = "s3")]
pub mod model_bucket;
#[cfg(feature = "played")]
pub mod played;
#[cfg(feature = "s3")]
pub mod run_files;
#[cfg(feature = "scheduler")]
pub mod schedules;
#[cfg(feature = "s3")]
pub mod search_bucket;
#[cfg(feature = "secretsmanager")]
pub mod secrets_manager;
#[cfg(feature = "sesv2")]
pub mod ses;
#[cfg(all(feature = "eventbridge", feature = "scheduler"))]
pub mod signals;
#[cfg(feature = "sigv4")]
pub mod sigv4;
#[cfg(feature = "sns")]
pub mod sns;
#[cfg(feature = "sns")]
pub mod sns_push;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "kinesis")]
pub mod stream;
#[cfg(feature = "sfn")]
pub mod workflow;

use aws_config::BehaviorVersion;
pub use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
#[cfg(feature = "dynamodb")]
pub use aws_sdk_dynamodb::Client;
use std::time::Duration;

/// The configuration that every client shares: credentials, region and endpoint from the
/// environment that Lambda sets. A call that hangs is given up well before the shortest stage is.
pub async fn config() -> SdkConfig {
    loader().load().await
}

fn loader() -> aws_config::ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(4))
        .operation_timeout(Duration::from_secs(9))
        .build();
    aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts)
}

/// For providers that send: asked once, because the SDK's own retries would send again without
/// knowing whether the first try was sent; and long enough that a slow answer is still heard.
#[cfg(any(feature = "eum", feature = "sesv2", feature = "sns"))]
fn once() -> (aws_config::retry::RetryConfig, TimeoutConfig) {
    // All of them: what is left out here stays as in [`config`], which gives up much sooner.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(15))
        .operation_timeout(Duration::from_secs(15))
        .build();
    (aws_config::retry::RetryConfig::disabled(), timeouts)
}
