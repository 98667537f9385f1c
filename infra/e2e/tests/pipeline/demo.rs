//! `cargo xtask demo --json`, as a newcomer runs it, against an independent reading of its samples.

use ceap_e2e::{outbox, root, stack_to_deploy, time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const HOUR: i64 = 3600;

/// What of the samples can be read and accepted, each once, and what becomes of the rest.
struct Samples {
    lines: usize,
    duplicates: usize,
    quarantined: usize,
    events: Vec<Value>,
}

impl Samples {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join("events/demo/customers.jsonl")).unwrap();
        let mut samples = Self { lines: 0, duplicates: 0, quarantined: 0, events: Vec::new() };
        let mut seen = BTreeSet::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            samples.lines += 1;
            match serde_json::from_str::<Value>(line).ok().filter(good) {
                None => samples.quarantined += 1,
                Some(event)
                    if seen.insert((event["source"].to_string(), event["id"].to_string())) =>
                {
                    samples.events.push(event);
                }
                Some(_) => samples.duplicates += 1,
            }
        }
        samples
    }

    fn of(&self, kind: &str, subject: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |it| it["type"] == kind && it["subject"] == subject)
    }

    fn subjects(&self, kind: &str) -> BTreeSet<&str> {
        let of_kind = self.events.iter().filter(|it| it["type"] == kind);
        of_kind.filter_map(|it| it["subject"].as_str()).collect()
    }

    /// Events of a subject that make more than `limit` within `seconds`.
    fn bursts(&self, kind: &str, limit: usize, seconds: i64) -> BTreeMap<&str, usize> {
        let mut bursts = BTreeMap::new();
        for subject in self.subjects(kind) {
            let times: Vec<i64> = self.of(kind, subject).map(at).collect();
            let full = |end: &&i64| {
                let within = times.iter().filter(|it| **it <= **end && **it > **end - seconds);
                within.count() > limit
            };
            let n = times.iter().filter(full).count();
            if n > 0 {
                bursts.insert(subject, n);
            }
        }
        bursts
    }

    fn profile(&self, subject: &str) -> Value {
        self.of("profile_updated", subject).last().map_or(Value::Null, |it| it["data"].clone())
    }
}

fn at(event: &Value) -> i64 {
    time::parse(event["time"].as_str().unwrap())
}

fn good(event: &Value) -> bool {
    let named = ["id", "source", "type", "subject"].iter().all(|field| event[*field].is_string());
    named && (event["type"] != "cart_updated" || event["data"]["value"].is_number())
}

/// An agreement to marketing by email, in any of the ways that the samples write it.
fn agreed(profile: &Value) -> bool {
    let consents = &profile["consents"];
    consents["email"] == true
        || consents["marketing"] == true
        || consents["email"]["marketing"] == true
}

/// What the demo should report, without `elapsed_s`.
fn expected(samples: &Samples) -> Value {
    let attacks = samples.bursts("login_failed", 5, 600);
    let crashers = samples.bursts("app_crashed", 3, 24 * HOUR);
    let (mut carts, mut ordered, mut buyers) = (0, 0, BTreeSet::new());
    for subject in samples.subjects("cart_updated") {
        let orders: Vec<i64> = samples.of("order_completed", subject).map(at).collect();
        for cart in samples.of("cart_updated", subject) {
            if cart["data"]["value"].as_f64().unwrap() <= 50.0 {
                continue;
            }
            carts += 1;
            let hour = at(cart)..=at(cart) + HOUR;
            if orders.iter().any(|order| hour.contains(order)) {
                ordered += 1;
            } else {
                buyers.insert(subject);
            }
        }
    }
    let matched = attacks.values().sum::<usize>() + crashers.values().sum::<usize>() + carts;
    let (mut sent, mut no_address, mut no_consent) = (Vec::new(), 0, 0);
    let mut send = |channel: &str, to: &Value, use_case: &str, subject: &str| {
        sent.push(json!({"channel": channel, "to": to, "use_case": use_case, "subject": subject}));
    };
    for subject in attacks.keys() {
        send("email", &json!("security"), "suspicious-activity", subject);
    }
    for subject in crashers.keys() {
        match &samples.profile(subject)["phone"] {
            Value::Null => no_address += 1,
            phone => send("sms", phone, "predictive-issue-resolution", subject),
        }
    }
    for subject in &buyers {
        let profile = samples.profile(subject);
        if agreed(&profile) {
            send("email", &profile["email"], "abandoned-cart", subject);
        } else {
            no_consent += 1;
        }
    }
    let by = |channel: &str| sent.iter().filter(|it| it["channel"] == channel).count();
    json!({
        "ingested": samples.events.len(), "duplicates": samples.duplicates,
        "quarantined": samples.quarantined, "matched": matched,
        "filtered": {"ordered_within_the_hour": ordered}, "scored": matched - ordered,
        "stored": attacks.len() + crashers.len() + buyers.len(),
        "delivered": {"email": by("email"), "sms": by("sms")},
        "suppressed": {"no_address": no_address, "no_consent": no_consent},
        "unknown": 0, "sent": sorted(sent),
    })
}

fn sorted(mut sent: Vec<Value>) -> Vec<Value> {
    sent.sort_by_key(Value::to_string);
    sent
}

/// Runs the demo; `deployed` is called once events are on their way. Returns its standard output.
fn run(deployed: impl FnOnce()) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut demo = Command::new(cargo)
        .args(["xtask", "demo", "--json"])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = demo.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    let (mut deployed, mut said) = (Some(deployed), Vec::new());
    for line in BufReader::new(demo.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.starts_with("sending ")
            && let Some(deployed) = deployed.take()
        {
            deployed();
        }
        said.push(line);
    }
    let status = demo.wait().unwrap();
    assert!(status.success(), "{status}:\n{}", said.join("\n"));
    reader.join().unwrap()
}

#[test]
fn counts_exactly_what_the_samples_hold() {
    let Some(stack) = stack_to_deploy() else { return };
    let samples = Samples::read();
    let expected = expected(&samples);
    // The reading above, read once more by eye.
    assert_eq!(samples.lines, 51);
    assert_eq!((&expected["ingested"], &expected["duplicates"]), (&json!(44), &json!(4)));
    assert_eq!((&expected["quarantined"], &expected["matched"]), (&json!(3), &json!(10)));
    assert_eq!((&expected["scored"], &expected["stored"]), (&json!(9), &json!(6)));
    assert_eq!(expected["delivered"], json!({"email": 3, "sms": 1}));
    assert_eq!(expected["suppressed"], json!({"no_address": 1, "no_consent": 1}));

    let stdout = run(|| drop(stack));
    let mut report: Value = serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("not one JSON object ({error}): {stdout}"));
    assert_eq!(stdout.trim_end().lines().count(), 1, "{stdout}");
    let elapsed = report.as_object_mut().unwrap().remove("elapsed_s").unwrap();
    assert!(elapsed.as_f64().is_some_and(|seconds| seconds > 0.0), "{elapsed}");

    // The security team's address holds the name of the fresh tenant.
    let mut sent: Vec<Value> = report["sent"].as_array().unwrap().clone();
    let alert = sent.iter_mut().find(|it| it["use_case"] == "suspicious-activity").unwrap();
    let to = alert["to"].as_str().unwrap().to_owned();
    let tenant = to.strip_prefix("security@").and_then(|rest| rest.strip_suffix(".example.com"));
    let tenant = tenant.unwrap_or_else(|| panic!("sent to {to}"));
    alert["to"] = json!("security");
    report["sent"] = sorted(sent).into();
    assert_eq!(report, expected);

    // The outboxes themselves say the same.
    let took: Vec<(&str, String)> =
        outbox::of(tenant).into_iter().map(|it| (it.channel, it.to)).collect();
    assert_eq!(
        took,
        [
            ("email", "cleo@example.com".to_owned()),
            ("email", "hana@example.com".to_owned()),
            ("email", to),
            ("sms", "+15555550101".to_owned()),
        ]
    );
}
