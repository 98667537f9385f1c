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
    /// Build no functions, and measure how those start that are built already
    #[arg(long)]
    built: bool,
    /// Measure only these parts: cost, batches, installed, cold, routes, platform, beside
    #[arg(long)]
    only: Vec<String>,
}

/// Builds the benchmarks as functions are built, and runs them.
pub fn run(repo: &Repo, args: &BenchArgs) -> Result<()> {
    let workspace = Workspace::read(repo)?;
    // Not at once: the benchmarks ask for features that no function has.
    let of_functions = |part: &String| ["cold", "platform"].contains(&part.as_str());
    let functions = args.only.is_empty() || args.only.iter().any(of_functions);
    if functions && !args.built {
        build(repo, &workspace.functions())?;
    }
    build(repo, &["ceap-bench"])?;
    let began = Instant::now();
    let binary = workspace.target_directory.join("release/bench");
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

fn build(repo: &Repo, packages: &[&str]) -> Result<()> {
    let began = Instant::now();
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--manifest-path"]).arg(repo.path("Cargo.toml"));
    for package in packages {
        cargo.args(["--package", package]);
    }
    process::shown(&mut cargo, "cargo build")?;
    eprintln!("built in {} s", began.elapsed().as_secs());
    Ok(())
}
