//! Which of an account's schedules counts for a ticket: the one that a trigger set, else its group's, else its brand's, else
//! the account's first ([multiple schedules](https://support.zendesk.com/hc/en-us/articles/4408842938522); that groups and
//! brands have one without a trigger is not Zendesk's).

use super::{Hours, Schedule};
use crate::account::Account;
use crate::ids::{BrandId, GroupId, RecordId};
use crate::search::Filter;
use crate::search::document::field;
use crate::ticket::Ticket;
use ceap_kernel::{Fault, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The schedules of an account, ready to count by.
#[derive(Debug, Clone, Default)]
pub struct Schedules {
    /// In the order in which they were made: the first is the account's.
    all: Vec<(RecordId, Hours)>,
    /// Which of them is whose.
    groups: BTreeMap<GroupId, usize>,
    brands: BTreeMap<BrandId, usize>,
}

impl Schedules {
    /// Those of an account, made ready once for as long as it stays as it is.
    ///
    /// # Errors
    /// `Internal` if they cannot be read.
    pub fn of(account: &Account) -> Result<Arc<Self>, Fault> {
        account.worked_out("SCHEDULES", || {
            let all = account.all::<Schedule>()?;
            Self::new(all.iter().map(|it| &it.record))
        })
    }

    /// These.
    ///
    /// # Errors
    /// `Internal` if nothing is known of the zone of one.
    pub fn new<'a>(all: impl IntoIterator<Item = &'a Schedule>) -> Result<Self, Fault> {
        let mut sorted: Vec<&Schedule> = all.into_iter().collect();
        sorted.sort_by_key(|it| (it.created_at, it.id));
        let mut made = Self::default();
        for (at, it) in sorted.into_iter().enumerate() {
            made.all.push((it.id, Hours::of(it)?));
            // What two were given at the same moment is the older one's.
            for id in &it.group_ids {
                made.groups.entry(*id).or_insert(at);
            }
            for id in &it.brand_ids {
                made.brands.entry(*id).or_insert(at);
            }
        }
        Ok(made)
    }

    /// The one that counts for a ticket; none, if the account has none. One that a trigger set and that is gone is none.
    fn of_ticket(&self, ticket: &Ticket) -> Option<&(RecordId, Hours)> {
        let set = ticket.schedule_id.and_then(|id| self.all.iter().position(|it| it.0 == id));
        let group = || self.groups.get(&ticket.group_id?).copied();
        let brand = || self.brands.get(&ticket.brand_id?).copied();
        self.all.get(set.or_else(group).or_else(brand).unwrap_or_default())
    }

    /// The hours that count for a ticket; all, if there are none.
    #[must_use]
    pub fn hours(&self, ticket: &Ticket) -> Option<&Hours> {
        self.of_ticket(ticket).map(|(_, hours)| hours)
    }

    /// Whether a moment is within the hours that count for a ticket.
    #[must_use]
    pub fn open(&self, ticket: &Ticket, at: Timestamp) -> bool {
        self.hours(ticket).is_none_or(|it| it.has(at))
    }

    /// Which schedule counts for a ticket.
    #[must_use]
    pub fn id(&self, ticket: &Ticket) -> Option<RecordId> {
        self.of_ticket(ticket).map(|(id, _)| *id)
    }

    /// The hours of one of them.
    #[must_use]
    pub fn named(&self, id: RecordId) -> Option<&Hours> {
        self.all.iter().find(|it| it.0 == id).map(|(_, hours)| hours)
    }

    /// Each of them, and which tickets it counts for: as [`Self::hours`] says of one.
    #[must_use]
    pub fn shares(&self) -> Vec<(Filter, &Hours)> {
        if let [(_, hours)] = &self.all[..] {
            return vec![(Filter::everything(), hours)];
        }
        let shares = self.all.iter().enumerate();
        shares.map(|(at, (id, hours))| (self.share(at, *id), hours)).collect()
    }

    fn share(&self, at: usize, id: RecordId) -> Filter {
        let unset = !Filter::is_any(field::SCHEDULE, self.all.iter().map(|(id, _)| id));
        let ungrouped = !Filter::is_any(field::GROUP, self.groups.keys());
        let unbranded = !Filter::is_any(field::BRAND, self.brands.keys());
        let brand = Filter::is_any(field::BRAND, own(&self.brands, at));
        let rest = (at == 0).then_some(unbranded);
        let by_brand = Filter::all([ungrouped, Filter::any([brand].into_iter().chain(rest))]);
        let group = Filter::is_any(field::GROUP, own(&self.groups, at));
        let by_itself = Filter::all([unset, Filter::any([group, by_brand])]);
        Filter::any([Filter::is(field::SCHEDULE, id), by_itself])
    }
}

fn own<I>(all: &BTreeMap<I, usize>, at: usize) -> impl Iterator<Item = &I> {
    all.iter().filter(move |(_, of)| **of == at).map(|(id, _)| id)
}

#[cfg(test)]
mod tests;
