//! What our channels send, read by libraries of others (`infra/local/verify`). Skipped where
//! `CEAP_VERIFY_PYTHON`, a Python that has them, is not set.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_channels::http::{Http, Reach};
use ceap_channels::web_push::{CONTACT, PRIVATE_KEY, WebPusher};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::Provider;
use ceap_engagement::secret::{Secret, Secrets};
use ceap_kernel::{Clock, Fault, SignedDuration, SystemClock, TenantId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

/// A request: its headers, and its body as it came.
struct Asked {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Takes one request, answers 201, and gives what it was.
fn listen() -> (String, JoinHandle<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let lines = stream.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty());
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| {
                line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            })
            .collect();
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        stream.get_mut().write_all(b"HTTP/1.1 201 X\r\ncontent-length: 0\r\n\r\n").unwrap();
        Asked { headers, body }
    });
    (origin, asked)
}

/// Hands `input` to a script, which must be content with it.
fn verify(script: &str, input: &Value) {
    let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
        eprintln!("skipped: CEAP_VERIFY_PYTHON is not set, so {script} did not run");
        return;
    };
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/local/verify");
    let mut child = Command::new(python)
        // Isolated: a script beside it must not stand in for a module of the same name.
        .args(["-I", "-B", &format!("{scripts}/{script}")])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}");
}

struct Known(&'static [(&'static str, &'static str)]);

impl Secrets for Known {
    async fn get(&self, _: &TenantId, name: &str) -> Result<Secret, Fault> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| Secret::new(*text)).ok_or_else(|| Fault::NotFound(name.to_owned()))
    }
}

#[tokio::test]
async fn web_push() {
    // The browser's keys of RFC 8291 §5; ours were made by py_vapid.
    let p256dh =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    let auth = "BTBZMqHH6r4Tts7J_aSIgg";
    let contact = "mailto:push@example.com";
    let (origin, asked) = listen();
    let endpoint = format!("{origin}/wpush/v2/1");
    let to = json!({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}});
    let message: Dispatch = serde_json::from_value(json!({
        "tenant": "acme",
        "id": "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
        "subject": "customer-1",
        "purpose": "marketing",
        "channel": "web-push",
        "to": to.to_string(),
        "content": {"subject": "Çay", "text": "Tom & <b>Jerry</b> €", "link": "https://example.com/"},
        "expires_at": SystemClock.now() + SignedDuration::from_hours(24 * 60),
    }))
    .unwrap();
    let secrets = Known(&[
        (PRIVATE_KEY, "AcgtQ1FVHucAlPGSVsjDRHUu8K9V7RvYLqNHUAZ6e4Q"),
        (CONTACT, "mailto:push@example.com"),
    ]);
    let http = Http::new(Reach::loopback(true)).unwrap();
    WebPusher::new(http, secrets).send(&message).await.unwrap();
    let asked = asked.join().unwrap();
    let input = json!({
        "endpoint": endpoint,
        "headers": asked.headers,
        "body": STANDARD.encode(asked.body),
        "private": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
        "auth": auth,
        "public": "BNM7eYVTkOyyK8gy2Mcb8TDHP-D-9r-NDdyAISyZY8Y2M0FmKNfzUoK8V-2WRiG3MHTlN2y0BNxOvF1I5kwYz_E",
        "contact": contact,
        "payload": {
            "id": message.id,
            "title": "Çay",
            "body": "Tom & <b>Jerry</b> €",
            "url": "https://example.com/",
        },
    });
    verify("web_push.py", &input);
}
