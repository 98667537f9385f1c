//! What rules write to people.

use super::{Audit, Leads, Letter, Record, Story, Text, Ticket, What, address};
use crate::account::Remembered;
use crate::ids::UserId;
use crate::record::{Known, places};
use crate::rule::{Form, SATISFACTION};
use crate::satisfaction::{Survey, Words};
use crate::store::Store;
use crate::ticket::fact::subject;
use crate::user::User;
use ceap_kernel::{Fault, TenantId};
use std::collections::BTreeSet;

/// What a rule tells people.
#[derive(Clone, Copy)]
struct Told<'a> {
    event: u64,
    title: &'a str,
    text: &'a str,
    recipients: &'a [UserId],
}

/// Placeholders that stand for what was said.
const QUOTES: [&str; 3] = ["ticket.comments", "ticket.latest_", "ticket.public_comments"];

impl Told<'_> {
    fn names(&self, what: &str) -> bool {
        self.title.contains(what) || self.text.contains(what)
    }
}

/// What an update's rules tell people.
fn told(audit: &Audit) -> impl Iterator<Item = Told<'_>> {
    let ruled = audit.events.iter().filter(|event| event.via.is_some());
    ruled.filter_map(|event| match &event.what {
        What::Notification { subject, body, recipients } => {
            Some(Told { event: event.id, title: subject, text: body, recipients })
        }
        _ => None,
    })
}

/// Whom a rule quotes what was said.
pub fn quoted(audit: &Audit) -> BTreeSet<UserId> {
    let quoting = told(audit).filter(|it| QUOTES.iter().any(|quote| it.names(quote)));
    quoting.flat_map(|it| it.recipients.iter().copied()).collect()
}

/// What an update's rules write: to each, what each rule tells them.
pub async fn letters(
    store: &dyn Store,
    accounts: &Remembered,
    tenant: &TenantId,
    ticket: &Ticket,
    audit: &Audit,
    leads: Leads<'_>,
) -> Result<Vec<Letter>, Fault> {
    let told: Vec<Told<'_>> = told(audit).collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let ids = told.iter().flat_map(|it| it.recipients.iter());
    let keys = ids.map(|id| places::record(User::KIND, id.get())).collect();
    let (people, story) = futures::try_join!(
        Known::read(store, tenant, keys),
        Story::read(store, accounts, tenant, ticket, audit, leads.base)
    )?;
    let mut letters = Vec::new();
    for it in told {
        for id in it.recipients {
            let Some(user) = people.record::<User>(id.get())? else { continue };
            let Some(email) = address(&user) else { continue };
            let mut known = story.to(user.role.is_agent(), Some(&user.locale));
            let asked = *id == ticket.requester_id && !user.role.is_agent();
            if it.names(SATISFACTION) && (asked || user.role.is_agent()) {
                let survey = Survey::of(ticket);
                let link = match asked {
                    true => {
                        Some(survey.link(store, tenant, leads.surveys, audit.created_at).await?)
                    }
                    false => None,
                };
                known.satisfaction(ticket, Words::of(&user.locale), link.as_deref());
            }
            letters.push(Letter {
                key: format!("rule/{}/{id}", it.event),
                user_id: *id,
                subject: subject(user.external_id.as_deref(), *id),
                email: email.to_owned(),
                locale: user.locale.clone(),
                ticket_id: ticket.id,
                text: Text::Ruled {
                    subject: known.fill(it.title, Form::Plain),
                    text: known.fill(it.text, Form::Plain),
                },
            });
        }
    }
    Ok(letters)
}
