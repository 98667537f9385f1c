//! The channels that work comes by.

use serde::{Deserialize, Serialize};

/// A channel, as capacity counts it: whatever is neither talked nor written live is email, as in Zendesk
/// ([about omnichannel routing](https://support.zendesk.com/hc/en-us/articles/4409149119514)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Email, web forms and the API.
    Email,
    /// Messages that are answered while somebody waits.
    Messaging,
    /// Calls.
    Voice,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Email, Self::Messaging, Self::Voice];

    /// Its name in capacity rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Messaging => "messaging",
            Self::Voice => "voice",
        }
    }

    /// Its name in agents' availabilities, which is that of the product.
    #[must_use]
    pub const fn product(self) -> &'static str {
        match self {
            Self::Email => "support",
            Self::Messaging => "messaging",
            Self::Voice => "talk",
        }
    }

    /// The channel of a ticket that came by this way.
    #[must_use]
    pub fn of(via: &str) -> Self {
        match via {
            "chat" | "native_messaging" | "whatsapp" | "line" | "wechat" | "sms"
            | "instagram_dm" | "facebook_message" | "twitter_dm" => Self::Messaging,
            "voicemail"
            | "phone_call_inbound"
            | "phone_call_outbound"
            | "api_voicemail"
            | "api_phone_call_inbound"
            | "api_phone_call_outbound" => Self::Voice,
            _ => Self::Email,
        }
    }

    /// The channel of a product's name.
    #[must_use]
    pub fn named(product: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.product() == product)
    }
}
