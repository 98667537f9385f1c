//! Groups and who is in them
//! ([groups](https://developer.zendesk.com/api-reference/ticketing/groups/groups/),
//! [group memberships](https://developer.zendesk.com/api-reference/ticketing/groups/group_memberships/)).

use super::{Shown, created, listed, one};
use crate::access::Action::{ManageGroupMemberships, ManageGroups, ReadAccount};
use crate::access::Resource;
use crate::account::{Group, GroupMembership};
use crate::api::{Answer, Ask, Call, Guard, Method, Refused, Route};
use crate::ids::{GroupId, MembershipId, UserId};
use crate::job::{self, Step};
use crate::record::{Changes, Kept, Record};
use crate::refusal::Refusal;
use crate::routes;
use crate::store::Key;
use crate::user::User;
use serde::Deserialize;
use serde_json::{Value, json};

/// Groups.
pub const ROUTES: &[Route] = routes![
    GET "/groups" Guard::May(ReadAccount) => list, "Lists groups";
    GET "/groups/assignable" Guard::May(ReadAccount) => list, "Lists groups that tickets may be assigned to";
    GET "/groups/count" Guard::May(ReadAccount) => count, "Counts groups";
    POST "/groups" Guard::May(ManageGroups) => create, "Adds a group";
    GET "/groups/{id}" Guard::May(ReadAccount) => show, "Shows a group";
    PUT "/groups/{id}" Guard::May(ManageGroups) => update, "Changes a group";
    DELETE "/groups/{id}" Guard::May(ManageGroups) => delete, "Deletes a group";
    GET "/groups/{group_id}/memberships" Guard::May(ReadAccount) => members, "Lists who is in a group";
    GET "/groups/{group_id}/memberships/assignable" Guard::May(ReadAccount) => members, "Lists who in a group may be assigned tickets";
];

/// Who is in them.
pub const MEMBERSHIPS: &[Route] = routes![
    GET "/group_memberships" Guard::May(ReadAccount) => members, "Lists who is in which group";
    GET "/group_memberships/assignable" Guard::May(ReadAccount) => members, "Lists who in which group may be assigned tickets";
    POST "/group_memberships" Guard::May(ManageGroupMemberships), needs joining => join, "Puts an agent into a group";
    POST "/group_memberships/create_many" Guard::May(ManageGroupMemberships) => join_many, "Puts agents into groups";
    DELETE "/group_memberships/destroy_many" Guard::May(ManageGroupMemberships) => leave_many, "Takes agents out of groups";
    GET "/group_memberships/{id}" Guard::May(ReadAccount) => show_member, "Shows that an agent is in a group";
    DELETE "/group_memberships/{id}" Guard::May(ManageGroupMemberships) => leave, "Takes an agent out of a group";
];

/// Characters of a name.
const MAX_NAME: usize = 100;

impl Shown for Group {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/groups/{}.json", self.id)),
            "id": self.id,
            "is_public": self.is_public,
            "name": self.name,
            "description": self.description,
            "default": self.default,
            "deleted": false,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

impl Shown for GroupMembership {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/group_memberships/{}.json", self.id)),
            "id": self.id,
            "user_id": self.user_id,
            "group_id": self.group_id,
            "default": self.default,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// What is asked of a group.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    name: Option<String>,
    description: Option<String>,
    is_public: Option<bool>,
}

impl Edit {
    fn apply(self, group: &mut Group) -> Result<(), Refusal> {
        let mut refusal = Refusal::default();
        if let Some(name) = self.name {
            name.trim().clone_into(&mut group.name);
        }
        if group.name.is_empty() {
            refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
        }
        if group.name.chars().count() > MAX_NAME {
            let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
            refusal.add("name", text, Some("ValueTooLong"));
        }
        if let Some(description) = self.description {
            group.description = description;
        }
        group.is_public = self.is_public.unwrap_or(group.is_public);
        refusal.against(())
    }
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<Group>()?;
    if call.variable("user_id").is_empty() {
        return listed(call, all.iter());
    }
    let of = call.account.groups_of(user(call)?)?;
    listed(call, all.iter().filter(|group| of.contains(&group.id)))
}

async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let count = call.account.all::<Group>()?.len();
    Ok(Answer::ok(json!({"count": {"value": count, "refreshed_at": call.at}})))
}

fn group(call: &Call<'_>, name: &str) -> Result<Kept<Group>, Refused> {
    call.account.find::<Group>(call.id(name)?)?.ok_or(Refused::NotFound)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &group(call, "id")?.record)))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("group")?;
    let mut group = Group {
        id: GroupId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: String::new(),
        description: String::new(),
        default: false,
        is_public: true,
    };
    edit.apply(&mut group)?;
    call.add(&group).await?;
    Ok(created(call, &group))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = group(call, "id")?;
    let edit: Edit = call.ask.record("group")?;
    let mut after = Group { updated_at: call.at, ..before.record.clone() };
    edit.apply(&mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(one(call, &after)))
}

/// A group goes with its memberships. Tickets that it has keep its id, as closed tickets must.
async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let group = group(call, "id")?;
    if group.default {
        return Err(Refused::field("base", "the default group cannot be deleted"));
    }
    let all = call.account.all::<GroupMembership>()?;
    let of: Vec<_> = all.iter().filter(|it| it.group_id == group.id).collect();
    for part in of.chunks(crate::store::MOST_WRITES / 4) {
        let mut changes = Changes::new();
        for membership in part {
            changes.delete(*membership)?;
        }
        call.commit(changes).await?;
    }
    call.remove(&group).await
}

fn user(call: &Call<'_>) -> Result<UserId, Refused> {
    UserId::new(call.id("user_id")?).ok_or(Refused::NotFound)
}

pub(super) async fn members(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<GroupMembership>()?;
    let of_group = match call.variable("group_id") {
        "" => None,
        _ => Some(group(call, "group_id")?.id),
    };
    let of_user = match call.variable("user_id") {
        "" => None,
        _ => Some(user(call)?),
    };
    let fits = |it: &&Kept<GroupMembership>| {
        of_group.is_none_or(|group| it.group_id == group)
            && of_user.is_none_or(|user| it.user_id == user)
    };
    listed(call, all.iter().filter(fits))
}

/// What is asked of a membership.
#[derive(Debug, Deserialize)]
struct Joining {
    user_id: Option<UserId>,
    group_id: GroupId,
    #[serde(default)]
    default: bool,
}

/// Who joins.
fn joining(ask: &Ask) -> Vec<Key> {
    let asked = ask.record::<Joining>("group_membership").ok();
    asked.and_then(|it| it.user_id).map(User::key).into_iter().collect()
}

pub(super) async fn join(call: &Call<'_>) -> Result<Answer, Refused> {
    let asked: Joining = call.ask.record("group_membership")?;
    let user_id = match (asked.user_id, call.variable("user_id")) {
        (Some(user), "") => user,
        (None, "") => return Err(Refused::field("user_id", "is required")),
        _ => user(call)?,
    };
    let user = call.find::<User>(user_id.get()).await?;
    let mut refusal = Refusal::default();
    if !user.is_some_and(|user| user.active && user.role.is_agent()) {
        refusal.add("user", "User: must be an agent", Some("InvalidValue"));
    }
    if call.account.find::<Group>(asked.group_id.get())?.is_none() {
        refusal.add("group", "Group: is invalid", Some("InvalidValue"));
    }
    let all = call.account.all::<GroupMembership>()?;
    let own: Vec<_> = all.iter().filter(|it| it.user_id == user_id).collect();
    if own.iter().any(|it| it.group_id == asked.group_id) {
        refusal.add("user_id", "User: has already been taken", Some("DuplicateValue"));
    }
    let () = refusal.against(())?;
    let membership = GroupMembership {
        id: MembershipId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        user_id,
        group_id: asked.group_id,
        default: asked.default || own.is_empty(),
    };
    let mut changes = Changes::new();
    changes.create(&membership)?;
    if membership.default {
        prefer(call, &mut changes, own.into_iter().filter(|it| it.default), false)?;
    }
    call.commit(changes).await?;
    Ok(created(call, &membership))
}

/// The group that tickets go to which an agent is assigned, from now on. Agents choose theirs themselves.
pub(super) async fn make_default(call: &Call<'_>) -> Result<Answer, Refused> {
    let chosen = membership(call)?;
    if call.actor()?.id() != chosen.user_id {
        call.require(ManageGroupMemberships, Resource::Account)?;
    }
    let all = call.account.all::<GroupMembership>()?;
    let own = || all.iter().filter(|it| it.user_id == chosen.user_id);
    let mut changes = Changes::new();
    prefer(call, &mut changes, own().filter(|it| it.id() == chosen.id() && !it.default), true)?;
    prefer(call, &mut changes, own().filter(|it| it.id() != chosen.id() && it.default), false)?;
    call.commit(changes).await?;
    let shown: Vec<Kept<GroupMembership>> = own()
        .map(|it| {
            let default = it.id() == chosen.id();
            let updated_at = if default == it.default { it.updated_at } else { call.at };
            let record = GroupMembership { default, updated_at, ..it.record.clone() };
            Kept { record, revision: it.revision }
        })
        .collect();
    listed(call, shown.iter())
}

/// Makes memberships the default, or no longer.
fn prefer<'a>(
    call: &Call<'_>,
    changes: &mut Changes,
    memberships: impl Iterator<Item = &'a Kept<GroupMembership>>,
    default: bool,
) -> Result<(), Refused> {
    for before in memberships {
        let after = GroupMembership { default, updated_at: call.at, ..before.record.clone() };
        changes.update(before, &after)?;
    }
    Ok(())
}

async fn join_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.ask.records("group_memberships")?.into_iter();
    let step = |it| Step::new(Method::Post, "/group_memberships", json!({"group_membership": it}));
    job::start(call, "Bulk Create Group Memberships", all.map(step).collect()).await
}

async fn leave_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.ask.ids("ids")?.into_iter();
    let step = |id| Step::new(Method::Delete, format!("/group_memberships/{id}"), Value::Null);
    job::start(call, "Bulk Delete Group Memberships", all.map(step).collect()).await
}

fn membership(call: &Call<'_>) -> Result<Kept<GroupMembership>, Refused> {
    let found = call.account.find::<GroupMembership>(call.id("id")?)?;
    let own = |it: &Kept<GroupMembership>| match call.variable("user_id") {
        "" => true,
        user => it.user_id.to_string() == user,
    };
    found.filter(own).ok_or(Refused::NotFound)
}

pub(super) async fn show_member(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &membership(call)?.record)))
}

/// An agent who leaves the default group has another one from then on.
pub(super) async fn leave(call: &Call<'_>) -> Result<Answer, Refused> {
    let gone = membership(call)?;
    let mut changes = Changes::new();
    changes.delete(&gone)?;
    if gone.default {
        let all = call.account.all::<GroupMembership>()?;
        let others = all.iter().filter(|it| it.user_id == gone.user_id && it.id() != gone.id());
        prefer(call, &mut changes, others.take(1), true)?;
    }
    call.commit(changes).await?;
    Ok(Answer::gone())
}
