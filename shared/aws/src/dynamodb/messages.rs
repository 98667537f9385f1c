//! Records of messages: pk `<tenant>#M#<message>`, sk `MESSAGE`. They outlive every candidate, so
//! that a claim holds as long as anything could ask for it again.

use super::item::{self, Item, get_number, get_text, key, millis, number, text};
use super::{Table, caps};
use crate::fault::fault;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use ceap_engagement::message::{CapKey, Claimed, Claims, Record};
use ceap_engagement::message_log::MessageLog;
use ceap_engagement::pipeline::send::{Begun, Outbox, Outcome};
use ceap_kernel::{Fault, MessageId, TenantId, Timestamp};
use ulid::Ulid;

/// Days a record is kept: longer than the longest time to live of a candidate (400).
const KEPT_DAYS: i64 = 800;

/// Times a claim is tried while others claim under the same cap.
const ATTEMPTS: usize = 50;

const MESSAGE: &str = "MESSAGE";

/// Records of messages, as the gates claim them and as the channels use them.
#[derive(Debug, Clone)]
pub struct Messages(Table);

impl Messages {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    async fn read(&self, tenant: &TenantId, id: &MessageId) -> Result<Option<Item>, Fault> {
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
            .condition_expression(condition.0);
        if condition.1 {
            put = put
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":queued", text("queued"));
        }
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn standing(&self, tenant: &TenantId, id: &MessageId) -> Result<Claimed, Fault> {
        let item = self.read(tenant, id).await?.unwrap_or_default();
        Ok(if get_text(&item, "state") == Some("queued") {
            Claimed::Again
        } else {
            Claimed::Settled
        })
    }

    /// Moves the message on, if it is in one of `from`; false when it is not.
    async fn step(&self, tenant: &TenantId, id: &MessageId, step: Step<'_>) -> Result<bool, Fault> {
        let table = &self.0;
        let mut update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key(&pk(tenant, id), MESSAGE)))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#entered", step.entered)
            .expression_attribute_values(":to", text(step.to))
            .expression_attribute_values(":now", text(step.now.to_string()));
        let mut set = "SET #state = :to, history.#entered = :now".to_owned();
        for (n, (name, value)) in step.set.iter().enumerate() {
            set.push_str(&format!(", #s{n} = :s{n}"));
            update = update
                .expression_attribute_names(format!("#s{n}"), *name)
                .expression_attribute_values(format!(":s{n}"), value.clone());
        }
        let mut allowed = Vec::new();
        for (n, state) in step.from.iter().enumerate() {
            allowed.push(format!("#state = :f{n}"));
            update = update.expression_attribute_values(format!(":f{n}"), text(*state));
        }
        let mut condition = format!("({})", allowed.join(" OR "));
        if let Some(claimed_at) = step.claimed_at {
            condition.push_str(" AND claimed_at = :claimed_at");
            update = update.expression_attribute_values(":claimed_at", number(claimed_at));
        }
        match update.update_expression(set).condition_expression(condition).send().await {
            Ok(_) => Ok(true),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }
}

/// A condition on a whole record, and whether it names the state.
#[derive(Clone, Copy)]
struct Condition(&'static str, bool);

const ABSENT: Condition = Condition("attribute_not_exists(pk)", false);
const UNSENT: Condition = Condition("attribute_not_exists(pk) OR #state = :queued", true);

struct Step<'a> {
    from: &'a [&'a str],
    to: &'a str,
    entered: &'a str,
    set: Vec<(&'a str, aws_sdk_dynamodb::types::AttributeValue)>,
    claimed_at: Option<i64>,
    now: Timestamp,
}

/// What it is for one whose claim failed.
fn passed(item: &Item) -> Begun {
    match get_text(item, "state") {
        Some("queued" | "sending") => Begun::Busy,
        _ => Begun::Settled,
    }
}

fn pk(tenant: &TenantId, id: &MessageId) -> String {
    format!("{tenant}#M#{id}")
}

/// A record as an item: flat, so that conditions can name its state.
fn item(tenant: &TenantId, record: &Record, now: Timestamp) -> Result<Item, Fault> {
    let mut item: Item = serde_dynamo::to_item(record)
        .map_err(|error| Fault::Internal(format!("unwritable record: {error}")))?;
    item.extend(key(&pk(tenant, &record.id), MESSAGE));
    let gone = now.as_second().saturating_add(KEPT_DAYS.saturating_mul(86_400));
    item.insert("ttl".to_owned(), number(gone));
    Ok(item)
}

impl MessageLog for Messages {
    async fn record(&self, tenant: &TenantId, id: &MessageId) -> Result<Option<Record>, Fault> {
        let item = self.read(tenant, id).await?;
        item.map(serde_dynamo::from_item)
            .transpose()
            .map_err(|error| Fault::Internal(format!("unreadable record: {error}")))
    }
}

impl Claims for Messages {
    async fn claim(
        &self,
        tenant: &TenantId,
        record: &Record,
        cap: Option<&CapKey>,
        now: Timestamp,
    ) -> Result<Claimed, Fault> {
        let table = &self.0;
        let Some(cap) = cap else {
            return if self.put(tenant, record, now, ABSENT).await? {
                Ok(Claimed::New)
            } else {
                self.standing(tenant, &record.id).await
            };
        };
        for _ in 0..ATTEMPTS {
            if self.read(tenant, &record.id).await?.is_some() {
                return self.standing(tenant, &record.id).await;
            }
            let Some(count) = caps::admit(table, tenant, cap, now).await? else {
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

impl Outbox for Messages {
    async fn begin(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        now: Timestamp,
        lease_s: i64,
    ) -> Result<Begun, Fault> {
        let token = Ulid::generate().to_string();
        let claim = Step {
            from: &["queued"],
            to: "sending",
            entered: "sending",
            set: vec![("claimed_at", millis(now)), ("claim", text(&token))],
            claimed_at: None,
            now,
        };
        if self.step(tenant, id, claim).await? {
            return Ok(Begun::Ours);
        }
        let missing = || Fault::NotFound(format!("there is no message {id}"));
        let item = self.read(tenant, id).await?.ok_or_else(missing)?;
        if get_text(&item, "state") != Some("sending") {
            return Ok(passed(&item));
        }
        // The write may have succeeded and its answer been lost: then the SDK's retry found our own.
        if get_text(&item, "claim") == Some(token.as_str()) {
            return Ok(Begun::Ours);
        }
        let claimed_at = get_number(&item, "claimed_at").unwrap_or_default();
        let lease = claimed_at.saturating_add(lease_s.saturating_mul(1000));
        if now.as_millisecond() < lease {
            return Ok(Begun::Busy);
        }
        let lost = Step {
            from: &["sending"],
            to: "unknown",
            entered: "unknown",
            set: vec![("reason", text("the sender stopped before it recorded"))],
            claimed_at: Some(claimed_at),
            now,
        };
        if self.step(tenant, id, lost).await? {
            return Ok(Begun::Lost);
        }
        // Another was faster: one more who records the loss, or the sender, who came back.
        self.read(tenant, id).await?.as_ref().map(passed).ok_or_else(missing)
    }

    async fn finish(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let (to, entered, set) = match outcome {
            Outcome::Delivered(at) => ("delivered", "delivered", vec![("provider_id", text(at))]),
            Outcome::Failed(why) => ("failed", "failed", vec![("reason", text(why))]),
            Outcome::Released => ("queued", "released", vec![]),
            Outcome::Unknown(why) => ("unknown", "unknown", vec![("reason", text(why))]),
            Outcome::Expired => ("suppressed", "expired", vec![("reason", text("expired"))]),
        };
        // One who was given up for lost may still tell what became of it.
        let from = ["sending", "unknown"];
        let step = Step { from: &from, to, entered, set, claimed_at: None, now };
        if self.step(tenant, id, step).await? {
            return Ok(());
        }
        let item = self.read(tenant, id).await?.unwrap_or_default();
        if get_text(&item, "state") == Some(to) {
            Ok(())
        } else {
            Err(Fault::Internal(format!("message {id} cannot become {to}")))
        }
    }
}
