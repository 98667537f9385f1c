//! Items, read and written the same way everywhere.

use super::Table;
use crate::fault::fault;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::builders::KeysAndAttributesBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, TransactWriteItem, WriteRequest,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use ceap_kernel::{Fault, Timestamp};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::time::Duration;

pub type Item = HashMap<String, AttributeValue>;

/// Keys of one BatchGetItem (DynamoDB API reference).
const BATCH: usize = 100;
const CONCURRENCY: usize = 4;
const ATTEMPTS: u32 = 6;

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn bytes(value: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

pub fn millis(at: Timestamp) -> AttributeValue {
    number(at.as_millisecond())
}

pub fn key(pk: &str, sk: &str) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// Writes a value as JSON text: one attribute, read and written as one.
pub fn json(value: &impl Serialize) -> Result<AttributeValue, Fault> {
    serde_json::to_string(value)
        .map(AttributeValue::S)
        .map_err(|error| Fault::Internal(format!("unwritable item: {error}")))
}

/// Reads a value from JSON text; `None` when there is none.
pub fn from_json<T: DeserializeOwned>(item: &Item, name: &str) -> Result<Option<T>, Fault> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => serde_json::from_str(text)
            .map(Some)
            .map_err(|error| Fault::Internal(format!("unreadable attribute {name}: {error}"))),
        _ => Ok(None),
    }
}

/// The bytes of an attribute; none when it is not there.
pub fn get_bytes<'a>(item: &'a Item, name: &str) -> &'a [u8] {
    item.get(name).and_then(|value| value.as_b().ok()).map(Blob::as_ref).unwrap_or_default()
}

pub fn get_text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

pub fn get_number(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
}

/// Whether a conditional write failed on its condition.
pub fn refused<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// How much is read of items, and how surely.
#[derive(Clone, Copy)]
pub enum Reading {
    /// All of each, as it is now.
    Whole,
    /// Some attributes, as they were a moment ago: for half the price.
    Some(&'static [&'static str]),
}

impl Reading {
    fn ask(self) -> KeysAndAttributesBuilder {
        let Self::Some(fields) = self else {
            return KeysAndAttributes::builder().consistent_read(true);
        };
        let (mut ask, mut names) = (KeysAndAttributes::builder(), Vec::new());
        for (n, field) in fields.iter().enumerate() {
            names.push(format!("#f{n}"));
            ask = ask.expression_attribute_names(format!("#f{n}"), *field);
        }
        ask.projection_expression(names.join(", "))
    }
}

impl Table {
    pub(super) async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, Fault> {
        self.client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key(pk, sk)))
            .consistent_read(true)
            .send()
            .await
            .map(|output| output.item)
            .map_err(|error| fault("GetItem", &error))
    }

    /// Writes all or nothing; false when a condition did not hold.
    ///
    /// # Errors
    /// `Unavailable` when others were in the way, `Throttled`; nothing happened then.
    pub(super) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<bool, Fault> {
        let write = self.client.transact_write_items().set_transact_items(Some(writes));
        let error = match write.send().await {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                let refused = Some("ConditionalCheckFailed");
                if canceled.cancellation_reasons().iter().any(|it| it.code() == refused) {
                    return Ok(false);
                }
                Err(Fault::Unavailable("TransactWriteItems: others were in the way".to_owned()))
            }
            _ => Err(fault("TransactWriteItems", &error)),
        }
    }

    /// Items of one [`Self::put_batch`] (DynamoDB API reference, BatchWriteItem).
    pub(super) const BATCH: usize = 25;

    /// Writes items, each of another key, in place of what was there; not all at once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; some may be written then.
    pub(super) async fn put_batch(&self, items: Vec<Item>) -> Result<(), Fault> {
        let put = |item| PutRequest::builder().set_item(Some(item)).build();
        let writes = items
            .into_iter()
            .map(|item| put(item).map(|put| WriteRequest::builder().put_request(put).build()))
            .collect::<Result<_, _>>()
            .map_err(|error| Fault::Internal(error.to_string()))?;
        self.write_batch(writes).await
    }

    /// Deletes the items of these keys, each another; not all at once. One that is not there is fine.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; some may be deleted then.
    pub(super) async fn delete_batch(&self, keys: Vec<Item>) -> Result<(), Fault> {
        let delete = |key| DeleteRequest::builder().set_key(Some(key)).build();
        let writes = keys
            .into_iter()
            .map(|key| {
                delete(key).map(|delete| WriteRequest::builder().delete_request(delete).build())
            })
            .collect::<Result<_, _>>()
            .map_err(|error| Fault::Internal(error.to_string()))?;
        self.write_batch(writes).await
    }

    async fn write_batch(&self, mut left: Vec<WriteRequest>) -> Result<(), Fault> {
        for attempt in 0..ATTEMPTS {
            if left.is_empty() {
                return Ok(());
            }
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(25_u64.saturating_mul(1 << attempt)))
                    .await;
            }
            let write = self.client.batch_write_item().request_items(&self.name, left);
            let output = write.send().await.map_err(|error| fault("BatchWriteItem", &error))?;
            left = output
                .unprocessed_items
                .and_then(|mut all| all.remove(&self.name))
                .unwrap_or_default();
        }
        if left.is_empty() {
            return Ok(());
        }
        Err(Fault::Throttled("BatchWriteItem: items stayed unprocessed".to_owned()))
    }

    /// Reads items by key, in any order; what does not exist is left out.
    pub(super) async fn get_all(&self, keys: Vec<Item>) -> Result<Vec<Item>, Fault> {
        self.get_as(keys, Reading::Whole).await
    }

    /// Reads items by key, in any order; what does not exist is left out.
    pub(super) async fn get_as(
        &self,
        keys: Vec<Item>,
        reading: Reading,
    ) -> Result<Vec<Item>, Fault> {
        let batches: Vec<Vec<Item>> = keys.chunks(BATCH).map(<[Item]>::to_vec).collect();
        let found: Vec<Vec<Item>> = stream::iter(batches)
            .map(|batch| self.get_batch(batch, reading))
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn get_batch(&self, keys: Vec<Item>, reading: Reading) -> Result<Vec<Item>, Fault> {
        let mut left = Some(keys);
        let mut found = Vec::new();
        for attempt in 0..ATTEMPTS {
            let Some(keys) = left.take().filter(|keys| !keys.is_empty()) else {
                return Ok(found);
            };
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(25_u64.saturating_mul(1 << attempt)))
                    .await;
            }
            let ask = reading
                .ask()
                .set_keys(Some(keys))
                .build()
                .map_err(|error| Fault::Internal(error.to_string()))?;
            let mut output = self
                .client
                .batch_get_item()
                .request_items(&self.name, ask)
                .send()
                .await
                .map_err(|error| fault("BatchGetItem", &error))?;
            found.extend(
                output
                    .responses
                    .as_mut()
                    .and_then(|all| all.remove(&self.name))
                    .unwrap_or_default(),
            );
            left = output
                .unprocessed_keys
                .and_then(|mut all| all.remove(&self.name))
                .map(|ask| ask.keys);
        }
        match left {
            Some(keys) if !keys.is_empty() => {
                Err(Fault::Throttled("BatchGetItem: keys stayed unprocessed".to_owned()))
            }
            _ => Ok(found),
        }
    }
}
