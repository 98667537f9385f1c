//! A use case that is written, changed, taken back and deleted over the API.

use crate::messages::call;
use ceap_e2e::http::Answer;
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, event, http, stack, time, until};
use serde_json::{Value, json};

fn document(version: u32, text: &str) -> String {
    format!(
        "id: thanks\nversion: {version}\nname: Thanks\npurpose: transactional\n\
         trigger: {{event: order_placed}}\nscore: {{kind: expression, base: 1, terms: []}}\nttl: 1h\n\
         key: event.data.order\n\
         action: {{channel: email, subject: Thanks, text: '{text}'}}\n"
    )
}

fn put(tenant: &Tenant, body: &str) -> Answer {
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    http::call("PUT", &format!("{}/v1/use-cases/thanks", aws::API), &headers, body.as_bytes())
}

/// Sends orders until one is answered with this text: a change is seen within ten seconds.
fn thanked(tenant: &Tenant, label: &str, text: &str) {
    let count = std::cell::Cell::new(0);
    until(text, PATIENCE, || {
        count.set(count.get() + 1);
        let order = format!("{label}-{}", count.get());
        let placed = event("order_placed", "ada", &order, time::now(), &json!({"order": order}));
        tenant.send(&[placed]);
        std::thread::sleep(std::time::Duration::from_secs(2));
        tenant.messages().iter().any(|it| it.text == text).then_some(())
    });
}

#[test]
fn a_use_case_is_a_document_that_can_be_changed_and_taken_back() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("documents");
    let person = json!({"email": format!("ada@{}.example.com", tenant.name)});
    tenant.send(&[event("profile_updated", "ada", "p", time::now() - 60, &person)]);
    let created = put(&tenant, &document(1, "Thank you"));
    assert_eq!(created.status, 201, "{created}");
    thanked(&tenant, "a", "Thank you");

    let broken = put(&tenant, &document(2, "{{ event.date }}"));
    assert_eq!(broken.status, 400, "{broken}");
    assert!(broken.json()["detail"].as_str().unwrap().contains("action.text"), "{broken}");
    assert_eq!(put(&tenant, &document(1, "Again")).status, 409);
    assert_eq!(put(&tenant, &document(2, "Many thanks")).status, 200);
    thanked(&tenant, "b", "Many thanks");

    let back = call(&tenant, "POST", "use-cases/thanks/rollback", "", &json!({"to": 1}));
    assert_eq!((back.status, &back.json()["document"]["version"]), (200, &json!(3)), "{back}");
    let old = call(&tenant, "GET", "use-cases/thanks?version=2", "", &Value::Null).json();
    assert_eq!(old["document"]["action"]["text"], "Many thanks");
    let list = call(&tenant, "GET", "use-cases", "", &Value::Null).json();
    let versions: Vec<_> = list.as_array().unwrap().iter().map(|it| &it["version"]).collect();
    assert!(versions.contains(&&json!(3)), "{list}");
    assert_eq!(call(&tenant, "DELETE", "use-cases/thanks", "", &Value::Null).status, 204);
    assert_eq!(call(&tenant, "GET", "use-cases/thanks", "", &Value::Null).status, 404);
    let taken = call(&tenant, "POST", "use-cases", "", &json!({"catalogue": "abandoned-cart"}));
    assert_eq!(taken.status, 409, "{taken}");
}
