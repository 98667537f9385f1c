//! How an account is set.

use crate::ids::UserId;
use crate::record::{Home, Kind, Record};
use serde::{Deserialize, Serialize};

/// How an account is set
/// ([account settings](https://developer.zendesk.com/api-reference/ticketing/account-configuration/account_settings/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The account's name.
    pub name: String,
    /// Who owns it.
    pub owner_id: Option<UserId>,
    /// Whether who solves a ticket that nobody works on becomes its assignee.
    pub assign_tickets_upon_solve: bool,
    /// Whether an agent's comments are public unless they say otherwise.
    pub agent_comments_public: bool,
    /// Whether anyone may ask, without being known.
    pub anonymous_requests: bool,
    /// Whose requests are let in, whoever is blocked: see [`crate::suspended::judge`].
    pub allowlist: String,
    /// Whose requests are held back or refused.
    pub blocklist: String,
    /// Whether people may put others in copy.
    pub ccs: bool,
    /// Requests a minute of the whole account.
    pub rate_limit: u64,
    /// Its language.
    pub locale: String,
    /// Its time zone, by Zendesk's name for it.
    pub time_zone: String,
    /// The languages that it has chosen; all if none.
    pub locale_ids: Vec<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            owner_id: None,
            assign_tickets_upon_solve: false,
            agent_comments_public: true,
            anonymous_requests: true,
            allowlist: String::new(),
            blocklist: String::new(),
            ccs: true,
            rate_limit: 700,
            locale: "en-US".to_owned(),
            time_zone: "Eastern Time (US & Canada)".to_owned(),
            locale_ids: Vec::new(),
        }
    }
}

impl Record for Settings {
    const KIND: Kind =
        Kind { name: "SETTINGS", singular: "settings", plural: "settings", home: Home::Account };

    /// There is one.
    fn id(&self) -> u64 {
        1
    }
}
