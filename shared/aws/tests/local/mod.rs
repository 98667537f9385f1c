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
    let runs = TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok();
    if !runs {
        assert!(!asked, "the local stack does not run: `cargo xtask up`");
        eprintln!("skipped: the local stack does not run (`cargo xtask up`)");
        return None;
    }
    Some(config(&format!("http://{STACK}")).await)
}

/// A text of what the last local deploy made.
pub fn output(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/run/outputs.json");
    let text = std::fs::read(file).expect("the local stack is not deployed: `cargo xtask up`");
    let outputs: serde_json::Value = serde_json::from_slice(&text).unwrap();
    outputs.pointer(path).and_then(|value| value.as_str()).unwrap().to_owned()
}

/// A name that nobody else uses.
pub fn unique(label: &str) -> String {
    ceap_testkit::builders::fresh_tenant(label).to_string()
}
