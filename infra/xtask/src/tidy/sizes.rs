//! Functions are thin, and files can be read in one go.

use std::path::Path;

use super::{
    Finding,
    house::{House, has_extension, list, relative},
};

const LONGEST_MAIN: usize = 60;
const LONGEST_FILE: usize = 600;

/// Checks the lengths of Rust files.
pub fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for top in ["functions", "shared", "infra"] {
        visit(house, &house.root.join(top), &mut findings);
    }
    findings
}

fn visit(house: &House, path: &Path, findings: &mut Vec<Finding>) {
    if path.ends_with("target") {
        // What cargo left there is not ours.
    } else if path.is_dir() {
        list(path).iter().for_each(|entry| visit(house, entry, findings));
    } else if has_extension(path, "rs") {
        let file = relative(&house.root, path);
        let lines = house.text(&file).lines().count();
        findings.extend(too_long(&file, lines).map(|text| Finding::new(file, text)));
    }
}

fn too_long(file: &str, lines: usize) -> Option<String> {
    let thin = file.starts_with("functions/") && file.ends_with("/src/main.rs");
    if thin && lines > LONGEST_MAIN {
        return Some(format!(
            "{lines} lines, at most {LONGEST_MAIN}: a function only wires; move logic to shared/"
        ));
    }
    (lines > LONGEST_FILE).then(|| format!("{lines} lines, at most {LONGEST_FILE}: split it"))
}

#[cfg(test)]
mod tests {
    use super::too_long;

    #[test]
    fn mains_are_thin_and_files_short() {
        assert_eq!(too_long("functions/pipeline/filter/src/main.rs", 60), None);
        assert!(too_long("functions/pipeline/filter/src/main.rs", 61).is_some());
        assert_eq!(too_long("shared/kernel/src/main.rs", 600), None);
        assert!(too_long("shared/kernel/src/lib.rs", 601).is_some());
    }
}
