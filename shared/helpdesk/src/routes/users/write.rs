//! Adding people, changing them, and deleting them.

use super::apply::{self, Draft, How};
use super::asked::Edit;
use super::{EXTERNAL, person, role};
use crate::access::{Action, Face, Resource, Role};
use crate::api::{Answer, Ask, Call, Method, Refused};
use crate::ids::{GroupId, UserId};
use crate::job::{self, Step};
use crate::record::{Changes, Kept, Record, places};
use crate::refusal::Refusal;
use crate::routes::one;
use crate::store::{Key, Range};
use crate::user::{EMAIL, Invitation, User, canonical};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a change reads, as far as the request tells.
pub(super) fn needs(ask: &Ask) -> Vec<Key> {
    ask.record::<Edit>("user").map(|edit| edit.keys()).unwrap_or_default()
}

/// The same, and who may be known already.
pub(super) fn needs_known(ask: &Ask) -> Vec<Key> {
    let edit = ask.record::<Edit>("user").unwrap_or_default();
    edit.keys().into_iter().chain(edit.keys_of_known()).collect()
}

/// Adds somebody.
pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("user")?;
    let saved = add(call, &edit).await?;
    Ok(saved.created(call))
}

/// Somebody as they are kept now, with the default group that they were given, which the account does not tell yet.
#[derive(Debug)]
pub(super) struct Saved {
    /// Them.
    pub user: User,
    /// Their default group, if groups changed.
    group: Option<Option<GroupId>>,
}

impl Saved {
    fn shown(&self, call: &Call<'_>) -> Value {
        let mut body = one(call, &self.user);
        if let (Some(group), Some(shown)) = (self.group, body.get_mut(User::KIND.singular))
            && let Some(told) = shown.get_mut("default_group_id")
        {
            *told = json!(group);
        }
        body
    }

    fn created(&self, call: &Call<'_>) -> Answer {
        Answer::created(self.shown(call), self.location(call))
    }

    fn location(&self, call: &Call<'_>) -> String {
        call.url(&format!("/users/{}.json", self.user.id))
    }
}

async fn add(call: &Call<'_>, edit: &Edit) -> Result<Saved, Refused> {
    let settings = call.account.settings()?;
    let mut user = User::new(UserId::fresh(call)?, "", Role::EndUser, call.at);
    user.locale = settings.locale;
    user.time_zone = settings.time_zone;
    let draft = apply::apply(call, user, edit, How::Added).await?;
    keep(call, None, draft, edit).await
}

/// Changes somebody.
pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = alive(call, "id").await?;
    let edit: Edit = call.ask.record("user")?;
    let after = change(call, &before, edit).await?;
    Ok(Answer::ok(after.shown(call)))
}

/// Somebody who was not deleted, to be changed.
pub(super) async fn alive(call: &Call<'_>, variable: &str) -> Result<Kept<User>, Refused> {
    let user = person(call, variable).await?;
    if user.active { Ok(user) } else { Err(Refused::NotFound) }
}

/// Changes somebody, if who asks may.
pub(super) async fn change(
    call: &Call<'_>,
    before: &Kept<User>,
    edit: Edit,
) -> Result<Saved, Refused> {
    call.require(Action::UpdateUser, Resource::Person(before))?;
    let edit = if call.actor()?.is_agent() { edit } else { edit.of_oneself() };
    let draft = apply::apply(call, before.record.clone(), &edit, How::Changed).await?;
    keep(call, Some(before), draft, &edit).await
}

/// Keeps what was made of somebody, and invites them.
async fn keep(
    call: &Call<'_>,
    before: Option<&Kept<User>>,
    draft: Draft,
    edit: &Edit,
) -> Result<Saved, Refused> {
    let Draft { user, invited } = draft;
    let mut changes = Changes::new();
    match before {
        None => changes.create(&user)?,
        Some(before) if before.record == user => {}
        Some(before) => changes.update(before, &user)?,
    }
    let moved = before.is_none_or(|before| before.role.is_agent() != user.role.is_agent());
    let group = if moved || edit.default_group_id.is_some() {
        Some(role::regroup(call, &user, edit.default_group_id.flatten(), &mut changes)?)
    } else {
        None
    };
    for identity_id in invited {
        Invitation { user_id: user.id, identity_id }.keep(call, &mut changes)?;
    }
    let left = before.is_some_and(|before| role::works(before)) && !role::works(&user);
    if left && !call.range(&unclosed("assignee", &user)).await?.items.is_empty() {
        relieve(call, &user, changes).await?;
    } else {
        call.commit(changes).await?;
    }
    Ok(Saved { user, group })
}

/// Tickets that somebody has to do with and that are not closed: the first is enough to know that there are any.
fn unclosed(how: &str, user: &User) -> Range {
    Range::of(places::list(&format!("{how}/{}/unclosed", user.id)), 1)
}

/// Keeps that somebody works on tickets no longer. Of those that are not closed they are relieved, in the background.
async fn relieve(call: &Call<'_>, user: &User, changes: Changes) -> Result<(), Refused> {
    let path = format!("/users/{}/relieved", user.id);
    let steps = vec![Step::new(Method::Post, path, json!({}))];
    job::start_with(call, "Reassign Tickets", steps, changes).await.map(|_| ())
}

#[derive(Deserialize)]
struct Reference {
    id: UserId,
}

/// Changes who is known by this external id or address, or adds them.
pub(super) async fn create_or_update(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("user")?;
    let Some(id) = known(call, &edit).await? else {
        return Ok(add(call, &edit).await?.created(call));
    };
    let before = call.get::<User>(id.get()).await?;
    call.require(Action::UpdateUser, Resource::Person(&before))?;
    let draft = apply::apply(call, before.record.clone(), &edit, How::Known).await?;
    let saved = keep(call, Some(&before), draft, &edit).await?;
    Ok(Answer::ok(saved.shown(call)).header("location", saved.location(call)))
}

/// Who is known by the external id that is given, or else by the address.
async fn known(call: &Call<'_>, edit: &Edit) -> Result<Option<UserId>, Refused> {
    call.fetch(edit.keys_of_known()).await?;
    if let Some(Some(id)) = &edit.external_id
        && let Some(found) = call.lookup::<Reference>(EXTERNAL, &id.to_lowercase()).await?
    {
        return Ok(Some(found.id));
    }
    let Some(Some(email)) = &edit.email else { return Ok(None) };
    Ok(call.lookup::<Face>(EMAIL, &canonical(email)).await?.map(|face| face.id))
}

/// Deletes somebody. Who asked for something that is not done yet cannot be
/// ([deleting end users](https://support.zendesk.com/hc/en-us/articles/4408821737498)).
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = alive(call, "id").await?;
    call.require(Action::DeleteUser, Resource::Person(&before))?;
    let mut refusal = Refusal::default();
    if role::owns(call, &before)? {
        refusal.add("base", "The account owner cannot be deleted", Some("InvalidValue"));
    }
    let (asked, works_on) = (unclosed("requester", &before), unclosed("assignee", &before));
    let (asked, works_on) = futures::try_join!(call.range(&asked), call.range(&works_on))?;
    if !asked.items.is_empty() {
        let text = "User: is the requester of tickets that are not closed";
        refusal.add("base", text, Some("InvalidValue"));
    }
    let () = refusal.against(())?;
    let after = User { active: false, updated_at: call.at, ..before.record.clone() };
    let mut changes = Changes::new();
    changes.update(&before, &after)?;
    let group = Some(role::regroup(call, &after, None, &mut changes)?);
    if works_on.items.is_empty() {
        call.commit(changes).await?;
    } else {
        relieve(call, &after, changes).await?;
    }
    Ok(Answer::ok(Saved { user: after, group }.shown(call)))
}
