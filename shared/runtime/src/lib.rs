//! Running on Lambda: the only crate that names its runtime. A function's `main.rs` reads its
//! environment, builds its clients once, and hands its domain function to one of these.

mod bootstrap;
mod env;
mod problem;
mod redact;
mod stage;
mod unreadable;

pub mod api;
pub mod batch;
pub mod callbacks;
pub mod channel;
pub mod desk;
#[cfg(feature = "bench")]
pub mod drive;
pub mod erasures;
pub mod feeds;
pub mod firehose;
pub mod helpdesk;
pub mod http;
pub mod inbox;
pub mod items;
pub mod limit;
pub mod metrics;
pub mod models;
pub mod pages;
pub mod pinpoint;
pub mod pipeline;
pub mod polls;
pub mod quarantine;
pub mod reception;
pub mod reference;
pub mod runs;
pub mod schemas;
pub mod simulations;
pub mod sources;
pub mod task;
pub mod templates;
pub mod tracking;
pub mod use_cases;
pub mod webhooks;

pub use bootstrap::{random, start};
pub use env::Env;
pub use lambda_runtime::Error;

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod tests;
