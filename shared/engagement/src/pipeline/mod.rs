//! The stages, each a function over its ports: accept → ingest → filter → score → store → deliver
//! → send.

pub mod accept;
pub mod delay;
pub mod deliver;
pub mod filter;
mod fold;
pub mod ingest;
mod judge;
pub mod score;
pub mod send;
pub mod store;
