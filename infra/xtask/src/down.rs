//! `down`: stops the local stack.

use anyhow::Result;

use crate::{repo::Repo, stack};

/// Stops what runs and says so.
pub fn run(repo: &Repo) -> Result<()> {
    let _lock = stack::lock(repo)?;
    println!("{}", if stack::stop(repo)? { "stopped" } else { "nothing was running" });
    Ok(())
}
