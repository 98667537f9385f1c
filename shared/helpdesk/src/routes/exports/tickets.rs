//! Tickets: as they are; deleted ones with the status `deleted`; those that are gone for good with nothing that anybody
//! wrote ([exporting tickets](https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/#exporting-tickets)).

use super::asked::{given, second};
use super::page::{Place, Source};
use crate::api::{Call, Refused};
use crate::record::{Record, places};
use crate::routes::tickets::ticket_shown;
use crate::ticket::{DeletedTicket, GENERATED, GONE, SCRUBBED, Ticket};
use ceap_kernel::{Fault, Timestamp};
use serde_json::{Value, json};

/// Tickets, of some kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tickets {
    /// All.
    All,
    /// Those that are not deleted.
    Alive,
    /// None: those that only machines answered, of which there are none.
    None,
}

impl Tickets {
    /// Those that the query asks for.
    pub fn read(call: &Call<'_>) -> Result<Self, Refused> {
        match given(call.ask, "support_type_scope") {
            None | Some("all" | "agent") => {}
            Some("ai_agent") => return Ok(Self::None),
            Some(_) => {
                let rule = "must be all, agent or ai_agent";
                return Err(Refused::parameter("support_type_scope", rule));
            }
        }
        Ok(if call.ask.flag("exclude_deleted") { Self::Alive } else { Self::All })
    }
}

/// The lists: the place of each says what is told of who stands on it.
const LISTS: [&str; 3] = [GENERATED, GONE, SCRUBBED];

impl Source for Tickets {
    const NAME: &'static str = "tickets";

    fn lists(&self) -> Vec<&'static str> {
        let count = match self {
            Self::All => LISTS.len(),
            Self::Alive => 1,
            Self::None => 0,
        };
        LISTS.into_iter().take(count).collect()
    }

    async fn told(&self, call: &Call<'_>, places: &[Place]) -> Result<Vec<Vec<Value>>, Refused> {
        let key = |place: &Place| match place.list {
            0 => Some(places::record(Ticket::KIND, place.id())),
            1 => Some(places::record(DeletedTicket::KIND, place.id())),
            _ => None,
        };
        call.fetch(places.iter().filter_map(key)).await?;
        let mut told = Vec::with_capacity(places.len());
        for place in places {
            told.push(one(call, place).await?.into_iter().collect());
        }
        Ok(told)
    }
}

async fn one(call: &Call<'_>, place: &Place) -> Result<Option<Value>, Refused> {
    Ok(match place.list {
        0 => call.find::<Ticket>(place.id()).await?.map(|it| ticket_shown(call, &it)),
        1 => {
            let deleted = call.find::<DeletedTicket>(place.id()).await?;
            deleted.map(|it| gone(call, &it.ticket, it.deleted_at))
        }
        _ => {
            let unreadable =
                |error| Fault::Internal(format!("unreadable scrubbed ticket: {error}"));
            let ticket: Ticket = serde_json::from_str(&place.item.body).map_err(unreadable)?;
            let at = Timestamp::from_second(second(&place.item.key.sort));
            Some(gone(call, &ticket, at.unwrap_or(ticket.updated_at)))
        }
    })
}

fn gone(call: &Call<'_>, ticket: &Ticket, at: Timestamp) -> Value {
    let mut shown = ticket_shown(call, ticket);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("status".to_owned(), json!("deleted"));
        shown.insert("updated_at".to_owned(), json!(at.max(ticket.updated_at)));
        shown.insert("generated_timestamp".to_owned(), json!(at.as_second()));
    }
    shown
}
