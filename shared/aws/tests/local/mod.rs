//! What the tests of this crate share.
#![allow(dead_code)] // each test crate uses a part

use aws_config::{Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

const STACK: &str = "127.0.0.1:4566";

/// The configuration of the functions, with its timeouts, pointed at `url`.
pub async fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    ceap_aws::config()
        .await
        .into_builder()
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// The local stack's configuration; `None`, with a word about it, when it does not run and nobody
/// asked for end-to-end tests.
pub async fn stack() -> Option<SdkConfig> {
    let asked = std::env::var_os("CEAP_E2E").is_some_and(|value| !value.is_empty());
    let address: SocketAddr = STACK.parse().unwrap();
    let runs =
        outputs().is_some() && TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok();
    if !runs {
        assert!(!asked, "the local stack does not run: `cargo xtask up`");
        eprintln!("skipped: the local stack does not run (`cargo xtask up`)");
        return None;
    }
    Some(config(&format!("http://{STACK}")).await)
}

/// What the last local deploy made, while the stack that it made it in is meant to run.
fn outputs() -> Option<serde_json::Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/run/outputs.json");
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// A text of it.
pub fn output(path: &str) -> String {
    outputs().unwrap().pointer(path).and_then(|value| value.as_str()).unwrap().to_owned()
}

/// A name that nobody else uses.
pub fn unique(label: &str) -> String {
    ceap_testkit::builders::fresh_tenant(label).to_string()
}

/// Runs a test with room for unoptimised futures of the SDK inside each other: a test's own thread has
/// 2 MiB, the main thread of a function 8.
pub fn run(test: impl AsyncFnOnce() + Send + 'static) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = move || runtime().block_on(test());
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
