//! The rows of a part, whatever the file's shape.

use crate::cut::Cutter;
use crate::parquet::Table;
use crate::text::Text;
use ceap_engagement::source::object::{Compression, Layout, Object, ObjectFiles, Part, Start};
use ceap_kernel::Fault;
use serde_json::Value;

/// A row, or what stands in the place of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where it begins.
    pub start: Start,
    /// The row; or why it is none, and what it is.
    pub row: Result<Value, (Fault, Value)>,
}

/// The rows of a part.
pub enum Rows<'a> {
    /// Of text.
    Text(Text<'a>, Cutter),
    /// Of Parquet.
    Table(Table<'a>),
}

impl<'a> Rows<'a> {
    /// The rows of `part` from `from` on.
    ///
    /// # Errors
    /// `Invalid` when the file can't be read; `NotFound` when it is no longer there; `Unavailable` or
    /// `Throttled`.
    pub async fn open<F: ObjectFiles>(
        files: &'a F,
        object: &'a Object,
        layout: &Layout,
        part: &Part,
        from: Start,
    ) -> Result<Self, Fault> {
        match Cutter::new(&layout.shape) {
            Some(cutter) => {
                Ok(Self::Text(Text::open(files, object, layout, part, from).await?, cutter))
            }
            None => Ok(Self::Table(Table::open(files, object, part, from))),
        }
    }

    /// The next row, if there is one.
    ///
    /// # Errors
    /// `Invalid` when nothing after it can be read; else as [`Self::open`].
    pub async fn next(&mut self) -> Result<Option<Found>, Fault> {
        match self {
            Self::Text(text, cutter) => text.next(cutter).await,
            Self::Table(table) => table.next().await,
        }
    }

    /// Where the next row begins.
    pub fn place(&self) -> Start {
        match self {
            Self::Text(text, _) => text.place(),
            Self::Table(table) => table.place(),
        }
    }

    /// Bytes of the part, as it is stored, that were read from `part` on.
    pub fn bytes(&self, layout: &Layout, part: &Part) -> u64 {
        match self {
            Self::Text(text, _) if layout.compression == Compression::Plain => {
                // Of what is read in one piece, the window's place is that of the text.
                let read = text.place().at.saturating_sub(part.from.at);
                if layout.is_seekable() { read } else { text.counter.get() }
            }
            Self::Text(text, _) => text.counter.get(),
            Self::Table(table) => table.bytes(),
        }
    }
}
