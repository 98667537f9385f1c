//! For tests only: builders, fakes of every port, and the contract suites that fakes and adapters
//! both pass. Panics are the way a test fails, so the lints that forbid them are off.
//!
//! [`World`] implements every port in memory, counts the calls, and can fail or die at any of them
//! ([`Strike`]). [`contracts`] uses port methods only, so that the same suite runs against AWS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    missing_docs
)]

pub mod builders;
pub mod chaos;
pub mod contracts;
pub mod data;
mod drive;
mod fakes;
pub mod server;
mod world;

pub use chaos::Strike;
pub use drive::{LEASE_S, Sent};
pub use fakes::{
    Ask, Carrier, Documents, Dropped, Habits, Helpdesk, Message, ModelRoom, Remote, Told, Warehouse,
};
pub use world::{Stores, World};
