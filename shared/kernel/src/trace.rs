//! The trace of what somebody asked for, on its way through all stages.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A trace's id: 32 hexadecimal digits, not all zero (W3C Trace Context, `trace-id`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Trace(String);

impl Trace {
    /// The trace of this id.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        let digits = id.len() == 32 && id.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        (digits && id.bytes().any(|it| it != b'0')).then(|| Self(id.to_owned()))
    }

    /// The one that a caller goes on with: `traceparent: 00-<trace-id>-<parent-id>-<flags>`
    /// (<https://www.w3.org/TR/trace-context/#traceparent-header>).
    #[must_use]
    pub fn of_parent(header: &str) -> Option<Self> {
        Self::new(header.trim().split('-').nth(1)?)
    }

    /// The one that X-Ray knows as `Root=1-5759e988-bd862e3fe1be46a994272793;…`: the same digits
    /// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>).
    #[must_use]
    pub fn of_xray(header: &str) -> Option<Self> {
        let root = header.split(';').find_map(|part| part.trim().strip_prefix("Root=1-"))?;
        Self::new(&root.replace('-', ""))
    }

    /// Its id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads what is one; anything else is none: what belongs to no trace is as good as what does.
    ///
    /// # Errors
    /// When there is no text at all.
    pub fn lenient<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.and_then(|id| Self::new(&id)))
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5759e988bd862e3fe1be46a994272793";

    #[test]
    fn both_headers_name_the_same_trace() {
        let trace = Trace::new(ID);
        assert!(trace.is_some());
        let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(Trace::of_xray(xray), trace);
        assert_eq!(Trace::of_parent(&format!("00-{ID}-53995c3f42cd8ad8-01")), trace);
        assert_eq!(Trace::of_parent("00-5759E988bd862e3fe1be46a994272793-1-01"), None);
        for bad in ["", "00", "00-xyz-1-01", "00-00000000000000000000000000000000-1-00"] {
            assert_eq!(Trace::of_parent(bad), None, "{bad}");
        }
    }
}
