//! Who else is there: agents and end-users, as the store keeps them.

use crate::world::World;
use ceap_helpdesk::access::Role;
use ceap_helpdesk::ids::{IdentityId, UserId};
use ceap_helpdesk::record::Changes;
use ceap_helpdesk::store::Store;
use ceap_helpdesk::user::{Identity, Means, User};
use ceap_kernel::{Clock, TenantId, Timestamp};
use serde_json::json;

/// Adds somebody to the tenant whose name their address has, and tells their id.
pub async fn add(world: &World, email: &str, role: Role, id: u64) -> u64 {
    let tenant = crate::world::TENANTS.iter().find(|name| email.contains(**name)).unwrap();
    let tenant = TenantId::new(*tenant).unwrap();
    let at: Timestamp = world.hands.now();
    let name = email.split('@').next().unwrap();
    let mut user = User::new(UserId::new(id).unwrap(), name, role, at);
    user.identities.push(Identity {
        id: IdentityId::new(id + 1).unwrap(),
        created_at: at,
        updated_at: at,
        means: Means::Email,
        value: email.to_owned(),
        verified: true,
        primary: true,
    });
    let mut changes = Changes::new();
    changes.create(&user).unwrap();
    let (writes, _) = changes.finish();
    world.store.commit(&tenant, &writes).await.unwrap();
    id
}

pub const AGENT: &str = "agent@acme.example";
pub const OTHER: &str = "colleague@acme.example";
pub const LEAD: &str = "lead@acme.example";
pub const CUSTOMER: &str = "customer@acme.example";

/// Two agents, a team lead and a customer, with ids 1001, 2001, 3001 and 4001.
pub async fn all(world: &World) {
    world.get("/groups").await.is(200);
    add(world, AGENT, Role::Agent, 1001).await;
    add(world, OTHER, Role::Agent, 2001).await;
    add(world, LEAD, Role::TeamLead, 3001).await;
    add(world, CUSTOMER, Role::EndUser, 4001).await;
}

/// All of them, with the agents in a group, so that tickets can be given to them.
pub async fn team(world: &World) {
    all(world).await;
    let group = world.get("/groups").await.is(200)["groups"][0]["id"].clone();
    for agent in [1001, 2001, 3001] {
        let membership = json!({"user_id": agent, "group_id": group});
        world.post("/group_memberships", json!({"group_membership": membership})).await.is(201);
    }
}
