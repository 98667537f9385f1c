//! Who else is at a ticket: how to be told. Zendesk's agents see it in their workspace; its API has nothing of it.

use crate::api::{Guard, Route};
use crate::presence;
use crate::routes;

/// What can be asked of presence.
pub const ROUTES: &[Route] = routes![
    POST "/presence/sessions" Guard::Agents => presence::begin, "Begins a session: the address that connects once to hear who else is at a ticket";
];
