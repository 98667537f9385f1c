//! What is done beside the way of an event to a message: each goes into the event lake, and SES tells of each email.

use crate::invoke::Invoker;
use crate::platform::Platform;
use crate::printed::Printed;
use crate::run::{QUEUE_BATCH, Run, none_failed, queue_event, stream_event};
use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_aws::dynamodb;
use ceap_engagement::event::Arrived;
use ceap_engagement::history::Row;
use ceap_kernel::{Clock, SystemClock};
use ceap_runtime::reception::Reception;
use ceap_runtime::{Error, drive};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes that Firehose gathers for one invocation (`BufferSizeInMBs` of `infra/lake.yaml`).
const LAKE_BUFFER: usize = 1 << 20;

/// What SES tells of every email: how EventBridge calls it, how SES does, and the part that holds its instant.
const TOLD: [(&str, &str, &str); 2] =
    [("Email Sent", "Send", "send"), ("Email Delivered", "Delivery", "delivery")];

/// Where it is done.
#[derive(Debug)]
pub struct Beside<'a> {
    /// The deployment.
    pub platform: &'a Platform,
    /// What functions print.
    pub printed: &'a Printed,
    /// Functions' memory.
    pub memory: &'a BTreeMap<String, u64>,
    /// Events that all of it is about.
    pub events: u64,
}

impl<'a> Beside<'a> {
    fn invoker(&self) -> Invoker<'a> {
        Invoker::new(&self.platform.aws, self.memory)
    }

    fn run(&self, invoker: Invoker<'_>) -> Result<Run> {
        let log_bytes = self.printed.take()?;
        Ok(Run { events: self.events, bill: invoker.bill, log_bytes, ..Run::default() })
    }

    /// Makes a row of each record of the stream.
    ///
    /// # Errors
    /// When the function fails, or refuses one.
    pub async fn lake(&self, records: &[Vec<u8>]) -> Result<Run> {
        let (mut invoker, mut bytes) = (self.invoker(), 0_u64);
        for records in gathered(records) {
            let event = firehose_event(records);
            let answer = drive::firehose("ingest-lake", &Row::of, &event);
            let (answer, _) = invoker.invoke("ingest-lake", answer).await?;
            all_made(&answer)?;
            for record in records {
                bytes = bytes.saturating_add(u64::try_from(in_lake(record)?)?);
            }
        }
        Ok(Run { lake_bytes: bytes, ..self.run(invoker)? })
    }

    /// Takes what SES tells of each of these; what comes of it goes into the stream, in batches of `batch`.
    ///
    /// # Errors
    /// When a function fails, or not every email is known to have arrived.
    pub async fn receipts(
        &self,
        letters: &[Value],
        batch: usize,
        ingest: &impl AsyncFn(Vec<u8>) -> Result<Vec<u8>, Error>,
    ) -> Result<Run> {
        let Platform { env, config, aws, .. } = self.platform;
        let reception = Reception::new(env, config, &dynamodb::client(config));
        let mut invoker = self.invoker();
        let told = letters.iter().flat_map(|letter| TOLD.map(|kind| told(letter, kind)));
        let messages: Vec<(String, String)> = told.map(|it| (String::new(), it)).collect();
        for messages in messages.chunks(QUEUE_BATCH) {
            let event = queue_event(messages);
            let answer = drive::receipts(&reception, &event);
            none_failed(&invoker.invoke("receipts", answer).await?.0)?;
        }
        let records = aws.take_handed().records;
        ensure!(records.len() == letters.len(), "not every email is known to have arrived");
        for records in records.chunks(batch.max(1)) {
            let answer = ingest(stream_event(records));
            none_failed(&invoker.invoke("ingest-stream", answer).await?.0)?;
        }
        let run = self.run(invoker)?;
        let lake_bytes = self.lake(&records).await?.lake_bytes;
        Ok(Run { queued: u64::try_from(messages.len())?, lake_bytes, ..run })
    }
}

/// Records as Firehose gathers them.
fn gathered(records: &[Vec<u8>]) -> impl Iterator<Item = &[Vec<u8>]> {
    let mut bytes = 0_usize;
    records.chunk_by(move |one, _| {
        bytes = bytes.saturating_add(one.len());
        let more = bytes < LAKE_BUFFER;
        bytes = if more { bytes } else { 0 };
        more
    })
}

/// Firehose bills by what comes in, or by what is made of it where that is more.
fn in_lake(record: &[u8]) -> Result<usize> {
    let arrived: Arrived = serde_json::from_slice(record)?;
    let row = Row::of(&arrived).map_err(|fault| anyhow!("{fault}"))?;
    Ok(serde_json::to_vec(&row)?.len().max(record.len()))
}

/// Records as Firehose brings them (Firehose developer guide, "Required parameters for data transformation").
fn firehose_event(records: &[Vec<u8>]) -> Vec<u8> {
    let record = |(n, data): (usize, &Vec<u8>)| {
        json!({
            "recordId": format!("{n:056}"), "approximateArrivalTimestamp": 1_795_255_200_000_u64,
            "data": STANDARD.encode(data),
        })
    };
    let records: Vec<Value> = records.iter().enumerate().map(record).collect();
    let event = json!({
        "invocationId": "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "region": "us-east-1",
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/lake",
        "sourceKinesisStreamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/events",
        "records": records,
    });
    event.to_string().into_bytes()
}

fn all_made(answer: &[u8]) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer)?;
    let records = answer.get("records").and_then(Value::as_array).context("no records")?;
    let refused = records.iter().find(|it| it.get("result").and_then(Value::as_str) != Some("Ok"));
    match refused {
        Some(record) => Err(anyhow!("the lake refuses {record}")),
        None => Ok(()),
    }
}

/// What SES tells of an email, as EventBridge brings it (SES developer guide, "Monitoring SES events using Amazon
/// EventBridge").
fn told(letter: &Value, (kind, event_type, part): (&str, &str, &str)) -> String {
    let at = SystemClock.now().to_string();
    let mut mail = letter.clone();
    if let Some(mail) = mail.as_object_mut() {
        mail.insert("timestamp".to_owned(), json!(at));
    }
    let detail = json!({"eventType": event_type, "mail": mail, part: {"timestamp": at}});
    let event = json!({
        "version": "0", "id": "15226fe5-c283-a862-e5e5-0a29ad450fd9", "detail-type": kind,
        "source": "aws.ses", "account": "123456789012", "time": at, "region": "us-east-1",
        "resources": ["arn:aws:ses:us-east-1:123456789012:configuration-set/ceap"],
        "detail": detail,
    });
    event.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_yaml_ng::Value as Yaml;
    use std::path::Path;

    #[test]
    fn the_lake_gathers_what_its_template_says() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lake.yaml");
        let template: Yaml =
            serde_yaml_ng::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(gathers(&template), Some(LAKE_BUFFER >> 20));
    }

    /// The megabytes of `BufferSizeInMBs`, wherever it stands.
    fn gathers(value: &Yaml) -> Option<usize> {
        let says = |name: &str| value.get(name).and_then(Yaml::as_str);
        if says("ParameterName") == Some("BufferSizeInMBs") {
            return says("ParameterValue")?.parse().ok();
        }
        match value {
            Yaml::Mapping(fields) => fields.values().find_map(gathers),
            Yaml::Sequence(all) => all.iter().find_map(gathers),
            _ => None,
        }
    }

    #[test]
    fn records_are_gathered_to_a_buffer_and_none_is_left_out() {
        let records = vec![vec![0; LAKE_BUFFER / 2]; 5];
        let sizes: Vec<usize> = gathered(&records).map(<[Vec<u8>]>::len).collect();
        assert_eq!(sizes, [2, 2, 1]);
    }
}
