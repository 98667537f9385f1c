//! What is written to those whom an update told of what was said.

use super::fact::subject;
use super::{Audit, Comment, Ticket, What};
use crate::ids::{AuditId, TicketId, UserId};
use crate::record::{Known, Record, places};
use crate::store::Store;
use crate::user::User;
use ceap_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};

/// An update that told people of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The update.
    pub audit_id: AuditId,
}

impl Notice {
    /// That an update told people, if it did. What is imported is past.
    #[must_use]
    pub fn of(audit: &Audit) -> Option<Self> {
        let told = !audit.imported && recipients(audit).next().is_some();
        told.then_some(Self { ticket_id: audit.ticket_id, audit_id: audit.id })
    }
}

/// Whom an update told, and whether they were mentioned.
fn recipients(audit: &Audit) -> impl Iterator<Item = (UserId, bool)> {
    audit.events.iter().flat_map(|event| {
        let (all, mentioned) = match &event.what {
            What::Notification { recipients, .. } => (recipients.as_slice(), true),
            What::Cc { recipients } | What::FollowerNotification { recipients } => {
                (recipients.as_slice(), false)
            }
            What::Create { .. } | What::Change { .. } | What::Comment => (&[][..], false),
        };
        all.iter().map(move |id| (*id, mentioned))
    })
}

/// What one of them is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who they are.
    pub user_id: UserId,
    /// What they are as a customer.
    pub subject: String,
    /// Their address.
    pub email: String,
    /// Their language (BCP 47).
    pub locale: String,
    /// Whether they were mentioned.
    pub mentioned: bool,
    /// Which ticket.
    pub ticket_id: TicketId,
    /// What it is about.
    pub title: String,
    /// Who said something.
    pub author: String,
    /// What they said.
    pub text: String,
}

/// What those are written whom an update told, one letter each. Nobody learns of what is gone by now, nor who is no
/// agent any more of an internal note.
///
/// # Errors
/// `Unavailable` or `Throttled`; `Internal` if a record cannot be read.
pub async fn letters(
    store: &dyn Store,
    tenant: &TenantId,
    notice: &Notice,
) -> Result<Vec<Letter>, Fault> {
    let ticket_key = places::record(Ticket::KIND, notice.ticket_id.get());
    let audit_key = Audit::key(notice.ticket_id, notice.audit_id);
    let known = Known::read(store, tenant, vec![ticket_key, audit_key.clone()]).await?;
    let (ticket, audit) =
        (known.record::<Ticket>(notice.ticket_id.get())?, known.value::<Audit>(&audit_key)?);
    let (Some(ticket), Some(audit)) = (ticket, audit) else { return Ok(Vec::new()) };
    let Some(comment) = audit.comment() else { return Ok(Vec::new()) };
    let comment_key = Comment::key(notice.ticket_id, comment);
    let people = recipients(&audit).map(|(id, _)| id).chain([audit.author_id]);
    let keys = people.map(|id| places::record(User::KIND, id.get())).chain([comment_key.clone()]);
    let known = Known::read(store, tenant, keys.collect()).await?;
    let Some(comment) = known.value::<Comment>(&comment_key)? else { return Ok(Vec::new()) };
    let author = known.record::<User>(comment.author_id.get())?;
    let author = author.map_or_else(String::new, |user| user.name);
    let mut letters: Vec<Letter> = Vec::new();
    for (id, mentioned) in recipients(&audit) {
        let Some(user) = known.record::<User>(id.get())? else { continue };
        let may = user.active && !user.suspended && (comment.public || user.role.is_agent());
        let again = letters.iter().any(|letter| letter.user_id == id);
        let Some(email) = user.email().filter(|_| may && !again) else { continue };
        letters.push(Letter {
            user_id: id,
            subject: subject(user.external_id.as_deref(), id),
            email: email.to_owned(),
            locale: user.locale.clone(),
            mentioned,
            ticket_id: ticket.id,
            title: ticket.subject.clone().unwrap_or_default(),
            author: author.clone(),
            text: comment.body.clone(),
        });
    }
    Ok(letters)
}
