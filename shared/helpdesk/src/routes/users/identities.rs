//! What people are known by
//! ([user identities](https://developer.zendesk.com/api-reference/ticketing/users/user_identities/)): under `/users` for
//! agents, under `/end_users` for people themselves.

use super::apply::{self, Draft};
use super::asked::NewIdentity;
use super::write::alive;
use super::{organization, person, role, shown};
use crate::access::{Action, Resource};
use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::ids::IdentityId;
use crate::record::{Changes, Kept, places};
use crate::refusal::Refusal;
use crate::user::{Identity, Invitation, MOST_IDENTITIES, Means, User};
use serde_json::{Value, json};

/// `users` or `end_users`.
fn under<'a>(call: &'a Call<'_>) -> &'a str {
    call.ask.segments().next().unwrap_or_default()
}

/// Whether who asks does so as an end-user: about themselves, once they have shown that an address is theirs.
fn oneself(call: &Call<'_>, user: &User) -> Result<bool, Refused> {
    let actor = call.actor()?;
    if actor.is_agent() {
        return Ok(false);
    }
    if actor.id() == user.id && user.verified() { Ok(true) } else { Err(Refused::Forbidden) }
}

/// End-users know of addresses and telephone numbers only.
fn told(oneself: bool, identity: &Identity) -> bool {
    !oneself || matches!(identity.means, Means::Email | Means::PhoneNumber)
}

fn one(call: &Call<'_>, user: &User, id: IdentityId) -> Result<Value, Refused> {
    let identity = user.identity(id).ok_or(Refused::NotFound)?;
    Ok(json!({"identity": shown::identity(call, under(call), user, identity)}))
}

fn many(call: &Call<'_>, user: &User, of: &[&Identity]) -> Result<Answer, Refused> {
    let all = of.iter().map(|it| (places::rank(it.id.get()), *it)).collect();
    let page = Page::cut(Paging::of(call.ask)?, all);
    let page = page.map(|it| shown::identity(call, under(call), user, it));
    Ok(Answer::ok(page.envelope(call.ask, "identities")))
}

/// The person, and which of what they are known by the path names.
async fn named(call: &Call<'_>) -> Result<(Kept<User>, Identity), Refused> {
    let user = alive(call, "user_id").await?;
    let oneself = oneself(call, &user)?;
    let id = call.id("id")?;
    let found = user.identities.iter().find(|it| it.id.get() == id && told(oneself, it)).cloned();
    found.map(|identity| (user, identity)).ok_or(Refused::NotFound)
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = person(call, "user_id").await?;
    let oneself = oneself(call, &user)?;
    let types = call.ask.list("type");
    let fits = |it: &&Identity| {
        told(oneself, it) && (types.is_empty() || types.contains(&it.means.name()))
    };
    let all: Vec<&Identity> = user.identities.iter().filter(fits).collect();
    many(call, &user, &all)
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let (user, identity) = named(call).await?;
    Ok(Answer::ok(one(call, &user, identity.id)?))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = alive(call, "user_id").await?;
    call.require(Action::UpdateUser, Resource::Person(&before))?;
    let mut asked: NewIdentity = call.ask.record("identity")?;
    let mut refusal = Refusal::default();
    methodical(&asked)?;
    if oneself(call, &before)? {
        let means = asked.means.as_ref().and_then(Option::as_deref).and_then(Means::named);
        if !matches!(means, Some(Means::Email | Means::PhoneNumber)) {
            refusal.add("type", "Type: is invalid", Some("InvalidValue"));
        }
        // Nobody vouches for themselves.
        asked = NewIdentity { means: asked.means, value: asked.value, ..NewIdentity::default() };
    }
    let mut draft = Draft { user: before.record.clone(), invited: Vec::new() };
    let id = apply::identify(call, &mut draft, &asked, &mut refusal)?;
    if id.is_some_and(|id| before.identity(id).is_some()) {
        let text = "Value: has already been taken";
        refusal.add("value", text, Some("DuplicateValue"));
    }
    if draft.user.identities.len() > MOST_IDENTITIES {
        let text = format!("Identities: accepts at most {MOST_IDENTITIES}");
        refusal.add("base", text, Some("TooManyValues"));
    }
    let id = refusal.against(id)?.ok_or(Refused::NotFound)?;
    let mut changes = Changes::new();
    for identity_id in draft.invited {
        Invitation { user_id: before.id, identity_id }.keep(call, &mut changes)?;
    }
    keep_with(call, &before, &mut draft.user, changes).await?;
    let path = format!("/{}/{}/identities/{id}.json", under(call), before.id);
    Ok(Answer::created(one(call, &draft.user, id)?, call.url(&path)))
}

async fn keep(call: &Call<'_>, before: &Kept<User>, after: &mut User) -> Result<(), Refused> {
    keep_with(call, before, after, Changes::new()).await
}

async fn keep_with(
    call: &Call<'_>,
    before: &Kept<User>,
    after: &mut User,
    mut changes: Changes,
) -> Result<(), Refused> {
    if before.record != *after {
        after.updated_at = call.at;
        changes.update(before, after)?;
    }
    call.commit(changes).await
}

/// How an address was verified is not for callers to say, but that somebody vouches for it
/// ([verification method](https://developer.zendesk.com/api-reference/ticketing/users/user_identities/#verification-method)).
fn methodical(asked: &NewIdentity) -> Result<(), Refused> {
    match asked.verification_method.as_ref().and_then(Option::as_deref) {
        None | Some("none" | "low") => Ok(()),
        Some(_) => Err(Refused::parameter("verification_method", "must be none or low")),
    }
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let (before, identity) = named(call).await?;
    call.require(Action::UpdateUser, Resource::Person(&before))?;
    let asked: NewIdentity = call.ask.record("identity")?;
    methodical(&asked)?;
    let method = asked.verification_method.as_ref().and_then(Option::as_deref);
    let verified = asked.verified.or(method.map(|method| method == "low"));
    if verified == Some(true) && !identity.verified {
        vouched(call, &before, &identity)?;
    }
    let mut refusal = Refusal::default();
    let value = match &asked.value {
        None => None,
        Some(value) => {
            let value = value.as_deref().unwrap_or_default();
            apply::valid(identity.means, value, &mut refusal)
        }
    };
    let value = refusal.against(value)?;
    let mut after = before.record.clone();
    if let Some(it) = after.identities.iter_mut().find(|it| it.id == identity.id) {
        if let Some(value) = value.filter(|value| *value != it.value) {
            (it.value, it.verified, it.updated_at) = (value, false, call.at);
        }
        if let Some(verified) = verified {
            apply::verify(call, it, verified);
        }
    }
    if identity.means == Means::PhoneNumber && before.phone.as_deref() == Some(&*identity.value) {
        after.phone = after.identity(identity.id).map(|it| it.value.clone());
    }
    keep(call, &before, &mut after).await?;
    Ok(Answer::ok(one(call, &after, identity.id)?))
}

/// Nobody vouches for the address of the owner.
fn vouched(call: &Call<'_>, user: &User, identity: &Identity) -> Result<(), Refused> {
    if identity.means == Means::Email && role::owns(call, user)? {
        return Err(Refused::Forbidden);
    }
    Ok(())
}

pub(super) async fn verify(call: &Call<'_>) -> Result<Answer, Refused> {
    let (before, identity) = named(call).await?;
    call.require(Action::UpdateUser, Resource::Person(&before))?;
    vouched(call, &before, &identity)?;
    let mut after = before.record.clone();
    if let Some(it) = after.identities.iter_mut().find(|it| it.id == identity.id) {
        apply::verify(call, it, true);
    }
    if !before.verified() {
        organization::join_by_domain(call, &mut after).await?;
    }
    keep(call, &before, &mut after).await?;
    Ok(Answer::ok(one(call, &after, identity.id)?))
}

/// The one to use among its like. An end-user's address has to be verified for it.
pub(super) async fn make_primary(call: &Call<'_>) -> Result<Answer, Refused> {
    let (before, identity) = named(call).await?;
    call.require(Action::UpdateUser, Resource::Person(&before))?;
    let oneself = oneself(call, &before)?;
    if oneself && identity.means == Means::Email && !identity.verified {
        return Err(Refused::Forbidden);
    }
    let mut after = before.record.clone();
    after.prefer(identity.id);
    if identity.means == Means::PhoneNumber {
        after.phone = Some(identity.value.clone());
    }
    keep(call, &before, &mut after).await?;
    let all: Vec<&Identity> = after.identities.iter().filter(|it| told(oneself, it)).collect();
    many(call, &after, &all)
}

pub(super) async fn request_verification(call: &Call<'_>) -> Result<Answer, Refused> {
    let (user, identity) = named(call).await?;
    call.require(Action::UpdateUser, Resource::Person(&user))?;
    if identity.means != Means::Email {
        return Err(Refused::field("type", "must be email"));
    }
    let mut changes = Changes::new();
    Invitation { user_id: user.id, identity_id: identity.id }.keep(call, &mut changes)?;
    call.commit(changes).await?;
    Ok(Answer::done())
}

/// Agents sign in by an address: they keep one.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let (before, identity) = named(call).await?;
    call.require(Action::UpdateUser, Resource::Person(&before))?;
    let mut after = before.record.clone();
    after.drop_identity(identity.id);
    let left = after.email().is_some();
    if identity.means == Means::Email
        && !left
        && (before.role.is_agent() || !call.actor()?.is_agent())
    {
        return Err(Refused::field("base", "the last email address cannot be deleted"));
    }
    keep(call, &before, &mut after).await?;
    Ok(Answer::gone())
}
