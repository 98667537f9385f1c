#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

use super::*;
use ceap_engagement::erasure::State;
use ceap_helpdesk::store::Soon;
use ceap_kernel::TenantId;
use ceap_testkit::builders::{fresh_tenant, noon, subject};
use ceap_testkit::{Helpdesk, Strike, World};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const SUBJECT: &str = "ada-lovelace";
const EMAIL: &str = "ada@acme.example";
const GRACE: Duration = Duration::from_secs(3_600);

/// An index that only notes when it is asked for what.
#[derive(Clone)]
struct Noted(World, Arc<Mutex<Vec<(&'static str, Timestamp)>>>);

impl Noted {
    fn note(&self, what: &'static str) {
        self.1.lock().unwrap().push((what, self.0.time()));
    }
}

impl Forgetful for Noted {
    fn rewrite<'a>(&'a self, _: &'a TenantId, _: Duration) -> Soon<'a, Result<bool, Fault>> {
        self.note("rewrite");
        // The first time there is more to do.
        let all = self.1.lock().unwrap().len() > 1;
        Box::pin(async move { Ok(all) })
    }

    fn grace(&self) -> Duration {
        GRACE
    }

    fn collect<'a>(&'a self, _: &'a TenantId) -> Soon<'a, Result<(), Fault>> {
        self.note("collect");
        Box::pin(async { Ok(()) })
    }
}

/// A tenant with a helpdesk, and an erasure that waits for its second pass.
struct Scene {
    world: World,
    desk: Helpdesk,
    noted: Noted,
    erasure: Erasure,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new(noon());
        let (desk, tenant) = (Helpdesk::new(&world), fresh_tenant("erased"));
        let noted = Noted(world.clone(), Arc::default());
        let asked = Erasure::new(&tenant, &subject(SUBJECT), world.time());
        let erasure = world.open(&asked).await.unwrap().erasure;
        Self { world, desk, noted, erasure }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.desk.ask(&self.erasure.tenant, method, path, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    /// Somebody with a ticket; their id.
    async fn known(&self, external_id: Value, email: &str) -> u64 {
        let user = json!({"user": {"name": "A", "email": email, "external_id": external_id}});
        let user = self.ask("POST", "/users", user).await["user"]["id"].clone();
        let ticket = json!({"ticket": {"requester_id": user, "description": "It is broken"}});
        self.ask("POST", "/tickets", ticket).await;
        user.as_u64().unwrap()
    }

    /// The first pass of the rest is over.
    async fn waits(&self, seconds: i64) -> Timestamp {
        let settles = self.world.time() + SignedDuration::from_secs(seconds);
        let known = Known { emails: [EMAIL.to_owned()].into(), ..Known::default() };
        let wait = |it: Erasure| Some(it.knowing(known.clone()).waiting(settles));
        change(&self.world, &self.erasure.tenant, &self.erasure.id, wait).await.unwrap();
        settles
    }

    fn erasing(&self) -> Erasing<World, World> {
        Erasing {
            erasures: self.world.clone(),
            shredder: self.desk.shredder(),
            index: Box::new(self.noted.clone()),
            clock: self.world.clone(),
            budget: Duration::from_secs(300),
        }
    }

    fn task(&self, attempt: u32) -> Step {
        let id = &self.erasure.id;
        let execution = format!("arn:aws:states:::execution:ceap-erasures:{id}-{attempt}");
        Step { execution, input: Which::from(&self.erasure), error: None }
    }

    async fn step(&self) -> Result<Next, Fault> {
        self.erasing().step(&self.task(1)).await
    }

    async fn kept(&self) -> Erasure {
        let kept = self.world.get(&self.erasure.tenant, &self.erasure.id).await;
        kept.unwrap().unwrap().erasure
    }

    /// Items that name them.
    fn named(&self) -> Vec<String> {
        let items = self.desk.dump().into_iter().map(|(_, key, body)| format!("{key} {body}"));
        items.filter(|text| text.contains(SUBJECT) || text.contains(EMAIL)).collect()
    }
}

#[tokio::test]
async fn both_passes_then_the_index_then_nothing() {
    let scene = Scene::new().await;
    let ada = scene.known(json!(SUBJECT), "other@acme.example").await;
    let before = scene.known(Value::Null, EMAIL).await;
    let bob = scene.known(json!("bob"), "bob@acme.example").await;
    assert_eq!(scene.step().await, Ok(Next::nothing()), "nobody knows yet what they are known by");
    assert!(!scene.named().is_empty());
    let settles = scene.waits(450).await;

    assert_eq!(scene.step().await, Ok(Next::at(settles)));
    assert_eq!(scene.named(), Vec::<String>::new());
    let kept = scene.kept().await;
    assert_eq!(kept.course, Course::Records { second: true, place: None });
    assert_eq!(kept.known.people, [ada, before].into());
    let also = [ada, before].map(|id| subject(&format!("user-{id}")));
    assert_eq!(kept.also, also.into(), "as events named them who had no other name");
    assert!(scene.noted.1.lock().unwrap().is_empty());
    // What was on its way comes back.
    let late = scene.known(json!(SUBJECT), EMAIL).await;
    assert_eq!(scene.step().await, Ok(Next::at(settles)), "it is not due");
    scene.world.set_now(settles);

    let Next { settles: due, helpdesk: false } = scene.step().await.unwrap() else {
        panic!("the index takes its time")
    };
    let due = due.unwrap();
    assert!(due > settles + SignedDuration::try_from(GRACE).unwrap());
    assert_eq!(scene.named(), Vec::<String>::new());
    assert!(scene.kept().await.known.people.contains(&late));
    assert_eq!(scene.step().await, Ok(Next::at(due)), "somebody may read it still");
    scene.world.set_now(due);
    assert_eq!(scene.step().await, Ok(Next::nothing()));
    assert_eq!(scene.step().await, Ok(Next::nothing()));
    let noted = scene.noted.1.lock().unwrap().clone();
    assert_eq!(noted, [("rewrite", settles), ("rewrite", settles), ("collect", due)]);
    let kept = scene.kept().await;
    assert_eq!(
        (kept.course, kept.state),
        (Course::Done, State::Waiting),
        "the rest is not its own"
    );
    let path = format!("/users/{bob}/tickets/requested");
    assert_eq!(scene.ask("GET", &path, Value::Null).await["count"], 1);
}

#[tokio::test]
async fn where_there_is_no_helpdesk_nothing_is_waited_for() {
    let scene = Scene::new().await;
    scene.waits(450).await;
    assert_eq!(scene.step().await, Ok(Next::nothing()));
    assert_eq!(scene.kept().await.course, Course::Done);
}

#[tokio::test]
async fn an_execution_that_nobody_waits_for_does_nothing() {
    let scene = Scene::new().await;
    scene.known(json!(SUBJECT), EMAIL).await;
    scene.waits(450).await;
    let before = scene.desk.dump();
    assert_eq!(scene.erasing().step(&scene.task(2)).await, Ok(Next::nothing()));
    assert_eq!(scene.desk.dump(), before);
}

#[tokio::test]
async fn who_works_there_is_told_of() {
    let scene = Scene::new().await;
    let agent = json!({"user": {"name": "A", "email": EMAIL, "role": "agent"}});
    scene.ask("POST", "/users", agent).await;
    scene.waits(450).await;
    let refused = scene.step().await.unwrap_err();
    assert!(matches!(refused, Fault::Invalid { .. }) && !refused.retryable(), "{refused}");
}

/// Whatever the step dies of, wherever, it is done again until it is through.
#[tokio::test]
async fn whatever_dies_at_whatever_call() {
    let run = async |struck: Option<(usize, Strike)>| {
        let scene = Scene::new().await;
        scene.known(json!(SUBJECT), EMAIL).await;
        let mut settles = Some(scene.waits(450).await);
        if let Some((nth, strike)) = struck {
            scene.world.strike(nth, strike);
        }
        let before = scene.world.total_calls();
        while settles.is_some() {
            let next = loop {
                match scene.world.alive(scene.step()).await {
                    Some(Ok(next)) => break next,
                    Some(Err(fault)) => assert!(fault.retryable(), "{struck:?}: {fault}"),
                    None => {}
                }
            };
            settles = next.settles;
            scene.world.set_now(settles.unwrap_or(scene.world.time()));
        }
        let calls = scene.world.total_calls() - before;
        assert_eq!(scene.kept().await.course, Course::Done, "{struck:?}");
        assert_eq!(scene.named(), Vec::<String>::new(), "{struck:?}");
        calls
    };
    let calls = run(None).await;
    assert!(calls > 40, "{calls}");
    for strike in Strike::ALL {
        for nth in 0..calls {
            run(Some((nth, strike))).await;
        }
    }
}
