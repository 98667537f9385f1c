//! Files as rows, and rows as events. Whatever is in a file, it is read in constant memory: text through
//! a window of at most [`MAX_ROW`] and a block, Parquet page by page.
//!
//! A file is read in parts, each from one [`Start`](ceap_engagement::source::object::Start) to the next;
//! rows know where they stand, so that their ids are the same however often and in whatever parts the file
//! is read.

mod bytes;
mod cut;
mod ingest;
mod parquet;
mod rows;
mod scan;
mod sniff;
mod text;

pub use ingest::{Begin, End, Ingest, Input, MAX_PARTS, PART_BYTES, SHIFT, Step, Stepped, Task};
pub use rows::{Found, Rows};
pub use scan::scan;
pub use sniff::sniff;

use ceap_kernel::Fault;

/// Bytes of one row of text, unpacked. An event holds at most 32 KiB; rows may hold more that is not mapped.
pub const MAX_ROW: usize = 1024 * 1024;

/// Nothing after this can be read.
pub(crate) fn broken(message: impl Into<String>) -> Fault {
    Fault::invalid("file", message)
}
