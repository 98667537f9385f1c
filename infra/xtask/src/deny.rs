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

/// The trees: the workspace's, and that of what needs nightly Rust.
const TREES: [&str; 2] = ["Cargo.toml", "infra/fuzz/Cargo.toml"];

/// Runs cargo-deny over both trees.
pub fn run(repo: &Repo, args: &DenyArgs) -> Result<()> {
    let found = process::cargo().args(["deny", "--version"]).output();
    if !found.is_ok_and(|out| out.status.success()) {
        bail!(
            "it needs cargo-deny: `cargo install cargo-deny --locked`. (`cargo xtask tidy` holds licences and \
             sources to {CONFIG} without it.)"
        );
    }
    TREES.iter().try_for_each(|tree| check(repo, args, tree))
}

fn check(repo: &Repo, args: &DenyArgs, tree: &str) -> Result<()> {
    let mut deny = process::cargo();
    deny.current_dir(repo.root()).args(["deny", "--all-features", "--manifest-path"]);
    deny.arg(repo.path(tree)).arg("--config").arg(repo.path(CONFIG));
    if args.offline {
        deny.arg("--offline");
    }
    deny.args(["check", "licenses", "bans", "sources"]);
    if !args.offline {
        deny.arg("advisories");
    }
    process::shown(&mut deny, &format!("cargo deny of {tree}"))
}
