//! An in-app inbox: what is read and clicked there moves its message on, once, whatever fails.

use ceap_engagement::inbox::{
    AllRead, CHANNEL, COUNTED, Desk, Inbox, Mark, Notification, NotificationId, READ_AT_ONCE,
    ReadAll, Unread,
};
use ceap_engagement::message::{Claims, Content, Dispatch, Record, State};
use ceap_engagement::pipeline::aftermath::Follow;
use ceap_engagement::use_case::Purpose;
use ceap_kernel::{Fault, MessageId, Metric, SignedDuration};
use ceap_testkit::builders::{after_noon, noon, subject, tenant};
use ceap_testkit::{Strike, World};

type TestDesk = Desk<World, World, Follow<World, World, World, World, World, World>, World>;

fn desk(world: &World) -> TestDesk {
    Desk {
        inbox: world.clone(),
        receipts: world.clone(),
        aftermath: world.aftermath(),
        clock: world.clone(),
    }
}

fn message(label: &str) -> MessageId {
    MessageId::requested(&tenant("acme"), label)
}

/// Puts what a message of `seconds` after noon says, and has its record.
async fn put(world: &World, label: &str, seconds: i64) -> NotificationId {
    let at = after_noon(seconds);
    let dispatch = Dispatch {
        tenant: tenant("acme"),
        id: message(label),
        use_case: None,
        subject: subject("u1"),
        purpose: Purpose::Transactional,
        channel: CHANNEL.to_owned(),
        from: None,
        to: "inbox".to_owned(),
        others: Vec::new(),
        content: Content { text: label.to_owned(), ..Content::default() },
        unsubscribe: None,
        at: None,
        expires_at: noon() + SignedDuration::from_hours(48),
        trace: None,
    };
    let record = Record {
        id: dispatch.id.clone(),
        use_case: None,
        subject: dispatch.subject.clone(),
        origin: None,
        channel: dispatch.channel.clone(),
        purpose: dispatch.purpose,
        state: State::Queued,
        reason: None,
        gates: Vec::new(),
        provider_id: None,
        request: None,
        history: [("queued".to_owned(), at)].into(),
    };
    world.claim(&tenant("acme"), &record, None, at).await.unwrap();
    let notification = Notification::of(&dispatch, at);
    world.put(&tenant("acme"), &subject("u1"), &notification).await.unwrap();
    notification.id
}

async fn mark(world: &World, id: &NotificationId, mark: Mark) -> Result<Notification, Fault> {
    let marked = desk(world).mark(&tenant("acme"), &subject("u1"), id, mark).await;
    marked.map(|(notification, tally)| {
        world.stores().tally.merge(tally);
        notification
    })
}

fn state(world: &World, label: &str) -> State {
    world.stores().messages[&(tenant("acme"), message(label))].record.state
}

/// The ids of the events that were fed back, each once.
fn told(world: &World) -> Vec<String> {
    let mut ids: Vec<String> = world.stores().stream.iter().map(|it| it.event.id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids
}

#[tokio::test]
async fn the_first_reading_opens_the_message_and_a_click_clicks_it() {
    let world = World::new(noon());
    let (a, b) = (put(&world, "a", -2).await, put(&world, "b", -1).await);
    let read = mark(&world, &a, Mark::Read).await.unwrap();
    assert_eq!((read.read_at, read.clicked_at), (Some(noon()), None));
    assert_eq!((state(&world, "a"), state(&world, "b")), (State::Opened, State::Queued));
    assert_eq!(told(&world), [format!("{}/opened", message("a"))]);
    // Unread and read again: it was opened once.
    assert_eq!(mark(&world, &a, Mark::Unread).await.unwrap().read_at, None);
    world.pass(SignedDuration::from_secs(60));
    assert_eq!(mark(&world, &a, Mark::Read).await.unwrap().opened_at, Some(noon()));
    assert_eq!(world.stores().stream.len(), 1);
    // A click reads, too.
    let clicked = mark(&world, &b, Mark::Click).await.unwrap();
    assert_eq!((clicked.read_at, clicked.clicked_at), (Some(after_noon(60)), Some(after_noon(60))));
    assert_eq!(state(&world, "b"), State::Clicked);
    assert_eq!(world.stores().stream.len(), 3);
    for again in [Mark::Click, Mark::Read, Mark::Dismiss, Mark::Dismiss] {
        mark(&world, &b, again).await.unwrap();
    }
    assert_eq!(world.stores().stream.len(), 3, "nothing follows twice");
    let tally = &world.stores().tally;
    assert_eq!(tally.total(Metric::MessagesOpened), 2);
    assert_eq!(tally.total(Metric::MessagesClicked), 1);
}

#[tokio::test]
async fn what_failed_in_between_is_made_good_when_it_is_asked_again() {
    for strike in Strike::ALL {
        for nth in 0.. {
            let world = World::new(noon());
            let id = put(&world, "a", -1).await;
            world.strike(nth, strike);
            for _ in 0..3 {
                let done = world.alive(mark(&world, &id, Mark::Click)).await;
                world.pass(SignedDuration::from_secs(1));
                if matches!(done, Some(Ok(_))) {
                    break;
                }
            }
            assert_eq!(state(&world, "a"), State::Clicked, "{strike:?} at {nth}");
            assert_eq!(told(&world).len(), 2, "{strike:?} at {nth}");
            if world.struck().is_empty() {
                break;
            }
            let found = desk(&world).unread(&tenant("acme"), &subject("u1")).await.unwrap();
            assert_eq!(found.unread, 0, "{strike:?} at {nth}");
        }
    }
}

#[tokio::test]
async fn all_is_read_up_to_what_was_shown() {
    let world = World::new(noon());
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(put(&world, &format!("m{n}"), n).await);
    }
    mark(&world, &ids[0], Mark::Dismiss).await.unwrap();
    let (tenant, of) = (tenant("acme"), subject("u1"));
    let desk = desk(&world);
    let asked = ReadAll { until: Some(ids[3].clone()) };
    let (done, tally) = desk.read_all(&tenant, &of, &asked).await.unwrap();
    assert_eq!(done, AllRead { read: 3, more: false });
    assert_eq!(tally.total(Metric::MessagesOpened), 3);
    assert_eq!(desk.unread(&tenant, &of).await, Ok(Unread { unread: 1, capped: false }));
    let (done, _) = desk.read_all(&tenant, &of, &ReadAll::default()).await.unwrap();
    assert_eq!(done, AllRead { read: 1, more: false });
    assert_eq!(state(&world, "m0"), State::Queued, "what was dismissed was not read");
    assert_eq!(told(&world).len(), 4);
}

#[tokio::test]
async fn many_are_read_in_parts_and_counted_up_to_a_thousand() {
    let world = World::new(noon());
    let (tenant, of) = (tenant("acme"), subject("u1"));
    for n in 0..=COUNTED {
        put(&world, &format!("m{n}"), i64::try_from(n).unwrap()).await;
    }
    let desk = desk(&world);
    assert_eq!(desk.unread(&tenant, &of).await, Ok(Unread { unread: COUNTED, capped: true }));
    let mut parts = 0;
    loop {
        let (done, _) = desk.read_all(&tenant, &of, &ReadAll::default()).await.unwrap();
        assert!(done.read <= READ_AT_ONCE);
        parts += 1;
        let left = desk.unread(&tenant, &of).await.unwrap();
        assert!(!left.capped);
        if !done.more {
            assert_eq!((left.unread, parts), (0, 11));
            return;
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new(noon());
    let id = put(&world, "a", -1).await;
    let other = NotificationId::of(noon(), &message("nobody"));
    let all = [Mark::Read, Mark::Unread, Mark::Click, Mark::Dismiss];
    for one in all {
        assert!(matches!(mark(&world, &other, one).await, Err(Fault::NotFound(_))), "{one:?}");
        let stranger = desk(&world).mark(&tenant("acme"), &subject("u2"), &id, one).await;
        assert!(matches!(stranger, Err(Fault::NotFound(_))), "{one:?}");
        let abroad = desk(&world).mark(&tenant("globex"), &subject("u1"), &id, one).await;
        assert!(matches!(abroad, Err(Fault::NotFound(_))), "{one:?}");
    }
    mark(&world, &id, Mark::Dismiss).await.unwrap();
    assert!(matches!(mark(&world, &id, Mark::Unread).await, Err(Fault::NotFound(_))));
    assert!(mark(&world, &id, Mark::Click).await.is_ok(), "a click that a dismissal overtook");
    world.pass(SignedDuration::from_hours(48));
    for one in all {
        assert!(matches!(mark(&world, &id, one).await, Err(Fault::NotFound(_))), "{one:?}");
    }
}
