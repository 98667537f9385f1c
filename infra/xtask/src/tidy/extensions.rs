//! A channel or connector is one file, one entry in an explicit list, and its wiring: all of it or nothing.

use std::collections::BTreeSet;

use super::{
    Finding,
    house::{House, has_extension, list, stem},
};

/// Checks channels, then connectors.
pub fn check(house: &House) -> Vec<Finding> {
    let (channels, mut findings) = in_list(house, "shared/channels", "Channel", "CHANNELS");
    let (connectors, more) = in_list(house, "shared/connectors", "Connector", "CONNECTORS");
    findings.extend(more);
    findings.extend(channels_wired(house, &channels));
    findings.extend(connectors_recorded(house, &connectors));
    findings
}

/// The extensions of a crate by their names, and where files and list disagree.
fn in_list(
    house: &House,
    krate: &str,
    kind: &str,
    constant: &str,
) -> (BTreeSet<String>, Vec<Finding>) {
    let lib = format!("{krate}/src/lib.rs");
    let listed = listed(&house.text(&lib), constant);
    let mut names = BTreeSet::new();
    let mut modules = BTreeSet::new();
    let mut findings = Vec::new();
    for path in
        list(&house.root.join(krate).join("src")).iter().filter(|path| has_extension(path, "rs"))
    {
        let module = stem(path);
        let file = format!("{krate}/src/{module}.rs");
        let code = house.text(&file);
        if module == "lib" || !code.contains(&format!("impl {kind} for ")) {
            continue;
        }
        let name = module.replace('_', "-");
        if !code.contains(&format!("\"{name}\"")) {
            findings.push(Finding::new(
                &file,
                format!("its name() must be \"{name}\", as the file is called"),
            ));
        }
        if !listed.contains(&module) {
            findings.push(Finding::new(
                &lib,
                format!("{constant} lacks {module}: add it, or remove {file}"),
            ));
        }
        names.insert(name);
        modules.insert(module);
    }
    for module in listed.difference(&modules) {
        let text = format!("{constant} lists {module}, which has no file with an impl {kind}");
        findings.push(Finding::new(&lib, text));
    }
    (names, findings)
}

/// The modules that the constant's value names.
fn listed(code: &str, constant: &str) -> BTreeSet<String> {
    let value = code
        .split_once(&format!("const {constant}:"))
        .and_then(|(_, after)| after.split_once("];"));
    let entries = value.map(|(value, _)| value).unwrap_or_default().split('&');
    let module = |entry: &str| Some(entry.split_once("::")?.0.trim().to_owned());
    entries.filter_map(module).collect()
}

/// Each channel has its function and block in the template, and nothing else delivers.
fn channels_wired(house: &House, channels: &BTreeSet<String>) -> Vec<Finding> {
    const TEMPLATE: &str = "infra/channels.yaml";
    let mut findings = Vec::new();
    let template = house.templates.iter().find(|template| template.file == TEMPLATE);
    for channel in channels {
        let function = format!("deliver-{channel}");
        let folder = format!("functions/pipeline/{function}");
        if !house.functions.iter().any(|found| found.folder == folder) {
            findings.push(Finding::new(
                &folder,
                format!("channel {channel} has no function: add it, or remove the channel"),
            ));
        }
        let deployed = template
            .is_some_and(|template| template.functions().any(|f| f.code_name() == Some(&function)));
        if !deployed {
            findings.push(Finding::new(
                TEMPLATE,
                format!("channel {channel} has no block: add its function and queue"),
            ));
        }
    }
    for function in &house.functions {
        let channel = function.folder.strip_prefix("functions/pipeline/deliver-");
        if let Some(channel) = channel.filter(|channel| !channels.contains(*channel)) {
            findings.push(Finding::new(
                &function.folder,
                format!("delivers to {channel}, which is no channel of shared/channels"),
            ));
        }
    }
    findings
}

/// Each connector has a recorded payload.
fn connectors_recorded(house: &House, connectors: &BTreeSet<String>) -> Vec<Finding> {
    const EVENTS: &str = "events/ingest-http";
    let files = list(&house.root.join(EVENTS));
    let recorded: Vec<String> =
        files.iter().map(|path| std::fs::read_to_string(path).unwrap_or_default()).collect();
    let lacks = |connector: &&String| {
        let mut paths = vec![format!("\"/v1/connectors/{connector}\"")];
        if *connector == "cloudevents" {
            // The platform's own format also has a path of its own.
            paths.push("\"/v1/events\"".to_owned());
        }
        !recorded.iter().any(|text| paths.iter().any(|path| text.contains(path)))
    };
    let missing = connectors.iter().filter(lacks);
    missing
        .map(|connector| {
            Finding::new(
                EVENTS,
                format!("no recorded payload to /v1/connectors/{connector}: add one"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_from_code() {
        let code = "pub const CHANNELS: &[&dyn Channel] = &[&email::Email,\n    &web_push::WebPush];\nx::y";
        assert_eq!(listed(code, "CHANNELS"), ["email".to_owned(), "web_push".to_owned()].into());
        assert_eq!(listed(code, "CONNECTORS"), BTreeSet::new());
    }
}
