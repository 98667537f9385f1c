//! Search: what tickets, people, organizations and groups are found by, and what is looked for.
//!
//! Everything here is pure. A record becomes a [`Document`]; a query of Zendesk's search language, or the conditions of
//! a view, becomes a [`Filter`], and what who asks may see is one more. [`Filter::holds`] says which documents are
//! found: it is what any index has to agree with. [`Sort`] says in which order.

pub mod analysis;
mod dependents;
mod directory;
pub mod document;
pub mod feed;
pub mod filter;
mod finder;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod index;
mod language;
mod making;
pub mod order;
pub mod query;
mod saved;
pub mod tend;
pub mod view;
pub mod visible;

pub use directory::Directory;
pub use document::{Document, Kind};
pub use filter::{Filter, Scanned, Seek};
pub use finder::{Finder, Search};
pub use index::{Index, Of, Stamp};
pub use language::Language;
pub use making::Recent;
pub use order::{Key, Place, Sort, Value};
pub use query::{Malformed, Names, Query, Sought};
pub use saved::{SavedSearch, Shared};
pub use view::Looking;
pub use visible::{Audience, visible};
