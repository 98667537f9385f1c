//! People
//! ([users](https://developer.zendesk.com/api-reference/ticketing/users/users/),
//! [user identities](https://developer.zendesk.com/api-reference/ticketing/users/user_identities/),
//! [end users](https://developer.zendesk.com/api-reference/ticketing/users/end_user/)).

mod apply;
mod asked;
mod deleted;
mod end_users;
mod identities;
mod list;
mod many;
mod me;
mod merge;
mod moving;
mod organization;
mod related;
mod role;
mod shown;
mod tags;
mod write;

pub(super) use list::by_external_id;
pub use organization::join_by_domain;
pub use shown::identity as identity_shown;

use crate::access::Action::{
    CreateUsers, ListUsers, ManageAgents, ManageGroupMemberships, ReadAccount, ReadUser,
};
use crate::access::Resource;
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::record::Kept;
use crate::routes;
use crate::routes::groups;
use crate::user::User;

/// What an external id is looked up as.
const EXTERNAL: &str = "user.external_id";

/// People, one by one and in lists.
pub const ROUTES: &[Route] = routes![
    GET "/users" Guard::May(ListUsers) => list::all, "Lists people, also by role, custom role or external id";
    GET "/users/count" Guard::May(ListUsers) => list::count, "Counts people, also by role or custom role";
    GET "/users/show_many" Guard::May(ListUsers) => list::show_many, "Shows several people, by ids or external ids";
    GET "/users/me" Guard::KnownOr(me::anonymous) => me::show, "Shows who asks";
    GET "/users/{id}" Guard::Known => show, "Shows somebody";
    POST "/users" Guard::May(CreateUsers), needs write::needs => write::create, "Adds somebody";
    POST "/users/create_or_update" Guard::May(CreateUsers), needs write::needs_known => write::create_or_update, "Adds somebody, or changes who is known by the same external id or address";
    PUT "/users/{id}" Guard::Known, needs write::needs => write::update, "Changes somebody";
    DELETE "/users/{id}" Guard::Agents => write::delete, "Deletes somebody";
    POST "/users/create_many" Guard::May(CreateUsers) => many::create, "Adds several people";
    POST "/users/create_or_update_many" Guard::May(CreateUsers) => many::create_or_update, "Adds or changes several people";
    PUT "/users/update_many" Guard::Agents => many::update, "Changes several people, alike or each in their own way";
    DELETE "/users/destroy_many" Guard::May(ManageAgents) => many::destroy, "Deletes several people";
    PUT "/users/{user_id}/merge" Guard::Agents => merge::merge, "Merges an end-user into another";
    POST "/users/{user_id}/handed_on" Guard::Step(ListUsers) => merge::hand_on, "A step of a merge: hands on the tickets of who was merged";
    POST "/users/{user_id}/relieved" Guard::Step(ListUsers) => moving::relieve, "A step of an agent's leaving: others work on their tickets then";
    GET "/users/{user_id}/related" Guard::Agents => related::show, "Counts the tickets of somebody";
    GET "/users/{user_id}/compliance_deletion_statuses" Guard::Agents => deleted::statuses, "Shows what became of taking somebody out for good";
    POST "/users/request_create" refused "CEAP counts no seats: whoever manages agents adds them", "Reminds the owner to pay for more agents";
    POST "/users/logout_many" refused "people sign in through Cognito, which ends their sessions", "Signs several people out";
    GET "/users/me/settings" refused "there is no agent interface of Zendesk's to be set", "Shows how the agent interface of who asks is set";
    PUT "/users/me/settings" refused "there is no agent interface of Zendesk's to be set", "Changes how the agent interface of who asks is set";
    PUT "/users/me/merge" refused "it takes a password, and CEAP keeps none", "Merges somebody else into who asks";
    GET "/users/{user_id}/entitlements/full" refused "there are no other products of Zendesk's to be entitled to", "Shows which products somebody may use";
];

/// Groups of people.
pub const GROUPS: &[Route] = routes![
    GET "/users/{user_id}/groups" Guard::May(ReadAccount) => related::groups, "Lists the groups of an agent";
    GET "/users/{user_id}/groups/count" Guard::May(ReadAccount) => related::count_groups, "Counts the groups of an agent";
    GET "/users/{user_id}/group_memberships" Guard::May(ReadAccount) => related::memberships, "Lists in which groups an agent is";
    POST "/users/{user_id}/group_memberships" Guard::May(ManageGroupMemberships) => groups::join, "Puts an agent into a group";
    GET "/users/{user_id}/group_memberships/{id}" Guard::May(ReadAccount) => groups::show_member, "Shows that an agent is in a group";
    DELETE "/users/{user_id}/group_memberships/{id}" Guard::May(ManageGroupMemberships) => groups::leave, "Takes an agent out of a group";
    PUT "/users/{user_id}/group_memberships/{id}/make_default" Guard::Agents => groups::make_default, "Makes a group the default one of an agent";
];

/// People of groups.
pub const OF_GROUPS: &[Route] = routes![
    GET "/groups/{group_id}/users" Guard::May(ListUsers) => list::in_group, "Lists the agents of a group";
    GET "/groups/{group_id}/users/count" Guard::May(ListUsers) => list::count_in_group, "Counts the agents of a group";
];

/// People of organizations.
pub const OF_ORGANIZATIONS: &[Route] = routes![
    GET "/organizations/{organization_id}/users" Guard::May(ListUsers) => list::in_organization, "Lists who belongs to an organization";
    GET "/organizations/{organization_id}/users/count" Guard::May(ListUsers) => list::count_in_organization, "Counts who belongs to an organization";
];

/// What people are known by, and their tags.
pub const IDENTITIES: &[Route] = routes![
    GET "/users/{user_id}/identities" Guard::Agents => identities::list, "Lists what somebody is known by";
    POST "/users/{user_id}/identities" Guard::Agents => identities::create, "Adds an address, a number or an account";
    GET "/users/{user_id}/identities/{id}" Guard::Agents => identities::show, "Shows an address, a number or an account";
    PUT "/users/{user_id}/identities/{id}" Guard::Agents => identities::update, "Changes an address, a number or an account";
    PUT "/users/{user_id}/identities/{id}/make_primary" Guard::Agents => identities::make_primary, "Makes an address the one to use";
    PUT "/users/{user_id}/identities/{id}/verify" Guard::Agents => identities::verify, "Vouches that an address is somebody's";
    PUT "/users/{user_id}/identities/{id}/request_verification" Guard::Agents => identities::request_verification, "Asks somebody to show that an address is theirs";
    DELETE "/users/{user_id}/identities/{id}" Guard::Agents => identities::delete, "Takes an address, a number or an account away";
    GET "/users/{user_id}/tags" Guard::Agents => tags::list, "Lists the tags of somebody";
    POST "/users/{user_id}/tags" Guard::Agents => tags::set, "Sets the tags of somebody";
    PUT "/users/{user_id}/tags" Guard::Agents => tags::add, "Adds tags to somebody";
    DELETE "/users/{user_id}/tags" Guard::Agents => tags::remove, "Takes tags from somebody";
];

/// How people sign in, which is Cognito's business.
pub const SIGN_IN: &[Route] = routes![
    POST "/users/{user_id}/password" refused "people sign in through Cognito: CEAP keeps no passwords", "Sets the password of somebody";
    PUT "/users/{user_id}/password" refused "people sign in through Cognito: CEAP keeps no passwords", "Changes the password of who asks";
    GET "/users/{user_id}/password/requirements" refused "people sign in through Cognito: its user pool says what a password must be", "Lists what a password must be";
    GET "/sessions" refused "people sign in through Cognito, which keeps their sessions", "Lists sessions";
    GET "/users/{user_id}/sessions" refused "people sign in through Cognito, which keeps their sessions", "Lists the sessions of somebody";
    DELETE "/users/{user_id}/sessions" refused "people sign in through Cognito, which ends their sessions", "Ends the sessions of somebody";
    GET "/users/{user_id}/sessions/{id}" refused "people sign in through Cognito, which keeps their sessions", "Shows a session";
    DELETE "/users/{user_id}/sessions/{id}" refused "people sign in through Cognito, which ends their sessions", "Ends a session";
    GET "/users/me/session" refused "people sign in through Cognito, which keeps their sessions", "Shows the session of who asks";
    GET "/users/me/session/renew" refused "people sign in through Cognito, which keeps their sessions", "Renews the session of who asks";
    DELETE "/users/me/logout" refused "people sign in through Cognito, which ends their sessions", "Ends the session of who asks";
];

/// People as they see themselves.
pub const END_USERS: &[Route] = routes![
    GET "/end_users/{id}" Guard::Known => end_users::show, "Shows an end-user";
    PUT "/end_users/{id}" Guard::Known, needs write::needs => end_users::update, "Changes an end-user";
    GET "/end_users/{user_id}/identities" Guard::Known => identities::list, "Lists the addresses and numbers of an end-user";
    POST "/end_users/{user_id}/identities" Guard::Known => identities::create, "Adds an address or a number";
    GET "/end_users/{user_id}/identities/{id}" Guard::Known => identities::show, "Shows an address or a number";
    PUT "/end_users/{user_id}/identities/{id}/make_primary" Guard::Known => identities::make_primary, "Makes an address the one to use";
    PUT "/end_users/{user_id}/identities/{id}/request_verification" Guard::Known => identities::request_verification, "Asks an end-user to show that an address is theirs";
    DELETE "/end_users/{user_id}/identities/{id}" Guard::Known => identities::delete, "Takes an address or a number away";
];

/// People who were deleted.
pub const DELETED: &[Route] = routes![
    GET "/deleted_users" Guard::May(ListUsers) => deleted::list, "Lists who was deleted";
    GET "/deleted_users/count" Guard::May(ListUsers) => deleted::count, "Counts who was deleted";
    GET "/deleted_users/{id}" Guard::May(ListUsers) => deleted::show, "Shows somebody who was deleted";
    DELETE "/deleted_users/{id}" Guard::Agents => deleted::erase, "Takes out for good what is known of somebody who was deleted";
];

/// Whom the path names, if who asks may see them. Who may not learns nothing, not even whether there is somebody.
async fn person(call: &Call<'_>, variable: &str) -> Result<Kept<User>, Refused> {
    let id = call.id(variable)?;
    let actor = call.actor()?;
    if !actor.is_agent() && actor.id().get() != id {
        return Err(Refused::Forbidden);
    }
    let user = call.get::<User>(id).await?;
    call.require(ReadUser, Resource::Person(&user))?;
    Ok(user)
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = person(call, "id").await?;
    Ok(Answer::ok(routes::one(call, &user.record)))
}
