//! The people that a change of a ticket names: found by their addresses, or added with it.

use super::asked::{Asked, Named};
use super::see;
use crate::access::{Face, Role};
use crate::api::{Call, Refused};
use crate::ids::{IdentityId, OrganizationId, UserId};
use crate::record::{Changes, Record};
use crate::refusal::Refusal;
use crate::user::{EMAIL, Identity, Means, User, canonical};
use std::collections::{BTreeMap, BTreeSet};

/// The people of a change.
#[derive(Debug, Default)]
pub struct People {
    /// Who is not known yet, and is once the change is done.
    pub added: Vec<User>,
    /// Who was found by an address: what came with it need not be read again.
    faces: BTreeMap<UserId, Face>,
}

/// Names everybody in `asked` by their ids, adding who is not known yet to who is `added` anyway. `ccs` and `followers`
/// are who is told so far.
///
/// # Errors
/// 422 for whom nobody can be; `Unavailable` or `Throttled`.
pub async fn resolve(
    call: &Call<'_>,
    asked: &mut Asked,
    ccs: &BTreeSet<UserId>,
    followers: &BTreeSet<UserId>,
    added: Vec<User>,
) -> Result<People, Refused> {
    call.fetch(asked.keys()).await?;
    let mut people = People { added, ..People::default() };
    let mut refusal = Refusal::default();
    let more = asked.more.clone();
    if let Some(named) = &more.requester {
        let id = find_or_add(call, named, &mut people).await?;
        if id.is_none() {
            refusal.add("requester", "Requester: Email: cannot be blank", Some("BlankValue"));
        }
        asked.edit.requester_id = id.or(asked.edit.requester_id);
    }
    if let Some(email) = &more.assignee_email {
        let face = call.lookup::<Face>(EMAIL, &canonical(email)).await?;
        if face.is_none() {
            refusal.add("assignee", "Assignee: is invalid", Some("InvalidValue"));
        }
        asked.edit.assignee_id = face.map(|face| Some(face.id)).or(asked.edit.assignee_id);
    }
    if let Some(edited) = told(call, asked, ccs, &mut people).await? {
        asked.edit.email_cc_ids = Some(edited);
    }
    if !more.followers.is_empty() {
        let mut all = asked.edit.follower_ids.clone().unwrap_or_else(|| followers.clone());
        for turn in &more.followers {
            let Some(id) = find_or_add(call, &turn.who(), &mut people).await? else { continue };
            let _ = if turn.leaves() { all.remove(&id) } else { all.insert(id) };
        }
        asked.edit.follower_ids = Some(all);
    }
    known(call, asked, &people, &mut refusal).await?;
    Ok(refusal.against(people)?)
}

/// People who can be added together with a ticket: what is written of each, beside what is written of the ticket, has to
/// fit into one commit.
const ADDED: usize = 4;

impl People {
    /// Adds who is new to `changes`; if they are too many for one commit, before it.
    ///
    /// # Errors
    /// 422 if an address was taken meanwhile; `Unavailable` or `Throttled`.
    pub async fn add(&self, call: &Call<'_>, changes: &mut Changes) -> Result<(), Refused> {
        if self.added.len() <= ADDED {
            for user in &self.added {
                changes.create(user)?;
            }
            return Ok(());
        }
        let held = call.hold();
        for part in self.added.chunks(ADDED) {
            let mut before = Changes::new();
            for user in part {
                before.create(user)?;
            }
            call.commit(before).await?;
        }
        call.release(held);
        Ok(())
    }
}

/// Who is in copy from now on, if that is asked for.
async fn told(
    call: &Call<'_>,
    asked: &Asked,
    before: &BTreeSet<UserId>,
    people: &mut People,
) -> Result<Option<BTreeSet<UserId>>, Refused> {
    let more = &asked.more;
    let given = asked.edit.email_cc_ids.clone();
    let asks = more.collaborators.is_some()
        || more.collaborator_ids.is_some()
        || !more.additional_collaborators.is_empty()
        || !more.email_ccs.is_empty();
    if !asks {
        return Ok(given);
    }
    let all = more.collaborators.is_some() || more.collaborator_ids.is_some();
    let mut ccs = given.unwrap_or_else(|| if all { BTreeSet::new() } else { before.clone() });
    ccs.extend(more.collaborator_ids.iter().flatten().copied());
    for collaborator in more.collaborators.iter().flatten().chain(&more.additional_collaborators) {
        ccs.extend(find_or_add(call, &collaborator.who(), people).await?);
    }
    for turn in &more.email_ccs {
        let Some(id) = find_or_add(call, &turn.who(), people).await? else { continue };
        let _ = if turn.leaves() { ccs.remove(&id) } else { ccs.insert(id) };
    }
    Ok(Some(ccs))
}

/// Their id, if they are known or can be added.
async fn find_or_add(
    call: &Call<'_>,
    named: &Named,
    people: &mut People,
) -> Result<Option<UserId>, Refused> {
    if named.id.is_some() {
        return Ok(named.id);
    }
    let Some(email) = named.email.as_deref().map(str::trim).filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let canonical = canonical(email);
    if let Some(face) = call.lookup::<Face>(EMAIL, &canonical).await? {
        let id = face.id;
        people.faces.insert(id, face);
        return Ok(Some(id));
    }
    let same = |user: &&User| user.identities.iter().any(|it| it.value == canonical);
    if let Some(user) = people.added.iter().find(same) {
        return Ok(Some(user.id));
    }
    if !is_address(&canonical) {
        let text = format!("Email: {email} is not properly formatted");
        let mut refusal = Refusal::default();
        refusal.add("email", text, Some("InvalidFormat"));
        return Err(refusal.into());
    }
    let user = newcomer(call, named.name.as_deref(), &canonical)?;
    let id = user.id;
    people.added.push(user);
    Ok(Some(id))
}

/// Whether text can be an address: something on each side of one `@`, and a dot behind it.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let plain = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || ",;<>@\"".contains(c))
    };
    plain(name)
        && plain(host)
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
}

/// An end-user of whom only an address is known, and maybe a name.
///
/// # Errors
/// `Internal` once ids are used up.
pub fn newcomer(call: &Call<'_>, name: Option<&str>, email: &str) -> Result<User, Refused> {
    let usual = email.split('@').next().unwrap_or(email);
    let name = name.map(str::trim).filter(|it| !it.is_empty()).unwrap_or(usual);
    let mut user = User::new(UserId::fresh(call)?, name, Role::EndUser, call.at);
    user.identities.push(Identity {
        id: IdentityId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        means: Means::Email,
        value: email.to_owned(),
        verified: false,
        primary: true,
    });
    Ok(user)
}

/// Refuses ids that nobody has.
async fn known(
    call: &Call<'_>,
    asked: &Asked,
    people: &People,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    if let Some(Some(id)) = asked.edit.organization_id
        && call.item(&see::organization(id.get())).await?.is_none()
    {
        refusal.add("organization", "Organization: is invalid", Some("InvalidValue"));
    }
    let added: BTreeSet<u64> = people.added.iter().map(Record::id).collect();
    let edit = &asked.edit;
    let author = edit.comment.as_ref().and_then(|it| it.author_id);
    let mut named: Vec<(&str, &str, UserId)> = Vec::new();
    named.extend(edit.requester_id.map(|id| ("requester", "Requester", id)));
    named.extend(edit.submitter_id.map(|id| ("submitter", "Submitter", id)));
    named.extend(author.map(|id| ("author", "Author", id)));
    let ccs = edit.email_cc_ids.iter().flatten();
    named.extend(ccs.map(|id| ("collaborators", "Collaborators", *id)));
    for (field, word, id) in named {
        let found = added.contains(&id.get()) || people.faces.contains_key(&id);
        if found || id == call.actor()?.id() {
            continue;
        }
        let user = call.find::<User>(id.get()).await?;
        if !user.is_some_and(|user| user.active) {
            refusal.add(field, format!("{word}: is invalid"), Some("InvalidValue"));
        }
    }
    Ok(())
}

/// The organization that a ticket of this person belongs to unless it says otherwise: their default one.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn organization_of(
    call: &Call<'_>,
    requester: UserId,
    people: &People,
) -> Result<Option<OrganizationId>, Refused> {
    let actor = call.actor()?;
    if actor.id() == requester {
        return Ok(actor.face.organization_ids.first().copied());
    }
    if let Some(face) = people.faces.get(&requester) {
        return Ok(face.organization_ids.first().copied());
    }
    if let Some(user) = people.added.iter().find(|it| it.id == requester) {
        return Ok(user.organization_ids().first().copied());
    }
    let user = call.find::<User>(requester.get()).await?;
    Ok(user.and_then(|user| user.organization_ids().first().copied()))
}
