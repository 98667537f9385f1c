//! How much each tenant may ask in a minute, and how much each who holds a link or a token of one of its people.
//!
//! Holders are counted apart, each by themselves: nobody keeps a tenant's systems out by a link, and no flood of a
//! tenant's keeps anybody from unsubscribing.
//!
//! A function counts by itself and asks the store seldom: what it asks for doubles, so most of it is used. The first few
//! requests of a minute it lets in without asking, which costs a tenant that asks little no call at all; all environments
//! together so let in a few more than the limit. Who is over the limit costs nothing more in that minute.

use crate::Env;
use crate::bootstrap::log;
use ceap_aws::dynamodb::{CredentialStore, QuotaStore, Table};
use ceap_kernel::access::{Credentials, Principal};
use ceap_kernel::quota::Quota;
use ceap_kernel::{Clock, Fault, SystemClock, TenantId, Timestamp, digest};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The variable that tells the limit.
const MOST: &str = "REQUESTS_PER_MINUTE";

/// Requests of a minute that one holder of a link or a token may make.
const OF_A_HOLDER: u64 = 120;

/// Requests of a minute that are let in before the store is asked.
const FREE: u64 = 8;

/// Requests that are asked for at most at once.
const LEASE: u64 = 1024;

const SECONDS: i64 = 60;

/// Under what a tenant's requests to its helpdesk are counted, apart from all others: who floods the one leaves the other.
const HELPDESK: &str = "helpdesk";

/// The limit of each tenant or holder, as an environment keeps it.
#[derive(Debug)]
pub struct Limit<Q, T> {
    quota: Q,
    clock: T,
    most: u64,
    shares: Mutex<Shares>,
}

/// Credentials that are worth something as long as their tenant has not asked too much.
#[derive(Debug)]
pub struct Limited<C, Q, T> {
    credentials: C,
    limit: Limit<Q, T>,
}

/// What this environment may let in, in a minute.
#[derive(Debug, Default)]
struct Shares {
    minute: i64,
    /// By tenant, and by holder or "".
    of: HashMap<(TenantId, String), Share>,
}

/// What it may let in of a tenant.
#[derive(Debug)]
struct Share {
    used: u64,
    granted: u64,
    /// How many of those were counted in the store.
    counted: u64,
}

/// Credentials of the platform's table under the limit that the environment tells.
pub type Door = Limited<CredentialStore, QuotaStore, SystemClock>;

/// Opens it. `platform` is where credentials are.
///
/// # Errors
/// `Invalid`, naming the variable.
pub fn door(env: &Env, platform: Table) -> Result<Door, Fault> {
    let credentials = CredentialStore::new(platform.clone());
    Ok(Limited::new(credentials, told(env, platform)?))
}

/// The limit that the environment tells, for who comes without a credential. `platform` is where requests are counted.
///
/// # Errors
/// `Invalid`, naming the variable.
pub fn told(env: &Env, platform: Table) -> Result<Limit<QuotaStore, SystemClock>, Fault> {
    Ok(Limit::new(QuotaStore::new(platform), SystemClock, env.parse(MOST)?))
}

/// The limit of who holds a link or a token. `platform` is where requests are counted.
#[must_use]
pub fn of_holders(platform: Table) -> Limit<QuotaStore, SystemClock> {
    Limit::new(QuotaStore::new(platform), SystemClock, OF_A_HOLDER)
}

impl<C, Q, T> Limited<C, Q, T> {
    /// These credentials under this limit.
    pub const fn new(credentials: C, limit: Limit<Q, T>) -> Self {
        Self { credentials, limit }
    }
}

impl<Q, T> Limit<Q, T> {
    /// At most `most` requests of each in a minute.
    pub fn new(quota: Q, clock: T, most: u64) -> Self {
        Self { quota, clock, most, shares: Mutex::default() }
    }
}

impl Default for Share {
    fn default() -> Self {
        Self { used: 0, granted: FREE, counted: 0 }
    }
}

impl Share {
    /// Takes one more request in, if it may.
    const fn take(&mut self) -> bool {
        let may = self.used < self.granted;
        self.used = self.used.saturating_add(may as u64);
        may
    }

    /// For how many more the store has to be asked before it is known whether another may come in.
    fn lacks(&self) -> Option<u64> {
        if self.used < self.granted || self.counted > self.granted {
            return None;
        }
        let lease = self.granted.min(LEASE);
        Some(lease.saturating_add(self.used).saturating_sub(self.counted))
    }

    /// Enters that `asked` more are counted now, which makes `total` of all environments, of which `most` are let in.
    fn enter(&mut self, asked: u64, total: u64, most: u64) {
        self.counted = self.counted.saturating_add(asked);
        let beyond = total.saturating_sub(most);
        self.granted = self.counted.saturating_sub(beyond).max(self.used);
    }
}

impl<Q: Quota, T: Clock> Limit<Q, T> {
    /// Counts a request of the tenant's.
    ///
    /// # Errors
    /// `Limited`, with the seconds that are left of the minute.
    pub async fn admit(&self, tenant: &TenantId) -> Result<(), Fault> {
        self.count(tenant, "").await
    }

    /// Counts a request of `holder`: who holds this token, good or not, since one that is not is nobody else's.
    ///
    /// # Errors
    /// `Limited`, with the seconds that are left of the minute.
    pub async fn admit_holder(&self, tenant: &TenantId, holder: &str) -> Result<(), Fault> {
        self.count(tenant, &digest(&["holder", holder])).await
    }

    async fn count(&self, tenant: &TenantId, who: &str) -> Result<(), Fault> {
        self.look(tenant, who).await;
        self.take(tenant, who)
    }

    /// Asks the store, if it is not known here whether another may come in.
    async fn look(&self, tenant: &TenantId, who: &str) {
        let minute = minute(self.clock.now());
        let Some(requests) = self.share(tenant, who, minute, |share| share.lacks()) else { return };
        let total = self.quota.count(tenant, who, minute, requests).await;
        // Who cannot be counted is let in: the limit protects the platform, and is no promise.
        let total = total.unwrap_or_else(|fault| {
            log("limit", &fault);
            0
        });
        self.share(tenant, who, minute, |share| share.enter(requests, total, self.most));
    }

    /// Lets one more in, as far as it is known here that it may.
    fn take(&self, tenant: &TenantId, who: &str) -> Result<(), Fault> {
        let now = self.clock.now();
        if self.share(tenant, who, minute(now), Share::take) { Ok(()) } else { Err(limited(now)) }
    }

    fn share<R>(
        &self,
        tenant: &TenantId,
        who: &str,
        minute: i64,
        with: impl FnOnce(&mut Share) -> R,
    ) -> R {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.minute != minute {
            *shares = Shares { minute, ..Shares::default() };
        }
        with(shares.of.entry((tenant.clone(), who.to_owned())).or_default())
    }
}

impl<Q: Quota, T: Clock> ceap_helpdesk::api::Ceiling for Limit<Q, T> {
    fn ready<'a>(&'a self, tenant: &'a TenantId) -> ceap_helpdesk::store::Soon<'a, ()> {
        Box::pin(self.look(tenant, HELPDESK))
    }

    fn let_in(&self, tenant: &TenantId) -> Result<(), Fault> {
        self.take(tenant, HELPDESK)
    }
}

fn minute(now: Timestamp) -> i64 {
    now.as_second().div_euclid(SECONDS)
}

fn limited(now: Timestamp) -> Fault {
    let left = SECONDS.saturating_sub(now.as_second().rem_euclid(SECONDS));
    Fault::Limited(u32::try_from(left).unwrap_or(1))
}

impl<C: Credentials, Q: Quota, T: Clock> Credentials for Limited<C, Q, T> {
    async fn find(&self, tenant: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault> {
        let found = self.credentials.find(tenant, fingerprint).await?;
        // Who is not known uses up nobody's share.
        if found.is_some() {
            self.limit.admit(tenant).await?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
