//! The local stack as a process: one server in its own session, known by the pid in `.local/run/serve.pid`.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use serde_json::Value;

use crate::{aws, http, process, repo::Repo};

const PID_FILE: &str = "run/serve.pid";
/// The server's log, relative to `.local/`.
pub const LOG_FILE: &str = "log/serve.log";
/// The ports that the stack serves.
pub const PORTS: [u16; 2] = [4566, 3000];

const QUICK: Duration = Duration::from_secs(5);

/// Held while the stack is started or stopped, so that two commands at once do not start it twice.
pub fn lock(repo: &Repo) -> Result<File> {
    let path = repo.local("run/lock")?;
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// The running server, or `None`; a pid left over from a crash or a restart of the machine does not count.
pub fn pid(repo: &Repo) -> Result<Option<Pid>> {
    let text = std::fs::read_to_string(repo.local(PID_FILE)?).unwrap_or_default();
    let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) else {
        return Ok(None);
    };
    Ok((test_kill_process(pid).is_ok() && is_server(pid)).then_some(pid))
}

/// Whether the process is our server: pids are given again.
fn is_server(pid: Pid) -> bool {
    let number = pid.as_raw_nonzero().to_string();
    let command_line = std::fs::read(format!("/proc/{number}/cmdline")).ok().or_else(|| {
        let output = Command::new("ps").args(["-o", "command=", "-p", &number]).output().ok()?;
        Some(output.stdout)
    });
    command_line.is_some_and(|text| String::from_utf8_lossy(&text).contains("infra/local/serve.py"))
}

/// Starts the server in a session of its own, so that neither Ctrl-C nor a closed terminal ends it.
pub fn start(repo: &Repo, python: &Path) -> Result<()> {
    let log = repo.local(LOG_FILE)?;
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    // The pid stays the same through exec, and leads the new session and group.
    let detach = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])";
    let child = Command::new(python)
        .args(["-c", detach])
        .arg(python)
        .arg(repo.path("infra/local/serve.py"))
        .current_dir(repo.root())
        .env("PYTHONUNBUFFERED", "1")
        .stdin(std::process::Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .context("the local stack could not be started")?;
    std::fs::write(repo.local(PID_FILE)?, format!("{}\n", child.id()))
        .context("cannot write the pid file")?;
    wait_until_up(child, &log)
}

fn wait_until_up(mut child: std::process::Child, log: &Path) -> Result<()> {
    let began = Instant::now();
    while !aws_healthy() {
        if let Some(status) = child.try_wait()? {
            bail!(
                "the local stack ended while it started ({status}), see {}:\n{}",
                log.display(),
                process::tail(log)
            );
        }
        if began.elapsed() > Duration::from_secs(120) {
            bail!(
                "the local stack does not answer on port 4566 after 2 minutes, see {}",
                log.display()
            );
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Ends the server as a power cut ends machines, and starts it again with what AWS keeps (`infra/local/keep.py`).
pub fn restart(repo: &Repo, python: &Path) -> Result<()> {
    let Some(pid) = pid(repo)? else { bail!("nothing runs: `cargo xtask up` starts it") };
    kill_process(pid, Signal::USR1).context("the local stack could not be told to end")?;
    if !ended(pid, Duration::from_secs(120)) {
        bail!("the local stack does not end, see {}", repo.local(LOG_FILE)?.display());
    }
    start(repo, python)
}

/// Whether the process ends in time. What outlives it gets no second chance.
fn ended(pid: Pid, patience: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < patience {
        if test_kill_process(pid).is_err() || is_zombie(pid) {
            let _ = kill_process_group(pid, Signal::KILL);
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

/// Stops the server and everything it started; `false` if nothing ran.
pub fn stop(repo: &Repo) -> Result<bool> {
    let Some(pid) = pid(repo)? else {
        forget(repo)?;
        return Ok(false);
    };
    for (signal, patience) in [(Signal::TERM, 15), (Signal::KILL, 5)] {
        let _ = kill_process_group(pid, signal);
        if ended(pid, Duration::from_secs(patience)) {
            forget(repo)?;
            return Ok(true);
        }
    }
    bail!("process {} does not end: stop it by hand", pid.as_raw_nonzero())
}

/// A stopped child of this very process stays listed until this process ends.
fn is_zombie(pid: Pid) -> bool {
    let stat =
        std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}

fn forget(repo: &Repo) -> Result<()> {
    for file in [PID_FILE, "run/outputs.json"] {
        let _ = std::fs::remove_file(repo.local(file)?);
    }
    Ok(())
}

/// Whether the local AWS answers.
pub fn aws_healthy() -> bool {
    http::get(&format!("{}/_ministack/ready", aws::ENDPOINT), QUICK)
        .is_ok_and(|answer| answer.status == 200)
}

/// The local AWS's version, if it answers.
pub fn aws_version() -> Option<String> {
    let health =
        http::get(&format!("{}/_ministack/health", aws::ENDPOINT), QUICK).ok()?.json().ok()?;
    health.get("version").and_then(Value::as_str).map(str::to_owned)
}

/// Whether the API answers.
pub fn api_healthy() -> bool {
    http::get(&format!("{}/_local/health", aws::API), QUICK)
        .is_ok_and(|answer| answer.status == 200)
}
