//! A message that is asked for by itself, and its whole life as the API tells it.

use ceap_e2e::http::{self, Answer};
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, aws, grace, stack, time, until};
use serde_json::{Value, json};

/// One call of the API with the tenant's token.
pub fn call(tenant: &Tenant, method: &str, path: &str, key: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {}", tenant.token);
    let mut headers =
        vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
    if !key.is_empty() {
        headers.push(("idempotency-key", key));
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    http::call(method, &format!("{}/v1/{path}", aws::API), &headers, body.as_bytes())
}

fn receipt(text: &str, to: &str) -> Value {
    json!({
        "subject": "ada", "channel": "email", "to": to,
        "content": {
            "subject": "Receipt {{ data.number }}",
            "text": text,
            "html": "<p>Receipt {{ data.number }}</p>",
        },
        "data": {"number": "4711 <b>"},
        "attachments": [{"name": "receipt.txt", "media_type": "text/plain", "data": "SGVsbG8="}],
    })
}

fn address(tenant: &Tenant) -> String {
    format!("ada@{}.example.com", tenant.name)
}

/// What SES tells of an email, as the rule on the account's bus puts it on the queue. (On the bus
/// itself nobody may speak for SES.)
fn ses(tenant: &Tenant, id: &str, detail_type: &str, kind: &str, part: &Value) {
    let at = time::rfc3339(time::now());
    let mut detail = json!({
        "eventType": kind,
        "mail": {
            "timestamp": at,
            "messageId": "0107019a1b2c3d4e",
            "destination": [address(tenant)],
            "tags": {
                "ses:configuration-set": ["ceap-local"],
                "ceap-tenant": [tenant.name],
                "ceap-message-id": [id],
            },
        },
    });
    let name = kind.to_lowercase();
    detail[&name] = part.clone();
    detail[&name]["timestamp"] = json!(at);
    let event = json!({
        "version": "0", "id": "15226fe5-c283-a862-e5e5-0a29ad450fd9", "source": "aws.ses",
        "detail-type": detail_type, "account": "000000000000", "time": at,
        "region": "us-east-1", "resources": [], "detail": detail,
    });
    aws::enqueue("receipts", &event.to_string());
}

fn state(tenant: &Tenant, id: &str) -> String {
    tenant.message(id)["state"].as_str().unwrap().to_owned()
}

#[test]
fn the_whole_of_one_messages_life_reads_from_the_api() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("life");
    let to = address(&tenant);
    let request = receipt("Thank you.", &to);
    let first = call(&tenant, "POST", "messages", "\"order-1\"", &request);
    assert_eq!(first.status, 202, "{first}");
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let sent = tenant.wait_for_messages(1);
    assert_eq!((sent[0].to.as_str(), sent[0].title.as_str()), (to.as_str(), "Receipt 4711 <b>"));

    // The same request is the same message; another under its key is refused.
    let again = call(&tenant, "POST", "messages", "order-1", &request);
    assert_eq!((again.status, again.json()["id"].as_str()), (202, Some(id.as_str())));
    let other = call(&tenant, "POST", "messages", "order-1", &receipt("No thanks.", &to));
    assert_eq!(other.status, 409, "{other}");

    until("it to be sent", PATIENCE, || (state(&tenant, &id) == "sent").then_some(()));
    ses(&tenant, &id, "Email Opened", "Open", &json!({"ipAddress": "192.0.2.1", "userAgent": "x"}));
    until("it to be opened", PATIENCE, || (state(&tenant, &id) == "opened").then_some(()));
    // Out of order, and twice.
    let delivery = json!({"recipients": [to], "smtpResponse": "250 OK"});
    ses(&tenant, &id, "Email Delivered", "Delivery", &delivery);
    ses(&tenant, &id, "Email Delivered", "Delivery", &delivery);
    let history = |id: &str| -> Vec<String> {
        let message = tenant.message(id);
        let steps = message["history"].as_array().unwrap().iter();
        steps.map(|it| it["step"].as_str().unwrap().to_owned()).collect()
    };
    until("its delivery", PATIENCE, || history(&id).contains(&"delivered".into()).then_some(()));
    assert_eq!(state(&tenant, &id), "opened");
    let complaint = json!({"complainedRecipients": [{"emailAddress": to}],
                           "complaintFeedbackType": "abuse", "feedbackId": "1"});
    ses(&tenant, &id, "Email Complaint Received", "Complaint", &complaint);
    until("the complaint", PATIENCE, || (state(&tenant, &id) == "complained").then_some(()));

    // What became of it is an event of its subject, and the subject gets no more of it.
    until("its events", PATIENCE, || {
        (tenant.count("ada", "MessageComplained.v1") == 1).then_some(())
    });
    assert_eq!(tenant.count("ada", "MessageOpened.v1"), 1);
    let refused = call(&tenant, "POST", "messages", "order-2", &receipt("Thank you.", &to));
    let refused = refused.json();
    assert_eq!(
        (refused["state"].as_str(), refused["reason"].as_str()),
        (Some("suppressed"), Some("suppressed"))
    );
    let gates = refused["gates"].as_array().unwrap();
    let decided = gates.last().unwrap();
    assert_eq!(*decided, json!({"gate": "suppression", "said": "complaint"}));

    let list = call(&tenant, "GET", "messages?subject=ada", "", &Value::Null).json();
    let ids: Vec<&str> =
        list["messages"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [refused["id"].as_str().unwrap(), id.as_str()]);
    grace();
    assert_eq!(tenant.messages().len(), 1);
}

#[test]
fn a_stored_template_is_previewed_and_sent_in_the_recipients_language() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("template");
    let document = json!({
        "id": "welcome", "channel": "email", "name": "Welcome",
        "subject": "Welcome, {{ profile.traits.first_name }}",
        "text": "Good to have you.{% render 'foot' %}",
        "locales": {"de": {"subject": "Willkommen, {{ profile.traits.first_name }}",
                           "text": "Schön, dass du da bist.{% render 'foot' %}"}},
    });
    let foot = json!({"id": "foot", "source": " -- {{ settings.from_address }}"});
    let kept = call(&tenant, "PUT", "partials/foot", "", &foot);
    assert_eq!(kept.status, 201, "{kept}");
    let kept = call(&tenant, "PUT", "templates/welcome", "", &document);
    assert_eq!(kept.status, 201, "{kept}");
    let mut wrong = document.clone();
    wrong["text"] = json!("{{ proflie.name }}");
    let refused = call(&tenant, "PUT", "templates/welcome", "", &wrong);
    assert_eq!(refused.status, 400, "{refused}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("proflie"), "{refused}");

    let ask = json!({"profile": {"traits": {"first_name": "Ada"}}, "locale": "de-CH"});
    let shown = call(&tenant, "POST", "templates/welcome/preview", "", &ask).json();
    assert_eq!(shown["content"]["subject"], "Willkommen, Ada");
    assert_eq!(shown["problems"], json!([]));

    let person = json!({"email": "ada@example.com", "locale": "de_AT",
                        "traits": {"first_name": "Ada"}});
    let event = ceap_e2e::events::event("profile_updated", "ada", "p", time::now(), &person);
    tenant.send(&[event]);
    tenant.wait_for_count("ada", "profile_updated", 1);
    let request = json!({"subject": "ada", "channel": "email", "template": "welcome"});
    // What a tenant runs is remembered for ten seconds.
    until("the template to be known", 30, || {
        let answer = call(&tenant, "POST", "messages", "welcome-ada", &request);
        (answer.status == 202).then_some(())
    });
    let sent = tenant.wait_for_messages(1);
    assert_eq!(sent[0].title, "Willkommen, Ada");
    assert!(sent[0].text.starts_with("Schön, dass du da bist. -- no-reply@"), "{}", sent[0].text);
}
