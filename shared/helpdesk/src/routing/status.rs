//! Whether an agent takes work.

use serde::{Deserialize, Serialize};

/// A unified status, as Zendesk provides them
/// ([unified agent status](https://developer.zendesk.com/api-reference/agent-availability/unified-agent-status-api/introduction/)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// Does not work.
    #[default]
    Offline,
    /// Takes work.
    Online,
    /// Takes none for a while.
    Away,
    /// Takes only what other agents hand over.
    TransfersOnly,
}

impl AgentStatus {
    /// All of them, by their names.
    pub const ALL: [Self; 4] = [Self::Away, Self::Offline, Self::Online, Self::TransfersOnly];

    /// Its id, which is the same in every account.
    #[must_use]
    pub const fn id(self) -> u64 {
        match self {
            Self::Offline => 2,
            Self::Online => 3,
            Self::Away => 4,
            Self::TransfersOnly => 5,
        }
    }

    /// The status of an id.
    #[must_use]
    pub fn of(id: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.id() == id)
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
            Self::Away => "away",
            Self::TransfersOnly => "transfers_only",
        }
    }

    /// What it is for.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Offline => "Can't receive work",
            Self::Online => "Can receive work",
            Self::Away => "Can't receive work for a while",
            Self::TransfersOnly => "Can only receive work from other agents",
        }
    }

    /// Whether who has it is not there.
    #[must_use]
    pub const fn is_absent(self) -> bool {
        matches!(self, Self::Offline | Self::Away)
    }
}
