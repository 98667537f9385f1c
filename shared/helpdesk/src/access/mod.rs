//! Who may do what, as the policies in `infra/policies` say it.

mod actor;
pub mod credential;
mod policy;
pub mod sign_in;

pub use actor::{Actor, Face, Restriction, Role};
pub use policy::{Action, Owned, Resource, permits};
