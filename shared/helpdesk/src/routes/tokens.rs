//! Tokens: those that act for whoever a request names, and those that act for their holders
//! ([API tokens](https://support.zendesk.com/hc/en-us/articles/4408889192858),
//! [OAuth tokens](https://developer.zendesk.com/api-reference/ticketing/oauth/oauth_tokens/)).

use super::Shown;
use crate::access::Action::ManageTokens;
use crate::access::Resource;
use crate::access::credential::{
    API_TOKENS, ApiToken, Known, OAUTH_TOKENS, Shown as Credentials, TOKEN, tokens_of,
};
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Guard, Refused, Route};
use crate::ids::{RecordId, UserId};
use crate::record::{Kept, Record};
use crate::routes;
use crate::wire::{text, truth};
use ceap_kernel::access::Credential;
use serde::Deserialize;
use serde_json::{Value, json};

/// Tokens that act for whoever a request names.
pub const API: &[Route] = routes![
    GET "/api_tokens" Guard::May(ManageTokens) => list, "Lists API tokens";
    POST "/api_tokens" Guard::May(ManageTokens) => create, "Makes an API token, which is shown this once";
    GET "/api_tokens/{id}" Guard::May(ManageTokens) => show, "Shows an API token, but for the token itself";
    PUT "/api_tokens/{id}" Guard::May(ManageTokens) => update, "Changes what an API token is for, and whether it is of any use";
    DELETE "/api_tokens/{id}" Guard::May(ManageTokens) => delete, "Deletes an API token, which is of no use from then on";
];

/// Tokens that act for their holders.
pub const OAUTH: &[Route] = routes![
    GET "/oauth/tokens" Guard::Known => list_own, "Lists the tokens of who asks, or of everybody";
    POST "/oauth/tokens" Guard::May(ManageTokens) => create_own, "Makes a token that acts for who asks, within its scopes; it is shown this once";
    GET "/oauth/tokens/current" Guard::Known => current, "Shows the token that is used";
    GET "/oauth/tokens/{id}" Guard::Known => show_own, "Shows a token, but for most of it";
    DELETE "/oauth/tokens/{id}" Guard::Known => revoke, "Revokes a token, which is of no use from then on";
    GET "/oauth/clients" refused "people let applications act for them in Cognito, which keeps its own clients", "Lists OAuth clients";
    POST "/oauth/clients" refused "people let applications act for them in Cognito, which keeps its own clients", "Adds an OAuth client";
    GET "/oauth/clients/{id}" refused "people let applications act for them in Cognito, which keeps its own clients", "Shows an OAuth client";
    PUT "/oauth/clients/{id}" refused "people let applications act for them in Cognito, which keeps its own clients", "Changes an OAuth client";
    DELETE "/oauth/clients/{id}" refused "people let applications act for them in Cognito, which keeps its own clients", "Deletes an OAuth client";
    PUT "/oauth/clients/{id}/generate_secret" refused "people let applications act for them in Cognito, which keeps its own clients", "Makes another secret of an OAuth client";
    GET "/oauth/global_clients" refused "there are no clients that all accounts have in common", "Lists global OAuth clients";
];

/// Characters by which people tell a token from others: the last, since all of a tenant begin alike.
const TELLING: usize = 10;

/// Characters of what a token is for.
const MAX_DESCRIPTION: usize = 255;

impl Shown for ApiToken {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/api_tokens/{}.json", self.id)),
            "id": self.id,
            "description": self.description,
            "active": self.active,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

/// A token of somebody, with as much of it as may be told.
fn of_person(call: &Call<'_>, token: &ApiToken, revealed: &str) -> Value {
    json!({
        "url": call.url(&format!("/oauth/tokens/{}.json", token.id)),
        "id": token.id,
        "user_id": token.holder,
        "client_id": null,
        "token": revealed,
        "refresh_token": null,
        "refresh_token_expires_at": null,
        "expires_at": null,
        "used_at": null,
        "scopes": token.scopes,
        "created_at": token.created_at,
    })
}

/// A new token, and the text of it, which nobody can tell again.
fn made(call: &Call<'_>, holder: Option<UserId>) -> Result<(ApiToken, String), Refused> {
    let random = (call.desk.random)();
    let tenant = call.tenant.clone();
    let credential = match holder {
        Some(holder) => Credential::of_person(tenant, holder.get(), &random),
        None => Credential::generate(tenant, &random),
    };
    let text = credential.reveal();
    let token = ApiToken {
        id: RecordId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        description: String::new(),
        active: true,
        fingerprint: credential.fingerprint(),
        ends: ending(&text),
        holder,
        scopes: Vec::new(),
    };
    Ok((token, text))
}

fn ending(text: &str) -> String {
    let skipped = text.chars().count().saturating_sub(TELLING);
    text.chars().skip(skipped).collect()
}

/// Goes on only if who asks shows no token that is good for some things only: it makes none that is good for more.
async fn unrestricted(call: &Call<'_>) -> Result<(), Refused> {
    let shown = call.ask.header("authorization").map(Credentials::read).transpose()?;
    let Some(Credentials::Token(token, _)) = shown else { return Ok(()) };
    let known: Option<Known> = call.lookup(TOKEN, &token.fingerprint()).await?;
    let scoped = known.is_some_and(|it| !it.scopes.is_empty());
    if scoped { Err(Refused::Forbidden) } else { Ok(()) }
}

/// What is asked of an API token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "text")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
}

impl Edit {
    fn apply(self, token: &mut ApiToken) -> Result<(), Refused> {
        if let Some(description) = self.description {
            token.description = description.unwrap_or_default();
        }
        if token.description.chars().count() > MAX_DESCRIPTION {
            let rule = format!("is too long (maximum is {MAX_DESCRIPTION} characters)");
            return Err(Refused::field("description", rule));
        }
        token.active = self.active.unwrap_or(token.active);
        Ok(())
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let page = list::page::<ApiToken>(call, &List::named(API_TOKENS), false).await?;
    let page = page.map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, ApiToken::KIND.plural)))
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = match call.ask.json()?.get("api_token") {
        Some(_) => call.ask.record("api_token")?,
        None => Edit::default(),
    };
    unrestricted(call).await?;
    let (mut token, text) = made(call, None)?;
    edit.apply(&mut token)?;
    call.add(&token).await?;
    let mut shown = token.shown(call);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("token".to_owned(), json!(text));
    }
    let location = call.url(&format!("/api_tokens/{}.json", token.id));
    Ok(Answer::created(json!({"api_token": shown}), location))
}

async fn find(call: &Call<'_>) -> Result<Kept<ApiToken>, Refused> {
    let token = call.get::<ApiToken>(call.id("id")?).await?;
    if token.holder.is_some() { Err(Refused::NotFound) } else { Ok(token) }
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"api_token": find(call).await?.shown(call)})))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = find(call).await?;
    let edit: Edit = call.ask.record("api_token")?;
    let mut after = ApiToken { updated_at: call.at, ..before.record.clone() };
    edit.apply(&mut after)?;
    call.change(&before, &after).await?;
    Ok(Answer::ok(json!({"api_token": after.shown(call)})))
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    call.remove(&find(call).await?).await
}

/// What is asked of a token of one's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Own {
    scopes: Vec<String>,
}

async fn list_own(call: &Call<'_>) -> Result<Answer, Refused> {
    let list = if call.ask.flag("all") {
        call.require(ManageTokens, Resource::Account)?;
        OAUTH_TOKENS.to_owned()
    } else {
        tokens_of(call.actor()?.id())
    };
    let page = list::page::<ApiToken>(call, &List::named(list), false).await?;
    let page = page.map(|it| of_person(call, &it, &it.ends));
    Ok(Answer::ok(page.envelope(call.ask, "tokens")))
}

async fn create_own(call: &Call<'_>) -> Result<Answer, Refused> {
    let own: Own = call.ask.record("token")?;
    unrestricted(call).await?;
    let (mut token, text) = made(call, Some(call.actor()?.id()))?;
    token.scopes = if own.scopes.is_empty() { everything() } else { own.scopes };
    call.add(&token).await?;
    let location = call.url(&format!("/oauth/tokens/{}.json", token.id));
    Ok(Answer::created(json!({"token": of_person(call, &token, &text)}), location))
}

/// What a token is good for that names no scopes.
fn everything() -> Vec<String> {
    ["read", "write"].map(str::to_owned).to_vec()
}

/// A token of who asks; of anybody, for who keeps tokens.
async fn find_own(call: &Call<'_>) -> Result<Kept<ApiToken>, Refused> {
    let token = call.get::<ApiToken>(call.id("id")?).await?;
    let own = token.holder == Some(call.actor()?.id());
    let keeps = token.holder.is_some() && call.may(ManageTokens, Resource::Account)?;
    if own || keeps { Ok(token) } else { Err(Refused::NotFound) }
}

async fn show_own(call: &Call<'_>) -> Result<Answer, Refused> {
    let token = find_own(call).await?;
    Ok(Answer::ok(json!({"token": of_person(call, &token, &token.ends)})))
}

/// The token that this request shows, if it is one that acts for its holder.
async fn current(call: &Call<'_>) -> Result<Answer, Refused> {
    let shown = call.ask.header("authorization").map(Credentials::read).transpose()?;
    // Who signed in shows a token that is none of the account's.
    let fingerprint = match shown {
        Some(Credentials::Token(token, _)) => token.fingerprint(),
        Some(Credentials::SignedIn(_)) => return Err(Refused::NotFound),
        None => return Err(Refused::Unknown),
    };
    let known: Option<Known> = call.lookup(TOKEN, &fingerprint).await?;
    let known = known.filter(|it| it.holder.is_some()).ok_or(Refused::NotFound)?;
    let token = call.get::<ApiToken>(known.id.get()).await?;
    Ok(Answer::ok(json!({"token": of_person(call, &token, &token.ends)})))
}

async fn revoke(call: &Call<'_>) -> Result<Answer, Refused> {
    call.remove(&find_own(call).await?).await
}
