//! What an ID token says.

use ceap_helpdesk::access::sign_in::Verified;
use serde::Deserialize;

/// Of its claims those that count here.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    sub: String,
    aud: String,
    token_use: String,
    email: Option<String>,
    #[serde(default)]
    email_verified: Flag,
    #[serde(default)]
    identities: Vec<Identity>,
}

/// A truth, or the text of one: what providers say of themselves is mapped as it came.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Text(String),
}

impl Default for Flag {
    fn default() -> Self {
        Self::Bool(false)
    }
}

/// An account at an identity provider, of somebody who comes from one.
#[derive(Debug, Deserialize)]
struct Identity {
    #[serde(rename = "providerName")]
    provider: String,
}

impl Claims {
    /// What they say, if they are those of an ID token.
    pub fn verified(self) -> Option<Verified> {
        let email_verified = match &self.email_verified {
            Flag::Bool(is) => *is,
            Flag::Text(text) => text == "true",
        };
        (self.token_use == "id").then(|| Verified {
            client: self.aud,
            subject: self.sub,
            email: self.email,
            email_verified,
            providers: self.identities.into_iter().map(|it| it.provider).collect(),
        })
    }
}
