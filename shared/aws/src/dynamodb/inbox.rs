//! In-app inboxes: pk `<tenant>#INBOX#<subject>`, sk the notification's id, which sorts by time.
//!
//! Beside each unread notification stands a marker, pk `<tenant>#UNREAD#<subject>`, sk the same id,
//! which goes with it in one transaction: so what is unread is counted and listed without reading
//! what is not, texts included.

use super::Table;
use super::item::{Item, get_text, key, millis, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Select, TransactWriteItem, Update};
use ceap_engagement::inbox::{Inbox, Mark, Notification, NotificationId, Page, Wanted};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};
use std::collections::HashMap;
use std::time::Duration;

/// Times a transaction is tried while others write the same notification.
const ATTEMPTS: u32 = 6;

/// Items beyond those wanted that a page of a list looks at, for the dismissed ones among them.
const SPARE: usize = 30;

/// Items that one query counts.
const COUNT_AT_ONCE: i32 = 2000;

/// In-app inboxes.
#[derive(Debug, Clone)]
pub struct InboxStore(Table);

fn inbox(tenant: &TenantId, subject: &SubjectId) -> String {
    format!("{tenant}#INBOX#{subject}")
}

fn unread(tenant: &TenantId, subject: &SubjectId) -> String {
    format!("{tenant}#UNREAD#{subject}")
}

/// A notification's attributes, without its key.
fn attributes(notification: &Notification) -> Result<Item, Fault> {
    let mut item: Item = serde_dynamo::to_item(notification)
        .map_err(|error| Fault::Internal(format!("unwritable notification: {error}")))?;
    item.remove("id");
    item.extend(ending(notification.expires_at));
    Ok(item)
}

/// When an item is gone: to compare, and for DynamoDB to delete it, whose seconds are whole.
fn ending(expires_at: Timestamp) -> Item {
    let second = expires_at.as_second().saturating_add(1);
    HashMap::from([("gone".to_owned(), millis(expires_at)), ("ttl".to_owned(), number(second))])
}

fn notification(mut item: Item) -> Result<Notification, Fault> {
    if let Some(id) = item.remove("sk") {
        item.insert("id".to_owned(), id);
    }
    serde_dynamo::from_item(item)
        .map_err(|error| Fault::Internal(format!("unreadable notification: {error}")))
}

fn broken(error: impl std::fmt::Display) -> Fault {
    Fault::Internal(error.to_string())
}

/// An update that sets attributes, of whatever names.
fn setting(
    table: &Table,
    place: Item,
    set: Item,
) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
    let mut update = Update::builder().table_name(&table.name).set_key(Some(place));
    let mut parts = Vec::new();
    for (n, (name, value)) in set.into_iter().enumerate() {
        parts.push(format!("#s{n} = :s{n}"));
        update = update
            .expression_attribute_names(format!("#s{n}"), name)
            .expression_attribute_values(format!(":s{n}"), value);
    }
    update.update_expression(format!("SET {}", parts.join(", ")))
}

/// What a transaction came to.
enum Written {
    Both,
    Refused,
}

impl InboxStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    /// Writes a notification and its marker, both or neither.
    async fn both(
        &self,
        notification: TransactWriteItem,
        marker: TransactWriteItem,
    ) -> Result<Written, Fault> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(5_u64.saturating_mul(1 << attempt))).await;
            }
            let both = vec![notification.clone(), marker.clone()];
            let write = self.0.client.transact_write_items().set_transact_items(Some(both));
            let error = match write.send().await {
                Ok(_) => return Ok(Written::Both),
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                return Err(fault("TransactWriteItems", &error));
            };
            let why =
                |code| cancelled.cancellation_reasons().iter().any(|it| it.code() == Some(code));
            if why("ConditionalCheckFailed") {
                return Ok(Written::Refused);
            }
            if !why("TransactionConflict") {
                return Err(fault("TransactWriteItems", &error));
            }
        }
        Err(Fault::Throttled("too many marks on one notification".to_owned()))
    }

    /// One page of a query over what is not gone, newest first.
    fn query(
        &self,
        pk: String,
        from: Option<&str>,
        now: Timestamp,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let query = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .consistent_read(true)
            .scan_index_forward(false)
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":now", millis(now));
        match from {
            Some(from) => query
                .key_condition_expression("pk = :pk AND sk <= :from")
                .expression_attribute_values(":from", text(from)),
            None => query.key_condition_expression("pk = :pk"),
        }
    }

    /// The items that are wanted, and one more if there is one.
    async fn page(
        &self,
        pk: &str,
        filter: &str,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Vec<Item>, Fault> {
        let enough = wanted.limit.saturating_add(1);
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let missing = enough.saturating_sub(found.len()).saturating_add(SPARE);
            let from = wanted.from.as_ref().map(NotificationId::as_str);
            let page = self
                .query(pk.to_owned(), from, now)
                .filter_expression(filter)
                .limit(i32::try_from(missing).unwrap_or(i32::MAX))
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(|error| fault("Query", &error))?;
            found.extend(page.items.unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() || found.len() >= enough {
                found.truncate(enough);
                return Ok(found);
            }
        }
    }

    /// The whole notifications that markers stand for, in their order.
    async fn marked(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        markers: &[Item],
        now: Timestamp,
    ) -> Result<Vec<Notification>, Fault> {
        let pk = inbox(tenant, subject);
        let ids = markers.iter().filter_map(|marker| get_text(marker, "sk"));
        let keys = ids.clone().map(|id| key(&pk, id)).collect();
        let mut whole = HashMap::new();
        for item in self.0.get_all(keys).await? {
            let found = notification(item)?;
            whole.insert(found.id.as_str().to_owned(), found);
        }
        let ordered = ids.filter_map(|id| whole.remove(id));
        // One that was read since the markers were.
        Ok(ordered.filter(|it| it.is_unread() && it.expires_at > now).collect())
    }

    /// What the mark changes of a notification that is there.
    fn marking(&self, place: Item, mark: Mark, now: Timestamp) -> Result<TransactWriteItem, Fault> {
        let (change, condition, at) = match mark {
            Mark::Read => (
                "SET opened_at = if_not_exists(opened_at, :at), \
                     read_at = if_not_exists(read_at, :at)",
                "",
                true,
            ),
            Mark::Click => (
                "SET opened_at = if_not_exists(opened_at, :at), \
                     read_at = if_not_exists(read_at, :at), \
                     clicked_at = if_not_exists(clicked_at, :at)",
                "",
                true,
            ),
            Mark::Unread => ("REMOVE read_at", " AND attribute_not_exists(dismissed_at)", false),
            Mark::Dismiss => (
                "SET dismissed_at = if_not_exists(dismissed_at, :at), #text = :none \
                 REMOVE title, html, link",
                "",
                true,
            ),
        };
        let mut update = Update::builder()
            .table_name(&self.0.name)
            .set_key(Some(place))
            .update_expression(change)
            .condition_expression(format!("gone > :now{condition}"))
            .expression_attribute_values(":now", millis(now));
        if at {
            update = update.expression_attribute_values(":at", text(now.to_string()));
        }
        if mark == Mark::Dismiss {
            update = update
                .expression_attribute_names("#text", "text")
                .expression_attribute_values(":none", text(""));
        }
        let update = update.build().map_err(broken)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Inbox for InboxStore {
    async fn put(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        notification: &Notification,
    ) -> Result<bool, Fault> {
        let id = notification.id.as_str();
        let place = key(&inbox(tenant, subject), id);
        let put = setting(&self.0, place, attributes(notification)?)
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(broken)?;
        let place = key(&unread(tenant, subject), id);
        let marker =
            setting(&self.0, place, ending(notification.expires_at)).build().map_err(broken)?;
        let write = |update| TransactWriteItem::builder().update(update).build();
        Ok(matches!(self.both(write(put), write(marker)).await?, Written::Both))
    }

    async fn get(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        id: &NotificationId,
        now: Timestamp,
    ) -> Result<Option<Notification>, Fault> {
        let found = self.0.get(&inbox(tenant, subject), id.as_str()).await?;
        let found = found.map(notification).transpose()?;
        Ok(found.filter(|it| it.expires_at > now))
    }

    async fn list(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Page, Fault> {
        let (pk, filter) = if wanted.unread {
            (unread(tenant, subject), "gone > :now")
        } else {
            (inbox(tenant, subject), "gone > :now AND attribute_not_exists(dismissed_at)")
        };
        let mut items = self.page(&pk, filter, wanted, now).await?;
        let more = (items.len() > wanted.limit).then(|| items.pop()).flatten();
        let next = more.as_ref().and_then(|item| get_text(item, "sk"));
        let next = next.map(|id| NotificationId::parse("sk", id)).transpose()?;
        let notifications = if wanted.unread {
            self.marked(tenant, subject, &items, now).await?
        } else {
            items.into_iter().map(notification).collect::<Result<_, _>>()?
        };
        Ok(Page { notifications, next })
    }

    async fn unread(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        most: usize,
        now: Timestamp,
    ) -> Result<usize, Fault> {
        let (mut count, mut after) = (0_usize, None);
        loop {
            let page = self
                .query(unread(tenant, subject), None, now)
                .filter_expression("gone > :now")
                .select(Select::Count)
                .limit(COUNT_AT_ONCE)
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(|error| fault("Query", &error))?;
            count = count.saturating_add(usize::try_from(page.count).unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() || count > most {
                return Ok(count.min(most.saturating_add(1)));
            }
        }
    }

    async fn mark(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        id: &NotificationId,
        mark: Mark,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let place = key(&inbox(tenant, subject), id.as_str());
        let marker = key(&unread(tenant, subject), id.as_str());
        let marker = if mark == Mark::Unread {
            let Some(found) = self.get(tenant, subject, id, now).await? else { return Ok(false) };
            let again = setting(&self.0, marker, ending(found.expires_at)).build();
            TransactWriteItem::builder().update(again.map_err(broken)?).build()
        } else {
            let gone = Delete::builder().table_name(&self.0.name).set_key(Some(marker)).build();
            TransactWriteItem::builder().delete(gone.map_err(broken)?).build()
        };
        let change = self.marking(place, mark, now)?;
        match self.both(change, marker).await? {
            Written::Both => Ok(true),
            // It is gone; or it is dismissed, and stays so.
            Written::Refused => Ok(self.get(tenant, subject, id, now).await?.is_some()),
        }
    }
}
