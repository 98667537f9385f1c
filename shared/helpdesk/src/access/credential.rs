//! What a request says of who makes it, and the tokens that it may show.

use crate::api::{Ask, Method};
use crate::ids::{RecordId, UserId};
use crate::record::{Home, Kind, Link, Record, Told, Unique};
use crate::store::Soon;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_kernel::access::{Credential, Principal, SignInClient};
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Looks up the credentials of the platform, which administer a tenant from outside the helpdesk.
pub trait Platform {
    /// Whom the credential with this fingerprint stands for, as of now: nothing may be remembered, since a credential
    /// that was revoked is worth nothing at once.
    fn principal<'a>(
        &'a self,
        tenant: &'a TenantId,
        fingerprint: &'a str,
    ) -> Soon<'a, Result<Option<Principal>, Fault>>;

    /// The app client with this id, as of now: one that was taken away lets nobody in from then on.
    fn client<'a>(&'a self, id: &'a str) -> Soon<'a, Result<Option<SignInClient>, Fault>>;
}

/// What a request shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A token of the platform or of the account, and whom it acts for, where it says so: `email/token:TOKEN` (Basic).
    Token(Credential, Option<String>),
    /// A token of somebody who signed in elsewhere, not verified yet (RFC 7519).
    SignedIn(String),
}

impl Shown {
    /// Reads the header `Authorization` (RFC 7617, RFC 6750;
    /// [Zendesk](https://developer.zendesk.com/api-reference/introduction/security-and-auth/)).
    ///
    /// # Errors
    /// `Unauthorized` when it is of no such form.
    pub fn read(header: &str) -> Result<Self, Fault> {
        let wrong = || Fault::Unauthorized("Couldn't authenticate you".to_owned());
        let (scheme, rest) = header.trim().split_once(' ').ok_or_else(wrong)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            let token = rest.trim();
            // Three parts between dots: no token of ours has any.
            return if token.split('.').count() == 3 {
                Ok(Self::SignedIn(token.to_owned()))
            } else {
                Ok(Self::Token(Credential::parse(token)?, None))
            };
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(wrong());
        }
        let decoded = STANDARD.decode(rest.trim()).map_err(|_| wrong())?;
        let decoded = String::from_utf8(decoded).map_err(|_| wrong())?;
        let (name, token) = decoded.split_once("/token:").ok_or_else(wrong)?;
        let token = Credential::parse(token)?;
        Ok(Self::Token(token, Some(name.to_owned()).filter(|name| !name.is_empty())))
    }
}

/// An API token: acts for whoever a request names, or for its holder alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What it is for.
    pub description: String,
    /// Whether it is of any use.
    pub active: bool,
    /// What the store knows it by.
    pub fingerprint: String,
    /// Its last characters, by which people tell it from others.
    pub ends: String,
    /// Whom alone it acts for.
    pub holder: Option<UserId>,
    /// The only things that it may do: `read`, `write`, as of OAuth; none for everything.
    pub scopes: Vec<String>,
}

/// What a token is looked up as.
pub const TOKEN: &str = "token";

/// What is learnt of a token with its lookup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Its id.
    pub id: RecordId,
    /// Whom alone it acts for.
    pub holder: Option<UserId>,
    /// The only things that it may do.
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl Known {
    /// Whether its scopes cover what is asked
    /// ([scopes](https://developer.zendesk.com/api-reference/ticketing/oauth/oauth_tokens/)): `read`, `write`, or
    /// these for a kind of thing, `tickets:read`.
    #[must_use]
    pub fn covers(&self, ask: &Ask) -> bool {
        let does = if ask.method == Method::Get { "read" } else { "write" };
        let what = ask.segments().next().unwrap_or_default();
        let fits = |scope: &String| match scope.split_once(':') {
            Some((of, verb)) => of == what && verb == does,
            None => scope == does,
        };
        self.scopes.is_empty() || self.scopes.iter().any(fits)
    }
}

impl Record for ApiToken {
    const KIND: Kind =
        Kind { name: "API_TOKEN", singular: "api_token", plural: "api_tokens", home: Home::Few };

    fn id(&self) -> u64 {
        self.id.get()
    }

    /// What it is for and whether it is of any use: nothing that leads to it.
    fn told(&self) -> Option<Told> {
        let facts = json!({"description": self.description, "active": self.active,
            "scopes": self.scopes, "user_id": self.holder});
        Some(Told {
            source_type: "apitoken".to_owned(),
            label: self.description.clone(),
            facts: facts.as_object().cloned()?,
            quiet: false,
        })
    }

    /// Who may not use it any more does not find it.
    fn uniques(&self) -> Vec<Unique> {
        let lookup = || Unique {
            of: TOKEN,
            value: self.fingerprint.clone(),
            holds: json!({"id": self.id, "holder": self.holder, "scopes": self.scopes}),
            taken: ("token", "Token: has already been taken".to_owned()),
        };
        self.active.then(lookup).into_iter().collect()
    }

    /// Those of one person and those of the account are listed apart.
    fn links(&self) -> Vec<Link> {
        let list = self.holder.map_or_else(|| API_TOKENS.to_owned(), tokens_of);
        let mut links = vec![Link::by_id(list, self.id.get())];
        links.extend(self.holder.map(|_| Link::by_id(OAUTH_TOKENS, self.id.get())));
        links
    }
}

/// The list of the tokens that act for whoever a request names.
pub const API_TOKENS: &str = "tokens/api";

/// The list of the tokens that act for their holders.
pub const OAUTH_TOKENS: &str = "tokens/oauth";

/// The list of the tokens that act for somebody.
#[must_use]
pub fn tokens_of(holder: UserId) -> String {
    format!("holder/{holder}/tokens")
}
