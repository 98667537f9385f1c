//! A ticket that was deleted, and may come back.

use super::{Automated, Clocks, Metrics, Promises, Ticket, Via};
use crate::ids::UserId;
use crate::record::{Home, Kind, Link, Record};
use crate::report::Journal;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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

/// The list of those that are deleted, by when they were.
pub const GONE: &str = "gone/tickets";

/// The list of those that are gone for good, by when they went: all that is left of each, so that exports tell of it.
pub const SCRUBBED: &str = "scrubbed/tickets";

/// What Zendesk puts in the place of what somebody wrote.
const BLANK: &str = "SCRUBBED";

impl DeletedTicket {
    /// What is left of it: nothing that anybody wrote or set up, but that it was there, and whose it was.
    #[must_use]
    pub fn scrubbed(&self) -> Ticket {
        Ticket {
            external_id: None,
            subject: Some(BLANK.to_owned()),
            description: BLANK.to_owned(),
            follower_ids: BTreeSet::new(),
            email_cc_ids: BTreeSet::new(),
            tags: BTreeSet::new(),
            custom_fields: BTreeMap::new(),
            via: Via::of(&self.ticket.via.channel),
            recipient: None,
            triage: None,
            metrics: Metrics::default(),
            clocks: Clocks::default(),
            promises: Promises::default(),
            automations: Automated::default(),
            satisfaction_score: None,
            satisfaction_comment: None,
            satisfaction_offered_at: None,
            satisfaction_rated_at: None,
            satisfaction_reason_code: None,
            satisfaction_rating_id: None,
            journal: Journal::default(),
            ..self.ticket.clone()
        }
    }
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
        vec![Link::by_time(GONE, self.deleted_at, self.id())]
    }
}
