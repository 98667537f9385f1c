//! How people are shown: to agents all of it, to themselves what is theirs, to others hardly anything.

use crate::access::{Restriction, Role};
use crate::account::{CustomRole, GroupMembership};
use crate::api::Call;
use crate::field::{UserField, profile};
use crate::routes::Shown;
use crate::user::{Identity, Means, Photo, User, email};
use crate::{locale, time_zone};
use serde_json::{Map, Value, json};

impl Shown for User {
    fn shown(&self, call: &Call<'_>) -> Value {
        match &call.actor {
            Some(actor) if actor.is_agent() => to_agents(self, call),
            Some(actor) if actor.id() == self.id => Value::Object(to_themselves(self, call)),
            Some(_) | None => to_others(self, call),
        }
    }
}

fn to_others(user: &User, call: &Call<'_>) -> Value {
    json!({
        "id": user.id,
        "url": call.url(&format!("/end_users/{}.json", user.id)),
        "name": user.alias.as_ref().filter(|it| !it.is_empty()).unwrap_or(&user.name),
        "photo": user.photo.as_ref().map(Photo::shown),
        "agent": user.role.is_agent(),
        "organization_id": null,
    })
}

/// As somebody sees themselves
/// ([end users](https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format-for-end-users)).
pub(super) fn to_themselves(user: &User, call: &Call<'_>) -> Map<String, Value> {
    let shown = json!({
        "id": user.id,
        "url": call.url(&format!("/end_users/{}.json", user.id)),
        "name": user.name,
        "email": user.email(),
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "time_zone": user.time_zone,
        "iana_time_zone": time_zone::iana(&user.time_zone),
        "phone": user.phone,
        "shared_phone_number": user.shares_phone(),
        "photo": user.photo.as_ref().map(Photo::shown),
        "locale_id": locale::tagged(&user.locale).map(|it| it.id),
        "locale": user.locale,
        "organization_id": user.organization_ids().first(),
        "role": word(user.role),
        "verified": user.verified(),
    });
    match shown {
        Value::Object(shown) => shown,
        _ => Map::new(),
    }
}

/// The API knows three roles; who leads agents has a custom one.
const fn word(role: Role) -> &'static str {
    match role {
        Role::EndUser => "end-user",
        Role::Agent | Role::TeamLead => "agent",
        Role::Admin => "admin",
    }
}

fn to_agents(user: &User, call: &Call<'_>) -> Value {
    let mut shown = to_themselves(user, call);
    let role = custom_role(user, call);
    let restriction = role.as_ref().and_then(CustomRole::restriction).unwrap_or(user.restriction);
    let notes_only = role.as_ref().is_some_and(CustomRole::writes_notes_only);
    let mut also = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    also("url", json!(call.url(&format!("/users/{}.json", user.id))));
    also("external_id", json!(user.external_id));
    also("tags", json!(user.tags));
    also("alias", json!(user.alias));
    also("active", json!(user.active));
    also("shared", json!(false));
    also("shared_agent", json!(false));
    also("chat_only", json!(false));
    also("last_login_at", json!(user.last_login_at));
    also("two_factor_auth_enabled", Value::Null);
    also("signature", json!(user.signature));
    also("details", json!(user.details));
    also("notes", json!(user.notes));
    also("role_type", json!(role_type(user, role.as_ref())));
    also("custom_role_id", json!(user.custom_role_id));
    also("moderator", json!(user.moderator));
    also("ticket_restriction", restricted(restriction));
    also("only_private_comments", json!(user.only_private_comments || notes_only));
    also("restricted_agent", json!(restriction != Restriction::All));
    also("suspended", json!(user.suspended));
    also("default_group_id", json!(default_group(user, call)));
    also("report_csv", json!(user.role == Role::Admin));
    also("user_fields", Value::Object(fields(user, call)));
    if !user.active {
        also("permanently_deleted", json!(user.erased.is_some()));
    }
    Value::Object(shown)
}

fn fields(user: &User, call: &Call<'_>) -> Map<String, Value> {
    let all = call.account.all::<UserField>().unwrap_or_default();
    profile::shown(&all, &user.user_fields)
}

fn custom_role(user: &User, call: &Call<'_>) -> Option<CustomRole> {
    let id = user.custom_role_id.filter(|_| user.role == Role::Agent)?;
    call.account.find::<CustomRole>(id.get()).ok().flatten().map(|kept| kept.record)
}

/// 0 of a custom role, 1 of a light agent, 4 of an administrator.
fn role_type(user: &User, role: Option<&CustomRole>) -> Option<u8> {
    match (user.role, role) {
        (Role::Admin, _) => Some(4),
        (_, Some(role)) => {
            Some(u8::from(role.configuration.get("light_agent") == Some(&json!(true))))
        }
        (Role::EndUser | Role::Agent | Role::TeamLead, None) => None,
    }
}

fn restricted(restriction: Restriction) -> Value {
    match restriction {
        Restriction::All => Value::Null,
        Restriction::Groups
        | Restriction::Organization
        | Restriction::Assigned
        | Restriction::Requested => json!(restriction.as_str()),
    }
}

fn default_group(user: &User, call: &Call<'_>) -> Option<crate::ids::GroupId> {
    let all = call.account.all::<GroupMembership>().ok()?;
    all.iter().find(|it| it.user_id == user.id && it.default).map(|it| it.group_id)
}

/// What somebody is known by
/// ([user identities](https://developer.zendesk.com/api-reference/ticketing/users/user_identities/)), under `/users` or
/// `/end_users`.
#[must_use]
pub fn identity(call: &Call<'_>, under: &str, user: &User, identity: &Identity) -> Value {
    let mut shown = json!({
        "url": call.url(&format!("/{under}/{}/identities/{}.json", user.id, identity.id)),
        "id": identity.id,
        "user_id": user.id,
        "type": identity.means.name(),
        "value": identity.value,
        "verified": identity.verified,
        "verification_method": if identity.verified { "low" } else { "none" },
        "verified_at": null,
        "primary": identity.primary,
        "created_at": identity.created_at,
        "updated_at": identity.updated_at,
    });
    if let (Means::Email, Value::Object(shown)) = (identity.means, &mut shown) {
        let state = email::deliverable_state(&identity.value);
        shown.insert("undeliverable_count".to_owned(), json!(0));
        shown.insert("deliverable_state".to_owned(), json!(state));
    }
    shown
}
