//! Webhooks and Slack: a message goes to the address that the profile holds for its channel, with
//! the tenant's secret, once.

use ceap_e2e::events::customer;
use ceap_e2e::{PATIENCE, Tenant, aws, event, grace, stack, time, until};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came: its path, its headers in lower case, its body.
#[derive(Debug, Clone)]
pub struct Asked {
    path: String,
    headers: Vec<String>,
    pub body: Value,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let line = self.headers.iter().find(|line| line.starts_with(name));
        let line = line.map_or("", String::as_str);
        line.split_once(": ").map_or("", |(_, value)| value)
    }
}

/// A receiver on loopback that takes everything.
pub fn receiver() -> (u16, Arc<Mutex<Vec<Asked>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            kept.lock().unwrap().push(take(&mut stream.unwrap()));
        }
    });
    (port, asked)
}

fn take(stream: &mut TcpStream) -> Asked {
    let mut reader = BufReader::new(&mut *stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let path = lines.remove(0).split(' ').nth(1).unwrap().to_owned();
    let headers: Vec<String> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| format!("{}: {value}", name.to_lowercase()))
        .collect();
    let mut asked = Asked { path, headers, body: Value::Null };
    let mut body = vec![0; asked.header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    asked.body = serde_json::from_slice(&body).unwrap();
    stream
        .write_all(
            b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\n{\"locked\":1}",
        )
        .unwrap();
    asked
}

fn keep(tenant: &Tenant, name: &str, value: &str) {
    let request = json!({"action": "secret", "tenant": tenant.name, "name": name, "value": value});
    let answer = aws::invoke("tenants", &request);
    assert_eq!(answer.header("x-amz-function-error"), "", "{answer}");
    assert_eq!(answer.json(), json!({"tenant": tenant.name, "name": name, "kept": true}));
}

fn use_case(tenant: &Tenant, channel: &str) {
    let document = json!({
        "id": format!("say-{channel}"), "version": 1, "name": "Say", "description": "Says that an order came.",
        "purpose": "transactional",
        "trigger": {"event": "order_placed"},
        "score": {"kind": "expression", "base": 0.5, "terms": []},
        "ttl": "24h",
        "action": {"channel": channel, "text": "{{ event.data.total }} <b>& more</b>"},
    });
    aws::put_item(
        "platform",
        &json!({
            "pk": {"S": tenant.name},
            "sk": {"S": format!("USECASE#say-{channel}")},
            "document": {"S": document.to_string()},
        }),
    );
}

#[test]
fn webhooks_and_slack_get_each_message_once() {
    let Some(_stack) = stack() else { return };
    let (port, asked) = receiver();
    let tenant = Tenant::new("channels");
    keep(&tenant, "webhook_secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    keep(&tenant, "slack_webhook_url", &format!("http://127.0.0.1:{port}/services/T/B/X"));
    use_case(&tenant, "webhook");
    use_case(&tenant, "slack");
    let now = time::now();
    let hook = format!("http://127.0.0.1:{port}/hook");
    let addresses = json!({"addresses": {"webhook": hook, "slack": "U024BE7LH"}});
    tenant.send(&[customer("ada", now - 60, &addresses)]);
    tenant.wait_for_count("ada", "profile_updated", 1);
    tenant.send(&[event("order_placed", "ada", "order-1", now, &json!({"total": 5}))]);
    until("both messages", PATIENCE, || (asked.lock().unwrap().len() >= 2).then_some(()));
    grace();
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    let at = |path: &str| asked.iter().find(|asked| asked.path == path).unwrap();
    let slack = at("/services/T/B/X");
    assert_eq!(slack.body, json!({"text": "5 &lt;b&gt;&amp; more&lt;/b&gt;"}));
    let webhook = at("/hook");
    assert_eq!(webhook.body["data"]["text"], "5 <b>& more</b>");
    assert_eq!(webhook.body["timestamp"], time::rfc3339(now));
    assert!(webhook.header("webhook-signature").starts_with("v1,"));
    let id = webhook.header("webhook-id");
    assert_eq!(webhook.body["data"]["id"], id);
    until("the record", PATIENCE, || (tenant.message(id)["state"] == "delivered").then_some(()));
    // What the team's own system answered is an event of the customer.
    tenant.wait_for_count("ada", "WebhookAnswered.v1", 1);
    assert_eq!(webhook.body["data"]["about"]["event"]["data"]["total"], 5);
}
