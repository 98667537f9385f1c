//! How an object is written, as its beginning and its document say, and the parts that it is read in.

use super::record::Progress;
use crate::source::files::Encoding;
use serde::{Deserialize, Serialize};

/// What the bytes are packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Nothing.
    Plain,
    /// gzip (RFC 1952), of one or more members.
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

/// What rows look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Fields of these columns.
    Csv {
        /// What stands between them.
        delimiter: u8,
        /// Their names.
        columns: Vec<String>,
    },
    /// An object a line.
    Jsonl,
    /// Elements of an array.
    Array,
    /// Objects, one after the other.
    Objects,
    /// Rows of row groups.
    Parquet,
}

/// How an object is written. Decided once, and kept, so that all parts read it alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// What it is packed with.
    pub compression: Compression,
    /// Its encoding; never `Auto`.
    pub encoding: Encoding,
    /// Its rows.
    pub shape: Shape,
}

impl Layout {
    /// Whether a place in its text is the same place in the object, so that reading can begin there.
    #[must_use]
    pub fn is_seekable(&self) -> bool {
        self.compression == Compression::Plain && self.encoding == Encoding::Utf8
    }
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Start {
    /// A byte of the text, unpacked and in UTF-8, counted from 0; a row of Parquet, counted from 0.
    pub at: u64,
    /// The line that stands there, counted from 1; of Parquet, the row.
    pub line: u64,
}

/// An object's parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How it is written.
    pub layout: Layout,
    /// Where the parts begin that were found so far. Each ends where the next begins.
    pub starts: Vec<Start>,
    /// Whether these are all.
    pub whole: bool,
}

/// A part of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where it begins.
    pub from: Start,
    /// Where the next one begins; none for the last.
    pub to: Option<u64>,
}

impl Plan {
    /// The part, if there is one of that number, from 0.
    #[must_use]
    pub fn part(&self, number: u32) -> Option<Part> {
        let number = usize::try_from(number).ok()?;
        let next = self.starts.get(number.checked_add(1)?).map(|next| next.at);
        Some(Part { from: *self.starts.get(number)?, to: next })
    }

    /// How many parts there are.
    #[must_use]
    pub fn parts(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}

/// How far a part was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartState {
    /// Where reading goes on. All before it is in.
    pub next: Start,
    /// What was read.
    pub progress: Progress,
    /// Whether nothing of it is left to read.
    #[serde(default)]
    pub ended: bool,
    /// Why it could be read only so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl PartState {
    /// Of a part that is not begun.
    #[must_use]
    pub fn new(part: &Part) -> Self {
        Self { next: part.from, progress: Progress::default(), ended: false, error: None }
    }
}
