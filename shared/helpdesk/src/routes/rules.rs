//! What views, macros, triggers, automations and SLA policies are listed, searched, moved and deleted by.

use super::{Shown, written};
use crate::access::{Action, Owned, Resource};
use crate::account::{Brand, CustomStatus, Group};
use crate::api::{Answer, Call, Page, Paging, Refused, list};
use crate::field::ticket::Outcome;
use crate::field::{TicketField, TicketForm};
use crate::ids::{GroupId, RecordId, UserId};
use crate::organization::Organization;
use crate::record::{Changes, Home, Kept, Record, places};
use crate::refusal::Refusal;
use crate::routing::Skill;
use crate::rule::{Choices, Conditions, Refers, Restriction, Rule, To};
use crate::schedule::Schedule;
use crate::user::User;
use crate::webhook::{Webhook, ulid};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Rules of one commit, so that what the account's log tells of each fits in too.
pub(super) const COMMIT: usize = 45;

/// A rule that not everybody may change.
pub(super) trait Governed: Rule + Shown + Send + Sync + 'static {
    /// Whether who asks may see it.
    fn readable(&self, call: &Call<'_>) -> Result<bool, Refused>;

    /// Whether who asks may change it.
    fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused>;

    /// Where it stands, as text sorts.
    fn place(&self, call: &Call<'_>) -> Result<String, Refused> {
        let _ = call;
        Ok(placed(self.head().position))
    }
}

/// A position as text sorts.
pub(super) fn placed(position: i64) -> String {
    format!("{:016x}", position.cast_unsigned() ^ (1 << 63))
}

/// All rules of a kind.
pub(super) async fn all<R: Governed>(call: &Call<'_>) -> Result<Vec<Kept<R>>, Refused> {
    match R::KIND.home {
        Home::Account => Ok(call.account.all::<R>()?.as_ref().clone()),
        Home::Few | Home::Many => list::whole(call).await,
    }
}

/// The rules with these ids, each of which must be there.
pub(super) async fn several<R: Governed>(
    call: &Call<'_>,
    ids: &[u64],
) -> Result<Vec<Kept<R>>, Refused> {
    let found = match R::KIND.home {
        Home::Account => {
            let all = call.account.all::<R>()?;
            ids.iter().filter_map(|id| all.iter().find(|it| it.id() == *id).cloned()).collect()
        }
        Home::Few | Home::Many => call.get_all::<R>(ids).await?,
    };
    if found.len() == ids.len() { Ok(found) } else { Err(Refused::NotFound) }
}

/// The rule that the path names, if who asks may see it.
pub(super) async fn named<R: Governed>(call: &Call<'_>) -> Result<Kept<R>, Refused> {
    let rule = several::<R>(call, &[call.id("id")?]).await?.pop().ok_or(Refused::NotFound)?;
    if rule.readable(call)? { Ok(rule) } else { Err(Refused::NotFound) }
}

/// Goes on only if who asks may change it.
pub(super) fn must_change<R: Governed>(call: &Call<'_>, rule: &R) -> Result<(), Refused> {
    if rule.changeable(call)? { Ok(()) } else { Err(Refused::Forbidden) }
}

/// Whether a rule is in use as the request's `active` asks.
pub(super) fn in_use<R: Rule>(call: &Call<'_>, rule: &R) -> bool {
    match call.ask.query("active") {
        Some("true" | "1") => rule.head().active,
        Some("false" | "0") => !rule.head().active,
        Some(_) | None => true,
    }
}

/// Whether a rule's title has what is searched for in it.
pub(super) fn sought<R: Rule>(query: &str, rule: &R) -> bool {
    rule.head().title.to_lowercase().contains(&query.to_lowercase())
}

/// What is searched for.
pub(super) fn query<'a>(call: &'a Call<'_>) -> Result<&'a str, Refused> {
    call.ask.query("query").ok_or_else(|| Refused::parameter("query", "is required"))
}

/// By what a list is sorted, and from which end.
fn sorting<'a>(call: &'a Call<'_>) -> (&'a str, bool) {
    if let Some(sort) = call.ask.query("sort").filter(|sort| !sort.is_empty()) {
        let by = sort.strip_prefix('-');
        return (by.unwrap_or(sort), by.is_some());
    }
    let by = call.ask.query("sort_by").filter(|by| !by.is_empty()).unwrap_or("position");
    let backward = match call.ask.query("sort_order") {
        Some("asc") => false,
        Some("desc") => true,
        Some(_) | None => !matches!(by, "position" | "alphabetical"),
    };
    (by, backward)
}

/// The page of these rules that is asked for, in the order that is asked for.
pub(super) fn listed<R: Governed>(call: &Call<'_>, rules: Vec<Kept<R>>) -> Result<Answer, Refused> {
    Ok(Answer::ok(Value::Object(page(call, rules)?)))
}

/// The same, to be added to.
pub(super) fn page<R: Governed>(
    call: &Call<'_>,
    rules: Vec<Kept<R>>,
) -> Result<Map<String, Value>, Refused> {
    let (by, backward) = sorting(call);
    let rank = |rule: &R| {
        let first = match by {
            "position" => rule.place(call)?,
            "alphabetical" | "title" | "name" => rule.head().title.to_lowercase(),
            "created_at" => rule.head().created_at.to_string(),
            "updated_at" => rule.head().updated_at.to_string(),
            usage if usage.starts_with("usage_") => {
                return Err(Refused::parameter("sort_by", "cannot be usage, which is not counted"));
            }
            _ => return Err(Refused::parameter("sort_by", "is not what rules are sorted by")),
        };
        Ok(format!("{first}#{}", places::rank(rule.id())))
    };
    let ranked: Result<Vec<(String, Kept<R>)>, Refused> =
        rules.into_iter().map(|rule| Ok((rank(&rule)?, rule))).collect();
    let mut ranked = ranked?;
    ranked.sort_by(|(a, _), (b, _)| if backward { b.cmp(a) } else { a.cmp(b) });
    let page = Page::cut(Paging::of(call.ask)?, ranked);
    let mut body = page.about(call.ask);
    body.insert(R::KIND.plural.to_owned(), shown(call, &page.records)?);
    Ok(body)
}

/// Rules as they are shown, with what the request asks to be included.
pub(super) fn shown<R: Governed>(call: &Call<'_>, rules: &[Kept<R>]) -> Result<Value, Refused> {
    let included = call.ask.list("include");
    let one = |rule: &Kept<R>| {
        let mut shown = rule.shown(call);
        let Some(object) = shown.as_object_mut() else { return Ok(shown) };
        if included.contains(&"permissions") {
            let may = rule.changeable(call)?;
            object.insert("permissions".into(), json!({"can_edit": may, "can_delete": may}));
        }
        if included.contains(&"app_installation") {
            object.insert("app_installation".into(), Value::Null);
        }
        Ok(shown)
    };
    let all: Result<Vec<Value>, Refused> = rules.iter().map(one).collect();
    Ok(Value::Array(all?))
}

/// What is asked of one of several rules.
#[derive(Debug, Deserialize)]
pub(super) struct Moved {
    id: RecordId,
    position: Option<i64>,
    active: Option<bool>,
    pub category_id: Option<RecordId>,
}

/// What is asked of several rules, under the name of their kind: each rule with what it was.
pub(super) async fn moved<R: Governed>(
    call: &Call<'_>,
) -> Result<Vec<(Kept<R>, R, Moved)>, Refused> {
    let asked = call.ask.records(R::KIND.plural)?;
    let asked: Result<Vec<Moved>, Refused> = asked.into_iter().map(crate::api::ask::read).collect();
    let asked = asked?;
    let ids: Vec<u64> = asked.iter().map(|it| it.id.get()).collect();
    let before = several::<R>(call, &ids).await?;
    let both = before.into_iter().zip(asked).map(|(before, moved)| {
        must_change(call, &before.record)?;
        let mut after = before.record.clone();
        let head = after.head_mut();
        head.position = moved.position.unwrap_or(head.position);
        head.active = moved.active.unwrap_or(head.active);
        head.updated_at = call.at;
        Ok((before, after, moved))
    });
    both.collect()
}

/// Rules as they stand in the order of these ids, which must be those of all of them.
pub(super) fn in_order<R: Governed>(
    call: &Call<'_>,
    all: &[Kept<R>],
    ids: &[u64],
) -> Result<Vec<(Kept<R>, R)>, Refused> {
    let named: BTreeSet<u64> = ids.iter().copied().collect();
    if named != all.iter().map(|it| it.id()).collect() || named.len() != ids.len() {
        return Err(Refused::NotFound);
    }
    let found = ids.iter().filter_map(|id| all.iter().find(|it| it.id() == *id));
    let both = found.zip(1..).map(|(before, position)| {
        let mut after = before.record.clone();
        (after.head_mut().position, after.head_mut().updated_at) = (position, call.at);
        (before.clone(), after)
    });
    Ok(both.collect())
}

/// Changes several rules, and shows them.
pub(super) async fn change_all<R: Governed>(
    call: &Call<'_>,
    all: Vec<(Kept<R>, R)>,
) -> Result<Answer, Refused> {
    for part in all.chunks(COMMIT) {
        let mut changes = Changes::new();
        for (before, after) in part {
            changes.update(before, after)?;
        }
        call.commit(changes).await?;
    }
    let after: Vec<Kept<R>> =
        all.into_iter().map(|(Kept { revision, .. }, record)| Kept { record, revision }).collect();
    let body = json!({
        R::KIND.plural: shown(call, &after)?,
        "count": after.len(),
        "next_page": null,
        "previous_page": null,
    });
    Ok(Answer::ok(body))
}

/// Deletes the rules whose ids the query lists.
pub(super) async fn delete_all<R: Governed>(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = several::<R>(call, &call.ask.ids("ids")?).await?;
    all.iter().try_for_each(|rule| must_change(call, &rule.record))?;
    for part in all.chunks(COMMIT) {
        let mut changes = Changes::new();
        for rule in part {
            changes.delete(rule)?;
        }
        call.commit(changes).await?;
    }
    Ok(Answer::gone())
}

/// Deletes the rule that the path names.
pub(super) async fn delete<R: Governed>(call: &Call<'_>) -> Result<Answer, Refused> {
    let rule = named::<R>(call).await?;
    must_change(call, &rule.record)?;
    call.remove(&rule).await
}

/// Adds to `refusal` what is named and is not there.
pub(super) async fn resolve(
    call: &Call<'_>,
    refers: &Refers,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let number = |id: &str| id.parse().ok().filter(|id| (1..=crate::ids::MAX).contains(id));
    let kept = refers.iter().filter_map(|(to, id, _)| match to {
        To::User | To::Agent => Some(places::record(User::KIND, number(id)?)),
        To::Organization => Some(places::record(Organization::KIND, number(id)?)),
        To::Webhook => Some(places::record(Webhook::KIND, ulid::read(id)?)),
        To::Group | To::Brand | To::Form | To::Schedule | To::Status | To::Field | To::Skill => {
            None
        }
    });
    call.fetch(kept).await?;
    for (to, id, field) in refers.iter() {
        let there = match (to, number(id)) {
            (To::Webhook, _) => match ulid::read(id) {
                Some(id) => call.find::<Webhook>(id).await?.is_some(),
                None => false,
            },
            (_, None) => false,
            (To::Group, Some(id)) => call.account.find::<Group>(id)?.is_some(),
            (To::User, Some(id)) => call.find::<User>(id).await?.is_some_and(|it| it.active),
            (To::Agent, Some(id)) => {
                let user = call.find::<User>(id).await?;
                user.is_some_and(|user| user.active && user.role.is_agent())
            }
            (To::Organization, Some(id)) => call.find::<Organization>(id).await?.is_some(),
            (To::Brand, Some(id)) => call.account.find::<Brand>(id)?.is_some(),
            (To::Form, Some(id)) => call.account.find::<TicketForm>(id)?.is_some(),
            (To::Schedule, Some(id)) => call.account.find::<Schedule>(id)?.is_some(),
            (To::Status, Some(id)) => call.account.find::<CustomStatus>(id)?.is_some(),
            (To::Field, Some(id)) => own_field(call, id)?.is_some(),
            (To::Skill, Some(id)) => call.account.find::<Skill>(id)?.is_some(),
        };
        if !there {
            let text = format!("{field}: {id} is not a valid value");
            refusal.add("base", text, Some("InvalidValue"));
        }
    }
    Ok(())
}

/// A ticket field of the account's own, if there is one with this id.
pub(super) fn own_field(call: &Call<'_>, id: u64) -> Result<Option<Kept<TicketField>>, Refused> {
    let found = call.account.find::<TicketField>(id)?;
    Ok(found.filter(|it| !it.field.kind.is_system()))
}

/// Adds to `refusal` what the account's own ticket fields do not take.
pub(super) fn own_values<'a>(
    call: &Call<'_>,
    values: impl Iterator<Item = (&'a str, &'a Value)>,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    for (field, value) in values {
        let id = field.strip_prefix("custom_fields_").and_then(|id| id.parse().ok());
        let Some(own) = id.map(|id| own_field(call, id)).transpose()?.flatten() else { continue };
        let known = match own.accept(value) {
            Ok(Outcome::Is(Value::Array(chosen))) => !chosen.is_empty(),
            Ok(Outcome::Is(_)) => true,
            Ok(Outcome::Stays) => false,
            Err(reason) => {
                refusal.push("base", reason);
                continue;
            }
        };
        if !known {
            let text = format!("{}: {value} is not a valid value", own.field.title);
            refusal.add("base", text, Some("InvalidValue"));
        }
    }
    Ok(())
}

/// The values of conditions that compare them as a whole.
pub(super) fn compared(conditions: &Conditions) -> impl Iterator<Item = (&str, &Value)> {
    const WHOLE: [&str; 6] =
        ["is", "is_not", "value", "not_value", "value_previous", "not_value_previous"];
    let all = conditions.all.iter().chain(&conditions.any);
    all.filter(|it| WHOLE.contains(&it.operator.as_str())).map(|it| (it.field.as_str(), &it.value))
}

/// What the account has to choose from.
pub(super) fn choices(call: &Call<'_>) -> Result<Choices, Refused> {
    let account = &call.account;
    let groups = account.all::<Group>()?;
    let brands = account.all::<Brand>()?;
    let forms = account.all::<TicketForm>()?;
    let statuses = account.all::<CustomStatus>()?;
    let schedules = account.all::<Schedule>()?;
    let fields = account.all::<TicketField>()?;
    let skills = account.all::<Skill>()?;
    let own = fields.iter().filter(|it| it.field.active && !it.field.kind.is_system());
    Ok(Choices {
        groups: groups.iter().map(|it| (it.id.to_string(), it.name.clone())).collect(),
        brands: brands.iter().map(|it| (it.id.to_string(), it.name.clone())).collect(),
        forms: forms.iter().map(|it| (it.id.to_string(), it.name.clone())).collect(),
        statuses: statuses.iter().map(|it| (it.id.to_string(), it.agent_label.clone())).collect(),
        schedules: schedules.iter().map(|it| (it.id.to_string(), it.name.clone())).collect(),
        fields: own.map(|it| (it.field.id.to_string(), written(call, &it.field.title))).collect(),
        skills: skills.iter().map(|it| (it.id.to_string(), it.name.clone())).collect(),
    })
}

/// All rules of a kind that who asks may see. Whom one is for decides it, so it is asked once for each of these.
pub(super) async fn visible<R: Governed>(
    call: &Call<'_>,
    restricted: impl Fn(&R) -> Option<&Restriction>,
) -> Result<Vec<Kept<R>>, Refused> {
    type Whom = (Option<UserId>, Vec<GroupId>);
    let mut known: BTreeMap<Whom, bool> = BTreeMap::new();
    let mut visible = Vec::new();
    for rule in all::<R>(call).await? {
        let whom = restricted(&rule.record)
            .map_or((None, Vec::new()), |it| (it.owner(), it.groups().to_vec()));
        let readable = match known.entry(whom) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => *new.insert(rule.readable(call)?),
        };
        if readable {
            visible.push(rule);
        }
    }
    Ok(visible)
}

/// For whom rules must be that are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accessible<'a> {
    access: &'a str,
    group: Option<u64>,
}

/// Reads `access` and `group_id` of the request.
pub(super) fn accessible<'a>(call: &'a Call<'_>) -> Result<Accessible<'a>, Refused> {
    let given = |name: &str| call.ask.query(name).filter(|text| !text.is_empty());
    let access = given("access").unwrap_or_default();
    if !["", "personal", "shared", "account", "agents"].contains(&access) {
        return Err(Refused::parameter("access", "must be personal, agents, shared or account"));
    }
    let wrong = |_| Refused::parameter("group_id", "must be an integer");
    let group = given("group_id").map(|text| text.parse().map_err(wrong)).transpose()?;
    Ok(Accessible { access, group })
}

impl Accessible<'_> {
    /// Whether it is for such.
    pub fn fits(&self, restriction: Option<&Restriction>) -> bool {
        let owner = restriction.and_then(Restriction::owner);
        let groups = restriction.map_or(&[][..], Restriction::groups);
        let access = match self.access {
            "personal" | "agents" => owner.is_some(),
            "shared" => owner.is_none(),
            "account" => restriction.is_none(),
            _ => true,
        };
        access && self.group.is_none_or(|group| groups.iter().any(|it| it.get() == group))
    }
}

/// Whether who asks may do this to what is for this agent, these groups, or all.
pub(super) fn owned<R: Rule>(
    call: &Call<'_>,
    action: Action,
    restriction: Option<&Restriction>,
) -> Result<bool, Refused> {
    let owner = restriction.and_then(Restriction::owner);
    let groups = restriction.map_or(&[][..], Restriction::groups);
    call.may(action, Resource::Owned(Owned { kind: R::KIND.singular, owner, groups }))
}
