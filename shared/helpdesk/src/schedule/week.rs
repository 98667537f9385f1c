//! The hours of a week, by the clock on the wall.

use super::Interval;

/// Seconds of a minute, and of a week.
const MINUTE: i64 = 60;
const WEEK: i64 = 7 * 24 * 60 * MINUTE;

/// From Sunday to 1970-01-01, a Thursday.
const TO_EPOCH: i64 = 4 * 24 * 60 * MINUTE;

/// When a week is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// In their order; none touches another.
    spans: Vec<Span>,
    /// Open seconds of a whole week.
    open: i64,
}

/// Seconds since Sunday, midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: i64,
    end: i64,
    /// Open seconds of the week before it.
    before: i64,
}

impl Week {
    /// The one that is open in these intervals, and in all that any of them covers.
    pub fn new(intervals: &[Interval]) -> Self {
        let second = |minute: u16| i64::from(minute).saturating_mul(MINUTE);
        let mut sorted: Vec<(i64, i64)> =
            intervals.iter().map(|it| (second(it.start_time), second(it.end_time))).collect();
        sorted.sort_unstable();
        let mut week = Self { spans: Vec::new(), open: 0 };
        for (start, end) in sorted {
            week.extend(start, end.min(WEEK));
        }
        week
    }

    fn extend(&mut self, start: i64, end: i64) {
        match self.spans.last_mut() {
            Some(last) if start <= last.end => {
                self.open = self.open.saturating_add(end.saturating_sub(last.end).max(0));
                last.end = last.end.max(end);
            }
            Some(_) | None => {
                self.spans.push(Span { start, end, before: self.open });
                self.open = self.open.saturating_add(end.saturating_sub(start).max(0));
            }
        }
    }

    /// Whether it is never open.
    pub const fn is_closed(&self) -> bool {
        self.open == 0
    }

    /// Open seconds until a second, counted from the Sunday before 1970. Seconds are those of the clock on the wall since
    /// 1970.
    pub fn until(&self, second: i64) -> i64 {
        let second = second.saturating_add(TO_EPOCH);
        let (week, within) = (second.div_euclid(WEEK), second.rem_euclid(WEEK));
        let after = self.spans.partition_point(|span| span.start <= within);
        let last = after.checked_sub(1).and_then(|at| self.spans.get(at));
        let within = last.map_or(0, |span| {
            span.before.saturating_add(within.min(span.end).saturating_sub(span.start))
        });
        week.saturating_mul(self.open).saturating_add(within)
    }

    /// The first second until which it was open for so many; `None` if it is never open.
    pub fn at(&self, open: i64) -> Option<i64> {
        // The last open second of a week belongs to that week.
        let week = open.checked_sub(1)?.checked_div_euclid(self.open)?;
        let rest = open.saturating_sub(week.saturating_mul(self.open));
        let after = self.spans.partition_point(|span| span.before < rest);
        let span = self.spans.get(after.checked_sub(1)?)?;
        let within = span.start.saturating_add(rest.saturating_sub(span.before));
        Some(second(week, within))
    }

    /// The last second until which it was open for so many; `None` if it is never open.
    pub fn last_at(&self, open: i64) -> Option<i64> {
        let week = open.checked_div_euclid(self.open)?;
        let rest = open.saturating_sub(week.saturating_mul(self.open));
        let after = self.spans.partition_point(|span| span.before <= rest);
        let span = self.spans.get(after.checked_sub(1)?)?;
        Some(second(week, span.start.saturating_add(rest.saturating_sub(span.before))))
    }
}

/// A second of a week, by the clock on the wall since 1970.
const fn second(week: i64, within: i64) -> i64 {
    week.saturating_mul(WEEK).saturating_add(within).saturating_sub(TO_EPOCH)
}
