//! What one condition asks of a ticket.
//!
//! What a ticket is asked, views ask too, and in the same words: conditions become filters of what would be found of it
//! ([`Looking::condition`]). Whether something changed is told by what would be found of it before.

use super::{Stage, Update};
use crate::access::Role;
use crate::field::{Field, OrganizationField, ProfileField, UserField};
use crate::ids::RecordId;
use crate::record::Kept;
use crate::rule::Condition;
use crate::schedule::Schedules;
use crate::search::document::{self, Document, Kind, field};
use crate::search::filter::Scanned;
use crate::search::query::numbered;
use crate::search::{Filter, Looking};
use crate::ticket::{Metrics, Said, Ticket};
use ceap_kernel::Timestamp;
use std::cell::OnceCell;
use std::ops::Not;
use std::sync::Arc;

/// A condition, ready to be asked as often as the ticket changes.
pub struct Test<'a> {
    /// The condition.
    pub condition: &'a Condition,
    update: &'a Update<'a>,
    /// What it asks, once it is asked: mostly, others decide before.
    asks: OnceCell<(Of, Look)>,
}

/// Of what it is asked.
enum Of {
    /// The ticket.
    Ticket,
    /// The ticket, and its requester's language.
    Requested,
    /// The ticket, and how its requester rated it.
    Rated,
    /// Who asks.
    Requester(Arc<Vec<Kept<UserField>>>),
    /// Their organization.
    Organization(Arc<Vec<Kept<OrganizationField>>>),
}

/// What is asked.
enum Look {
    /// The update alone tells.
    Fixed(bool),
    /// It is so.
    Is(Filter),
    /// A field has changed: from what is so, to what is so.
    Changed { field: String, from: Option<Filter>, to: Option<Filter>, not: bool },
    /// Something was counted.
    Counts { of: fn(&Metrics) -> u32, met: fn(&u32, &u32) -> bool, number: u32 },
    /// Whether its requester sees anything that was said.
    Public(bool),
    /// Whether it is within the business hours that count for the ticket.
    Open { schedules: Arc<Schedules>, at: Timestamp, open: bool },
}

impl<'a> Test<'a> {
    /// Makes a condition ready. One that makes no sense any more is not met.
    pub(super) const fn new(condition: &'a Condition, update: &'a Update<'a>) -> Self {
        Self { condition, update, asks: OnceCell::new() }
    }

    fn asks(&self) -> &(Of, Look) {
        self.asks.get_or_init(|| {
            let Self { condition, update, .. } = self;
            let asked = || (of_ticket(&condition.field), of_update(condition, update));
            own(condition, update.looking).unwrap_or_else(asked)
        })
    }

    /// Whether something has to be read for it.
    pub(super) fn is_far(&self) -> bool {
        let field = self.condition.field.as_str();
        OWN.iter().any(|own| field.starts_with(own)) || !matches!(of_ticket(field), Of::Ticket)
    }

    pub(super) fn met(&self, stage: &Stage<'_>) -> bool {
        match &self.asks().1 {
            Look::Fixed(met) => *met,
            Look::Counts { of, met, number } => met(&of(&stage.ticket.metrics), number),
            Look::Public(public) => stage.ticket.is_public == *public,
            Look::Open { schedules, at, open } => schedules.open(stage.ticket, *at) == *open,
            Look::Is(filter) => self.now(stage, |it| it.meets(filter)),
            Look::Changed { field, from, to, not } => {
                let fits = |it: &Scanned<'_>, filter: &Option<Filter>| {
                    filter.as_ref().is_none_or(|filter| it.meets(filter))
                };
                let changed = self.both(stage, |was, is| {
                    !was.agrees(is, field) && fits(was, from) && fits(is, to)
                });
                // Of what nobody knows it is not known either that it did not change.
                changed.is_some_and(|changed| changed != *not)
            }
        }
    }

    fn now(&self, stage: &Stage<'_>, asked: impl Fn(&Scanned<'_>) -> bool) -> bool {
        match self.found(stage, stage.ticket) {
            Found::Ticket => asked(&stage.is),
            Found::Other(document) => asked(&Scanned::new(&document)),
            Found::Unknown => false,
        }
    }

    fn both(
        &self,
        stage: &Stage<'_>,
        asked: impl Fn(&Scanned<'_>, &Scanned<'_>) -> bool,
    ) -> Option<bool> {
        let nothing = Document::unseen(Kind::Ticket, 0);
        match (self.found(stage, stage.ticket), stage.before.map(|it| self.found(stage, it))) {
            (Found::Unknown, _) | (_, Some(Found::Unknown)) => None,
            (Found::Ticket, _) | (_, Some(Found::Ticket)) => Some(asked(&stage.was, &stage.is)),
            (Found::Other(is), Some(Found::Other(was))) => {
                Some(asked(&Scanned::new(&was), &Scanned::new(&is)))
            }
            // Who asks for a ticket that is new has not changed for it.
            (Found::Other(_), None) => {
                Some(asked(&Scanned::new(&nothing), &Scanned::new(&nothing)))
            }
        }
    }

    /// What is found of what is asked about.
    fn found(&self, stage: &Stage<'_>, ticket: &Ticket) -> Found {
        let around = stage.around;
        let ticket_if = |known: bool| if known { Found::Ticket } else { Found::Unknown };
        let other =
            |it: Option<Document>| it.map_or(Found::Unknown, |it| Found::Other(Box::new(it)));
        match &self.asks().0 {
            Of::Ticket => Found::Ticket,
            Of::Requested => ticket_if(around.user(ticket.requester_id).is_some()),
            Of::Rated => {
                let rating = ticket.satisfaction_rating_id;
                ticket_if(rating.is_none_or(|id| around.rating(id).is_some()))
            }
            Of::Requester(fields) => {
                let user = around.user(ticket.requester_id);
                other(user.and_then(|user| document::user(user, fields)))
            }
            Of::Organization(fields) => match ticket.organization_id {
                None => other(Some(Document::unseen(Kind::Organization, 0))),
                Some(id) => {
                    other(around.organization(id).map(|it| document::organization(it, fields)))
                }
            },
        }
    }
}

/// What is found.
enum Found {
    /// The ticket, which is there anyway.
    Ticket,
    /// Something else.
    Other(Box<Document>),
    /// Nobody knows.
    Unknown,
}

/// Of what a condition is asked that is not about fields of people and organizations.
fn of_ticket(name: &str) -> Of {
    match name {
        "locale_id" => Of::Requested,
        "satisfaction_reason_code" => Of::Rated,
        _ => Of::Ticket,
    }
}

/// What the names of fields of people and organizations begin with.
const OWN: [&str; 2] = ["requester.custom_fields.", "organization.custom_fields."];

/// A condition on a field of people or organizations.
fn own(condition: &Condition, looking: &Looking) -> Option<(Of, Look)> {
    let name = condition.field.as_str();
    let [requester, organization] = OWN;
    if let Some(key) = name.strip_prefix(requester) {
        let all = &looking.user_fields;
        return Some((Of::Requester(all.clone()), profile(all, key, condition, looking)));
    }
    let key = name.strip_prefix(organization)?;
    let all = &looking.organization_fields;
    Some((Of::Organization(all.clone()), profile(all, key, condition, looking)))
}

fn profile<F: ProfileField>(
    fields: &[Kept<F>],
    key: &str,
    condition: &Condition,
    looking: &Looking,
) -> Look {
    let Some(of) = fields.iter().find(|it| it.key == key) else { return Look::Fixed(false) };
    let of: &Field = &of.field;
    let name = field::of_profile(key);
    let is = |condition: &Condition| looking.of_field(of, &name, condition);
    changed(condition, &name, is).unwrap_or_else(|| Look::Is(is(condition)))
}

/// A condition that asks whether something changed.
fn changed(condition: &Condition, field: &str, is: impl Fn(&Condition) -> Filter) -> Option<Look> {
    let (not, operator) = match condition.operator.strip_prefix("not_") {
        Some(operator) => (true, operator),
        None => (false, condition.operator.as_str()),
    };
    let so = || Some(is(&Condition { operator: "is".to_owned(), ..condition.clone() }));
    let (from, to) = match operator {
        "changed" => (None, None),
        "value" => (None, so()),
        "value_previous" => (so(), None),
        _ => return None,
    };
    Some(Look::Changed { field: field.to_owned(), from, to, not })
}

/// The field of tickets by which it is told whether what a condition looks at has changed.
fn told_by(name: &str) -> Option<String> {
    let known = match name {
        "group_id" => field::GROUP,
        "assignee_id" => field::ASSIGNEE,
        "requester_id" => field::REQUESTER,
        "organization_id" => field::ORGANIZATION,
        "brand_id" => field::BRAND,
        "ticket_form_id" => field::FORM,
        "custom_status_id" => field::CUSTOM_STATUS,
        "type" => field::TICKET_TYPE,
        "priority" => field::PRIORITY,
        "status" => field::STATUS,
        "satisfaction_score" => field::SATISFACTION,
        "satisfaction_reason_code" => field::REASON,
        own => {
            let id = own.strip_prefix("custom_fields_")?.parse().ok()?;
            return Some(field::of_ticket(crate::ids::FieldId::new(id)?));
        }
    };
    Some(known.to_owned())
}

/// A condition on the ticket or on the update.
fn of_update(condition: &Condition, update: &Update<'_>) -> Look {
    let value = condition.value.as_str().unwrap_or_default();
    let looking = update.looking;
    let is_not = condition.operator.starts_with("not_") || condition.operator == "is_not";
    let fixed = |met: bool| Look::Fixed(met != is_not);
    let said = update.applied.comment.as_ref();
    let counted = |of| counts(condition, value, of);
    match condition.field.as_str() {
        "subject_includes_word" => {
            let words = looking.words(&[field::SUBJECT], condition, value);
            Look::Is(if is_not { words.not() } else { words })
        }
        "comment_includes_word" => {
            let words = looking.words(&[field::COMMENT], condition, value);
            fixed(said.is_some_and(|said| words.holds(&comment(said))))
        }
        "current_via_id" => {
            let channels = value.parse().map(numbered).unwrap_or_default();
            fixed(channels.iter().any(|it| *it == update.channel))
        }
        "update_type" => fixed((value == "Create") == update.before.is_none()),
        "comment_is_public" => fixed(said.is_some_and(|said| match value {
            "true" | "requester_can_see_comment" => said.public,
            "false" => !said.public,
            _ => true,
        })),
        "ticket_is_public" => Look::Public(value == "public"),
        "role" => fixed(match value {
            "all" => true,
            "agent" => update.actor.is_agent(),
            "admin" => update.actor.face.role == Role::Admin,
            "end_user" => !update.actor.is_agent(),
            _ => is_not,
        }),
        "reopens" => counted(|it| it.reopens),
        "replies" => counted(|it| it.replies),
        "agent_stations" => counted(|it| it.assignee_stations),
        "group_stations" => counted(|it| it.group_stations),
        "in_business_hours" => {
            let (schedules, at) = (looking.schedules.clone(), update.happened.at);
            Look::Open { schedules, at, open: value == "true" }
        }
        "within_schedule" => {
            let id = value.parse().ok().and_then(RecordId::new);
            let hours = id.and_then(|id| looking.schedules.named(id));
            fixed(hours.is_some_and(|it| it.has(update.happened.at)))
        }
        "attachment" => fixed(said.is_some_and(|said| !said.uploads.is_empty())),
        "cc" => {
            let any = Filter::present(field::CC);
            Look::Is(if is_not { any.not() } else { any })
        }
        name => {
            let changed = told_by(name)
                .and_then(|field| changed(condition, &field, |it| looking.condition(it)));
            changed.unwrap_or_else(|| Look::Is(looking.condition(condition)))
        }
    }
}

/// What was said, as it is looked through.
fn comment(said: &Said) -> Document {
    let mut document = Document::new(Kind::Ticket, 0);
    let html = said.html_body.as_deref().map(crate::text::of_html);
    document.text(field::COMMENT, html.as_deref().or(said.body.as_deref()));
    document
}

fn counts(condition: &Condition, value: &str, of: fn(&Metrics) -> u32) -> Look {
    let Ok(number) = value.parse() else { return Look::Fixed(false) };
    let met = match condition.operator.as_str() {
        "less_than" => u32::lt,
        "greater_than" => u32::gt,
        _ => u32::eq,
    };
    Look::Counts { of, met, number }
}
