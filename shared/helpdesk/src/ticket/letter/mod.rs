//! What is written to those whom an update told: of what was said, and what rules tell them.

mod ruled;
mod said;
mod story;

pub use story::Story;

use super::{Audit, Comment, Event, Ticket, What};
use crate::account::Remembered;
use crate::ids::{AuditId, TicketId, UserId};
use crate::record::{Known, Record, places};
use crate::satisfaction::Surveys;
use crate::store::Store;
use crate::user::User;
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};

/// An update that told people, or other systems, of what was said or what a rule tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The update.
    pub audit_id: AuditId,
}

impl Notice {
    /// That an update told anybody, if it did. What is imported is past.
    #[must_use]
    pub fn of(audit: &Audit) -> Option<Self> {
        let tells = |event: &Event| match &event.what {
            What::Notification { recipients, .. }
            | What::Cc { recipients }
            | What::FollowerNotification { recipients } => !recipients.is_empty(),
            What::Webhook { .. } => true,
            What::Create { .. }
            | What::Change { .. }
            | What::Comment
            | What::UseCase { .. }
            | What::SlaBreach { .. }
            | What::Error { .. } => false,
        };
        let told = !audit.imported && audit.events.iter().any(tells);
        told.then_some(Self { ticket_id: audit.ticket_id, audit_id: audit.id })
    }
}

/// What somebody is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is known by: of what is written again under it, nothing is sent.
    pub key: String,
    /// Who they are.
    pub user_id: UserId,
    /// What they are as a customer.
    pub subject: String,
    /// Their address.
    pub email: String,
    /// Their language (BCP 47).
    pub locale: String,
    /// Which ticket.
    pub ticket_id: TicketId,
    /// What it says.
    pub text: Text,
}

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// What somebody said.
    Said {
        /// Whether who reads it was mentioned.
        mentioned: bool,
        /// What the ticket is about.
        title: String,
        /// Who said something.
        author: String,
        /// What they said.
        text: String,
    },
    /// What a rule tells.
    Ruled {
        /// What about.
        subject: String,
        /// What.
        text: String,
    },
}

/// Where letters lead to.
#[derive(Clone, Copy)]
pub struct Leads<'a> {
    /// Where the helpdesk is.
    pub base: &'a str,
    /// Makes the links by which requesters say what they think.
    pub surveys: &'a dyn Surveys,
}

/// What those are written whom an update told, one letter for each thing that they are told. Nobody learns of what is gone
/// by now, nor who is no agent any more of an internal note; to whom a rule quotes what was said, it is not written again.
///
/// # Errors
/// `Unavailable` or `Throttled`; `Internal` if a record cannot be read.
pub async fn letters(
    store: &dyn Store,
    accounts: &Remembered,
    tenant: &TenantId,
    notice: &Notice,
    leads: Leads<'_>,
) -> Result<Vec<Letter>, Fault> {
    let Some((ticket, audit)) = told(store, tenant, notice).await? else { return Ok(Vec::new()) };
    let mut letters = said::letters(store, tenant, &ticket, &audit).await?;
    letters.retain(|it| !ruled::quoted(&audit).contains(&it.user_id));
    letters.extend(ruled::letters(store, accounts, tenant, &ticket, &audit, leads).await?);
    Ok(letters)
}

/// The ticket and the update, as long as they are there.
pub(crate) async fn told(
    store: &dyn Store,
    tenant: &TenantId,
    notice: &Notice,
) -> Result<Option<(Ticket, Audit)>, Fault> {
    let ticket_key = places::record(Ticket::KIND, notice.ticket_id.get());
    let audit_key = Audit::key(notice.ticket_id, notice.audit_id);
    let known = Known::read(store, tenant, vec![ticket_key, audit_key.clone()]).await?;
    let (ticket, audit) =
        (known.record::<Ticket>(notice.ticket_id.get())?, known.value::<Audit>(&audit_key)?);
    Ok(ticket.zip(audit))
}

/// The address of somebody who may be written to.
fn address(user: &User) -> Option<&str> {
    user.email().filter(|_| user.active && !user.suspended)
}
