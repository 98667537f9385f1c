//! One file for each family of ports. [`World`](crate::World) implements all of them.

mod candidates;
mod inbox;
mod messages;
mod quarantine;
mod sending;
mod signals;
mod subjects;
mod use_cases;

pub use messages::Message;
