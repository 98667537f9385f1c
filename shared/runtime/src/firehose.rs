//! Records on their way through Firehose, each made into a row.

use crate::bootstrap::log;
use crate::stage;
use crate::unreadable::unreadable;
use aws_lambda_events::encodings::Base64Data;
use aws_lambda_events::event::firehose::{KinesisFirehoseEvent, KinesisFirehoseEventRecord};
use ceap_kernel::Fault;
use lambda_runtime::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The answer to a batch (Firehose developer guide, "Required parameters for data transformation").
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Each record that came, under its own id.
    pub records: Vec<Made>,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// The id that it came with.
    pub record_id: String,
    /// What Firehose does next.
    pub result: Verdict,
    /// The row as JSON; what came in, if it failed.
    pub data: Base64Data,
}

/// What Firehose does with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Delivers it.
    Ok,
    /// Keeps it under the error prefix, as it came.
    ProcessingFailed,
}

/// Runs `make` for each record. One that it refuses is kept by Firehose and holds up no other.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn serve<I: DeserializeOwned, O: Serialize>(
    name: &'static str,
    make: impl Fn(&I) -> Result<O, Fault>,
) -> Result<(), Error> {
    stage::run(name, async |event: KinesisFirehoseEvent| Ok::<_, Error>(rows(name, &make, event)))
        .await
}

pub(crate) fn rows<I: DeserializeOwned, O: Serialize>(
    name: &str,
    make: &impl Fn(&I) -> Result<O, Fault>,
    event: KinesisFirehoseEvent,
) -> Answer {
    let one = |record: KinesisFirehoseEventRecord| {
        let mut data = record.data;
        let result = match row(make, &data.0) {
            Ok(row) => {
                data.0 = row;
                Verdict::Ok
            }
            Err(fault) => {
                log(name, &fault);
                Verdict::ProcessingFailed
            }
        };
        Made { record_id: record.record_id.unwrap_or_default(), result, data }
    };
    stage::took(event.records.len(), None);
    let records: Vec<Made> = event.records.into_iter().map(one).collect();
    stage::left(records.iter().filter(|it| it.result == Verdict::ProcessingFailed).count());
    Answer { records }
}

fn row<I: DeserializeOwned, O: Serialize>(
    make: &impl Fn(&I) -> Result<O, Fault>,
    bytes: &[u8],
) -> Result<Vec<u8>, Fault> {
    let input = serde_json::from_slice(bytes).map_err(|error| unreadable("record", &error))?;
    serde_json::to_vec(&make(&input)?).map_err(|error| Fault::Internal(error.to_string()))
}
