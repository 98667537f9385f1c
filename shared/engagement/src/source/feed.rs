//! Streams, queues and buses of the team's own as sources: how a record of them becomes events.

use super::mapping::MappingDocument;
use super::unpack::Unpack;
use ceap_kernel::{Fault, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A stream or queue, whose records hold JSON. A feed's stack names it; the document tells how to read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedSource {
    /// A CEL expression over `row`, the record: the list of rows that each become an event. Without it, the
    /// record is the one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// How a row becomes an event. Without it, a record is a CloudEvent, or a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingDocument>,
}

/// A bus or a table: what it tells has a shape of its own, so that it must be mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedSource {
    /// A CEL expression over `row`, what was told: the list of rows that each become an event. Without it, what
    /// was told is the one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// How a row becomes an event.
    pub mapping: MappingDocument,
}

/// A record as a feed brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What tells it from others of its feed, the same when it comes again.
    pub id: String,
    /// What came with it, by names in lower case; null where nothing does.
    pub headers: Value,
    /// When its feed took it.
    pub arrived: Timestamp,
    /// What it holds; or why that cannot be read, and as it came.
    pub body: Result<Value, (Fault, Value)>,
}

impl FeedSource {
    /// Compiles how its records become events; none where they are events.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn compile(&self) -> Result<Option<Unpack>, Fault> {
        match &self.mapping {
            Some(mapping) => Unpack::compile(self.each.as_deref(), mapping).map(Some),
            None if self.each.is_none() => Ok(None),
            None => {
                Err(Fault::invalid("each", "needs a `mapping`, which makes events of its rows"))
            }
        }
    }
}

impl MappedSource {
    /// Compiles how what it tells becomes events.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn compile(&self) -> Result<Unpack, Fault> {
        Unpack::compile(self.each.as_deref(), &self.mapping)
    }
}
