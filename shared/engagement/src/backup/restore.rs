//! Out of the archive, back into tables and buckets where nothing is.

use super::archive::Bucket;
use super::export::manifest;
use super::manifest::{Manifest, Of, Part, SCHEMA, unpacked};
use super::wipe::{Wiped, wiped};
use super::{Copies, Item, Items, MARK, Place, Put, Step, Table, belongs};
use ceap_kernel::blobs::{ETag, Got};
use ceap_kernel::{Clock, Fault, SignedDuration, Timestamp};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Items put, or objects copied, at once.
const AT_ONCE: usize = 32;

/// Restores tenants.
#[derive(Debug)]
pub struct Restorer<I, K, C> {
    /// The tables.
    pub items: I,
    /// The buckets that objects go back into.
    pub buckets: Vec<Bucket>,
    /// Where exports are.
    pub archive: Bucket,
    /// What copies objects.
    pub copies: K,
    /// The wall clock.
    pub clock: C,
    /// How long a step goes on before it hands over to the next.
    pub budget: SignedDuration,
}

/// How far a restore is: `<tenant>/<export>/restore.json` in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When it began.
    pub began: Timestamp,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// Parts that were put back.
    pub parts: usize,
    /// Items that were put back.
    pub items: u64,
    /// Items that were there already, and were the same.
    pub same: u64,
    /// Items that were there, and are others; they stayed.
    pub other: u64,
    /// Objects that were copied back.
    pub objects: u64,
}

/// A line of a table's part.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "Item")]
    item: Item,
}

/// A line of a bucket's list.
#[derive(Deserialize)]
struct Object {
    name: String,
}

impl<I: Items, K: Copies, C: Clock> Restorer<I, K, C> {
    /// Goes on with a restore for a while.
    ///
    /// # Errors
    /// `NotFound` when there is no such export; `Invalid` when the tenant is there and nobody said that it may be, when it
    /// is being wiped, or when the archive was changed; else as the stores say.
    pub async fn step(&self, asked: Step) -> Result<Step, Fault> {
        let began = self.clock.now();
        let place = manifest(&asked.tenant, asked.name()?);
        let manifest = self.archive.read::<Manifest>(&place).await?;
        let Some((manifest, _)) = manifest else {
            return Err(Fault::NotFound("there is no finished export of this name".to_owned()));
        };
        if manifest.schema > SCHEMA || manifest.tenant != asked.tenant {
            let why = "was made by a newer version, or is another tenant's";
            return Err(Fault::invalid("export", why));
        }
        let place = format!("{}/{}/restore.json", asked.tenant, manifest.export);
        let (mut restored, mut etag) = self.open(&asked, &place).await?;
        // At first nothing but this, so that it may be asked for again should the answer be lost.
        if restored.finished.is_some() || !asked.under_way {
            return Ok(told(asked, &restored));
        }
        while let Some((of, part)) = manifest.parts().nth(restored.parts) {
            self.put_back(&manifest, of, part, &mut restored).await?;
            restored.parts = restored.parts.saturating_add(1);
            etag = self.archive.write(&place, &restored, Some(&etag)).await?;
            if self.clock.now().duration_since(began) >= self.budget {
                return Ok(told(asked, &restored));
            }
        }
        let items = restored.items.saturating_add(restored.same).saturating_add(restored.other);
        if (items, restored.objects) != manifest.counts() {
            return Err(Fault::Internal("the manifest counts other than was put back".to_owned()));
        }
        restored.finished = Some(self.clock.now());
        self.archive.write(&place, &restored, Some(&etag)).await?;
        Ok(told(asked, &restored))
    }

    /// A restore as far as it is; a new one when there is none, or the last one is done.
    async fn open(&self, asked: &Step, place: &str) -> Result<(Restored, ETag), Fault> {
        let known = self.archive.read::<Restored>(place).await?;
        let known = match known {
            Some((restored, etag)) if restored.finished.is_none() || asked.under_way => {
                return Ok((restored, etag));
            }
            known => known.map(|(_, etag)| etag),
        };
        let wiped = self.archive.read::<Wiped>(&wiped(&asked.tenant)).await?;
        if wiped.is_some_and(|(wiped, _)| wiped.finished.is_none()) {
            return Err(Fault::invalid("tenant", "is being wiped: have that done first"));
        }
        if !asked.missing && self.items.exists(&asked.tenant).await? {
            let why = "is there: wipe it first, or ask with \"missing\": true for what is missing";
            return Err(Fault::invalid("tenant", why));
        }
        let restored = Restored {
            began: self.clock.now(),
            finished: None,
            parts: 0,
            items: 0,
            same: 0,
            other: 0,
            objects: 0,
        };
        let etag = self.archive.write(place, &restored, known.as_ref()).await?;
        Ok((restored, etag))
    }

    async fn put_back(
        &self,
        manifest: &Manifest,
        of: &Of,
        part: &Part,
        restored: &mut Restored,
    ) -> Result<(), Fault> {
        let export = format!("{}/{}", manifest.tenant, manifest.export);
        let Got::Blob(blob) =
            self.archive.blobs.get(&format!("{export}/{}", part.name), None).await?
        else {
            return Err(Fault::invalid("export", format!("{} is gone", part.name)));
        };
        match of {
            Of::Table(table) => {
                let lines: Vec<Line> = unpacked(part, &blob.bytes)?;
                // Nothing of another's comes in by this door, and nothing of a part that tries.
                if !lines.iter().all(|line| belongs(&manifest.tenant, &line.item)) {
                    let why = format!("{} holds what is not the tenant's", part.name);
                    return Err(Fault::invalid("export", why));
                }
                let put = stream::iter(lines).map(|line| self.put(*table, line.item));
                let mut put = put.buffer_unordered(AT_ONCE);
                while let Some(became) = put.try_next().await? {
                    let count = match became {
                        Became::New => &mut restored.items,
                        Became::Same => &mut restored.same,
                        Became::Other => &mut restored.other,
                    };
                    *count = count.saturating_add(1);
                }
            }
            Of::Bucket(name) => {
                let bucket = self.buckets.iter().find(|bucket| bucket.name == name);
                let bucket = bucket.ok_or_else(|| {
                    Fault::invalid("export", format!("there is no bucket {name} to restore into"))
                })?;
                let objects: Vec<Object> = unpacked(part, &blob.bytes)?;
                let copied = stream::iter(objects).map(async |object| {
                    let from = format!("{export}/objects/{name}/{}", object.name);
                    let to = format!("{}/{}", manifest.tenant, object.name);
                    let source = Place { bucket: &self.archive.bucket, name: &from };
                    let target = Place { bucket: &bucket.bucket, name: &to };
                    if self.copies.copy(source, target).await? {
                        return Ok(());
                    }
                    Err(Fault::invalid("export", format!("{from} is gone")))
                });
                let done: Vec<()> = copied.buffer_unordered(AT_ONCE).try_collect().await?;
                let done = u64::try_from(done.len()).unwrap_or(u64::MAX);
                restored.objects = restored.objects.saturating_add(done);
            }
        }
        Ok(())
    }

    async fn put(&self, table: Table, item: Item) -> Result<Became, Fault> {
        let mut marked = item;
        if table == Table::Helpdesk {
            marked.insert(MARK.to_owned(), json!({"BOOL": true}));
        }
        let plain = |item: &Item| {
            let fields = item.iter().filter(|(name, _)| *name != MARK);
            fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Item>()
        };
        Ok(match self.items.put(table, &marked).await? {
            Put::New => Became::New,
            Put::There(found) if plain(&found) == plain(&marked) => Became::Same,
            Put::There(_) => Became::Other,
        })
    }
}

/// What became of an item.
enum Became {
    New,
    Same,
    Other,
}

fn told(asked: Step, restored: &Restored) -> Step {
    let Restored { items, objects, same, other, .. } = *restored;
    Step { items, objects, same, other, ..asked.answered(restored.finished.is_some()) }
}
