//! Two tenants with the same ids never meet; credentials open their own tenant and their own doors.

use ceap_e2e::events::{crashes, customer, failed_logins};
use ceap_e2e::http::Answer;
use ceap_e2e::tenant::{post_as, read_message, read_profile};
use ceap_e2e::{Message, PATIENCE, Tenant, event, grace, http, stack, time, until};
use serde_json::{Value, json};

const SOURCE: &str = "203.0.113.50";

fn person(email: &str, phone: &str, at: i64) -> Value {
    customer("ada", at, &json!({"email": email, "phone": phone, "consents": {"email": true}}))
}

#[test]
fn with_the_same_ids_at_once_keep_to_themselves() {
    let Some(_stack) = stack() else { return };
    let (left, right) = (Tenant::new("left"), Tenant::new("right"));
    let now = time::now();
    // The same ids in both. Only together would the right one have six failures or four crashes.
    let mut of_left = vec![person("ada@left.example.com", "+15555550111", now - 9000)];
    of_left.extend(failed_logins(SOURCE, 6, now - 60));
    of_left.extend(crashes("ada", 4, now - 60));
    let mut of_right = vec![person("ada@right.example.com", "+15555550222", now - 9000)];
    of_right.extend(failed_logins(SOURCE, 5, now - 60));
    of_right.extend(crashes("ada", 3, now - 60));
    // And both have an alert of their own.
    of_left.extend(failed_logins("203.0.113.51", 6, now - 30));
    of_right.extend(failed_logins("203.0.113.51", 7, now - 30));
    std::thread::scope(|scope| {
        for (tenant, events) in [(&left, &of_left), (&right, &of_right)] {
            scope.spawn(|| events.chunks(3).for_each(|part| tenant.send(part)));
        }
    });

    let from_left = left.wait_for_messages(3);
    let from_right = right.wait_for_messages(1);
    grace();
    let seen = |messages: &[Message]| -> Vec<(String, String)> {
        let line = |it: &Message| (it.to.clone(), it.title.rsplit(' ').next().unwrap().to_owned());
        messages.iter().map(line).collect()
    };
    assert_eq!(
        seen(&from_left),
        [
            (left.security(), SOURCE.to_owned()),
            (left.security(), "203.0.113.51".to_owned()),
            ("+15555550111".to_owned(), String::new()),
        ]
    );
    assert_eq!(seen(&from_right), [(right.security(), "203.0.113.51".to_owned())]);
    assert_eq!((left.messages().len(), right.messages().len()), (3, 1));

    for (tenant, failures, crashes, email) in
        [(&left, 6, 4, "ada@left.example.com"), (&right, 5, 3, "ada@right.example.com")]
    {
        tenant.wait_for_count(SOURCE, "login_failed", failures);
        tenant.wait_for_count("ada", "app_crashed", crashes);
        assert_eq!(tenant.profile("ada").unwrap()["email"], email);
    }
}

fn refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}");
    assert!(status != 401 || !answer.header("www-authenticate").is_empty(), "RFC 9110 §11.6.1");
}

#[test]
fn credentials_open_only_what_is_theirs() {
    let Some(_stack) = stack() else { return };
    let (mine, yours) = (Tenant::new("mine"), Tenant::new("yours"));
    let now = time::now();
    let one = |id: &str| event("page_viewed", "ada", id, now, &json!({})).to_string().into_bytes();
    let json_type = ("content-type", "application/cloudevents+json");
    for tenant in [&mine, &yours] {
        assert_eq!(tenant.post(&one("1"), &[json_type]).status, 202);
        tenant.wait_for_count("ada", "page_viewed", 1);
    }
    let own = ("x-ceap-tenant", mine.name.as_str());
    let other = ("x-ceap-tenant", yours.name.as_str());

    // Ingesting.
    for key in [&mine.write_key, &mine.token] {
        assert_eq!(post_as(key, &one("2"), &[json_type, own]).status, 202);
        refused(&post_as(key, &one("3"), &[json_type, other]), 403);
    }
    for role in ["agent", "team-lead", "end-user"] {
        refused(&post_as(&mine.token(role), &one("3"), &[json_type]), 403);
    }
    // The write key in its own header.
    let url = format!("{}/v1/events", ceap_e2e::aws::API);
    let header = [("x-write-key", mine.write_key.as_str()), json_type];
    assert_eq!(http::call("POST", &url, &header, &one("2")).status, 202);
    let elsewhere = [header[0], header[1], other];
    refused(&http::call("POST", &url, &elsewhere, &one("3")), 403);

    // Reading.
    for role in ["admin", "team-lead", "agent"] {
        let token = mine.token(role);
        assert_eq!(read_profile(&token, "ada", &[own]).status, 200, "{role}");
        refused(&read_profile(&token, "ada", &[other]), 403);
    }
    refused(&read_profile(&mine.token("end-user"), "ada", &[]), 403);
    refused(&read_profile(&mine.write_key, "ada", &[]), 403);

    // Nobody's: none, nonsense, a changed secret, a secret of one under the name of the other.
    let mut changed = mine.token.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == '0' { '1' } else { '0' });
    let renamed = mine.token.replace(&mine.name, &yours.name);
    assert_ne!(renamed, mine.token);
    for unknown in ["", "nonsense", "ceap_nobody_0", &changed, &renamed] {
        refused(&post_as(unknown, &one("3"), &[json_type]), 401);
        refused(&read_profile(unknown, "ada", &[]), 401);
    }
    refused(&http::call("POST", &url, &[json_type], &one("3")), 401);

    // What was refused left no trace, in either tenant.
    mine.wait_for_count("ada", "page_viewed", 2);
    let fence = event("fence", "ada", "fence", now, &json!({}));
    for tenant in [&mine, &yours] {
        tenant.send(std::slice::from_ref(&fence));
        tenant.wait_for_count("ada", "fence", 1);
    }
    mine.wait_for_count("ada", "page_viewed", 2);
    yours.wait_for_count("ada", "page_viewed", 1);
}

#[test]
fn a_profile_of_one_is_not_there_for_the_other() {
    let Some(_stack) = stack() else { return };
    let (mine, yours) = (Tenant::new("has"), Tenant::new("has-not"));
    mine.send(&[event("page_viewed", "only-mine", "1", time::now(), &json!({}))]);
    mine.wait_for_count("only-mine", "page_viewed", 1);
    for subject in ["only-mine", &format!("{}#only-mine", mine.name), ".."] {
        refused(&read_profile(&yours.token, subject, &[]), 404);
    }
}

#[test]
fn a_message_of_one_is_not_there_for_the_other() {
    let Some(_stack) = stack() else { return };
    let (mine, yours) = (Tenant::new("sent"), Tenant::new("sent-not"));
    mine.send(&failed_logins(SOURCE, 6, time::now()));
    let _ = mine.wait_for_messages(1);
    let records = mine.records();
    let id = records[0]["id"]["S"].as_str().unwrap();
    let message = until("the message to be recorded as delivered", PATIENCE, || {
        Some(mine.message(id)).filter(|message| message["state"] == "sent")
    });
    assert_eq!((&message["id"], &message["subject"]), (&json!(id), &json!(SOURCE)));
    assert_eq!(message["use_case"], "suspicious-activity");
    for token in [&mine.token, &mine.token("agent")] {
        assert_eq!(read_message(token, id).status, 200);
    }
    for token in [&mine.write_key, &mine.token("end-user")] {
        refused(&read_message(token, id), 403);
    }
    refused(&read_message("nonsense", id), 401);
    let absent = id.chars().rev().collect::<String>();
    for (token, id) in [(&yours.token, id), (&mine.token, &absent)] {
        refused(&read_message(token, id), 404);
    }
    for malformed in ["no id", "..", &"f".repeat(5000)] {
        refused(&read_message(&mine.token, malformed), 400);
    }
}
