//! A webhook that a source's secret signed becomes an event; another is refused, and the source tells of it.

use crate::messages::call;
use ceap_e2e::{PATIENCE, Tenant, aws, grace, http, root, stack, until};
use serde_json::{Value, json};

/// Body and signature of a webhook as Shopify sends it.
fn recorded() -> (String, String) {
    let path = root().join("events/ingest-webhook/shopify.json");
    let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&event["body"]), text(&event["headers"]["x-shopify-hmac-sha256"]))
}

#[test]
fn what_a_source_signed_is_taken() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("webhooks");
    let source = json!({"id": "shop", "name": "Shop", "from": {"webhook": {
        "signature": "shopify", "secret": "source_shop", "mapping": {
            "type": "'order_placed'", "subject": "'customer-' + string(row.customer.id)",
            "time": "row.created_at", "data": {"value": "double(row.total_price)"}}}}});
    let kept = call(&tenant, "PUT", "sources/shop", "", &source);
    assert_eq!(kept.status, 201, "{kept}");
    let (body, signature) = recorded();
    let url = format!("{}/v1/webhooks/{}/shop", aws::API, tenant.name);
    let send = |signature: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("x-shopify-hmac-sha256", signature),
            ("x-shopify-webhook-id", "w-1"),
        ];
        http::call("POST", &url, &headers, body.as_bytes())
    };
    assert_eq!(send(&signature).status, 401, "there is no secret yet");
    let request =
        json!({"action": "secret", "tenant": tenant.name, "name": "source_shop", "value": "hush"});
    let secret = aws::invoke("tenants", &request);
    assert_eq!(secret.header("x-amz-function-error"), "", "{secret}");
    let shown = call(&tenant, "GET", "sources/shop", "", &Value::Null);
    let problem = &shown.json()["problem"];
    assert_eq!(problem["code"], "unauthorized", "{shown}");
    // That there is none is remembered for a while.
    let taken = until("the secret to be known", PATIENCE, || {
        let answer = send(&signature);
        (answer.status != 401).then_some(answer)
    });
    assert_eq!(taken.status, 200, "{taken}");
    assert_eq!(taken.json(), json!({"accepted": 1, "quarantined": []}));
    assert_eq!(send(&signature).status, 200, "its sender sends it again");
    assert_eq!(send("AAAA").status, 401);
    let customer = "customer-115310627314723954";
    tenant.wait_for_count(customer, "order_placed", 1);
    grace();
    assert_eq!(tenant.count(customer, "order_placed"), 1);
}
