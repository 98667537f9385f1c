//! Being rid at once of what was deleted: of somebody who is to be forgotten not a word may stay in an index, while it is
//! else left to merges, whenever they come.

use super::{Build, Builds, Keeping, Standing};
use crate::Policy;
use ceap_helpdesk::erasure::Forgetful;
use ceap_helpdesk::store::Soon;
use ceap_kernel::{Fault, SignedDuration, TenantId, Timestamp};
use std::time::Duration;

/// How long building an index anew goes on at most: its workflow is ended after a day.
const BUILDING: SignedDuration = SignedDuration::from_hours(25);

impl Keeping {
    /// Feeds a tenant's index what it lacks, then writes each segment anew that holds a deleted document; and the same of
    /// the one that is being built. Says whether that was all.
    async fn ridded(&self, tenant: &TenantId, budget: Duration) -> Result<bool, Fault> {
        let begun_at = self.clock.now();
        self.feed(tenant, budget).await?;
        let builds = self.builds(tenant)?;
        builds.give_up(self.before(BUILDING)).await?;
        for build in self.made(&builds).await? {
            // What is being built is fed by who builds it; what it lacks is made of records that name nobody any more.
            while build.merge(&Policy::RID).await? {
                if self.passed(begun_at, budget) {
                    return Ok(false);
                }
            }
            build.collect().await?;
        }
        Ok(true)
    }

    /// The build that serves, and the one that is being made.
    async fn made(&self, builds: &Builds) -> Result<Vec<Build>, Fault> {
        let serves = match builds.standing().await? {
            Standing::Serves(build) => Some(*build),
            Standing::Nothing | Standing::Outdated => None,
        };
        Ok(serves.into_iter().chain(builds.begun().await?).collect())
    }

    fn before(&self, time: SignedDuration) -> Timestamp {
        self.clock.now().checked_sub(time).unwrap_or(Timestamp::MIN)
    }
}

impl Forgetful for Keeping {
    fn rewrite<'a>(
        &'a self,
        tenant: &'a TenantId,
        budget: Duration,
    ) -> Soon<'a, Result<bool, Fault>> {
        Box::pin(self.ridded(tenant, budget))
    }

    fn grace(&self) -> Duration {
        self.still_read()
    }

    fn collect<'a>(&'a self, tenant: &'a TenantId) -> Soon<'a, Result<(), Fault>> {
        Box::pin(async {
            let builds = self.builds(tenant)?;
            builds.tend().await?;
            for build in self.made(&builds).await? {
                build.collect().await?;
            }
            Ok(())
        })
    }
}
