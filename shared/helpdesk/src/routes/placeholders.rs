//! What placeholders stand for in what rules say of a ticket.

use crate::account::Group;
use crate::api::{Call, Refused};
use crate::content::Contents;
use crate::ids::UserId;
use crate::organization::Organization;
use crate::record::{Record, places};
use crate::rule::{People, Placeholders};
use crate::schedule::Schedules;
use crate::ticket::Ticket;
use crate::trigger::Around;
use crate::user::User;

/// What placeholders stand for in what is said of `ticket` by who asks. `around` is who is not kept yet.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn placeholders(
    call: &Call<'_>,
    ticket: &Ticket,
    around: &Around,
) -> Result<Placeholders, Refused> {
    let me = call.actor()?.id();
    let people = [Some(ticket.requester_id), ticket.assignee_id, Some(me)];
    let people_keys = people.iter().flatten().map(|id| places::record(User::KIND, id.get()));
    let of = ticket.organization_id.map(|id| places::record(Organization::KIND, id.get()));
    call.fetch(people_keys.chain(of)).await?;
    let find = async |id: Option<UserId>| -> Result<Option<User>, Refused> {
        let Some(id) = id else { return Ok(None) };
        let known = around.known(id).cloned();
        Ok(known.or(call.find::<User>(id.get()).await?.map(|it| it.record)))
    };
    let [requester, assignee, me] = people;
    let (requester, assignee, me) =
        (find(requester).await?, find(assignee).await?, find(me).await?);
    let organization = match ticket.organization_id {
        Some(id) => call.find::<Organization>(id.get()).await?,
        None => None,
    };
    let group = match ticket.group_id {
        Some(id) => call.account.find::<Group>(id.get())?,
        None => None,
    };
    let people = People {
        requester: requester.as_ref(),
        assignee: assignee.as_ref(),
        current_user: me.as_ref(),
        group: group.as_ref().map(|it| it.name.as_str()),
        organization: organization.as_ref().map(|it| it.name.as_str()),
    };
    let url = format!("{}/agent/tickets/{}", call.ask.base, ticket.id);
    let contents = Contents::of(&call.account, requester.as_ref().map(|it| it.locale.as_str()))?;
    let name = call.account.settings()?.name;
    let open = Schedules::of(&call.account)?.open(ticket, call.at);
    Ok(Placeholders::of(ticket, people, &name, &url).within_hours(open).with(contents))
}
