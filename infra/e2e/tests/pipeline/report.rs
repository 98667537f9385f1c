//! What two use cases brought about, one in shadow mode, one live with half of its subjects held out.

use crate::messages::call;
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, event, events, http, stack, time, until};
use serde_json::{Value, json};

const SUBJECTS: usize = 24;

fn put(tenant: &Tenant, id: &str, mode: &str) {
    let document = format!(
        "id: {id}\nversion: 1\nname: Test\npurpose: transactional\n{mode}\n\
         trigger: {{event: cart_left}}\nscore: {{kind: expression, base: 0.5}}\nttl: 1h\n\
         goal: {{event: purchase, of: amount, within: 5m}}\n\
         action: {{channel: email, subject: Still there?, text: Your cart is.}}\n"
    );
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let url = format!("{}/v1/use-cases/{id}", aws::API);
    let answer = http::call("PUT", &url, &headers, document.as_bytes());
    assert_eq!(answer.status, 201, "{answer}");
}

fn report(tenant: &Tenant, id: &str) -> Value {
    let answer = call(tenant, "GET", &format!("use-cases/{id}/report"), "", &Value::Null);
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()
}

/// Candidates of an arm that led to a goal.
fn converted(report: &Value, arm: &str) -> u64 {
    let count = |part: &str| report["arms"][arm][part]["candidates_converted"].as_u64().unwrap();
    count("measured") + count("pending")
}

#[test]
fn goals_are_put_down_to_what_came_before_them() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("report");
    put(&tenant, "quiet", "mode: shadow");
    put(&tenant, "loud", "holdout_percent: 50");
    // What runs is remembered for ten seconds.
    std::thread::sleep(std::time::Duration::from_secs(11));
    let (now, names) = (time::now(), (0..SUBJECTS).map(|n| format!("u{n}")).collect::<Vec<_>>());
    let mut sent: Vec<Value> = names
        .iter()
        .map(|name| {
            let person = json!({"email": format!("{name}@{}.example.com", tenant.name)});
            events::customer(name, now - 60, &person)
        })
        .collect();
    sent.extend(names.iter().map(|name| event("cart_left", name, name, now, &json!({}))));
    tenant.send(&sent);
    until("all to be decided", PATIENCE, || {
        let count = |id: &str, arm: &str| report(&tenant, id)["arms"][arm]["candidates"].as_u64();
        let loud = count("loud", "treated").unwrap() + count("loud", "holdout").unwrap();
        (loud == 24 && count("quiet", "shadow") == Some(24)).then_some(())
    });

    // Candidates come the best first, and each profile shows its own two.
    let list = call(&tenant, "GET", "candidates?use_case=loud&limit=20", "", &Value::Null).json();
    assert_eq!(list["candidates"].as_array().unwrap().len(), 20);
    let next = format!("candidates?use_case=loud&cursor={}", list["next"].as_str().unwrap());
    let rest = call(&tenant, "GET", &next, "", &Value::Null).json();
    assert_eq!((rest["candidates"].as_array().unwrap().len(), &rest["next"]), (4, &Value::Null));
    assert_eq!(tenant.profile("u0").unwrap()["candidates"].as_array().unwrap().len(), 2);

    // Half of them buy, one of them twice, and one of the events comes twice.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let bought = |name: &String, id: &str, amount: f64| {
        let id = format!("{id}-{name}");
        event("purchase", name, &id, time::now(), &json!({"amount": amount}))
    };
    let mut purchases: Vec<Value> =
        names.iter().step_by(2).map(|name| bought(name, "first", 10.0)).collect();
    purchases.push(purchases[0].clone());
    tenant.send(&purchases);
    tenant.send(&[bought(&names[0], "second", 99.0)]);
    let loud = until("the goals to count", 2 * PATIENCE, || {
        let loud = report(&tenant, "loud");
        (converted(&loud, "treated") + converted(&loud, "holdout") == 12).then_some(loud)
    });
    let arms = &loud["arms"];
    let treated = arms["treated"]["candidates"].as_u64().unwrap();
    assert!((4..=20).contains(&treated), "half of them are held out: {loud}");
    assert_eq!(arms["holdout"]["refused"]["holdout"], json!(24 - treated), "{loud}");
    assert_eq!(arms["holdout"]["messages"].get("sent"), None);
    assert_eq!(loud["lift"]["treated_less_holdout"]["verdict"], "no_subjects", "none is over yet");
    let quiet = until("the other goals to count", PATIENCE, || {
        let quiet = report(&tenant, "quiet");
        (converted(&quiet, "shadow") == 12).then_some(quiet)
    });
    assert_eq!(quiet["arms"]["shadow"]["refused"]["shadow"], 24);
    assert_eq!(quiet["read"]["parts"], 16);
    assert_eq!(tenant.messages().len(), usize::try_from(treated).unwrap());
}
