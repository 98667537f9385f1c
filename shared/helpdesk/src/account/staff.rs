//! Agents, as far as everybody who works on tickets has to know them: found by name without reading each.

use crate::access::Role;
use crate::ids::UserId;
use crate::record::{Home, Kind, Record};
use serde::{Deserialize, Serialize};

/// An agent. Written with the person, whenever what it holds changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// What they are.
    pub role: Role,
}

impl Record for Staff {
    const KIND: Kind =
        Kind { name: "STAFF", singular: "agent", plural: "agents", home: Home::Account };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
