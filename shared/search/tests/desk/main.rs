//! The helpdesk's index against the naive scan, with everything going wrong that can.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod agrees;
mod broken;
mod builds;
mod generated;
mod large;
mod world;
