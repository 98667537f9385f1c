//! Send windows: the hours and weekdays, in the subject's time zone, in which alone something is sent.

use super::QuietHours;
use ceap_kernel::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Times that the end of what is quiet and the begin of what is open are sought in turn.
const TURNS: usize = 16;

/// From one local time to another of the same day, on these days: `{from: "09:00", to: "18:00",
/// days: [mon, tue, wed, thu, fri]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendWindow {
    /// The first minute in which it may be sent.
    #[schemars(extend("pattern" = "^([01][0-9]|2[0-3])(:[0-5][0-9]|$)"))]
    pub from: Time,
    /// The first minute in which it may not be sent any more.
    #[schemars(extend("pattern" = "^([01][0-9]|2[0-3])(:[0-5][0-9]|$)"))]
    pub to: Time,
    /// On which days; all of them when left out.
    #[serde(default, skip_serializing_if = "Days::all")]
    pub days: Days,
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Day>", into = "Vec<Day>")]
pub struct Days(u8);

/// A day of the week, as documents write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

const DAYS: [Day; 7] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];

impl Default for Days {
    fn default() -> Self {
        Self(0b111_1111)
    }
}

impl TryFrom<Vec<Day>> for Days {
    type Error = &'static str;

    fn try_from(days: Vec<Day>) -> Result<Self, Self::Error> {
        let all = days.into_iter().fold(0_u8, |all, day| all | bit(day as u8));
        if all == 0 { Err("name at least one day, as mon") } else { Ok(Self(all)) }
    }
}

impl From<Days> for Vec<Day> {
    fn from(days: Days) -> Self {
        DAYS.into_iter().filter(|day| days.0 & bit(*day as u8) != 0).collect()
    }
}

fn bit(day: u8) -> u8 {
    1_u8.checked_shl(u32::from(day)).unwrap_or_default()
}

impl Days {
    fn all(&self) -> bool {
        *self == Self::default()
    }

    fn holds(self, day: Weekday) -> bool {
        let number = u8::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.0 & bit(number) != 0
    }
}

impl SendWindow {
    /// Whether there is any minute in it.
    #[must_use]
    pub fn opens_at_all(self) -> bool {
        self.from < self.to
    }

    /// When it opens next in `zone`; `None` when it is open `now`.
    #[must_use]
    pub fn opens(self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        if self.open(zone, now) {
            return None;
        }
        let mut day = now.to_zoned(zone.clone()).date();
        // Of a clock change that skips the opening, the window opens with the first minute after it.
        for _ in 0..=8 {
            let opening = zone.to_ambiguous_timestamp(day.to_datetime(self.from));
            let instants = [opening.earlier().ok(), opening.later().ok()];
            let first = instants.into_iter().flatten().filter(|at| *at > now);
            if let Some(at) = first.filter(|at| self.open(zone, *at)).min() {
                return Some(at);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn open(self, zone: &TimeZone, at: Timestamp) -> bool {
        let local = at.to_zoned(zone.clone());
        self.days.holds(local.weekday()) && (self.from..self.to).contains(&local.time())
    }
}

/// The first instant from `now` on that is neither quiet nor outside the window; `None` when that is
/// now. Where the two leave no minute in some weeks, it is a day when somebody has to look.
#[must_use]
pub fn next(
    quiet: Option<QuietHours>,
    window: Option<SendWindow>,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<Timestamp> {
    let mut at = now;
    for _ in 0..TURNS {
        let later = quiet
            .and_then(|quiet| quiet.ends_in(zone, at))
            .or_else(|| window.and_then(|window| window.opens(zone, at)));
        match later {
            Some(later) => at = later,
            None => break,
        }
    }
    (at > now).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const OFFICE: &str = r#"{"from":"09:00","to":"18:00","days":["mon","tue","wed","thu","fri"]}"#;
    const DAILY: &str = r#"{"from":"09:00","to":"18:00"}"#;

    #[rstest]
    // 2026-11-21 is a Saturday.
    #[case(DAILY, "UTC", "2026-11-21T09:00:00Z", None)]
    #[case(DAILY, "UTC", "2026-11-21T17:59:59Z", None)]
    #[case(DAILY, "UTC", "2026-11-21T18:00:00Z", Some("2026-11-22T09:00:00Z"))]
    #[case(DAILY, "UTC", "2026-11-21T08:59:59Z", Some("2026-11-21T09:00:00Z"))]
    #[case(OFFICE, "UTC", "2026-11-21T10:00:00Z", Some("2026-11-23T09:00:00Z"))]
    #[case(OFFICE, "Europe/Zurich", "2026-11-20T17:00:00Z", Some("2026-11-23T08:00:00Z"))]
    #[case(OFFICE, "Asia/Kolkata", "2026-11-20T12:29:00Z", None)]
    #[case(OFFICE, "Asia/Kolkata", "2026-11-20T12:30:00Z", Some("2026-11-23T03:30:00Z"))]
    // Over both clock changes of Zurich.
    #[case(DAILY, "Europe/Zurich", "2026-03-28T20:00:00Z", Some("2026-03-29T07:00:00Z"))]
    #[case(DAILY, "Europe/Zurich", "2026-10-24T20:00:00Z", Some("2026-10-25T08:00:00Z"))]
    // The opening falls into the hour that is skipped, or that comes twice.
    #[case(
        r#"{"from":"02:30","to":"12:00"}"#,
        "Europe/Zurich",
        "2026-03-29T00:30:00Z",
        Some("2026-03-29T01:30:00Z")
    )]
    #[case(
        r#"{"from":"02:30","to":"12:00"}"#,
        "Europe/Zurich",
        "2026-10-25T00:10:00Z",
        Some("2026-10-25T00:30:00Z")
    )]
    // The 30th of December 2011 did not happen in Apia.
    #[case(DAILY, "Pacific/Apia", "2011-12-30T09:30:00Z", Some("2011-12-30T19:00:00Z"))]
    fn opens(
        #[case] window: &str,
        #[case] zone: &str,
        #[case] now: &str,
        #[case] expected: Option<&str>,
    ) {
        let window: SendWindow = serde_json::from_str(window).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let opens = window.opens(&zone, now.parse().unwrap());
        assert_eq!(opens, expected.map(|text| text.parse().unwrap()));
    }

    #[test]
    fn quiet_hours_and_a_window_hold_together() {
        let window: SendWindow = serde_json::from_str(OFFICE).unwrap();
        let quiet = QuietHours { from: "17:00".parse().unwrap(), to: "10:30".parse().unwrap() };
        let now = "2026-11-20T16:30:00Z".parse().unwrap();
        let next = |at| next(Some(quiet), Some(window), &TimeZone::UTC, at);
        assert_eq!(next(now), None);
        let late = "2026-11-20T17:30:00Z".parse().unwrap();
        assert_eq!(next(late), Some("2026-11-23T10:30:00Z".parse().unwrap()));
    }

    #[test]
    fn a_window_of_no_day_is_refused() {
        let none = r#"{"from":"09:00","to":"18:00","days":[]}"#;
        assert!(serde_json::from_str::<SendWindow>(none).is_err());
        let day = r#"{"from":"09:00","to":"18:00","days":["someday"]}"#;
        assert!(serde_json::from_str::<SendWindow>(day).is_err());
    }
}
