//! SDKs that nobody here wrote, unmodified: each sends 1,000 events, a tenth of them twice, while one
//! request in five fails, and every count is exact at the end. Skipped where they are not installed:
//! `CEAP_VERIFY_PYTHON` is a Python that has `infra/local/verify/requirements.txt`, `CEAP_VERIFY_NODE` a
//! directory into which `package.json` was installed.

use crate::sources::{keep, write_key};
use ceap_e2e::flaky::Flaky;
use ceap_e2e::{PATIENCE, Tenant, aws, grace, http, root, stack, until};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Stdio};

const USERS: usize = 20;

/// Of each user: as a visitor, one `identify`, then as a user.
const VISITS: usize = 9;
const PAGES: usize = 10;
const ORDERS: usize = 30;

const ORDER: &str = "Order Completed";

/// What someone does.
enum Deed {
    /// A visitor puts something into the cart.
    Added {
        value: usize,
    },
    /// The visitor signs in.
    SignedIn,
    Viewed,
    Ordered {
        value: usize,
    },
}

/// What all of them do, in an order that mixes them: 1,000 deeds.
fn deeds() -> Vec<(usize, Deed)> {
    let mut all = Vec::new();
    for value in 0..VISITS {
        all.extend((0..USERS).map(|user| (user, Deed::Added { value })));
    }
    all.extend((0..USERS).map(|user| (user, Deed::SignedIn)));
    for value in 0..ORDERS {
        all.extend((0..USERS).map(|user| (user, Deed::Ordered { value: value + user })));
        if value < PAGES {
            all.extend((0..USERS).map(|user| (user, Deed::Viewed)));
        }
    }
    assert_eq!(all.len(), 1000);
    all
}

fn user(number: usize) -> String {
    format!("user-{number}")
}

fn visitor(number: usize) -> String {
    format!("visitor-{number}")
}

fn traits(number: usize) -> Value {
    json!({"email": format!("user-{number}@example.com"), "timezone": "Europe/Zurich", "seat": number})
}

/// The calls of SDKs that take all of a call by name, `n(python, javascript)` being how it is called. A tenth
/// is said again later, under the same message id.
fn named(n: impl Fn(&'static str, &'static str) -> &'static str) -> Vec<Value> {
    let mut calls: Vec<Value> = Vec::new();
    for (place, (who, deed)) in deeds().into_iter().enumerate() {
        let (call, mut arguments) = match deed {
            Deed::Added { value } => {
                ("track", json!({"event": "Product Added", "properties": {"value": value}}))
            }
            Deed::SignedIn => ("identify", json!({"traits": traits(who)})),
            Deed::Viewed => {
                ("page", json!({"name": "Kettles", "properties": {"path": "/kettles"}}))
            }
            Deed::Ordered { value } => {
                ("track", json!({"event": ORDER, "properties": {"value": value}}))
            }
        };
        let known = !matches!(deed, Deed::Added { .. });
        let unknown = matches!(deed, Deed::Added { .. } | Deed::SignedIn);
        if known {
            arguments[n("user_id", "userId")] = user(who).into();
        }
        if unknown {
            arguments[n("anonymous_id", "anonymousId")] = visitor(who).into();
        }
        arguments[n("message_id", "messageId")] = format!("message-{place}").into();
        calls.push(json!({"call": call, "arguments": arguments}));
        // Some at once, some a hundred calls later.
        if place % 20 == 19 {
            calls.push(calls.last().unwrap().clone());
        }
        if place % 20 == 9 && place > 100 {
            calls.push(calls[calls.len() - 100].clone());
        }
    }
    assert!(calls.len() >= 1090, "{}", calls.len());
    calls
}

/// The calls of Jitsu's SDK, which takes them by place, and names each message itself.
fn placed() -> Vec<Value> {
    let call = |place: usize, (who, deed): (usize, Deed)| {
        let (known, unknown) = (json!({"userId": user(who)}), json!({"anonymousId": visitor(who)}));
        let both = json!({"userId": user(who), "anonymousId": visitor(who)});
        let (call, arguments) = match deed {
            Deed::Added { value } => ("track", json!(["Product Added", {"value": value}, unknown])),
            Deed::SignedIn => ("identify", json!([user(who), traits(who), unknown])),
            Deed::Viewed => ("page", json!([{"name": "Kettles", "path": "/kettles"}, known])),
            Deed::Ordered { value } => ("track", json!([ORDER, {"value": value}, both])),
        };
        json!({"call": call, "arguments": arguments, "twice": place % 10 == 9})
    };
    deeds().into_iter().enumerate().map(|(place, deed)| call(place, deed)).collect()
}

/// Runs a script that sends with an SDK, and fails unless the SDK says that all was sent.
fn send(program: OsString, script: &str, job: &Value) {
    let script = root().join("infra/local/verify/sources").join(script);
    let mut child = Command::new(program)
        .arg(script)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", job["library"]);
}

/// Counts what is ordered and added, and sends nothing.
const USE_CASE: &str = "id: sdk-orders
version: 1
name: Orders
purpose: transactional
mode: shadow
trigger: {event: Order Completed, when: event.data.value < 0}
features:
  orders: {op: count, event: Order Completed, within: 1d}
  spent: {op: sum, event: Order Completed, of: value, within: 1d}
  added: {op: sum, event: Product Added, of: value, within: 1d}
score: {kind: expression, base: 1, terms: []}
ttl: 1h
action: {channel: email, subject: Orders, text: Orders}
";

/// Keeps a use case as its author wrote it.
pub fn install(tenant: &Tenant, id: &str, document: &str) {
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let url = format!("{}/v1/use-cases/{id}", aws::API);
    let kept = http::call("PUT", &url, &headers, document.as_bytes());
    assert_eq!(kept.status, 201, "{kept}");
}

/// What a profile must say at the end.
fn expected(who: usize) -> Value {
    let ordered: usize = (0..ORDERS).map(|value| value + who).sum();
    let added: usize = (0..VISITS).sum();
    json!({
        "email": format!("user-{who}@example.com"), "time_zone": "Europe/Zurich", "seat": who,
        "counts": {"Product Added": VISITS, "profile_updated": 1, "page_viewed": PAGES, ORDER: ORDERS},
        "features": {"orders": ORDERS, "spent": ordered, "added": added},
    })
}

/// The same of what a profile says.
fn found(tenant: &Tenant, id: &str) -> Option<Value> {
    let profile = tenant.profile(id)?;
    let kinds = ["Product Added", "profile_updated", "page_viewed", ORDER];
    let count = |kind: &str| profile["events"][kind]["count"].as_u64().unwrap_or_default();
    let counts: serde_json::Map<String, Value> =
        kinds.into_iter().map(|kind| (kind.to_owned(), count(kind).into())).collect();
    let feature = |name: &str| {
        let value = profile["features"]["sdk-orders"][name].as_f64().unwrap_or(-1.0);
        // Whole numbers, whichever way they are written.
        format!("{value}").parse::<i64>().map_or(json!(value), |it| json!(it))
    };
    Some(json!({
        "email": profile["email"], "time_zone": profile["time_zone"],
        "seat": profile["traits"]["seat"], "counts": counts,
        "features": {"orders": feature("orders"), "spent": feature("spent"), "added": feature("added")},
    }))
}

/// Sends `calls` with `library`, and holds every profile to what was done.
fn exact(library: &str, kind: &str, program: OsString, script: &str, calls: &[Value]) {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("sdk");
    install(&tenant, "sdk-orders", USE_CASE);
    keep(&tenant, "sdk", kind);
    let key = write_key(&tenant, "sdk");
    // Jitsu's SDK wants a key of two parts.
    let key = if kind == "jitsu" { format!("sdk:{key}") } else { key };
    let api = Flaky::start();
    let job = json!({"library": library, "host": api.url, "write_key": key, "calls": calls});
    send(program, script, &job);
    let (requests, failed) = api.requests();
    assert!(failed > 5, "{library}: {failed} of {requests} requests failed");

    let check = |who: usize, id: &str| {
        let expected = expected(who);
        let last = std::cell::RefCell::new(Value::Null);
        until(&format!("{library}: {id} to be complete"), PATIENCE, || {
            let now = found(&tenant, id)?;
            let done = now == expected;
            if !done && *last.borrow() != now {
                eprintln!("{library}: {id} is {now}");
                last.replace(now);
            }
            done.then_some(())
        });
    };
    (0..USERS).for_each(|who| check(who, &user(who)));
    // What was sent twice has had its time; and who signed in is no visitor any more.
    grace();
    for who in 0..USERS {
        assert_eq!(found(&tenant, &user(who)), Some(expected(who)), "{library}");
        assert_eq!(found(&tenant, &visitor(who)), Some(expected(who)), "{library}");
    }
    assert_eq!(tenant.quarantined(), Vec::<Value>::new(), "{library}");
}

fn with_python(library: &str) {
    let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
        eprintln!(
            "skipped: CEAP_VERIFY_PYTHON is not set, so {library}'s SDK for Python did not run"
        );
        return;
    };
    exact(library, "segment", python, "send.py", &named(|python, _| python));
}

fn with_node(library: &str, kind: &str, calls: &[Value]) {
    if std::env::var_os("CEAP_VERIFY_NODE").is_none() {
        eprintln!("skipped: CEAP_VERIFY_NODE is not set, so {library}'s SDK for Node did not run");
        return;
    }
    exact(library, kind, "node".into(), "send.mjs", calls);
}

#[test]
fn segment_for_python() {
    with_python("segment");
}

#[test]
fn rudderstack_for_python() {
    with_python("rudderstack");
}

#[test]
fn segment_for_node() {
    with_node("segment", "segment", &named(|_, javascript| javascript));
}

#[test]
fn rudderstack_for_node() {
    with_node("rudderstack", "segment", &named(|_, javascript| javascript));
}

#[test]
fn jitsu_for_node() {
    with_node("jitsu", "jitsu", &placed());
}
