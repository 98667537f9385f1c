//! One invocation as Lambda's runtime makes it: an event's JSON in, an answer's JSON out. For measurements, which have no
//! Lambda; what asks the runtime API for the event and gives it the answer is all that is left out.

use crate::helpdesk::Office;
use crate::http::{Call, Reply};
use crate::reception::Reception;
use crate::{batch, firehose, http, stage, task};
use ceap_connectors::receipts;
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::Portion;
use ceap_engagement::pipeline::ingest::Ingested;
use ceap_engagement::pipeline::send::Postpone;
use ceap_engagement::quarantine::Quarantine;
use ceap_helpdesk::routes::Family;
use ceap_kernel::access::Credentials;
use ceap_kernel::{Fault, Tally};
use lambda_http::request::LambdaRequest;
use lambda_runtime::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A batch of a Kinesis stream.
///
/// # Errors
/// When the event is none of Kinesis.
pub async fn kinesis(
    name: &'static str,
    quarantine: &impl Quarantine,
    stage: &impl AsyncFn(&[Arrived]) -> Ingested,
    event: &[u8],
) -> Result<Vec<u8>, Error> {
    let event = serde_json::from_slice(event)?;
    let batch = batch::stream_batch(name, quarantine, stage, event);
    let answer = Box::pin(stage::alone(name, batch)).await;
    Ok(serde_json::to_vec(&answer)?)
}

/// A batch of an SQS queue.
///
/// # Errors
/// When the event is none of SQS.
pub async fn queue<T: DeserializeOwned>(
    name: &'static str,
    postpone: &impl Postpone,
    stage: &impl batch::Taking<T>,
    event: &[u8],
) -> Result<Vec<u8>, Error> {
    let event = serde_json::from_slice(event)?;
    let batch = batch::queue_batch(name, postpone, stage, event);
    let answer = Box::pin(stage::alone(name, batch)).await;
    Ok(serde_json::to_vec(&answer)?)
}

/// A stage of a workflow.
///
/// # Errors
/// As the stage fails.
pub async fn task<I, O>(
    name: &'static str,
    stage: &impl AsyncFn(I) -> Result<(O, Tally), Fault>,
    event: &[u8],
) -> Result<Vec<u8>, Error>
where
    I: DeserializeOwned + Portion,
    O: Serialize + Portion,
{
    let portion = async |input| task::portion(stage, input).await;
    let task = task::answer(name, &portion, serde_json::from_slice(event)?);
    let answer = Box::pin(stage::alone(name, task)).await;
    Ok(serde_json::to_vec(&answer.map_err(|fault| fault.to_string())?)?)
}

/// What providers tell of messages, from its queue.
///
/// # Errors
/// When the event is none of SQS.
pub async fn receipts(reception: &Reception, event: &[u8]) -> Result<Vec<u8>, Error> {
    let name = "receipts";
    let event = reception.event(name, &receipts::queue, serde_json::from_slice(event)?);
    let answer = Box::pin(stage::alone(name, event)).await;
    Ok(serde_json::to_vec(&answer.map_err(|fault| fault.to_string())?)?)
}

/// A batch of Firehose's.
///
/// # Errors
/// When the event is none of Firehose.
pub async fn firehose<I: DeserializeOwned, O: Serialize>(
    name: &'static str,
    make: &impl Fn(&I) -> Result<O, Fault>,
    event: &[u8],
) -> Result<Vec<u8>, Error> {
    let event = serde_json::from_slice(event)?;
    let rows = async { firehose::rows(name, make, event) };
    Ok(serde_json::to_vec(&Box::pin(stage::alone(name, rows)).await)?)
}

/// A request to the HTTP API, as API Gateway writes it.
///
/// # Errors
/// When the event is none of API Gateway.
pub async fn http(
    name: &'static str,
    credentials: &impl Credentials,
    handler: &impl AsyncFn(&Call) -> Result<Reply, Fault>,
    event: &[u8],
) -> Result<Vec<u8>, Error> {
    let request: LambdaRequest = serde_json::from_slice(event)?;
    let response = http::respond(name, credentials, handler, request.into());
    let response = Box::pin(stage::unasked(name, response)).await;
    Ok(serde_json::to_vec(&http::answer(response))?)
}

/// A request to the helpdesk's API, as API Gateway writes it.
///
/// # Errors
/// When the event is none of API Gateway.
pub async fn helpdesk(office: &Office, family: &Family, event: &[u8]) -> Result<Vec<u8>, Error> {
    let answer = office.answer(family, serde_json::from_slice(event)?);
    Ok(serde_json::to_vec(&Box::pin(stage::unasked(family.name, answer)).await)?)
}
