//! `cargo xtask docs`: the manual as a site.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{process, repo::Repo};

/// Renders `docs` into `target/book`.
pub fn run(repo: &Repo) -> Result<()> {
    let found = Command::new("mdbook").arg("--version").output();
    if !found.is_ok_and(|out| out.status.success()) {
        bail!("it needs mdBook: `cargo install mdbook --locked`, or a package of your system");
    }
    let book = repo.path("target/book");
    let mut build = Command::new("mdbook");
    build.arg("build").arg(repo.path("docs")).arg("--dest-dir").arg(&book);
    process::shown(&mut build, "mdbook build")?;
    eprintln!("the manual is at {}", book.join("index.html").display());
    Ok(())
}
