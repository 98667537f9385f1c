//! Frequency caps: at most so many messages in a rolling window, exactly.

use crate::use_case::Purpose;
use crate::window::Span;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

/// The highest limit: a subject's ledger holds as many entries.
const MAX_LIMIT: u16 = 1000;

/// At most `limit` messages to a subject in any `within`, over all use cases of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// How many.
    pub limit: u16,
    /// In how long.
    pub within: Span,
    /// Of which purpose. Others neither count nor are capped; that is how transactional messages
    /// pass a cap on marketing.
    #[serde(default = "marketing")]
    pub purpose: Purpose,
    /// On which channel; on all of them together when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

const fn marketing() -> Purpose {
    Purpose::Marketing
}

impl Cap {
    /// Checks it; `field` is its place.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn check(&self, field: &str) -> Result<(), Fault> {
        if self.limit > MAX_LIMIT {
            let message = format!("must be at most {MAX_LIMIT}");
            return Err(Fault::invalid(format!("{field}.limit"), message));
        }
        Ok(())
    }

    /// Whether it counts messages of this channel and purpose.
    #[must_use]
    pub fn counts(&self, channel: &str, purpose: Purpose) -> bool {
        self.purpose == purpose && self.channel.as_deref().is_none_or(|only| only == channel)
    }
}

/// A claim as a ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Milliseconds since 1970.
    at: i64,
    channel: String,
    purpose: Purpose,
}

/// A subject's last claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger(Vec<Entry>);

impl Ledger {
    /// The ledger with one more claim at `now`, without what no cap counts any more; `None` when one
    /// of the tenant's `caps` forbids it.
    #[must_use]
    pub fn admit(
        &self,
        caps: &[Cap],
        channel: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<Self> {
        let now = now.as_millisecond();
        let counted = |cap: &Cap, entry: &Entry| {
            entry.at > now.saturating_sub(cap.within.millis())
                && cap.counts(&entry.channel, entry.purpose)
        };
        for cap in caps.iter().filter(|cap| cap.counts(channel, purpose)) {
            let count = self.0.iter().filter(|entry| counted(cap, entry)).count();
            if count >= usize::from(cap.limit) {
                return None;
            }
        }
        let counts = |entry: &&Entry| caps.iter().any(|cap| counted(cap, entry));
        let mut recent: Vec<Entry> = self.0.iter().filter(counts).cloned().collect();
        recent.push(Entry { at: now, channel: channel.to_owned(), purpose });
        Some(Self(recent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Purpose::{Marketing, Transactional};

    fn cap(limit: u16, within: &str, channel: Option<&str>) -> Cap {
        let within = Span::try_from(within.to_owned()).unwrap();
        Cap { limit, within, purpose: Marketing, channel: channel.map(str::to_owned) }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_window_rolls() {
        let caps = [cap(2, "1h", Some("email"))];
        let admit = |ledger: &Ledger, time| ledger.admit(&caps, "email", Marketing, at(time));
        let ledger = admit(&Ledger::default(), "2026-11-21T10:00:00Z").unwrap();
        let ledger = admit(&ledger, "2026-11-21T10:30:00Z").unwrap();
        assert_eq!(admit(&ledger, "2026-11-21T10:59:59Z"), None);
        assert!(admit(&ledger, "2026-11-21T11:00:00Z").is_some());
    }

    #[test]
    fn every_cap_must_agree_and_each_counts_its_own() {
        let caps = [cap(1, "1h", Some("email")), cap(2, "1d", None)];
        let ledger = Ledger::default();
        let now = at("2026-11-21T10:00:00Z");
        let ledger = ledger.admit(&caps, "email", Marketing, now).unwrap();
        assert_eq!(ledger.admit(&caps, "email", Marketing, now), None);
        let ledger = ledger.admit(&caps, "sms", Marketing, now).unwrap();
        assert_eq!(ledger.admit(&caps, "sms", Marketing, now), None, "two a day in all");
    }

    #[test]
    fn a_short_window_forgets_nothing_of_a_longer_one() {
        let caps = [cap(1, "30d", Some("sms")), cap(5, "1h", Some("email"))];
        let ledger = Ledger::default();
        let ledger = ledger.admit(&caps, "sms", Marketing, at("2026-11-01T10:00:00Z")).unwrap();
        let ledger = ledger.admit(&caps, "email", Marketing, at("2026-11-21T10:00:00Z")).unwrap();
        assert_eq!(ledger.admit(&caps, "sms", Marketing, at("2026-11-21T10:00:00Z")), None);
    }

    #[test]
    fn a_cap_on_marketing_is_none_on_the_rest() {
        let cap = cap(0, "1h", None);
        assert!(cap.counts("email", Marketing));
        assert!(!cap.counts("email", Transactional));
    }
}
