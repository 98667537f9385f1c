//! A channel: a file, a line in the list, its function with queue and policy, an event.

use anyhow::{Result, bail};

use super::{names::Names, plan::Plan};

/// Plans a channel; returns what to do next.
pub fn plan(_plan: &mut Plan<'_>, names: &Names) -> Result<String> {
    bail!("{} cannot be written yet", names.kebab)
}
