//! Where things are in this repository.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

/// The checked-out repository.
pub struct Repo {
    root: PathBuf,
}

impl Repo {
    /// Finds the repository from this crate's own directory, so that commands work from any folder in it.
    pub fn find() -> Result<Self> {
        // `cargo run` sets the variable; the compiled-in path serves a binary started by hand.
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .filter(|dir| dir.ends_with("infra/xtask"))
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let root = here
            .parent()
            .and_then(Path::parent)
            .ok_or_else(|| anyhow!("{} is not inside a repository", here.display()))?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// The top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the repository, given relative to its top.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A path under `.local/`, whose parent folder is created.
    pub fn local(&self, relative: &str) -> Result<PathBuf> {
        let path = self.root.join(".local").join(relative);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
        }
        Ok(path)
    }
}
