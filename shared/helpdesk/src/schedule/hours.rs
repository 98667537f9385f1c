//! Time that counts: business hours in a zone, holidays left out.
//!
//! A moment is within business hours if the clock on the wall of the zone shows a time within an interval, on a day that
//! is no holiday. So an hour that the clock skips does not count, and one that it shows twice counts twice.

use super::{Holiday, Schedule, week::Week};
use crate::time_zone;
use ceap_kernel::{Fault, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Seconds of a day, and of a time after which nobody waits any more.
const DAY: i64 = 24 * 60 * 60;
const HORIZON: i64 = 100 * 366 * DAY;

/// When time counts.
#[derive(Debug, Clone)]
pub struct Hours {
    zone: TimeZone,
    week: Week,
    /// Seconds of the clock on the wall since 1970: whole days, in their order; none touches another.
    closed: Vec<(i64, i64)>,
}

/// A time in which the zone's offset is the same, in seconds since 1970.
struct Piece {
    start: i64,
    end: i64,
    offset: i64,
}

impl Hours {
    /// Those of a schedule.
    ///
    /// # Errors
    /// `Internal` if nothing is known of its zone.
    pub fn of(schedule: &Schedule) -> Result<Self, Fault> {
        let zone = TimeZone::get(time_zone::iana(&schedule.time_zone))
            .map_err(|e| Fault::Internal(format!("schedule {}: {e}", schedule.id)))?;
        Ok(Self::new(zone, Week::new(&schedule.intervals), &schedule.holidays))
    }

    fn new(zone: TimeZone, week: Week, holidays: &[Holiday]) -> Self {
        let mut days: Vec<(i64, i64)> = holidays
            .iter()
            .map(|it| (midnight(it.start_date), midnight(it.end_date).saturating_add(DAY)))
            .collect();
        days.sort_unstable();
        let mut closed: Vec<(i64, i64)> = Vec::new();
        for (start, end) in days {
            match closed.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                Some(_) | None => closed.push((start, end)),
            }
        }
        Self { zone, week, closed }
    }

    /// Whether a moment counts.
    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        let second = at.as_second();
        let local = second.saturating_add(i64::from(self.zone.to_offset(at).seconds()));
        self.open(local, local.saturating_add(1)) > 0
    }

    /// How many seconds count of those from one moment to another; none if that is not later.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> i64 {
        let end = to.as_second();
        let pieces = self.pieces(from).take_while(|piece| piece.start < end);
        let open = pieces.map(|Piece { start, end: until, offset }| {
            let local = |second: i64| second.saturating_add(offset);
            self.open(local(start), local(until.min(end)))
        });
        open.fold(0, i64::saturating_add)
    }

    /// The first moment until which so many seconds count; `None` if that is not within a hundred years.
    #[must_use]
    pub fn after(&self, from: Timestamp, seconds: i64) -> Option<Timestamp> {
        if seconds <= 0 {
            return Some(from);
        }
        if self.week.is_closed() {
            return None;
        }
        let horizon = from.as_second().saturating_add(HORIZON);
        let mut left = seconds;
        for Piece { start, end, offset } in self.pieces(from) {
            if start >= horizon {
                break;
            }
            let local = |second: i64| second.saturating_add(offset);
            let (begin, end) = (local(start), local(end.min(horizon)));
            let open = self.open(begin, end);
            if open >= left {
                let at = self.reached(begin, left)?.saturating_sub(offset);
                return Timestamp::from_second(at).ok();
            }
            left = left.saturating_sub(open);
        }
        None
    }

    /// The last moment from which so many seconds count until another; `None` if that is more than a hundred years ago.
    #[must_use]
    pub fn before(&self, to: Timestamp, seconds: i64) -> Option<Timestamp> {
        if seconds <= 0 {
            return Some(to);
        }
        if self.week.is_closed() {
            return None;
        }
        let horizon = to.as_second().saturating_sub(HORIZON);
        let mut left = seconds;
        for Piece { start, end, offset } in self.pieces_before(to) {
            if end <= horizon {
                break;
            }
            let local = |second: i64| second.saturating_add(offset);
            let (begin, end) = (local(start.max(horizon)), local(end));
            let open = self.open(begin, end);
            if open >= left {
                let at = self.left(end, left)?.saturating_sub(offset);
                return Timestamp::from_second(at).ok();
            }
            left = left.saturating_sub(open);
        }
        None
    }

    /// Seconds that count between two of the clock on the wall, which stand for the same offset.
    fn open(&self, start: i64, end: i64) -> i64 {
        let open =
            |start: i64, end: i64| self.week.until(end).saturating_sub(self.week.until(start));
        if end <= start {
            return 0;
        }
        let closed = self.closed_from(start).iter().take_while(|(from, _)| *from < end);
        let closed = closed.map(|(from, to)| open(start.max(*from), end.min(*to)));
        open(start, end).saturating_sub(closed.fold(0, i64::saturating_add))
    }

    /// The first second of the clock on the wall until which so many count, one at least.
    fn reached(&self, start: i64, seconds: i64) -> Option<i64> {
        let (mut start, mut left) = (start, seconds);
        for (from, to) in self.closed_from(start) {
            let open = self.week.until((*from).max(start)).saturating_sub(self.week.until(start));
            if open >= left {
                break;
            }
            (start, left) = (*to, left.saturating_sub(open));
        }
        self.week.at(self.week.until(start).saturating_add(left))
    }

    /// The last second of the clock on the wall from which so many count until another, one at least.
    fn left(&self, end: i64, seconds: i64) -> Option<i64> {
        let (mut end, mut left) = (end, seconds);
        for (from, to) in self.closed_until(end).iter().rev() {
            let open = self.week.until(end).saturating_sub(self.week.until((*to).min(end)));
            if open >= left {
                break;
            }
            (end, left) = (*from, left.saturating_sub(open));
        }
        self.week.last_at(self.week.until(end).saturating_sub(left))
    }

    /// The holidays that begin before a second.
    fn closed_until(&self, second: i64) -> &[(i64, i64)] {
        let behind = self.closed.partition_point(|(from, _)| *from < second);
        self.closed.get(..behind).unwrap_or_default()
    }

    /// The holidays that end after a second.
    fn closed_from(&self, second: i64) -> &[(i64, i64)] {
        let first = self.closed.partition_point(|(_, to)| *to <= second);
        self.closed.get(first..).unwrap_or_default()
    }

    fn pieces(&self, from: Timestamp) -> impl Iterator<Item = Piece> {
        let offset = i64::from(self.zone.to_offset(from).seconds());
        let mut ahead = self.zone.following(from);
        let mut next = Some((from.as_second(), offset));
        std::iter::from_fn(move || {
            let (start, offset) = next.take()?;
            let change = ahead.next();
            next = change
                .as_ref()
                .map(|it| (it.timestamp().as_second(), i64::from(it.offset().seconds())));
            let end = next.map_or(i64::MAX, |(at, _)| at);
            Some(Piece { start, end, offset })
        })
    }
}

impl Hours {
    fn pieces_before(&self, to: Timestamp) -> impl Iterator<Item = Piece> {
        let mut behind = self.zone.preceding(to);
        // What holds at a change holds from then on: before it is what holds a moment earlier.
        let earlier = |at: i64| Timestamp::from_second(at.saturating_sub(1)).ok();
        let mut end = earlier(to.as_second()).map(|_| to.as_second());
        std::iter::from_fn(move || {
            let until = end.take()?;
            let offset = self.zone.to_offset(earlier(until)?).seconds();
            let start = behind.next().map(|it| it.timestamp().as_second());
            end = start;
            Some(Piece { start: start.unwrap_or(i64::MIN), end: until, offset: i64::from(offset) })
        })
    }
}

/// The beginning of a day, in seconds of the clock on the wall since 1970.
fn midnight(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(i64::MAX, |it| it.timestamp().as_second())
}
