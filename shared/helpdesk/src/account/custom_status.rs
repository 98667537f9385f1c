//! The account's own statuses, each of a category that is one of the statuses that every account has.

use crate::ids::CustomStatusId;
use crate::record::{Home, Kept, Kind, Record};
use crate::ticket::Status;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A status of the account's own
/// ([custom ticket statuses](https://developer.zendesk.com/api-reference/ticketing/tickets/custom_ticket_statuses/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomStatus {
    /// Its id.
    pub id: CustomStatusId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What a ticket that has it is to rules, searches and clients that know no custom statuses.
    pub status_category: Status,
    /// Its name, for agents.
    pub agent_label: String,
    /// Its name, for end-users.
    pub end_user_label: String,
    /// When agents are to use it.
    pub description: Option<String>,
    /// What it tells end-users.
    pub end_user_description: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Whether tickets get it that come to its category otherwise.
    pub default: bool,
}

/// The categories; a closed ticket is of the solved one.
pub const CATEGORIES: [Status; 5] =
    [Status::New, Status::Open, Status::Pending, Status::Hold, Status::Solved];

/// The category of a status.
#[must_use]
pub const fn category(status: Status) -> Status {
    match status {
        Status::New => Status::New,
        Status::Open => Status::Open,
        Status::Pending => Status::Pending,
        Status::Hold => Status::Hold,
        Status::Solved | Status::Closed => Status::Solved,
    }
}

/// The custom status of a ticket that is at `status` and had `current`: that one where it is of the category, and the
/// category's default otherwise. So whatever moves a ticket needs to name its status only.
#[must_use]
pub fn fitting(
    all: &[Kept<CustomStatus>],
    status: Status,
    current: Option<CustomStatusId>,
) -> Option<CustomStatusId> {
    let of = || all.iter().filter(|it| it.status_category == category(status));
    let kept = current.and_then(|id| of().find(|it| it.id == id));
    kept.or_else(|| of().find(|it| it.default)).or_else(|| of().next()).map(|it| it.id)
}

/// The status that a custom status means for a ticket, if there is such a custom status and it is in use.
#[must_use]
pub fn meant(all: &[Kept<CustomStatus>], id: CustomStatusId) -> Option<Status> {
    all.iter().find(|it| it.id == id && it.active).map(|it| it.status_category)
}

impl Record for CustomStatus {
    const KIND: Kind = Kind {
        name: "CUSTOM_STATUS",
        singular: "custom_status",
        plural: "custom_statuses",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn all() -> Vec<Kept<CustomStatus>> {
        let one = |id, status_category, default, active| Kept {
            record: CustomStatus {
                id: CustomStatusId::new(id).unwrap(),
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
                status_category,
                agent_label: String::new(),
                end_user_label: String::new(),
                description: None,
                end_user_description: None,
                active,
                default,
            },
            revision: 1,
        };
        vec![
            one(1, Status::Open, false, true),
            one(2, Status::Open, true, true),
            one(3, Status::Solved, true, true),
            one(4, Status::Pending, false, false),
        ]
    }

    #[rstest]
    #[case::default(Status::Open, None, Some(2))]
    #[case::kept(Status::Open, Some(1), Some(1))]
    #[case::of_another_category(Status::Solved, Some(1), Some(3))]
    #[case::closed(Status::Closed, Some(3), Some(3))]
    #[case::unknown(Status::Open, Some(9), Some(2))]
    #[case::none_of_the_category(Status::Hold, None, None)]
    fn a_ticket_has_a_custom_status_of_its_category(
        #[case] status: Status,
        #[case] current: Option<u64>,
        #[case] expected: Option<u64>,
    ) {
        let current = current.and_then(CustomStatusId::new);
        let fitting = fitting(&all(), status, current);
        assert_eq!(fitting.map(CustomStatusId::get), expected);
    }

    #[rstest]
    #[case(1, Some(Status::Open))]
    #[case(4, None)]
    #[case(9, None)]
    fn a_custom_status_means_a_status(#[case] id: u64, #[case] expected: Option<Status>) {
        assert_eq!(meant(&all(), CustomStatusId::new(id).unwrap()), expected);
    }
}
