//! A ticket that was deleted, and may come back.

use super::Ticket;
use crate::ids::UserId;
use crate::record::{Home, Kind, Link, Record};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A ticket that was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeletedTicket {
    /// As it was.
    pub ticket: Ticket,
    /// Who deleted it.
    pub actor_id: UserId,
    /// What they were called.
    pub actor_name: String,
    /// When.
    pub deleted_at: Timestamp,
}

impl Record for DeletedTicket {
    const KIND: Kind = Kind {
        name: "DELETED_TICKET",
        singular: "deleted_ticket",
        plural: "deleted_tickets",
        home: Home::Many,
    };

    fn id(&self) -> u64 {
        self.ticket.id.get()
    }

    fn links(&self) -> Vec<Link> {
        vec![Link::by_time("gone/tickets", self.deleted_at, self.id())]
    }
}
