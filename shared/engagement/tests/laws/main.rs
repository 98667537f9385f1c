//! The laws of the pipeline, each shown over the whole domain with fakes of every port.
//! One binary: a test binary costs more to link than these tests to run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod affinity;
mod audience;
mod backup;
mod bad_input;
mod cdnow;
mod chaos;
mod consents;
mod cost;
mod crash;
mod documents;
mod erasure;
mod fallback;
mod gates;
mod goals;
mod inbox;
mod late;
mod listed;
mod merging;
mod models;
mod order;
mod polls;
mod preferences;
mod quarantine;
mod receipts;
mod reference;

mod report;
mod requests;
mod runs;
mod schema;
mod simulation;
mod sources;
mod ssh_logins;
mod tenants;
mod versions;
mod waiting;
mod windows;
