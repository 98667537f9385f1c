//! What the checks look at, read once.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ceap_stacks::Template;

use crate::{
    repo::Repo,
    workspace::{Package, Workspace},
};

/// The repository as the checks see it.
pub struct House {
    /// The top folder.
    pub root: PathBuf,
    /// Packages of the workspace.
    pub packages: Vec<Package>,
    /// The root template and the nested ones.
    pub templates: Vec<Template>,
    /// One for each folder `functions/<context>/<name>/`.
    pub functions: Vec<Function>,
}

/// A function's folder.
pub struct Function {
    /// Folder, package and binary have the same name.
    pub name: String,
    /// The folder relative to the top.
    pub folder: String,
}

impl House {
    /// Reads the repository.
    pub fn read(repo: &Repo) -> Result<Self> {
        let root = repo.root().to_path_buf();
        let templates = ceap_stacks::all(&root)?;
        let functions = list(&root.join("functions"))
            .iter()
            .flat_map(|context| list(context))
            .filter(|folder| folder.is_dir())
            .map(|folder| Function { name: file_name(&folder), folder: relative(&root, &folder) })
            .collect();
        Ok(Self { root, packages: Workspace::read(repo)?.packages, templates, functions })
    }

    /// A text file of the repository, empty if there is none.
    pub fn text(&self, relative: &str) -> String {
        std::fs::read_to_string(self.root.join(relative)).unwrap_or_default()
    }
}

/// A folder's entries in order; nothing if it does not exist.
pub fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The last part of a path as text.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The last part of a path without its extension.
pub fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a path ends in an extension.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// A path relative to the top, for messages.
pub fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}
