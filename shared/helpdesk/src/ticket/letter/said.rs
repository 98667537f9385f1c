//! What is written of what was said.

use super::{Audit, Comment, Letter, Record, Text, Ticket, What, address};
use crate::ids::UserId;
use crate::record::{Known, places};
use crate::store::Store;
use crate::ticket::fact::subject;
use crate::user::User;
use ceap_kernel::{Fault, TenantId};

/// Whom an update told of what was said, and whether they were mentioned. Whom rules tell is not among them.
fn recipients(audit: &Audit) -> impl Iterator<Item = (UserId, bool)> {
    let own = audit.events.iter().filter(|event| event.via.is_none());
    own.flat_map(|event| {
        let (all, mentioned) = match &event.what {
            What::Notification { recipients, .. } => (recipients.as_slice(), true),
            What::Cc { recipients } | What::FollowerNotification { recipients } => {
                (recipients.as_slice(), false)
            }
            What::Create { .. }
            | What::Change { .. }
            | What::Comment
            | What::Webhook { .. }
            | What::UseCase { .. }
            | What::SlaBreach { .. }
            | What::Error { .. } => (&[][..], false),
        };
        all.iter().map(move |id| (*id, mentioned))
    })
}

/// What they are written, one letter each.
pub async fn letters(
    store: &dyn Store,
    tenant: &TenantId,
    ticket: &Ticket,
    audit: &Audit,
) -> Result<Vec<Letter>, Fault> {
    let told = recipients(audit).next().is_some();
    let Some(comment) = audit.comment().filter(|_| told) else { return Ok(Vec::new()) };
    let comment_key = Comment::key(ticket.id, comment);
    let people = recipients(audit).map(|(id, _)| id).chain([audit.author_id]);
    let keys = people.map(|id| places::record(User::KIND, id.get())).chain([comment_key.clone()]);
    let known = Known::read(store, tenant, keys.collect()).await?;
    let Some(comment) = known.value::<Comment>(&comment_key)? else { return Ok(Vec::new()) };
    let author = known.record::<User>(comment.author_id.get())?;
    let author = author.map_or_else(String::new, |user| user.name);
    let mut letters: Vec<Letter> = Vec::new();
    for (id, mentioned) in recipients(audit) {
        let Some(user) = known.record::<User>(id.get())? else { continue };
        let may = comment.public || user.role.is_agent();
        let again = letters.iter().any(|letter| letter.user_id == id);
        let Some(email) = address(&user).filter(|_| may && !again) else { continue };
        letters.push(Letter {
            key: format!("notice/{}/{id}", audit.id),
            user_id: id,
            subject: subject(user.external_id.as_deref(), id),
            email: email.to_owned(),
            locale: user.locale.clone(),
            ticket_id: ticket.id,
            text: Text::Said {
                mentioned,
                title: ticket.subject.clone().unwrap_or_default(),
                author: author.clone(),
                text: comment.body.clone(),
            },
        });
    }
    Ok(letters)
}
