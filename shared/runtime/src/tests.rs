//! The samples under `events/` against the code that receives them: each is taken, and what one
//! stage returns for its sample is the next one's sample. `CEAP_BLESS=1` writes them anew.

mod kept;

use crate::batch::{Answer, queue_batch, stream_batch};
use crate::task::answer;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use ceap_engagement::audience::Sought;
use ceap_engagement::erasure::work::Step;
use ceap_engagement::event::Arrived;
use ceap_engagement::goal::GoalsReached;
use ceap_engagement::message::Dispatch;
use ceap_engagement::onboarding::Request;
use ceap_engagement::pipeline::convert::convert;
use ceap_engagement::pipeline::fan_out::fan_out;
use ceap_engagement::pipeline::send::{Disposal, Postpone};
use ceap_engagement::pipeline::{filter::filter, score::score, store::store};
use ceap_engagement::run::finish::End;
use ceap_engagement::run::part::Task;
use ceap_engagement::run::plan::{Begin, Cause, Scope};
use ceap_engagement::simulation;
use ceap_engagement::use_case::{Document, catalogue};
use ceap_kernel::{Fault, Metric, Tally};
use ceap_testkit::builders::{catalogue_documents, event, noon, plan, subject, tenant};
use ceap_testkit::{Strike, World};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Mutex;

/// As Lambda's runtime hands it on.
fn raw(payload: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(payload).unwrap()
}

fn path(function: &str, case: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events");
    root.join(function).join(format!("{case}.json"))
}

pub(crate) fn sample(function: &str, case: &str) -> Value {
    let path = path(function, case);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Asserts that the sample says what was seen.
fn says(function: &str, case: &str, seen: &Value) {
    if std::env::var_os("CEAP_BLESS").is_some() {
        let path = path(function, case);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(seen).unwrap())).unwrap();
    }
    assert_eq!(&sample(function, case), seen, "events/{function}/{case}.json");
}

fn world() -> World {
    World::new(noon()).with(&tenant("acme"), plan(&catalogue_documents()))
}

async fn stream(world: &World, case: &str) -> Answer {
    let event: KinesisEvent = serde_json::from_value(sample("ingest-stream", case)).unwrap();
    let stage = async |events: &[Arrived]| world.ingest_once(events).await;
    stream_batch("ingest-stream", world, &stage, event).await
}

/// What was put off, and for how long.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<Vec<(String, u32)>>);

impl Postpone for Queue {
    async fn postpone(&self, receipt: &str, after_s: u32) -> Result<(), Fault> {
        self.0.lock().unwrap().push((receipt.to_owned(), after_s));
        Ok(())
    }
}

#[tokio::test]
async fn a_message_waits_a_moment_here_and_longer_on_its_queue() {
    let event = || serde_json::from_value::<SqsEvent>(sample("deliver-email", "one")).unwrap();
    let calls = Mutex::new(0);
    let queue = Queue::default();
    let moment = async |_: &Dispatch, attempt: u32| {
        assert_eq!(attempt, 1);
        *calls.lock().unwrap() += 1;
        let done = *calls.lock().unwrap() > 2;
        let again = Disposal::Again(Some(0));
        Ok((if done { Disposal::Done } else { again }, Tally::default()))
    };
    assert_eq!(queue_batch("deliver-email", &queue, &moment, event()).await, Answer::default());
    assert_eq!(*calls.lock().unwrap(), 3);
    assert!(queue.0.lock().unwrap().is_empty());
    let long = async |_: &Dispatch, _| Ok((Disposal::Again(Some(60)), Tally::default()));
    let answer = queue_batch("deliver-email", &queue, &long, event()).await;
    assert_eq!(answer.batch_item_failures.len(), 1);
    assert_eq!(queue.0.lock().unwrap().iter().map(|it| it.1).collect::<Vec<_>>(), [60]);
}

/// A queue message as SQS hands it to Lambda.
fn queued(dispatch: &Dispatch) -> Value {
    brought(&format!("deliver-{}", dispatch.channel), dispatch)
}

/// A body that a queue brings.
pub(crate) fn brought(queue: &str, body: &impl serde::Serialize) -> Value {
    json!({"Records": [{
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": serde_json::to_string(body).unwrap(),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795262400000"},
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:eu-central-1:123456789012:ceap-default-{queue}"),
        "awsRegion": "eu-central-1",
    }]})
}

#[tokio::test]
async fn each_stage_returns_the_sample_of_the_next() {
    let world = world();
    assert_eq!(stream(&world, "batch").await, Answer::default());
    let detected = world.stores().bus.pop_front().unwrap();
    says("filter", "batch", &serde_json::to_value(detected).unwrap());
    let filtered = async |input| filter(input, &world, &world, &world, &world, &world).await;
    let output = answer("filter", &filtered, raw(&sample("filter", "batch"))).await.unwrap();
    says("score", "batch", &serde_json::to_value(output).unwrap());
    let scored = async |input| score(input, &world, &world, world.shop(), &world, &world).await;
    let output = answer("score", &scored, raw(&sample("score", "batch"))).await.unwrap();
    says("store", "batch", &serde_json::to_value(output).unwrap());
    let stored = async |input| store(input, &world, &world).await;
    let output = answer("store", &stored, raw(&sample("store", "batch"))).await.unwrap();
    says("deliver", "batch", &serde_json::to_value(output).unwrap());
    let delivered = async |input| world.deliver_stage().run(&input).await;
    answer("deliver", &delivered, raw(&sample("deliver", "batch"))).await.unwrap();
    let queue: Vec<Dispatch> = world.stores().queue.drain(..).collect();
    assert_eq!(queue.len(), 2);
    for dispatch in &queue {
        let function = format!("deliver-{}", dispatch.channel);
        says(&function, "one", &queued(dispatch));
        let event: SqsEvent = serde_json::from_value(sample(&function, "one")).unwrap();
        let sender = world.sender();
        let stage = async |dispatch: &Dispatch, attempt| sender.send(dispatch, attempt).await;
        assert_eq!(
            queue_batch("deliver", &Queue::default(), &stage, event).await,
            Answer::default()
        );
    }
    assert_eq!(world.stores().sent, queue);
}

#[tokio::test]
async fn a_stage_that_cannot_read_its_input_says_where() {
    let world = world();
    let filtered = async |input| filter(input, &world, &world, &world, &world, &world).await;
    let fault =
        answer("filter", &filtered, raw(&json!({"tenant": "Not A Slug"}))).await.unwrap_err();
    assert!(fault.to_string().starts_with("payload: "), "{fault}");
    assert!(!fault.retryable());
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_hold_up_the_others() {
    let world = world();
    assert_eq!(stream(&world, "undecodable").await, Answer::default());
    assert_eq!(world.stores().quarantine.len(), 1);
    assert_eq!(world.stores().series.len(), 1);
}

#[tokio::test]
async fn a_record_that_cannot_be_kept_in_quarantine_comes_again() {
    let world = world();
    world.strike(0, Strike::FailBefore);
    let answer = stream(&world, "undecodable").await;
    let failed = sample("ingest-stream", "undecodable");
    let number = failed["Records"][0]["kinesis"]["sequenceNumber"].as_str().unwrap();
    assert_eq!(answer.batch_item_failures.len(), 1);
    assert_eq!(answer.batch_item_failures[0].item_identifier, number);
}

#[tokio::test]
async fn only_the_subject_that_failed_comes_again() {
    // Whatever call fails, the answer names records of the subjects concerned, and running the
    // batch again completes it.
    let calls = {
        let world = world();
        stream(&world, "batch").await;
        world.total_calls()
    };
    for nth in 0..calls {
        let world = world();
        world.strike(nth, Strike::FailBefore);
        let failures = stream(&world, "batch").await.batch_item_failures;
        assert!(!failures.is_empty(), "call {nth} failed unseen: {:?}", world.struck());
        assert_eq!(stream(&world, "batch").await, Answer::default());
        let signals: usize = world.stores().bus.iter().map(|it| it.signals.len()).sum();
        assert!(signals >= 2, "call {nth} lost a signal");
    }
}

#[tokio::test]
async fn a_repeat_is_ignored() {
    let world = world();
    let event: KinesisEvent = serde_json::from_value(sample("ingest-stream", "duplicate")).unwrap();
    let tally = std::cell::RefCell::new(None);
    let stage = async |events: &[Arrived]| {
        let ingested = world.ingest_once(events).await;
        *tally.borrow_mut() = Some(ingested.tally.clone());
        ingested
    };
    stream_batch("ingest-stream", &world, &stage, event).await;
    let tally = tally.take().unwrap();
    assert_eq!((tally.total(Metric::EventsIngested), tally.total(Metric::EventsDuplicate)), (1, 1));
}

#[tokio::test]
async fn a_queue_message_that_cannot_be_read_stays_on_its_queue() {
    let stage = async |dispatch: &Dispatch, attempt| world().sender().send(dispatch, attempt).await;
    let mut event = sample("deliver-email", "one");
    event["Records"][0]["body"] = json!("{}");
    let event: SqsEvent = serde_json::from_value(event).unwrap();
    assert_eq!(
        queue_batch("deliver-email", &Queue::default(), &stage, event)
            .await
            .batch_item_failures
            .len(),
        1
    );
}

#[tokio::test]
async fn a_thing_is_told_of_to_those_whom_it_concerns() {
    let document = catalogue_documents()[0].replace(
        "trigger:\n",
        "trigger:\n  fan_out: {events: [wished], of: item, is: event.subject, within: 30d}\n",
    );
    let document = document.replace("  delay: 1h\n", "");
    let world = World::new(noon()).with(&tenant("acme"), plan(&[&document]));
    let wished = event("wished", "u1", "w1").data(json!({"item": "item:a"}));
    let cart = event("cart_updated", "item:a", "c1").data(json!({"value": 80}));
    world.ingest(&[wished.of(&tenant("acme")), cart.of(&tenant("acme"))]).await;
    let sought = world.stores().sought.pop_front().unwrap();
    says("fan-out", "one", &brought("fan-out", &sought));
    let event: SqsEvent = serde_json::from_value(sample("fan-out", "one")).unwrap();
    let stage = async |sought: &Sought, _| {
        Ok((Disposal::Done, fan_out(sought, &world, &world, &world, &world).await?))
    };
    assert_eq!(queue_batch("fan-out", &Queue::default(), &stage, event).await, Answer::default());
    assert_eq!(world.stores().bus[0].signals[0].subject, subject("u1"));
}

#[tokio::test]
async fn goals_are_put_down_to_the_candidates_before_them() {
    let mut document = catalogue_documents()[0].to_owned();
    document.push_str("goal: {event: order_completed, of: value, within: 7d}\n");
    let world = World::new(noon()).with(&tenant("acme"), plan(&[&document]));
    let ordered = event("order_completed", "u1", "o1").data(json!({"value": 49.9}));
    world.ingest(&[ordered.of(&tenant("acme"))]).await;
    let reached = world.stores().goals.pop_front().unwrap();
    says("goals", "one", &brought("goals", &reached));
    let event: SqsEvent = serde_json::from_value(sample("goals", "one")).unwrap();
    let stage =
        async |reached: &GoalsReached, _| Ok((Disposal::Done, convert(reached, &world).await?));
    assert_eq!(queue_batch("goals", &Queue::default(), &stage, event).await, Answer::default());
    assert_eq!(world.calls("exposures.exposed"), 1);
}

#[test]
fn what_the_tenants_function_is_asked() {
    for case in [
        "create",
        "token",
        "tokens",
        "revoke",
        "settings",
        "secret",
        "secret-forget",
        "sign-in",
        "sign-in-revoke",
    ] {
        let read = serde_json::from_value::<Request>(sample("tenants", case));
        assert!(read.is_ok(), "{case}: {read:?}");
    }
}

#[tokio::test]
async fn what_a_simulation_is_asked() {
    let body = sample("simulate", "cart")["body"].as_str().unwrap().to_owned();
    let request: simulation::Request = serde_json::from_str(&body).unwrap();
    let world = world();
    let document = Document::parse(catalogue::find("abandoned-cart").unwrap()).unwrap();
    let (tenant, plan) = (tenant("acme"), plan(&catalogue_documents()));
    let said = simulation::simulate(&tenant, &plan, document, &request, &world, world.clone());
    let funnel = said.await.unwrap().funnel;
    assert_eq!((funnel.matched, funnel.stored), (2, 1));
    assert_eq!((funnel.messages["email"], funnel.filtered["ordered_within_the_hour"]), (1, 1));
}

#[tokio::test]
async fn what_the_other_channels_are_asked() {
    for channel in ["webhook", "slack", "push", "web-push", "voice", "whatsapp", "in-app", "ticket"]
    {
        let function = format!("deliver-{channel}");
        let event: SqsEvent = serde_json::from_value(sample(&function, "one")).unwrap();
        let stage = async |dispatch: &Dispatch, _| {
            assert_eq!(dispatch.channel, channel);
            assert!(dispatch.at.is_some());
            Ok((Disposal::Done, Tally::default()))
        };
        assert_eq!(
            queue_batch(&function, &Queue::default(), &stage, event).await,
            Answer::default()
        );
    }
}

/// What the workflow hands to each of its functions, as `infra/statemachines/runs.asl.json` says.
#[test]
fn the_steps_of_a_run_take_their_samples() {
    let begin = |case| serde_json::from_value::<Begin>(sample("plan-run", case)).unwrap();
    assert!(matches!(begin("fired").input, Cause::Fired(_)));
    let Cause::Asked(which) = begin("asked").input else { panic!("a run that was asked for") };
    let task: Task = serde_json::from_value(sample("run-part", "profiles")).unwrap();
    assert_eq!(task.which, which);
    assert!(matches!(task.part.scope, Scope::Profiles { .. }));
    let task: Task = serde_json::from_value(sample("run-part", "history")).unwrap();
    assert_eq!(task.part.scope, Scope::History { parts: 4 });
    let end = |case| serde_json::from_value::<End>(sample("finish-run", case)).unwrap();
    assert_eq!((end("done").input.which(), end("done").error), (which, None));
    assert!(end("failed").error.is_some());
    assert_eq!(end("ended").input.which(), end("done").input.which());
    for case in ["affinity", "backfill", "evaluate", "get", "list", "replay"] {
        let request =
            serde_json::from_value::<lambda_http::request::LambdaRequest>(sample("runs", case));
        assert!(request.is_ok(), "{case}: {request:?}");
    }
}

/// What the workflow hands to its function, as `infra/statemachines/erasures.asl.json` says, and a rule.
#[test]
fn the_step_of_an_erasure_takes_its_samples() {
    let step = |case| serde_json::from_value::<Step>(sample("erase-subject", case)).unwrap();
    let [pass, failed, ended] = ["pass", "failed", "ended"].map(step);
    assert!(pass.error.is_none() && failed.error.is_some() && ended.error.is_some());
    assert!(pass.input == failed.input && pass.input == ended.input);
    let helpdesk = serde_json::from_value::<Step>(sample("helpdesk-erase", "pass")).unwrap();
    assert_eq!(helpdesk, pass);
    for case in ["erase", "get"] {
        let request =
            serde_json::from_value::<lambda_http::request::LambdaRequest>(sample("erasures", case));
        assert!(request.is_ok(), "{case}: {request:?}");
    }
}

#[test]
fn the_lake_gets_rows_and_what_is_none_comes_back_as_failed() {
    let event = serde_json::from_value(sample("ingest-lake", "batch")).unwrap();
    let answer = crate::firehose::rows("ingest-lake", &ceap_engagement::history::Row::of, event);
    says("ingest-lake", "batch.answer", &serde_json::to_value(answer).unwrap());
}
