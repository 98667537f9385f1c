//! Goals on their way, and what exposures led to.

use crate::World;
use ceap_engagement::goal::{Goals, GoalsReached};
use ceap_engagement::pipeline::convert::{Conversion, Exposure, Exposures};
use ceap_engagement::profile_list::shard;
use ceap_engagement::report::{Listed, Outcome, Outcomes, Period};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp, UseCaseId};

/// Bytes that a queue takes.
const MAX_BYTES: usize = 256 * 1024;

impl Goals for World {
    async fn emit_goals(&self, reached: &[GoalsReached]) -> Result<(), Fault> {
        for part in reached {
            assert!(serde_json::to_vec(part).unwrap().len() <= MAX_BYTES);
            assert!(!part.goals.is_empty(), "an emission without goals");
        }
        self.step("goals.emit", |stores| {
            stores.goals.extend(reached.iter().cloned());
            Ok(())
        })
        .await
    }
}

impl Exposures for World {
    async fn exposed(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Exposure>, Fault> {
        self.step("exposures.exposed", |stores| {
            let own = stores.messages.iter().filter(|((of, _), _)| of == tenant);
            let all = own.filter_map(|(_, message)| Exposure::of(&message.record));
            let within = |it: &Exposure| it.subject == *subject && from <= it.at && it.at <= to;
            Ok(all.filter(within).collect())
        })
        .await
    }

    async fn convert(
        &self,
        tenant: &TenantId,
        exposure: &Exposure,
        conversion: &Conversion,
    ) -> Result<bool, Fault> {
        let key = (tenant.clone(), exposure.message.clone());
        self.step("exposures.convert", |stores| {
            let known = stores.conversions.get(&key);
            let first = known.is_none();
            if known
                .is_none_or(|known| (conversion.at, &conversion.event) < (known.at, &known.event))
            {
                stores.conversions.insert(key, conversion.clone());
            }
            Ok(first)
        })
        .await
    }
}

impl Outcomes for World {
    async fn listed(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        part: u8,
        period: Period,
        most: usize,
    ) -> Result<Listed, Fault> {
        self.step("outcomes.listed", |stores| {
            let of = |record: &ceap_engagement::message::Record| {
                record.use_case.as_ref() == Some(use_case)
                    && shard(&record.subject) == part
                    && (period.from..period.to).contains(&record.began())
            };
            let mut listed = Listed::default();
            let own = stores.messages.iter().filter(|((t, _), it)| t == tenant && of(&it.record));
            for (key, _) in own.take(most + 1) {
                listed.messages.push(key.1.clone());
                listed.converted.extend(stores.conversions.get(key).map(|_| key.1.clone()));
            }
            Ok(listed)
        })
        .await
    }

    async fn outcomes(&self, tenant: &TenantId, listed: &Listed) -> Result<Vec<Outcome>, Fault> {
        self.step("outcomes.outcomes", |stores| {
            let read = listed.messages.iter().filter_map(|id| {
                let key = (tenant.clone(), id.clone());
                let record = stores.messages.get(&key)?.record.clone();
                Some(Outcome { record, conversion: stores.conversions.get(&key).cloned() })
            });
            Ok(read.collect())
        })
        .await
    }
}
