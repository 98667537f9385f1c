//! What a schedule may be.

use super::{Interval, Schedule};
use crate::refusal::Refusal;
use crate::time_zone;
use std::collections::BTreeSet;
use std::fmt::Display;

/// Characters of a name.
const MAX_NAME: usize = 255;

/// Brands, and groups, that one schedule is for.
const MOST_BOUND: usize = 1_000;

/// Minutes of a day, and of a week.
const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;

/// Checks a schedule's name and zone.
pub fn named(schedule: &Schedule, refusal: &mut Refusal) {
    if schedule.name.trim().is_empty() {
        refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
    }
    if schedule.name.chars().count() > MAX_NAME {
        let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("name", text, Some("ValueTooLong"));
    }
    if time_zone::known(&schedule.time_zone).is_none() {
        let text = "Time zone: is not the name of a time zone, such as Pacific Time (US & Canada)";
        refusal.add("time_zone", text, Some("InvalidValue"));
    }
}

/// Checks for which brands, or groups, a schedule is to be: they are there, and no other schedule is for them (`owner` tells its
/// name).
pub fn bound<'a, I: Copy + Ord + Display>(
    kind: &str,
    ids: &BTreeSet<I>,
    there: impl Fn(I) -> bool,
    owner: impl Fn(I) -> Option<&'a str>,
    refusal: &mut Refusal,
) {
    let (field, title) = (format!("{kind}_ids"), if kind == "brand" { "Brands" } else { "Groups" });
    if ids.len() > MOST_BOUND {
        let text = format!("{title}: are too many (maximum is {MOST_BOUND})");
        return refusal.add(field, text, Some("InvalidValue"));
    }
    for id in ids {
        if !there(*id) {
            let text = format!("{title}: {id} is not a {kind}");
            refusal.add(&*field, text, Some("InvalidValue"));
        } else if let Some(name) = owner(*id) {
            let text =
                format!("{title}: {id} has the schedule {name:?}; take it from that one first");
            refusal.add(&*field, text, Some("DuplicateValue"));
        }
    }
}

/// Checks a schedule's week: intervals are within one day each, and no two have a minute in common.
pub fn week(intervals: &[Interval], refusal: &mut Refusal) {
    let mut wrong = |text: String| refusal.add("intervals", text, Some("InvalidValue"));
    for Interval { start_time, end_time } in intervals {
        let told = format!("Intervals: {start_time} to {end_time}");
        let next_day = start_time.div_euclid(DAY).saturating_add(1).saturating_mul(DAY);
        if end_time <= start_time {
            wrong(format!("{told} ends before it begins"));
        } else if *end_time > WEEK {
            wrong(format!("{told} is not within a week of {WEEK} minutes from Sunday midnight"));
        } else if *end_time > next_day {
            wrong(format!("{told} goes over midnight: end it at {next_day} and begin another"));
        }
    }
    let mut sorted = intervals.to_vec();
    sorted.sort_unstable();
    for pair in sorted.windows(2) {
        if let [one, next] = pair
            && next.start_time < one.end_time
        {
            wrong(format!(
                "Intervals: those from {} and {} overlap",
                one.start_time, next.start_time
            ));
        }
    }
}
