//! Quiet hours: when, in the subject's time zone, nothing is sent.

use ceap_kernel::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From one local time to another, over midnight when `from` is the later: `{from: "21:00", to: "08:00"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first quiet minute.
    #[schemars(extend("pattern" = "^([01][0-9]|2[0-3])(:[0-5][0-9]|$)"))]
    pub from: Time,
    /// The first minute that is quiet no more.
    #[schemars(extend("pattern" = "^([01][0-9]|2[0-3])(:[0-5][0-9]|$)"))]
    pub to: Time,
}

impl QuietHours {
    /// When the quiet hours around `now` end in `zone`: the first instant whose local time is not
    /// quiet; `None` when `now` is not. The clock on the subject's wall decides, so an hour that a
    /// clock change repeats is quiet twice, and one that it skips is over at once.
    #[must_use]
    pub fn ends_in(self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        if !self.quiet(zone, now) {
            return None;
        }
        let today = now.to_zoned(zone.clone()).date();
        let days = [Some(today), today.tomorrow().ok(), today.tomorrow().ok()?.tomorrow().ok()];
        let ends = days.into_iter().flatten().flat_map(|day| {
            let end = zone.to_ambiguous_timestamp(day.to_datetime(self.to));
            [end.earlier().ok(), end.later().ok()]
        });
        let changes = zone.following(now).take(2).map(|change| Some(change.timestamp()));
        let mut instants: Vec<Timestamp> =
            ends.chain(changes).flatten().filter(|at| *at > now).collect();
        instants.sort_unstable();
        instants.into_iter().find(|at| !self.quiet(zone, *at))
    }

    fn quiet(self, zone: &TimeZone, at: Timestamp) -> bool {
        let time = at.to_zoned(zone.clone()).time();
        if self.from > self.to {
            time >= self.from || time < self.to
        } else {
            time >= self.from && time < self.to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    // The outcomes were computed by walking Python's `zoneinfo` minute by minute: clock changes in
    // both directions, half-hour and quarter-hour zones, a half-hour change (Lord Howe), a skipped
    // day (Apia), and zones that changed their rules (São Paulo, Istanbul, Moscow, Caracas,
    // Pyongyang, Tehran, Cairo, Mexico City).
    #[rstest]
    #[case("UTC", "2026-11-21T20:59:00Z", "21:00", "08:00", None)]
    #[case("UTC", "2026-11-21T21:00:00Z", "21:00", "08:00", Some("2026-11-22T08:00:00Z"))]
    #[case("UTC", "2026-11-22T07:59:00Z", "21:00", "08:00", Some("2026-11-22T08:00:00Z"))]
    #[case("UTC", "2026-11-22T08:00:00Z", "21:00", "08:00", None)]
    #[case("Europe/Zurich", "2026-11-21T21:30:00Z", "21:00", "08:00", Some("2026-11-22T07:00:00Z"))]
    #[case("Europe/Zurich", "2026-11-21T12:00:00Z", "21:00", "08:00", None)]
    #[case("Europe/Zurich", "2026-03-28T21:00:00Z", "21:00", "08:00", Some("2026-03-29T06:00:00Z"))]
    #[case("Europe/Zurich", "2026-10-24T20:00:00Z", "21:00", "08:00", Some("2026-10-25T07:00:00Z"))]
    #[case("Europe/Zurich", "2026-03-29T00:30:00Z", "21:00", "02:30", Some("2026-03-29T01:00:00Z"))]
    #[case("Europe/Zurich", "2026-10-25T00:10:00Z", "21:00", "02:30", Some("2026-10-25T00:30:00Z"))]
    #[case("Europe/Zurich", "2026-10-25T01:10:00Z", "21:00", "02:30", Some("2026-10-25T01:30:00Z"))]
    #[case("Europe/Zurich", "2026-10-25T00:30:00Z", "21:00", "02:30", None)]
    #[case("Europe/Zurich", "2026-03-29T00:59:00Z", "02:00", "03:00", None)]
    #[case("Europe/Zurich", "2026-03-29T01:00:00Z", "02:00", "03:00", None)]
    #[case(
        "America/New_York",
        "2026-03-08T03:00:00Z",
        "21:00",
        "08:00",
        Some("2026-03-08T12:00:00Z")
    )]
    #[case(
        "America/New_York",
        "2026-11-01T02:00:00Z",
        "21:00",
        "08:00",
        Some("2026-11-01T13:00:00Z")
    )]
    #[case(
        "America/New_York",
        "2026-11-01T05:30:00Z",
        "22:00",
        "01:45",
        Some("2026-11-01T05:45:00Z")
    )]
    #[case(
        "America/New_York",
        "2026-11-01T06:30:00Z",
        "22:00",
        "01:45",
        Some("2026-11-01T06:45:00Z")
    )]
    #[case(
        "America/New_York",
        "2026-07-04T02:00:00Z",
        "21:00",
        "08:00",
        Some("2026-07-04T12:00:00Z")
    )]
    #[case("Europe/London", "2026-03-29T00:30:00Z", "22:00", "01:30", Some("2026-03-29T01:00:00Z"))]
    #[case("Europe/London", "2026-10-25T00:45:00Z", "22:00", "01:30", None)]
    #[case("Asia/Kolkata", "2026-11-21T16:00:00Z", "21:00", "08:00", Some("2026-11-22T02:30:00Z"))]
    #[case("Asia/Kolkata", "2026-11-21T02:29:00Z", "21:00", "08:00", Some("2026-11-21T02:30:00Z"))]
    #[case(
        "Asia/Kathmandu",
        "2026-11-21T15:15:00Z",
        "21:00",
        "08:00",
        Some("2026-11-22T02:15:00Z")
    )]
    #[case("Asia/Kathmandu", "2026-11-21T15:14:00Z", "21:00", "08:00", None)]
    #[case("Australia/Lord_Howe", "2026-04-04T14:45:00Z", "22:00", "01:45", None)]
    #[case(
        "Australia/Lord_Howe",
        "2026-10-03T15:20:00Z",
        "22:00",
        "02:15",
        Some("2026-10-03T15:30:00Z")
    )]
    #[case(
        "Australia/Lord_Howe",
        "2026-04-04T15:10:00Z",
        "22:00",
        "01:45",
        Some("2026-04-04T15:15:00Z")
    )]
    #[case(
        "Australia/Adelaide",
        "2026-10-03T14:00:00Z",
        "21:00",
        "08:00",
        Some("2026-10-03T21:30:00Z")
    )]
    #[case(
        "America/St_Johns",
        "2026-03-08T01:00:00Z",
        "21:00",
        "08:00",
        Some("2026-03-08T10:30:00Z")
    )]
    #[case(
        "America/St_Johns",
        "2026-11-01T01:00:00Z",
        "21:00",
        "08:00",
        Some("2026-11-01T11:30:00Z")
    )]
    #[case(
        "Pacific/Chatham",
        "2026-09-26T10:00:00Z",
        "21:00",
        "08:00",
        Some("2026-09-26T18:15:00Z")
    )]
    #[case(
        "Pacific/Chatham",
        "2026-04-04T10:00:00Z",
        "21:00",
        "08:00",
        Some("2026-04-04T19:15:00Z")
    )]
    #[case("Pacific/Apia", "2011-12-30T08:00:00Z", "21:00", "08:00", Some("2011-12-30T18:00:00Z"))]
    #[case("Pacific/Apia", "2011-12-30T10:30:00Z", "21:00", "08:00", Some("2011-12-30T18:00:00Z"))]
    #[case(
        "Pacific/Kiritimati",
        "2026-11-21T09:00:00Z",
        "21:00",
        "08:00",
        Some("2026-11-21T18:00:00Z")
    )]
    #[case(
        "Pacific/Honolulu",
        "2026-11-21T09:00:00Z",
        "21:00",
        "08:00",
        Some("2026-11-21T18:00:00Z")
    )]
    #[case(
        "America/Sao_Paulo",
        "2018-11-04T01:00:00Z",
        "21:00",
        "08:00",
        Some("2018-11-04T10:00:00Z")
    )]
    #[case(
        "America/Sao_Paulo",
        "2020-11-01T01:00:00Z",
        "21:00",
        "08:00",
        Some("2020-11-01T11:00:00Z")
    )]
    #[case(
        "America/Sao_Paulo",
        "2018-11-04T02:30:00Z",
        "22:00",
        "00:30",
        Some("2018-11-04T03:00:00Z")
    )]
    #[case(
        "Europe/Istanbul",
        "2016-10-29T20:00:00Z",
        "21:00",
        "08:00",
        Some("2016-10-30T05:00:00Z")
    )]
    #[case("Europe/Moscow", "2014-10-25T19:00:00Z", "21:00", "08:00", Some("2014-10-26T05:00:00Z"))]
    #[case(
        "America/Caracas",
        "2016-05-01T05:00:00Z",
        "21:00",
        "08:00",
        Some("2016-05-01T12:00:00Z")
    )]
    #[case(
        "Asia/Pyongyang",
        "2018-05-04T13:00:00Z",
        "21:00",
        "08:00",
        Some("2018-05-04T23:00:00Z")
    )]
    #[case("Asia/Tehran", "2022-03-21T18:00:00Z", "21:00", "08:00", Some("2022-03-22T03:30:00Z"))]
    #[case("Asia/Tehran", "2023-03-21T18:00:00Z", "21:00", "08:00", Some("2023-03-22T04:30:00Z"))]
    #[case("Africa/Cairo", "2023-04-27T20:00:00Z", "21:00", "08:00", Some("2023-04-28T05:00:00Z"))]
    #[case(
        "America/Mexico_City",
        "2022-10-30T04:00:00Z",
        "21:00",
        "08:00",
        Some("2022-10-30T14:00:00Z")
    )]
    #[case(
        "America/Mexico_City",
        "2023-04-02T04:00:00Z",
        "21:00",
        "08:00",
        Some("2023-04-02T14:00:00Z")
    )]
    #[case(
        "Africa/Casablanca",
        "2026-02-14T23:00:00Z",
        "21:00",
        "08:00",
        Some("2026-02-15T08:00:00Z")
    )]
    #[case("Asia/Tokyo", "2026-11-21T13:00:00Z", "21:00", "08:00", Some("2026-11-21T23:00:00Z"))]
    #[case("Asia/Tokyo", "2026-11-21T03:00:00Z", "11:00", "14:00", Some("2026-11-21T05:00:00Z"))]
    #[case("Europe/Zurich", "2026-11-21T11:00:00Z", "12:00", "13:30", Some("2026-11-21T12:30:00Z"))]
    #[case("Europe/Zurich", "2026-11-21T12:30:00Z", "12:00", "13:30", None)]
    fn the_wall_clock_decides(
        #[case] zone: &str,
        #[case] now: &str,
        #[case] from: &str,
        #[case] to: &str,
        #[case] ends: Option<&str>,
    ) {
        let quiet = QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap() };
        let zone = TimeZone::get(zone).unwrap();
        let ends = ends.map(|text| text.parse().unwrap());
        assert_eq!(quiet.ends_in(&zone, now.parse().unwrap()), ends);
    }
}
