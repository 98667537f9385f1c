//! Running on Lambda: the only crate that names its runtime. A function's `main.rs` reads its
//! environment, builds its clients once, and hands its domain function to one of these.

mod bootstrap;
mod env;
mod metrics;
mod problem;
mod unreadable;

pub mod api;
pub mod batch;
#[cfg(feature = "reception")]
pub mod callbacks;
#[cfg(feature = "channel")]
pub mod channel;
#[cfg(feature = "desk")]
pub mod desk;
pub mod erasures;
pub mod firehose;
pub mod http;
pub mod inbox;
pub mod items;
#[cfg(feature = "models")]
pub mod models;
pub mod pages;
#[cfg(feature = "quarantine")]
pub mod quarantine;
#[cfg(feature = "reception")]
pub mod reception;
pub mod reference;
pub mod runs;
pub mod schemas;
#[cfg(feature = "desk")]
pub mod simulations;
pub mod sources;
pub mod task;
#[cfg(feature = "desk")]
pub mod templates;
#[cfg(feature = "tracking")]
pub mod tracking;
#[cfg(feature = "desk")]
pub mod use_cases;
pub mod webhooks;

pub use bootstrap::{random, start};
pub use env::Env;
pub use lambda_runtime::Error;

#[cfg(test)]
mod tests;
