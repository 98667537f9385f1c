//! Schemas keep out what is not as they say; what was kept out is sent again, and two ids become one.

use crate::messages::call;
use ceap_e2e::{PATIENCE, Tenant, event, grace, stack, time, until};
use serde_json::{Value, json};

fn order(id: &str, value: &Value) -> Value {
    event("order_placed", "ada", id, time::now() - 60, &json!({"value": value}))
}

#[test]
fn what_a_schema_keeps_out_is_sent_again() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("registry");
    let schema = |kind: &str| {
        json!({"schema": {"type": "object", "required": ["value"], "properties": {"value": {"type": kind}}},
               "mode": "reject", "compatibility": "backward"})
    };
    let path = "schemas/order_placed";
    let kept = call(&tenant, "PUT", path, "", &schema("integer"));
    assert_eq!(kept.status, 201, "{kept}");
    assert_eq!(call(&tenant, "PUT", path, "", &schema("number")).status, 409);
    let broken = call(&tenant, "PUT", "schemas/x", "", &json!({"schema": {"type": "text"}}));
    assert_eq!(broken.status, 400, "{broken}");
    // What a tenant runs is remembered for ten seconds.
    std::thread::sleep(std::time::Duration::from_secs(11));
    tenant.send(&[order("1", &json!(1)), order("2", &json!("two")), order("3", &json!(3))]);
    tenant.wait_for_count("ada", "order_placed", 2);
    let entry = until("what was kept out", PATIENCE, || {
        let list = call(&tenant, "GET", "quarantine?type=order_placed", "", &Value::Null);
        assert_eq!(list.status, 200, "{list}");
        list.json()["entries"].as_array().unwrap().first().cloned()
    });
    assert_eq!(entry["stage"], "ingest-stream", "{entry}");
    assert_eq!(entry["payload"]["id"], "2", "{entry}");
    assert!(entry["reason"].as_str().unwrap().starts_with("data.value: "), "{entry}");

    let suggestion = until("a suggestion", PATIENCE, || {
        let seen = call(&tenant, "GET", "schemas/order_placed/suggestion", "", &Value::Null);
        (seen.status == 200 && seen.json()["observed"] == json!(3)).then(|| seen.json())
    });
    let value = &suggestion["schema"]["properties"]["value"];
    assert_eq!(value, &json!({"type": ["integer", "string"]}));

    assert_eq!(call(&tenant, "DELETE", path, "", &Value::Null).status, 204);
    std::thread::sleep(std::time::Duration::from_secs(11));
    let again = json!({"filter": {"type": "order_placed"}});
    let redriven = call(&tenant, "POST", "quarantine/redrive", "", &again);
    assert_eq!(redriven.status, 200, "{redriven}");
    assert_eq!(redriven.json(), json!({"redriven": 1, "refused": 0, "skipped": 0}));
    tenant.wait_for_count("ada", "order_placed", 3);
    let list = call(&tenant, "GET", "quarantine", "", &Value::Null);
    assert_eq!(list.json()["entries"], json!([]), "{list}");
    grace();
    assert_eq!(tenant.count("ada", "order_placed"), 3);
}

#[test]
fn a_visitor_who_signs_in_is_one_customer() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("merged");
    let visit = |who: &str, id: &str| event("visit", who, id, time::now() - 60, &json!({}));
    tenant.send(&[visit("visitor-1", "v1"), visit("visitor-1", "v2"), visit("ada", "a1")]);
    let plan = json!({"plan": "gold"});
    tenant.send(&[event("profile_updated", "visitor-1", "p1", time::now() - 50, &plan)]);
    tenant.wait_for_count("visitor-1", "profile_updated", 1);
    let merged =
        event("profile_merged", "ada", "m1", time::now() - 40, &json!({"from": "visitor-1"}));
    tenant.send(std::slice::from_ref(&merged));
    tenant.wait_for_count("ada", "visit", 3);
    tenant.send(&[visit("visitor-1", "v3"), visit("visitor-1", "v2"), merged]);
    tenant.wait_for_count("ada", "visit", 4);
    let (old, new) = (tenant.profile("visitor-1").unwrap(), tenant.profile("ada").unwrap());
    assert_eq!((&old["id"], &old), (&json!("ada"), &new));
    assert_eq!(new["traits"], plan, "{new}");
    grace();
    assert_eq!(tenant.count("ada", "visit"), 4);
}
