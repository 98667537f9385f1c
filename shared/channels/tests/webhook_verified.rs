//! Webhooks, verified with the libraries of the specification's authors (`infra/local/verify`).
//! Skipped where they are not: `CEAP_VERIFY_PYTHON` is a Python that has `requirements.txt`,
//! `CEAP_VERIFY_NODE` a directory into which `package.json` was installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use ceap_channels::http::{Http, Reach};
use ceap_channels::webhook::{SECRET, Webhooks};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::Provider;
use ceap_engagement::secret::{Secret, Secrets};
use ceap_kernel::{Fault, TenantId};
use serde_json::{Map, Value, json};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const FOREIGN: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A request.
struct Asked {
    headers: Map<String, Value>,
    body: String,
}

/// Takes one request and answers 204.
fn listen() -> (String, JoinHandle<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let lines = stream.by_ref().lines().map(Result::unwrap);
        let headers: Map<String, Value> = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| {
                line.split_once(": ").map(|(name, value)| (name.to_lowercase(), json!(value)))
            })
            .collect();
        let length = headers["content-length"].as_str().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        stream.get_mut().write_all(b"HTTP/1.1 204 X\r\nconnection: close\r\n\r\n").unwrap();
        Asked { headers, body: String::from_utf8(body).unwrap() }
    });
    (url, asked)
}

struct Known(String);

impl Secrets for Known {
    async fn get(&self, _: &TenantId, name: &str) -> Result<Secret, Fault> {
        assert_eq!(name, SECRET);
        Ok(Secret::new(self.0.as_str()))
    }
}

/// A line for the scripts: what `Webhooks` sends of `text` when its secret is `keys`.
async fn sent(keys: &[&str], text: &str) -> Value {
    let (url, asked) = listen();
    let dispatch: Dispatch = serde_json::from_value(json!({
        "tenant": "acme",
        "id": "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
        "use_case": "abandoned-cart",
        "subject": "customer-1",
        "purpose": "marketing",
        "channel": "webhook",
        "to": url,
        "content": {"subject": text, "text": text, "html": text},
        "at": "2026-11-21T10:00:00Z",
        "expires_at": "2026-11-22T10:00:00Z",
    }))
    .unwrap();
    let webhooks = Webhooks::new(Http::new(Reach::Loopback).unwrap(), Known(keys.join(" ")));
    webhooks.send(&dispatch).await.unwrap();
    let Asked { headers, body } = asked.join().unwrap();
    json!({"headers": headers, "body": body, "secrets": keys, "foreign": FOREIGN})
}

/// Requests signed with one key and, while keys rotate, with two.
async fn requests() -> String {
    let mut lines = Vec::new();
    for text in ["", "Tom & <b>Jerry</b>", "Grüezi 🎉 שלום \u{2028}\0\r\n\"\\"] {
        for keys in [&[OLD][..], &[NEW], &[NEW, OLD]] {
            lines.push(sent(keys, text).await.to_string());
        }
    }
    lines.join("\n")
}

/// Runs a script on `lines`: whether it is content, and what it said.
fn verify(program: OsString, script: &str, lines: &str) -> (bool, String) {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/local/verify");
    let mut command = Command::new(program);
    let mut child = command
        .arg(format!("{scripts}/{script}"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may be content with less than all.
    drop(child.stdin.take().unwrap().write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What `script` verifies, and that it would tell a request that is not as it was signed.
async fn verified(program: OsString, script: &str) {
    let lines = requests().await;
    let (content, said) = verify(program.clone(), script, &lines);
    assert!(content, "{script}: {said}");
    let wrong = [
        lines.replacen("acme", "acne", 1),
        lines.replacen("v1,", "v1,A", 1),
        lines.replacen(OLD, FOREIGN, 1),
        lines.replacen(FOREIGN, OLD, 1),
        String::new(),
    ];
    for lines in wrong {
        let (content, _) = verify(program.clone(), script, &lines);
        assert!(!content, "{script} took what is wrong: {lines}");
    }
}

#[tokio::test]
async fn python_verifies_webhooks() {
    let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
        eprintln!("skipped: CEAP_VERIFY_PYTHON is not set, so webhook.py did not run");
        return;
    };
    verified(python, "webhook.py").await;
}

#[tokio::test]
async fn node_verifies_webhooks() {
    if std::env::var_os("CEAP_VERIFY_NODE").is_none() {
        eprintln!("skipped: CEAP_VERIFY_NODE is not set, so webhook.mjs did not run");
        return;
    }
    verified("node".into(), "webhook.mjs").await;
}
