//! Every link in the manual, the README and ARCHITECTURE leads somewhere, and the manual lists every page.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{
    Finding,
    house::{House, has_extension, list, relative},
    markdown,
};

/// The manual's pages, all of which mdBook renders.
const PAGES: &str = "docs/src";
/// What lists them.
const SUMMARY: &str = "docs/src/SUMMARY.md";
/// What is read as it lies in the repository.
const OTHERS: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

/// Checks all links but those to other sites.
pub fn check(house: &House) -> Vec<Finding> {
    let mut pages = Vec::new();
    collect(&house.root.join(PAGES), &mut pages);
    let pages: Vec<String> = pages.iter().map(|page| relative(&house.root, page)).collect();
    let all = pages.iter().map(String::as_str).chain(OTHERS);
    let mut findings: Vec<Finding> = all.flat_map(|file| of_file(house, file)).collect();
    findings.extend(unlisted(house, &pages));
    findings
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for path in list(folder) {
        if path.is_dir() {
            collect(&path, pages);
        } else if has_extension(&path, "md") {
            pages.push(path);
        }
    }
}

fn of_file(house: &House, file: &str) -> Vec<Finding> {
    let text = house.text(file);
    let links = markdown::links(&text).into_iter();
    links.filter_map(|link| Some(Finding::new(file, wrong(house, file, &link)?))).collect()
}

/// What is wrong with a link of a file.
fn wrong(house: &House, file: &str, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { Some(file.to_owned()) } else { resolved(file, path) };
    let Some(target) = target else { return Some(format!("`{link}` leads out of the repository")) };
    if file.starts_with(PAGES) && !target.starts_with(PAGES) {
        return Some(format!("`{link}` leads out of {PAGES}: the site does not have it"));
    }
    if !house.root.join(&target).exists() {
        return Some(format!("`{link}` leads nowhere: there is no {target}"));
    }
    let there = || markdown::anchors(&house.text(&target)).contains(anchor);
    (!anchor.is_empty() && !there())
        .then(|| format!("`{link}` leads nowhere: {target} has no heading of that name"))
}

/// A path relative to a file's folder, from the top; none where it leads above.
fn resolved(file: &str, path: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    for component in folder.join(path).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => drop(parts.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

fn unlisted(house: &House, pages: &[String]) -> Vec<Finding> {
    let links = markdown::links(&house.text(SUMMARY));
    let mut listed: BTreeSet<String> = BTreeSet::new();
    let mut findings = Vec::new();
    for page in links.iter().filter_map(|link| resolved(SUMMARY, link)) {
        if !listed.insert(page.clone()) {
            findings.push(Finding::new(SUMMARY, format!("lists {page} twice")));
        }
    }
    let missing = pages.iter().filter(|page| *page != SUMMARY && !listed.contains(*page));
    findings.extend(missing.map(|page| {
        Finding::new(SUMMARY, format!("does not list {page}: the site would not have it"))
    }));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_their_file() {
        for (file, path, found) in [
            ("docs/src/a.md", "b.md", Some("docs/src/b.md")),
            ("docs/src/runbooks/a.md", "../b.md", Some("docs/src/b.md")),
            ("README.md", "docs/src/b.md", Some("docs/src/b.md")),
            ("README.md", "../b.md", None),
            ("README.md", "/etc/passwd", None),
        ] {
            assert_eq!(resolved(file, path).as_deref(), found, "{file} {path}");
        }
    }
}
