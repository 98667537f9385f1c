//! The table against itself, the manual's copy of its document, and the samples of calls.

use super::document::document;
use super::{GROUPS, Operation, Place, operations};
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A schema of the document, by its place in it.
fn schema(document: &Value, pointer: &str) -> Validator {
    let registry = Registry::new().add("urn:openapi", document.clone()).unwrap().prepare().unwrap();
    let schema = json!({"$ref": format!("urn:openapi#{pointer}")});
    jsonschema::options().with_registry(&registry).build(&schema).unwrap()
}

fn escaped(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1").replace('{', "%7B").replace('}', "%7D")
}

fn at(operation: &Operation) -> String {
    format!("/paths/{}/{}", escaped(operation.path()), operation.method().to_lowercase())
}

#[test]
fn the_manual_has_the_document_as_it_is() {
    let path = top().join("docs/src/openapi.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("CEAP_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/src/openapi.json is not what the code says: set CEAP_BLESS=1");
}

#[test]
fn every_operation_is_whole() {
    let (mut ids, mut routes) = (BTreeSet::new(), BTreeSet::new());
    for operation in operations() {
        let Operation { route, id, .. } = *operation;
        assert!(ids.insert(id), "{id} is there twice");
        assert!(routes.insert(route), "{route} is there twice");
        assert!(!operation.answers.is_empty(), "{route} never succeeds");
        let named = operation
            .path()
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let named: BTreeSet<&str> = named.collect();
        let said =
            operation.parameters.iter().filter(|it| it.place == Place::Path).map(|it| it.name);
        assert_eq!(named, said.collect(), "{route}: the path's variables");
        assert!(
            operation.method() != "GET" || operation.body.is_empty(),
            "{route}: a GET has no body"
        );
    }
    let tags: BTreeSet<&str> = GROUPS.iter().map(|it| it.tag).collect();
    assert_eq!(tags.len(), GROUPS.len());
}

#[test]
fn every_type_has_a_name_of_its_own() {
    let document = document();
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let last = name.strip_suffix("Input").unwrap_or(name).chars().next_back().unwrap();
        assert!(
            !last.is_ascii_digit(),
            "{name}: two types have this name; #[schemars(rename = …)] one"
        );
    }
}

#[test]
fn examples_are_what_their_schemas_say() {
    let document = document();
    for operation in operations() {
        for content in operation.body.iter().filter(|it| !it.example.is_empty()) {
            let at =
                format!("{}/requestBody/content/{}/schema", at(operation), escaped(content.media));
            let example = match content.is_json() {
                true => serde_json::from_str(content.example).unwrap(),
                false if content.media.contains("yaml") => continue,
                false => Value::from(content.example),
            };
            if let Err(error) = schema(&document, &at).validate(&example) {
                panic!("{}: {error}", operation.route);
            }
        }
    }
}

/// Skipped where there is no Python that has `infra/local/verify/requirements.txt`.
#[test]
fn another_validator_takes_the_document() {
    let script = top().join("infra/local/verify/openapi.py");
    let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
        eprintln!("skipped: CEAP_VERIFY_PYTHON is not set, so {} did not run", script.display());
        return;
    };
    let mut child = Command::new(python)
        // Isolated: a script beside it must not stand in for a module of the same name.
        .args(["-I", "-B"])
        .arg(script)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document().to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
