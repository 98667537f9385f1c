//! What an account is set up with, read whole and remembered until it changes.

mod audit_log;
pub mod brand;
pub mod custom_role;
pub mod custom_status;
mod group;
mod recipient_address;
pub(crate) mod seed;
mod settings;
mod staff;

pub use audit_log::AuditLog;
pub use brand::Brand;
pub use custom_role::CustomRole;
pub use custom_status::CustomStatus;
pub use group::{Group, GroupMembership};
pub use recipient_address::{RECIPIENT, RecipientAddress};
pub use settings::Settings;
pub use staff::Staff;

use crate::access::{Actor, Face};
use crate::ids::{GroupId, UserId};
use crate::record::{Kept, Record, places};
use crate::routing::RoutingSettings;
use crate::store::{Found, Item, Range, Store};
use crate::ticket::Agents;
use crate::time_zone;
use ceap_kernel::{Fault, TenantId, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Items of one read.
const PAGE: usize = 1_000;

type Lists = HashMap<&'static str, Arc<dyn Any + Send + Sync>>;

/// What an account is set up with, as of one stamp. Lists are read from it when they are first asked for.
#[derive(Debug, Default)]
pub struct Account {
    /// How often it had been changed.
    pub stamp: u64,
    items: Vec<Item>,
    lists: Mutex<Lists>,
}

impl Account {
    /// Reads it.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn load(store: &dyn Store, tenant: &TenantId) -> Result<Self, Fault> {
        let mut items: Vec<Item> = Vec::new();
        loop {
            let after = items.last().map(|item| item.key.sort.clone());
            let range = Range::of(places::ACCOUNT, PAGE).after(after);
            let Found { items: page, more } = store.range(tenant, &range).await?;
            items.extend(page);
            if !more {
                break;
            }
        }
        let stamp = items.first().filter(|item| item.key == places::stamp());
        let stamp = stamp.and_then(|item| item.body.parse().ok()).unwrap_or_default();
        Ok(Self { stamp, items, lists: Mutex::default() })
    }

    /// All records of a kind, by id.
    ///
    /// # Errors
    /// `Internal` if one cannot be read.
    pub fn all<R: Record + Send + Sync + 'static>(&self) -> Result<Arc<Vec<Kept<R>>>, Fault> {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lists.get(R::KIND.name).cloned();
        if let Some(list) = known.and_then(|list| list.downcast::<Vec<Kept<R>>>().ok()) {
            return Ok(list);
        }
        let prefix = format!("{}#", R::KIND.name);
        let of = self.items.iter().filter(|item| item.key.sort.starts_with(&prefix));
        let list: Result<Vec<Kept<R>>, Fault> = of.map(Kept::read).collect();
        let list = Arc::new(list?);
        lists.insert(R::KIND.name, list.clone());
        Ok(list)
    }

    /// What is made of it, once for as long as it stays as it is. The name is of no kind of record.
    ///
    /// # Errors
    /// As making it.
    pub fn worked_out<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        make: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<Arc<T>, Fault> {
        let known = self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(made) = known.and_then(|made| made.downcast::<T>().ok()) {
            return Ok(made);
        }
        // Two at once make it twice, and the same.
        let made = Arc::new(make()?);
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.insert(name, made.clone());
        Ok(made)
    }

    /// A record of a kind, if there is one with this id.
    ///
    /// # Errors
    /// `Internal` if one cannot be read.
    pub fn find<R: Record + Send + Sync + 'static>(
        &self,
        id: u64,
    ) -> Result<Option<Kept<R>>, Fault> {
        Ok(self.all::<R>()?.iter().find(|it| it.id() == id).cloned())
    }

    /// The groups of an agent.
    ///
    /// # Errors
    /// `Internal` if a membership cannot be read.
    pub fn groups_of(&self, agent: UserId) -> Result<BTreeSet<GroupId>, Fault> {
        let all = self.all::<GroupMembership>()?;
        Ok(all.iter().filter(|it| it.user_id == agent).map(|it| it.group_id).collect())
    }

    /// Somebody, with what the account says of them.
    ///
    /// # Errors
    /// `Internal` if their memberships or their role cannot be read.
    pub fn actor(&self, mut face: Face) -> Result<Actor, Fault> {
        let group_ids = self.groups_of(face.id)?;
        let role = match face.custom_role_id {
            Some(id) => self.find::<CustomRole>(id.get())?,
            None => None,
        };
        let may = role.as_ref().map(|role| role.allows()).unwrap_or_default();
        if let Some(role) = role.filter(|_| face.role.is_agent()) {
            face.role = role.base.max(face.role);
            face.private_only |= role.writes_notes_only();
            face.restriction = role.restriction().unwrap_or(face.restriction);
        }
        Ok(Actor { face, group_ids, may })
    }

    /// The agents, as tickets need to know them: each with their groups, the default one first.
    ///
    /// # Errors
    /// `Internal` if a membership cannot be read.
    pub fn agents(&self) -> Result<Arc<Agents>, Fault> {
        self.worked_out("AGENTS", || self.grouped())
    }

    fn grouped(&self) -> Result<Agents, Fault> {
        let all = self.all::<GroupMembership>()?;
        let mut groups: BTreeMap<UserId, Vec<GroupId>> = BTreeMap::new();
        for membership in all.iter() {
            let of = groups.entry(membership.user_id).or_default();
            let at = if membership.default { 0 } else { of.len() };
            of.insert(at, membership.group_id);
        }
        Ok(Agents { groups, assign_upon_solve: self.settings()?.assign_tickets_upon_solve })
    }

    /// Today, where the account is.
    ///
    /// # Errors
    /// `Internal` if the settings cannot be read.
    pub fn today(&self, now: Timestamp) -> Result<Date, Fault> {
        let zone = TimeZone::get(&self.zone()?).unwrap_or(TimeZone::UTC);
        Ok(now.to_zoned(zone).date())
    }

    /// Its time zone (IANA).
    ///
    /// # Errors
    /// `Internal` if the settings cannot be read.
    pub fn zone(&self) -> Result<String, Fault> {
        Ok(time_zone::iana(&self.settings()?.time_zone).to_owned())
    }

    /// How its tickets are routed.
    ///
    /// # Errors
    /// `Internal` if the settings cannot be read.
    pub fn routing(&self) -> Result<RoutingSettings, Fault> {
        let all = self.all::<RoutingSettings>()?;
        Ok(all.first().map(|kept| kept.record.clone()).unwrap_or_default())
    }

    /// How the account is set.
    ///
    /// # Errors
    /// `Internal` if the settings cannot be read.
    pub fn settings(&self) -> Result<Settings, Fault> {
        let all = self.all::<Settings>()?;
        Ok(all.first().map(|kept| kept.record.clone()).unwrap_or_default())
    }
}

/// Accounts as they were last read.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<HashMap<TenantId, Arc<Account>>>);

/// Tenants that one process remembers.
const MOST: usize = 64;

impl Remembered {
    /// Reads an account that is not remembered, while others ask which stamp it has.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn begin(&self, store: &dyn Store, tenant: &TenantId) -> Result<(), Fault> {
        if self.known(tenant).is_none() {
            let account = Account::load(store, tenant).await?;
            if account.stamp != 0 {
                self.keep(tenant, Arc::new(account));
            }
        }
        Ok(())
    }

    /// The account as of `stamp`: as remembered, or read anew.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn get(
        &self,
        store: &dyn Store,
        tenant: &TenantId,
        stamp: u64,
    ) -> Result<Arc<Account>, Fault> {
        if let Some(account) = self.known(tenant).filter(|account| account.stamp == stamp) {
            return Ok(account);
        }
        let account = Arc::new(Account::load(store, tenant).await?);
        self.keep(tenant, account.clone());
        Ok(account)
    }

    fn known(&self, tenant: &TenantId) -> Option<Arc<Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    fn keep(&self, tenant: &TenantId, account: Arc<Account>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(tenant.clone(), account);
    }
}
