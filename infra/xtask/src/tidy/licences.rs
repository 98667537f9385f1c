//! Licences and sources of what others wrote, held to `infra/deny.toml`, which `cargo deny` reads too. Advisories and
//! duplicates are its own: `cargo xtask deny`.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Deserialize;
use toml_edit::DocumentMut;

use super::{Finding, house::House, spdx};
use crate::{deny::CONFIG, process};

/// Where crates come from, as `cargo metadata` says it.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// A package of others; of ours, which have no source, nothing is asked.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// What is allowed.
struct Allowed {
    licences: BTreeSet<String>,
    /// Licences of single crates, beyond.
    exceptions: BTreeSet<(String, String)>,
}

/// Checks every package that any build may take.
pub fn check(house: &House) -> Vec<Finding> {
    let read = allowed(&house.text(CONFIG)).and_then(|allowed| Ok((allowed, packages(house)?)));
    match read {
        Ok((allowed, packages)) => judged(&allowed, &packages),
        Err(error) => vec![Finding::new(CONFIG, format!("{error:#}"))],
    }
}

fn judged(allowed: &Allowed, packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for Package { name, version, license, source } in packages {
        let Some(source) = source else { continue };
        let mut wrong = |text: String| {
            findings.push(Finding::new("Cargo.lock", format!("{name} {version} {text}")));
        };
        if source != CRATES_IO {
            wrong(format!("comes from {source}; take it from crates.io"));
        }
        let Some(license) = license else {
            wrong("names no licence; look for another crate".to_owned());
            continue;
        };
        let mut may = |one: &str| {
            let exception = allowed.exceptions.contains(&(name.clone(), one.to_owned()));
            let may = exception || allowed.licences.contains(one);
            if may {
                used.insert(one.to_owned());
            }
            may
        };
        if !spdx::allows(license, &mut may) {
            wrong(format!(
                "is under {license}, which {CONFIG} does not allow: look for another crate, or add it there with a reason"
            ));
        }
    }
    let unused = allowed.licences.iter().filter(|one| !used.contains(*one));
    findings.extend(
        unused.map(|one| Finding::new(CONFIG, format!("{one} is nobody's licence: take it out"))),
    );
    findings
}

fn allowed(text: &str) -> Result<Allowed> {
    let document: DocumentMut = text.parse().context("is not TOML")?;
    let table = document.get("licenses").context("has no [licenses]")?;
    let list = |item: Option<&toml_edit::Item>| -> Vec<String> {
        let values = item.and_then(toml_edit::Item::as_array).into_iter().flatten();
        values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let exceptions = table.get("exceptions").and_then(toml_edit::Item::as_array);
    let mut single = BTreeSet::new();
    for exception in exceptions.into_iter().flatten().filter_map(|it| it.as_inline_table()) {
        let name = exception.get("crate").and_then(toml_edit::Value::as_str);
        let name = name.context("has an exception without `crate`")?;
        let licences = exception.get("allow").and_then(toml_edit::Value::as_array);
        for licence in licences.into_iter().flatten().filter_map(toml_edit::Value::as_str) {
            single.insert((name.to_owned(), licence.to_owned()));
        }
    }
    let sources = document.get("sources").context("has no [sources]")?;
    for rule in ["unknown-registry", "unknown-git"] {
        let found = sources.get(rule).and_then(toml_edit::Item::as_str);
        anyhow::ensure!(found == Some("deny"), "[sources] must say {rule} = \"deny\"");
    }
    Ok(Allowed { licences: list(table.get("allow")).into_iter().collect(), exceptions: single })
}

/// All packages of `Cargo.lock`. Where one was never fetched, cargo fetches it, as any build would.
fn packages(house: &House) -> Result<Vec<Package>> {
    let asked = |offline: bool| {
        let mut metadata = process::cargo();
        metadata.args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]);
        metadata.arg(house.root.join("Cargo.toml"));
        if offline {
            metadata.arg("--offline");
        }
        metadata.output().context("cargo could not be started")
    };
    let mut output = asked(true)?;
    if !output.status.success() {
        output = asked(false)?;
    }
    anyhow::ensure!(
        output.status.success(),
        "cargo cannot read the packages of Cargo.lock: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("cargo metadata answered something else")?;
    Ok(metadata.packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
        [licenses]
        allow = ["MIT", "ISC"]
        exceptions = [{ crate = "odd", allow = ["CC0-1.0"] }]
        [sources]
        unknown-registry = "deny"
        unknown-git = "deny"
    "#;

    fn package(name: &str, license: Option<&str>, source: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
            source: Some(source.to_owned()),
        }
    }

    fn found(package: Package) -> Vec<String> {
        let allowed = allowed(CONFIG).unwrap();
        let usual = package_of("ISC");
        let all = [package, package_of("MIT"), usual];
        judged(&allowed, &all).into_iter().map(|it| it.text).collect()
    }

    fn package_of(license: &str) -> Package {
        package("usual", Some(license), CRATES_IO)
    }

    #[test]
    fn licences_and_sources_are_those_that_are_allowed() {
        assert_eq!(found(package("a", Some("GPL-3.0 OR MIT"), CRATES_IO)), [""; 0]);
        assert_eq!(found(package("odd", Some("CC0-1.0"), CRATES_IO)), [""; 0]);
        for (package, text) in [
            (package("even", Some("CC0-1.0"), CRATES_IO), "even 1.0.0 is under CC0-1.0"),
            (package("a", Some("MIT AND GPL-3.0"), CRATES_IO), "a 1.0.0 is under MIT AND GPL-3.0"),
            (package("a", None, CRATES_IO), "a 1.0.0 names no licence"),
            (package("a", Some("MIT"), "git+https://x"), "a 1.0.0 comes from git+https://x"),
        ] {
            let found = found(package);
            assert_eq!(found.len(), 1);
            assert!(found[0].starts_with(text), "{found:?}");
        }
    }

    #[test]
    fn what_nobody_needs_any_more_is_found() {
        let allowed = allowed(CONFIG).unwrap();
        let found = judged(&allowed, &[package_of("MIT")]);
        assert_eq!(found.len(), 1);
        assert!(found[0].text.starts_with("ISC is nobody's licence"));
    }

    #[test]
    fn sources_must_be_denied() {
        assert!(allowed(&CONFIG.replace("unknown-git = \"deny\"", "")).is_err());
        assert!(allowed("x = [").is_err());
    }
}
