//! What an update would lead to, without doing it.

use super::super::ticket_rules;
use super::asked::Asked;
use super::people;
use super::see;
use crate::api::{Call, Refused};
use crate::ids::TicketId;
use crate::record::Kept;
use crate::ticket::{self, Applied, Ticket};
use crate::trigger::Around;

/// An update that is not done.
pub struct Trial {
    /// The ticket before it, if there is one.
    pub before: Option<Kept<Ticket>>,
    /// What it would make of the ticket.
    pub applied: Applied,
    /// Who would be added with it.
    pub around: Around,
}

/// What would become of a ticket, or of a new one, if this were asked of it.
///
/// # Errors
/// 404 if who asks does not see it; 422 that names the fields.
pub async fn trial(call: &Call<'_>, id: Option<u64>, mut asked: Asked) -> Result<Trial, Refused> {
    let before = match id {
        Some(id) => Some(call.find::<Ticket>(id).await?.ok_or(Refused::NotFound)?),
        None => None,
    };
    if let Some(before) = &before
        && !see::sees(call, before).await?
    {
        return Err(Refused::NotFound);
    }
    let none = Default::default();
    let (ccs, followers) =
        before.as_ref().map_or((&none, &none), |it| (&it.email_cc_ids, &it.follower_ids));
    let people = people::resolve(call, &mut asked, ccs, followers, Vec::new()).await?;
    let actor = call.actor()?;
    let edit = &mut asked.edit;
    if before.is_none() && edit.organization_id.is_none() {
        let requester = edit.requester_id.unwrap_or(actor.id());
        edit.organization_id = Some(people::organization_of(call, requester, &people).await?);
    }
    let rules = ticket_rules::against(call, edit)?;
    let (agents, by, at) = (call.account.agents()?, actor.of_tickets(), call.at);
    let applied = match &before {
        Some(before) => ticket::apply(before, edit, by, &agents, &rules, at)?,
        None => ticket::open(TicketId::LAST, edit, None, by, &agents, &rules, at)?,
    };
    let mut around = Around::default();
    people.added.into_iter().for_each(|it| around.put_user(it.id, Some(it)));
    Ok(Trial { before, applied, around })
}
