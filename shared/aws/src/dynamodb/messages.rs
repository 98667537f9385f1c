//! Records of messages: pk `<tenant>#M#<message>`, sk `MESSAGE`. They outlive every candidate, so
//! that a claim holds as long as anything could ask for it again.
//!
//! Three indexes: `by-subject` (`<tenant>#<subject>`, newest last), `by-provider` (the channel and
//! the provider's own id), the one key without a tenant: a receipt that names nothing else has none; and
//! `by-use-case` (`<tenant>#<use case>#<0..15>`, newest last), for reports: its parts are those of the
//! subjects, so that no partition takes all that a busy use case writes, and each subject is in one.

use super::item::{self, Item, get_text, key, number, text};
use super::{Table, caps};
use crate::fault::fault;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use ceap_engagement::message::{CapCheck, Claimed, Claims, Record, State};
use ceap_engagement::message_log::{MessageLog, MessagesOf};
use ceap_engagement::profile_list::shard;
use ceap_kernel::{Fault, MessageId, SubjectId, TenantId, Timestamp, UseCaseId};
use std::collections::HashMap;
use std::time::Duration;

/// Days a record is kept: longer than the longest time to live of a candidate (400).
pub(super) const KEPT_DAYS: i64 = 800;

/// Times a claim is tried while others claim under the same cap.
const ATTEMPTS: usize = 50;

pub(super) const MESSAGE: &str = "MESSAGE";

pub(super) const BY_SUBJECT: &str = "by-subject";
pub(super) const USE_CASE_KEY: &str = "use_case_key";

/// Records of messages, as the gates claim them and as the channels use them.
#[derive(Debug, Clone)]
pub struct Messages(pub(super) Table);

impl Messages {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    pub(super) async fn read(
        &self,
        tenant: &TenantId,
        id: &MessageId,
    ) -> Result<Option<Item>, Fault> {
        self.0.get(&pk(tenant, id), MESSAGE).await
    }

    /// Writes a whole record, if `condition` holds; false when it does not.
    async fn put(
        &self,
        tenant: &TenantId,
        record: &Record,
        now: Timestamp,
        condition: Condition,
    ) -> Result<bool, Fault> {
        let table = &self.0;
        let mut put = table
            .client
            .put_item()
            .table_name(&table.name)
            .set_item(Some(item(tenant, record, now)?))
            .condition_expression(condition);
        if condition == UNSENT {
            // Of two requests under one key, the one that is refused leaves the other alone.
            let asked = record.request.as_deref().unwrap_or_default();
            put = put
                .expression_attribute_names("#state", "state")
                .expression_attribute_names("#request", "request")
                .expression_attribute_values(":queued", text(State::Queued.as_str()))
                .expression_attribute_values(":request", text(asked));
        }
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn standing(&self, tenant: &TenantId, record: &Record) -> Result<Claimed, Fault> {
        let item = self.read(tenant, &record.id).await?.unwrap_or_default();
        if get_text(&item, "request") != record.request.as_deref() {
            return Ok(Claimed::Taken);
        }
        Ok(if get_text(&item, "state") == Some(State::Queued.as_str()) {
            Claimed::Again
        } else {
            Claimed::Settled
        })
    }
}

/// A condition on a whole record.
type Condition = &'static str;

const ABSENT: Condition = "attribute_not_exists(pk)";
const UNSENT: Condition = "attribute_not_exists(pk) OR \
    (#state = :queued AND (attribute_not_exists(#request) OR #request = :request))";

pub(super) fn pk(tenant: &TenantId, id: &MessageId) -> String {
    format!("{tenant}#M#{id}")
}

/// A record as an item: flat, so that conditions can name its state.
fn item(tenant: &TenantId, record: &Record, now: Timestamp) -> Result<Item, Fault> {
    let mut item: Item = serde_dynamo::to_item(record)
        .map_err(|error| Fault::Internal(format!("unwritable record: {error}")))?;
    item.extend(key(&pk(tenant, &record.id), MESSAGE));
    let subject = format!("{tenant}#{}", record.subject);
    item.insert("subject_key".to_owned(), text(subject));
    item.insert("sort_key".to_owned(), text(sort_key(record.began(), &record.id)));
    if let Some(use_case) = &record.use_case {
        let part = use_case_key(tenant, use_case, shard(&record.subject));
        item.insert(USE_CASE_KEY.to_owned(), text(part));
    }
    let gone = now.as_second().saturating_add(KEPT_DAYS.saturating_mul(86_400));
    item.insert("ttl".to_owned(), number(gone));
    Ok(item)
}

/// Where messages of a use case are listed, part by part.
pub(super) fn use_case_key(tenant: &TenantId, use_case: &UseCaseId, part: u8) -> String {
    format!("{tenant}#{use_case}#{part}")
}

/// What messages are listed by: when they began, and which.
pub(super) fn sort_key(began: Timestamp, id: &MessageId) -> String {
    format!("{:015}#{id}", began.as_millisecond())
}

/// The record in an item.
pub(super) fn record(item: Item) -> Result<Record, Fault> {
    serde_dynamo::from_item(item)
        .map_err(|error| Fault::Internal(format!("unreadable record: {error}")))
}

/// Where the record in an item stands.
pub(super) fn state(item: &Item) -> Result<State, Fault> {
    let state = get_text(item, "state").unwrap_or_default();
    serde_json::from_value(state.into())
        .map_err(|error| Fault::Internal(format!("unreadable state: {error}")))
}

impl MessageLog for Messages {
    async fn record(&self, tenant: &TenantId, id: &MessageId) -> Result<Option<Record>, Fault> {
        self.read(tenant, id).await?.map(record).transpose()
    }
}

impl MessagesOf for Messages {
    async fn of(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Record>, Option<String>), Fault> {
        let table = &self.0;
        let mut query = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(BY_SUBJECT)
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .expression_attribute_values(":subject", text(format!("{tenant}#{subject}")));
        query = match cursor {
            Some(cursor) => query
                .key_condition_expression("subject_key = :subject AND sort_key < :cursor")
                .expression_attribute_values(":cursor", text(cursor)),
            None => query.key_condition_expression("subject_key = :subject"),
        };
        let page = query.send().await.map_err(|error| fault("Query", &error))?;
        let found: Vec<Item> = page.items.unwrap_or_default();
        let last = found.last().and_then(|item| get_text(item, "sort_key")).map(str::to_owned);
        let next = last.filter(|_| page.last_evaluated_key.is_some());
        let place = |item: &Item| get_text(item, "pk").unwrap_or_default().to_owned();
        let keys = found.iter().map(|item| key(&place(item), MESSAGE)).collect();
        let mut whole: HashMap<String, Item> =
            table.get_all(keys).await?.into_iter().map(|item| (place(&item), item)).collect();
        let ordered = found.iter().filter_map(|item| whole.remove(&place(item)));
        Ok((ordered.map(record).collect::<Result<_, _>>()?, next))
    }
}

impl Claims for Messages {
    async fn claim(
        &self,
        tenant: &TenantId,
        record: &Record,
        caps: Option<&CapCheck>,
        now: Timestamp,
    ) -> Result<Claimed, Fault> {
        let table = &self.0;
        let Some(check) = caps else {
            return if self.put(tenant, record, now, ABSENT).await? {
                Ok(Claimed::New)
            } else {
                self.standing(tenant, record).await
            };
        };
        for attempt in 0..ATTEMPTS {
            // Who was in another's way lets others go first, each for another while.
            if attempt > 0 {
                let place = record.id.as_str().bytes().last().unwrap_or_default() % 16;
                tokio::time::sleep(Duration::from_millis(u64::from(place))).await;
            }
            if self.read(tenant, &record.id).await?.is_some() {
                return self.standing(tenant, record).await;
            }
            let Some(count) = caps::admit(table, tenant, check, now).await? else {
                return Ok(Claimed::Capped);
            };
            let claim = Put::builder()
                .table_name(&table.name)
                .set_item(Some(item(tenant, record, now)?))
                .condition_expression("attribute_not_exists(pk)")
                .build()
                .map_err(|error| Fault::Internal(error.to_string()))?;
            let both = [claim, count].map(|put| TransactWriteItem::builder().put(put).build());
            let written = table
                .client
                .transact_write_items()
                .set_transact_items(Some(both.to_vec()))
                .send()
                .await;
            match written {
                Ok(_) => return Ok(Claimed::New),
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|it| it.is_transaction_canceled_exception()) => {}
                Err(error) => return Err(fault("TransactWriteItems", &error)),
            }
        }
        Err(Fault::Throttled("too many claims under one cap".to_owned()))
    }

    async fn refuse(&self, tenant: &TenantId, record: &Record) -> Result<bool, Fault> {
        let now = record.history.values().copied().max().unwrap_or_default();
        self.put(tenant, record, now, UNSENT).await
    }
}
