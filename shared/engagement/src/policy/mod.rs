//! The gates before a send, each its own small unit, in the order of [`judge`].

pub mod cap;
pub mod consent;
pub mod holdout;
pub mod quiet_hours;

pub use cap::Cap;
pub use quiet_hours::QuietHours;

use crate::profile::Profile;
use crate::use_case::{Mode, Purpose, Settings, UseCase};
use ceap_kernel::{SubjectId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

/// Why a message is not sent. The names are part of the record and of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The use case is in shadow mode.
    Shadow,
    /// The use case was switched off, or deleted, meanwhile.
    Off,
    /// The subject is held out, to compare with.
    Holdout,
    /// The subject has no address on this channel, or the expression for it gave none.
    NoAddress,
    /// The subject did not agree, or refused.
    NoConsent,
    /// The address is on the suppression list.
    Suppressed,
    /// It is no longer worth sending.
    Expired,
    /// The subject had enough messages of this kind.
    Capped,
    /// The template could not be filled in.
    Template,
}

impl Refusal {
    /// As records and metrics write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Off => "off",
            Self::Holdout => "holdout",
            Self::NoAddress => "no_address",
            Self::NoConsent => "no_consent",
            Self::Suppressed => "suppressed",
            Self::Expired => "expired",
            Self::Capped => "capped",
            Self::Template => "template",
        }
    }
}

/// What the gates say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send, if the cap and the claim agree.
    Pass,
    /// Not now: judge again at this instant.
    Hold(Timestamp),
    /// Never.
    Refuse(Refusal),
}

/// All that the gates look at.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// Of which use case.
    pub use_case: &'a UseCase,
    /// To whom.
    pub subject: &'a SubjectId,
    /// The subject's profile as it is now.
    pub profile: &'a Profile,
    /// The tenant's settings.
    pub settings: &'a Settings,
    /// Where it would go.
    pub to: Option<&'a str>,
    /// Whether that address is on the suppression list.
    pub suppressed: bool,
    /// Until when it is worth sending.
    pub expires_at: Timestamp,
    /// The wall clock.
    pub now: Timestamp,
}

/// Judges the gates in their order: mode, holdout, consent, suppression list, expiry, quiet hours.
/// The frequency cap follows together with the claim, and the provider's rate with its queue.
#[must_use]
pub fn judge(case: &Case<'_>) -> Verdict {
    let document = &case.use_case.document;
    let customer_facing = document.purpose != Purpose::Operational;
    match document.mode {
        Mode::Live => {}
        Mode::Shadow => return Verdict::Refuse(Refusal::Shadow),
        Mode::Off => return Verdict::Refuse(Refusal::Off),
    }
    if holdout::holds_out(case.tenant, case.use_case.id(), case.subject, document.holdout_percent) {
        return Verdict::Refuse(Refusal::Holdout);
    }
    let Some(_) = case.to else {
        return Verdict::Refuse(Refusal::NoAddress);
    };
    if !consent::allows(case.profile, &document.action.channel, document.purpose) {
        return Verdict::Refuse(Refusal::NoConsent);
    }
    if customer_facing && case.suppressed {
        return Verdict::Refuse(Refusal::Suppressed);
    }
    if case.expires_at <= case.now {
        return Verdict::Refuse(Refusal::Expired);
    }
    match document.quiet_hours.and_then(|quiet| quiet.ends(case)) {
        Some(end) if end >= case.expires_at => Verdict::Refuse(Refusal::Expired),
        Some(end) => Verdict::Hold(end),
        None => Verdict::Pass,
    }
}
