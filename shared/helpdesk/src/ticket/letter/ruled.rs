//! What rules write to people.

use super::{Audit, Letter, Record, Story, Text, Ticket, What, address};
use crate::account::Remembered;
use crate::ids::UserId;
use crate::record::{Known, places};
use crate::rule::Form;
use crate::store::Store;
use crate::ticket::fact::subject;
use crate::user::User;
use ceap_kernel::{Fault, TenantId};

/// What an update's rules write: to each, what each rule tells them.
pub async fn letters(
    store: &dyn Store,
    accounts: &Remembered,
    tenant: &TenantId,
    ticket: &Ticket,
    audit: &Audit,
    base: &str,
) -> Result<Vec<Letter>, Fault> {
    let told: Vec<(u64, &str, &str, &[UserId])> = audit
        .events
        .iter()
        .filter(|event| event.via.is_some())
        .filter_map(|event| match &event.what {
            What::Notification { subject, body, recipients } => {
                Some((event.id, subject.as_str(), body.as_str(), recipients.as_slice()))
            }
            _ => None,
        })
        .collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let ids = told.iter().flat_map(|(.., recipients)| recipients.iter());
    let keys = ids.map(|id| places::record(User::KIND, id.get())).collect();
    let (people, story) = futures::try_join!(
        Known::read(store, tenant, keys),
        Story::read(store, accounts, tenant, ticket, audit, base)
    )?;
    let mut letters = Vec::new();
    for (event, title, text, recipients) in told {
        for id in recipients {
            let Some(user) = people.record::<User>(id.get())? else { continue };
            let Some(email) = address(&user) else { continue };
            let told = story.to(user.role.is_agent(), Some(&user.locale));
            letters.push(Letter {
                key: format!("rule/{event}/{id}"),
                user_id: *id,
                subject: subject(user.external_id.as_deref(), *id),
                email: email.to_owned(),
                locale: user.locale.clone(),
                ticket_id: ticket.id,
                text: Text::Ruled {
                    subject: told.fill(title, Form::Plain),
                    text: told.fill(text, Form::Plain),
                },
            });
        }
    }
    Ok(letters)
}
