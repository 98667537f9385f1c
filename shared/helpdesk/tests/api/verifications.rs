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
        identity_id: IdentityId::new(identities["identities"][0]["id"].as_u64().unwrap()).unwrap(),
    };
    let invited = (&invitation, "ada@acme.example");
    let begun = Verification::begin(&world.store, token, invited, world.hands.now()).await;
    assert!(begun.unwrap());
    path
}

async fn finish(world: &World, token: &Credential) -> Result<String, Fault> {
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
    let shown = Verification::of(&world.store, &own).await.unwrap();
    assert_eq!((&*shown, verified(&world, &path).await), ("ada@acme.example", json!(false)));
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
        let shown = Verification::of(&world.store, &other).await;
        assert!(matches!(shown, Err(Fault::NotFound(_))));
        assert!(matches!(finish(&world, &other).await, Err(Fault::NotFound(_))));
    }
    world.pass(WEEK + 1);
    assert!(matches!(finish(&world, &own).await, Err(Fault::NotFound(_))));
    assert_eq!(verified(&world, &path).await, false);
}

#[tokio::test]
async fn a_link_goes_on_to_show_the_address_that_it_was_sent_to() {
    let world = World::new();
    let own = token("acme", 7);
    let path = invited(&world, &own).await;
    let identities = world.get(&format!("{path}/identities")).await.is(200);
    let identity = identities["identities"][0].clone();
    let invitation = Invitation {
        user_id: UserId::new(identity["user_id"].as_u64().unwrap()).unwrap(),
        identity_id: IdentityId::new(identity["id"].as_u64().unwrap()).unwrap(),
    };
    let again = async |email: &str| {
        let invited = (&invitation, email);
        Verification::begin(&world.store, &own, invited, world.hands.now()).await.unwrap()
    };
    assert!(again("ada@acme.example").await, "its queue may bring it twice");
    let other = json!({"identity": {"value": "other@acme.example"}});
    world.put(&format!("{path}/identities/{}", identity["id"]), other).await.is(200);
    assert!(!again("other@acme.example").await, "whoever has the first letter has not this");
    assert!(matches!(finish(&world, &own).await, Err(Fault::NotFound(_))));
    assert!(matches!(Verification::of(&world.store, &own).await, Err(Fault::NotFound(_))));
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
