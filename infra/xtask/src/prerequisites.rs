//! What the machine must have: Python, two free ports, and the pinned Python tools under `.local/`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, repo::Repo};

const OLDEST_PYTHON: (u32, u32) = (3, 10);

/// A Python that is new enough, by the command that starts it.
pub fn python() -> Result<&'static str> {
    let mut found = None;
    for name in ["python3", "python"] {
        let code = "import sys; print(sys.version_info[0], sys.version_info[1])";
        let Ok(output) = Command::new(name).args(["-c", code]).output() else {
            continue;
        };
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let version =
            text.split_once(' ').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        match version {
            Some(version) if version >= OLDEST_PYTHON => return Ok(name),
            Some((major, minor)) => found = Some(format!("{name} is {major}.{minor}")),
            None => {}
        }
    }
    let found = found.unwrap_or_else(|| "none found".into());
    bail!(
        "Python 3.10 or newer is needed ({found}): install it from your system's packages or python.org"
    )
}

/// Fails if another program listens on a port that the stack needs.
pub fn port_free(port: u16) -> Result<()> {
    if TcpListener::bind(("127.0.0.1", port)).is_ok() {
        return Ok(());
    }
    bail!(
        "port {port} is in use by another program: stop it (`lsof -i :{port}` names it), then run this again"
    )
}

/// A virtual environment with the packages of a requirements file, made once; returns its `bin` folder.
pub fn venv(repo: &Repo, name: &str, requirements: &str) -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(repo.path(requirements))
        .with_context(|| format!("cannot read {requirements}"))?;
    let dir = repo.local(name)?;
    let bin = dir.join("bin");
    let stamp = dir.join("requirements.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted)
        && bin.join("python").exists()
    {
        return Ok(bin);
    }
    eprintln!("installing {requirements} into .local/{name}");
    let log = repo.local(&format!("log/{name}.log"))?;
    let mut make = Command::new(python()?);
    make.args(["-m", "venv", "--clear"]).arg(&dir);
    process::logged(&mut make, &log).context(
        "Python could not make a virtual environment: install its venv module (Debian, Ubuntu: `apt install python3-venv`)",
    )?;
    let mut install = Command::new(bin.join("python"));
    install.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--requirement",
    ]);
    install.arg(repo.path(requirements));
    process::logged(&mut install, &log).context(
        "pip could not install the pinned packages: check the network, then run this again",
    )?;
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(bin)
}

/// The packages of a `package.json` with its lock, installed once; returns their folder, or none
/// where there is no npm.
pub fn node(repo: &Repo, name: &str, source: &str) -> Result<Option<PathBuf>> {
    if !Command::new("npm").arg("--version").output().is_ok_and(|out| out.status.success()) {
        return Ok(None);
    }
    let dir = repo.local(name)?;
    let lock = std::fs::read_to_string(repo.path(source).join("package-lock.json"))
        .with_context(|| format!("cannot read {source}/package-lock.json"))?;
    let stamp = dir.join("lock.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(Some(dir));
    }
    eprintln!("installing {source}/package-lock.json into .local/{name}");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(repo.path(source).join(file), dir.join(file))
            .with_context(|| format!("cannot copy {source}/{file}"))?;
    }
    let log = repo.local(&format!("log/{name}.log"))?;
    let mut install = Command::new("npm");
    install.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&dir);
    process::logged(&mut install, &log).context(
        "npm could not install the pinned packages: check the network, then run this again",
    )?;
    std::fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(Some(dir))
}

/// PATH with a folder of tools put first.
pub fn path_with(bin: &Path) -> Result<std::ffi::OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(bin.to_path_buf()).chain(std::env::split_paths(&rest));
    Ok(std::env::join_paths(all)?)
}
