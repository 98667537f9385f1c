//! Tables and buckets as a backup sees them: items by key, objects by name, and a call at which it goes wrong.

use crate::Strike;
use ceap_engagement::backup::{
    Bucket, Copies, Item, Items, Page, Place, Put, SEGMENTS, Slice, Table,
};
use ceap_kernel::blobs::{Blob, Blobs, ETag, Entry, Got, Listed, Soon};
use ceap_kernel::{Fault, TenantId, Timestamp, hash64};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

/// Items of a page, and objects of a list: few, so that there are several.
const PAGE: usize = 3;

/// An item's place.
type Key = (Table, String, String);

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<Key, Item>,
    objects: BTreeMap<(String, String), Vec<u8>>,
    calls: usize,
    strike: Option<(usize, Strike)>,
}

/// All tables and buckets.
#[derive(Debug, Clone, Default)]
pub struct Warehouse(Arc<Mutex<State>>);

impl Warehouse {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Puts an item, whatever is there.
    pub fn lay(&self, table: Table, item: &Value) {
        let item = item.as_object().unwrap().clone();
        self.state().items.insert(place(table, &item), item);
    }

    /// Puts an object, whatever is there.
    pub fn stow(&self, bucket: &str, name: &str, bytes: &[u8]) {
        self.state().objects.insert((bucket.to_owned(), name.to_owned()), bytes.to_vec());
    }

    /// All items.
    pub fn items(&self) -> BTreeMap<Key, Item> {
        self.state().items.clone()
    }

    /// All objects of these buckets.
    pub fn objects(&self, buckets: &[&str]) -> BTreeMap<(String, String), Vec<u8>> {
        let all = self.state().objects.clone();
        all.into_iter().filter(|((bucket, _), _)| buckets.contains(&&**bucket)).collect()
    }

    /// Strikes the `nth` call from now on (from 0).
    pub fn plan(&self, nth: usize, strike: Strike) {
        let mut state = self.state();
        state.strike = Some((state.calls + nth, strike));
    }

    /// Whether what was planned has happened.
    pub fn was_struck(&self) -> bool {
        self.state().strike.is_none()
    }

    /// A bucket, under its own name.
    pub fn bucket(&self, name: &'static str) -> Bucket {
        let blobs = Box::new(Room { store: self.clone(), bucket: name.to_owned() });
        Bucket { name, bucket: name.to_owned(), blobs }
    }

    fn call<T>(&self, effect: impl FnOnce(&mut State) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut state = self.state();
        let nth = state.calls;
        state.calls += 1;
        let strike = state.strike.filter(|(at, _)| *at == nth).map(|(_, strike)| strike);
        if strike.is_some() {
            state.strike = None;
        }
        let lost = || Err(Fault::Unavailable("struck".to_owned()));
        match strike {
            Some(Strike::FailBefore | Strike::DieBefore) => lost(),
            Some(Strike::FailAfter | Strike::DieAfter) => {
                let _ = effect(&mut state);
                lost()
            }
            None => effect(&mut state),
        }
    }
}

fn place(table: Table, item: &Item) -> Key {
    let part = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (table, part("pk"), part("sk"))
}

impl Items for Warehouse {
    async fn page(
        &self,
        _tenant: &TenantId,
        slice: Slice,
        from: Option<&Value>,
    ) -> Result<Page, Fault> {
        assert!(!slice.twin, "no twins here");
        self.call(|state| {
            let after = from.map(|it| place(slice.table, it.as_object().unwrap()));
            let segment = |pk: &str| u32::try_from(hash64(&[pk]) % u64::from(SEGMENTS)).unwrap();
            let all = state.items.iter().filter(|((table, pk, _), _)| {
                *table == slice.table && segment(pk) == slice.segment
            });
            let all = all.filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
            let found: Vec<_> = all.take(PAGE).collect();
            let last = found.last().filter(|_| found.len() == PAGE);
            let next = last.map(|((_, pk, sk), _)| json!({"pk": {"S": pk}, "sk": {"S": sk}}));
            let items = found.into_iter().map(|(_, item)| {
                let mut item = item.clone();
                if slice.keys {
                    item.retain(|name, _| matches!(&**name, "pk" | "sk" | "tenant"));
                }
                item
            });
            Ok(Page { items: items.collect(), next })
        })
    }

    async fn put(&self, table: Table, item: &Item) -> Result<Put, Fault> {
        self.call(|state| {
            let key = place(table, item);
            if let Some(there) = state.items.get(&key) {
                return Ok(Put::There(there.clone()));
            }
            state.items.insert(key, item.clone());
            Ok(Put::New)
        })
    }

    async fn delete(&self, table: Table, item: &Item) -> Result<(), Fault> {
        self.call(|state| {
            state.items.remove(&place(table, item));
            Ok(())
        })
    }

    async fn exists(&self, tenant: &TenantId) -> Result<bool, Fault> {
        let key = (Table::Platform, tenant.to_string(), "TENANT".to_owned());
        self.call(|state| Ok(state.items.contains_key(&key)))
    }
}

impl Copies for Warehouse {
    async fn copy(&self, from: Place<'_>, to: Place<'_>) -> Result<bool, Fault> {
        self.call(|state| {
            let key = |it: Place<'_>| (it.bucket.to_owned(), it.name.to_owned());
            let Some(bytes) = state.objects.get(&key(from)).cloned() else { return Ok(false) };
            state.objects.insert(key(to), bytes);
            Ok(true)
        })
    }
}

/// One bucket of it.
struct Room {
    store: Warehouse,
    bucket: String,
}

impl Room {
    fn key(&self, name: &str) -> (String, String) {
        (self.bucket.clone(), name.to_owned())
    }
}

fn etag(bytes: &[u8]) -> ETag {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    ETag(format!("{:x}", hasher.finish()))
}

impl Blobs for Room {
    fn range<'a>(&'a self, name: &'a str, range: Range<u64>) -> Soon<'a, Vec<u8>> {
        Box::pin(async move {
            self.store.call(|state| {
                let missing = || Fault::NotFound(name.to_owned());
                let bytes = state.objects.get(&self.key(name)).ok_or_else(missing)?;
                let at = |it: u64| usize::try_from(it).unwrap();
                Ok(bytes[at(range.start)..at(range.end)].to_vec())
            })
        })
    }

    fn get<'a>(&'a self, name: &'a str, known: Option<&'a ETag>) -> Soon<'a, Got> {
        Box::pin(async move {
            self.store.call(|state| {
                let Some(bytes) = state.objects.get(&self.key(name)) else {
                    return Ok(Got::Absent);
                };
                let etag = etag(bytes);
                if known == Some(&etag) {
                    return Ok(Got::Unchanged);
                }
                Ok(Got::Blob(Blob { bytes: bytes.clone(), etag }))
            })
        })
    }

    fn put_new<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> Soon<'a, ETag> {
        Box::pin(async move {
            self.store.call(|state| {
                if state.objects.contains_key(&self.key(name)) {
                    return Err(Fault::Conflict(name.to_owned()));
                }
                let etag = etag(&bytes);
                state.objects.insert(self.key(name), bytes);
                Ok(etag)
            })
        })
    }

    fn put_over<'a>(&'a self, name: &'a str, bytes: Vec<u8>, known: &'a ETag) -> Soon<'a, ETag> {
        Box::pin(async move {
            self.store.call(|state| {
                let there = state.objects.get(&self.key(name)).map(|it| self::etag(it));
                if there.as_ref() != Some(known) {
                    return Err(Fault::Conflict(name.to_owned()));
                }
                let etag = etag(&bytes);
                state.objects.insert(self.key(name), bytes);
                Ok(etag)
            })
        })
    }

    fn list<'a>(&'a self, prefix: &'a str, after: Option<&'a str>) -> Soon<'a, Listed> {
        Box::pin(async move {
            self.store.call(|state| {
                let own = state.objects.iter().filter(|((bucket, name), _)| {
                    *bucket == self.bucket
                        && name.starts_with(prefix)
                        && after.is_none_or(|after| name.as_str() > after)
                });
                let own = own.map(|((_, name), bytes)| Entry {
                    name: name.clone(),
                    bytes: u64::try_from(bytes.len()).unwrap(),
                    written_at: Timestamp::UNIX_EPOCH,
                });
                let entries: Vec<Entry> = own.take(PAGE).collect();
                let last = entries.last().filter(|_| entries.len() == PAGE);
                Ok(Listed { next: last.map(|it| it.name.clone()), entries })
            })
        })
    }

    fn delete<'a>(&'a self, name: &'a str) -> Soon<'a, ()> {
        Box::pin(async move {
            self.store.call(|state| {
                state.objects.remove(&self.key(name));
                Ok(())
            })
        })
    }
}
