//! Runs the tests that cargo has built: those on the running stack, which wait for it more than they compute, beside all
//! others.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
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

/// Runs all tests, and says whether they passed. The last lines are those of the tests on the running stack.
pub fn run(repo: &Repo, env: &[(&'static str, PathBuf)]) -> Result<bool> {
    let manifest = repo.path(END_TO_END);
    let (through, alone): (Vec<Tests>, Vec<Tests>) =
        built(repo)?.into_iter().partition(|tests| tests.manifest == manifest);
    if through.is_empty() {
        bail!("cargo built no tests of {END_TO_END}");
    }
    let log = repo.local("log/e2e.log")?;
    let mut begun = Vec::new();
    for (index, tests) in through.iter().enumerate() {
        let log = log.with_extension(format!("{index}.log"));
        begun.push((in_background(tests, env, &log)?, log));
    }
    let mut failed = Vec::new();
    for tests in &alone {
        eprintln!("   running {}", tests.program.display());
        let status = tests.command(env).status().context("a test could not be started")?;
        if !status.success() {
            failed.push(tests.program.display().to_string());
        }
    }
    for (mut child, log) in begun {
        let passed = child.wait().context("a test could not be waited for")?.success();
        if !passed {
            failed.push(log.display().to_string());
        }
        if !failed.is_empty() {
            eprintln!("   failed: {}", failed.join(", "));
        }
        let told = std::fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        std::io::stdout().write_all(&told)?;
    }
    Ok(failed.is_empty())
}

fn in_background(
    tests: &Tests,
    env: &[(&'static str, PathBuf)],
    log: &std::path::Path,
) -> Result<Child> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = tests.command(env);
    command.stdout(file.try_clone()?).stderr(file);
    command.spawn().context("a test could not be started")
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
