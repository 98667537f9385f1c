//! The API's operations: one entry each, beside the others of its resource. What is said here is what
//! the API's document says ([`document`]), and what every call is held to: a route that has no entry
//! answers 404, a role that its entry does not allow 403, a content type that it does not take 415.

pub mod document;
mod operation;
mod schemas;

mod callbacks;
mod candidates;
mod consents;
mod event_schemas;
mod events;
mod inbox;
mod items;
mod messages;
mod models;
mod pages;
mod pinpoint;
mod profiles;
mod quarantine;
mod reference;
mod runs;
mod sources;
mod suppressions;
mod templates;
mod ticket_reports;
mod tracking;
mod use_cases;
mod webhooks;

pub use models::UploadRequest;
pub use operation::{
    Access, Answer, CURSOR, Content, IDEMPOTENCY_KEY, IF_MATCH, Operation, Parameter, Place,
    SchemaOf,
};
pub use tracking::{CallsRefused, CallsTaken};
pub use use_cases::{Install, RollBack};

/// Operations that belong together.
#[derive(Debug)]
pub struct Group {
    /// What the document calls them.
    pub tag: &'static str,
    /// What they are about. Markdown.
    pub about: &'static str,
    /// The operations.
    pub operations: &'static [Operation],
}

/// Every operation, in the order of the document.
pub const GROUPS: &[Group] = &[
    events::GROUP,
    sources::GROUP,
    tracking::GROUP,
    pinpoint::GROUP,
    event_schemas::GROUP,
    quarantine::GROUP,
    profiles::GROUP,
    use_cases::GROUP,
    models::GROUP,
    runs::GROUP,
    items::GROUP,
    candidates::GROUP,
    messages::GROUP,
    templates::GROUP,
    ticket_reports::GROUP,
    consents::GROUP,
    suppressions::GROUP,
    inbox::GROUP,
    pages::GROUP,
    callbacks::GROUP,
    webhooks::GROUP,
    reference::GROUP,
];

/// The operations, one by one.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    GROUPS.iter().flat_map(|group| group.operations)
}

/// The operation of a route, as the template writes it.
#[must_use]
pub fn find(route: &str) -> Option<&'static Operation> {
    operations().find(|it| it.route == route)
}

#[cfg(test)]
mod tests;
