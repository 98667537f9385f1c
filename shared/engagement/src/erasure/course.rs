//! How far the helpdesk's part of an erasure is.

use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far the helpdesk's part of an erasure is: it may take many steps, each of which may be done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Course {
    /// Its records are gone through.
    Records {
        /// For the second time, once what was on its way has arrived.
        second: bool,
        /// Up to where, in words that only the helpdesk knows; none from the start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Value>,
    },
    /// Its search index is being rid of what was deleted.
    Index {
        /// When nobody reads the parts any more that held it, and they can be deleted; unknown until it was written anew.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// Nothing of it is left to do.
    Done,
}

impl Default for Course {
    fn default() -> Self {
        Self::Records { second: false, place: None }
    }
}
