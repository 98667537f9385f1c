//! A segment as one object: Tantivy's files one after the other, then the tail.
//!
//! The tail has what opening the segment reads: where each file begins, and the bytes of them that Tantivy touches when
//! it opens them (Quickwit's hotcache). So a searcher opens a segment with one read of its object.

mod pack;
mod shelf;
mod tail;

pub use pack::{Packed, pack};
pub use shelf::Shelf;
pub use tail::{Hot, Tail};
