//! The catalogue on the local AWS: each use case is installed, gets its sample's events, and does what the
//! sample says. Those that recommend first learn their models of what others did, from the lake.

use crate::messages::call;
use ceap_e2e::{PATIENCE, Tenant, aws, event, root, stack, time, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The noon that samples are written for.
const NOON: i64 = 1_795_262_400;

/// A use case on its way through the platform.
struct Course {
    id: String,
    tenant: Tenant,
    expected: BTreeSet<(String, String)>,
}

fn sample(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("use-cases/samples").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn documents() -> Vec<String> {
    let files = std::fs::read_dir(root().join("use-cases")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut ids: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect();
    ids.sort();
    ids
}

/// Instants of the sample, as long before now as they are before its noon.
fn moved(value: &mut Value, by: i64) {
    match value {
        Value::String(text) if text.len() == 20 && text.ends_with('Z') => {
            *text = time::rfc3339(time::parse(text) + by);
        }
        Value::String(text) if text.len() == 16 && text.as_bytes()[10] == b'T' => {
            let whole = format!("{text}:00Z");
            *text = time::rfc3339(time::parse(&whole) + by)[..16].to_owned();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| moved(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| moved(field, by)),
        _ => {}
    }
}

/// What others did some weeks ago.
fn history(seen: &Value, score: &Value) -> Vec<Value> {
    let (kind, field) = (score["events"][0].as_str().unwrap(), score["of"].as_str().unwrap());
    let mut events = Vec::new();
    for (n, items) in seen.as_array().unwrap().iter().enumerate() {
        for (nth, item) in items.as_array().unwrap().iter().enumerate() {
            let at = time::now() - 20 * 86_400 + i64::try_from(nth).unwrap();
            let (subject, id) = (format!("shopper-{n}"), format!("seen-{n}-{nth}"));
            events.push(event(kind, &subject, &id, at, &json!({field: item})));
        }
    }
    events
}

/// Keeps the items, and learns of what others did, as soon as the lake has it.
fn open(tenant: &Tenant, id: &str, shop: &Value, score: &Value) {
    let kept = call(tenant, "PUT", "items", "", &json!({"items": shop["items"]}));
    assert_eq!(kept.status, 200, "{id}: {kept}");
    tenant.send(&history(&shop["seen"], score));
    let others = shop["seen"].as_array().unwrap().len();
    until(&format!("{id} to learn"), PATIENCE, || {
        let path = format!("use-cases/{id}/affinity");
        let asked = call(tenant, "POST", &path, "", &Value::Null);
        assert_eq!(asked.status, 202, "{id}: {asked}");
        let run = asked.json()["id"].as_str().unwrap().to_owned();
        let run = until("a model", PATIENCE, || {
            let path = format!("use-cases/{id}/runs/{run}");
            let run = call(tenant, "GET", &path, "", &Value::Null).json();
            (run["finished"] != Value::Null).then_some(run)
        });
        assert_eq!(run["state"], "done", "{run}");
        (run["result"]["subjects"] == json!(others)).then_some(())
    });
}

/// Installs the use case without its holdout, and sends its sample.
fn begin(id: &str) -> Course {
    let expected = sample(&format!("{id}.expected.json"));
    let tenant = Tenant::with(id, expected.get("settings").unwrap_or(&json!({})));
    let _ = call(&tenant, "DELETE", &format!("use-cases/{id}"), "", &Value::Null);
    let installed = call(&tenant, "POST", "use-cases", "", &json!({"catalogue": id}));
    assert_eq!(installed.status, 201, "{id}: {installed}");
    let mut document = installed.json()["document"].clone();
    document["holdout_percent"] = json!(0);
    document["version"] = json!(document["version"].as_u64().unwrap() + 1);
    let kept = call(&tenant, "PUT", &format!("use-cases/{id}"), "", &document);
    assert_eq!(kept.status, 200, "{id}: {kept}");
    if let Some(shop) = expected.get("shop") {
        open(&tenant, id, shop, &document["score"]);
    }
    // A function that read what the tenant ran before remembers it for ten seconds.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let mut events = sample(&format!("{id}.json"))["events"].take();
    moved(&mut events, time::now() - NOON);
    tenant.send(events.as_array().unwrap());
    let messages = expected["messages"].as_array().unwrap().iter();
    let text = |it: &Value, field: &str| it[field].as_str().unwrap().to_owned();
    let expected = messages.map(|it| (text(it, "subject"), text(it, "channel"))).collect();
    Course { id: id.to_owned(), tenant, expected }
}

impl Course {
    /// Whom it wrote to so far, on which channel.
    fn written(&self) -> BTreeSet<(String, String)> {
        let records = self.tenant.records();
        let read = |item: &Value| -> Option<(String, String)> {
            let record = aws::plain(item);
            let refused = record["state"] == "suppressed" || record["state"] == "expired";
            let of = record["use_case"] == self.id.as_str() && !refused;
            let text = |field: &str| Some(record[field].as_str()?.to_owned());
            of.then(|| Some((text("subject")?, text("channel")?))).flatten()
        };
        records.iter().filter_map(read).collect()
    }
}

#[test]
fn each_does_what_its_sample_says() {
    let Some(_stack) = stack() else { return };
    let courses: Vec<Course> = documents().iter().map(|id| begin(id)).collect();
    let scheduled: Vec<&Course> = courses.iter().filter(|it| it.id == "churn-prevention").collect();
    for course in scheduled {
        course.tenant.wait_for_count("dan", "session_started", 2);
        let asked =
            call(&course.tenant, "POST", "use-cases/churn-prevention/evaluate", "", &json!({}));
        assert_eq!(asked.status, 202, "{asked}");
    }
    for course in &courses {
        until(&format!("what {} is to send", course.id), PATIENCE, || {
            course.written().is_superset(&course.expected).then_some(())
        });
    }
    std::thread::sleep(std::time::Duration::from_secs(5));
    for Course { id, expected, .. } in &courses {
        let course = courses.iter().find(|it| it.id == *id).unwrap();
        assert_eq!(course.written(), *expected, "{id}");
    }
}
