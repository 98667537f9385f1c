//! What changed of what is searched, by time: what an index is fed by.

/// The source of what comes from it: positions are milliseconds since 1970.
pub const SOURCE: &str = "feed";
