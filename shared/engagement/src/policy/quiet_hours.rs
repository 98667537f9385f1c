//! Quiet hours: when, in the subject's time zone, nothing is sent.

use super::Case;
use ceap_kernel::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// From one local time to another, over midnight when `from` is the later: `{from: "21:00", to: "08:00"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first quiet minute.
    pub from: Time,
    /// The first minute that is quiet no more.
    pub to: Time,
}

impl QuietHours {
    /// When the quiet hours of this case end, if they are on: in the subject's time zone, else the
    /// tenant's, else UTC.
    #[must_use]
    pub fn ends(self, case: &Case<'_>) -> Option<Timestamp> {
        let of_tenant =
            || case.settings.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let zone = case.profile.zone().or_else(of_tenant).unwrap_or(TimeZone::UTC);
        self.ends_in(&zone, case.now)
    }

    /// When the quiet hours around `now` end in `zone`; `None` when it is not quiet. A local time
    /// that a clock change skips or repeats is taken as RFC 5545 §3.3.5 does: after the gap, and
    /// the first of two.
    #[must_use]
    pub fn ends_in(self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned(zone.clone());
        let time = local.time();
        let over_midnight = self.from > self.to;
        let quiet = if over_midnight {
            time >= self.from || time < self.to
        } else {
            time >= self.from && time < self.to
        };
        if !quiet {
            return None;
        }
        let today = local.date();
        let day = if over_midnight && time >= self.from { today.tomorrow().ok()? } else { today };
        let end = day.to_datetime(self.to).to_zoned(zone.clone()).ok()?.timestamp();
        (end > now).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("Europe/Zurich", "2026-11-21T21:30:00Z", Some("2026-11-22T07:00:00Z"))]
    #[case("Europe/Zurich", "2026-11-21T06:59:59Z", Some("2026-11-21T07:00:00Z"))]
    #[case("Europe/Zurich", "2026-11-21T07:00:00Z", None)]
    #[case("Europe/Zurich", "2026-11-21T12:00:00Z", None)]
    #[case::clocks_go_back("Europe/Zurich", "2026-10-24T20:00:00Z", Some("2026-10-25T07:00:00Z"))]
    #[case::clocks_go_forward(
        "Europe/Zurich",
        "2026-03-28T21:00:00Z",
        Some("2026-03-29T06:00:00Z")
    )]
    #[case::half_hour_zone("Asia/Kolkata", "2026-11-21T16:00:00Z", Some("2026-11-22T02:30:00Z"))]
    fn over_midnight(#[case] zone: &str, #[case] now: &str, #[case] ends: Option<&str>) {
        let quiet = QuietHours { from: "21:00".parse().unwrap(), to: "08:00".parse().unwrap() };
        let zone = TimeZone::get(zone).unwrap();
        assert_eq!(
            quiet.ends_in(&zone, now.parse().unwrap()),
            ends.map(|text| text.parse().unwrap())
        );
    }
}
