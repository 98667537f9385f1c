//! Runs the tests that cargo has built: side by side, where cargo runs one program after the other, of which many have one
//! long test at their end.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::{process, repo::Repo};

/// The package whose tests go through the running stack.
const END_TO_END: &str = "infra/e2e/Cargo.toml";

/// A line of what cargo tells of a build, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Told {
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

/// A program of tests.
#[derive(Debug, PartialEq, Eq)]
struct Tests {
    /// Of which package.
    manifest: PathBuf,
    program: PathBuf,
}

impl Tests {
    /// As cargo runs it.
    fn command(&self, env: &[(&'static str, PathBuf)]) -> Command {
        let folder = self.manifest.parent().map(PathBuf::from).unwrap_or_default();
        let mut command = Command::new(&self.program);
        command.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder).env("CEAP_E2E", "1");
        command.envs(env.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }
}

/// Runs all tests, and says whether they passed. Those on the running stack come last: the local AWS needs a processor of
/// its own. They wait most of the time, so `meanwhile` is done beside them.
pub fn run(
    repo: &Repo,
    env: &[(&'static str, PathBuf)],
    meanwhile: impl FnOnce() -> Result<()> + Send,
) -> Result<bool> {
    let manifest = repo.path(END_TO_END);
    let (through, alone): (Vec<Tests>, Vec<Tests>) =
        built(repo)?.into_iter().partition(|tests| tests.manifest == manifest);
    if through.is_empty() {
        bail!("cargo built no tests of {END_TO_END}");
    }
    let mut failed = side_by_side(alone, env)?;
    if !failed.is_empty() {
        eprintln!("   failed: {}", failed.join(", "));
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(meanwhile);
        for tests in &through {
            eprintln!("   running {}", tests.program.display());
            let mut command = tests.command(env);
            // They wait for streams and workflows.
            command.arg(format!("--test-threads={}", processors().saturating_mul(3)));
            let status = command.status().context("a test could not be started")?;
            if !status.success() {
                failed.push(tests.program.display().to_string());
            }
        }
        other.join().map_err(|_| anyhow!("what runs beside the tests died"))??;
        Ok(failed.is_empty())
    })
}

/// Runs programs of tests, as many at once as there are processors, and shows what each told when it has ended. Returns
/// those that failed.
fn side_by_side(mut all: Vec<Tests>, env: &[(&'static str, PathBuf)]) -> Result<Vec<String>> {
    // The largest take longest; `pop` takes from the end.
    let size = |tests: &Tests| std::fs::metadata(&tests.program).map_or(0, |it| it.len());
    all.sort_by_key(size);
    let (waiting, done) = (Mutex::new(all), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..processors() {
            scope.spawn(|| {
                while let Some(tests) = waiting.lock().ok().and_then(|mut all| all.pop()) {
                    let outcome = tests.command(env).output();
                    if let Ok(mut done) = done.lock() {
                        done.push(told(&tests, outcome));
                    }
                }
            });
        }
    });
    let done: Result<Vec<Option<String>>> =
        done.into_inner().unwrap_or_default().into_iter().collect();
    Ok(done?.into_iter().flatten().collect())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// Shows what a program of tests told; names it if it failed.
fn told(tests: &Tests, outcome: std::io::Result<Output>) -> Result<Option<String>> {
    let name = tests.program.display().to_string();
    let output = outcome.with_context(|| format!("{name} could not be started"))?;
    eprintln!("   {name}");
    std::io::stderr().write_all(&output.stderr)?;
    std::io::stdout().write_all(&output.stdout)?;
    Ok((!output.status.success()).then_some(name))
}

/// The programs of tests that cargo has built.
fn built(repo: &Repo) -> Result<Vec<Tests>> {
    let mut cargo = process::cargo();
    // No documentation tests: there are none.
    cargo.args(["test", "--workspace", "--tests", "--no-run", "--message-format", "json"]);
    let output = cargo
        .current_dir(repo.root())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    if !output.status.success() {
        bail!("the tests do not compile");
    }
    Ok(read(&String::from_utf8_lossy(&output.stdout)))
}

fn read(told: &str) -> Vec<Tests> {
    let lines = told.lines().filter_map(|line| serde_json::from_str::<Told>(line).ok());
    let tests = lines.filter(|told| told.profile.as_ref().is_some_and(|it| it.test));
    tests
        .filter_map(|told| Some(Tests { manifest: told.manifest_path?, program: told.executable? }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_tests_are_found_in_what_cargo_tells() {
        let told = r#"{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","profile":{"test":true},"executable":"/t/a-1"}
{"reason":"compiler-artifact","manifest_path":"/b/Cargo.toml","profile":{"test":false},"executable":"/t/b"}
{"reason":"compiler-artifact","manifest_path":"/c/Cargo.toml","profile":{"test":true},"executable":null}
{"reason":"build-finished","success":true}
not of cargo"#;
        let expected = Tests { manifest: "/a/Cargo.toml".into(), program: "/t/a-1".into() };
        assert_eq!(read(told), [expected]);
    }
}
