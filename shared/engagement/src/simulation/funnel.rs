//! How many came how far.

use super::trace::{Became, Decided, Pass};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Signals at each stage, each counted once however often it came back. The sums of parts are the
/// counts of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Funnel {
    /// Events honoured.
    pub events: u64,
    /// Repeats of events.
    pub duplicates: u64,
    /// Events, triggers and signals that could not proceed.
    pub quarantined: u64,
    /// Signals.
    pub matched: u64,
    /// Signals that went no further, by reason: a rule's, `score_too_low`, or what bars a candidate.
    pub filtered: BTreeMap<String, u64>,
    /// Signals that passed filter and score.
    pub scored: u64,
    /// Candidates opened.
    pub stored: u64,
    /// Signals that came to a candidate that was live.
    pub merged: u64,
    /// Messages that were held back, each time.
    pub held: u64,
    /// Messages that a gate refused, by reason.
    pub suppressed: BTreeMap<String, u64>,
    /// Messages, by channel.
    pub messages: BTreeMap<String, u64>,
}

/// The reason of a signal whose score is below the minimum.
const TOO_LOW: &str = "score_too_low";

impl Funnel {
    /// Adds a signal.
    pub fn add(&mut self, decided: &Decided) {
        up(&mut self.matched);
        let passes = &decided.passes;
        // What a later turn of a channel is refused for is none of the signal's own.
        if let Some(first) = passes.first() {
            let score = first.score.as_ref();
            let low = score.is_some_and(|score| !score.passes);
            let scored = score.is_some_and(|score| score.passes);
            let why = first.stopped.clone().or_else(|| low.then(|| TOO_LOW.to_owned()));
            let opened = |pass: &Pass| pass.candidate.as_ref().is_some_and(|it| it.opened);
            if scored {
                up(&mut self.scored);
            }
            match why {
                Some(reason) => up(self.filtered.entry(reason).or_default()),
                // Of several at once the best is stored for all.
                None if scored && !passes.iter().any(opened) => up(&mut self.merged),
                None => {}
            }
        }
        for pass in passes {
            if pass.candidate.as_ref().is_some_and(|candidate| candidate.opened) {
                up(&mut self.stored);
            }
            if pass.quarantined.is_some() {
                up(&mut self.quarantined);
            }
            for tried in &pass.channels {
                match tried.became {
                    Became::Held { .. } => up(&mut self.held),
                    Became::Settled => {}
                    Became::Refused => {
                        let reason = tried.reason.as_deref().unwrap_or_default();
                        let word = reason.split(':').next().unwrap_or_default();
                        up(self.suppressed.entry(word.to_owned()).or_default());
                    }
                    Became::Queued
                    | Became::Sent
                    | Became::Delivered
                    | Became::Failed
                    | Became::Bounced => {
                        up(self.messages.entry(tried.channel.clone()).or_default())
                    }
                }
            }
        }
    }

    /// Adds what another part counted.
    pub fn merge(&mut self, other: Self) {
        let Self { events, duplicates, quarantined, matched, filtered, scored, stored, .. } = other;
        let Self { merged, held, suppressed, messages, .. } = other;
        for (mine, theirs) in [
            (&mut self.events, events),
            (&mut self.duplicates, duplicates),
            (&mut self.quarantined, quarantined),
            (&mut self.matched, matched),
            (&mut self.scored, scored),
            (&mut self.stored, stored),
            (&mut self.merged, merged),
            (&mut self.held, held),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        for (mine, theirs) in [
            (&mut self.filtered, filtered),
            (&mut self.suppressed, suppressed),
            (&mut self.messages, messages),
        ] {
            for (name, count) in theirs {
                let sum = mine.entry(name).or_default();
                *sum = sum.saturating_add(count);
            }
        }
    }
}

fn up(count: &mut u64) {
    *count = count.saturating_add(1);
}
