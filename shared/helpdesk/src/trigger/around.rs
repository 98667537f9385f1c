//! Whom conditions ask about beside the ticket.

use crate::ids::{OrganizationId, RecordId, UserId};
use crate::organization::Organization;
use crate::satisfaction::SatisfactionRating;
use crate::triage::History;
use crate::user::User;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Something that has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// A person.
    User(UserId),
    /// An organization.
    Organization(OrganizationId),
    /// What a requester thinks of how their ticket was handled.
    Rating(RecordId),
    /// What somebody asked for before.
    History(UserId),
}

/// The records around a ticket, as far as they were read; it notes what would have been needed beside them.
#[derive(Debug, Default)]
pub struct Around {
    users: BTreeMap<UserId, Option<User>>,
    organizations: BTreeMap<OrganizationId, Option<Organization>>,
    ratings: BTreeMap<RecordId, Option<SatisfactionRating>>,
    histories: BTreeMap<UserId, Option<History>>,
    /// Of histories that are not read yet: which tickets they are.
    past: BTreeMap<UserId, Vec<u64>>,
    wanted: RefCell<BTreeSet<Wanted>>,
}

impl Around {
    /// Somebody, or that there is nobody.
    pub fn put_user(&mut self, id: UserId, user: Option<User>) {
        self.users.insert(id, user);
    }

    /// An organization, or that there is none.
    pub fn put_organization(&mut self, id: OrganizationId, organization: Option<Organization>) {
        self.organizations.insert(id, organization);
    }

    /// A rating, or that there is none.
    pub fn put_rating(&mut self, id: RecordId, rating: Option<SatisfactionRating>) {
        self.ratings.insert(id, rating);
    }

    /// What somebody asked for before.
    pub fn put_history(&mut self, id: UserId, history: History) {
        self.histories.insert(id, Some(history));
    }

    /// Which tickets somebody asked for before.
    pub fn put_past(&mut self, id: UserId, tickets: Vec<u64>) {
        self.past.insert(id, tickets);
    }

    /// The same, if they are known.
    #[must_use]
    pub fn past(&self, id: UserId) -> Option<&Vec<u64>> {
        self.past.get(&id)
    }

    /// What has to be read, taken from it.
    pub fn take_wanted(&self) -> BTreeSet<Wanted> {
        self.wanted.take()
    }

    /// Somebody, if they are known.
    #[must_use]
    pub fn known(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)?.as_ref()
    }

    pub(super) fn known_rating(&self, id: RecordId) -> Option<&SatisfactionRating> {
        self.ratings.get(&id)?.as_ref()
    }

    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.get(&self.users, id, Wanted::User)
    }

    pub(super) fn organization(&self, id: OrganizationId) -> Option<&Organization> {
        self.get(&self.organizations, id, Wanted::Organization)
    }

    pub(super) fn history(&self, id: UserId) -> Option<&History> {
        self.get(&self.histories, id, Wanted::History)
    }

    pub(super) fn rating(&self, id: RecordId) -> Option<&SatisfactionRating> {
        self.get(&self.ratings, id, Wanted::Rating)
    }

    fn get<'r, I: Copy + Ord, R>(
        &self,
        all: &'r BTreeMap<I, Option<R>>,
        id: I,
        wanted: fn(I) -> Wanted,
    ) -> Option<&'r R> {
        let known = all.get(&id);
        if known.is_none() {
            self.wanted.borrow_mut().insert(wanted(id));
        }
        known?.as_ref()
    }
}
