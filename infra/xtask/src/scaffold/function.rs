//! A function: its folder, resource and event.

use anyhow::{Result, bail};

use super::{names::Names, plan::Plan};

/// Plans a function; returns what to do next.
pub fn plan(_plan: &mut Plan<'_>, names: &Names, context: &str) -> Result<String> {
    bail!("{} cannot be written into {context} yet", names.kebab)
}
