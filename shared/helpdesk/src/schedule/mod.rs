//! Schedules: when a helpdesk works.

pub mod check;
mod hours;
mod several;
#[cfg(test)]
pub(crate) mod tests;
mod took;
mod week;

pub use hours::Hours;
pub use several::Schedules;
pub use took::Took;

use crate::ids::{BrandId, GroupId, RecordId};
use crate::record::{Home, Kind, Record};
use ceap_kernel::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A schedule
/// ([schedules](https://developer.zendesk.com/api-reference/ticketing/ticket-management/schedules/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: RecordId,
    /// What it is called.
    pub name: String,
    /// Its time zone, by Zendesk's name or IANA's ([`crate::time_zone`]).
    pub time_zone: String,
    /// When it is open, each week.
    pub intervals: Vec<Interval>,
    /// When it is not.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// The brands whose tickets it counts for, unless their group has one.
    #[serde(default)]
    pub brand_ids: BTreeSet<BrandId>,
    /// The groups whose tickets it counts for.
    #[serde(default)]
    pub group_ids: BTreeSet<GroupId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A time of each week that is open, in minutes since Sunday at midnight. It is within one day, at whose end it may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval {
    /// Its first minute.
    pub start_time: u16,
    /// The one after its last.
    pub end_time: u16,
}

/// Days that are not open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Its id.
    pub id: RecordId,
    /// What it is called.
    pub name: String,
    /// Its first day.
    pub start_date: Date,
    /// Its last day.
    pub end_date: Date,
}

impl Schedule {
    /// From nine to five, from Monday to Friday.
    #[must_use]
    pub fn usual() -> Vec<Interval> {
        let day = |day: u16| {
            let midnight = day.saturating_mul(24 * 60);
            let at = |hour: u16| midnight.saturating_add(hour.saturating_mul(60));
            Interval { start_time: at(9), end_time: at(17) }
        };
        (1..=5).map(day).collect()
    }
}

impl Record for Schedule {
    const KIND: Kind =
        Kind { name: "SCHEDULE", singular: "schedule", plural: "schedules", home: Home::Account };

    fn id(&self) -> u64 {
        self.id.get()
    }
}
