//! Times in queries
//! ([searching by date and time](https://support.zendesk.com/hc/en-us/articles/4408886879258)): days, which are those
//! of who asks, times, and times before now.

use super::{Malformed, Operator, Term};
use crate::search::Filter;
use crate::search::document::{self, seconds};
use ceap_kernel::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use std::ops::Bound::{Excluded, Included, Unbounded};

/// What is compared with.
enum Moment {
    /// From a time up to another.
    Span(f64, f64),
    /// A time.
    Instant(f64),
}

/// Compares a field that holds a time.
pub(super) fn compared(
    field: &str,
    operator: Operator,
    value: &Term,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Filter, Malformed> {
    let wrong = || {
        let text = format!("{} is neither a day, a time nor a time before now", value.text);
        Malformed::new(value.at, text)
    };
    let text = value.text.trim();
    if let Some(ago) = before(text, now) {
        return match operator {
            Operator::Is => {
                Err(Malformed::new(value.at, "a time before now is compared by < or >"))
            }
            _ => Ok(compare(field, operator, &Moment::Instant(seconds(ago)))),
        };
    }
    let moment = day(text, zone).or_else(|| instant(text, zone)).ok_or_else(wrong)?;
    Ok(compare(field, operator, &moment))
}

/// Compares a field that holds a day.
pub(super) fn compared_day(
    field: &str,
    operator: Operator,
    value: &Term,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Filter, Malformed> {
    let text = value.text.trim();
    let ago = before(text, now).map(|ago| ago.to_zoned(zone.clone()).date());
    let days = ago.or_else(|| date(text)).and_then(|day| {
        let next = day.tomorrow().ok()?;
        Some(Moment::Span(document::day(day)?, document::day(next)?))
    });
    let wrong = || Malformed::new(value.at, format!("{text} is not a day"));
    Ok(compare(field, operator, &days.ok_or_else(wrong)?))
}

fn compare(field: &str, operator: Operator, moment: &Moment) -> Filter {
    let (from, to) = match (moment, operator) {
        (Moment::Span(from, to), Operator::Is) => (Included(*from), Excluded(*to)),
        (Moment::Span(from, _), Operator::Less) => (Unbounded, Excluded(*from)),
        (Moment::Span(_, to), Operator::AtMost) => (Unbounded, Excluded(*to)),
        (Moment::Span(_, to), Operator::More) => (Included(*to), Unbounded),
        (Moment::Span(from, _), Operator::AtLeast) => (Included(*from), Unbounded),
        (Moment::Instant(at), Operator::Is) => (Included(*at), Included(*at)),
        (Moment::Instant(at), Operator::Less) => (Unbounded, Excluded(*at)),
        (Moment::Instant(at), Operator::AtMost) => (Unbounded, Included(*at)),
        (Moment::Instant(at), Operator::More) => (Excluded(*at), Unbounded),
        (Moment::Instant(at), Operator::AtLeast) => (Included(*at), Unbounded),
    };
    Filter::number(field, (from, to))
}

/// `4hours`: that long before now.
fn before(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = text.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let span: Span = match unit.trim().to_lowercase().trim_end_matches('s') {
        "minute" => Span::new().try_minutes(count).ok()?,
        "hour" => Span::new().try_hours(count).ok()?,
        "day" => Span::new().try_days(count).ok()?,
        "week" => Span::new().try_weeks(count).ok()?,
        "month" => Span::new().try_months(count).ok()?,
        "year" => Span::new().try_years(count).ok()?,
        _ => return None,
    };
    let ago = now.to_zoned(TimeZone::UTC).checked_sub(span).ok()?;
    Some(ago.timestamp())
}

/// `2011-05-01`, or `05/01/2011` as in the United States.
fn date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('/').collect();
    let [month, day, year] = parts.as_slice() else {
        // Anything longer is a time.
        return text.parse().ok().filter(|_| text.len() <= 10);
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn day(text: &str, zone: &TimeZone) -> Option<Moment> {
    let day = date(text)?;
    let begins = |day: Date| Some(seconds(day.to_zoned(zone.clone()).ok()?.timestamp()));
    Some(Moment::Span(begins(day)?, begins(day.tomorrow().ok()?)?))
}

/// A time with its offset, or one of who asks (ISO 8601).
fn instant(text: &str, zone: &TimeZone) -> Option<Moment> {
    // Midnight at the end of a day, which the reference uses, is that at the beginning of the next.
    let late = text.contains("T24:00");
    let text = text.replacen("T24:00", "T00:00", 1);
    let at: Timestamp = match text.parse() {
        Ok(at) => at,
        Err(_) => {
            let local: DateTime = text.parse().ok()?;
            local.to_zoned(zone.clone()).ok()?.timestamp()
        }
    };
    let at = if late { at.checked_add(24.hours()).ok()? } else { at };
    Some(Moment::Instant(seconds(at)))
}
