//! An index against a map in memory, with everything going wrong that can.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod killed;
mod missing;
mod model;
mod racing;
mod tended;
mod throttled;
mod world;
