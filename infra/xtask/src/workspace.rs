//! The workspace as cargo describes it. Read from its JSON directly: the crate that does so switches features of
//! `serde_json` on for the whole workspace, and everything would be built twice.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{process, repo::Repo};

/// `cargo metadata`, as far as it is needed.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// The members.
    pub packages: Vec<Package>,
    /// Where cargo builds.
    pub target_directory: PathBuf,
    /// The top folder.
    pub workspace_root: PathBuf,
}

/// A member.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest_path: PathBuf,
    /// What its `Cargo.toml` depends on.
    pub dependencies: Vec<Dependency>,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// `dev`, `build`, or nothing.
    pub kind: Option<String>,
    /// Its features that are asked for.
    pub features: Vec<String>,
    /// Whether its default features are, too.
    pub uses_default_features: bool,
}

impl Package {
    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }
}

impl Workspace {
    /// Asks cargo.
    pub fn read(repo: &Repo) -> Result<Self> {
        let output = process::cargo()
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(repo.path("Cargo.toml"))
            .output()
            .context("cargo could not be started")?;
        if !output.status.success() {
            bail!(
                "cargo cannot read the workspace: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        serde_json::from_slice(&output.stdout).context("cargo metadata answered something else")
    }

    /// The packages under `functions/`, by name.
    pub fn functions(&self) -> Vec<&str> {
        let root = self.workspace_root.join("functions");
        let under = self.packages.iter().filter(|it| it.manifest_path.starts_with(&root));
        let mut names: Vec<&str> = under.map(|package| package.name.as_str()).collect();
        names.sort_unstable();
        names
    }
}
