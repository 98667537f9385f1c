//! Views as searches: their conditions as a filter, and their order
//! ([conditions](https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/)).

mod compare;
mod hours;
mod own;
mod phrases;
mod promised;
mod routed;

use super::directory::{languages, zone};
use super::document::field;
use super::{Filter, Key, Kind, Language, Sort};
use crate::access::{Actor, Role};
use crate::account::{Account, Brand, Group, Staff};
use crate::field::{OrganizationField, TicketField, TicketForm, UserField};
use crate::ids::{BrandId, FormId, GroupId, UserId};
use crate::record::Kept;
use crate::rule::{Condition, Conditions, Order, Output};
use crate::schedule::Schedules;
use ceap_kernel::{Fault, Timestamp};
use jiff::tz::TimeZone;
pub use phrases::Phrases;
use std::sync::Arc;

/// What a view needs to know of the account and of who looks at it.
#[derive(Debug, Clone)]
pub struct Looking {
    /// Who looks: `current_user`, `current_groups`.
    pub actor: Actor,
    /// What time it is.
    pub now: Timestamp,
    /// Their time zone, whose days are meant.
    pub zone: TimeZone,
    /// By which hours business hours count.
    pub schedules: Arc<Schedules>,
    /// The languages that the account's texts may be in.
    pub languages: Vec<Language>,
    /// What its texts' words are in these.
    pub phrases: Arc<Phrases>,
    /// All who work on tickets, with their names.
    pub agents: Arc<Vec<(UserId, Role, String)>>,
    /// The groups, with their names.
    pub groups: Arc<Vec<(GroupId, String)>>,
    /// The brands, with their names.
    pub brands: Arc<Vec<(BrandId, String)>>,
    /// The forms, with their names.
    pub forms: Arc<Vec<(FormId, String)>>,
    /// The form that tickets have that name none.
    pub default_form: Option<FormId>,
    /// The account's own fields of tickets.
    pub fields: Arc<Vec<Kept<TicketField>>>,
    /// Its own fields of people.
    pub user_fields: Arc<Vec<Kept<UserField>>>,
    /// Its own fields of organizations.
    pub organization_fields: Arc<Vec<Kept<OrganizationField>>>,
}

impl Looking {
    /// What the account says. Time zones are those of the account, since a token names no other.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    pub fn of(account: &Account, actor: &Actor, now: Timestamp) -> Result<Self, Fault> {
        let looks = account.worked_out("LOOKING", || Self::anybody(account, actor, now))?;
        Ok(Self { actor: actor.clone(), now, ..(*looks).clone() })
    }

    /// The same, for whoever looks and whenever, for as long as the account stays as it is.
    fn anybody(account: &Account, actor: &Actor, now: Timestamp) -> Result<Self, Fault> {
        let settings = account.settings()?;
        let staff = account.all::<Staff>()?;
        let groups = account.all::<Group>()?;
        let brands = account.all::<Brand>()?;
        let forms = account.all::<TicketForm>()?;
        Ok(Self {
            actor: actor.clone(),
            now,
            zone: zone(&settings),
            schedules: Schedules::of(account)?,
            languages: languages(&settings),
            phrases: Arc::default(),
            agents: Arc::new(staff.iter().map(|it| (it.id, it.role, it.name.clone())).collect()),
            groups: Arc::new(groups.iter().map(|it| (it.id, it.name.clone())).collect()),
            brands: Arc::new(brands.iter().map(|it| (it.id, it.name.clone())).collect()),
            forms: Arc::new(forms.iter().map(|it| (it.id, it.name.clone())).collect()),
            default_form: forms.iter().find(|it| it.default).map(|it| it.id),
            fields: account.all()?,
            user_fields: account.all()?,
            organization_fields: account.all()?,
        })
    }

    /// The tickets that meet conditions: all of those that all must be met of, and one of those that any must be met
    /// of, if there are any. What who looks may see is not part of it: see [`super::visible`].
    #[must_use]
    pub fn filter(&self, conditions: &Conditions) -> Filter {
        let all = conditions.all.iter().map(|it| self.condition(it));
        let any = Filter::any(conditions.any.iter().map(|it| self.condition(it)));
        let any = (!conditions.any.is_empty()).then_some(any);
        Filter::all([Filter::kind(Kind::Ticket)].into_iter().chain(all).chain(any))
    }

    /// The tickets that may meet conditions: those on fields of people and of organizations are left open, which are not
    /// found of tickets.
    #[must_use]
    pub fn found(&self, conditions: &Conditions) -> Filter {
        let known = |it: &Condition| !it.field.contains(".custom_fields.");
        let all = conditions.all.iter().filter(|it| known(it)).cloned().collect();
        let any =
            if conditions.any.iter().all(known) { conditions.any.clone() } else { Vec::new() };
        self.filter(&Conditions { all, any })
    }

    /// The order of a view's tickets: by its groups, within them as they are sorted, and what is the same by id.
    #[must_use]
    pub fn sort(&self, output: &Output) -> Sort {
        let grouped = output.group_by.as_ref().map(|by| (by, output.group_order));
        let sorted = output.sort_by.as_ref().map(|by| (by, output.sort_order));
        let keys = [grouped, sorted].into_iter().flatten();
        Sort(
            keys.flat_map(|(by, order)| self.keys(by).into_iter().map(move |it| (it, order)))
                .collect(),
        )
    }

    /// What a column is sorted by, for `sort_by` of lists of a view's tickets too.
    #[must_use]
    pub fn column(&self, name: &str, order: Order) -> Sort {
        Sort(self.keys(name).into_iter().map(|key| (key, order)).collect())
    }

    fn keys(&self, column: &str) -> Vec<Key> {
        let number = |name: &str| vec![Key::Number(name.to_owned())];
        let word = |name: &str| vec![Key::Keyword(name.to_owned())];
        match column {
            "assigned" => number(field::ASSIGNED),
            "due_date" => number(field::DUE),
            "nice_id" | "id" => number(field::ID),
            "updated" | "updated_at" | "updated_by_type" => number(field::UPDATED),
            "updated_assignee" => number(field::ASSIGNEE_UPDATED),
            "updated_requester" => number(field::REQUESTER_UPDATED),
            "priority" => number(field::PRIORITY),
            "created" | "created_at" => number(field::CREATED),
            "satisfaction_score" => number(field::SATISFACTION),
            "sla_next_breach_at" => number(field::BREACH),
            "solved" => number(field::SOLVED),
            "status" => number(field::STATUS),
            "type" => number(field::TICKET_TYPE),
            "requester" => word(field::REQUESTER_NAME),
            "locale_id" => word(field::REQUESTER_LOCALE),
            "organization" => word(field::ORGANIZATION_NAME),
            "assignee" => {
                let names = self.agents.iter().map(|(id, _, name)| (id, name));
                vec![Key::named(field::ASSIGNEE, names)]
            }
            "group" => vec![Key::named(field::GROUP, self.groups.iter().map(|(id, it)| (id, it)))],
            "brand" => vec![Key::named(field::BRAND, self.brands.iter().map(|(id, it)| (id, it)))],
            "ticket_form" => {
                vec![Key::named(field::FORM, self.forms.iter().map(|(id, it)| (id, it)))]
            }
            own => self.own_keys(own),
        }
    }
}

#[cfg(test)]
mod tests;
