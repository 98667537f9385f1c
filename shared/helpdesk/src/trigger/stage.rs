//! A ticket as triggers see it.

use super::{Around, Update};
use crate::search::Kind;
use crate::search::document::{self, Beside, Document, SATISFACTION, field, rank};
use crate::search::filter::Scanned;
use crate::ticket::Ticket;

/// A ticket as it was before an update, and as it is by now: after the update, and those triggers that acted.
pub struct Stage<'a> {
    /// The ticket as it is.
    pub ticket: &'a Ticket,
    /// As it was, if it was.
    pub before: Option<&'a Ticket>,
    /// What is found of it as it was.
    pub was: Scanned<'a>,
    /// What is found of it as it is.
    pub is: Scanned<'a>,
    /// Who is concerned with it.
    pub around: &'a Around,
}

impl<'a> Stage<'a> {
    pub fn new(
        update: &Update<'a>,
        ticket: &'a Ticket,
        (was, is): (&'a Document, &'a Document),
        around: &'a Around,
    ) -> Self {
        let (was, is) = (Scanned::new(was), Scanned::new(is));
        Self { ticket, before: update.before, was, is, around }
    }
}

/// What nobody was asked is.
const UNOFFERED: &str = "unoffered";

/// A ticket before an update. Of one that was not yet, nothing is known but that nobody was asked how it was handled.
pub fn was(update: &Update<'_>, around: &Around) -> Document {
    match update.before {
        Some(ticket) => is(update, ticket, around),
        None => {
            let mut nothing = Document::unseen(Kind::Ticket, 0);
            nothing.keyword(field::SATISFACTION, UNOFFERED);
            nothing.number(field::SATISFACTION, rank(&SATISFACTION, &UNOFFERED));
            nothing
        }
    }
}

/// A ticket as it is.
pub fn is(update: &Update<'_>, ticket: &Ticket, around: &Around) -> Document {
    let rating = ticket.satisfaction_rating_id.and_then(|id| around.known_rating(id));
    let beside = Beside {
        requester: around.known(ticket.requester_id),
        organization: None,
        reason: rating.and_then(|it| it.reason_code),
        fields: &update.looking.fields,
    };
    document::ticket(ticket, &[], &beside)
}
