//! Webhooks: requests to other systems. When one is made is decided elsewhere, by triggers, automations and events;
//! here is what it is, and how a request is made, signed and remembered.

mod edit;
mod event;
mod invocation;
mod request;
mod ruled;
pub mod ulid;

pub use edit::{Credential, Draft, Edit, REQUIRED};
pub use event::is_event;
pub use invocation::{Attempt, Invocation, credential, invoke, signing};
pub use request::{Plan, Prepared, TEST_SECRET, prepare, sign};
pub use ruled::requests;

use crate::ids::{RecordId, UserId};
use crate::record::{Home, Kind, Record, Told};
use crate::store::Soon;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// A webhook ([webhooks](https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: UserId,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Who changed it.
    pub updated_by: UserId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where its requests go.
    pub endpoint: String,
    /// How.
    pub http_method: Verb,
    /// In what form.
    pub request_format: Format,
    /// Whether requests are made.
    pub status: Status,
    /// Events that it is told of; `conditional_ticket_events` alone for what triggers and automations tell.
    pub subscriptions: Vec<String>,
    /// What its requests show.
    pub authentication: Option<Authentication>,
    /// More headers of its requests.
    pub custom_headers: BTreeMap<String, String>,
    /// What is known of whoever set it up from outside.
    pub external_source: Option<serde_json::Value>,
}

impl Record for Webhook {
    const KIND: Kind =
        Kind { name: "WEBHOOK", singular: "webhook", plural: "webhooks", home: Home::Few };

    fn id(&self) -> u64 {
        self.id.get()
    }

    /// Where it goes, and nothing of what it shows there.
    fn told(&self) -> Option<Told> {
        let facts = json!({"name": self.name, "status": self.status, "endpoint": self.endpoint,
            "http_method": self.http_method, "request_format": self.request_format,
            "subscriptions": self.subscriptions});
        Some(Told {
            source_type: Self::KIND.singular.to_owned(),
            label: self.name.clone(),
            facts: facts.as_object().cloned()?,
            quiet: false,
        })
    }
}

impl Webhook {
    /// Its id as it is shown.
    #[must_use]
    pub fn shown_id(&self) -> String {
        ulid::shown(self.id.get())
    }

    /// The name of the secret that its requests are signed with.
    #[must_use]
    pub fn signing_name(&self) -> String {
        format!("webhook_signing_{}", self.id)
    }
}

/// What a webhook is subscribed to that triggers and automations ask for requests.
pub const CONDITIONAL: &str = "conditional_ticket_events";

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant:meta])* $value:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant])* #[serde(rename = $word)] $value),+ }

        impl $name {
            /// Its word in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            /// What this word stands for.
            #[must_use]
            pub fn named(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$value),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// How a request is made.
    Verb {
        /// Without a body.
        Get = "GET",
        /// With a body.
        Post = "POST",
        /// With a body.
        Put = "PUT",
        /// With a body.
        Patch = "PATCH",
        /// With a body.
        Delete = "DELETE",
    }
    /// What a request's body is.
    Format {
        /// JSON.
        Json = "json",
        /// XML.
        Xml = "xml",
        /// What a web form sends.
        FormEncoded = "form_encoded",
    }
    /// Whether requests are made.
    Status {
        /// They are.
        Active = "active",
        /// They are not.
        Inactive = "inactive",
    }
}

/// What requests show, but for what is secret of it
/// ([webhook authentication](https://developer.zendesk.com/documentation/webhooks/webhook-security-and-authentication/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// What it is.
    #[serde(flatten)]
    pub scheme: Scheme,
    /// The name under which what is secret of it is kept.
    pub kept_as: String,
}

/// How requests show who makes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum Scheme {
    /// A name and a password (RFC 7617).
    BasicAuth {
        /// The name.
        username: String,
    },
    /// A token (RFC 6750).
    BearerToken,
    /// A header of its own.
    ApiKey {
        /// Its name.
        name: String,
    },
}

/// Makes webhooks' requests: each once, only to where anybody may reach, and without following redirects.
pub trait Deliver {
    /// Makes a request.
    fn deliver<'a>(
        &'a self,
        request: &'a Prepared,
    ) -> Soon<'a, Result<Result<Delivered, Undelivered>, Fault>>;
}

/// What was answered to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// How the body begins.
    pub body: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// It was not made: nobody may ask there, or it is no such request.
    Refused(String),
    /// There was no connection.
    Unreachable(String),
    /// It was made, or may have been, and nobody answered in time.
    Lost(String),
}
