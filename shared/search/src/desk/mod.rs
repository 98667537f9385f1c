//! The helpdesk's index: what its port ([`ceap_helpdesk::search::index`]) promises, kept with Tantivy.
//!
//! What is found, and in which order, is exactly what the helpdesk's naive scan says. A tenant's index is one of several
//! *builds*, each an index of its own: [`Builds`] makes a new one while the last one serves, and switches to it.

mod builds;
mod calm;
mod collect;
mod column;
mod index;
mod keeping;
mod number;
mod pointer;
mod prefix;
mod query;
mod rid;
mod shape;
mod stamps;
mod words;
mod writing;

pub use builds::{Builds, Standing};
pub use index::Indexes;
pub use keeping::{Keeping, Rebuild};
pub use writing::{Build, Tended};
