//! Searches that agents keep, for themselves or for others. Zendesk's API has nothing of it: they are CEAP's own.

use crate::access::{Action, Owned, Resource};
use crate::api::{Call, Refused};
use crate::ids::{GroupId, RecordId, UserId};
use crate::record::{Home, Kind, Record};
use crate::rule::Order;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A search that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedSearch {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Who made it.
    pub owner_id: UserId,
    /// What it is called.
    pub title: String,
    /// What is searched for.
    pub query: String,
    /// What the results are sorted by; by how well they fit, if by nothing else.
    pub sort_by: Option<String>,
    /// From which end.
    pub sort_order: Option<Order>,
    /// Who else sees it.
    pub shared: Option<Shared>,
}

/// Who sees a saved search beside its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// All agents.
    All,
    /// Those of these groups.
    GroupIds(Vec<GroupId>),
}

impl Shared {
    /// The groups whose agents see it; none, if all agents do.
    #[must_use]
    pub fn groups(&self) -> &[GroupId] {
        match self {
            Self::All => &[],
            Self::GroupIds(ids) => ids,
        }
    }
}

impl Record for SavedSearch {
    const KIND: Kind = Kind {
        name: "SAVED_SEARCH",
        singular: "saved_search",
        plural: "saved_searches",
        home: Home::Few,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}

impl SavedSearch {
    /// Whether it is shared with who asks.
    ///
    /// # Errors
    /// `Internal` if the policies cannot be judged.
    pub fn shared_with(&self, call: &Call<'_>) -> Result<bool, Refused> {
        let Some(shared) = &self.shared else { return Ok(false) };
        may(call, Action::ReadOwned, None, shared.groups())
    }

    /// Whether who asks may see it.
    ///
    /// # Errors
    /// `Internal` if the policies cannot be judged.
    pub fn readable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        Ok(self.shared_with(call)? || may(call, Action::ReadOwned, Some(self.owner_id), &[])?)
    }

    /// Whether who asks may change it: that it is shared gives others no right to.
    ///
    /// # Errors
    /// `Internal` if the policies cannot be judged.
    pub fn changeable(&self, call: &Call<'_>) -> Result<bool, Refused> {
        may(call, Action::ChangeOwned, Some(self.owner_id), &[])
    }
}

fn may(
    call: &Call<'_>,
    action: Action,
    owner: Option<UserId>,
    groups: &[GroupId],
) -> Result<bool, Refused> {
    let kind = SavedSearch::KIND.singular;
    call.may(action, Resource::Owned(Owned { kind, owner, groups }))
}
