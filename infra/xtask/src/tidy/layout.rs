//! Folders: the top level, functions with their resources and events.

use std::collections::BTreeMap;

use super::{
    Finding,
    house::{House, file_name, has_extension, list, relative},
};

/// What the design has at the top, and the catalogue: documents that users read and copy.
const TOP: [&str; 15] = [
    "Cargo.toml",
    "Cargo.lock",
    "clippy.toml",
    "rustfmt.toml",
    "template.yaml",
    "samconfig.toml",
    "README.md",
    "ARCHITECTURE.md",
    "LICENSE",
    "functions",
    "shared",
    "docs",
    "infra",
    "events",
    "use-cases",
];
/// Tools' own files, and what they leave behind.
const TOOLS: [&str; 14] = [
    ".git",
    ".gitignore",
    ".gitattributes",
    ".cargo",
    ".ci",
    ".github",
    ".local",
    ".aws-sam",
    ".editorconfig",
    ".vscode",
    ".idea",
    ".DS_Store",
    "target",
    "rust-toolchain.toml",
];

/// Only what the design lists stands at the top.
pub fn top_level(house: &House) -> Vec<Finding> {
    let entries = list(&house.root).into_iter().map(|path| file_name(&path));
    entries
        .filter(|name| !TOP.contains(&name.as_str()) && !TOOLS.contains(&name.as_str()))
        .map(|name| {
            Finding::new(
                name,
                "not an entry of the design's top level: move it into one of the folders",
            )
        })
        .collect()
}

/// Every function folder has one resource and at least one event, and every resource has a folder.
pub fn functions(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut resources: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for template in &house.templates {
        for function in template.functions() {
            match function.code_name() {
                Some(name) => resources.entry(name.to_owned()).or_default().push(&template.file),
                None => findings.push(Finding::new(
                    &template.file,
                    format!("{} has no CodeUri: set ../target/lambda/<function>/", function.id),
                )),
            }
        }
    }
    for function in &house.functions {
        match resources.remove(function.name.as_str()).unwrap_or_default().as_slice() {
            [_] => {}
            [] => findings.push(Finding::new(&function.folder, format!("no template deploys it: add an AWS::Serverless::Function with CodeUri ../target/lambda/{}/", function.name))),
            files => findings.push(Finding::new(&function.folder, format!("deployed more than once: keep one of {}", files.join(", ")))),
        }
        if !has_package(house, &function.name, &function.folder) {
            findings.push(Finding::new(
                &function.folder,
                format!("its package must be named {}, as the folder is", function.name),
            ));
        }
        findings.extend(event_findings(house, &function.name));
    }
    for (name, files) in resources {
        findings.push(Finding::new(
            files.join(", "),
            format!("deploys {name}, which has no folder functions/<context>/{name}"),
        ));
    }
    findings
}

fn has_package(house: &House, name: &str, folder: &str) -> bool {
    let manifest = house.root.join(folder).join("Cargo.toml");
    house.packages.iter().any(|package| package.name == name && package.manifest_path == manifest)
}

fn event_findings(house: &House, name: &str) -> Vec<Finding> {
    let folder = format!("events/{name}");
    let files: Vec<_> =
        list(&house.root.join(&folder)).into_iter().filter(|f| has_extension(f, "json")).collect();
    if files.is_empty() {
        return vec![Finding::new(
            folder,
            "no event: add one *.json file with what the function receives",
        )];
    }
    let invalid = files.into_iter().filter_map(|file| {
        let file = relative(&house.root, &file);
        let error = serde_json::from_str::<serde::de::IgnoredAny>(&house.text(&file)).err()?;
        Some(Finding::new(file, format!("not JSON: {error}")))
    });
    invalid.collect()
}

/// Every folder of events belongs to a function, except the demo's.
pub fn events(house: &House) -> Vec<Finding> {
    let folders = list(&house.root.join("events")).into_iter().filter(|path| path.is_dir());
    folders
        .map(|path| file_name(&path))
        .filter(|name| {
            name != "demo" && !house.functions.iter().any(|function| function.name == *name)
        })
        .map(|name| {
            Finding::new(
                format!("events/{name}"),
                "no function has this name: rename or remove the folder",
            )
        })
        .collect()
}
