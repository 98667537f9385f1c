//! Schedules by example, and against a scan minute by minute. The examples' results were computed by such a scan in another
//! language, with that one's own knowledge of zones.

#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::schedule::week::Week;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

// Weeks that the tables name.
const NINE: &str = "mon-fri 9:00-17:00";
const ALWAYS: &str = "sun-sat 0:00-24:00";
const SPLIT: &str = "mon-fri 8:00-12:00 13:30-18:00; sat 9:00-13:00";
const NIGHTS: &str = "mon-thu 20:00-24:00; tue-fri 0:00-4:00";
const SUNDAYS: &str = "sun 0:00-6:00";

/// Minutes since midnight, of `9:30`.
fn minute(text: &str) -> u16 {
    let (hour, minute) = text.split_once(':').unwrap();
    hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
}

/// Intervals, of `mon-fri 9:00-12:00 13:00-17:00; sat 9:00-12:00`.
fn intervals(text: &str) -> Vec<Interval> {
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let day = |name: &str| u16::try_from(DAYS.iter().position(|it| *it == name).unwrap()).unwrap();
    let mut all = Vec::new();
    for part in text.split("; ") {
        let (days, times) = part.split_once(' ').unwrap();
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        for day in day(first)..=day(last) {
            for time in times.split(' ') {
                let (start, end) = time.split_once('-').unwrap();
                let at = |text| day * 1_440 + minute(text);
                all.push(Interval { start_time: at(start), end_time: at(end) });
            }
        }
    }
    all
}

/// Holidays, of `2026-12-24..2027-01-01 2026-05-01`.
fn holidays(text: &str) -> Vec<Holiday> {
    let holiday = |(id, text): (u64, &str)| {
        let (start, end) = text.split_once("..").unwrap_or((text, text));
        Holiday {
            id: RecordId::new(id).unwrap(),
            name: text.to_owned(),
            start_date: start.parse().unwrap(),
            end_date: end.parse().unwrap(),
        }
    };
    (1..).zip(text.split_whitespace()).map(holiday).collect()
}

pub(crate) fn schedule(zone: &str, week: &str, closed: &str) -> Schedule {
    Schedule {
        id: RecordId::new(1).unwrap(),
        name: "Hours".to_owned(),
        time_zone: zone.to_owned(),
        intervals: intervals(week),
        holidays: holidays(closed),
        brand_ids: BTreeSet::new(),
        group_ids: BTreeSet::new(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) fn hours(zone: &str, week: &str, closed: &str) -> Hours {
    Hours::of(&schedule(zone, week, closed)).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A week that tables name.
pub(crate) fn named(week: &str) -> &str {
    match week {
        "nine" => NINE,
        "always" => ALWAYS,
        "split" => SPLIT,
        "nights" => NIGHTS,
        "sundays" => SUNDAYS,
        other => other,
    }
}

/// A table of examples: of each its name, a zone, a week, holidays, and three more columns.
fn examples(table: &str) -> impl Iterator<Item = (String, Hours, [String; 3])> {
    table.lines().map(|line| {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [name, zone, week, closed, a, b, c] = parts[..] else { panic!("{line}") };
        let hours = hours(zone, named(week), closed.trim_matches('-'));
        (name.to_owned(), hours, [a, b, c].map(str::to_owned))
    })
}

#[test]
fn minutes_count() {
    for (name, hours, [from, to, minutes]) in examples(include_str!("tests/minutes.txt")) {
        let minutes: i64 = minutes.parse().unwrap();
        assert_eq!(hours.between(at(&from), at(&to)), minutes * 60, "{name}");
    }
}

#[test]
fn time_is_up() {
    for (name, hours, [from, minutes, expected]) in examples(include_str!("tests/until.txt")) {
        let minutes: i64 = minutes.parse().unwrap();
        assert_eq!(hours.after(at(&from), minutes * 60), Some(at(&expected)), "{name}");
    }
}

#[test]
fn what_is_never_open_ends_never() {
    let mut never = schedule("Etc/UTC", NINE, "");
    never.intervals.clear();
    let hours = Hours::of(&never).unwrap();
    assert_eq!(hours.after(at("2026-06-01T00:00:00Z"), 60), None);
    assert_eq!(hours.before(at("2026-06-01T00:00:00Z"), 60), None);
    assert_eq!(hours.between(Timestamp::MIN, Timestamp::MAX), 0);
    let closed = Hours::of(&schedule("Etc/UTC", NINE, "2000-01-01..2300-01-01")).unwrap();
    assert_eq!(closed.after(at("2026-06-01T00:00:00Z"), 60), None);
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    for zone in ["America/New_York", "Asia/Kathmandu", "Etc/UTC"] {
        let hours = hours(zone, ALWAYS, "");
        let all = hours.between(Timestamp::MIN, Timestamp::MAX);
        assert_eq!(all, Timestamp::MAX.as_second() - Timestamp::MIN.as_second());
        assert_eq!(hours.after(Timestamp::MAX, 60), None);
        assert_eq!(hours.before(Timestamp::MIN, 60), None);
    }
}

/// Whether a minute counts, by the clock on the wall.
fn counts(schedule: &Schedule, zone: &TimeZone, at: Timestamp) -> bool {
    let wall = zone.to_datetime(at);
    let day = i64::from(wall.weekday().to_sunday_zero_offset());
    let minute = day * 1_440 + i64::from(wall.hour()) * 60 + i64::from(wall.minute());
    let is_in =
        |it: &Interval| (i64::from(it.start_time)..i64::from(it.end_time)).contains(&minute);
    let is_closed = |it: &Holiday| (it.start_date..=it.end_date).contains(&wall.date());
    schedule.intervals.iter().any(is_in) && !schedule.holidays.iter().any(is_closed)
}

const ZONES: [&str; 12] = [
    "America/New_York",
    "Europe/Berlin",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Tehran",
    "America/St_Johns",
    "Pacific/Chatham",
    "Etc/UTC",
];

prop_compose! {
    /// Days that are mostly within the time that is looked at.
    fn any_holiday(from: Timestamp)(after in -3_i64..20, days in 0_i64..4) -> Holiday {
        let first = TimeZone::UTC.to_datetime(from).date().checked_add(after.days()).unwrap();
        Holiday {
            id: RecordId::new(1).unwrap(),
            name: String::new(),
            start_date: first,
            end_date: first.checked_add(days.days()).unwrap(),
        }
    }
}

prop_compose! {
    fn any_interval()(day in 0_u16..7, start in 0_u16..1_439, long in 1_u16..900) -> Interval {
        let end = (start + long).min(1_440);
        Interval { start_time: day * 1_440 + start, end_time: day * 1_440 + end }
    }
}

/// Shortly before clocks change, or any time.
fn any_moment(zone: &'static str) -> impl Strategy<Value = Timestamp> {
    let minutes = 1_300_000_000_i64 / 60..1_900_000_000 / 60;
    (minutes, any::<bool>(), 0..14 * 1_440_i64).prop_map(move |(minute, near, before)| {
        let any = Timestamp::from_second(minute * 60).unwrap();
        let change = TimeZone::get(zone).unwrap().following(any).next().map(|it| it.timestamp());
        let change = change.filter(|at| near && at.as_second() < 2_000_000_000);
        change.map_or(any, |at| at - SignedDuration::from_mins(before))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_minute_is_as_the_clock_says(
        (schedule, from, minutes) in prop::sample::select(&ZONES[..]).prop_flat_map(|zone| {
            any_moment(zone).prop_flat_map(move |from| (
                prop::collection::vec(any_interval(), 0..12),
                prop::collection::vec(any_holiday(from), 0..4),
                0_i64..20 * 1_440,
            ).prop_map(move |(intervals, holidays, minutes)| {
                let schedule = Schedule { intervals, holidays, ..schedule(zone, NINE, "") };
                (schedule, from, minutes)
            }))
        }),
    ) {
        let hours = Hours::of(&schedule).unwrap();
        let zone = TimeZone::get(&schedule.time_zone).unwrap();
        let minute = |n: i64| from + SignedDuration::from_mins(n);
        let mut open = 0;
        for n in 0..minutes {
            let counts = counts(&schedule, &zone, minute(n));
            if n % 97 == 0 {
                prop_assert_eq!(hours.has(minute(n)), counts);
                prop_assert_eq!(hours.between(from, minute(n)), open * 60);
            }
            if counts {
                open += 1;
                // The moment at which so much time is up is the end of the minute that it counts with.
                if open % 53 == 1 {
                    prop_assert_eq!(hours.after(from, open * 60), Some(minute(n + 1)));
                }
            }
        }
        prop_assert_eq!(hours.between(from, minute(minutes)), open * 60);
        let mut left = 0;
        for n in (0..minutes).rev() {
            if counts(&schedule, &zone, minute(n)) {
                left += 1;
                if left % 53 == 1 {
                    prop_assert_eq!(hours.before(minute(minutes), left * 60), Some(minute(n)));
                }
            }
        }
    }

    #[test]
    fn a_week_knows_when_it_has_been_open_for_how_long(
        intervals in prop::collection::vec(any_interval(), 1..20),
        second in -2_000_000_000_i64..4_000_000_000,
        more in 1_i64..10_000_000,
    ) {
        let week = Week::new(&intervals);
        let open = week.until(second) + more;
        let at = week.at(open).unwrap();
        prop_assert_eq!(week.until(at), open);
        prop_assert_eq!(week.until(at - 1), open - 1);
        let last = week.last_at(open).unwrap();
        prop_assert_eq!((week.until(last), week.until(last + 1)), (open, open + 1));
    }
}
