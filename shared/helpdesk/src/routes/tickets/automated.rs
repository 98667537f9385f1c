//! What an automation does to a ticket.

use super::asked::More;
use super::fire::{self, Acted, RULE, automate, speak};
use super::write::after;
use super::written::{How, work_out};
use crate::api::{Call, Refused};
use crate::file::upload::Taken;
use crate::ids::TicketId;
use crate::record::{Changes, Kept};
use crate::rule::Automation;
use crate::search::Looking;
use crate::ticket::{self, Applied, Ticket, Via};
use crate::trigger::{Around, Fired};
use std::collections::BTreeSet;

/// Updates of one ticket by automations, at most (Zendesk's limit).
pub const MOST: u32 = 100;

/// Tries because somebody else was faster.
const ATTEMPTS: usize = 6;

/// Does to a ticket what an automation does in an hour: if it meets its conditions now, and once, however often this is
/// asked for. Triggers act on it as on any update. Whether it did anything.
///
/// # Errors
/// `Unavailable` or `Throttled`; 409 if others keep changing it.
pub async fn automated(
    call: &Call<'_>,
    looking: &Looking,
    (id, hour): (TicketId, i64),
    automation: &Automation,
) -> Result<bool, Refused> {
    for _ in 1..ATTEMPTS {
        match attempt(call, looking, (id, hour), automation).await {
            Err(Refused::Conflict) => {}
            done => return done,
        }
    }
    attempt(call, looking, (id, hour), automation).await
}

async fn attempt(
    call: &Call<'_>,
    looking: &Looking,
    (id, hour): (TicketId, i64),
    automation: &Automation,
) -> Result<bool, Refused> {
    let Some(before) = call.find::<Ticket>(id.get()).await? else { return Ok(false) };
    let done = &before.automations;
    if done.updates >= MOST || done.last(automation.head.id) >= Some(hour) {
        return Ok(false);
    }
    let mut around = Around::default();
    let untouched = untouched(call, &before)?;
    let own = (&before.record, &untouched);
    let Some((mut acted, says)) = automate(call, looking, own, automation, &mut around).await?
    else {
        return Ok(false);
    };
    acted.ticket.automations.note(automation.head.id, hour);
    let changed = ticket::changes(&before, &acted.ticket);
    let silent = changed.is_empty() && acted.events.is_empty() && says.is_empty();
    if silent && acted.locale.is_none() {
        return Ok(false);
    }
    let head = &automation.head;
    let via = Via::of_rule(head.id, &head.title, "automation");
    go_on(call, &before, (acted, says), via, around).await?;
    Ok(true)
}

/// A ticket to which nothing happened but that time went by.
///
/// # Errors
/// `Internal` if there is no such time.
pub(super) fn untouched(call: &Call<'_>, before: &Ticket) -> Result<Applied, Refused> {
    let updated_at = after(before.updated_at, call.at)?;
    let ticket = Ticket { updated_at, ..before.clone() };
    Ok(Applied { ticket, changes: Vec::new(), comment: None })
}

/// Has triggers act on what a rule did by itself, and keeps both.
///
/// # Errors
/// `Unavailable` or `Throttled`; 409 if somebody else was faster.
pub(super) async fn go_on(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    acted: Acted,
    via: Via,
    around: Around,
) -> Result<(), Refused> {
    go_on_with(call, before, acted, via, around, Changes::new()).await
}

/// The same, with something beside it.
///
/// # Errors
/// The same.
pub(super) async fn go_on_with(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    (acted, mut says): Acted,
    via: Via,
    mut around: Around,
    beside: Changes,
) -> Result<(), Refused> {
    let changed = ticket::changes(before, &acted.ticket);
    // That a promise is broken is no update of the ticket.
    let silent = changed.is_empty() && acted.events.is_empty() && says.is_empty();
    let applied = Applied { ticket: acted.ticket.clone(), changes: changed, comment: None };
    let fired = fire::fire(call, Some(before), &applied, RULE, &mut around).await?;
    let (mut fired, more) = fired.unwrap_or_else(|| (Fired::nothing(acted.ticket), Vec::new()));
    let events = acted.events.into_iter().chain(std::mem::take(&mut fired.events));
    fired.events = events.collect();
    says.extend(more);
    let mut changes = beside;
    for locale in [&acted.locale, &fired.locale].into_iter().flatten() {
        speak(call, locale, &mut [], &mut changes).await?;
    }
    let more = More::default();
    let (uploads, mentioned) = (Taken::default(), BTreeSet::new());
    let how = How { more: &more, uploads, via, mentioned, fired: Some((fired, says)) };
    let mut after = work_out(call, Some(before), applied, how, &mut changes)?.ticket;
    if silent {
        after.updated_at = before.updated_at;
    }
    changes.update(before, &after)?;
    call.commit(changes).await
}
