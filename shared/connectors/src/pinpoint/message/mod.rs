//! `SendMessages` and `SendUsersMessages`: what is asked for, to whom, and what each recipient's message says.
//!
//! What a message asks for and the platform cannot do is refused for the recipient that it is about, naming the
//! field: nothing that a caller wrote is left out of what is sent.

mod compose;
mod fields;
mod variables;

pub use compose::{Composed, Composer};
pub use variables::Variables;

use ceap_engagement::endpoint::ChannelType;
use ceap_kernel::Fault;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Recipients of one request (API reference: 100 addresses or endpoints; 100 users).
pub const MAX_RECIPIENTS: usize = 100;

/// Values by name, as requests have them.
type Values = BTreeMap<String, Vec<String>>;

/// A request for messages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MessageRequest {
    /// To these addresses.
    pub addresses: Option<BTreeMap<String, Recipient>>,
    /// To these endpoints.
    pub endpoints: Option<BTreeMap<String, Recipient>>,
    /// To the endpoints of these users.
    pub users: Option<BTreeMap<String, Recipient>>,
    /// What is said, by channel.
    pub message_configuration: Option<BTreeMap<String, Option<Map<String, Value>>>>,
    /// Which template says it, by channel.
    pub template_configuration: Option<BTreeMap<String, Option<TemplateChoice>>>,
    /// What is attached to every message.
    pub context: Option<BTreeMap<String, String>>,
    /// What the request is known by, of a client that sends no id of its invocation.
    pub trace_id: Option<String>,
}

/// What is said to one recipient alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(missing_docs)]
pub struct Recipient {
    pub channel_type: Option<ChannelType>,
    pub body_override: Option<String>,
    pub title_override: Option<String>,
    pub raw_content: Option<String>,
    pub context: Option<BTreeMap<String, String>>,
    pub substitutions: Option<Values>,
}

/// A template.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(missing_docs)]
pub struct TemplateChoice {
    pub name: Option<String>,
    pub version: Option<String>,
}

/// Reads a request.
///
/// # Errors
/// `Invalid` when it cannot be read, names nobody, or too many.
pub fn read(body: &[u8]) -> Result<MessageRequest, Fault> {
    let request: MessageRequest = serde_json::from_slice(body)
        .map_err(|error| Fault::invalid("MessageRequest", format!("can't be read: {error}")))?;
    let count = [&request.addresses, &request.endpoints, &request.users];
    let count = count.into_iter().flatten().map(BTreeMap::len).fold(0, usize::saturating_add);
    if count == 0 || count > MAX_RECIPIENTS {
        let message = format!("names {count} recipients; it must name 1 to {MAX_RECIPIENTS}");
        return Err(Fault::invalid("MessageRequest", message));
    }
    Ok(request)
}
