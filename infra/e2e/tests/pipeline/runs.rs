//! A use case that runs on a schedule, over a whole population.

use crate::messages::call;
use ceap_e2e::http::{self, Answer};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, event, grace, stack, time, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CUSTOMERS: usize = 300;

/// A schedule that fires once, at an instant.
fn document(version: u32, at: i64) -> String {
    let at = time::rfc3339(at);
    format!(
        "id: reorder\nversion: {version}\nname: Time to reorder\npurpose: transactional\n\
         trigger:\n  schedule: {{expression: 'at({})', time_zone: UTC}}\n  \
         when: features.orders > 0 && has(profile.email)\n\
         features:\n  orders: {{op: count, event: order_placed, within: 30d}}\n\
         score: {{kind: expression, base: 1, terms: []}}\nttl: 24h\n\
         action: {{channel: email, subject: Reorder, text: 'You ordered {{{{ features.orders }}}} times.'}}\n",
        at.trim_end_matches('Z')
    )
}

fn put(tenant: &Tenant, body: &str) -> Answer {
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let url = format!("{}/v1/use-cases/reorder", aws::API);
    http::call("PUT", &url, &headers, body.as_bytes())
}

fn customer(n: usize) -> String {
    format!("customer-{n:03}")
}

/// Customers, every second of whom has ordered.
fn populate(tenant: &Tenant) {
    let now = time::now();
    let email = |n| json!({"email": format!("{}@{}.example.com", customer(n), tenant.name)});
    let profiles = (0..CUSTOMERS)
        .map(|n| event("profile_updated", &customer(n), &format!("p{n}"), now - 600, &email(n)));
    tenant.send(&profiles.collect::<Vec<_>>());
    let orders = (0..CUSTOMERS)
        .step_by(2)
        .map(|n| event("order_placed", &customer(n), &format!("o{n}"), now - 300, &json!({})));
    tenant.send(&orders.collect::<Vec<_>>());
    for n in [0, CUSTOMERS / 2, CUSTOMERS - 2] {
        tenant.wait_for_count(&customer(n), "order_placed", 1);
    }
    for n in 0..CUSTOMERS {
        tenant.wait_for_count(&customer(n), "profile_updated", 1);
    }
}

/// The run when it has ended.
fn ended(tenant: &Tenant, id: &str) -> Value {
    until(&format!("run {id} to end"), PATIENCE, || {
        let run = call(tenant, "GET", &format!("use-cases/reorder/runs/{id}"), "", &Value::Null);
        assert_eq!(run.status, 200, "{run}");
        let run = run.json();
        assert!(run["parts_done"].as_u64() <= run["parts"].as_u64().or(Some(0)), "{run}");
        (run["finished"] != Value::Null).then_some(run)
    })
}

fn runs(tenant: &Tenant) -> Vec<Value> {
    let list = call(tenant, "GET", "use-cases/reorder/runs", "", &Value::Null);
    assert_eq!(list.status, 200, "{list}");
    list.json()["runs"].as_array().unwrap().clone()
}

#[test]
fn a_schedule_evaluates_a_population_once() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("runs");
    let kept = put(&tenant, &document(1, time::now() + 3600));
    assert_eq!(kept.status, 201, "{kept}");
    // Its features are kept everywhere within ten seconds.
    std::thread::sleep(std::time::Duration::from_secs(11));
    populate(&tenant);
    let fires = time::now() + 6;
    let changed = put(&tenant, &document(2, fires));
    assert_eq!(changed.status, 200, "{changed}");
    let broken = document(3, fires).replace("'at(", "'never(");
    let refused = put(&tenant, &broken);
    assert_eq!(refused.status, 400, "{refused}");

    let fired = until("the schedule to fire", PATIENCE, || runs(&tenant).pop());
    assert_eq!((&fired["kind"], &fired["version"]), (&json!("batch"), &json!(2)));
    let as_of = time::parse(fired["as_of"].as_str().unwrap());
    assert!((fires..fires + 5).contains(&as_of), "{fired}");
    let run = ended(&tenant, fired["id"].as_str().unwrap());
    assert_eq!(run["state"], "done", "{run}");
    assert_eq!(run["counts"], json!({"quarantined": 0, "signals": 150, "subjects": 300}));
    assert_eq!(run["parts_done"], run["parts"]);
    let sent = tenant.wait_for_messages(CUSTOMERS / 2);
    let to: BTreeSet<_> = sent.iter().map(|message| message.to.clone()).collect();
    assert_eq!((sent.len(), to.len()), (CUSTOMERS / 2, CUSTOMERS / 2));

    // Asked for twice under one key: one run, and no second message to anybody.
    let asked = call(&tenant, "POST", "use-cases/reorder/evaluate", "again", &Value::Null);
    assert_eq!(asked.status, 202, "{asked}");
    let again = call(&tenant, "POST", "use-cases/reorder/evaluate", "again", &json!({}));
    assert_eq!(again.json()["id"], asked.json()["id"], "{again}");
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let run = ended(&tenant, &id);
    assert_eq!((&run["state"], &run["counts"]["signals"]), (&json!("done"), &json!(150)), "{run}");
    assert_eq!(runs(&tenant).len(), 2);
    grace();
    assert_eq!(tenant.messages().len(), CUSTOMERS / 2);

    let path = format!("use-cases/reorder/runs/{id}");
    let stranger = Tenant::new("runs-stranger");
    assert_eq!(call(&stranger, "GET", &path, "", &Value::Null).status, 404);
    assert_eq!(call(&tenant, "DELETE", &path, "", &Value::Null).status, 409);
    let resume = call(&tenant, "POST", &format!("{path}/resume"), "", &Value::Null);
    assert_eq!(resume.status, 409, "{resume}");
}
