//! Affinity: which items go together, by how many subjects had to do with both.
//!
//! A model is counted from history ([`count`]), kept by the hash of its file, and found under its name
//! ([`port`]). What it recommends to whom is the score stage's to say.

pub mod count;
pub mod learn;
pub mod port;

mod model;

pub use model::{Affinity, Own, Ranked};
