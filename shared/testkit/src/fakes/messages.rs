//! The records of messages: claims, refusals, and what became of each.

use crate::World;
use ceap_engagement::message::{CapCheck, Claimed, Claims, Entered, Record, State};
use ceap_engagement::message_log::{MessageLog, MessagesOf};
use ceap_engagement::pipeline::aftermath::Health;
use ceap_engagement::pipeline::receive::Receipts;
use ceap_engagement::pipeline::send::{Begun, Claim, Lease, Outbox, Outcome};
use ceap_engagement::receipt::Receipt;
use ceap_kernel::{Fault, MessageId, SubjectId, TenantId, Timestamp};

/// A message's record, and since when it is being sent.
#[derive(Debug, Clone)]
pub struct Message {
    pub record: Record,
    pub since: Option<Timestamp>,
    /// Claims so far: each has its number.
    pub claims: u64,
    /// Since when receipts have time to tell of an unknown outcome.
    pub untold: Option<Timestamp>,
}

impl Message {
    fn claimed(&mut self, now: Timestamp) -> Begun {
        self.since = Some(now);
        self.claims += 1;
        Begun::Ours(Claim(self.claims.to_string()))
    }

    pub(crate) fn new(record: &Record) -> Self {
        Self { record: record.clone(), since: None, claims: 0, untold: None }
    }
}

impl Claims for World {
    async fn claim(
        &self,
        tenant: &TenantId,
        record: &Record,
        caps: Option<&CapCheck>,
        now: Timestamp,
    ) -> Result<Claimed, Fault> {
        self.step("claims.claim", |stores| {
            let key = (tenant.clone(), record.id.clone());
            if let Some(known) = stores.messages.get(&key) {
                if known.record.request != record.request {
                    return Ok(Claimed::Taken);
                }
                return Ok(match known.record.state {
                    State::Queued => Claimed::Again,
                    _ => Claimed::Settled,
                });
            }
            if let Some(check) = caps {
                let of = (tenant.clone(), check.subject.clone());
                let ledger = stores.ledgers.entry(of).or_default();
                match ledger.admit(&check.caps, &check.channel, check.purpose, now) {
                    Some(next) => *ledger = next,
                    None => return Ok(Claimed::Capped),
                }
            }
            assert_eq!(record.state, State::Queued);
            stores.messages.insert(key, Message::new(record));
            Ok(Claimed::New)
        })
        .await
    }

    async fn refuse(&self, tenant: &TenantId, record: &Record) -> Result<bool, Fault> {
        self.step("claims.refuse", |stores| {
            let key = (tenant.clone(), record.id.clone());
            let known = stores.messages.get(&key).map(|message| &message.record);
            let open = |known: &Record| {
                known.state == State::Queued
                    && (known.request.is_none() || known.request == record.request)
            };
            if known.is_some_and(|known| !open(known)) {
                return Ok(false);
            }
            assert!(matches!(record.state, State::Suppressed | State::Expired));
            assert!(record.reason.is_some(), "a refusal without a reason");
            stores.messages.insert(key, Message::new(record));
            Ok(true)
        })
        .await
    }
}

impl MessageLog for World {
    async fn record(&self, tenant: &TenantId, id: &MessageId) -> Result<Option<Record>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("messages.record", |stores| {
            Ok(stores.messages.get(&key).map(|message| message.record.clone()))
        })
        .await
    }
}

impl MessagesOf for World {
    async fn of(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Record>, Option<String>), Fault> {
        self.step("messages.of", |stores| {
            let mut records: Vec<Record> = stores
                .messages
                .iter()
                .filter(|((of, _), message)| of == tenant && message.record.subject == *subject)
                .map(|(_, message)| message.record.clone())
                .collect();
            records.sort_by_key(|record| std::cmp::Reverse((record.began(), record.id.clone())));
            let from = cursor.map_or(0, |cursor| cursor.parse().unwrap());
            let next = (records.len() > from + limit).then(|| (from + limit).to_string());
            Ok((records.into_iter().skip(from).take(limit).collect(), next))
        })
        .await
    }
}

impl Receipts for World {
    async fn find(&self, channel: &str, id: &str) -> Result<Option<(TenantId, MessageId)>, Fault> {
        self.step("receipts.find", |stores| {
            let mut all = stores.messages.iter();
            let found = all.find(|(_, message)| {
                message.record.channel == channel
                    && message.record.provider_id.as_deref() == Some(id)
            });
            Ok(found.map(|(key, _)| key.clone()))
        })
        .await
    }

    async fn learn(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        receipt: &Receipt,
    ) -> Result<Option<(Record, Entered)>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("receipts.learn", |stores| {
            let Some(message) = stores.messages.get_mut(&key) else { return Ok(None) };
            let record = &mut message.record;
            let entered = record.enter(receipt.state, receipt.at);
            if record.provider_id.is_none() {
                record.provider_id.clone_from(&receipt.provider_id);
            }
            if entered == Entered::New && record.state == receipt.state {
                record.reason.clone_from(&receipt.detail);
            }
            Ok(Some((record.clone(), entered)))
        })
        .await
    }
}

impl Outbox for World {
    async fn begin(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        now: Timestamp,
        lease: Lease,
    ) -> Result<Begun, Fault> {
        self.step("outbox.begin", |stores| {
            let message = stores
                .messages
                .get_mut(&(tenant.clone(), id.clone()))
                .ok_or_else(|| Fault::NotFound("there is no such message".to_owned()))?;
            let over = |since: Timestamp| now.duration_since(since).as_secs() >= lease.seconds;
            Ok(match (message.record.state, message.since) {
                (State::Queued, _) => {
                    message.record.state = State::Sending;
                    message.claimed(now)
                }
                (State::Sending, Some(since)) if over(since) && lease.repeatable => {
                    message.claimed(now)
                }
                (State::Sending, Some(since)) if over(since) => {
                    message.record.enter(State::Unknown, now);
                    message.record.reason =
                        Some("the sender stopped before it recorded".to_owned());
                    message.untold = lease.traced.then_some(now);
                    Begun::Lost
                }
                (State::Sending, _) => Begun::Busy,
                (State::Unknown, _) if message.untold.is_some() => {
                    Begun::Untold(message.untold.unwrap())
                }
                (state, _) => Begun::Settled(state),
            })
        })
        .await
    }

    async fn finish(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        _channel: &str,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.step("outbox.finish", |stores| {
            let message = stores
                .messages
                .get_mut(&(tenant.clone(), id.clone()))
                .ok_or_else(|| Fault::NotFound("there is no such message".to_owned()))?;
            let record = &mut message.record;
            match outcome {
                Outcome::Sent(provider_id) | Outcome::Delivered(provider_id) => {
                    let state = match outcome {
                        Outcome::Sent(_) => State::Sent,
                        _ => State::Delivered,
                    };
                    record.provider_id = Some(provider_id.clone());
                    record.enter(state, now);
                    if record.state == state {
                        record.reason = None;
                    }
                }
                Outcome::Failed(why) if record.state <= State::Unknown => {
                    record.reason = Some(why.clone());
                    record.enter(State::Failed, now);
                }
                Outcome::Released(claim)
                    if record.state == State::Sending && claim.0 == message.claims.to_string() =>
                {
                    record.state = State::Queued;
                }
                Outcome::Unknown(why) | Outcome::Untold(why) if record.state == State::Sending => {
                    record.reason = Some(why.clone());
                    record.enter(State::Unknown, now);
                    message.untold = matches!(outcome, Outcome::Untold(_)).then_some(now);
                }
                Outcome::Expired if record.state == State::Sending => {
                    record.reason = Some("expired".to_owned());
                    record.history.insert("expired".to_owned(), now);
                    record.state = State::Expired;
                }
                _ => {}
            }
            Ok(())
        })
        .await
    }
}

impl Health for World {
    async fn failed(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Timestamp, Fault> {
        let key = (tenant.clone(), channel.to_owned(), address.to_owned());
        self.step("health.failed", |stores| Ok(*stores.failing.entry(key).or_insert(now))).await
    }

    async fn succeeded(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
    ) -> Result<(), Fault> {
        let key = (tenant.clone(), channel.to_owned(), address.to_owned());
        self.step("health.succeeded", |stores| {
            stores.failing.remove(&key);
            Ok(())
        })
        .await
    }
}

impl World {
    /// How many records are in `state`.
    #[must_use]
    pub fn messages_in(&self, state: State) -> usize {
        let stores = self.stores();
        stores.messages.values().filter(|message| message.record.state == state).count()
    }
}
