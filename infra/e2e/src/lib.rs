//! What the end-to-end tests share: a client of the running stack that knows nothing of the platform's
//! code. Panics are the way a test fails, so the lints that forbid them are off.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    missing_docs
)]

pub mod aws;
pub mod described;
pub mod events;
pub mod flaky;
pub mod http;
pub mod lake;
pub mod outbox;
pub mod socket;
pub mod tap;
pub mod tenant;
pub mod time;
pub mod traces;

pub use events::event;
pub use outbox::Message;
pub use tenant::Tenant;
pub use traces::Traces;

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// Held for reading by whoever uses the stack, for writing by whoever deploys to it.
static DEPLOYED: RwLock<()> = RwLock::new(());

/// The running stack, or `None` with a word about it when end-to-end tests are not asked for.
#[must_use]
pub fn stack() -> Option<RwLockReadGuard<'static, ()>> {
    asked().then(|| DEPLOYED.read().unwrap_or_else(PoisonError::into_inner))
}

/// As [`stack`], for a test that deploys: nobody else uses the stack until the guard is dropped.
#[must_use]
pub fn stack_to_deploy() -> Option<RwLockWriteGuard<'static, ()>> {
    asked().then(|| DEPLOYED.write().unwrap_or_else(PoisonError::into_inner))
}

fn asked() -> bool {
    let asked = std::env::var_os("CEAP_E2E").is_some_and(|value| !value.is_empty());
    if !asked {
        eprintln!("skipped: set CEAP_E2E=1 and run `cargo xtask up` for the end-to-end tests");
    }
    asked
}

/// The top of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Asks again and again until there is an answer; fails naming `what` when there is none in time.
pub fn until<T>(what: &str, seconds: u64, ask: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        let waited = began.elapsed().as_secs();
        assert!(waited < seconds, "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// For what takes its way through all stages, on a machine that does other things too: the stream has one shard, in which
/// 70,000 events of another test may stand before it.
pub const PATIENCE: u64 = 400;

/// Gives what should not come a last chance to come.
pub fn grace() {
    std::thread::sleep(Duration::from_secs(3));
}
