//! How segments are read: Tantivy asks for bytes and waits for them, the store answers some time.
//!
//! Queries run on threads of their own, never on the caller's runtime; each read that is not cached is driven by one
//! further thread ([`Reads`]), which does nothing else. So nothing that waits can be what it waits for, even where the
//! caller's runtime has a single thread, as in a Lambda function.

mod ahead;
mod bounded;
mod cache;
mod directory;
mod engine;
mod folder;
mod library;
mod reads;
mod view;

pub use bounded::Bounded;
pub use cache::{Cache, Capacity};
pub use engine::Engine;
pub use folder::Folder;
pub use library::{Extent, Library};
pub use reads::{Patience, Reads, patiently};
pub use view::{View, missing};
