//! Moving what belongs to an organization: in the background, many at a time, and again where somebody else was faster.

use crate::api::list::{self, List};
use crate::api::page::{Page, Paging};
use crate::api::{Answer, Call, Refused};
use crate::ids::OrganizationId;
use crate::record::Changes;
use crate::routes::tickets::moved;
use crate::ticket::{Status, Ticket};
use crate::user::User;
use ceap_kernel::Fault;
use futures::future::join_all;
use futures::try_join;
use serde_json::{Value, json};

/// Records that are moved at the same time.
const AT_ONCE: usize = 25;

/// Rounds in which nothing was moved before it is left for later.
const PATIENCE: usize = 10;

/// Moves all people and tickets of an organization to another, or to none. What was moved stands on its list no longer,
/// so that it can be begun again at any time.
pub(super) async fn all(
    call: &Call<'_>,
    from: OrganizationId,
    to: Option<OrganizationId>,
) -> Result<(), Refused> {
    let people = List::named(format!("organization/{from}/users"));
    let tickets = List::named(format!("organization/{from}/tickets"));
    let mut idle = 0_usize;
    while idle < PATIENCE {
        let (people, tickets) = try_join!(
            list::first::<User>(call, &people, AT_ONCE),
            list::first::<Ticket>(call, &tickets, AT_ONCE)
        )?;
        if people.is_empty() && tickets.is_empty() {
            return Ok(());
        }
        let mut parts = Vec::new();
        for user in &people {
            let after = match to {
                Some(to) => user.moved(from, to, call.at),
                None => user.left(from, call.at),
            };
            let mut changes = Changes::new();
            changes.update(user, &after)?;
            parts.push(changes);
        }
        for ticket in &tickets {
            parts.push(moved(call, ticket, to)?);
        }
        idle = if commit(call, parts).await? { 0 } else { idle.saturating_add(1) };
    }
    Err(Fault::Unavailable("what is to be moved is being changed all the time".to_owned()).into())
}

/// Whether any of the parts was done. A part that somebody else was faster with is tried again in the next round.
async fn commit(call: &Call<'_>, parts: Vec<Changes>) -> Result<bool, Refused> {
    let mut any = false;
    for done in join_all(parts.into_iter().map(|part| call.commit_part(part))).await {
        match done {
            Ok(()) => any = true,
            Err(Refused::Conflict) => {}
            Err(refused) => return Err(refused),
        }
    }
    Ok(any)
}

/// Leaves the people and tickets of an organization that is no more to none.
pub(super) async fn emptied(call: &Call<'_>) -> Result<Answer, Refused> {
    let from = OrganizationId::new(call.id("id")?).ok_or(Refused::NotFound)?;
    all(call, from, None).await?;
    call.commit(Changes::new()).await?;
    Ok(Answer::ok(json!({})))
}

/// Takes the tickets of somebody who left an organization out of it, unless they are done.
pub(crate) async fn left(call: &Call<'_>) -> Result<Answer, Refused> {
    let body = call.ask.json()?;
    let number = |name: &str| body.get(name).and_then(Value::as_u64);
    let (Some(user), Some(organization)) = (number("user_id"), number("organization_id")) else {
        return Err(Refused::parameter("user_id", "is required"));
    };
    let tickets = List::named(format!("requester/{user}/tickets"));
    let mut after = None;
    loop {
        let paging = Paging::Cursor { size: AT_ONCE, at: after, before: false };
        let Page { records, ends, more, .. } =
            list::page_of::<Ticket>(call, &tickets, paging, false).await?;
        let theirs = |it: &Ticket| {
            it.organization_id.is_some_and(|it| it.get() == organization)
                && it.status < Status::Solved
        };
        let mut parts = Vec::new();
        for ticket in records.iter().filter(|it| theirs(it)) {
            parts.push(moved(call, ticket, None)?);
        }
        commit(call, parts).await?;
        after = ends.map(|(_, last)| last);
        if !more {
            break;
        }
    }
    call.commit(Changes::new()).await?;
    Ok(Answer::ok(json!({})))
}
