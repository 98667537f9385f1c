//! Files in the drop bucket become events: real data in several formats, and files that are broken.

use crate::messages::call;
use crate::ssh_logins::shared;
use ceap_e2e::http::{self, gzip};
use ceap_e2e::{PATIENCE, Tenant, aws, root, stack, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

const FILE: &str = "ssh_logins/OpenSSH_2k.log_structured.csv";

const SHOPPERS: &str = "online_shoppers/online_shoppers_intention.csv";

/// A sheet as Parquet, written by Apache Arrow's library for Python.
fn parquet(csv: &str) -> Option<Vec<u8>> {
    let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
        eprintln!("skipped: CEAP_VERIFY_PYTHON is not set, so nothing was written as Parquet");
        return None;
    };
    let mut writer = Command::new(python)
        .arg(root().join("infra/local/verify/parquet.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It reads to the end before it writes.
    writer.stdin.take().unwrap().write_all(csv.as_bytes()).unwrap();
    let written = writer.wait_with_output().unwrap();
    assert!(written.status.success(), "{}", written.status);
    Some(written.stdout)
}

/// Keeps a source of files.
fn keep(tenant: &Tenant, files: &Value) {
    let document = json!({"id": "logs", "name": "Logs", "from": {"files": files}});
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let url = format!("{}/v1/sources/logs", aws::API);
    let kept = http::call("PUT", &url, &headers, document.to_string().as_bytes());
    assert_eq!(kept.status, 201, "{kept}");
}

fn objects(tenant: &Tenant) -> Vec<Value> {
    let list = call(tenant, "GET", "sources/logs/objects", "", &Value::Null);
    assert_eq!(list.status, 200, "{list}");
    list.json()["objects"].as_array().unwrap().clone()
}

/// The object of a file when it has ended.
fn ended(tenant: &Tenant, name: &str) -> Value {
    let key = format!("{}/logs/{name}", tenant.name);
    until(&format!("{key} to be taken in"), PATIENCE, || {
        let found = objects(tenant).into_iter().find(|object| object["key"] == key)?;
        (found["finished"] != Value::Null).then_some(found)
    })
}

#[test]
fn a_log_is_the_same_in_every_format() {
    let Some(_stack) = stack() else { return };
    let Some(log) = shared(FILE) else { return };
    let tenant = Tenant::new("files");
    keep(
        &tenant,
        &json!({"mapping": {"type": "'ssh_failed'", "subject": "'pid-' + string(row.Pid)", "id": "row.LineId",
            "data": {"content": "row.Content"}, "when": "row.Content.contains('Failed password')"}}),
    );
    let lines = log.lines().skip(1).map(|line| line.splitn(7, ',').collect::<Vec<_>>());
    let lines: Vec<Vec<&str>> = lines.collect();
    let row = |it: &Vec<&str>| json!({"LineId": it[0], "Pid": it[5], "Content": it[6]});
    let jsonl: String = lines.iter().map(|line| format!("{}\n", row(line))).collect();
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line[6].contains("Failed password")) {
        *expected.entry(format!("pid-{}", line[5])).or_default() += 1;
    }
    let failed: u64 = expected.values().sum();
    assert_eq!(failed, 520, "as the data's README says");

    // The rows have ids of their own, so the same ones in another file are the same events.
    let mut files = vec![
        ("a.csv", log.clone().into_bytes()),
        ("b.csv.gz", gzip(log.as_bytes())),
        ("c.jsonl", jsonl.clone().into_bytes()),
        ("deep/er/d.jsonl.gz", gzip(jsonl.as_bytes())),
    ];
    files.extend(parquet(&log).map(|bytes| ("e.parquet", bytes)));
    for (name, bytes) in files {
        put(&tenant, name, &bytes);
        let object = ended(&tenant, name);
        assert_eq!(object["state"], "done", "{object}");
        let counted = ["rows", "accepted", "left_out", "quarantined"].map(|name| &object[name]);
        assert_eq!(counted, [&json!(2_000), &json!(520), &json!(1_480), &json!(0)], "{object}");
    }
    for (subject, count) in expected {
        tenant.wait_for_count(&subject, "ssh_failed", count);
    }
    assert_eq!(tenant.quarantined(), Vec::<Value>::new());
}

#[test]
fn shoppers_are_the_same_in_every_format() {
    let Some(_stack) = stack() else { return };
    let Some(sessions) = shared(SHOPPERS) else { return };
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for line in sessions.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        *expected.entry(format!("{}-{}", fields[15], fields[13])).or_default() += 1;
    }
    let mut files = vec![("a.csv", sessions.clone().into_bytes())];
    files.extend(parquet(&sessions).map(|bytes| ("a.parquet", bytes)));
    // Rows without ids are known by their file and place, so each file has a tenant of its own.
    let taken: Vec<Tenant> = files
        .iter()
        .map(|(name, bytes)| {
            let tenant = Tenant::new("shoppers");
            let subject = "row.VisitorType + '-' + string(row.Region)";
            keep(
                &tenant,
                &json!({"mapping": {"type": "'session_ended'", "subject": subject, "data": {}}}),
            );
            put(&tenant, name, bytes);
            tenant
        })
        .collect();
    for (tenant, (name, _)) in taken.iter().zip(&files) {
        let object = ended(tenant, name);
        let counted = ["rows", "accepted", "quarantined"].map(|field| &object[field]);
        assert_eq!(counted, [&json!(12_330), &json!(12_330), &json!(0)], "{object}");
        for (subject, count) in &expected {
            tenant.wait_for_count(subject, "session_ended", *count);
        }
    }
}

#[test]
fn what_is_broken_says_so_and_the_rest_is_in() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("broken-files");
    keep(&tenant, &json!({"mapping": {"type": "'seen'", "subject": "row.who", "data": {}}}));
    put(&tenant, "ragged.csv", b"who,n\nada,1\nbob,2,3\nada,4\n");
    let ragged = ended(&tenant, "ragged.csv");
    assert_eq!((&ragged["state"], &ragged["accepted"]), (&json!("done"), &json!(2)), "{ragged}");

    let text: String = (0..4_000).map(|n| format!("{{\"who\": \"eve\", \"n\": {n}}}\n")).collect();
    let packed = gzip(text.as_bytes());
    put(&tenant, "cut.jsonl.gz", &packed[..packed.len() / 2]);
    let cut = ended(&tenant, "cut.jsonl.gz");
    assert_eq!(cut["state"], "failed", "{cut}");
    assert!(cut["error"].as_str().unwrap().contains("breaks off"), "{cut}");
    let accepted = cut["accepted"].as_u64().unwrap();
    assert!(accepted > 0 && accepted < 4_000, "{cut}");

    tenant.wait_for_count("ada", "seen", 2);
    tenant.wait_for_count("eve", "seen", accepted);
    let quarantined = tenant.quarantined();
    let reasons: Vec<&str> =
        quarantined.iter().map(|it| it["reason"].as_str().unwrap_or_default()).collect();
    let line = accepted + 1;
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(
        reasons.contains(&"line 3: row: has 3 fields, not 2 as the file has columns"),
        "{reasons:?}"
    );
    let cut = format!("line {line}: file: breaks off");
    assert!(reasons.iter().any(|reason| reason.starts_with(&cut)), "{reasons:?}");
}

/// Puts a file into the drop bucket, as any client of S3 does.
fn put(tenant: &Tenant, name: &str, bytes: &[u8]) {
    let key = format!("{}/logs/{name}", tenant.name);
    let put = aws::put_object(&aws::output("/drop_bucket"), &key, bytes);
    assert_eq!(put.status, 200, "{put}");
}
