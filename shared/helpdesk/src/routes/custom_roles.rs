//! Custom roles of agents
//! ([custom agent roles](https://developer.zendesk.com/api-reference/ticketing/account-configuration/custom_roles/)).

use crate::access::Action::{ManageAccount, ReadAccount};
use crate::access::Role;
use crate::account::CustomRole;
use crate::account::custom_role::{CHOICES, Choice};
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::RoleId;
use crate::record::Kept;
use crate::refusal::Refusal;
use crate::routes;
use crate::user::User;
use crate::wire::text;
use futures::future::try_join_all;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Custom roles of agents.
pub const ROUTES: &[Route] = routes![
    GET "/custom_roles" Guard::May(ReadAccount) => list, "Lists custom roles";
    POST "/custom_roles" Guard::May(ManageAccount) => create, "Adds a custom role";
    GET "/custom_roles/{id}" Guard::May(ReadAccount) => show, "Shows a custom role";
    PUT "/custom_roles/{id}" Guard::May(ManageAccount) => update, "Changes a custom role";
    DELETE "/custom_roles/{id}" Guard::May(ManageAccount) => delete, "Deletes a custom role that nobody has";
];

/// Characters of a name.
const MAX_NAME: usize = 255;

/// Roles of an account (Zendesk's limit).
const MAX: usize = 197;

/// A role with how many agents have it.
fn shown(role: &CustomRole, members: u64) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "role_type": u8::from(role.configuration.get("light_agent") == Some(&json!(true))),
        "team_member_count": members,
        "configuration": configuration(role),
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    })
}

/// What a role says, and what is so of every agent here, or of nobody.
fn configuration(role: &CustomRole) -> Map<String, Value> {
    let light = role.configuration.get("light_agent") == Some(&json!(true));
    let mut all = role.choices();
    let same = |name: &str| all.get(name).cloned().unwrap_or_default();
    let (rules, groups) = (same("manage_business_rules"), same("manage_groups"));
    let no = [
        "chat_access",
        "export_views",
        "forum_access_restricted_content",
        "manage_approval_requests",
        "manage_contextual_workspaces",
        "manage_facebook",
        "manage_skills",
        "moderate_forums",
        "side_conversation_create",
        "twitter_search_access",
        "voice_access",
        "voice_dashboard_access",
    ];
    let yes = [
        "assign_tickets_to_any_brand",
        "assign_tickets_to_any_group",
        "organization_notes_editing",
        "ticket_redaction",
        "ticket_tag_editing",
        "view_filter_tickets",
    ];
    let none = [
        "explore_access",
        "forum_access",
        "manage_roles",
        "manage_team_members",
        "report_access",
        "user_view_access",
    ];
    let mut put = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
    no.iter().for_each(|name| put(name, json!(false)));
    yes.iter().for_each(|name| put(name, json!(true)));
    none.iter().for_each(|name| put(name, json!("none")));
    // Who keeps rules keeps all of them.
    for name in ["manage_automations", "manage_dynamic_content", "manage_slas", "manage_triggers"] {
        put(name, rules.clone());
    }
    put("group_access", groups);
    put("light_agent", json!(light));
    put("end_user_list_access", json!("full"));
    put("custom_objects", json!({}));
    all
}

/// What is asked of a role.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    description: Option<Option<String>>,
    configuration: Option<Map<String, Value>>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, role: &mut CustomRole) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        if let Some(name) = self.name {
            role.name = name.unwrap_or_default();
        }
        if let Some(description) = self.description {
            role.description = description.unwrap_or_default();
        }
        for (name, value) in self.configuration.into_iter().flatten() {
            configure(role, &name, value, &mut refusal);
        }
        let all = call.account.all::<CustomRole>()?;
        let taken =
            |it: &&Kept<CustomRole>| it.id != role.id && it.name.eq_ignore_ascii_case(&role.name);
        if role.name.is_empty() {
            refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
        } else if all.iter().any(|it| taken(&it)) {
            refusal.add("name", "Name: has already been taken", Some("DuplicateValue"));
        }
        if role.name.chars().count() > MAX_NAME {
            let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
            refusal.add("name", text, Some("ValueTooLong"));
        }
        Ok(refusal.against(())?)
    }
}

/// Says something of a role. What is so of every agent here, or of nobody, no role says.
fn configure(role: &mut CustomRole, name: &str, value: Value, refusal: &mut Refusal) {
    let Some((_, choice)) = CHOICES.iter().find(|(known, _)| *known == name) else { return };
    let fits = match choice {
        Choice::Switch => value.is_boolean(),
        Choice::Words(words) => value.as_str().is_some_and(|word| words.contains(&word)),
    };
    if fits {
        role.configuration.insert(name.to_owned(), value);
    } else {
        let text = format!("Configuration: {name} is invalid");
        refusal.add("configuration", text, Some("InvalidValue"));
    }
}

async fn members(call: &Call<'_>, role: &CustomRole) -> Result<u64, Refused> {
    let list = List::named(format!("custom_role/{}/users", role.id));
    list::count::<User>(call, &list).await
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.account.all::<CustomRole>()?;
    let counts = try_join_all(all.iter().map(|it| members(call, it))).await?;
    let shown: Vec<Value> = all.iter().zip(counts).map(|(it, count)| shown(it, count)).collect();
    let count = shown.len();
    Ok(Answer::ok(
        json!({"custom_roles": shown, "next_page": null, "previous_page": null, "count": count}),
    ))
}

fn find(call: &Call<'_>) -> Result<Kept<CustomRole>, Refused> {
    call.account.find::<CustomRole>(call.id("id")?)?.ok_or(Refused::NotFound)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let role = find(call)?;
    let count = members(call, &role).await?;
    Ok(Answer::ok(json!({"custom_role": shown(&role, count)})))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("custom_role")?;
    let mut role = CustomRole {
        id: RoleId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        name: String::new(),
        description: String::new(),
        base: Role::Agent,
        configuration: Map::from_iter([("ticket_editing".to_owned(), json!(true))]),
    };
    edit.apply(call, &mut role)?;
    if call.account.all::<CustomRole>()?.len() >= MAX {
        return Err(Refused::field("base", format!("an account has at most {MAX} custom roles")));
    }
    call.add(&role).await?;
    let location = call.url(&format!("/custom_roles/{}.json", role.id));
    Ok(Answer::created(json!({"custom_role": shown(&role, 0)}), location))
}

/// Roles that every account has are what they are.
fn own(call: &Call<'_>) -> Result<Kept<CustomRole>, Refused> {
    let role = find(call)?;
    if role.is_system() {
        return Err(Refused::field("base", "a system role cannot be changed"));
    }
    Ok(role)
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = own(call)?;
    let edit: Edit = call.ask.record("custom_role")?;
    let mut after = CustomRole { updated_at: call.at, ..before.record.clone() };
    edit.apply(call, &mut after)?;
    let count = members(call, &before).await?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(json!({"custom_role": shown(&after, count)})))
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let role = own(call)?;
    if members(call, &role).await? > 0 {
        return Err(Refused::field("base", "a role that agents have cannot be deleted"));
    }
    call.remove(&role).await
}
