//! Merging somebody into who they turned out to be
//! ([merge end users](https://developer.zendesk.com/api-reference/ticketing/users/users/#merge-end-users),
//! [how user data is merged](https://support.zendesk.com/hc/en-us/articles/4408887695898)).

use super::moving;
use super::write::alive;
use crate::access::{Action, Resource, Role};
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Method, Refused};
use crate::ids::UserId;
use crate::job::{self, Step};
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use crate::routes::one;
use crate::ticket::Ticket;
use crate::user::{Identity, MOST_IDENTITIES, User};
use serde::Deserialize;
use serde_json::json;

/// Tickets of whom is merged at most (Zendesk's limit).
const MOST_TICKETS: u64 = 10_000;

#[derive(Deserialize)]
struct Into {
    id: UserId,
}

/// Merges who the path names into who the body names. What they are known by, and in the background their tickets, are
/// the other's from then on; all else of them is lost.
pub(super) async fn merge(call: &Call<'_>) -> Result<Answer, Refused> {
    let loser = alive(call, "user_id").await?;
    let into: Into = call.ask.record("user")?;
    let tickets = List::named(format!("requester/{}/tickets", loser.id));
    let (winner, count) = futures::try_join!(
        async { Ok(call.find::<User>(into.id.get()).await?.filter(|it| it.active)) },
        list::count::<Ticket>(call, &tickets),
    )?;
    let Some(winner) = winner else {
        return Err(Refused::field("id", "is invalid"));
    };
    let mut refusal = Refusal::default();
    let mut against = |text: &str| refusal.add("base", text, Some("InvalidValue"));
    if winner.id == loser.id {
        against("A user cannot be merged into itself");
    }
    if loser.role != Role::EndUser || winner.role != Role::EndUser {
        against("Agents and administrators cannot be merged");
    }
    if count > MOST_TICKETS {
        against("A user who requested more than 10,000 tickets cannot be merged");
    }
    if loser.identities.len().saturating_add(winner.identities.len()) > MOST_IDENTITIES {
        against("The merged user would have too many identities");
    }
    let () = refusal.against(())?;
    for user in [&loser, &winner] {
        call.require(Action::UpdateUser, Resource::Person(user))?;
    }
    let gone = User {
        identities: Vec::new(),
        active: false,
        merged_into: Some(winner.id),
        updated_at: call.at,
        ..loser.record.clone()
    };
    let kept = with_identities(call, &winner, &loser);
    let mut changes = Changes::new();
    changes.update(&winner, &kept)?;
    changes.update(&loser, &gone)?;
    let path = format!("/users/{}/handed_on", loser.id);
    let steps = vec![Step::new(Method::Post, path, json!({}))];
    job::start_with(call, "Merge Users", steps, changes).await?;
    Ok(Answer::ok(one(call, &kept)))
}

/// What is added is not the one to use, unless there was none of its like.
fn with_identities(call: &Call<'_>, winner: &Kept<User>, loser: &User) -> User {
    let mut kept = User { updated_at: call.at, ..winner.record.clone() };
    for identity in &loser.identities {
        kept.add(Identity { primary: false, updated_at: call.at, ..identity.clone() });
    }
    kept.phone = kept.phone.or_else(|| loser.phone.clone());
    kept
}

/// A step of a merge: hands on the tickets of who was merged.
pub(super) async fn hand_on(call: &Call<'_>) -> Result<Answer, Refused> {
    let loser = call.get::<User>(call.id("user_id")?).await?;
    let (from, to) = (loser.id, loser.merged_into.ok_or(Refused::NotFound)?);
    for list in [format!("requester/{from}/tickets"), format!("ccd/{from}/tickets")] {
        moving::all(call, &List::named(list), |ticket| {
            let mut after = ticket.clone();
            if after.requester_id == from {
                after.requester_id = to;
            }
            if after.email_cc_ids.remove(&from) && after.requester_id != to {
                after.email_cc_ids.insert(to);
            }
            after
        })
        .await?;
    }
    call.commit(Changes::new()).await?;
    Ok(Answer::ok(json!({})))
}
