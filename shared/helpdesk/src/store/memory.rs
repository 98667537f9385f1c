//! The store in memory, for tests and trials. It counts its calls and how many of them had to wait for others.

use super::{Expect, Failure, Found, Item, Key, Range, Soon, Store, Write};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Clone)]
struct Kept {
    body: String,
    revision: u64,
    number: u64,
    expires_at: Option<Timestamp>,
}

type Items = BTreeMap<(TenantId, Key), Kept>;

/// Items in memory.
#[derive(Clone)]
pub struct Memory {
    items: Arc<Mutex<Items>>,
    clock: Arc<dyn Clock>,
    calls: Arc<Mutex<Calls>>,
}

/// Calls that were made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls {
    /// Each by its name.
    pub made: Vec<&'static str>,
    /// How many rounds they took: calls that wait at the same time are one.
    pub rounds: usize,
    waiting: usize,
}

impl Memory {
    /// Nothing yet, at the times that `clock` tells.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { items: Arc::default(), clock, calls: Arc::default() }
    }

    /// The calls since this was last asked.
    #[must_use]
    pub fn calls(&self) -> Calls {
        std::mem::take(&mut *lock(&self.calls))
    }

    /// Every item of every tenant: tenant, partition, sort key and body.
    #[must_use]
    pub fn dump(&self) -> Vec<(TenantId, Key, String)> {
        let items = lock(&self.items);
        items
            .iter()
            .map(|((tenant, key), it)| (tenant.clone(), key.clone(), it.body.clone()))
            .collect()
    }

    /// The items of a range, without a call that counts.
    #[must_use]
    pub fn kept(&self, tenant: &TenantId, range: &Range) -> Vec<Item> {
        self.found(tenant, range, range.limit)
    }

    /// One call: begins a round unless it waits together with others, and lets others begin before it is answered.
    async fn called<T>(&self, name: &'static str, answer: impl FnOnce() -> T) -> T {
        {
            let mut calls = lock(&self.calls);
            calls.made.push(name);
            if calls.waiting == 0 {
                calls.rounds = calls.rounds.saturating_add(1);
            }
            calls.waiting = calls.waiting.saturating_add(1);
        }
        let mut yielded = false;
        futures::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        let answer = answer();
        let mut calls = lock(&self.calls);
        calls.waiting = calls.waiting.saturating_sub(1);
        answer
    }

    /// The items of a range from where it begins, at most so many.
    fn found(&self, tenant: &TenantId, range: &Range, most: usize) -> Vec<Item> {
        let now = self.clock.now();
        let items = lock(&self.items);
        let at = |sort: String| (tenant.clone(), Key::new(&*range.partition, sort));
        let (first, last) = (range.prefix.clone(), format!("{}{}", range.prefix, char::MAX));
        let (mut from, mut to) =
            (Bound::Included(at(first.clone())), Bound::Excluded(at(last.clone())));
        match range.after.clone() {
            Some(after) if range.backward && after < last => {
                to = Bound::Excluded(at(after.max(first)))
            }
            Some(after) if !range.backward && after >= first => {
                from = Bound::Excluded(at(after.min(last)));
            }
            Some(_) | None => {}
        }
        if matches!((&from, &to), (Bound::Excluded(from), Bound::Excluded(to)) if from >= to) {
            return Vec::new();
        }
        let part = items.range((from, to)).filter(|(_, kept)| alive(kept, now));
        let shown = |((_, key), kept): (&(TenantId, Key), &Kept)| item(key, kept);
        if range.backward {
            part.rev().take(most).map(shown).collect()
        } else {
            part.take(most).map(shown).collect()
        }
    }

    fn write(&self, tenant: &TenantId, writes: &[Write]) -> Result<(), Failure> {
        super::sound(writes)?;
        let now = self.clock.now();
        let mut items = lock(&self.items);
        for (index, write) in writes.iter().enumerate() {
            let expect = match write {
                Write::Put { expect, .. }
                | Write::Delete { expect, .. }
                | Write::Check { expect, .. } => *expect,
                Write::Add { .. } => Expect::Anything,
            };
            let at = (tenant.clone(), write.key().clone());
            let there = items.get(&at).filter(|kept| alive(kept, now));
            let met = match expect {
                Expect::Absent => there.is_none(),
                Expect::Present => there.is_some(),
                Expect::Revision(revision) => there.is_some_and(|it| it.revision == revision),
                Expect::Anything => true,
            };
            if !met {
                return Err(Failure::Unexpected(index));
            }
        }
        for write in writes {
            done(&mut items, tenant, write, now);
        }
        Ok(())
    }
}

fn done(items: &mut Items, tenant: &TenantId, write: &Write, now: Timestamp) {
    let at = (tenant.clone(), write.key().clone());
    let there = items.get(&at).filter(|kept| alive(kept, now)).cloned();
    match write {
        Write::Put { body, expires_at, .. } => {
            let revision = there.as_ref().map_or(0, |kept| kept.revision).saturating_add(1);
            let number = there.map_or(0, |kept| kept.number);
            let kept = Kept { body: body.clone(), revision, number, expires_at: *expires_at };
            items.insert(at, kept);
        }
        Write::Delete { .. } => {
            items.remove(&at);
        }
        Write::Check { .. } => {}
        Write::Add { by, .. } => {
            let mut kept = there.unwrap_or_else(nothing);
            kept.number = kept.number.saturating_add_signed(*by);
            kept.revision = kept.revision.saturating_add(1);
            items.insert(at, kept);
        }
    }
}

const fn nothing() -> Kept {
    Kept { body: String::new(), revision: 0, number: 0, expires_at: None }
}

fn alive(kept: &Kept, now: Timestamp) -> bool {
    kept.expires_at.is_none_or(|at| at > now)
}

/// A number is what it is added to.
fn item(key: &Key, kept: &Kept) -> Item {
    let body = if kept.body.is_empty() { kept.number.to_string() } else { kept.body.clone() };
    Item { key: key.clone(), body, revision: kept.revision }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Memory {
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> Soon<'a, Result<Vec<Item>, Fault>> {
        Box::pin(self.called("get", move || {
            let now = self.clock.now();
            let items = lock(&self.items);
            let there = keys.iter().filter_map(|key| {
                let kept = items.get(&(tenant.clone(), key.clone()))?;
                alive(kept, now).then(|| item(key, kept))
            });
            Ok(there.collect())
        }))
    }

    fn range<'a>(
        &'a self,
        tenant: &'a TenantId,
        range: &'a Range,
    ) -> Soon<'a, Result<Found, Fault>> {
        Box::pin(self.called("range", move || {
            let mut items = self.found(tenant, range, range.limit.saturating_add(1));
            let more = items.len() > range.limit;
            items.truncate(range.limit);
            Ok(Found { items, more })
        }))
    }

    fn count<'a>(&'a self, tenant: &'a TenantId, range: &'a Range) -> Soon<'a, Result<u64, Fault>> {
        Box::pin(self.called("count", move || {
            Ok(u64::try_from(self.found(tenant, range, usize::MAX).len()).unwrap_or(u64::MAX))
        }))
    }

    fn commit<'a>(
        &'a self,
        tenant: &'a TenantId,
        writes: &'a [Write],
    ) -> Soon<'a, Result<(), Failure>> {
        Box::pin(self.called("commit", move || self.write(tenant, writes)))
    }

    fn add<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: &'a Key,
        by: u64,
        expires_at: Option<Timestamp>,
    ) -> Soon<'a, Result<u64, Fault>> {
        Box::pin(self.called("add", move || {
            let now = self.clock.now();
            let mut items = lock(&self.items);
            let at = (tenant.clone(), key.clone());
            let mut kept =
                items.get(&at).filter(|kept| alive(kept, now)).cloned().unwrap_or_else(nothing);
            kept.number = kept.number.saturating_add(by);
            kept.revision = kept.revision.saturating_add(1);
            kept.expires_at = expires_at;
            let number = kept.number;
            items.insert(at, kept);
            Ok(number)
        }))
    }
}
