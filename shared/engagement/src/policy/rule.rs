//! Which gates a purpose must pass: declared here, once, so that none is skipped by accident.

use crate::use_case::Purpose;

/// How consent is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentRule {
    /// Not at all: it goes to the team.
    None,
    /// Sent unless the subject refused it.
    UnlessRefused,
    /// Sent only if the subject agreed.
    OnlyIfGiven,
}

/// The gates of a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Consent.
    pub consent: ConsentRule,
    /// Whether the recipient must be able to unsubscribe with one click (RFC 8058).
    pub unsubscribe: bool,
    /// Whether quiet hours may hold it back.
    pub quiet_hours: bool,
}

impl Rule {
    /// The gates of `purpose`.
    #[must_use]
    pub const fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Operational => {
                Self { consent: ConsentRule::None, unsubscribe: false, quiet_hours: false }
            }
            Purpose::Transactional => {
                Self { consent: ConsentRule::UnlessRefused, unsubscribe: false, quiet_hours: true }
            }
            Purpose::Marketing => {
                Self { consent: ConsentRule::OnlyIfGiven, unsubscribe: true, quiet_hours: true }
            }
        }
    }
}
