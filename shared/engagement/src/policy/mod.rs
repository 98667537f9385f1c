//! The gates before a send, each its own small unit, in the order of [`judge`].

pub mod cap;
pub mod consent;
pub mod fallback;
pub mod holdout;
pub mod quiet_hours;
pub mod rate;
pub mod rule;
pub mod send_window;

pub use cap::Cap;
pub use quiet_hours::QuietHours;
pub use send_window::SendWindow;

use crate::profile::Profile;
use crate::suppression::Reason;
use crate::use_case::{Mode, Purpose, Settings};
use ceap_kernel::{SubjectId, TenantId, Timestamp, UseCaseId};
use jiff::tz::TimeZone;
use rule::Rule;
use schemars::JsonSchema;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
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
    /// The template could not be filled in, or the channel can't carry what came of it.
    Template,
    /// The next channel took over before this one's turn came.
    FellBack,
    /// The channel before reached the subject after all, before this one's turn came.
    Reached,
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
            Self::FellBack => "fell_back",
            Self::Reached => "reached",
        }
    }

    /// The refusal that a record's reason begins with.
    #[must_use]
    pub fn of(reason: &str) -> Option<Self> {
        let word = reason.split(':').next().unwrap_or_default();
        Self::deserialize(IntoDeserializer::<Error>::into_deserializer(word)).ok()
    }
}

/// A gate.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Whether the use case acts.
    Mode,
    /// Whether the subject is held out.
    Holdout,
    /// Whether there is an address.
    Address,
    /// Whether the subject agreed.
    Consent,
    /// Whether the address is suppressed.
    Suppression,
    /// Whether it is worth sending still.
    Expiry,
    /// Whether the subject's day or night allows it.
    QuietHours,
    /// Whether it could be written, and the channel can carry it.
    Content,
    /// Whether the subject had enough.
    Cap,
}

/// What a gate said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GateDecision")]
pub struct Decision {
    /// Which gate.
    pub gate: Gate,
    /// What it said, in a word or two, with what it was said from; no address and no text.
    pub said: String,
}

/// What the gates say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send, if the caps and the claim agree.
    Pass,
    /// Not now: judge again at this instant.
    Hold(Timestamp),
    /// Never.
    Refuse(Refusal),
}

/// What a use case asks of the gates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    /// Whether it acts.
    pub mode: Mode,
    /// Of which use case what percentage of subjects is held out.
    pub holdout: Option<(&'a UseCaseId, u8)>,
    /// When nothing is sent.
    pub quiet_hours: Option<QuietHours>,
    /// When alone something is sent.
    pub send_window: Option<SendWindow>,
}

/// All that the gates look at.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// What the use case asks.
    pub terms: Terms<'a>,
    /// Why it is sent.
    pub purpose: Purpose,
    /// On which channel.
    pub channel: &'a str,
    /// To whom.
    pub subject: &'a SubjectId,
    /// The subject's profile as it is now.
    pub profile: &'a Profile,
    /// The tenant's settings.
    pub settings: &'a Settings,
    /// Why each of the addresses it would go to is on the suppression list, if it is.
    pub addresses: &'a [Option<Reason>],
    /// Until when it is worth sending.
    pub expires_at: Timestamp,
    /// The wall clock.
    pub now: Timestamp,
}

impl Case<'_> {
    /// The subject's time zone, else the tenant's, else UTC.
    fn zone(&self) -> TimeZone {
        let of_tenant =
            || self.settings.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        self.profile.zone().or_else(of_tenant).unwrap_or(TimeZone::UTC)
    }

    /// Whether an address that is suppressed for `reason` may be sent to all the same.
    #[must_use]
    pub fn reachable(&self, reason: Option<Reason>) -> bool {
        reason.is_none_or(|reason| !reason.forbids(self.purpose))
    }
}

/// Judges the gates in their order: mode, holdout, address, consent, suppression list, expiry, quiet
/// hours. Content, frequency caps and the claim follow, and the provider's rate with its queue.
/// Returns what each gate said, up to the one that decided.
#[must_use]
pub fn judge(case: &Case<'_>) -> (Verdict, Vec<Decision>) {
    let mut said = Vec::new();
    let verdict = [mode, holdout, address, consented, suppression, expiry, quiet]
        .into_iter()
        .find_map(|gate| {
            let (decision, verdict) = gate(case);
            said.push(decision);
            verdict
        })
        .unwrap_or(Verdict::Pass);
    (verdict, said)
}

type Judged = (Decision, Option<Verdict>);

fn judged(gate: Gate, said: impl Into<String>, verdict: Option<Verdict>) -> Judged {
    (Decision { gate, said: said.into() }, verdict)
}

fn refused(gate: Gate, said: impl Into<String>, refusal: Refusal) -> Judged {
    judged(gate, said, Some(Verdict::Refuse(refusal)))
}

fn mode(case: &Case<'_>) -> Judged {
    match case.terms.mode {
        Mode::Live => judged(Gate::Mode, "live", None),
        Mode::Shadow => refused(Gate::Mode, "shadow", Refusal::Shadow),
        Mode::Off => refused(Gate::Mode, "off", Refusal::Off),
    }
}

fn holdout(case: &Case<'_>) -> Judged {
    match case.terms.holdout {
        Some((use_case, percent))
            if holdout::holds_out(case.tenant, use_case, case.subject, percent) =>
        {
            refused(Gate::Holdout, format!("held out ({percent} %)"), Refusal::Holdout)
        }
        Some((_, percent)) => judged(Gate::Holdout, format!("not held out ({percent} %)"), None),
        None => judged(Gate::Holdout, "none", None),
    }
}

fn address(case: &Case<'_>) -> Judged {
    match case.addresses.len() {
        0 => refused(Gate::Address, "none", Refusal::NoAddress),
        1 => judged(Gate::Address, "known", None),
        many => judged(Gate::Address, format!("{many} known"), None),
    }
}

fn consented(case: &Case<'_>) -> Judged {
    let rule = Rule::of(case.purpose).consent;
    let consent = consent::judge(case.profile, case.channel, case.purpose, rule);
    let by = consent.by.as_deref().map_or("nothing said".to_owned(), |by| format!("by {by}"));
    if consent.allowed {
        let said = if rule == rule::ConsentRule::None { "not needed".to_owned() } else { by };
        judged(Gate::Consent, said, None)
    } else {
        refused(Gate::Consent, format!("refused: {by}"), Refusal::NoConsent)
    }
}

fn suppression(case: &Case<'_>) -> Judged {
    if case.addresses.iter().any(|reason| case.reachable(*reason)) {
        return judged(Gate::Suppression, "clear", None);
    }
    let reason = case.addresses.iter().flatten().max().map_or("", |reason| reason.as_str());
    refused(Gate::Suppression, reason, Refusal::Suppressed)
}

fn expiry(case: &Case<'_>) -> Judged {
    let until = format!("until {}", case.expires_at);
    if case.expires_at <= case.now {
        refused(Gate::Expiry, until, Refusal::Expired)
    } else {
        judged(Gate::Expiry, until, None)
    }
}

fn quiet(case: &Case<'_>) -> Judged {
    let rule = Rule::of(case.purpose).quiet_hours;
    let (quiet, window) = (case.terms.quiet_hours, case.terms.send_window);
    let next = || send_window::next(quiet, window, &case.zone(), case.now);
    match rule.then(next).flatten() {
        Some(end) if end >= case.expires_at => refused(
            Gate::QuietHours,
            format!("quiet beyond its expiry, until {end}"),
            Refusal::Expired,
        ),
        Some(end) => {
            judged(Gate::QuietHours, format!("held until {end}"), Some(Verdict::Hold(end)))
        }
        None => judged(Gate::QuietHours, "not now", None),
    }
}
