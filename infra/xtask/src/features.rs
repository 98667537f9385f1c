//! Which features cargo chooses for a package that is built alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::{process, repo::Repo};

/// The features of each crate that a package is built of; of a crate that is built for the host too, both.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Groups packages such that each crate has the same features in all that share it: checked together, each is compiled
/// as it is alone.
pub fn alike(repo: &Repo, packages: &[&str]) -> Result<Vec<Vec<String>>> {
    let waiting = Mutex::new(packages.to_vec());
    let read = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(package) = waiting.lock().ok().and_then(|mut all| all.pop()) {
                    let features = alone(repo, package);
                    if let Ok(mut read) = read.lock() {
                        read.push(features.map(|features| (package.to_owned(), features)));
                    }
                }
            });
        }
    });
    let read: Result<Vec<(String, Features)>> =
        read.into_inner().unwrap_or_default().into_iter().collect();
    let read = read?;
    if read.len() != packages.len() {
        bail!("cargo told the features of {} packages of {}", read.len(), packages.len());
    }
    Ok(grouped(read))
}

/// What cargo chooses for a package.
fn alone(repo: &Repo, package: &str) -> Result<Features> {
    let mut cargo = process::cargo();
    cargo.args(["tree", "--package", package, "--edges", "normal,build", "--prefix", "none"]);
    let output = cargo
        .args(["--format", "{p}|{f}"])
        .current_dir(repo.root())
        .output()
        .context("cargo could not be started")?;
    if !output.status.success() {
        bail!("cargo tree of {package}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(parsed(&String::from_utf8_lossy(&output.stdout)))
}

fn parsed(tree: &str) -> Features {
    let mut features = Features::new();
    for line in tree.lines() {
        // What was told before ends in a mark.
        let line = line.trim().trim_end_matches("(*)");
        if let Some((name, chosen)) = line.split_once('|') {
            features.entry(name.trim().to_owned()).or_default().insert(chosen.trim().to_owned());
        }
    }
    features
}

/// The largest first, so that others find the most that they share.
fn grouped(mut packages: Vec<(String, Features)>) -> Vec<Vec<String>> {
    packages.sort_by(|(a, of_a), (b, of_b)| of_b.len().cmp(&of_a.len()).then_with(|| a.cmp(b)));
    let mut groups: Vec<(Vec<String>, Features)> = Vec::new();
    for (package, own) in packages {
        let agrees = |all: &Features| {
            own.iter().all(|(name, chosen)| all.get(name).is_none_or(|other| other == chosen))
        };
        match groups.iter_mut().find(|(_, all)| agrees(all)) {
            Some((names, all)) => {
                names.push(package);
                all.extend(own);
            }
            None => groups.push((vec![package], own)),
        }
    }
    groups.into_iter().map(|(names, _)| names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, tree: &str) -> (String, Features) {
        (name.to_owned(), parsed(tree))
    }

    #[test]
    fn what_shares_crates_with_the_same_features_is_one_group() {
        let packages = vec![
            package("a", "a v1|\nserde v1|derive,std\nserde v1|derive,std (*)\naws v1|s3"),
            package("b", "b v1|\nserde v1|derive,std\ntokio v1|rt\nhttp v1|"),
            package("c", "c v1|\naws v1|s3,sqs\nserde v1|derive,std"),
            package("d", "d v1|\naws v1|s3"),
        ];
        assert_eq!(grouped(packages), [vec!["b", "a", "d"], vec!["c"]]);
    }

    #[test]
    fn what_is_built_for_the_host_too_has_both() {
        let features = parsed("syn v2|full\nsyn v2|derive\nsyn v2|full (*)");
        assert_eq!(features["syn v2"].len(), 2);
    }
}
