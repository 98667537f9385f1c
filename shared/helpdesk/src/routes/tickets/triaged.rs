//! What a new ticket is about, told before triggers act on it and kept with it.

use super::fire::{Acted, asked};
use super::see;
use crate::account::Settings;
use crate::api::{Answer, Call, Refused};
use crate::ids::UserId;
use crate::locale;
use crate::record::places;
use crate::rule::Action;
use crate::search::{Filter, Language, Looking, Scanned};
use crate::store::Range;
use crate::ticket::{Applied, Ticket, Via, What};
use crate::triage::{self, History, Incoming, Rules, Triaged, Verdict};
use crate::trigger::{Around, Fired, Update, opened, perform};
use serde_json::{Value, json};

/// A new ticket as triage leaves it to triggers.
pub struct Sorted {
    /// The ticket from then on.
    pub applied: Applied,
    /// What was done to it.
    pub events: Vec<(What, Via)>,
}

impl Sorted {
    /// The same, with what triggers did after it.
    #[must_use]
    pub fn then(self, fired: Option<Acted>) -> Acted {
        let nothing = || (Fired::nothing(self.applied.ticket), Vec::new());
        let (mut fired, says) = fired.unwrap_or_else(nothing);
        let after = std::mem::take(&mut fired.events);
        fired.events = self.events.into_iter().chain(after).collect();
        (fired, says)
    }
}

/// The last tickets that somebody asked for, if any rule asks about them: which, not yet what they are.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn past(call: &Call<'_>, requester: UserId) -> Result<Option<Vec<u64>>, Refused> {
    if !Rules::in_use(&call.account)?.look_back() {
        return Ok(None);
    }
    asked_before(call, requester).await.map(Some)
}

/// The last tickets that somebody asked for.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn asked_before(call: &Call<'_>, requester: UserId) -> Result<Vec<u64>, Refused> {
    let list = places::list(&format!("requester/{requester}/tickets"));
    let found = call.range(&Range::of(list, History::MOST).backward(true)).await?;
    Ok(found.items.iter().filter_map(|it| places::ranked(&it.key.sort)).collect())
}

/// What becomes of a new ticket, by whoever tells what tickets of this account are about; none, if nothing is told of it.
/// `sender` is the address that it came from, where that was told.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn triage(
    call: &Call<'_>,
    applied: &Applied,
    via: &Via,
    sender: Option<&str>,
    around: &mut Around,
) -> Result<Option<Sorted>, Refused> {
    let Some(triage) = triage::of(&call.account)? else { return Ok(None) };
    let sorted = incoming(call, applied, &via.channel, sender, around, |incoming, update| {
        let verdict = triage.classify(incoming)?;
        Some(sort(verdict, incoming, update))
    });
    sorted.await
}

/// What is made of a new ticket as triage sees it, once all is read that has to be for it.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn incoming<T>(
    call: &Call<'_>,
    applied: &Applied,
    channel: &str,
    sender: Option<&str>,
    around: &mut Around,
    mut make: impl FnMut(&Incoming<'_>, &Update<'_>) -> T,
) -> Result<T, Refused> {
    let settings = call.account.settings()?;
    let subject = applied.ticket.subject.as_deref().unwrap_or_default();
    let text = format!("{subject}\n{}", triage::said(applied));
    let language = triage::language(&text, chosen(&settings));
    let document = triage::words(applied, language, &settings.locale);
    let words = Scanned::new(&document);
    let says = |filter: &Filter| words.meets(filter);
    let looking = Looking::of(&call.account, call.actor()?, call.at)?;
    let made = asked(call, &looking, (None, applied, channel), around, |update, around| {
        opened(update, around, |opening| {
            let stems: Option<Language> = document.language;
            let ticket = &applied.ticket;
            let at = call.at;
            make(&Incoming { ticket, says: &says, stems, language, sender, at, opening }, update)
        })
    });
    made.await
}

/// The languages that an account has chosen.
fn chosen(settings: &Settings) -> impl Iterator<Item = &str> {
    let chosen = settings.locale_ids.iter().filter_map(|id| locale::numbered(*id));
    chosen.map(|it| it.tag).chain([settings.locale.as_str()])
}

/// Does to a ticket what is told of it. Who opened it has the last word on its priority, and on who works on it.
fn sort(verdict: Verdict, incoming: &Incoming<'_>, update: &Update<'_>) -> Sorted {
    let ticket = incoming.ticket;
    let via = match verdict.rule_id {
        Some(id) => Via::of_rule(id, &verdict.rule_title, "triage"),
        None => Via::because_of(&verdict.rule_title, "triage"),
    };
    let fired = perform(update, &actions(&verdict, ticket), &via);
    let mut events = fired.events;
    if let Some(category) = &verdict.category {
        let (field_name, previous_value) = ("triage_category".to_owned(), Value::Null);
        let value = Value::from(category.as_str());
        events.insert(0, (What::Change { field_name, value, previous_value }, via));
    }
    let language = incoming.language.map(str::to_owned);
    let triaged = Triaged { verdict, language, at: incoming.at };
    let ticket = Ticket { triage: Some(triaged), ..fired.ticket };
    Sorted { applied: Applied { ticket, ..update.applied.clone() }, events }
}

fn actions(verdict: &Verdict, ticket: &Ticket) -> Vec<Action> {
    let action =
        |field: &str, value: String| Action { field: field.to_owned(), value: value.into() };
    let priority = verdict.priority.filter(|_| ticket.priority.is_none());
    let nobodys = ticket.group_id.is_none() && ticket.assignee_id.is_none();
    let group = verdict.group_id.filter(|_| nobodys);
    let tags: Vec<&str> = verdict.tags.iter().map(String::as_str).collect();
    let all = [
        priority.map(|it| action("priority", it.as_str().to_owned())),
        group.map(|it| action("group_id", it.to_string())),
        (!tags.is_empty()).then(|| action("current_tags", tags.join(" "))),
    ];
    all.into_iter().flatten().collect()
}

/// `GET /tickets/{id}/triage`
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "id").await?;
    Ok(Answer::ok(json!({"triage": ticket.triage})))
}
