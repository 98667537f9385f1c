//! A subject is erased from every store, and nobody else is.

use crate::messages::call;
use ceap_e2e::lake::{ask, literal};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, event, grace, http, stack, time, until};
use serde_json::{Value, json};

const USE_CASES: [(&str, &str); 2] = [
    (
        "greet",
        "trigger: {event: cart_left}\ncooldown: 1h\n\
         action: {channel: email, subject: Hi, text: You left something.}\n",
    ),
    (
        "restock",
        "trigger:\n  event: item_restocked\n  \
         fan_out: {events: [item_wishlisted], of: item_id, is: event.data.item_id, within: 90d}\n\
         action: {channel: in-app, text: It is back.}\n",
    ),
];

fn install(tenant: &Tenant) {
    for (id, rest) in USE_CASES {
        let document = format!(
            "id: {id}\nversion: 1\nname: Erasure\npurpose: transactional\n\
             score: {{kind: expression, base: 1, terms: []}}\nttl: 24h\n{rest}"
        );
        let bearer = format!("Bearer {}", tenant.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
        let url = format!("{}/v1/use-cases/{id}", aws::API);
        let kept = http::call("PUT", &url, &headers, document.as_bytes());
        assert_eq!(kept.status, 201, "{kept}");
    }
    // Documents are known everywhere within ten seconds.
    std::thread::sleep(std::time::Duration::from_secs(11));
}

/// A customer who wishes, leaves a cart, and sends something that no use case can read.
fn live(tenant: &Tenant, who: &str) {
    let now = time::now();
    let address = format!("{who}@{}.example.com", tenant.name);
    let fact =
        |kind: &str, data: Value| event(kind, who, &format!("{kind}-{who}"), now - 60, &data);
    tenant.send(&[
        fact("profile_updated", json!({"email": address})),
        fact("item_wishlisted", json!({"item_id": "lamp"})),
        fact("cart_left", json!({})),
    ]);
}

fn erasure(tenant: &Tenant, id: &str) -> Value {
    let answer = call(tenant, "GET", &format!("erasures/{id}"), "", &Value::Null);
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()
}

/// All items of the tenant in all tables that name the subject, as text.
fn named(tenant: &Tenant, who: &str) -> Vec<String> {
    let tables = ["profiles", "engagement", "platform", "quarantine"];
    let items = tables.iter().flat_map(|table| aws::scan(table, &tenant.name));
    items.map(|item| item.to_string()).filter(|text| text.contains(who)).collect()
}

fn rows(tenant: &Tenant, who: &str) -> String {
    let count = "SELECT count(*) FROM events WHERE tenant = ? AND subject = ?";
    ask(count, &[&literal(&tenant.name), &literal(who)])[0][0].clone()
}

#[test]
fn one_subject_is_taken_out_and_nobody_else() {
    let Some(_stack) = stack() else { return };
    let (tenant, stranger) = (Tenant::new("erasure"), Tenant::new("erasure-stranger"));
    install(&tenant);
    let (gone, stays) = ("ada-lovelace", "charles-babbage");
    let visitor = "visitor-of-ada-lovelace";
    for who in [gone, visitor, stays] {
        live(&tenant, who);
    }
    live(&stranger, gone);
    let restocked = event(
        "item_restocked",
        "item:lamp",
        "restocked",
        time::now() - 1,
        &json!({"item_id": "lamp"}),
    );
    let _ = tenant.wait_for_messages(3);
    tenant.send(&[restocked]);
    let inbox = |who: &str| aws::query("engagement", &format!("{}#INBOX#{who}", tenant.name)).len();
    until("notifications of all", PATIENCE, || {
        [gone, visitor, stays].iter().all(|who| inbox(who) == 1).then_some(())
    });
    let from = json!({"from": visitor});
    tenant.send(&[event("profile_merged", gone, "merged", time::now(), &from)]);
    tenant.wait_for_count(gone, "profile_merged", 1);
    until("all in the lake", PATIENCE, || {
        let all = [(&tenant, gone), (&tenant, visitor), (&tenant, stays), (&stranger, gone)];
        all.iter().all(|(tenant, who)| rows(tenant, who) != "0").then_some(())
    });
    grace();
    let before = named(&tenant, stays).len();
    assert!(named(&tenant, gone).len() >= 7, "profile, features, candidates, messages, inbox, tie");

    let agent = Tenant { token: tenant.token("agent"), ..tenant.clone() };
    let path = format!("profiles/{gone}");
    assert_eq!(call(&agent, "DELETE", &path, "", &Value::Null).status, 403);
    let asked = call(&tenant, "DELETE", &path, "", &Value::Null);
    assert_eq!(asked.status, 202, "{asked}");
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let other = call(&stranger, "GET", &format!("erasures/{id}"), "", &Value::Null);
    assert_eq!(other.status, 404, "{other}");
    let done = until("the erasure to be done", PATIENCE, || {
        let seen = erasure(&tenant, &id);
        assert_ne!(seen["state"], "failed", "{seen}");
        (seen["state"] == "done").then_some(seen)
    });
    assert_eq!(done["subject"], Value::Null, "{done}");

    assert_eq!(named(&tenant, gone), Vec::<String>::new());
    assert_eq!([gone, visitor].map(|who| rows(&tenant, who)), ["0", "0"]);
    assert_eq!(tenant.profile(gone), None);
    assert_eq!(named(&tenant, stays).len(), before);
    assert_ne!(rows(&tenant, stays), "0");
    assert!(stranger.profile(gone).is_some(), "another tenant's");
    assert_ne!(rows(&stranger, gone), "0");

    live(&tenant, gone);
    tenant.wait_for_count(gone, "cart_left", 1);
    let anew = tenant.profile(gone).unwrap();
    assert_eq!(anew["events"]["item_restocked"], Value::Null, "{anew}");
    let again = call(&tenant, "DELETE", &path, "", &Value::Null);
    assert_ne!(again.json()["id"], json!(id), "{again}");
}
