//! From a query to a filter and an order.

use super::value::Value;
use super::{Clause, Malformed, Operator, Property, Query, Term, What};
use crate::field::Field;
use crate::ids::{BrandId, FieldId, FormId, GroupId, OrganizationId, UserId};
use crate::rule::Order;
use crate::search::document::field;
use crate::search::{Audience, Filter, Key, Kind, Language, Sort, analysis};
use ceap_kernel::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// What a query needs to know of the account and of who asks. Names are those in a query: in any case, of one word or
/// several; where an id may stand for a name, it may stand here.
pub trait Names {
    /// What time it is.
    fn now(&self) -> Timestamp;
    /// The time zone of who asks, whose days are meant.
    fn zone(&self) -> TimeZone;
    /// Who asks.
    fn asker(&self) -> UserId;
    /// What they may find things by.
    fn audience(&self) -> Audience;
    /// The languages that the account's texts may be in.
    fn languages(&self) -> &[Language];
    /// The people whom a name, an address, a number or an id means: see [`super::person`].
    fn people(&self, named: &str) -> Vec<UserId>;
    /// The organizations that a name or an id means: see [`super::organization`].
    fn organizations(&self, named: &str) -> Vec<OrganizationId>;
    /// The groups that a name or an id means.
    fn groups(&self, named: &str) -> Vec<GroupId>;
    /// The agents of a group.
    fn members(&self, group: GroupId) -> Vec<UserId>;
    /// The brands that a name or an id means.
    fn brands(&self, named: &str) -> Vec<BrandId>;
    /// The forms that a name or an id means.
    fn forms(&self, named: &str) -> Vec<FormId>;
    /// The field of tickets with this id, if there is one that who asks sees.
    fn field(&self, id: FieldId) -> Option<&Field>;
    /// All fields of tickets that who asks sees.
    fn fields(&self) -> Vec<&Field>;
    /// The fields with this key, and of what they are: of people, and of organizations.
    fn profile(&self, key: &str) -> Vec<(Kind, &Field)>;
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// Which documents. What who asks may see is not part of it: see [`crate::search::visible`].
    pub filter: Filter,
    /// In which order: that which is asked for; otherwise the best come first.
    pub sort: Sort,
}

/// The shortest word that also stands for the words that begin with it: of one sign alone there are too many.
const SHORTEST: usize = 2;

/// What several values are alternatives of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    /// A property that all accounts have.
    Known(Property),
    /// A field of people or organizations.
    Own(String),
}

impl Query {
    /// Resolves a query: what is of the same property is alternatives, and everything else must hold together
    /// ([multiple values of a single property](https://support.zendesk.com/hc/en-us/articles/4408886879258)).
    ///
    /// # Errors
    /// If a value is none that its property has, or cannot be compared so.
    pub fn resolve(&self, names: &dyn Names) -> Result<Sought, Malformed> {
        let mut all: Vec<Filter> = Vec::new();
        let mut alternatives: BTreeMap<Of, Vec<Filter>> = BTreeMap::new();
        for clause in &self.clauses {
            let Some((of, filter)) = clause.resolve(names)? else { continue };
            match of {
                _ if clause.negated => all.push(!filter),
                Some(of) => alternatives.entry(of).or_default().push(filter),
                None => all.push(filter),
            }
        }
        all.extend(alternatives.into_values().map(Filter::any));
        let sort = self.sort(names.audience())?.unwrap_or_else(|| self.best(names));
        Ok(Sought { filter: Filter::all(all), sort })
    }

    /// The best first: those that have more of the words in their subject or name, and of these what was changed last.
    fn best(&self, names: &dyn Names) -> Sort {
        let words = self.clauses.iter().filter(|clause| !clause.negated);
        let titled = words.filter_map(|clause| match &clause.what {
            What::Text(term) => anywhere(term, names, TITLES),
            What::Property { .. } => None,
        });
        let titled: Vec<Filter> = titled.collect();
        let met = (!titled.is_empty()).then_some(Key::Met(titled));
        let updated = Key::Number(field::UPDATED.to_owned());
        Sort(met.into_iter().chain([updated]).map(|key| (key, Order::Desc)).collect())
    }

    /// The order that is asked for within the text.
    fn sort(&self, audience: Audience) -> Result<Option<Sort>, Malformed> {
        let Some(by) = self.last(Property::OrderBy) else { return Ok(None) };
        let order = self.last(Property::Sort);
        sort(&by.text, order.map(|term| term.text.as_str()), audience)
            .ok_or_else(|| Malformed::new(by.at, format!("nothing is sorted by {}", by.text)))
    }

    fn last(&self, property: Property) -> Option<&Term> {
        self.clauses.iter().rev().find_map(|clause| match &clause.what {
            What::Property { name, value, .. } if Property::named(name) == Some(property) => {
                Some(value)
            }
            What::Property { .. } | What::Text(_) => None,
        })
    }
}

/// The order by something, for `order_by` and `sort` in a query as for the parameters `sort_by` and `sort_order`; none
/// within, if the best are to come first. None at all, if nothing is sorted by it.
#[must_use]
pub fn sort(by: &str, order: Option<&str>, audience: Audience) -> Option<Option<Sort>> {
    let by = match by.to_lowercase().as_str() {
        "created" | "created_at" => field::CREATED,
        "updated" | "updated_at" => field::UPDATED,
        "commented" => field::COMMENTED,
        "priority" => field::PRIORITY,
        "status" => Property::Status.field(audience),
        "ticket_type" => field::TICKET_TYPE,
        "relevance" => return Some(None),
        _ => return None,
    };
    let ascending = order.is_some_and(|order| order.eq_ignore_ascii_case("asc"));
    Some(Some(Sort::by_number(by, if ascending { Order::Asc } else { Order::Desc })))
}

impl Clause {
    /// What it asks for, and what it is one of the alternatives of, if it is. None of what asks for nothing.
    fn resolve(&self, names: &dyn Names) -> Result<Option<(Option<Of>, Filter)>, Malformed> {
        let (name, operator, value) = match &self.what {
            What::Text(term) => {
                let all = names.audience().fields();
                return Ok(anywhere(term, names, all).map(|filter| (None, filter)));
            }
            What::Property { name, operator, value } => (name, *operator, value),
        };
        let of = |of: Of| (operator == Operator::Is).then_some(of);
        let value = Value { operator, term: value, names };
        if let Some(property) = Property::named(name) {
            let filter = value.of(property)?;
            return Ok(filter.map(|filter| (of(Of::Known(property)), filter)));
        }
        if names.audience() == Audience::Agents {
            let fields = names.profile(&name.to_lowercase());
            if let Some(filter) = value.of_profile(&name.to_lowercase(), &fields)? {
                return Ok(Some((of(Of::Own(name.to_lowercase())), filter)));
            }
        }
        // Not a property: words, such as those of an address of the web.
        let quote = if value.term.quoted { "\"" } else { "" };
        let text = format!("{name}{}{quote}{}{quote}", operator.as_str(), value.term.text);
        let term = Term { at: self.at, text, quoted: value.term.quoted };
        let all = names.audience().fields();
        Ok(anywhere(&term, names, all).map(|filter| (None, filter)))
    }
}

/// What a record is called.
const TITLES: &[&str] = &[field::SUBJECT, field::NAME];

/// A word or a phrase, wherever it stands among these fields; a number is also that of a ticket, and a word the beginning of longer ones
/// ([search terms](https://support.zendesk.com/hc/en-us/articles/4408886879258)).
fn anywhere(term: &Term, names: &dyn Names, fields: &[&str]) -> Option<Filter> {
    let words = analysis::plain(&term.text);
    let first = words.first()?;
    let phrase = Filter::phrase(fields, &term.text, names.languages());
    if term.quoted || words.len() > 1 {
        return Some(phrase);
    }
    let mut any = vec![phrase];
    if first.chars().count() >= SHORTEST {
        any.push(Filter::prefix(fields, first, names.languages()));
    }
    let number = term.text.trim_start_matches('#');
    if !number.is_empty() && number.bytes().all(|sign| sign.is_ascii_digit()) {
        any.push(Filter::all([Filter::kind(Kind::Ticket), Filter::is(field::ID, number)]));
    }
    Some(Filter::any(any))
}

#[cfg(test)]
mod tests;
