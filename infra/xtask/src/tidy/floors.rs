//! Arrows between crates go only downwards, and each foreign world has one door.

use crate::workspace::{Dependency, Package};

use super::{
    Finding,
    house::{House, relative},
};

/// The crate through which AWS is reached.
const AWS_DOOR: &str = "ceap-aws";
/// The crate through which Lambda is reached.
const LAMBDA_DOOR: &str = "ceap-runtime";
/// Fakes and fixtures, for tests only; it sees every floor.
const TESTKIT: &str = "ceap-testkit";

/// The floor of a package by its name and folder, the ground being 1; `None` if the design knows no such place.
fn floor(name: &str, folder: &str) -> Option<u32> {
    match name {
        "ceap-kernel" | "ceap-liquid" | "ceap-stacks" => Some(1),
        "ceap-engagement" | "ceap-helpdesk" | "ceap-http" => Some(2),
        "ceap-connectors" | "ceap-channels" | "ceap-files" | "ceap-models" | "ceap-search"
        | "ceap-sign-in" | AWS_DOOR => Some(3),
        LAMBDA_DOOR => Some(4),
        TESTKIT => Some(5),
        _ if folder.starts_with("functions/") || folder.starts_with("infra/") => Some(5),
        _ => None,
    }
}

/// Checks every dependency of every package.
pub fn check(house: &House) -> Vec<Finding> {
    let folder = |package: &Package| relative(&house.root, package.folder());
    let packages: Vec<(&Package, String)> = house.packages.iter().map(|p| (p, folder(p))).collect();
    let mut findings = Vec::new();
    for (package, folder) in &packages {
        let file = format!("{folder}/Cargo.toml");
        let Some(own) = floor(&package.name, folder) else {
            findings.push(Finding::new(file, "this crate is on no floor of the design: move it, or add it to xtask's tidy/floors.rs"));
            continue;
        };
        for dependency in &package.dependencies {
            let other = packages.iter().find(|(other, _)| other.name == dependency.name);
            let other = other.and_then(|(other, folder)| floor(&other.name, folder));
            let broken = match other {
                Some(other) => upwards(&package.name, own, dependency, other),
                None => wrong_door(&package.name, &dependency.name),
            };
            findings.extend(broken.map(|text| Finding::new(&file, text)));
        }
    }
    findings
}

fn upwards(package: &str, own: u32, dependency: &Dependency, other: u32) -> Option<String> {
    let name = &dependency.name;
    if name == TESTKIT {
        let for_tests = dependency.kind.as_deref() == Some("dev");
        return (!for_tests)
            .then(|| format!("{TESTKIT} is for tests: move it to [dev-dependencies]"));
    }
    (other >= own).then(|| {
        format!("{package} (floor {own}) must not depend on {name} (floor {other}): arrows go only downwards; move what it needs to a lower crate")
    })
}

fn wrong_door(package: &str, dependency: &str) -> Option<String> {
    let aws = dependency.starts_with("aws-sdk-") || dependency == "aws-config";
    if aws && package != AWS_DOOR {
        return Some(format!(
            "only {AWS_DOOR} names {dependency}: put an adapter there and depend on that"
        ));
    }
    let lambda = dependency.starts_with("lambda_");
    (lambda && package != LAMBDA_DOOR)
        .then(|| format!("only {LAMBDA_DOOR} names {dependency}: use what it offers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, kind: &str) -> Dependency {
        let kind = Some(kind.to_owned());
        let features = Vec::new();
        Dependency { name: name.to_owned(), kind, features, uses_default_features: true }
    }

    #[test]
    fn arrows_go_down_only() {
        let engagement = dependency("ceap-engagement", "normal");
        assert_eq!(upwards("ceap-aws", 3, &engagement, 2), None);
        assert!(upwards("ceap-helpdesk", 2, &engagement, 2).is_some());
        assert!(upwards("ceap-kernel", 1, &engagement, 2).is_some());
        assert_eq!(upwards("ceap-kernel", 1, &dependency(TESTKIT, "dev"), 5), None);
        assert!(upwards("filter", 5, &dependency(TESTKIT, "normal"), 5).is_some());
    }

    #[test]
    fn foreign_worlds_have_one_door() {
        assert!(wrong_door("filter", "aws-sdk-sns").is_some());
        assert!(wrong_door("filter", "lambda_runtime").is_some());
        assert_eq!(wrong_door("ceap-aws", "aws-config"), None);
        assert_eq!(wrong_door("ceap-runtime", "lambda_http"), None);
        assert_eq!(wrong_door("filter", "serde"), None);
    }
}
