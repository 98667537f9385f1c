//! Connections, as the gateway's samples tell of them.

use super::{Around, Ears, changes, credential, herald, office_of, told};
use crate::helpdesk::{Herald, Office};
use ceap_helpdesk::presence::{Connections, Posted};
use ceap_helpdesk::routes::{PRESENCE, TICKETS};
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::store::memory::Memory;
use ceap_kernel::Fault;
use ceap_testkit::builders::Hands;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Keeps what is posted.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(String, Value)>>>);

impl Lines {
    fn take(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Connections for Lines {
    fn url(&self) -> &str {
        "wss://live.example/live"
    }

    fn post<'a>(&'a self, line: &'a str, text: &'a str) -> Soon<'a, Result<Posted, Fault>> {
        let told = serde_json::from_str(text).unwrap();
        self.0.lock().unwrap().push((line.to_owned(), told));
        Box::pin(async { Ok(Posted::Sent) })
    }
}

fn sample(name: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/helpdesk-presence");
    serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap())
        .unwrap()
}

/// An office with one ticket, and who is connected to it.
async fn office() -> (Office, Lines, Memory, Hands) {
    let (hands, lines) = (Hands::default(), Lines::default());
    let store = Memory::new(Arc::new(hands.clone()));
    let (office, _): (Office, Around) = office_of(store.clone(), hands.clone());
    let office = Office { connections: Box::new(lines.clone()), ..office };
    let mut open = super::event("POST", "/api/v2/tickets", "", &[]);
    open["body"] = json!(json!({"ticket": {"comment": {"body": "It burns."}}}).to_string());
    assert_eq!(told(&office, &TICKETS, open).await["statusCode"], 201);
    (office, lines, store, hands)
}

async fn handed(office: &Office, event: Value) -> Value {
    office.attended(&PRESENCE, event).await.unwrap()
}

#[tokio::test]
async fn a_session_connects_watches_and_leaves() {
    let (office, lines, store, hands) = office().await;
    let mut begin = sample("session");
    begin["headers"]["authorization"] = json!(format!("Bearer {}", credential().reveal()));
    let begun = handed(&office, begin).await;
    assert_eq!(begun["statusCode"], 201, "{begun}");
    let body: Value = serde_json::from_str(begun["body"].as_str().unwrap()).unwrap();
    let (address, secret) = body["url"].as_str().unwrap().split_once("?session=").unwrap();
    assert_eq!(address, "wss://live.example/live");

    let mut connect = sample("connect");
    assert_eq!(handed(&office, connect.clone()).await, json!({"statusCode": 401}));
    connect["queryStringParameters"]["session"] = json!(secret);
    assert_eq!(handed(&office, connect.clone()).await, json!({"statusCode": 200}));
    assert_eq!(handed(&office, connect).await, json!({"statusCode": 401}), "once");
    assert_eq!(handed(&office, sample("message")).await, json!({"statusCode": 200}));
    let [(line, told)] = &lines.take()[..] else { panic!("one is told") };
    assert_eq!(line, "P4zYgcUZoEcCHyg=");
    assert_eq!(
        (&told["type"], &told["ticket_id"], &told["agents"][0]["state"]),
        (&json!("presence"), &json!(1), &json!("editing"))
    );

    // The stream of the table tells who watches that the ticket was changed.
    let herald = herald((&store, hands), &Ears::default(), &Around::default());
    let herald = Herald { connections: Box::new(lines.clone()), ..herald };
    herald.take(serde_json::from_value(changes(&store)).unwrap()).await;
    let told = lines.take();
    assert!(told.iter().any(|(_, it)| it["type"] == "ticket_updated"), "{told:?}");

    assert_eq!(handed(&office, sample("disconnect")).await, json!({"statusCode": 200}));
    assert_eq!(handed(&office, sample("message")).await, json!({"statusCode": 200}));
    assert_eq!(lines.take(), []);
}

#[tokio::test]
async fn a_token_connects_too_whatever_the_case_of_its_header() {
    let (office, lines, ..) = office().await;
    for (name, status) in [("Authorization", 200), ("AUTHORIZATION", 200), ("X-Other", 401)] {
        let mut connect = sample("connect");
        connect["queryStringParameters"] = Value::Null;
        connect["headers"][name] = json!(format!("Bearer {}", credential().reveal()));
        assert_eq!(handed(&office, connect).await, json!({"statusCode": status}));
    }
    let mut nonsense = sample("message");
    nonsense["body"] = json!("x");
    assert_eq!(handed(&office, nonsense).await, json!({"statusCode": 200}));
    assert_eq!(lines.take()[0].1["code"], "invalid_message");
    assert!(
        office.attended(&PRESENCE, json!({"requestContext": {"connectionId": 1}})).await.is_err()
    );
}
