//! What is said over a connection (`docs/src/helpdesk-presence.md`).

use super::place::State;
use crate::ids::{TicketId, UserId};
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

/// What a client says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub(super) enum Said {
    /// The agent views or edits a ticket.
    Watch {
        /// Which.
        ticket_id: TicketId,
        /// What they do.
        state: State,
    },
    /// They do not any more.
    Leave {
        /// Which.
        ticket_id: TicketId,
    },
    /// They are still there.
    Ping,
}

impl Said {
    /// The ticket that it is about.
    pub const fn ticket(self) -> Option<TicketId> {
        match self {
            Self::Watch { ticket_id, .. } | Self::Leave { ticket_id } => Some(ticket_id),
            Self::Ping => None,
        }
    }
}

/// What a client is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Tells<'a> {
    /// Who is at a ticket.
    Presence {
        /// Which.
        ticket_id: TicketId,
        /// As of when: what is older than what a client has is to be left aside, for messages may pass each other.
        as_of: Timestamp,
        /// Each agent once.
        agents: &'a [Seen<'a>],
    },
    /// A ticket was changed.
    TicketUpdated {
        /// Which.
        ticket_id: TicketId,
        /// The state that it is in now, as `safe_update` takes it.
        updated_stamp: Timestamp,
        /// Who changed it.
        by: UserId,
    },
    /// It was heard that they are still there.
    Pong,
    /// Something was not done.
    Error {
        /// Why, for programs.
        code: &'a str,
        /// Why, for people.
        message: &'a str,
        /// The ticket that it was about.
        #[serde(skip_serializing_if = "Option::is_none")]
        ticket_id: Option<TicketId>,
    },
}

/// An agent at a ticket.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Seen<'a> {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: &'a str,
    /// Where their picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<&'a str>,
    /// What they do.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
}

impl Tells<'_> {
    /// As it is sent.
    pub fn text(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(|error| Fault::Internal(error.to_string()))
    }
}

/// Why what a client asks for is not done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trouble {
    /// It is none of the messages.
    Senseless(String),
    /// There is no such ticket, or not for them.
    NotFound,
    /// They may not use this any more.
    Forbidden,
    /// They watch as many tickets as one connection may.
    TooMany,
    /// It could not be done.
    Fault(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Trouble {
    /// For programs, and for people.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Senseless(why) => ("invalid_message", why),
            Self::NotFound => ("not_found", "There is no such ticket"),
            Self::Forbidden => ("forbidden", "Only agents may watch tickets"),
            Self::TooMany => ("too_many_tickets", "A connection watches at most 20 tickets"),
            Self::Fault(_) => ("unavailable", "Try again in a few seconds"),
        }
    }
}
