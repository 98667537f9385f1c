//! The stages, each a function over its ports: accept → ingest → filter → score → store → deliver
//! → send.

pub mod accept;
pub mod aftermath;
pub mod convert;
pub mod delay;
pub mod deliver;
pub mod fan_out;
pub mod filter;
mod fold;
pub mod follow;
pub mod gates;
pub mod ingest;
pub mod judge;
pub mod merge;
pub mod receive;
pub mod recommend;
pub mod request;
mod round;
pub mod score;
pub mod send;
pub mod store;
mod wait;
pub mod witness;
