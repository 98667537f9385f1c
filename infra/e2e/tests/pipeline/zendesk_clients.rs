//! Clients of Zendesk's API that nobody here wrote, unmodified: each drives every family of the helpdesk's API.
//! Skipped where they are not installed, as in `sdks.rs`.

use ceap_e2e::{Tenant, aws, root, stack};
use serde_json::Value;
use std::process::Command;

/// Runs a suite; its last line tells what came of it.
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    let summary: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(summary["failed"], serde_json::json!([]));
    assert!(summary["families"].as_u64().unwrap() > 30, "{summary}");
    assert!(summary["checks"].as_u64().unwrap() > 200, "{summary}");
}

#[test]
fn zenpy_drives_every_family() {
    let Some(_stack) = stack() else { return };
    let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
        eprintln!("skipped: CEAP_VERIFY_PYTHON is not set, so zenpy did not run");
        return;
    };
    let tenant = Tenant::new("zenpy");
    let email = format!("admin@{}.example.com", tenant.name);
    let mut suite = Command::new(python);
    suite
        .arg(root().join("infra/local/verify/zenpy_suite.py"))
        .args([&tenant.name, &email, &tenant.token])
        .env("ZENPY_FORCE_NETLOC", aws::API.trim_start_matches("http://"))
        .env("ZENPY_FORCE_SCHEME", "http");
    run(&mut suite);
}

#[test]
fn node_zendesk_drives_every_family() {
    let Some(_stack) = stack() else { return };
    if std::env::var_os("CEAP_VERIFY_NODE").is_none() {
        eprintln!("skipped: CEAP_VERIFY_NODE is not set, so node-zendesk did not run");
        return;
    }
    let tenant = Tenant::new("node-zendesk");
    let email = format!("admin@{}.example.com", tenant.name);
    let mut suite = Command::new("node");
    suite
        .arg(root().join("infra/local/verify/zendesk_suite.mjs"))
        .arg(format!("{}/api/v2", aws::API))
        .args([&tenant.name, &email, &tenant.token]);
    run(&mut suite);
}
