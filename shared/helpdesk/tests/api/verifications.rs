//! Showing that an address is one's own.

use crate::world::World;
use ceap_helpdesk::ids::{IdentityId, UserId};
use ceap_helpdesk::user::{Invitation, Verification};
use ceap_kernel::access::Credential;
use ceap_kernel::{Clock, Fault, TenantId};
use serde_json::{Value, json};

const WEEK: i64 = 7 * 24 * 60 * 60;

fn token(tenant: &str, random: u8) -> Credential {
    Credential::generate(TenantId::new(tenant).unwrap(), &[random; 32])
}

/// Somebody of `acme` who was sent a link with this token.
async fn invited(world: &World, token: &Credential) -> String {
    let user = json!({"user": {"name": "Ada", "email": "ada@acme.example", "verified": false}});
    let user = world.post("/users", user).await.is(201)["user"].clone();
    assert_eq!(user["verified"], false);
    let path = format!("/users/{}", user["id"]);
    let identities = world.get(&format!("{path}/identities")).await.is(200);
    let invitation = Invitation {
        user_id: UserId::new(user["id"].as_u64().unwrap()).unwrap(),
        name: "Ada".to_owned(),
        locale: "en-US".to_owned(),
        identity_id: IdentityId::new(identities["identities"][0]["id"].as_u64().unwrap()).unwrap(),
        email: "ada@acme.example".to_owned(),
    };
    Verification::begin(&world.store, token, &invitation, world.hands.now()).await.unwrap();
    path
}

async fn finish(world: &World, token: &Credential) -> Result<Verification, Fault> {
    Verification::finish(&world.store, token, world.hands.now()).await
}

async fn verified(world: &World, path: &str) -> Value {
    world.get(path).await.is(200)["user"]["verified"].clone()
}

#[tokio::test]
async fn who_has_the_link_has_the_address() {
    let world = World::new();
    let own = token("acme", 7);
    let path = invited(&world, &own).await;
    let shown = Verification::of(&world.store, &own).await.unwrap().unwrap();
    assert_eq!((&*shown.email, verified(&world, &path).await), ("ada@acme.example", json!(false)));
    assert_eq!(finish(&world, &own).await.unwrap(), shown);
    assert_eq!(verified(&world, &path).await, true);
    finish(&world, &own).await.unwrap();
    let kept: String = world.store.dump().into_iter().map(|(_, _, body)| body).collect();
    assert!(!kept.contains(&*own.reveal()), "the token itself is nowhere");
}

#[tokio::test]
async fn no_other_link_shows_anything() {
    let world = World::new();
    let own = token("acme", 7);
    let path = invited(&world, &own).await;
    for other in [token("acme", 8), token("other", 7)] {
        assert!(Verification::of(&world.store, &other).await.unwrap().is_none());
        assert!(matches!(finish(&world, &other).await, Err(Fault::NotFound(_))));
    }
    world.pass(WEEK + 1);
    assert!(matches!(finish(&world, &own).await, Err(Fault::NotFound(_))));
    assert_eq!(verified(&world, &path).await, false);
}

#[tokio::test]
async fn an_address_that_was_given_up_is_nobodys() {
    let world = World::new();
    let own = token("acme", 7);
    let path = invited(&world, &own).await;
    world.delete(&path).await.is(200);
    assert!(matches!(finish(&world, &own).await, Err(Fault::NotFound(_))));
}
