//! Moving tickets from one person to another: in the background, many at a time, and again where somebody else was
//! faster.

use super::role;
use crate::account::GroupMembership;
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Refused};
use crate::ids::UserId;
use crate::record::Changes;
use crate::routes::tickets::rewritten;
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::Fault;
use futures::future::join_all;
use serde_json::json;

/// Tickets that are moved at the same time.
const AT_ONCE: usize = 25;

/// Rounds in which nothing was moved before it is left for later.
const PATIENCE: usize = 10;

/// Makes of every ticket of a list what `change` makes of it, which takes it off the list: so it can be begun again at
/// any time.
pub(super) async fn all(
    call: &Call<'_>,
    list: &List,
    change: impl Fn(&Ticket) -> Ticket,
) -> Result<(), Refused> {
    let mut idle = 0_usize;
    while idle < PATIENCE {
        let tickets = list::first::<Ticket>(call, list, AT_ONCE).await?;
        if tickets.is_empty() {
            return Ok(());
        }
        let mut parts = Vec::new();
        for ticket in &tickets {
            parts.push(rewritten(call, ticket, change(ticket))?);
        }
        idle = idle.saturating_add(1);
        for done in join_all(parts.into_iter().map(|part| call.commit_part(part))).await {
            match done {
                Ok(()) => idle = 0,
                Err(Refused::Conflict) => {}
                Err(refused) => return Err(refused),
            }
        }
    }
    Err(Fault::Unavailable("what is to be moved is being changed all the time".to_owned()).into())
}

/// A step of an agent's leaving: somebody else works on their tickets that are not closed. Whoever let them go does, if
/// they are in the ticket's group; or else the first agent of that group
/// ([removing an agent](https://support.zendesk.com/hc/en-us/articles/4408888690842)).
pub(super) async fn relieve(call: &Call<'_>) -> Result<Answer, Refused> {
    let agent = call.get::<User>(call.id("user_id")?).await?;
    if role::works(&agent) {
        return Err(Refused::NotFound);
    }
    let memberships = call.account.all::<GroupMembership>()?;
    let me = call.actor()?.id();
    let successor = |ticket: &Ticket| -> Option<UserId> {
        let group = ticket.group_id?;
        let agents = memberships.iter().filter(|it| it.group_id == group).map(|it| it.user_id);
        let mine = agents.clone().find(|id| *id == me);
        mine.or_else(|| agents.filter(|id| *id != agent.id).min())
    };
    let list = List::named(format!("assignee/{}/unclosed", agent.id));
    all(call, &list, |ticket| Ticket { assignee_id: successor(ticket), ..ticket.clone() }).await?;
    call.commit(Changes::new()).await?;
    Ok(Answer::ok(json!({})))
}
