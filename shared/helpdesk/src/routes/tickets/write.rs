//! Opening and changing a ticket: what it becomes, what that did, and what was said go into the store together.

use super::super::ticket_rules;
use super::super::users::join_by_domain;
use super::asked::{Asked, More};
use super::fire::{Acted, fire, speak};
use super::people::{self, People};
use super::see;
use super::triaged::{past, triage};
use super::written::{How, Written, channel, work_out};
use crate::access::{Action, Resource};
use crate::account::Staff;
use crate::api::{Answer, Ask, Call, Refused};
use crate::file::upload::{self, Taken};
use crate::ids::{AuditId, OrganizationId, TicketId, UserId};
use crate::later::later;
use crate::record::{Changes, Kept, places};
use crate::refusal::Refusal;
use crate::routing::{Skill, skill};
use crate::satisfaction::SatisfactionRating;
use crate::search::Looking;
use crate::store::Key;
use crate::ticket::{self, Applied, Edit, NewComment, Status, Ticket, Via};
use crate::trigger::Around;
use crate::user::User;
use ceap_kernel::{Fault, Timestamp};
use futures::future::try_join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How often a change is worked out anew because somebody else was faster.
const ATTEMPTS: usize = 6;

/// What opening a ticket reads, as far as the request tells.
pub fn create_needs(ask: &Ask) -> Vec<Key> {
    let asked = ask.member("ticket").and_then(Asked::read);
    let once = ask.header("idempotency-key").map(idempotent);
    asked.map(|asked| asked.keys()).unwrap_or_default().into_iter().chain(once).collect()
}

/// What changing a ticket reads, as far as the request tells.
pub fn update_needs(ask: &Ask) -> Vec<Key> {
    ask.member("ticket").and_then(Asked::read).map(|asked| asked.keys()).unwrap_or_default()
}

/// Opens a ticket.
pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    if let Some(answer) = opened_before(call).await? {
        return Ok(answer);
    }
    let asked = Asked::read(call.ask.member("ticket")?)?;
    let written = open(call, asked, Via::default(), Vec::new()).await?;
    let location = call.url(&format!("/tickets/{}.json", written.ticket.id));
    let answer = Answer::created(written.shown(call), location);
    Ok(match call.ask.header("idempotency-key") {
        Some(_) => answer.header("x-idempotency-lookup", "miss"),
        None => answer,
    })
}

/// Where it is remembered that a request with this key was made
/// ([idempotency](https://developer.zendesk.com/api-reference/introduction/requests/#idempotency)).
fn idempotent(key: &str) -> Key {
    Key::new(format!("ONCE#tickets#{}", ceap_kernel::digest(&[key])), "ONCE")
}

/// How long keys of requests are remembered (Zendesk: two hours).
const REMEMBERED_SECONDS: i64 = 2 * 60 * 60;

/// The ticket that the same request opened before.
async fn opened_before(call: &Call<'_>) -> Result<Option<Answer>, Refused> {
    let Some(key) = call.ask.header("idempotency-key") else { return Ok(None) };
    let Some(item) = call.item(&idempotent(key)).await? else { return Ok(None) };
    let known: Value = serde_json::from_str(&item.body).unwrap_or_default();
    if known.get("asked").and_then(Value::as_str) != Some(&fingerprint(call.ask)) {
        let text = "The idempotency key was used for another request".to_owned();
        return Err(Refused::Other(400, "IdempotentRequestError", text));
    }
    let id = known.get("ticket").and_then(Value::as_u64).unwrap_or_default();
    let audit = known.get("audit").and_then(Value::as_u64).and_then(AuditId::new);
    let ticket = call.get::<Ticket>(id).await?.record;
    let written = super::audits::written(call, ticket, audit).await?;
    let location = call.url(&format!("/tickets/{id}.json"));
    let answer = Answer::created(written.shown(call), location);
    Ok(Some(answer.header("x-idempotency-lookup", "hit")))
}

fn fingerprint(ask: &Ask) -> String {
    ceap_kernel::digest(&[&String::from_utf8_lossy(&ask.body)])
}

/// Opens a ticket as it is asked for, together with people who are not known before.
///
/// # Errors
/// 403 for what who asks may not; 422 that names the fields.
pub async fn open(
    call: &Call<'_>,
    asked: Asked,
    via: Via,
    added: Vec<User>,
) -> Result<Written, Refused> {
    open_with(call, asked, via, added, &|_, _| Ok(())).await
}

/// What is written in the same transaction as what becomes of a ticket: of a change that is worked out anew, anew.
pub type Beside<'a> = &'a dyn Fn(&Written, &mut Changes) -> Result<(), Refused>;

/// The same, with something beside it.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    call: &Call<'_>,
    mut asked: Asked,
    via: Via,
    added: Vec<User>,
    beside: Beside<'_>,
) -> Result<Written, Refused> {
    let none = Default::default();
    let mut people = people::resolve(call, &mut asked, &none, &none, added).await?;
    let actor = call.actor()?;
    let followed = match asked.edit.via_followup_source_id {
        Some(id) => Some(followed(call, id).await?),
        None => None,
    };
    let requester = asked.edit.requester_id.unwrap_or(actor.id());
    let usual = asked.edit.organization_id.is_none();
    if usual {
        let of = people::organization_of(call, requester, &people).await?;
        asked.edit.organization_id = Some(of);
    }
    let rules = ticket_rules::against(call, &mut asked.edit)?;
    let mentioned = follow(call, &mut asked, &none)?;
    let agents = call.account.agents()?;
    // Its number is not given before it is known that it can be: numbers count without gaps then.
    let none_yet = TicketId::LAST;
    let trial = |id, edit: &Edit| {
        let followed = followed.as_ref().map(|it| &it.record);
        ticket::open(id, edit, followed, actor.of_tickets(), &agents, &rules, call.at)
    };
    trial(none_yet, &asked.edit)?;
    let uploads = uploads(call, &asked).await?;
    let last = places::last_ticket();
    let added = people.added.iter().any(|it| it.id == requester);
    let number = async { Ok(call.desk.store.add(&call.tenant, &last, 1, None).await?) };
    let joining = people.added.iter_mut().map(|user| join_by_domain(call, user));
    let past = async { if added { Ok(None) } else { past(call, requester).await } };
    let (number, _, past) = futures::try_join!(number, try_join_all(joining), past)?;
    if usual {
        let of = people::organization_of(call, requester, &people).await?;
        asked.edit.organization_id = Some(of);
    }
    let id = TicketId::new(number).ok_or_else(|| Fault::Internal("no more ids".to_owned()))?;
    let mut applied = trial(id, &asked.edit)?;
    if applied.ticket.via_followup_source_id.is_none() {
        applied.ticket.via = channel(&asked.more, via.clone());
    }
    let mut changes = Changes::new();
    let by = channel(&asked.more, via.clone());
    let mut around = around(&people);
    if let Some(past) = past.or_else(|| added.then(Vec::new)) {
        around.put_past(requester, past);
    }
    let sorted = triage(call, &applied, &by, asked.sender(), &mut around).await?;
    let update = (None, sorted.as_ref().map_or(&applied, |it| &it.applied), &by);
    let fired = fired(call, update, &mut people, &mut around, &mut changes).await?;
    let mut fired = match sorted {
        Some(sorted) => Some(sorted.then(fired)),
        None => fired,
    };
    skilled(call, &mut applied, &mut fired, &people).await?;
    let how = How { more: &asked.more, uploads, via, mentioned, fired };
    let written = work_out(call, None, applied, how, &mut changes)?;
    changes.create(&written.ticket)?;
    people.add(call, &mut changes).await?;
    if let Some(closed) = followed.filter(|_| written.ticket.via_followup_source_id.is_some()) {
        let mut after = closed.record.clone();
        after.followup_ids.insert(id);
        changes.update(&closed, &after.generated(call.at))?;
    }
    incident(call, &written.ticket, &mut changes).await?;
    if let Some(key) = call.ask.header("idempotency-key").filter(|_| !call.is_step()) {
        let value =
            json!({"asked": fingerprint(call.ask), "ticket": id, "audit": written.audit.id});
        changes.once(idempotent(key), &value, Some(later(call.at, REMEMBERED_SECONDS)?))?;
    }
    beside(&written, &mut changes)?;
    call.commit(changes).await?;
    Ok(written)
}

/// Has a new ticket ask for the skills whose conditions it meets once its triggers have acted, unless it is told which it asks for.
async fn skilled(
    call: &Call<'_>,
    applied: &mut Applied,
    fired: &mut Option<Acted>,
    people: &People,
) -> Result<(), Refused> {
    let all = Skill::automatic(&call.account)?;
    let ticket = fired.as_ref().map_or(&applied.ticket, |(fired, _)| &fired.ticket);
    if all.is_empty() || !ticket.skills.is_empty() {
        return Ok(());
    }
    let id = ticket.requester_id;
    let kept = match people.added.iter().find(|it| it.id == id) {
        Some(added) => Some(added.clone()),
        None if all.iter().any(|it| skill::asks_requester(&it.conditions)) => {
            call.find::<User>(id.get()).await?.map(|it| it.record)
        }
        None => None,
    };
    let looking = Looking::of(&call.account, call.actor()?, call.at)?;
    let skills = skill::of_new(&looking, ticket, kept.as_ref(), &all);
    if let Some((fired, _)) = fired {
        fired.ticket.skills.clone_from(&skills);
    }
    applied.ticket.skills = skills;
    Ok(())
}

/// The ticket that a new one follows up: only a closed one can be
/// ([follow-ups](https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#creating-a-follow-up-ticket)).
async fn followed(call: &Call<'_>, id: TicketId) -> Result<Kept<Ticket>, Refused> {
    let wrong = |text: &str| {
        let mut refusal = Refusal::default();
        refusal.add("via_followup_source_id", text, Some("InvalidValue"));
        Refused::from(refusal)
    };
    let ticket = call.find::<Ticket>(id.get()).await?;
    let ticket = ticket.ok_or_else(|| wrong("Via followup source: is not a ticket"))?;
    if !see::sees(call, &ticket).await? {
        return Err(wrong("Via followup source: is not a ticket"));
    }
    if ticket.status != Status::Closed {
        return Err(wrong("Via followup source: must be a closed ticket"));
    }
    Ok(ticket)
}

/// Changes a ticket.
pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = call.id("id")?;
    // What is not there is not there, whatever is asked of it.
    let _ = see::ticket(call, "id").await?;
    let asked = Asked::read(call.ask.member("ticket")?)?;
    let written = save(call, id, asked, Via::default()).await?;
    Ok(Answer::ok(written.shown(call)))
}

/// Changes ticket `id` as it is asked for. If somebody else changes it meanwhile, the change is worked out anew on what
/// they made of it, unless it was asked for only as the ticket was (`safe_update`).
///
/// # Errors
/// 404 if who asks does not see it; 403 for what they may not; 409 if it was changed meanwhile; 422 that names the fields.
pub async fn save(call: &Call<'_>, id: u64, asked: Asked, via: Via) -> Result<Written, Refused> {
    save_with(call, id, asked, via, &|_, _| Ok(())).await
}

/// The same, with something beside it.
///
/// # Errors
/// As [`save`].
pub async fn save_with(
    call: &Call<'_>,
    id: u64,
    asked: Asked,
    via: Via,
    beside: Beside<'_>,
) -> Result<Written, Refused> {
    for _ in 0..ATTEMPTS {
        match attempt(call, id, asked.clone(), via.clone(), beside).await {
            Err(Refused::Conflict) if !asked.more.safe_update => {}
            done => return done,
        }
    }
    Err(Refused::Conflict)
}

async fn attempt(
    call: &Call<'_>,
    id: u64,
    mut asked: Asked,
    via: Via,
    beside: Beside<'_>,
) -> Result<Written, Refused> {
    let before = call.get::<Ticket>(id).await?;
    if !see::sees(call, &before).await? {
        return Err(Refused::NotFound);
    }
    permitted(call, &before, &asked)?;
    if asked.more.safe_update {
        match asked.more.updated_stamp {
            None => {
                return Err(Refused::parameter("updated_stamp", "is required with safe_update"));
            }
            Some(stamp) if stamp.as_second() != before.updated_at.as_second() => {
                return Err(Refused::Conflict);
            }
            Some(_) => {}
        }
    }
    let (ccs, followers) = (&before.email_cc_ids, &before.follower_ids);
    let mut people = people::resolve(call, &mut asked, ccs, followers, Vec::new()).await?;
    let rules = ticket_rules::against(call, &mut asked.edit)?;
    let mentioned = follow(call, &mut asked, followers)?;
    let agents = call.account.agents()?;
    let by = call.actor()?.of_tickets();
    let at = after(before.updated_at, call.at)?;
    let applied = ticket::apply(&before, &asked.edit, by, &agents, &rules, at)?;
    let uploads = uploads(call, &asked).await?;
    let mut changes = Changes::new();
    let by = channel(&asked.more, via.clone());
    let mut around = around(&people);
    let update = (Some(&before.record), &applied, &by);
    let fired = fired(call, update, &mut people, &mut around, &mut changes).await?;
    let how = How { more: &asked.more, uploads, via, mentioned, fired };
    let written = work_out(call, Some(&before), applied, how, &mut changes)?;
    if written.audit.events.is_empty() {
        return Ok(written);
    }
    changes.update(&before, &written.ticket)?;
    people.add(call, &mut changes).await?;
    if written.ticket.problem_id != before.problem_id {
        incident(call, &written.ticket, &mut changes).await?;
    }
    beside(&written, &mut changes)?;
    call.commit(changes).await?;
    Ok(written)
}

/// Who is not kept yet.
fn around(people: &People) -> Around {
    let mut around = Around::default();
    people.added.iter().for_each(|it| around.put_user(it.id, Some(it.clone())));
    around
}

/// What triggers make of an update by people of whom some are not kept yet.
async fn fired(
    call: &Call<'_>,
    (before, applied, via): (Option<&Ticket>, &Applied, &Via),
    people: &mut People,
    around: &mut Around,
    changes: &mut Changes,
) -> Result<Option<Acted>, Refused> {
    let acted = fire(call, before, applied, &via.channel, around).await?;
    if let Some(locale) = acted.as_ref().and_then(|(fired, _)| fired.locale.as_ref()) {
        speak(call, locale, &mut people.added, changes).await?;
    }
    Ok(acted)
}

/// A ticket that goes to another organization, or to none, whatever its status: what becomes of organizations is not
/// for tickets to refuse.
///
/// # Errors
/// `Internal` if it cannot be written.
pub fn moved(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    organization_id: Option<OrganizationId>,
) -> Result<Changes, Refused> {
    rewritten(call, before, Ticket { organization_id, ..before.record.clone() })
}

/// A ticket that becomes another for what happened elsewhere, whatever its status.
///
/// # Errors
/// `Internal` if it cannot be written.
pub fn rewritten(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    ticket: Ticket,
) -> Result<Changes, Refused> {
    let applied = became(call, before, ticket)?;
    kept(call, before, applied, None)
}

/// The same, for what its requester thinks of how it was handled: that is an update on which triggers act.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn rated(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    ticket: Ticket,
    rating: &SatisfactionRating,
) -> Result<Changes, Refused> {
    let applied = became(call, before, ticket)?;
    let mut around = Around::default();
    around.put_rating(rating.id, Some(rating.clone()));
    let channel = Via::default().channel;
    let fired = fire(call, Some(before), &applied, &channel, &mut around).await?;
    kept(call, before, applied, fired)
}

fn became(call: &Call<'_>, before: &Ticket, ticket: Ticket) -> Result<Applied, Refused> {
    let ticket = Ticket { updated_at: after(before.updated_at, call.at)?, ..ticket };
    let changes = ticket::changes(before, &ticket);
    Ok(Applied { ticket, changes, comment: None })
}

fn kept(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    applied: Applied,
    fired: Option<Acted>,
) -> Result<Changes, Refused> {
    let more = More::default();
    let (uploads, via, mentioned) = (Taken::default(), Via::default(), BTreeSet::new());
    let how = How { more: &more, uploads, via, mentioned, fired };
    let mut changes = Changes::new();
    let written = work_out(call, Some(before), applied, how, &mut changes)?;
    changes.update(before, &written.ticket)?;
    Ok(changes)
}

/// What may be asked of this ticket by who asks.
fn permitted(call: &Call<'_>, ticket: &Ticket, asked: &Asked) -> Result<(), Refused> {
    let resource = Resource::Ticket(ticket, false);
    let comment = asked.edit.comment.as_ref().filter(|it| !it.text().trim().is_empty());
    let rest = Edit { comment: None, ..asked.edit.clone() };
    let solved = Edit { status: Some(Status::Solved), ..Edit::default() };
    if rest == solved {
        call.require(Action::SolveRequest, resource)?;
    } else if rest != Edit::default() || comment.is_none() {
        call.require(Action::UpdateTicket, resource)?;
    }
    match comment {
        Some(comment) if comment.public == Some(false) => {
            call.require(Action::CommentPrivately, resource)
        }
        Some(comment) if comment.public == Some(true) || ticket.is_public => {
            call.require(Action::CommentPublicly, resource)
        }
        Some(_) | None => Ok(()),
    }
}

/// When a change is, so that no two states of a ticket have the same stamp: at least a second after the one before,
/// up to a minute ahead of the clock.
pub(super) fn after(before: Timestamp, now: Timestamp) -> Result<Timestamp, Fault> {
    let next = before.as_second().saturating_add(1);
    let most = now.as_second().saturating_add(60);
    Timestamp::from_second(now.as_second().max(next.min(most)))
        .map_err(|error| Fault::Internal(error.to_string()))
}

/// A problem has incidents from the first one on.
async fn incident(call: &Call<'_>, ticket: &Ticket, changes: &mut Changes) -> Result<(), Refused> {
    let Some(id) = ticket.problem_id else { return Ok(()) };
    let problem = call.find::<Ticket>(id.get()).await?;
    let Some(problem) = problem.filter(|it| it.kind == Some(ticket::Kind::Problem)) else {
        let mut refusal = Refusal::default();
        refusal.add("problem_id", "Problem: is not a problem ticket", Some("InvalidValue"));
        return Err(refusal.into());
    };
    if !problem.has_incidents {
        let after = Ticket { has_incidents: true, ..problem.record.clone() };
        changes.update(&problem, &after.generated(call.at))?;
    }
    Ok(())
}

/// Agents whom an agent mentions follow the ticket from then on.
fn follow(
    call: &Call<'_>,
    asked: &mut Asked,
    followers: &BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Refused> {
    let text = asked.edit.comment.as_ref().map(NewComment::text).unwrap_or_default();
    if asked.more.automatic || !text.contains('@') || !call.actor()?.is_agent() {
        return Ok(BTreeSet::new());
    }
    let staff = call.account.all::<Staff>()?;
    let mentioned = ticket::mentioned(text, staff.iter().map(|it| &it.record));
    if !mentioned.is_empty() {
        let all = asked.edit.follower_ids.get_or_insert_with(|| followers.clone());
        all.extend(mentioned.iter().copied());
    }
    Ok(mentioned)
}

/// The files that come with what is said.
async fn uploads(call: &Call<'_>, asked: &Asked) -> Result<Taken, Refused> {
    let tokens = asked.edit.comment.as_ref().map(|it| it.uploads.as_slice()).unwrap_or_default();
    upload::take(call, tokens).await
}
