//! Runs: one use case over a whole population. A scheduled evaluation, a replay of history, a
//! backfill of features, a model learnt: all are planned into parts, worked on part by part, and
//! finished.
//!
//! A run is asked for ([`desk`]), planned ([`plan`]), worked on ([`part`]) and finished ([`finish`]).
//! Each step may be done again: a part's outcome is kept once, and one that is kept is skipped. So a
//! run that failed goes on where it stopped.

pub mod affinity;
mod backfill;
pub mod batch;
pub mod desk;
pub mod finish;
pub mod part;
pub mod plan;
pub mod replay;

mod files;
mod population;
mod state;
mod store;

pub use files::RunFiles;
pub use population::Population;
pub use state::{Counts, Kind, Run, State};
pub use store::{Kept, Outcome, RunStore, change};

use ceap_kernel::{RunId, TenantId, UseCaseId};
use serde::{Deserialize, Serialize};

/// Which run: what the steps of the workflow hand on to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// Whose.
    pub tenant: TenantId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// Which.
    pub run: RunId,
}
