//! One file for each family of ports. [`World`](crate::World) implements all of them.

mod audiences;
mod backup;
mod candidates;
mod carrier;
mod endpoints;
mod erasure;
mod files;
mod goals;
mod helpdesk;
mod history;
mod inbox;
mod items;
mod messages;
mod models;
mod polls;
mod quarantine;
mod receiving;
mod runs;
mod schemas;
mod sending;
mod signals;
mod sources;
mod subjects;
mod use_cases;

pub use backup::Warehouse;
pub use carrier::{Ask, Carrier, Habits, Told};
pub use files::{Dropped, KeptObject};
pub use helpdesk::Helpdesk;
pub use messages::Message;
pub use models::ModelRoom;
pub use polls::Remote;
pub use runs::Documents;
