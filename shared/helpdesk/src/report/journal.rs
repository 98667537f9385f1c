//! What happened to a ticket at a time, day by day: what its state no longer tells.

use super::{Cells, Figure, Place};
use crate::ids::UserId;
use crate::schedule::Took;
use crate::ticket::metric_events::{MetricEvent, Turn};
use crate::ticket::{Status, Ticket, sla};
use ceap_kernel::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What happened to a ticket, kept with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Journal {
    /// The account's time zone (IANA) when something last happened, whose days are meant; UTC if there is none.
    pub zone: String,
    /// What happened.
    #[serde(skip_serializing_if = "Cells::is_empty")]
    pub cells: Cells,
}

/// A change of a ticket, as far as its own fields do not tell.
#[derive(Debug, Clone, Copy)]
pub struct Noted<'a> {
    /// Who said something, and whether the requester sees it: agents only.
    pub said: Option<(UserId, bool)>,
    /// What its clocks did.
    pub clocks: &'a [MetricEvent],
    /// The account's time zone (IANA).
    pub zone: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Journal {
    /// The day of a moment.
    pub(super) fn day(zone: &str, at: Timestamp) -> jiff::civil::Date {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        at.to_zoned(zone).date()
    }

    /// Notes a change of a ticket in what is to be kept of it. `before` is none of a new one.
    pub fn note(before: Option<&Ticket>, after: &mut Ticket, noted: Noted<'_>) {
        let mut journal = before.map(|it| it.journal.clone()).unwrap_or_default();
        noted.zone.clone_into(&mut journal.zone);
        let at = |agent: Option<UserId>, at: Timestamp| Place {
            day: Self::day(noted.zone, at),
            group: after.group_id,
            agent,
            brand: after.brand_id,
            channel: Place::channel(&after.via.channel),
        };
        let (now, cells) = (noted.at, &mut journal.cells);
        if let Some((author, public)) = noted.said {
            let figure = if public { Figure::Replies } else { Figure::Notes };
            cells.add(&at(Some(author), now), figure, 1);
        }
        let assigned = |it: &Ticket| it.metrics.assignee_stations;
        if assigned(after) > before.map_or(0, assigned) {
            cells.add(&at(after.assignee_id, now), Figure::Assigned, 1);
        }
        if let Some(before) = before {
            if before.status >= Status::Solved && after.status < Status::Solved {
                cells.add(&at(before.assignee_id, now), Figure::Reopened, 1);
            }
            let (was, is) = (before.metrics.handle, after.metrics.handle);
            let Took { calendar, business } = is.less(was);
            let place = Place { group: before.group_id, ..at(before.assignee_id, now) };
            cells.add(&place, Figure::Handle, calendar);
            cells.add(&place, Figure::HandleBusiness, business);
            for metric in sla::kept(before, noted.clocks) {
                if let Some((kept, _)) = Figure::promises(metric) {
                    cells.add(&at(after.assignee_id, now), kept, 1);
                }
            }
        }
        for event in noted.clocks.iter().filter(|it| it.turn == Turn::Breach) {
            let metric = sla::named(event.metric, event.instance_id).unwrap_or_default();
            if let Some((_, broken)) = Figure::promises(metric) {
                cells.add(&at(after.assignee_id, event.time), broken, 1);
            }
        }
        after.journal = journal;
    }
}
