//! Sources that are asked: nothing is lost and nothing is double, wherever a poll dies and whoever else asks.

use ceap_engagement::source::library::Sources;
use ceap_engagement::source::poll::{
    Next, Page, Poll, PollDesk, Poller, Since, State, Step, Stepped,
};
use ceap_engagement::use_case::ScheduleDocument;
use ceap_kernel::{Fault, SignedDuration, SourceId, TenantId};
use ceap_testkit::builders::{noon, tenant};
use ceap_testkit::{Strike, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Worlds = Poller<World, World, World, World, World, World, World>;
type Desk = PollDesk<World, World, World, World, World, World>;

struct Room {
    world: World,
    shift: SignedDuration,
}

fn source() -> SourceId {
    SourceId::new("orders").unwrap()
}

fn document(more: &Value) -> Value {
    let mut from = json!({"workgroup": "w", "database": "d", "query": "SELECT * FROM t WHERE n >= ?",
        "schedule": {"expression": "rate(1 hour)"}, "watermark": {"field": "n", "as": "number", "initial": "0"},
        "mapping": {"type": "'seen'", "subject": "row.who", "when": "row.n != 5"}});
    from.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"id": "orders", "name": "Orders", "from": {"athena": from}})
}

fn row(n: i64) -> Value {
    json!({"n": n, "who": format!("customer-{}", n % 3)})
}

impl Room {
    async fn new(rows: impl IntoIterator<Item = i64>, page: usize) -> Self {
        let world = World::new(noon());
        world.stores().remote.rows = rows.into_iter().map(row).collect();
        world.stores().remote.page = page;
        let room = Self { world, shift: SignedDuration::from_mins(6) };
        room.put(&json!({}), None).await.unwrap();
        room
    }

    fn desk(&self) -> Desk {
        let world = || self.world.clone();
        PollDesk {
            sources: world(),
            secrets: world(),
            courses: world(),
            schedules: world(),
            workflow: world(),
            clock: world(),
        }
    }

    async fn put(&self, more: &Value, if_match: Option<u64>) -> Result<u64, Fault> {
        let text = document(more).to_string();
        let kept = self.desk().put(&tenant("acme"), &source(), text.as_bytes(), if_match).await;
        kept.map(|stored| stored.version)
    }

    fn poller(&self) -> Worlds {
        let world = || self.world.clone();
        Poller {
            sources: world(),
            courses: world(),
            pages: world(),
            stream: world(),
            quarantine: world(),
            schedules: world(),
            clock: world(),
            shift: self.shift,
        }
    }

    /// What the schedule begins an execution with, at this hour.
    fn fired(&self, hour: i64) -> Value {
        let (schedule, since) =
            self.world.stores().source_schedules[&(tenant("acme"), source())].clone();
        let at = noon() + SignedDuration::from_hours(hour);
        json!({"tenant": "acme", "source": "orders", "schedule": schedule, "since": since, "scheduled_at": at})
    }

    /// Makes a step as often as the workflow would, after a death and after a fault that may pass.
    async fn step(&self, step: &Value) -> Result<Stepped, Fault> {
        loop {
            let step: Step = serde_json::from_value(step.clone()).unwrap();
            let poller = self.poller();
            match self.world.alive(poller.step(&step)).await {
                Some(Ok((stepped, _))) => return Ok(stepped),
                Some(Err(fault)) if !fault.retryable() => return Err(fault),
                _ => {}
            }
        }
    }

    /// Runs an execution to its end; the seconds that it waited.
    async fn run(&self, execution: &str, input: &Value) -> Vec<u32> {
        let step = json!({"step": "poll", "execution": execution, "input": input});
        let mut waited = Vec::new();
        loop {
            match self.step(&step).await.unwrap() {
                Stepped { more: true, wait_s } => {
                    waited.extend(wait_s);
                    self.world.pass(SignedDuration::from_secs(wait_s.unwrap_or_default().into()));
                }
                Stepped { .. } => return waited,
            }
        }
    }

    async fn hour(&self, hour: i64) -> Poll {
        self.run(&format!("arn:{hour}"), &self.fired(hour)).await;
        self.last().await
    }

    async fn last(&self) -> Poll {
        self.polls().await.remove(0)
    }

    async fn polls(&self) -> Vec<Poll> {
        self.desk().polls(&tenant("acme"), &source()).await.unwrap().polls
    }

    /// How often each number is in the stream, under different ids.
    fn seen(&self) -> BTreeMap<i64, usize> {
        let mut ids: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for arrived in &self.world.stores().stream {
            let n = arrived.event.data["n"].as_i64().unwrap();
            let of = ids.entry(n).or_default();
            if !of.contains(&arrived.event.id) {
                of.push(arrived.event.id.clone());
            }
        }
        ids.into_iter().map(|(n, ids)| (n, ids.len())).collect()
    }

    fn assert_all_once(&self, rows: impl IntoIterator<Item = i64>, why: &str) {
        let expected: BTreeMap<i64, usize> =
            rows.into_iter().filter(|n| *n != 5).map(|n| (n, 1)).collect();
        assert_eq!(self.seen(), expected, "{why}");
    }
}

#[tokio::test]
async fn a_poll_reads_all_and_the_next_one_what_is_new() {
    let room = Room::new(0..10, 3).await;
    let poll = room.hour(0).await;
    assert_eq!(
        (poll.state, poll.from.as_deref(), poll.to.as_deref()),
        (State::Done, Some("0"), Some("9"))
    );
    assert_eq!(
        (poll.counts.pages, poll.counts.rows, poll.counts.accepted, poll.counts.left_out),
        (4, 10, 9, 1)
    );
    // One more at the watermark, and newer ones, in no order.
    let more = [json!({"n": 9, "who": "late"}), row(12), row(11)];
    room.world.stores().remote.rows.extend(more);
    let before = room.world.stores().stream.len();
    let poll = room.hour(1).await;
    assert_eq!((poll.counts.rows, poll.counts.repeated, poll.counts.accepted), (4, 1, 3));
    assert_eq!(
        room.world.stores().stream.len(),
        before + 3,
        "what was read at the watermark is not sent again"
    );
    assert_eq!(poll.to.as_deref(), Some("12"));
    let poll = room.hour(2).await;
    assert_eq!((poll.counts.rows, poll.counts.repeated, poll.counts.accepted), (1, 1, 0));
    let read = room.desk().get(&tenant("acme"), &source()).await.unwrap();
    assert_eq!(read.polling.unwrap().watermark.as_deref(), Some("12"));
    assert_eq!(read.problem, None);
}

#[tokio::test]
async fn wherever_it_dies_nothing_is_lost_or_double() {
    let calls = {
        let room = Room::new(0..10, 3).await;
        let before = room.world.total_calls();
        room.run("arn:0", &room.fired(0)).await;
        room.world.total_calls() - before
    };
    assert!(calls >= 15, "{calls}");
    for nth in 0..calls {
        for strike in Strike::ALL {
            let room = Room::new(0..10, 3).await;
            room.world.strike(nth, strike);
            let poll = room.hour(0).await;
            let why = format!("{strike:?} at call {nth}: {:?}", room.world.struck());
            assert_eq!((poll.state, poll.to.as_deref()), (State::Done, Some("9")), "{why}");
            room.assert_all_once(0..10, &why);
            room.world.stores().remote.rows.push(row(10));
            room.hour(1).await;
            room.assert_all_once(0..11, &why);
        }
    }
}

#[tokio::test]
async fn an_execution_that_is_lost_is_followed_by_one_that_goes_on_at_its_page() {
    let room = Room::new(0..10, 3).await;
    // Dies for good after its second page is kept.
    let step: Step = serde_json::from_value(
        json!({"step": "poll", "execution": "arn:lost", "input": room.fired(0)}),
    )
    .unwrap();
    room.world.strike(10, Strike::DieBefore);
    assert!(
        room.world.alive(room.poller().step(&step)).await.is_none(),
        "{:?}",
        room.world.struck()
    );
    let pages = room.world.calls("pages.page");
    let state = room.last().await;
    assert_eq!(state.state, State::Running);
    // Too early: it may live.
    room.run("arn:early", &room.fired(1)).await;
    assert_eq!(room.last().await.state, State::Running);
    room.world.pass(SignedDuration::from_hours(1));
    room.run("arn:next", &room.fired(2)).await;
    let poll = room.last().await;
    assert_eq!((poll.id, poll.state), (state.id, State::Done));
    assert!(room.world.calls("pages.page") - pages < 4, "it did not begin anew");
    room.assert_all_once(0..10, "taken over");
}

#[tokio::test]
async fn two_executions_at_once_read_all_once() {
    for seed in 1..60 {
        let mut room = Room::new(0..20, 2).await;
        room.world = room.world.interleaved(seed);
        let (one, two) = (room.fired(0), room.fired(1));
        futures::join!(room.run("arn:1", &one), room.run("arn:2", &two));
        room.assert_all_once(0..20, &format!("seed {seed}"));
        assert_eq!(room.last().await.to.as_deref(), Some("19"), "seed {seed}");
    }
}

#[tokio::test]
async fn a_step_hands_on_when_its_time_is_up() {
    let mut room = Room::new(0..10, 3).await;
    room.shift = SignedDuration::ZERO;
    let step = json!({"step": "poll", "execution": "arn:0", "input": room.fired(0)});
    assert_eq!(room.step(&step).await, Ok(Stepped { more: true, wait_s: None }));
    room.run("arn:0", &room.fired(0)).await;
    room.assert_all_once(0..10, "in shifts");
    // A step that is made again after the end, too.
    assert_eq!(room.step(&step).await, Ok(Stepped { more: false, wait_s: None }));
    assert_eq!(room.polls().await.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_source_is_its_status_and_the_rest_is_in() {
    let room = Room::new(0..10, 3).await;
    room.world.stores().remote.rows[4] = json!({"n": 4});
    room.world.stores().remote.rows[6] = json!({"n": "six", "who": "ada"});
    let page = |from: i64| {
        let rows = (from..from + 3).map(row).collect();
        Ok(Page { rows, next: Next::Page(json!({"from": from + 3})) })
    };
    let failed = Err(Fault::invalid("query", "Athena: COLUMN_NOT_FOUND"));
    room.world.stores().remote.answers = [page(0), failed].into();
    let poll = room.hour(0).await;
    let error = poll.error.unwrap();
    assert_eq!((poll.state, error.code.as_str()), (State::Failed, "invalid"));
    assert_eq!(error.message, "query: Athena: COLUMN_NOT_FOUND");
    let read = room.desk().get(&tenant("acme"), &source()).await.unwrap();
    assert_eq!(read.problem.unwrap().message, error.message);
    assert_eq!(read.polling.unwrap().watermark, None, "it did not read all");
    room.assert_all_once(0..3, "the first page is in");
    // The next one begins at the watermark; rows that make no event are in quarantine with their reason.
    let poll = room.hour(1).await;
    assert_eq!((poll.state, poll.counts.quarantined), (State::Done, 2));
    room.assert_all_once([0, 1, 2, 3, 7, 8, 9], "all the rest is in");
    let stores = room.world.stores();
    let reasons: Vec<&str> = stores.quarantine.iter().map(|it| it.reason.as_str()).collect();
    assert!(
        reasons.iter().any(|it| it.starts_with("subject: is missing in this row")),
        "{reasons:?}"
    );
    assert!(reasons.contains(&"n: must be a number"), "{reasons:?}");
    assert!(
        stores
            .quarantine
            .iter()
            .all(|it| it.payload["source"] == "orders" && it.stage == "poll-source")
    );
}

#[tokio::test]
async fn a_source_that_wants_to_be_left_alone_is() {
    let room = Room::new(0..4, 3).await;
    let later = |seconds| {
        Ok(Page {
            rows: Vec::new(),
            next: Next::Later { place: None, why: "answered 429".to_owned(), seconds },
        })
    };
    let running = || Ok(Page { rows: Vec::new(), next: Next::Running(json!({"from": 0})) });
    let answers =
        [later(Some(30)), later(None), later(Some(100_000)), running(), running(), running()];
    room.world.stores().remote.answers = answers.into();
    let waited = room.run("arn:0", &room.fired(0)).await;
    assert_eq!(waited, [30, 10, 900, 1, 2, 4]);
    room.assert_all_once(0..4, "after waiting");
    // Not for ever.
    room.world.stores().remote.answers = (0..9).map(|_| later(None)).collect();
    let waited = room.run("arn:1", &room.fired(1)).await;
    assert_eq!(waited.len(), 8);
    let poll = room.last().await;
    assert_eq!((poll.state, poll.error.unwrap().message.as_str()), (State::Failed, "answered 429"));
}

#[tokio::test]
async fn what_passes_lets_the_next_poll_go_on_at_its_page() {
    let room = Room::new(0..10, 3).await;
    let gone = || {
        let place = Some(json!({"from": 3}));
        Ok(Page {
            rows: Vec::new(),
            next: Next::Later { place, why: "answered 503".to_owned(), seconds: None },
        })
    };
    let first = Ok(Page { rows: (0..3).map(row).collect(), next: Next::Page(json!({"from": 3})) });
    room.world.stores().remote.answers =
        std::iter::once(first).chain((0..9).map(|_| gone())).collect();
    assert_eq!(room.hour(0).await.state, State::Failed);
    let poll = room.hour(1).await;
    assert_eq!((poll.state, poll.counts.rows, poll.to.as_deref()), (State::Done, 7, Some("9")));
    room.assert_all_once(0..10, "resumed");
}

#[tokio::test]
async fn an_answer_without_end_is_paused_or_refused() {
    let room = Room::new(0..0, 3).await;
    let same = || Ok(Page { rows: vec![row(1)], next: Next::Page(json!({"from": 7})) });
    room.world.stores().remote.answers = [same(), same()].into();
    let poll = room.hour(0).await;
    let message = poll.error.unwrap().message;
    assert_eq!(message, "pages: the answer names the page that it is on as the next one");
}

#[tokio::test]
async fn a_source_none_of_whose_rows_is_an_event_is_left_alone() {
    let room = Room::new(0..5_000, 500).await;
    for row in &mut room.world.stores().remote.rows {
        row["who"] = Value::Null;
    }
    let poll = room.hour(0).await;
    assert_eq!(poll.state, State::Failed);
    assert!(
        poll.error
            .unwrap()
            .message
            .starts_with("mapping: none of the first rows is an event: subject: ")
    );
    assert!(poll.counts.rows <= 1_500, "{:?}", poll.counts);
}

#[tokio::test]
async fn a_change_of_the_source_ends_the_poll_and_a_change_of_its_watermark_begins_anew() {
    let mut room = Room::new(0..10, 3).await;
    room.shift = SignedDuration::ZERO;
    let input = room.fired(0);
    room.step(&json!({"step": "poll", "execution": "arn:0", "input": input})).await.unwrap();
    room.put(&json!({"database": "other"}), Some(1)).await.unwrap();
    room.run("arn:0", &input).await;
    let poll = room.last().await;
    assert!(poll.error.unwrap().message.starts_with("source: was changed meanwhile"));
    room.hour(1).await;
    room.assert_all_once(0..10, "from the watermark");
    let watermark = json!({"watermark": {"field": "n", "as": "text", "initial": "3"}});
    room.put(&watermark, Some(2)).await.unwrap();
    let poll = room.hour(2).await;
    assert_eq!(poll.from.as_deref(), Some("3"), "the one that is kept was of numbers");
}

#[tokio::test]
async fn it_can_be_asked_for_and_from_where() {
    let room = Room::new(0..10, 3).await;
    let (acme, desk) = (tenant("acme"), room.desk());
    let ask = async |since: Option<&str>, key: &str| {
        desk.ask(&acme, &source(), Since { since: since.map(str::to_owned) }, key).await
    };
    let begun = ask(None, "k").await.unwrap();
    assert_eq!(ask(None, "k").await.unwrap(), begun, "the same key is the same poll");
    assert!(room.world.stores().executions.contains(begun.poll.as_str()));
    room.run("arn:a", &json!({"tenant": "acme", "source": "orders", "poll": begun.poll})).await;
    assert_eq!(room.last().await.id, begun.poll);
    let input = json!({"tenant": "acme", "source": "orders", "poll": ask(Some("7"), "l").await.unwrap().poll, "since": "7"});
    room.run("arn:b", &input).await;
    assert_eq!(room.last().await.counts.rows, 3);
    assert!(matches!(ask(Some("x"), "m").await, Err(Fault::Invalid { .. })));
    let other = SourceId::new("other").unwrap();
    let unknown = desk.ask(&acme, &other, Since::default(), "k").await;
    assert!(matches!(unknown, Err(Fault::NotFound(_))));
}

#[tokio::test]
async fn a_schedule_follows_its_source_wherever_a_change_dies() {
    let key = || (tenant("acme"), source());
    let other = json!({"schedule": {"expression": "rate(2 hours)"}});
    let asked = |room: &Room| {
        room.world.stores().sources[&key()].document.from.polled().unwrap().schedule.cloned()
    };
    let set = |room: &Room| {
        room.world
            .stores()
            .source_schedules
            .get(&key())
            .map(|(it, _): &(ScheduleDocument, _)| it.clone())
    };
    for more in [other, json!({"schedule": null})] {
        for nth in 0..8 {
            for strike in Strike::ALL {
                let room = Room::new(0..3, 3).await;
                room.world.strike(nth, strike);
                let _ = room.world.alive(room.put(&more, Some(1))).await;
                if let Some(wanted) = asked(&room) {
                    assert!(set(&room).is_some(), "{strike:?} at {nth}: {wanted:?} does not fire");
                }
                // One too many is set right when it fires.
                room.world.pass(SignedDuration::from_hours(1));
                if set(&room).is_some() && set(&room) != asked(&room) {
                    room.run("arn:0", &room.fired(1)).await;
                    assert_eq!(set(&room), asked(&room), "{strike:?} at {nth}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_forgotten_is_not_asked_again() {
    let room = Room::new(0..10, 3).await;
    room.hour(0).await;
    let input = room.fired(1);
    room.desk().delete(&tenant("acme"), &source(), None).await.unwrap();
    assert!(
        room.world.stores().source_schedules.is_empty() && room.world.stores().courses.is_empty()
    );
    let pages = room.world.calls("pages.page");
    room.run("arn:1", &input).await;
    assert_eq!(room.world.calls("pages.page"), pages);
    assert_eq!(Sources::get(&room.world, &tenant("acme"), &source()).await, Ok(None));
    let again = room.desk().delete(&tenant("acme"), &source(), None).await;
    assert!(matches!(again, Err(Fault::NotFound(_))));
}

#[tokio::test]
async fn an_execution_that_ends_before_its_poll_says_why() {
    let mut room = Room::new(0..10, 3).await;
    room.shift = SignedDuration::ZERO;
    let input = room.fired(0);
    room.step(&json!({"step": "poll", "execution": "arn:0", "input": input})).await.unwrap();
    let end = |execution: &str| json!({"step": "fail", "execution": execution, "input": input.to_string(), "error": {"Error": "TIMED_OUT"}});
    room.step(&end("arn:other")).await.unwrap();
    assert_eq!(room.last().await.state, State::Running, "another's is not ended");
    room.step(&end("arn:0")).await.unwrap();
    let poll = room.last().await;
    assert_eq!((poll.state, poll.error.unwrap().message.as_str()), (State::Failed, "TIMED_OUT"));
    room.shift = SignedDuration::from_mins(6);
    room.hour(1).await;
    room.assert_all_once(0..10, "the next one goes on");
}

#[test]
fn tenants_do_not_share_polls() {
    let id = |tenant: &TenantId| ceap_kernel::PollId::derive(tenant, &source(), "k");
    assert_ne!(id(&tenant("acme")), id(&tenant("other")));
}
