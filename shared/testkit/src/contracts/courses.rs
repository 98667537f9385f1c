//! How far sources were read that are asked.

use crate::builders::{fresh_tenant, noon};
use ceap_engagement::source::poll::{
    Counts, Course, CourseStore, KeptCourse, Open, Order, Poll, Rest, State,
};
use ceap_kernel::{Fault, PollId, SourceId};
use futures::future::join_all;
use serde_json::json;

/// A course is changed by one at a time, comes back as it was kept, and can be forgotten.
pub async fn courses(store: &impl CourseStore) {
    let (mine, yours) = (fresh_tenant("mine"), fresh_tenant("yours"));
    let source = SourceId::new("orders").unwrap();
    assert_eq!(store.get(&mine, &source).await, Ok(None));
    let mut course = Course::new(&mine, &source);
    store.save(&course, 0).await.unwrap();
    assert!(matches!(store.save(&course, 0).await, Err(Fault::Conflict(_))), "there is one");

    let id = PollId::derive(&mine, &source, "1");
    let counts =
        Counts { pages: 2, rows: 5, accepted: 3, quarantined: 1, left_out: 1, repeated: 0 };
    let (from, to) = (Some("1".to_owned()), Some("ü\u{1F600}".to_owned()));
    let poll = Poll {
        id,
        state: State::Running,
        started: noon(),
        finished: None,
        from: from.clone(),
        to: to.clone(),
        counts,
        error: None,
    };
    let at = Rest {
        version: 3,
        place: Some(json!({"cursor": "x", "deep": [{"n": 1.5}], "none": null})),
        from,
        to,
        known: ["a".to_owned()].into(),
        edge: (0..500_u64).map(|n| format!("{n:016x}")).collect(),
    };
    let execution = "arn:1".to_owned();
    let open =
        Open { poll: poll.clone(), execution, at, touched: noon(), looks: 1, waits: 2, steps: 3 };
    course.open = Some(open.clone());
    course.rest = Some(open.at);
    course.of = Some(("n".to_owned(), Order::Number));
    course.ended = vec![poll];
    let saves = (0..5).map(|n| {
        let mut course = course.clone();
        course.watermark = Some(n.to_string());
        async move { store.save(&course, 1).await }
    });
    let saved = join_all(saves).await;
    assert_eq!(saved.iter().filter(|it| it.is_ok()).count(), 1, "{saved:?}");
    assert!(saved.iter().all(|it| matches!(it, Ok(()) | Err(Fault::Conflict(_)))), "{saved:?}");
    let kept = store.get(&mine, &source).await.unwrap().unwrap();
    course.watermark = kept.course.watermark.clone();
    assert_eq!(kept, KeptCourse { course: course.clone(), revision: 2 });
    assert_eq!(store.get(&yours, &source).await, Ok(None), "another tenant's is invisible");

    store.forget(&yours, &source).await.unwrap();
    assert!(store.get(&mine, &source).await.unwrap().is_some());
    store.forget(&mine, &source).await.unwrap();
    assert_eq!(store.get(&mine, &source).await, Ok(None));
    assert!(
        matches!(store.save(&course, 2).await, Err(Fault::Conflict(_))),
        "it is not made again"
    );
    store.forget(&mine, &source).await.unwrap();
}
