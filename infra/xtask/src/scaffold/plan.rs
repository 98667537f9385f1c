//! Files to write and to change: all of them are worked out before the first is touched.

use anyhow::{Context, Result, bail};

use crate::{process, repo::Repo};

/// What a scaffold will do.
pub struct Plan<'a> {
    repo: &'a Repo,
    changes: Vec<Change>,
    packages: Vec<String>,
}

struct Change {
    file: String,
    before: Option<String>,
    after: String,
}

impl<'a> Plan<'a> {
    /// A plan that does nothing yet.
    pub fn new(repo: &'a Repo) -> Self {
        Self { repo, changes: Vec::new(), packages: Vec::new() }
    }

    /// Whether a file or folder is there.
    pub fn exists(&self, file: &str) -> bool {
        self.repo.path(file).exists()
    }

    /// Adds a file that must not be there yet.
    pub fn create(&mut self, file: String, text: String) -> Result<()> {
        if self.repo.path(&file).exists() {
            bail!("{file} exists already: choose another name, or remove it first");
        }
        self.changes.push(Change { file, before: None, after: text });
        Ok(())
    }

    /// Changes a file that is there.
    pub fn edit(&mut self, file: &str, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let path = self.repo.path(file);
        let before =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
        let after = change(&before).with_context(|| format!("{file} has not the expected form"))?;
        self.changes.push(Change { file: file.to_owned(), before: Some(before), after });
        Ok(())
    }

    /// A package to format at the end, since the length of a name decides where lines break.
    pub fn format(&mut self, package: &str) {
        self.packages.push(package.to_owned());
    }

    /// Shows new files whole, and of changed ones the new lines.
    pub fn print(&self) {
        for change in &self.changes {
            match &change.before {
                None => println!("== new {}\n{}", change.file, change.after),
                Some(before) => {
                    println!("== change {}", change.file);
                    let old: Vec<&str> = before.lines().collect();
                    change
                        .after
                        .lines()
                        .filter(|line| !old.contains(line))
                        .for_each(|line| println!("+ {line}"));
                    println!();
                }
            }
        }
    }

    /// Writes everything, then formats.
    pub fn write(&self) -> Result<()> {
        for change in &self.changes {
            let path = self.repo.path(&change.file);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)
                    .with_context(|| format!("cannot create {}", parent.display()))?;
            }
            std::fs::write(&path, &change.after)
                .with_context(|| format!("cannot write {}", change.file))?;
            println!(
                "{} {}",
                if change.before.is_none() { "wrote  " } else { "changed" },
                change.file
            );
        }
        for package in &self.packages {
            let mut format = process::cargo();
            format.args(["fmt", "--package", package]).current_dir(self.repo.root());
            process::shown(&mut format, "cargo fmt")?;
        }
        Ok(())
    }
}

/// Adds a module and its entry to the explicit list of a crate's `lib.rs`.
pub fn add_to_list(code: &str, constant: &str, module: &str, entry: &str) -> Result<String> {
    let start = code
        .find(&format!("const {constant}:"))
        .with_context(|| format!("no constant {constant}"))?;
    let (before, list) = code.split_at_checked(start).context("no list")?;
    let (values, after) =
        list.split_once("];").with_context(|| format!("{constant} has no end"))?;
    let values = values.trim_end().trim_end_matches(',');
    let last = before.rfind("pub mod ").context("no `pub mod` line")?;
    let (head, modules) = before.split_at_checked(last).context("no modules")?;
    let (line, rest) = modules.split_once('\n').context("no end of the modules")?;
    Ok(format!("{head}{line}\npub mod {module};\n{rest}{values}, {entry}];{after}"))
}

/// Adds a block at the end of a template, whose resources come last.
pub fn append(text: &str, block: &str) -> String {
    format!("{}\n\n{}\n", text.trim_end(), block.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow() {
        let code = "pub mod email;\npub mod sms;\n\nuse x;\npub const CHANNELS: &[&dyn C] = &[\n    &email::Email,\n    &sms::Sms,\n];\nfn f() {}\n";
        let grown = add_to_list(code, "CHANNELS", "fax", "&fax::Fax").unwrap();
        assert_eq!(
            grown,
            "pub mod email;\npub mod sms;\npub mod fax;\n\nuse x;\npub const CHANNELS: &[&dyn C] = &[\n    &email::Email,\n    &sms::Sms, &fax::Fax];\nfn f() {}\n"
        );
        assert!(add_to_list(code, "CONNECTORS", "a", "b").is_err());
    }

    #[test]
    fn blocks_are_appended_with_one_blank_line() {
        assert_eq!(append("A:\n  B: 1\n\n", "  C: 2\n"), "A:\n  B: 1\n\n  C: 2\n");
    }
}
