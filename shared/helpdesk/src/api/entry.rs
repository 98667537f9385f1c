//! Where a request comes in: which route it asks for, who makes it, whether they may, and what they are told.

use super::answer::{Answer, Body};
use super::ask::{Ask, Method};
use super::call::{Call, Desk};
use super::caller::Caller;
use super::identity::{self, Who};
use super::include;
use super::rate;
use super::refused::Refused;
use super::route::{Does, Guard, Route, find};
use crate::access::{Face, Resource, permits};
use crate::account::{Account, seed};
use crate::ids::UserId;
use crate::organization::Organization;
use crate::record::{Changes, Home, Kind, Record as _, places};
use crate::rule::View;
use crate::search::SavedSearch;
use crate::store::Key;
use crate::suspended::SuspendedTicket;
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::{Fault, TenantId, Timestamp, digest};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// What a request is told, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// Headers, by their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// The route that was asked for, if there is one: `GET /tickets/{id}`.
    pub route: Option<String>,
    /// Whose account it was asked of, by somebody who is known there.
    pub tenant: Option<TenantId>,
    /// What went wrong on our side, for the log.
    pub fault: Option<Fault>,
}

/// Answers a request to these routes.
pub async fn answer(desk: &Desk<'_>, routes: &[&'static [Route]], ask: &Ask) -> Told {
    let all = routes.iter().flat_map(|family| family.iter());
    let Some((route, path)) = find(all, ask.method, ask.path()) else {
        return told(Refused::NoRoute(None).answer(), ask, None, None);
    };
    let name = Some(format!("{} {}", route.method.as_str(), route.path));
    let mut whose = None;
    match Box::pin(answered(desk, route, path, ask, &mut whose)).await {
        Ok(answer) => Told { tenant: whose, ..told(answer, ask, name, None) },
        Err(Refused::Unknown) if let Does::Run(Guard::KnownOr(answer), ..) = route.does => {
            told(answer(), ask, name, None)
        }
        Err(Refused::Unknown) => told(Refused::Unknown.answer(), ask, name, None),
        Err(refused) => {
            let answer = refused.answer();
            let fault = if let Refused::Fault(fault) = refused { Some(fault) } else { None };
            Told { tenant: whose, ..told(answer, ask, name, fault) }
        }
    }
}

async fn answered(
    desk: &Desk<'_>,
    route: &Route,
    path: Vec<(&'static str, String)>,
    ask: &Ask,
    whose: &mut Option<TenantId>,
) -> Result<Answer, Refused> {
    let (guard, needs, run) = match route.does {
        Does::Run(guard, needs, run) => (guard, needs, run),
        Does::Refuse(reason) => return Err(Refused::NoRoute(Some(reason))),
    };
    let (call, limit) = admitted(desk, guard, needs(ask), path, ask, whose).await?;
    let answer = include::with(&call, run(&call).await?).await?;
    Ok(limit.tell(answer))
}

/// Who asks for what is no route, if they may.
pub(crate) async fn known<'a>(
    desk: &'a Desk<'a>,
    guard: Guard,
    ask: &'a Ask,
) -> Result<Call<'a>, Refused> {
    Ok(admitted(desk, guard, Vec::new(), Vec::new(), ask, &mut None).await?.0)
}

/// Who asks, if they may, and how much more; `keys` are read together with who they are. `whose` learns whose account it
/// is, also of who may not.
async fn admitted<'a>(
    desk: &'a Desk<'a>,
    guard: Guard,
    mut keys: Vec<Key>,
    path: Vec<(&'static str, String)>,
    ask: &'a Ask,
    whose: &mut Option<TenantId>,
) -> Result<(Call<'a>, rate::Limit), Refused> {
    let caller = Caller::read(desk, ask).await?;
    let tenant = caller.tenant(desk, ask).await?;
    if caller != Caller::Anyone {
        *whose = Some(tenant.clone());
    }
    let mut call = begun(desk, tenant, path, ask)?;
    keys.push(places::stamp());
    keys.extend(named(&call));
    let (who, asked, (), ()) = futures::try_join!(
        identity::identify(&call, &caller, keys),
        rate::count(&call, &caller),
        async { Ok(desk.accounts.begin(desk.store, &call.tenant).await?) },
        async {
            desk.ceiling.ready(&call.tenant).await;
            Ok(())
        }
    )?;
    call.account = account(&call, &who).await?;
    let limit = rate::Limit::of(&call, asked)?;
    call.actor = who.actor(&call).await?;
    if call.actor.is_some() {
        rate::admit(&call)?;
    }
    admit(&call, guard)?;
    Ok((call, limit))
}

/// Makes the request of a step of a job, as `face` would make it; `once` remembers that it was done.
pub(crate) async fn again(
    desk: &Desk<'_>,
    routes: &[&'static [Route]],
    tenant: &TenantId,
    face: Face,
    ask: &Ask,
    once: Key,
) -> Result<(), Refused> {
    let all = routes.iter().flat_map(|family| family.iter());
    let (route, path) = find(all, ask.method, ask.path()).ok_or(Refused::NoRoute(None))?;
    let Does::Run(guard, needs, run) = route.does else { return Err(Refused::NoRoute(None)) };
    let mut call = begun(desk, tenant.clone(), path, ask)?;
    call.once.set(Some(once));
    let mut keys = needs(ask);
    keys.push(places::stamp());
    keys.extend(named(&call));
    call.fetch(keys).await?;
    call.account = account(&call, &Who::known(face.clone())).await?;
    call.actor = Who::known(face).actor(&call).await?;
    admit(&call, guard)?;
    match run(&call).await {
        // What changed nothing is done too.
        Ok(_) if call.is_step() => call.commit(Changes::new()).await,
        Ok(_) | Err(Refused::Other(409, "AlreadyDone", _)) => Ok(()),
        Err(refused) => Err(refused),
    }
}

/// A request that the platform makes by itself, as the account's owner would: in an account that is set up. `keys` are
/// read with it.
pub(crate) async fn by_itself<'a>(
    desk: &'a Desk<'a>,
    tenant: &TenantId,
    ask: &'a Ask,
    mut keys: Vec<Key>,
) -> Result<Call<'a>, Refused> {
    let mut call = begun(desk, tenant.clone(), Vec::new(), ask)?;
    keys.push(places::stamp());
    call.fetch(keys).await?;
    call.account = account(&call, &Who::nobody()).await?;
    call.actor = Who::owner().actor(&call).await?;
    Ok(call)
}

/// A request that somebody makes of whom it is known otherwise that they make it: by a link that only they were sent.
/// `keys` are read with them.
///
/// # Errors
/// 401 if they are not there any more.
pub(crate) async fn by_person<'a>(
    desk: &'a Desk<'a>,
    tenant: &TenantId,
    ask: &'a Ask,
    mut keys: Vec<Key>,
    id: UserId,
) -> Result<Call<'a>, Refused> {
    let mut call = begun(desk, tenant.clone(), Vec::new(), ask)?;
    keys.extend([places::stamp(), places::record(User::KIND, id.get())]);
    call.fetch(keys).await?;
    call.account = account(&call, &Who::nobody()).await?;
    let user = call.find::<User>(id.get()).await?;
    let face = user.map(|it| it.face()).filter(|it| !it.suspended).ok_or(Refused::Unknown)?;
    call.actor = Who::known(face).actor(&call).await?;
    Ok(call)
}

fn begun<'a>(
    desk: &'a Desk<'a>,
    tenant: TenantId,
    path: Vec<(&'static str, String)>,
    ask: &'a Ask,
) -> Result<Call<'a>, Refused> {
    Ok(Call {
        desk,
        tenant,
        account: Arc::default(),
        actor: None,
        ask,
        path,
        at: whole_second(desk.clock.now())?,
        once: Cell::new(None),
        memo: RefCell::new(HashMap::new()),
        last_id: Cell::new(0),
    })
}

/// Times in the API are whole seconds.
fn whole_second(now: Timestamp) -> Result<Timestamp, Fault> {
    Timestamp::from_second(now.as_second()).map_err(|error| Fault::Internal(error.to_string()))
}

/// Records that paths begin with by id.
const NAMED: &[(&str, Kind)] = &[
    ("tickets", Ticket::KIND),
    ("requests", Ticket::KIND),
    ("users", User::KIND),
    ("end_users", User::KIND),
    ("deleted_users", User::KIND),
    ("organizations", Organization::KIND),
    ("suspended_tickets", SuspendedTicket::KIND),
    ("views", View::KIND),
    ("saved_searches", SavedSearch::KIND),
];

/// The record that the path names, to be read together with who asks.
fn named(call: &Call<'_>) -> Option<Key> {
    let mut segments = call.ask.segments();
    let (first, second) = (segments.next()?, segments.next()?);
    let (_, kind) = NAMED.iter().find(|(segment, _)| *segment == first)?;
    let id = second.parse().ok()?;
    (kind.home != Home::Account).then(|| places::record(*kind, id))
}

/// What the account is set up with. The first whom the platform lets in finds one that nobody set up yet.
async fn account(call: &Call<'_>, who: &Who) -> Result<Arc<Account>, Refused> {
    let (accounts, store) = (call.desk.accounts, call.desk.store);
    let stamp = call.item(&places::stamp()).await?;
    let stamp = match stamp.and_then(|item| item.body.parse().ok()) {
        Some(stamp) => stamp,
        None if who.founder().is_some() => seed::account(call, who.founder()).await?,
        None => return Err(Refused::Unknown),
    };
    Ok(accounts.get(store, &call.tenant, stamp).await?)
}

fn admit(call: &Call<'_>, guard: Guard) -> Result<(), Refused> {
    let allowed = match guard {
        Guard::Anyone => true,
        Guard::Known | Guard::KnownOr(_) => call.actor().map(|_| true)?,
        Guard::Agents => call.actor()?.is_agent(),
        Guard::Step(_) if !call.is_step() => return Err(Refused::NoRoute(None)),
        Guard::May(action) | Guard::Step(action) => {
            permits(call.actor()?, action, Resource::Account)?
        }
    };
    if allowed { Ok(()) } else { Err(Refused::Forbidden) }
}

/// The answer as it is sent. What is read and has not changed since the caller read it is not sent again (RFC 9110
/// §13.1.2).
fn told(answer: Answer, ask: &Ask, route: Option<String>, fault: Option<Fault>) -> Told {
    let Answer { mut status, body, mut headers } = answer;
    let mut body = match body {
        Body::Empty => {
            // Who is told of no type takes it for JSON, which nothing is not.
            if !matches!(status, 204 | 304) {
                headers.push(("content-type", "text/plain; charset=utf-8".to_owned()));
            }
            String::new()
        }
        Body::Json(value) => {
            headers.push(("content-type", "application/json; charset=utf-8".to_owned()));
            text(&value)
        }
    };
    if ask.method == Method::Get && status == 200 {
        let tag = format!("W/\"{}\"", digest(&[&body]));
        let known = ask.header("if-none-match").unwrap_or_default();
        if known.split(',').any(|it| it.trim() == tag) {
            (status, body) = (304, String::new());
        }
        headers.push(("etag", tag));
        headers.push(("cache-control", "max-age=0, private, must-revalidate".to_owned()));
    }
    Told { status, headers, body, route, tenant: None, fault }
}

fn text(value: &Value) -> String {
    value.to_string()
}
