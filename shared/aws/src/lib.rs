//! The ports on AWS. The only crate that names the AWS SDKs; one feature each, so that a function
//! links only what it uses. Each type implements one port, mirrored by one statement of its
//! function's policy.

mod fault;

#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "sesv2")]
pub mod ses;
#[cfg(all(feature = "eventbridge", feature = "scheduler"))]
pub mod signals;
#[cfg(feature = "sns")]
pub mod sns;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "kinesis")]
pub mod stream;

use aws_config::{BehaviorVersion, SdkConfig};

/// The configuration that every client shares: credentials, region and endpoint from the
/// environment that Lambda sets.
pub async fn config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest()).load().await
}
