//! Suppression lists, as the gates ask them and as the API keeps them.

use crate::builders::{after_noon, fresh_tenant, noon};
use ceap_engagement::message::{Recipient, Suppressions};
use ceap_engagement::suppression::{Entry, Reason, SuppressionKeeper};

/// Runs the whole suite.
pub async fn suppressions(list: &(impl Suppressions + SuppressionKeeper)) {
    answers_stand_in_their_places(list).await;
    the_strictest_reason_is_told(list).await;
    what_is_registered_again_is_not_gone(list).await;
    lists_go_on_where_a_page_ends(list).await;
}

fn entry(channel: &str, address: &str, reason: Reason) -> Entry {
    let (channel, address) = (channel.to_owned(), address.to_owned());
    Entry { channel, address, reason, at: noon(), note: None }
}

fn recipient(channel: &str, address: &str) -> Recipient {
    let (channel, address) = (channel.to_owned(), address.to_owned());
    Recipient { channel, address, registered: None }
}

async fn what_is_registered_again_is_not_gone(list: &(impl Suppressions + SuppressionKeeper)) {
    let tenant = fresh_tenant("gone");
    let gone = |seconds| Entry { at: after_noon(seconds), ..entry("push", "fcm:1", Reason::Gone) };
    let told = async |registered: Option<i64>| {
        let registered = registered.map(after_noon);
        let of = Recipient { registered, ..recipient("push", "fcm:1") };
        list.suppressed(&tenant, &[of]).await.unwrap()[0]
    };
    list.add(&tenant, &[gone(0)]).await.unwrap();
    assert_eq!(told(None).await, Some(Reason::Gone));
    assert_eq!(told(Some(-1)).await, Some(Reason::Gone));
    assert_eq!(told(Some(60)).await, None);
    list.add(&tenant, &[gone(90)]).await.unwrap();
    assert_eq!(told(Some(60)).await, Some(Reason::Gone), "it is gone again");
    list.add(&tenant, &[entry("push", "fcm:1", Reason::Manual)]).await.unwrap();
    assert_eq!(told(Some(120)).await, Some(Reason::Manual));
}

async fn answers_stand_in_their_places(list: &(impl Suppressions + SuppressionKeeper)) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let entries =
        [entry("email", "a@b.ch", Reason::Bounce), entry("sms", "+41790000000", Reason::Stop)];
    list.add(&mine, &entries).await.unwrap();
    let asked = [
        ("email", "c@d.ch"),
        ("email", "a@b.ch"),
        ("sms", "a@b.ch"),
        ("sms", "+41790000000"),
        ("email", "a@b.ch"),
        ("email", ""),
    ]
    .map(|(channel, address)| recipient(channel, address));
    let answer = list.suppressed(&mine, &asked).await.unwrap();
    let (bounce, stop) = (Some(Reason::Bounce), Some(Reason::Stop));
    assert_eq!(answer, [None, bounce, None, stop, bounce, None]);
    assert_eq!(list.suppressed(&yours, &asked).await.unwrap(), [None; 6]);
    assert!(list.suppressed(&mine, &[]).await.unwrap().is_empty());

    let many: Vec<Recipient> = (0..150)
        .map(|n| recipient("email", &format!("u{n}@b.ch")))
        .chain([recipient("email", "a@b.ch")])
        .collect();
    let answer = list.suppressed(&mine, &many).await.unwrap();
    assert_eq!(answer.iter().flatten().count(), 1);
    assert_eq!(answer.last(), Some(&bounce));
}

async fn the_strictest_reason_is_told(list: &(impl Suppressions + SuppressionKeeper)) {
    let tenant = fresh_tenant("strict");
    let of = recipient("email", "a@b.ch");
    let told = async || list.suppressed(&tenant, std::slice::from_ref(&of)).await.unwrap()[0];
    list.add(&tenant, &[entry("email", "a@b.ch", Reason::Unsubscribe)]).await.unwrap();
    assert_eq!(told().await, Some(Reason::Unsubscribe));
    list.add(&tenant, &[entry("email", "a@b.ch", Reason::Bounce)]).await.unwrap();
    let later = Entry { at: after_noon(60), ..entry("email", "a@b.ch", Reason::Bounce) };
    list.add(&tenant, &[later]).await.unwrap();
    assert_eq!(told().await, Some(Reason::Bounce));
    let page = list.list(&tenant, "email", None, 10).await.unwrap();
    assert_eq!(page.entries.len(), 2);
    assert!(page.entries.iter().all(|it| it.at == noon()), "the first instant stays");
    assert_eq!(list.entries(&tenant, "email", "a@b.ch").await.unwrap(), page.entries);
    for (channel, address) in [("email", "c@d.ch"), ("sms", "a@b.ch"), ("email", "")] {
        assert!(list.entries(&tenant, channel, address).await.unwrap().is_empty());
    }
    let remove = async |reason| list.remove(&tenant, "email", "a@b.ch", reason).await.unwrap();
    assert!(remove(Some(Reason::Bounce)).await);
    assert!(!remove(Some(Reason::Bounce)).await);
    assert_eq!(told().await, Some(Reason::Unsubscribe));
    assert!(remove(None).await);
    assert_eq!(told().await, None);
    assert!(!remove(None).await);
}

async fn lists_go_on_where_a_page_ends(list: &(impl Suppressions + SuppressionKeeper)) {
    let tenant = fresh_tenant("pages");
    let all: Vec<Entry> =
        (0..45).map(|n| entry("email", &format!("u{n:02}@b.ch"), Reason::Manual)).collect();
    list.add(&tenant, &all).await.unwrap();
    let (mut seen, mut from) = (Vec::new(), None);
    loop {
        let page = list.list(&tenant, "email", from.as_deref(), 20).await.unwrap();
        seen.extend(page.entries);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(seen, all);
}
