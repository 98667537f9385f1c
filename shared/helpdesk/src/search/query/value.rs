//! The values of properties.

use super::resolve::Names;
use super::{Malformed, Operator, Property, Term, time, via};
use crate::ids::UserId;
use crate::search::document::{field, rank};
use crate::search::{Audience, Filter, Kind, analysis};
use crate::ticket::{self, Priority, Status};
use crate::user::phone;
use std::ops::Bound::{Excluded, Included, Unbounded};

/// A value that a property is compared with.
pub(super) struct Value<'a> {
    /// How.
    pub operator: Operator,
    /// With what.
    pub term: &'a Term,
    /// What is known of the account.
    pub names: &'a dyn Names,
}

pub(super) type Filtered = Result<Option<Filter>, Malformed>;

impl Value<'_> {
    /// The filter of a property; none, if it asks for nothing.
    pub fn of(&self, property: Property) -> Filtered {
        if !property.is_of(self.names.audience()) {
            return Ok(Some(Filter::nothing()));
        }
        if let Property::Field(id) = property {
            let Some(of) = self.names.field(id) else { return Ok(Some(Filter::nothing())) };
            return self.own(&field::of_ticket(id), Kind::Ticket, of).map(Some);
        }
        if let Some(filter) = self.nothing_or_anything(property) {
            return Ok(Some(filter));
        }
        self.named(property)
    }

    fn named(&self, property: Property) -> Filtered {
        let name = property.field(self.names.audience());
        match property {
            Property::Created | Property::Updated | Property::Solved | Property::DueDate => {
                let (now, zone) = (self.names.now(), self.names.zone());
                time::compared(name, self.operator, self.term, now, &zone).map(Some)
            }
            Property::Status => self.ranked(name, Status::ALL, Status::as_str),
            Property::Priority => self.ranked(name, Priority::ALL, Priority::as_str),
            Property::OrderBy => Ok(None),
            Property::Sort => self.one_of(&["asc", "desc"]).map(|_| None),
            _ => {
                self.equal()?;
                self.equals(property, name)
            }
        }
    }

    /// What can only be equal.
    fn equals(&self, property: Property, name: &str) -> Filtered {
        let text = self.term.text.as_str();
        let filter = match property {
            Property::Type => self.kind()?,
            Property::Assignee
            | Property::Submitter
            | Property::Requester
            | Property::Commenter
            | Property::Cc => {
                let people = self.people();
                Filter::any(self.fields(property).iter().map(|it| Filter::is_any(it, &people)))
            }
            Property::User => {
                let people = Filter::is_any(field::ID, self.people());
                Filter::all([Filter::kind(Kind::User), people])
            }
            Property::Subject
            | Property::Description
            | Property::AttachmentName
            | Property::Name
            | Property::Notes
            | Property::Details => return Ok(self.words(&self.fields(property))),
            Property::TicketType => {
                let all = ticket::Kind::ALL.iter().map(|it| it.as_str());
                Filter::is(name, self.one_of(&all.collect::<Vec<_>>())?)
            }
            Property::Satisfaction => {
                Filter::is(name, self.one_of(&crate::search::document::SATISFACTION)?)
            }
            Property::Role => {
                let word = text.to_lowercase().replace(['_', ' '], "-");
                self.among(&word, &["end-user", "agent", "admin"])?;
                Filter::is(name, word)
            }
            Property::Verified | Property::Suspended => {
                Filter::is(name, self.one_of(&["true", "false"])?)
            }
            Property::HasAttachment => {
                let fields = self.fields(property);
                let any = Filter::any(fields.into_iter().map(Filter::present));
                let has = self.one_of(&["true", "false"])? == "true";
                let any = if has { any } else { !any };
                Filter::all([Filter::kind(Kind::Ticket), any])
            }
            Property::Group => self.groups(),
            Property::Organization => Filter::is_any(name, self.names.organizations(text)),
            Property::Brand => Filter::is_any(name, self.names.brands(text)),
            Property::Form => Filter::is_any(name, self.names.forms(text)),
            Property::Tags => return Ok(self.tags()),
            Property::Via => Filter::is_any(name, via::channels(text)),
            Property::Phone => {
                let number = phone::canonical(text);
                let plus = format!("+{}", number.trim_start_matches('+'));
                Filter::is_any(name, [number, plus])
            }
            Property::FieldValue => self.any_value(),
            Property::CustomStatus | Property::Recipient | Property::Email => {
                Filter::is(name, text)
            }
            Property::External => self.exactly(name),
            Property::Created
            | Property::Updated
            | Property::Solved
            | Property::DueDate
            | Property::Status
            | Property::Priority
            | Property::OrderBy
            | Property::Sort
            | Property::Field(_) => return Ok(None),
        };
        Ok(Some(filter))
    }

    /// `none` and `*`, which are no words where they stand for nothing and for anything.
    fn nothing_or_anything(&self, property: Property) -> Option<Filter> {
        let kinds = property.kinds();
        if self.operator != Operator::Is || kinds.is_empty() {
            return None;
        }
        let present = || Filter::any(self.fields(property).into_iter().map(Filter::present));
        let text = self.term.text.to_lowercase();
        let there = match text.as_str() {
            "none" if property.may_be_none() => !present(),
            "*" if !self.term.quoted => present(),
            _ => return None,
        };
        Some(Filter::all([Filter::any(kinds.iter().map(|kind| Filter::kind(*kind))), there]))
    }

    /// The fields that a property looks at.
    fn fields(&self, property: Property) -> Vec<&'static str> {
        let name = property.field(self.names.audience());
        let internal = match property {
            Property::Commenter => Some(field::INTERNAL_COMMENTER),
            Property::Description => Some(field::INTERNAL),
            Property::AttachmentName | Property::HasAttachment => Some(field::INTERNAL_ATTACHMENT),
            _ => None,
        };
        let internal = internal.filter(|_| self.names.audience() == Audience::Agents);
        [Some(name), internal].into_iter().flatten().collect()
    }

    pub(super) fn wrong(&self, message: &str) -> Malformed {
        Malformed::new(self.term.at, format!("{} {message}", self.term.text))
    }

    pub(super) fn equal(&self) -> Result<(), Malformed> {
        match self.operator {
            Operator::Is => Ok(()),
            Operator::Less | Operator::AtMost | Operator::More | Operator::AtLeast => {
                Err(self.wrong("cannot be compared by < or >: it has no order here"))
            }
        }
    }

    pub(super) fn one_of<'w>(&self, words: &[&'w str]) -> Result<&'w str, Malformed> {
        self.among(&self.term.text.to_lowercase(), words)
    }

    fn among<'w>(&self, word: &str, words: &[&'w str]) -> Result<&'w str, Malformed> {
        let found = words.iter().find(|it| **it == word).copied();
        found.ok_or_else(|| self.wrong(&format!("is not one of {}", words.join(", "))))
    }

    fn kind(&self) -> Result<Filter, Malformed> {
        let word = self.term.text.to_lowercase();
        match Kind::named(&word) {
            Some(kind) => Ok(Filter::kind(kind)),
            // These are of the help center, which is searched elsewhere.
            None if matches!(word.as_str(), "article" | "entry" | "topic") => Ok(Filter::nothing()),
            None => Err(self.wrong("is not one of ticket, user, organization, group")),
        }
    }

    fn people(&self) -> Vec<UserId> {
        match self.term.text.to_lowercase().as_str() {
            "me" => vec![self.names.asker()],
            _ => self.names.people(&self.term.text),
        }
    }

    /// Tickets of a group, and its agents.
    fn groups(&self) -> Filter {
        let groups = self.names.groups(&self.term.text);
        let members = groups.iter().flat_map(|group| self.names.members(*group));
        let members = Filter::is_any(field::ID, members);
        let members = Filter::all([Filter::kind(Kind::User), members]);
        Filter::any([Filter::is_any(field::GROUP, &groups), members])
    }

    /// All of these tags; a quoted value has several.
    fn tags(&self) -> Option<Filter> {
        let apart = |sign: char| sign.is_whitespace() || sign == ',';
        let tags = self.term.text.split(apart).filter(|tag| !tag.is_empty());
        let tags: Vec<Filter> = tags.map(|tag| self.exact(field::TAGS, tag)).collect();
        (!tags.is_empty()).then(|| Filter::all(tags))
    }

    /// Exactly a value, or what begins so.
    pub(super) fn exactly(&self, name: &str) -> Filter {
        self.exact(name, &self.term.text)
    }

    fn exact(&self, name: &str, text: &str) -> Filter {
        match text.strip_suffix('*').filter(|_| !self.term.quoted) {
            Some(prefix) => Filter::begins(name, prefix),
            None => Filter::is(name, text),
        }
    }

    /// The words of a text, one after the other, or the beginning of a word.
    pub(super) fn words(&self, fields: &[&str]) -> Option<Filter> {
        let text = &self.term.text;
        if analysis::count(text) == 0 {
            return None;
        }
        let languages = self.names.languages();
        Some(match text.strip_suffix('*').filter(|_| !self.term.quoted) {
            Some(prefix) => Filter::prefix(fields, prefix, languages),
            None => Filter::phrase(fields, text, languages),
        })
    }

    fn ranked<T: Copy + PartialEq>(
        &self,
        name: &str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Filtered {
        let words: Vec<&str> = all.iter().map(|it| word(*it)).collect();
        let asked = self.one_of(&words)?;
        if self.operator == Operator::Is {
            return Ok(Some(Filter::is(name, asked)));
        }
        Ok(Some(self.number(name, rank(&words, &asked))))
    }

    pub(super) fn number(&self, name: &str, number: f64) -> Filter {
        let range = match self.operator {
            Operator::Is => (Included(number), Included(number)),
            Operator::Less => (Unbounded, Excluded(number)),
            Operator::AtMost => (Unbounded, Included(number)),
            Operator::More => (Excluded(number), Unbounded),
            Operator::AtLeast => (Included(number), Unbounded),
        };
        Filter::number(name, range)
    }
}
