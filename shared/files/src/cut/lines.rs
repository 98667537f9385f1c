//! JSON Lines: a row ends with its line, whatever is in it.

use super::{Cut, Filled, bad, object, too_long};
use crate::MAX_ROW;
use ceap_kernel::Fault;
use serde_json::Value;

pub struct Lines;

impl Lines {
    pub fn cut(window: &[u8], filled: Filled) -> Cut {
        let end = match (memchr::memchr(b'\n', window), filled) {
            (Some(end), _) => end.saturating_add(1),
            (None, Filled::End) if window.is_empty() => return Cut::End,
            (None, Filled::End) => window.len(),
            (None, Filled::Full) => return Cut::Long,
            (None, Filled::Partly) => return Cut::More,
        };
        match window.get(..end) {
            Some(line) if line.trim_ascii().is_empty() => Cut::Blank(end),
            _ if end > MAX_ROW => Cut::Bad(end, too_long()),
            _ => Cut::Row(end),
        }
    }

    pub fn value(row: &[u8]) -> Result<Value, Fault> {
        let read = serde_json::from_slice(row);
        object(read.map_err(|error| bad(format!("is not JSON: {error}")))?)
    }
}
