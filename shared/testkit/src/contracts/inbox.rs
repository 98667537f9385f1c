//! In-app inboxes.

use crate::builders::{after_noon, fresh_tenant, noon, subject};
use ceap_engagement::inbox::{Inbox, Mark, Notification, NotificationId, Wanted};
use ceap_kernel::{MessageId, SubjectId, TenantId, Timestamp, digest};
use futures::future::join_all;

/// Runs the whole suite.
pub async fn inbox(store: &impl Inbox) {
    a_notification_is_put_once(store).await;
    marks_are_kept(store).await;
    what_is_dismissed_is_gone_and_stays_so(store).await;
    what_is_expired_is_gone(store).await;
    lists_go_on_where_a_page_ends(store).await;
    what_is_unread_is_counted(store).await;
    inboxes_are_apart(store).await;
    of_many_at_once_the_count_is_right(store).await;
}

/// A notification of `seconds` after noon, that expires a day later.
pub(super) fn notification(label: &str, seconds: i64) -> Notification {
    let message = MessageId::new(digest(&["notification", label])).unwrap();
    Notification {
        id: NotificationId::of(after_noon(seconds), &message),
        message,
        use_case: Some(crate::builders::use_case("contract")),
        title: Some("Your cart".to_owned()),
        text: format!("It is waiting: {label}"),
        html: Some("<p>It is waiting.</p>".to_owned()),
        link: Some("https://shop.example.com/cart".to_owned()),
        at: after_noon(seconds),
        opened_at: None,
        read_at: None,
        clicked_at: None,
        dismissed_at: None,
        expires_at: after_noon(seconds + 86_400),
    }
}

fn all(limit: usize) -> Wanted {
    Wanted { unread: false, from: None, limit }
}

fn unread(limit: usize) -> Wanted {
    Wanted { unread: true, ..all(limit) }
}

/// A fresh inbox with these notifications in it.
async fn filled(store: &impl Inbox, of: &[Notification]) -> (TenantId, SubjectId) {
    let owner = (fresh_tenant("inbox"), subject("u#1 ü"));
    for it in of {
        assert_eq!(store.put(&owner.0, &owner.1, it).await, Ok(true));
    }
    owner
}

async fn ids(
    store: &impl Inbox,
    (tenant, of): &(TenantId, SubjectId),
    wanted: &Wanted,
    now: Timestamp,
) -> Vec<NotificationId> {
    let page = store.list(tenant, of, wanted, now).await.unwrap();
    page.notifications.into_iter().map(|it| it.id).collect()
}

async fn a_notification_is_put_once(store: &impl Inbox) {
    let first = notification("m1", 0);
    let owner = filled(store, std::slice::from_ref(&first)).await;
    let (tenant, of) = &owner;
    let later = Notification { text: "another text".to_owned(), ..first.clone() };
    assert_eq!(store.put(tenant, of, &later).await, Ok(false));
    assert_eq!(store.get(tenant, of, &first.id, noon()).await, Ok(Some(first.clone())));
    store.mark(tenant, of, &first.id, Mark::Read, noon()).await.unwrap();
    assert_eq!(store.put(tenant, of, &later).await, Ok(false), "it stays read");
    assert_eq!(store.unread(tenant, of, 10, noon()).await, Ok(0));
    let bare = Notification {
        use_case: None,
        title: None,
        html: None,
        link: None,
        ..notification("m2", 1)
    };
    assert_eq!(store.put(tenant, of, &bare).await, Ok(true));
    assert_eq!(store.get(tenant, of, &bare.id, noon()).await, Ok(Some(bare)));
}

async fn marks_are_kept(store: &impl Inbox) {
    let mut expected = notification("m1", 0);
    let owner = filled(store, std::slice::from_ref(&expected)).await;
    let (tenant, of) = &owner;
    let marks =
        [Mark::Read, Mark::Read, Mark::Unread, Mark::Unread, Mark::Click, Mark::Unread, Mark::Read];
    for (n, mark) in marks.into_iter().enumerate() {
        let now = after_noon(10 + n as i64);
        assert_eq!(store.mark(tenant, of, &expected.id, mark, now).await, Ok(true), "{n}");
        expected.set(mark, now);
        let found = store.get(tenant, of, &expected.id, now).await.unwrap().unwrap();
        assert_eq!(found, expected, "{n}: {mark:?}");
        let count = usize::from(expected.is_unread());
        assert_eq!(store.unread(tenant, of, 10, now).await, Ok(count), "{n}: {mark:?}");
        assert_eq!(ids(store, &owner, &unread(10), now).await.len(), count, "{n}: {mark:?}");
        assert_eq!(ids(store, &owner, &all(10), now).await.len(), 1, "{n}: {mark:?}");
    }
    assert_eq!(expected.opened_at, Some(after_noon(10)), "the first reading stays");
    for mark in [Mark::Read, Mark::Unread, Mark::Click, Mark::Dismiss] {
        let nobody = notification("nobody", 0).id;
        assert_eq!(store.mark(tenant, of, &nobody, mark, noon()).await, Ok(false));
        assert_eq!(store.get(tenant, of, &nobody, noon()).await, Ok(None), "{mark:?} made one");
    }
    assert_eq!(store.unread(tenant, of, 10, noon()).await, Ok(0), "a mark made a marker");
}

async fn what_is_dismissed_is_gone_and_stays_so(store: &impl Inbox) {
    let first = notification("m1", 0);
    let owner = filled(store, &[first.clone(), notification("m2", 1)]).await;
    let (tenant, of) = &owner;
    for _ in 0..2 {
        assert_eq!(store.mark(tenant, of, &first.id, Mark::Dismiss, noon()).await, Ok(true));
    }
    assert_eq!(ids(store, &owner, &all(10), noon()).await.len(), 1);
    assert_eq!(ids(store, &owner, &unread(10), noon()).await.len(), 1);
    assert_eq!(store.put(tenant, of, &first).await, Ok(false), "delivered again");
    store.mark(tenant, of, &first.id, Mark::Unread, noon()).await.unwrap();
    assert_eq!(store.unread(tenant, of, 10, noon()).await, Ok(1));
    let found = store.get(tenant, of, &first.id, noon()).await.unwrap().unwrap();
    assert_eq!((found.dismissed_at, found.text.as_str()), (Some(noon()), ""));
    assert_eq!((found.title, found.html, found.link), (None, None, None));
    // A click that a dismissal overtook.
    assert_eq!(store.mark(tenant, of, &first.id, Mark::Click, noon()).await, Ok(true));
    let found = store.get(tenant, of, &first.id, noon()).await.unwrap().unwrap();
    assert_eq!((found.clicked_at, found.dismissed_at), (Some(noon()), Some(noon())));
    assert_eq!(store.unread(tenant, of, 10, noon()).await, Ok(1));
}

async fn what_is_expired_is_gone(store: &impl Inbox) {
    let (short, long) = (notification("short", 0), notification("long", 1));
    let short = Notification { expires_at: after_noon(60), ..short };
    let owner = filled(store, &[short.clone(), long.clone()]).await;
    let (tenant, of) = &owner;
    for (now, left) in [(after_noon(59), 2), (after_noon(60), 1)] {
        assert_eq!(ids(store, &owner, &all(10), now).await.len(), left);
        assert_eq!(ids(store, &owner, &unread(10), now).await.len(), left);
        assert_eq!(store.unread(tenant, of, 10, now).await, Ok(left));
        assert_eq!(store.get(tenant, of, &short.id, now).await.unwrap().is_some(), left == 2);
    }
    for mark in [Mark::Read, Mark::Unread, Mark::Click, Mark::Dismiss] {
        assert_eq!(store.mark(tenant, of, &short.id, mark, after_noon(60)).await, Ok(false));
    }
}

async fn lists_go_on_where_a_page_ends(store: &impl Inbox) {
    let of: Vec<Notification> = (0..70).map(|n| notification(&format!("m{n}"), n)).collect();
    let owner = filled(store, &of).await;
    let (tenant, whose) = &owner;
    // All but a few of the newer ones are dismissed, so that pages must look further.
    let stays = |n: usize| n.is_multiple_of(20) || n < 10;
    for (n, it) in of.iter().enumerate() {
        if !stays(n) {
            store.mark(tenant, whose, &it.id, Mark::Dismiss, noon()).await.unwrap();
        } else if n.is_multiple_of(2) {
            store.mark(tenant, whose, &it.id, Mark::Read, noon()).await.unwrap();
        }
    }
    let left = |unread: bool| -> Vec<NotificationId> {
        let of = of.iter().enumerate().rev();
        of.filter(|(n, _)| stays(*n) && !(unread && n.is_multiple_of(2)))
            .map(|(_, it)| it.id.clone())
            .collect()
    };
    for unread in [false, true] {
        for limit in [1, 2, 5, 100] {
            let (mut seen, mut wanted) = (Vec::new(), Wanted { unread, from: None, limit });
            loop {
                let page = store.list(tenant, whose, &wanted, noon()).await.unwrap();
                assert!(!page.notifications.is_empty() && page.notifications.len() <= limit);
                seen.extend(page.notifications.into_iter().map(|it| it.id));
                wanted.from = page.next;
                if wanted.from.is_none() {
                    break;
                }
            }
            assert_eq!(seen, left(unread), "unread {unread}, {limit} a page");
        }
    }
    // From where none is any more, and from before the first.
    let from = |seconds| Wanted { from: Some(notification("x", seconds).id), ..all(100) };
    assert_eq!(ids(store, &owner, &from(15), noon()).await.len(), 10);
    assert!(ids(store, &owner, &from(-1), noon()).await.is_empty());
}

async fn what_is_unread_is_counted(store: &impl Inbox) {
    let of: Vec<Notification> = (0..8).map(|n| notification(&format!("m{n}"), n)).collect();
    let (tenant, whose) = filled(store, &of).await;
    let count = async |most| store.unread(&tenant, &whose, most, noon()).await.unwrap();
    assert_eq!((count(100).await, count(8).await, count(7).await, count(3).await), (8, 8, 8, 4));
    assert_eq!(store.unread(&tenant, &subject("nobody"), 10, noon()).await, Ok(0));
}

async fn inboxes_are_apart(store: &impl Inbox) {
    let (mine, yours) = (notification("mine", 0), notification("yours", 1));
    let owner = filled(store, std::slice::from_ref(&mine)).await;
    let other = filled(store, std::slice::from_ref(&yours)).await;
    let stranger = subject("u#1");
    assert_eq!(ids(store, &owner, &all(10), noon()).await, std::slice::from_ref(&mine.id));
    for (tenant, of) in [(&owner.0, &stranger), (&other.0, &other.1)] {
        assert_eq!(store.get(tenant, of, &mine.id, noon()).await, Ok(None));
        assert_eq!(store.mark(tenant, of, &mine.id, Mark::Dismiss, noon()).await, Ok(false));
    }
    assert_eq!(store.unread(&owner.0, &owner.1, 10, noon()).await, Ok(1));
}

async fn of_many_at_once_the_count_is_right(store: &impl Inbox) {
    let one = notification("m1", 0);
    let (tenant, of) = (fresh_tenant("many"), subject("u1"));
    let put = join_all((0..5).map(|_| store.put(&tenant, &of, &one))).await;
    assert_eq!(put.into_iter().filter(|it| *it == Ok(true)).count(), 1);
    let marks = [Mark::Read, Mark::Unread, Mark::Click, Mark::Unread];
    let done = marks.map(|mark| store.mark(&tenant, &of, &one.id, mark, noon()));
    assert!(join_all(done).await.into_iter().all(|it| it == Ok(true)));
    let found = store.get(&tenant, &of, &one.id, noon()).await.unwrap().unwrap();
    let count = usize::from(found.is_unread());
    assert_eq!(store.unread(&tenant, &of, 10, noon()).await, Ok(count));
}
