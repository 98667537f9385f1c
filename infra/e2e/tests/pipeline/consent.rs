//! What recipients decide, over the links that they get, and what their app shows them.

use crate::messages::call;
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{PATIENCE, event, http, stack, time, until};
use serde_json::{Value, json};

fn marketing(id: &str) -> Value {
    json!({
        "subject": id, "channel": "email", "purpose": "marketing",
        "content": {
            "subject": "News",
            "text": "{{ links.unsubscribe }} {{ links.preferences }}",
        },
    })
}

/// A page, as a browser or a mailbox provider asks for it: without any credential.
fn open(method: &str, url: &str, form: &str) -> http::Answer {
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    http::call(method, url, &kind, form.as_bytes())
}

fn outcome(tenant: &Tenant, key: &str, id: &str) -> (String, String) {
    let answer = call(tenant, "POST", "messages", key, &marketing(id));
    assert_eq!(answer.status, 202, "{answer}");
    let text = |name: &str| answer.json()[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("reason"))
}

#[test]
fn one_click_unsubscribes_at_once_and_a_second_opt_in_brings_back() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("consent");
    let address = format!("ada@{}.example.com", tenant.name);
    let person = json!({"email": address, "locale": "de"});
    tenant.send(&[event("profile_updated", "ada", "p", time::now() - 60, &person)]);
    tenant.wait_for_count("ada", "profile_updated", 1);
    assert_eq!(outcome(&tenant, "1", "ada"), ("suppressed".into(), "no_consent".into()));

    // She agrees; the evidence is kept.
    let said = json!({"subject": "ada", "consents": {
        "email.marketing": {"given": true, "how": "checkout form", "text": "2026-11"}}});
    let put = call(&tenant, "PUT", "consents", "", &said);
    assert_eq!(put.status, 202, "{put}");
    let consents = || call(&tenant, "GET", "consents?subject=ada", "", &Value::Null).json();
    let kept = until("the consent", PATIENCE, || {
        let kept = consents()["consents"]["email.marketing"].clone();
        (kept["given"] == true).then_some(kept)
    });
    assert_eq!((&kept["how"], &kept["text"]), (&json!("checkout form"), &json!("2026-11")));
    assert_ne!(outcome(&tenant, "2", "ada").0, "suppressed");
    let sent = tenant.wait_for_messages(1);
    let links: Vec<&str> = sent[0].text.split_whitespace().collect();
    let [unsubscribe, preferences] = links[..] else { panic!("{links:?}") };

    // A link scanner follows the link, and nothing happens; a mailbox provider posts, and it does.
    let page = open("GET", unsubscribe, "");
    assert_eq!(page.status, 200, "{page}");
    assert!(String::from_utf8_lossy(&page.body).contains("<form"), "{page}");
    assert_eq!(open("POST", unsubscribe, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(open("POST", unsubscribe, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(outcome(&tenant, "3", "ada").0, "suppressed", "at once");
    until("the refusal", PATIENCE, || {
        (consents()["consents"]["email.marketing"]["given"] == false).then_some(())
    });
    let listed = call(&tenant, "GET", "suppressions?channel=email", "", &Value::Null).json();
    assert_eq!(listed["entries"][0]["reason"], "unsubscribe", "{listed}");
    let changed = unsubscribe.replace(&tenant.name, "another");
    assert_eq!(open("POST", &changed, "List-Unsubscribe=One-Click").status, 404);
    assert_eq!(open("GET", preferences, "").status, 200);

    // She is asked whether she meant it, and confirms.
    let asked = json!({"subject": "ada", "double_opt_in": true, "consents": {
        "email.marketing": {"given": true, "how": "footer", "text": "2026-11"}}});
    let put = call(&tenant, "PUT", "consents", "", &asked);
    assert_eq!(put.status, 202, "{put}");
    let sent = until("the question", PATIENCE, || {
        let all = tenant.messages();
        all.into_iter().find(|it| it.text.contains("/v1/confirm/"))
    });
    let confirm = sent.text.split_whitespace().find(|it| it.contains("/v1/confirm/")).unwrap();
    assert_eq!(open("GET", confirm, "").status, 200);
    assert_ne!(consents()["consents"]["email.marketing"]["given"], true);
    assert_eq!(open("POST", confirm, "").status, 200);
    until("her agreement", PATIENCE, || {
        (consents()["consents"]["email.marketing"]["given"] == true).then_some(())
    });
    assert_ne!(outcome(&tenant, "4", "ada").0, "suppressed");
}

#[test]
fn an_inbox_is_read_by_its_subject_alone() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("inbox");
    let message = json!({"subject": "ada", "channel": "in-app",
                         "content": {"subject": "Hello", "text": "{{ data.n }} <b>"}, "data": {"n": 1}});
    let id = call(&tenant, "POST", "messages", "hello", &message).json()["id"].clone();
    let token = call(&tenant, "POST", "inbox/ada/token", "", &json!({})).json();
    let app = Tenant { token: token["token"].as_str().unwrap().to_owned(), ..tenant.clone() };
    let note = until("the notification", PATIENCE, || {
        let list = call(&app, "GET", "inbox/ada", "", &Value::Null).json();
        list["notifications"].as_array()?.first().cloned()
    });
    assert_eq!((&note["message"], &note["title"]), (&id, &json!("Hello")));
    assert_eq!(note["text"], "1 <b>");
    let unread =
        || call(&app, "GET", "inbox/ada/unread", "", &Value::Null).json()["unread"].clone();
    assert_eq!(unread(), 1);
    assert_eq!(call(&app, "GET", "inbox/bob", "", &Value::Null).status, 403);
    let read = format!("inbox/ada/{}/read", note["id"].as_str().unwrap());
    assert_eq!(call(&app, "POST", &read, "", &Value::Null).status, 200);
    assert_eq!(unread(), 0);
    let state = tenant.message(id.as_str().unwrap())["state"].clone();
    assert_eq!(state, "opened");
}
