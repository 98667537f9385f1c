//! Who is told of what was said
//! ([CCs and followers](https://support.zendesk.com/hc/en-us/articles/4408822451482)): agents who follow hear
//! everything, people in copy what is public, agents who are mentioned that they are; nobody what they said themselves.
//! Whether the requester is told is a trigger's to say.

use super::{Comment, Ticket, What};
use crate::ids::UserId;
use std::collections::BTreeSet;

/// What an update does beside its changes: it tells people of `comment`. `mentioned` are agents named in it.
#[must_use]
pub fn notices(ticket: &Ticket, comment: &Comment, mentioned: &BTreeSet<UserId>) -> Vec<What> {
    let others = |all: &BTreeSet<UserId>| -> Vec<UserId> {
        all.iter().copied().filter(|id| *id != comment.author_id).collect()
    };
    let mentioned = others(mentioned);
    let mut told = Vec::new();
    if !mentioned.is_empty() {
        let subject = format!("[#{}] {}", ticket.id, ticket.subject.as_deref().unwrap_or_default());
        let body = "You were mentioned in a comment of this ticket".to_owned();
        told.push(What::Notification { subject, body, recipients: mentioned.clone() });
    }
    let following = others(&ticket.follower_ids).into_iter().filter(|id| !mentioned.contains(id));
    let recipients: Vec<UserId> = following.collect();
    if !recipients.is_empty() {
        told.push(What::FollowerNotification { recipients });
    }
    let recipients = others(&ticket.email_cc_ids);
    if comment.public && !recipients.is_empty() {
        told.push(What::Cc { recipients });
    }
    told
}
