//! A stream, a queue, a bus and a table of a team's own (`infra/local/feeds.yaml`), each with its feed. How their
//! records are read is judged in process (`shared/runtime/src/feeds/tests.rs`).

use crate::messages::call;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_e2e::{PATIENCE, Tenant, aws, grace, stack, time, until};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The tenant that the local stack's feeds belong to.
static OWNER: LazyLock<Tenant> = LazyLock::new(owner);

fn owner() -> Tenant {
    let tenant = Tenant::named("feeds");
    let mapping = |kind: &str, subject: &str, data: Value| json!({"type": kind, "subject": subject, "data": data});
    let clicks = mapping("'page_viewed'", "row.visitor", json!({"page": "row.page"}));
    let shop = mapping(
        "'order_placed'",
        "row.detail.customer",
        json!({"value": "double(row.detail.total)"}),
    );
    let customers = mapping("'plan_changed'", "row.keys.id", json!({"to": "row.new.plan"}));
    for (id, from) in [
        ("clicks", json!({"kinesis": {"mapping": clicks}})),
        ("orders", json!({"sqs": {}})),
        ("shop", json!({"eventbridge": {"mapping": shop}})),
        ("customers", json!({"dynamodb": {"mapping": customers}})),
    ] {
        let path = format!("sources/{id}");
        let known = call(&tenant, "GET", &path, "", &Value::Null);
        if known.status == 404 {
            let kept =
                call(&tenant, "PUT", &path, "", &json!({"id": id, "name": id, "from": from}));
            assert_eq!(kept.status, 201, "{kept}");
        }
    }
    tenant
}

fn clicked(visitor: &str) {
    let data = STANDARD.encode(json!({"visitor": visitor, "page": "/pricing"}).to_string());
    let record =
        json!({"StreamName": aws::output("/feeds/stream"), "PartitionKey": visitor, "Data": data});
    let _ = aws::call("kinesis", "Kinesis_20131202.PutRecord", &record);
}

fn queued(body: &str) {
    let message = json!({"QueueUrl": aws::output("/feeds/queue"), "MessageBody": body});
    let _ = aws::call("sqs", "AmazonSQS.SendMessage", &message);
}

fn told(source: &str, customer: &str) {
    let entry = json!({"EventBusName": aws::output("/feeds/bus"), "Source": source, "DetailType": "OrderPlaced",
        "Detail": json!({"customer": customer, "total": "12.50"}).to_string()});
    let _ = aws::call("events", "AWSEvents.PutEvents", &json!({"Entries": [entry]}));
}

fn changed(customer: &str, plan: &str) {
    let item = json!({"id": {"S": customer}, "plan": {"S": plan}});
    let put = json!({"TableName": aws::output("/feeds/table"), "Item": item});
    let _ = aws::call("dynamodb", "DynamoDB_20120810.PutItem", &put);
}

#[test]
fn what_the_teams_own_streams_tell_becomes_events() {
    let Some(_stack) = stack() else { return };
    let tenant = &*OWNER;
    let who = format!("ada-{:x}", time::now());
    clicked(&who);
    clicked(&who);
    let order = json!({"specversion": "1.0", "id": format!("{who}-1"), "source": "/shop", "type": "order_paid",
        "subject": who, "data": {"value": 3}});
    queued(&order.to_string());
    queued(&order.to_string());
    told("shop.orders", &who);
    told("shop.returns", &who);
    changed(&who, "free");
    changed(&who, "team");
    tenant.wait_for_count(&who, "page_viewed", 2);
    tenant.wait_for_count(&who, "order_paid", 1);
    tenant.wait_for_count(&who, "order_placed", 1);
    tenant.wait_for_count(&who, "plan_changed", 2);
    grace();
    assert_eq!(tenant.count(&who, "order_paid"), 1, "two messages, one event");
    assert_eq!(tenant.count(&who, "order_placed"), 1, "of the sources that the feed names");
}

#[test]
fn what_cannot_be_read_is_in_quarantine_and_the_rest_is_in() {
    let Some(_stack) = stack() else { return };
    let tenant = &*OWNER;
    let who = format!("bob-{:x}", time::now());
    queued(&format!("<html>{who}"));
    let event = |id: u32, subject: &str| {
        json!({"specversion": "1.0", "id": format!("{who}-{id}"), "source": "/shop", "type": "order_paid",
            "subject": subject})
    };
    queued(&json!([event(1, &who), event(2, ""), event(3, &who)]).to_string());
    tenant.wait_for_count(&who, "order_paid", 2);
    let reasons = |of: &str| -> Vec<String> {
        let kept = call(tenant, "GET", "quarantine?stage=feed-sqs", "", &Value::Null).json();
        let entries = kept["entries"].as_array().unwrap().clone();
        let entries = entries.iter().filter(|entry| entry["payload"].to_string().contains(of));
        entries.map(|entry| entry["reason"].as_str().unwrap().to_owned()).collect()
    };
    until("what could not be read", PATIENCE, || (reasons(&who).len() == 2).then_some(()));
    let mut reasons = reasons(&who);
    reasons.sort();
    assert!(reasons[0].starts_with("record: must be JSON"), "{reasons:?}");
    assert!(reasons[1].starts_with("subject: "), "{reasons:?}");
}
