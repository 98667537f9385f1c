//! Messages: claims and refusals, suppression lists, and the channels' queues.

use super::Memory;
use crate::message::{
    CapCheck, ChannelQueues, Claimed, Claims, Dispatch, Recipient, Record, State, Suppressions,
};
use crate::message_log::MessageLog;
use crate::simulation::trace::Became;
use crate::suppression::Reason;
use ceap_kernel::{Fault, MessageId, TenantId, Timestamp};

impl Claims for &Memory {
    async fn claim(
        &self,
        _: &TenantId,
        record: &Record,
        caps: Option<&CapCheck>,
        now: Timestamp,
    ) -> Result<Claimed, Fault> {
        let kept = &mut *self.kept();
        if let Some(known) = kept.records.get(&record.id) {
            kept.traces.tried(record, Became::Settled);
            return Ok(match known.state {
                State::Queued => Claimed::Again,
                _ => Claimed::Settled,
            });
        }
        if let Some(check) = caps {
            let ledger = kept.ledgers.entry(check.subject.clone()).or_default();
            match ledger.admit(&check.caps, &check.channel, check.purpose, now) {
                Some(next) => *ledger = next,
                // The refusal that follows is told with all that the gates said.
                None => return Ok(Claimed::Capped),
            }
        }
        kept.records.insert(record.id.clone(), record.clone());
        kept.traces.tried(record, Became::Queued);
        Ok(Claimed::New)
    }

    async fn refuse(&self, _: &TenantId, record: &Record) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        let known = kept.records.get(&record.id);
        if known.is_some_and(|known| known.state != State::Queued) {
            kept.traces.tried(record, Became::Settled);
            return Ok(false);
        }
        kept.records.insert(record.id.clone(), record.clone());
        kept.traces.tried(record, Became::Refused);
        Ok(true)
    }

    async fn held(&self, _: &TenantId, record: &Record, until: Timestamp) -> Result<(), Fault> {
        self.kept().traces.tried(record, Became::Held { until });
        Ok(())
    }
}

impl MessageLog for &Memory {
    async fn record(&self, _: &TenantId, id: &MessageId) -> Result<Option<Record>, Fault> {
        Ok(self.kept().records.get(id).cloned())
    }
}

impl Suppressions for &Memory {
    async fn suppressed(
        &self,
        _: &TenantId,
        recipients: &[Recipient],
    ) -> Result<Vec<Option<Reason>>, Fault> {
        let why = |it: &Recipient| {
            let entries = self.suppressed.iter().filter(|entry| {
                entry.channel == it.channel
                    && entry.address == it.address
                    && it.heeds(entry.reason, entry.at)
            });
            entries.map(|entry| entry.reason).max()
        };
        Ok(recipients.iter().map(why).collect())
    }
}

impl ChannelQueues for &Memory {
    async fn hand_on(&self, dispatches: &[Dispatch]) -> Result<(), Fault> {
        let mut kept = self.kept();
        for dispatch in dispatches {
            kept.traces.written(dispatch);
            kept.queue.push_back(dispatch.clone());
        }
        Ok(())
    }
}
