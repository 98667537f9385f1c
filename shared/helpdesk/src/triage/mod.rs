//! Tickets that sort themselves: what a new one is about and how urgent it is, told before anybody looks at it, and why.
//!
//! Zendesk has no such thing but as an add-on of its own
//! ([intelligent triage](https://support.zendesk.com/hc/en-us/articles/4550640560538)). Here an account's rules tell it.
//! Whoever tells it is a [`Triage`]: a model may take the place of the rules, or stand behind them.

mod history;
mod language;
mod rule;
#[cfg(test)]
mod tests;

pub use history::{Asked, FIELDS, History, OPERATORS, Past};
pub use language::{found as language, known as known_language};
pub use rule::{Keywords, Looked, Part, Rules, TriageRule};

use crate::account::Account;
use crate::ids::{GroupId, RecordId};
use crate::search::document::{Document, Kind, field};
use crate::search::{Filter, Language};
use crate::text;
use crate::ticket::{Applied, Priority, Ticket};
use crate::trigger::Opening;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Tells what a new ticket is about.
pub trait Triage {
    /// What it is about, if that can be told. What has to be read for it and is not known yet is noted, and who asks reads it
    /// and asks again ([`crate::trigger::Around`]).
    fn classify(&self, incoming: &Incoming<'_>) -> Option<Verdict>;
}

/// A new ticket, before any trigger acted on it.
pub struct Incoming<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// Whether something stands in its subject, or in what was said ([`words`]).
    pub says: &'a dyn Fn(&Filter) -> bool,
    /// The language in whose forms they stand.
    pub stems: Option<Language>,
    /// The language of these words (BCP 47, without a region), if it can be told.
    pub language: Option<&'static str>,
    /// The address that it came from, where that was told.
    pub sender: Option<&'a str>,
    /// When it is.
    pub at: Timestamp,
    /// What conditions are asked of.
    pub opening: &'a dyn Opening,
}

impl Incoming<'_> {
    /// The address that it came from: that of who asks, if no other was told.
    pub(crate) fn sender(&self) -> Option<&str> {
        self.sender.or_else(|| self.opening.requester()?.email())
    }

    /// What who asks asked for before.
    pub(crate) fn history(&self) -> Option<&History> {
        self.opening.history()
    }
}

/// What a ticket is about, and why it is said to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule that says so, if one does.
    pub rule_id: Option<RecordId>,
    /// What it is called.
    pub rule_title: String,
    /// What the ticket is about.
    pub category: Option<String>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Tags that it gets.
    pub tags: BTreeSet<String>,
    /// The group that it goes to.
    pub group_id: Option<GroupId>,
    /// How sure that is, from 0 to 1. Rules are sure.
    pub confidence: f64,
    /// What spoke for it.
    pub why: Vec<Why>,
}

/// Something that speaks for a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// What was looked at: `keywords`, `language`.
    pub part: String,
    /// What of it was found, in the words of the rule: nothing that the customer wrote stands here.
    pub found: Vec<String>,
}

/// A verdict as it is kept with its ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Triaged {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The language that was found.
    pub language: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Who tells what new tickets of an account are about; nobody, if it has no rules in use.
///
/// # Errors
/// `Internal` if they cannot be read.
pub fn of(account: &Account) -> Result<Option<Box<dyn Triage>>, Fault> {
    let rules = Rules::in_use(account)?;
    Ok((!rules.0.is_empty()).then(|| Box::new(rules) as Box<dyn Triage>))
}

/// Subject and words of a new ticket, to be looked through. Words have their forms in its language; in that of the account, if
/// it cannot be told.
#[must_use]
pub fn words(opened: &Applied, language: Option<&str>, usual: &str) -> Document {
    let mut document = Document::new(Kind::Ticket, 0);
    document.language = Language::of(language.unwrap_or(usual));
    document.text(field::SUBJECT, opened.ticket.subject.as_deref());
    document.text(field::COMMENT, Some(&said(opened)));
    document
}

/// What was said in a new ticket, as plain text.
#[must_use]
pub fn said(opened: &Applied) -> String {
    let said = opened.comment.as_ref();
    let html = said.and_then(|it| it.html_body.as_deref()).map(text::of_html);
    let plain = || said.and_then(|it| it.body.clone());
    html.or_else(plain).unwrap_or_else(|| opened.ticket.description.clone())
}
