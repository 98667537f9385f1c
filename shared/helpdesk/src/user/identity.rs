//! What a person is known by.

use super::{EMAIL, canonical, phone};
use crate::ids::IdentityId;
use crate::record::Unique;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// By what means a person is reached or recognized
/// ([user identities](https://developer.zendesk.com/api-reference/ticketing/users/user_identities/)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// An email address.
    Email,
    /// An account at X.
    Twitter,
    /// An account at Facebook.
    Facebook,
    /// A Google account.
    Google,
    /// A telephone number.
    PhoneNumber,
    /// An agent of another account, whom a ticket was shared with.
    AgentForwarding,
    /// An account of a single sign-on.
    Sdk,
    /// An account of messaging.
    Messaging,
    /// An account of any other channel.
    AnyChannel,
    /// What another system calls them.
    Foreign,
}

impl Means {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Email,
        Self::Twitter,
        Self::Facebook,
        Self::Google,
        Self::PhoneNumber,
        Self::AgentForwarding,
        Self::Sdk,
        Self::Messaging,
        Self::AnyChannel,
        Self::Foreign,
    ];

    /// The one of this name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// As the API names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Twitter => "twitter",
            Self::Facebook => "facebook",
            Self::Google => "google",
            Self::PhoneNumber => "phone_number",
            Self::AgentForwarding => "agent_forwarding",
            Self::Sdk => "sdk",
            Self::Messaging => "messaging",
            Self::AnyChannel => "any_channel",
            Self::Foreign => "foreign",
        }
    }

    /// A value of it, in the form in which it is compared.
    #[must_use]
    pub fn canonical(self, value: &str) -> String {
        match self {
            Self::PhoneNumber | Self::AgentForwarding => phone::canonical(value),
            Self::Email
            | Self::Twitter
            | Self::Facebook
            | Self::Google
            | Self::Sdk
            | Self::Messaging
            | Self::AnyChannel
            | Self::Foreign => canonical(value),
        }
    }

    /// As it is looked up.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => EMAIL,
            Self::Twitter => "user.twitter",
            Self::Facebook => "user.facebook",
            Self::Google => "user.google",
            Self::PhoneNumber => "user.phone_number",
            Self::AgentForwarding => "user.agent_forwarding",
            Self::Sdk => "user.sdk",
            Self::Messaging => "user.messaging",
            Self::AnyChannel => "user.any_channel",
            Self::Foreign => "user.foreign",
        }
    }
}

/// An address, a number or an account of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What it is.
    #[serde(rename = "type")]
    pub means: Means,
    /// The address, number or account.
    pub value: String,
    /// Whether they have shown that it is theirs.
    pub verified: bool,
    /// Whether it is the one to use among its like.
    pub primary: bool,
}

impl Identity {
    /// No two people have the same one. Who looks it up learns the `face`.
    pub(super) fn unique(&self, face: &Value) -> Unique {
        let field = if self.means == Means::Email { "email" } else { "value" };
        let text = match self.means {
            Means::Email => format!("Email: {} is already being used by another user", self.value),
            _ => format!("Value: {} is already being used by another user", self.value),
        };
        Unique {
            of: self.means.as_str(),
            value: self.means.canonical(&self.value),
            holds: face.clone(),
            taken: (field, text),
        }
    }
}
