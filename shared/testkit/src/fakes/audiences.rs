//! Who had to do with what.

use crate::World;
use ceap_engagement::audience::{Audiences, Seeks, Sought, Tie, Ties};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};

impl Ties for World {
    async fn tie(&self, tenant: &TenantId, ties: &[Tie]) -> Result<(), Fault> {
        self.step("audiences.tie", |stores| {
            for tie in ties.iter().cloned() {
                let place = (tenant.clone(), tie.kind, tie.thing, tie.subject);
                let until = stores.ties.entry(place).or_insert(tie.until);
                *until = tie.until.max(*until);
            }
            Ok(())
        })
        .await
    }
}

impl Audiences for World {
    async fn audience(
        &self,
        tenant: &TenantId,
        kind: &str,
        thing: &str,
        after: Option<&SubjectId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<SubjectId>, Option<SubjectId>), Fault> {
        self.step("audiences.audience", |stores| {
            let of = |place: &&(TenantId, String, String, SubjectId)| {
                (&place.0, place.1.as_str(), place.2.as_str()) == (tenant, kind, thing)
                    && after.is_none_or(|after| place.3 > *after)
            };
            let page: Vec<_> = stores.ties.keys().filter(of).take(limit).cloned().collect();
            let last = page.last().filter(|_| page.len() == limit).map(|place| place.3.clone());
            let counts = page.into_iter().filter(|place| stores.ties[place] > now);
            Ok((counts.map(|place| place.3).collect(), last))
        })
        .await
    }
}

impl Seeks for World {
    async fn seek(&self, sought: &[Sought]) -> Result<(), Fault> {
        self.step("audiences.seek", |stores| {
            stores.sought.extend(sought.iter().cloned());
            Ok(())
        })
        .await
    }
}
