//! What the policies say.

use super::Actor;
use crate::ids::{GroupId, OrganizationId, UserId};
use crate::ticket::Ticket;
use crate::user::User;
use ceap_kernel::Fault;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

/// The policies, as they are kept for people to read.
pub const POLICIES: [(&str, &str); 5] = [
    ("end-users", include_str!("../../../../infra/policies/end-users.cedar")),
    ("agents", include_str!("../../../../infra/policies/agents.cedar")),
    ("custom-roles", include_str!("../../../../infra/policies/custom-roles.cedar")),
    ("leads", include_str!("../../../../infra/policies/leads.cedar")),
    ("admins", include_str!("../../../../infra/policies/admins.cedar")),
];

static PARSED: LazyLock<Result<PolicySet, String>> = LazyLock::new(|| {
    let all: Vec<&str> = POLICIES.iter().map(|(_, text)| *text).collect();
    PolicySet::from_str(&all.join("\n")).map_err(|error| error.to_string())
});

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What may be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name),+ }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As policies name it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

actions! {
    /// See a ticket.
    ReadTicket = "readTicket",
    /// Change a ticket.
    UpdateTicket = "updateTicket",
    /// Say what its requester sees.
    CommentPublicly = "commentPublicly",
    /// Say what its requester does not see.
    CommentPrivately = "commentPrivately",
    /// See what its requester does not see.
    ReadPrivateComments = "readPrivateComments",
    /// Say that a request is done.
    SolveRequest = "solveRequest",
    /// Delete a ticket.
    DeleteTicket = "deleteTicket",
    /// Merge a ticket into another.
    MergeTicket = "mergeTicket",
    /// Open a ticket.
    CreateTicket = "createTicket",
    /// List tickets: those that may be read.
    ListTickets = "listTickets",
    /// Import tickets with their past.
    ImportTickets = "importTickets",
    /// See, restore and destroy deleted tickets.
    ManageDeletedTickets = "manageDeletedTickets",
    /// See, recover and delete suspended tickets.
    ManageSuspendedTickets = "manageSuspendedTickets",
    /// Ask for something, as end-users do.
    CreateRequest = "createRequest",
    /// See a person.
    ReadUser = "readUser",
    /// Change a person.
    UpdateUser = "updateUser",
    /// Delete a person.
    DeleteUser = "deleteUser",
    /// List people.
    ListUsers = "listUsers",
    /// Add end-users.
    CreateUsers = "createUsers",
    /// Add agents and change what people are.
    ManageAgents = "manageAgents",
    /// See organizations.
    ReadOrganizations = "readOrganizations",
    /// Change organizations.
    ManageOrganizations = "manageOrganizations",
    /// See what the account is set up with.
    ReadAccount = "readAccount",
    /// Change what the account is set up with.
    ManageAccount = "manageAccount",
    /// Change groups of agents.
    ManageGroups = "manageGroups",
    /// Change who is in which group.
    ManageGroupMemberships = "manageGroupMemberships",
    /// Change the addresses that tickets come in at.
    ManageChannels = "manageChannels",
    /// Change the fields of tickets.
    ManageTicketFields = "manageTicketFields",
    /// Change forms.
    ManageTicketForms = "manageTicketForms",
    /// Change the fields of people.
    ManageUserFields = "manageUserFields",
    /// Change the fields of organizations.
    ManageOrganizationFields = "manageOrganizationFields",
    /// Change triggers, automations and SLA policies.
    ManageRules = "manageRules",
    /// See a view or macro.
    ReadOwned = "readOwned",
    /// Add, change or delete a view or macro.
    ChangeOwned = "changeOwned",
    /// Make and revoke tokens.
    ManageTokens = "manageTokens",
    /// Change webhooks.
    ManageWebhooks = "manageWebhooks",
    /// See what requesters think of how they were helped.
    ReadRatings = "readRatings",
    /// See who changed what the account is set up with.
    ReadAuditLog = "readAuditLog",
    /// Export everything.
    ExportData = "exportData",
    /// Change tags of users and organizations.
    ManageTags = "manageTags",
    /// Act for somebody else.
    Assume = "assume",
}

/// What something is done to.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// The account.
    Account,
    /// A ticket, and whether its organization shares it with its people.
    Ticket(&'a Ticket, bool),
    /// A person.
    Person(&'a User),
    /// A view, a macro or a saved search.
    Owned(Owned<'a>),
}

/// A view, a macro or a saved search, with whom it is for: one agent, groups, or, where it names none, all agents.
#[derive(Debug, Clone, Copy)]
pub struct Owned<'a> {
    /// What it is: `view`, `macro` or `saved_search`.
    pub kind: &'static str,
    /// The agent whose own it is.
    pub owner: Option<UserId>,
    /// The groups that it is for.
    pub groups: &'a [GroupId],
}

/// Whether `actor` may do `action` to `resource`.
///
/// # Errors
/// `Internal` if the policies cannot be judged; then nothing is allowed.
pub fn permits(actor: &Actor, action: Action, resource: Resource<'_>) -> Result<bool, Fault> {
    let policies = PARSED.as_ref().map_err(broken)?;
    let (request, entities) = asked(actor, action, resource).map_err(|error| broken(&error))?;
    let response = Authorizer::new().is_authorized(&request, policies, &entities);
    if let Some(error) = response.diagnostics().errors().next() {
        return Err(broken(&error));
    }
    Ok(response.decision() == Decision::Allow)
}

fn broken(error: &impl ToString) -> Fault {
    Fault::Internal(format!("policies: {}", error.to_string()))
}

type Problem = Box<dyn std::error::Error>;

fn asked(
    actor: &Actor,
    action: Action,
    resource: Resource<'_>,
) -> Result<(Request, Entities), Problem> {
    let principal = principal(actor)?;
    let resource = resourced(resource)?;
    let request = Request::new(
        principal.uid(),
        uid("Action", action.as_str())?,
        resource.uid(),
        Context::empty(),
        None,
    )?;
    let role = Entity::new_no_attrs(uid("Role", actor.face.role.as_str())?, parents(actor)?);
    Ok((request, Entities::from_entities([principal, resource, role], None)?))
}

/// A team lead is an agent too.
fn parents(actor: &Actor) -> Result<HashSet<EntityUid>, Problem> {
    let lead = actor.face.role == super::Role::TeamLead;
    Ok(if lead { HashSet::from([uid("Role", "agent")?]) } else { HashSet::new() })
}

fn principal(actor: &Actor) -> Result<Entity, Problem> {
    let face = &actor.face;
    let may = actor.may.iter().map(|it| text(it));
    let attributes = HashMap::from([
        ("may".to_owned(), RestrictedExpression::new_set(may)),
        ("restriction".to_owned(), text(face.restriction.as_str())),
        ("groups".to_owned(), set("Group", actor.group_ids.iter().map(|it| it.get()))?),
        ("organizations".to_owned(), organizations(&face.organization_ids)?),
        ("privateOnly".to_owned(), RestrictedExpression::new_bool(face.private_only)),
    ]);
    let role = HashSet::from([uid("Role", face.role.as_str())?]);
    Ok(Entity::new(uid("User", &face.id.to_string())?, attributes, role)?)
}

fn resourced(resource: Resource<'_>) -> Result<Entity, Problem> {
    match resource {
        Resource::Account => Ok(Entity::new_no_attrs(uid("Account", "account")?, HashSet::new())),
        Resource::Ticket(ticket, shared) => of_ticket(ticket, shared),
        Resource::Person(user) => of_person(user),
        Resource::Owned(owned) => of_owned(owned),
    }
}

fn of_owned(owned: Owned<'_>) -> Result<Entity, Problem> {
    let mut attributes = HashMap::from([("kind".to_owned(), text(owned.kind))]);
    attributes.extend(optional("owner", "User", owned.owner.map(UserId::get))?);
    if !owned.groups.is_empty() {
        let groups = set("Group", owned.groups.iter().map(|it| it.get()))?;
        attributes.insert("groups".to_owned(), groups);
    }
    Ok(Entity::new(uid("Owned", "owned")?, attributes, HashSet::new())?)
}

fn of_ticket(ticket: &Ticket, shared: bool) -> Result<Entity, Problem> {
    let involved = ticket.follower_ids.iter().chain(&ticket.email_cc_ids).map(|it| it.get());
    let mut attributes = HashMap::from([
        ("requester".to_owned(), reference("User", ticket.requester_id.get())?),
        ("involved".to_owned(), set("User", involved)?),
        ("shared".to_owned(), RestrictedExpression::new_bool(shared)),
    ]);
    attributes.extend(optional("assignee", "User", ticket.assignee_id.map(UserId::get))?);
    attributes.extend(optional("group", "Group", ticket.group_id.map(GroupId::get))?);
    let organization = ticket.organization_id.map(OrganizationId::get);
    attributes.extend(optional("organization", "Organization", organization)?);
    Ok(Entity::new(uid("Ticket", &ticket.id.to_string())?, attributes, HashSet::new())?)
}

fn of_person(user: &User) -> Result<Entity, Problem> {
    let attributes = HashMap::from([
        ("self".to_owned(), reference("User", user.id.get())?),
        ("role".to_owned(), text(user.role.as_str())),
        ("organizations".to_owned(), organizations(&user.organization_ids())?),
    ]);
    Ok(Entity::new(uid("Person", &user.id.to_string())?, attributes, HashSet::new())?)
}

fn organizations(ids: &[OrganizationId]) -> Result<RestrictedExpression, Problem> {
    set("Organization", ids.iter().map(|it| it.get()))
}

fn optional(
    name: &str,
    kind: &str,
    id: Option<u64>,
) -> Result<Option<(String, RestrictedExpression)>, Problem> {
    id.map(|id| Ok((name.to_owned(), reference(kind, id)?))).transpose()
}

fn set(kind: &str, ids: impl Iterator<Item = u64>) -> Result<RestrictedExpression, Problem> {
    let all: Result<Vec<_>, Problem> = ids.map(|id| reference(kind, id)).collect();
    Ok(RestrictedExpression::new_set(all?))
}

fn reference(kind: &str, id: u64) -> Result<RestrictedExpression, Problem> {
    Ok(RestrictedExpression::new_entity_uid(uid(kind, &id.to_string())?))
}

fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Problem> {
    Ok(EntityUid::from_type_name_and_id(kind.parse()?, id.parse()?))
}

#[cfg(test)]
mod tests;
