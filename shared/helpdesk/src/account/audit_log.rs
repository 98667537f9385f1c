//! The log of changes to what an account is set up with, and to what its people may do.

use crate::ids::{RecordId, UserId};
use crate::record::told::Change;
use crate::record::{Home, Kind, Record};
use crate::user::User;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// An entry of the log
/// ([audit logs](https://developer.zendesk.com/api-reference/ticketing/account-configuration/audit_logs/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLog {
    /// Its id. Ids grow with time, so that a time is a place in the log too.
    pub id: RecordId,
    /// When.
    pub created_at: Timestamp,
    /// Who.
    pub actor_id: UserId,
    /// `create`, `update` or `destroy`.
    pub action: String,
    /// What changed.
    pub source_type: String,
    /// Its id.
    pub source_id: u64,
    /// Its name then; of a person, none, since names of people can be forgotten.
    pub source_label: String,
    /// What changed of it.
    pub change_description: String,
    /// Where from.
    pub ip_address: Option<String>,
}

impl AuditLog {
    /// An entry that tells of a change.
    #[must_use]
    pub fn of(
        id: RecordId,
        at: Timestamp,
        who: UserId,
        from: Option<&str>,
        change: Change,
    ) -> Self {
        let Change { action, source_type, source_id, source_label, description } = change;
        Self {
            id,
            created_at: at,
            actor_id: who,
            action: action.to_owned(),
            source_type,
            source_id,
            source_label,
            change_description: description,
            ip_address: from.map(str::to_owned),
        }
    }
}

impl AuditLog {
    /// The person that it is about, if it is about one.
    #[must_use]
    pub fn person(&self) -> Option<u64> {
        (self.source_type == User::KIND.singular).then_some(self.source_id)
    }
}

impl Record for AuditLog {
    const KIND: Kind =
        Kind { name: "AUDIT_LOG", singular: "audit_log", plural: "audit_logs", home: Home::Few };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
