//! Sources that are asked: Athena, Snowflake's wire and a JSON API, page by page; and what is wrong with some is their
//! status, while the rest of the data is in. No live Snowflake is asked: `infra/local/verify/sources/remote.py` speaks
//! its wire as its reference writes it, and reads the tokens with libraries of others.

use crate::messages::call;
use ceap_e2e::{PATIENCE, Tenant, aws, event, grace, lake, root, stack, until};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Keeps a source, and answers its version.
fn keep(tenant: &Tenant, id: &str, kind: &str, from: &Value) {
    let document = json!({"id": id, "name": id, "from": {kind: from}});
    let kept = call(tenant, "PUT", &format!("sources/{id}"), "", &document);
    assert_eq!(kept.status, 201, "{kept}");
}

fn polls(tenant: &Tenant, id: &str) -> Vec<Value> {
    let list = call(tenant, "GET", &format!("sources/{id}/polls"), "", &Value::Null);
    assert_eq!(list.status, 200, "{list}");
    list.json()["polls"].as_array().unwrap().clone()
}

/// The poll when it has ended.
fn ended(tenant: &Tenant, id: &str, poll: &str) -> Value {
    until(&format!("the poll {poll} of {id} to end"), PATIENCE, || {
        let found = polls(tenant, id).into_iter().find(|it| it["id"] == poll)?;
        (found["finished"] != Value::Null).then_some(found)
    })
}

/// Has a source asked, to the end.
fn ask(tenant: &Tenant, id: &str) -> Value {
    let asked = call(tenant, "POST", &format!("sources/{id}/poll"), "", &json!({}));
    assert_eq!(asked.status, 202, "{asked}");
    ended(tenant, id, asked.json()["poll"].as_str().unwrap())
}

fn problem(tenant: &Tenant, id: &str) -> String {
    let shown = call(tenant, "GET", &format!("sources/{id}"), "", &Value::Null);
    assert_eq!(shown.status, 200, "{shown}");
    shown.json()["problem"]["message"].as_str().unwrap_or_default().to_owned()
}

fn counts(poll: &Value) -> [u64; 4] {
    ["rows", "accepted", "quarantined", "repeated"].map(|name| poll[name].as_u64().unwrap())
}

fn athena(query: &str) -> Value {
    json!({"workgroup": aws::output("/lake/workgroup"), "database": aws::output("/lake/database"), "query": query,
           "mapping": {"type": "'seen'", "subject": "row.who", "data": {"n": "row.n"}}})
}

#[test]
fn athena_is_asked_page_by_page_and_by_the_clock() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("athena");
    // 2,500 rows are three pages of Athena's.
    let numbers = |prefix: &str| {
        let rows: Vec<String> = (0..50).map(|n| format!("({n})")).collect();
        format!("(VALUES {}) AS {prefix}(n)", rows.join(", "))
    };
    let query = format!(
        "SELECT a.n * 50 + b.n AS n, concat('customer-', CAST(b.n % 5 AS varchar)) AS who FROM {} CROSS JOIN {} ORDER BY 1",
        numbers("a"),
        numbers("b")
    );
    let mut from = athena(&query);
    from["schedule"] = json!({"expression": "rate(1 minute)"});
    keep(&tenant, "numbers", "athena", &from);
    let poll = until("the schedule to fire", PATIENCE, || polls(&tenant, "numbers").pop());
    let poll = ended(&tenant, "numbers", poll["id"].as_str().unwrap());
    assert_eq!((&poll["state"], &poll["pages"]), (&json!("done"), &json!(3)), "{poll}");
    assert_eq!(counts(&poll), [2_500, 2_500, 0, 0], "{poll}");
    // A second poll has the same rows, which are the same events.
    ask(&tenant, "numbers");
    for n in 0..5 {
        tenant.wait_for_count(&format!("customer-{n}"), "seen", 500);
    }
    grace();
    assert_eq!(tenant.count("customer-0", "seen"), 500);
    let gone = call(&tenant, "DELETE", "sources/numbers", "", &Value::Null);
    assert_eq!(gone.status, 204, "{gone}");
}

#[test]
fn athena_goes_on_at_its_watermark_and_says_what_fails() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("watermark");
    let name = &tenant.name;
    let query = format!(
        "SELECT id AS n, subject AS who, \"time\" AS at FROM events WHERE tenant = '{name}' AND \"type\" = 'sold' AND \"time\" >= CAST(? AS timestamp)"
    );
    let mut from = athena(&query);
    from["watermark"] = json!({"field": "at", "initial": "2026-01-01 00:00:00"});
    keep(&tenant, "sales", "athena", &from);
    let sell = |from: i64, to: i64, total: usize| {
        let now = ceap_e2e::time::now() - 600;
        let sold: Vec<Value> = (from..to)
            .map(|n| event("sold", "ada", &format!("s{n}"), now + n, &json!({})))
            .collect();
        tenant.send(&sold);
        let count = "SELECT count(*) FROM events WHERE tenant = ? AND \"type\" = 'sold'";
        until("the sales to be in the lake", PATIENCE, || {
            let rows = lake::ask(count, &[&lake::literal(name)]);
            (rows[0][0] == total.to_string()).then_some(())
        });
    };
    sell(0, 3, 3);
    let poll = ask(&tenant, "sales");
    assert_eq!((&poll["state"], counts(&poll)), (&json!("done"), [3, 3, 0, 0]), "{poll}");
    sell(3, 5, 5);
    let poll = ask(&tenant, "sales");
    assert_eq!(counts(&poll), [3, 2, 0, 1], "the one at the watermark comes again: {poll}");
    let shown = call(&tenant, "GET", "sources/sales", "", &Value::Null).json();
    assert_eq!(shown["polling"]["watermark"], poll["to"], "{shown}");
    tenant.wait_for_count("ada", "seen", 5);

    // Another source's query fails, which is its status and nobody else's.
    keep(&tenant, "broken", "athena", &athena("SELECT nope AS n, 'ada' AS who FROM events"));
    let poll = ask(&tenant, "broken");
    assert_eq!(poll["state"], "failed", "{poll}");
    let said = poll["error"]["message"].as_str().unwrap();
    assert!(said.starts_with("query: Athena: ") && said.contains("nope"), "{said}");
    assert_eq!(problem(&tenant, "broken"), said);
    assert_eq!(problem(&tenant, "sales"), "");
}

/// Where Snowflake and a JSON API are played; it ends with the test.
struct Remote {
    child: Child,
    _stdin: ChildStdin,
    port: u64,
    keys: Vec<String>,
}

impl Remote {
    fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
            eprintln!("skipped: CEAP_VERIFY_PYTHON is not set");
            return None;
        };
        let script = root().join("infra/local/verify/sources/remote.py");
        let mut command = Command::new(python);
        command.arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let keys =
            told["keys"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
        let stdin = child.stdin.take().unwrap();
        Some(Self {
            port: told["port"].as_u64().unwrap(),
            keys: keys.collect(),
            _stdin: stdin,
            child,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn secret(tenant: &Tenant, name: &str, value: &str) {
    let request =
        json!({"Name": format!("ceap-local/{}/{name}", tenant.name), "SecretString": value});
    let _ = aws::call("secretsmanager", "secretsmanager.CreateSecret", &request);
}

#[test]
fn a_json_api_is_asked_with_oauth_and_what_is_wrong_with_others_is_told() {
    let Some(_stack) = stack() else { return };
    let Some(remote) = Remote::start() else { return };
    let tenant = Tenant::new("http-poll");
    let held = json!({"hosts": ["127.0.0.1"], "client_id": "ceap", "client_secret": "open sesame"});
    secret(&tenant, "shop", &held.to_string());
    let from = |path: &str, auth: bool| {
        let mut from = json!({"url": remote.url(path), "items": "/data/orders", "since": "updated_since",
            "pages": {"cursor": {"at": "/meta/next", "parameter": "cursor"}},
            "watermark": {"field": "at", "initial": "2026-01-01T00:00:00Z"},
            "mapping": {"type": "'ordered'", "subject": "row.customer.id", "time": "row.at", "data": {"n": "row.n"}}});
        if auth {
            from["auth"] = json!({"oauth2": {"token_url": remote.url("/token"), "secret": "shop"}});
        }
        from
    };
    keep(&tenant, "orders", "http_poll", &from("/orders", true));
    // The first token is refused, a page asks for a second of patience, one row makes no event.
    let poll = ask(&tenant, "orders");
    assert_eq!(
        (&poll["state"], &poll["pages"], &poll["to"]),
        (&json!("done"), &json!(3), &json!("2026-11-20T10:00:00Z")),
        "{poll}"
    );
    assert_eq!(counts(&poll), [25, 24, 1, 0], "{poll}");
    for (n, count) in [(0, 9), (1, 7), (2, 8)] {
        tenant.wait_for_count(&format!("customer-{n}"), "ordered", count);
    }
    let quarantined = tenant.quarantined();
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert!(quarantined[0]["reason"].as_str().unwrap().contains("subject"), "{quarantined:?}");
    let poll = ask(&tenant, "orders");
    assert_eq!(counts(&poll), [1, 0, 0, 1], "{poll}");

    // The first page is in, the second is a page of HTML.
    keep(&tenant, "breaks", "http_poll", &from("/breaks", false));
    let poll = ask(&tenant, "breaks");
    assert_eq!((&poll["state"], counts(&poll)), (&json!("failed"), [10, 9, 1, 0]), "{poll}");
    let said = "answer: 127.0.0.1 answered with a page of HTML or XML (text/html) in place of JSON";
    assert_eq!(poll["error"]["message"], said, "{poll}");
    assert_eq!(problem(&tenant, "breaks"), said);

    keep(&tenant, "locked", "http_poll", &from("/locked", false));
    let poll = ask(&tenant, "locked");
    assert_eq!(
        (&poll["state"], &poll["error"]["code"]),
        (&json!("failed"), &json!("unauthorized")),
        "{poll}"
    );
}

#[test]
fn snowflake_is_asked_partition_by_partition_and_a_key_that_it_does_not_take_is_told() {
    let Some(_stack) = stack() else { return };
    let Some(remote) = Remote::start() else { return };
    let tenant = Tenant::new("snowflake");
    secret(&tenant, "key", &remote.keys[0]);
    secret(&tenant, "other", &json!({"private_key": remote.keys[1]}).to_string());
    let from = |secret: &str, table: &str| {
        json!({"account": "my_org-acc", "user": "ceap", "secret": secret, "url": remote.url(""),
            "query": format!("SELECT N, CUSTOMER, AT FROM {table} WHERE AT >= TO_TIMESTAMP_TZ(?)"),
            "watermark": {"field": "AT", "initial": "2026-11-01T00:00:00Z"},
            "mapping": {"type": "'ordered'", "subject": "row.CUSTOMER", "time": "row.AT", "data": {"n": "row.N"}}})
    };
    keep(&tenant, "orders", "snowflake", &from("key", "ORDERS"));
    let poll = ask(&tenant, "orders");
    assert_eq!(
        (&poll["state"], &poll["pages"], &poll["to"]),
        (&json!("done"), &json!(3), &json!("2026-11-20T10:00:00Z")),
        "{poll}"
    );
    assert_eq!(counts(&poll), [25, 24, 1, 0], "{poll}");
    for (n, count) in [(0, 9), (1, 7), (2, 8)] {
        tenant.wait_for_count(&format!("customer-{n}"), "ordered", count);
    }
    assert_eq!(counts(&ask(&tenant, "orders")), [1, 0, 0, 1]);

    keep(&tenant, "refused", "snowflake", &from("other", "ORDERS"));
    let poll = ask(&tenant, "refused");
    assert_eq!(
        (&poll["state"], &poll["error"]["code"]),
        (&json!("failed"), &json!("unauthorized")),
        "{poll}"
    );
    assert!(problem(&tenant, "refused").contains("does not take the key of `ceap`"));

    keep(&tenant, "nope", "snowflake", &from("key", "NOPE"));
    let poll = ask(&tenant, "nope");
    assert!(
        poll["error"]["message"].as_str().unwrap().starts_with("query: Snowflake: 002003: "),
        "{poll}"
    );

    keep(&tenant, "keyless", "snowflake", &from("none", "ORDERS"));
    let poll = ask(&tenant, "keyless");
    let said = poll["error"]["message"].as_str().unwrap();
    assert!(
        said.starts_with("there is no secret `ceap-local/") && said.ends_with("make it"),
        "{said}"
    );
}
