//! The use-case document, as a person writes it.

use super::goal::GoalDocument;
use super::place;
use super::trigger::TriggerDocument;
use crate::feature::Feature;
use crate::message::Ticket;
use crate::policy::{QuietHours, SendWindow};
use crate::reentry::Reentry;
use crate::score::ScoreDocument;
use crate::template::{ApprovedDocument, TextsDocument};
use crate::window::Span;
use ceap_kernel::{Fault, UseCaseId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why something is sent, which decides the gates it must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An alert to the team itself: no consent, caps or quiet hours.
    Operational,
    /// What the customer's own doings call for: sent unless the customer refused it.
    Transactional,
    /// Everything else: sent only with consent.
    Marketing,
}

impl Purpose {
    /// As documents write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Transactional => "transactional",
            Self::Marketing => "marketing",
        }
    }
}

/// Whether it acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Sends.
    #[default]
    Live,
    /// Does everything but the send.
    Shadow,
    /// Does nothing.
    Off,
}

/// A condition a signal must meet, and what to say when it does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterDocument {
    /// A CEL condition over event, features, profile and history.
    #[schemars(length(max = 1000))]
    pub when: String,
    /// Why a signal is refused that does not meet it: `ordered_meanwhile`.
    pub reason: String,
}

/// What is sent, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionDocument {
    /// `email`, `sms`, …
    pub channel: String,
    /// A CEL condition over event, features, profile and score: where it does not hold, nothing is sent, and the candidate
    /// is there for those who look it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub when: Option<String>,
    /// A CEL expression for the recipient; by default the profile's address on the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A stored template, in place of the texts below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// A Liquid template of one line: an email's subject, a notification's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A Liquid template in plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A Liquid template in HTML, for channels that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// A Liquid template in MJML, in place of `html`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mjml: Option<String>,
    /// A Liquid template of the URL that a tap on a notification opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// A template that the provider keeps, for channels that know such (WhatsApp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<ApprovedDocument>,
    /// The ticket that it opens or goes on with, for channel `ticket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// What it says in other languages, by BCP 47 tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locales: BTreeMap<String, TextsDocument>,
    /// Other channels, in the order in which they are tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<FallbackDocument>,
    /// How long after the instant of judgement it is sent; the filter judges anew then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// How long after that it is worth sending; by default as long as the candidate lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Span>,
}

/// Another channel, for when the one before did not reach the subject: because it has no address
/// there, or a gate refused that channel, or its provider did for good. It has texts of its own, or
/// none, and then says what the action says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FallbackDocument {
    /// `email`, `sms`, …; each channel once.
    pub channel: String,
    /// How long the channel before has to deliver; without it, only its definite failure counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    /// As in the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// A stored template, in place of the texts below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// A Liquid template of one line: an email's subject, a notification's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A Liquid template in plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A Liquid template in HTML, for channels that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// A Liquid template in MJML, in place of `html`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mjml: Option<String>,
    /// A Liquid template of the URL that a tap on a notification opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// A template that the provider keeps, for channels that know such (WhatsApp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<ApprovedDocument>,
    /// The ticket that it opens or goes on with, for channel `ticket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// What it says in other languages, by BCP 47 tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locales: BTreeMap<String, TextsDocument>,
}

/// What goes first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// After all else.
    Low,
    /// Where nothing is said.
    #[default]
    Normal,
    /// Before all else.
    High,
}

impl Priority {
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// One use case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UseCase")]
pub struct Document {
    /// A slug, unique in its tenant.
    pub id: UseCaseId,
    /// Counts up with each change.
    #[schemars(range(min = 1))]
    pub version: u32,
    /// For people.
    pub name: String,
    /// For people: what it does and for whom.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Which gates it must pass.
    pub purpose: Purpose,
    /// Whether it acts.
    #[serde(default)]
    pub mode: Mode,
    /// Percent of subjects that are never sent to, to compare with.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub holdout_percent: u8,
    /// What starts it.
    pub trigger: TriggerDocument,
    /// What is computed over the subject's events.
    #[serde(default)]
    pub features: BTreeMap<String, Feature>,
    /// Conditions in order; the first that does not hold refuses the signal.
    #[serde(default)]
    pub filter: Vec<FilterDocument>,
    /// How promising a signal is.
    pub score: ScoreDocument,
    /// How long a candidate lives, from the instant of judgement. While it lives, its subject and
    /// key have no second one.
    pub ttl: Span,
    /// How long after a candidate opened its subject and key have no second one, however short it lived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Span>,
    /// How often a subject and key may have a candidate at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reentry: Option<Reentry>,
    /// A CEL expression that tells apart candidates of one subject: an appointment's id, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub key: Option<String>,
    /// When, in the subject's time zone, nothing is sent. Not for operational purposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// When alone, in the subject's time zone, something is sent. Not for operational purposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_window: Option<SendWindow>,
    /// Which of a subject's messages goes first where frequency caps leave room for one: higher before
    /// lower, then the better score.
    #[serde(default, skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// The event that it is there to bring about: what its report counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalDocument>,
    /// What is sent, and to whom.
    pub action: ActionDocument,
    /// What else is sent: each an action with channels of its own, whatever becomes of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ActionDocument>,
}

impl Document {
    /// Reads a document in YAML or JSON.
    ///
    /// # Errors
    /// `Invalid`, naming the line and the field.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        place::read(text).map(|(document, _)| document)
    }
}
