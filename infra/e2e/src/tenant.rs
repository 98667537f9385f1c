//! A tenant of its own for each test.

use crate::http::{self, Answer};
use crate::outbox::{self, Message};
use crate::{PATIENCE, aws, until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone)]
pub struct Tenant {
    pub name: String,
    /// Its administrator's.
    pub token: String,
    /// Its source's.
    pub write_key: String,
}

const EVENTS_AT_ONCE: usize = 400;

fn create(name: &str, more: &Value) -> Answer {
    let mut settings = json!({
        "from_address": format!("no-reply@{name}.example.com"),
        "security_recipient": format!("security@{name}.example.com"),
        "sms_origination": "+15555550100",
        "time_zone": "UTC",
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let admin = format!("admin@{name}.example.com");
    let request =
        json!({"action": "create", "tenant": name, "admin_email": admin, "settings": settings});
    aws::invoke("tenants", &request)
}

impl Tenant {
    /// Makes one that nobody else uses, by the function that makes tenants in a real deploy.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self::with(label, &json!({}))
    }

    /// The same with more settings.
    #[must_use]
    pub fn with(label: &str, more: &Value) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("e2e-{label}-{:x}-{count}", nanos / 1000);
        let answer = create(&name, more);
        assert_eq!(answer.header("x-amz-function-error"), "", "{answer}");
        let keys = answer.json();
        let text = |key: &str| keys[key].as_str().unwrap().to_owned();
        assert_eq!(text("tenant"), name);
        Self { name, token: text("token"), write_key: text("write_key") }
    }

    /// One that stays from run to run, because something of the stack is made for it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let answer = create(name, &json!({}));
        let known = Self { name: name.to_owned(), token: String::new(), write_key: String::new() };
        if !answer.header("x-amz-function-error").is_empty() {
            let told = answer.json()["errorMessage"].as_str().unwrap_or_default().to_owned();
            assert!(told.starts_with("conflict"), "{answer}");
            return Self { token: known.token("admin"), ..known };
        }
        let text = |key: &str| answer.json()[key].as_str().unwrap().to_owned();
        Self { token: text("token"), write_key: text("write_key"), ..known }
    }

    /// The security team's address.
    #[must_use]
    pub fn security(&self) -> String {
        format!("security@{}.example.com", self.name)
    }

    /// A new token of a role.
    #[must_use]
    pub fn token(&self, role: &str) -> String {
        let request = json!({"action": "token", "tenant": self.name, "role": role});
        let answer = aws::invoke("tenants", &request);
        assert_eq!(answer.header("x-amz-function-error"), "", "{answer}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// One request with the tenant's write key.
    #[must_use]
    pub fn post(&self, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        post_as(&self.write_key, body, headers)
    }

    /// Sends good events, again while the API asks for it, and fails unless all are accepted.
    pub fn send(&self, events: &[Value]) {
        for chunk in events.chunks(EVENTS_AT_ONCE) {
            let lines: Vec<String> = chunk.iter().map(Value::to_string).collect();
            let taken = until("the API to take events", 60, || {
                let kind = [("content-type", "application/x-ndjson")];
                let answer = self.post(lines.join("\n").as_bytes(), &kind);
                let again = answer.status == 429 || answer.status >= 500;
                if again {
                    std::thread::sleep(Duration::from_secs(1));
                }
                (!again).then_some(answer)
            });
            assert_eq!(taken.status, 202, "{taken}");
            assert_eq!(taken.json(), json!({"accepted": chunk.len(), "quarantined": []}));
        }
    }

    /// A subject's profile as its administrator sees it; `None` when there is none.
    #[must_use]
    pub fn profile(&self, subject: &str) -> Option<Value> {
        let answer = read_profile(&self.token, subject, &[]);
        assert!(matches!(answer.status, 200 | 404), "{answer}");
        (answer.status == 200).then(|| answer.json())
    }

    /// A message as its administrator sees it.
    #[must_use]
    pub fn message(&self, id: &str) -> Value {
        let answer = read_message(&self.token, id);
        assert_eq!(answer.status, 200, "{answer}");
        answer.json()
    }

    /// How many events of a type the profile counts.
    #[must_use]
    pub fn count(&self, subject: &str, kind: &str) -> u64 {
        let profile = self.profile(subject).unwrap_or_default();
        profile["events"][kind]["count"].as_u64().unwrap_or_default()
    }

    /// Waits until the profile counts so many events of a type, and fails when it counts more.
    pub fn wait_for_count(&self, subject: &str, kind: &str, expected: u64) {
        let count = until(&format!("{expected} {kind} of {subject}"), PATIENCE, || {
            Some(self.count(subject, kind)).filter(|count| *count >= expected)
        });
        assert_eq!(count, expected, "{kind} of {subject}");
    }

    /// All that was ever sent for it.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        outbox::of(&self.name)
    }

    /// Waits until so many messages were sent; more are returned, too.
    #[must_use]
    pub fn wait_for_messages(&self, expected: usize) -> Vec<Message> {
        until(&format!("{expected} messages of {}", self.name), PATIENCE, || {
            Some(self.messages()).filter(|messages| messages.len() >= expected)
        })
    }

    /// What is in quarantine, with `payload` as it was.
    #[must_use]
    pub fn quarantined(&self) -> Vec<Value> {
        let items = aws::query("quarantine", &self.name);
        let read = |item: &Value| {
            let mut item = aws::plain(item);
            if let Some(payload) = item["payload"].as_str() {
                item["payload"] = serde_json::from_str(payload).unwrap_or_default();
            }
            item
        };
        items.iter().map(read).collect()
    }

    /// The platform's records of messages, as DynamoDB writes them.
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        aws::scan("engagement", &format!("{}#M#", self.name))
    }
}

/// Events to the API with any credential.
#[must_use]
pub fn post_as(credential: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {credential}");
    let mut all = vec![("authorization", bearer.as_str())];
    all.extend_from_slice(headers);
    http::call("POST", &format!("{}/v1/events", aws::API), &all, body)
}

/// A profile from the API with any credential.
#[must_use]
pub fn read_profile(credential: &str, subject: &str, headers: &[(&str, &str)]) -> Answer {
    read(credential, &format!("profiles/{}", http::segment(subject)), headers)
}

/// A message from the API with any credential.
#[must_use]
pub fn read_message(credential: &str, id: &str) -> Answer {
    read(credential, &format!("messages/{}", http::segment(id)), &[])
}

fn read(credential: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {credential}");
    let mut all = vec![("authorization", bearer.as_str())];
    all.extend_from_slice(headers);
    http::call("GET", &format!("{}/v1/{path}", aws::API), &all, &[])
}
