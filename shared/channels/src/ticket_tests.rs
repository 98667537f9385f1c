use super::*;
use crate::{Channels, server};
use ceap_engagement::message::{Claims, Record, State};
use ceap_engagement::message_log::MessageLog;
use ceap_engagement::pipeline::aftermath::Aftermath;
use ceap_engagement::pipeline::gates::Addresses;
use ceap_engagement::pipeline::send::{Disposal, Sender};
use ceap_kernel::{MessageId, SignedDuration};
use ceap_testkit::builders::{after_noon, noon};
use ceap_testkit::{Helpdesk, Strike, World};
use rstest::rstest;
use serde_json::{Value, json};

const CHANNEL: &str = "ticket";

#[rstest]
#[case(json!({"text": "Hello"}), Ok(()))]
#[case(json!({"text": "", "html": "<p>Hello</p>"}), Ok(()))]
#[case(json!({"text": " "}), Err("text: empty"))]
#[case(json!({"subject": "ü".repeat(150), "text": "x".repeat(65_536)}), Ok(()))]
#[case(json!({"subject": "x".repeat(151), "text": "a"}), Err("subject: "))]
#[case(json!({"text": "x".repeat(65_537)}), Err("text: longer"))]
#[case(json!({"text": "a", "html": "x".repeat(65_537)}), Err("html: longer"))]
#[case(json!({"text": "a", "ticket": {"priority": "high"}}), Ok(()))]
#[case(json!({"text": "a", "ticket": {"priority": "highest"}}), Err("ticket.priority: must be one of"))]
fn limits(#[case] content: Value, #[case] expected: Result<(), &str>) {
    let content: Content = serde_json::from_value(content).unwrap();
    match (Channels.limit(CHANNEL, &content), expected) {
        (Ok(()), Ok(())) => {}
        (Err(said), Err(part)) => assert!(said.starts_with(part), "{said}"),
        (got, _) => panic!("{got:?}"),
    }
}

#[test]
fn everyone_may_have_a_ticket() {
    let subject = SubjectId::new("u1").unwrap();
    assert_eq!(Channels.addresses(CHANNEL, &subject, &Profile::default()), ["u1"]);
    assert!(Channels.reaches(CHANNEL, "u1") && !Channels.reaches(CHANNEL, "a\nb"));
}

#[rstest]
#[case(json!({"name": " Ada Lovelace "}), Some("Ada Lovelace"))]
#[case(json!({"name": "", "first_name": "Ada", "last_name": "Lovelace"}), Some("Ada Lovelace"))]
#[case(json!({"firstName": "Ada"}), Some("Ada"))]
#[case(json!({"name": 7}), None)]
fn names_are_among_traits(#[case] traits: Value, #[case] expected: Option<&str>) {
    let profile: Profile = serde_json::from_value(json!({"traits": traits})).unwrap();
    assert_eq!(name(&profile).as_deref(), expected);
}

/// A world at noon, with a helpdesk.
struct Shop {
    world: World,
    helpdesk: Helpdesk,
}

impl Shop {
    fn new() -> Self {
        let world = World::new(noon());
        let helpdesk = Helpdesk::new(&world);
        Self { world, helpdesk }
    }

    async fn open() -> Self {
        let shop = Self::new();
        shop.get("/groups").await;
        shop
    }

    async fn get(&self, path: &str) -> Value {
        self.helpdesk.get(&server::dispatch(CHANNEL, "customer-1").tenant, path).await
    }

    async fn tickets(&self) -> Vec<Value> {
        self.get("/tickets").await["tickets"].as_array().unwrap().clone()
    }

    /// What was said in a ticket.
    async fn said(&self, ticket: &Value) -> Vec<String> {
        let comments = self.get(&format!("/tickets/{}/comments", ticket["id"])).await;
        let comments = comments["comments"].as_array().unwrap().iter();
        comments.map(|it| it["plain_body"].as_str().unwrap().to_owned()).collect()
    }

    /// A message that is claimed.
    async fn queued(&self, key: &str, content: Value) -> Dispatch {
        let dispatch = server::dispatch(CHANNEL, "customer-1");
        let dispatch = Dispatch {
            id: MessageId::requested(&dispatch.tenant, key),
            content: serde_json::from_value(content).unwrap(),
            expires_at: after_noon(36_000),
            ..dispatch
        };
        let record: Record = serde_json::from_value(json!({
            "id": dispatch.id, "subject": dispatch.subject, "channel": CHANNEL,
            "purpose": dispatch.purpose, "state": "queued", "history": {"queued": after_noon(-60)},
        }))
        .unwrap();
        self.world.claim(&dispatch.tenant, &record, None, self.world.time()).await.unwrap();
        dispatch
    }

    fn sender(&self) -> Sender<World, Tickets<World>, impl Aftermath, World> {
        Sender {
            outbox: self.world.clone(),
            provider: Tickets { counter: self.helpdesk.counter(), subjects: self.world.clone() },
            aftermath: self.world.aftermath(),
            clock: self.world.clone(),
            lease_s: 60,
            limit: None,
        }
    }

    /// Sends a message, and tells what was recorded of it.
    async fn send(&self, key: &str, content: Value) -> Record {
        let dispatch = self.queued(key, content).await;
        drop(self.sender().send(&dispatch, 1).await.unwrap());
        self.world.record(&dispatch.tenant, &dispatch.id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_ticket_is_opened_and_gone_on_with() {
    let shop = Shop::open().await;
    let record = shop.send("1", json!({"subject": "Crash", "text": "It crashed."})).await;
    assert_eq!((record.state, record.provider_id.as_deref()), (State::Delivered, Some("ticket:1")));
    let record = shop.send("2", json!({"subject": "Crash", "text": "Again."})).await;
    assert_eq!((record.state, record.provider_id.as_deref()), (State::Delivered, Some("ticket:1")));
    let tickets = shop.tickets().await;
    assert_eq!((tickets.len(), &tickets[0]["subject"]), (1, &json!("Crash")));
    assert_eq!(shop.said(&tickets[0]).await, ["It crashed.", "Again."]);
    let user = shop.get(&format!("/users/{}", tickets[0]["requester_id"])).await;
    assert_eq!(user["user"]["external_id"], "customer-1");
}

#[tokio::test]
async fn what_the_helpdesk_refuses_fails_and_says_why() {
    let shop = Shop::new();
    let record = shop.send("1", json!({"text": "It crashed."})).await;
    assert_eq!(record.state, State::Failed);
    assert!(record.reason.unwrap().contains("not set up"));
    shop.get("/groups").await;
    let content = json!({"text": "a", "ticket": {"group": "Heroes"}});
    let record = shop.send("2", content).await;
    assert_eq!(record.state, State::Failed);
    assert!(record.reason.unwrap().starts_with("ticket.group: "));
    assert!(shop.tickets().await.is_empty());
}

/// One message that opens a ticket, and one more that goes on with it, whatever call of whatever store fails.
#[tokio::test]
async fn whatever_fails_it_is_there_once() {
    for strike in Strike::ALL {
        for nth in 0.. {
            let shop = Shop::open().await;
            let first = shop.queued("1", json!({"subject": "Crash", "text": "One."})).await;
            let second = shop.queued("2", json!({"subject": "Crash", "text": "Two."})).await;
            shop.world.strike(nth, strike);
            for dispatch in [&first, &second] {
                for attempt in 1..10 {
                    let sender = shop.sender();
                    let sent = shop.world.alive(sender.send(dispatch, attempt)).await;
                    if matches!(sent, Some(Ok((Disposal::Done, _)))) {
                        break;
                    }
                    shop.world.pass(SignedDuration::from_secs(61));
                }
            }
            if shop.world.struck().is_empty() {
                break;
            }
            let tickets = shop.tickets().await;
            assert_eq!(tickets.len(), 1, "{strike:?} at {nth}");
            assert_eq!(shop.said(&tickets[0]).await, ["One.", "Two."], "{strike:?} at {nth}");
            for dispatch in [&first, &second] {
                let record = shop.world.record(&dispatch.tenant, &dispatch.id).await;
                assert_eq!(record.unwrap().unwrap().state, State::Delivered, "{strike:?} at {nth}");
            }
        }
    }
}
