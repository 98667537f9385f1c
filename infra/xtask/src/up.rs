//! `up`: the whole platform on this machine.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{prerequisites, process, repo::Repo, stack, status, workspace::Workspace};

/// What to build before the deploy.
#[derive(Clone, Copy)]
pub enum Build {
    /// The functions alone.
    Functions,
    /// All that `cargo test` needs too. It switches on more features of shared crates than the functions alone do,
    /// so building both one after the other would build nearly everything twice.
    Everything,
}

/// Starts what does not run yet, deploys the current code, and reports.
pub fn run(repo: &Repo) -> Result<()> {
    start(repo, Build::Functions)?;
    status::run(repo).map(|_| ())
}

/// As `run` without the report. Says on standard error what takes time.
pub fn start(repo: &Repo, what: Build) -> Result<()> {
    let _lock = stack::lock(repo)?;
    prerequisites::python()?;
    let running = stack::pid(repo)?.is_some();
    if !running {
        stack::PORTS.iter().try_for_each(|port| prerequisites::port_free(*port))?;
    }
    let bin = prerequisites::venv(repo, "venv", "infra/local/requirements.txt")?;
    let target = build(repo, what)?;
    let python = bin.join("python");
    if !running {
        eprintln!("starting the local AWS");
        // Left by a `restart` that did not come to its end.
        let _ = std::fs::remove_dir_all(repo.local("run/kept")?);
        stack::start(repo, &python)?;
    }
    eprintln!("deploying");
    let mut deploy = Command::new(&python);
    deploy.arg(repo.path("infra/local/deploy.py")).arg("--bin-dir").arg(target.join("debug"));
    deploy.current_dir(repo.root()).env("PYTHONUNBUFFERED", "1");
    process::logged(&mut deploy, &repo.local("log/deploy.log")?)
        .context("the local deploy failed")?;
    wait_for_api(repo)
}

/// Ends the local AWS as a power cut would, and starts it again.
pub fn restart(repo: &Repo) -> Result<()> {
    let _lock = stack::lock(repo)?;
    let bin = prerequisites::venv(repo, "venv", "infra/local/requirements.txt")?;
    stack::restart(repo, &bin.join("python"))?;
    wait_for_api(repo)
}

/// Builds every function for this host; returns cargo's target folder.
fn build(repo: &Repo, what: Build) -> Result<PathBuf> {
    let workspace = Workspace::read(repo)?;
    let functions = workspace.functions();
    if functions.is_empty() {
        bail!("no packages under functions/: nothing to deploy");
    }
    eprintln!("building {} functions", functions.len());
    let mut build = process::cargo();
    build.arg("build").current_dir(repo.root());
    match what {
        // The whole workspace's binaries, and the smallest of its tests: with less, cargo chooses fewer features, and
        // builds nearly everything anew when a test follows, or a build like this one follows tests.
        Build::Functions => build.args(["--workspace", "--bins", "--test", "fakes"]),
        Build::Everything => build.args(["--workspace", "--bins", "--tests"]),
    };
    process::shown(&mut build, "cargo build")?;
    Ok(workspace.target_directory)
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
