//! The funnel of one tenant, counted from the metric lines that the functions log.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value};

use crate::aws;

/// Counts by reason or by channel.
pub type Tally = BTreeMap<String, u64>;

/// What happened to a tenant's events, stage by stage.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Funnel {
    /// Events honoured.
    pub ingested: u64,
    /// Events seen before.
    pub duplicates: u64,
    /// Events that could not be read or accepted.
    pub quarantined: u64,
    /// Signals by a use case's trigger.
    pub matched: u64,
    /// Signals that a filter dropped, by reason.
    pub filtered: Tally,
    /// Signals with a score.
    pub scored: u64,
    /// Signals that could not proceed.
    pub signals_quarantined: u64,
    /// New candidates.
    pub stored: u64,
    /// Signals that joined a live candidate.
    pub merged: u64,
    /// Messages handed to a channel's queue, by channel.
    pub queued: Tally,
    /// Messages that a provider took, by channel.
    pub delivered: Tally,
    /// Messages that a gate refused, by reason.
    pub suppressed: Tally,
    /// Messages waiting for quiet hours to end.
    pub held: u64,
    /// Messages whose send has no known outcome.
    pub unknown: u64,
    /// Messages that a provider refused.
    pub failed: u64,
}

/// Sum of a tally.
pub fn total(tally: &Tally) -> u64 {
    tally.values().fold(0, |sum, n| sum.saturating_add(*n))
}

impl Funnel {
    /// Adds one log line if it is a metric of the tenant.
    pub fn add_line(&mut self, tenant: &str, line: &str) {
        let Ok(Value::Object(line)) = serde_json::from_str(line.trim()) else {
            return;
        };
        if !line.contains_key("_aws") || line.get("tenant").and_then(Value::as_str) != Some(tenant)
        {
            return;
        }
        for (name, value) in &line {
            self.add_metric(name, count(value), &line);
        }
    }

    fn add_metric(&mut self, name: &str, n: u64, line: &Map<String, Value>) {
        let plain = match name {
            "EventsIngested" => &mut self.ingested,
            "EventsDuplicate" => &mut self.duplicates,
            "EventsQuarantined" => &mut self.quarantined,
            "SignalsMatched" => &mut self.matched,
            "SignalsFiltered" => slot(&mut self.filtered, line, "reason"),
            "SignalsScored" => &mut self.scored,
            "SignalsQuarantined" => &mut self.signals_quarantined,
            "CandidatesStored" => &mut self.stored,
            "CandidatesMerged" => &mut self.merged,
            "MessagesQueued" => slot(&mut self.queued, line, "channel"),
            "MessagesSent" => slot(&mut self.delivered, line, "channel"),
            "MessagesSuppressed" => slot(&mut self.suppressed, line, "reason"),
            "MessagesHeld" => &mut self.held,
            "MessagesUnknown" => &mut self.unknown,
            "MessagesFailed" => &mut self.failed,
            _ => return,
        };
        *plain = plain.saturating_add(n);
    }

    /// The first book that does not balance, in words. With `held_is_settled`, messages that are still held back need
    /// not arrive.
    pub fn imbalance(&self, lines_sent: u64, held_is_settled: bool) -> Option<String> {
        let ended = [total(&self.delivered), total(&self.suppressed), self.unknown, self.failed];
        let ended = ended.into_iter().fold(0, u64::saturating_add);
        // A message held and sent later is in both counts, so what is missing tells how many still wait.
        let waiting =
            if held_is_settled { self.stored.saturating_sub(ended).min(self.held) } else { 0 };
        let events = [
            (self.ingested, "ingested"),
            (self.duplicates, "duplicates"),
            (self.quarantined, "quarantined"),
        ];
        let signals = [
            (total(&self.filtered), "filtered out"),
            (self.scored, "scored"),
            (self.signals_quarantined, "quarantined"),
        ];
        let candidates = [(self.stored, "stored"), (self.merged, "merged")];
        let messages = [
            (total(&self.delivered), "delivered"),
            (total(&self.suppressed), "suppressed"),
            (self.unknown, "unknown"),
            (self.failed, "failed"),
            (waiting, "held back"),
        ];
        // A signal that was held back goes through the stages once more when its time comes.
        let again = self.held;
        unbalanced("events", lines_sent, "sent", &events, 0)
            .or_else(|| unbalanced("signals", self.matched, "matched", &signals, again))
            .or_else(|| unbalanced("candidates", self.scored, "scored", &candidates, 0))
            .or_else(|| unbalanced("messages", self.stored, "stored", &messages, 0))
    }
}

/// Says so if the parts are not the whole, or up to `again` more.
fn unbalanced(
    book: &str,
    whole: u64,
    what: &str,
    parts: &[(u64, &str)],
    again: u64,
) -> Option<String> {
    let sum = parts.iter().fold(0_u64, |sum, (n, _)| sum.saturating_add(*n));
    let balanced = sum >= whole && sum <= whole.saturating_add(again);
    let parts: Vec<String> = parts.iter().map(|(n, name)| format!("{n} {name}")).collect();
    (!balanced).then(|| {
        format!("the book of {book} does not balance: {whole} {what}, but {}", parts.join(" + "))
    })
}

fn slot<'a>(tally: &'a mut Tally, line: &Map<String, Value>, property: &str) -> &'a mut u64 {
    let key =
        line.get(property).or(line.get("detail")).and_then(Value::as_str).unwrap_or("unnamed");
    tally.entry(key.to_owned()).or_default()
}

/// A metric's value: a whole number, or a list of them.
fn count(value: &Value) -> u64 {
    match value {
        Value::Array(values) => values.iter().map(count).fold(0, u64::saturating_add),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(n), _) => n,
            // Counts are whole and small; a runtime may still print them as 3.0.
            (None, Some(n)) if n > 0.0 => format!("{n:.0}").parse().unwrap_or(0),
            _ => 0,
        },
        _ => 0,
    }
}

/// Reads a tenant's funnel from the functions' logs, again and again, each old line once.
pub struct Reader {
    tenant: String,
    groups: Vec<String>,
    /// Everything before this time is in `settled`.
    from_ms: i64,
    settled: Funnel,
}

/// Log lines appear within this time of their own timestamp.
const SETTLES_MS: i64 = 15_000;

impl Reader {
    /// A reader of what is logged from a time on.
    pub fn new(tenant: &str, groups: Vec<String>, from_ms: i64) -> Self {
        Self { tenant: tenant.to_owned(), groups, from_ms, settled: Funnel::default() }
    }

    /// The funnel up to now.
    pub fn read(&mut self, now_ms: i64) -> Result<Funnel> {
        let old = now_ms.saturating_sub(SETTLES_MS);
        if old > self.from_ms {
            let mut settled = std::mem::take(&mut self.settled);
            self.add(&mut settled, self.from_ms, old.saturating_sub(1))?;
            self.settled = settled;
            self.from_ms = old;
        }
        let mut funnel = self.settled.clone();
        self.add(&mut funnel, self.from_ms, now_ms)?;
        Ok(funnel)
    }

    fn add(&self, funnel: &mut Funnel, from_ms: i64, to_ms: i64) -> Result<()> {
        self.groups.iter().try_for_each(|group| self.add_group(funnel, group, from_ms, to_ms))
    }

    fn add_group(&self, funnel: &mut Funnel, group: &str, from_ms: i64, to_ms: i64) -> Result<()> {
        let pattern = format!("\"{}\"", self.tenant);
        let Some(lines) = aws::filter_log_events(group, &pattern, from_ms, to_ms)? else {
            return Ok(());
        };
        if lines.len() >= aws::LOG_PAGE && to_ms > from_ms {
            // The page may be cut: read the two halves of the time instead.
            let middle = from_ms.midpoint(to_ms);
            self.add_group(funnel, group, from_ms, middle)?;
            return self.add_group(funnel, group, middle.saturating_add(1), to_ms);
        }
        for line in &lines {
            funnel.add_line(&self.tenant, line);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tenant: &str, rest: &str) -> String {
        format!(r#"{{"_aws":{{"Timestamp":1}},"tenant":"{tenant}",{rest}}}"#)
    }

    #[test]
    fn counts_only_the_tenants_metric_lines() {
        let mut funnel = Funnel::default();
        funnel.add_line("a", &line("a", r#""EventsIngested":3,"EventsDuplicate":1.0"#));
        funnel.add_line("a", &line("b", r#""EventsIngested":5"#));
        funnel.add_line("a", r#"{"tenant":"a","EventsIngested":7}"#);
        funnel.add_line("a", "START RequestId: a");
        funnel.add_line("a", &line("a", r#""SignalsFiltered":[1,1],"reason":"stale""#));
        funnel.add_line("a", &line("a", r#""MessagesSent":2,"channel":"sms""#));
        assert_eq!((funnel.ingested, funnel.duplicates), (3, 1));
        assert_eq!(funnel.filtered.get("stale"), Some(&2));
        assert_eq!(funnel.delivered.get("sms"), Some(&2));
    }

    #[test]
    fn names_the_book_that_does_not_balance() {
        let mut funnel = Funnel { ingested: 3, duplicates: 1, ..Funnel::default() };
        assert_eq!(funnel.imbalance(4, false), None);
        assert!(funnel.imbalance(5, false).unwrap().contains("book of events"));
        (funnel.matched, funnel.scored, funnel.stored, funnel.held) = (1, 1, 1, 1);
        assert!(funnel.imbalance(4, false).unwrap().contains("book of messages"));
        assert_eq!(funnel.imbalance(4, true), None);
    }
}
