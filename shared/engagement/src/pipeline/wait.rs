//! When a signal is judged: at its event, some time after it, or before an instant that it names.

use crate::condition::Facts;
use crate::use_case::UseCase;
use ceap_kernel::{Fault, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// When a signal is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The instant of judgement.
    pub at: Timestamp,
    /// The instant that the event names, after which nothing is sent.
    pub due: Option<Timestamp>,
    /// Whether that is not the event's own instant.
    pub afresh: bool,
}

impl Wait {
    /// Of an event at `time`. A fan-out judges other subjects than the event's, and so afresh.
    ///
    /// # Errors
    /// `Invalid` when the instant that the event should name is none.
    pub fn of(use_case: &UseCase, time: Timestamp, facts: &Facts<'_>) -> Result<Self, Fault> {
        let trigger = &use_case.document.trigger;
        let fans_out = trigger.fan_out.is_some();
        if let Some(until) = &use_case.until {
            let due = instant(&until.text(facts)?, &zone(facts))?;
            let before = trigger.until.as_ref().and_then(|until| until.before);
            let at = before.map_or(Ok(due), |before| due.checked_sub(before.duration()));
            let at = at.unwrap_or(time).max(time);
            return Ok(Self { at, due: Some(due), afresh: true });
        }
        let at = trigger.delay.and_then(|delay| time.checked_add(delay.duration()).ok());
        Ok(Self { at: at.unwrap_or(time), due: None, afresh: at.is_some() || fans_out })
    }
}

/// The subject's time zone, else the tenant's, else UTC.
fn zone(facts: &Facts<'_>) -> TimeZone {
    let named = |facts: &serde_json::Value| {
        facts.get("time_zone").and_then(|name| TimeZone::get(name.as_str()?).ok())
    };
    named(facts.profile).or_else(|| named(facts.settings)).unwrap_or(TimeZone::UTC)
}

/// An RFC 3339 instant, or a local date and time in `zone`; one that a clock change skips or repeats
/// is taken as jiff's "compatible" strategy does (RFC 5545 §3.3.5).
fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, Fault> {
    let local = || text.parse::<DateTime>().and_then(|local| local.to_zoned(zone.clone()));
    text.parse::<Timestamp>().or_else(|_| local().map(|zoned| zoned.timestamp())).map_err(|_| {
        Fault::invalid(
            "trigger.until.time",
            "must give an RFC 3339 instant, or a local one, as 2026-11-25T09:00",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::instant("2026-11-25T09:00:00+02:00", "2026-11-24T07:00:00Z")]
    #[case::local("2026-11-25T09:00", "2026-11-24T08:00:00Z")]
    #[case::date("2026-11-25", "2026-11-23T23:00:00Z")]
    #[case::across_the_clock_change("2026-10-25T12:00", "2026-10-24T11:00:00Z")]
    #[case::passed_already("2026-10-01T12:00", "2026-10-20T00:00:00Z")]
    fn waits_for_the_day_before(#[case] due: &str, #[case] at: &str) {
        let use_case = UseCase::parse(
            r#"{"id": "x", "version": 1, "name": "x", "purpose": "operational",
                "trigger": {"event": "booked", "until": {"time": "event.data.at", "before": "24h"}},
                "score": {"kind": "expression"}, "ttl": "2d", "action": {"channel": "sms", "text": "x"}}"#,
        )
        .unwrap();
        let time = "2026-10-20T00:00:00Z".parse().unwrap();
        let event = json!({"data": {"at": due}});
        let profile = json!({"time_zone": "Europe/Zurich"});
        let facts = Facts { event: &event, profile: &profile, ..Facts::default() };
        let wait = Wait::of(&use_case, time, &facts).unwrap();
        assert_eq!(wait.at, at.parse().unwrap());
        let nothing = json!({"data": {"at": "soon"}});
        assert!(Wait::of(&use_case, time, &Facts { event: &nothing, ..facts }).is_err());
    }
}
