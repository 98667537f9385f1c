//! `up`: the whole platform on this machine.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::{prerequisites, process, repo::Repo, stack, status};

/// Starts what does not run yet, deploys the current code, and reports.
pub fn run(repo: &Repo) -> Result<()> {
    start(repo)?;
    status::run(repo).map(|_| ())
}

/// As `run` without the report. Says on standard error what takes time.
pub fn start(repo: &Repo) -> Result<()> {
    let _lock = stack::lock(repo)?;
    prerequisites::python()?;
    let running = stack::pid(repo)?.is_some();
    if !running {
        stack::PORTS
            .iter()
            .try_for_each(|port| prerequisites::port_free(*port))?;
    }
    let bin = prerequisites::venv(repo, "venv", "infra/local/requirements.txt")?;
    let target = build(repo)?;
    let python = bin.join("python");
    if !running {
        eprintln!("starting the local AWS");
        stack::start(repo, &python)?;
    }
    eprintln!("deploying");
    let mut deploy = Command::new(&python);
    deploy
        .arg(repo.path("infra/local/deploy.py"))
        .arg("--bin-dir")
        .arg(target.join("debug"));
    deploy.current_dir(repo.root()).env("PYTHONUNBUFFERED", "1");
    process::logged(&mut deploy, &repo.local("log/deploy.log")?)
        .context("the local deploy failed")?;
    wait_for_api(repo)
}

/// Builds every function for this host; returns cargo's target folder.
fn build(repo: &Repo) -> Result<PathBuf> {
    let metadata = metadata(repo)?;
    let functions = function_packages(&metadata);
    if functions.is_empty() {
        bail!("no packages under functions/: nothing to deploy");
    }
    eprintln!("building {} functions", functions.len());
    let mut build = process::cargo();
    build.arg("build").current_dir(repo.root());
    for name in &functions {
        build.args(["--package", name]);
    }
    process::shown(&mut build, "cargo build")?;
    Ok(metadata.target_directory.into_std_path_buf())
}

/// Cargo's view of the workspace.
pub fn metadata(repo: &Repo) -> Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(repo.path("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo cannot read the workspace")
}

/// The packages under `functions/`, by name.
pub fn function_packages(metadata: &Metadata) -> Vec<String> {
    let root = metadata.workspace_root.join("functions");
    let mut names: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| package.manifest_path.starts_with(&root))
        .map(|package| package.name.to_string())
        .collect();
    names.sort();
    names
}

fn wait_for_api(repo: &Repo) -> Result<()> {
    let began = Instant::now();
    while !stack::api_healthy() {
        if began.elapsed() > Duration::from_secs(60) {
            bail!(
                "the API does not answer on port 3000, see {}",
                repo.local(stack::LOG_FILE)?.display()
            );
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
