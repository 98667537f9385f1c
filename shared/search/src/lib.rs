//! Full-text indexes of Tantivy, one per tenant, kept as immutable segments in an object store.
//!
//! One small object, the [`Manifest`], says which segments an index has and which of their documents are deleted. It
//! changes only by a conditional write, so whatever else happens (a writer dies, two of them work at once) an index is
//! always what some manifest says, whole. A [`Writer`] adds and merges segments; a [`Searcher`] reads of them what a
//! query needs, and keeps it. What documents hold is the caller's: see [`Shape`].
//!
//! A cold query waits for the store about five times in a row: for the manifest, for all tails, then for each term's place
//! in the dictionary, its documents and their places (of phrases), and for columns meanwhile. All segments wait at once,
//! up to as many as the [`Engine`] has threads. A warm one waits for the manifest at most.
//!
//! The layout is that of Quickwit's splits: <https://quickwit.io/docs/overview/architecture>.

mod archive;
pub mod blobs;
pub mod desk;
pub mod lease;
mod manifest;
mod place;
mod reading;
mod searcher;
mod segment;
mod shape;
mod tombstones;
mod writer;

pub use archive::Archive;
pub use manifest::{Manifest, Piece, Position, Tombstones};
pub use place::Place;
pub use reading::{Cache, Capacity, Engine, Folder, Patience, View};
pub use searcher::Searcher;
pub use shape::Shape;
pub use writer::{Applied, Batch, Change, Collected, Limits, Merged, Policy, What, Writer};
