//! Runs of functions, through the doors that Lambda calls them by, over ports in memory: so much goes wrong, so much well.

use crate::batch::{queue_batch, stream_batch};
use crate::http::{Asked, Reply, answered};
use crate::stage;
use crate::tests::{Queue, brought, sample};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_connectors::{Payload, receipts};
use ceap_engagement::event::Arrived;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::accept::accept;
use ceap_engagement::pipeline::send::{Disposal, SendError};
use ceap_testkit::builders::{amended, customer, event, noon, plan, tenant};
use ceap_testkit::{Strike, World};
use serde_json::{Value, json};

/// A message to whoever is offered something.
const OFFER: &str = "{id: offer, version: 1, name: Offer, purpose: marketing,
    trigger: {event: offered}, score: {kind: expression, base: 0.5}, ttl: 24h,
    action: {channel: email, subject: Offer, text: 'Ten percent off'}}";

/// What an SQS queue brings.
fn brings(queue: &str, bodies: &[Value]) -> aws_lambda_events::event::sqs::SqsEvent {
    let records = bodies.iter().enumerate().map(|(n, body)| {
        let mut record = brought(queue, body)["Records"][0].clone();
        record["messageId"] = json!(format!("message-{n}"));
        record
    });
    serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()})).unwrap()
}

/// What a Kinesis stream brings.
fn streams(events: &[Arrived]) -> aws_lambda_events::event::kinesis::KinesisEvent {
    let records = events.iter().enumerate().map(|(n, event)| {
        let mut record = sample("ingest-stream", "batch")["Records"][0].clone();
        record["kinesis"]["sequenceNumber"] = json!(n.to_string());
        record["kinesis"]["data"] = json!(STANDARD.encode(serde_json::to_vec(event).unwrap()));
        record
    });
    serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()})).unwrap()
}

/// Posts these events to `ingest-http`, as it takes them, and tells the answer's status.
async fn post(world: &World, events: &[Value]) -> u64 {
    let mut request = sample("ingest-http", "batch");
    request["body"] = json!(serde_json::to_string(events).unwrap());
    request["isBase64Encoded"] = json!(false);
    let handler = async |asked: &Asked| {
        let payload = Payload {
            content_type: asked.content_type(),
            headers: &asked.headers(),
            body: &asked.body()?,
            source: "cloudevents",
            arrived: noon(),
        };
        let decoded = ceap_connectors::find("cloudevents")?.decode(&payload)?;
        let acme = tenant("acme");
        let origin = asked.origin("ingest-http", &acme);
        let (accepted, tally) = accept(origin, decoded, world, world, world).await?;
        Ok(Reply::json(202, &accepted)?.counted(tally))
    };
    answered(handler, &request).await["statusCode"].as_u64().unwrap()
}

fn cart(n: usize, value: Value) -> ceap_testkit::builders::Fact {
    event("cart_updated", &format!("u{n}"), &format!("cart-{n}")).data(json!({"value": value}))
}

/// Requests: of those that go wrong, the stream does not answer.
pub async fn requests(bad: usize, good: usize) {
    let world = World::new(noon());
    for n in 0..bad + good {
        if n < bad {
            world.strike(0, Strike::FailBefore);
        }
        let status = post(&world, &[cart(n, json!(80)).json()]).await;
        assert_eq!(status, if n < bad { 503 } else { 202 });
    }
}

/// Events of one request: those that go wrong have no type.
pub async fn events(bad: usize, good: usize) {
    let world = World::new(noon());
    let event = |n| {
        let mut event = cart(n, json!(80)).json();
        if n < bad {
            event.as_object_mut().unwrap().remove("type");
        }
        event
    };
    let events: Vec<Value> = (0..bad + good).map(event).collect();
    assert_eq!(post(&world, &events).await, 202);
    assert_eq!(world.stores().quarantine.len(), bad);
}

/// Events that a use case is triggered by: of those that go wrong, its trigger cannot be judged.
pub async fn signals(bad: usize, good: usize) {
    let document = amended("abandoned-cart", "  expects: {value: number}\n", "");
    let acme = tenant("acme");
    let world = World::new(noon()).with(&acme, plan(&[&document]));
    let value = |n| if n < bad { json!("80") } else { json!(80) };
    let events: Vec<Arrived> = (0..bad + good).map(|n| cart(n, value(n)).of(&acme)).collect();
    let stage = async |events: &[Arrived]| world.ingest_once(events).await;
    let answer = stream_batch("ingest-stream", &world, &stage, streams(&events)).await;
    assert!(answer.batch_item_failures.is_empty());
    assert_eq!(world.stores().quarantine.len(), bad);
}

/// A world in which so many messages wait to be sent.
async fn waiting(count: usize) -> (World, Vec<Dispatch>) {
    let acme = tenant("acme");
    let world = World::new(noon()).with(&acme, plan(&[OFFER]));
    let events = (0..count).flat_map(|n| {
        let id = format!("u{n}");
        let offered = event("offered", &id, &format!("offer-{n}"));
        [customer(&id).of(&acme), offered.of(&acme)]
    });
    world.ingest(&events.collect::<Vec<_>>()).await;
    loop {
        let next = world.stores().bus.pop_front();
        let Some(detected) = next else { break };
        world.workflow(detected).await.unwrap();
    }
    let queue: Vec<Dispatch> = world.stores().queue.drain(..).collect();
    assert_eq!(queue.len(), count);
    (world, queue)
}

/// Hands bodies to `deliver-email` by ten, and tells how many have to come again.
async fn deliver(world: &World, bodies: &[Value]) -> usize {
    let sender = world.sender();
    let take = async |dispatch: &Dispatch, attempt: u32| sender.send(dispatch, attempt).await;
    let mut again = 0;
    for batch in bodies.chunks(10) {
        let event = brings("deliver-email", batch);
        let queue = Queue::default();
        let batch = queue_batch("deliver-email", &queue, &take, event);
        let answer = stage::alone("deliver-email", batch).await;
        again += answer.batch_item_failures.len();
    }
    again
}

fn bodies(dispatches: &[Dispatch]) -> Vec<Value> {
    dispatches.iter().map(|it| serde_json::to_value(it).unwrap()).collect()
}

/// Messages of a queue: those that go wrong cannot be read.
pub async fn stages(bad: usize, good: usize) {
    let (world, queue) = waiting(good).await;
    let unreadable = std::iter::repeat_n(json!({}), bad);
    let all: Vec<Value> = unreadable.chain(bodies(&queue)).collect();
    assert_eq!(deliver(&world, &all).await, bad);
}

/// Messages of which the provider refuses those that go wrong.
pub async fn refused(bad: usize, good: usize) {
    let (world, queue) = waiting(bad + good).await;
    let answer = || SendError::Refused("no such mailbox".to_owned());
    world.stores().answers.extend(std::iter::repeat_with(answer).take(bad));
    assert_eq!(deliver(&world, &bodies(&queue)).await, 0);
    assert_eq!(world.sent().len(), good);
}

/// Messages of which nobody knows whether those that go wrong were sent.
pub async fn unknown(bad: usize, good: usize) {
    let (world, queue) = waiting(bad + good).await;
    let answer = || SendError::Unknown("the connection broke".to_owned());
    world.stores().answers.extend(std::iter::repeat_with(answer).take(bad));
    deliver(&world, &bodies(&queue)).await;
    assert_eq!(world.sent().len(), good);
}

/// Messages that were sent, and what SES tells of those that go wrong: the recorded event `case`, of each.
pub async fn told(case: &str, bad: usize, good: usize) {
    let (world, queue) = waiting(bad + good).await;
    assert_eq!(deliver(&world, &bodies(&queue)).await, 0);
    let recorded = sample("receipts", case)["Records"][0]["body"].as_str().unwrap().to_owned();
    let event: Value = serde_json::from_str(&recorded).unwrap();
    let known = event["detail"]["mail"]["tags"]["ceap-message-id"][0].as_str().unwrap();
    let of = |dispatch: &Dispatch| {
        serde_json::from_str(&recorded.replace(known, dispatch.id.as_str())).unwrap()
    };
    let bodies: Vec<Value> = queue.iter().take(bad).map(of).collect();
    let receive = world.receive_stage();
    let stage = async |body: &Value, _: u32| {
        let told = receipts::queue(&body.to_string());
        Ok((Disposal::Done, receive.feed("receipts", None, told, &world).await?))
    };
    let event = brings("receipts", &bodies);
    let answer = queue_batch("receipts", &Queue::default(), &stage, event).await;
    assert!(answer.batch_item_failures.is_empty());
    assert!(world.stores().quarantine.is_empty());
}
