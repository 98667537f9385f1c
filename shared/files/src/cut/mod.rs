//! Where rows end. A cutter looks at a window of text that begins where a row may begin, and says how much
//! of it is the next row. It looks at nothing else, so that a row is the same wherever reading began.

mod csv;
mod json;
mod lines;

pub use csv::Csv;

use crate::MAX_ROW;
use ceap_engagement::source::object::Shape;
use ceap_kernel::Fault;
use json::Json;
use lines::Lines;
use serde_json::Value;

/// What is known of the text after a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// More may come.
    Partly,
    /// It holds more than a row may have; more may come.
    Full,
    /// Nothing comes after it.
    End,
}

/// What stands at the beginning of a window, in bytes.
#[derive(Debug, PartialEq)]
pub enum Cut {
    /// It can't be told without more text.
    More,
    /// Nothing that counts.
    Blank(usize),
    /// A row.
    Row(usize),
    /// No row, and why.
    Bad(usize, Fault),
    /// No row: a line that is longer than a row may be, and goes on.
    Long,
    /// The end.
    End,
}

/// A cutter for each shape of text.
#[derive(Debug)]
pub enum Cutter {
    /// Of fields.
    Csv(Box<Csv>),
    /// Of lines.
    Lines,
    /// Of JSON values.
    Json(Json),
}

impl Cutter {
    /// The cutter of a shape; none for Parquet, which is no text.
    pub fn new(shape: &Shape) -> Option<Self> {
        match shape {
            Shape::Csv { delimiter, columns } => {
                Some(Self::Csv(Box::new(Csv::new(*delimiter, Some(columns.clone())))))
            }
            Shape::Jsonl => Some(Self::Lines),
            Shape::Array => Some(Self::Json(Json::new(true))),
            Shape::Objects => Some(Self::Json(Json::new(false))),
            Shape::Parquet => None,
        }
    }

    /// What stands at the beginning of `window`.
    ///
    /// # Errors
    /// `Invalid` when nothing after it can be read.
    pub fn cut(&mut self, window: &[u8], filled: Filled) -> Result<Cut, Fault> {
        match self {
            Self::Csv(csv) => Ok(csv.cut(window, filled)),
            Self::Lines => Ok(Lines::cut(window, filled)),
            Self::Json(json) => json.cut(window, filled),
        }
    }

    /// The row that was cut last, whose text is `row`.
    ///
    /// # Errors
    /// `Invalid` when it is none after all.
    pub fn value(&mut self, row: &[u8]) -> Result<Value, Fault> {
        match self {
            Self::Csv(csv) => csv.value(),
            Self::Lines => Lines::value(row),
            Self::Json(json) => json.value(),
        }
    }
}

fn bad(message: impl Into<String>) -> Fault {
    Fault::invalid("row", message)
}

fn too_long() -> Fault {
    bad(format!("is longer than {MAX_ROW} bytes"))
}

/// A row is an object: its fields have names.
fn object(value: Value) -> Result<Value, Fault> {
    if value.is_object() { Ok(value) } else { Err(bad("must be a JSON object")) }
}
