//! `cargo xtask bench`: what the platform costs and how fast it is.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Args;

use crate::{process, repo::Repo, workspace::Workspace};

/// Where `--write` writes.
const PAGE: &str = "docs/src/benchmarks.md";

/// What to do with what was found.
#[derive(Args)]
pub struct BenchArgs {
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Write docs/src/benchmarks.md too
    #[arg(long)]
    write: bool,
    /// Measure only these parts: cost, batches, installed, cold, routes, beside
    #[arg(long)]
    only: Vec<String>,
}

/// Builds the benchmarks as functions are built, and runs them.
pub fn run(repo: &Repo, args: &BenchArgs) -> Result<()> {
    let began = Instant::now();
    let mut build = process::cargo();
    build.args(["build", "--release", "--package", "ceap-bench", "--manifest-path"]);
    process::shown(build.arg(repo.path("Cargo.toml")), "cargo build")?;
    eprintln!("built in {} s", began.elapsed().as_secs());
    let began = Instant::now();
    let binary = Workspace::read(repo)?.target_directory.join("release/bench");
    let mut bench = Command::new(binary);
    if args.json {
        bench.arg("--json");
    }
    if args.write {
        bench.arg("--write").arg(repo.path(PAGE));
    }
    for part in &args.only {
        bench.arg("--only").arg(part);
    }
    let status = bench.status()?;
    ensure!(status.success(), "the benchmarks failed ({status})");
    eprintln!("measured in {} s", began.elapsed().as_secs());
    Ok(())
}
