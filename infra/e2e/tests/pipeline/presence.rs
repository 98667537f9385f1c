//! Who else is at a ticket, over the running stack's WebSocket API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_e2e::http::{self, Answer};
use ceap_e2e::socket::Socket;
use ceap_e2e::tenant::Tenant;
use ceap_e2e::{aws, stack};
use serde_json::{Value, json};

/// The header of somebody with this address, by the administrator's token.
fn basic(tenant: &Tenant, email: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{email}/token:{}", tenant.token)))
}

fn post(authorization: &str, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    let url = format!("{}/api/v2/{path}", aws::API);
    http::call(method, &url, &headers, body.to_string().as_bytes())
}

fn made(authorization: &str, path: &str, body: &Value) -> Value {
    let answer = post(authorization, "POST", path, body);
    assert_eq!(answer.status, 201, "{path}: {answer}");
    answer.json()
}

/// The names and states of those who are at a ticket.
fn agents(told: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = told["agents"].as_array().unwrap();
    all.iter().map(|it| (text(&it["name"]), text(&it["state"]))).collect()
}

fn presence(ticket: &Value, count: usize) -> impl Fn(&Value) -> bool {
    move |told| {
        told["type"] == "presence"
            && told["ticket_id"] == *ticket
            && told["agents"].as_array().is_some_and(|it| it.len() == count)
    }
}

#[test]
fn agents_see_each_other_at_a_ticket_and_that_it_was_changed() {
    let Some(_stack) = stack() else { return };
    let tenant = Tenant::new("presence");
    let admin = format!("Bearer {}", tenant.token);
    let ticket =
        made(&admin, "tickets.json", &json!({"ticket": {"comment": {"body": "It burns."}}}));
    let ticket = ticket["ticket"]["id"].clone();
    let address = |name: &str| format!("{name}@{}.example.com", tenant.name);
    for (name, role) in [("ada", "agent"), ("bob", "agent"), ("eve", "end-user")] {
        let user = json!({"name": name, "email": address(name), "role": role, "verified": true});
        made(&admin, "users.json", &json!({"user": user}));
    }
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|name| basic(&tenant, &address(name)));

    // Ada comes as a browser does, by a session that is good for once; Bob shows his token.
    let session = made(&ada, "presence/sessions.json", &Value::Null);
    let url = session["url"].as_str().unwrap();
    let mut hers = Socket::open(url, &[]).expect("a session lets in");
    assert!(Socket::open(url, &[]).is_none(), "a session lets in once");
    let (plain, _) = url.split_once('?').unwrap();
    assert!(Socket::open(plain, &[]).is_none(), "nobody is let in for nothing");
    assert!(Socket::open(plain, &[("authorization", &eve)]).is_none(), "nor an end-user");
    assert_eq!(post(&eve, "POST", "presence/sessions.json", &Value::Null).status, 403);
    let mut his = Socket::open(plain, &[("authorization", &bob)]).expect("a token lets in");

    hers.say(&json!({"action": "watch", "ticket_id": ticket, "state": "viewing"}));
    let told = hers.hear("Ada to see herself", presence(&ticket, 1));
    assert_eq!(agents(&told), [("ada".to_owned(), "viewing".to_owned())]);
    his.say(&json!({"action": "watch", "ticket_id": ticket, "state": "editing"}));
    let told = hers.hear("Ada to see Bob", presence(&ticket, 2));
    let both = [("ada", "viewing"), ("bob", "editing")];
    let mut seen = agents(&told);
    seen.sort();
    assert_eq!(seen, both.map(|(name, state)| (name.to_owned(), state.to_owned())));
    his.hear("Bob to see both", presence(&ticket, 2));

    let edit = json!({"ticket": {"priority": "high"}});
    let changed = post(&bob, "PUT", &format!("tickets/{ticket}.json"), &edit);
    assert_eq!(changed.status, 200, "{changed}");
    let stamp = changed.json()["ticket"]["updated_at"].clone();
    let told = hers.hear("Ada to learn of the change", |told| {
        told["type"] == "ticket_updated" && told["updated_stamp"] == stamp
    });
    assert_eq!(told["ticket_id"], ticket);

    his.say(&json!({"action": "watch", "ticket_id": 999_999, "state": "viewing"}));
    let refused = his.hear("Bob to be refused", |told| told["type"] == "error");
    assert_eq!((&refused["code"], &refused["ticket_id"]), (&json!("not_found"), &json!(999_999)));
    his.say(&json!({"action": "ping"}));
    his.hear("Bob to be answered", |told| told["type"] == "pong");

    his.close();
    let told = hers.hear("Ada to be alone again", presence(&ticket, 1));
    assert_eq!(agents(&told), [("ada".to_owned(), "viewing".to_owned())]);
}
