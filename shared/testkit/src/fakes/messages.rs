//! The records of messages: claims, refusals, and what became of each.

use crate::World;
use ceap_engagement::message::{CapKey, Claimed, Claims, Record, State};
use ceap_engagement::pipeline::send::{Begun, Outbox, Outcome};
use ceap_kernel::{Fault, MessageId, TenantId, Timestamp};

/// A message's record, and since when it is being sent.
#[derive(Debug, Clone)]
pub struct Message {
    pub record: Record,
    pub since: Option<Timestamp>,
}

impl Claims for World {
    async fn claim(
        &self,
        tenant: &TenantId,
        record: &Record,
        cap: Option<&CapKey>,
        now: Timestamp,
    ) -> Result<Claimed, Fault> {
        self.step("claims.claim", |stores| {
            let key = (tenant.clone(), record.id.clone());
            if let Some(known) = stores.messages.get(&key) {
                return Ok(match known.record.state {
                    State::Queued => Claimed::Again,
                    _ => Claimed::Settled,
                });
            }
            if let Some(cap) = cap {
                let of = (tenant.clone(), cap.subject.clone(), cap.channel.clone());
                let ledger = stores.ledgers.entry(of).or_default();
                match ledger.admit(cap.cap, now) {
                    Some(next) => *ledger = next,
                    None => return Ok(Claimed::Capped),
                }
            }
            assert_eq!(record.state, State::Queued);
            let (record, since) = (record.clone(), None);
            stores.messages.insert(key, Message { record, since });
            Ok(Claimed::New)
        })
        .await
    }

    async fn refuse(&self, tenant: &TenantId, record: &Record) -> Result<bool, Fault> {
        self.step("claims.refuse", |stores| {
            let key = (tenant.clone(), record.id.clone());
            let known = stores.messages.get(&key).map(|message| message.record.state);
            if known.is_some_and(|state| state != State::Queued) {
                return Ok(false);
            }
            assert_eq!(record.state, State::Suppressed);
            assert!(record.reason.is_some(), "a refusal without a reason");
            let (record, since) = (record.clone(), None);
            stores.messages.insert(key, Message { record, since });
            Ok(true)
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
        lease_s: i64,
    ) -> Result<Begun, Fault> {
        self.step("outbox.begin", |stores| {
            let message = stores
                .messages
                .get_mut(&(tenant.clone(), id.clone()))
                .ok_or_else(|| Fault::NotFound("there is no such message".to_owned()))?;
            Ok(match (message.record.state, message.since) {
                (State::Queued, _) => {
                    message.record.state = State::Sending;
                    message.since = Some(now);
                    Begun::Ours
                }
                (State::Sending, Some(since)) if now.duration_since(since).as_secs() > lease_s => {
                    message.record.state = State::Unknown;
                    Begun::Lost
                }
                (State::Sending, _) => Begun::Busy,
                _ => Begun::Settled,
            })
        })
        .await
    }

    async fn finish(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        outcome: &Outcome,
        _now: Timestamp,
    ) -> Result<(), Fault> {
        self.step("outbox.finish", |stores| {
            let message = stores
                .messages
                .get_mut(&(tenant.clone(), id.clone()))
                .ok_or_else(|| Fault::NotFound("there is no such message".to_owned()))?;
            if message.record.state != State::Sending {
                return Ok(());
            }
            let record = &mut message.record;
            record.state = match outcome {
                Outcome::Delivered(provider_id) => {
                    record.provider_id = Some(provider_id.clone());
                    State::Delivered
                }
                Outcome::Failed(why) => {
                    record.reason = Some(why.clone());
                    State::Failed
                }
                Outcome::Released => State::Queued,
                Outcome::Unknown(why) => {
                    record.reason = Some(why.clone());
                    State::Unknown
                }
                Outcome::Expired => {
                    record.reason = Some("expired".to_owned());
                    State::Suppressed
                }
            };
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
