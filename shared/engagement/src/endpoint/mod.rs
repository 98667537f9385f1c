//! Endpoints: places where a subject is reached, as clients of Amazon Pinpoint know them. Each belongs to an
//! application, which is a source, and to a user, once its client says which.
//!
//! An endpoint is kept as its client said it, so that it reads what it wrote. What it says of its subject goes
//! into the stream ([`told`]), where it becomes part of the profile.
//!
//! <https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-endpoints-endpoint-id.html>

mod merge;
mod store;
pub mod told;

pub use merge::{EndpointRequest, UserRequest};
pub use store::{Change, Endpoints, Kept};

use ceap_kernel::{Fault, SubjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of one endpoint as JSON (Pinpoint's quotas, Endpoint size: 15 KB).
pub const MAX_BYTES: usize = 15 * 1024;

/// Bytes of an endpoint's id.
const MAX_ID: usize = 256;

/// Values under names.
pub type Attributes = BTreeMap<String, Vec<String>>;

/// The service that an address is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChannelType {
    /// Push notifications of a service that is not named.
    Push,
    /// Firebase Cloud Messaging.
    Gcm,
    /// Apple's push service.
    Apns,
    /// The same, for apps under development.
    ApnsSandbox,
    /// The same, for calls over the internet.
    ApnsVoip,
    /// Both of the above.
    ApnsVoipSandbox,
    /// Amazon Device Messaging.
    Adm,
    /// Text messages.
    Sms,
    /// Calls.
    Voice,
    /// Email.
    Email,
    /// Baidu Cloud Push.
    Baidu,
    /// A function or a webhook.
    Custom,
    /// Messages in an app.
    InApp,
}

/// Whether messages go to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// They do.
    Active,
    /// They do not.
    Inactive,
}

/// What the user wants to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OptOut {
    /// Nothing.
    All,
    /// Everything.
    None,
}

macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        #[allow(missing_docs)]
        pub struct $name {
            $(#[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>,)+
        }

        impl $name {
            /// What is said now, in the place of what was said before.
            pub(crate) fn take(&mut self, said: Self) {
                $(if said.$field.is_some() { self.$field = said.$field; })+
            }
        }
    };
}

fields!(
    /// The device, and the app on it.
    Demographic {
        app_version: String,
        locale: String,
        make: String,
        model: String,
        model_version: String,
        platform: String,
        platform_version: String,
        timezone: String,
    }
);

fields!(
    /// Where it is.
    Location {
        city: String,
        country: String,
        latitude: f64,
        longitude: f64,
        postal_code: String,
        region: String,
    }
);

/// Whose endpoint it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<SubjectId>,
    /// What is said of the user.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub user_attributes: Attributes,
}

/// An endpoint, as it is kept and read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Endpoint {
    /// Unique in its application, whatever the case of its letters.
    pub id: String,
    /// Where it is reached, as its channel writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the address is one of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<ChannelType>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
    /// The same in numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// The device.
    #[serde(default)]
    pub demographic: Demographic,
    /// Where it is.
    #[serde(default)]
    pub location: Location,
    /// What its user wants to receive, once that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<OptOut>,
    /// Whether messages go to it.
    pub endpoint_status: Status,
    /// Whose it is.
    #[serde(default)]
    pub user: User,
    /// When it was made: ISO 8601.
    pub creation_date: String,
    /// When it last changed: ISO 8601.
    pub effective_date: String,
    /// One of a hundred groups, of about the same size.
    pub cohort_id: String,
    /// The request that last changed it.
    pub request_id: String,
}

impl Endpoint {
    /// Whom it belongs to: its user; while nobody knows one, itself.
    ///
    /// # Errors
    /// `Internal` when its id is no subject, which is checked where it enters.
    pub fn subject(&self) -> Result<SubjectId, Fault> {
        match &self.user.user_id {
            Some(user) => Ok(user.clone()),
            None => SubjectId::new(self.id.as_str())
                .map_err(|_| Fault::Internal("an endpoint's id is no subject".to_owned())),
        }
    }
}

/// What an endpoint is known by: its id, in lower case.
///
/// # Errors
/// `Invalid` when it is none.
pub fn key(id: &str) -> Result<String, Fault> {
    let shaped = !id.trim().is_empty()
        && id.len() <= MAX_ID
        && !id.chars().any(|c| c.is_control() || "${}".contains(c));
    if shaped {
        Ok(id.to_lowercase())
    } else {
        let rule = "must be 1 to 256 bytes without control characters and without $, { and }";
        Err(Fault::invalid("EndpointId", rule))
    }
}
