//! The event lake: everything that was accepted, to read again. Replay, backfill, simulation and
//! batch work on it.
//!
//! What is accepted is in the lake as often as it was sent. A reader gets each event once: of those
//! of one subject with the same source and id, the one that arrived first ([`once`]).

mod row;

pub use row::Row;

use crate::event::{Arrived, Event};
use ceap_kernel::{Fault, SignedDuration, SubjectId, TenantId, Timestamp};
use futures::stream::BoxStream;
use std::collections::{BTreeSet, HashSet};

/// Into how many parts subjects are divided at most.
pub const PARTS: u32 = 4096;

/// How far apart in time two copies of one event may lie for a reader of a period to know them as
/// one: as long as a subject remembers what it honoured.
pub const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// Which events of a tenant: all of them, unless something is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Of these types; of any, when there are none.
    pub kinds: BTreeSet<String>,
    /// That happened at this instant or later.
    pub from: Option<Timestamp>,
    /// That happened before this instant.
    pub until: Option<Timestamp>,
    /// About this subject.
    pub subject: Option<SubjectId>,
    /// About the subjects of this part.
    pub part: Option<Part>,
}

impl Query {
    /// Whether an event is meant.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.from.is_none_or(|from| event.time >= from)
            && self.until.is_none_or(|until| event.time < until)
            && self.subject.as_ref().is_none_or(|subject| event.subject == *subject)
            && self.part.is_none_or(|part| part.holds(&event.subject))
    }
}

/// One of several parts that together hold each subject once, for work side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    index: u32,
    of: u32,
}

impl Part {
    /// Part `index`, counted from 0, `of` as many.
    ///
    /// # Errors
    /// `Invalid` unless `index` < `of` ≤ [`PARTS`].
    pub fn new(index: u32, of: u32) -> Result<Self, Fault> {
        if index < of && of <= PARTS {
            return Ok(Self { index, of });
        }
        let rule =
            format!("{index} of {of} is none: they count from 0, and there are at most {PARTS}");
        Err(Fault::invalid("part", rule))
    }

    /// Its place, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether a subject belongs to it.
    #[must_use]
    pub fn holds(self, subject: &SubjectId) -> bool {
        row::part(subject).checked_rem(self.of) == Some(self.index)
    }
}

/// Reads the lake. What was accepted is there after minutes: see the manual on lateness.
pub trait History {
    /// The events that `query` wants, each once, ordered by subject, then time, then id, then
    /// source. However many there are, few are in memory.
    ///
    /// Times are those of the event cut to microseconds. Copies of an event are known as such where
    /// they have the same type and, if the query has a period, lie no more than [`MEMORY`] apart.
    ///
    /// The stream yields `Unavailable` or `Throttled` when the lake does not answer in time; ask for
    /// a smaller part or again.
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        query: &'a Query,
    ) -> BoxStream<'a, Result<Arrived, Fault>>;

    /// The subjects of the events that `query` wants, each once and in order. Faults as of
    /// [`History::read`].
    fn subjects<'a>(
        &'a self,
        tenant: &'a TenantId,
        query: &'a Query,
    ) -> BoxStream<'a, Result<SubjectId, Fault>>;
}

/// Takes subjects out of the lake.
#[allow(async_fn_in_trait)]
pub trait Erase {
    /// From now on, no reader finds an event about any of `subjects` that is in the lake already, nor any other whose data
    /// name them: an event about one may name another. What others are known by themselves (`profile_updated`) stays, for it
    /// is theirs too. Erasing again does no harm, and is needed for what was still on its way.
    ///
    /// # Errors
    /// `Unavailable`, `Throttled`, or `Conflict` when others change the same rows: try again.
    async fn erase(
        &self,
        tenant: &TenantId,
        subjects: &BTreeSet<SubjectId>,
        named: &Named,
    ) -> Result<(), Fault>;
}

/// What tells of an event of another that it names somebody: a text in its data, in whatever case, and no part of a longer
/// word or address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Texts that name them alone.
    pub alone: BTreeSet<String>,
    /// Texts that may name others too, and mean them in an event of one of these tickets.
    pub near: BTreeSet<String>,
    /// Tickets that they had to do with, by their ids.
    pub tickets: BTreeSet<u64>,
}

/// Each event once, in a reader's order: of the copies of one event the one that arrived first.
#[must_use]
pub fn once(mut events: Vec<Arrived>) -> Vec<Arrived> {
    let identity =
        |it: &Arrived| (it.event.subject.clone(), it.event.source.clone(), it.event.id.clone());
    events.sort_by(|a, b| {
        (a.at, a.event.time, &a.event.kind).cmp(&(b.at, b.event.time, &b.event.kind))
    });
    let mut seen = HashSet::new();
    events.retain(|it| seen.insert(identity(it)));
    events.sort_by(|a, b| place(&a.event).cmp(&place(&b.event)));
    events
}

fn place(event: &Event) -> (&SubjectId, Timestamp, &str, &str) {
    (&event.subject, event.time, &event.id, &event.source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subject(name: &str) -> SubjectId {
        SubjectId::new(name).unwrap()
    }

    /// Happened and arrived at these seconds of a minute.
    fn arrived(id: &str, happened: u8, arrived: u8) -> Arrived {
        let at = |second: u8| format!("2026-11-21T12:00:{second:02}Z").parse().unwrap();
        let time: Timestamp = at(happened);
        let event = json!({"id": id, "source": "test", "type": "x", "subject": "u1", "time": time});
        let event = Event::from_json(&event, at(arrived)).unwrap();
        Arrived { tenant: TenantId::new("acme").unwrap(), at: at(arrived), event, trace: None }
    }

    #[test]
    fn parts_hold_each_subject_once() {
        let all: Vec<Part> = (0..7).map(|index| Part::new(index, 7).unwrap()).collect();
        let mut sizes = [0; 7];
        for n in 0..1000 {
            let subject = subject(&format!("customer-{n}"));
            let of: Vec<_> = all.iter().filter(|part| part.holds(&subject)).collect();
            assert_eq!(of.len(), 1);
            sizes[of[0].index() as usize] += 1;
        }
        assert!(sizes.iter().all(|size| (100..190).contains(size)), "{sizes:?}");
        assert!(Part::new(0, PARTS).is_ok());
        for (index, of) in [(0, 0), (7, 7), (0, PARTS + 1)] {
            assert!(Part::new(index, of).is_err());
        }
    }

    #[test]
    fn of_copies_the_first_to_arrive_stays() {
        let sent = vec![
            arrived("b", 5, 30),
            arrived("a", 9, 20),
            arrived("a", 5, 10),
            arrived("b", 5, 40),
        ];
        assert_eq!(once(sent), [arrived("a", 5, 10), arrived("b", 5, 30)]);
    }
}
