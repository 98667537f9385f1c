//! Has an account's triggers act on an update, before it is written.

use super::super::placeholders::placeholders;
use super::super::ticket_rules;
use super::history::happened;
use super::triaged::asked_before;
use crate::api::{Call, Refused};

use crate::ids::UserId;
use crate::organization::Organization;
use crate::record::{Changes, Record, places};
use crate::rule::{Automation, Escalation, Said as Template, SlaPolicy, Trigger};
use crate::satisfaction::SatisfactionRating;
use crate::search::Looking;
use crate::ticket::{Applied, Said, Ticket, Via};
use crate::triage::{History, Past};
use crate::trigger::{self, Around, Fired, Update, Wanted, Watch};
use crate::user::User;
use std::collections::BTreeSet;

/// What triggers did, and what they say, in words.
pub type Acted = (Fired, Vec<(Said, Via)>);

/// What the account's triggers make of an update that came by a channel; none if there are no triggers, or if nothing
/// happened. `around` is who is not kept yet.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn fire(
    call: &Call<'_>,
    before: Option<&Ticket>,
    applied: &Applied,
    channel: &str,
    around: &mut Around,
) -> Result<Option<Acted>, Refused> {
    let all = Trigger::in_use(&call.account)?;
    let nothing = before.is_some() && applied.changes.is_empty() && applied.comment.is_none();
    if all.is_empty() || nothing {
        return Ok(None);
    }
    let triggers: Vec<&Trigger> = all.iter().map(|it| &it.record).collect();
    let fired = work(call, (before, applied, channel), &triggers, around, &mut ()).await?;
    let says = says(call, &fired, around).await?;
    Ok(Some((fired, says)))
}

async fn says(
    call: &Call<'_>,
    fired: &Fired,
    around: &Around,
) -> Result<Vec<(Said, Via)>, Refused> {
    let mut says = Vec::new();
    for (said, via) in &fired.said {
        says.push((say(call, &fired.ticket, said.clone(), around).await?, via.clone()));
    }
    Ok(says)
}

/// The same, of these triggers, watched, and without a word of what they would say.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn work(
    call: &Call<'_>,
    update: (Option<&Ticket>, &Applied, &str),
    triggers: &[&Trigger],
    around: &mut Around,
    watch: &mut dyn Watch,
) -> Result<Fired, Refused> {
    let looking = Looking::of(&call.account, call.actor()?, call.at)?;
    let fired = asked(call, &looking, update, around, |update, around| {
        trigger::run(update, triggers, around, watch)
    });
    fired.await
}

/// What an automation makes of a ticket, looked at as of an hour; none if it does not meet its conditions.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn automate(
    call: &Call<'_>,
    looking: &Looking,
    (before, applied): (&Ticket, &Applied),
    automation: &Automation,
    around: &mut Around,
) -> Result<Option<Acted>, Refused> {
    let update = (Some(before), applied, RULE);
    let fired = asked(call, looking, update, around, |update, around| {
        trigger::automate(update, automation, around)
    });
    let Some(fired) = fired.await? else { return Ok(None) };
    let says = says(call, &fired, around).await?;
    Ok(Some((fired, says)))
}

/// What escalations make of a ticket.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn escalate(
    call: &Call<'_>,
    (before, applied): (&Ticket, &Applied),
    escalations: &[(&SlaPolicy, &Escalation)],
    around: &mut Around,
) -> Result<Acted, Refused> {
    let looking = Looking::of(&call.account, call.actor()?, call.at)?;
    let update = (Some(before), applied, RULE);
    let fired = asked(call, &looking, update, around, |update, _| {
        trigger::escalate(update, escalations.iter().copied())
    });
    let fired = fired.await?;
    let says = says(call, &fired, around).await?;
    Ok((fired, says))
}

/// The channel of what rules do.
pub const RULE: &str = "rule";

/// What is made of an update, once all is read that has to be for it.
pub(super) async fn asked<T>(
    call: &Call<'_>,
    looking: &Looking,
    (before, applied, channel): (Option<&Ticket>, &Applied, &str),
    around: &mut Around,
    mut make: impl FnMut(&Update<'_>, &Around) -> T,
) -> Result<T, Refused> {
    let (rules, agents) = (ticket_rules::of(&call.account)?, call.account.agents()?);
    let said = applied.comment.as_ref().map(|it| (it.author_id, it.public));
    let at = applied.ticket.updated_at;
    let update = Update {
        before,
        applied,
        channel,
        actor: call.actor()?,
        happened: happened(call, before, said, at, None)?,
        looking,
        agents: &agents,
        rules: &rules,
    };
    // Whom triggers made the ticket's may have to be read in their turn.
    loop {
        let made = make(&update, around);
        let wanted = around.take_wanted();
        if wanted.is_empty() {
            return Ok(made);
        }
        fetch(call, wanted, around).await?;
    }
}

async fn fetch(
    call: &Call<'_>,
    wanted: BTreeSet<Wanted>,
    around: &mut Around,
) -> Result<(), Refused> {
    for it in &wanted {
        if let Wanted::History(id) = it
            && around.past(*id).is_none()
        {
            around.put_past(*id, asked_before(call, *id).await?);
        }
    }
    let keys = |it: &Wanted| match it {
        Wanted::User(id) => vec![places::record(User::KIND, id.get())],
        Wanted::Organization(id) => vec![places::record(Organization::KIND, id.get())],
        Wanted::Rating(id) => vec![places::record(SatisfactionRating::KIND, id.get())],
        Wanted::History(id) => {
            let past = around.past(*id).into_iter().flatten();
            past.map(|ticket| places::record(Ticket::KIND, *ticket)).collect()
        }
    };
    call.fetch(wanted.iter().flat_map(keys)).await?;
    for it in wanted {
        match it {
            Wanted::User(id) => {
                let found = call.find::<User>(id.get()).await?;
                around.put_user(id, found.map(|it| it.record));
            }
            Wanted::Organization(id) => {
                let found = call.find::<Organization>(id.get()).await?;
                around.put_organization(id, found.map(|it| it.record));
            }
            Wanted::History(id) => {
                let past = around.past(id).cloned().unwrap_or_default();
                let tickets = call.get_all::<Ticket>(&past).await?;
                let past = tickets.iter().map(|it| Past::from(&it.record)).collect();
                around.put_history(id, History(past));
            }
            Wanted::Rating(id) => {
                let found = call.find::<SatisfactionRating>(id.get()).await?;
                around.put_rating(id, found.map(|it| it.record));
            }
        }
    }
    Ok(())
}

/// What a trigger says, with what its placeholders stand for. It speaks as the account's owner, to agents unless it says
/// otherwise.
async fn say(
    call: &Call<'_>,
    ticket: &Ticket,
    said: Template,
    around: &Around,
) -> Result<Said, Refused> {
    let said = said.filled(&placeholders(call, ticket, around).await?);
    let author_id = call.account.settings()?.owner_id.unwrap_or(ticket.submitter_id);
    Ok(Said {
        author_id,
        body: said.plain(),
        html_body: said.html,
        public: said.public == Some(true),
        uploads: Vec::new(),
    })
}

/// Sets somebody's language, as a trigger does.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn speak(
    call: &Call<'_>,
    (id, locale): &(UserId, String),
    added: &mut [User],
    changes: &mut Changes,
) -> Result<(), Refused> {
    if let Some(user) = added.iter_mut().find(|it| it.id == *id) {
        user.locale.clone_from(locale);
    } else if let Some(user) = call.find::<User>(id.get()).await?.filter(|it| it.locale != *locale)
    {
        let after = User { locale: locale.clone(), updated_at: call.at, ..user.record.clone() };
        changes.update(&user, &after)?;
    }
    Ok(())
}
