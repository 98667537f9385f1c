//! The rehearsal of a backup: a tenant with something in every table and a file is exported, wiped and restored, and the
//! API answers as before; another tenant beside it is not touched.

use crate::helpdesk as desk;
use ceap_e2e::http::{self, Answer};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, event, grace, stack, time, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TABLES: [&str; 5] = ["profiles", "engagement", "quarantine", "helpdesk", "platform"];

/// Starts an execution, and waits for its end: what it is then.
fn execution(input: &Value) -> Value {
    let machine = aws::output("/backups");
    let request = json!({"stateMachineArn": machine, "input": input.to_string()});
    let started = aws::call("states", "AWSStepFunctions.StartExecution", &request);
    let asked = json!({"executionArn": started["executionArn"]});
    until("the execution to end", PATIENCE, || {
        let told = aws::call("states", "AWSStepFunctions.DescribeExecution", &asked);
        (told["status"] != "RUNNING").then_some(told)
    })
}

fn succeeded(input: &Value) {
    let told = execution(input);
    assert_eq!(told["status"], "SUCCEEDED", "{input}: {told}");
}

/// A document of the archive.
fn archived(tenant: &Tenant, name: &str) -> Value {
    let key = format!("{}/rehearsal/{name}", tenant.name);
    let bytes = aws::object(&aws::output("/backups_bucket"), &key);
    serde_json::from_slice(&bytes.unwrap_or_else(|| panic!("there is no {key}"))).unwrap()
}

/// Whether an item is the tenant's, by its key.
fn own(tenant: &Tenant, item: &Value) -> bool {
    let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
    text("pk").split('#').next() == Some(&tenant.name)
        || text("pk").starts_with("*#SENDER#") && text("sk").ends_with(&format!("#{}", tenant.name))
}

/// All items of the tenant, as text by their places, without the mark of those that were put back, and without what
/// changes by itself: requests counted by the minute, leases, and places in the search index's list of changes.
fn items(tenant: &Tenant) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for table in TABLES {
        let all = aws::all_items(&aws::output(&format!("/tables/{table}")));
        for mut item in all.into_iter().filter(|item| own(tenant, item)) {
            let place = format!("{table} {} {}", item["pk"]["S"], item["sk"]["S"]);
            let passing =
                ["#RATE#", "#LEASE", "#ASKED", "search#"].iter().any(|it| place.contains(it));
            item.as_object_mut().unwrap().remove("restored");
            if !passing {
                found.insert(place, sorted(&item).to_string());
            }
        }
    }
    found
}

/// The same with fields, and members of sets, in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let in_order: BTreeMap<&String, &Value> = fields.iter().collect();
            let fields = in_order.into_iter().map(|(name, value)| {
                let mut value = sorted(value);
                if let (true, Some(all)) = (matches!(&**name, "SS" | "NS"), value.as_array_mut()) {
                    all.sort_by_key(Value::to_string);
                }
                (name.clone(), value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(all) => all.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn files(tenant: &Tenant) -> BTreeMap<String, Vec<u8>> {
    let bucket = aws::output("/files_bucket");
    let keys = aws::keys(&bucket).into_iter();
    let own = keys.filter(|key| key.starts_with(&format!("{}/", tenant.name)));
    own.map(|key| (key.clone(), aws::object(&bucket, &key).unwrap())).collect()
}

fn ask(tenant: &Tenant, path: &str) -> Answer {
    let bearer = format!("Bearer {}", tenant.token);
    http::call("GET", &format!("{}{path}", aws::API), &[("authorization", &bearer)], &[])
}

/// What the API answers to each of these, with its ETag.
fn answers(tenant: &Tenant, paths: &[String]) -> Vec<(String, u16, String, String)> {
    let answer = |path: &String| {
        let answer = ask(tenant, path);
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        (path.clone(), answer.status, answer.header("etag").to_owned(), body)
    };
    paths.iter().map(answer).collect()
}

/// A customer who leaves a cart and is written to, and one event that cannot be read.
fn live(tenant: &Tenant) {
    let document = "id: greet\nversion: 1\nname: Rehearsal\npurpose: transactional\n\
        score: {kind: expression, base: 1, terms: []}\nttl: 24h\n\
        trigger: {event: cart_left}\ncooldown: 1h\n\
        action: {channel: email, subject: Hi, text: You left something.}\n";
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let url = format!("{}/v1/use-cases/greet", aws::API);
    let kept = http::call("PUT", &url, &headers, document.as_bytes());
    assert_eq!(kept.status, 201, "{kept}");
    // Documents are known everywhere within ten seconds.
    std::thread::sleep(std::time::Duration::from_secs(11));
    let email = format!("ada@{}.example.com", tenant.name);
    let now = time::now();
    tenant.send(&[
        event("profile_updated", "ada", "known", now - 60, &json!({"email": email})),
        event("cart_left", "ada", "left", now - 30, &json!({"value": 12.5})),
    ]);
    until("the greeting", PATIENCE, || {
        tenant.messages().iter().any(|it| it.title == "Hi").then_some(())
    });
    let broken =
        br#"{"specversion": "1.0", "id": "b", "source": "/x", "type": "", "subject": "ada"}"#;
    let told = tenant.post(broken, &[("content-type", "application/cloudevents+json")]);
    assert!(told.status < 500, "{told}");
}

/// A ticket with a file, and a secret. The ticket's id.
fn helped(tenant: &Tenant) -> u64 {
    let secret = json!({"action": "secret", "tenant": tenant.name, "name": "slack_bot_token", "value": "xoxb-1"});
    let kept = aws::invoke("tenants", &secret);
    assert_eq!(kept.header("x-amz-function-error"), "", "{kept}");
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/plain")];
    let url = format!("{}/api/v2/uploads.json?filename=letter.txt", aws::API);
    let put = http::call("POST", &url, &headers, b"Dear all");
    assert_eq!(put.status, 201, "{put}");
    let requester = json!({"name": "Ada", "email": format!("ada@{}.example.com", tenant.name)});
    let ticket = json!({"ticket": {"subject": "It burns", "requester": requester, "tags": ["fire"],
        "comment": {"body": "See there", "uploads": [put.json()["upload"]["token"]]}}});
    let made = desk::call(tenant, "POST", "tickets.json", &ticket);
    assert_eq!(made.status, 201, "{made}");
    made.json()["ticket"]["id"].as_u64().unwrap()
}

#[test]
fn a_tenant_is_exported_wiped_and_restored_as_it_was() {
    let Some(_stack) = stack() else { return };
    let (tenant, stranger) = (Tenant::new("backup"), Tenant::new("backup-beside"));
    for one in [&tenant, &stranger] {
        live(one);
    }
    let (ticket, _) = (helped(&tenant), helped(&stranger));
    let found = |tenant: &Tenant| {
        let found = desk::call(tenant, "GET", "search.json?query=burns", &Value::Null);
        (found.status == 200).then(|| found.json()["count"].clone())
    };
    until("the ticket to be found", PATIENCE, || (found(&tenant)? == json!(1)).then_some(()));
    // The ticket's own events, which make its requester a subject.
    let requester =
        desk::get(&tenant, &format!("tickets/{ticket}.json"))["ticket"]["requester_id"].clone();
    tenant.wait_for_count(&format!("user-{requester}"), "CommentAdded.v1", 1);
    grace();
    let mut paths: Vec<String> =
        ["profiles/ada", "use-cases/greet", "messages?subject=ada", "quarantine", "sources"]
            .iter()
            .map(|path| format!("/v1/{path}"))
            .collect();
    let of_ticket = ["", "/comments", "/audits"].iter().map(|it| format!("tickets/{ticket}{it}"));
    let of_desk = ["groups", "users", "ticket_fields", "tickets"].iter().map(|it| (*it).to_owned());
    paths.extend(of_ticket.chain(of_desk).map(|path| format!("/api/v2/{path}.json")));
    let (asked, kept, stored) = (answers(&tenant, &paths), items(&tenant), files(&tenant));
    for (path, status, ..) in &asked {
        assert_eq!(*status, 200, "{path}");
    }
    assert!(kept.len() > 40, "{:#?}", kept.keys());
    assert_eq!(stored.len(), 1);
    let beside = (items(&stranger), files(&stranger), answers(&stranger, &paths[..2]));

    let step =
        |action: &str| json!({"action": action, "tenant": tenant.name, "export": "rehearsal"});
    succeeded(&step("export"));
    let manifest = archived(&tenant, "manifest.json");
    let total = |name: &str| manifest["totals"][name].as_u64().unwrap_or_default();
    assert!(TABLES.iter().all(|table| *table == "quarantine" || total(table) > 0), "{manifest}");
    assert_eq!(total("files"), 1);

    let refused = execution(&step("restore"));
    assert_eq!(refused["status"], "FAILED", "it is there: {refused}");
    let unconfirmed = execution(&step("wipe"));
    assert_eq!(unconfirmed["status"], "FAILED", "{unconfirmed}");
    assert_eq!(items(&tenant), kept);

    let mut wipe = step("wipe");
    wipe["confirm"] = json!(tenant.name);
    succeeded(&wipe);
    let left: Vec<String> = TABLES
        .iter()
        .flat_map(|table| aws::all_items(&aws::output(&format!("/tables/{table}"))))
        .filter(|item| own(&tenant, item))
        .map(|item| item.to_string())
        .collect();
    assert_eq!(left, Vec::<String>::new());
    let prefix = format!("{}/", tenant.name);
    for bucket in ["/files_bucket", "/search_bucket", "/drop_bucket"] {
        let keys = aws::keys(&aws::output(bucket));
        assert!(!keys.iter().any(|key| key.starts_with(&prefix)), "{bucket}");
    }
    // Warm functions believe a token for up to a minute; the helpdesk looks each time, and counts who asks.
    assert_eq!(ask(&tenant, &format!("/api/v2/tickets/{ticket}.json")).status, 401);

    succeeded(&step("restore"));
    let restored = archived(&tenant, "restore.json");
    let tables: u64 = TABLES.iter().map(|table| total(table)).sum();
    assert_eq!((&restored["items"], &restored["same"]), (&json!(tables), &json!(0)), "{restored}");
    assert_eq!((&restored["other"], &restored["objects"]), (&json!(0), &json!(1)), "{restored}");
    grace();
    assert_eq!(items(&tenant), kept);
    assert_eq!(files(&tenant), stored);
    until("the token to be believed", PATIENCE, || {
        (ask(&tenant, &paths[0]).status == 200).then_some(())
    });
    assert_eq!(answers(&tenant, &paths), asked);
    until("the ticket to be found again", PATIENCE, || (found(&tenant)? == json!(1)).then_some(()));
    // Nobody was written to again, and the same events count as before.
    assert_eq!(tenant.messages().iter().filter(|it| it.title == "Hi").count(), 1);
    assert_eq!(tenant.count(&format!("user-{requester}"), "CommentAdded.v1"), 1);

    let again = execution(&step("restore"));
    assert_eq!(again["status"], "FAILED", "it is there again: {again}");
    let mut missing = step("restore");
    missing["missing"] = json!(true);
    succeeded(&missing);
    let second = archived(&tenant, "restore.json");
    assert_eq!(second["items"], 0, "{second}");
    assert_eq!(items(&tenant), kept);

    // It goes on: a new event counts on top, and the same one again does not.
    let now = time::now();
    tenant.send(&[
        event("cart_left", "ada", "left", now - 30, &json!({"value": 12.5})),
        event("cart_left", "ada", "left-again", now - 5, &json!({"value": 3})),
    ]);
    tenant.wait_for_count("ada", "cart_left", 2);

    assert_eq!(items(&stranger), beside.0);
    assert_eq!(files(&stranger), beside.1);
    assert_eq!(answers(&stranger, &paths[..2]), beside.2);
}
