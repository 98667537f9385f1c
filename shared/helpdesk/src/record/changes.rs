//! What a request changes: gathered while it is worked out, then done all or not at all.

use super::{Feed, Home, Kept, Link, Record, Shadow, Told, Unique, places, told};
use crate::refusal::Refusal;
use crate::store::{Expect, Item, Key, MOST_WRITES, Write};
use ceap_kernel::{Fault, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Why one of the writes may find something else than it expects.
#[derive(Debug, Clone, PartialEq)]
pub enum Clash {
    /// Somebody else changed it meanwhile.
    Changed,
    /// Another has this already.
    Taken(Refusal),
    /// It was done before.
    Done,
}

/// Writes that belong together.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    writes: Vec<Write>,
    clashes: Vec<Clash>,
    counts: BTreeMap<Key, i64>,
    tallies: BTreeMap<Key, i64>,
    account: bool,
    subject: Option<Subject>,
    told: Vec<told::Change>,
}

/// The record that all of it is about: the first.
#[derive(Debug, Clone, Copy)]
enum Subject {
    New(u64),
    Changed(u64),
}

impl Changes {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The id of the first record, if it is new.
    #[must_use]
    pub const fn created(&self) -> Option<u64> {
        match self.subject {
            Some(Subject::New(id)) => Some(id),
            Some(Subject::Changed(_)) | None => None,
        }
    }

    /// The id of the first record, if it becomes another.
    #[must_use]
    pub const fn updated(&self) -> Option<u64> {
        match self.subject {
            Some(Subject::Changed(id)) => Some(id),
            Some(Subject::New(_)) | None => None,
        }
    }

    /// What the account's log is to tell of it.
    #[must_use]
    pub fn told(&mut self) -> Vec<told::Change> {
        std::mem::take(&mut self.told)
    }

    fn tell<R: Record>(&mut self, id: u64, before: Option<&R>, after: Option<&R>) {
        let change = Told::change(id, before.and_then(R::told), after.and_then(R::told));
        self.told.extend(change);
    }

    /// Something new that is kept within a record, and has an id of its own.
    pub fn within(&mut self, id: u64) {
        self.subject.get_or_insert(Subject::New(id));
    }

    /// A new record.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn create<R: Record>(&mut self, record: &R) -> Result<(), Fault> {
        self.subject.get_or_insert(Subject::New(record.id()));
        self.record(record, Expect::Absent)?;
        self.uniques(Vec::new(), record.uniques())?;
        self.links(Vec::new(), links(record));
        self.feed(None, record.feed(), 1)?;
        self.shadow(None, record.shadow())?;
        self.counted(None, Some(record));
        self.tallied(None, Some(record));
        self.tell(record.id(), None, Some(record));
        Ok(())
    }

    /// A new record beside the one that all of it is about.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn create_beside<R: Record>(&mut self, record: &R) -> Result<(), Fault> {
        let subject = self.subject;
        let created = self.create(record);
        self.subject = subject;
        created
    }

    /// A record that becomes `after`.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn update<R: Record>(&mut self, before: &Kept<R>, after: &R) -> Result<(), Fault> {
        self.subject.get_or_insert(Subject::Changed(after.id()));
        self.record(after, Expect::Revision(before.revision))?;
        self.uniques(before.uniques(), after.uniques())?;
        self.links(links(&before.record), links(after));
        self.feed(before.feed(), after.feed(), before.revision.saturating_add(1))?;
        self.counted(Some(&before.record), Some(after));
        self.tallied(Some(&before.record), Some(after));
        self.tell(after.id(), Some(&before.record), Some(after));
        self.shadow(before.shadow(), after.shadow())
    }

    /// A record that is no more.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn delete<R: Record>(&mut self, before: &Kept<R>) -> Result<(), Fault> {
        let key = places::record(R::KIND, before.id());
        let expect = Expect::Revision(before.revision);
        self.write(Write::Delete { key, expect }, Clash::Changed);
        self.uniques(before.uniques(), Vec::new())?;
        self.links(links(&before.record), Vec::new());
        self.feed(before.feed(), None, 0)?;
        self.shadow(before.shadow(), None)?;
        self.counted(Some(&before.record), None);
        self.tallied(Some(&before.record), None);
        self.tell(before.id(), Some(&before.record), None);
        self.account |= R::KIND.home == Home::Account;
        Ok(())
    }

    /// Anything else that is kept, whatever is there.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn put(
        &mut self,
        key: Key,
        value: &impl Serialize,
        expires_at: Option<Timestamp>,
    ) -> Result<(), Fault> {
        let body = json(value)?;
        let write = Write::Put { key, body, expect: Expect::Anything, expires_at };
        self.write(write, Clash::Changed);
        Ok(())
    }

    /// Something that is done once: `key` remembers `value` until it expires, and where it does already, nothing of
    /// this happens.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn once(
        &mut self,
        key: Key,
        value: &impl Serialize,
        expires_at: Option<Timestamp>,
    ) -> Result<(), Fault> {
        let body = json(value)?;
        self.write(Write::Put { key, body, expect: Expect::Absent, expires_at }, Clash::Done);
        Ok(())
    }

    /// Something else in the place of `item`, if that is still as it was read.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn replace(
        &mut self,
        item: &Item,
        value: &impl Serialize,
        expires_at: Option<Timestamp>,
    ) -> Result<(), Fault> {
        let (key, expect) = (item.key.clone(), Expect::Revision(item.revision));
        let write = Write::Put { key, body: json(value)?, expect, expires_at };
        self.write(write, Clash::Changed);
        Ok(())
    }

    /// Takes away `item`, if it is still as it was read.
    pub fn take(&mut self, item: &Item) {
        let (key, expect) = (item.key.clone(), Expect::Revision(item.revision));
        self.write(Write::Delete { key, expect }, Clash::Changed);
    }

    /// Takes away what is at `key`, if anything is.
    pub fn remove(&mut self, key: Key) {
        self.write(Write::Delete { key, expect: Expect::Anything }, Clash::Changed);
    }

    /// One more place on a list.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn list(&mut self, link: &Link, value: &impl Serialize) -> Result<(), Fault> {
        self.put(link.key(), value, None)
    }

    /// Only if the record is still as it was read.
    pub fn unless_changed<R: Record>(&mut self, kept: &Kept<R>) {
        let key = places::record(R::KIND, kept.id());
        let expect = Expect::Revision(kept.revision);
        self.write(Write::Check { key, expect }, Clash::Changed);
    }

    /// Takes out the numbers that one commit has no room for beside the records: they are added to right after it. Only
    /// then may they not be, if that fails, so only what tells how much there is of something is counted so.
    pub fn spill(&mut self) -> Vec<Write> {
        self.tallies.retain(|_, by| *by != 0);
        let counts = self.counts.values().filter(|by| **by != 0).count();
        let kept = self.writes.len().saturating_add(counts).saturating_add(1);
        let room = MOST_WRITES.saturating_sub(kept);
        let Some(first) = self.tallies.keys().nth(room).cloned() else { return Vec::new() };
        let beyond = self.tallies.split_off(&first);
        beyond.into_iter().map(|(key, by)| Write::Add { key, by }).collect()
    }

    /// The writes, and for each what it means if it finds something else than it expects.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Write>, Vec<Clash>) {
        let numbers = std::mem::take(&mut self.counts).into_iter();
        for (key, by) in numbers.chain(std::mem::take(&mut self.tallies)) {
            if by != 0 {
                self.write(Write::Add { key, by }, Clash::Changed);
            }
        }
        if self.account {
            self.write(Write::Add { key: places::stamp(), by: 1 }, Clash::Changed);
        }
        self.hand_on();
        (self.writes, self.clashes)
    }

    /// What one record gives up, another may have at once: both are one write then.
    fn hand_on(&mut self) {
        let freed: BTreeSet<Key> = self.writes.iter().filter_map(given_up).cloned().collect();
        let mut taken = BTreeSet::new();
        for write in &mut self.writes {
            if let Write::Put { key, expect, .. } = write
                && *expect == Expect::Absent
                && freed.contains(key)
            {
                *expect = Expect::Anything;
                taken.insert(key.clone());
            }
        }
        if !taken.is_empty() {
            let all = std::mem::take(&mut self.writes).into_iter();
            let all = all.zip(std::mem::take(&mut self.clashes));
            let kept =
                all.filter(|(write, _)| given_up(write).is_none_or(|it| !taken.contains(it)));
            (self.writes, self.clashes) = kept.unzip();
        }
    }

    fn write(&mut self, write: Write, clash: Clash) {
        self.writes.push(write);
        self.clashes.push(clash);
    }

    fn record<R: Record>(&mut self, record: &R, expect: Expect) -> Result<(), Fault> {
        let key = places::record(R::KIND, record.id());
        let body = json(record)?;
        self.write(
            Write::Put { key, body, expect, expires_at: record.expires_at() },
            Clash::Changed,
        );
        self.account |= R::KIND.home == Home::Account;
        Ok(())
    }

    fn uniques(&mut self, before: Vec<Unique>, after: Vec<Unique>) -> Result<(), Fault> {
        let had = |key: &Key| before.iter().find(|it| it.key() == *key);
        for unique in &after {
            let key = unique.key();
            let expect = match had(&key) {
                Some(same) if same.holds == unique.holds => continue,
                Some(_) => Expect::Anything,
                None => Expect::Absent,
            };
            let mut refusal = Refusal::default();
            refusal.add(unique.taken.0, &*unique.taken.1, Some("DuplicateValue"));
            let body = json(&unique.holds)?;
            let write = Write::Put { key, body, expect, expires_at: None };
            self.write(write, Clash::Taken(refusal));
        }
        for unique in before {
            let key = unique.key();
            if !after.iter().any(|it| it.key() == key) {
                self.write(Write::Delete { key, expect: Expect::Anything }, Clash::Changed);
            }
        }
        Ok(())
    }

    fn links(&mut self, before: Vec<Link>, after: Vec<Link>) {
        for link in after.iter().filter(|link| !before.contains(link)) {
            let (key, body) = (link.key(), "{}".to_owned());
            let write = Write::Put { key, body, expect: Expect::Anything, expires_at: None };
            self.write(write, Clash::Changed);
        }
        for link in before.iter().filter(|link| !after.contains(link)) {
            let write = Write::Delete { key: link.key(), expect: Expect::Anything };
            self.write(write, Clash::Changed);
        }
    }

    /// Its place on the feed is written with every change, for it tells which one it is.
    fn feed(
        &mut self,
        before: Option<Feed>,
        after: Option<Feed>,
        revision: u64,
    ) -> Result<(), Fault> {
        let key = after.as_ref().map(|feed| feed.link.key());
        if let Some(old) =
            before.map(|feed| feed.link.key()).filter(|old| key.as_ref() != Some(old))
        {
            self.remove(old);
        }
        match after {
            Some(feed) => self.put(feed.link.key(), &feed.fed(revision), None),
            None => Ok(()),
        }
    }

    fn shadow(&mut self, before: Option<Shadow>, after: Option<Shadow>) -> Result<(), Fault> {
        if before == after {
            return Ok(());
        }
        self.account = true;
        match (before, after) {
            (_, Some(Shadow { key, value })) => self.put(key, &value, None)?,
            (Some(Shadow { key, .. }), None) => self.remove(key),
            (None, None) => {}
        }
        Ok(())
    }

    fn tallied<R: Record>(&mut self, before: Option<&R>, after: Option<&R>) {
        for (record, by) in [(after, 1), (before, -1)] {
            for key in record.map(Record::tallies).unwrap_or_default() {
                let number = self.tallies.entry(key).or_default();
                *number = number.saturating_add(by);
            }
        }
    }

    fn counted<R: Record>(&mut self, before: Option<&R>, after: Option<&R>) {
        let Some(any) = after.or(before).filter(|_| R::KIND.home == Home::Many) else { return };
        let counts = |it: Option<&R>| i64::from(it.is_some_and(|it| !it.hidden()));
        let part = any.id().checked_rem(places::PARTS).unwrap_or_default();
        let count = self.counts.entry(places::count(R::KIND, part)).or_default();
        *count = count.saturating_add(counts(after)).saturating_sub(counts(before));
    }
}

fn given_up(write: &Write) -> Option<&Key> {
    match write {
        Write::Delete { key, expect: Expect::Anything } => Some(key),
        Write::Delete { .. } | Write::Put { .. } | Write::Check { .. } | Write::Add { .. } => None,
    }
}

/// A record's own lists, and that of all of its kind.
fn links<R: Record>(record: &R) -> Vec<Link> {
    let mut links = record.links();
    if R::KIND.home == Home::Many && !record.hidden() {
        links.push(Link::by_id(places::all(R::KIND), record.id()));
    }
    links.sort_unstable();
    links.dedup();
    links
}

fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Internal(format!("unwritable: {error}")))
}
