//! People who signed in elsewhere: whose account their token opens, and when it opens none.

use crate::world::{Got, World};
use ceap_helpdesk::access::sign_in::Verified;
use ceap_kernel::access::SignInClient;
use ceap_kernel::{Fault, TenantId};
use serde_json::{Value, json};

const TOKEN: &str = "head.of-ada.signature";
const ADA: &str = "ada@acme.example";

/// Accounts of `acme` and `other`, of which both know Ada, and an app client of each.
async fn world() -> World {
    let world = World::new();
    for tenant in ["acme", "other"] {
        let owner = format!("owner@{tenant}.example");
        let ada = json!({"user": {"name": "Ada", "email": ADA, "role": "agent", "verified": true}});
        world.ask(&owner, "POST", "/users", ada).await.is(201);
        client(&world, &format!("client-of-{tenant}"), tenant, &[]);
    }
    says(&world, ada());
    world
}

fn client(world: &World, id: &str, tenant: &str, providers: &[&str]) {
    let client = SignInClient {
        tenant: TenantId::new(tenant).unwrap(),
        providers: providers.iter().map(|it| (*it).to_owned()).collect(),
    };
    world.around.clients.borrow_mut().insert(id.to_owned(), client);
}

fn ada() -> Verified {
    Verified {
        client: "client-of-acme".to_owned(),
        subject: "5a1c".to_owned(),
        email: Some("Ada@ACME.example".to_owned()),
        email_verified: true,
        providers: Vec::new(),
    }
}

fn says(world: &World, said: Verified) {
    world.around.tokens.borrow_mut().insert(TOKEN.to_owned(), Ok(said));
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

async fn me(world: &World, more: &[(&str, &str)]) -> Got {
    ask(world, "/users/me.json", more).await
}

/// What nobody is told who is not known. (Of themselves, they are told that they are anonymous.)
async fn door(world: &World, more: &[(&str, &str)]) -> Got {
    ask(world, "/groups.json", more).await
}

async fn ask(world: &World, path: &str, more: &[(&str, &str)]) -> Got {
    let mut headers = vec![header("authorization", &format!("Bearer {TOKEN}"))];
    headers.extend(more.iter().map(|(name, value)| header(name, value)));
    world.with(headers, "GET", path, Value::Null).await
}

#[track_caller]
fn unknown(got: Got) {
    assert_eq!(got.is(401), json!({"error": "Couldn't authenticate you"}));
}

#[tokio::test]
async fn who_signed_in_is_the_person_with_that_address() {
    let world = world().await;
    let got = me(&world, &[]).await;
    assert_eq!(got.header("x-rate-limit-remaining"), Some("699"));
    let tag = got.header("etag").unwrap().to_owned();
    let user = got.is(200)["user"].clone();
    assert_eq!((&user["email"], &user["role"]), (&json!(ADA), &json!("agent")));
    assert_eq!(me(&world, &[("if-none-match", &tag)]).await.status, 304);
    // Their rights are those of their role.
    let headers = vec![header("authorization", &format!("Bearer {TOKEN}"))];
    let group = json!({"group": {"name": "Mine"}});
    world.with(headers, "POST", "/groups", group).await.is(403);
}

#[tokio::test]
async fn the_client_decides_whose_account_it_is() {
    let world = world().await;
    let of = |name: &str| TenantId::new(name).unwrap();
    let headers = || vec![header("authorization", &format!("Bearer {TOKEN}"))];
    let (told, _) = world.told(headers(), "GET", "/users/me", Vec::new()).await;
    assert_eq!(told.tenant, Some(of("acme")));
    says(&world, Verified { client: "client-of-other".to_owned(), ..ada() });
    let (told, _) = world.told(headers(), "GET", "/users/me", Vec::new()).await;
    assert_eq!((told.status, told.tenant), (200, Some(of("other"))));
}

#[tokio::test]
async fn a_header_that_names_another_tenant_is_refused() {
    let world = world().await;
    me(&world, &[("x-ceap-tenant", "acme")]).await.is(200);
    me(&world, &[("x-ceap-tenant", "other")]).await.is(403);
    let headers = vec![header("authorization", &format!("Bearer {TOKEN}"))];
    world.with(headers, "GET", "/users/me?tenant=other", Value::Null).await.is(403);
}

#[tokio::test]
async fn a_client_that_is_nobodys_lets_nobody_in() {
    let world = world().await;
    says(&world, Verified { client: "unheard-of".to_owned(), ..ada() });
    unknown(door(&world, &[]).await);
    unknown(door(&world, &[("x-ceap-tenant", "acme")]).await);
}

#[tokio::test]
async fn a_client_that_was_taken_away_lets_nobody_in_from_then_on() {
    let world = world().await;
    me(&world, &[]).await.is(200);
    world.around.clients.borrow_mut().remove("client-of-acme");
    unknown(door(&world, &[]).await);
    client(&world, "client-of-acme", "other", &[]);
    me(&world, &[("x-ceap-tenant", "acme")]).await.is(403);
    me(&world, &[("x-ceap-tenant", "other")]).await.is(200);
}

#[tokio::test]
async fn a_client_that_became_anothers_opens_nothing_of_who_had_it() {
    let world = world().await;
    me(&world, &[]).await.is(200);
    client(&world, "client-of-acme", "other", &[]);
    unknown(door(&world, &[]).await);
    me(&world, &[("x-ceap-tenant", "other")]).await.is(200);
}

#[tokio::test]
async fn an_address_that_is_not_verified_is_nobodys() {
    let world = world().await;
    for said in [
        Verified { email_verified: false, ..ada() },
        Verified { email: None, ..ada() },
        Verified { email: Some(String::new()), ..ada() },
        Verified { email: Some("nobody@acme.example".to_owned()), ..ada() },
    ] {
        says(&world, said);
        unknown(door(&world, &[]).await);
    }
    assert_eq!(
        world.ask("owner@acme.example", "GET", "/users/count", Value::Null).await.is(200)["count"]
            ["value"],
        2,
        "nobody is made silently"
    );
}

#[tokio::test]
async fn only_the_providers_that_the_tenant_believes_may_vouch() {
    let world = world().await;
    let by = |names: &[&str]| Verified {
        providers: names.iter().map(|it| (*it).to_owned()).collect(),
        ..ada()
    };
    says(&world, by(&["Globex"]));
    unknown(door(&world, &[]).await);
    client(&world, "client-of-acme", "acme", &["Acme"]);
    unknown(door(&world, &[]).await);
    says(&world, by(&["Acme", "Globex"]));
    unknown(door(&world, &[]).await);
    says(&world, by(&["Acme"]));
    me(&world, &[]).await.is(200);
}

#[tokio::test]
async fn who_is_suspended_is_not_let_in() {
    let world = world().await;
    let id = me(&world, &[]).await.is(200)["user"]["id"].clone();
    let change = |suspended: bool| json!({"user": {"suspended": suspended}});
    world.put(&format!("/users/{id}"), change(true)).await.is(200);
    unknown(door(&world, &[]).await);
    world.put(&format!("/users/{id}"), change(false)).await.is(200);
    me(&world, &[]).await.is(200);
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_and_one_of_which_nobody_knows_may_come_again() {
    let world = world().await;
    world.around.tokens.borrow_mut().clear();
    unknown(door(&world, &[]).await);
    let down = Err(Fault::Unavailable("no keys".to_owned()));
    world.around.tokens.borrow_mut().insert(TOKEN.to_owned(), down);
    let headers = vec![header("authorization", &format!("Bearer {TOKEN}"))];
    let (told, got) = world.told(headers, "GET", "/users/me", Vec::new()).await;
    assert_eq!((told.tenant, got.header("retry-after")), (None, Some("5")));
    assert_eq!(got.is(503)["error"], "ServiceUnavailable");
}

#[tokio::test]
async fn an_account_that_nobody_set_up_is_set_up_by_nobody_who_only_signed_in() {
    let world = World::new();
    client(&world, "client-of-acme", "acme", &[]);
    says(&world, ada());
    unknown(door(&world, &[]).await);
}

#[tokio::test]
async fn an_administrator_who_signed_in_acts_for_others_and_an_agent_does_not() {
    let world = world().await;
    me(&world, &[("x-on-behalf-of", "owner@acme.example")]).await.is(403);
    says(&world, Verified { email: Some("owner@acme.example".to_owned()), ..ada() });
    let user = me(&world, &[("x-on-behalf-of", ADA)]).await.is(200);
    assert_eq!(user["user"]["email"], ADA);
}

#[tokio::test]
async fn requests_are_counted_by_person_and_not_by_token() {
    let world = world().await;
    me(&world, &[]).await.is(200);
    let fresh = "head.of-ada-again.signature";
    world.around.tokens.borrow_mut().insert(fresh.to_owned(), Ok(ada()));
    let headers = vec![header("authorization", &format!("Bearer {fresh}"))];
    let got = world.with(headers, "GET", "/users/me", Value::Null).await;
    assert_eq!(got.header("x-rate-limit-remaining"), Some("698"));
}

/// The client is looked up with everything else. Only a function that has not met it asks before whose it is.
#[tokio::test]
async fn who_signed_in_waits_for_no_more_calls_than_others() {
    let world = world().await;
    me(&world, &[]).await.is(200);
    assert_eq!(world.around.lookups.get(), 2);
    let _before = world.store.calls();
    me(&world, &[]).await.is(200);
    assert_eq!(world.around.lookups.get(), 3);
    let with_token = {
        let calls = world.store.calls();
        world.ask(ADA, "GET", "/users/me", Value::Null).await.is(200);
        (calls.rounds, world.store.calls().rounds)
    };
    assert_eq!(with_token.0, with_token.1);
}
