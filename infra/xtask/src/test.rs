//! `test`: every check, cheap ones first; the test runner's own lines come last.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::{
    features, prerequisites, process,
    repo::Repo,
    runner, stack, tidy,
    up::{self, Build},
    workspace::Workspace,
};

/// Runs the stages; the first failure ends them.
pub fn run(repo: &Repo) -> Result<ExitCode> {
    let ran_before = stack::pid(repo)?.is_some();
    let outcome = stages(repo);
    if !ran_before {
        stack::stop(repo)?;
    }
    outcome
}

fn stages(repo: &Repo) -> Result<ExitCode> {
    stage("prerequisites", || prerequisites(repo))?;
    stage("format", || {
        process::shown(cargo(repo).args(["fmt", "--all", "--check"]), "cargo fmt --check")
            .context("run `cargo fmt --all`")
    })?;
    stage("tidy", || if tidy::run(repo)? { Ok(()) } else { bail!("mend what is listed above") })?;
    let verify = std::thread::scope(|scope| {
        // What others have made comes over the network, while the processors compile.
        let others = scope.spawn(|| others(repo));
        stage("clippy", || {
            let mut clippy = cargo(repo);
            clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
            process::shown(&mut clippy, "cargo clippy")
        })?;
        others.join().map_err(|_| anyhow!("the tools of others were not installed"))?
    })?;
    stage("build and local stack", || up::start(repo, Build::Everything))?;

    eprintln!("== tests");
    let passed = runner::run(repo, &verify, || stage("each function alone", || alone(repo)))?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Installs what others have made and has their tool check the templates. Returns where tests find their libraries.
fn others(repo: &Repo) -> Result<Vec<(&'static str, PathBuf)>> {
    let tools = stage("tools of others", || {
        prerequisites::venv(repo, "venv", "infra/local/requirements.txt")?;
        prerequisites::venv(repo, "venv-tools", "infra/local/requirements-tools.txt")
    })?;
    stage("sam validate", || validate(repo, &tools))?;
    stage("libraries of others", || verifiers(repo))
}

fn stage<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("== {name}");
    let began = Instant::now();
    let outcome = work().with_context(|| format!("{name} failed"))?;
    eprintln!("   {name}: {}", elapsed(began.elapsed()));
    Ok(outcome)
}

fn elapsed(time: Duration) -> String {
    let minutes = time.as_secs().checked_div(60).unwrap_or(0);
    let seconds = time.as_secs_f64() % 60.0;
    if minutes > 0 { format!("{minutes} min {seconds:.0} s") } else { format!("{seconds:.1} s") }
}

fn cargo(repo: &Repo) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(repo.root());
    cargo
}

/// Checks each function as who works on it alone compiles it: with the features that it asks for itself, not with
/// those that the rest of the workspace switches on. Those for which that is the same are checked together.
fn alone(repo: &Repo) -> Result<()> {
    let workspace = Workspace::read(repo)?;
    let functions = features::alike(repo, &workspace.functions())?;
    yields(LAST);
    let done = functions.iter().try_for_each(|functions| {
        // Whatever else runs meanwhile goes first.
        let mut check = Command::new("nice");
        check.args(["-n", LAST]).arg(process::cargo().get_program()).current_dir(repo.root());
        check.args(["check", "--quiet"]);
        check.args(functions.iter().flat_map(|function| ["--package", function]));
        process::shown(&mut check, &format!("cargo check of {} alone", functions.join(", ")))
    });
    yields("0");
    done
}

/// How nice who goes last is.
const LAST: &str = "19";

/// How nice this session is to others, to that of the local AWS above all. Where Linux groups processes by sessions
/// (sched(7), *The autogroup feature*), a process alone is nice to its own session only; elsewhere there is no such file.
fn yields(nice: &str) {
    drop(std::fs::write("/proc/self/autogroup", nice));
}

/// Fails before the long stages if something is missing.
fn prerequisites(repo: &Repo) -> Result<()> {
    prerequisites::python()?;
    for component in ["fmt", "clippy"] {
        let found = process::cargo()
            .args([component, "--version"])
            .output()
            .is_ok_and(|out| out.status.success());
        if !found {
            bail!("cargo {component} is missing: `rustup component add rustfmt clippy`");
        }
    }
    if stack::pid(repo)?.is_none() {
        stack::PORTS.iter().try_for_each(|port| prerequisites::port_free(*port))?;
    }
    Ok(())
}

/// Where tests find the libraries of others that check what channels send: Python's always, Node's
/// if there is a Node.
fn verifiers(repo: &Repo) -> Result<Vec<(&'static str, PathBuf)>> {
    let python = prerequisites::venv(repo, "venv-verify", "infra/local/verify/requirements.txt")?;
    let mut found = vec![("CEAP_VERIFY_PYTHON", python.join("python"))];
    match prerequisites::node(repo, "node-verify", "infra/local/verify")? {
        Some(modules) => found.push(("CEAP_VERIFY_NODE", modules)),
        None => eprintln!("   no npm: the checks by Node's libraries are skipped"),
    }
    // By far the largest: without it, all but how models score is still tested.
    match prerequisites::venv(repo, "venv-models", "infra/local/verify/models/requirements.txt") {
        Ok(python) => found.push(("CEAP_VERIFY_MODELS", python.join("python"))),
        Err(error) => eprintln!("   the checks of trained models are skipped: {error:#}"),
    }
    Ok(found)
}

/// `sam validate --lint` on every template, as many at once as there are processors.
fn validate(repo: &Repo, tools: &Path) -> Result<()> {
    let mut templates = vec![repo.path("template.yaml")];
    for folder in ["infra", "infra/feeds"] {
        let folder = repo.path(folder);
        let found = std::fs::read_dir(&folder);
        for entry in found.with_context(|| format!("cannot read {}", folder.display()))? {
            templates.push(entry?.path());
        }
    }
    templates.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    templates.sort();
    let path = prerequisites::path_with(tools)?;
    let waiting = Mutex::new(templates);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(template) = waiting.lock().ok().and_then(|mut all| all.pop()) {
                    let mut sam = Command::new(tools.join("sam"));
                    sam.args(["validate", "--lint", "--region", "us-east-1", "--template"])
                        .arg(&template);
                    sam.current_dir(repo.root()).env("PATH", &path).env("SAM_CLI_TELEMETRY", "0");
                    if let (Some(text), Ok(mut failures)) = (failure(&mut sam), failures.lock()) {
                        failures.push(format!("{}:\n{text}", template.display()));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_default();
    if !failures.is_empty() {
        bail!("sam validate --lint: {}", failures.join("\n"));
    }
    Ok(())
}

/// What a program printed if it failed.
fn failure(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some(String::from_utf8_lossy(&text).trim().to_owned())
        }
        Err(error) => Some(format!("sam could not be started: {error}")),
    }
}
