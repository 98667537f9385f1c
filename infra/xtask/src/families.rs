//! The helpdesk's families of routes, as the code has them: a document that a test of `ceap-runtime` compares with it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// Where the document is.
pub const DOCUMENT: &str = "docs/src/helpdesk-families.json";

/// How it is made anew.
pub const BLESS: &str = "CEAP_BLESS=1 cargo test -p ceap-runtime helpdesk::";

/// Each family with the API's routes that lead to it: `ANY /api/v2/groups`.
pub fn read(text: &str) -> Result<BTreeMap<String, Vec<String>>> {
    serde_json::from_str(text).with_context(|| format!("{DOCUMENT} is not as expected: {BLESS}"))
}
