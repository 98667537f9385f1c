//! Why a requester was not satisfied: the reasons that every account has
//! ([satisfaction reasons](https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_reasons/)).

/// A reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// Its code, which is its id too.
    pub code: u32,
    /// What it says.
    pub value: &'static str,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self { code: 5, value: "The issue took too long to resolve" },
        Self { code: 6, value: "The issue was not resolved" },
        Self { code: 7, value: "The agent's knowledge is unsatisfactory" },
        Self { code: 8, value: "The agent's attitude is unsatisfactory" },
        Self { code: 100, value: "Some other reason" },
    ];

    /// The reason of this code.
    #[must_use]
    pub fn of(code: u32) -> Option<&'static Self> {
        Self::ALL.iter().find(|reason| reason.code == code)
    }
}
