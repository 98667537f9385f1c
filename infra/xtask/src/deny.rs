//! `cargo xtask deny`: what is known of dependencies: advisories, licences, sources, duplicates.

use anyhow::{Result, bail};
use clap::Args;

use crate::{process, repo::Repo};

/// What is allowed.
pub const CONFIG: &str = "infra/deny.toml";

/// Which checks.
#[derive(Args)]
pub struct DenyArgs {
    /// All but advisories, whose database comes over the network
    #[arg(long)]
    offline: bool,
}

/// Runs cargo-deny over the workspace.
pub fn run(repo: &Repo, args: &DenyArgs) -> Result<()> {
    let found = process::cargo().args(["deny", "--version"]).output();
    if !found.is_ok_and(|out| out.status.success()) {
        bail!(
            "it needs cargo-deny: `cargo install cargo-deny --locked`. (`cargo xtask tidy` holds licences and \
             sources to {CONFIG} without it.)"
        );
    }
    let mut deny = process::cargo();
    deny.current_dir(repo.root()).args(["deny", "--all-features"]);
    if args.offline {
        deny.arg("--offline");
    }
    deny.args(["check", "--config"]).arg(repo.path(CONFIG));
    let checks: &[&str] = &["licenses", "bans", "sources"];
    deny.args(checks);
    if !args.offline {
        deny.arg("advisories");
    }
    process::shown(&mut deny, "cargo deny")
}
