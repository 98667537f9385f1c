//! Reports of tickets: counted as the table's stream tells of them, told over the API, and made anew from the lake.

use super::*;
use crate::helpdesk::{Next, Recount, Recounting, ticket_report};
use ceap_helpdesk::report::served;
use ceap_kernel::{Clock, SignedDuration};

/// A helpdesk, what tells of its changes, and the lake that these lead to.
struct Told {
    office: Office,
    store: Memory,
    herald: Herald<World, World>,
    hands: Hands,
}

impl Told {
    fn new() -> Self {
        let hands = Hands::default();
        let store = Memory::new(Arc::new(hands.clone()));
        let (office, around) = office_of(store.clone(), hands.clone());
        let world = World::new(noon());
        let herald = herald((&store, hands.clone()), &Ears::default(), &around);
        let herald = Herald { stream: world.clone(), quarantine: world, ..herald };
        Self { office, store, herald, hands }
    }

    async fn asked(&self, method: &str, path: &str, body: Value) -> Value {
        let mut event = event(method, &format!("/api/v2{path}"), "", &[]);
        event["body"] = json!(body.to_string());
        told(&self.office, &TICKETS, event).await
    }

    /// The stream tells all that there is, as often as it likes.
    async fn tell(&self) {
        let changes = serde_json::from_value(changes(&self.store)).unwrap();
        assert_eq!(self.herald.take(changes).await, Answer::default());
    }

    async fn total(&self, report: &str) -> Value {
        let now = self.hands.now();
        let told = ticket_report(&self.store, &tenant("acme"), report, &|_| None, now).await;
        serde_json::to_value(told.unwrap()).unwrap()["total"].clone()
    }
}

#[tokio::test]
async fn reports_are_counted_once_however_often_the_stream_tells() {
    let all = Told::new();
    for subject in ["one", "two"] {
        let ticket = json!({"ticket": {"subject": subject, "comment": {"body": "It burns."}}});
        assert_eq!(all.asked("POST", "/tickets", ticket).await["statusCode"], 201);
    }
    all.tell().await;
    all.tell().await;
    let owner =
        all.asked("GET", "/tickets/1", Value::Null).await["body"]["ticket"]["requester_id"].clone();
    let solved = json!({"ticket": {"status": "solved", "assignee_id": owner}});
    assert_eq!(all.asked("PUT", "/tickets/1", solved).await["statusCode"], 200);
    all.tell().await;
    let total = all.total("tickets").await;
    assert_eq!([&total["created"], &total["solved"], &total["unsolved"]], [2, 1, 1]);
    assert_eq!(all.total("agents").await["assigned"], 1);
    let now = all.hands.now();
    let unknown = ticket_report(&all.store, &tenant("acme"), "weather", &|_| None, now).await;
    assert!(matches!(unknown, Err(Fault::NotFound(_))), "{unknown:?}");
    let asked = |name: &str| (name == "by").then(|| "moon".to_owned());
    let wrong = ticket_report(&all.store, &tenant("acme"), "tickets", &asked, now).await;
    assert!(wrong.unwrap_err().to_string().contains("by"));
}

#[tokio::test]
async fn reports_made_anew_from_the_lake_are_the_same() {
    let all = Told::new();
    for n in 0..30 {
        let ticket =
            json!({"ticket": {"subject": "x", "comment": {"body": "x"}, "priority": "normal"}});
        all.asked("POST", "/tickets", ticket).await;
        if n % 3 == 0 {
            let path = format!("/tickets/{}", n + 1);
            all.asked("PUT", &path, json!({"ticket": {"comment": {"body": "y"}}})).await;
        }
        all.tell().await;
    }
    let world = all.herald.stream.clone();
    let months = vec!["2026-11".to_owned()];
    let before = served(&all.store, &tenant("acme"), &months).await.unwrap();
    assert!(!before.is_empty());
    let recounting = Recounting {
        store: Box::new(all.store.clone()),
        lake: world.clone(),
        clock: all.hands.clone(),
        lag: SignedDuration::from_mins(8),
        still_read: SignedDuration::from_secs(90),
    };
    let mut asked: Recount = serde_json::from_value(json!({"tenant": "acme"})).unwrap();
    let mut waits = Vec::new();
    while !asked.done {
        // Each step may be done again, as it is when nobody hears that it was done.
        recounting.step(asked.clone()).await.unwrap();
        asked = recounting.step(asked).await.unwrap();
        waits.extend(asked.settles.map(|it| it.duration_since(all.hands.now()).as_secs()));
        if asked.next == Next::Part(7) {
            // What happens meanwhile is in both.
            let ticket = json!({"ticket": {"subject": "late", "comment": {"body": "x"}}});
            all.asked("POST", "/tickets", ticket).await;
            all.tell().await;
        }
    }
    assert_eq!(waits, [480, 90]);
    assert!(asked.counted >= 30, "{asked:?}");
    assert_eq!(all.total("tickets").await["created"], 31);
    // The one that came meanwhile aside, nothing is another.
    let after = served(&all.store, &tenant("acme"), &months).await.unwrap();
    let created = |cells: &ceap_helpdesk::report::Cells| -> i64 {
        cells.iter().map(|(_, it)| it.get(ceap_helpdesk::report::Figure::Created)).sum()
    };
    assert_eq!((created(&before), created(&after)), (30, 31));
    let replies = |cells: &ceap_helpdesk::report::Cells| -> i64 {
        cells.iter().map(|(_, it)| it.get(ceap_helpdesk::report::Figure::Replies)).sum()
    };
    assert_eq!(replies(&before), replies(&after) - 1);
}
