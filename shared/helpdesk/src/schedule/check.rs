//! What a schedule may be.

use super::{Interval, Schedule};
use crate::refusal::Refusal;
use crate::time_zone;

/// Characters of a name.
const MAX_NAME: usize = 255;

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
